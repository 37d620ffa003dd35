"""Exercises of the chapter "Tools and resources"."""

from collections import Counter

import torch
from torch.nn import functional as F

from genlib.data import gan_zoo
from genlib.exercises import exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "tools_and_resources.spacing",
    value(
        2.0**-17,
        atol=0,
        wrong={
            2.0**-14: "that is near 550, between 512 and 1,024",
            2.0**-16: "that is between 128 and 256",
            2.0**-18: "that is between 32 and 64, or half of the distance",
            2.0**-23: "that is between 1 and 2",
            2.0**-46: "that is float64",
        },
    ),
    hint="105 lies between two powers of 2. The lower one, times 2 to the -23, is the distance.",
)

# ---------------------------------------------------------------- core


def _kernel(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(5))


exercise(
    "tools_and_resources.convolution",
    function(
        lambda kernel: kernel.permute(3, 2, 0, 1),
        cases=[_kernel(3, 3, 2, 4), _kernel(5, 3, 1, 2), _kernel(2, 2, 2, 2)],
        wrong={
            lambda kernel: kernel.permute(3, 2, 1, 0): "height and width are exchanged",
            lambda kernel: kernel.permute(2, 3, 0, 1): "in and out are exchanged",
            lambda kernel: kernel.reshape(
                kernel.shape[3], kernel.shape[2], *kernel.shape[:2]
            ): "reshape gives the right shape and puts the numbers in the wrong places",
        },
    ),
    hint="For each new axis, in order: which old axis is it? permute takes just that list.",
)

exercise(
    "tools_and_resources.epsilon",
    function(
        lambda epsilon, t, beta_2=0.999: epsilon / (1 - beta_2**t) ** 0.5,
        cases=[(1e-7, 1), (1e-7, 200), (1e-3, 10_000), (1e-4, 3, 0.9)],
        atol=0,
        wrong={
            lambda epsilon, t, beta_2=0.999: epsilon * (1 - beta_2**t) ** 0.5: (
                "that is the way from PyTorch to Keras; the other way around"
            ),
            lambda epsilon, t, beta_2=0.999: (
                epsilon / (1 - beta_2**t)
            ): "v is a mean of squares: a root is missing",
            lambda epsilon, t, beta_2=0.999: epsilon / (1 - beta_2) ** 0.5: "right for t = 1 only",
            lambda epsilon, t, beta_2=0.999: epsilon: "the same number, but not the same meaning",
        },
    ),
    hint="Divide both parts of the fraction in (4) by the root: what stands beside the root of v-hat then?",
)

exercise(
    "tools_and_resources.gap",
    function(
        lambda a, b: abs(b**0.5 - a**0.5) / (b**0.5 + a**0.5),
        cases=[(1e-8, 1e-7), (1e-7, 1e-8), (1.0, 4.0), (1e-8, 1e-7 / 0.001**0.5), (0.3, 0.3)],
        wrong={
            lambda a, b: abs(b - a) / (b + a): "r stands under a root in (5)",
            lambda a, b: (b**0.5 - a**0.5) / (b**0.5 + a**0.5): "in any order: a gap is not negative",
        },
    ),
    hint="(5) with r = b / a. For a = 1 and b = 4 it is a third.",
)


def _bce(x, logit):
    return F.binary_cross_entropy_with_logits(logit, x, reduction="none")


exercise(
    "tools_and_resources.cross_entropy",
    function(
        _bce,
        cases=[
            (torch.tensor([0.0, 1.0, 0.5]), torch.tensor([0.0, 2.0, -3.0])),
            (torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.tensor([20.0, -20.0, -20.0, 20.0])),
            (torch.tensor([0.0, 1.0, 0.3]), torch.tensor([1000.0, -1000.0, 1000.0])),
        ],
        wrong={
            lambda x, logit: F.binary_cross_entropy(
                torch.sigmoid(logit), x, reduction="none"
            ): "the sigmoid of 20 rounds to 1 in float32, and its logarithm is lost",
            lambda x, logit: torch.log1p(torch.exp(logit)) - x * logit: "exp(1000) is infinite",
            lambda x, logit: -_bce(x, logit): "a cost is positive",
            lambda x, logit: _bce(x, -logit): "that takes 1 - p for p",
        },
    ),
    hint="log(1 + exp(l)) = max(l, 0) + log(1 + exp(-|l|)), and there is a second term in x.",
)

exercise(
    "tools_and_resources.momentum",
    value(
        (-0.119, -0.2),
        wrong={
            (-0.2, -0.119): "the other way around",
            (-0.119, -0.119): "in Keras the old rate stays in v",
            (-0.2, -0.2): "PyTorch multiplies all of v by the new rate",
            (-0.11, -0.11): "there is momentum: v keeps nine tenths of what it was",
            (-0.019, -0.1): "that is the second move alone; where do they stand after both?",
            (0.119, 0.2): "downhill: the gradient is positive, so both go down",
        },
    ),
    hint="Two lines of arithmetic for each: first v, then the place.",
)

_COUNT = Counter(paper["name"].casefold() for paper in gan_zoo())
_EXACT = Counter(paper["name"] for paper in gan_zoo())

exercise(
    "tools_and_resources.names",
    value(
        sum(n > 1 for n in _COUNT.values()),
        wrong={
            sum(n > 1 for n in _EXACT.values()): "that counts SEGAN and SeGAN as two names",
            sum(n for n in _COUNT.values() if n > 1): "that counts the papers, not the names",
            len(_COUNT): "that is how many names there are",
            len(gan_zoo()) - len(_COUNT): "that counts a name once for each paper after its first",
        },
    ),
    hint="Count the papers of each name, in small letters; then count the names with more than one.",
)

# ---------------------------------------------------------------- stretch


def _adam(gradients, lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, slip=""):
    theta = m = v = 0.0
    places = []
    for t, g in enumerate(gradients, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        root = (1 - beta_2**t) ** 0.5
        if slip == "no correction":
            step = m / (v**0.5 + epsilon)
        elif slip == "inside":
            step = root / (1 - beta_1**t) * m / (v + epsilon) ** 0.5
        elif slip == "pytorch":
            step = m / (1 - beta_1**t) / (v**0.5 / root + epsilon)
        else:
            step = root / (1 - beta_1**t) * m / (v**0.5 + epsilon)
        theta -= lr * step
        places.append(theta)
    return places


exercise(
    "tools_and_resources.adam",
    function(
        _adam,
        cases=[[1e-7] * 3, [1.0, -2.0, 0.5, 0.0], [3e-7, -1e-6], ([0.1, 0.2], 0.01, 0.8, 0.99, 1e-3)],
        rtol=1e-6,
        atol=0,
        wrong={
            lambda gradients, *rest: _adam(gradients, *rest, slip="pytorch"): "that is (3), PyTorch's",
            lambda gradients, *rest: _adam(gradients, *rest, slip="no correction"): (
                "the start is not corrected for: the two factors with t are missing"
            ),
            lambda gradients, *rest: _adam(gradients, *rest, slip="inside"): (
                "epsilon belongs beside the root of v, not under it"
            ),
            lambda gradients, *rest: [-place for place in _adam(gradients, *rest)]: "downhill, please",
            lambda gradients, *rest: _adam(gradients, *rest)[-1]: "the places after each of the gradients",
        },
    ),
    hint="Update m and v first, count t from 1, and add epsilon to the root of v itself, not of v-hat.",
)
