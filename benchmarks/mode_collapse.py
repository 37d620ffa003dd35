"""The longer runs of the chapter on mode collapse: what a step costs, tuning, the grid, stacked digits.

    python benchmarks/mode_collapse.py [--only PART ...] [--scale 1.0 --out FILE]

Takes the networks, the cures and the game out of the chapter. About 20 minutes on one core. Writes the
stored result that the chapter shows (genlib/data/files/mode-collapse.json) after every run of ten games; a
second start goes on where the first one ended (delete the file, or a part of it, to begin anew). All methods
get the same processor time: first the cost of a step is measured, then each gets as many steps as fit.

    costs    seconds a step of each method, in the plane and on stacked digits
    ring     tuning on the ring: eight settings for each method (the games that count are in the chapter)
    long     the ring again, four times as long, with the settings found
    grid     25 modes, with the settings found on the ring
    stacked  1,000 modes: two step sizes for each of six methods, then ten new games
"""

import argparse
import functools
import itertools
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch
from readme import write_table
from stored import keep_trials_apart, machine, write_whole

from genlib import runtime
from genlib.data import Grid, Ring, mnist
from genlib.data.shipped import FILES

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from chapters import chapter_namespace  # noqa: E402

CHAPTER = ROOT / "book" / "outlook" / "mode-collapse.ipynb"
NAMES = ["CURES", "play", "measures", "Stacks", "count_triples", "distance_to_digits"]
CURES, play, measures, Stacks, count_triples, distance_to_digits = chapter_namespace(CHAPTER, NAMES)
PARTS = ("costs", "ring", "long", "grid", "stacked")
SECONDS = {"ring": 3.0, "long": 12.0, "grid": 9.0, "stacked": 16.0}  # for ten games together
RATES, BETAS = (1e-3, 3e-3, 1e-2, 3e-2), (0.0, 0.5)
STACKED_RATES = (2e-3, 6e-3)
TOY_ONLY = ("unrolling", "relativistic", "penalties R1, R2")  # left out on stacked digits, to save time
SEEDS = {"tuning": 900, "grid": 901, "long": 902, "stacked": 903}  # games that count are not tuned on
MIXTURES = {"ring": Ring(std=0.05), "long": Ring(std=0.05), "grid": Grid()}
STACKED = {"width": 128, "latent": 32}


def cure_of(name, data):
    """A cure with the constants that its authors use for toys or for images."""
    cure = CURES[name]()
    if data == "stacked" and name == "WGAN-GP":
        cure.weight = 10.0
    return cure


@functools.cache
def stacks():
    return Stacks(mnist("train")[0])


def draw_of(data):
    return stacks().sample if data == "stacked" else MIXTURES[data].sample


def options_of(data):
    return STACKED if data == "stacked" else {}


def costs(data):
    """Processor seconds of a step of each method: the least of five rounds, methods interleaved."""
    share = {"WGAN-GP": 0.2, "unrolling": 0.15}
    best = {}
    for _ in range(5):
        for name in CURES:
            count = max(3, round((40 if data == "stacked" else 100) * share.get(name, 1)))
            play(cure_of(name, data), draw_of(data), 2, **options_of(data))
            start = time.process_time()
            play(cure_of(name, data), draw_of(data), count, **options_of(data))
            spent = (time.process_time() - start) / count
            best[name] = min(best.get(name, spent), spent)
    return {name: float(f"{spent:.3g}") for name, spent in best.items()}


@torch.no_grad()
def judge(G, data, n=2500):
    """The measures of ten generators, each a list of ten."""
    if data != "stacked":
        found = measures(G(torch.randn(10, n, 2)), MIXTURES[data])
    else:
        layers = [stacks().layers(x) for x in G(torch.randn(10, n, STACKED["latent"]))]
        modes, kl = zip(*(count_triples(part) for part in layers), strict=True)
        unseen = stacks().layers(stacks().encode(mnist("test")[0][:2100]))
        found = {"modes": modes, "kl": kl, "distance": [distance_to_digits(part, unseen) for part in layers]}
    return {key: [round(float(v), 4) for v in values] for key, values in found.items()}


