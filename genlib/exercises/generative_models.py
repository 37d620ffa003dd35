"""Exercises of the chapter "What a generative model is"."""

import math

import numpy as np
import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

_P = (0.5, 0.25, 0.25)

exercise(
    "generative_models.die",
    value(
        math.log(3) - 1.5 * math.log(2),
        rtol=3e-3,  # 0.059 is right as well
        wrong={
            -math.log(3) - sum(math.log(p) for p in _P) / 3: "that average runs over the model's throws, "
            "KL(q || p); the throws that you lose on are the world's",
            math.log(3): "that is the whole cost per throw; someone who knows the die pays something too",
            1.5 * math.log(2): "that is the entropy of the die, what even its owner pays",
        },
    ),
    hint="KL(p || q): the average of log(p/q), with the die's own probabilities as weights.",
)

_CUSTOMERS = (
    ("mixture", "exact log density"),
    ("gan", "sharp drawings and no density"),
    ("vae", "a code and a lower bound"),
)


@exercise("generative_models.customers", hint="A list of three words, each of the three models once.")
def customers(answer):
    if isinstance(answer, str) or len(answer) != 3:
        return "expected three words in a list"
    words = [str(word).strip().casefold().removeprefix("gaussian ").removesuffix("s") for word in answer]
    for letter, word, (right, wish) in zip("abc", words, _CUSTOMERS, strict=True):
        if word not in ("mixture", "vae", "gan"):
            return f"({letter}): {word!r} is none of the three"
        if word != right:
            return f"({letter}) wants {wish}: look at {word!r} in the last table of the text"
    return None


# ---------------------------------------------------------------- core

_HALF, _U = torch.tensor(0.5), torch.linspace(0.05, 0.95, 7)  # the first case appears in the hint

_rayleigh_values = function(
    lambda u: torch.sqrt(-2 * torch.log1p(-u)),
    cases=[_HALF, _U, _U.square()],
    wrong={
        lambda u: torch.sqrt(-torch.log1p(-u)): "F(r) = 1 - exp(-r^2 / 2): the 2 is missing",
        lambda u: torch.sqrt(-torch.log1p(-u) / 2): "the 2 of F(r) = 1 - exp(-r^2 / 2) is on the wrong side",
        lambda u: -2 * torch.log1p(-u): "that is the square of the distance",
        lambda u: -torch.sqrt(-2 * torch.log1p(-u)): "a distance is not negative: take the other root",
        lambda u: 1 - torch.exp(-u.square() / 2): "that is F itself; its inverse was asked for",
        lambda u: u * torch.exp(-u.square() / 2): "that is the density; integrate it, then invert",
    },
)


@exercise("generative_models.rayleigh", hint="Integrate the density from 0 to r, set it to u, solve for r.")
def rayleigh(answer):
    problem = _rayleigh_values(answer)
    if problem is None or not callable(answer):
        return problem
    mirrored = _rayleigh_values(lambda u: call(answer, 1 - u))  # 1 - u is uniform as well
    if mirrored is None:
        return None
    return mirrored if problem.startswith("for ") and not mirrored.startswith("for ") else problem


exercise(
    "generative_models.acceptance",
    value(
        math.sqrt(math.pi / (2 * math.e)),
        wrong={
            math.sqrt(2 * math.e / math.pi): "that is M; the share that stays is 1/M",
            math.sqrt(math.pi / 2): "the ratio p/g at 0, turned around; but it is larger elsewhere",
            math.sqrt(2 / math.pi): "that is the ratio p/g at 0; it is larger elsewhere, and 1/M was asked",
            math.sqrt(math.pi / math.e) / 2: "mind the factor 1/2 in g",
            math.sqrt(2 * math.pi / math.e): "a share is below 1: mind the factor 1/2 in g",
        },
    ),
    hint="Maximize p/g for x >= 0: its logarithm is a constant + x - x^2/2. The share is one over it.",
)


@exercise("generative_models.errors", hint="On the modes: q = 10 p for A on its mode, q = p/2 for B.")
def errors(answer):
    if not isinstance(answer, (list, tuple, np.ndarray, torch.Tensor)) or len(answer) != 4:
        return "expected four numbers in a list"
    numbers = [float(number) for number in answer]
    truths = (math.inf, math.log(10), math.log(2), math.inf)
    names = ("A forward", "A reverse", "B forward", "B reverse")
    right = [math.isclose(a, b, rel_tol=6e-3) for a, b in zip(numbers, truths, strict=True)]
    if all(right):
        return None
    swapped = [numbers[1], numbers[0], numbers[3], numbers[2]]
    if all(math.isclose(a, b, rel_tol=6e-3) for a, b in zip(swapped, truths, strict=True)):
        return "forward and reverse are exchanged: forward averages over the world's drops"
    wrong = [name for name, fine in zip(names, right, strict=True) if not fine]
    if any(number < 0 for number in numbers):
        return f"{wrong[0]}: a divergence is never negative"
    return f"{wrong[0]} is not it: over whose drops does the average run, and how large is the ratio there"


# ---------------------------------------------------------------- stretch


def _kernels(x, h):
    d = x.shape[1]
    logs = -torch.cdist(x, x).square() / (2 * h**2)
    return logs - d * math.log(h) - 0.5 * d * math.log(2 * math.pi)


def _leave_one_out(x, h):
    logs = _kernels(x, h)
    logs.fill_diagonal_(-math.inf)
    return (torch.logsumexp(logs, 1) - math.log(len(x) - 1)).mean()


def _drops(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)).double()


def _divided_by_n(x, h):
    return _leave_one_out(x, h) + math.log(len(x) - 1) - math.log(len(x))


exercise(
    "generative_models.leave_one_out",
    function(
        _leave_one_out,
        cases=[(_drops(12, 1, 0), 0.4), (_drops(30, 3, 1), 0.7), (_drops(12, 1, 0), 0.03)],
        wrong={
            lambda x, h: (torch.logsumexp(_kernels(x, h), 1) - math.log(len(x))).mean(): "each drop still "
            "counts its own bump",
            _divided_by_n: "n - 1 bumps are left, not n",
            lambda x, h: _leave_one_out(x, h) * len(x): "the average was asked for, not the sum",
            lambda x, h: (
                _leave_one_out(x, h) + 0.5 * (x.shape[1] - 1) * math.log(2 * math.pi * h**2)
            ): "the constant of a round Gaussian has a factor D",
        },
    ),
    hint="logs.fill_diagonal_(-math.inf) silences a drop's own bump; then logsumexp, minus log(n - 1).",
)

exercise(
    "generative_models.prankster",
    value(
        math.log(100),
        rtol=2e-3,
        wrong={
            0.99: "a density multiplies; the logarithm turns the factor 0.01 into a difference",
            -math.log(0.99): "it is the factor in front of q that counts, 0.01",
            100: "take the logarithm",
            784 * math.log(100): "the factor 0.01 stands once before the density of the whole image",
        },
    ),
    hint="log(0.01 q(x)) = log q(x) + ...",
)
