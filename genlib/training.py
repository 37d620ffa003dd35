"""Training loops, once a chapter has shown them: `fit` runs any update step over data in memory.

A *step* is a function of one batch that updates the model and returns what it measured, a dict of scalar
tensors; `vae_step` and `gan_step` build the book's two. `fit` adds what every long run needs: shuffled
batches, a history, a progress bar, a stop when a loss is no longer finite, and checkpoints from which a
run continues as if it had never stopped.
"""

import hashlib
import json
import math
import os
import random
import time
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm.auto import tqdm

from genlib.densities import kl_normal, log_bernoulli
from genlib.models.gan import sample_z

__all__ = [
    "CheckpointError",
    "DivergedError",
    "History",
    "averaged_copy",
    "cosine",
    "fit",
    "gan_step",
    "load_checkpoint",
    "one_cycle",
    "save_checkpoint",
    "train_gan",
    "train_vae",
    "vae_step",
]

CHECK_EVERY = 100  # steps between two looks at the losses: each look waits for an asynchronous device


class DivergedError(FloatingPointError):
    """A loss or a weight is infinite or not a number. Attributes: epoch (from 1) and its name."""

    def __init__(self, name, value, epoch):
        super().__init__(
            f"{name} is {value} in epoch {epoch}: lower the learning rate, check that the inputs are finite "
            "and in the range the model expects, and compute losses from logits, not from probabilities"
        )
        self.name, self.epoch = name, epoch


class CheckpointError(RuntimeError):
    """A checkpoint is missing, damaged, or belongs to something else. Nothing was loaded."""


class History(dict):
    """What a run measured: name -> list of floats, one an epoch, each the mean over the epoch's steps.

    Args:    values: dict to start from; seconds: the wall time of each epoch, without `on_epoch` and
             checkpoints; kept as the attribute `seconds`.
    """

    def __init__(self, values=(), seconds=()):
        super().__init__({name: list(series) for name, series in dict(values).items()})
        self.seconds = list(seconds)


