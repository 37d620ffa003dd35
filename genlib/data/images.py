"""Image sets as two tensors in memory; a batch is a slice, so no loader is needed."""

import os
import tempfile
from pathlib import Path

import numpy as np
import torch

from genlib.data.shipped import load_npz

__all__ = ["FASHION_CLASSES", "fashion_mnist", "from_torchvision", "mnist"]

# Those of torchvision.datasets that take train=True or False and hold `data` and one label an image.
TORCHVISION = ("MNIST", "FashionMNIST", "KMNIST", "USPS", "CIFAR10", "CIFAR100")
FASHION_CLASSES = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot",
)  # fmt: skip


def mnist(split="train"):
    """The complete MNIST, shipped with the package.

    Args:    split: "train" (60,000 images) or "test" (10,000).
    Returns: x float32 (N, 1, 28, 28) in [0, 1], 1 is ink; y int64 (N,), the digit.
    Raises:  ValueError for another split, DamagedFileError if the shipped file is not intact.
    Source:  LeCun, Cortes & Burges; CC BY-SA 3.0, see LICENSES.md.
    """
    return _load("mnist.npz", "3aaa6afa839e93056853a2092978e737501f50cd8d04da69ccc77dcd87594851", split)


def fashion_mnist(split="train"):
    """The first 5,000 + 1,000 images of Fashion-MNIST, shipped with the package.

    Args:    split: "train" (5,000 images) or "test" (1,000). For all 70,000: `from_torchvision`.
    Returns: x float32 (N, 1, 28, 28) in [0, 1]; y int64 (N,), an index into FASHION_CLASSES.
    Raises:  ValueError for another split, DamagedFileError if the shipped file is not intact.
    Source:  Xiao, Rasul & Vollgraf 2017, https://arxiv.org/abs/1708.07747; MIT, see LICENSES.md.
    """
    return _load(
        "fashion_mnist_6k.npz", "9e0d27f42a9e40a24e07562631fd112ac753fdafb72f3102dda322bf87f298ad", split
    )


def from_torchvision(name, split="train", root=None):
    """An image set that torchvision knows how to download.

    Args:    name: "MNIST", "FashionMNIST", "KMNIST", "USPS", "CIFAR10" or "CIFAR100";
             split: "train" or "test";
             root: folder to keep it in. Default: GENLIB_DATA, else ~/.cache/genlib, else, if that cannot
             be written, a temporary folder.
    Returns: x float32 (N, C, H, W) in [0, 1]; y int64 (N,).
    Raises:  ValueError for another name or split; ConnectionError if the set is not on this machine
             and cannot be downloaded.
    """
    _check_split(split)
    if name not in TORCHVISION:
        raise ValueError(f"name: {name!r} is none of {', '.join(TORCHVISION)}")
    from torchvision import datasets

    root = _writable_root() if root is None else Path(root)
    try:
        dataset = getattr(datasets, name)(root, train=split == "train", download=True)
    except (OSError, RuntimeError) as error:  # torchvision raises both, with the mirrors' own messages
        raise ConnectionError(
            f"{name} is not in {root} and could not be downloaded; is there a network? "
            f"The shipped sets (mnist, fashion_mnist) need none. ({error})"
        ) from error
    images = np.asarray(dataset.data)
    x = torch.from_numpy(images).float() / 255
    x = x.unsqueeze(1) if x.dim() == 3 else x.permute(0, 3, 1, 2).contiguous()
    return x, torch.as_tensor(dataset.targets, dtype=torch.int64)


def _load(name, sha256, split):
    _check_split(split)
    arrays = load_npz(name, sha256)
    x = torch.from_numpy(arrays[f"x_{split}"]).unsqueeze(1).float().div_(255)
    return x, torch.from_numpy(arrays[f"y_{split}"]).long()


def _check_split(split):
    if split not in ("train", "test"):
        raise ValueError(f'split must be "train" or "test", not {split!r}')


def _writable_root():
    if "GENLIB_DATA" in os.environ:
        return Path(os.environ["GENLIB_DATA"])
    try:
        root = Path.home() / ".cache" / "genlib"
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            return root
    except (OSError, RuntimeError):  # no home at all is a RuntimeError
        return Path(tempfile.gettempdir()) / "genlib"
