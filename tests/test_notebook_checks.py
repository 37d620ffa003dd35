"""The checks of notebook_checks.py find what they are there to find."""

import copy
import re

import notebook_checks as checks
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tools import notebooks


@pytest.fixture
def nb(executed, monkeypatch):
    """The executed toy chapter, in memory, to be spoiled."""
    monkeypatch.chdir(executed.parent)
    return copy.deepcopy(notebooks.read(executed))


def code(nb, text):
    return next(cell for cell in notebooks.code_cells(nb) if text in cell.source)


def prose(nb, text):
    return next(cell for cell in nb.cells if cell.cell_type == "markdown" and text in cell.source)


def edit(cell, before, after):
    assert before in cell.source
    cell.source = cell.source.replace(before, after)


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_a_good_chapter_passes(nb, check):
    assert check(nb) == []
    assert check.__doc__


def spoil_format(nb):
    nb.cells[0].metadata["collapsed"] = True


def spoil_validity(nb):
    nb.cells[0]["cell_type"] = "prose"


def spoil_size(nb):
    nb.cells[0].source += "x" * 500_000


def spoil_syntax(nb):
    nb.cells[1].source += "\nfor"


def spoil_order(nb):
    nb.cells[1].execution_count = 2


def spoil_execution(nb):
    nb.cells[1].execution_count = None


def spoil_error(nb):
    nb.cells[1].outputs = [new_output("error", ename="NameError", evalue="x", traceback=["x"])]


def spoil_stderr(nb):
    nb.cells[1].outputs = [new_output("stream", name="stderr", text="UserWarning: x")]


def spoil_stamp(nb):
    edit(code(nb, "claim("), "0.1", "0.11")


def spoil_missing_stamp(nb):
    del nb.metadata["genlib"]


def spoil_caption(nb):
    del code(nb, "plt.plot").metadata["mystnb"]["figure"]


def spoil_alt(nb):
    code(nb, "plt.plot").metadata["mystnb"]["image"]["alt"] = " "


def spoil_two_figures(nb):
    cell = code(nb, "plt.plot")
    cell.outputs += cell.outputs


def spoil_figure_with_text(nb):
    code(nb, "plt.plot").outputs.append(new_output("stream", name="stdout", text="0.3"))


def spoil_video(nb):
    nb.cells[1].outputs = [new_output("display_data", {"text/html": "<video src='x'></video>"})]


def spoil_markdown_image(nb):
    nb.cells[0].source += "\n![](x.png)"


def spoil_directive(nb):
    nb.cells[0].source += "\n```{note}\nx\n```"


def spoil_colon_directive(nb):
    nb.cells[0].source += "\n:::{note}\nx\n:::"


def spoil_role(nb):
    nb.cells[0].source += " see {ref}`x`"


def spoil_target(nb):
    nb.cells[0].source += "\n\n(here)=\n"


def spoil_semicolon(nb):
    edit(code(nb, "plt.plot"), "plt.show()", "plt.show();")


def spoil_number(nb):
    edit(prose(nb, "<!--r:"), "0.693", "0.694")


def spoil_marker_name(nb):
    edit(prose(nb, "<!--r:"), "r:entropy", "r:entropie")


def spoil_marker_number(nb):
    edit(prose(nb, "<!--r:"), "0.693", "much ")


def spoil_claims(nb):
    code(nb, "claim(").outputs.pop()


def spoil_exercise_count(nb):
    del code(nb, "times_2").metadata["tags"]


def spoil_stub_without_check(nb):
    edit(code(nb, "times_2"), 'check("', 'print("')


def spoil_same_exercise_twice(nb):
    edit(code(nb, "times_2"), "toychapter.times_2", "toychapter.times_3")


def spoil_missing_solution(nb):
    edit(prose(nb, "return 2"), "```python", "```")


def spoil_other_solution(nb):
    edit(prose(nb, "return 2"), 'check("toychapter.times_2"', 'check("toychapter.times_3"')


def spoil_stub_that_passes(nb):
    edit(code(nb, "times_2"), "return ...", "return 2 * x")


