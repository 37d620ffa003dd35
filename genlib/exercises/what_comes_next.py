"""Exercises of the chapter "What comes next"."""

import math

import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "what_comes_next.density",
    value(
        -math.log(2 * math.pi) - math.log(6),
        wrong={
            -math.log(2 * math.pi) + math.log(6): "stretching space makes probability thinner, not denser",
            -math.log(2 * math.pi): "that is the noise's density; the determinant is missing",
            -math.log(6): "that is the determinant; the noise's density at 0 is missing",
            -math.log(2 * math.pi)
            - math.log(36): "the determinant is the product of the factors, not of their squares",
            -math.log(2 * math.pi) - math.log(5): "the factors multiply: the determinant is 6",
            -math.log(2 * math.pi) - 0.5 * math.log(6): "no root: the whole determinant counts",
            -0.5 * math.log(2 * math.pi) - math.log(6): "the noise has two dimensions",
            1 / (12 * math.pi): "that is the density; take its logarithm",
        },
    ),
    hint="Equation (1): the log-density of the noise that x comes from, and log |det| of the map to noise.",
)

exercise(
    "what_comes_next.different",
    value(
        500 * (1 - (1 - 1 / 500) ** 200),
        wrong={
            500 * (1 - 1 / 500) ** 200: "that is how many are never drawn",
            1 - (1 - 1 / 500) ** 200: "that is the chance of one digit to be drawn at all; there are 500",
            (1 - 1 / 500) ** 200: "that is the chance that one digit is never drawn",
            200 * (1 - (1 - 1 / 200) ** 500): "200 draws from 500 digits, not 500 from 200",
            166.0: "that is what the machine did in the stored run; take the average of blind draws",
            200.0: "some draws hit the same digit",
            500 * 200 / 500 - 200 * 199 / 2 / 500: (
                "that takes off one for each pair of equal draws, and counts triples too often"
            ),
        },
    ),
    hint="With what chance is one given digit missed by all 200 draws?",
)

# ---------------------------------------------------------------- core


def _noise_cases():
    x = torch.tensor([-1.0, 0.5, 2.0])
    return [(x, 0.6, 0.8, 1.0), (x, 0.6, 0.8, 4.0), (x, 0.3, 0.7, 0.25), (x, 0.0, 1.0, 2.0)]


exercise(
    "what_comes_next.noise",
    function(
        lambda x_t, a, s, v: s * x_t / (a**2 * v + s**2),
        cases=_noise_cases(),
        wrong={
            lambda x_t, a, s, v: a * v * x_t / (a**2 * v + s**2): "that is the best guess of the data x",
            lambda x_t, a, s, v: x_t / (a**2 * v + s**2): "that is minus the score; the noise is s times it",
            lambda x_t, a, s, v: -s * x_t / (a**2 * v + s**2): (
                "the noise is minus s times the score, and the score of a Gaussian has a minus of its own"
            ),
            lambda x_t, a, s, v: s * x_t / (a**2 * v**2 + s**2): "v is a variance: do not square it",
            lambda x_t, a, s, v: s**2 * x_t / (a**2 * v + s**2): (
                "the covariance of x_t with the noise is s, not s squared: that is s times the noise"
            ),
            lambda x_t, a, s, v: s * x_t / math.sqrt(a**2 * v + s**2): (
                "covariance over variance: no square root below"
            ),
            lambda x_t, a, s, v: s * x_t / (a**2 + s**2): "that is for data of variance 1; theirs is v",
            lambda x_t, a, s, v: s * x_t: "true for v = 1 on the quarter circle only",
            lambda x_t, a, s, v: x_t / s: "that takes all of x_t for noise",
        },
    ),
    hint="x_t and the noise are jointly Gaussian: what is their covariance, what the variance of x_t?",
)

exercise(
    "what_comes_next.bits",
    function(
        lambda log_q, D: 8 - log_q / (D * math.log(2)),
        cases=[(0.0, 784), (2000.0, 784), (-300.0, 196), (543.0, 3072)],
        wrong={
            lambda log_q, D: -log_q / (D * math.log(2)): (
                "that is for a density on [0, 1]; a level's cell is only 1/256 wide"
            ),
            lambda log_q, D: -8 - log_q / (D * math.log(2)): "a narrow cell makes a level less probable",
            lambda log_q, D: 256 - log_q / (D * math.log(2)): "256 levels take 8 bits",
            lambda log_q, D: 8 / D - log_q / (D * math.log(2)): "each pixel has a cell of its own",
            lambda log_q, D: 8 + log_q / (D * math.log(2)): "more density must mean fewer bits",
            lambda log_q, D: 8 - log_q / D: "log_q is in nats",
            lambda log_q, D: 8 - log_q / math.log(2): "log_q is for the whole picture, the 8 for one pixel",
            lambda log_q, D: 8 * D - log_q / math.log(2): "that is for the picture; give it for one pixel",
            lambda log_q, D: math.log(256) - log_q / D: "that is in nats",
        },
    ),
    hint="What should a uniform density, log_q = 0, cost for one pixel of 256 levels?",
)


def _beliefs(x_t, v, t):
    return x_t + (1 - t) * v, x_t - t * v


