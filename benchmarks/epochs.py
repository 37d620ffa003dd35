"""Seconds per epoch of the book's VAE and GAN, against three references measured in the same run.

1. The same model trained as PyTorch's reference examples do it: a data set that passes every image through
   PIL and torchvision's transforms, a DataLoader, and plain Adam.
2. The float32 limit: floating-point operations of a step over the machine's fastest float32 matrix product.
3. Variants: bfloat16, torch.compile, larger batches, each with the test loss it reaches.

Usage: python benchmarks/epochs.py [--epochs 10] [--rounds 1]
Writes benchmarks/epochs.json and the table in benchmarks/README.md. Run it with nothing else running.
"""

import argparse
import functools
import json
import platform
import statistics
import time
from pathlib import Path

import torch
from PIL import Image
from readme import write_table
from stored import write_whole
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms

from genlib import runtime
from genlib.data import mnist
from genlib.metrics import elbo_parts
from genlib.models.gan import Discriminator, Generator
from genlib.models.vae import VAE
from genlib.training import fit, gan_step, one_cycle, train_gan, train_vae, vae_step

HERE = Path(__file__).parent
BATCH = 128


class PILDigits(Dataset):
    """The shipped digits behind the same work an image as torchvision.datasets.MNIST."""

    def __init__(self, x, y, transform):
        self.data = (x * 255).round().to(torch.uint8).squeeze(1)
        self.targets, self.transform = y, transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        image, target = self.data[index], int(self.targets[index])
        return self.transform(Image.fromarray(image.numpy())), target


def loader_vae(digits, epochs, workers):
    """The reference example's loop: probabilities, summed losses, plain Adam, .item() at every step."""
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(digits, batch_size=BATCH, shuffle=True, num_workers=workers)
    seconds = []
    for _ in range(epochs):
        start, total = time.perf_counter(), 0.0
        for x, _ in loader:
            optimizer.zero_grad()
            recon_x, mu, logvar = model(x)
            loss = F.binary_cross_entropy(recon_x, x.view(-1, 784), reduction="sum")
            loss = loss - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
            loss.backward()
            total += loss.item()
            optimizer.step()
        seconds.append(time.perf_counter() - start)
    return model, seconds


def loader_gan(digits, epochs, workers):
    """The textbook loop: two passes of D, no frozen weights, plain Adam, .item() at every step."""
    G, D = Generator(), Discriminator()
    opt_G = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    opt_D = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    loader = DataLoader(digits, batch_size=BATCH, shuffle=True, num_workers=workers)
    bce, seconds = F.binary_cross_entropy_with_logits, []
    for _ in range(epochs):
        start, total_D, total_G = time.perf_counter(), 0.0, 0.0
        for x, _ in loader:
            x = x.view(-1, 784)
            one, zero = torch.ones(len(x)), torch.zeros(len(x))
            opt_D.zero_grad()
            fake = G(torch.randn(len(x), 100))
            loss_D = bce(D(x), one) + bce(D(fake.detach()), zero)
            loss_D.backward()
            opt_D.step()
            opt_G.zero_grad()
            loss_G = bce(D(fake), one)
            loss_G.backward()
            opt_G.step()
            total_D += loss_D.item()
            total_G += loss_G.item()
        seconds.append(time.perf_counter() - start)
    return G, seconds


def our_vae(x, epochs, **options):
    model = VAE()
    return model, train_vae(model, x, epochs, progress=False, **options).seconds


def compiled_vae(x, epochs, dtype):
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    step = torch.compile(vae_step(model, optimizer, dtype=dtype))
    start = time.perf_counter()
    step(x[:BATCH])
    step(x[:BATCH])
    print(f"    (torch.compile: {time.perf_counter() - start:.0f} s for its first two steps)", flush=True)
    state = {"model": model, "optimizer": optimizer}
    return model, fit(step, x, epochs=epochs, batch_size=BATCH, state=state, progress=False).seconds


def our_gan(x, epochs, **options):
    G = Generator()
    return G, train_gan(G, Discriminator(), x, epochs, progress=False, **options).seconds


def matrix_product_limit(dtype):
    """The fastest rate of a square matrix product, in GFLOP/s."""
    best = 0.0
    for size in (512, 1024, 2048):
        a, b = torch.randn(size, size).to(dtype), torch.randn(size, size).to(dtype)
        for _ in range(15):
            start = time.perf_counter()
            a @ b
            best = max(best, 2e-9 * size**3 / (time.perf_counter() - start))
    return best


def gflop_a_step(model):
    """Multiplications and additions of the matrix products in one step, forward and backward."""
    if model == "VAE":
        vae = VAE()
        step, x = vae_step(vae, torch.optim.Adam(vae.parameters())), torch.rand(BATCH, 784)
    else:
        G, D = Generator(), Discriminator()
        step = gan_step(G, D, torch.optim.Adam(G.parameters()), torch.optim.Adam(D.parameters()))
        x = torch.rand(BATCH, 784)
    with FlopCounterMode(display=False) as counter:
        step(x)
    return counter.get_total_flops() / 1e9


