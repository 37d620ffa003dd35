"""Exercises of the chapter "Anomaly detection"."""

import math

import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "anomaly_detection.pairs",
    value(
        6.5 / 9,
        wrong={
            6 / 9: "one pair is a tie, and ties count half",
            7 / 9: "one pair is a tie, and ties count half",
            2.5 / 9: "that is the share of pairs ranked the wrong way round",
            6.5: "that is the number of pairs; divide by how many there are",
            0.72: "right as far as it goes; give four digits",
        },
    ),
    hint="Nine pairs of a normal example and an anomaly: in how many does the anomaly score higher?",
)
exercise(
    "anomaly_detection.precision",
    value(
        0.0009 / (0.0009 + 0.00999),
        wrong={
            0.9 / 0.91: "that would be so if half of the notes were forged",
            8.257: "a share was asked for, not per cent",
            0.9: "that is the share of the forgeries that are stopped; the other way round was asked",
            0.09: "that divides by 1 % of all notes; the stopped ones are 1 % of the genuine, and the hits",
            0.0009 / 0.00999: "divide by all stopped notes, the forged ones among them",
            0.0009: "that is the share of all notes that are forged and stopped; divide by all stopped",
            0.083: "right as far as it goes; give four digits",
            0.08: "right as far as it goes; give four digits",
            0.00999 / (0.0009 + 0.00999): "that is the share of false alarms among the alarms",
        },
    ),
    hint="Take 100,000 notes and count.",
)
exercise(
    "anomaly_detection.shrunken",
    value(
        0.2,
        wrong={
            0.8: "turned round: the anomalies lie closer to the center, where the density is high",
            1 / 3: "the squared norm shrinks by s squared, not by s",
            2 / math.pi * math.atan(0.5): "that is the answer in one dimension",
            0.25: "compare two exponential variables with means s squared and 1",
        },
    ),
    hint="The anomaly must have the larger squared norm: with which probability is s^2 E_1 > E_0?",
)

# ---------------------------------------------------------------- core


def _p_values(score, apart):
    return (1 + (apart >= score[:, None]).sum(1)) / (len(apart) + 1)


def _scores(n, m, seed):
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(n, generator=generator).double().round(decimals=1)
    return first, torch.randn(m, generator=generator).double().round(decimals=1)


exercise(
    "anomaly_detection.p_values",
    function(
        _p_values,
        cases=[_scores(5, 9, 0), _scores(3, 39, 1), (torch.tensor([9.0, -9.0]), torch.zeros(4))],
        wrong={
            lambda score, apart: (
                (apart >= score[:, None]).double().mean(1)
            ): "count the new score itself: 1 above, and 1 below",
            lambda score, apart: (
                (1 + (apart > score[:, None]).sum(1)) / (len(apart) + 1)
            ): "a tie counts against the alarm: at least s, not more than s",
            lambda score, apart: (
                (1 + (apart <= score[:, None]).sum(1)) / (len(apart) + 1)
            ): "turned round: a strange example should get a small p",
            lambda score, apart: (
                (1 + (apart >= score[:, None]).sum(1)) / len(apart)
            ): "there are m + 1 scores, the new one among them",
            lambda score, apart: (
                1 - (1 + (apart <= score[:, None]).sum(1)) / (len(apart) + 1)
            ): "p can be 0 that way, and ties count for the alarm: count the scores that are at least s",
            lambda score, apart: (
                1 - (1 + (apart < score[:, None]).sum(1)) / (len(apart) + 1)
            ): "p can be 0 that way: count the new score itself among those that are at least s",
        },
    ),
    hint="Compare apart (m,) with score[:, None] (N, 1).",
)


def _costs(normal, anomalous, rate, c_false, c_missed, limits):
    false_alarms = (normal >= limits[:, None]).double().mean(1)
    missed = (anomalous < limits[:, None]).double().mean(1)
    return (1 - rate) * c_false * false_alarms + rate * c_missed * missed


def _cheapest(normal, anomalous, rate, c_false, c_missed):
    limits = torch.cat([normal, anomalous, torch.tensor([math.inf]).to(normal)])
    return _costs(normal, anomalous, rate, c_false, c_missed, limits).min()


