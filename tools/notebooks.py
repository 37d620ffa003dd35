"""Keep the book's notebooks: run, tidy, edit as text, measure their claims.

    python tools/notebooks.py run    [PATH...]   execute in a fresh kernel and store the outputs
    python tools/notebooks.py tidy   [PATH...]   strip what changes from run to run, execute nothing
    python tools/notebooks.py text   [PATH...]   write vae.myst.md, a text view, next to vae.ipynb
    python tools/notebooks.py fold   [PATH...]   fold the text view back, keeping outputs that still apply
    python tools/notebooks.py claims [PATH...]   run with seeds 0-4, write tests/claims.md and claims.json

A PATH is a notebook (book/code/vae.ipynb, or book/code/vae); without one, every notebook of _toc.yml.
"""

import argparse
import base64
import hashlib
import io
import json
import math
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import jupytext
import nbformat
import yaml
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupytext.combine import combine_inputs_with_outputs
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
CLAIMS = ROOT / "tests" / "claims.json"
CLAIM_SEEDS = (0, 1, 2, 3, 4)
MAX_NOTEBOOK_BYTES = 500_000
MAX_FIGURE_BYTES = 60_000
SLOW_CELL_SECONDS = 5

# "104.2<!--r:test ELBO-->": a number, and the report that it quotes. A hyphen after a letter is no sign.
MARKER = re.compile(r"(?P<number>(?:(?<!\w)[-−])?\d[\d,]*(?:\.\d+)?)?<!--r:(?P<name>.*?)-->")
# The end of a tqdm bar: "[00:10<00:05, 1.2it/s, loss=3]" or "[00:10, 1.2it/s]". And the two lines in which
# tqdm regrets that it must draw the bar with letters.
PROGRESS = re.compile(
    r"\[\d+:\d\d(?::\d\d)?(?:<[^,\]]*)?,.*\]|TqdmWarning: IProgress not found|import tqdm as notebook_tqdm"
)
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# In the head of a text view: what it was written from, and what it was then.
HASHES = re.compile(r"\A---\ngenlib:\n  notebook: (?P<notebook>\w{64})\n  view: (?P<view>\w{64})\n")


class NotebookError(Exception):
    """The notebook cannot be processed; the message says why and the file is as it was."""


# ---------------------------------------------------------------- reading a notebook


def read(path):
    """The notebook in a file, in the current format. Raises NotebookError if it is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise NotebookError(f"{Path(path).name} cannot be read: {error}") from None


def listed(root=ROOT):
    """The notebooks of _toc.yml, as paths, in the order of the book."""

    def files(node):
        if isinstance(node, list):
            for item in node:
                yield from files(item)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key in ("root", "file"):
                    yield value
                else:
                    yield from files(value)

    toc = root / "_toc.yml"
    names = files(yaml.safe_load(toc.read_text("utf-8"))) if toc.exists() else ()
    paths = [root / name if name.endswith(".ipynb") else root / f"{name}.ipynb" for name in names]
    return [path for path in paths if path.exists()]


def code_cells(nb):
    """The code cells of a notebook, in order."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def code_stamp(nb):
    """SHA-256 of the sources of the code cells in order (as a JSON list)."""
    return _sha256(json.dumps([cell.source for cell in code_cells(nb)]))


def measured(nb, kind):
    """What `claim`, `report` or `check` left in the outputs.

    Args:    kind: "claim", "report" or "exercise".
    Returns: a list of dictionaries, in order of execution.
    """
    left = (output.get("metadata", {}).get("genlib", {}) for c in code_cells(nb) for output in c.outputs)
    return [dict(item) for item in left if kind in item]


def reports(nb):
    """Name -> text of every report. Raises NotebookError if one name was reported with two texts."""
    texts = {}
    for item in measured(nb, "report"):
        name, text = item["report"], item["text"]
        if texts.setdefault(name, text) != text:
            raise NotebookError(f"report {name!r} has two figures: {texts[name]} and {text}")
    return texts


def markers(nb):
    """(number or None, name) of every marker in the prose."""
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    return [(match["number"], match["name"]) for match in MARKER.finditer(text)]


# ---------------------------------------------------------------- changing a notebook in memory


