"""Exercises of the chapter "Mode collapse"."""

import math

from genlib.exercises import choice, exercise, function, value

exercise(
    "mode_collapse.within",
    function(
        lambda r: 1 - math.exp(-(r**2) / 2),
        [(1.0,), (3.0,), (0.2,)],
        wrong={
            lambda r: math.erf(r / math.sqrt(2)): "that is the share on the line; in the plane there are two "
            "coordinates",
            lambda r: math.erf(r / math.sqrt(2)) ** 2: "that is the share in a square of half side r; the "
            "question is about a disk",
            lambda r: math.exp(-(r**2) / 2): "that is the share outside",
            lambda r: 1 - math.exp(-(r**2)): "mind the 2 in the exponent of the Gaussian",
            lambda r: 1 - math.exp(-r / 2): "the radius is squared in the exponent",
        },
    ),
    hint="In polar coordinates the density of the radius is r exp(-r^2 / 2).",
)
exercise(
    "mode_collapse.kl_of_k",
    function(
        lambda k, M: math.log(M / k),
        [(1, 8), (4, 8), (99, 1000), (1000, 1000)],
        wrong={
            lambda k, M: math.log(k / M): "the sign is turned: a KL is never negative",
            lambda k, M: math.log(M) - k / M * math.log(k): "each of the k modes has the share 1/k, so the "
            "weights sum to 1",
            lambda k, M: math.log2(M / k): "that is in bits; the question asks for nats",
            lambda k, M: math.log(M / k) / k: "that is one of the k terms",
            lambda k, M: k * math.log(M / k): "each of the k terms has the weight 1/k",
            lambda k, M: (
                k / M * math.log(M / k)
            ): "the weights are the generator's shares 1/k, not those of the data",
        },
    ),
    hint="Put q = 1/k for k of the modes into the sum; 0 log 0 is 0.",
)
exercise(
    "mode_collapse.lost_share",
    function(
        lambda a, b, m: 1 - ((1 - a - b) / (1 - min(a, b))) ** m,
        [(0.25, 0.125, 1), (0.25, 0.0, 2), (0.125, 0.25, 4), (0.1, 0.3, 3)],
        wrong={
            lambda a, b, m: (
                1 - (1 - a - b) ** m
            ): "that is the data against one generator that has lost both; "
            "here each serves its modes with more than their share of the data",
            lambda a, b, m: 1 - (1 - a) ** m: "that is the data against the first generator",
            lambda a, b, m: 1 - (1 - b) ** m: "that is the data against the second generator",
            lambda a, b, m: (
                1 - (1 - max(a, b)) ** m
            ): "that is the data against the more forgetful of the two",
            lambda a, b, m: (
                1 - ((1 - a - b) / (1 - max(a, b))) ** m
            ): "the overlap is the smaller of the two chances; you took the larger",
            lambda a, b, m: (
                ((1 - a - b) / (1 - min(a, b))) ** m
            ): "that is the overlap; the total variation is 1 less the overlap",
            lambda a, b, m: (
                1 - ((1 - a - b) / (1 - min(a, b))) ** m / 2
            ): "that is how often the best judge is right, (1 + TV) / 2",
            lambda a, b, m: 1 - (1 - a - b) / (1 - min(a, b)): "that is for one sample",
            lambda a, b, m: (
                1 - ((1 - a - b) / ((1 - a) * (1 - b))) ** m
            ): "the overlap is the smaller of the two chances, not their product",
        },
    ),
    hint="Total variation is 1 less the overlap. Which lists of m samples can both generators draw, and "
    "which of the two draws them less often?",
)
exercise(
    "mode_collapse.pack_size",
    value(
        9,
        wrong={
            8: "8 samples give a total variation of 0.89990, just short of what is needed: round up",
            11: "that is for a total variation of 0.95; the judge is right with (1 + TV) / 2",
            math.log(0.05) / math.log(0.75): "that is for a total variation of 0.95; the judge is right with "
            "(1 + TV) / 2. And a number of samples is whole",
            10: "one less is enough",
        },
    ),
    hint="The best judge is right with (1 + TV) / 2. Exercise 3 with b = 0 gives the TV.",
)
exercise(
    "mode_collapse.modes_by_chance",
    function(
        lambda M, n: M * (1 - (1 - 1 / M) ** n),
        [(8, 2500), (1000, 1000), (1000, 2500), (25, 50)],
        rtol=1e-4,
        wrong={
            lambda M, n: min(n, M): "samples repeat modes: n samples do not find n of them",
            lambda M, n: M * (1 - 1 / M) ** n: "that is the number of modes that are missed",
            lambda M, n: (
                M * (1 - math.exp(-n / M))
            ): "close: that is the limit for many modes; for M modes the "
            "chance to miss one n times is a power",
            lambda M, n: 1 - (1 - 1 / M) ** n: "that is the share of the modes, not their number",
        },
    ),
    hint="What is the chance that one given mode gets none of n samples? Then add over the modes.",
)
exercise(
    "mode_collapse.floor",
    value(
        999 / 0.02,
        rtol=0.003,
        wrong={
            999 / 0.01: "the floor is (M - 1) / 2n: mind the 2",
            1000: "one sample a mode has a floor of half a nat",
        },
    ),
    hint="Set equation (1) equal to 0.01 and solve for n.",
)
exercise(
    "mode_collapse.which_measure",
    choice(
        "c",
        wrong={
            "a": "noise finds modes too: a few of its many samples fall near each center by chance",
            "b": "KL looks at the good samples alone, and these are even",
            "d": "a measure that can see it is in the chapter's table of samplers",
        },
    ),
    hint="Look at the row 'even noise' of the table of samplers.",
)
exercise(
    "mode_collapse.unrolled_slope",
    function(
        lambda eta, k: 1 - (1 - eta) ** k,
        [(0.1, 1), (0.1, 5), (0.5, 3), (0.3, 0)],
        atol=1e-9,
        wrong={
            lambda eta, k: (1 - eta) ** k: "that is how much of the start is left",
            lambda eta, k: k * eta: "each step closes a share of the gap that is left, not of the first gap",
            lambda eta, k: eta: "that is after one step",
            lambda eta, k: eta**k: "a step leaves the share 1 - eta of the gap, not eta",
            lambda eta, k: -((1 - eta) ** k): "that is the slope of the gap phi - theta",
            lambda eta, k: eta * (1 - eta) ** (k - 1): "that is what the last step adds; sum over the steps",
        },
    ),
    hint="Write the gap phi - theta after one step, then after k.",
)
