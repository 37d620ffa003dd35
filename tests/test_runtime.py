"""Seed, device, threads and number format, each with its environment variable."""

import random

import numpy as np
import pytest
import torch

from genlib import runtime


def draws():
    return random.random(), np.random.rand(), float(torch.rand(()))  # noqa: NPY002


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("SEED", "DEVICE", "THREADS", "DTYPE"):
        monkeypatch.delenv(f"GENLIB_{name}", raising=False)


def test_seed_fixes_all_three_generators():
    assert runtime.seed() == 0
    first = draws()
    assert draws() != first
    runtime.seed()
    assert draws() == first


def test_seed_shifts_with_the_environment_and_the_offset(monkeypatch):
    seen = []
    for base in ("0", "1", "2"):
        monkeypatch.setenv("GENLIB_SEED", base)
        for offset in (0, 1):
            assert runtime.seed(offset) == 1000 * int(base) + offset
            seen.append(draws())
    assert len(set(seen)) == 6


@pytest.mark.parametrize("value", ["", "-1", "1.5", "abc", "1000"])
def test_seed_rejects_other_environments(value, monkeypatch):
    monkeypatch.setenv("GENLIB_SEED", value)
    with pytest.raises(ValueError, match="GENLIB_SEED"):
        runtime.seed()


@pytest.mark.parametrize("offset", [-1, 1000, 0.5, "1"])
def test_seed_rejects_other_offsets(offset):
    with pytest.raises(ValueError, match="offset"):
        runtime.seed(offset)


def test_device(monkeypatch):
    assert runtime.device().type in ("cuda", "mps", "cpu")
    monkeypatch.setenv("GENLIB_DEVICE", "cpu")
    assert runtime.device() == torch.device("cpu")
    for name in ("toaster", "cuda:99"):
        monkeypatch.setenv("GENLIB_DEVICE", name)
        with pytest.raises(ValueError, match="GENLIB_DEVICE"):
            runtime.device()


def test_threads(monkeypatch):
    before = torch.get_num_threads()
    try:
        assert runtime.threads() == before
        monkeypatch.setenv("GENLIB_THREADS", "1")
        assert runtime.threads() == torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    for value in ("0", "-1", "many"):
        monkeypatch.setenv("GENLIB_THREADS", value)
        with pytest.raises(ValueError, match="GENLIB_THREADS"):
            runtime.threads()


def test_fast_dtype(monkeypatch):
    assert runtime.fast_dtype("cpu") in (torch.bfloat16, torch.float32)
    times = {torch.float32: 1.4, torch.bfloat16: 1.0}
    monkeypatch.setattr(runtime, "_seconds", lambda dtype, on: times[dtype])
    assert runtime.fast_dtype() == torch.float32
    times[torch.float32] = 1.6
    assert runtime.fast_dtype() == torch.bfloat16
    monkeypatch.setenv("GENLIB_DTYPE", "float32")
    assert runtime.fast_dtype() == torch.float32
    monkeypatch.setenv("GENLIB_DTYPE", "bfloat16")
    assert runtime.fast_dtype() == torch.bfloat16
    monkeypatch.setenv("GENLIB_DTYPE", "float16")
    with pytest.raises(ValueError, match="GENLIB_DTYPE"):
        runtime.fast_dtype()


@pytest.mark.parametrize("error", [RuntimeError, TypeError])
def test_fast_dtype_where_there_is_no_bfloat16(error, monkeypatch):
    def seconds(dtype, on):
        if dtype == torch.bfloat16:
            raise error("not implemented for BFloat16")
        return 1.0

    monkeypatch.setattr(runtime, "_seconds", seconds)
    assert runtime.fast_dtype("cpu") == torch.float32