def update_numbers(nb):
    """Write the reported figures into the prose at the markers, in place of the number before each, if any.

    Returns: a list of complaints: markers that no report answers keep what they have.
    """
    texts, complaints = reports(nb), []

    def fresh(match):
        number, name = match["number"] or "", match["name"]
        if name not in texts:
            complaints.append(f"marker <!--r:{name}-->: no cell reports that, only {sorted(texts)}")
            return match[0]
        if not math.isfinite(float(texts[name].replace(",", ""))):
            complaints.append(f"report {name!r} is {texts[name]}, which the prose cannot quote")
            return match[0]
        sign = "−" if number.startswith("−") else "-"
        return f"{texts[name].replace('-', sign)}<!--r:{name}-->"

    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = MARKER.sub(fresh, cell.source)
    return complaints


def tidy(nb):
    """Remove from a notebook, in place, what changes from run to run and says nothing; returns it."""
    stamp = {key: value for key, value in nb.metadata.items() if key in ("genlib", "mystnb")}
    python = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "pygments_lexer": "ipython3"},
    }
    nb.metadata = nbformat.from_dict(python | stamp)
    nb.nbformat, nb.nbformat_minor = 4, 5
    for cell in nb.cells:
        cell.source = cell.source.rstrip().lstrip("\n")
        cell.metadata = NotebookNode({k: v for k, v in cell.metadata.items() if k in ("tags", "mystnb")})
        if cell.cell_type == "code":
            cell.outputs = _tidy_outputs(cell.outputs)
    nb.cells = [cell for cell in nb.cells if cell.source]
    seen = {}
    for cell in nb.cells:  # the id follows the content, not the position; equal cells are counted
        key = f"{cell.cell_type}\n{cell.source}"
        seen[key] = seen.get(key, 0) + 1
        cell.id = hashlib.sha256(f"{seen[key]}\n{key}".encode()).hexdigest()[:12]
    return nb


def _tidy_outputs(outputs):
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            output.text = _without_progress(output.text) if output.name == "stderr" else output.text
            if not output.text.strip():
                continue
            if kept and kept[-1].output_type == "stream" and kept[-1].name == output.name:
                kept[-1].text += output.text
                continue
        elif "data" in output:
            output.pop("transient", None)
            if "application/vnd.jupyter.widget-view+json" in output.data:
                continue  # a live widget: dead in a stored notebook
            if "image/png" in output.data:
                output.data["image/png"] = _with_palette(output.data["image/png"])
        kept.append(output)
    return kept


