"""Results of runs that take too long for a chapter, stored with the command that makes them."""

import json

from genlib.data.shipped import FILES

__all__ = ["stored_results"]


def stored_results(name):
    """What a longer run has measured.

    Args:    name: e.g. "gan-recipes"; a chapter that uses it names the command that makes it.
    Returns: dict with "command", "machine" and what was measured, mostly under "results", as the run
             wrote it.
    Raises:  ValueError for an unknown name, with the known ones.
    """
    path = FILES / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FILES.glob("*.json")))
        raise ValueError(f"name: there are no stored results {name!r}, only: {known}")
    return json.loads(path.read_text(encoding="utf-8"))
