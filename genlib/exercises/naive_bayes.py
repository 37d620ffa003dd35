"""Exercises of the chapter "Naive Bayes"."""

import math

import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "naive_bayes.posterior",
    value(
        0.028 / 0.088,
        wrong={
            0.028: "that is the joint probability of spam and this mail; divide by that of the mail",
            0.07 / 0.17: "the prior is missing: only 40 % of the mail is spam",
            0.060 / 0.088: "that is the probability that it is no spam",
            0.252 / 0.312: "that is the mail with free and without meeting",
            0.7 * 0.1: "that is p(x given spam); Bayes' rule turns it around",
        },
    ),
    hint="Multiply three numbers for each class, then divide by the sum of both products.",
)
exercise(
    "naive_bayes.copies",
    value(
        1024 / 1025,
        rtol=1e-5,
        wrong={
            0.8: "that would be right, and naive Bayes does not know it: it takes copies for new evidence",
            0.8**5: "divide by the sum over both classes: the other one has 0.2 to the fifth",
            4.0**5: "those are the odds; the probability was asked for",
            1 - 0.2**5: "that is the chance that at least one of five says so; multiply odds instead",
            20 / 21: "odds multiply, they do not add",
        },
    ),
    hint="Start from the odds, 0.8 to 0.2.",
)

# ---------------------------------------------------------------- core


def _model(classes, features, seed):
    generator = torch.Generator().manual_seed(seed)
    theta = 0.05 + 0.9 * torch.rand(classes, features, generator=generator).double()
    prior = torch.rand(classes, generator=generator).double() + 0.2
    return (prior / prior.sum()).log(), theta.log(), (1 - theta).log()


def _linear(log_prior, log_theta, log_not):
    return log_theta - log_not, log_prior + log_not.sum(1)


@exercise("naive_bayes.linear", hint="Collect the terms with x_d; what is left is the constant b.")
def linear(answer):
    pair = _checked_pair(answer)
    if isinstance(pair, str):
        return pair
    for index, name in enumerate("Wb"):
        checker = function(
            lambda *m, index=index: _linear(*m)[index],
            cases=[_model(2, 3, 0), _model(4, 6, 1)],
            wrong=_LINEAR_SLIPS[index],
        )
        problem = checker(lambda *m, index=index: answer(*m)[index])
        if problem:
            return f"{name}: {problem}"
    return None


_LINEAR_SLIPS = (
    {
        lambda log_prior, log_theta, log_not: log_theta: "a blank pixel takes its log(1 - theta) away again",
        lambda log_prior, log_theta, log_not: log_not - log_theta: "turned around",
        lambda log_prior, log_theta, log_not: log_theta + log_not: "(1 - x) has a minus sign before x",
    },
    {
        lambda log_prior, log_theta, log_not: (
            log_prior
        ): "an all-blank image has its price too, a log(1 - theta) for each pixel",
        lambda log_prior, log_theta, log_not: log_not.sum(1): "the prior is missing",
        lambda log_prior, log_theta, log_not: log_prior + log_theta.sum(1): "at x = 0 every pixel is blank",
    },
)


def _checked_pair(answer):
    if not callable(answer):
        return "expected a function of log_prior, log_theta and log_not"
    result = call(answer, *_model(2, 3, 0))
    if not (isinstance(result, (tuple, list)) and len(result) == 2):
        return "return two tensors, W and b"
    return None


def _gaps(x, log_prior, log_theta, log_not):
    inked, blank = (x == 1).double(), (x == 0).double()
    return log_prior + inked @ log_theta.T + blank @ log_not.T


def _as_blank(x, log_prior, log_theta, log_not):
    return _gaps(torch.nan_to_num(x, nan=0.0), log_prior, log_theta, log_not)


def _as_half(x, log_prior, log_theta, log_not):
    x = torch.nan_to_num(x, nan=0.5)
    return log_prior + x @ log_theta.T + (1 - x) @ log_not.T


def _with_nan(x, log_prior, log_theta, log_not):
    return log_prior + x @ log_theta.T + (1 - x) @ log_not.T


_NAN = float("nan")
_ROWS = torch.tensor([[1.0, 0, 1], [_NAN, 0, 1], [1, _NAN, _NAN], [_NAN, _NAN, _NAN]]).double()

