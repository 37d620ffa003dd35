"""Turn quotes with a bold lead into boxes that can be linked to.

A chapter must read well as plain Markdown, so a theorem is a quote::

    > **Theorem 1 (Optimal discriminator).** For a fixed generator ...

GitHub, Colab and Jupyter show the quote.  On the site it becomes a box with the id
``theorem-1``, and ``[Theorem 1](#theorem-1)``, or ``[...](gan.ipynb#theorem-1)`` from another
page, is a link that the build checks.  A box without a number takes its id from the whole lead:
``> **Note (Sum or mean).**`` is ``#note-sum-or-mean``.

The ids join MyST's own table of heading slugs.  They are not Sphinx labels, which would have to be
unique in the whole book, and every chapter has its own Theorem 1.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)

KINDS = (
    "Theorem",
    "Lemma",
    "Proposition",
    "Corollary",
    "Definition",
    "Proof",
    "Algorithm",
    "Example",
    "Exercise",
    "Note",
    "Warning",
)

LEAD = re.compile(
    rf"(?P<kind>{'|'.join(KINDS)})(?:\s+(?P<number>[0-9]+(?:\.[0-9]+)*[a-z]?))?"
    r"(?:\s*\((?P<title>.+)\))?(?P<stop>[.:]?)",
    re.DOTALL,
)


class box(nodes.General, nodes.Element):
    """A theorem, exercise, ...: ``kind`` is its lower-case name, the first paragraph holds the lead."""


def slug(text: str) -> str:
    """Lower case, words joined by hyphens, as in a heading's anchor."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")


def parse_lead(text: str) -> tuple[str, str, bool] | None:
    """Split a lead into its kind, its id and whether it is numbered; None if it opens no box.

    >>> parse_lead("Theorem 1 (Optimal discriminator).")
    ('theorem', 'theorem-1', True)
    >>> parse_lead("Proof.")
    ('proof', 'proof', False)
    """
    found = LEAD.fullmatch(text.strip())
    if found is None:
        return None
    kind, number, title = found["kind"].lower(), found["number"], found["title"]
    if number:
        return kind, slug(f"{kind} {number}"), True
    return kind, (slug(f"{kind} {title}") if title else kind), False


class QuotesToBoxes(SphinxTransform):
    """Replace each quote that opens with a known bold lead by a ``box``.

    It runs before MyST resolves ``[text](#id)`` links (priority 879), so that the ids are there.
    """

    default_priority = 500

    def apply(self, **kwargs) -> None:
        slugs = getattr(self.document, "myst_slugs", None)
        if slugs is None:
            slugs = self.document.myst_slugs = {}
        for quote in list(self.document.findall(nodes.block_quote)):
            lead = self._lead(quote)
            if lead is None:
                continue
            strong, (kind, box_id, numbered) = lead
            if box_id in slugs:
                if numbered:
                    logger.warning(
                        "two boxes or headings with the id %r on one page",
                        box_id,
                        location=quote,
                        type="boxes",
                        subtype="duplicate",
                    )
                box_id = self._free(box_id, slugs)
            title = strong.astext().strip().rstrip(".:")
            slugs[box_id] = (quote.line or 0, box_id, title)

            new = box("", kind=kind, title=title, ids=[box_id], classes=["box", f"box-{kind}"])
            new.source, new.line = quote.source, quote.line
            strong["classes"].append("box-lead")
            new.extend(quote.children)
            quote.replace_self(new)
        # MyST stored the same table for links from other pages.
        self.env.metadata[self.env.docname]["myst_slugs"] = slugs

    @staticmethod
    def _lead(quote: nodes.block_quote):
        if not quote.children or not isinstance(quote[0], nodes.paragraph):
            return None
        # MyST may put an empty text before the first mark-up.
        strong = next((node for node in quote[0] if node.astext().strip()), None)
        if not isinstance(strong, nodes.strong):
            return None
        parsed = parse_lead(strong.astext())
        return None if parsed is None else (strong, parsed)

    @staticmethod
    def _free(name: str, taken: dict) -> str:
        count = 2
        while f"{name}-{count}" in taken:
            count += 1
        return f"{name}-{count}"


def visit_box(translator, node: box) -> None:
    translator.body.append(translator.starttag(node, "div", role="group", **{"aria-label": node["title"]}))


def depart_box(translator, node: box) -> None:
    href, title = f"#{node['ids'][0]}", f"Link to this {node['kind']}"
    translator.body.append(f'<a class="headerlink box-link" href="{href}" title="{title}">#</a></div>\n')


def _pass(translator, node: box) -> None:
    """Other builders show the content alone."""


def setup(app: Sphinx) -> dict:
    plain = (_pass, _pass)
    app.add_node(box, html=(visit_box, depart_box), latex=plain, text=plain, man=plain, texinfo=plain)
    app.add_transform(QuotesToBoxes)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
