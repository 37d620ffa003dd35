"""Exercises of the chapter "Evaluating generative models"."""

import math

import torch
from scipy import stats

from genlib.data import stored_results
from genlib.exercises import Result, choice, exercise, function, value

exercise(
    "evaluation.noise",
    value(
        math.log(1000),
        wrong={
            -math.log(0.999): "that is the cost of keeping 999 good pictures in 1,000; here one is kept",
            math.log(100): "that is for one good picture in 100",
            math.log10(1000): "nats are natural logarithms",
            math.log2(1000): "that is in bits; nats are asked",
            -math.log(1000): "a cost is asked: a positive number",
            784
            * math.log(
                1000
            ): "the factor stands before the density of the whole picture: it counts once, not once a pixel",
        },
    ),
    hint="Equation (1): what is lambda?",
)
exercise(
    "evaluation.p_value",
    function(
        lambda right, m: stats.binom.sf(right - 1, m, 0.5),
        [(15, 24), (24, 24), (12, 24), (530, 1000), (0, 5)],
        wrong={
            lambda right, m: stats.binom.sf(
                right, m, 0.5
            ): "sf(k) is the chance of more than k: it leaves out exactly as many as you had",
            lambda right, m: stats.binom.pmf(
                right, m, 0.5
            ): "that is the chance of exactly so many; as many or more is asked",
            lambda right, m: stats.binom.cdf(right, m, 0.5): "that is the chance of so few: the other tail",
            lambda right, m: (
                stats.binom.sf(right, m, 0.5) + stats.binom.pmf(right, m, 0.5) / 2
            ): "that counts a tie half, as the page's p_value does; equation (2) counts it whole",
        },
    ),
    hint="Equation (2), with scipy's binom.",
)
exercise(
    "evaluation.floor",
    function(
        lambda sigma, n: 3 * sigma**2 / n,
        [(1.0, 100), (2.0, 50), (0.5, 1000)],
        wrong={
            lambda sigma, n: 2 * sigma**2 / n: "that is the part of the means; the spreads differ, too",
            lambda sigma, n: 3 * sigma / n: "a squared distance has the unit of a square",
            lambda sigma, n: 1.5 * sigma**2 / n: "both sets are samples: two means and two spreads wobble",
            lambda sigma, n: 3 / n: "right for sigma = 1; how does it scale?",
        },
    ),
    hint="Set d = 1 in equation (4), then ask how a squared distance scales with sigma.",
)
exercise(
    "evaluation.extrapolate",
    function(
        lambda d2_n, d2_m, n, m: (m * d2_m - n * d2_n) / (m - n),
        [(10.0, 6.0, 500, 1000), (4.4, 2.2, 500, 1000), (9.0, 5.0, 100, 1000), (5.0, 5.0, 300, 700)],
        wrong={
            lambda d2_n, d2_m, n, m: (
                2 * d2_m - d2_n
            ): "right when m = 2n; the line is in 1/n, so its slope needs the two sizes",
            lambda d2_n, d2_m, n, m: (n * d2_n - m * d2_m) / (m - n): "the sign is turned",
            lambda d2_n, d2_m, n, m: (
                (d2_n - d2_m) / (1 / n - 1 / m)
            ): "that is the slope c, not the intercept",
            lambda d2_n, d2_m, n, m: (
                (n * d2_n + m * d2_m) / (n + m)
            ): "that is an average, and as biased as its parts",
        },
    ),
    hint="Two equations, d2_n = a + c / n and d2_m = a + c / m. Solve for a.",
)
exercise(
    "evaluation.held_out",
    function(
        lambda T, H, share: (1 - share) * H / (T + H),
        [(10_000, 5000, 0.0), (60_000, 5000, 0.5), (100, 100, 1.0)],
        wrong={
            lambda T, H, share: (1 - share) * T / (T + H): "that counts the neighbors among training digits",
            lambda T, H, share: share * H / (T + H): "a copy finds its original, which is a training digit",
            lambda T, H, share: H / (T + H) - share: "only what is not copied can find a held-out one",
            lambda T, H, share: (1 - share) * H / T: "the neighbor is one of T + H",
            lambda T, H, share: (
                (1 - share) * H / ((1 - share) * T + H)
            ): "all T training digits stay there to be found, copied or not",
        },
    ),
    hint="What does a copy find? What does the rest find?",
)
exercise(
    "evaluation.sheet",
    value(
        299,
        rtol=1e-9,
        wrong={
            298: "just short: 0.99^298 is 0.05003",
            math.log(0.05) / math.log(0.99): "a number of pictures is whole: round up",
            300: "one less is enough",
            100: "of 100 pictures 37 % of the sheets lack it",
            95: "then it is missing from 38 % of the sheets",
            29: "that is for a kind with a share of 10 %",
        },
    ),
    hint="An honest sheet lacks it with a chance of 0.99^n.",
)
exercise(
    "evaluation.best_accuracy",
    function(
        lambda share: 0.5 + share / 2,
        [(0.1,), (0.0,), (0.5,), (1.0,)],
        atol=1e-9,
        wrong={
            lambda share: (
                0.5 + share
            ): "he is right about all real pictures of the lost kind, but only half of what he sees is real",
            lambda share: share: "with share 0 he can still toss a coin",
            lambda share: (
                1 / (2 - share)
            ): "that is how often a picture of a kind that is left comes from the "
            "model; the accuracy averages over all pictures",
            lambda share: 0.5: "one kind of picture he knows to be real",
            lambda share: (
                1 - share / 2
            ): "with share 0 nothing would differ, and he could only toss a coin; more loss, more to see",
        },
    ),
    hint="Add up the larger of p and q over all kinds, and halve.",
)


