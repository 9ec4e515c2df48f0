"""A headless Chromium, and pages for it to open that run no scripts and reach nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a page has in it is shown; its scripts do not run, and nothing is loaded for it."""


@contextmanager
def chromium(executable: Path = CHROMIUM) -> Iterator[Browser]:
    """A browser, closed at the end. Raises playwright's ``Error`` when it does not start."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(pages: Mapping[str, bytes]) -> Iterator[str]:
    """HTML pages by name on a free port of this machine; the address they are below."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(unquote(urlsplit(self.path).path)[1:])
            self.send_response(404 if page is None else 200)
            self.send_header("Content-Type", f"text/html{_charset(page or b'')}")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(page or b"")))
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _charset(page: bytes) -> str:
    """What a server would say: a page kept without its headers may not say it is UTF-8."""
    try:
        page.decode()
    except UnicodeDecodeError:
        return ""
    return "; charset=utf-8"
