"""One leaderboard: the models of the book on the same black-and-white digits, five seeds each.

    python benchmarks/leaderboard.py [--only NAME ...] [--seeds 0 1 2 3 4] [--scale 1.0] [--out FILE]

Every gray digit is read as 784 chances of ink, and drawn: that makes the data, and it is done to the gray
pictures of a generator, too. Models learn from the 60,000 training digits. For each seed the 10,000 test
digits are split in two halves of 5,000: one is the reference of all measures, the other stands as "real
digits" among the contestants. Numbers of steps are fixed and were chosen for about 25 seconds of one core of
the machine that made the stored result (one row, named so, has three times as much).

About half an hour on one core. Writes genlib/data/files/leaderboard.json, which the chapter on evaluation
shows, after each row; a second start goes on where the first one ended (delete the file to begin anew).
Networks, losses and measures are taken out of the chapters.
"""

import argparse
import functools
import json
import math
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch
import torch.nn.functional as F
from readme import write_table
from scipy import stats
from sklearn.mixture import GaussianMixture
from stored import keep_trials_apart, save

from genlib import metrics, runtime
from genlib.data import mnist
from genlib.data.shipped import FILES
from genlib.densities import log_bernoulli, log_normal
from genlib.models.gan import Discriminator, Generator
from genlib.models.vae import VAE
from genlib.training import averaged_copy, gan_step, one_cycle, train_vae

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from chapters import chapter_namespace  # noqa: E402


def chapter(path, *names):
    """Definitions of a chapter, as attributes."""
    return argparse.Namespace(**dict(zip(names, chapter_namespace(ROOT / "book" / path, names), strict=True)))


here = chapter("outlook/evaluation.ipynb", "coarse", "looking_net", "nearest_is_held", "two_sample_test")
next_ = chapter(
    "outlook/what-comes-next.ipynb",
    "Flow", "MADE", "Net", "denoise", "follow", "match_velocity", "name_the_noise", "train",
)  # fmt: skip
images_ = chapter(
    "applications/image-generation.ipynb",
    "ConvDiscriminator", "ConvGenerator", "LabeledVAE", "conv_nets", "play", "train_vae",
)  # fmt: skip

N = 5000  # samples of each contestant, and reference digits
FEW = 1000  # digits for likelihoods, samples for the search of neighbors
ink = torch.bernoulli


class Result:
    """What a contestant returns.

    Args:    draw: () -> pictures (N, 784) of 0 and 1; kind: of its likelihood: exact, bound, none, other (a
             density of something else), open (it has one that we did not compute); nats: digits (M, 784) ->
             (M,) log-probabilities; shared: seconds of training that it had in common with others.
    """

    def __init__(self, draw, kind="none", nats=None, shared=0.0):
        self.draw, self.kind, self.nats, self.shared = draw, kind, nats, shared


@functools.cache
def training_digits():
    return mnist("train")


class Digits:
    """The data of one seed."""

    def __init__(self, seed):
        (images, self.labels), test = training_digits(), mnist("test")[0]
        runtime.seed(100 * seed)
        self.seed, self.images, self.x = seed, images, images.flatten(1)
        order = torch.randperm(len(test))
        self.held, self.other = test.flatten(1)[order[:N]], test.flatten(1)[order[N:]]
        self.reference = ink(self.held)  # (N, 784), the same for all contestants
        self.features = metrics.digit_features(self.reference)
        self.orders = F.one_hot(self.labels, 10).float()
        self.wanted = self.orders[torch.randint(len(images), (N,))]  # labels at the rate of the training set
        self.vae = functools.cache(lambda scale: trained_vae(self, scale))
        self.codes = functools.cache(lambda scale: code_model(self, scale))

    def draw(self, n):
        """n training digits in black and white, drawn anew."""
        return ink(self.x[torch.randint(len(self.x), (n,))])


def steps(count, scale):
    return max(2, round(count * scale))


