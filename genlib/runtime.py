"""One seed, one device, one number of threads, for the whole book.

Environment: GENLIB_SEED shifts every random number of a chapter, GENLIB_DEVICE chooses the device,
GENLIB_DTYPE the fast number format, GENLIB_THREADS the number of CPU threads.
"""

import os
import random
import time

import numpy as np
import torch

__all__ = ["device", "fast_dtype", "seed", "threads"]


def seed(offset=0):
    """Seed Python, NumPy and PyTorch from GENLIB_SEED (default 0).

    Args:    offset: an integer from 0 to 999, to start a second, independent stream in the same run.
    Returns: the seed that was set: 1000 * GENLIB_SEED + offset.
    Raises:  ValueError if GENLIB_SEED or the offset is not an integer from 0 to 999.
    """
    base = os.environ.get("GENLIB_SEED", "0")
    if not (base.isdecimal() and int(base) < 1000):
        raise ValueError(f"GENLIB_SEED must be an integer from 0 to 999, not {base!r}")
    if not (isinstance(offset, int) and 0 <= offset < 1000):
        raise ValueError(f"offset must be an integer from 0 to 999, not {offset!r}")
    value = 1000 * int(base) + offset
    random.seed(value)
    np.random.seed(value)  # noqa: NPY002  (libraries without a generator argument use the global state)
    torch.manual_seed(value)
    return value


def device():
    """The device to compute on: GENLIB_DEVICE if set, else a GPU if there is one, else the CPU.

    Raises:  ValueError if GENLIB_DEVICE names no device that this machine has.
    """
    name = os.environ.get("GENLIB_DEVICE")
    if name is None:
        if torch.cuda.is_available():
            name = "cuda"
        else:
            name = "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"GENLIB_DEVICE={name!r} is no device of this machine: {error}") from None
    return torch.device(name)


def threads():
    """Fix the number of CPU threads: GENLIB_THREADS if set, else what PyTorch chose (OMP_NUM_THREADS).

    Returns: the number of threads.
    Raises:  ValueError if GENLIB_THREADS is not a positive integer.
    """
    count = os.environ.get("GENLIB_THREADS")
    if count is not None:
        if not (count.isdecimal() and int(count) > 0):
            raise ValueError(f"GENLIB_THREADS must be a positive integer, not {count!r}")
        torch.set_num_threads(int(count))
    return torch.get_num_threads()


def fast_dtype(on=None):
    """The number format for matrix products: bfloat16 where it is measured to be faster, else float32.

    Some processors multiply bfloat16 matrices several times faster than float32 ones, others slower.
    A table of processors would age, so this times a short product in both (about 20 ms).

    Args:    on: a device; default `device()`.
    Returns: torch.bfloat16 if it is at least 1.5 times as fast here, else torch.float32.
             GENLIB_DTYPE (bfloat16 or float32) overrides the measurement.
    Raises:  ValueError for another GENLIB_DTYPE.
    """
    name = os.environ.get("GENLIB_DTYPE")
    if name is not None:
        if name not in ("bfloat16", "float32"):
            raise ValueError(f"GENLIB_DTYPE must be bfloat16 or float32, not {name!r}")
        return getattr(torch, name)
    on = torch.device(on) if on is not None else device()
    try:
        faster = _seconds(torch.float32, on) >= 1.5 * _seconds(torch.bfloat16, on)
    except (RuntimeError, TypeError):  # no bfloat16 on this device (Apple's GPU: a TypeError)
        return torch.float32
    return torch.bfloat16 if faster else torch.float32


def _seconds(dtype, on, repeats=5):
    a = torch.ones(512, 512, device=on, dtype=dtype)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        (a @ a)[0, 0].item()  # .item() waits for an asynchronous device
        best = min(best, time.perf_counter() - start)
    return best
