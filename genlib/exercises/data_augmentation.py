"""Exercises of the chapter "Data augmentation"."""

import math

import torch

from genlib.exercises import choice, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "data_augmentation.draws",
    value(
        11,
        wrong={
            10: "2 * 2^-10 is 0.195 %; one-sided it would do, two-sided it does not",
            9: "2^-9 is 0.2 %: still too much",
            6: "that is where it falls below 5 %; the question asks for 0.1 %",
            8: "eight give 0.8 %; the question asks for 0.1 %",
            12: "that is enough, but not the smallest",
        },
    ),
    hint="All signs agree in two ways, all plus or all minus, out of 2^k.",
)

exercise(
    "data_augmentation.larger_share",
    value(
        0.75,
        wrong={
            0.5: "that is the share of the first image; the question is about the larger one",
            2 / 3: "that is the larger of two uniform numbers; lambda and 1 - lambda are not independent",
            1.0: "that is the largest it can be, not the average",
        },
    ),
    hint="The larger of lambda and 1 - lambda lies between 1/2 and 1. How is it distributed?",
)


def _bits(wrong):
    return 1 + wrong * math.log2(wrong) + (1 - wrong) * math.log2(1 - wrong)


exercise(
    "data_augmentation.bits",
    value(
        _bits(0.18),
        rtol=5e-3,
        wrong={
            _bits(0.1): "that is what the first copy tells",
            _bits(0.2): "two errors cancel: the second copy is wrong with a probability below 0.2",
            _bits(0.19): "two errors cancel: then the bit is right again",
            1 - _bits(0.18): "that is the entropy of the error; the information is what is left of 1 bit",
            1 - _bits(0.1): "that is the entropy of the first error",
            _bits(0.1) ** 2: "information does not multiply along the chain; work out the chance of an error",
        },
    ),
    hint="How often is the second copy wrong? Then 1 minus the entropy of that coin, in bits.",
)

# ---------------------------------------------------------------- core


def _data(seed, n, d):
    generator = torch.Generator().manual_seed(seed)  # fixed cases; no chapter draws from this
    return torch.randn(n, d, generator=generator, dtype=torch.float64), torch.randn(
        n, generator=generator, dtype=torch.float64
    )


def _ridge(x, y, penalty):
    return torch.linalg.solve(x.T @ x + penalty * torch.eye(x.shape[1], dtype=x.dtype), x.T @ y)


exercise(
    "data_augmentation.jitter",
    function(
        lambda x, y, sigma: _ridge(x, y, len(x) * sigma**2),
        cases=[(*_data(1, 12, 3), 0.5), (*_data(2, 30, 2), 1.5), (*_data(3, 8, 4), 0.0)],
        wrong={
            lambda x, y, sigma: _ridge(x, y, sigma**2): "every one of the N examples brings its own noise",
            lambda x, y, sigma: _ridge(x, y, len(x) * sigma): "the noise enters with its variance, sigma^2",
            lambda x, y, sigma: _ridge(x, y, 0.0): "the noise averages to 0, its square does not",
        },
    ),
    hint="Multiply out: (y - w.x - sigma w.eps)^2, and average over eps.",
)


def _saving(a, b):
    return (a.var() + b.var()) / (a - b).var()


_LUCK = torch.tensor([41.0, 38.5, 44.2, 40.1, 36.9, 43.3, 39.0, 45.1], dtype=torch.float64)
_GAIN = torch.tensor([9.0, 12.5, 10.1, 11.8, 9.4, 13.0, 8.7, 12.2], dtype=torch.float64)

exercise(
    "data_augmentation.pairing",
    function(
        _saving,
        cases=[(_LUCK + _GAIN, _LUCK), (_LUCK[:5], 2.0 * _LUCK[:5] + 0.3 * _GAIN[:5]), (_GAIN, _LUCK)],
        wrong={
            lambda a, b: (
                1 / _saving(a, b)
            ): "upside down: unpaired needs more draws, if the two rise and fall together",
            lambda a, b: _saving(a, b).sqrt(): "that is the ratio of the widths; draws count with its square",
            lambda a, b: (
                2 * a.var() / (a - b).var()
            ): "the two methods need not scatter alike: add their variances",
            lambda a, b: (
                (a.var(correction=0) + b.var(correction=0)) / (a - b).var()
            ): "divide by k - 1 (or by k) above and below alike",
            lambda a, b: (
                (a.var() + b.var()) / (a.var() + b.var() - (a - b).var())
            ): "a factor, not a saved share: what is left of the variance with pairing is var(a - b)",
            lambda a, b: (
                1 - 1 / _saving(a, b)
            ): "that is the share of draws saved; the question asks for the factor",
            lambda a, b: (
                (a.std() + b.std()) / (a - b).std()
            ): "of independent numbers the variances add, not the deviations",
            lambda a, b: (
                (a.var() + b.var()) / (a.std() - b.std()) ** 2
            ): "take the differences first, then their spread",
        },
    ),
    hint="An interval is as wide as the root of variance over draws. Which variance has each of the two?",
)


def _partial(loss_xy, logits, allowed):
    log_q = logits.masked_fill(~allowed, -torch.inf).log_softmax(-1)
    cost = torch.where(allowed, loss_xy + log_q, 0.0)
    return (log_q.exp() * cost).sum(-1)


