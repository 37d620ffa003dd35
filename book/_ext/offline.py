"""Serve the whole site from itself, and only what a page uses.

Left alone, a page would ask two other hosts for scripts (MathJax, and sphinx-thebe even when it is
off), fetch Font Awesome twice, and load style sheets and scripts of extensions that it has no use
for.  A first visit would weigh over a megabyte; now it is well under 600 kB, from one host.

MathJax is taken from the installed package sphinx-mathjax-offline (MathJax 3, Apache 2.0).  Its parts
are loaded one by one, without the context menu, which is two fifths of the usual bundle and whose
extras (speech, explorer) would look for files that are not here.  MathML for screen readers stays.
That package's own Sphinx extension is not used: it copies all 24 MB.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

#: Loaded on every page with a formula, after ``startup.js``.
MATHJAX_PARTS = ("core", "input/tex", "output/chtml", "a11y/assistive-mml")

#: Fetched by MathJax when a formula needs them: macros such as \boldsymbol, and the fonts with their metrics.
MATHJAX_FOLDERS = ("input/tex/extensions", "output/chtml/fonts")

#: A script or style sheet whose name holds the key is kept on pages that hold the value (None: on no page).
USED_WITH = {
    "thebe": None,
    "sphinx-design": 'class="sd-',
    "design-tabs": "sd-tab",
    "togglebutton": 'class="toggle',
    "toggleHint": 'class="toggle',
    "toggleOpenOnPrint": 'class="toggle',
    "mathjax/": 'class="math',
    "window.MathJax": 'class="math',
    "clipboard": "highlight",
    "copybutton": "highlight",
}

TEMPLATES = Path(__file__).parent / "templates"


def mathjax_files() -> Path:
    """The folder with MathJax's files in the installed package."""
    # The package's name has hyphens: it can be found but not written in an import statement.
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ExtensionError("sphinx-mathjax-offline is missing: pip install -r requirements-book.txt")
    return Path(spec.origin).parent / "static" / "mathjax"


def wanted(asset, body: str) -> bool:
    """Does a page with this body use the asset, an entry of ``script_files`` or ``css_files``?"""
    name = f"{getattr(asset, 'filename', asset) or ''} {getattr(asset, 'attributes', {}).get('body') or ''}"
    for key, sign in USED_WITH.items():
        if key in name:
            return sign is not None and sign in body
    return True


def prune(app: Sphinx, pagename, templatename, context, doctree) -> None:
    body = context.get("body") or ""
    for kind in ("script_files", "css_files"):
        if context.get(kind):
            # In place: the templates hold this very list.
            context[kind][:] = [asset for asset in context[kind] if wanted(asset, body)]


def drop_thebe_nodes(app: Sphinx, doctree, docname) -> None:
    """Remove the configuration that sphinx-thebe writes into every page."""
    for node in list(doctree.findall()):
        if node.tagname == "raw" and ("x-thebe-config" in node.astext() or "kernelName =" in node.astext()):
            node.parent.remove(node)


def copy_mathjax(app: Sphinx, exception) -> None:
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    source, target = mathjax_files(), static / "mathjax"
    for name in ("startup", *MATHJAX_PARTS):
        there = target / f"{name}.js"
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / f"{name}.js", there)
    for folder in MATHJAX_FOLDERS:
        shutil.copytree(source / folder, target / folder, dirs_exist_ok=True)
    # No page links to it, and it is most of what the site would weigh on a server.
    for leftover in [*(static / "scripts").glob("*"), *(static / "styles").glob("*.map")]:
        if leftover.name.startswith("fontawesome") or leftover.suffix == ".map":
            leftover.unlink()
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)


def configure(app: Sphinx, config) -> None:
    config.templates_path = [*config.templates_path, str(TEMPLATES)]
    config.mathjax_path = "mathjax/startup.js"
    settings = dict(config.mathjax3_config or {})
    settings["loader"] = {"load": list(MATHJAX_PARTS)}
    config.mathjax3_config = settings


def setup(app: Sphinx) -> dict:
    app.connect("config-inited", configure)
    app.connect("doctree-resolved", drop_thebe_nodes, priority=900)
    app.connect("html-page-context", prune, priority=900)
    app.connect("build-finished", copy_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
