"""What each part of the GAN chapter's recipe brings: every variant gets the same wall time on this machine.

    python benchmarks/gan_recipes.py [--seconds 120] [--seeds 0] [--only NAME ...] [--out FILE]

The wall time is spent in training steps alone; drawing and measuring is not counted. Writes the stored
result that the chapter shows (genlib/data/files/gan-recipes.json); run it on an otherwise idle machine.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from readme import write_table
from stored import save

from genlib import runtime
from genlib.data import mnist
from genlib.data.shipped import FILES
from genlib.metrics import class_shares, digit_features, frechet_distance
from genlib.models.gan import Discriminator, Generator, sample_z
from genlib.training import averaged_copy, gan_step

RECIPE = {
    "lr": 1e-3,
    "falling": False,
    "beta1": 0.5,
    "beta2": 0.99,
    "batch_size": 128,
    "decay": 0.998,
    "dtype": "bfloat16",
}
PLAIN = RECIPE | {"lr": 2e-4, "beta2": 0.999, "decay": None, "dtype": "float32"}
VARIANTS = {
    "plain recipe": PLAIN,
    "new recipe": RECIPE,
    "without the larger step": RECIPE | {"lr": 2e-4},
    "without the average": RECIPE | {"decay": None},
    "without the shorter memory": RECIPE | {"beta2": 0.999},
    "without bfloat16": RECIPE | {"dtype": "float32"},
    "with a falling step": RECIPE | {"falling": True},
    "without momentum": RECIPE | {"beta1": 0.0},
}


def train(x, seconds, *, lr, falling, beta1, beta2, batch_size, decay, dtype):
    """Train for a wall time: the generator to draw from, the number of steps, the last losses."""
    G, D = Generator(), Discriminator()
    opt_G, opt_D = (
        torch.optim.Adam(model.parameters(), lr=lr, betas=(beta1, beta2), fused=True) for model in (G, D)
    )
    averaged = None if decay is None else averaged_copy(G, decay)
    step = gan_step(G, D, opt_G, opt_D, averaged=averaged, dtype=getattr(torch, dtype))
    steps, start = 0, time.perf_counter()
    while True:
        order = torch.randperm(len(x))
        for index in order[: len(x) // batch_size * batch_size].split(batch_size):
            losses = step(x[index])
            steps += 1
            left = 1 - (time.perf_counter() - start) / seconds
            if falling:
                opt_G.param_groups[0]["lr"] = opt_D.param_groups[0]["lr"] = lr * max(left, 0)
            if left <= 0:
                return (G if averaged is None else averaged), steps, {k: float(v) for k, v in losses.items()}


@torch.no_grad()
def judge(G, reference, n=10_000):
    """Frechet distance on digit features of n samples, and the share of each digit."""
    runtime.seed(500)
    images = (G(sample_z(n)).reshape(-1, 1, 28, 28) + 1) / 2
    return {
        "distance": round(frechet_distance(digit_features(images), reference), 2),
        "shares": [round(float(share), 4) for share in class_shares(images)],
    }


def table(results):
    """The results as Markdown."""
    lines = [
        "| variant | seed | steps | Frechet distance on digit features | rarest digit, % |",
        "|---|---|---|---|---|",
    ]
    for row in results:
        rarest = 100 * min(row["shares"])
        lines.append(
            f"| {row['variant']} | {row['seed']} | {row['steps']:,} | {row['distance']:.1f} | {rarest:.1f} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="NAME")
    parser.add_argument("--out", type=Path, default=FILES / "gan-recipes.json")
    args = parser.parse_args()

    x = mnist("train")[0].flatten(1) * 2 - 1
    reference = digit_features(mnist("test")[0])
    results = json.loads(args.out.read_text("utf-8"))["results"] if args.out.exists() else []
    for seed in args.seeds:
        for name in args.only:
            torch.manual_seed(1000 * seed)
            G, steps, losses = train(x, args.seconds, **VARIANTS[name])
            row = {"variant": name, "seed": seed, "seconds": args.seconds, "steps": steps}
            row |= judge(G, reference) | {"losses": losses}
            results = [r for r in results if (r["variant"], r["seed"]) != (name, seed)] + [row]
            print(f"{name:28} seed {seed}: {steps:6} steps, distance {row['distance']:8.2f}", flush=True)
            results.sort(key=lambda r: (list(VARIANTS).index(r["variant"]), r["seed"]))
            # Written after every run, so that an interrupted one keeps its rows.
            save(args.out, "python benchmarks/gan_recipes.py", results, settings=VARIANTS)

    if args.out.parent == FILES:
        write_table("gan-recipes", table(json.loads(args.out.read_text("utf-8"))["results"]))


if __name__ == "__main__":
    main()