def _not_normalized(loss_xy, logits, allowed):
    log_q = logits.log_softmax(-1)
    return (log_q.exp() * (loss_xy + log_q) * allowed).sum(-1)


def _no_entropy(loss_xy, logits, allowed):
    q = logits.masked_fill(~allowed, -torch.inf).softmax(-1)
    return (q * loss_xy).sum(-1)


def _everything_allowed(loss_xy, logits, allowed):
    return _partial(loss_xy, logits, torch.ones_like(allowed))


def _evenly(loss_xy, logits, allowed):
    return _partial(loss_xy, torch.zeros_like(logits), allowed)


def _wrong_sign(loss_xy, logits, allowed):
    return 2 * _no_entropy(loss_xy, logits, allowed) - _partial(loss_xy, logits, allowed)


def _best_q(loss_xy, logits, allowed):
    return -torch.logsumexp((-loss_xy).masked_fill(~allowed, -torch.inf), -1)


def _zero_times_infinity(loss_xy, logits, allowed):
    log_q = logits.masked_fill(~allowed, -torch.inf).log_softmax(-1)
    return (log_q.exp() * (loss_xy + log_q)).sum(-1)


def _table(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(4, 10, generator=generator, dtype=torch.float64)


_EVEN = torch.arange(10).expand(4, 10) % 2 == 0
_ONE = torch.arange(10).expand(4, 10) == torch.tensor([3, 0, 9, 4])[:, None]

exercise(
    "data_augmentation.partial",
    function(
        _partial,
        cases=[
            (100 + _table(4, 3.0), _table(5, 1.0), _EVEN),
            (80 + _table(6, 1.0), _table(7, 4.0), _ONE),
            (90 + _table(8, 2.0), _table(9, 2.0), _EVEN | True),
        ],
        wrong={
            _not_normalized: "q must sum to 1 over the labels that are allowed",
            _no_entropy: "the entropy of q is missing",
            _everything_allowed: "that lets q believe in labels that are excluded",
            _evenly: "that ignores what the classifier says about the allowed labels",
            lambda l, o, s: -_partial(l, o, s): "this is the bound; the loss is minus the bound",
            _wrong_sign: "the sign of the entropy: log q is added to the loss, not subtracted",
            _best_q: "that is the loss of the best q; the question asks for the classifier's q",
            _zero_times_infinity: "an excluded label gives 0 * -inf, which is nan; leave it out of the sum",
        },
    ),
    hint="Give excluded labels the logit -inf and normalize; then equation (5) over what is left.",
)

exercise(
    "data_augmentation.leak",
    choice(
        "bc",
        wrong={
            "a": "that generator saw the same 100 labels as the baseline, and no other",
            "b": "one more: count the labels that chose the angle",
            "c": "one more: the downloaded model had seen captions, which are labels",
            "d": "all labels of d are among the 100; the unlabeled images are declared",
            "abc": "a saw the same 100 labels as the baseline, and no other",
            "bcd": "all labels of d are among the 100; the unlabeled images are declared",
            "cb": "those two it is; give the letters in the order of the alphabet",
            "ac": "a saw the same 100 labels as the baseline, and no other; and look at b again",
            "ab": "a saw the same 100 labels as the baseline, and no other; and look at c again",
            "ad": "a and d have no labels but the 100; look at b and at c again",
            "cd": "d declares its extra data and gives it to the baseline, too; and look at b again",
            "acd": "a and d have no labels but the 100; count the labels that chose the angle of b",
            "abd": "a and d have no labels but the 100; the downloaded model of c had seen captions",
            "bd": "d declares its extra data and gives it to the baseline, too; and look at c again",
            "abcd": "a saw the baseline's labels only; d gives its extra images to the baseline, too",
        },
    ),
    hint="For each: list every label that had a say, and ask whether the baseline got it.",
)

# ---------------------------------------------------------------- stretch


def _log_probabilities(seed, shift):
    generator = torch.Generator().manual_seed(seed)
    raw = torch.randn(5, 3, 4, generator=generator, dtype=torch.float64)
    return raw.log_softmax(-1) + shift


exercise(
    "data_augmentation.vote",
    function(
        lambda log_p: torch.logsumexp(log_p, 0) - math.log(len(log_p)),
        cases=[(_log_probabilities(8, 0.0),), (_log_probabilities(9, -900.0),)],
        wrong={
            lambda p: p.mean(0): "that averages logarithms: one version can veto; average the probabilities",
            lambda p: torch.logsumexp(p, 0): "a sum, not yet an average",
            lambda p: (
                torch.logsumexp(p, 0) - math.log(p.shape[-1])
            ): "that divides by the number of classes, not of versions",
            lambda p: (
                torch.logsumexp(p, 0) / len(p)
            ): "dividing by T is a subtraction once you are among logarithms",
            lambda p: p.amax(0): "that lets the most confident version decide; average the probabilities",
            lambda p: p.exp().mean(0).log(): "exp(-900) is 0: use logsumexp",
            lambda p: p.exp().mean(0): "the logarithm of the average was asked for",
        },
    ),
    hint="logsumexp over the versions, and a subtraction for the division by T.",
)
