"""Every page of the book and of the specimen, as files and in a browser."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 600_000  # bytes of a first visit, compressed


def listed() -> list[str]:
    """The pages of _toc.yml."""

    def walk(entry):
        if isinstance(entry, dict):
            for key, value in entry.items():
                if key in ("root", "file"):
                    yield f"{value}.html"
                else:
                    yield from walk(value)
        elif isinstance(entry, list):
            for item in entry:
                yield from walk(item)

    return list(walk(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))


PAGES = [("site", page) for page in listed()]
PAGES += [("specimen", page) for page in ("book/index.html", "book/code/first.html", "book/code/second.html")]
PAGES += [("specimen", "search.html?q=evidence")]


@pytest.fixture(params=PAGES, ids=lambda param: f"{param[0]}:{param[1]}")
def built_page(request):
    """A built site and the name of one of its pages."""
    kind, page = request.param
    return request.getfixturevalue(kind), page


class Reader(HTMLParser):
    """Collects ids, links, pictures and the visible text outside code and formulas."""

    VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.ids, self.links, self.pictures, self.words, self.comments = set(), [], [], [], []
        self._path = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.add(attributes["id"])
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.pictures.append(attributes)
        if tag not in self.VOID:
            silent = tag in ("script", "style", "pre", "code") or "math" in (attributes.get("class") or "").split()
            self._path.append((tag, silent))

    def handle_endtag(self, tag):
        while self._path and self._path.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(silent for _, silent in self._path):
            self.words.append(data)

    def handle_comment(self, data):
        self.comments.append(data)


@pytest.fixture(scope="session")
def read():
    cache = {}

    def reader(site, page) -> Reader:
        key = (site.root, page.partition("?")[0])
        if key not in cache:
            cache[key] = Reader(site.html(key[1]))
        return cache[key]

    return reader


def test_the_book_builds_without_a_warning(site, record_property):
    record_property("build_seconds", round(site.seconds, 1))
    print(f"the site was built in {site.seconds:.1f} s (budget: 30 s)")
    assert "build succeeded." in site.log
    assert "WARNING" not in site.log


def test_links_and_anchors_lead_somewhere(built_page, read):
    site, page = built_page
    astray = []
    for link in read(site, page).links:
        target, anchor = urldefrag(urljoin(f"http://here/{page}", link))
        address = urlparse(target)
        if address.scheme not in ("http", "https") or address.netloc != "here":
            continue
        name = unquote(address.path).lstrip("/")
        if not (site.root / name).is_file():
            astray.append(link)
        elif anchor and name.endswith(".html") and unquote(anchor) not in read(site, name).ids:
            astray.append(link)
    assert astray == []


def test_every_picture_has_a_description(built_page, read):
    site, page = built_page
    bare = [p.get("src", "")[:80] for p in read(site, page).pictures if not (p.get("alt") or "").strip()]
    assert bare == []
    # A file's name, which is what a missing description becomes, describes nothing.
    names = [p["alt"] for p in read(site, page).pictures if re.search(r"\.(png|svg|jpe?g|webp)$|_build", p["alt"])]
    assert names == []


def test_no_markup_is_left_over(built_page, read):
    site, page = built_page
    text = "".join(read(site, page).words)
    for garbage in ("```", ":::", "<details", "<summary", "<!--", "{cite", "{ref}", "](", "$$"):
        assert garbage not in text, text[max(0, text.index(garbage) - 80) :][:160]
    assert re.findall(r"(?<!\w)\$[^$\s][^$]{0,60}\$(?!\w)", text) == []
    assert [c for c in read(site, page).comments if c.strip().startswith("r:")] == []


def test_there_is_one_search_box(built_page, visit):
    site, page = built_page
    with visit(site.url(page)) as at:
        assert at.page.locator("input[type=search]:visible").count() <= 1
        if not page.startswith("search"):
            assert at.page.locator("input[type=search]").count() == 1
            at.page.keyboard.press("Control+k")
            assert at.page.locator("input[type=search]:visible").count() == 1


def test_a_page_asks_nobody_else_and_complains_of_nothing(built_page, visit):
    site, page = built_page
    with visit(site.url(page)) as at:
        # Scroll through it, so that pictures further down are fetched as well.
        at.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        at.page.evaluate(
            "async () => { for (let y = 0; y < document.body.scrollHeight; y += 600) "
            "{ scrollTo(0, y); await new Promise(r => setTimeout(r, 20)) } }"
        )
        at.page.wait_for_load_state("networkidle")
        elsewhere = [url for url in at.requests if not url.startswith((site.address, "data:", "blob:"))]
        assert elsewhere == []
        assert at.troubles == []


def test_formulas_are_set(built_page, visit):
    site, page = built_page
    with visit(site.url(page)) as at:
        wrong = at.page.locator("mjx-merror").all_inner_texts()
        assert wrong == []
        assert at.page.locator(".math").count() == at.page.locator(".math mjx-container").count()


def test_a_first_visit_is_light(built_page, visit, record_property):
    site, page = built_page
    with visit(site.url(page)) as at:
        weight, heaviest = 0, []
        for response in at.responses:
            if not response.url.startswith(site.address) or response.status != 200:
                continue
            body = response.body()
            size = min(len(body), len(gzip.compress(body, 6)))
            weight += size
            heaviest.append((size, response.url.rpartition("/")[2].partition("?")[0]))
    heaviest = ", ".join(f"{name} {size / 1000:.0f}" for size, name in sorted(heaviest, reverse=True)[:8])
    record_property("first_visit_bytes", weight)
    print(f"{page}: {weight / 1000:.0f} kB ({heaviest})")
    assert weight <= BUDGET, f"{weight / 1000:.0f} kB, most of it: {heaviest}"


@pytest.mark.parametrize("width", [390, 820, 1400])
def test_a_page_never_moves_sideways(built_page, visit, width):
    site, page = built_page
    with visit(site.url(page), width=width) as at:
        at.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wide = at.page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
               [...document.querySelectorAll('article *')]
                 .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                 .map(e => e.tagName + '.' + e.className).slice(0, 8)"""
        )
        assert wide == []
        assert at.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_figures_lie_on_white_in_the_dark(built_page, visit):
    site, page = built_page
    with visit(site.url(page), dark=True) as at:
        assert at.page.evaluate("document.documentElement.dataset.theme") == "dark"
        cards = at.page.evaluate(
            "[...document.querySelectorAll('article img')]"
            ".map(i => getComputedStyle(i).backgroundColor + getComputedStyle(i).filter)"
        )
        assert set(cards) <= {"rgb(255, 255, 255)none"}


def test_text_can_be_read_in_light_and_dark(built_page, visit):
    """WCAG AA, 4.5 to 1, for every piece of text in the article."""
    site, page = built_page
    for dark in (False, True):
        with visit(site.url(page), dark=dark) as at:
            at.page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            faint = at.page.evaluate(CONTRAST)
            assert faint == [], "dark" if dark else "light"


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
                          return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
                       return .2126 * r + .7152 * g + .0722 * b; };
  const under = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor);
                         if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
  const found = new Set();
  const walk = document.createTreeWalker(document.querySelector('article') || document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility({opacityProperty: true}) || e.closest('mjx-container, .headerlink, button, script, style')) continue;
    const a = light(rgba(getComputedStyle(e).color).slice(0, 3)), b = light(under(e).slice(0, 3));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.add(`${e.tagName}.${e.className} ${ratio.toFixed(1)}: ${walk.currentNode.data.trim().slice(0, 30)}`);
  }
  return [...found];
}"""