def unpacked(text):
    """A picture of the leaderboard, as it is stored.

    Args:    text: 196 hexadecimal digits, four pixels each, row by row.
    Returns: (784,) floats, 0 or 1.
    """
    return torch.tensor([int(bit) for digit in text for bit in f"{int(digit, 16):04b}"]).float()


def _order():
    return torch.randperm(24, generator=torch.Generator().manual_seed(24))  # the same for every reader


def real_or_model():
    """The pictures of the game: some are real, some are a model's.

    Returns: (24, 784) floats, 0 or 1, in the order in which they are shown, the same for every reader.
    """
    rows = {row["model"]: row for row in stored_results("leaderboard")["results"] if row["seed"] == 0}
    both = rows["real digits"]["pictures"] + rows["labeled conv GAN"]["pictures"]
    return torch.stack([unpacked(text) for text in both])[_order()]


@exercise("evaluation.eye")
def eye(answer):
    """Any 24 letters count; the message says how many are right, and what a coin would do."""
    if not isinstance(answer, str):
        return "expected a text of 24 letters, R for real and M for model"
    letters = [letter for letter in answer.upper() if not letter.isspace()]
    if strange := sorted(set(letters) - {"R", "M"}):
        return f"only R for real and M for model, not {', '.join(strange)}"
    if len(letters) != 24:
        return f"expected 24 letters, one a picture, not {len(letters)}"
    key = ["R" if i < 12 else "M" for i in _order().tolist()]
    right = sum(a == b for a, b in zip(letters, key, strict=True))
    chance = stats.binom.sf(right - 1, 24, 0.5)
    if chance < 0.05:
        verdict = "a coin rarely does as well"
    elif stats.binom.cdf(right, 24, 0.5) < 0.05:
        verdict = "so few that you do see a difference, but take the one for the other"
    else:
        verdict = "no proof that you see a difference"
    games = "less than 1" if chance < 0.01 else f"{100 * chance:.0f}"
    message = f"{right} of 24 are right; a coin gets as many or more in {games} % of games: {verdict}"
    return Result("evaluation.eye", True, message)


exercise(
    "evaluation.which",
    choice(
        "c",
        wrong={
            "a": "blur and snow raise it in these features: look at the bench",
            "b": "two sets of real digits, one of them copied, have the same mean and covariance",
            "d": "it asks whether reals are reached, and copies reach them well",
        },
    ),
    hint="Which column of the bench is loud in the row 'all copied'?",
)