@exercise(
    "what_comes_next.beliefs",
    hint="Two equations, two unknowns: x_t = t x + (1 - t) eps, and v = x - eps.",
)
def beliefs(answer):
    generator = torch.Generator().manual_seed(1)
    for t in (0.25, 0.8):
        x_t, v = torch.randn(4, 2, generator=generator), torch.randn(4, 2, generator=generator)
        got, truth = call(answer, x_t, v, t), _beliefs(x_t, v, t)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            return "return two tensors: the data, then the noise"
        if any(not isinstance(part, torch.Tensor) or part.shape != x_t.shape for part in got):
            return f"each of the two must be a tensor of shape {tuple(x_t.shape)}"
        if all(torch.allclose(a, b, atol=1e-5) for a, b in zip(got, reversed(truth), strict=True)):
            return "the right two, in the other order: the data come first"
        if torch.allclose(got[0], x_t - (1 - t) * v, atol=1e-5):
            return "wrong sign: the velocity leads from the noise to the data, so the data lie ahead"
        if torch.allclose(got[0], truth[0], atol=1e-5) and torch.allclose(got[1], x_t + t * v, atol=1e-5):
            return "the data are right; for the noise, go back: wrong sign"
        if torch.allclose(got[0], x_t + t * v, atol=1e-5):
            return "it is the time left, 1 - t, that leads from x_t to the data"
        for name, part, wanted in zip(("data", "noise"), got, truth, strict=True):
            if not torch.allclose(part, wanted, atol=1e-5):
                return f"the {name} at t = {t} are not right"
    return None


def _level_cases():
    return [
        (torch.tensor([0, 1, 2]), torch.tensor([2, 0])),
        (torch.tensor([1, 0, 1, 3]), torch.tensor([0, 1, 2, 3, 1])),
    ]


exercise(
    "what_comes_next.mask",
    function(
        lambda level_1, level_2: (level_2[:, None] >= level_1).float(),
        cases=_level_cases(),
        wrong={
            lambda level_1, level_2: (level_2[:, None] > level_1).float(): (
                "equal levels may talk; only the outputs must be strict"
            ),
            lambda level_1, level_2: (level_2[:, None] <= level_1).float(): (
                "turned around: a unit of a low level must not hear what a high level has seen"
            ),
            lambda level_1, level_2: (level_1[:, None] <= level_2).float(): (
                "that is the transpose: rows belong to the second layer"
            ),
            lambda level_1, level_2: (level_2[:, None] == level_1).float(): (
                "a unit may also hear units of lower levels"
            ),
        },
    ),
    hint="A unit of level m may depend on inputs up to m. Which units of the first layer keep to that?",
)


def _named(code, parts):
    """Which of the parts least squares names rightly: (K,) True or False."""
    inputs = torch.cat([code.double(), torch.ones(len(code), 1).double()], 1)
    wanted = torch.nn.functional.one_hot(torch.arange(parts)).double()
    scores = inputs @ torch.linalg.pinv(inputs) @ wanted
    others = scores.masked_fill(wanted.bool(), -torch.inf).amax(1)
    return scores.diagonal() > others + 1e-6


@exercise(
    "what_comes_next.circle",
    hint="A linear score is highest at the far end of its direction. How can every part lie at such an end?",
)
def circle(answer):
    for parts in (4, 7):
        part = torch.arange(parts)
        got = call(answer, part, parts)
        if not isinstance(got, torch.Tensor) or got.shape != (parts, 2):
            return f"for {parts} parts, each once: return a tensor of shape {(parts, 2)}"
        named = _named(got, parts)
        if named.all():
            continue
        near = torch.cdist(got.double(), got.double()) + torch.eye(parts)
        if near.min() < 1e-6:
            i, j = divmod(int(near.argmin()), parts)
            return f"with {parts} parts, parts {min(i, j)} and {max(i, j)} lie at the same place"
        if torch.linalg.matrix_rank((got - got.double().mean(0)).double(), rtol=1e-6) < 2:
            return f"parts in a row: least squares names {int(named.sum())} of {parts}, those at the ends"
        return f"with {parts} parts, least squares names {int(named.sum())} of them"
    return None


# ---------------------------------------------------------------- stretch


def _spread(sigma, n, at=0.0, power=2, below=2, sign=1, step=True, adds=False):
    """The right answer; at: where in a step the velocity is taken; the rest are slips."""
    product = 1.0
    for k in range(n):
        t = (k + at) / n
        c = sign * (t * sigma**power - (1 - t)) / (t**below * sigma**2 + (1 - t) ** below)
        c = c / n if step else c
        product = product + c if adds else product * (1 + c)
    return abs(product)


exercise(
    "what_comes_next.euler",
    function(
        _spread,
        cases=[(1.0, 1), (1.0, 2), (2.0, 2), (0.5, 8), (3.0, 16)],
        wrong={
            lambda sigma, n: sigma: "that is the limit of infinitely many steps",
            lambda sigma, n: _spread(sigma, n, at=1.0): (
                "Euler takes the velocity at the beginning of each step, not at its end"
            ),
            lambda sigma, n: _spread(sigma, n, at=0.5): (
                "Euler takes the velocity at the beginning of each step, not in its middle"
            ),
            lambda sigma, n: _spread(sigma, n, step=False): "a step has length 1 / n",
            lambda sigma, n: _spread(sigma, n, adds=True): (
                "the velocity is c(t) times x, and x has changed: the steps multiply"
            ),
            lambda sigma, n: _spread(sigma, n, below=1): (
                "the variance of x_t has t and 1 - t squared: x_t = t x + (1 - t) eps"
            ),
            lambda sigma, n: _spread(sigma, n, power=1): "E[x | x_t] has the variance in it: square sigma",
            lambda sigma, n: _spread(sigma, n, sign=-1): "the velocity is data minus noise: wrong sign",
            lambda sigma, n: _spread(sigma, n) ** 2: "that is the variance",
            lambda sigma, n: _spread(math.sqrt(sigma), n): "sigma is a standard deviation: square it",
        },
    ),
    hint="A step multiplies x by 1 + c(t) / n, where v = c(t) x. What is c(0)?",
)
