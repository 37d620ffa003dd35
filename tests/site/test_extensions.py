"""The local Sphinx extensions, as plain functions."""

from __future__ import annotations

import boxes
import dialect
import offline
import pytest


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        ("Theorem 1 (Optimal discriminator).", ("theorem", "theorem-1", True)),
        ("Theorem 2.1.", ("theorem", "theorem-2-1", True)),
        ("Exercise 3 (Core).", ("exercise", "exercise-3", True)),
        ("Exercise 3a (Stretch):", ("exercise", "exercise-3a", True)),
        ("Proof.", ("proof", "proof", False)),
        ("Proof (of Lemma 2).", ("proof", "proof-of-lemma-2", False)),
        ("Note (Sum or mean).", ("note", "note-sum-or-mean", False)),
        ("Warning", ("warning", "warning", False)),
        ("Algorithm 1 (EM, in (log) space).", ("algorithm", "algorithm-1", True)),
    ],
)
def test_leads_that_open_a_box(lead, expected):
    assert boxes.parse_lead(lead) == expected


@pytest.mark.parametrize(
    "lead", ["Bayes wrote:", "Noted.", "theorem 1.", "Theorem one", "", "Theorem 1 and more"]
)
def test_leads_that_do_not(lead):
    assert boxes.parse_lead(lead) is None


@pytest.mark.parametrize(
    ("latex", "length"),
    [
        ("x", 1),
        (r"\log \sigma^2", 5),
        (r"\mathrm{KL}(q \,\|\, p)", 7),
        (r"\tfrac{1}{2}", 3),
        (r"\mathcal{N}(\mu, \sigma^2)", 7),
    ],
)
def test_printed_length(latex, length):
    assert dialect.printed_length(latex) == length


@pytest.mark.parametrize(
    ("name", "body", "wanted"),
    [
        ("sphinx-thebe.js", '<div class="toggle">', False),
        ("https://unpkg.com/thebe@0.8.2/lib/index.js", "", False),
        ("togglebutton.js", "<p>", False),
        ("togglebutton.js", '<div class="toggle docutils">', True),
        ("sphinx-design.min.css", '<div class="sd-card">', True),
        ("sphinx-design.min.css", "<p>", False),
        ("copybutton.js", '<div class="highlight">', True),
        ("book.css", "", True),
        ("doctools.js", "", True),
    ],
)
def test_only_what_a_page_uses_is_loaded(name, body, wanted):
    assert offline.wanted(name, body) is wanted


def test_mathjax_is_installed_and_complete():
    folder = offline.mathjax_files()
    for name in ("startup", *offline.MATHJAX_PARTS):
        assert (folder / f"{name}.js").is_file()
    for name in offline.MATHJAX_FOLDERS:
        assert any((folder / name).iterdir())
