"""Data sets: images, tables and texts that are shipped, sets that torchvision downloads, and toy densities.

>>> from genlib.data import mnist
>>> x, y = mnist("train")  # (60000, 1, 28, 28) floats in [0, 1], (60000,) integers
"""

from genlib.data.images import FASHION_CLASSES, fashion_mnist, from_torchvision, mnist
from genlib.data.results import stored_results
from genlib.data.sprites import HERO_SLOTS, hero_parts, heroes
from genlib.data.tables import banknotes, gan_zoo, lambda_phage, seattle_weather, shuttle, spambase, us_names
from genlib.data.texts import shakespeare_plays, shakespeare_sonnets, tang_quatrains
from genlib.data.toy import Grid, Mixture, Mixture1D, Ring, TwoMoons

__all__ = [
    "FASHION_CLASSES",
    "HERO_SLOTS",
    "Grid",
    "Mixture",
    "Mixture1D",
    "Ring",
    "TwoMoons",
    "banknotes",
    "fashion_mnist",
    "from_torchvision",
    "gan_zoo",
    "hero_parts",
    "heroes",
    "lambda_phage",
    "mnist",
    "seattle_weather",
    "shakespeare_plays",
    "shakespeare_sonnets",
    "shuttle",
    "spambase",
    "stored_results",
    "tang_quatrains",
    "us_names",
]
