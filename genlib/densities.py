"""Log-densities and divergences of each example, in nats.

Everything takes a batch (N, ...) and returns (N,): the sum over the features of an example is part of
the density, the mean over examples is the caller's last step.
"""

import math

import torch
import torch.nn.functional as F

__all__ = ["kl_normal", "kl_normal_units", "kl_normals", "log_bernoulli", "log_normal"]

LOG_2PI = math.log(2 * math.pi)


def log_normal(x, mu, logvar):
    """log N(x; mu, diag exp(logvar)) of each example.

    Args:    x: (N, ...); mu, logvar: anything that broadcasts to x, logvar the log variance.
    Returns: (N,) nats.
    Raises:  ValueError if mu or logvar do not broadcast to the shape of x.
    """
    _check_broadcast(x, mu=mu, logvar=logvar)
    x = x if x.is_floating_point() else x.float()  # or logvar would be cut to a whole number, too
    logvar = torch.as_tensor(logvar, dtype=x.dtype, device=x.device)
    log_px = -0.5 * (LOG_2PI + logvar + (x - mu).square() / logvar.exp())
    return log_px.expand_as(x).flatten(1).sum(1)


def kl_normal(mu, logvar):
    """KL( N(mu, diag exp(logvar)) || N(0, I) ) of each example.

    Args:    mu, logvar: (N, ...) floats; logvar is the log variance.
    Returns: (N,) nats, >= 0.
    Raises:  ValueError if the shapes differ.
    Source:  Kingma & Welling 2014, appendix B, https://arxiv.org/abs/1312.6114
    """
    return kl_normal_units(mu, logvar).flatten(1).sum(1)


def kl_normal_units(mu, logvar):
    """The terms of `kl_normal`, one for each latent unit.

    Args:    mu, logvar: (N, ...) floats; logvar is the log variance.
    Returns: (N, ...) nats, >= 0.
    Raises:  ValueError if the shapes differ.
    """
    _check_same(mu=mu, logvar=logvar)
    # expm1(l) - l is exp(l) - 1 - l without the cancellation near l = 0.
    return 0.5 * (mu.square() + torch.expm1(logvar) - logvar)


def kl_normals(mu_1, logvar_1, mu_2, logvar_2):
    """KL( N(mu_1, diag exp(logvar_1)) || N(mu_2, diag exp(logvar_2)) ) of each example.

    Args:    four (N, ...) floats; logvar is the log variance.
    Returns: (N,) nats, >= 0.
    Raises:  ValueError if the shapes differ.
    """
    _check_same(mu_1=mu_1, logvar_1=logvar_1, mu_2=mu_2, logvar_2=logvar_2)
    ratio = logvar_1 - logvar_2
    terms = torch.expm1(ratio) - ratio + (mu_1 - mu_2).square() / logvar_2.exp()
    return 0.5 * terms.flatten(1).sum(1)


def log_bernoulli(x, x_logits):
    """sum_d x_d log p_d + (1 - x_d) log(1 - p_d) of each example, with p = sigmoid(x_logits).

    For x in {0, 1} this is a log-probability. For grey values in between it is the usual
    reconstruction term of a VAE, but no density of x.

    Args:    x: (N, ...) floats in [0, 1]; x_logits: the same shape.
    Returns: (N,) nats, <= 0.
    Raises:  ValueError if the shapes differ.
    """
    _check_same(x=x, x_logits=x_logits)
    return -F.binary_cross_entropy_with_logits(x_logits, x, reduction="none").flatten(1).sum(1)


def _check_same(**tensors):
    shapes = {name: tuple(t.shape) for name, t in tensors.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError("shapes differ: " + ", ".join(f"{name} {shape}" for name, shape in shapes.items()))
    if any(len(shape) < 2 for shape in shapes.values()):
        raise ValueError("a batch (N, D) was expected: " + ", ".join(f"{n} {s}" for n, s in shapes.items()))


def _check_broadcast(x, **others):
    if x.dim() < 2:
        raise ValueError(f"x: a batch (N, D) was expected, not {tuple(x.shape)}")
    for name, other in others.items():
        shape = tuple(torch.as_tensor(other).shape)
        try:
            fits = torch.broadcast_shapes(tuple(x.shape), shape) == x.shape
        except RuntimeError:
            fits = False
        if not fits:
            raise ValueError(f"{name}: shape {shape} does not broadcast to x's {tuple(x.shape)}")
