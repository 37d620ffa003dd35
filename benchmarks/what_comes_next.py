"""Longer runs for the chapter "What comes next". One core, about fifteen minutes, resumes where it stopped.

    python benchmarks/what_comes_next.py [--only NAME ...] [--out FILE]

Takes models and losses out of the chapter and changes the number of steps or of seeds: the flow on the ring,
the four families on the codes of digits, two of them on the codes of a VAE with the usual price of the KL,
MADE on black-and-white pixels, and beside it the VAE chapter's VAE with its bound. Writes
genlib/data/files/what-comes-next.json, which the chapter shows, after each row.
"""

import argparse
import json
import math
import sys
import time
from pathlib import Path

import torch
from stored import save

from genlib import metrics, runtime
from genlib.data import mnist
from genlib.data.shipped import FILES
from genlib.data.toy import Ring
from genlib.models.vae import VAE
from genlib.training import one_cycle, train_vae

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from chapters import chapter_namespace  # noqa: E402

TAKEN = [
    "Flow", "MADE", "Net", "denoise", "follow", "from_bits", "match_velocity", "name_the_noise", "to_bits",
    "train",
]  # fmt: skip
LATENT, DRAWN, SHORT, LONG = 16, 4000, 1000, 4800


def likelihood(model, x):
    """The loss of whatever has a log_prob."""
    return -model.log_prob(x).mean()


def parameters(model):
    """How many numbers are learned."""
    return sum(p.numel() for p in model.parameters())


def ring(steps, lr):
    """The chapter's coupling flow on the ring."""

    def run(chapter, seed):
        toy = Ring(std=0.2)
        runtime.seed(100 * seed + 2)
        flow = chapter.train(chapter.Flow(2), likelihood, toy.sample, steps, lr=lr)
        test = toy.sample(5000)
        strays = (torch.cdist(flow.sample(5000), toy.mu).amin(1) > 0.6).float().mean()
        kl = (toy.log_prob(test) - flow.log_prob(test)).mean()
        return {"steps": steps, "lr": lr, "KL": float(kl), "strays": float(strays)}

    return run


def black_and_white():
    """Gray training and test digits, and the measure of 4,000 pictures: d² from test digits drawn in ink."""
    x, test = mnist("train")[0].flatten(1), mnist("test")[0].flatten(1)
    features = metrics.digit_features(torch.bernoulli(test[torch.randperm(10_000)[:DRAWN]]))
    return x, test, lambda pictures: metrics.frechet_distance(metrics.digit_features(pictures), features)


