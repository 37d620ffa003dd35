"""Data sets: images, tables and texts that are shipped, sets that torchvision downloads, and toy densities.

>>> from genlib.data import mnist
>>> x, y = mnist("train")  # (60000, 1, 28, 28) floats in [0, 1], (60000,) integers
"""

from genlib.data.images import FASHION_CLASSES, fashion_mnist, from_torchvision, mnist
from genlib.data.results import stored_results
from genlib.data.tables import lambda_phage, seattle_weather, spambase, us_names
from genlib.data.toy import Grid, Mixture, Mixture1D, Ring, TwoMoons

__all__ = [
    "FASHION_CLASSES",
    "Grid",
    "Mixture",
    "Mixture1D",
    "Ring",
    "TwoMoons",
    "fashion_mnist",
    "from_torchvision",
    "lambda_phage",
    "mnist",
    "seattle_weather",
    "spambase",
    "stored_results",
    "us_names",
]