def _with_palette(png):
    """A picture (base64) in at most 256 colors, half the size; one that has a palette is left alone."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    if picture.mode == "P":
        return png
    picture = picture.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    smaller = io.BytesIO()
    picture.save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def _without_progress(text):
    lines = re.split(r"\r\n|\r|\n", ANSI.sub("", text))
    lines = [line for line in lines if line.strip() and not PROGRESS.search(line)]
    return "\n".join(lines) + "\n" if lines else ""


# ---------------------------------------------------------------- the text view


def to_text(nb):
    """The notebook as MyST text, without outputs.

    Raises:  NotebookError if a cell would not survive the way there and back.
    """
    text = jupytext.writes(nb, fmt="md:myst")
    after = tidy(jupytext.reads(text, fmt="md:myst")).cells
    before = tidy(nbformat.from_dict(json.loads(json.dumps(nb)))).cells
    for number, (old, new) in enumerate(zip(before, after, strict=False), start=1):
        if (old.cell_type, old.source, old.metadata) != (new.cell_type, new.source, new.metadata):
            raise NotebookError(f"cell {number} is no longer itself as text (a line +++?):\n{old.source}")
    if len(before) != len(after):
        raise NotebookError(f"text view has {len(after)} cells, the notebook {len(before)}")
    return text


def from_text(text, old=None):
    """A tidied notebook from its text view.

    Args:    text: what `to_text` gave, edited; old: the notebook so far, or None.
    Returns: a notebook; a code cell whose source is unchanged keeps its outputs. The stamp of `old` stays,
             so that changed code does not pass for executed.
    Raises:  NotebookError if the text does not parse.
    """
    try:
        new = jupytext.reads(text, fmt="md:myst")
    except Exception as error:  # jupytext and its parsers share no base class
        raise NotebookError(f"the text view does not parse: {error}") from None
    metadata = {}
    if old is not None:
        metadata = old.metadata
        sources = {cell.source for cell in old.cells}
        new.nbformat = old.nbformat
        new = combine_inputs_with_outputs(new, old, fmt="md:myst")
        for cell in code_cells(new):
            if cell.source not in sources:  # jupytext also pairs cells that are merely similar
                cell.outputs, cell.execution_count = [], None
    new.metadata = NotebookNode(metadata)
    update_numbers(new)
    return tidy(new)


def content_hash(nb):
    """SHA-256 of what the text view shows of a tidied notebook, but for the numbers at markers."""
    cells = [
        (cell.cell_type, MARKER.sub(r"<!--r:\g<name>-->", cell.source), cell.metadata) for cell in nb.cells
    ]
    return _sha256(json.dumps(cells, sort_keys=True))


def with_hashes(text, nb):
    """The text view with its own hash, and that of the notebook which says the same, in its head."""
    if not text.startswith("---\n"):
        return text  # written by hand, without a head
    hashes = f"genlib:\n  notebook: {content_hash(nb)}\n  view: {_sha256(text)}\n"
    return f"---\n{hashes}{text[4:]}"


def without_hashes(text):
    """The text view as it was before `with_hashes`, and its hashes or, from a view without, an empty dict."""
    match = HASHES.match(text)
    return (f"---\n{text[match.end() :]}", match.groupdict()) if match else (text, {})


def _sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- execution


class _ThisPython(KernelSpecManager):
    """The kernel is this interpreter, whatever a user's kernel folders call python3."""

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def jupyter_folders(folder):
    """Environment variables that let Jupyter and Matplotlib live in `folder`.

    Without them both want to write in the home folder, which may be read-only. The user's own start-up
    files are left out as well, so that a run depends on the book alone.
    """
    names = ["IPYTHONDIR", "JUPYTER_RUNTIME_DIR"]
    if not os.access(Path.home(), os.W_OK):
        names.append("MPLCONFIGDIR")
    return dict.fromkeys(names, str(folder))


def execute(nb, folder, threads=1, timeout=900, seed=None, hook=None):
    """Run all cells of a notebook in a fresh kernel, in place.

    Args:    folder: the kernel's working folder; threads: OMP_NUM_THREADS of the kernel;
             timeout: seconds a cell may take; seed: GENLIB_SEED, default: from the environment;
             hook: called with (cell index, cell, seconds) after each code cell.
    Returns: seconds of wall time.
    Raises:  NotebookError with the source and the error of the cell that failed.
    """
    started, current = {}, {}

    def begin(cell, cell_index):
        current.update(cell=cell, index=cell_index)
        started[cell_index] = time.perf_counter()

    def end(cell, cell_index, execute_reply):
        if hook:
            hook(cell_index, cell, time.perf_counter() - started[cell_index])

    with tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True) as scratch:
        env = dict(os.environ, **jupyter_folders(scratch), OMP_NUM_THREADS=str(threads))
        env["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        if seed is not None:
            env["GENLIB_SEED"] = str(seed)
        client = NotebookClient(
            nb,
            km=AsyncKernelManager(
                connection_file=str(Path(scratch) / "kernel.json"), kernel_spec_manager=_ThisPython()
            ),
            timeout=timeout,
            coalesce_streams=True,
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],  # the kernel's own remarks are not the author's
            resources={"metadata": {"path": str(folder)}},
            on_cell_execute=begin,
            on_cell_executed=end,
        )
        start = time.perf_counter()
        try:
            client.execute(env=env, cleanup_kc=True)
        except CellExecutionError as error:
            raise _failure(current, f"{error.ename}: {error.evalue}") from None
        except CellTimeoutError:
            raise _failure(current, f"took longer than {timeout} s") from None
        except RuntimeError as error:  # DeadKernelError, or no kernel at all
            if not current:
                raise NotebookError(f"the kernel did not start: {error}") from None
            raise _failure(current, "the kernel died (out of memory?)") from None
        return time.perf_counter() - start


