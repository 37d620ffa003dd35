"""`genlib.exercises`: right, wrong and missing answers, and the hint for each."""

import linecache
import random
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from genlib import exercises
from genlib.exercises import call, check, choice, exercise, function, value

TOY = """
from genlib.exercises import exercise, function, value

exercise("toy.half", value(0.5), hint="Think of a coin.")
exercise("toy.square", function(lambda x: x**2, cases=[1.0, 3.0]))
"""


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """Each test registers exercises of its own."""
    registry = {}
    monkeypatch.setattr(exercises, "_REGISTRY", registry)
    return registry


def ask(checker, answer, hint=""):
    exercises._REGISTRY.clear()
    exercise("test.it", checker, hint=hint)
    return check("test.it", answer)


def test_a_chapter_is_imported_when_first_asked_for(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(exercises, "__path__", [*exercises.__path__, str(tmp_path)])
    assert check("toy.half", 0.5)
    assert check("toy.square", lambda x: x * x)
    assert check("toy.half", 0.7).message == "0.7 is not it. Think of a coin."
    with pytest.raises(ValueError, match=r"no exercise 'toy\.squar'; did you mean toy\.square"):
        check("toy.squar", 1)
    with pytest.raises(ValueError, match=r"no exercises for chapter 'nosuch', only for .*toy"):
        check("nosuch.thing", 1)


def test_names_are_checked():
    with pytest.raises(ValueError, match="not of the form"):
        exercise("plain", value(1))
    exercise("test.it", value(1))
    with pytest.raises(ValueError, match="already"):
        exercise("test.it", value(2))


@pytest.mark.parametrize("answer", [None, ..., (1, ...), lambda x: None, lambda x: ..., [None]])
def test_a_stub_is_not_yet_answered(answer):
    result = ask(function(lambda x: x, cases=[1.0]), answer, hint="Half of the answer.")
    assert not result
    assert result.right is None
    assert repr(result) == "… test.it: not yet answered: replace the ... and run the cell"


def test_not_implemented_is_not_yet_answered():
    def stub(x):
        raise NotImplementedError

    assert ask(function(lambda x: x, cases=[1.0]), stub).right is None


def test_a_checker_may_say_more_than_right():
    result = ask(lambda answer: exercises.Result("test.it", True, f"{answer} of 24"), 15, hint="Hint.")
    assert result
    assert repr(result) == "✓ test.it: 15 of 24"


HALVES = [0.5, 0.5001, np.float32(0.5), torch.tensor(0.5, requires_grad=True), torch.tensor(0.5).bfloat16()]


@pytest.mark.parametrize("answer", HALVES)
def test_right_value(answer):
    result = ask(value(0.5), answer)
    assert result
    assert repr(result) == "✓ test.it: right"


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (-3.0, "sign"),
        (6.0, "twice"),
        (1.5, "half"),
        (3 / np.log(2), "bits instead of nats"),
        (3 * np.log(2), "nats instead of bits"),
        (7.0, "seven is the sample size"),
        (4.0, "4 is not it"),
        (float("nan"), "nan is not it"),
        ([3.0, 3.0], r"expected one number, not shape \(2,\)"),
        ("three", "expected numbers, not str"),
        (lambda: 3.0, "not a function: call it"),
    ],
)
def test_wrong_value(answer, hint):
    result = ask(value(3.0, wrong={7: "seven is the sample size"}), answer, hint="General hint.")
    assert not result
    assert result.right is False
    assert result.message.endswith("General hint.")
    assert re.search(hint, result.message), result.message


def test_a_zero_has_no_usual_slip():
    assert "is not it" in ask(value(0.0), 1.0).message


def test_choice():
    checker = choice("KL", wrong={"js": "that one is symmetric"})
    assert ask(checker, " kl ")
    assert "symmetric" in ask(checker, "JS").message
    assert "'tv' is not it" in ask(checker, "TV").message
    assert ask(choice(True), True)
    assert not ask(choice(True), 1)
    assert ask(choice(True), np.bool_(True))
    assert ask(choice(True), torch.tensor(True))
    assert "expected True or False, not 'yes'" in ask(choice(True), "yes").message
    assert ask(choice("bc"), "b, c")
    for answer in (["b", "c"], {"b"}, np.array(["b", "c"]), torch.ones(2), 3):
        assert "expected a text in quotation marks, not" in ask(choice("bc"), answer).message
    assert "two" in ask(choice(3, wrong={2: "two is too few"}), 2).message
    assert all(ask(choice("a"), text) for text in ("(a)", "a)", "A."))


