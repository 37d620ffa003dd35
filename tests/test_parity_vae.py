"""The definitions of the chapter "A VAE on real digits" against genlib's, on fixed weights and input."""

import pytest
import torch
from chapters import chapter_namespace

from genlib import densities
from genlib.models.vae import VAE
from tools.notebooks import ROOT

CHAPTER = ROOT / "book" / "code" / "vae.ipynb"


@pytest.fixture(scope="module")
def chapter():
    names = ["VAE", "kl_normal", "log_bernoulli", "elbo_terms", "iwae"]
    return dict(zip(names, chapter_namespace(CHAPTER, names), strict=True))


@pytest.fixture
def pair(chapter):
    """The chapter's VAE and genlib's with the same weights."""
    torch.manual_seed(0)
    theirs, ours = chapter["VAE"](), VAE()
    ours.load_state_dict(theirs.state_dict())  # the names and shapes agree, or this raises
    return theirs, ours


@pytest.fixture
def x():
    return torch.rand(32, 784, generator=torch.Generator().manual_seed(1))


def same_draws(function, *arguments):
    torch.manual_seed(2)
    return function(*arguments)


def test_vae(pair, x):
    theirs, ours = pair
    assert [(name, p.shape) for name, p in theirs.named_parameters()] == [
        (name, p.shape) for name, p in ours.named_parameters()
    ]
    for got, expected in zip(same_draws(theirs, x), same_draws(ours, x), strict=True):
        torch.testing.assert_close(got, expected)
    z = torch.randn(5, 20)
    torch.testing.assert_close(theirs.decode_logits(z), ours.decode_logits(z))


@pytest.mark.parametrize("latent_dim", [2, 7])
def test_vae_with_another_code(chapter, latent_dim):
    theirs, ours = chapter["VAE"](latent_dim), VAE(latent_dim)
    assert {k: v.shape for k, v in theirs.state_dict().items()} == {
        k: v.shape for k, v in ours.state_dict().items()
    }


def test_losses(chapter, pair, x):
    mu, logvar = torch.randn(32, 20), torch.randn(32, 20)
    torch.testing.assert_close(chapter["kl_normal"](mu, logvar), densities.kl_normal(mu, logvar))
    x_logits = 5 * torch.randn(32, 784)
    torch.testing.assert_close(chapter["log_bernoulli"](x, x_logits), densities.log_bernoulli(x, x_logits))


def test_elbo(chapter, pair, x, monkeypatch):
    theirs, ours = pair
    terms = chapter["elbo_terms"]
    monkeypatch.setitem(terms.__globals__, "fast", torch.float32)  # the chapter measures what is fast
    log_px_z, kl = same_draws(terms, theirs, x)
    mu, logvar = ours.encode(x)
    x_logits = ours.decode_logits(same_draws(ours.reparameterize, mu, logvar))
    torch.testing.assert_close(log_px_z, densities.log_bernoulli(x, x_logits))
    torch.testing.assert_close(kl, densities.kl_normal(mu, logvar))


def test_importance_bound(chapter):
    log_w = 5 * torch.randn(50, 7) - 100
    torch.testing.assert_close(chapter["iwae"](log_w), log_w.double().exp().mean(0).log().float())
