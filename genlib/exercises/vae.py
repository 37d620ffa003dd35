"""Exercises of the chapter "A VAE on real digits"."""

import math

import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "vae.bits",
    function(
        lambda nats: nats / 784 / math.log(2),
        cases=[102.0, 543.4277, 0.0],
        wrong={
            lambda nats: nats / math.log(2): "that is bits an image; a pixel gets its share",
            lambda nats: nats / 784: "that is nats a pixel; a bit is log 2 nats",
            lambda nats: nats / 784 * math.log(2): "a nat is more than a bit, so more bits are needed",
        },
    ),
    hint="A fair coin is worth log 2 nats, which is 1 bit.",
)

exercise(
    "vae.beta",
    value(
        784 / 20,
        wrong={
            784: "the KL was averaged too, over the 20 units",
            20 / 784: "turn it around: which of the two terms shrank more?",
            1 / 784: "turn it around, and mind that the KL was averaged too",
            20: "the reconstruction was averaged too, over the 784 pixels",
        },
    ),
    hint="Write both means as sums over a number, then multiply until the reconstruction is a sum.",
)

# ---------------------------------------------------------------- core


def _exponential(u, rate):
    return -torch.log1p(-u) / rate


_U = torch.linspace(0.05, 0.95, 7)

_exponential_values = function(
    _exponential,
    cases=[(_U, torch.tensor(1.0)), (_U, torch.tensor(2.5)), (_U.sqrt(), torch.tensor(0.3))],
    wrong={
        lambda u, rate: -torch.log1p(-u) * rate: "that has mean `rate`; the mean should be 1 / rate",
        lambda u, rate: torch.log1p(-u) / rate: "these draws are negative",
    },
)


@exercise(
    "vae.exponential",
    hint="u is the distribution function at z. Solve for z; any draw of the right distribution will do.",
)
def exponential(answer):
    rate = torch.tensor(2.0, requires_grad=True)
    draws = call(answer, _U, rate)
    if not (isinstance(draws, torch.Tensor) and draws.requires_grad):
        return "no gradient reaches rate: use torch functions, without detach or .item()"
    problem = _exponential_values(answer)
    mirrored = _exponential_values(lambda u, rate: answer(1 - u, rate))  # 1 - u is uniform as well
    return problem if mirrored else None


def _kl_1d(mu_1, logvar_1, mu_2, logvar_2):
    ratio = logvar_1 - logvar_2
    return 0.5 * (math.exp(ratio) - 1 - ratio + (mu_1 - mu_2) ** 2 / math.exp(logvar_2))


exercise(
    "vae.kl",
    function(
        _kl_1d,
        cases=[(0.0, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.5, -1.0, -0.5, 0.7), (0.0, 1.0, 0.3, -1.0)],
        wrong={
            lambda m1, l1, m2, l2: _kl_1d(m2, l2, m1, l1): "that is KL(2 || 1)",
            lambda m1, l1, m2, l2: -_kl_1d(m1, l1, m2, l2): "a KL divergence is never negative",
            lambda m1, l1, m2, l2: 0.5 * (math.exp(l1) - 1 - l1 + m1**2): "that is the KL to N(0, 1)",
        },
    ),
    hint="Shift and stretch the line until the second Gaussian is N(0, 1): what became of the first?",
)

exercise(
    "vae.gap",
    value(
        0.5 * (5 - 1 - math.log(5)),
        wrong={
            0.5 * (0.2 - 1 + math.log(5)): "that is KL(posterior || q); the gap is the other one",
            5 - 1 - math.log(5): "there is a factor 1/2 in the KL",
        },
    ),
    hint="The gap is KL(q || posterior). With equal means only the ratio of the variances is left.",
)


def _log_weights():
    generator = torch.Generator().manual_seed(3)
    return torch.randn(4, 50, generator=generator)


exercise(
    "vae.iwae",
    function(
        lambda log_w: torch.logsumexp(log_w, 1) - math.log(log_w.shape[1]),
        cases=[_log_weights(), _log_weights()[:, :1] - 3, 5 * _log_weights() - 900],
        wrong={
            lambda log_w: torch.logsumexp(log_w, 1): "the mean of k weights needs a division by k",
            lambda log_w: log_w.mean(1): "that is the ELBO, the mean of the logarithms",
            lambda log_w: log_w.exp().mean(1).log(): "exp(-900) is 0 in floating point",
            lambda log_w: torch.logsumexp(log_w, 0) - math.log(len(log_w)): "sum over the draws",
        },
    ),
    hint="Which function takes the logarithm of a sum of exponentials? And a mean is a sum divided by k.",
)


def _codes():
    generator = torch.Generator().manual_seed(4)
    scale = torch.tensor([1.0, 0.5, 0.2, 0.05, 0.0])
    return torch.randn(500, 5, generator=generator) * scale + torch.tensor([0.0, 0.0, 0.0, 0.0, 2.0])


exercise(
    "vae.active",
    function(
        lambda mu: int((mu.var(0) > 0.01).sum()),
        cases=[_codes(), _codes()[:, 3:], torch.ones(10, 3)],
        wrong={
            lambda mu: int((mu.var(1) > 0.01).sum()): "over the images, dim 0",
            lambda mu: int(
                (mu.mean(0).abs() > 0.01).sum()
            ): "a mean far from 0 may be the same for all images",
            lambda mu: int((mu.std(0) > 0.01).sum()): "the variance, not the standard deviation",
        },
    ),
    hint="The variance is over the images: which dimension is that?",
)

# ---------------------------------------------------------------- stretch


def _log_constant(logits):
    """log C, where C times the integral of p^x (1 - p)^(1 - x) over [0, 1] is 1, for p = sigmoid(logits)."""
    logits = logits.double()
    small = logits.abs() < 1e-3
    safe = torch.where(small, torch.ones_like(logits), logits)
    # integral = (1 - p) (e^l - 1) / l = tanh(l / 2) / l
    return torch.where(small, math.log(2) + logits.square() / 12, (safe / torch.tanh(safe / 2)).log())


exercise(
    "vae.continuous",
    function(
        _log_constant,
        cases=[
            torch.tensor([-6.0, -2.0, -0.5, 0.5, 3.0]),
            torch.tensor([0.0, 1e-6, -1e-6]),
            torch.tensor([30.0, -30.0]),
        ],
        atol=1e-4,
        wrong={
            lambda l: -_log_constant(l): "that is the logarithm of the integral; the constant is one over it",
            lambda l: _log_constant(l).exp(): "the logarithm was asked for",
        },
    ),
    hint="The integral is tanh(l / 2) / l for the logit l, and 1/2 in the limit l = 0.",
)
