"""Exercises of the chapter "Draw what I ask for"."""

import math

import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "image_generation.weights",
    value(
        16 * 32 * 4 * 4 + 32,
        wrong={
            16 * 32 * 4 * 4: "each of the 32 outputs has a bias too",
            14 * 14 * (16 * 32 * 4 * 4 + 32): "the weights are the same at every place: that is the point",
            (14 * 14 * 16 + 1) * 7 * 7 * 32: "that is the fully connected layer between the same images",
            32 * 4 * 4 + 32: "each of the 32 filters looks at all 16 channels",
        },
    ),
    hint="One filter is 4 by 4 by all channels that come in. How many filters are there?",
)

exercise(
    "image_generation.side",
    function(
        lambda n, kernel, stride, padding: stride * (n - 1) + kernel - 2 * padding,
        cases=[(7, 4, 2, 1), (14, 4, 2, 1), (1, 5, 3, 0), (7, 3, 2, 1), (8, 6, 3, 2)],
        wrong={
            lambda n, kernel, stride, padding: (n + 2 * padding - kernel) // stride + 1: (
                "that is the side after a convolution; the transposed one goes the other way"
            ),
            lambda n, kernel, stride, padding: stride * n + kernel - 2 * padding: (
                "n copies of the kernel begin at 0, stride, ..., (n - 1) stride"
            ),
            lambda n, kernel, stride, padding: stride * (n - 1) + kernel: "padding cuts from both ends",
            lambda n, kernel, stride, padding: stride * n: "true of this chapter's layers only",
        },
    ),
    hint="Where does the last copy of the kernel begin, and where does it end? Then padding cuts.",
)

# ---------------------------------------------------------------- core


def _transposed(x, w, stride):
    y = torch.zeros(stride * (len(x) - 1) + len(w))
    for i in range(len(x)):
        y[stride * i : stride * i + len(w)] += x[i] * w
    return y


def _convolved(x, w, stride):
    return torch.stack([(x[i : i + len(w)] * w).sum() for i in range(0, len(x) - len(w) + 1, stride)])


def _line_cases():
    generator = torch.Generator().manual_seed(1)

    def draw(n):
        return torch.randn(n, generator=generator)

    return [(draw(6), draw(4), 2), (draw(5), draw(3), 2), (draw(7), draw(3), 1), (draw(4), draw(5), 3)]


exercise(
    "image_generation.transposed",
    function(
        _transposed,
        cases=_line_cases(),
        wrong={
            _convolved: "that is the convolution; its transpose makes the line longer",
            lambda x, w, stride: _transposed(x, w.flip(0), stride): "the kernel is laid down as it is",
        },
    ),
    hint="Lay a copy of w, times x[i], down at stride * i, and add up what overlaps.",
)


def _coverage(n, kernel, stride):
    return _transposed(torch.ones(n), torch.ones(kernel), stride)


exercise(
    "image_generation.coverage",
    function(
        lambda kernel, stride: -(-kernel // stride) / (kernel // stride),
        cases=[(4, 2), (3, 2), (5, 2), (6, 3), (5, 3), (7, 2)],
        wrong={
            lambda kernel, stride: kernel / stride: "that is the average number of copies over a pixel",
            lambda kernel, stride: -(-kernel // stride): "that is the most; divide by the least",
            lambda kernel, stride: (kernel // stride) / -(-kernel // stride): "the most over the least",
            lambda kernel, stride: (-(-kernel // stride) / (kernel // stride)) ** 2: (
                "that is the ratio on the plane; on the line there is one direction only"
            ),
        },
    ),
    hint="Copies begin every `stride` pixels. How many can lie over one pixel at most, how many at least?",
)


def _log_likelihoods():
    generator = torch.Generator().manual_seed(2)
    return 30 * torch.randn(5, 10, generator=generator) - 500


exercise(
    "image_generation.evidence",
    function(
        lambda log_px_y: torch.logsumexp(log_px_y, 1) - math.log(10),
        cases=[_log_likelihoods(), _log_likelihoods()[:2] + 480, torch.full((3, 10), -100.0)],
        wrong={
            lambda log_px_y: torch.logsumexp(log_px_y, 1): "each digit has probability 1/10",
            lambda log_px_y: torch.logsumexp(log_px_y, 1) + math.log(10): "divide by ten, do not multiply",
            lambda log_px_y: log_px_y.mean(1): "the mean of the logarithms is not the logarithm of the mean",
            lambda log_px_y: log_px_y.exp().mean(1).log(): "exp(-500) is 0 in floating point",
            lambda log_px_y: log_px_y.max(1).values: "that is the best single digit; sum over all ten",
        },
    ),
    hint="p(x) is the sum over y of p(y) p(x given y), with p(y) = 1/10.",
)


def _direction(z, factor, a, b):
    return z[factor == b].mean(0) - z[factor == a].mean(0)


@exercise(
    "image_generation.direction",
    hint="Two means of codes, one over the heroes with b, one over those with a. Which is subtracted?",
)
def direction(answer):
    generator = torch.Generator().manual_seed(3)
    z = torch.randn(60, 4, generator=generator)
    factor = torch.randint(0, 3, (60,), generator=generator)
    for a, b in ((0, 1), (2, 0)):
        got, truth = call(answer, z, factor, a, b), _direction(z, factor, a, b)
        if not isinstance(got, torch.Tensor) or got.shape != truth.shape:
            return f"a tensor of shape {tuple(truth.shape)} was expected"
        if torch.allclose(got, -truth, atol=1e-5):
            return "that leads from b to a"
        if not torch.allclose(got, truth, atol=1e-5):
            return "that is not the difference of the two means"
    return None


# ---------------------------------------------------------------- stretch

exercise(
    "image_generation.repeats",
    value(
        10_000 / 4_423_680,
        rtol=5e-4,  # the two near misses below are 0.1 % and 0.2 % off
        wrong={
            4_423_680 / 10_000: "turn it around",
            100 * 10_000 / 4_423_680: "that is in percent; give the share itself",
            10_000 / (4_423_680 + 10_000): "close; but the 10,000 are among the M already",
            1 - (1 - 1 / 4_423_680) ** 10_000: (
                "close; that is for training heroes drawn with repeats, and these 10,000 are all different"
            ),
            1 / 4_423_680: "that is the chance to repeat one given hero; there are 10,000",
            10_000**2 / 4_423_680: "that is how many pairs coincide; ask for the share of new heroes",
        },
    ),
    hint="A new hero equals a given old one with probability 1/M. It cannot equal two of them at once.",
)
