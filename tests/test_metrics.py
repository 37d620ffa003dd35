"""Metrics against exact values, torchmetrics and prdc."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from genlib import metrics
from genlib.data import mnist
from genlib.densities import log_normal
from genlib.models.vae import VAE


class LinearGaussian(nn.Module):
    """z ~ N(0, I_L), x|z ~ N(W z, I_D), so x ~ N(0, W W' + I); q is the posterior, moved by `off`."""

    def __init__(self, off):
        super().__init__()
        w = torch.randn(6, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        cov = torch.linalg.inv(torch.eye(2, dtype=torch.float64) + w.T @ w)
        self.w, self.to_mu, self.off = w, w @ cov, off
        self.logvar = cov.diagonal().log()  # the posterior's own covariance is not diagonal
        self.dropout = nn.Dropout(0.5)

    def encode(self, x):
        mu = x @ self.to_mu + self.off
        return self.dropout(mu), self.logvar.expand(len(x), 2)

    def reparameterize(self, mu, logvar):
        return mu + (0.5 * logvar).exp() * torch.randn_like(mu)

    def decode_logits(self, z):
        return z @ self.w.T

    def log_prob(self, x):
        cov = self.w @ self.w.T + torch.eye(6, dtype=torch.float64)
        return torch.distributions.MultivariateNormal(x.new_zeros(6), cov).log_prob(x)


def gaussian_likelihood(x, mean):
    return log_normal(x, mean, 0.0)


@pytest.fixture
def linear():
    torch.manual_seed(0)
    model = LinearGaussian(off=0.3)
    z = torch.randn(2000, 2, dtype=torch.float64)
    return model, z @ model.w.T + torch.randn(2000, 6, dtype=torch.float64)


def test_elbo_of_a_linear_gaussian_model(linear):
    model, x = linear
    log_px_z, kl = metrics.elbo_parts(model, x, batch_size=300, log_likelihood=gaussian_likelihood)
    assert log_px_z.shape == kl.shape == (2000,)
    # E_q |x - W z|^2 and the KL have a closed form here
    mu, logvar = model.eval().encode(x)
    noise = (model.w.square() * logvar[0].exp()).sum()
    exact = log_normal(x, mu @ model.w.T, 0.0) - 0.5 * noise
    error = log_px_z - exact
    assert error.mean().abs() < 4 * error.std() / math.sqrt(len(x))
    exact_kl = torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, (0.5 * logvar).exp()), torch.distributions.Normal(0.0, 1.0)
    ).sum(1)
    assert torch.allclose(kl, exact_kl)
    assert (log_px_z - kl).mean() < model.log_prob(x).mean()


def test_iwae_bound_rises_with_k_to_log_px(linear):
    model, x = linear
    truth = float(model.log_prob(x).mean())
    bounds = [metrics.iwae_bound(model, x, k, log_likelihood=gaussian_likelihood) for k in (1, 5, 50, 1000)]
    means = [b.mean() for b in bounds]
    margins = [4 * (b - a).std() / math.sqrt(len(x)) for a, b in itertools.pairwise(bounds)]
    assert all(b > a - margin for a, b, margin in zip(means, means[1:], margins, strict=False))
    assert means[0] < truth - 0.05
    assert float(means[-1]) == pytest.approx(truth, abs=0.01)


def test_iwae_bound_at_one_draw_is_the_elbo(linear):
    model, x = linear
    log_px_z, kl = metrics.elbo_parts(model, x, log_likelihood=gaussian_likelihood)
    bound = metrics.iwae_bound(model, x, 1, log_likelihood=gaussian_likelihood)
    difference = bound - (log_px_z - kl)
    assert difference.mean().abs() < 4 * difference.std() / math.sqrt(len(x))


@pytest.mark.parametrize("batch_size", [1, 7, 50, 10_000])
def test_iwae_bound_does_not_depend_on_the_chunks(linear, batch_size):
    _, x = linear
    model = LinearGaussian(off=0.0)
    model.reparameterize = lambda mu, logvar: mu  # nothing random is left
    whole = metrics.iwae_bound(model, x[:20], 60, batch_size=10_000, log_likelihood=gaussian_likelihood)
    chunk = metrics.iwae_bound(model, x[:20], 60, batch_size=batch_size, log_likelihood=gaussian_likelihood)
    assert torch.allclose(whole, chunk)


def test_bounds_of_the_vae_take_images_and_leave_its_mode():
    torch.manual_seed(0)
    model, x = VAE(), mnist("test")[0][:50]
    log_px_z, kl = metrics.elbo_parts(model, x)
    assert (log_px_z <= 0).all()
    assert (kl >= 0).all()
    assert torch.equal(metrics.elbo_parts(model, x.flatten(1))[1], kl)
    assert metrics.iwae_bound(model, x, 20).mean() > (log_px_z - kl).mean()
    assert model.training
    assert not log_px_z.requires_grad


