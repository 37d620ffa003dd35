"""Builds the site once and drives a browser over it.

All tests that need the site or the browser run in one worker (``xdist_group``), so each is made once.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(ROOT / "book" / "_ext"))

HOW_TO_GET_ONE = (
    "no Chromium or Chrome found, so the site is not looked at. Debian, Ubuntu: apt-get install chromium. "
    "macOS, Windows: install Chrome. Elsewhere: set GENLIB_CHROMIUM to its path."
)

# No start-up chatter, and nothing but this computer can be reached.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents and {"site", "specimen", "browser", "built_page"} & set(
            item.fixturenames
        ):
            item.add_marker(pytest.mark.xdist_group("site"))


def find_browser() -> str | None:
    """The path of an installed Chromium or Chrome; GENLIB_CHROMIUM names another."""
    if named := os.environ.get("GENLIB_CHROMIUM"):
        return named
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"):
        if path := shutil.which(name):
            return path
    usual = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ]
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if folder := os.environ.get(variable):
            usual.append(str(Path(folder, "Google", "Chrome", "Application", "chrome.exe")))
            usual.append(str(Path(folder, "Microsoft", "Edge", "Application", "msedge.exe")))
    return next((path for path in usual if Path(path).exists()), None)


def build(source: Path, output: Path, *, warnings_are_errors: bool = True) -> tuple[int, str, float]:
    """Build a book; returns the exit status, everything printed, and the seconds it took."""
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(source)]
    command += ["--path-output", str(output), "--keep-going", "-n"]
    command += ["-W"] if warnings_are_errors else []
    start = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    return done.returncode, done.stdout, time.perf_counter() - start


class Site:
    """A built site, and an address at which this process serves it."""

    def __init__(self, root: Path, log: str, seconds: float):
        self.root, self.log, self.seconds = root, log, seconds
        handler = functools.partial(_Quiet, directory=str(root))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def url(self, page: str) -> str:
        return f"{self.address}/{page}"

    def html(self, page: str) -> str:
        return (self.root / page).read_text(encoding="utf-8")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


def _built(source: Path, output: Path) -> Site:
    status, log, seconds = build(source, output)
    if status != 0:
        telling = [line for line in log.splitlines() if "WARNING" in line or "ERROR" in line]
        telling = "\n".join(telling[:20]) or log[-3000:]
        pytest.fail(f"the site does not build without warnings:\n{telling}", pytrace=False)
    return Site(output / "_build" / "html", log, seconds)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The book itself, built as `make book` builds it."""
    made = _built(ROOT, tmp_path_factory.mktemp("site"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def specimen(tmp_path_factory):
    """A small book that uses everything a chapter may use."""
    from specimen import write

    source = write(tmp_path_factory.mktemp("specimen"))
    made = _built(source, source)
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser():
    path = find_browser()
    if path is None:
        if os.environ.get("GENLIB_REQUIRE_BROWSER"):
            pytest.fail(HOW_TO_GET_ONE, pytrace=False)
        pytest.skip(HOW_TO_GET_ONE)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


class Visit:
    """A page in the browser, and what happened while it loaded."""

    def __init__(self, browser, url: str, *, width: int = 1400, height: int = 900, dark: bool = False):
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        self.page = self.context.new_page()
        self.requests, self.responses, self.troubles = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("response", lambda response: self.responses.append(response))
        self.page.on("requestfailed", lambda request: self.troubles.append(f"failed: {request.url}"))
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("console", self._console)
        self.page.goto(url, wait_until="networkidle")
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.math')].every(m => m.querySelector('mjx-container'))",
            timeout=30_000,
        )

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def __enter__(self):
        return self

    def __exit__(self, *error) -> None:
        self.context.close()


@pytest.fixture
def visit(browser):
    return functools.partial(Visit, browser)
