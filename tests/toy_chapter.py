"""A small complete chapter, to prove the tool and the checks on."""

from pathlib import Path

import notebook_checks

from tools import notebooks

EXERCISE = """
> **Exercise {n} (Core).** Multiply `x` by {n}; mind the $\\times$.

```{{code-cell}}
:tags: [exercise]

def times_{n}(x):
    return ...


check("toychapter.times_{n}", times_{n})
```

<details><summary>Solution</summary>

It costs {n}$ and `one` line:

```python
def times_{n}(x):
    return {n} * x + 0 * entropy(P)


check("toychapter.times_{n}", times_{n})
```

</details>
"""

CHECKERS = """
from genlib.exercises import exercise, function

for n in range(2, 8):
    exercise(f"toychapter.times_{n}", function(lambda x, n=n: n * x, cases=[1.0, 2.0]))
"""


def toy_text():
    """The chapter as a text view."""
    text = Path(__file__).with_name("toy_chapter.md").read_text("utf-8")
    exercises = "".join(EXERCISE.format(n=n) for n in range(2, 8))
    return text.replace("EXERCISES\n", exercises) + "\n" + "word " * notebook_checks.WORDS[0] + "\n"


def write_toy(folder):
    """Put the chapter, not yet executed, in a folder; returns its path."""
    (folder / "toychapter.py").write_text(CHECKERS)
    path = folder / "toy.ipynb"
    path.write_text(notebooks.dump(notebooks.from_text(toy_text())), "utf-8")
    return path