def kl_1d(mu, logvar):
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar)


CASES = [(torch.zeros(2), torch.zeros(2)), (torch.ones(2), torch.tensor([0.0, 1.0]))]


def test_right_function():
    assert ask(function(kl_1d, CASES), lambda m, v: (m.square() + v.exp() - 1 - v) / 2)
    assert ask(function(lambda x: (x, 2 * x), [1.0]), lambda x: [x, x + x])


def test_wrong_function_shows_the_first_difference():
    message = ask(function(kl_1d, CASES), lambda m, v: m).message
    assert message.startswith("for ([1., 1.], [0., 1.]): expected [0.5")
    assert "got [1., 1.]" in message
    message = ask(function(kl_1d, CASES), lambda m, v: kl_1d(m, v).sum()).message
    assert "expected shape (2,), got one number" in message
    assert "expected a function, not 3" in ask(function(kl_1d, CASES), 3.0).message


def test_of_many_numbers_the_first_wrong_one_is_shown():
    many = function(lambda n: torch.arange(n).view(-1, 4), [12])
    message = ask(many, lambda n: torch.arange(n).view(-1, 4).clamp(max=6)).message
    assert message == "for (12): at [1, 3] expected 7, got 6."


def test_a_well_known_wrong_function_is_recognized():
    forgot = {lambda m, v: 2 * kl_1d(m, v): "you forgot the factor 1/2"}
    assert (
        "factor 1/2" in ask(function(kl_1d, CASES, wrong=forgot), lambda m, v: m**2 + v.exp() - 1 - v).message
    )


def test_errors_of_the_reader_are_shown_briefly():
    message = ask(function(kl_1d, CASES), lambda m, v: m.nosuch).message
    assert message.startswith("for ([0., 0.], [0., 0.]): AttributeError")
    assert "m.nosuch" in message
    assert "TypeError" in ask(function(kl_1d, CASES), lambda m: m).message


@pytest.mark.parametrize("folder", ["genlib", "genlib/exercises"])
def test_an_error_shows_the_readers_line_and_no_checkers(folder, monkeypatch):
    path = str(Path(exercises.__file__).parents[2] / folder / "strict.py")
    line = "def checker(answer): raise ValueError('two things')"
    monkeypatch.setitem(linecache.cache, path, (len(line), None, [line], path))
    names = {}
    exec(compile(line, path, "exec"), names)
    message = ask(names["checker"], 1).message
    assert message.startswith("ValueError: two things")
    assert ("line 1" in message) == (folder == "genlib")


def test_the_readers_arguments_are_copies():
    assert not ask(function(kl_1d, CASES), lambda m, v: m.add_(1))
    assert torch.equal(CASES[0][0], torch.zeros(2))


def test_random_answers_are_comparable_and_leave_the_stream_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert ask(function(lambda x: x + torch.randn(2), [1.0]), lambda x: torch.randn(2) + x)
    assert torch.equal(before, torch.get_rng_state())
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    expected = np.random.rand(), random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    draw = lambda x: x + np.random.rand() + random.random()  # noqa: E731, NPY002
    assert ask(function(draw, [1.0]), lambda x: draw(x))
    assert (np.random.rand(), random.random()) == expected  # noqa: NPY002


def test_the_generators_of_gpus_are_left_alone(monkeypatch):
    def reseeded(*_):
        raise AssertionError

    monkeypatch.setattr(torch.cuda, "manual_seed_all", reseeded)
    monkeypatch.setattr(torch, "manual_seed", reseeded)
    assert call(lambda x: x, 1) == 1


def test_own_checker():
    def even(answer):
        return None if call(answer, 1) % 2 == 0 else "odd"

    assert ask(even, lambda n: 2 * n)
    assert "odd" in ask(even, lambda n: n).message
    assert ask(even, lambda n: None).right is None
    assert "ZeroDivisionError" in ask(even, lambda n: n // 0).message


def test_a_notebook_shows_one_line_and_remembers_the_outcome():
    data, metadata = ask(value(0.5), "<b>")._repr_mimebundle_()
    assert data["text/plain"].startswith("✗ test.it")
    assert data["text/html"].startswith('<div class="genlib-exercise genlib-wrong">✗ test.it')
    assert "<b>" not in data["text/html"]
    assert metadata == {"genlib": {"exercise": "test.it", "right": False}}
