"""Exercises of the chapter "From narrow AI to generative models"."""

import math
from collections import Counter

from genlib.exercises import choice, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "background.bits",
    value(
        6,
        wrong={
            2: "that is the average per letter; the whole word was asked",
            1 / 64: "that is the probability of the word; turn it into bits",
            64: "that is one over the probability of the word; take its logarithm to base 2",
            math.log(64): "these are nats: take the logarithm to base 2",
            7 / 8: "probabilities of letters that come one after the other multiply, they do not add",
            math.log2(8 / 7): "the bits of each letter add; its probabilities do not",
        },
    ),
    hint="log2(1/p) for each letter, then add.",
)

exercise(
    "background.perceptron",
    value(
        (0, -1, 0),
        wrong={
            (1, 0, 1): "the second example was answered wrongly: its sum is 2, and y is -1",
            (0, -2, -1): "the third example is answered rightly, its sum is -1: nothing changes",
            (0, -1, -1): "the second example has all three inputs on: subtract 1 from each weight",
            (2, 1, 2): "y = -1 subtracts the example",
            (-1, -1, -1): "a sum of 0 counts as wrong: the first example changes the weights too",
            (-1, -2, -2): "a sum of 0 counts as wrong, and the third example is then answered rightly",
            (0, 0, 0): "the first sum is 0, which counts as wrong: add the example",
        },
    ),
    hint="Three steps: compute the sum, compare its sign with y, and add y x only if they disagree.",
)

exercise(
    "background.narrow",
    choice(
        "GPT-3",
        wrong={
            "gpt3": "write it as GPT-3",
            "Deep Blue": "fast, and at chess only",
            "MYCIN": "better than specialists, and at one specialty only",
            "AlexNet": "a thousand possible answers to a single question",
        },
    ),
    hint="Not how well, but how broadly: what could it do that nobody had built in?",
)

# ---------------------------------------------------------------- core

exercise(
    "background.base_rate",
    value(
        7 / 34,
        rtol=0.03,
        wrong={
            700 / 34: "a probability was asked, not per cent",
            0.7: "that is the probability that a machine is called one; the question is the other way round",
            0.1: "that was so before the judge spoke",
            0.07: "these are machines that are called so; divide by all partners who are",
            0.34: "that is the share called machines; divide the share of machines called so by it",
            27 / 34: "that is the share of people among those who are called machines",
            0.1 * 0.3 / (0.1 * 0.3 + 0.9 * 0.7): "that is the answer after the verdict: a person",
            0.9 * 0.7 / (0.9 * 0.7 + 0.1 * 0.3): "that is the share of people among those called people",
        },
    ),
    hint="Take 100 partners and count who is called a machine.",
)


def _first_order(text):
    return -sum(n * math.log2(n / len(text)) for n in Counter(text).values()) / len(text)


exercise(
    "background.first_order",
    function(
        _first_order,
        cases=["abab", "aab", "to be or not to be", "aaaa", "the quick brown fox"],
        wrong={
            lambda text: _first_order(text) * math.log(2): "these are nats: take the logarithm to base 2",
            lambda text: _first_order(text) * len(text): "that is the whole text; divide by its length",
            lambda text: (
                -sum(math.log2(n / len(text)) for n in Counter(text).values()) / len(Counter(text))
            ): ("average over the characters of the text, not over the alphabet: frequent ones count more"),
            lambda text: -_first_order(text): "right but for the sign",
            lambda text: math.log2(
                len(set(text))
            ): "that would be right if all characters were equally frequent",
            lambda text: _first_order(text.replace(" ", "")) if text.replace(" ", "") else 0.0: (
                "the space is a character like the others"
            ),
        },
    ),
    hint="For each character of the text log2(1/p), p its share in the text; then the average.",
)


def _certainty(evidence):
    return 1 - math.prod(1 - x for x in evidence)


exercise(
    "background.certainty",
    function(
        _certainty,
        cases=[([0.6, 0.6],), ([0.2, 0.5, 0.1],), ([],), ([0.9],), ([1.0, 0.3],)],
        wrong={
            lambda evidence: sum(
                evidence
            ): "a certainty cannot exceed 1: only what is left of the doubt can go",
            lambda evidence: min(
                1, sum(evidence)
            ): "cutting off at 1 makes two halves a certainty: only what is left of the doubt can go",
            lambda evidence: max(evidence, default=0): "further evidence should add something",
            lambda evidence: math.prod(evidence): "that is the certainty of all of them together, an AND",
            lambda evidence: math.prod(1 - x for x in evidence): "that is the doubt that is left",
            lambda evidence: (
                sum(evidence) / max(1, len(evidence))
            ): "that is the average; two findings should weigh more than one",
        },
    ),
    hint="Start with 0 and go through the list: x + y (1 - x) takes its share of the doubt that is left.",
)


def _fires(weights, inputs):
    return int(sum(w * x for w, x in zip(weights, (*inputs, 1), strict=True)) > 0)


@exercise("background.xor", hint="One unit for 'at least one', one for 'both', and the answer subtracts.")
def xor(answer):
    if len(answer) != 3 or any(not hasattr(row, "__len__") or len(row) != 3 for row in answer):
        return "expected three rows of three weights: two middle units and the answer"
    rows = [[float(w) for w in row] for row in answer]
    for inputs in ((0, 0), (0, 1), (1, 0), (1, 1)):
        said = _fires(rows[2], (_fires(rows[0], inputs), _fires(rows[1], inputs)))
        if said != inputs[0] ^ inputs[1]:
            return f"for {inputs} your network says {said}; its middle units say " + str(
                tuple(_fires(row, inputs) for row in rows[:2])
            )
    return None


# ---------------------------------------------------------------- stretch


def _both_on(w):
    return math.exp(w) / (3 + math.exp(w))


exercise(
    "background.boltzmann",
    function(
        _both_on,
        cases=[0.0, 1.0, -2.0, math.log(3)],
        wrong={
            lambda w: 1 / (1 + math.exp(-w)): "there are four states, not two",
            lambda w: (
                math.exp(-w) / (3 + math.exp(-w))
            ): "a positive weight makes both more likely: mind the sign",
            lambda w: math.exp(w): "divide by the sum over all states",
            lambda w: math.exp(w) / (2 + math.exp(w)): "three of the four states have the liking 0",
            lambda w: (
                math.exp(w) / (1 + 2 * math.exp(w))
            ): "only one of the four states has the liking w: the one with both on",
            lambda w: math.exp(w) / 4: "divide by the sum of all four weights e^g, not by their number",
            lambda w: w / (3 + w): "probabilities go with e to the liking",
            lambda w: 0.25: "the weight should matter",
        },
    ),
    hint="List the four states and their likings; only one of them has both on.",
)
