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
            1 - math.log(99) / 2: "fewer forgeries: the border should move towards them, not away",
            1 + math.log(99): "the log-odds contain 2 x, so the shift is halved",
            1.0: "that is the border when half of the coins are forged",
            math.log(99) / 2: "that is the shift; the border of the seized bag was at 1",
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
    hint="With 20 mails and 54 features, what does the likelihood without a ridge ask of the weights?",
)

# ---------------------------------------------------------------- core


def _tenths(p, y):
    return p.view(10, -1).mean(1), y.view(10, -1).mean(1)


def _full_bins(p, y):
    order = p.argsort()
    p_k, y_k = _tenths(p[order], y[order])
    return (p_k - y_k).abs().mean()


def _full_bins_of_two_sorts(p, y):
    p_k, y_k = _tenths(p.sort().values, y.sort().values)
    return (p_k - y_k).abs().mean()


def _full_bins_labels_left(p, y):
    p_k, y_k = _tenths(p.sort().values, y)
    return (p_k - y_k).abs().mean()


def _full_bins_unsorted(p, y):
    p_k, y_k = _tenths(p, y)
    return (p_k - y_k).abs().mean()


def _equal_width(p, y):
    k = (10 * p).long().clamp(max=9)
    return torch.zeros(10, dtype=p.dtype).index_add(0, k, p - y).abs().sum() / len(p)


def _full_bins_cases():
    generator = torch.Generator().manual_seed(11)
    p = torch.rand(200, generator=generator).double()
    y = (torch.rand(200, generator=generator) < 0.3).double()
    return [(p, y), (p**3, y), (p[:20] ** 0.5, (torch.rand(20, generator=generator) < p[:20]).double())]


exercise(
    "generative_vs_discriminative.full_bins",
    function(
        _full_bins,
        _full_bins_cases(),
        wrong={
            _full_bins_unsorted: "sort by p first, so that each bin holds neighboring predictions",
            _full_bins_of_two_sorts: "p and y were sorted each by itself: carry each label along with its "
            "prediction",
            _full_bins_labels_left: "p was sorted and y was not: carry each label along with its prediction",
            _equal_width: "those bins are equally wide; make them equally full",
            lambda p, y: 10 * _full_bins(p, y): "each bin counts one tenth",
            lambda p, y: (p.mean() - y.mean()).abs(): "that is one bin, or ten gaps without absolute values",
            lambda p, y: (p - y).mean(): "absolute values, bin by bin",
            lambda p, y: (p - y).abs().mean(): "compare means within bins, not single examples",
        },
    ),
    hint="Sorted by p, the first N / 10 examples are the first bin.",
)


def _blend(log_pxy, y, s):
    log_px = torch.logsumexp(log_pxy, 1)
    return (log_pxy.gather(1, y[:, None])[:, 0] + (s - 1) * log_px).sum()


def _blend_joint(log_pxy, y, s):
    return (log_pxy.gather(1, y[:, None])[:, 0] + s * torch.logsumexp(log_pxy, 1)).sum()


def _blend_underflow(log_pxy, y, s):
    log_px = log_pxy.exp().sum(1).log()
    return (log_pxy.gather(1, y[:, None])[:, 0] - log_px + s * log_px).sum()


def _blend_underflow_joined(log_pxy, y, s):
    log_px = log_pxy.exp().sum(1).log()
    return (log_pxy.gather(1, y[:, None])[:, 0] + (s - 1) * log_px).sum()


def _blend_own_class(log_pxy, y, s):
    log_pxy_y = log_pxy.gather(1, y[:, None])[:, 0]
    return ((1 + s) * log_pxy_y - torch.logsumexp(log_pxy, 1)).sum()


def _blend_all_pairs(log_pxy, y, s):
    log_px = torch.logsumexp(log_pxy, 1)
    return (torch.log_softmax(log_pxy, 1)[:, y] + s * log_px).sum()


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
            _blend_underflow: "right until exp(-900) becomes 0, whose logarithm is no number: use logsumexp",
            _blend_underflow_joined: "right until exp(-900) becomes 0, whose logarithm is no number: use "
            "logsumexp",
            _blend_own_class: "s weights log p(x), not log p(x, y)",
            _blend_all_pairs: "log_pxy[:, y] takes every label for every row: one entry a row is wanted",
            lambda log_pxy, y, s: (
                log_pxy.gather(1, y[:, None])[:, 0] + (s - 1) * torch.logsumexp(log_pxy, 1)
            ): "the sum over the examples is missing",
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


