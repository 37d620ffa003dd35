"""Exercises of the chapter "The adversarial objective"."""

import math

import numpy as np
import torch

from genlib.exercises import choice, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "adversarial_objective.unbalanced",
    function(
        lambda p, q, k: p / (p + k * q),
        cases=[(0.3, 0.1, 1.0), (0.3, 0.1, 3.0), (0.05, 0.4, 0.5), (0.2, 0.0, 4.0)],
        wrong={
            lambda p, q, k: p / (p + q): "that is the verdict for a box with as many of each",
            lambda p, q, k: k * p / (k * p + q): "turn it around: k generated draws for each real one",
            lambda p, q, k: p / (p + q) / k: "weight the density before you take the share",
        },
    ),
    hint="Count the balls of one jar: a share of p real ones, and k times q generated ones.",
)

exercise(
    "adversarial_objective.certificate",
    value(
        math.log(2) - 0.45,
        wrong={
            0.45: "that is the loss; the certificate is how far it lies below a coin's loss",
            (math.log(4) - 0.45) / 2: "0.45 is the mean of the two cross-entropies, so V is -0.9",
            math.log(4) - 0.9: "V + log 4 is twice the divergence",
        },
    ),
    hint="-V/2 is the mean cross-entropy, and V <= 2 JSD - log 4.",
)

# ---------------------------------------------------------------- core


def _entropy(p):
    return -torch.xlogy(p, p).sum()


def _information(p, q, pi):
    return _entropy(pi * p + (1 - pi) * q) - pi * _entropy(p) - (1 - pi) * _entropy(q)


def _plain_logs(p, q, pi):
    m = pi * p + (1 - pi) * q
    return pi * (p * (p / m).log()).sum() + (1 - pi) * (q * (q / m).log()).sum()


def _without_weights(p, q, pi):
    return _entropy(pi * p + (1 - pi) * q) - (_entropy(p) + _entropy(q)) / 2


_HALF = torch.tensor([0.5, 0.5, 0.0, 0.0])

exercise(
    "adversarial_objective.information",
    function(
        _information,
        cases=[
            (torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.6, 0.3, 0.1]), 0.5),
            (torch.tensor([0.2, 0.3, 0.5]), torch.tensor([0.6, 0.3, 0.1]), 0.2),
            (_HALF, torch.tensor([0.0, 0.0, 0.5, 0.5]), 0.9),
            (_HALF, torch.tensor([0.0, 0.5, 0.5, 0.0]), 0.3),
            (_HALF, _HALF, 0.3),
        ],
        wrong={
            _plain_logs: "0 log 0 counts as 0, but the computer says nan; torch.xlogy knows the convention",
            _without_weights: "a ball is real with probability pi: weight the two entropies with that",
            lambda p, q, pi: _information(p, q, 0.5): "that is the JSD; the box need not be balanced",
            lambda p, q, pi: _information(q, p, pi): "the share pi belongs to p, the real balls",
            lambda p, q, pi: _entropy(pi * p + (1 - pi) * q): "subtract what stays uncertain once you know "
            "the color",
            lambda p, q, pi: _information(p, q, pi) / math.log(2): "that is in bits; the book counts in nats",
        },
    ),
    hint="The entropy of the place before you know the color, minus its mean entropy after.",
)

exercise(
    "adversarial_objective.dropped",
    value(
        2 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)),
        rtol=0.005,
        wrong={
            0.75 * math.log(1.5) + 0.25 * math.log(0.5): "that is KL(m || p); the loss has twice of it",
            math.log(2): "that is KL(q || p); subtract twice the JSD, or work with m",
            0.5 * (math.log(2 / 1.5) + 0.5 * math.log(1 / 1.5) + 0.5 * math.log(2)): "that is the JSD",
        },
    ),
    hint="m gives the covered half a weight of 3/4 and the dropped half 1/4; p gives each 1/2.",
)

exercise(
    "adversarial_objective.direction",
    choice(
        "c",
        wrong={
            "a": "its factor 1 - D is 1, but it multiplies the slope of the logit, which is 0",
            "b": "a slower discriminator gets there a little later",
            "d": "this discriminator is already perfect; more steps make it surer, not steeper",
        },
    ),
    hint="By the chain rule the push on a sample is a number times the slope of the logit at the sample.",
)

exercise(
    "adversarial_objective.damping",
    value(
        0.025,
        wrong={
            0.05: "the squared modulus is 1 - eta gamma + eta^2 / 4: solve for gamma when it is 1",
            0.1: "mind the quarter: near the equilibrium both slopes are 1/2",
            0.4: "turn it around: eta has to stay below 4 gamma",
        },
    ),
    hint="1 - eta gamma + eta^2 / 4 must be below 1.",
)

# ---------------------------------------------------------------- stretch


def _optimistic(eta):
    rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    top = np.hstack([np.eye(2) + 2 * eta * rotation, -eta * rotation])
    bottom = np.hstack([np.eye(2), np.zeros((2, 2))])
    return float(np.abs(np.linalg.eigvals(np.vstack([top, bottom]))).max())


exercise(
    "adversarial_objective.optimistic",
    function(
        _optimistic,
        cases=[0.05, 0.2, 0.5, 0.7],
        wrong={
            lambda eta: math.sqrt(1 + eta**2): "that is the simultaneous rule; the old field is missing",
            lambda eta: math.sqrt(1 + 4 * eta**2): "the old field comes in with a minus sign",
            lambda eta: math.sqrt(1 - eta**2 + eta**4): "that is the extragradient; close, but not the same",
        },
    ),
    hint="Stack s_t and s_(t-1) into a vector of four; the rule is then one 4 x 4 matrix.",
)

exercise(
    "adversarial_objective.instance_noise",
    value(
        0.125,
        wrong={
            0.25: "softplus(t) is log 2 + t/2 + t^2/8 + ...; and the penalty is gamma/2 times psi^2",
            0.0625: "both the real and the generated point carry noise",
            0.5: "that is the standard deviation",
        },
    ),
    hint="Expand softplus to second order, average over both noises, and compare with gamma/2 times psi^2.",
)
