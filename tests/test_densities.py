"""Densities against torch.distributions, closed forms and Monte Carlo."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributions as td

from genlib import densities
from genlib.densities import kl_normal, kl_normal_units, kl_normals, log_bernoulli, log_normal

floats = st.floats(-6, 6, allow_nan=False)


@st.composite
def batches(draw, count):
    """`count` float64 tensors of one shape (N, D)."""
    n, d = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    values = draw(st.lists(floats, min_size=count * n * d, max_size=count * n * d))
    return torch.tensor(values, dtype=torch.float64).view(count, n, d).unbind()


def normal(mu, logvar):
    return td.Normal(mu, (0.5 * logvar).exp())


def close(a, b):
    return torch.allclose(a, b, rtol=1e-6, atol=1e-6)


@settings(deadline=None)
@given(batches(3))
def test_log_normal(tensors):
    x, mu, logvar = tensors
    assert close(log_normal(x, mu, logvar), normal(mu, logvar).log_prob(x).sum(1))


@settings(deadline=None)
@given(batches(2))
def test_kl_normal(tensors):
    mu, logvar = tensors
    kl = kl_normal(mu, logvar)
    assert close(kl, td.kl_divergence(normal(mu, logvar), td.Normal(0.0, 1.0)).sum(1))
    assert (kl >= 0).all()
    zero = torch.zeros_like(mu)
    assert close(kl, kl_normals(mu, logvar, zero, zero))
    units = kl_normal_units(mu, logvar)
    assert units.shape == mu.shape
    assert (units >= 0).all()
    assert torch.equal(units.sum(1), kl)


@settings(deadline=None)
@given(batches(4))
def test_kl_normals(tensors):
    mu_1, logvar_1, mu_2, logvar_2 = tensors
    kl = kl_normals(mu_1, logvar_1, mu_2, logvar_2)
    assert close(kl, td.kl_divergence(normal(mu_1, logvar_1), normal(mu_2, logvar_2)).sum(1))
    assert (kl >= 0).all()


@settings(deadline=None)
@given(batches(2))
def test_kl_is_zero_for_equal_normals_and_only_for_these(tensors):
    mu, logvar = tensors
    assert (kl_normals(mu, logvar, mu, logvar) == 0).all()
    assert (kl_normals(mu, logvar, mu + 1e-3, logvar) > 0).all()
    assert (kl_normals(mu, logvar, mu, logvar + 1e-3) > 0).all()


@settings(deadline=None)
@given(batches(2))
def test_log_bernoulli(tensors):
    x_logits, x = tensors
    bits = (x > 0).double()
    assert close(log_bernoulli(bits, x_logits), td.Bernoulli(logits=x_logits).log_prob(bits).sum(1))
    grey = torch.sigmoid(x)
    p = torch.sigmoid(x_logits)
    assert close(log_bernoulli(grey, x_logits), (grey * p.log() + (1 - grey) * (1 - p).log()).sum(1))
    assert (log_bernoulli(grey, x_logits) <= 0).all()


def test_kl_agrees_with_monte_carlo():
    generator = torch.Generator().manual_seed(0)
    mu_1, logvar_1, mu_2, logvar_2 = torch.randn(4, 1, 3, generator=generator, dtype=torch.float64)
    n = 100_000
    eps = torch.randn(n, 3, generator=generator, dtype=torch.float64)
    x = mu_1 + (0.5 * logvar_1).exp() * eps
    log_qx = log_normal(x, mu_1, logvar_1)
    for kl, log_ratio in (
        (kl_normals(mu_1, logvar_1, mu_2, logvar_2), log_qx - log_normal(x, mu_2, logvar_2)),
        (kl_normal(mu_1, logvar_1), log_qx - log_normal(x, 0.0, 0.0)),
    ):
        assert abs(float(log_ratio.mean() - kl)) < 4 * float(log_ratio.std()) / math.sqrt(n)


def test_densities_integrate_to_one():
    x = torch.linspace(-12, 12, 4001, dtype=torch.float64)[:, None]
    assert float(torch.trapezoid(log_normal(x, 0.7, -0.4).exp(), x[:, 0])) == pytest.approx(1, abs=1e-9)
    bits = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4)
    logits = torch.tensor([0.3, -2.0, 1.0, 5.0]).expand(16, 4)
    assert float(log_bernoulli(bits, logits).exp().sum()) == pytest.approx(1, abs=1e-6)


def test_extremes_stay_finite():
    x = torch.tensor([[0.0, 1.0]])
    assert torch.allclose(log_bernoulli(x, torch.tensor([[-1000.0, 1000.0]])), torch.zeros(1))
    assert float(log_bernoulli(x, torch.tensor([[1000.0, -1000.0]]))) == -2000
    tiny = torch.full((1, 1), 1e-4)  # float32: exp(l) - 1 - l would lose everything
    assert float(kl_normal(torch.zeros(1, 1), tiny)) == pytest.approx(2.5e-9, rel=0.05)


def test_images_are_summed_over_all_pixels():
    x = torch.rand(3, 1, 4, 4)
    logits = torch.randn(3, 1, 4, 4)
    assert torch.allclose(log_bernoulli(x, logits), log_bernoulli(x.flatten(1), logits.flatten(1)))
    assert torch.allclose(log_normal(x, logits, 0.0), log_normal(x.flatten(1), logits.flatten(1), 0.0))
    assert torch.allclose(kl_normal(x, logits), kl_normal(x.flatten(1), logits.flatten(1)))
    both = [x, logits, logits, x]
    assert torch.allclose(kl_normals(*both), kl_normals(*[part.flatten(1) for part in both]))
    assert kl_normal_units(x, logits).shape == x.shape


def test_log_normal_of_whole_numbers():
    whole = torch.tensor([[1, -2]])
    assert torch.equal(log_normal(whole, 0.0, -0.7), log_normal(whole.float(), 0.0, -0.7))


def test_log_normal_broadcasts_parameters_but_never_x():
    x = torch.randn(5, 3)
    full = log_normal(x, torch.zeros(5, 3), torch.zeros(5, 3))
    assert torch.allclose(log_normal(x, 0.0, 0.0), full)
    assert torch.allclose(log_normal(x, torch.zeros(3), torch.zeros(1)), full)
    assert torch.allclose(log_normal(x, 0.0, torch.zeros(5, 1)), full)
    for mu in (torch.zeros(5), torch.zeros(2, 5, 3), torch.zeros(5, 4)):
        with pytest.raises(ValueError, match="mu: shape"):
            log_normal(x, mu, 0.0)
    with pytest.raises(ValueError, match=r"\(N, D\)"):
        log_normal(torch.zeros(3), 0.0, 0.0)


@pytest.mark.parametrize("function", [kl_normal, kl_normal_units, log_bernoulli])
def test_pairs_must_have_equal_shapes(function):
    with pytest.raises(ValueError, match="shapes differ"):
        function(torch.zeros(5, 3), torch.zeros(5, 1))
    with pytest.raises(ValueError, match=r"\(N, D\)"):
        function(torch.zeros(3), torch.zeros(3))


def test_kl_normals_needs_four_equal_shapes():
    same = torch.zeros(2, 3)
    with pytest.raises(ValueError, match="logvar_2"):
        kl_normals(same, same, same, torch.zeros(3))


def test_everything_is_one_number_an_example_and_has_gradients():
    x = torch.rand(4, 6)
    mu, logvar = torch.randn(2, 4, 6, requires_grad=True).unbind()
    for value in (
        log_normal(x, mu, logvar), kl_normal(mu, logvar), kl_normals(mu, logvar, x, x), log_bernoulli(x, mu),
    ):  # fmt: skip
        assert value.shape == (4,)
        assert value.requires_grad
    assert set(densities.__all__) == {
        "kl_normal", "kl_normal_units", "kl_normals", "log_bernoulli", "log_normal",
    }  # fmt: skip