def _failure(current, reason):
    cell = current["cell"]
    trace = [line for output in cell.outputs if output.output_type == "error" for line in output.traceback]
    message = f"cell {current['index'] + 1} failed: {reason}\n\n{cell.source}\n"
    return NotebookError(ANSI.sub("", "\n".join([message, *trace])))


# ---------------------------------------------------------------- claims over the seeds

# In `run` a false claim ends the chapter. Here it is measured too, and the chapter goes on.
GO_ON = """
import re
import genlib.claims
from IPython.display import display

def _claim(statement, value, *, _claim=genlib.claims.claim, **bounds):
    try:
        _claim(statement, value, **bounds)
    except AssertionError as error:
        bound = re.search(r"\\(([^()]*)\\)$", str(error))
        found = {"claim": statement, "value": float(value), "bound": bound[1] if bound else ""}
        display({"text/plain": str(error)}, raw=True, metadata={"genlib": found | {"failed": True}})

genlib.claims.claim = _claim
"""


def measure_claims(path, seed, threads=1, timeout=900):
    """Run a notebook with one seed, without saving it.

    Returns: (claims, error): a list of {"claim", "value", "bound", maybe "failed"}; None or a message.
    Raises:  NotebookError if the notebook cannot be read.
    """
    nb = read(path)
    try:
        first = next(iter(code_cells(nb)), {})
        first["source"] = GO_ON + first.get("source", "")
        execute(nb, path.parent, threads, timeout, seed)
        error = None
    except NotebookError as failure:
        error = str(failure).partition("\n")[0]
    return measured(nb, "claim"), error


def claim_table(runs, seeds, stamp):
    """Sort the claims of several runs into rows.

    Args:    runs: what `measure_claims` gave, one a seed; stamp: the notebook's code stamp.
    Returns: {"code_sha256", "seeds", "claims": [{"claim", "bound", "values", "held"}], "errors"}; a claim
             that a run never reached has the value None and did not hold.
    """
    rows = {}
    for column, (claims, _) in enumerate(runs):
        count = {}
        for item in claims:
            nth = count[item["claim"]] = count.get(item["claim"], 0) + 1
            empty = {
                "claim": item["claim"], "bound": item["bound"],
                "values": [None] * len(seeds), "held": [False] * len(seeds),
            }  # fmt: skip
            row = rows.setdefault((item["claim"], nth), empty)
            value = float(item["value"])  # Jupyter's metadata hold "nan" and "inf" as texts
            row["values"][column] = value if math.isfinite(value) else str(value)
            row["held"][column] = not item.get("failed", False) and row["bound"] == item["bound"]
    errors = {str(seed): error for seed, (_, error) in zip(seeds, runs, strict=True) if error}
    return {"code_sha256": stamp, "seeds": list(seeds), "claims": list(rows.values()), "errors": errors}


def all_held(table):
    """Whether a table of `claim_table` has claims, no stopped run and no claim that failed."""
    return bool(table["claims"]) and not table["errors"] and all(all(row["held"]) for row in table["claims"])


def claims_markdown(tables):
    """The tables of all chapters as a Markdown page."""
    lines = [
        "# Claims, measured with several seeds",
        "",
        "Written by `make claims`: each claim's figure with each seed; a bold one breaks its bound.",
    ]
    for chapter, table in tables.items():
        seeds = table["seeds"]
        lines += ["", f"## {chapter}", "", f"Code {table['code_sha256'][:12]}.", ""]
        lines.append("| claim | bound | " + " | ".join(f"seed {seed}" for seed in seeds) + " | holds |")
        lines.append("|---" * (len(seeds) + 3) + "|")
        for row in table["claims"]:
            cells = [row["claim"].replace("|", "\\|"), row["bound"]]
            for value, held in zip(row["values"], row["held"], strict=True):
                figure = _figure(value, row["bound"])
                cells.append(figure if held else f"**✗ {figure}**")
            cells.append(f"{sum(row['held'])} of {len(seeds)}")
            lines.append("| " + " | ".join(cells) + " |")
        lines += [f"\nSeed {seed} stopped: {error}" for seed, error in table["errors"].items()]
    return "\n".join(lines) + "\n"


def _figure(value, bound):
    if value is None:
        return "not reached"
    if isinstance(value, str):
        return value
    return f"{value:.4g}" if bound else str(bool(value)).lower()


