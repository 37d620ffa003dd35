"""Training loops: parity with plain loops, checkpoints that are bit-equal, whole or rejected."""

import copy
import json
import math
import os
import random
import subprocess
import sys
import time
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import safetensors
import torch
from torch import nn
from torch.nn import functional as F

from genlib import training
from genlib.models.gan import Discriminator, Generator
from genlib.models.vae import VAE


@pytest.fixture
def x():
    """256 "images" in [0, 1]; a fixture's random numbers must not shift those of the test."""
    return torch.rand(256, 784, generator=torch.Generator().manual_seed(7))


class Small(nn.Module):
    """A linear map with dropout, to test `fit` quickly."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Dropout(0.5), nn.Linear(784, 1))

    def forward(self, x):
        return self.net(x)


def small_run(seed=0):
    torch.manual_seed(seed)
    model = Small()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, fused=True)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, gamma=0.9)

    def step(x):
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        noise = float(np.random.rand()) + random.random()  # noqa: NPY002  (both states must be restored)
        return {"loss": loss.detach(), "noise": torch.tensor(noise)}

    return model, step, {"model": model, "optimizer": optimizer, "scheduler": scheduler}


def equal(a, b):
    return all(torch.equal(v, b[name]) for name, v in a.items())


# fit


def test_every_epoch_sees_every_example_once_in_a_new_order():
    data = torch.arange(20)
    seen = []

    def step(batch, label):
        assert torch.equal(label, -batch)
        seen.append(batch)
        return {"loss": batch.float().mean()}

    history = training.fit(step, (data, -data), epochs=2, batch_size=5, progress=False)
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert torch.equal(first.sort().values, data)
    assert torch.equal(second.sort().values, data)
    assert not torch.equal(first, second)
    assert history == {"loss": [9.5, 9.5]}
    assert len(history.seconds) == 2


def test_an_incomplete_batch_is_dropped():
    sizes = []

    def step(batch):
        sizes.append(len(batch))
        return {"loss": torch.tensor(0.0)}

    training.fit(step, torch.zeros(23), epochs=1, batch_size=5, progress=False)
    assert sizes == [5, 5, 5, 5]


def test_history_is_the_mean_over_the_steps_and_on_epoch_sees_it():
    values = iter([1.0, 2.0, 3.0, 10.0, 20.0, 30.0])
    seen = []
    history = training.fit(
        lambda batch: {"loss": torch.tensor(next(values))},
        torch.zeros(6),
        epochs=2,
        batch_size=2,
        progress=False,
        on_epoch=lambda epoch, history: seen.append((epoch, copy.deepcopy(history["loss"]))),
    )
    assert history == {"loss": [2.0, 20.0]}
    assert seen == [(1, [2.0]), (2, [2.0, 20.0])]


def test_modules_are_back_in_training_mode_after_on_epoch(x):
    model, step, state = small_run()
    modes = []

    def watched(batch):
        modes.append(model.training)
        return step(batch)

    training.fit(
        watched, x, epochs=2, batch_size=256, state=state, progress=False, on_epoch=lambda *_: model.eval()
    )
    assert modes == [True, True]


def test_a_time_budget_ends_after_the_epoch_that_passes_it(monkeypatch):
    clock = count(step=0.03)  # is looked at when an epoch begins and ends
    monkeypatch.setattr(training, "time", SimpleNamespace(perf_counter=lambda: next(clock)))

    def step(batch):
        return {"loss": torch.tensor(0.0)}

    history = training.fit(step, torch.zeros(4), epochs=1000, batch_size=2, seconds=0.1, progress=False)
    assert len(history["loss"]) == 4


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_stops_the_run_with_advice(value, tmp_path, x):
    _, good, state = small_run()
    path = tmp_path / "run.ckpt"
    training.fit(good, x, epochs=1, batch_size=64, state=state, checkpoint=path, progress=False)
    before = path.read_bytes()
    with pytest.raises(training.DivergedError, match=r"loss_G is .* in epoch 2: lower the learning") as info:
        training.fit(
            lambda batch: {"loss_D": torch.tensor(0.0), "loss_G": torch.tensor(value)},
            x, epochs=3, batch_size=64, state=state, checkpoint=path, progress=False,
        )  # fmt: skip
    assert (info.value.epoch, info.value.name) == (2, "loss_G")
    assert isinstance(info.value, FloatingPointError)
    assert path.read_bytes() == before


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    model = nn.Linear(2, 1)
    path = tmp_path / "run.ckpt"

    def step(batch):
        with torch.no_grad():
            model.bias.fill_(math.inf)
        return {"loss": torch.tensor(0.0)}  # measured before the update

    with pytest.raises(training.DivergedError, match=r"model\.bias is not finite in epoch 1"):
        training.fit(
            step, torch.zeros(4, 2), epochs=1, batch_size=4, state={"model": model}, checkpoint=path,
            progress=False,
        )  # fmt: skip
    fresh = nn.Linear(2, 1)
    assert training.load_checkpoint(path, {"model": fresh})[0] == 0
    assert fresh.bias.isfinite().all()


def test_a_long_epoch_stops_early():
    steps = []

    def step(batch):
        steps.append(1)
        return {"loss": torch.tensor(math.nan)}

    with pytest.raises(training.DivergedError):
        training.fit(step, torch.zeros(5000), epochs=1, batch_size=1, progress=False)
    assert len(steps) == training.CHECK_EVERY


@pytest.mark.parametrize(("options", "message"), [
    ({"batch_size": 0}, "batch_size"),
    ({"batch_size": 11}, "batch_size"),
    ({"epochs": -1}, "epochs"),
    ({"checkpoint_every": 0}, "checkpoint_every"),
    ({"checkpoint": "somewhere"}, "state"),
    ({"data": (torch.zeros(10), torch.zeros(9))}, "belong together"),
])  # fmt: skip
def test_fit_rejects_bad_arguments(options, message):
    options = {"data": torch.zeros(10), "epochs": 1, "batch_size": 2} | options
    with pytest.raises(ValueError, match=message):
        training.fit(lambda batch: {}, progress=False, **options)


# steps


def test_vae_step_equals_a_plain_loop(x):
    torch.manual_seed(0)
    model = VAE()
    plain = copy.deepcopy(model)
    torch.manual_seed(1)
    step = training.vae_step(model, torch.optim.Adam(model.parameters(), 1e-3, fused=True), beta=0.7)
    measured = [step(x) for _ in range(3)]

    torch.manual_seed(1)
    optimizer = torch.optim.Adam(plain.parameters(), 1e-3)
    for result in measured:
        recon_x, mu, logvar = plain(x)
        reconstruction = F.binary_cross_entropy(recon_x, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        loss = (reconstruction + 0.7 * kl) / len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert float(result["loss"]) == pytest.approx(loss.item(), rel=1e-5)
        assert float(result["log_px_z"]) == pytest.approx(-reconstruction.item() / len(x), rel=1e-5)
        assert float(result["kl"]) == pytest.approx(kl.item() / len(x), rel=1e-4)
        assert not result["loss"].requires_grad
    for name, weight in plain.state_dict().items():
        assert torch.allclose(model.state_dict()[name], weight, atol=2e-5), name


def test_gan_step_equals_a_plain_loop(x):
    torch.manual_seed(0)
    G, D = Generator(), Discriminator().eval()  # no dropout: D's two halves draw it in another order
    G2, D2 = copy.deepcopy(G), copy.deepcopy(D)

    def optimizer(model):
        return torch.optim.SGD(model.parameters(), 0.05)

    x = 2 * x - 1
    torch.manual_seed(1)
    step = training.gan_step(G, D, optimizer(G), optimizer(D))
    measured = [step(x) for _ in range(3)]

    torch.manual_seed(1)
    opt_G, opt_D = optimizer(G2), optimizer(D2)
    one, zero = torch.ones(len(x)), torch.zeros(len(x))
    for result in measured:
        z = torch.randn(len(x), 100)
        p_real, p_fake = torch.sigmoid(D2(x)), torch.sigmoid(D2(G2(z).detach()))
        loss_D = F.binary_cross_entropy(p_real, one) + F.binary_cross_entropy(p_fake, zero)
        opt_D.zero_grad()
        loss_D.backward()
        opt_D.step()
        loss_G = F.binary_cross_entropy(torch.sigmoid(D2(G2(z))), one)
        opt_G.zero_grad()
        loss_G.backward()
        opt_G.step()
        assert float(result["loss_D"]) == pytest.approx(loss_D.item(), rel=1e-4)
        assert float(result["loss_G"]) == pytest.approx(loss_G.item(), rel=1e-4)
    for ours, plain in ((G, G2), (D, D2)):
        for name, weight in plain.state_dict().items():
            assert torch.allclose(ours.state_dict()[name], weight, atol=1e-5), name


def test_gan_step_takes_a_generator_of_images(x):
    class Sheets(Generator):
        def forward(self, z):
            return super().forward(z).view(-1, 1, 28, 28)

    def step(G):
        torch.manual_seed(0)
        D = Discriminator().eval()
        return training.gan_step(G, D, torch.optim.SGD(G.parameters()), torch.optim.SGD(D.parameters()))(x)

    torch.manual_seed(1)
    flat, sheets = Generator(), Sheets()
    sheets.load_state_dict(flat.state_dict())
    assert step(sheets) == step(flat)


def test_the_generators_update_leaves_the_discriminator_alone(x):
    torch.manual_seed(0)
    G, D = Generator(), Discriminator()
    D.net[0].bias.requires_grad_(False)  # frozen by the caller: stays so
    opt_G, opt_D = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.SGD(D.parameters(), 0.0)
    D_before, G_before = copy.deepcopy(D.state_dict()), copy.deepcopy(G.state_dict())
    gradients = []
    opt_G.register_step_pre_hook(lambda *_: gradients.extend(p.grad.clone() for p in opt_D_parameters))
    after_D = []
    opt_D.register_step_post_hook(lambda *_: after_D.extend(p.grad.clone() for p in opt_D_parameters))
    opt_D_parameters = [p for p in D.parameters() if p.requires_grad]
    training.gan_step(G, D, opt_G, opt_D)(2 * x - 1)
    assert equal(D.state_dict(), D_before)
    assert not equal(G.state_dict(), G_before)
    assert all(torch.equal(a, b) for a, b in zip(after_D, gradients, strict=True))
    assert [p.requires_grad for p in D.parameters()] == [True, False] + [True] * 6


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_steps_learn_in_both_number_formats(x, dtype):
    torch.manual_seed(0)
    x = x.round()
    vae = training.train_vae(VAE(), x[:, :784], 3, batch_size=64, binarize=True, dtype=dtype, progress=False)
    assert vae["loss"][-1] < vae["loss"][0] < 784 * math.log(2) + 10
    assert vae["loss"][-1] == pytest.approx(vae["kl"][-1] - vae["log_px_z"][-1], rel=1e-3)
    G = Generator()
    average = training.averaged_copy(G, decay=0.5)
    gan = training.train_gan(
        G,
        Discriminator(),
        2 * x - 1,
        2,
        averaged=average,
        schedule=training.cosine,
        dtype=dtype,
        progress=False,
    )
    assert gan.keys() == {"loss_D", "loss_G"}
    assert all(p.dtype == torch.float32 for p in [*G.parameters(), *average.parameters()])
    assert not equal(average.module.state_dict(), G.state_dict())


def test_binarize_draws_zeros_and_ones(x):
    seen = []

    class Watched(VAE):
        def encode(self, x):
            seen.append(x)
            return super().encode(x)

    model = Watched()
    step = training.vae_step(model, torch.optim.Adam(model.parameters()), binarize=True)
    step(x)
    step(x)
    assert set(seen[0].unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(seen[0], seen[1])
    assert float(seen[0].mean()) == pytest.approx(0.5, abs=0.01)


def test_averaged_copy_follows_the_definition():
    model = nn.Linear(2, 1, bias=False)
    average = training.averaged_copy(model, decay=0.9)
    nn.init.constant_(model.weight, 1.0)
    average.update_parameters(model)  # the first update copies
    nn.init.constant_(model.weight, 2.0)
    average.update_parameters(model)
    assert torch.allclose(average.module.weight, torch.tensor(1.1))
    assert float(average(torch.ones(1, 2))) == pytest.approx(2.2)
    for decay in (-0.1, 1.0):
        with pytest.raises(ValueError, match="decay"):
            training.averaged_copy(model, decay)


def test_schedules_reach_their_end(x):
    rates = []
    model = VAE()
    training.train_vae(
        model, x, 2, batch_size=64, lr=1.0e-3, schedule=lambda p: rates.append(p) or 1 - p, progress=False
    )
    assert rates[0] == 0
    assert rates[-1] == 1
    assert [training.cosine(p) for p in (0, 0.5, 1, 2)] == pytest.approx([1, 0.5, 0, 0])


def test_training_checks_the_range_of_the_images(x):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        training.train_vae(VAE(), 2 * x - 1, 1)
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        training.train_gan(Generator(), Discriminator(), x, 1)
    with pytest.raises(ValueError, match="nan"):
        training.train_vae(VAE(), x / 0 * 0, 1)
    with pytest.raises(ValueError, match="x: no examples"):
        training.train_vae(VAE(), x[:0], 1)


def test_training_names_a_bad_batch_size_and_takes_rates_as_a_list(x):
    with pytest.raises(ValueError, match="batch_size"):
        training.train_vae(VAE(), x, 1, batch_size=0)
    with pytest.raises(ValueError, match="batch_size"):
        training.train_gan(Generator(), Discriminator(), 2 * x - 1, 1, batch_size=0)
    history = training.train_gan(
        Generator(), Discriminator(), 2 * x - 1, 1, batch_size=256, lr=[1e-3, 1e-4], progress=False
    )
    assert len(history["loss_G"]) == 1


# checkpoints


def vae_run(x, epochs, path=None, schedule=None, **options):
    torch.manual_seed(3)
    model = VAE()
    history = training.train_vae(
        model, x, epochs, batch_size=64, schedule=schedule, binarize=True, checkpoint=path,
        progress=False, **options,
    )  # fmt: skip
    return model.state_dict(), history


def gan_run(x, epochs, path=None, schedule=None, decay=0.999, **options):
    torch.manual_seed(3)
    G, D = Generator(), Discriminator()
    average = training.averaged_copy(G, decay)
    history = training.train_gan(
        G, D, 2 * x - 1, epochs, batch_size=64, averaged=average, schedule=schedule, checkpoint=path,
        progress=False, **options,
    )  # fmt: skip
    return {f"{i}{n}": v for i, m in enumerate((G, D, average)) for n, v in m.state_dict().items()}, history


@pytest.mark.parametrize("run", [vae_run, gan_run])
def test_a_resumed_run_is_bit_equal(run, x, tmp_path):
    straight, history = run(x, 4)
    path = tmp_path / "run.ckpt"
    run(x, 2, path)
    torch.rand(17)  # whatever happens in between
    resumed, resumed_history = run(x, 4, path)
    assert equal(straight, resumed)
    assert history == resumed_history
    assert len(resumed_history.seconds) == 4
    again, _ = run(x, 4, path)  # complete: loads, trains no more
    assert equal(straight, again)


@pytest.mark.parametrize("run", [vae_run, gan_run])
@pytest.mark.parametrize("at", [0, 2])
def test_ctrl_c_in_an_epoch_leaves_the_last_boundary(run, at, x, tmp_path, monkeypatch):
    straight, history = run(x, 4, schedule=training.cosine)
    path = tmp_path / "run.ckpt"
    original, calls = training._epoch, []

    def interrupted(step, data, batch_size, epoch, bar):
        def stop(*batch):
            calls.append(1)
            if len(calls) == at * 4 + 3:
                raise KeyboardInterrupt
            return step(*batch)

        return original(stop, data, batch_size, epoch, bar)

    monkeypatch.setattr(training, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(x, 4, path, schedule=training.cosine)
    monkeypatch.undo()
    resumed, resumed_history = run(x, 4, path, schedule=training.cosine)
    assert equal(straight, resumed)
    assert history == resumed_history


def test_a_run_with_another_schedule_or_average_is_another_run(x, tmp_path):
    path = tmp_path / "run.ckpt"
    options = {"schedule": training.cosine, "decay": 0.9}
    gan_run(x, 1, path, **options)
    gan_run(x, 1, path, **options)
    for epochs, other in (
        (2, {}),  # the schedule would span more steps
        (1, {"schedule": training.one_cycle}),
        (1, {"schedule": None}),
        (1, {"decay": 0.99}),
    ):
        with pytest.raises(training.CheckpointError, match="written by a run with"):
            gan_run(x, epochs, path, **options | other)


def test_numpy_and_python_random_states_come_back(x, tmp_path):
    def run(epochs, path):
        random.seed(5)
        np.random.seed(5)  # noqa: NPY002
        model, step, state = small_run()
        options = {"batch_size": 64, "state": state, "checkpoint": path, "progress": False}
        return training.fit(step, x, epochs=epochs, **options), model.state_dict()

    straight = run(4, tmp_path / "a")
    run(3, tmp_path / "b")
    resumed = run(4, tmp_path / "b")
    assert straight[0] == resumed[0]
    assert equal(straight[1], resumed[1])


def test_checkpoint_every_and_the_last_epoch(x, tmp_path):
    path, epochs = tmp_path / "run.ckpt", []
    _, step, state = small_run()

    def look(epoch, history):
        epochs.append(training.load_checkpoint(path, small_run()[2])[0])

    training.fit(
        step, x, epochs=5, batch_size=64, state=state, checkpoint=path, checkpoint_every=2, on_epoch=look,
        progress=False,
    )  # fmt: skip
    assert epochs == [0, 0, 2, 2, 4]
    assert training.load_checkpoint(path, state)[0] == 5


@pytest.fixture
def saved(tmp_path, x):
    path = tmp_path / "run.ckpt"
    _, step, state = small_run()
    training.fit(step, x, epochs=1, batch_size=64, state=state, checkpoint=path, progress=False)
    return path


def test_a_flipped_byte_anywhere_is_rejected_and_nothing_is_loaded(saved):
    file = saved.read_bytes()
    header = 8 + int.from_bytes(file[:8], "little")
    digest = file.find(b'"sha256":"')
    rng = random.Random(0)
    places = [0, 7, 8, digest + 3, digest + 10, digest + 73, header - 1, header, len(file) - 1]
    places += [rng.randrange(header) for _ in range(30)] + [
        rng.randrange(header, len(file)) for _ in range(30)
    ]
    model, _, state = small_run(seed=1)
    before = copy.deepcopy(model.state_dict())
    for place in places:
        for mask in (1 << rng.randrange(8), 0x20):
            damaged = bytearray(file)
            damaged[place] ^= mask
            saved.write_bytes(damaged)
            with pytest.raises(training.CheckpointError, match=r"run\.ckpt: is damaged"):
                training.load_checkpoint(saved, state)
    assert equal(model.state_dict(), before)
    saved.write_bytes(file)
    assert training.load_checkpoint(saved, state)[0] == 1


@pytest.mark.parametrize("content", [b"", b"hello", b'"sha256":"', bytes(1000)])
def test_other_files_are_rejected(content, saved):
    saved.write_bytes(content)
    with pytest.raises(training.CheckpointError, match="no checkpoint"):
        training.load_checkpoint(saved, small_run()[2])


def test_cut_foreign_and_missing_files_are_rejected(saved, tmp_path):
    state = small_run()[2]
    file = saved.read_bytes()
    for end in (0, 8, 100, len(file) // 2, len(file) - 1):
        saved.write_bytes(file[:end])
        with pytest.raises(training.CheckpointError):
            training.load_checkpoint(saved, state)
    safetensors.torch.save_file({"w": torch.zeros(3)}, saved)
    with pytest.raises(training.CheckpointError, match="no checkpoint"):
        training.load_checkpoint(saved, state)
    with pytest.raises(training.CheckpointError, match="cannot be read"):
        training.load_checkpoint(tmp_path / "none", state)


def test_a_checkpoint_of_something_else_is_rejected(saved, x):
    model, step, state = small_run()
    with pytest.raises(training.CheckpointError, match="expected was"):
        training.load_checkpoint(saved, {"other": model})
    wide = nn.Sequential()
    wide.net = nn.Sequential(nn.Dropout(), nn.Linear(784, 2))
    with pytest.raises(
        training.CheckpointError, match=r"net\.1\.weight.*\(1, 784\).*\(2, 784\)|net\.1\.bias"
    ):
        training.load_checkpoint(saved, state | {"model": wide})
    optimizer = torch.optim.Adam([next(model.parameters())])
    with pytest.raises(training.CheckpointError, match="optimizer"):
        training.load_checkpoint(saved, state | {"optimizer": optimizer})
    with pytest.raises(training.CheckpointError, match="batch_size"):
        training.fit(step, x, epochs=2, batch_size=32, state=state, checkpoint=saved, progress=False)
    training.save_checkpoint(saved, state, run={"betas": (0.5, 0.999)})
    assert training.load_checkpoint(saved, state, run={"betas": (0.5, 0.999)})[0] == 0


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW, torch.optim.RMSprop])
def test_a_checkpoint_of_another_optimizer_is_rejected(saved, kind):
    model, _, state = small_run(seed=1)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(training.CheckpointError, match=r"'Adam'.*expected was"):
        training.load_checkpoint(saved, state | {"optimizer": kind(model.parameters(), lr=1e-2)})
    assert equal(model.state_dict(), before)


def test_names_that_collide_are_refused(tmp_path):
    model, _, _ = small_run()
    with pytest.raises(ValueError, match=r"two tensors of it are called m\.net\.1\.weight"):
        training.save_checkpoint(tmp_path / "run", {"m": model, "m.net": Small().net})
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_is_a_plain_safetensors_file(saved):
    with safetensors.safe_open(saved, "pt") as file:
        assert file.get_tensor("model.net.1.weight").shape == (1, 784)
        assert json.loads(file.metadata()["genlib"])["epoch"] == 1


def test_what_cannot_be_saved_is_named(tmp_path):
    class Odd:
        def state_dict(self):
            return {"a": [object()]}

    with pytest.raises(TypeError, match=r"odd\.a\.0.*object"):
        training.save_checkpoint(tmp_path / "run", {"odd": Odd()})
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(training.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        training.save_checkpoint(saved, small_run()[2])
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


SAVE_ON_AND_ON = """
import sys
import torch
from genlib import training

