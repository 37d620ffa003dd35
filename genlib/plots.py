"""Figures of the book. They draw arrays; they never train and never load.

One color a role throughout: DATA grey, MODEL blue, TRUTH black and dashed, SECOND orange. A figure's caption
and alternative text stand in the metadata of its notebook cell.
"""

import base64
import html
import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

__all__ = [
    "DATA",
    "MODEL",
    "SECOND",
    "TRUTH",
    "film",
    "image_grid",
    "latent_plane",
    "loss_curves",
    "style",
    "tile",
]

DATA, MODEL, TRUTH, SECOND = "#6b7280", "#2563a8", "#111827", "#d97706"


def style():
    """Draw every figure from here on in the book's style."""
    plt.style.use(Path(__file__).parent / "book.mplstyle")


def tile(images, columns=10, gap=2):
    """Put images side by side into one.

    Args:    images: (N, 784), (N, 28, 28) or (N, 1, 28, 28), tensor or array; columns: images a row;
             gap: pixels between them, filled with 0 (paper).
    Returns: array (rows * (28 + gap) - gap, columns * (28 + gap) - gap).
    Raises:  ValueError if the images have another shape or columns < 1.
    """
    images = _array(images)
    if images.ndim < 2 or len(images) == 0 or images[0].size != 784:
        raise ValueError(f"images: N >= 1 images of 28x28 were expected, not {images.shape}")
    if columns < 1:
        raise ValueError(f"columns: must be at least 1, not {columns}")
    images = images.reshape(-1, 28, 28)
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * columns, 28 + gap, 28 + gap), images.dtype)
    sheet[: len(images), :28, :28] = images
    sheet = sheet.reshape(rows, columns, 28 + gap, 28 + gap).swapaxes(1, 2)
    return sheet.reshape(rows * (28 + gap), columns * (28 + gap))[: -gap or None, : -gap or None]


def image_grid(images, columns=10, *, ax=None, title=None, row_labels=None):
    """Draw images as a sheet, ink dark on white paper.

    Args:    images: as `tile`, values in [0, 1]; columns: images a row; ax: axes to draw into;
             title: of the sheet; row_labels: one text a row, on its left.
    Returns: the axes.
    Raises:  ValueError as `tile`, or if the row labels are too many or too few.
    """
    sheet = tile(images, columns)
    rows = (sheet.shape[0] + 2) // 30
    if row_labels is not None and len(row_labels) != rows:
        raise ValueError(f"row_labels: {rows} were expected, not {len(row_labels)}")
    if ax is None:
        width = min(6.4, 0.6 * columns)
        size = (width, width * sheet.shape[0] / sheet.shape[1])
        _, ax = plt.subplots(figsize=size, dpi=100)  # finer would only enlarge the pixels, and the file
    ax.imshow(sheet, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[], title=title or "")
    ax.spines[:].set_visible(False)
    if row_labels is not None:
        ax.set_yticks([30 * row + 13.5 for row in range(rows)], row_labels)
        ax.tick_params(length=0)
    return ax


def loss_curves(curves, *, x=None, ax=None, levels=None, xlabel="epoch", ylabel="nats"):
    """Draw one line a loss against the epoch or the step.

    Args:    curves: dict name -> values; x: where they were measured, default 1, 2, ...; ax: axes to draw
             into; levels: dict name -> the value that theory expects, drawn black and dashed;
             xlabel, ylabel: with units.
    Returns: the axes.
    Raises:  ValueError if there is nothing to draw.
    """
    curves = {name: _array(values) for name, values in curves.items()}
    if not any(len(values) for values in curves.values()):
        raise ValueError("curves: nothing to draw")
    if ax is None:
        _, ax = plt.subplots()
    for name, values in curves.items():
        ax.plot(np.arange(1, len(values) + 1) if x is None else _array(x), values, label=name)
    for name, level in (levels or {}).items():
        ax.axhline(level, color=TRUTH, linestyle="--", linewidth=1.2)
        ax.annotate(
            name, (0.995, level), xycoords=("axes fraction", "data"), xytext=(0, 3),
            textcoords="offset points", ha="right", fontsize=8.5,
        )  # fmt: skip
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax


