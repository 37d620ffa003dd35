"""Lets the tests import `tools`, and draws without a screen."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """The toy chapter, executed once: its path. Tests that change it work on a copy."""
    from toy_chapter import write_toy

    from tools import notebooks

    path = write_toy(tmp_path_factory.mktemp("toy"))
    assert notebooks.main(["run", str(path)]) == 0
    return path
