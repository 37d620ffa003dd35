"""A reader's answer against the truth: `check("vae.kl", my_function)`.

The exercises of a chapter stand in a module of its name, `genlib/exercises/vae.py`, one call each:

    exercise("vae.bits", value(1.4427, rtol=1e-3, wrong={0.6931: "that is nats per bit"}))
    exercise("vae.kl", function(kl_1d, cases=[(0.0, 0.0), (1.0, -2.0)]), hint="See equation (7).")

    @exercise("vae.collapse", hint="Which term pulls q(z|x) towards the prior?")
    def collapse(answer):
        if call(answer, 0.0) != 0:
            return "without the KL term nothing should collapse"

A checker returns None when the answer is right and a hint when it is wrong; one that has more to say than
"right" returns a Result. A stub gets no hint: hints often say half of the answer, so they wait until a
reader has tried.
"""

import copy
import difflib
import html
import importlib
import pkgutil
import random
import re
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

__all__ = ["Result", "call", "check", "choice", "exercise", "function", "value"]

_REGISTRY = {}


@dataclass(frozen=True)
class Result:
    """The outcome of `check`: truthy when right, and one line that a notebook shows.

    Args:    name: the exercise; right: True, False, or None for "not yet answered"; message: the hint.
    """

    name: str
    right: bool | None
    message: str = ""

    def __bool__(self):
        return self.right is True

    def __repr__(self):
        sign = {True: "✓", False: "✗", None: "…"}[self.right]
        return f"{sign} {self.name}: {self.message}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        state = {True: "right", False: "wrong", None: "open"}[self.right]
        markup = f'<div class="genlib-exercise genlib-{state}">{html.escape(repr(self))}</div>'
        data = {"text/plain": repr(self), "text/html": markup}
        return data, {"genlib": {"exercise": self.name, "right": self.right}}


def check(name, answer):
    """Compare a reader's answer with the truth.

    Args:    name: "<chapter>.<exercise>"; answer: the value or function that the exercise asks for;
             `...`, None, and a function that returns either, count as not yet answered.
    Returns: a Result, truthy when the answer is right; a wrong answer never raises, and only a wrong one
             shows a hint.
    Raises:  ValueError if there is no such exercise.
    """
    checker, hint = _find(name)
    if _is_blank(answer):
        return _unanswered(name)
    try:
        problem = checker(answer)
    except _NotAnswered:
        return _unanswered(name)
    except Exception as error:  # whatever the reader's code raises is the reader's to see
        problem = _brief(error)
    if isinstance(problem, Result):
        return problem
    if problem is None:
        return Result(name, True, "right")
    return Result(name, False, f"{problem.removesuffix('.')}. {hint}".rstrip())


def exercise(name, checker=None, *, hint=""):
    """Register an exercise, as a call or as a decorator of its checker.

    Args:    name: "<chapter>.<exercise>"; checker: takes the answer, returns None when it is right, else a
             hint (or a Result of its own); hint: a sentence shown with every wrong answer (not with a stub).
    Returns: the checker (or, without one, the decorator).
    Raises:  ValueError for a name without chapter or one that is taken.
    """

    def register(function):
        if name.count(".") != 1:
            raise ValueError(f"name: {name!r} is not of the form '<chapter>.<exercise>'")
        if name in _REGISTRY:
            raise ValueError(f"name: there is an exercise {name!r} already")
        _REGISTRY[name] = (function, hint)
        return function

    return register if checker is None else register(checker)


def value(truth, *, rtol=1e-3, atol=1e-9, wrong=None):
    """Checker for a number or an array.

    Args:    truth: the answer; rtol, atol: tolerances as in numpy.isclose;
             wrong: {a well-known wrong number: its hint}.
    Returns: a checker for `exercise`.
    """
    truth = _array(truth)

    def checker(answer):
        if callable(answer):
            return f"expected {_kind(truth)}, not a function: call it"
        answer = _array(answer)
        if answer.shape != truth.shape:
            return f"expected {_kind(truth)}, not {_kind(answer)}"
        if np.allclose(answer, truth, rtol, atol):
            return None
        for number, hint in (wrong or {}).items():
            if np.allclose(answer, number, rtol, atol):
                return hint
        for hint, known in _USUAL_SLIPS.items():
            if np.any(truth) and np.allclose(answer, known(truth), rtol, atol):
                return hint
        return f"{_show(answer)} is not it"

    return checker


def choice(right, *, wrong=None):
    """Checker for a question with a few possible answers (words, letters, True or False).

    Args:    right: the answer; a text is compared without regard to case, space, commas, dots and brackets;
             wrong: {a wrong answer: its hint}.
    Returns: a checker for `exercise`.
    """

    def plain(answer):
        if isinstance(answer, str):
            return re.sub(r"[\s,.()]", "", answer).casefold()
        return answer.item() if getattr(answer, "shape", None) == () else answer  # np.bool_, a tensor

    truth = plain(right)
    kind = {str: "a text in quotation marks", bool: "True or False"}.get(type(truth), "a number")
    hints = {plain(key): hint for key, hint in (wrong or {}).items()}

    def checker(answer):
        said = plain(answer)
        if type(said) is type(truth) and said == truth:
            return None
        if isinstance(said, (str, bool, int, float)) and said in hints:
            return hints[said]
        if type(said) is not type(truth):
            return f"expected {kind}, not {_show(answer)}"
        return f"{said!r} is not it"

    return checker


