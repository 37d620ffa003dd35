"""Train the digit classifier that judges samples, and store its weights (about a minute on two cores).

    python tools/train_digit_classifier.py [--epochs 8] [--out FILE]

Prints the test accuracy and the SHA-256. To ship the weights, move the file into genlib/models/files/ and put
the SHA-256 into genlib/models/digits.py; with one without the other, genlib refuses to load them.
"""

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from genlib import runtime
from genlib.data import mnist
from genlib.models.digits import WEIGHTS, DigitClassifier


def shifted(x, reach=2):
    """The batch moved by up to `reach` pixels, one offset for all: the judge should not mind position."""
    dy, dx = torch.randint(-reach, reach + 1, (2,)).tolist()
    return torch.roll(x, (dy, dx), dims=(2, 3))


def train(epochs, batch_size=100):
    x, y = mnist("train")
    model = DigitClassifier()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=1e-2, fused=True)
    steps = epochs * len(x) // batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    for epoch in range(epochs):
        model.train()
        for index in torch.randperm(len(x)).split(batch_size):
            loss = F.cross_entropy(model(shifted(x[index])), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}: test accuracy {accuracy(model):.4f}", flush=True)
    return model


@torch.no_grad()
def accuracy(model):
    x, y = mnist("test")
    model.eval()
    guess = torch.cat([model(batch).argmax(1) for batch in x.split(1000)])
    return (guess == y).float().mean().item()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--out", type=Path, default=Path(WEIGHTS.name))
    args = parser.parse_args()
    runtime.seed()
    weights = {name: w.half().contiguous() for name, w in train(args.epochs).state_dict().items()}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(weights, args.out)
    sha256 = hashlib.sha256(args.out.read_bytes()).hexdigest()
    print(f"{args.out.name}: {args.out.stat().st_size:,} bytes, SHA-256 {sha256}")