def fit(
    step,
    data,
    *,
    epochs,
    batch_size=128,
    state=None,
    checkpoint=None,
    checkpoint_every=1,
    progress=True,
    on_epoch=None,
    seconds=None,
    settings=None,
):
    """Run a step over shuffled batches, epoch after epoch.

    Every epoch draws a new permutation from PyTorch's generator. An incomplete last batch is dropped, so
    that all steps weigh the same (each epoch leaves out others).

    With `checkpoint`, the file is written before the first epoch, then after every `checkpoint_every`
    epochs and the last. If it exists already, the run continues from it and ends bit-equal to a run that
    was never stopped; optimizers and schedulers go on with the rates in the file. `settings` guard against
    going on by mistake with other ones (`train_vae` and `train_gan` put theirs there: with a schedule also
    the number of steps that it spans, so such a run cannot be made longer). Delete the file to start anew.
    Ctrl-C raises KeyboardInterrupt as usual: the file holds the last epoch saved, and the same call
    continues from there.

    Args:    step: (batch) -> dict of scalar tensors, without gradient; one batch for each tensor in data;
             data: one tensor (N, ...), or a tuple or list of tensors of equal N, on the device of the model;
             epochs: how many in total; batch_size: examples a step;
             state: dict of what training changes (modules, optimizers, schedulers: whatever has
             state_dict), needed for checkpoints; its modules are set to `train()` before each epoch;
             checkpoint: path of a file; checkpoint_every: epochs;
             progress: show a bar; on_epoch: called with (epoch, history) after each epoch, epoch from 1;
             seconds: stop after the epoch in which the training time passes this budget;
             settings: dict of numbers, texts and tuples that a continued run must share with the first.
    Returns: History, with the epochs before a continued run.
    Raises:  DivergedError if a loss is not finite (looked at every 100 steps and at the end of each
             epoch), or a weight is not before it is saved; CheckpointError if the checkpoint is
             damaged or belongs to another run; ValueError for arguments that make no sense.
    """
    data = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    n = len(data[0])
    if any(len(tensor) != n for tensor in data):
        raise ValueError(
            f"data: tensors of {[len(tensor) for tensor in data]} examples do not belong together"
        )
    if not 1 <= batch_size <= n:
        raise ValueError(f"batch_size: must be from 1 to the {n} examples, not {batch_size}")
    if epochs < 0 or checkpoint_every < 1:
        raise ValueError(
            f"epochs ({epochs}) must be at least 0, checkpoint_every ({checkpoint_every}) at least 1"
        )
    if checkpoint is not None and not state:
        raise ValueError("state: a checkpoint needs to know what to save (modules, optimizers, schedulers)")
    state = state or {}
    run = {"examples": n, "batch_size": batch_size} | (settings or {})

    history, saved = History(), 0
    if checkpoint is not None:
        if Path(checkpoint).exists():
            saved, history = load_checkpoint(checkpoint, state, run=run)
        else:
            save_checkpoint(checkpoint, state, epoch=0, history=history, run=run)
    first = saved + 1
    with tqdm(
        total=epochs * (n // batch_size),
        initial=(first - 1) * (n // batch_size),
        unit="step",
        disable=not progress,
    ) as bar:
        for epoch in range(first, epochs + 1):
            if seconds is not None and sum(history.seconds) > seconds:
                break
            bar.set_description(f"epoch {epoch}/{epochs}")
            for part in state.values():
                if isinstance(part, nn.Module):
                    part.train()
            start = time.perf_counter()
            means = _epoch(step, data, batch_size, epoch, bar)
            history.seconds.append(time.perf_counter() - start)
            for name, value in means.items():
                history.setdefault(name, []).append(value)
            if on_epoch is not None:
                on_epoch(epoch, history)
            over = seconds is not None and sum(history.seconds) > seconds
            if checkpoint is not None and (epoch % checkpoint_every == 0 or epoch == epochs or over):
                _check_finite(state, epoch)
                save_checkpoint(checkpoint, state, epoch=epoch, history=history, run=run)
    return history


def _check_finite(state, epoch):
    """A step measures its loss before its update: the last update of an epoch can still break the weights."""
    for name, part in state.items():
        for key, weight in part.named_parameters() if isinstance(part, nn.Module) else ():
            if not weight.isfinite().all():
                raise DivergedError(f"{name}.{key}", "not finite", epoch)


def _epoch(step, data, batch_size, epoch, bar):
    """One pass over the data; the means of what the steps returned, as floats."""
    order = torch.randperm(len(data[0]), device=data[0].device)
    steps = len(order) // batch_size
    totals = {}
    for count, index in enumerate(order[: steps * batch_size].split(batch_size), start=1):
        measured = step(*(tensor.index_select(0, index) for tensor in data))
        # Sums stay tensors: asking for their value would wait for the device at every step.
        totals = {name: value + totals.get(name, 0) for name, value in measured.items()}
        if count % CHECK_EVERY == 0 or count == steps:
            means = {name: float(total) / count for name, total in totals.items()}
            for name, mean in means.items():
                if not math.isfinite(mean):
                    raise DivergedError(name, mean, epoch)
            bar.set_postfix({name: f"{mean:.4g}" for name, mean in means.items()}, refresh=False)
        bar.update()
    return means


def vae_step(model, optimizer, *, beta=1.0, binarize=False, dtype=torch.float32, scheduler=None):
    """A step that lowers -ELBO of a VAE: loss = mean over the batch of -log_px_z + beta * kl.

    Args:    model: encode, reparameterize, decode_logits; optimizer: of its parameters;
             beta: weight of the KL; binarize: draw every pixel 0 or 1 with its grey value as probability,
             anew each time; dtype: of the matrix products (bfloat16 by autocast; losses stay float32);
             scheduler: stepped after every step.
    Returns: step: x (N, 784) or (N, 1, 28, 28) in [0, 1] -> {"loss", "log_px_z", "kl"}, nats an image.
    Source:  Kingma & Welling 2014, https://arxiv.org/abs/1312.6114; beta: Higgins et al. 2017,
             https://openreview.net/forum?id=Sy2fzU9gl
    """

    def step(x):
        x = x.flatten(1)
        if binarize:
            x = torch.bernoulli(x)
        with _autocast(x, dtype):
            mu, logvar = model.encode(x)
            mu, logvar = mu.float(), logvar.float()
            x_logits = model.decode_logits(model.reparameterize(mu, logvar))
        log_px_z = log_bernoulli(x, x_logits.float()).mean()
        kl = kl_normal(mu, logvar).mean()
        loss = beta * kl - log_px_z
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        return {"loss": loss.detach(), "log_px_z": log_px_z.detach(), "kl": kl.detach()}

    return step


def gan_step(G, D, opt_G, opt_D, *, averaged=None, dtype=torch.float32, schedulers=()):
    """A step that updates the discriminator, then the generator with the non-saturating loss.

    loss_D = mean of -log D(x) - log(1 - D(G(z))), log 4 at the game's solution; loss_G = mean of
    -log D(G(z)), log 2 there. D judges the real and the generated half of a batch in one pass, so it must
    treat examples one by one (no batch normalization).

    Args:    G: z (N, G.latent_dim) -> images; D: images -> logits (N,); opt_G, opt_D: their optimizers;
             averaged: an `averaged_copy` of G, updated after every step; dtype: of the matrix products
             (bfloat16 by autocast; losses stay float32); schedulers: each is stepped after every step.
    Returns: step: x (N, ...) in the range of G's images -> {"loss_D", "loss_G"}, nats.
    Source:  Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661
    """
    trainable = [p for p in D.parameters() if p.requires_grad]

    def step(x):
        x = x.flatten(1)
        n = len(x)
        with _autocast(x, dtype):
            fake = G(sample_z(n, G.latent_dim, device=x.device)).flatten(1)
            logits = D(torch.cat([x, fake.detach().to(x)])).float()
        # softplus(-o) = -log sigmoid(o) and softplus(o) = -log(1 - sigmoid(o))
        loss_D = F.softplus(-logits[:n]).mean() + F.softplus(logits[n:]).mean()
        opt_D.zero_grad()
        loss_D.backward()
        opt_D.step()

        # G has not changed since, so the same images serve; frozen, D computes no gradients of its weights.
        # A new autocast block: the old one remembers D's weights from before their update.
        for p in trainable:
            p.requires_grad_(False)
        try:
            with _autocast(x, dtype):
                logits = D(fake).float()
            loss_G = F.softplus(-logits).mean()
            opt_G.zero_grad()
            loss_G.backward()
        finally:
            for p in trainable:
                p.requires_grad_(True)
        opt_G.step()

        if averaged is not None:
            averaged.update_parameters(G)
        for scheduler in schedulers:
            scheduler.step()
        return {"loss_D": loss_D.detach(), "loss_G": loss_G.detach()}

    return step


def averaged_copy(model, decay=0.999):
    """A copy of a model whose weights are a moving average of it, smoother than the weights of any step.

    Args:    model: any module; decay: share of the old average kept at each update, in [0, 1).
    Returns: torch.optim.swa_utils.AveragedModel: call it like the model; `update_parameters(model)`
             after every step. Attribute: decay.
    Raises:  ValueError for another decay.
    """
    if not 0 <= decay < 1:
        raise ValueError(f"decay: must be in [0, 1), not {decay}")
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay)).requires_grad_(False)
    average.decay = decay
    return average


