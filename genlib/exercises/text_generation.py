"""Exercises of the chapter "Text generation"."""

import numpy as np
import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "text_generation.bytes",
    value(
        30_750,
        wrong={
            246_000: "that is the number of bits: a byte has eight",
            120_000 * 2.05 / 8 / np.log(2): "the figure is in bits already, not in nats",
            120_000 * 8 / 2.05: "more bits per character make a larger file, not a smaller one",
            120_000: "that is the plain file, at eight bits a character",
            30.75: "bytes were asked for, not thousands of bytes",
            30_750 / 1024: "bytes were asked for, not kibibytes",
            246: "bytes were asked for, not thousands of bits",
            120_000 / 2.05: "the figure is bits per character, not characters per bit",
            120_000 / 2.05 / 8: "the figure is bits per character, not characters per bit",
        },
    ),
    hint="The bits of the whole text, then eight bits to a byte.",
)

_P = np.array([0.6, 0.3, 0.1])
_SOFTMAX = np.exp(2 * _P) / np.exp(2 * _P).sum()
exercise(
    "text_generation.cooled",
    value(
        _P**2 / (_P**2).sum(),
        rtol=2e-2,
        atol=5e-3,  # two decimals will do
        wrong={
            tuple(_P**0.5 / (_P**0.5).sum()): "this is temperature 2: the power is 1/T",
            tuple(_P**2): "these do not sum to 1 yet",
            tuple(_P): "at another temperature than 1 something should change",
            tuple(_SOFTMAX): "these are probabilities; it is logits, their logarithms, that are divided by T",
        },
    ),
    hint="Equation (7), with the power 1 / 0.5.",
)

# ---------------------------------------------------------------- core


def _top_k(logits, k):
    smallest = logits.topk(k, dim=-1).values[:, -1:]
    return logits.masked_fill(logits < smallest, -torch.inf)


