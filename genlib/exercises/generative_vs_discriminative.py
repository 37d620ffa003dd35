"""Exercises of the chapter "Generative against discriminative"."""

import math

import torch

from genlib.exercises import choice, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "generative_vs_discriminative.border",
    value(
        1 + math.log(99) / 2,
        wrong={
            1 + math.log(100) / 2: "one in a hundred is forged, so 99 are genuine for each forgery",
            1 - math.log(99) / 2: "fewer forgeries: should the border move towards them or away?",
            1 + math.log(99): "the log-odds contain 2 x, so the shift is halved",
            1.0: "that is the border when half of the coins are forged",
        },
    ),
    hint="Solve 2 x - 2 + log(pi / (1 - pi)) = 0.",
)

exercise(
    "generative_vs_discriminative.shift",
    value(
        math.log(1 / 9),
        rtol=2e-3,  # so that -2.2 passes
        wrong={
            math.log(0.1): "the odds, 0.1 to 0.9, not the probability",
            math.log(0.1 / 0.5): "odds, not probabilities: the other class changes as well",
            1 / 9: "that is the odds; the intercept is a logarithm",
        },
    ),
    hint="log(pi / (1 - pi)) is a summand of b. What was it, and what will it be?",
)

# ---------------------------------------------------------------- core

exercise(
    "generative_vs_discriminative.slide",
    choice(
        "b",
        wrong={
            "a": "a larger test set makes the same difference more precise, but no fairer",
            "c": "more words make it harder still for a model without a ridge",
            "d": "that would tune the winner; is the loser properly set up?",
        },
    ),
    hint="With 25 mails and 54 words, what does the likelihood without a ridge ask of the weights?",
)


def _sums(p, y):
    k = (10 * p).long().clamp(max=9)
    empty = torch.zeros(10, dtype=p.dtype)
    ones = torch.ones_like(p)
    return [empty.index_add(0, k, values) for values in (p, y, ones)]


def _ece(p, y):
    p_sum, y_sum, _ = _sums(p, y)
    return (p_sum - y_sum).abs().sum() / len(p)


def _ece_unweighted(p, y):
    p_sum, y_sum, n = _sums(p, y)
    return ((p_sum - y_sum).abs()[n > 0] / n[n > 0]).mean()


def _ece_over_ten(p, y):
    p_sum, y_sum, n = _sums(p, y)
    return ((p_sum - y_sum).abs() / n.clamp(min=1)).mean()


def _ece_cases():
    generator = torch.Generator().manual_seed(11)
    p = torch.rand(200, generator=generator).double()
    y = (torch.rand(200, generator=generator) < 0.3).double()
    few = torch.tensor([0.02, 0.97, 1.0, 0.96, 0.03, 0.41]).double()
    return [(p, y), (p**3, y), (few, torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0]).double())]


exercise(
    "generative_vs_discriminative.ece",
    function(
        _ece,
        _ece_cases(),
        wrong={
            _ece_unweighted: "each bin counts by its number of examples, n_k / n",
            _ece_over_ten: "each bin counts by its number of examples, n_k / n",
            lambda p, y: (p.mean() - y.mean()).abs(): "that is one bin; use ten",
            lambda p, y: (p - y).abs().mean(): "compare means within bins, not single examples",
            lambda p, y: (p - y).mean(): "absolute values, bin by bin",
        },
    ),
    hint="Equation (7): the bin of p is the whole part of 10 p, at most 9.",
)


def _blend(log_pxy, y, s):
    log_px = torch.logsumexp(log_pxy, 1)
    return (log_pxy.gather(1, y[:, None])[:, 0] + (s - 1) * log_px).sum()


def _blend_joint(log_pxy, y, s):
    return (log_pxy.gather(1, y[:, None])[:, 0] + s * torch.logsumexp(log_pxy, 1)).sum()


def _log_pxy():
    generator = torch.Generator().manual_seed(12)
    return torch.randn(6, 3, generator=generator).double() * 3 - 40


