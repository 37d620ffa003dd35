"""How good is a model: likelihood bounds of a VAE, and distances between sets of samples.

Likelihoods are per example and in nats. Samples of digits are compared in the 64 features of the shipped
digit classifier, so `frechet_distance` is the "Frechet distance on digit features": its figures cannot be
compared with those of another network's features.
"""

import copy
import math
from contextlib import contextmanager
from typing import NamedTuple

import torch

from genlib.densities import kl_normal, log_bernoulli, log_normal
from genlib.models.digits import digit_classifier

__all__ = [
    "PrecisionRecall",
    "class_shares",
    "classify_digits",
    "digit_features",
    "elbo_parts",
    "frechet_distance",
    "iwae_bound",
    "nearest_neighbors",
    "precision_recall",
]


@torch.no_grad()
def elbo_parts(model, x, batch_size=1000, log_likelihood=log_bernoulli):
    """The two parts of the ELBO of each example, with one draw of z each: elbo = log_px_z - kl.

    Args:    model: a VAE with encode, reparameterize and decode_logits; it is evaluated in `eval()` mode;
             x: (N, D), or (N, ...) that is flattened to it; batch_size: examples at a time;
             log_likelihood: (x, what decode_logits returns) -> (N,) nats.
    Returns: log_px_z (N,), an estimate of E_q log p(x|z), and kl (N,), KL(q(z|x) || p(z)), exact; nats.
    Raises:  ValueError if x is no batch or batch_size is not positive.
    Source:  Kingma & Welling 2014, https://arxiv.org/abs/1312.6114
    """
    x = _flat(x, "x", batch_size)
    log_px_z, kl = [], []
    with _evaluating(model):
        for batch in x.split(batch_size):
            mu, logvar = model.encode(batch)
            z = model.reparameterize(mu, logvar)
            log_px_z.append(log_likelihood(batch, model.decode_logits(z)))
            kl.append(kl_normal(mu, logvar))
    return torch.cat(log_px_z), torch.cat(kl)


