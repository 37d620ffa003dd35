"""genlib imports only downwards (CONTRIBUTING.md, "Layers"), and only what it declares."""

import ast
import re
import sys
from pathlib import Path

import pytest

import genlib

LAYERS = ["claims", "runtime", "densities", "data", "models", "training", "metrics", "plots", "exercises"]
PACKAGE = Path(genlib.__file__).parent


def module_name(path, package=PACKAGE):
    """("data", "toy") for genlib/data/toy.py, ("data",) for genlib/data/__init__.py."""
    parts = path.relative_to(package).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imported_layers(source, name, is_package):
    """The layers of genlib that a module imports, also inside functions.

    Args:    source: its text; name: as `module_name`; is_package: whether it is an __init__.py.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        targets = []
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            if node.level:
                base = ["genlib", *(name if is_package else name[:-1])]
                module = base[: len(base) - node.level + 1] + module
            targets = [[*module, alias.name] for alias in node.names] if module == ["genlib"] else [module]
        found |= {target[1] for target in targets if target[0] == "genlib" and len(target) > 1}
    return found


def upward(source, name, is_package=False):
    """What a module imports that stands above its own layer, or in no layer."""
    allowed = LAYERS[: LAYERS.index(name[0]) + 1]
    return sorted(imported_layers(source, name, is_package) - {*allowed, "__version__"})


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_imports_go_down(path):
    name = module_name(path)
    if name == ():
        return
    assert name[0] in LAYERS, f"{path.name} belongs to no layer"
    assert not upward(path.read_text("utf-8"), name, path.name == "__init__.py")


@pytest.mark.parametrize(
    ("source", "name", "is_package", "found"),
    [
        ("import genlib.plots", ("claims",), False, ["plots"]),
        ("from genlib import plots, claims", ("training",), False, ["plots"]),
        ("from genlib.models.vae import VAE", ("data", "toy"), False, ["models"]),
        ("def f():\n    from ..plots import style", ("data", "toy"), False, ["plots"]),
        ("from .. import metrics", ("models", "vae"), False, ["metrics"]),
        ("from . import metrics", ("models", "vae"), False, []),
        ("from .metrics import x", ("training",), False, ["metrics"]),
        ("from ..metrics import x", ("data",), True, ["metrics"]),
        ("from .toy import Ring", ("data",), True, []),
        ("import genlib.nosuch", ("plots",), False, ["nosuch"]),
        ("import torch, genlib.claims", ("plots",), False, []),
    ],
)
def test_upward_imports_are_found(source, name, is_package, found):
    assert upward(source, name, is_package) == found


def test_what_is_imported_is_declared():
    imported = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.partition(".")[0])
    imported -= {"genlib", *sys.stdlib_module_names}
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    (listed,) = re.findall(r"^dependencies = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    declared = set(re.findall(r'^    "([\w-]+)', listed, re.MULTILINE))
    assert {{"PIL": "pillow", "IPython": "ipython"}.get(name, name) for name in imported} == declared


def test_the_package_itself_holds_only_its_version():
    body = ast.parse((PACKAGE / "__init__.py").read_text("utf-8")).body
    assert [type(node) for node in body] == [ast.Expr, ast.Assign]
    assert body[1].targets[0].id == "__version__"
