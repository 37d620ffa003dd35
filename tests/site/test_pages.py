"""Every page of the book and of the specimen, as files and in a browser."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
import yaml
from conftest import Visit

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

    VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())

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
            silent = (
                tag in ("script", "style", "pre", "code") or "math" in (attributes.get("class") or "").split()
            )
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
    names = [
        p["alt"] for p in read(site, page).pictures if re.search(r"\.(png|svg|jpe?g|webp)$|_build", p["alt"])
    ]
    assert names == []


def test_no_markup_is_left_over(built_page, read):
    site, page = built_page
    text = "".join(read(site, page).words)
    for garbage in ("```", ":::", "<details", "<summary", "<!--", "{cite", "{ref}", "](", "$$"):
        assert garbage not in text, text[max(0, text.index(garbage) - 80) :][:160]
    assert re.findall(r"(?<!\w)\$[^$\s][^$]{0,60}\$(?!\w)", text) == []
    assert [c for c in read(site, page).comments if c.strip().startswith("r:")] == []


@pytest.fixture(scope="session")
def look(browser):
    """Open a page once, and note everything the tests below ask about."""
    cache = {}

    def looked(site, page) -> dict:
        key = (site.root, page)
        if key not in cache:
            with Visit(browser, site.url(page)) as at:
                cache[key] = note(at, site)
        return cache[key]

    return looked


def note(at, site) -> dict:
    page, seen = at.page, {}
    seen["weights"] = weights(at, site)
    seen["search_boxes"] = page.locator("input[type=search]").count()
    seen["formulas"] = page.locator(".math").count(), page.locator(".math mjx-container").count()
    seen["formula_errors"] = page.locator("mjx-merror").all_inner_texts()
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    # Scroll through the page, so that pictures further down are fetched as well.
    page.evaluate(
        "async () => { for (let y = 0; y < document.body.scrollHeight; y += 600) "
        "{ scrollTo(0, y); await new Promise(r => setTimeout(r, 20)) } }"
    )
    # Figures load lazily: on a busy machine the scroll above may pass one by before it was asked for.
    page.evaluate(
        "async () => { for (const i of document.querySelectorAll('article img')) { i.scrollIntoView(); "
        "await Promise.race([i.decode().catch(() => {}), new Promise(r => setTimeout(r, 5000))]) } }"
    )
    page.wait_for_load_state("networkidle")
    seen["unloaded"] = page.evaluate(
        "[...document.querySelectorAll('article img')].filter(i => !i.naturalWidth).map(i => i.src)"
    )
    seen["faint in the light"] = page.evaluate(CONTRAST)
    seen["sideways"] = {}
    for width in (1400, 820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        seen["sideways"][width] = page.evaluate(SIDEWAYS)
    page.set_viewport_size({"width": 1400, "height": 900})
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme == 'dark'")
    page.wait_for_timeout(400)  # colors fade
    seen["faint in the dark"] = page.evaluate(CONTRAST)
    seen["cards"] = page.evaluate(
        "[...document.querySelectorAll('article img')]"
        ".map(i => getComputedStyle(i).backgroundColor + ' ' + getComputedStyle(i).filter)"
    )
    seen["elsewhere"] = [url for url in at.requests if not url.startswith((site.address, "data:", "blob:"))]
    seen["troubles"] = at.troubles
    return seen


def weights(at, site) -> list[tuple[int, str]]:
    """(compressed bytes, name) of everything the page has fetched, heaviest first."""
    found = []
    for response in at.responses:
        if response.url.startswith(site.address) and response.status == 200:
            body = response.body()
            name = urlparse(response.url).path.rpartition("/")[2]
            found.append((min(len(body), len(gzip.compress(body, 6))), name))
    return sorted(found, reverse=True)


def test_there_is_one_search_box(built_page, look):
    site, page = built_page
    # The page of results has its own beside the one that Ctrl-K opens.
    assert look(site, page)["search_boxes"] == (2 if page.startswith("search") else 1)


def test_a_page_asks_nobody_else(built_page, look):
    assert look(*built_page)["elsewhere"] == []


def test_a_page_loads_without_complaint(built_page, look):
    assert look(*built_page)["troubles"] == []
    assert look(*built_page)["unloaded"] == []


def test_formulas_are_set(built_page, look):
    seen = look(*built_page)
    assert seen["formula_errors"] == []
    assert seen["formulas"][0] == seen["formulas"][1]


def test_a_first_visit_is_light(built_page, look, record_property):
    parts = look(*built_page)["weights"]
    weight = sum(size for size, _ in parts)
    heaviest = ", ".join(f"{name} {size / 1000:.0f}" for size, name in parts[:8])
    record_property("first_visit_bytes", weight)
    print(f"{built_page[1]}: {weight / 1000:.0f} kB ({heaviest})")
    assert weight <= BUDGET, f"{weight / 1000:.0f} kB, most of it: {heaviest}"


@pytest.mark.parametrize("width", [390, 820, 1400])
def test_a_page_never_moves_sideways(built_page, look, width):
    assert look(*built_page)["sideways"][width] == []


def test_figures_lie_on_white_in_the_dark(built_page, look):
    assert set(look(*built_page)["cards"]) <= {"rgb(255, 255, 255) none"}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read(built_page, look, mode):
    """At least 4.5 to 1 (WCAG 2, level AA) for every piece of text in the article."""
    assert look(*built_page)[f"faint in the {mode}"] == []


SIDEWAYS = """() => {
  const width = document.documentElement.scrollWidth;
  if (width <= innerWidth) return [];
  const out = e => e.getBoundingClientRect().right > innerWidth + 1;
  const all = [...document.querySelectorAll("article *")];
  const names = all.filter(out).map(e => e.tagName + "." + e.className);
  return [`the page is ${width} wide`, ...names.slice(0, 8)];
}"""

CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = color => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = v => v <= 10 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const under = e => {
    for (; e; e = e.parentElement) {
      const color = rgba(getComputedStyle(e).backgroundColor);
      if (color[3] > 250) return color;
    }
    return [255, 255, 255, 255];
  };
  const found = new Set();
  const root = document.querySelector('article') || document.body;
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (!text || !e.checkVisibility({opacityProperty: true})) continue;
    if (e.closest('mjx-container, .headerlink, button, script, style')) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(under(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.add(`${e.tagName}.${e.className} ${ratio.toFixed(1)}: ${text.slice(0, 30)}`);
  }
  return [...found];
}"""