def real(digits, scale):
    return Result(lambda: ink(digits.other))


def copies(digits, scale):
    """A parrot: a training digit, its pixels drawn. Most new digits fit no original at all."""
    p = digits.x

    def nats(b):
        impossible = b @ (p == 0).float().T + (1 - b) @ (p == 1).float().T  # pixels that cannot be so
        log_p = torch.full((len(b),), -math.inf)
        for i in (impossible == 0).any(1).nonzero()[:, 0].tolist():
            fits = p[impossible[i] == 0]
            each = (torch.xlogy(b[i], fits) + torch.xlogy(1 - b[i], 1 - fits)).sum(1)
            log_p[i] = each.logsumexp(0) - math.log(len(p))
        return log_p

    return Result(lambda: digits.draw(N), "exact", lambda b: nats(b[:200]))


def coins(digits, scale):
    return Result(
        lambda: ink(torch.full((N, 784), 0.5)), "exact", lambda b: torch.full((len(b),), -784 * math.log(2))
    )


def naive_bayes(digits, scale):
    """Pixels are independent, given the digit."""
    theta = torch.stack([digits.x[digits.labels == y].mean(0) for y in range(10)]).clamp(1e-4, 1 - 1e-4)
    log_prior = (torch.bincount(digits.labels) / len(digits.labels)).log()

    def nats(b):
        return torch.logsumexp(log_prior + b @ theta.logit().T + torch.log1p(-theta).sum(1), 1)

    return Result(lambda: ink(theta[torch.multinomial(log_prior.exp(), N, replacement=True)]), "exact", nats)


def one_gaussian(digits, scale):
    """One Gaussian of the 784 gray values, cut to [0, 1]."""
    values, vectors = torch.linalg.eigh(digits.x.T.cov())
    root, mu = values.clamp(min=0).sqrt()[:, None] * vectors.T, digits.x.mean(0)
    return Result(lambda: ink((mu + torch.randn(N, 784) @ root).clamp(0, 1)), "other")


def gaussian_mixture(digits, scale, k=50, dims=40):
    """A mixture of Gaussians on the first principal components of the gray values, cut to [0, 1]."""
    mu = digits.x.mean(0)
    axes = torch.linalg.eigh(digits.x.T.cov())[1][:, -dims:]
    z = ((digits.x[:20_000] - mu) @ axes).numpy()
    settings = {"tol": 0.0, "reg_covar": 1e-3, "init_params": "k-means++", "random_state": digits.seed}
    mixture = GaussianMixture(k, max_iter=steps(30, scale), **settings).fit(z)

    def draw():  # the library returns its samples component by component
        drawn = torch.tensor(mixture.sample(N)[0], dtype=torch.float32)[torch.randperm(N)]
        return ink((mu + drawn @ axes.T).clamp(0, 1))

    return Result(draw, "other")


def coin_mixture(digits, scale, k=100):
    """A mixture of k products of coins, by EM on one black-and-white copy of the training set."""
    b = ink(digits.x)
    theta, pi = 0.25 + 0.5 * b[torch.randint(len(b), (k,))], torch.full((k,), 1 / k)

    def joint(b):
        return pi.log() + b @ theta.logit().T + torch.log1p(-theta).sum(1)

    for _ in range(steps(50, scale)):
        resp = joint(b).softmax(1)
        count = resp.sum(0)
        pi, theta = count / len(b), ((resp.T @ b + 0.1) / (count[:, None] + 0.2)).clamp(1e-5, 1 - 1e-5)

    def draw():
        return ink(theta[torch.multinomial(pi, N, replacement=True)])

    return Result(draw, "exact", lambda b: joint(b).logsumexp(1))


def trained_vae(digits, scale):
    start, model = time.process_time(), VAE()
    kept = steps(len(digits.x), min(1.0, scale))
    train_vae(model, digits.x[:kept], 5, lr=6e-3, schedule=one_cycle, binarize=True, progress=False)
    return model.requires_grad_(False), time.process_time() - start