@torch.no_grad()
def iwae_bound(model, x, k, batch_size=5000, log_likelihood=log_bernoulli):
    """The importance-weighted bound log (1/k) sum_i p(x, z_i) / q(z_i|x) of each example.

    Its mean does not decrease with k, is the ELBO's at k = 1, and tends to log p(x).

    Args:    model, x, log_likelihood: as `elbo_parts`; k: draws of z an example, >= 1;
             batch_size: decoded pairs (example, draw) at a time; memory does not grow with N or k.
    Returns: (N,) nats.
    Raises:  ValueError if x is no batch, or k or batch_size is not positive.
    Source:  Burda, Grosse & Salakhutdinov 2015, https://arxiv.org/abs/1509.00519
    """
    x = _flat(x, "x", batch_size)
    if k < 1:
        raise ValueError(f"k: must be at least 1, not {k}")
    rows = max(1, batch_size // k)
    bounds = []
    with _evaluating(model):
        for block in x.split(batch_size):
            mu_block, logvar_block = model.encode(block)
            parts = zip(block.split(rows), mu_block.split(rows), logvar_block.split(rows), strict=True)
            for batch, mu, logvar in parts:
                log_sum = torch.full((len(batch),), -math.inf, dtype=mu.dtype, device=mu.device)
                for start in range(0, k, batch_size):
                    draws = min(batch_size, k - start)
                    mu_k, logvar_k = mu.repeat(draws, 1), logvar.repeat(draws, 1)
                    z = model.reparameterize(mu_k, logvar_k)
                    log_w = log_likelihood(batch.repeat(draws, 1), model.decode_logits(z))
                    log_w = log_w + log_normal(z, 0.0, 0.0) - log_normal(z, mu_k, logvar_k)
                    log_sum = torch.logaddexp(log_sum, log_w.view(draws, -1).logsumexp(0))
                bounds.append(log_sum - math.log(k))
    return torch.cat(bounds)


def digit_features(images, batch_size=250):
    """Features of the shipped digit classifier, in which samples of digits are compared.

    Args:    images: (N, 784) or (N, 1, 28, 28) in [0, 1]; batch_size: images at a time.
    Returns: (N, 64) floats >= 0, on the device of the images.
    Raises:  ValueError for another shape, or values outside [0, 1] (a Tanh's images are (x + 1) / 2).
    """
    return _classifier_batches(images, batch_size, lambda model, x: model.features(x))


def classify_digits(images, batch_size=250):
    """Which digit each image shows, as judged by the shipped classifier.

    Args, Raises: as `digit_features`.
    Returns: (N,) int64, 0 to 9.
    """
    return _classifier_batches(images, batch_size, lambda model, x: model(x).argmax(1))


def class_shares(images, batch_size=1000):
    """How often each digit occurs among the images, as judged by the shipped classifier.

    Args, Raises: as `digit_features`.
    Returns: (10,) shares that sum to 1.
    """
    labels = classify_digits(images, batch_size)
    return torch.bincount(labels, minlength=10) / len(labels)


def frechet_distance(a, b):
    """Frechet distance between the Gaussians that have the means and covariances of two sets.

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)): the squared Wasserstein-2 distance of these
    Gaussians. It is biased upwards for small sets, so state n, and compare only equal n.

    Args:    a, b: (n, d) features, n > d.
    Returns: a float >= 0, in squared units of the features; computed in float64.
    Raises:  ValueError if the sets differ in n or d, if n <= d, or if a feature is not finite.
    Source:  Dowson & Landau 1982, https://doi.org/10.1016/0047-259X(82)90077-X; as a measure of samples
             Heusel et al. 2017, https://arxiv.org/abs/1706.08500
    """
    _check_pair(a, b, "a", "b")
    if len(a) != len(b):
        raise ValueError(
            f"a has {len(a)} examples and b {len(b)}: equal numbers are needed (the bias depends on n)"
        )
    if len(a) <= a.shape[1]:
        raise ValueError(
            f"{len(a)} examples of {a.shape[1]} features: more examples than features are needed"
        )
    (mu_a, cov_a), (mu_b, cov_b) = _moments(a), _moments(b)
    # (S_a S_b)^(1/2) has the trace of (R S_b R)^(1/2) with R = S_a^(1/2), and R S_b R is symmetric.
    values, vectors = torch.linalg.eigh(cov_a)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    product = root @ cov_b @ root
    cross = torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=0).sqrt().sum()
    distance = (mu_a - mu_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return max(0.0, float(distance))


class PrecisionRecall(NamedTuple):
    """Shares of two sets that lie within each other's reach.

    precision: share of the fakes within the reach of the reals (quality);
    recall:    share of the reals within the reach of the fakes (variety);
    density:   how many reals reach a fake, over k, averaged: about 1 for sets alike, and may exceed 1;
    coverage:  share of the reals that have a fake within their reach.
    """

    precision: float
    recall: float
    density: float
    coverage: float


@torch.no_grad()
def precision_recall(real, fake, k=5, block=1000):
    """Precision and recall, density and coverage, of fakes among reals.

    The reach of a point is the ball to its k-th neighbor of its own set, border included; so copies of a
    point, whose ball is the point itself, still count.

    Args:    real: (N, d), fake: (M, d) features; k: neighbors, >= 1; block: rows of distances at a time.
    Returns: PrecisionRecall of four floats.
    Raises:  ValueError if N or M is at most k, if d differs, or if a feature is not finite.
    Source:  Kynkaanniemi et al. 2019, https://arxiv.org/abs/1904.06991; density and coverage: Naeem et al.
             2020, https://arxiv.org/abs/2002.09797
    """
    _check_pair(real, fake, "real", "fake")
    if k < 1:
        raise ValueError(f"k: must be at least 1, not {k}")
    for name, points in (("real", real), ("fake", fake)):
        if len(points) <= k:
            raise ValueError(
                f"{name}: {len(points)} examples have no {k}-th neighbor; give more, or a smaller k"
            )
    # Squared distances by a matrix product in float64 (on the CPU: Apple's GPU has none). What is below the
    # rounding of float32 features is no distance: copies of a point lie within its reach.
    real, fake = real.detach().cpu().double(), fake.detach().cpu().double()
    center = real.mean(0)
    real, fake = real - center, fake - center
    slack = 1e-12 * max(real.square().sum(1).max(), fake.square().sum(1).max())
    real_reach, fake_reach = _reach(real, k, block) + slack, _reach(fake, k, block) + slack
    within_reals = torch.zeros(len(fake), dtype=torch.int64)  # how many reals reach each fake
    recalled = covered = 0
    for rows, reach in zip(real.split(block), real_reach.split(block), strict=True):
        square = _square_distances(rows, fake)
        reached = square <= reach[:, None]
        within_reals += reached.sum(0)
        covered += int(reached.any(1).sum())
        recalled += int((square <= fake_reach).any(1).sum())
    return PrecisionRecall(
        precision=int((within_reals > 0).sum()) / len(fake),
        recall=recalled / len(real),
        density=int(within_reals.sum()) / (k * len(fake)),
        coverage=covered / len(real),
    )


@torch.no_grad()
def nearest_neighbors(queries, points, block=1000):
    """The nearest of the points to each query, by Euclidean distance.

    Args:    queries: (M, ...), points: (N, ...), flattened to (M, D) and (N, D); block: queries at a time.
    Returns: distances (M,), indices (M,) int64 into points.
    Raises:  ValueError if one is empty, D differs, or a value is not finite.
    """
    queries, points = (x.flatten(1) if x.dim() > 1 else x for x in (queries, points))
    _check_pair(queries, points, "queries", "points")
    center = points.mean(0)
    near = points - center  # far from the origin, rounding would drown the differences
    square = near.square().sum(1)
    distances, indices = [], []
    for batch in queries.split(block):
        # A matrix product finds the candidates fast, to its rounding; then their distances are exact.
        rough = torch.addmm(square, batch - center, near.T, alpha=-2)
        candidates = rough.topk(min(8, len(points)), dim=1, largest=False).indices
        exact = (batch[:, None] - points[candidates]).square().sum(2).sqrt()
        distance, best = exact.min(1)
        distances.append(distance)
        indices.append(candidates.gather(1, best[:, None]).squeeze(1))
    return torch.cat(distances), torch.cat(indices)


@contextmanager
def _evaluating(model):
    modes = [(module, module.training) for module in model.modules()]  # one may be frozen in eval()
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _flat(x, name, batch_size):
    if x.dim() < 2 or len(x) == 0:
        raise ValueError(f"{name}: a batch (N, D) was expected, not {tuple(x.shape)}")
    if batch_size < 1:
        raise ValueError(f"batch_size: must be at least 1, not {batch_size}")
    return x.flatten(1)


@torch.no_grad()
def _classifier_batches(images, batch_size, apply):
    x = _flat(images, "images", batch_size)
    if x.shape[1] != 784:
        raise ValueError(f"images: (N, 784) or (N, 1, 28, 28) was expected, not {tuple(images.shape)}")
    low, high = (float(v) for v in x.aminmax())
    if not (low >= -1e-3 and high <= 1 + 1e-3):
        raise ValueError(
            f"images: values in [0, 1] were expected, not {low:.3g} to {high:.3g} "
            "(a Tanh's images are (x + 1) / 2)"
        )
    model = digit_classifier()
    if x.device.type != "cpu":
        model = copy.deepcopy(model).to(x.device)  # the shared one stays where it is
    x = x.float().view(-1, 1, 28, 28)
    return torch.cat([apply(model, batch) for batch in x.split(batch_size)])


def _check_pair(a, b, name_a, name_b):
    for name, x in ((name_a, a), (name_b, b)):
        if x.dim() != 2 or len(x) == 0:
            raise ValueError(f"{name}: (n, d) was expected, not {tuple(x.shape)}")
        if not torch.isfinite(x).all():
            raise ValueError(f"{name}: not every value is finite")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"{name_a} has {a.shape[1]} features and {name_b} {b.shape[1]}")


def _moments(x):
    """Mean and covariance, two passes, in float64 on the CPU (Apple's GPU has no float64)."""
    x = x.detach().cpu().double()
    mu = x.mean(0)
    centered = x - mu
    return mu, centered.T @ centered / (len(x) - 1)


def _square_distances(a, b):
    """(N, d), (M, d) -> (N, M)"""
    return torch.addmm(b.square().sum(1), a, b.T, alpha=-2) + a.square().sum(1, keepdim=True)


def _reach(points, k, block):
    """Squared distance of each point to its k-th neighbor; the nearest of all is the point itself."""
    rows = points.split(block)
    return torch.cat([_square_distances(r, points).topk(k + 1, largest=False).values[:, -1] for r in rows])
