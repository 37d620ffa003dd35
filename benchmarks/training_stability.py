"""The longer run of the chapter on training stability: its cures, on digits.

    python benchmarks/training_stability.py [--steps 2000 --out FILE]

Takes the games, the digits and the readings out of the chapter. Plays five games of each treatment, with the
same five lots of luck for all, and measures the distance on digit features of the last and of the averaged
generator. About two minutes on one core. Writes genlib/data/files/training-stability.json, which the chapter
shows, after each treatment; a second start goes on where the first one ended (delete the file to begin anew).
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import torch
from stored import keep_trials_apart, save

from genlib import runtime
from genlib.data.shipped import FILES

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from chapters import chapter_namespace  # noqa: E402

CHAPTER = ROOT / "book" / "outlook" / "training-stability.ipynb"
NAMES = ["play", "Digits", "readings", "diagnoses", "digit_distance"]
play, Digits, readings, diagnoses, digit_distance = chapter_namespace(CHAPTER, NAMES)
SICK = {"lr_G": 1e-3, "lr_D": 1e-3, "beta1": 0.9}
CURES = {
    "none": {},
    "no momentum": {"beta1": 0.0},
    "G a quarter": {"lr_G": 2.5e-4},
    "D times four": {"lr_D": 4e-3},
    "smoothing 0.1": {"smooth": 0.1},
    "noise 0.3": {"noise": 0.3},
    "falling step": {"falling": 1.0},
    "R1, 0.1": {"gamma": 0.1},
    "R1, 1": {"gamma": 1.0},
}
GAMES, SAMPLES = 5, 2000


@torch.no_grad()
def distances(world, weights):
    """Distance to the data of each generator: list of floats."""
    runtime.seed(902)
    real, z = world.draw(1, SAMPLES)[0], torch.randn(len(weights[0]), SAMPLES, world.latent)
    return [round(digit_distance(x, real), 2) for x in world.G(weights, z)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=FILES / "training-stability.json")
    options = parser.parse_args()
    keep_trials_apart(parser, options, options.steps != parser.get_default("steps"))
    results = json.loads(options.out.read_text("utf-8"))["results"] if options.out.exists() else []
    done, world = {row["treatment"] for row in results}, Digits()
    for name in [name for name in CURES if name not in done]:
        start = time.process_time()
        diary, games = play([SICK | CURES[name]], world, S=GAMES, steps=options.steps, every=50, seed=901)
        seconds = round(time.process_time() - start, 1)
        read = readings(diary, world)
        row = {"treatment": name, "steps": options.steps, "seconds": seconds, "named": diagnoses(read)[0]}
        row |= {"last": distances(world, games.G), "averaged": distances(world, games.mean)}
        results.append(row | {key: [round(v, 4) for v in values[0].tolist()] for key, values in read.items()})
        print(name, seconds, row["last"], row["averaged"], row["named"], flush=True)
        save(options.out, "python benchmarks/training_stability.py", results)


if __name__ == "__main__":
    main()
