"""What the tests take out of a chapter: its own definitions, its exercises."""

import ast
import re
from dataclasses import dataclass

from IPython.core.inputtransformer2 import TransformerManager

from tools import notebooks

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
CONSTANT = (
    ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Dict, ast.Set,
    ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop, ast.expr_context,
)  # fmt: skip
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Exercise:
    """An exercise as it stands in a chapter: the stub's source and the Python blocks of its solution."""

    stub: str
    solutions: tuple

    @property
    def name(self):
        """The name that the stub's last line checks, or None if it does not check anything."""
        return _checked_name(parse(self.stub))


def tags(cell):
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def parse(source):
    """The syntax tree of a cell; magics such as %pip become calls."""
    return ast.parse(TransformerManager().transform_cell(source))


def namespace(nb):
    """What a reader has who ran the setup cell and the definitions of a chapter, and trained nothing.

    Runs the cell tagged `setup`, then imports, functions, classes and assignments without a call, in
    order. A statement that needs a name which only a computation gives is left out.
    """
    names = {"__name__": "__main__"}
    for cell in notebooks.code_cells(nb):
        if "setup" in tags(cell):
            exec(compile(parse(cell.source), "<setup>", "exec"), names)
        elif "exercise" not in tags(cell):
            for statement in filter(_is_definition, parse(cell.source).body):
                try:
                    exec(compile(ast.Module([statement], []), "<definition>", "exec"), names)
                except NameError:
                    continue
    return names


def chapter_namespace(path, names):
    """Import definitions out of a chapter, for a comparison with genlib.

        VAE, loss = chapter_namespace(ROOT / "book/code/vae.ipynb", ["VAE", "loss"])

    Args:    path: the notebook; names: what to take.
    Returns: a list, in the order of the names. Of several definitions of one name, the last counts.
    Raises:  KeyError naming what the chapter does not define.
    """
    defined = namespace(notebooks.read(path))
    missing = [name for name in names if name not in defined]
    if missing:
        raise KeyError(f"{path.name} does not define {', '.join(missing)}")
    return [defined[name] for name in names]


def exercises(nb):
    """The exercises of a chapter: each cell tagged `exercise`, with the solutions up to the next one."""
    starts = [i for i, cell in enumerate(nb.cells) if "exercise" in tags(cell)]
    found = []
    for start, end in zip(starts, [*starts[1:], len(nb.cells)], strict=True):
        prose = [c.source for c in nb.cells[start + 1 : end] if c.cell_type == "markdown"]
        folded = [source for source in prose if "<details>" in source]
        blocks = tuple(block for source in folded for block in PYTHON_BLOCK.findall(source))
        found.append(Exercise(nb.cells[start].source, blocks))
    return found


def answer(nb, source):
    """Run the source of a stub or a solution in the chapter's namespace; returns what its `check` says."""
    tree = parse(source)
    if _checked_name(tree) is None:
        raise ValueError("the last line is no check(...)")
    names = namespace(nb)
    exec(compile(ast.Module(tree.body[:-1], []), "<answer>", "exec"), names)
    return eval(compile(ast.Expression(tree.body[-1].value), "<check>", "eval"), names)


def _checked_name(tree):
    match tree.body[-1:]:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(name)), *_]))]:
            return name
    return None


def _is_definition(statement):
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return statement.value and all(isinstance(node, CONSTANT) for node in ast.walk(statement.value))
    return isinstance(statement, DEFINITIONS)