def variants(x, y, epochs):
    """(model, name, function that trains it), the reference of each model first."""
    flat = x.flatten(1)
    signed = 2 * flat - 1
    plain = PILDigits(x, y, transforms.ToTensor())
    centered = PILDigits(x, y, transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]))
    bf16 = torch.bfloat16
    yield "VAE", "DataLoader, plain Adam", lambda: loader_vae(plain, epochs, 0)
    yield "VAE", "DataLoader, 2 workers", lambda: loader_vae(plain, epochs, 2)
    yield "VAE", "genlib, float32", lambda: our_vae(flat, epochs)
    yield "VAE", "genlib, bfloat16", lambda: our_vae(flat, epochs, dtype=bf16)
    yield "VAE", "genlib, bfloat16, torch.compile", lambda: compiled_vae(flat, epochs, bf16)
    for size, lr, schedule, name in (
        (256, 1e-3, None, "batch 256"),
        (256, 6e-3, one_cycle, "batch 256, one cycle to 6e-3"),
        (512, 1e-2, one_cycle, "batch 512, one cycle to 1e-2"),
        (1000, 1e-2, one_cycle, "batch 1000, one cycle to 1e-2"),
    ):
        options = {"dtype": bf16, "batch_size": size, "lr": lr, "schedule": schedule}
        yield "VAE", f"genlib, bfloat16, {name}", functools.partial(our_vae, flat, epochs, **options)
    yield "GAN", "DataLoader, plain Adam", lambda: loader_gan(centered, 1, 0)
    yield "GAN", "DataLoader, 2 workers", lambda: loader_gan(centered, 1, 2)
    yield "GAN", "genlib, float32", lambda: our_gan(signed, 1)
    yield "GAN", "genlib, bfloat16", lambda: our_gan(signed, 1, dtype=bf16)


def measure(epochs, rounds, only=""):
    x, y = mnist("train")
    x_test, _ = mnist("test")
    limits, rows = {"float32": [], "bfloat16": []}, {}
    for _ in range(rounds):
        for name, values in limits.items():
            values.append(matrix_product_limit(getattr(torch, name)))
        for model, name, train in variants(x, y, epochs):
            if only not in f"{model} {name}":
                continue
            row = rows.setdefault(
                f"{model} {name}", {"model": model, "name": name, "seconds": [], "loss": []}
            )
            if "error" in row:
                continue
            runtime.seed()
            try:
                trained, seconds = train()
            except Exception as error:  # torch.compile without a compiler, for one: the table says so
                row["error"] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                print(f"{model} {name}: {row['error']}", flush=True)
                continue
            row["seconds"].append(seconds)
            if model == "VAE":
                torch.manual_seed(0)
                log_px_z, kl = elbo_parts(trained, x_test)
                row["loss"].append(float((kl - log_px_z).mean()))
            print(f"{model} {name}: {[round(s, 2) for s in seconds]} s, {row['loss'][-1:]}", flush=True)
    return {
        "machine": f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "epochs": epochs,
        "limit": limits,
        "gflop": {model: gflop_a_step(model) for model in ("VAE", "GAN")},
        "rows": list(rows.values()),
    }


def table(result):
    """The Markdown tables of a measurement."""
    limit = {name: max(values) for name, values in result["limit"].items()}
    spread = {name: f"{min(v):.0f} to {max(v):.0f}" for name, v in result["limit"].items()}
    lines = [
        f"Measured with PyTorch {result['torch']}, Python {result['python']}, {result['machine']}. "
        f"Fastest matrix products: {spread['float32']} GFLOP/s in float32, {spread['bfloat16']} in bfloat16 "
        "(over the rounds).",
    ]
    for model in ("VAE", "GAN"):
        rows = [row for row in result["rows"] if row["model"] == model]
        if not rows:
            continue
        gflop = result["gflop"][model]
        epoch_gflop = gflop * 60_000 / BATCH
        loss = f" Test loss in nats an image, after {result['epochs']} epochs." if model == "VAE" else ""
        lines += [
            "",
            f"**{model}**: {gflop:.3f} GFLOP a step of {BATCH}, so at least "
            f"{epoch_gflop / limit['float32']:.2f} s an epoch at the float32 limit.{loss}",
            "",
            "| variant | s an epoch (median) | range | times faster | share of the float32 limit |"
            + (" test loss |" if loss else ""),
            "|---|---|---|---|---|" + ("---|" if loss else ""),
        ]
        reference = None
        for row in rows:
            if "error" in row:
                lines.append(f"| {row['name']} | failed: {row['error']} |")
                continue
            seconds = sorted(s for epochs in row["seconds"] for s in epochs)
            median = statistics.median(seconds)
            reference = reference or median
            share = 100 * epoch_gflop / median / limit["float32"]
            cells = [
                row["name"],
                f"{median:.2f}",
                f"{seconds[0]:.2f} to {seconds[-1]:.2f}",
                f"{reference / median:.1f}",
                f"{share:.0f} %",
            ]
            if loss:
                cells.append(f"{statistics.mean(row['loss']):.1f}")
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10, help="of each VAE (each GAN: 1)")
    parser.add_argument("--rounds", type=int, default=1, help="how often everything is measured")
    parser.add_argument("--only", default="", help="measure what contains this text, write nothing")
    options = parser.parse_args()
    runtime.threads()
    result = measure(options.epochs, options.rounds, options.only)
    print(table(result))
    if options.only:
        return
    write_whole(HERE / "epochs.json", json.dumps(result, indent=1) + "\n")
    write_table("epochs", table(result))


if __name__ == "__main__":
    main()