def vae(digits, scale):
    """The VAE chapter's network; the pixels of its pictures are drawn, as its likelihood says."""
    model, seconds = digits.vae(scale)

    def draw():
        return ink(model.decode(torch.randn(N, model.latent_dim)))

    return Result(draw, "bound", lambda b: metrics.iwae_bound(model, b, 50), shared=seconds)


def vae_likely(digits, scale):
    """The same network, each pixel set to the likelier value: no samples of the model with the bound."""
    model, seconds = digits.vae(scale)
    return Result(lambda: (model.decode(torch.randn(N, model.latent_dim)) > 0.5).float(), shared=seconds)


def dense_gan(count, lr, betas, average=None):
    """The GAN chapter's networks, with its plain recipe or a better one."""

    def train(digits, scale):
        G, D = Generator(), Discriminator()
        opt_G, opt_D = (torch.optim.Adam(m.parameters(), lr, betas, fused=True) for m in (G, D))
        averaged = averaged_copy(G, average) if average else None
        step = gan_step(G, D, opt_G, opt_D, averaged=averaged, dtype=torch.bfloat16)
        for _ in range(steps(count, scale)):
            step(2 * digits.x[torch.randint(len(digits.x), (128,))] - 1)
        return Result(lambda: ink(((averaged or G)(torch.randn(N, 100)) + 1) / 2))

    return train


def labeled_gan(digits, scale):
    """The image chapter's convolutional GAN with labels, digits asked for as often as they occur."""
    G, D = images_.ConvGenerator(10), images_.ConvDiscriminator(10)
    G, _ = images_.play(G, D, 2 * digits.images - 1, digits.orders, 4e-3, 64, steps(900, scale))

    def draw():
        return ink((G(torch.randn(N, G.latent_dim), digits.wanted).flatten(1) + 1) / 2)

    return Result(draw)


def labeled_vae(digits, scale):
    """The image chapter's convolutional VAE with labels; codes from a Gaussian of each digit's own."""
    model = images_.LabeledVAE(images_.conv_nets, (1, 28, 28), 10, 10)
    b = ink(digits.images)
    images_.train_vae(model, b, digits.orders, steps(3400, scale))
    mu, logvar = model.encode(b[:20_000], digits.orders[:20_000])
    z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
    own = [
        torch.distributions.MultivariateNormal(part.mean(0), part.T.cov() + 1e-4 * torch.eye(10))
        for part in (z[digits.labels[:20_000] == y] for y in range(10))
    ]

    def draw():
        codes = torch.stack([own[y].sample() for y in digits.wanted.argmax(1).tolist()])
        return ink(torch.sigmoid(model.decode_logits(codes, digits.wanted)).flatten(1))

    def nats(b, k=10):
        """log of the mean over labels of p(b | label), each by the importance-weighted bound."""
        total = []
        for part in b.view(-1, 1, 28, 28).split(100):
            per_label = []
            for y in range(10):
                label = F.one_hot(torch.full((k * len(part),), y), 10).float()
                mu, logvar = (v.repeat(k, 1) for v in model.encode(part, label[: len(part)]))
                z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
                log_w = log_bernoulli(part.repeat(k, 1, 1, 1), model.decode_logits(z, label))
                log_w = log_w + own[y].log_prob(z) - log_normal(z, mu, logvar)
                per_label.append(log_w.view(k, -1).logsumexp(0) - math.log(k))
            prior = digits.orders.mean(0).log()[:, None]
            total.append((torch.stack(per_label) + prior).logsumexp(0))
        return torch.cat(total)

    return Result(draw, "bound", nats)


def likelihood(model, x):
    return -model.log_prob(x).mean()


def made(digits, scale):
    """MADE on the pixels themselves."""
    model = next_.train(next_.MADE(784, 400), likelihood, digits.draw, steps(1100, scale), lr=1.5e-2)
    return Result(
        lambda: model.sample(N), "exact", lambda b: torch.cat([model.log_prob(p) for p in b.split(500)])
    )


