"""Exercises of the chapter "Training stability"."""

import cmath
import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import stats

from genlib.exercises import choice, exercise, function, value


def _shrinks(alpha, omega):
    return (1 - alpha) / abs(cmath.exp(1j * omega) - alpha)


def _modulus(beta, eta):
    return float(abs(np.roots([1, -(1 + beta + (1 - beta) * 0.5j * eta), beta])).max())


def _half_width(values):
    values = np.asarray(values, dtype=float)
    n = len(values)
    return float(stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n))


def _t(values, level=0.975, ddof=1):
    return stats.t.ppf(level, len(values) - 1) * np.std(values, ddof=ddof)


def _known_slip(values):
    """The chapter's own `half_width`, which is for ten games."""
    return 2.262 * np.std(values, ddof=1) / math.sqrt(10)


def _certificate(o_real, o_fake):
    parts = [F.softplus(-o_real.double()), F.softplus(o_fake.double())]
    nats = math.log(2) - 0.5 * sum(float(part.mean()) for part in parts)
    return nats, 0.5 * math.sqrt(sum(float(part.var()) / len(part) for part in parts))


def _added_errors(o_real, o_fake):
    alone = [0.5 * float((F.softplus(o).var() / len(o)).sqrt()) for o in (-o_real, o_fake)]
    return _certificate(o_real, o_fake)[0], sum(alone)


def _error(combine):
    """The certificate with another standard error: `combine` takes the two sets of terms."""

    def slip(o_real, o_fake):
        parts = [F.softplus(-o_real.double()), F.softplus(o_fake.double())]
        return _certificate(o_real, o_fake)[0], float(combine(*parts))

    return slip


def _swapped(o_real, o_fake):
    return _certificate(-o_real, -o_fake)


def _pooled(a, b):
    both = torch.cat([a, b])
    return 0.5 * both.std() * math.sqrt(1 / len(a) + 1 / len(b))


def _logits(n, m, seed):
    g = torch.Generator().manual_seed(seed)
    return 1 + torch.randn(n, generator=g), -0.5 + 2 * torch.randn(m, generator=g)


