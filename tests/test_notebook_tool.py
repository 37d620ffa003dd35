"""tools/notebooks.py: execute, normalize, edit as text, measure claims over seeds."""

import base64
import io
import json
import os
import sys

import nbformat
import pytest
import toy_chapter as toy
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tools import notebooks
from tools.notebooks import NotebookError


def write(path, *sources):
    nb = new_notebook(cells=[new_code_cell(source) for source in sources])
    path.write_text(notebooks.dump(notebooks.tidy(nb)), "utf-8")
    return path


def reported(text, prose, name="ELBO"):
    output = new_output(
        "display_data", {"text/plain": "-"}, metadata={"genlib": {"report": name, "text": text}}
    )
    return new_notebook(cells=[new_markdown_cell(prose), new_code_cell("report()", outputs=[output])])


# ---------------------------------------------------------------- run


def test_a_second_run_changes_nothing(executed, tmp_path):
    path = toy.write_toy(tmp_path)
    path.write_bytes(executed.read_bytes())
    assert notebooks.main(["run", str(path)]) == 0
    first, second = notebooks.read(executed), notebooks.read(path)
    assert first.metadata.genlib.pop("seconds") < 60
    assert second.metadata.genlib.pop("seconds") < 60
    assert first == second


def test_run_stamps_and_quotes(executed):
    nb = notebooks.read(executed)
    assert nb.metadata.genlib.code_sha256 == notebooks.code_stamp(nb)
    assert notebooks.markers(nb) == [("0.693", "entropy")]
    assert len(notebooks.measured(nb, "claim")) == 8
    assert [item["right"] for item in notebooks.measured(nb, "exercise")] == [None] * 6
    assert os.listdir(executed.parent).count("toy.ipynb") == 1
    assert not [name for name in os.listdir(executed.parent) if name.startswith(".")]


def test_a_failing_cell_leaves_the_file(tmp_path, capsys):
    path = write(tmp_path / "bad.ipynb", "x = 1", "y = x / 0  # here")
    before = path.read_bytes()
    assert notebooks.main(["run", str(path)]) == 1
    error = capsys.readouterr().err
    assert "cell 2 failed: ZeroDivisionError: division by zero" in error
    assert "y = x / 0  # here" in error
    assert "\x1b" not in error
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "timeout", "message"),
    [
        ("import os\nos._exit(1)", "60", "the kernel died"),
        ("import time\ntime.sleep(60)", "2", "took longer than 2 s"),
    ],
)
def test_a_kernel_that_dies_or_hangs(tmp_path, capsys, source, timeout, message):
    path = write(tmp_path / "bad.ipynb", source)
    assert notebooks.main(["run", "--timeout", timeout, str(path)]) == 1
    assert f"cell 1 failed: {message}" in capsys.readouterr().err


def test_no_kernel(tmp_path, capsys, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("it died before it said a word")

    monkeypatch.setattr(notebooks.NotebookClient, "execute", fail)
    assert notebooks.main(["run", str(write(tmp_path / "a.ipynb", "pass"))]) == 1
    assert "the kernel did not start" in capsys.readouterr().err


def test_too_large_a_notebook_is_refused(tmp_path, capsys, monkeypatch):
    path = write(tmp_path / "large.ipynb", "print('x' * 3000)")
    before = path.read_bytes()
    monkeypatch.setattr(notebooks, "MAX_NOTEBOOK_BYTES", 2000)
    assert notebooks.main(["run", str(path)]) == 1
    assert "limit 2:\n       3 kB  cell 1: stream" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_the_kernel_is_this_python_in_this_folder_with_one_thread(tmp_path, monkeypatch):
    monkeypatch.setenv("GENLIB_SEED", "3")
    path = write(
        tmp_path / "who.ipynb",
        "import os, sys\nenv = os.environ\nprint(sys.executable, os.getcwd())",
        "print(env['OMP_NUM_THREADS'], env['GENLIB_SEED'])",
    )
    assert notebooks.main(["run", str(path)]) == 0
    text = "".join(cell.outputs[0].text for cell in notebooks.read(path).cells)
    assert text.split() == [sys.executable, str(tmp_path.resolve()), "1", "3"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nosuch.ipynb"], "PATH: there is no notebook nosuch.ipynb"),
        (["run", "--threads", "0"], "argument --threads: '0' is not a positive integer"),
        (["claims", "--seeds", "4-0"], "argument --seeds: '4-0' is no range"),
        ([], "required"),
    ],
)
def test_wrong_arguments_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit):
        notebooks.main(arguments)
    assert message in capsys.readouterr().err