def _lda_full_b(x, seen, mu, cov, prior):
    w = torch.linalg.solve(cov, mu[1] - mu[0])
    return (w * x)[seen].sum() - 0.5 * (mu[0] + mu[1]) @ w + math.log(prior / (1 - prior))


def _lda_naive(x, seen, mu, cov, prior):
    return _lda(x, seen, mu, torch.diag(cov.diagonal()), prior)


def _lda_no_middle(x, seen, mu, cov, prior):
    mu, cov = mu[:, seen], cov[seen][:, seen]
    return x[seen] @ torch.linalg.solve(cov, mu[1] - mu[0]) + math.log(prior / (1 - prior))


def _lda_no_prior(x, seen, mu, cov, prior):
    return _lda(x, seen, mu, cov, 0.5)


def _lda_case(seed, seen, prior):
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(len(seen), len(seen), generator=generator).double()
    mu = torch.randn(2, len(seen), generator=generator).double()
    x = torch.randn(len(seen), generator=generator).double()
    return x, torch.tensor(seen), mu, root @ root.T + torch.eye(len(seen)).double(), prior


_check_lda = function(
    _lda,
    [
        _lda_case(1, [True, True, False], 0.5),
        _lda_case(2, [True, False, False, True], 0.2),
        _lda_case(3, [True, True, True], 0.7),
    ],
    wrong={
        _lda_struck_out: "those are the weights of the full model with entries struck out or filled with "
        "means: the seen measurements should take over some of the weight of the missing ones",
        _lda_full_b: "the weights of the full model with its whole b, which speaks for the missing "
        "measurements too: they should have no part in either",
        _lda_part_of_inverse: "that is a part of the inverse of cov: cut first, then invert",
        _lda_naive: "that uses the variances alone; the seen measurements are correlated",
        _lda_no_middle: "-1/2 (mu_1 + mu_0)^T w is missing from b",
        _lda_no_prior: "the prior is missing",
        lambda x, seen, mu, cov, prior: -_lda(x, seen, mu, cov, prior): "right but for the sign",
        lambda x, seen, mu, cov, prior: _lda(x, seen, mu.flip(0), cov, prior): "mu_1 - mu_0, not mu_0 - mu_1",
    },
)


def _lda_gaps(answer):
    problem = _check_lda(answer)
    if problem and "at least 2 dim" in problem:
        return "cov[seen, seen] picks single entries, the diagonal: cut rows, then columns"
    return problem


exercise(
    "generative_vs_discriminative.lda_gaps",
    _lda_gaps,
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


def _new_prior_reversed(p, old):
    prior = torch.as_tensor(old, dtype=p.dtype)
    for _ in range(200):
        prior = torch.sigmoid(torch.logit(p) + math.log(old / (1 - old)) - torch.logit(prior)).mean()
    return prior


def _new_prior_unnormalized(p, old):
    prior = torch.as_tensor(old, dtype=p.dtype)
    for _ in range(200):
        prior = (p * prior / old).mean()
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
            lambda p, old: (p > 0.5).double().mean(): "counting verdicts throws away how sure they are; use "
            "the posteriors",
            _new_prior_unnormalized: "p pi / old has to be divided by the sum over both classes, "
            "p pi / old + (1 - p) (1 - pi) / (1 - old)",
            lambda p, old: p.mean(): "that is the first step only; correct the posteriors and repeat",
            lambda p, old: _new_prior(p, 0.5): "p was computed under the prior `old`: take that out first",
            lambda p, old: _new_prior(p, old, 2): "that is where two rounds end: in each round correct the "
            "original posteriors, from the prior `old`",
            _new_prior_reversed: "the shift has the wrong sign: take `old` out and put the new prior in",
            _new_prior_drifting: "correct the original posteriors in each round, not those already corrected",
        },
    ),
    hint="Log-odds minus log(old / (1 - old)) stay fixed; add log(pi / (1 - pi)) in each round.",
)
