"""Pictures are drawn where they should be, in the book's colors, and refuse what they cannot draw."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from PIL import Image

from genlib import plots


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.mark.parametrize("shape", [(784,), (28, 28), (1, 28, 28)])
@pytest.mark.parametrize("kind", [torch.tensor, np.asarray])
def test_tile_puts_images_side_by_side(shape, kind):
    values = np.arange(1, 6, dtype=np.float32).reshape(-1, *[1] * len(shape)) * np.ones(shape, np.float32)
    sheet = plots.tile(kind(values), columns=3, gap=2)
    assert sheet.shape == (58, 88)
    places = [(row, column) for row in (0, 30) for column in (0, 30, 60)]
    found = [np.unique(sheet[r : r + 28, c : c + 28]).tolist() for r, c in places]
    assert found == [[1], [2], [3], [4], [5], [0]]
    assert not sheet[28:30].any()
    assert not sheet[:, 28:30].any()
    assert plots.tile(kind(values), columns=5, gap=0).shape == (28, 140)


def test_tile_takes_what_a_network_returns():
    images = torch.rand(2, 784, requires_grad=True)
    assert np.array_equal(plots.tile(images, 1)[:28].ravel(), images[0].detach().numpy())


@pytest.mark.parametrize("images", [torch.zeros(784), torch.zeros(2, 785), torch.zeros(0, 784)])
def test_tile_rejects_what_is_no_image(images):
    with pytest.raises(ValueError, match="images"):
        plots.tile(images)


def test_tile_needs_a_column():
    with pytest.raises(ValueError, match="columns"):
        plots.tile(torch.zeros(2, 784), columns=0)


def test_image_grid():
    ax = plots.image_grid(torch.ones(5, 784), columns=3, title="ones", row_labels=["a", "b"])
    (image,) = ax.get_images()
    assert image.get_array().shape == (58, 88)
    assert image.get_clim() == (0, 1)
    assert image.get_cmap()(1.0)[:3] == (0, 0, 0)  # 1 is ink
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    _, given = plt.subplots()
    assert plots.image_grid(torch.ones(5, 784), ax=given) is given
    with pytest.raises(ValueError, match="row_labels: 2 were expected, not 1"):
        plots.image_grid(torch.ones(5, 784), columns=3, row_labels=["a"])


def test_loss_curves():
    ax = plots.loss_curves({"D": [3.0, 2.0], "G": [1.0, 0.5]}, levels={"log 4": 1.386}, ylabel="nats")
    D, G, level = ax.get_lines()
    assert D.get_xydata().tolist() == [[1, 3], [2, 2]]
    assert G.get_ydata().tolist() == [1, 0.5]
    assert list(level.get_ydata()) == [1.386, 1.386]
    assert (level.get_color(), level.get_linestyle()) == (plots.TRUTH, "--")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["D", "G"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "nats")
    assert plots.loss_curves({"D": [3.0, 2.0]}, x=[10, 20]).get_lines()[0].get_xdata().tolist() == [10, 20]
    slope = torch.tensor([3.0, 2.0], requires_grad=True)
    for values in (slope, list(slope)):
        assert plots.loss_curves({"D": values}).get_lines()[0].get_ydata().tolist() == [3, 2]
    for nothing in ({}, {"D": []}):
        with pytest.raises(ValueError, match="curves"):
            plots.loss_curves(nothing)


def test_latent_plane():
    images = torch.arange(9.0)[:, None].expand(9, 784) / 8
    points = torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    left, right = plots.latent_plane(images, 3.0, points=points, labels=torch.tensor([4, 4, 7]))
    (image,) = left.get_images()
    assert tuple(image.get_extent()) == (-3, 3, -3, 3)
    assert image.get_array()[0, 0] == 0  # the first image is in the upper left corner
    assert image.origin == "upper"
    assert np.array_equal(right.collections[0].get_offsets(), points)
    assert [text.get_text() for text in right.texts] == ["4", "7"]
    assert plots.latent_plane(images, 3.0)[1] is None
    _, right = plots.latent_plane(images, 3.0, points=points.clone().requires_grad_())
    assert np.array_equal(right.collections[0].get_offsets(), points)
    with pytest.raises(ValueError, match="images: a square grid was expected, not 8"):
        plots.latent_plane(images[:8], 3.0)
    with pytest.raises(ValueError, match="points"):
        plots.latent_plane(images, 3.0, points=torch.zeros(5, 3))


def test_film():
    html = plots.film(torch.rand(3, 4, 784), alt='noise, "grey"', caption="a < b", columns=2)
    assert 'alt="noise, &quot;grey&quot;"' in html.data
    assert "a &lt; b" in html.data
    encoded = html.data.partition("base64,")[2].partition('"')[0]
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as film:
        assert (film.format, film.n_frames, film.size) == ("WEBP", 3, (58, 58))
    assert 'width="116" height="116"' in html.data


@pytest.mark.parametrize("lack", ["frames", "alt", "caption"])
def test_a_film_without_words_is_rejected(lack):
    arguments = {"frames": [torch.zeros(1, 784)], "alt": "noise", "caption": "Noise."}
    with pytest.raises(ValueError, match=lack):
        plots.film(**arguments | {lack: type(arguments[lack])()})


def test_style_has_the_palette():
    with plt.rc_context():
        plots.style()
        colors = [entry["color"] for entry in plt.rcParams["axes.prop_cycle"]]
        assert [to_hex(color) for color in colors[:2]] == [plots.MODEL, plots.SECOND]
        assert to_hex(plt.rcParams["text.color"]) == plots.TRUTH
