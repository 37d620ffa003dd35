"""What the local extensions and the style sheet make of each thing a chapter may use."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from conftest import build
from nbformat.v4 import new_markdown_cell, new_notebook

FIRST = "book/code/first.html"


def test_quotes_become_boxes_with_ids(specimen):
    html = specimen.html(FIRST)
    boxes = dict(re.findall(r'class="box box-(\w+)" id="([^"]+)"', html))
    assert boxes == {
        "theorem": "theorem-1",
        "proof": "proof",
        "definition": "definition-1",
        "note": "note-sum-or-mean",
        "warning": "warning",
        "algorithm": "algorithm-1",
        "exercise": "exercise-1",
    }
    assert html.count("<blockquote") == 1  # the plain quotation


def test_links_to_boxes_resolve_on_the_page_and_across_pages(specimen):
    assert 'href="#theorem-1"' in specimen.html(FIRST)
    assert 'href="#note-sum-or-mean"' in specimen.html(FIRST)
    assert 'href="first.html#theorem-1"' in specimen.html("book/code/second.html")
    assert 'href="code/second.html#theorem-1"' in specimen.html("book/index.html")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("See [Theorem 2](#theorem-2).", "theorem-2"),
        ("See [elsewhere](second.ipynb#theorem-9).", "theorem-9"),
        ("See [nowhere](third.ipynb).", "third.ipynb"),
        ("> **Theorem 1.** One.\n\n> **Theorem 1.** Another.", "two boxes or headings"),
        ("<details><summary>Solution</summary>\nIt is $x^2$.\n</details>", "leave a blank line"),
    ],
)
def test_a_mistake_stops_the_build(specimen, tmp_path, text, complaint):
    from specimen import second, write

    broken = new_notebook(cells=[new_markdown_cell("# Broken"), new_markdown_cell(text)])
    source = write(tmp_path, {"first": broken, "second": second()})
    # The second chapter links to what this first one lacks; that is not what is tested.
    only = new_notebook(cells=[new_markdown_cell("# Second\n\n> **Theorem 1.** One.")])
    nbformat.write(only, source / "book" / "code" / "second.ipynb")
    status, log, _ = build(source, source)
    assert status != 0
    assert complaint in log


def test_markers_leave_no_trace(specimen):
    html, index = specimen.html(FIRST), (specimen.root / "searchindex.js").read_text(encoding="utf-8")
    assert "within 0.031 of the curve" in html
    assert "104.2\nnats" in html
    assert "<!--r:" not in html
    assert "zebrafish" not in html
    assert "zebrafish" not in index
    assert "r:worst" not in index


def test_nothing_unused_is_loaded(specimen):
    html = specimen.html(FIRST)
    assert "thebe" not in html
    assert "fontawesome" not in html
    assert "searchindex.js" not in html
    assert "searchindex.js" in specimen.html("search.html")
    assert not list(specimen.root.rglob("fontawesome*.js"))


def test_display_maths_is_handed_over_as_written(specimen):
    html = specimen.html(FIRST)
    assert r"\end{aligned} \tag{2}\]" in html
    assert r"\begin{split}" not in html


def test_tagged_formulas_are_numbered(specimen, visit):
    with visit(specimen.url(FIRST)) as at:
        assert at.page.locator("mjx-mtd[id^='mjx-eqn']").count() == 3


def test_a_solution_opens_with_maths_and_code_set(specimen, visit):
    with visit(specimen.url(FIRST)) as at:
        solution = at.page.locator("details", has_text="Solution")
        assert not solution.locator("p").first.is_visible()
        solution.locator("summary").click()
        assert solution.locator("p").first.is_visible()
        assert solution.locator("mjx-container").count() == 4
        assert solution.locator(".highlight .k").count() >= 2
        assert solution.locator('a[href="#theorem-1"]').is_visible()


def test_the_setup_cell_is_folded(specimen, visit):
    with visit(specimen.url(FIRST)) as at:
        code = at.page.locator(".tag_setup .highlight")
        assert not code.is_visible()
        at.page.locator(".tag_setup summary").click()
        assert code.is_visible()


def test_wide_things_scroll_in_their_own_box(specimen, visit):
    with visit(specimen.url(FIRST), width=390) as at:
        for selector in (".pst-scrollable-table-container", "div.math", "div.highlight pre"):
            wide = at.page.locator(selector).evaluate_all(
                "all => all.filter(e => e.scrollWidth > e.clientWidth).length"
            )
            assert wide >= 1, selector
        # A wide formula shows its beginning, and can be scrolled to its end.
        cut = at.page.locator("div.math").evaluate_all(
            """all => all.filter(e => {
                 const formula = e.querySelector('mjx-container').getBoundingClientRect();
                 return formula.left < e.getBoundingClientRect().left - 1;
               }).length"""
        )
        assert cut == 0


def test_a_comma_stays_with_its_formula(specimen):
    assert re.search(
        r'<span class="nobr"><span class="math[^>]*>\\\(D\\\)</span>,</span>', specimen.html(FIRST)
    )


def test_the_color_switch_goes_round(specimen, visit):
    with visit(specimen.url(FIRST)) as at:
        paper = "getComputedStyle(document.body).backgroundColor"
        seen = set()
        for _ in range(3):
            at.page.locator(".theme-switch-button").first.click()
            seen.add((at.page.evaluate("document.documentElement.dataset.theme"), at.page.evaluate(paper)))
        assert {theme for theme, _ in seen} == {"light", "dark"}
        assert {color for _, color in seen} == {"rgb(255, 255, 255)", "rgb(20, 24, 30)"}


def test_it_reads_from_a_folder_without_a_server(specimen, visit):
    with visit((specimen.root / FIRST).as_uri()) as at:
        assert at.page.locator("mjx-container").count() > 10
        assert at.troubles == []


def test_claims_and_reports_have_a_style_of_their_own(specimen, visit):
    with visit(specimen.url(FIRST), dark=True) as at:
        claim = at.page.locator(".genlib-claim")
        assert claim.is_visible()
        # The theme would put HTML outputs on a light card.
        assert claim.evaluate("e => getComputedStyle(e.parentElement).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_pictures_below_the_first_are_lazy(specimen):
    pictures = re.findall(r"<img[^>]+images/[^>]+>|<img[^>]+_images/[^>]+>", specimen.html(FIRST))
    assert pictures
    assert "lazy" not in pictures[0]
    assert all("lazy" in picture for picture in pictures[1:])


def test_the_search_finds_a_word(specimen, visit):
    with visit(specimen.url("search.html?q=evidence")) as at:
        at.page.locator("#search-results li a").first.wait_for()
        assert "first.html" in at.page.locator("#search-results li a").first.get_attribute("href")


def test_the_notebook_can_be_downloaded(specimen):
    notebook = json.loads(
        (specimen.root / "_sources" / "book" / "code" / "first.ipynb").read_text(encoding="utf-8")
    )
    assert notebook["nbformat"] == 4
