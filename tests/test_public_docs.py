"""Every public function and class of genlib says what it takes, gives and raises."""

import ast
import re
from pathlib import Path

import pytest

import genlib

PACKAGE = Path(genlib.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def complaints(source):
    """What the docstrings of a module lack.

    A module, class, function and method has a docstring; free are underscored names, `forward` (its class
    documents it) and what is decorated with a call (an exercise's checker is registered, not imported).
    A function at the top of a module that takes arguments says `Args`, and `Returns` if it returns a
    value, unless one line names every argument; one that raises by itself says `Raises`. A class, unless
    an error, names the arguments of its constructor. A line may carry several ("Args, Raises: as `f`").
    """
    tree = ast.parse(source)
    found = [] if ast.get_docstring(tree) else ["the module has no docstring"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if not any(isinstance(decorator, ast.Call) for decorator in node.decorator_list):
                found += _function(node)
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found += _class(node)
    return found


def _function(node):
    doc = ast.get_docstring(node)
    if not doc:
        return [f"{node.name} has no docstring"]
    inside = list(_own_nodes(node))
    returns = any(isinstance(n, ast.Return) and n.value for n in inside)
    yields = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in inside)
    raises = any(isinstance(n, ast.Raise) and n.exc and "_" != ast.unparse(n.exc)[0] for n in inside)
    arguments = _arguments(node)
    brief = "\n" not in doc and all(_names(doc, name) for name in arguments)
    takes = bool(arguments) and not brief
    needed = {"Args": takes, "Returns": takes and returns, "Yields": yields, "Raises": raises}
    return [f"{node.name}: no {word}" for word, needs in needed.items() if needs and not _mentions(doc, word)]


def _class(node):
    doc = ast.get_docstring(node)
    if not doc:
        return [f"{node.name} has no docstring"]
    found = []
    for method in (n for n in node.body if isinstance(n, ast.FunctionDef)):
        if method.name == "__init__" and not node.name.endswith("Error"):
            text = doc + (ast.get_docstring(method) or "")
            missing = [name for name in _arguments(method) if not _names(text, name)]
            found += [f"{node.name}: {name} is not explained" for name in missing]
        elif not method.name.startswith("_") and method.name != "forward" and not ast.get_docstring(method):
            found.append(f"{node.name}.{method.name} has no docstring")
    return found


def _own_nodes(node):
    """The nodes of a function without those of functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own_nodes(child)


def _arguments(node):
    names = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
    return [name for name in names if name not in ("self", "cls")]


def _names(doc, name):
    return re.search(rf"\b{name}\b", doc) is not None


def _mentions(doc, word):
    heads = [line.strip().partition(":")[0] for line in doc.splitlines() if ":" in line]
    return any(word in head.replace(",", " ").split() for head in heads)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_public_names_are_documented(path):
    found = complaints(path.read_text("utf-8"))
    assert not found, "\n".join(found)


GOOD = '''
"""Module."""

def f(x):
    """F of x.

    Args, Raises: as `g`.
    Returns: one.
    """
    if x:
        raise ValueError
    return 1

def g(x):
    """The square of x."""
    return x * x

@exercise("a.b", hint="")
def checker(answer):
    return None

class OddError(ValueError):
    """Not even."""

    def __init__(self, n):
        self.n = n

class C:
    """C. Args: size: in nats."""

    def __init__(self, size):
        self.size = size

    def forward(self, x):
        return x

    def h(self):
        """H."""
'''


def test_good_docstrings_pass():
    assert complaints(GOOD) == []


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"""Module."""', "", "the module has no docstring"),
        ("Args, Raises", "Raises", "f: no Args"),
        ("Args, Raises", "Args", "f: no Raises"),
        ("Returns: one.", "", "f: no Returns"),
        ("The square of x.", "Its square.", "g: no Args"),
        ('@exercise("a.b", hint="")', "", "checker has no docstring"),
        ("OddError", "Odd", "Odd: n is not explained"),
        (" Args: size: in nats.", "", "C: size is not explained"),
        ('"""H."""', "pass", "C.h has no docstring"),
        ('"""C. Args: size: in nats."""', "", "C has no docstring"),
    ],
)
def test_a_lack_is_found(before, after, complaint):
    assert before in GOOD
    assert complaint in complaints(GOOD.replace(before, after))