exercise(
    "naive_bayes.gaps",
    function(
        _gaps,
        cases=[(_ROWS, *_model(2, 3, 2)), (_ROWS[:, :2], *_model(5, 2, 3))],
        wrong={
            _as_blank: "a gap is not a blank: with 0 in its place, log(1 - theta) is still added",
            _as_half: "a half keeps half of both factors; a missing feature has no factor at all",
            _with_nan: "nan times anything is nan: separate the inked from the blank first",
            lambda x, log_prior, log_theta, log_not: (
                _gaps(x, log_prior, log_theta, log_not) - log_prior
            ): "the prior is missing",
        },
    ),
    hint="nan == 0 and nan == 1 are both False.",
)

exercise(
    "naive_bayes.xor",
    value(
        [0.5, 0.75],
        wrong={
            (1.0, 1.0): "that is the truth; naive Bayes sees each feature alone",
            (0.5, 1.0): "the first is right; now go through the four cases, (0, 0) among them",
            (0.5, 0.5): "the first is right; the third feature is never 1 in class 1",
            (1.0, 0.75): "the second is right; for the first, compare p(x_1 = 1) in the two classes",
            (0.25, 0.75): "the second is right; the first is a posterior: it sums to 1 over two classes",
        },
    ),
    hint="Write down theta for each class and feature; most of them are 1/2.",
)

# ---------------------------------------------------------------- stretch


def _log_beta(a, b):
    return torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)


def _evidence(k, n, alpha):
    alpha = torch.tensor(float(alpha)).double()
    return _log_beta(k + alpha, n - k + alpha) - _log_beta(alpha, alpha)


_K = torch.tensor([0.0, 3.0, 50.0]).double()
_N = torch.tensor([4.0, 7.0, 100.0]).double()

exercise(
    "naive_bayes.evidence",
    function(
        _evidence,
        cases=[(_K, _N, 1.0), (_K, _N, 0.1), (_K, _N, 3.0)],
        wrong={
            lambda k, n, alpha: _evidence(k, n, alpha).exp(): "the logarithm was asked for",
            lambda k, n, alpha: _log_beta(k + alpha, n - k + alpha): "the belief before the data must "
            "integrate to 1: divide by its integral",
            lambda k, n, alpha: _evidence(k, n, alpha + 1): "the exponents of the belief are alpha - 1, so "
            "a and b are k + alpha and n - k + alpha",
            lambda k, n, alpha: _evidence(k, n, 1.0): "that is the flat belief; use alpha",
            lambda k, n, alpha: (
                _evidence(k, n, alpha) + torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
            ): "one particular sequence was asked for: no binomial coefficient",
        },
    ),
    hint="A quotient of two integrals: with and without the data in the exponents.",
)


def _entropy(p):
    return -torch.special.xlogy(p, p).sum()


def _marginals(p):
    axes = range(p.dim())
    return [p.sum([other for other in axes if other != axis]) for axis in axes]


def _total_correlation(p):
    return sum(_entropy(m) for m in _marginals(p)) - _entropy(p)


def _table(shape, seed):
    table = torch.rand(shape, generator=torch.Generator().manual_seed(seed)).double()
    return table / table.sum()


def _xor():
    table = torch.zeros(2, 2, 2).double()
    for a in (0, 1):
        for b in (0, 1):
            table[a, b, a ^ b] = 0.25
    return table


exercise(
    "naive_bayes.total_correlation",
    function(
        _total_correlation,
        cases=[_table((2, 2), 0), _xor(), _table((2, 2, 2, 2), 1), torch.full((2, 2, 2), 0.125).double()],
        atol=1e-5,
        wrong={
            lambda p: -_total_correlation(p): "a KL divergence is never negative",
            lambda p: _total_correlation(p) / math.log(2): "that is in bits",
            lambda p: sum(_entropy(m) for m in _marginals(p)): "take the entropy of the whole table away",
            lambda p: (p * p.log()).sum() + sum(_entropy(m) for m in _marginals(p)): "0 log 0 is nan to "
            "the computer; torch.special.xlogy knows that it is 0",
        },
    ),
    hint="Sum of the marginals' entropies, minus the entropy of the table.",
)