exercise(
    "training_stability.largest_step",
    value(
        0.2,
        wrong={
            0.05: "that is the friction; (5) compares it with a quarter of the step",
            0.0125: "turned round: the friction must exceed a quarter of the step",
            0.5: "that is the critic's step, which drops out of (5)",
            2.0: "the critic's step drops out of (5)",
            0.1: "the critic's step drops out of (5)",
            0.4: "the critic's step drops out of (5)",
        },
    ),
    hint="Without smoothing (5) reads f > a / 4.",
)
exercise(
    "training_stability.second_reader",
    choice(
        "c",
        wrong={
            "a": "an oscillating game does not rest, and its losses stay near log 4 and log 2",
            "b": "in a diverging game the samples are thrown about",
            "d": "without a gradient by a sure and right critic the loss of D is near 0; here it is 5",
            "e": "a critic that knew something would not lose 5 nats",
        },
    ),
    hint="Who is satisfied, and is the critic right?",
)
exercise(
    "training_stability.same_friction",
    value(
        math.sqrt(0.6),
        wrong={
            0.6: "that is tau squared",
            0.3: "the friction of noise is not tau but tau squared over 2",
            math.sqrt(0.3): "each crowd adds a quarter of tau squared; there are two",
            math.sqrt(1.2): "there are two crowds, real and generated",
        },
    ),
    hint="Set tau^2 / 2 equal to gamma.",
)
exercise(
    "training_stability.average_shrinks",
    function(
        _shrinks,
        [(0.9, 0.1), (0.99, 0.1), (0.5, 2.0), (0.999, 0.01)],
        wrong={
            lambda a, w: (1 - a) / (1 - a + w): "the modulus of a complex number is not the sum of its parts",
            lambda a, w: (
                abs(cmath.exp(1j * w) - a) / (1 - a)
            ): "turned round: the average is smaller than the loop",
            lambda a, w: (
                (1 - a) / abs(1 + 1j * w - a)
            ): "1 + i omega is not quite on the unit circle; use e^(i omega)",
        },
    ),
    hint="On a loop |lambda| = 1, so lambda = e^(i omega); put it into (7).",
)
exercise(
    "training_stability.momentum",
    function(
        _modulus,
        [(0.0, 0.2), (0.5, 0.2), (0.9, 0.05), (-0.5, 0.2)],
        wrong={
            lambda b, eta: abs(np.roots([1, -(1 + b + 0.5j * eta), b])).max(): (
                "that is the momentum of (6), whose steps grow with beta; averaging divides them"
            ),
            lambda b, eta: math.sqrt(1 + eta**2 / 4 * (1 + b) / (1 - b)): (
                "that is the approximation (6); solve the quadratic"
            ),
            lambda b, eta: _modulus(b, 2 * eta): (
                "the field of the Dirac-GAN turns at half speed: 1 + i eta / 2"
            ),
            lambda b, eta: _modulus(b, eta) ** 2: "that is the square of the modulus",
            lambda b, eta: _modulus(b, eta) ** 2 - 1: "that is the growth; the modulus itself is asked for",
            lambda b, eta: _modulus(b, eta) - 1: "the modulus itself is asked for, not what it exceeds 1 by",
            lambda b, eta: abs(np.roots([1, -(1 + b + (1 - b) * 0.5j * eta), b])).min(): (
                "that is the smaller of the two roots; the larger one wins"
            ),
        },
    ),
    hint="np.roots takes complex coefficients, highest power first.",
)
exercise(
    "training_stability.half_width",
    function(
        _half_width,
        [([0.1, 0.2, 0.4],), ([float(v) for v in range(10)],), ([3.0, 3.1, 2.7, 3.3, 2.9],)],
        wrong={
            lambda v: (
                1.96 * np.std(v, ddof=1) / math.sqrt(len(v))
            ): "1.96 is for a known spread; with few games the quantile of Student's t is larger",
            lambda v: _t(v, ddof=0) / math.sqrt(len(v)): "divide the squares by n - 1: np.std needs ddof=1",
            _t: "that is for a single game; the mean of n is steadier by the root of n",
            lambda v: (
                _t(v, 0.95) / math.sqrt(len(v))
            ): "half of the 5 % lies on each side: the quantile at 0.975",
            lambda v: (
                2.262 * np.std(v, ddof=1) / math.sqrt(len(v))
            ): "2.262 is for ten games; it depends on n",
            _known_slip: "that is the one for ten games: 2.262 and the root of 10 depend on n",
            lambda v: (
                2.262 * np.std(v) / math.sqrt(10)
            ): "2.262 and the root of 10 are for ten games; and np.std needs ddof=1 to divide by n - 1",
            lambda v: 2 * _half_width(v): "that is the whole width",
            lambda v: (
                stats.t.ppf(0.975, len(v)) * np.std(v, ddof=1) / math.sqrt(len(v))
            ): "one of the n degrees of freedom went into the mean: n - 1 are left",
        },
    ),
    hint="t quantile at 0.975 with n - 1 degrees of freedom, times the standard error of the mean.",
)
exercise(
    "training_stability.certificate",
    function(
        _certificate,
        [_logits(400, 400, 0), _logits(1000, 300, 1)],
        rtol=1e-3,
        wrong={
            lambda r, f: (2 * _certificate(r, f)[0] - math.log(2), _certificate(r, f)[1]): (
                "the certificate is log 2 minus half of the loss"
            ),
            lambda r, f: (_certificate(r, f)[0], 2 * _certificate(r, f)[1]): (
                "the half before the loss belongs before its standard error, too"
            ),
            _added_errors: "variances add, standard errors do not",
            _swapped: "the signs are swapped: -log D of a real sample is softplus(-o_real)",
            _error(lambda a, b: 0.5 * (a.var(correction=0) / len(a) + b.var(correction=0) / len(b)) ** 0.5): (
                "nearly: a variance that is estimated from its own sample divides by n - 1"
            ),
            _error(lambda a, b: 0.25 * (a.var() / len(a) + b.var() / len(b))): (
                "that is the variance; the standard error is its root"
            ),
            _error(lambda a, b: 0.5 * (a.var() + b.var()) ** 0.5): (
                "that is the spread of single terms; the variance of a mean is divided by their number"
            ),
            _error(_pooled): "the two crowds have different spreads: take each with its own number of terms",
            _error(lambda a, b: 0.5 * torch.cat([a, b]).std() / math.sqrt(len(a) + len(b))): (
                "these are two means of two crowds, not one mean of all: take each variance by itself"
            ),
        },
    ),
    hint="Two independent means: the variance of each is the variance of its terms over their number.",
)
exercise(
    "training_stability.best_step",
    value(
        0.2 * 0.3**2,
        wrong={
            1.2: "there |lambda| is 1: that is where it stops arriving",
            0.3**2: "the critic's step stays: compare (b gamma)^2 with a b",
            0.02: "close, but there is an exact answer",
            0.0045: "the discriminant is the square of the trace less 4 times the determinant",
            0.072: "the determinant has a b / 4, and the discriminant 4 times it",
        },
    ),
    hint="Where do the eigenvalues stop being complex? Trace 2 - b gamma, determinant 1 - b gamma + a b / 4.",
)
