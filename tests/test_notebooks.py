"""Every chapter of _toc.yml keeps the house rules; see notebook_checks.py."""

import importlib
import json
import os
import re
import warnings
from pathlib import Path

import notebook_checks as checks
import pytest
from chapters import exercises

import genlib.exercises
from tools import notebooks
from tools.notebooks import CLAIMS, ROOT

CHAPTERS = notebooks.listed()
NONE_YET = pytest.param(None, marks=pytest.mark.skip(reason="_toc.yml lists no notebook yet"), id="none")


def chapters():
    return [pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in CHAPTERS] or [NONE_YET]


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", chapters())
def test_house_rules(path, check, monkeypatch):
    monkeypatch.chdir(path.parent)
    complaints = check(notebooks.read(path))
    assert not complaints, f"{check.__doc__}\n" + "\n".join(complaints)


@pytest.mark.parametrize("path", chapters())
def test_colab_badge(path):
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (repository,) = re.findall(r'^Repository = "(https://github\.com/[^"]+)"$', project, re.MULTILINE)
    assert not checks.colab_badge(notebooks.read(path), path.relative_to(ROOT).as_posix(), repository)


@pytest.mark.parametrize("path", chapters())
def test_claims_hold_for_all_seeds(path):
    tables = json.loads(CLAIMS.read_text("utf-8")) if CLAIMS.exists() else {}
    table = tables.get(path.relative_to(ROOT).as_posix())
    assert table is not None, f"{CLAIMS.name} does not have this chapter yet: make claims"
    nb = notebooks.read(path)
    assert not checks.claims_table(nb, table)
    if table["code_sha256"] != notebooks.code_stamp(nb):
        complaint = "the table of claims was measured with other code: make claims"
        assert not os.environ.get("GENLIB_REQUIRE_CLAIMS"), complaint
        warnings.warn(complaint, stacklevel=1)


def test_every_exercise_is_asked_once():
    asked = sorted(exercise.name for path in CHAPTERS for exercise in exercises(notebooks.read(path)))
    package = Path(genlib.exercises.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    for module in modules:
        importlib.import_module(f"genlib.exercises.{module}")
    registered = (name for name in genlib.exercises._REGISTRY if name.partition(".")[0] in modules)
    assert asked == sorted(registered)


def test_no_notebook_is_outside_the_table_of_contents():
    found = {path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert found <= set(CHAPTERS)