# ---------------------------------------------------------------- numbers in prose


@pytest.mark.parametrize(
    ("text", "prose", "expected"),
    [
        ("-104.20", "is -99<!--r:ELBO--> nats", "is -104.20<!--r:ELBO--> nats"),
        ("-104.20", "is −1.0<!--r:ELBO-->", "is −104.20<!--r:ELBO-->"),
        ("3", "top-10<!--r:ELBO-->", "top-3<!--r:ELBO-->"),
        ("60,000", "of 1,234.5<!--r:ELBO-->", "of 60,000<!--r:ELBO-->"),
        ("2", "$x$ 1<!--r:ELBO--> and 9", "$x$ 2<!--r:ELBO--> and 9"),
        ("2", "about <!--r:ELBO--> nats", "about 2<!--r:ELBO--> nats"),
    ],
)
def test_numbers_are_rewritten(text, prose, expected):
    nb = reported(text, prose)
    assert notebooks.update_numbers(nb) == []
    assert nb.cells[0].source == expected


@pytest.mark.parametrize(
    ("text", "prose", "message"),
    [("1", "5<!--r:KL-->", "no cell reports that, only ['ELBO']"), ("nan", "5<!--r:ELBO-->", "is nan")],
)
def test_bad_markers_are_named_and_kept(text, prose, message):
    nb = reported(text, prose)
    [complaint] = notebooks.update_numbers(nb)
    assert message in complaint
    assert nb.cells[0].source == prose


def test_run_keeps_the_outputs_when_a_marker_is_wrong(tmp_path, capsys):
    path = write(tmp_path / "a.ipynb", "1 + 1")
    nb = notebooks.read(path)
    nb.cells.append(new_markdown_cell("5<!--r:KL-->"))
    path.write_text(notebooks.dump(nb), "utf-8")
    assert notebooks.main(["run", str(path)]) == 1
    assert "no cell reports that" in capsys.readouterr().err
    assert notebooks.read(path).cells[0].execution_count == 1


def test_one_name_has_one_figure():
    nb = reported("1", "")
    nb.cells += reported("2", "").cells
    with pytest.raises(NotebookError, match="two figures: 1 and 2"):
        notebooks.reports(nb)


# ---------------------------------------------------------------- tidy


def test_tidy_drops_what_is_volatile():
    bar = "fit:  40%|████   | 4/10 [00:01<00:02,  2.5it/s, loss=3]\r100%|██| 10/10 [00:04<00:00, 2it/s]\n"
    outputs = [
        new_output("stream", name="stderr", text=bar + "a warning\n"),
        new_output("stream", name="stderr", text="12it [00:01, 9.9it/s]\x1b[A\n"),
        new_output("stream", name="stderr", text="/x/auto.py:21: TqdmWarning: IProgress not found. Please\n"),
        new_output("stream", name="stdout", text="a"),
        new_output("stream", name="stdout", text="b\n"),
        new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "x"}),
    ]
    metadata = {"tags": ["a"], "scrolled": True, "execution": {"iopub.status.idle": "now"}}
    nb = new_notebook(
        cells=[new_code_cell("x = 1\n", outputs=outputs, metadata=metadata), new_markdown_cell("")],
        metadata={
            "kernelspec": {"name": "mine", "display_name": "Mine"},
            "widgets": {},
            "genlib": {"seconds": 3},
        },
    )
    notebooks.tidy(nb)
    [cell] = nb.cells
    assert [(o.name, o.text) for o in cell.outputs] == [("stderr", "a warning\n"), ("stdout", "ab\n")]
    assert cell.metadata == {"tags": ["a"]}
    assert cell.source == "x = 1"
    assert nb.metadata.kernelspec.name == "python3"
    assert nb.metadata.genlib == {"seconds": 3}
    assert "widgets" not in nb.metadata
    nbformat.validate(nb)


def test_ids_follow_the_content_not_the_position():
    def ids(*sources):
        cells = notebooks.tidy(new_notebook(cells=[new_code_cell(s) for s in sources])).cells
        return {cell.id for cell in cells}

    assert ids("a", "b", "c") == ids("c", "a", "b")
    assert ids("a", "b") < ids("new", "a", "b")
    assert len(ids("a", "a")) == 2


