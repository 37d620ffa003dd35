"""Exercises of the chapter "Hidden Markov models"."""

import itertools

import numpy as np

from genlib.exercises import choice, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "hidden_markov_models.week",
    value(
        0.756**6,
        rtol=2e-3,
        wrong={
            0.756**7: "the spell has begun with a dry day already: count only those that must follow",
            0.756**6 * 0.244: "that is a spell of exactly seven days",
            1 - 0.756**6: "that is a spell shorter than a week",
            1 - 0.756**7: "count the days that must follow the first, and mind which way the question goes",
        },
    ),
    hint="The first day of a dry spell is dry. How many times must it stay dry?",
)

exercise(
    "hidden_markov_models.parameters",
    function(
        lambda K, V: K * K - 1 + K * (V - 1),
        cases=[(2, 4), (1, 27), (8, 27), (3, 2)],
        wrong={
            lambda K, V: K + K * K + K * V: "each row sums to 1, so its last entry is not free",
            lambda K, V: K * (K - 1) + K * (V - 1): "the first state has a distribution too",
            lambda K, V: K + K * (K - 1) + K * (V - 1): "pi sums to 1 as well",
            lambda K, V: K * K - 2 + K * V: "in A and B every row sums to 1, not only the whole matrix",
        },
    ),
    hint="pi is one row of K, A has K rows of K, B has K rows of V.",
)

# ---------------------------------------------------------------- core


def _model(seed, K, V):
    rng = np.random.default_rng(seed)  # the cases of the checkers are fixed; no chapter draws from this
    return tuple(np.log(rng.dirichlet(np.ones(n), rows or None)) for rows, n in ((0, K), (K, K), (K, V)))


def _predict_next(log_alpha_last, log_A, log_B):
    now = np.exp(log_alpha_last - np.logaddexp.reduce(log_alpha_last))
    return now @ np.exp(log_A) @ np.exp(log_B)


def _normalized(log_p):
    return np.exp(log_p - np.logaddexp.reduce(log_p))


_, _A3, _B3 = _model(1, 3, 4)
_, _A2, _B2 = _model(2, 2, 2)

exercise(
    "hidden_markov_models.next",
    function(
        _predict_next,
        cases=[
            (np.array([-3.0, -1.0, -2.5]), _A3, _B3),
            (np.array([-60000.0, -60002.0]), _A2, _B2),
        ],
        wrong={
            lambda a, A, B: _normalized(a) @ np.exp(B): "the state moves on before it shows the next symbol",
            lambda a, A, B: (
                _normalized(a) @ np.exp(A).T @ np.exp(B)
            ): "A was used the wrong way round: row is from, column is to",
            lambda a, A, B: np.exp(a) @ np.exp(A) @ np.exp(B): "exp(-60000) is 0: normalize the logarithms",
            lambda a, A, B: np.log(_predict_next(a, A, B)): "probabilities were asked for, not logarithms",
        },
    ),
    hint="p(today's state | x), then one step of the chain, then the symbols. Normalize in logarithms.",
)


def _gaps(log_pi, log_A, log_B, x):
    log_alpha = log_pi
    for t, symbol in enumerate(x):
        if t > 0:
            log_alpha = np.logaddexp.reduce(log_alpha[:, None] + log_A, axis=0)
        if symbol >= 0:
            log_alpha = log_alpha + log_B[:, symbol]
    return np.logaddexp.reduce(log_alpha)


def _gaps_left_out(log_pi, log_A, log_B, x):
    return _gaps(log_pi, log_A, log_B, [symbol for symbol in x if symbol >= 0])


def _gaps_as_last_symbol(log_pi, log_A, log_B, x):
    return _gaps(log_pi, log_A, log_B, np.asarray(x) % log_B.shape[1])


def _gaps_averaged(log_pi, log_A, log_B, x):
    return _gaps(log_pi, log_A, log_B, x) - sum(symbol < 0 for symbol in x) * np.log(log_B.shape[1])


exercise(
    "hidden_markov_models.gaps",
    function(
        _gaps,
        cases=[
            (*_model(3, 2, 3), np.array([0, 2, -1, -1, 1])),
            (*_model(4, 3, 2), np.array([-1, 1, 0, -1, 1, 1, 0, -1])),
            (*_model(5, 2, 2), np.tile([1, 0, -1], 700)),
        ],
        wrong={
            _gaps_left_out: "the state may have changed on the broken days: step on with A",
            _gaps_as_last_symbol: "-1 was taken for the last column of log_B",
            _gaps_averaged: "sum over the unseen symbol, do not average: the factor of such a day is 1",
        },
    ),
    hint="The factor of a day, B[j, x], summed over all symbols x, is 1.",
)

exercise(
    "hidden_markov_models.daywise",
    value(
        [[0, 2], [0, 3]],
        wrong={
            ((0, 3), (0, 2)): "these are the right two paths in the wrong order: Viterbi's comes first",
            ((0, 2), (0, 2)): "add up, for the second day alone, the paths that end in 3",
            ((0, 3), (0, 3)): "from 0 the chain never goes to 3, so this path has probability 0",
        },
    ),
    hint="Write down the three possible paths and their probabilities.",
)

exercise(
    "hidden_markov_models.survivor",
    choice(
        "names",
        wrong={
            "weather": "count the nats: more than half a nat a day, and 1,461 days; the limit is 744",
            "genome": "the chapter saw it die after about one per cent of the letters",
        },
    ),
    hint="Nats per symbol times symbols in one sequence, against 744.",
)

# ---------------------------------------------------------------- stretch


def _previous(log_alpha_t, log_A, j):
    return _normalized(log_alpha_t + log_A[:, j])


exercise(
    "hidden_markov_models.previous",
    function(
        _previous,
        cases=[(np.array([-3.0, -1.0, -2.5]), _A3, j) for j in range(3)]
        + [(np.array([-60000.0, -60002.0]), _A2, 1)],
        wrong={
            lambda a, A, j: _normalized(a + A[j]): "that is the row of A; the chain goes from i to j",
            lambda a, A, j: _normalized(A[:, j]): "x up to day t has its say too: log_alpha",
            lambda a, A, j: _normalized(a): "the next state is known: weigh each state by the step to it",
            lambda a, A, j: np.exp(a + A[:, j]): "this does not sum to 1 yet",
            lambda a, A, j: a + A[:, j]: "exponentiate, and normalize",
        },
    ),
    hint="Bayes: proportional to p(z_t = i, x up to t) times p(z_{t+1} = j | z_t = i).",
)


def _series(n, p):
    return (n - 1) * p**2 * (1 - p) ** (n - 2) if n >= 2 else 0.0


exercise(
    "hidden_markov_models.series",
    function(
        _series,
        cases=list(itertools.product((1, 2, 3, 7, 20), (0.1, 0.4))),
        wrong={
            lambda n, p: p * (1 - p) ** (n - 1): "that is one state; here two leavings are needed",
            lambda n, p: (
                p**2 * (1 - p) ** (n - 2) if n >= 2 else 0.0
            ): "the first leaving can happen on several days: count them",
            lambda n, p: p**2 * (1 - p) ** (n - 2): "count the days of the first leaving; n = 1 has none",
            lambda n, p: n * p**2 * (1 - p) ** (n - 1): "each state takes at least one day",
            lambda n, p: (
                n * p**2 * (1 - p) ** (n - 2) if n >= 2 else 0.0
            ): "the first leaving cannot be on the last day",
        },
    ),
    hint="Two leavings, n - 2 stayings, and the number of places where the first leaving can stand.",
)
