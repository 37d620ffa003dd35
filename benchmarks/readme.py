"""Put a measured table into benchmarks/README.md."""

from pathlib import Path

from stored import write_whole

README = Path(__file__).with_name("README.md")


def write_table(name, table):
    """Replace what stands between <!-- name --> and <!-- /name -->. ValueError without such a place."""
    text = README.read_text(encoding="utf-8")
    before, found, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not (found and end):
        raise ValueError(f"name: {README.name} has no place for {name!r}")
    write_whole(README, f"{before}{found}{table.rstrip()}\n{end}{after}")