def spoil_stub_that_raises(nb):
    edit(code(nb, "times_2"), "return ...", "return ...\n\nnosuch")


def spoil_wrong_solution(nb):
    edit(prose(nb, "return 2"), "return 2", "return 3")


def spoil_solution_that_needs_training(nb):
    edit(prose(nb, "return 2"), "return 2", "return tosses[0] * 0 + 2")


def spoil_long_cell(nb):
    code(nb, "claim(").source += "\npass" * 30


def spoil_long_class(nb):
    code(nb, "claim(").source += "\nclass C:" + "\n    x = 1" * 40


def spoil_long_setup(nb):
    code(nb, "random.seed").source += "\npass" * 12


def spoil_prose_between(nb):
    nb.cells[2:2] = [new_code_cell("pass"), new_code_cell("pass")]


def spoil_setup_tag(nb):
    del nb.cells[1].metadata["tags"]


def spoil_second_setup(nb):
    code(nb, "claim(").metadata["tags"] = ["setup"]


def spoil_path_in_source(nb):
    home = "/home/" + "somebody"  # in two parts, so that this file carries no such path itself
    nb.cells[1].source += f"\nopen('{home}/x')"


def spoil_path_in_output(nb):
    nb.cells[1].outputs = [new_output("stream", name="stdout", text="in C:\\Users")]


def spoil_address(nb):
    nb.cells[1].outputs = [new_output("stream", name="stdout", text="<object at 0x7f001>")]


def spoil_brevity(nb):
    edit(nb.cells[-1], "word word", "")


def spoil_length(nb):
    nb.cells.append(new_markdown_cell("word " * 6000))


