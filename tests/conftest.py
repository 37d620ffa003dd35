"""Lets the tests import `tools`, draws without a screen, and keeps tests from changing each other."""

import os
import sys
from pathlib import Path

import pytest
from isolation import no_trace

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(autouse=True, scope="module")
def _no_trace_of_a_module():
    with no_trace():
        yield


@pytest.fixture(autouse=True)
def _no_trace_of_a_test():
    with no_trace():
        yield


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """The toy chapter, executed once: its path. Tests that change it work on a copy."""
    from toy_chapter import write_toy

    from tools import notebooks

    path = write_toy(tmp_path_factory.mktemp("toy"))
    assert notebooks.main(["run", str(path)]) == 0
    return path
