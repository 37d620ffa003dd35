"""What the portable dialect needs on the site, beside its boxes.

- Comments leave no trace: ``104.2<!--r:test ELBO-->`` reads ``104.2``, on the page and in the search.
- Display maths is handed to MathJax as written.  Sphinx would wrap anything with a line break in
  ``split``, where ``\\tag{1}`` is an error.
- Inline maths keeps the punctuation that follows it on its own line, and a long formula scrolls on a phone.
- ``<details>`` whose inside would not be read as Markdown (no blank line after the summary) is a
  warning, because maths and code in it would come out raw.
- A cell tagged ``setup`` is folded under the word "Setup".
- Pictures below the fold are fetched when the reader comes near them.
- Figures are not numbered, as they are not in the notebook either.
- A page's first paragraph, in a chapter its question, is its description for search engines and previews.
"""

from __future__ import annotations

import html
import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
MARKDOWN_IN_HTML = re.compile(r"\$[^$\n]+\$|```|\*\*[^*\n]+\*\*")


class Comments(SphinxTransform):
    """Remove HTML comments, the number markers among them."""

    default_priority = 200

    def apply(self, **kwargs) -> None:
        for node in list(self.document.findall(nodes.comment)):
            node.parent.remove(node)
        for node in list(self.document.findall(nodes.raw)):
            if "html" not in node.get("format", "") or "<!--" not in node.astext():
                continue
            if _is_output(node):
                continue
            rest = COMMENT.sub("", node.astext())
            if rest.strip():
                node.rawsource = rest
                node.children = [nodes.Text(rest)]
                node.children[0].parent = node
            else:
                node.parent.remove(node)


class RawMarkdown(SphinxTransform):
    """Warn about Markdown that HTML around it keeps from being read."""

    default_priority = 210

    def apply(self, **kwargs) -> None:
        for node in self.document.findall(nodes.raw):
            text = node.astext()
            if "html" in node.get("format", "") and "<details" in text and not _is_output(node):
                if MARKDOWN_IN_HTML.search(text):
                    logger.warning(
                        "leave a blank line after </summary>: what follows is not read as Markdown",
                        location=node,
                        type="dialect",
                        subtype="details",
                    )


class DisplayMaths(SphinxTransform):
    """Keep display maths as written, between MathJax's own delimiters."""

    default_priority = 880

    def apply(self, **kwargs) -> None:
        for node in self.document.findall(nodes.math_block):
            if node.get("nowrap") or node.get("no-wrap"):
                continue
            # A blank line ends a formula in TeX.
            latex = re.sub(r"\n\s*\n", "\n", node.astext()).strip()
            node.children = [nodes.Text(rf"\[{latex}\]")]
            node.children[0].parent = node
            node["nowrap"] = node["no-wrap"] = True


class InlineMaths(SphinxTransform):
    """Glue brackets and punctuation to the formula they touch; mark formulas that may not fit a phone.

    A browser may break a line on either side of a formula, even before a comma.
    """

    default_priority = 881
    opening = re.compile(r"[(\[\u201c\u2018]+$")
    closing = re.compile(r"^[)\],.;:!?\u201d\u2019\u2026]+|^(?:[-\u2013]\w+)")

    def apply(self, **kwargs) -> None:
        for formula in list(self.document.findall(nodes.math)):
            if printed_length(formula.astext()) > 24:
                formula["classes"].append("long")
                continue
            if isinstance(formula.parent, nodes.TextElement):
                self._glue(formula)

    def _glue(self, formula: nodes.math) -> None:
        parent, at = formula.parent, formula.parent.index(formula)
        before = parent[at - 1] if at else None
        after = parent[at + 1] if at + 1 < len(parent) else None
        head = self.opening.search(before) if isinstance(before, nodes.Text) else None
        tail = self.closing.search(after) if isinstance(after, nodes.Text) else None
        if not (head or tail):
            return
        glued = nodes.inline("", "", classes=["nobr"])
        if tail:
            parent.replace(after, nodes.Text(after[tail.end() :]))
            tail = nodes.Text(tail[0])
        if head:
            parent.replace(before, nodes.Text(before[: head.start()]))
            glued += nodes.Text(head[0])
        parent.replace(formula, glued)
        glued += formula
        if tail:
            glued += tail


def printed_length(latex: str) -> int:
    """About how many characters wide a formula is: a symbol's command counts as one.

    >>> printed_length(r"\\log \\sigma^2"), printed_length(r"\\mathrm{KL}(q \\,\\|\\, p)")
    (5, 7)
    """
    latex = re.sub(
        r"\\(?:math\w+|text\w*|operatorname|left|right|[bB]igg?[lr]?)(?![a-zA-Z])|\\[,;:! ]", "", latex
    )
    latex = re.sub(r"\\(log|exp|max|min|sup|inf|det|sin|cos|lim)(?![a-zA-Z])", r"\1", latex)
    latex = re.sub(r"\\(?:[a-zA-Z]+|.)", "x", latex)
    return len(re.sub(r"[{}_^\s]", "", latex))


class SetupCells(SphinxTransform):
    """Fold the code of cells tagged ``setup``."""

    default_priority = 300

    def apply(self, **kwargs) -> None:
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and "tag_setup" in cell["classes"]:
                cell["hide_mode"] = "input"
                cell["prompt_show"] = cell["prompt_hide"] = "Setup"


class Pictures(SphinxPostTransform):
    """Every picture but a page's first is loaded lazily."""

    default_priority = 900

    def run(self, **kwargs) -> None:
        for image in list(self.document.findall(nodes.image))[1:]:
            image["loading"] = "lazy"


def _is_output(node: nodes.Node) -> bool:
    """Is the node part of a cell's output, which is never rewritten?"""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.container) and node.get("nb_element") in (
            "cell_code_output",
            "mime_bundle",
        ):
            return True
    return False


def configure(app: Sphinx, config) -> None:
    # Not in _config.yml: jupyter-book's LaTeX extension turns it on after reading that.
    config.numfig = False


def describe(app: Sphinx, pagename, templatename, context, doctree) -> None:
    first = next(doctree.findall(nodes.paragraph), None) if doctree is not None else None
    if first is not None:
        text = html.escape(" ".join(first.astext().split()))
        tag = f'\n<meta name="description" content="{text}" />'
        context["metatags"] = (context.get("metatags") or "") + tag


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", describe)
    app.connect("config-inited", configure, priority=900)
    for transform in (Comments, RawMarkdown, DisplayMaths, InlineMaths, SetupCells):
        app.add_transform(transform)
    app.add_post_transform(Pictures)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
