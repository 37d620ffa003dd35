"""Exercises of the chapter "Draw what I ask for"."""

import torch

from genlib.exercises import call, exercise, function, value

# ---------------------------------------------------------------- warm-up

exercise(
    "image_generation.weights",
    value(
        16 * 32 * 4 * 4 + 32,
        wrong={
            16 * 32 * 4 * 4: "each of the 32 outputs has a bias too",
            14 * 14 * (16 * 32 * 4 * 4 + 32): "the weights are the same at every place: that is the point",
            (14 * 14 * 16 + 1) * 7 * 7 * 32: "that is the fully connected layer between the same images",
            32 * 4 * 4 + 32: "each of the 32 filters looks at all 16 channels",
        },
    ),
    hint="One filter is 4 by 4 by all channels that come in. How many filters are there?",
)

exercise(
    "image_generation.side",
    function(
        lambda n, kernel, stride, padding: stride * (n - 1) + kernel - 2 * padding,
        cases=[(7, 4, 2, 1), (14, 4, 2, 1), (1, 5, 3, 0), (7, 3, 2, 1), (8, 6, 3, 2)],
        wrong={
            lambda n, kernel, stride, padding: (n + 2 * padding - kernel) // stride + 1: (
                "that is the side after a convolution; the transposed one goes the other way"
            ),
            lambda n, kernel, stride, padding: stride * n + kernel - 2 * padding: (
                "n copies of the kernel begin at 0, stride, ..., (n - 1) stride"
            ),
            lambda n, kernel, stride, padding: stride * (n - 1) + kernel: "padding cuts from both ends",
            lambda n, kernel, stride, padding: stride * n: "true of this chapter's layers only",
        },
    ),
    hint="Where does the last copy of the kernel begin, and where does it end? Then padding cuts.",
)

# ---------------------------------------------------------------- core


def _transposed(x, w, stride):
    y = torch.zeros(stride * (len(x) - 1) + len(w))
    for i in range(len(x)):
        y[stride * i : stride * i + len(w)] += x[i] * w
    return y


def _convolved(x, w, stride):
    return torch.stack([(x[i : i + len(w)] * w).sum() for i in range(0, len(x) - len(w) + 1, stride)])


def _line_cases():
    generator = torch.Generator().manual_seed(1)

    def draw(n):
        return torch.randn(n, generator=generator)

    return [(draw(6), draw(4), 2), (draw(5), draw(3), 2), (draw(7), draw(3), 1), (draw(4), draw(5), 3)]


exercise(
    "image_generation.transposed",
    function(
        _transposed,
        cases=_line_cases(),
        wrong={
            _convolved: "that is the convolution; its transpose makes the line longer",
            lambda x, w, stride: _transposed(x, w.flip(0), stride): "the kernel is laid down as it is",
        },
    ),
    hint="Lay a copy of w, times x[i], down at stride * i, and add up what overlaps.",
)


def _coverage(n, kernel, stride):
    return _transposed(torch.ones(n), torch.ones(kernel), stride)