def _never_silent(normal, anomalous, rate, c_false, c_missed):
    limits = torch.cat([normal, anomalous])
    return _costs(normal, anomalous, rate, c_false, c_missed, limits).min()


def _no_base_rate(normal, anomalous, rate, c_false, c_missed):
    return 2 * _cheapest(normal, anomalous, 0.5, c_false, c_missed)


def _more_than(normal, anomalous, rate, c_false, c_missed):
    limits = torch.cat([normal, anomalous, torch.tensor([math.inf]).to(normal)])
    false_alarms = (normal > limits[:, None]).double().mean(1)
    missed = (anomalous <= limits[:, None]).double().mean(1)
    return ((1 - rate) * c_false * false_alarms + rate * c_missed * missed).min()


def _threshold(normal, anomalous, rate, c_false, c_missed):
    limits = torch.cat([normal, anomalous, torch.tensor([math.inf]).to(normal)])
    return limits[_costs(normal, anomalous, rate, c_false, c_missed, limits).argmin()]


def _sorted_threshold(normal, anomalous, rate, c_false, c_missed):
    limits = torch.cat([normal, anomalous, torch.tensor([math.inf]).to(normal)]).sort().values
    return limits[_costs(normal, anomalous, rate, c_false, c_missed, limits).argmin()]


def _pooled(normal, anomalous, rate, c_false, c_missed):
    """The costs of this test set, whose share of anomalies is not the base rate."""
    return _cheapest(normal, anomalous, len(anomalous) / (len(normal) + len(anomalous)), c_false, c_missed)


def _swapped(normal, anomalous, rate, c_false, c_missed):
    return _cheapest(normal, anomalous, rate, c_missed, c_false)


def _shifted(seed, shift):
    normal, anomalous = _scores(40, 30, seed)
    return normal, anomalous + shift


exercise(
    "anomaly_detection.cheapest",
    function(
        _cheapest,
        cases=[
            (*_shifted(2, 2.0), 0.01, 8.0, 1000.0),
            (*_shifted(3, 1.0), 0.0001, 8.0, 1000.0),
            (*_shifted(4, 0.3), 0.3, 1.0, 50.0),
            (*_shifted(5, -9.0), 0.01, 8.0, 100.0),  # best without any alarm
            (*_shifted(6, -3.0), 0.3, 1.0, 5000.0),  # best with an alarm for everything
        ],
        wrong={
            _never_silent: "to raise no alarm at all is a choice, too",
            _no_base_rate: "the base rate is missing",
            _pooled: "that weighs by the rows of the test set; the base rate is an argument",
            _threshold: "that is the threshold; its cost was asked for",
            _sorted_threshold: "that is the threshold; its cost was asked for",
            _swapped: "the two costs are swapped",
            _more_than: "alarm if the score is at least the threshold, not only if it is more",
        },
    ),
    hint="Take every observed score as a threshold, and infinity.",
)


def _log_normal(x, m):
    return -((x - m) ** 2) / 2 - math.log(2 * math.pi) / 2


def _log_ratio(x, m):
    return torch.logaddexp(m * x, -m * x) - math.log(2) - m * m / 2


exercise(
    "anomaly_detection.log_ratio",
    function(
        _log_ratio,
        cases=[
            (torch.linspace(-3, 3, 7).double(), 2.0),
            (torch.tensor([0.0, 1.0, 50.0, -400.0]).double(), 3.0),
        ],
        wrong={
            lambda x, m: _log_ratio(x, m) + math.log(2): "each of the two halves has weight one half",
            lambda x, m: _log_ratio(x, m) + m * m / 2: "(x - m)^2 contains m^2 as well",
            lambda x, m: -_log_ratio(x, m): "turned round: p_1 over p_0",
            lambda x, m: m * x - m * m / 2: "that is one side only",
            lambda x, m: m * x.abs() - m * m / 2: (
                "each half has weight one half, which is missing, and so is the half that is further away"
            ),
            lambda x, m: m * x.abs() - math.log(2) - m * m / 2: (
                "that keeps only the nearer half of the anomalies"
            ),
            lambda x, m: torch.logaddexp(_log_normal(x, m), _log_normal(x, -m)) - math.log(2): (
                "that is log p_1; log p_0 is still to be subtracted"
            ),
            lambda x, m: (
                (_log_normal(x, m).exp() / 2 + _log_normal(x, -m).exp() / 2).log() - _log_normal(x, 0)
            ): (
                "right on paper; far out both densities round to zero: stay with logarithms, torch.logaddexp"
            ),
            lambda x, m: (
                (torch.exp(m * x) + torch.exp(-m * x)).log() - math.log(2) - m * m / 2
            ): "right on paper; for large x the exponential overflows: torch.logaddexp",
        },
    ),
    hint="Both densities share exp(-x^2 / 2); divide it out before you take the logarithm.",
)