def test_bounds_leave_a_frozen_layer_frozen():
    model = VAE()
    model.extra = nn.Sequential(nn.BatchNorm1d(3).eval())
    metrics.elbo_parts(model, torch.zeros(2, 784))
    assert model.training
    assert model.extra.training
    assert not model.extra[0].training


@pytest.mark.parametrize("call", [
    lambda m: metrics.elbo_parts(m, torch.zeros(784)),
    lambda m: metrics.elbo_parts(m, torch.zeros(0, 784)),
    lambda m: metrics.elbo_parts(m, torch.zeros(5, 784), batch_size=0),
    lambda m: metrics.iwae_bound(m, torch.zeros(5, 784), 0),
])  # fmt: skip
def test_bounds_reject_bad_arguments(call):
    with pytest.raises(ValueError, match=r"batch|k:"):
        call(VAE())


def test_digit_features_and_classes():
    x, y = mnist("test")
    features = metrics.digit_features(x[:1500], batch_size=700)
    assert features.shape == (1500, 64)
    assert (features >= 0).all()
    assert torch.allclose(features, metrics.digit_features(x[:1500].flatten(1)), atol=1e-5)
    labels = metrics.classify_digits(x[:1500])
    assert labels.dtype == torch.int64
    assert (labels == y[:1500]).float().mean() > 0.97
    assert torch.equal(metrics.class_shares(x[y == 3][:50]).argmax(), torch.tensor(3))
    assert float(metrics.class_shares(x[:100]).sum()) == pytest.approx(1)


@pytest.mark.parametrize("images", [torch.zeros(3, 28, 28, 3), torch.zeros(784), torch.zeros(0, 784)])
def test_digit_features_reject_other_shapes(images):
    with pytest.raises(ValueError, match="expected"):
        metrics.digit_features(images)


@pytest.mark.parametrize("value", [-1.0, 2.0, math.nan])
def test_digit_features_reject_other_ranges(value):
    with pytest.raises(ValueError, match="Tanh"):
        metrics.digit_features(torch.full((2, 784), value))


def standardized(n, d, seed):
    """n points whose sample mean is 0 and sample covariance I, exactly."""
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = x - x.mean(0)
    root = torch.linalg.cholesky(x.T @ x / (n - 1))
    return torch.linalg.solve_triangular(root, x.T, upper=False).T


def test_frechet_distance_of_known_gaussians():
    a, b = standardized(500, 4, 0), standardized(500, 4, 1)
    assert metrics.frechet_distance(a, a) == pytest.approx(0, abs=1e-10)
    assert metrics.frechet_distance(a, b) == pytest.approx(0, abs=1e-10)
    assert metrics.frechet_distance(a, b + 2) == pytest.approx(4 * 2**2)
    std = torch.tensor([0.5, 1.0, 2.0, 3.0], dtype=torch.float64)
    assert metrics.frechet_distance(a, b * std) == pytest.approx(float((std - 1).square().sum()))
    # covariances that do not commute: tr (A B)^(1/2) in 2-D is sqrt(tr AB + 2 sqrt(det AB))
    wa = torch.tensor([[1.0, 0.0], [0.8, 0.5]], dtype=torch.float64)
    wb = torch.tensor([[0.3, 0.0], [-0.9, 1.5]], dtype=torch.float64)
    A, B = wa @ wa.T, wb @ wb.T
    cross = torch.sqrt((A @ B).trace() + 2 * torch.linalg.det(A @ B).sqrt())
    exact = float(A.trace() + B.trace() - 2 * cross)
    a, b = standardized(300, 2, 2) @ wa.T, standardized(300, 2, 3) @ wb.T
    assert metrics.frechet_distance(a, b) == pytest.approx(exact)
    assert metrics.frechet_distance(b, a) == pytest.approx(exact)


def test_frechet_distance_survives_constant_and_distant_features():
    a = standardized(100, 3, 0).float()
    a[:, 2] = 0
    assert metrics.frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    far = a.double() + 1e6  # one-pass sums of squares would lose the variance here
    assert metrics.frechet_distance(far, far + 1) == pytest.approx(3, abs=1e-6)