# ---------------------------------------------------------------- text and fold


def test_text_and_fold_are_inverse(executed, tmp_path):
    text = executed.read_text("utf-8")
    copy = tmp_path / "toy.ipynb"
    copy.write_text(text, "utf-8")
    assert notebooks.main(["text", str(copy)]) == 0
    assert notebooks.main(["fold", str(copy)]) == 0
    assert copy.read_text("utf-8") == text
    assert notebooks.read(copy).cells[5].metadata == {"tags": ["keep"]}


@pytest.mark.parametrize(
    "source",
    [
        "<details><summary>Solution</summary>\n\n```python\nx = 1\n```\n\n</details>",
        "Costs 3$ and `code` with ``a ` tick``, $a_b$ and\n\n$$ x \\tag{1} $$",
        "1.5<!--r:name--> <!-- two\nlines -->",
        "> **Exercise 1 (Core).** a\n>\n> b",
        "| a | b |\n|---|---|\n| 1 | `|` |",
        "---\ntitle: not a header\n---",
        ":not: an option",
        "````text\n```python\n```\n````",
        "# A\n\n+ a\n+ b\n\n    indented",
    ],
)
@pytest.mark.parametrize("make", [new_markdown_cell, new_code_cell])
def test_sources_survive_as_text(make, source):
    nb = new_notebook(cells=[new_markdown_cell("first"), make(source), new_code_cell("pass")])
    nb = notebooks.tidy(nb)
    assert notebooks.from_text(notebooks.to_text(nb)).cells == nb.cells


def test_a_cell_that_text_cannot_hold_is_refused():
    with pytest.raises(NotebookError, match="cell 1 is no longer itself"):
        notebooks.to_text(notebooks.tidy(new_notebook(cells=[new_markdown_cell("a\n\n+++\n\nb")])))


def test_fold_keeps_the_outputs_of_unchanged_code_only(executed):
    old = notebooks.read(executed)
    text = notebooks.to_text(old).replace("below=0.1", "below=0.2").replace("A fair coin", "The fair coin")
    new = notebooks.from_text(text, old)
    changed = [(a, b) for a, b in zip(old.cells, new.cells, strict=True) if a.source != b.source]
    assert [a.cell_type for a, _ in changed] == ["markdown", "code"]
    assert changed[1][1].outputs == []
    for a, b in zip(old.cells, new.cells, strict=True):
        assert a.source != b.source or a == b
    assert new.metadata.genlib.code_sha256 != notebooks.code_stamp(new)


@pytest.fixture
def viewed(tmp_path):
    """A notebook and its text view: two paths."""
    path = write(tmp_path / "a.ipynb", "x = 1", "y = 2")
    assert notebooks.main(["text", str(path)]) == 0
    return path, tmp_path / "a.myst.md"


