"""Exercises of the chapter "Gaussian mixtures"."""

import math

import torch

from genlib.exercises import choice, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "gaussian_mixtures.equal",
    value(
        1 + math.log(4) / 2,
        rtol=2e-3,  # 1.69 will do
        wrong={
            1: "there the densities agree, but the weights do not",
            1 - math.log(4) / 2: "the heavier component should own more than half of the way",
            1 + math.log(4): "halve: the squares differ by 4x - 4, and (2) has a factor 1/2",
            0.8: "that is the responsibility half way between the centers; the place was asked for",
        },
    ),
    hint="Set log 0.8 - x^2 / 2 equal to log 0.2 - (x - 2)^2 / 2.",
)


def _parameters(K, D, kind):
    return K * (D + {"full": D * (D + 1) // 2, "diag": D, "spherical": 1}[kind]) + K - 1


def _parameters_with(entries, weights):
    def count(K, D, kind):
        return K * (D + (entries(D) if kind == "full" else D if kind == "diag" else 1)) + K + weights

    return count


exercise(
    "gaussian_mixtures.parameters",
    function(
        _parameters,
        cases=[(1, 2, "full"), (4, 2, "full"), (60, 50, "full"), (3, 5, "diag"), (3, 5, "spherical")],
        wrong={
            _parameters_with(lambda d: d * (d + 1) // 2, 0): "the weights sum to 1, so one is not free",
            _parameters_with(lambda d: d * d, -1): "a covariance is symmetric: half of it repeats",
            _parameters_with(lambda d: d * (d - 1) // 2, -1): "the diagonal of the covariance counts as well",
            lambda K, D, kind: _parameters(K, D, kind) - K + 1: "the weights are parameters too",
            lambda K, D, kind: _parameters(K, D, kind) - K * D: "the means are parameters too",
        },
    ),
    hint="For each component a mean and a covariance; and K weights that sum to 1.",
)

# ---------------------------------------------------------------- core

exercise(
    "gaussian_mixtures.by_hand",
    value(
        (2.5 / 3, 0.6, 4.96),
        wrong={
            (2.5, 0.6, 4.96): "that is N_1; the weight is its share of the three points",
            (2.5 / 3, 2.5 / 3, 4.96): "divide by the shares, 2.5, not by the number of points",
            (2.5 / 3, 0.6, 12.4 / 3): "divide the squares by the shares, 2.5, too",
            (2.5 / 3, 0.6, 12.4): "divide the weighted squares by the shares, 2.5",
            (2.5 / 3, 0.6, 14.5 / 2.5): "take the squares about the new mean, not about 0",
            (2.5 / 3, 0.6, math.sqrt(4.96)): "that is the standard deviation",
            (2.5 / 3, 0.6, 12.4 / 1.5): "no correction for a small sample: the M-step divides by N_1",
            (1, 5 / 3, 56 / 9): "weigh each point with its responsibility",
        },
    ),
    hint="Equation (6): N_1 is the sum of the responsibilities, and everything is weighted by them.",
)


def _round(x, resp):
    n_k = resp.sum(0)
    mu = resp.T @ x / n_k[:, None]
    return (resp.T * (x - mu[:, None]).square().sum(2)).sum(1) / (n_k * x.shape[1])


def _points(n, d, k, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, d, generator=generator).double() * 2 + 1
    return x, torch.rand(n, k, generator=generator).double().log().softmax(1)


def _round_about_zero(x, resp):
    return (resp.T @ x.square()).sum(1) / (resp.sum(0) * x.shape[1])


def _round_unweighted(x, resp):
    mu = resp.T @ x / resp.sum(0)[:, None]
    return (x - mu[:, None]).square().mean((1, 2))


def _round_about_the_heap(x, resp):
    return (resp.T @ (x - x.mean(0)).square()).sum(1) / (resp.sum(0) * x.shape[1])


exercise(
    "gaussian_mixtures.round",
    function(
        _round,
        cases=[_points(20, 2, 3, 0), _points(30, 5, 2, 1), _points(8, 1, 1, 2)],
        wrong={
            lambda x, resp: _round(x, resp) * x.shape[1]: "each point brings D squares: divide by D as well",
            lambda x, resp: _round(x, resp) * resp.sum(0) / len(x): "divide by N_k, not by N",
            lambda x, resp: _round(x, resp).sqrt(): "the variances were asked for",
            lambda x, resp: _round(x, resp) * resp.sum(0): "divide by N_k",
            _round_about_the_heap: "take the squares about each component's own mean",
            _round_about_zero: "take the squares about the new means, not about 0",
            _round_unweighted: "weigh the squares with the responsibilities, as the means",
        },
    ),
    hint="Put Sigma = sigma^2 I into (5): the determinant is sigma^(2D).",
)

exercise(
    "gaussian_mixtures.fall",
    choice(
        "c",
        wrong={
            "a": "every step of EM starts where the last one ended, and Theorem 1 holds from anywhere",
            "b": "EM has no step size",
            "d": "in double precision rounding is around 1e-12 here, not 0.02",
        },
    ),
    hint="Which assumption of Theorem 1 does reg_covar break?",
)

# ---------------------------------------------------------------- stretch


def _coins_responsibilities(x, log_pi, theta):
    return (log_pi + x @ theta.log().T + (1 - x) @ torch.log1p(-theta).T).softmax(1)


def _coins_update(x, resp):
    n_k = resp.sum(0)
    return (n_k / len(x)).log(), resp.T @ x / n_k[:, None]


def _coins(x, log_pi, theta):
    return _coins_update(x, _coins_responsibilities(x, log_pi, theta))


def _coins_without_zeros(x, log_pi, theta):
    return _coins_update(x, (log_pi + x @ theta.log().T).softmax(1))


def _coins_without_weights(x, log_pi, theta):
    return _coins(x, torch.zeros_like(log_pi), theta)


def _coins_of_products(x, log_pi, theta):
    products = torch.stack([(t**x * (1 - t) ** (1 - x)).prod(1) for t in theta], 1) * log_pi.exp()
    return _coins_update(x, products / products.sum(1, keepdim=True))


def _coins_hard(x, log_pi, theta):
    best = _coins_responsibilities(x, log_pi, theta).argmax(1)
    return _coins_update(x, torch.nn.functional.one_hot(best, len(log_pi)).to(x))


def _coins_across(x, log_pi, theta):
    return _coins_update(x, (log_pi + x @ theta.log().T + (1 - x) @ torch.log1p(-theta).T).softmax(0))


def _coins_plain_weights(x, log_pi, theta):
    log_pi, theta = _coins(x, log_pi, theta)
    return log_pi.exp(), theta


def _coins_wrong_update(log_weights, divisor):
    """Right responsibilities, then another M-step."""

    def update(x, log_pi, theta):
        resp = _coins_responsibilities(x, log_pi, theta)
        n_k = resp.sum(0)
        return log_weights(log_pi, n_k, len(x)), resp.T @ x / divisor(n_k, len(x))

    return update


def _coins_case(n, d, k, seed, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    theta = torch.sigmoid(scale * torch.randn(k, d, generator=generator)).double()
    log_pi = torch.randn(k, generator=generator).double().log_softmax(0)
    which = torch.arange(n) % k
    return torch.bernoulli(theta[which], generator=generator), log_pi, theta


def _half(answer, index):
    """The reader's log_pi (index 0) or theta (index 1), so that `function` can compare it."""

    def half(x, log_pi, theta):
        result = answer(x, log_pi, theta)
        if result is None or result is ...:
            return result
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            raise TypeError("return two things: log_pi (K,) and theta (K, D)")
        if any(part is None or part is ... for part in result):
            return ...
        shapes = [tuple(torch.as_tensor(part).shape) for part in result]
        wanted = [tuple(log_pi.shape), tuple(theta.shape)]
        if shapes != wanted:
            raise ValueError(
                f"return log_pi {wanted[0]} first, then theta {wanted[1]}, not {shapes[0]} and {shapes[1]}"
            )
        return result[index]

    return half


_COINS_CASES = [_coins_case(40, 6, 3, 0), _coins_case(30, 4, 2, 1), _coins_case(10, 4000, 2, 2)]
_COINS_WRONG = {
    _coins_without_zeros: "a white pixel is evidence as well: log(1 - theta) where x is 0",
    _coins_of_products: "a product of thousands of probabilities is 0: stay with logarithms",
    _coins_without_weights: "the old weights belong to the responsibilities",
    _coins_hard: "share each image among the components, do not give it to the best one",
    _coins_across: "the responsibilities of one image sum to 1: softmax over the components, dimension 1",
    _coins_plain_weights: "the logarithms of the weights were asked for",
    _coins_wrong_update(lambda old, n_k, n: n_k.log(), lambda n_k, n: n_k[:, None]): (
        "the weights sum to 1: divide N_k by N before the logarithm"
    ),
    _coins_wrong_update(lambda old, n_k, n: (n_k / n).log(), lambda n_k, n: n): (
        "divide each component's sum by N_k, not by N"
    ),
    _coins_wrong_update(lambda old, n_k, n: old, lambda n_k, n: n_k[:, None]): (
        "the weights change as well: N_k / N"
    ),
}


@exercise(
    "gaussian_mixtures.coins",
    hint="The joint is log_pi plus a sum over pixels; then equation (3), then a weighted mean of the images.",
)
def coins(answer):
    if not callable(answer):
        return "expected a function"
    for index, name in enumerate(("log_pi", "theta")):
        wrong = {_half(known, index): hint for known, hint in _COINS_WRONG.items()}
        problem = function(_half(_coins, index), _COINS_CASES, wrong=wrong)(_half(answer, index))
        if problem is not None:
            return f"{name}, {problem}" if problem.startswith("for ") else problem
    return None


def _missing_parts(x_1, log_pi, mu, cov):
    var_1 = cov[:, 0, 0]
    off = x_1[:, None] - mu[:, 0]
    lines = mu[:, 1] + off * cov[:, 0, 1] / var_1
    return log_pi - 0.5 * off.square() / var_1, -0.5 * var_1.log(), lines


def _missing(x_1, log_pi, mu, cov):
    scores, volume, lines = _missing_parts(x_1, log_pi, mu, cov)
    return ((scores + volume).softmax(1) * lines).sum(1)


def _missing_without_volume(x_1, log_pi, mu, cov):
    scores, _, lines = _missing_parts(x_1, log_pi, mu, cov)
    return (scores.softmax(1) * lines).sum(1)


def _missing_fixed_weights(x_1, log_pi, mu, cov):
    return _missing_parts(x_1, log_pi, mu, cov)[2] @ log_pi.exp()


def _missing_means(x_1, log_pi, mu, cov):
    scores, volume, _ = _missing_parts(x_1, log_pi, mu, cov)
    return (scores + volume).softmax(1) @ mu[:, 1]


def _missing_without_weights(x_1, log_pi, mu, cov):
    return _missing(x_1, torch.zeros_like(log_pi), mu, cov)


def _missing_variance_for_width(x_1, log_pi, mu, cov):
    off, width = x_1[:, None] - mu[:, 0], cov[:, 0, 0]
    scores = log_pi - width.log() - 0.5 * (off / width).square()
    return (scores.softmax(1) * _missing_parts(x_1, log_pi, mu, cov)[2]).sum(1)


def _missing_other_slope(x_1, log_pi, mu, cov):
    scores, volume, _ = _missing_parts(x_1, log_pi, mu, cov)
    lines = mu[:, 1] + (x_1[:, None] - mu[:, 0]) * cov[:, 0, 1] / cov[:, 1, 1]
    return ((scores + volume).softmax(1) * lines).sum(1)


def _missing_best(x_1, log_pi, mu, cov):
    scores, volume, lines = _missing_parts(x_1, log_pi, mu, cov)
    return lines.gather(1, (scores + volume).argmax(1, keepdim=True)).squeeze(1)


def _missing_case(k, seed):
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(k, 2, 2, generator=generator).double()
    cov = factor @ factor.mT + 0.3 * torch.eye(2).double()
    mu = 2 * torch.randn(k, 2, generator=generator).double()
    log_pi = torch.randn(k, generator=generator).double().log_softmax(0)
    return torch.linspace(-3, 3, 7).double(), log_pi, mu, cov


exercise(
    "gaussian_mixtures.missing",
    function(
        _missing,
        cases=[
            _missing_case(3, 0),
            _missing_case(4, 1),
            (torch.tensor([60.0]).double(), *_missing_case(3, 2)[1:]),
        ],
        wrong={
            _missing_fixed_weights: "x_1 says something about the component: weigh by p(z = k | x_1)",
            _missing_without_volume: "the density of x_1 has a factor 1 / sqrt(variance), which differs",
            _missing_without_weights: "the weights belong to the responsibilities",
            _missing_variance_for_width: "cov[:, 0, 0] is a variance; `Normal` wants its root",
            _missing_means: "within a component x_1 still says something about x_2: the slope is missing",
            _missing_other_slope: "the slope divides by the variance of x_1, cov[:, 0, 0]",
            _missing_best: "weigh all components; the likeliest alone gives a curve with jumps",
        },
    ),
    hint="Responsibilities from x_1 alone, in logarithms; then a weighted mean of the K straight lines.",
)