model = torch.nn.Linear(500, 500)
for epoch in range(1, 10_000):
    torch.nn.init.constant_(model.weight, epoch)
    training.save_checkpoint(sys.argv[1], {"model": model}, epoch=epoch)
    print(epoch, flush=True)
"""


def test_a_kill_during_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "run.ckpt"
    model = nn.Linear(500, 500)
    rng = random.Random(0)
    for _ in range(4):
        path.unlink(missing_ok=True)
        command = [sys.executable, "-c", SAVE_ON_AND_ON, path]
        child = subprocess.Popen(
            command, env=os.environ | {"OMP_NUM_THREADS": "1"}, stdout=subprocess.PIPE, text=True
        )
        try:
            reported = 0
            for _ in range(rng.randint(1, 30)):
                reported = int(child.stdout.readline())
            time.sleep(rng.uniform(0, 0.02))  # some moment in the saving of the next ones
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        epoch, _ = training.load_checkpoint(path, {"model": model})
        assert epoch >= reported
        assert (model.weight == epoch).all()


def test_schedules():
    assert [training.cosine(0), training.cosine(0.5), training.cosine(1)] == pytest.approx([1, 0.5, 0])
    assert [training.one_cycle(p) for p in (0, 0.05, 0.1, 0.55, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0])
    with pytest.raises(ValueError, match="rise"):
        training.one_cycle(1.0, rise=1)


@pytest.mark.parametrize("other", [{"lr": 2e-3}, {"beta": 4.0}, {"binarize": True}])
def test_a_run_does_not_go_on_with_other_settings(tmp_path, other):
    x = torch.rand(40, 784)
    options = {"batch_size": 20, "checkpoint": tmp_path / "run.ckpt", "progress": False}
    training.train_vae(VAE(), x, 1, **options)
    with pytest.raises(training.CheckpointError, match=next(iter(other))):
        training.train_vae(VAE(), x, 2, **options, **other)
    assert len(training.train_vae(VAE(), x, 2, **options)["loss"]) == 2