def test_frechet_distance_agrees_with_torchmetrics():
    fid = pytest.importorskip("torchmetrics.image.fid")
    x, _ = mnist("test")
    a = metrics.digit_features(x[:1000])
    b = metrics.digit_features((x[1000:2000] * 0.8).clamp(0, 1))
    features = nn.Identity()
    features.num_features = 64
    oracle = fid.FrechetInceptionDistance(feature=features).set_dtype(torch.float64)
    oracle.update(a.double(), real=True)
    oracle.update(b.double(), real=False)
    assert metrics.frechet_distance(a, b) == pytest.approx(float(oracle.compute()), rel=1e-5)


@pytest.mark.parametrize(("a", "b", "message"), [
    (torch.zeros(10, 3), torch.zeros(9, 3), "equal numbers"),
    (torch.zeros(3, 3), torch.zeros(3, 3), "more examples"),
    (torch.zeros(9, 3), torch.zeros(9, 2), "3 features and b 2"),
    (torch.zeros(9), torch.zeros(9), r"\(n, d\)"),
    (torch.full((9, 2), math.inf), torch.zeros(9, 2), "finite"),
])  # fmt: skip
def test_frechet_distance_rejects(a, b, message):
    with pytest.raises(ValueError, match=message):
        metrics.frechet_distance(a, b)


@pytest.mark.parametrize(("n", "m", "k"), [(300, 300, 5), (250, 400, 3), (400, 120, 1)])
def test_precision_recall_agrees_with_prdc(n, m, k):
    prdc = pytest.importorskip("prdc")
    rng = np.random.default_rng(n)
    real, fake = rng.normal(size=(n, 8)), rng.normal(0.5, 0.8, size=(m, 8))
    oracle = prdc.compute_prdc(real, fake, nearest_k=k)
    ours = metrics.precision_recall(torch.from_numpy(real), torch.from_numpy(fake), k=k, block=70)
    assert ours._asdict() == pytest.approx(oracle)


def test_precision_recall_of_extremes():
    real = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
    same = metrics.precision_recall(real, real)
    assert same.precision == same.recall == same.coverage == 1
    assert metrics.precision_recall(real, real + 100) == (0, 0, 0, 0)
    one_mode = real[:1].repeat(200, 1)
    collapsed = metrics.precision_recall(real, one_mode)
    assert collapsed.precision == 1
    assert collapsed.recall == 1 / 200
    assert collapsed.coverage < 0.1


def test_precision_recall_counts_copies():
    """prdc compares strictly and returns zeros here."""
    points = torch.randn(20, 5, generator=torch.Generator().manual_seed(0)).repeat(10, 1)
    result = metrics.precision_recall(points, points, k=5)
    assert result.precision == result.recall == result.coverage == 1


def test_precision_recall_needs_more_points_than_neighbors():
    points = torch.randn(6, 2)
    metrics.precision_recall(points, points, k=5)
    for real, fake, name in ((points[:5], points, "real"), (points, points[:5], "fake")):
        with pytest.raises(ValueError, match=f"{name}: 5 examples have no 5-th neighbor"):
            metrics.precision_recall(real, fake, k=5)
    with pytest.raises(ValueError, match="k: must be at least 1"):
        metrics.precision_recall(points, points, k=0)


def test_nearest_neighbors_agree_with_brute_force():
    generator = torch.Generator().manual_seed(0)
    queries, points = torch.rand(70, 5, generator=generator), torch.rand(300, 5, generator=generator)
    distances, indices = metrics.nearest_neighbors(queries, points, block=32)
    exact = torch.linalg.vector_norm(queries[:, None] - points, dim=2)
    assert torch.equal(indices, exact.argmin(1))
    assert torch.allclose(distances, exact.min(1).values)


@pytest.mark.parametrize(("std", "offset"), [(1.0, 1000.0), (0.05, 30.0)])
def test_nearest_neighbors_far_from_the_origin(std, offset):
    generator = torch.Generator().manual_seed(0)
    points = offset + std * torch.randn(3000, 8, generator=generator)
    queries = offset + std * torch.randn(200, 8, generator=generator)
    exact = torch.cdist(queries.double(), points.double())
    distances, indices = metrics.nearest_neighbors(queries, points)
    assert torch.equal(indices, exact.argmin(1))
    assert torch.allclose(distances.double(), exact.min(1).values, rtol=1e-4)
    with pytest.raises(ValueError, match="queries"):
        metrics.nearest_neighbors(queries[0], points)


def test_nearest_neighbors_find_copies_exactly():
    x = mnist("test")[0][:500]
    distances, indices = metrics.nearest_neighbors(x[100:150], x)
    assert (distances == 0).all()
    assert torch.equal(indices, torch.arange(100, 150))
    assert metrics.nearest_neighbors(x[:2], x[:1])[1].tolist() == [0, 0]
    with pytest.raises(ValueError, match="features"):
        metrics.nearest_neighbors(x, torch.zeros(3, 5))