def code_model(digits, scale, latent=16):
    """That chapter's VAE with a low price on its codes; a sampler of codes; the way to chances of ink."""
    start, model = time.process_time(), VAE(latent)
    kept = steps(len(digits.x), min(1.0, scale))
    train_vae(model, digits.x[:kept], 3, lr=3e-3, schedule=one_cycle, beta=0.2, binarize=True, progress=False)
    model.requires_grad_(False)
    mu, logvar = model.encode(ink(digits.x))
    center, spread = mu.mean(0), (mu.var(0) + logvar.exp().mean(0)).sqrt()

    def codes(n):
        i = torch.randint(len(mu), (n,))
        return (model.reparameterize(mu[i], logvar[i]) - center) / spread

    return model, center, spread, codes, time.process_time() - start


def on_codes(family):
    """One of the families of "What comes next" on the codes of one VAE; pixels are drawn."""

    def train(digits, scale):
        model, center, spread, codes, seconds = digits.codes(scale)
        L = model.latent_dim
        if family == "flow":
            net = next_.train(next_.Flow(L, hidden=128), likelihood, codes, steps(1400, scale), lr=2e-3)
        else:
            loss = next_.name_the_noise if family == "diffusion" else next_.match_velocity
            net = next_.train(next_.Net(L, 256), loss, codes, steps(3000, scale), lr=5e-3)

        def draw():
            if family == "flow":
                z = net.sample(N)
            elif family == "diffusion":
                z = next_.denoise(net, torch.randn(N, L), 32, eta=0.0)
            else:
                z = next_.follow(net, torch.randn(N, L), 32)
            return ink(model.decode(z * spread + center))

        def nats(b, k=50):
            """The importance-weighted bound with the flow in the place of the prior."""
            total = []
            for part in b.split(100):
                mu, logvar = (v.repeat(k, 1) for v in model.encode(part))
                z = model.reparameterize(mu, logvar)
                log_w = log_bernoulli(part.repeat(k, 1), model.decode_logits(z)) - log_normal(z, mu, logvar)
                log_w = log_w + net.log_prob((z - center) / spread) - spread.log().sum()
                total.append(log_w.view(k, -1).logsumexp(0) - math.log(k))
            return torch.cat(total)

        if family == "flow":
            return Result(draw, "bound", nats, shared=seconds)
        return Result(draw, "open", shared=seconds)

    return train


RUNS = {
    "real digits": real,
    "training copies": copies,
    "fair coins": coins,
    "naive Bayes": naive_bayes,
    "one Gaussian": one_gaussian,
    "mixture of Gaussians": gaussian_mixture,
    "mixture of coins": coin_mixture,
    "VAE": vae,
    "VAE, likelier pixels": vae_likely,
    "GAN, plain": dense_gan(600, 2e-4, (0.5, 0.999)),
    "GAN, better": dense_gan(600, 1e-3, (0.0, 0.99), 0.998),
    "GAN, better, 3 x time": dense_gan(1800, 1e-3, (0.0, 0.99), 0.998),
    "labeled conv GAN": labeled_gan,
    "labeled conv VAE": labeled_vae,
    "MADE": made,
    "flow on codes": on_codes("flow"),
    "diffusion on codes": on_codes("diffusion"),
    "flow matching on codes": on_codes("flow matching"),
}