def bound(chapter, seed, epochs=12):
    """The VAE chapter's VAE on black-and-white pixels: minus ELBO, and the bound with k = 50 and 1,000."""
    runtime.seed(100 * seed + 20)
    x, test, distance = black_and_white()
    vae = VAE()
    train_vae(vae, x, epochs, lr=6e-3, schedule=one_cycle, binarize=True)
    runtime.seed(100 * seed + 22)  # the same ink for both models
    test = torch.bernoulli(test)
    log_px_z, kl = metrics.elbo_parts(vae, test)
    with torch.no_grad():
        drawn = torch.bernoulli(vae.decode(torch.randn(DRAWN, 20)))
    return {
        "steps": epochs * (len(x) // 128),
        "parameters": parameters(vae),
        "minus ELBO": float((kl - log_px_z).mean()),
        "k = 50": -float(metrics.iwae_bound(vae, test[:2000], 50).mean()),
        "k = 50, first 300": -float(metrics.iwae_bound(vae, test[:300], 50).mean()),
        "k = 1000, first 300": -float(metrics.iwae_bound(vae, test[:300], 1000).mean()),
        "distance": distance(drawn),
    }


def pixels(chapter, seed, steps=2808):
    """MADE on pixels drawn black or white; as many images as the VAE of `bound` saw."""
    runtime.seed(100 * seed + 20)
    x, test, distance = black_and_white()
    made = chapter.train(
        chapter.MADE(784, 400),
        likelihood,
        lambda n: torch.bernoulli(x[torch.randint(len(x), (n,))]),
        steps,
        lr=1.5e-2,
    )
    runtime.seed(100 * seed + 22)  # the same ink for both models
    test = torch.bernoulli(test)
    nll = torch.cat([-made.log_prob(part) for part in test.split(1000)])
    return {
        "steps": steps,
        "parameters": parameters(made),
        "exact": float(nll.mean()),
        "exact, first 2,000": float(nll[:2000].mean()),
        "exact, first 300": float(nll[:300].mean()),
        "distance": distance(made.sample(DRAWN)),
        "real": distance(torch.bernoulli(x[torch.randperm(len(x))[:DRAWN]])),
    }


class Codes:
    """The codes of the chapter: draws, their way back to pictures, d², and 4,000 codes of test digits."""

    def __init__(self, seed, beta):
        x, test = mnist("train")[0].flatten(1), mnist("test")[0].flatten(1)
        runtime.seed(100 * seed + 10)
        self.vae = vae = VAE(LATENT)
        train_vae(vae, x, epochs=3, lr=3e-3, schedule=one_cycle, beta=beta)
        vae.requires_grad_(False)
        self.mu, self.logvar = vae.encode(x)
        self.center, self.scale = self.mu.mean(0), (self.mu.var(0) + self.logvar.exp().mean(0)).sqrt()
        self.features = metrics.digit_features(test[torch.randperm(10_000)[:DRAWN]])
        self.test = (vae.reparameterize(*vae.encode(test[:DRAWN])) - self.center) / self.scale

    def __call__(self, n):
        i = torch.randint(len(self.mu), (n,))
        return (self.vae.reparameterize(self.mu[i], self.logvar[i]) - self.center) / self.scale

    def distance(self, z, standard=True):
        z = z * self.scale + self.center if standard else z
        return metrics.frechet_distance(metrics.digit_features(self.vae.decode(z)), self.features)


def families(chapter, seed, steps=LONG):
    """The four families on the codes, with more steps than in the chapter; nats where they have a formula."""
    codes = Codes(seed, beta=0.2)
    runtime.seed(100 * seed + 11)
    train, noise = chapter.train, torch.randn(DRAWN, LATENT)
    row = {"steps": steps}

    flow = train(chapter.Flow(LATENT, hidden=128), likelihood, codes, steps, lr=2e-3)
    row |= {"flow": codes.distance(flow.sample(DRAWN)), "flow, nats": float(flow.log_prob(codes.test).mean())}

    def of_bits(made, x):
        return likelihood(made, chapter.to_bits(x, 5))

    made = train(chapter.MADE(5 * LATENT, 512), of_bits, codes, steps, lr=5e-3)
    nats = made.log_prob(chapter.to_bits(codes.test, 5)).mean() - LATENT * math.log(8 / 2**5)
    row |= {"autoregressive": codes.distance(chapter.from_bits(made.sample(DRAWN), 5))}
    row |= {"autoregressive, nats": float(nats)}

    net = train(chapter.Net(LATENT, 256), chapter.name_the_noise, codes, steps, lr=5e-3)
    row |= {"diffusion": codes.distance(chapter.denoise(net, noise, 64, eta=0.0))}
    row |= {"diffusion, fresh noise": codes.distance(chapter.denoise(net, noise, 64))}
    net = train(chapter.Net(LATENT, 256), chapter.match_velocity, codes, steps, lr=5e-3)
    row |= {"flow matching": codes.distance(chapter.follow(net, noise, 64))}
    return row | {"codes of real": codes.distance(codes(DRAWN))}


def usual_price(chapter, seed, steps=SHORT):
    """Prior, one Gaussian and flow matching on the codes of a VAE with beta = 1."""
    codes = Codes(seed, beta=1.0)
    runtime.seed(100 * seed + 11)
    gauss = torch.distributions.MultivariateNormal(torch.zeros(LATENT), codes(20_000).T.cov())
    net = chapter.train(chapter.Net(LATENT, 256), chapter.match_velocity, codes, steps, lr=5e-3)
    return {
        "steps": steps,
        "prior": codes.distance(torch.randn(DRAWN, LATENT), standard=False),
        "one Gaussian": codes.distance(gauss.sample((DRAWN,))),
        "flow matching": codes.distance(chapter.follow(net, torch.randn(DRAWN, LATENT), 64)),
        "codes of real": codes.distance(codes(DRAWN)),
    }


RUNS = {  # name: (what to run, how many seeds)
    "pixels": (pixels, 1),
    "bound": (bound, 1),
    "usual price": (usual_price, 3),
    "families": (families, 3),
    "ring": (ring(800, 4e-3), 5),
    "ring, larger step": (ring(800, 1e-2), 5),
    "ring, 4,000 steps": (ring(4000, 4e-3), 5),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--out", type=Path, default=FILES / "what-comes-next.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    path = ROOT / "book" / "outlook" / "what-comes-next.ipynb"
    chapter = argparse.Namespace(**dict(zip(TAKEN, chapter_namespace(path, TAKEN), strict=True)))
    rows = json.loads(options.out.read_text("utf-8"))["results"] if options.out.exists() else []
    todo = [(name, seed) for name in options.only for seed in range(RUNS[name][1])]
    for name, seed in todo:
        if any((row["run"], row["seed"]) == (name, seed) for row in rows):
            continue
        start = time.process_time()
        figures = RUNS[name][0](chapter, seed)
        row = {"run": name, "seed": seed} | {
            key: value if isinstance(value, int) else round(value, 4) for key, value in figures.items()
        }
        rows.append(row | {"seconds": round(time.process_time() - start)})
        print(rows[-1], flush=True)
        rows.sort(key=lambda row: (list(RUNS).index(row["run"]), row["seed"]))
        save(options.out, "python benchmarks/what_comes_next.py", rows)


if __name__ == "__main__":
    main()