def latent_plane(images, extent, *, points=None, labels=None, axes=None):
    """Draw a two-dimensional latent space: the images its grid decodes to, beside the encoded data.

    Args:    images: (S * S, 784), row by row from the upper left corner; extent: the plane goes from -extent
             to extent in both directions; points: (N, 2) means of encoded data; labels: (N,) digits;
             axes: two axes, left for the images, right for the points.
    Returns: the two axes (the second is None without points).
    Raises:  ValueError if the images are no square grid, or points have other than two coordinates.
    """
    side = round(len(images) ** 0.5)
    if side * side != len(images):
        raise ValueError(f"images: a square grid was expected, not {len(images)} images")
    points = points if points is None else _array(points)
    labels = labels if labels is None else _array(labels)
    if points is not None and (points.ndim != 2 or points.shape[1] != 2):
        raise ValueError(f"points: (N, 2) was expected, not {tuple(points.shape)}")
    if axes is None:
        columns = 1 if points is None else 2
        _, axes = plt.subplots(1, columns, figsize=(3.2 * columns + 0.4, 3.2), squeeze=False)
        axes = [*axes[0], None][:2]
    left, right = axes
    frame = (-extent, extent, -extent, extent)
    left.imshow(tile(images, side, gap=0), cmap="gray_r", vmin=0, vmax=1, extent=frame)
    left.set(xlabel="$z_1$", ylabel="$z_2$")
    if points is not None:
        color = DATA if labels is None else [plt.cm.tab10(int(label)) for label in labels]
        right.scatter(points[:, 0], points[:, 1], s=7, c=color, alpha=0.8, linewidths=0, rasterized=True)
        right.set(xlabel="$z_1$", ylabel="$z_2$", aspect="equal", xlim=frame[:2], ylim=frame[2:])
        for digit in [] if labels is None else np.unique(labels):
            center = np.median(points[labels == digit], axis=0)
            right.annotate(
                str(digit), center, ha="center", va="center", fontsize=9,
                bbox={"boxstyle": "circle,pad=0.15", "fc": "white", "ec": plt.cm.tab10(int(digit))},
            )  # fmt: skip
    return left, right


def film(frames, *, alt, caption, columns=8, seconds=6.0, scale=2):
    """A short film of image sheets, as an animated WebP behind a button: it plays when it is opened.

    Args:    frames: batches of images, each as `tile`, values in [0, 1]; alt: what it shows, for
             those who cannot see it; caption: one sentence; columns: images a row; seconds: length of one
             round, at least 0.1 a frame is wise; scale: screen pixels a pixel.
    Returns: an object that a notebook shows.
    Raises:  ValueError if there is no frame, or alt or caption is empty.
    """
    if len(frames) == 0 or not alt or not caption:
        raise ValueError("film: frames, alt and caption must not be empty")
    from IPython.display import HTML
    from PIL import Image

    sheets = [255 * (1 - tile(frame, columns).clip(0, 1)) for frame in frames]
    pictures = [Image.fromarray(sheet.astype(np.uint8)).convert("RGB") for sheet in sheets]
    duration = max(20, round(1000 * seconds / len(pictures)))
    last = 1500  # rest on the final picture before starting again
    buffer = io.BytesIO()
    pictures[0].save(
        buffer, "webp", save_all=True, append_images=pictures[1:], loop=0, quality=25, method=6,
        duration=[duration] * (len(pictures) - 1) + [last],
    )  # fmt: skip
    data = base64.b64encode(buffer.getvalue()).decode()
    width, height = (scale * side for side in pictures[0].size)  # enlarged by the reader's browser
    return HTML(
        f'<details class="genlib-film"><summary>Play: {html.escape(caption)}</summary>'
        f'<img alt="{html.escape(alt)}" width="{width}" height="{height}" '
        f'src="data:image/webp;base64,{data}"></details>'
    )


def _array(values):
    """What Matplotlib can draw, of a list, an array or a tensor, also one with a gradient or on a GPU."""
    if isinstance(values, (list, tuple)):
        values = [_array(value) for value in values]
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