@torch.no_grad()
def judge(result, drawn, digits):
    """All columns of a row."""
    near = metrics.precision_recall(digits.features, features := metrics.digit_features(drawn))
    with torch.enable_grad():
        right, _ = here.two_sample_test(drawn, digits.reference, here.looking_net(), steps=250)
    shares = (metrics.class_shares(drawn) - metrics.class_shares(digits.reference)).abs().sum() / 2
    row = {"distance": metrics.frechet_distance(features, digits.features)} | near._asdict()
    row |= {"detector": float(right.mean()), "shares": float(shares)}
    row["coarse distance"] = metrics.frechet_distance(here.coarse(drawn), here.coarse(digits.reference))
    row["coarse precision"] = metrics.precision_recall(
        here.coarse(digits.reference), here.coarse(drawn)
    ).precision
    row["held"] = float(here.nearest_is_held(drawn[:FEW], digits.x, digits.held))
    nats = float(result.nats(digits.reference[:FEW]).mean()) if result.nats else None
    row = {key: float(f"{value:.5g}") for key, value in row.items()}
    row["kind"], row["nats"] = result.kind, None if nats is None or math.isinf(nats) else round(nats, 3)
    return row


def packed(pictures):
    """Pictures of 0 and 1 as text: 196 hexadecimal digits each, row by row of pixels."""
    return ["".join(f"{int(''.join(map(str, p[i : i + 4])), 2):x}" for i in range(0, 784, 4))
            for p in pictures.int().tolist()]  # fmt: skip


def table(rows):
    """Means over seeds with 95 % intervals (Student's t over the seeds), as Markdown."""
    names = ["d²", "precision", "recall", "density", "coverage", "detector right, %", "held-out neighbor, %"]
    keys = {"distance": (1, 1), "precision": (1, 2), "recall": (1, 2), "density": (1, 2), "coverage": (1, 2),
            "detector": (100, 1), "held": (100, 1)}  # fmt: skip
    lines = [f"| model | seconds | nats | {' | '.join(names)} |", "|---" * (len(names) + 3) + "|"]
    for name in RUNS:
        own = [row for row in rows if row["model"] == name]
        if not own:
            continue

        def cell(key, factor=1, digits=1, own=own):
            values = torch.tensor([factor * row[key] for row in own])
            half = stats.t.ppf(0.975, max(1, len(own) - 1)) * values.std() / len(own) ** 0.5
            return f"{values.mean():.{digits}f} ± {half:.{digits}f}"

        kind = own[0]["kind"]
        nats = {"none": "none", "other": "another unit", "open": "not computed"}.get(kind)
        nats = nats or (f"{cell('nats')} ({kind})" if own[0]["nats"] is not None else "−∞ (exact)")
        seconds = f"{sum(row['seconds'] for row in own) / len(own):.0f}"
        cells = [cell(key, *how) for key, how in keys.items()]
        lines.append(f"| {name} | {seconds} | {nats} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(RUNS), default=list(RUNS), metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of steps, for a trial")
    parser.add_argument("--out", type=Path, default=FILES / "leaderboard.json")
    options = parser.parse_args()
    keep_trials_apart(parser, options, options.scale != 1)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    rows = json.loads(options.out.read_text("utf-8"))["results"] if options.out.exists() else []
    for seed in options.seeds:
        digits = Digits(seed)
        for place, name in enumerate(RUNS):
            if name not in options.only or any((r["model"], r["seed"]) == (name, seed) for r in rows):
                continue
            runtime.seed(100 * seed + 1 + place)
            digits.vae(options.scale) if name.startswith("VAE") else None
            digits.codes(options.scale) if name.endswith("codes") else None
            start = time.process_time()
            result = RUNS[name](digits, options.scale)
            seconds = round(time.process_time() - start + result.shared, 1)
            runtime.seed(100 * seed + 50 + place)
            with torch.no_grad():
                drawn = result.draw()
            row = {"model": name, "seed": seed, "seconds": seconds} | judge(result, drawn, digits)
            if seed == 0:
                row["pictures"] = packed(drawn[:12])
            rows.append(row)
            rows.sort(key=lambda row: (list(RUNS).index(row["model"]), row["seed"]))
            save(options.out, "python benchmarks/leaderboard.py", rows, samples=N)
            print({key: value for key, value in row.items() if key != "pictures"}, flush=True)
    if options.out.parent == FILES:
        write_table("leaderboard", table(rows))


if __name__ == "__main__":
    main()