# ---------------------------------------------------------------- files


def write_atomically(path, text):
    """Replace a file in one step, so that an interrupted write leaves the old one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def dump(nb):
    """The text of a notebook's file."""
    return nbformat.writes(nb, version=nbformat.NO_CONVERT) + "\n"


def _text_path(path):
    return path.with_name(f"{path.stem}.myst.md")


def _heaviest(nb, count=5):
    sizes = []
    for number, cell in enumerate(nb.cells, start=1):
        for output in cell.get("outputs", ()):
            kind = ", ".join(output.get("data", [output.output_type]))
            sizes.append((len(json.dumps(output)), number, kind))
    return sorted(sizes, reverse=True)[:count]


def _warn_of_large_figures(nb):
    for number, cell in enumerate(nb.cells, start=1):
        for output in cell.get("outputs", ()):
            size = len(output.get("data", {}).get("image/png", "")) * 3 // 4
            if size > MAX_FIGURE_BYTES:
                limit = MAX_FIGURE_BYTES // 1000
                print(f"  warning: cell {number}: a figure of {size // 1000} kB, should be under {limit}")


# ---------------------------------------------------------------- commands


def run_command(path, args):
    """Execute each notebook in a fresh kernel and store its outputs."""
    nb = tidy(read(path))

    def slow(index, cell, seconds):
        if seconds > SLOW_CELL_SECONDS:
            print(f"  {seconds:6.1f} s  cell {index + 1}: {cell.source.splitlines()[0][:70]}", flush=True)

    seconds = execute(nb, path.parent, args.threads, args.timeout, hook=slow)
    complaints = update_numbers(nb)
    nb.metadata["genlib"] = {"code_sha256": code_stamp(nb), "seconds": round(seconds)}
    text = dump(tidy(nb))
    size = len(text.encode())
    if size > MAX_NOTEBOOK_BYTES:
        heavy = "".join(f"\n  {part // 1000:6d} kB  cell {n}: {kind}" for part, n, kind in _heaviest(nb))
        raise NotebookError(f"{size // 1000} kB with its outputs, limit {MAX_NOTEBOOK_BYTES // 1000}:{heavy}")
    write_atomically(path, text)
    _warn_of_large_figures(nb)
    print(f"  {seconds:6.1f} s  in all, {size // 1000} kB")
    if complaints:
        raise NotebookError("the outputs are stored, but the prose is not right:\n" + "\n".join(complaints))


def tidy_command(path, args):
    """Strip what changes from run to run; execute nothing."""
    nb = tidy(read(path))
    update_numbers(nb)
    write_atomically(path, dump(tidy(nb)))


def text_command(path, args):
    """Write a text view, vae.myst.md, next to each notebook."""
    target, nb = _text_path(path), tidy(read(path))
    text = with_hashes(to_text(nb), nb)
    if target.exists() and not args.force:
        view, known = without_hashes(target.read_text("utf-8"))
        # Edited since it was written, and the notebook does not say the same: the edits would be lost.
        if known.get("view") != _sha256(view) and content_hash(from_text(view)) != content_hash(nb):
            raise NotebookError(f"{target.name} has edits that are not folded in; fold them, or use --force")
    write_atomically(target, text)
    print(f"  {target.name}")


def fold_command(path, args):
    """Fold each text view back into its notebook, keeping outputs that still apply."""
    source = _text_path(path)
    if not source.exists():
        raise NotebookError(f"there is no text view {source.name}; `text` writes one")
    written = source.read_text("utf-8")
    view, known = without_hashes(written)
    old = tidy(read(path)) if path.exists() else None
    nb = from_text(view, old)
    if known and old is not None and not args.force:
        if content_hash(old) not in (known["notebook"], content_hash(nb)):
            raise NotebookError(
                f"the notebook has changed since {source.name} was written from it: `fold --force` replaces "
                "its cells by the text's, `text --force` the text by the notebook's"
            )
    write_atomically(path, dump(nb))
    if source.read_text("utf-8") == written:  # and not saved anew in an editor in this moment
        write_atomically(source, with_hashes(view, nb))
    if nb.metadata.get("genlib", {}).get("code_sha256") != code_stamp(nb):
        print("  the code has changed: run it before you commit")