def cosine(progress):
    """Half a cosine from 1 down to 0: a learning rate's factor as progress goes from 0 to 1."""
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def one_cycle(progress, rise=0.1):
    """A learning rate's factor that climbs from 0 to 1, then falls back to 0 along half a cosine.

    Args:    progress: 0 to 1; rise: the part of the run in which it climbs, at least 0 and below 1.
    Returns: a float in [0, 1].
    Raises:  ValueError for another rise.
    """
    if not 0 <= rise < 1:
        raise ValueError(f"rise: must be in [0, 1), not {rise}")
    return progress / rise if progress < rise else cosine((progress - rise) / (1 - rise))


def train_vae(
    model,
    x,
    epochs,
    *,
    batch_size=128,
    lr=1e-3,
    schedule=None,
    beta=1.0,
    binarize=False,
    dtype=torch.float32,
    **options,
):
    """Train a VAE with Adam.

    Args:    model: a VAE; x: (N, 784) or (N, 1, 28, 28) in [0, 1]; epochs: how many;
             lr: learning rate; schedule: progress in [0, 1] -> factor of it, e.g. `cosine`;
             batch_size and options: see `fit`; beta, binarize, dtype: see `vae_step`.
    Returns: History of loss, log_px_z and kl, nats an image.
    Raises:  ValueError if x is outside [0, 1]; else as `fit`.
    """
    _check_range(x, 0, 1, "a VAE with a Bernoulli decoder")
    steps = epochs * (len(x) // max(1, batch_size))  # `fit` refuses a batch size below 1
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    state = {"model": model, "optimizer": optimizer}
    scheduler = _scheduler(optimizer, schedule, steps)
    if scheduler is not None:
        state["scheduler"] = scheduler
    step = vae_step(model, optimizer, beta=beta, binarize=binarize, dtype=dtype, scheduler=scheduler)
    settings = {"lr": lr, "beta": beta, "binarize": binarize, "dtype": str(dtype)}
    settings["schedule"] = _probe(schedule, steps)
    return fit(step, x, epochs=epochs, batch_size=batch_size, state=state, settings=settings, **options)


def train_gan(
    G,
    D,
    x,
    epochs,
    *,
    batch_size=128,
    lr=2e-4,
    betas=(0.5, 0.999),
    schedule=None,
    averaged=None,
    dtype=torch.float32,
    **options,
):
    """Train a GAN with Adam for both networks.

    Args:    G, D: generator and discriminator; x: (N, 784) or (N, 1, 28, 28) in [-1, 1]; epochs: how many;
             lr: learning rate, or a pair (of G, of D); betas: Adam's;
             schedule: progress in [0, 1] -> factor of the rates, e.g. `cosine`;
             batch_size and options: see `fit`; averaged, dtype: see `gan_step`.
    Returns: History of loss_D and loss_G, nats.
    Raises:  ValueError if x is outside [-1, 1], or nowhere below 0; else as `fit`.
    Source:  Adam's betas: Radford et al. 2015, https://arxiv.org/abs/1511.06434
    """
    _check_range(x, -1, 1, "a generator that ends in Tanh")
    lr_G, lr_D = lr if isinstance(lr, (tuple, list)) else (lr, lr)
    opt_G = torch.optim.Adam(G.parameters(), lr=lr_G, betas=betas, fused=True)
    opt_D = torch.optim.Adam(D.parameters(), lr=lr_D, betas=betas, fused=True)
    state = {"G": G, "D": D, "opt_G": opt_G, "opt_D": opt_D}
    if averaged is not None:
        state["averaged"] = averaged
    steps = epochs * (len(x) // max(1, batch_size))  # `fit` refuses a batch size below 1
    schedulers = []
    if schedule is not None:
        schedulers = [_scheduler(opt_G, schedule, steps), _scheduler(opt_D, schedule, steps)]
        state["scheduler_G"], state["scheduler_D"] = schedulers
    step = gan_step(G, D, opt_G, opt_D, averaged=averaged, dtype=dtype, schedulers=schedulers)
    settings = {"lr": (lr_G, lr_D), "betas": tuple(betas), "dtype": str(dtype)}
    settings |= {"schedule": _probe(schedule, steps), "decay": getattr(averaged, "decay", None)}
    return fit(step, x, epochs=epochs, batch_size=batch_size, state=state, settings=settings, **options)


def save_checkpoint(path, state, *, epoch=0, history=None, run=None):
    """Write the state of a run to one file, completely or not at all.

    The file is a safetensors file: tensors as such, everything else (numbers of optimizers and schedulers,
    the random state of PyTorch, NumPy and Python, the history) as JSON in its metadata, with a SHA-256 of
    the whole. It is written under another name, flushed to the disk and renamed, so that a crash leaves
    the file that was there before.

    Args:    path: the file, its folder must exist; state: dict of modules, optimizers, schedulers;
             epoch: epochs completed; history: History; run: dict of settings that must not change.
    Raises:  OSError if the file cannot be written; TypeError if a state_dict holds what cannot be saved;
             ValueError if two tensors would get one name (parts called "m" and "m.net").
    """
    path = Path(path)
    history = history if history is not None else History()
    tensors = {}
    content = {
        "epoch": epoch,
        "run": run or {},
        "history": {"values": dict(history), "seconds": history.seconds},
        "random": _encode(_random_state(), "random", tensors),
        "state": {name: _encode(part.state_dict(), name, tensors) for name, part in state.items()},
        "kinds": _kinds(state),
    }
    blank = "0" * 64
    file = safetensors.torch.save(tensors, metadata={"genlib": json.dumps(content), "sha256": blank})
    digest = hashlib.sha256(file).hexdigest()
    file = file.replace(f'"sha256":"{blank}"'.encode(), f'"sha256":"{digest}"'.encode(), 1)

    partial = path.with_name(path.name + ".partial")
    try:
        with open(partial, "wb") as stream:
            stream.write(file)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, path)
    except BaseException:  # Ctrl-C too
        partial.unlink(missing_ok=True)
        raise


def load_checkpoint(path, state, *, run=None):
    """Put the state of a run back, random state included, after checking that the file is intact.

    Args:    path: a file of `save_checkpoint`; state: dict with the same names, of modules of the same
             shapes and optimizers of the same kind and parameters; run: settings that must be the file's.
    Returns: epoch, the number of epochs completed, and the History so far.
    Raises:  CheckpointError if the file cannot be read, is damaged, or does not fit `state` or `run`.
    """
    path = Path(path)
    content, tensors = _read(path)
    if run is not None and content["run"] != json.loads(json.dumps(run)):  # JSON has no tuples
        raise CheckpointError(f"{path}: written by a run with {content['run']}, not {run}")
    if content["state"].keys() != state.keys():
        raise CheckpointError(f"{path}: holds {sorted(content['state'])}, expected was {sorted(state)}")
    if content.get("kinds") != _kinds(state):  # their states differ in ways that loading finds too late
        raise CheckpointError(f"{path}: holds {content.get('kinds')}, expected was {_kinds(state)}")
    parts = {name: _decode(part, tensors) for name, part in content["state"].items()}
    for name, part in state.items():
        _check_fits(path, name, part, parts[name])
    for name, part in state.items():
        part.load_state_dict(parts[name])
    _set_random_state(_decode(content["random"], tensors))
    return content["epoch"], History(content["history"]["values"], content["history"]["seconds"])


def _read(path):
    """The JSON part and the tensors of a checkpoint whose checksum is right."""
    try:
        file = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error})") from error
    damaged = CheckpointError(f"{path}: is damaged or no checkpoint; delete it to start anew")
    start = file.find(b'"sha256":"') + len(b'"sha256":"')
    digest = file[start : start + 64]
    blanked = file[:start] + b"0" * 64 + file[start + 64 :]
    if hashlib.sha256(blanked).hexdigest().encode() != digest:
        raise damaged
    try:
        tensors = safetensors.torch.load(file)
        header = json.loads(file[8 : 8 + int.from_bytes(file[:8], "little")])
        return json.loads(header["__metadata__"]["genlib"]), tensors
    except (safetensors.SafetensorError, ValueError, KeyError) as error:  # intact, but written by others
        raise damaged from error


