"""Exercises of the chapter "A GAN on real digits"."""

import math

import torch
import torch.nn.functional as F

from genlib.exercises import exercise, function, value

exercise(
    "gan.loss_of_a_verdict",
    value(
        -math.log(0.8) - math.log(0.6),
        wrong={
            -math.log(0.8) - math.log(0.4): "the fakes are trained towards 0: their term is -log(1 - D)",
            0.5 * (-math.log(0.8) - math.log(0.6)): "the two terms are added in this chapter, not averaged",
        },
    ),
    hint="Which term of the loss under equation (1) belongs to which half of the box?",
)
exercise(
    "gan.loss_at_minus_three",
    value(
        math.log(1 + math.exp(3)),
        wrong={
            math.log(1 + math.exp(-3)): "that is softplus(-3), the discriminator's loss on these fakes",
            math.log(2): "that is the loss at logit 0; the question is about -3",
        },
    ),
    hint="Equation (4) has the non-saturating loss; which function of the library is it?",
)


def _losses(logits_real, logits_fake):
    loss_D = F.softplus(-logits_real).mean() + F.softplus(logits_fake).mean()
    return loss_D, F.softplus(-logits_fake).mean()


def _losses_halved(logits_real, logits_fake):
    loss_D, loss_G = _losses(logits_real, logits_fake)
    return loss_D / 2, loss_G


def _losses_saturating(logits_real, logits_fake):
    return _losses(logits_real, logits_fake)[0], -F.softplus(logits_fake).mean()


LOGITS = [
    (torch.tensor([0.0, 0.0]), torch.tensor([0.0, 0.0])),
    (torch.tensor([2.0, -1.0, 0.5]), torch.tensor([-3.0, 1.0, 0.2])),
    (torch.tensor([60.0, -200.0]), torch.tensor([-90.0, 150.0])),
]
exercise(
    "gan.losses",
    function(
        _losses,
        LOGITS,
        wrong={
            _losses_halved: "loss_D is half of the chapter's: add the two means",
            _losses_saturating: "loss_G is the saturating one; use -log sigmoid(o)",
        },
    ),
    hint="softplus(-o) is the loss for the verdict 'real'. Whom does each player want to be called so?",
)
exercise(
    "gan.smoothed_verdict",
    function(
        lambda p, q: 0.9 * p / (p + q),
        [(1.0, 1.0), (0.3, 0.1), (0.05, 0.8)],
        wrong={
            lambda p, q: p / (p + q): "that is the verdict without smoothing",
            lambda p, q: 0.9 * p / (0.9 * p + q): "the missing 0.1 does not vanish: real images are trained "
            "towards 0 with weight 0.1",
        },
    ),
    hint="Write the loss at one x. How much of p is now trained towards 0? Then set the derivative to zero.",
)
exercise(
    "gan.half_life",
    value(
        math.log(0.5) / math.log(0.998),
        rtol=0.005,
        wrong={1 / 0.002: "that is the average age; the half-life is where the weight is one half"},
    ),
    hint="What is the weight of an old value after n steps?",
)
exercise(
    "gan.frechet_line",
    function(
        lambda mu_1, std_1, mu_2, std_2: (mu_1 - mu_2) ** 2 + (std_1 - std_2) ** 2,
        [(0.0, 1.0, 0.0, 1.0), (1.0, 0.5, -1.0, 2.0), (3.0, 1.0, 3.0, 4.0)],
        wrong={
            lambda mu_1, std_1, mu_2, std_2: (
                (mu_1 - mu_2) ** 2 + (std_1**2 - std_2**2) ** 2
            ): "the spreads enter as standard deviations, not as variances",
            lambda mu_1, std_1, mu_2, std_2: ((mu_1 - mu_2) ** 2 + (std_1 - std_2) ** 2) ** 0.5: "that is d; "
            "the question is about its square",
        },
    ),
    hint="On the line, the covariance is the variance s^2 and all products commute.",
)


def _least_squares(o_real, o_fake):
    loss_D = 0.5 * (o_real - 1).square().mean() + 0.5 * o_fake.square().mean()
    return loss_D, 0.5 * (o_fake - 1).square().mean()


def _least_squares_doubled(o_real, o_fake):
    loss_D, loss_G = _least_squares(o_real, o_fake)
    return 2 * loss_D, 2 * loss_G


exercise(
    "gan.least_squares",
    function(
        _least_squares,
        [(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 2.0])), (torch.tensor([0.3]), torch.tensor([-1.5]))],
        wrong={_least_squares_doubled: "each loss is a mean of half squares"},
    ),
    hint="D: real towards 1, fakes towards 0. G: fakes towards 1.",
)
exercise(
    "gan.five_wins",
    value(
        0.5**5,
        wrong={2 * 0.5**5: "that counts either recipe as the winner; the question names one"},
    ),
    hint="Each pair is a coin toss, and all five must fall on the same, named side.",
)