exercise(
    "generative_vs_discriminative.blend",
    function(
        _blend,
        [
            (_log_pxy(), torch.tensor([0, 1, 2, 0, 1, 1]), 0.0),
            (_log_pxy(), torch.tensor([0, 1, 2, 0, 1, 1]), 1.0),
            (_log_pxy() - 900, torch.tensor([2, 2, 0, 0, 1, 0]), 0.25),
        ],
        wrong={
            _blend_joint: "log_pxy is log p(x, y); the first term is log p(y | x)",
            lambda log_pxy, y, s: _blend(log_pxy, y, 1 - s): "s = 1 should be the generative goal",
            lambda log_pxy, y, s: _blend(log_pxy, y, s) / len(y): "the sum over the examples, not the mean",
            lambda log_pxy, y, s: -_blend(log_pxy, y, s): "it is to be maximized: no minus",
        },
    ),
    hint="log p(x) is the logsumexp of log p(x, y) over y, and log p(y | x) = log p(x, y) - log p(x).",
)

# ---------------------------------------------------------------- stretch


def _lda(x, seen, mu, cov, prior):
    mu, cov, x = mu[:, seen], cov[seen][:, seen], x[seen]
    w = torch.linalg.solve(cov, mu[1] - mu[0])
    return (x - 0.5 * (mu[0] + mu[1])) @ w + math.log(prior / (1 - prior))


def _lda_struck_out(x, seen, mu, cov, prior):
    w = torch.linalg.solve(cov, mu[1] - mu[0]) * seen
    return (x - 0.5 * (mu[0] + mu[1])) @ w + math.log(prior / (1 - prior))


def _lda_part_of_inverse(x, seen, mu, cov, prior):
    w = torch.linalg.inv(cov)[seen][:, seen] @ (mu[1] - mu[0])[seen]
    return (x - 0.5 * (mu[0] + mu[1]))[seen] @ w + math.log(prior / (1 - prior))


def _lda_no_prior(x, seen, mu, cov, prior):
    return _lda(x, seen, mu, cov, 0.5)


def _lda_case(seed, seen, prior):
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(len(seen), len(seen), generator=generator).double()
    mu = torch.randn(2, len(seen), generator=generator).double()
    x = torch.randn(len(seen), generator=generator).double()
    return x, torch.tensor(seen), mu, root @ root.T + torch.eye(len(seen)).double(), prior


exercise(
    "generative_vs_discriminative.lda_gaps",
    function(
        _lda,
        [
            _lda_case(1, [True, True, False], 0.5),
            _lda_case(2, [True, False, False, True], 0.2),
            _lda_case(3, [True, True, True], 0.7),
        ],
        wrong={
            _lda_struck_out: "those are the weights of the full model with entries struck out: the seen "
            "measurements should take over some of the weight of the missing ones",
            _lda_part_of_inverse: "that is a part of the inverse of cov: cut first, then invert",
            _lda_no_prior: "the prior is missing",
        },
    ),
    hint="Cut mu and cov down to the seen measurements first, then use Theorem 1.",
)


def _new_prior(p, old, rounds=200):
    ratio = torch.logit(p) - math.log(old / (1 - old))
    prior = torch.as_tensor(old, dtype=p.dtype)
    for _ in range(rounds):
        prior = torch.sigmoid(ratio + torch.logit(prior)).mean()
    return prior


def _new_prior_drifting(p, old):
    prior = torch.as_tensor(old, dtype=p.dtype)
    for _ in range(200):
        p = torch.sigmoid(torch.logit(p) + torch.logit(prior) - math.log(old / (1 - old)))
        prior = p.mean().clamp(1e-6, 1 - 1e-6)
        p = p.clamp(1e-12, 1 - 1e-12)
    return prior


def _mail(seed, true, old, n=2000):
    """Posteriors under the prior `old` of one feature, N(0, 1) or N(2, 1), in a stream with prior `true`."""
    generator = torch.Generator().manual_seed(seed)
    y = (torch.rand(n, generator=generator) < true).double()
    x = torch.randn(n, generator=generator).double() + 2 * y
    return torch.sigmoid(2 * x - 2 + math.log(old / (1 - old))), old


exercise(
    "generative_vs_discriminative.new_prior",
    function(
        _new_prior,
        [_mail(5, 0.1, 0.5), _mail(6, 0.6, 0.3), _mail(7, 0.4, 0.4)],
        rtol=1e-3,
        wrong={
            lambda p, old: p.mean(): "that is the first step only; correct the posteriors and repeat",
            lambda p, old: _new_prior(p, 0.5): "p was computed under the prior `old`: take that out first",
            lambda p, old: _new_prior(p, old, 2): "that is where two rounds end: in each round correct the "
            "original posteriors, from the prior `old`",
            _new_prior_drifting: "correct the original posteriors in each round, not those already corrected",
        },
    ),
    hint="Log-odds minus log(old / (1 - old)) stay fixed; add log(pi / (1 - pi)) in each round.",
)
