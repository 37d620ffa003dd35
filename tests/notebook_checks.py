"""The house rules of a chapter. Each check takes a notebook and returns a list of complaints."""

import re

import nbformat
from chapters import answer, exercises, parse, tags

from tools import notebooks
from tools.notebooks import code_cells

LINES, CLASS_LINES, SETUP_LINES = 25, 40, 12
WORDS = (2000, 6500)
CLAIMS, EXERCISES = 8, 6

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
MYST = {
    "directive": re.compile(r"^\s*(?:`{3,}|~{3,}|:{3,})\s*\{", re.MULTILINE),
    "role": re.compile(r"(?<![\w\\}])\{[a-z][\w:.-]*\}`[^`]"),
    "target": re.compile(r"^\([\w-]+\)=\s*$", re.MULTILINE),
}
ABSOLUTE_PATH = re.compile(
    r"(?<![\w./:-])(?:/(?:home|root|tmp|usr|opt|work|mnt|var|private|Users)/|[A-Z]:\\\w)"
)
IMAGE_WITHOUT_ALT = re.compile(r"<img(?![^>]*\balt=)|!\[\]\(")
VIDEO_WITHOUT_LABEL = re.compile(r"<video(?![^>]*\baria-label=)")


def valid_format(nb):
    """It is a valid notebook, as tidy as the tool leaves it."""
    try:
        nbformat.validate(nb)
    except nbformat.ValidationError as error:
        return [f"not a valid notebook: {error.message}"]
    tidied = notebooks.tidy(nbformat.reads(notebooks.dump(nb), as_version=4))
    return [] if tidied == nb else ["not tidy: run `python tools/notebooks.py tidy`"]


def size(nb):
    """The file stays small."""
    count = len(notebooks.dump(nb).encode())
    return [] if count < notebooks.MAX_NOTEBOOK_BYTES else [f"{count // 1000} kB"]


def executed_in_order(nb):
    """Every code cell was executed, from the top, once."""
    counts = [cell.execution_count for cell in code_cells(nb)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}"]


