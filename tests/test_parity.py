"""What a chapter defines is what genlib holds, so that the two cannot drift apart.

A chapter's own comparisons are tests in this file (or test_parity_<chapter>.py) that take the chapter's
definitions with `chapter_namespace` and compare them with genlib's on fixed input.
"""

import os

import matplotlib
import pytest
import torch
from chapters import chapter_namespace, exercises, namespace
from isolation import no_trace
from nbformat.v4 import new_code_cell, new_notebook

from tools import notebooks


def test_definitions_come_out_of_a_chapter(executed, monkeypatch):
    monkeypatch.chdir(executed.parent)
    entropy, N = chapter_namespace(executed, ["entropy", "N"])
    assert N == 1000
    assert entropy(0.5) == pytest.approx(0.6931472)


def test_nothing_is_computed(executed, monkeypatch):
    monkeypatch.chdir(executed.parent)
    with pytest.raises(KeyError, match=r"toy.ipynb does not define tosses, nosuch"):
        chapter_namespace(executed, ["entropy", "tosses", "nosuch"])


def test_what_counts_as_a_definition():
    sources = [
        "import math\nfrom math import tau\nL, D = 2, -3 * 4\nlr: float = 1e-3\nTAU = math.tau",
        "class C:\n    x = L\n\n\nmodel = C()\nloss = model.x",  # the last needs the model
        "def f(n=L):\n    return n\n\n\n%pip install nothing\nf(1)\nfor i in range(3):\n    pass",
        "def g(m=model):\n    return m",
    ]
    names = namespace(new_notebook(cells=[new_code_cell(source) for source in sources]))
    found = {name for name in names if not name.startswith("__")}
    assert found == {"math", "tau", "L", "D", "lr", "TAU", "C", "f"}
    assert names["f"]() == 2


def test_exercises_are_found_with_their_solutions(executed):
    found = exercises(notebooks.read(executed))
    assert [exercise.name for exercise in found] == [f"toychapter.times_{n}" for n in range(2, 8)]
    assert all("return ..." in exercise.stub for exercise in found)
    assert all(len(exercise.solutions) == 1 for exercise in found)


def test_a_setup_cell_leaves_no_trace_in_the_process():
    source = "import os\nimport matplotlib, torch\nos.environ['KERAS_BACKEND'] = 'none'\ntorch.manual_seed(9)"
    source += "\nmatplotlib.rcParams['font.size'] = 3\ntorch.set_flush_denormal(True)"
    nb = new_notebook(cells=[new_code_cell(source, metadata={"tags": ["setup"]})])

    def state():
        tiny = bool(torch.tensor(1e-39) * 1 > 0)
        return matplotlib.rcParams["font.size"], os.environ.get("KERAS_BACKEND"), tiny, torch.initial_seed()

    before = state()
    with no_trace():
        namespace(nb)
        assert all(new != old for new, old in zip(state(), before, strict=True))
    assert state() == before
