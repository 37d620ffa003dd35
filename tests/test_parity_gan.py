"""The definitions of the chapter "A GAN on real digits" against genlib's, on fixed weights and input."""

import pytest
import torch
from chapters import chapter_namespace

from genlib import metrics, training
from genlib.models import gan
from tools.notebooks import ROOT

CHAPTER = ROOT / "book" / "code" / "gan.ipynb"


@pytest.fixture(scope="module")
def chapter():
    names = ["Generator", "Discriminator", "SigmoidDiscriminator", "gan_step", "frechet", "batches"]
    return dict(zip(names, chapter_namespace(CHAPTER, names), strict=True))


def twins(theirs, ours, seed=0):
    """Two models of the same weights; the names and shapes agree, or loading raises."""
    torch.manual_seed(seed)
    a, b = theirs(), ours()
    b.load_state_dict(a.state_dict())
    return a, b


@pytest.mark.parametrize("name", ["Generator", "Discriminator"])
def test_networks(chapter, name):
    theirs, ours = twins(chapter[name], getattr(gan, name))
    x = torch.randn(8, 100 if name == "Generator" else 784)
    for mode in (True, False):
        theirs.train(mode), ours.train(mode)
        torch.manual_seed(1)
        expected = ours(x)
        torch.manual_seed(1)
        torch.testing.assert_close(theirs(x), expected)


def test_sigmoid_discriminator_has_the_same_weights(chapter):
    theirs, ours = twins(chapter["SigmoidDiscriminator"], gan.Discriminator)
    x = torch.randn(8, 784)
    torch.testing.assert_close(theirs.eval()(x), torch.sigmoid(ours.eval()(x)))


def test_three_steps(chapter):
    pairs = []
    for G_kind, D_kind in (
        (chapter["Generator"], chapter["Discriminator"]),
        (gan.Generator, gan.Discriminator),
    ):
        torch.manual_seed(0)
        G, D = G_kind(), D_kind()
        pairs.append((G, D, *(torch.optim.Adam(m.parameters(), lr=1e-3, betas=(0.5, 0.99)) for m in (G, D))))
    x = torch.rand(16, 784) * 2 - 1
    (G_a, D_a, *optimizers_a), (G_b, D_b, *optimizers_b) = pairs
    step = training.gan_step(G_b, D_b, *optimizers_b)
    for seed in range(3):
        torch.manual_seed(seed)
        loss_D, loss_G = chapter["gan_step"](x, G_a, D_a, *optimizers_a)
        torch.manual_seed(seed)
        losses = step(x)
        torch.testing.assert_close((loss_D, loss_G), (losses["loss_D"], losses["loss_G"]))
    for a, b in zip(
        [*G_a.parameters(), *D_a.parameters()], [*G_b.parameters(), *D_b.parameters()], strict=True
    ):
        torch.testing.assert_close(a, b)


def test_frechet(chapter):
    a, b = torch.randn(200, 6), 2 * torch.randn(200, 6) + 1
    assert chapter["frechet"](a, b) == pytest.approx(metrics.frechet_distance(a, b), rel=1e-9)


def test_batches_are_an_epoch_without_repetition(chapter):
    x = torch.arange(100)
    seen = torch.cat(list(chapter["batches"](x, 20, 10)))
    for epoch in seen.split(100):
        assert sorted(epoch.tolist()) == x.tolist()