@pytest.mark.parametrize(
    ("check", "spoil", "complaint"),
    [
        (checks.valid_format, spoil_format, "not tidy"),
        (checks.valid_format, spoil_validity, "not a valid notebook"),
        (checks.size, spoil_size, "kB"),
        (checks.parses, spoil_syntax, "cell 2"),
        (checks.executed_in_order, spoil_order, r"\[2, 2,"),
        (checks.executed_in_order, spoil_execution, r"\[None, 2,"),
        (checks.no_errors, spoil_error, "NameError: x"),
        (checks.no_errors, spoil_stderr, "UserWarning"),
        (checks.stamp, spoil_stamp, "edited after"),
        (checks.stamp, spoil_missing_stamp, "edited after"),
        (checks.figures, spoil_caption, "no mystnb.figure.caption"),
        (checks.figures, spoil_alt, "no mystnb.image.alt"),
        (checks.figures, spoil_two_figures, "2 figures, but one caption"),
        (checks.figures, spoil_figure_with_text, "under its other outputs"),
        (checks.figures, spoil_video, "aria-label"),
        (checks.figures, spoil_markdown_image, "without alt text"),
        (checks.portable_dialect, spoil_directive, "MyST directive '```{'"),
        (checks.portable_dialect, spoil_colon_directive, "MyST directive ':::{'"),
        (checks.portable_dialect, spoil_role, "MyST role"),
        (checks.portable_dialect, spoil_target, "MyST target"),
        (checks.no_semicolon, spoil_semicolon, "plt.show"),
        (checks.numbers, spoil_number, "the prose says 0.694, report 'entropy' says 0.693"),
        (checks.numbers, spoil_marker_name, "says None"),
        (checks.numbers, spoil_marker_number, "the prose says None"),
        (checks.enough_claims, spoil_claims, "7 claims"),
        (checks.exercise_cells, spoil_exercise_count, "5 exercises"),
        (checks.exercise_cells, spoil_stub_without_check, "does not end in check"),
        (checks.exercise_cells, spoil_same_exercise_twice, "more than one stub"),
        (checks.exercise_cells, spoil_missing_solution, "0 ```python blocks"),
        (checks.exercise_cells, spoil_other_solution, "checks something else"),
        (checks.exercise_answers, spoil_stub_that_passes, "the stub says ✓"),
        (checks.exercise_answers, spoil_stub_that_raises, "the stub raises NameError"),
        (checks.exercise_answers, spoil_wrong_solution, "the solution says ✗"),
        (checks.exercise_answers, spoil_solution_that_needs_training, "the solution says ✗.*tosses"),
        (checks.cell_lengths, spoil_long_cell, "at most 25"),
        (checks.cell_lengths, spoil_long_class, "at most 40"),
        (checks.cell_lengths, spoil_long_setup, "at most 12"),
        (checks.prose_between, spoil_prose_between, "cells 2 to 4"),
        (checks.setup_cell, spoil_setup_tag, "tag setup"),
        (checks.setup_cell, spoil_second_setup, "tag setup"),
        (checks.no_absolute_paths, spoil_path_in_source, "/home/somebody"),
        (checks.no_absolute_paths, spoil_path_in_output, "Users"),
        (checks.no_addresses, spoil_address, "0x7f001"),
        (checks.length, spoil_brevity, "words, not 2000"),
        (checks.length, spoil_length, "words, not 2000"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bad_chapter_is_found(nb, check, spoil, complaint):
    spoil(nb)
    found = check(nb)
    assert re.search(complaint, "\n".join(found)), found


def test_every_check_has_a_bad_chapter():
    [mark] = test_a_bad_chapter_is_found.pytestmark
    assert {case[0] for case in mark.args[1]} == set(checks.CHECKS)


def test_colab_badge(nb):
    here = "https://github.com/owner/book"
    [setup] = [cell for cell in nb.cells if "setup" in cell.metadata.get("tags", [])]
    assert len(checks.colab_badge(nb, "toy.ipynb", here)) == 1  # it does not fetch the package
    setup.source = f'%pip install "genlib-book @ git+{here}"'
    assert checks.colab_badge(nb, "toy.ipynb", here) == []
    assert len(checks.colab_badge(nb, "book/code/toy.ipynb", here)) == 1
    assert len(checks.colab_badge(nb, "toy.ipynb", "https://github.com/other/book")) == 2


def table(nb, held=True):
    row = {"values": [0.1] * 5, "held": [held] + [True] * 4}
    claims = [{"claim": i["claim"], "bound": i["bound"], **row} for i in notebooks.measured(nb, "claim")]
    return {"code_sha256": "", "seeds": [0, 1, 2, 3, 4], "claims": claims, "errors": {}}


def test_claims_table(nb):
    good = table(nb)
    assert checks.claims_table(nb, good) == []
    assert "held 4 of 5 times" in checks.claims_table(nb, table(nb, held=False))[0]
    twice = good | {"claims": [*table(nb, held=False)["claims"], *good["claims"]]}  # equal claims, in a loop
    assert "held 4 of 5 times" in checks.claims_table(nb, twice)[0]
    assert "not in tests/claims.json" in checks.claims_table(nb, good | {"claims": good["claims"][1:]})[0]
    assert "seed 3 stopped: x" in checks.claims_table(nb, good | {"errors": {"3": "x"}})[0]
    assert "measured with seeds [0]" in checks.claims_table(nb, good | {"seeds": [0]})[0]


def test_words_leaves_out_code_formulas_and_comments(nb):
    nb.cells = [
        new_markdown_cell(
            "One $a + b$ <!-- c d -->three [four](https://x.y/z) <b>5</b>\n```\nno\n```\n$$x y$$"
        )
    ]
    assert checks.words(nb) == 6
    nb.cells = [new_markdown_cell("A $x_{<t}$ two three"), new_markdown_cell("> **Four** five $> 0$")]
    assert checks.words(nb) == 7  # a "<" in a formula opens no tag that the next ">" would close


def test_addresses_and_data_are_no_paths(nb):
    data = {"text/html": '<video aria-label="x" src="data:video/mp4;base64,AAA/tmp/AAA=="></video>'}
    nb.cells[1].outputs = [new_output("display_data", data)]
    nb.cells[0].source += " [x](https://a.b/home/c) and/or/tmp/x"
    assert checks.no_absolute_paths(nb) == []
