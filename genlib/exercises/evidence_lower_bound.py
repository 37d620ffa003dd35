"""Exercises of the chapter "The evidence lower bound"."""

import math

import torch

from genlib.exercises import call, choice, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "evidence_lower_bound.two_weights",
    value(
        math.log(2) - 0.5 * math.log(3),
        wrong={
            0.5 * math.log(3): "that is the ELBO; the gap is log p(x) minus it",
            math.log(2): "that is log p(x); take the ELBO away from it",
            math.log(2) - math.log(3): "the ELBO is the mean of the two logarithms, log 1 and log 3",
        },
        rtol=5e-3,
    ),
    hint="log p(x) is the log of the mean weight, the ELBO the mean of the log-weights.",
)

exercise(
    "evidence_lower_bound.single_run",
    choice(
        "b",
        wrong={
            "a": "the bound is about the average over runs; one run is a random number",
            "c": "more draws do tighten the bound, but one run says little about that: look at its scatter",
        },
    ),
    hint="What is it that lies below log p(x): every value of the estimate, or its expectation?",
)

# ---------------------------------------------------------------- core


def _kl_exponential(rate_1, rate_2):
    return math.log(rate_1 / rate_2) + rate_2 / rate_1 - 1


exercise(
    "evidence_lower_bound.kl_exponential",
    function(
        _kl_exponential,
        cases=[(1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (0.3, 5.0)],
        wrong={
            lambda a, b: _kl_exponential(b, a): "that is KL(2 || 1): average over the first distribution",
            lambda a, b: math.log(a / b) + b / a: "at equal rates it must be 0: the entropy brings a -1",
            lambda a, b: math.log(a / b) + a - b: "the mean of the first distribution is 1 / rate_1",
        },
    ),
    hint="log q - log p is log(a/b) - (a - b) z, and z has mean 1/a under q.",
)

exercise(
    "evidence_lower_bound.mean_field",
    value(
        -0.5 * math.log(1 - 0.9**2),
        wrong={
            0.5 * math.log(1 - 0.9**2): "a gap is never negative",
            -math.log(1 - 0.9**2): "there is a factor 1/2 before the log-determinant",
            0.5 * (2 / (1 - 0.9**2) - 2 + math.log(1 - 0.9**2)): "that is the gap of variances 1 and 1, the "
            "marginal ones; narrower ones lose less",
            -0.5 * math.log(1 - 0.9): "the determinant of the covariance is 1 - 0.9 squared",
        },
        rtol=5e-3,
    ),
    hint="Write KL(q || posterior) for diagonal variances v_1, v_2 and set its derivatives to 0.",
)


exercise(
    "evidence_lower_bound.shrinkage",
    function(
        lambda n: 1 - 1 / n,
        cases=[(2,), (1,), (10,), (1000,)],
        wrong={
            lambda n: n / (n - 1) if n > 1 else math.inf: "that is the repair; this one is too small",
            lambda n: 1 / n: "that is the share which is lost, not the one which is left",
            lambda n: 1.0: "so it is with the others only; this mean contains the draw",
        },
    ),
    hint="The mean contains the draw's own f / n. With n = 1, f minus its mean is 0: no slope is left.",
)

exercise(
    "evidence_lower_bound.hidden_sigma",
    value(
        math.sqrt(0.5 * 12288 / (2 * 128)),
        wrong={
            0.5 * 12288 / (2 * 128): "that is sigma squared",
            math.sqrt(0.5 * 12288 / 2): "the KL is averaged too, over the 128 units",
            math.sqrt(0.5 / (2 * 128)): "the error is averaged too, over the 12,288 numbers",
            math.sqrt(0.5 / 2): "that is for sums; here both terms are means",
            math.sqrt(0.5 * 12288 / 128): "sigma squared is c / (2a), with a 2",
        },
    ),
    hint="Write the loss as a SSE + c KL with sums; sigma squared is c / (2a).",
)

# ---------------------------------------------------------------- stretch


def _path_gradient(mu, logvar, eps):
    sd = torch.exp(0.5 * logvar)
    z = mu + sd * eps
    return 2 * (1.5 - 2 * z) - z + eps / sd


def _total_gradient(mu, logvar, eps):
    z = mu + torch.exp(0.5 * logvar) * eps
    return 2 * (1.5 - 2 * z) - z


_EPS = torch.linspace(-2, 2, 9).double()


@exercise(
    "evidence_lower_bound.path_gradient",
    hint="Differentiate log p(x, z) - log q(z) with respect to z, and only then put z = mu + sd eps.",
)
def path_gradient(answer):
    at_posterior = (torch.tensor(0.6).double(), torch.tensor(math.log(0.2)).double(), _EPS)
    elsewhere = (torch.tensor(-0.4).double(), torch.tensor(0.3).double(), _EPS)
    return function(
        _path_gradient,
        cases=[at_posterior, elsewhere],
        wrong={
            _total_gradient: "that is the ordinary gradient; -log q(z) depends on z too, slope (z - mu)/var",
            lambda mu, logvar, eps: (
                _total_gradient(mu, logvar, eps) - eps / torch.exp(0.5 * logvar)
            ): "the sign of the slope of -log q(z): it is +(z - mu)/var",
            lambda mu, logvar, eps: _path_gradient(mu, logvar, eps).mean(): "one number for each eps",
        },
    )(answer)


def _surgery(mu, logvar):
    mu, logvar = mu.double(), logvar.double()
    z = torch.linspace(-12, 12, 4801).double()
    dz = z[1] - z[0]
    log_q = -0.5 * ((z - mu[:, None]) ** 2 / logvar.exp()[:, None] + logvar[:, None] + math.log(2 * math.pi))
    log_average = torch.logsumexp(log_q, 0) - math.log(len(mu))
    log_prior = -0.5 * (z**2 + math.log(2 * math.pi))
    information = (log_q.exp() * (log_q - log_average)).sum(1).mean() * dz
    return torch.stack([information, (log_average.exp() * (log_average - log_prior)).sum() * dz])


def _codes(*centers, sd):
    mu = torch.tensor(centers).double()
    return mu, torch.full_like(mu, 2 * math.log(sd))


@exercise(
    "evidence_lower_bound.surgery",
    hint="Put all q(z|x_n) on one grid of z: the average over n is q(z).",
)
def surgery(answer):
    cases = [
        _codes(0.0, 0.0, 0.0, sd=1.0),
        _codes(-3.0, -1.0, 1.0, 3.0, sd=0.1),
        _codes(-1.0, 0.2, 0.5, sd=0.6),
    ]
    for case in cases:
        parts = call(answer, *case)
        if any(math.isnan(float(part)) for part in parts):
            return "0 times log 0 gives nan: stay with logarithms, as log_prob and logsumexp do"
        if len(parts) == 2 and _close(parts, _surgery(*case).flip(0)) and not _close(parts, _surgery(*case)):
            return "the index-code information comes first, the marginal KL second"
    return function(
        lambda mu, logvar: tuple(_surgery(mu, logvar)),
        cases,
        rtol=1e-3,
        atol=1e-4,
        wrong={
            lambda mu, logvar: (
                math.log(len(mu)),
                _surgery(mu, logvar)[1],
            ): "log N is only the ceiling of the information: overlapping codes carry less",
        },
    )(answer)


def _close(parts, truth):
    return all(abs(float(part) - float(other)) < 1e-4 for part, other in zip(parts, truth, strict=True))