def replace(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize("when", [0, 2e9])
def test_text_does_not_overwrite_edits(viewed, capsys, when):
    path, view = viewed
    replace(view, "x = 1", "x = 7")
    os.utime(path, (when, when))  # a run makes the notebook the newer one
    assert notebooks.main(["text", str(path)]) == 1
    assert "not folded in" in capsys.readouterr().err
    assert "x = 7" in view.read_text("utf-8")
    assert notebooks.main(["text", "--force", str(path)]) == 0
    assert "x = 7" not in view.read_text("utf-8")


def test_fold_does_not_overwrite_a_notebook_that_has_changed(viewed, capsys):
    path, view = viewed
    replace(path, "y = 2", "y = 5")
    replace(view, "x = 1", "x = 7")
    before = path.read_bytes()
    assert notebooks.main(["fold", str(path)]) == 1
    assert "the notebook has changed since a.myst.md was written" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert notebooks.main(["fold", "--force", str(path)]) == 0
    assert [cell.source for cell in notebooks.read(path).cells] == ["x = 7", "y = 2"]


def test_a_view_is_edited_folded_and_run_many_times(tmp_path):
    path, view = tmp_path / "a.ipynb", tmp_path / "a.myst.md"
    nb = new_notebook(cells=[new_markdown_cell("is 0<!--r:x-->")])
    nb.cells += [new_code_cell("from genlib.claims import report"), new_code_cell("report('x', 1)")]
    path.write_text(notebooks.dump(nb), "utf-8")
    assert notebooks.main(["text", str(path)]) == 0
    for figure in (2, 3):
        replace(view, f"'x', {figure - 1}", f"'x', {figure}")
        assert notebooks.main(["fold", str(path)]) == 0
        assert notebooks.main(["run", str(path)]) == 0  # changes outputs and the number in the prose
    assert notebooks.read(path).cells[0].source == "is 3.00<!--r:x-->"
    assert notebooks.main(["text", str(path)]) == 0
    assert "is 3.00<!--r" in view.read_text("utf-8")


def test_an_unedited_view_follows_the_notebook(viewed):
    path, view = viewed
    replace(path, "y = 2", "y = 5")
    assert notebooks.main(["text", str(path)]) == 0
    assert "y = 5" in view.read_text("utf-8")


def test_a_view_without_hashes_folds_and_is_not_overwritten(viewed, capsys):
    path, view = viewed
    view.write_text(notebooks.without_hashes(view.read_text("utf-8"))[0], "utf-8")
    assert notebooks.main(["text", str(path)]) == 0  # says what the notebook says
    view.write_text(notebooks.without_hashes(view.read_text("utf-8"))[0], "utf-8")
    replace(view, "x = 1", "x = 7")
    assert notebooks.main(["text", str(path)]) == 1
    replace(path, "y = 2", "y = 5")
    assert notebooks.main(["fold", str(path)]) == 0
    assert [cell.source for cell in notebooks.read(path).cells] == ["x = 7", "y = 2"]
    assert notebooks.without_hashes(view.read_text("utf-8"))[1]


def test_fold_makes_a_notebook_from_text_alone(tmp_path):
    (tmp_path / "new.myst.md").write_text("# New\n\n```{code-cell}\nx = 1\n```\n")
    assert notebooks.main(["fold", str(tmp_path / "new.myst.md")]) == 0
    nb = notebooks.read(tmp_path / "new.ipynb")
    assert [cell.source for cell in nb.cells] == ["# New", "x = 1"]
    nbformat.validate(nb)


def test_fold_without_text_says_so(tmp_path, capsys):
    assert notebooks.main(["fold", str(write(tmp_path / "a.ipynb", "x"))]) == 1
    assert "no text view a.myst.md" in capsys.readouterr().err


# ---------------------------------------------------------------- files


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        notebooks.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_notebook_is_refused(tmp_path, capsys):
    path = tmp_path / "a.ipynb"
    path.write_text("no JSON")
    assert notebooks.main(["tidy", str(path)]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert path.read_text() == "no JSON"


def test_large_figures_are_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(notebooks, "MAX_FIGURE_BYTES", 1000)
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    assert notebooks.main(["run", str(write(tmp_path / "a.ipynb", source))]) == 0
    assert "warning: cell 1: a figure of" in capsys.readouterr().out


def test_listed_follows_the_table_of_contents(tmp_path):
    toc = "format: jb-book\nroot: index\nparts:\n- chapters:\n  - file: b\n    sections: [{file: a}]\n"
    (tmp_path / "_toc.yml").write_text(toc)
    for name in "abd":
        write(tmp_path / f"{name}.ipynb", "pass")
    assert [path.name for path in notebooks.listed(tmp_path)] == ["b.ipynb", "a.ipynb"]


# ---------------------------------------------------------------- claims


def test_claims_go_on_after_a_false_one(tmp_path):
    path = write(
        tmp_path / "claims.ipynb",
        "import os\nfrom genlib.claims import claim\nseed = int(os.environ['GENLIB_SEED'])",
        "claim('the seed is small', seed, below=0.5)\nclaim('truth', seed < 2)\nafter = 1",
        "claim('later', after, above=0)\nassert seed < 3, 'three'",
    )
    before = path.read_bytes()
    output = tmp_path / "claims.json"
    assert notebooks.main(["claims", str(path), "--output", str(output), "--jobs", "2"]) == 1
    table = json.loads(output.read_text("utf-8"))["claims.ipynb"]
    small, truth, later = table["claims"]
    assert small == {
        "claim": "the seed is small",
        "bound": "below 0.5",
        "values": [0, 1, 2, 3, 4],
        "held": [True, False, False, False, False],
    }
    assert truth["held"] == [True, True, False, False, False]
    assert later["held"] == [True] * 5
    assert table["errors"].keys() == {"3", "4"}
    assert "AssertionError: three" in table["errors"]["3"]
    page = output.with_suffix(".md").read_text("utf-8")
    assert "| the seed is small | below 0.5 | 0 | **✗ 1** |" in page
    assert "| truth |  | true | true | **✗ false** |" in page
    assert "1 of 5" in page
    assert path.read_bytes() == before


def test_a_claim_not_reached_did_not_hold():
    runs = [([{"claim": "a", "value": 1.0, "bound": "above 0"}], None), ([], "cell 1 failed"), ([], None)]
    table = notebooks.claim_table(runs, [0, 1, 2], "stamp")
    assert table["claims"][0]["held"] == [True, False, False]
    assert not notebooks.all_held(table)
    assert "not reached" in notebooks.claims_markdown({"x": table})


def test_a_claim_that_is_not_a_number_is_a_row(tmp_path):
    source = "from genlib.claims import claim\nclaim('a', float('nan'), below=1)"
    path = write(tmp_path / "a.ipynb", source, "claim('b', float('inf'), above=0)")
    output = tmp_path / "claims.json"
    assert notebooks.main(["claims", str(path), "--output", str(output)]) == 1
    a, b = json.loads(output.read_text("utf-8"))["a.ipynb"]["claims"]
    assert (a["values"], a["held"]) == (["nan"] * 5, [False] * 5)
    assert (b["values"], b["held"]) == (["inf"] * 5, [True] * 5)
    assert "**✗ nan**" in output.with_suffix(".md").read_text("utf-8")


def test_claims_are_stored_chapter_by_chapter(tmp_path, monkeypatch):
    class InThisProcess:
        map = staticmethod(map)

        def __init__(self, jobs):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    def measure(path, seed, *_):
        if path.stem == "b":
            raise KeyboardInterrupt
        return [{"claim": "c", "value": seed, "bound": "above -1"}], None

    monkeypatch.setattr(notebooks, "ProcessPoolExecutor", InThisProcess)
    monkeypatch.setattr(notebooks, "measure_claims", measure)
    paths = [str(write(tmp_path / f"{name}.ipynb", "pass")) for name in "ab"]
    with pytest.raises(KeyboardInterrupt):
        notebooks.main(["claims", *paths, "--output", str(tmp_path / "claims.json")])
    [row] = json.loads((tmp_path / "claims.json").read_text("utf-8"))["a.ipynb"]["claims"]
    assert row["values"] == [0, 1, 2, 3, 4]


def test_an_unreadable_notebook_is_named_before_any_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(notebooks, "ProcessPoolExecutor", None)
    (tmp_path / "bad.ipynb").write_text("no JSON")
    paths = [str(write(tmp_path / "a.ipynb", "pass")), str(tmp_path / "bad.ipynb")]
    assert notebooks.main(["claims", *paths, "--output", str(tmp_path / "claims.json")]) == 1
    assert "error: bad.ipynb cannot be read" in capsys.readouterr().err


def test_a_folder_on_another_drive_is_shown_in_full(tmp_path, capsys, monkeypatch):
    def other_drive(path):
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    path = write(tmp_path / "a.ipynb", "pass")
    monkeypatch.setattr(os.path, "relpath", other_drive)
    assert notebooks.main(["tidy", str(path)]) == 0
    assert str(path) in capsys.readouterr().out


def test_pictures_are_stored_with_a_palette_once():
    image = Image.effect_noise((40, 30), 60).convert("RGB")
    image.putpixel((0, 0), (255, 0, 0))
    buffer = io.BytesIO()
    image.save(buffer, "png")
    output = new_output("display_data", {"image/png": base64.b64encode(buffer.getvalue()).decode()})
    nb = new_notebook(cells=[new_code_cell("draw()", outputs=[output])])
    once = notebooks.tidy(nb).cells[0].outputs[0].data["image/png"]
    picture = Image.open(io.BytesIO(base64.b64decode(once)))
    assert picture.mode == "P"
    assert picture.size == image.size
    assert len(once) < len(buffer.getvalue())
    assert notebooks.tidy(nb).cells[0].outputs[0].data["image/png"] == once
