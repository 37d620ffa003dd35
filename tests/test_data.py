"""Data: complete, in range, verified; toy densities that are densities."""

import inspect
import math
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from genlib import data
from genlib.data import images, results, shipped
from genlib.data.toy import Grid, Mixture, Mixture1D, Ring, TwoMoons


@pytest.mark.parametrize(("load", "split", "counts"), [
    (data.mnist, "train", [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
    (data.mnist, "test", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    (data.fashion_mnist, "train", [506, 504, 495, 518, 491, 507, 493, 480, 514, 492]),
    (data.fashion_mnist, "test", [106, 106, 106, 90, 92, 97, 100, 93, 97, 113]),
])  # fmt: skip
def test_shipped_images(load, split, counts):
    x, y = load(split)
    assert x.shape == (sum(counts), 1, 28, 28)
    assert x.dtype == torch.float32
    assert x.is_contiguous()
    assert (float(x.min()), float(x.max())) == (0, 1)
    assert torch.equal((x[:1000] * 255).round() / 255, x[:1000])  # 256 grey levels
    assert y.dtype == torch.int64
    assert y.bincount().tolist() == counts
    assert len(data.FASHION_CLASSES) == 10


def test_mnist_is_mnist():
    """The mean and standard deviation that everybody normalizes with, and the first labels."""
    x, y = data.mnist()
    assert float(x.mean()) == pytest.approx(0.1307, abs=1e-4)
    assert float(x.double().std()) == pytest.approx(0.3081, abs=1e-4)
    assert y[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.mnist("test")[1][:5].tolist() == [7, 2, 1, 0, 4]


def test_train_and_test_share_no_image():
    train, test = data.mnist("train")[0], data.mnist("test")[0]
    rows = {bytes(row) for row in (train * 255).to(torch.uint8).flatten(1).numpy()}
    assert not any(bytes(row) in rows for row in (test * 255).to(torch.uint8).flatten(1).numpy())


def test_every_call_returns_its_own_copy():
    data.fashion_mnist("test")[0].zero_()
    assert data.fashion_mnist("test")[0].max() == 1


def test_spambase():
    x, y, features = data.spambase()
    assert x.shape == (4601, len(features)) == (4601, 57)
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert y.bincount().tolist() == [2788, 1813]
    assert x.isfinite().all()
    assert float(x.min()) == 0
    assert float(x[:, :54].max()) <= 100  # percent
    # The three last columns are the mean, the longest and the total of runs of capitals.
    assert (x[:, 54] <= x[:, 55]).all()
    assert (x[:, 55] <= x[:, 56]).all()
    assert x[y == 1, features.index("money")].mean() > 5 * x[y == 0, features.index("money")].mean()


def test_seattle_weather():
    weather = data.seattle_weather()
    assert set(weather) == {"date", "precipitation", "temp_max", "temp_min", "wind"}
    assert {len(column) for column in weather.values()} == {1461}
    assert (np.diff(weather["date"]) == np.timedelta64(1, "D")).all()
    assert str(weather["date"][0]) == "2012-01-01"
    assert (weather["temp_max"] >= weather["temp_min"]).all()
    wet = weather["precipitation"] > 0
    assert wet[1:][wet[:-1]].mean() == pytest.approx(0.67, abs=0.005)
    assert wet[1:][~wet[:-1]].mean() == pytest.approx(0.24, abs=0.005)


def test_lambda_phage():
    genome = data.lambda_phage()
    assert len(genome) == 48_502
    assert set(genome) == set("ACGT")
    assert genome.startswith("GGGCGGCGACCT")  # the single-stranded end by which the phage closes its ring
    gc = [letter in "GC" for letter in genome]
    assert np.mean(gc) == pytest.approx(0.499, abs=0.001)
    assert np.mean(gc[:24_251]) > np.mean(gc[24_251:]) + 0.09  # the left half is richer in G and C


def test_banknotes():
    x, y, features = data.banknotes()
    assert x.shape == (200, 6)
    assert features == ("Length", "Left", "Right", "Bottom", "Top", "Diagonal")
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert y.bincount().tolist() == [100, 100]
    assert x[0].tolist() == pytest.approx([214.8, 131.0, 131.1, 9.0, 9.7, 141.0])
    assert x[y == 0, 5].mean() > x[y == 1, 5].mean() + 1  # a forger's diagonal is short


def test_shuttle():
    x, y, classes = data.shuttle()
    assert x.shape == (58000, 9)
    assert (x.dtype, y.dtype) == (torch.float32, torch.int64)
    assert dict(zip(classes, y.bincount().tolist(), strict=True)) == {
        "Rad.Flow": 45586, "Fpv.Close": 50, "Fpv.Open": 171, "High": 8903,
        "Bypass": 3267, "Bpv.Close": 10, "Bpv.Open": 13,
    }  # fmt: skip


def test_shakespeare():
    plays, sonnets = data.shakespeare_plays(), data.shakespeare_sonnets()
    assert (len(plays), len(sonnets)) == (920_263, 95_729)
    assert plays.isascii()
    assert sonnets.isascii()
    assert plays.count("by William Shakespeare\n") == 7
    assert "\r" not in plays + sonnets
    assert "To be, or not to be,--that is the question" in plays
    assert "Shall I compare thee to a summer's day?" in sonnets


def test_tang_quatrains():
    poems = data.tang_quatrains()
    assert len(set(poems)) == len(poems) == 3757
    assert {len(poem) for poem in poems} == {24}
    assert {poem[5::6] for poem in poems} == {"，。，。"}


def test_gan_zoo():
    papers = data.gan_zoo()
    assert len(papers) == 501
    assert all(list(paper) == ["year", "month", "name", "title", "link"] for paper in papers)
    dates = [(paper["year"], paper["month"]) for paper in papers]
    assert dates == sorted(dates)
    assert (dates[0], dates[-1]) == ((2014, 6), (2018, 9))
    assert papers[0]["link"] == "https://arxiv.org/abs/1406.2661"
    assert all(paper["link"].startswith(("https://", "http://")) for paper in papers)
    assert all(paper[key] == paper[key].strip() != "" for paper in papers for key in ("name", "title"))
    # An arXiv identifier begins with year and month, within a month or two of those of the list.
    arxiv = [paper for paper in papers if "arxiv.org" in paper["link"]]
    assert len(arxiv) == 495
    for paper in arxiv:
        digits = paper["link"].removeprefix("https://arxiv.org/abs/").replace(".", "", 1)
        assert digits.isdecimal()
        assert len(digits) in (8, 9)
        months = 12 * (2000 + int(digits[:2]) - paper["year"]) + int(digits[2:4]) - paper["month"]
        assert abs(months) <= 2
    titles = {paper["name"]: paper["title"] for paper in papers}
    assert titles["PacGAN"] == "PacGAN: The power of two samples in generative adversarial networks"


def test_hero_parts():
    parts = data.hero_parts()
    assert tuple(parts) == data.HERO_SLOTS
    assert sum(len(x) for x, _ in parts.values()) == 682
    for slot, (x, names) in parts.items():
        assert x.shape == (len(names), 4, 32, 32)
        assert x.dtype == torch.float32
        assert 0 <= x.min() < x.max() <= 1
        assert all(name.startswith(f"{slot}/") for name in names)


def test_heroes_cover_what_is_behind():
    parts = data.hero_parts()
    (base, _), (body, _) = parts["base"], parts["body"]
    x = data.heroes({"body": torch.tensor([3, -1, 3]), "base": torch.tensor([5, 5, -1])}, background=0.5)
    assert x.shape == (3, 3, 32, 32)
    for hero, layers in zip(x, ([base[5], body[3]], [base[5]], [body[3]]), strict=True):
        expected = torch.full((3, 32, 32), 0.5)
        for layer in layers:  # the order of the slots, not of the dictionary
            expected = torch.where(layer[3] > 0.999, layer[:3], expected)
        sharp = torch.stack([(layer[3] < 0.001) | (layer[3] > 0.999) for layer in layers]).all(0)
        assert sharp.float().mean() > 0.8
        assert torch.allclose(hero[:, sharp], expected[:, sharp], atol=1e-6)


@pytest.mark.parametrize(("factors", "message"), [
    ({}, "factors must name slots"),
    ({"wings": torch.tensor([0])}, "wings"),
    ({"base": torch.tensor([0]), "head": torch.tensor([0, 1])}, "head"),
    ({"base": torch.tensor([0.0])}, "base"),
    ({"base": torch.tensor([49])}, "from -1 to 48"),
    ({"base": torch.tensor([-2])}, "from -1 to 48"),
])  # fmt: skip
def test_heroes_reject_bad_factors(factors, message):
    with pytest.raises(ValueError, match=message):
        data.heroes(factors)


def test_us_names():
    names = data.us_names()
    assert len(names) == len(set(names)) == 32_000
    assert names == sorted(names)
    assert set("".join(names)) == set("abcdefghijklmnopqrstuvwxyz")
    assert {"emma", "noah"} <= set(names)


@pytest.mark.parametrize("split", ["Train", "valid", "", None, 0])
def test_an_unknown_split_is_rejected(split):
    for load in (data.mnist, data.fashion_mnist, lambda s: data.from_torchvision("KMNIST", s)):
        with pytest.raises(ValueError, match="split must be"):
            load(split)


def test_a_damaged_file_is_never_a_wrong_array(tmp_path, monkeypatch):
    for name in ("fashion_mnist_6k.npz", "mnist.npz"):
        shutil.copy(shipped.FILES / name, tmp_path)
    monkeypatch.setattr(shipped, "FILES", tmp_path)
    assert len(data.fashion_mnist()[0]) == 5000  # an intact copy is as good
    path = tmp_path / "fashion_mnist_6k.npz"
    content = path.read_bytes()
    for damaged in (content[:-1], content + b"\0", content[:5000] + b"?" + content[5001:], b""):
        path.write_bytes(damaged)
        with pytest.raises(data.shipped.DamagedFileError, match=r"fashion_mnist_6k\.npz is damaged"):
            data.fashion_mnist()
    path.unlink()
    with pytest.raises(data.shipped.DamagedFileError, match=r"fashion_mnist_6k\.npz is missing"):
        data.fashion_mnist()
    assert len(data.mnist("test")[0]) == 10_000


def test_shipped_data_stays_within_its_budget():
    assert sum(file.stat().st_size for file in shipped.FILES.iterdir()) < 20e6


def test_a_read_only_home_does_not_matter(tmp_path, monkeypatch):
    monkeypatch.delenv("GENLIB_DATA", raising=False)
    (tmp_path / "file").write_text("no folder can be made below a file")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "file")
    assert images._writable_root() == Path(tempfile.gettempdir()) / "genlib"
    assert len(data.mnist("test")[0]) == 10_000

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert images._writable_root() == Path(tempfile.gettempdir()) / "genlib"
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert images._writable_root() == tmp_path / ".cache" / "genlib"
    monkeypatch.setenv("GENLIB_DATA", str(tmp_path / "elsewhere"))
    assert images._writable_root() == tmp_path / "elsewhere"


def test_stored_results(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FILES", tmp_path)
    (tmp_path / "long-run.json").write_text('{"command": "python x.py", "results": [1.5]}')
    assert data.stored_results("long-run") == {"command": "python x.py", "results": [1.5]}
    with pytest.raises(ValueError, match="name: there are no stored results 'short-run', only: long-run"):
        data.stored_results("short-run")


def fake_dataset(monkeypatch, dataset, name="KMNIST"):
    datasets = pytest.importorskip("torchvision.datasets")
    monkeypatch.setattr(datasets, name, dataset)


def test_torchvision_sets_come_in_the_same_form(tmp_path, monkeypatch):
    class Grey:
        def __init__(self, root, train, download):
            assert download
            assert root == tmp_path
            self.data = torch.full((3 if train else 2, 28, 28), 255, dtype=torch.uint8)
            self.targets = torch.tensor([1, 2, 3] if train else [4, 5])

    class Color:
        def __init__(self, root, train, download):
            self.data = torch.arange(2 * 32 * 32 * 3).reshape(2, 32, 32, 3).remainder(256).byte().numpy()
            self.targets = [7, 8]

    fake_dataset(monkeypatch, Grey)
    x, y = data.from_torchvision("KMNIST", "train", root=tmp_path)
    assert x.shape == (3, 1, 28, 28)
    assert (x == 1).all()
    assert y.tolist() == [1, 2, 3]
    assert data.from_torchvision("KMNIST", "test", root=tmp_path)[1].tolist() == [4, 5]
    fake_dataset(monkeypatch, Color)
    x, y = data.from_torchvision("KMNIST", root=tmp_path)
    assert x.shape == (2, 3, 32, 32)
    assert x[0, :, 0, 0].tolist() == pytest.approx([0, 1 / 255, 2 / 255])
    assert y.dtype == torch.int64


@pytest.mark.parametrize("error", [OSError("Name or service not known"), RuntimeError("Error downloading x")])
def test_without_a_network_the_message_is_clear(error, tmp_path, monkeypatch):
    class Unreachable:
        def __init__(self, root, train, download):
            raise error

    fake_dataset(monkeypatch, Unreachable)
    with pytest.raises(ConnectionError, match=r"KMNIST is not in .* is there a network\? .*shipped sets"):
        data.from_torchvision("KMNIST", root=tmp_path)


@pytest.mark.parametrize(
    "name", ["NoSuchSet", "", None, "mnist", "ImageFolder", "EMNIST", "SVHN", "QMNIST", "Kitti", "ImageNet"]
)
def test_an_unknown_set_is_rejected(name, tmp_path):
    pytest.importorskip("torchvision")
    with pytest.raises(ValueError, match=r"name: .* is none of MNIST, .*CIFAR100"):
        data.from_torchvision(name, root=tmp_path)


def test_torchvision_has_the_sets():
    datasets = pytest.importorskip("torchvision.datasets")
    for name in images.TORCHVISION:
        inspect.signature(getattr(datasets, name)).bind("root", train=True, download=True)


# toy sets

PLANE = [Ring(), Ring(5, 1.0, 0.1), Grid(), Grid(3, 1.0, 0.2), TwoMoons(), TwoMoons(0.05)]


@pytest.mark.parametrize("toy", PLANE, ids=lambda toy: type(toy).__name__)
def test_densities_in_the_plane_integrate_to_one(toy):
    std = float(torch.as_tensor(toy.std).min())
    reach, step = 5.0, max(std / 2.5, 0.008)
    line = torch.arange(-reach, reach, step, dtype=torch.float64)
    total = 0.0
    for block in line.split(100):
        points = torch.cartesian_prod(block, line)
        near = toy.mu if hasattr(toy, "mu") else None
        if near is not None:  # far from all modes there is nothing to add
            points = points[torch.cdist(points, near.double()).min(1).values < 9 * std]
        else:
            points = points[(points[:, 0].abs() < 3) & (points[:, 1].abs() < 2.5)]
        if len(points):
            total += sum(float(toy.log_prob(p).exp().sum()) for p in points.split(2000))
    assert total * step**2 == pytest.approx(1, abs=2e-3)


def test_density_on_the_line_integrates_to_one():
    x = torch.linspace(-12, 12, 5001, dtype=torch.float64)
    assert float(torch.trapezoid(Mixture1D().log_prob(x[:, None]).exp(), x)) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("toy", [Mixture1D(), *PLANE], ids=lambda toy: type(toy).__name__)
def test_samples_agree_with_the_density(toy):
    """First and second moments of the samples against those that the density's parameters give."""
    n = 20_000
    x = toy.sample(n, torch.Generator().manual_seed(0))
    assert x.shape == (n, 1 if isinstance(toy, Mixture1D) else 2)
    assert x.dtype == torch.float32
    if isinstance(toy, Mixture):
        mean = toy.pi @ toy.mu
        second = (toy.pi[:, None, None] * toy.mu[:, :, None] * toy.mu[:, None]).sum(0)
        second = second + (toy.pi * toy.std**2).sum() * torch.eye(len(mean))
    else:  # two half circles: cos and sin over half a turn
        mean = torch.tensor([0.5, 0.25])
        xx = 0.5 * (0.5 + 1.5) + toy.std**2
        yy = 0.5 * (0.5 + 0.25 - 2 / math.pi + 0.5) + toy.std**2
        xy = 0.5 * (0.5 - 2 / math.pi)
        second = torch.tensor([[xx, xy], [xy, yy]])
    margin = 5 / math.sqrt(n)
    assert torch.allclose(x.mean(0), mean, atol=margin * float(x.std(0).max()))
    products = x[:, :, None] * x[:, None]
    assert torch.allclose(products.mean(0), second, atol=margin * float(products.std(0).max()))
    log_px = toy.log_prob(x[:2000])
    assert log_px.shape == (2000,)
    assert torch.isfinite(log_px).all()


@pytest.mark.parametrize("toy", [Mixture1D(), Ring(), Grid()], ids=lambda toy: type(toy).__name__)
def test_mixtures_equal_torch_distributions(toy):
    oracle = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(toy.pi.double()),
        torch.distributions.Independent(
            torch.distributions.Normal(toy.mu.double(), toy.std.double()[:, None].expand_as(toy.mu)), 1
        ),
    )
    x = toy.sample(500, torch.Generator().manual_seed(1)).double()
    assert torch.allclose(toy.log_prob(x), oracle.log_prob(x), atol=1e-6)


def test_samples_come_with_their_modes():
    toy = Mixture([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]], [1.0, 2.0, 3.0], [0.5, 0.3, 0.2])
    x, mode = toy.sample_with_modes(30_000, torch.Generator().manual_seed(0))
    assert torch.allclose(mode.bincount() / len(mode), toy.pi, atol=0.02)
    for k in range(3):
        assert torch.allclose(x[mode == k].mean(0), toy.mu[k], atol=0.2)
        assert x[mode == k].std(0).tolist() == pytest.approx([float(toy.std[k])] * 2, rel=0.05)


def test_the_usual_modes():
    assert torch.allclose(Ring().mu.norm(dim=1), torch.full((8,), 2.0))
    assert len(Grid().mu) == 25
    assert Grid().mu.unique().tolist() == [-4, -2, 0, 2, 4]


@pytest.mark.parametrize("std", [0.2, 0.05])
def test_two_moons_density_is_that_of_its_arcs(std):
    """Against a sum over many sampled arcs, and symmetric under the swap of the moons."""
    toy = TwoMoons(std)
    x = toy.sample(300, torch.Generator().manual_seed(0)).double()
    t = math.pi * (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    arcs = torch.cat([
        torch.stack([t.cos(), t.sin()], 1), torch.stack([1 - t.cos(), 0.5 - t.sin()], 1),
    ])  # fmt: skip
    exact = torch.stack([
        torch.logsumexp(-0.5 * (point - arcs).square().sum(1) / std**2, 0) for point in x
    ]) - math.log(len(arcs)) - math.log(2 * math.pi * std**2)  # fmt: skip
    assert torch.allclose(toy.log_prob(x), exact, rtol=0, atol=1e-3)  # the midpoint rule's error at the ends
    center = torch.tensor([0.5, 0.25], dtype=torch.float64)
    assert torch.allclose(toy.log_prob(2 * center - x), toy.log_prob(x), atol=1e-5)


def test_whole_coordinates_are_numbers_too():
    for toy in (Ring(), TwoMoons()):
        x = torch.tensor([[2, 0], [0, 1]])
        assert torch.equal(toy.log_prob(x), toy.log_prob(x.float()))


def test_sampling_is_reproducible():
    for toy in (Ring(), TwoMoons()):
        a, b = (toy.sample(10, torch.Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(a, b)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Mixture([0.0, 1.0], 1.0), "mu"),
    (lambda: Mixture([[0.0], [1.0]], 0.0), "std"),
    (lambda: Mixture([[0.0], [1.0]], [1.0, -1.0]), "std"),
    (lambda: Mixture([[0.0], [1.0]], [1.0, 1.0, 1.0]), "std"),
    (lambda: Mixture([[0.0], [1.0]], 1.0, [0.5, 0.4]), "pi"),
    (lambda: Mixture([[0.0], [1.0]], 1.0, [0.5, math.nan]), "pi"),
    (lambda: Mixture([[0.0], [1.0]], 1.0, [1.5, -0.5]), "pi"),
    (lambda: Mixture([[0.0], [1.0]], 1.0, [1.0]), "pi"),
    (lambda: Ring(0), "n_modes"),
    (lambda: TwoMoons(0.0), "std"),
    (lambda: TwoMoons(math.nan), "std"),
    (lambda: Ring().log_prob(torch.zeros(3)), "x"),
    (lambda: Ring().log_prob(torch.zeros(3, 1)), "x"),
    (lambda: TwoMoons().log_prob(torch.zeros(3, 1)), "x"),
])  # fmt: skip
def test_toys_reject_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
