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
        },
    ),
    hint="Put q = 1/k for k of the modes into the sum; 0 log 0 is 0.",
)
exercise(
    "mode_collapse.lost_share",
    function(
        lambda lost, m: 1 - (1 - lost) ** m,
        [(0.25, 1), (0.25, 2), (0.5, 3), (0.01, 10)],
        wrong={
            lambda lost, m: lost**m: "that is the chance that all m real samples are from lost modes; one is "
            "enough",
            lambda lost, m: (1 - lost) ** m: "that is the chance that the judge sees nothing",
            lambda lost, m: m * lost: "chances of events that can happen together do not add",
        },
    ),
    hint="When does a list of m real samples contain nothing that the generator could not have drawn?",
)
exercise(
    "mode_collapse.pack_size",
    value(
        9,
        wrong={
            8: "8 samples give a total variation of 0.89990, just short of what is needed",
            11: "that is for a total variation of 0.95; the judge is right with (1 + TV) / 2",
            10: "one less is enough",
        },
    ),
    hint="Being right in 95 % asks for TV = 0.9, and TV is 1 - (3/4)^m.",
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
        },
    ),
    hint="Write the gap phi - theta after one step, then after k.",
)