def _kinds(state):
    """The class of each optimizer and scheduler; modules are compared by their tensors."""
    return {name: type(part).__name__ for name, part in state.items() if not isinstance(part, nn.Module)}


def _check_fits(path, name, part, saved):
    """Modules: same names and shapes. Optimizers: same number of parameters in each group."""
    if isinstance(part, nn.Module):
        expected = {key: tuple(t.shape) for key, t in part.state_dict().items()}
        found = {key: tuple(t.shape) for key, t in saved.items()}
    elif isinstance(part, torch.optim.Optimizer):
        expected = {i: len(group["params"]) for i, group in enumerate(part.param_groups)}
        found = {i: len(group["params"]) for i, group in enumerate(saved["param_groups"])}
    else:
        return
    for key in expected.keys() | found.keys():
        if expected.get(key) != found.get(key):
            raise CheckpointError(
                f"{path}: {name}, {key}: the file has {found.get(key, 'nothing')}, "
                f"expected was {expected.get(key, 'nothing')}"
            )


def _encode(value, key, tensors):
    """JSON for a nested state; its tensors go to `tensors` under readable keys."""
    if isinstance(value, torch.Tensor):
        if key in tensors:
            raise ValueError(f"state: two tensors of it are called {key}; name its parts without dots")
        tensors[key] = value.detach().clone().contiguous()  # a clone: safetensors refuses shared memory
        return {"tensor": key}
    if isinstance(value, dict):
        return {"dict": [[k, _encode(v, f"{key}.{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_encode(v, f"{key}.{i}", tensors) for i, v in enumerate(value)]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{key}: a checkpoint cannot hold a {type(value).__name__}")


def _decode(value, tensors):
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {k: _decode(v, tensors) for k, v in content}
    items = [_decode(v, tensors) for v in content]
    return tuple(items) if kind == "tuple" else items


def _random_state():
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  (the state that `runtime.seed` sets)
    state = {
        "torch": torch.get_rng_state(),
        "numpy": (kind, torch.from_numpy(keys.astype(np.int64)), *rest),
        "python": random.getstate(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def _set_random_state(state):
    torch.set_rng_state(state["torch"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    random.setstate(state["python"])
    if "cuda" in state and torch.cuda.device_count() == len(state["cuda"]):
        torch.cuda.set_rng_state_all(state["cuda"])
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])


def _autocast(x, dtype):
    return torch.autocast(x.device.type, dtype=dtype, enabled=dtype != torch.float32)


def _scheduler(optimizer, schedule, steps):
    if schedule is None:
        return None
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: schedule(step / max(1, steps)))


def _probe(schedule, steps):
    """What tells one schedule from another: the steps that it spans, and its value at nine places."""
    return None if schedule is None else [steps, *(float(schedule(i / 8)) for i in range(9))]


def _check_range(x, low, high, what):
    if x.numel() == 0:
        raise ValueError(f"x: no examples, {tuple(x.shape)}")
    smallest, largest = (float(v) for v in x.aminmax())
    if not (low <= smallest and largest <= high and (low == 0 or smallest < 0)):
        raise ValueError(
            f"x: {what} needs values in [{low}, {high}], not {smallest:.3g} to {largest:.3g} "
            "(from [0, 1] to [-1, 1]: 2 * x - 1; back: (x + 1) / 2)"
        )