def run(name, data, rate, beta1, seconds, cost, seed, n=2500):
    """Ten games of one method: a row of the result."""
    runtime.seed(seed)
    steps = max(1, round(seconds / cost[name]))
    start = time.process_time()
    settings = {"lr_G": rate, "lr_D": rate, "beta1": beta1} | options_of(data)
    G, _ = play(cure_of(name, data), draw_of(data), steps, **settings)
    row = {"method": name, "rate": rate, "beta1": beta1, "steps": steps}
    row |= {"seconds": round(time.process_time() - start, 1)} | judge(G, data, n)
    shown = ", ".join(f"{key} {sum(row[key]) / 10:.3f}" for key in list(row)[5:])
    print(
        f"{data:8}{name:24}{steps:6} steps {row['seconds']:5.1f} s, {rate:g}, {beta1:g}: {shown}", flush=True
    )
    return row


class Store:
    """The result as a file, written whenever a row is done."""

    def __init__(self, path):
        self.path = path
        self.parts = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def save(self):
        self.parts["command"] = "python benchmarks/mode_collapse.py"
        self.parts["machine"] = machine()
        write_whole(self.path, json.dumps(self.parts, indent=1) + "\n")

    def row(self, part, key, name, rate, beta1, *settings):
        """The stored row of this method, step size and beta1, or a new run."""
        rows = self.parts.setdefault(part, {}).setdefault(key, [])
        for row in rows:
            if (row["method"], row["rate"], row["beta1"]) == (name, rate, beta1):
                return row
        row = run(name, part, rate, beta1, *settings)
        rows.append(row)
        rows.sort(key=lambda row: list(CURES).index(row["method"]))
        self.save()
        return row


def tune(store, data, name, settings, *how):
    """The best of the settings of a method, on games that are not counted; stored under "chosen"."""
    target = "distance" if data == "stacked" else "misplaced"
    tries = [store.row(data, "tries", name, *setting, *how) for setting in settings]
    best = min(tries, key=lambda row: sum(row[target]))
    store.parts[data].setdefault("chosen", {})[name] = [best["rate"], best["beta1"]]
    store.save()


def race(store, data, scale):
    """Ten games of each method that count, with settings chosen before (on the ring for all of the plane)."""
    seconds, plane = SECONDS[data] * scale, store.parts["costs"]["plane"]
    store.parts.setdefault(data, {})["seconds"] = seconds
    for name in CURES:
        if data == "ring":
            settings = itertools.product(RATES, BETAS)
            tune(store, data, name, settings, seconds, plane, SEEDS["tuning"])
        elif data == "stacked" and name not in TOY_ONLY:
            cost = store.parts["costs"]["stacked"]
            settings = [(rate, 0.0) for rate in STACKED_RATES]  # momentum did not help the GAN chapter
            tune(store, data, name, settings, seconds / 4, cost, SEEDS["tuning"], 1000)
            store.row(data, "results", name, *store.parts[data]["chosen"][name], seconds, cost, SEEDS[data])
        elif data != "stacked":
            chosen = store.parts["ring"]["chosen"][name]
            store.row(data, "results", name, *chosen, seconds, plane, SEEDS[data])


def table(parts):
    """The results that count as Markdown, means over ten games; those of the ring are in the chapter."""
    lines = [
        "| method | ring, four times as long: modes of 8 | KL | grid: modes of 25 | KL | misplaced "
        "| stacked digits: modes of 1,000 | KL | distance on digit features |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in CURES:
        cells = [name]
        for part, keys in (
            ("long", {"modes": ".1f", "kl": ".2f"}),
            ("grid", {"modes": ".1f", "kl": ".2f", "misplaced": ".2f"}),
            ("stacked", {"modes": ".0f", "kl": ".2f", "distance": ".1f"}),
        ):
            row = next((r for r in parts[part]["results"] if r["method"] == name), None)
            cells += [format(sum(row[key]) / 10, form) if row else "" for key, form in keys.items()]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    parser.add_argument("--scale", type=float, default=1.0, help="of the seconds, for a trial")
    parser.add_argument("--out", type=Path, default=FILES / "mode-collapse.json")
    options = parser.parse_args()
    keep_trials_apart(parser, options, options.scale != 1)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    store = Store(options.out)
    for kind, data in (("plane", "ring"), ("stacked", "stacked")):
        if "costs" in options.only and kind not in store.parts.setdefault("costs", {}):
            store.parts["costs"][kind] = costs(data)
            store.save()
    for data in PARTS[1:]:
        if data in options.only:
            race(store, data, options.scale)
    if options.out.parent == FILES and "stacked" in options.only:
        write_table("mode-collapse", table(store.parts))


if __name__ == "__main__":
    main()