# ---------------------------------------------------------------- stretch


def _dirty_rows(seed):
    """850 rows, long in one direction, and 150 in a cluster that is near by ruler and far by covariance."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(1000, 3, generator=generator).double()
    rows[:, 1] = 0.6 * rows[:, 0] + 0.8 * rows[:, 1]
    rows[850:] = 0.3 * rows[850:] + torch.tensor([4.0, -4.0, 3.0]).double()
    rows[:, 2] = rows[:, 2] * torch.where(torch.arange(1000) < 850, 8.0, 1.0).double()
    return rows[torch.randperm(1000, generator=generator)]


def _trim(x, share, rounds=10, ruler=False, shrinking=False, diagonal=False):
    """The solution, and what is often done instead."""
    keep = torch.arange(len(x))
    for _ in range(rounds):
        mu, cov = x[keep].mean(0), torch.cov(x[keep].T)
        rows = x[keep] if shrinking else x
        away = rows - mu
        metric = torch.eye(x.shape[1]).to(x) if ruler else torch.linalg.inv(cov)
        metric = torch.diag(1 / cov.diagonal()) if diagonal else metric
        order = (away @ metric * away).sum(1).argsort()[: round((1 - share) * len(rows))]
        keep = keep[order] if shrinking else order
    return x[keep].mean(0), torch.cov(x[keep].T)


def _same(got, expected, atol):
    return all(torch.allclose(a, b.to(a), rtol=0.0, atol=atol) for a, b in zip(got, expected, strict=True))


@exercise(
    "anomaly_detection.trimmed",
    hint="Fit, measure the distance of all rows, keep the nearest (1 - share) of them, fit again.",
)
def trimmed(answer):
    if not callable(answer):
        return "expected a function of x and share"
    for seed in (0, 1):
        rows = _dirty_rows(seed)
        result = call(answer, rows, 0.2)
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            return "return two tensors, the mean and the covariance"
        mu, cov = (torch.as_tensor(part).detach().double() for part in result)
        if mu.shape != (3,) or cov.shape != (3, 3):
            return f"expected shapes (3,) and (3, 3), not {tuple(mu.shape)} and {tuple(cov.shape)}"
        if not (torch.isfinite(mu).all() and torch.isfinite(cov).all()):
            return "not every number is finite"
        if _same((mu, cov), _trim(rows, 0.2), atol=0.05):
            continue
        if torch.allclose(mu, rows.mean(0), atol=0.02):
            return "that is the mean of all rows: nothing has been dropped"
        if _same((mu, cov), _trim(rows, 0.2, ruler=True), atol=0.05):
            return "you measured with a ruler; measure in units of the covariance"
        if _same((mu, cov), _trim(rows, 0.2, diagonal=True), atol=0.05):
            return "you used the variances only; the covariance also knows how features go together"
        if any(_same((mu, cov), _trim(rows, 0.8, n), atol=1e-6) for n in range(1, 11)):
            return "that keeps the given share; drop it and keep the rest"
        if any(_same((mu, cov), _trim(rows, 0.2, n, shrinking=True), atol=1e-6) for n in range(2, 11)):
            return "each round ranked only the rows that were left; rank all rows, and drop the share once"
        if any(_same((mu, cov), _trim(rows, 0.2, n), atol=1e-6) for n in range(1, 10)):
            return "right steps, too few rounds: it has not settled"
        if mu[:2].norm() > 0.25:
            return f"the mean is still {mu[:2].norm():.2f} away from that of the clean rows"
        return "the mean may do, the covariance is not that of the rows that were kept"
    return None