def function(reference, cases, *, rtol=1e-4, atol=1e-6, wrong=None):
    """Checker for a function: compares it with a reference on several inputs.

    Args:    reference: computes the truth; cases: tuples of arguments (each is passed as a copy);
             rtol, atol: tolerances as in numpy.isclose;
             wrong: {a well-known wrong function: its hint}, recognized when it agrees on all cases.
    Returns: a checker for `exercise`; the hint names the first input where the two differ.
    Raises:  ValueError without cases.
    """
    cases = [case if isinstance(case, tuple) else (case,) for case in cases]
    if not cases:
        raise ValueError("cases: at least one is needed")

    def close(got, expected):
        return got.shape == expected.shape and np.allclose(got, expected, rtol, atol, equal_nan=True)

    def checker(answer):
        if not callable(answer):
            return f"expected a function, not {_show(answer)}"
        truths = [_array(call(reference, *case)) for case in cases]
        answers = []
        for case in cases:
            try:
                answers.append(_array(call(answer, *case)))
            except _NotAnswered:
                raise
            except Exception as error:
                return f"for {_arguments(case)}: {_brief(error)}"
        pairs = list(zip(cases, answers, truths, strict=True))
        differ = [pair for pair in pairs if not close(*pair[1:])]
        if not differ:
            return None
        for known, hint in (wrong or {}).items():
            if all(close(got, _array(call(known, *case))) for case, got, _ in pairs):
                return hint
        case, got, expected = differ[0]
        if got.shape != expected.shape:
            return f"for {_arguments(case)}: expected {_kind(expected)}, got {_kind(got)}"
        where = ""
        if got.size > 6:  # too many numbers to show: the first place where they differ
            place = tuple(np.argwhere(~np.isclose(got, expected, rtol, atol, equal_nan=True))[0].tolist())
            where, got, expected = f"at {list(place)} ", got[place], expected[place]
        return f"for {_arguments(case)}: {where}expected {_show(expected)}, got {_show(got)}"

    return checker


def call(answer, *arguments):
    """Call a reader's function on copies of the arguments, inside a checker.

    Args:    answer: the reader's function.
    Returns: what it returns. A stub, which returns None or `...`, makes `check` say "not yet answered".
             Random numbers (PyTorch's on the CPU, NumPy's, Python's) are the same in every call, and the
             reader's streams stay untouched.
    """
    try:
        with _same_dice():
            result = answer(*copy.deepcopy(arguments))
    except NotImplementedError:
        raise _NotAnswered from None
    if _is_blank(result):
        raise _NotAnswered
    return result


@contextmanager
def _same_dice():
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # torch.manual_seed would set the generators of GPUs as well
        np.random.seed(0)  # noqa: NPY002
        random.seed(0)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)  # noqa: NPY002
            random.setstate(python_state)


_USUAL_SLIPS = {
    "right but for the sign": lambda truth: -truth,
    "twice too large": lambda truth: 2 * truth,
    "half of what it should be": lambda truth: truth / 2,
    "too large by a factor of 1 / log 2: bits instead of nats?": lambda truth: truth / np.log(2),
    "too small by a factor of log 2: nats instead of bits?": lambda truth: truth * np.log(2),
}


class _NotAnswered(Exception):
    """The reader's function is still the stub."""


def _unanswered(name):
    return Result(name, None, "not yet answered: replace the ... and run the cell")


def _is_blank(answer):
    if isinstance(answer, (tuple, list)):
        return any(_is_blank(part) for part in answer)
    return answer is None or answer is ...


def _find(name):
    chapter = str(name).partition(".")[0]
    chapters = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if chapter in chapters:
        importlib.import_module(f"{__name__}.{chapter}")
    if name in _REGISTRY:
        return _REGISTRY[name]
    known = sorted(key for key in _REGISTRY if key.startswith(f"{chapter}."))
    if not known:
        raise ValueError(f"name: no exercises for chapter {chapter!r}, only for {', '.join(chapters)}")
    close = difflib.get_close_matches(str(name), known, n=3) or known
    raise ValueError(f"name: no exercise {name!r}; did you mean {', '.join(close)}?")


def _array(answer):
    """A number, a sequence, an array or a tensor (also on a GPU, also with a gradient) as float64."""
    answer = _plain(answer)
    if isinstance(answer, (tuple, list)):
        answer = [_array(part) for part in answer]
    try:
        return np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"expected numbers, not {type(answer).__name__}") from None


def _plain(answer):
    """A tensor as NumPy can read it: on the CPU, without gradient, and not in bfloat16, which NumPy lacks."""
    if not isinstance(answer, torch.Tensor):
        return answer
    answer = answer.detach().cpu()
    return answer.float() if answer.dtype == torch.bfloat16 else answer


def _kind(array):
    return "one number" if array.shape == () else f"shape {array.shape}"


def _show(answer):
    """A few characters that let the reader recognize a value."""
    answer = _plain(answer).numpy() if isinstance(answer, torch.Tensor) else answer
    if isinstance(answer, np.ndarray):
        if answer.size > 6:
            return f"an array of shape {answer.shape}"
        if answer.shape != ():
            return " ".join(np.array2string(answer, precision=5, separator=", ").split())
        answer = answer.item()
    text = f"{answer:.6g}" if isinstance(answer, float) else repr(answer)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _arguments(case):
    return f"({', '.join(_show(argument) for argument in case)})"


def _brief(error):
    """One line: the error, and the line of the reader's code (not of a checker) that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in frames if Path(frame.filename).parent != Path(__file__).parent]
    where = f" (line {frames[0].lineno}: {frames[0].line})" if frames and frames[0].line else ""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:160]}{where}"