exercise(
    "image_generation.coverage",
    function(
        lambda kernel, stride: -(-kernel // stride) / (kernel // stride),
        cases=[(4, 2), (3, 2), (5, 2), (6, 3), (5, 3), (7, 2)],
        wrong={
            lambda kernel, stride: kernel / stride: "that is the average number of copies over a pixel",
            lambda kernel, stride: -(-kernel // stride): "that is the most; divide by the least",
            lambda kernel, stride: (kernel // stride) / -(-kernel // stride): "the most over the least",
            lambda kernel, stride: (-(-kernel // stride) / (kernel // stride)) ** 2: (
                "that is the ratio on the plane; on the line there is one direction only"
            ),
        },
    ),
    hint="Copies begin every `stride` pixels. How many can lie over one pixel at most, how many at least?",
)


def _balls():
    """Pairs of sets in the plane, where precision, recall and coverage all differ."""
    generator = torch.Generator().manual_seed(4)
    real = torch.randn(24, 2, generator=generator)
    near = 0.4 * torch.randn(20, 2, generator=generator)
    wide = torch.cat([real[:9], 3 * torch.randn(9, 2, generator=generator)]) + 0.05
    return [(real, near, 3), (real, wide, 2), (near, real, 5), (wide, near, 1)]


def _reach(points, k):
    return torch.cdist(points, points).sort(1).values[:, k]


def _recall(real, fake, k):
    return (torch.cdist(real, fake) <= _reach(fake, k)).any(1).float().mean()


def _coverage_of_reals(real, fake, k):
    return (torch.cdist(real, fake) <= _reach(real, k)[:, None]).any(1).float().mean()


exercise(
    "image_generation.recall",
    function(
        _recall,
        cases=_balls(),
        wrong={
            lambda real, fake, k: _recall(fake, real, k): (
                "that is precision; there the balls are those of the reals"
            ),
            _coverage_of_reals: (
                "these are the balls of the reals (it is called coverage); recall takes those of the fakes"
            ),
            lambda real, fake, k: _recall(real, fake, k - 1): (
                "the nearest of all is the point itself; it is no neighbor"
            ),
            lambda real, fake, k: (torch.cdist(real, fake) <= _reach(fake, k)).float().mean(): (
                "that is the share of pairs; one ball is enough for a real to count"
            ),
            lambda real, fake, k: (torch.cdist(real, fake) <= _reach(fake, k)).any(0).float().mean(): (
                "that is the share of fakes whose ball holds a real; count the reals"
            ),
        },
    ),
    hint="Each fake has a ball that reaches to its k-th neighbor among the fakes. Count the reals in a ball.",
)


def _likelihoods():
    generator = torch.Generator().manual_seed(2)
    log_px_y = 3 * torch.randn(5, 10, generator=generator) - 500
    log_prior = torch.randn(10, generator=generator).mul(2).log_softmax(0)
    return [(log_px_y, log_prior), (log_px_y[:2] + 480, log_prior.flip(0))]


exercise(
    "image_generation.posterior",
    function(
        lambda log_px_y, log_prior: torch.log_softmax(log_px_y + log_prior, 1),
        cases=_likelihoods(),
        atol=1e-3,  # -500 and -1 in one float32: rounding alone is 1e-4
        wrong={
            lambda log_px_y, log_prior: torch.log_softmax(log_px_y, 1): (
                "some digits are more frequent than others: that belongs in, too"
            ),
            lambda log_px_y, log_prior: log_px_y + log_prior: "that is log p(x, y); divide by p(x)",
            lambda log_px_y, log_prior: torch.logsumexp(log_px_y + log_prior, 1): (
                "that is log p(x), the denominator"
            ),
            lambda log_px_y, log_prior: torch.log_softmax(log_px_y + log_prior, 0): (
                "the probabilities of the ten digits sum to 1, not those of the images"
            ),
            lambda log_px_y, log_prior: torch.log_softmax(log_px_y * log_prior, 1): (
                "probabilities are multiplied, so their logarithms are added"
            ),
            lambda log_px_y, log_prior: (
                log_px_y.exp() * log_prior.exp() / (log_px_y.exp() * log_prior.exp()).sum(1, keepdim=True)
            ).log(): "exp(-500) is 0 in floating point; stay with logarithms",
            lambda log_px_y, log_prior: torch.softmax(log_px_y + log_prior, 1): "take the logarithm",
        },
    ),
    hint="Bayes' rule: p(y given x) = p(x given y) p(y) / p(x), and p(x) is a sum over the digits.",
)


def _correlated(seed):
    """Codes that are sums of parts, with parts that like to come together: z (N, 3), y (N, 6)."""
    generator = torch.Generator().manual_seed(seed)
    shield = torch.randint(0, 2, (200,), generator=generator)
    other = torch.randint(0, 4, (200,), generator=generator)
    helmet = torch.where(torch.rand(200, generator=generator) < 0.8, shield, other)
    y = torch.cat([torch.eye(2)[shield], torch.eye(4)[helmet]], 1)
    noise = 0.01 * torch.randn(200, 3, generator=generator)
    return y @ torch.randn(6, 3, generator=generator) + noise, y


@exercise(
    "image_generation.direction",
    hint="Fit all parts at once by least squares, then compare what the fit says of part b and of part a.",
)
def direction(answer):
    for seed, a, b in ((3, 0, 1), (5, 4, 2)):
        z, y = _correlated(seed)
        wide = torch.cat([y, torch.ones(len(y), 1)], 1)
        weights = torch.linalg.lstsq(wide, z, driver="gelsd").solution
        truth = weights[b] - weights[a]
        means = z[y[:, b] == 1].mean(0) - z[y[:, a] == 1].mean(0)
        got = call(answer, z, y, a, b)
        if not isinstance(got, torch.Tensor) or got.numel() != truth.numel():
            return f"a tensor of shape {tuple(truth.shape)} was expected"
        got = got.reshape(-1)
        if torch.allclose(got, -truth, atol=1e-3):
            return "that leads from a part b to a part a"
        if torch.allclose(got, means, atol=1e-3):
            return "the means differ in the other parts, too: who has the one often has the other"
        if torch.allclose(got, weights[b] + weights[-1], atol=1e-3):
            return "that is a hero with part b and nothing else; subtract the one with part a"
        if not torch.allclose(got, truth, atol=1e-3):
            return "that is not what one part more and one part less changes"
    return None


# ---------------------------------------------------------------- stretch

exercise(
    "image_generation.repeats",
    value(
        10_000 / 4_423_680,
        rtol=5e-4,  # the two near misses below are 0.1 % and 0.2 % off
        wrong={
            4_423_680 / 10_000: "turn it around",
            100 * 10_000 / 4_423_680: "that is in percent; give the share itself",
            10_000 / (4_423_680 + 10_000): "close; but the 10,000 are among the M already",
            1 - (1 - 1 / 4_423_680) ** 10_000: (
                "close; that is for training heroes drawn with repeats, and these 10,000 are all different"
            ),
            1 / 4_423_680: "that is the chance to repeat one given hero; there are 10,000",
            10_000**2 / 4_423_680: "that is how many pairs coincide; ask for the share of new heroes",
        },
    ),
    hint="A new hero equals a given old one with probability 1/M. It cannot equal two of them at once.",
)