def _logits(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _top_k_of_all(logits, k):
    return logits.masked_fill(logits < logits.flatten().topk(k).values[-1], -torch.inf)


def _top_k_strict(logits, k):
    return logits.masked_fill(logits <= logits.topk(k, dim=-1).values[:, -1:], -torch.inf)


def _top_k_smallest(logits, k):
    return logits.masked_fill(logits > logits.sort(dim=-1).values[:, k - 1 : k], -torch.inf)


def _top_k_ascending(logits, k):
    return logits.masked_fill(logits < logits.sort(dim=-1).values[:, k - 1 : k], -torch.inf)


def _top_k_one_cut(logits, k):
    return logits.masked_fill(logits < logits.topk(k, dim=-1).values.min(), -torch.inf)


def _top_k_as_zero(logits, k):
    return torch.where(torch.isinf(_top_k(logits, k)), 0.0, logits)


exercise(
    "text_generation.top_k",
    function(
        _top_k,
        cases=[(_logits(1, 3, 7), 2), (_logits(2, 1, 5), 1), (_logits(3, 4, 6), 6), (_logits(4, 2, 9), 4)],
        wrong={
            _top_k_of_all: "each row has its own k largest",
            _top_k_one_cut: "each row has its own cut: keep the last dimension of the k-th largest",
            _top_k_strict: "the k-th largest itself should stay: cut what is strictly below it",
            _top_k_smallest: "these are the k smallest",
            _top_k_ascending: "sorted upwards, the k-th value is the k-th smallest",
            _top_k_as_zero: "a logit of 0 is no small probability: the softmax of minus infinity is 0",
            lambda logits, k: _top_k(logits, k).softmax(-1): "logits were asked for, not probabilities",
            lambda logits, k: logits.topk(k, dim=-1).values: "keep the shape (B, V)",
        },
    ),
    hint="Find the k-th largest logit of each row, and cut below it.",
)


def _witten_bell(counts, p_shorter):
    counts, p_shorter = np.asarray(counts, float), np.asarray(p_shorter, float)
    kinds = np.count_nonzero(counts)
    return (counts + kinds * p_shorter) / (counts.sum() + kinds) if kinds else p_shorter


def _witten_bell_all_kinds(counts, p_shorter):
    return (counts + len(counts) * p_shorter) / (counts.sum() + len(counts))


def _witten_bell_uniform(counts, p_shorter):
    return _witten_bell(counts, np.full(len(counts), 1 / len(counts)))


def _witten_bell_backoff(counts, p_shorter):
    kinds = np.count_nonzero(counts)
    total = counts.sum() + kinds
    return np.where(counts > 0, counts / total, kinds * p_shorter / total) if kinds else p_shorter


def _witten_bell_unguarded(counts, p_shorter):
    kinds = np.count_nonzero(counts)
    with np.errstate(invalid="ignore"):
        return (counts + kinds * p_shorter) / np.float64(counts.sum() + kinds)


def _witten_bell_one(counts, p_shorter):
    return (counts + p_shorter) / (counts.sum() + 1)


def _witten_bell_swapped(counts, p_shorter):
    kinds, total = np.count_nonzero(counts), counts.sum()
    if not kinds:
        return p_shorter
    return (kinds * counts / total + total * p_shorter) / (total + kinds)


_SHORTER = np.array([0.4, 0.3, 0.2, 0.1])

exercise(
    "text_generation.witten_bell",
    function(
        _witten_bell,
        cases=[
            (np.array([3.0, 0.0, 1.0, 0.0]), _SHORTER),
            (np.array([0.0, 5.0, 0.0, 0.0]), _SHORTER),
            (np.array([1.0, 1.0, 1.0, 1.0]), _SHORTER),
            (np.zeros(4), _SHORTER),
        ],
        wrong={
            _witten_bell_all_kinds: "N counts the different symbols that were seen, not all of them",
            _witten_bell_uniform: "the imaginary observations are spread as the shorter context predicts",
            _witten_bell_backoff: "the shorter context has its share in the seen symbols too",
            _witten_bell_unguarded: "0 / 0 where nothing was seen: then the shorter context decides alone",
            _witten_bell_one: "not one imaginary observation, but as many as there were different symbols",
            _witten_bell_swapped: "the weights are swapped: N / (c + N) goes to the shorter context",
        },
    ),
    hint="(c_v + N p'(v)) / (c + N); and what is left when nothing was seen?",
)


def _table(V):
    return _logits(5, V, V)


def _causal_sum(idx, V):
    """Every prediction depends on all symbols so far."""
    return _table(V)[idx].cumsum(1)


def _ahead(idx, V):
    following = torch.cat([idx[:, 1:], idx[:, -1:]], 1)
    return _causal_sum(idx, V) + 0.05 * _table(V)[following]


def _from_the_end(idx, V):
    return _causal_sum(idx, V) + 0.05 * _table(V)[idx[:, -1:]]


def _one_symbol(idx, V, symbol=None):
    """Leaks only whether one symbol, by default the last of the alphabet, is still to come."""
    symbol = V - 1 if symbol is None else symbol
    return _causal_sum(idx, V) + 0.05 * (idx.flip(1) == symbol).cumsum(1).flip(1)[..., None].sign()


def _last_symbol(idx, V):
    return _table(V)[idx]


def _constant(idx, V):
    return torch.zeros(*idx.shape, V)


@exercise("text_generation.causal", hint="Change one character at a time; look at the predictions before it.")
def _is_causal(answer):
    if not callable(answer):
        return "expected a function of model, V and T"
    models = {
        "a model that sums up all symbols so far": (_causal_sum, True),
        "a model that sees only the last symbol": (_last_symbol, True),
        "a model that always says the same": (_constant, True),
        "a model that sees one character ahead": (_ahead, False),
        "a model that sees the last character of the text": (_from_the_end, False),
        "a model that sees whether the last symbol of the alphabet is still to come": (_one_symbol, False),
    }
    for V, T in ((3, 6), (5, 9)):
        for title, (model, causal) in models.items():
            if _verdict(answer, lambda idx, model=model, V=V: model(idx, V), V, T) == causal:
                continue
            if causal:
                return f"{title} is causal (V = {V}, T = {T}): logits[:, t] may depend on idx[:, t] itself"
            return f"{title} is not causal (V = {V}, T = {T})"
    for symbol in range(0, 40, 5):  # few texts hold all of forty symbols: each has to be tried

        def rare(idx, symbol=symbol):
            return _one_symbol(idx, 40, symbol)

        if _verdict(answer, rare, 40, 7):
            return f"a model that sees whether symbol {symbol} of 40 is still to come is not causal (T = 7)"
    return None


def _verdict(answer, model, V, T):
    said = call(answer, model, V, T)
    return bool(said.item() if isinstance(said, torch.Tensor) else said)


@exercise(
    "text_generation.backwards",
    hint="Build the text from its end: p(x_t | x_{t+1}) sums to one just as well.",
)
def _backwards(answer):
    if not callable(answer):
        return "expected a function of idx"
    V, T = 3, 6
    x = torch.cartesian_prod(*[torch.arange(V)] * T)
    idx = torch.nn.functional.pad(x, (1, 0))[:, :-1]
    with torch.no_grad():
        logits = torch.as_tensor(call(answer, idx))
        if logits.shape != (len(x), T, V):
            return f"expected logits of shape {(len(x), T, V)}, not {tuple(logits.shape)}"
        if not torch.equal(logits, torch.as_tensor(call(answer, idx))):
            return "asked twice with the same idx, it says different things: draw the table once"
        log_p = logits.log_softmax(-1).gather(2, x[..., None])
        total = log_p.double().sum((1, 2)).exp().sum().item()
        if not abs(total - 1) < 1e-3:
            return f"the sum over all {len(x)} strings is {total:.3f}"
        for t in range(T - 2):
            moved = 0.0
            for later in range(t + 2, T):  # prediction t is about idx[:, t + 1]
                changed = idx.clone()
                changed[:, later] = (idx[:, later] + 1) % V
                there = torch.as_tensor(call(answer, changed))[:, t]
                moved = max(moved, (there - logits[:, t]).abs().max().item())
            if moved < 1e-4:
                return f"the sum is 1, but prediction {t} does not look at anything later than its symbol"
    return None


def _longest_shared(a, b):
    best = 0
    for i in range(len(a)):
        while i + best < len(a) and a[i : i + best + 1] in b:
            best += 1
    return best


def _common_prefix(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _subsequence(a, b):
    row = [0] * (len(b) + 1)
    for x in a:
        old = row
        row = [0]
        for j, y in enumerate(b):
            row.append(old[j] + 1 if x == y else max(row[j], old[j + 1]))
    return row[-1]


exercise(
    "text_generation.shared",
    function(
        _longest_shared,
        cases=[
            ("to be or not to be", "let it be or not"),
            ("abc", "xyz"),
            ("", "abc"),
            ("abab", "babab"),
            ("a rose is a rose", "a rose"),
            ("the end", "in the end"),
        ],
        wrong={
            _common_prefix: "the run may begin anywhere, in either text",
            _subsequence: "the characters must stand side by side in both texts",
            lambda a, b: len(set(a) & set(b)): "these are shared characters, not a shared run",
            lambda a, b: max(
                (len(w) for w in set(a.split()) & set(b.split())), default=0
            ): "a run does not end at a space",
        },
    ),
    hint="Try to extend the best run so far from every position.",
)

# ---------------------------------------------------------------- stretch


def _best_weight(p, q):
    p, q = np.asarray(p, float), np.asarray(q, float)
    low, high = 0.0, 1.0
    for _ in range(60):  # the slope of a concave function falls: look for its zero
        w = (low + high) / 2
        if np.mean((p - q) / (w * p + (1 - w) * q)) > 0:
            low = w
        else:
            high = w
    return (low + high) / 2


def _em(steps):
    def few(p, q):
        w = 0.5
        for _ in range(steps):
            w = np.mean(w * p / (w * p + (1 - w) * q))
        return w

    return few


def _winner_takes_all(p, q):
    return float(np.mean(np.log(p)) > np.mean(np.log(q)))


def _probabilities(seed, better):
    rng = np.random.default_rng(seed)  # the cases of the checkers are fixed; no chapter draws from this
    return rng.beta(2 + better, 3, 400), rng.beta(2, 3, 400)


exercise(
    "text_generation.weight",
    function(
        _best_weight,
        cases=[_probabilities(6, 0.3), _probabilities(7, 0.0), _probabilities(8, -0.3)],
        rtol=5e-3,
        atol=5e-3,
        wrong={
            lambda p, q: 1 - _best_weight(p, q): "that is the weight of the second model",
            lambda p, q: np.mean(p > q): "how much better counts as well as how often",
            lambda p, q: np.mean(p / (p + q)): "this is the first step from one half: go on",
            **{_em(steps): f"this is where EM stands after {steps} steps: go on" for steps in (3, 5, 10)},
            lambda p, q: 0.5: "half and half is where to start",
            lambda p, q: 2 / 3: "two parts to one was the chapter's guess; here it is to be found",
            _winner_takes_all: "even the worse model deserves a share",
        },
    ),
    hint="EM for two fixed components: the new weight is the mean of w p / (w p + (1 - w) q).",
)
