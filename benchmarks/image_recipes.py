"""Two minutes each for the four recipes of the image chapter, the best of the GAN chapter among them.

    python benchmarks/image_recipes.py [--seconds 120] [--steps N] [--seeds 0] [--only NAME ...] [--out FILE]

Every recipe gets the same wall time in training steps; drawing and measuring is not counted. With --steps it
gets that many steps instead, for a comparison that a busy machine cannot spoil. The networks and
the step come out of the chapter, the opponent out of `gan_recipes.py`. Writes the stored result that the
chapter shows (genlib/data/files/image-recipes.json); run it on an otherwise idle machine.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import gan_recipes
import torch
from readme import write_table
from stored import save
from torch.nn import functional as F

from genlib import runtime
from genlib.data import mnist
from genlib.data.shipped import FILES
from genlib.metrics import classify_digits, digit_features, frechet_distance, precision_recall
from genlib.training import averaged_copy

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from chapters import chapter_namespace  # noqa: E402

CHAPTER = ROOT / "book" / "applications" / "image-generation.ipynb"
OPPONENT = "without momentum"  # the best of the stored runs of gan_recipes.py
RECIPES = ["fully connected", "fully connected and labels", "convolutions", "convolutions and labels"]


def train(x, y, seconds, limit, dense, lr, batch_size, decay=0.998):
    """The chapter's recipe for a wall time, or `limit` steps: the averaged generator and the number of steps.

    The fully connected pair multiplies in the format that is faster here, as the opponent does.
    """
    kind = "Dense" if dense else "Conv"
    Generator, Discriminator, gan_step = chapter_namespace(
        CHAPTER, [f"{kind}Generator", f"{kind}Discriminator", "gan_step"]
    )
    dtype = runtime.fast_dtype("cpu") if dense else torch.float32
    G, D = Generator(y.shape[1]), Discriminator(y.shape[1])
    D.register_forward_hook(lambda module, inputs, logits: logits.float())  # losses stay float32
    opt_G, opt_D = (torch.optim.Adam(m.parameters(), lr=lr, betas=(0.0, 0.99), fused=True) for m in (G, D))
    averaged = averaged_copy(G, decay)
    steps, start = 0, time.perf_counter()
    while steps < limit if limit else time.perf_counter() - start < seconds:
        if steps % (len(x) // batch_size) == 0:
            order = torch.randperm(len(x)).split(batch_size)
        index = order[steps % (len(x) // batch_size)]
        # No cache: it would remember D's weights from before their update in the same step.
        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32, cache_enabled=False):
            gan_step(x[index], y[index], G, D, opt_G, opt_D)
        averaged.update_parameters(G)
        steps += 1
    return averaged.module.eval(), steps


@torch.no_grad()
def judge(draw, x_test, y_test):
    """Frechet distance on digit features, precision, recall, and the share drawn as asked."""
    runtime.seed(500)
    images = torch.cat([(draw(part).reshape(-1, 1, 28, 28) + 1) / 2 for part in y_test.split(1000)])
    features, reference = digit_features(images), digit_features(x_test)
    near = precision_recall(reference[:2000], features[:2000])
    return {
        "distance": round(frechet_distance(features, reference), 2),
        "precision": round(near.precision, 3),
        "recall": round(near.recall, 3),
        "as asked": round(float((classify_digits(images) == y_test).float().mean()), 4),
    }


def opponent():
    """The settings of the opponent, with the number format that is faster here."""
    dtype = str(runtime.fast_dtype("cpu")).removeprefix("torch.")
    return gan_recipes.VARIANTS[OPPONENT] | {"dtype": dtype}


def run(name, seed, seconds, limit, x, y, test):
    """One recipe from one seed: a row of the result."""
    torch.manual_seed(1000 * seed)
    if name == "fully connected":
        G, steps, _ = gan_recipes.train(x.flatten(1), seconds, **opponent())
        row = judge(lambda y: G(torch.randn(len(y), 100)), *test)
    else:
        labels = 10 if name.endswith("and labels") else 0
        orders = F.one_hot(y, 10).float()[:, :labels]
        dense = name.startswith("fully connected")
        G, steps = train(x, orders, seconds, limit, dense, *((1e-3, 128) if dense else (4e-3, 64)))
        row = judge(
            lambda y: G(torch.randn(len(y), G.latent_dim), F.one_hot(y, 10).float()[:, :labels]), *test
        )
    if not name.endswith("and labels"):
        row["as asked"] = None  # it takes no orders
    spent = {"seconds": None if limit else seconds, "threads": torch.get_num_threads(), "steps": steps}
    return {"recipe": name, "seed": seed} | spent | row


def table(results):
    """The results as Markdown."""
    lines = [
        "| recipe | seed | steps | distance on digit features | precision | recall | drawn as asked, % |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results:
        obeyed = "" if row["as asked"] is None else f"{100 * row['as asked']:.1f}"
        lines.append(
            f"| {row['recipe']} | {row['seed']} | {row['steps']:,} | {row['distance']:.1f} "
            f"| {row['precision']:.2f} | {row['recall']:.2f} | {obeyed} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--steps", type=int, help="instead of seconds; not for the opponent")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--only", nargs="+", choices=RECIPES, default=RECIPES, metavar="NAME")
    parser.add_argument("--out", type=Path, default=FILES / "image-recipes.json")
    args = parser.parse_args()
    if args.steps and RECIPES[0] in args.only:
        parser.error(f"{RECIPES[0]!r} takes seconds only: leave it out with --only")

    x, y = mnist("train")
    x, test = x * 2 - 1, mnist("test")
    results = json.loads(args.out.read_text("utf-8"))["results"] if args.out.exists() else []
    for seed in args.seeds:
        for name in args.only:
            row = run(name, seed, args.seconds, args.steps, x, y, test)
            print(row, flush=True)
            results = [r for r in results if (r["recipe"], r["seed"]) != (name, seed)] + [row]
            results.sort(key=lambda r: (RECIPES.index(r["recipe"]), r["seed"]))
            # Written after every run, so that an interrupted one keeps its rows.
            save(args.out, "python benchmarks/image_recipes.py", results, opponent=opponent())

    if args.out.parent == FILES:
        write_table("image-recipes", table(json.loads(args.out.read_text("utf-8"))["results"]))


if __name__ == "__main__":
    main()