def claims_command(paths, args):
    """Run with several seeds and write the table of claims; fails if one is false."""
    stamps = {path: code_stamp(read(path)) for path in paths}  # names the unreadable before the long runs
    jobs = [(path, seed) for path in paths for seed in args.seeds]
    stored = tuple(args.seeds) == CLAIM_SEEDS
    fresh, runs = {}, []
    with ProcessPoolExecutor(args.jobs) as pool:
        columns = zip(*jobs, strict=True)
        results = pool.map(measure_claims, *columns, repeat(args.threads), repeat(args.timeout))
        for (path, seed), (claims, error) in zip(jobs, results, strict=True):
            held = sum("failed" not in item for item in claims)
            print(f"{path.name}, seed {seed}: {held} of {len(claims)} hold", error or "", flush=True)
            runs.append((claims, error))
            if seed == args.seeds[-1]:
                name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
                fresh[name] = claim_table(runs, args.seeds, stamps[path])
                runs = []
                if stored:  # chapter by chapter: what stops a later one loses nothing
                    _store_claims(args.output, {name: fresh[name]})
    print(claims_markdown(fresh))
    if not stored:
        print(f"{args.output.name} is left as it is: it holds seeds 0-4 only")
    return all(all_held(table) for table in fresh.values())


def _store_claims(output, fresh):
    tables = json.loads(output.read_text("utf-8")) if output.exists() else {}
    tables = dict(sorted({**tables, **fresh}.items()))
    text = json.dumps(tables, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(output, text + "\n")
    write_atomically(output.with_suffix(".md"), claims_markdown(tables))


def _seeds(text):
    first, _, last = text.partition("-")
    try:
        seeds = range(int(first), int(last or first) + 1)
    except ValueError:
        seeds = ()
    if not seeds or not 0 <= seeds[0] <= seeds[-1] < 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of seeds like 0-4, or a single one")
    return tuple(seeds)


def _positive(text):
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def _notebook(text):
    name = text.removesuffix(".myst.md").removesuffix(".ipynb")
    return Path(f"{name}.ipynb").resolve()


def parser():
    """The command line."""
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="command", required=True, metavar="run | tidy | text | fold | claims")
    for name, function in COMMANDS.items():
        sub = commands.add_parser(name, help=function.__doc__, description=function.__doc__)
        sub.add_argument("paths", nargs="*", type=_notebook, metavar="PATH", help="default: all of _toc.yml")
        if name in ("run", "claims"):
            sub.add_argument("--threads", type=_positive, default=1, help="OMP_NUM_THREADS of the kernel (1)")
            sub.add_argument("--timeout", type=_positive, default=900, help="seconds a cell may take (900)")
        if name == "claims":
            sub.add_argument("--seeds", type=_seeds, default=CLAIM_SEEDS, help="a range (0-4)")
            sub.add_argument("--jobs", type=_positive, default=1, help="notebooks at the same time (1)")
            sub.add_argument("--output", type=Path, default=CLAIMS, help="the table (tests/claims.json)")
        if name in ("text", "fold"):
            lost = "edits that were not folded in" if name == "text" else "a notebook that has changed since"
            sub.add_argument("--force", action="store_true", help=f"overwrite {lost}")
    return top


COMMANDS = {
    "run": run_command,
    "tidy": tidy_command,
    "text": text_command,
    "fold": fold_command,
    "claims": claims_command,
}


def _shown(path):
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive of Windows
        return str(path)


def main(arguments=None):
    """Run the command line; returns the exit status."""
    top = parser()
    args = top.parse_args(arguments)
    paths = args.paths or listed()
    if not paths:
        top.error("PATH: none given, and _toc.yml lists no notebook")
    for path in paths:
        if not path.exists() and args.command != "fold":
            top.error(f"PATH: there is no notebook {_shown(path)}")
    if args.command == "claims":
        try:
            return 0 if claims_command(paths, args) else 1
        except NotebookError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    status = 0
    for path in paths:
        print(_shown(path), flush=True)
        try:
            COMMANDS[args.command](path, args)
        except NotebookError as error:
            print(f"error: {_shown(path)}: {error}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