def no_errors(nb):
    """No output is an error, and nothing was left on stderr (warnings)."""
    return [
        f"cell {number}: {output.get('ename', 'stderr')}: {output.get('evalue', output.get('text'))}"
        for number, output in _outputs(nb)
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def stamp(nb):
    """The outputs belong to this code."""
    stamped = nb.metadata.get("genlib", {}).get("code_sha256")
    return [] if stamped == notebooks.code_stamp(nb) else ["the code was edited after it was run"]


def figures(nb):
    """Every figure has a caption and a text for those who cannot see it; one figure a cell."""
    complaints = []
    for number, cell in enumerate(nb.cells, start=1):
        images = sum(any(k.startswith("image/") for k in o.get("data", {})) for o in cell.get("outputs", ()))
        mystnb = cell.metadata.get("mystnb", {})
        texts = {
            "mystnb.figure.caption": mystnb.get("figure", {}).get("caption"),
            "mystnb.image.alt": mystnb.get("image", {}).get("alt"),
        }
        if images > 1:
            complaints.append(f"cell {number}: {images} figures, but one caption")
        if images and len(cell.outputs) > images:
            complaints.append(f"cell {number}: the caption would stand under its other outputs too")
        if images:
            complaints += [
                f"cell {number}: no {key}" for key, text in texts.items() if not str(text or "").strip()
            ]
        html = "".join(_texts(cell))
        if IMAGE_WITHOUT_ALT.search(html):
            complaints.append(f"cell {number}: an image without alt text")
        if VIDEO_WITHOUT_LABEL.search(html):
            complaints.append(f"cell {number}: a <video> without aria-label")
    return complaints


def portable_dialect(nb):
    """No MyST directive, role or target: they print as garbage on Colab and GitHub."""
    return [
        f"cell {number}: MyST {kind} {match[0].strip()!r}"
        for number, source in _prose(nb)
        for kind, pattern in MYST.items()
        if (match := pattern.search(source))
    ]


def no_semicolon(nb):
    """Figures end with plt.show(), not with a semicolon."""
    return [f"cell {n}: plt.show();" for n, source in _code(nb) if re.search(r"plt\.show\(\)\s*;", source)]


def numbers(nb):
    """Every number at a marker is the stored output of that name."""
    try:
        reports = notebooks.reports(nb)
    except notebooks.NotebookError as error:
        return [str(error)]
    return [
        f"the prose says {number}, report {name!r} says {reports.get(name)}"
        for number, name in notebooks.markers(nb)
        if number is None or number.replace("−", "-") != reports.get(name)
    ]


def enough_claims(nb):
    """The chapter checks what it says."""
    count = len({item["claim"] for item in notebooks.measured(nb, "claim")})
    return [] if count >= CLAIMS else [f"{count} claims, at least {CLAIMS}"]


def exercise_cells(nb):
    """Enough exercises, each a stub that ends in check(...) and one solution that checks the same name."""
    found = exercises(nb)
    complaints = [] if len(found) >= EXERCISES else [f"{len(found)} exercises, at least {EXERCISES}"]
    names = [exercise.name for exercise in found]
    for exercise in found:
        if exercise.name is None:
            complaints.append(f"exercise stub does not end in check(...): {exercise.stub!r}")
        elif names.count(exercise.name) > 1:
            complaints.append(f"{exercise.name}: more than one stub")
        if len(exercise.solutions) != 1:
            blocks = len(exercise.solutions)
            complaints.append(f"{exercise.name}: {blocks} ```python blocks in <details>, one is needed")
        elif f'check("{exercise.name}"' not in exercise.solutions[0]:
            complaints.append(f"{exercise.name}: the solution checks something else")
    return complaints


def exercise_answers(nb):
    """Every stub fails and every solution passes, after the setup cell and the chapter's definitions."""
    complaints = []
    for exercise in exercises(nb):
        tries = [("stub", exercise.stub, False), *(("solution", text, True) for text in exercise.solutions)]
        for kind, source, expected in tries:
            try:
                result = answer(nb, source)
            except Exception as error:
                complaints.append(f"{exercise.name}: the {kind} raises {type(error).__name__}: {error}")
            else:
                if bool(result) is not expected:
                    complaints.append(f"{exercise.name}: the {kind} says {result!r}")
    return complaints


def cell_lengths(nb):
    """Code cells fit on a screen."""
    complaints = []
    for number, cell in enumerate(nb.cells, start=1):
        if cell.cell_type == "code":
            has_class = re.search(r"^class ", cell.source, re.MULTILINE)
            limit = SETUP_LINES if "setup" in tags(cell) else CLASS_LINES if has_class else LINES
            lines = len(cell.source.splitlines())
            if lines > limit:
                complaints.append(f"cell {number}: {lines} lines of code, at most {limit}")
    return complaints


def prose_between(nb):
    """Never three code cells in a row."""
    kinds = "".join(cell.cell_type[0] for cell in nb.cells)
    return [
        f"cells {m.start() + 1} to {m.end()}: code without prose between" for m in re.finditer("c{3,}", kinds)
    ]


def setup_cell(nb):
    """The first code cell, and no other, is tagged setup."""
    tagged = ["setup" in tags(cell) for cell in code_cells(nb)]
    return (
        []
        if tagged and tagged[0] and sum(tagged) == 1
        else ["the first code cell alone must have the tag setup"]
    )


def parses(nb):
    """Every code cell is Python."""
    complaints = []
    for number, source in _code(nb):
        try:
            parse(source)
        except SyntaxError as error:
            complaints.append(f"cell {number}: {error}")
    return complaints


def no_absolute_paths(nb):
    """No path of somebody's machine, in the sources or in the outputs."""
    return [
        f"cell {number}: absolute path at {text[match.start() : match.start() + 40]!r}"
        for number, cell in enumerate(nb.cells, start=1)
        for text in [cell.source, *_texts(cell)]
        if (match := ABSOLUTE_PATH.search(text))
    ]


def no_addresses(nb):
    """No output shows the memory address of an object, which differs from run to run."""
    return [
        f"cell {number}: prints {match[0]!r}"
        for number, cell in enumerate(nb.cells, start=1)
        for text in _texts(cell)
        if (match := re.search(r"<[^<>]* at 0x[0-9a-f]+>", text))
    ]


def length(nb):
    """A chapter takes 25 to 45 minutes to read."""
    count = words(nb)
    return [] if WORDS[0] <= count <= WORDS[1] else [f"{count} words, not {WORDS[0]} to {WORDS[1]}"]


CHECKS = [
    valid_format, size, parses, executed_in_order, no_errors, stamp, figures, portable_dialect, no_semicolon,
    numbers, enough_claims, exercise_cells, exercise_answers, cell_lengths, prose_between, setup_cell,
    no_absolute_paths, no_addresses, length,
]  # fmt: skip


def colab_badge(nb, name, repository):
    """The first cell links to this very notebook on Colab, and the setup cell fetches this very package.

    Args:    name: the notebook's path in the repository, e.g. "book/code/vae.ipynb";
             repository: its public address, e.g. "https://github.com/somebody/book".
    """
    link = f"https://colab.research.google.com/github/{repository.split('/', 3)[3]}/blob/main/{name})"
    first = nb.cells[0].source if nb.cells else ""
    setup = "".join(cell.source for cell in code_cells(nb) if "setup" in tags(cell))
    complaints = [] if link in first else [f"the first cell has no link {link[:-1]}"]
    return complaints + (
        [] if f"git+{repository}" in setup else [f"the setup cell does not fetch {repository}"]
    )


def claims_table(nb, table):
    """Every claim of the chapter is in the table of `make claims`, and held with every seed.

    Args:    table: the chapter's entry of tests/claims.json.
    """
    complaints = [f"seed {seed} stopped: {error}" for seed, error in table["errors"].items()]
    if table["seeds"] != list(notebooks.CLAIM_SEEDS):
        complaints.append(f"measured with seeds {table['seeds']}")
    known = {(row["claim"], row["bound"]) for row in table["claims"]}
    for item in notebooks.measured(nb, "claim"):
        if (item["claim"], item["bound"]) not in known:
            complaints.append(f"not in tests/claims.json: {item['claim']!r} ({item['bound']})")
    count = len(notebooks.CLAIM_SEEDS)
    return complaints + [
        f"held {sum(row['held'])} of {count} times: {(row['claim'], row['bound'])}"
        for row in table["claims"]  # a claim in a loop has several rows
        if sum(row["held"]) != count
    ]


def words(nb):
    """How many words of prose there are, solutions included; a formula counts as one."""
    text = "\n".join(FENCE.sub(" ", source) for _, source in _prose(nb))
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", " formula ", text, flags=re.DOTALL)  # x_{<t} opens no tag
    text = re.sub(r"</?[A-Za-z][^>]*>|\]\([^)]*\)", " ", text)
    return len(re.findall(r"\w[\w'’.,-]*", text))


def _prose(nb):
    return [(n, cell.source) for n, cell in enumerate(nb.cells, start=1) if cell.cell_type == "markdown"]


def _code(nb):
    return [(n, cell.source) for n, cell in enumerate(nb.cells, start=1) if cell.cell_type == "code"]


def _outputs(nb):
    return [(n, output) for n, cell in enumerate(nb.cells, start=1) for output in cell.get("outputs", ())]


def _texts(cell):
    """The texts of a cell's outputs; of embedded data only that it is there."""
    for output in cell.get("outputs", ()):
        yield output.get("text", "")
        yield "\n".join(output.get("traceback", ()))
        for kind, text in output.get("data", {}).items():
            if kind.startswith("text/"):
                yield re.sub(r"data:[^\"']+", "data:", text)
    if cell.cell_type == "markdown":
        yield cell.source
