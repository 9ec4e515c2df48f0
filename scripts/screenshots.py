"""Take screenshots of the pages, with the sample documents: ``make screenshots``.

Every page is shown on a desktop and on a phone, in light and in dark, in build/screenshots/. Those that the
documentation shows are copied to docs/images/pages/, with few colours, so that they stay small.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "screenshots"
IN_DOCS = ROOT / "docs" / "images" / "pages"
ASKED = "/?q=Who+was+the+first+head+of+the+leading+group%3F"
WRITTEN = (
    "Zhang Gaoli was the first head of the leading group, and he was a Vice Premier of the State Council. "
    "According to the text, “a million of them take about 2.5 GB”.\n\nAn embedding of 384 dimensions in "
    "float32 takes 1,577 bytes. The plan was signed on the moons of Jupiter. What else should we look at?"
)
LOCATOR = "bth-agreements.md@6f29c115539d:675-835"
DEVICES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 390, "height": 800}, "is_mobile": True, "has_touch": True},
}
DOCUMENTED = {
    "desktop": ("light", {"answer", "viewer", "check", "library", "docs"}),
    "phone": ("dark", {"answer", "viewer"}),
}
"""The pages that the documentation shows of a device, and in which colours."""
_COLOURS = 64
_SECONDS = 300


def _check(page: Page) -> None:
    page.fill("#text", WRITTEN)
    page.click("#check button[type=submit]")
    page.wait_for_selector(".sentence")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")


def _nothing(_: Page) -> None:
    """The page as it opens."""


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "start": ("/", _nothing),
    "answer": (ASKED, _nothing),
    "viewer": (f"/view/{LOCATOR}#quote", _nothing),
    "check": ("/check", _check),
    "citation": (f"/check?text={LOCATOR}", _nothing),
    "library": ("/library", _nothing),
    "document": ("/library/document?id=bth-agreements.md", _nothing),
    "jobs": ("/jobs", _nothing),
    "keys": ("/keys", _nothing),
    "status": ("/status", _nothing),
    "sign-in": ("/sign-in", _nothing),
    "docs": ("/docs", _nothing),
    "operation": ("/docs/post-v1-verify", _nothing),
    "error": ("/view/none@000000000000:0-5", _nothing),
}
"""The address of each page, and what is done on it first."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of a service with the sample documents."""
    environment = {**os.environ, "LOCCIT_DATA": str(FOLDER / "data")}
    loccit = [sys.executable, "-m", "cli"]
    subprocess.run([*loccit, "ingest", "--mirror", "corpus"], cwd=ROOT, env=environment, check=True)  # noqa: S603
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*loccit, "serve", "--port", str(port)], cwd=ROOT, env=environment) as process:  # noqa: S603
        try:
            _wait_for(f"{address}/readyz")
            yield address
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(address).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError(f"{address} does not answer.")


def take(browser: Browser, address: str, device: str, scheme: Any) -> None:
    """Take a screenshot of every page on a device."""
    context = browser.new_context(base_url=address, color_scheme=scheme, **DEVICES[device])
    page = context.new_page()
    for name, (path, prepare) in PAGES.items():
        response = page.goto(path)
        if response is not None and response.status >= 400 and name != "error":
            raise LookupError(f"{path} answers with {response.status}.")
        prepare(page)
        page.wait_for_load_state("networkidle")
        taken = FOLDER / f"{name}-{device}-{scheme}.png"
        page.screenshot(path=taken, animations="disabled", caret="initial")
        if DOCUMENTED[device][0] == scheme and name in DOCUMENTED[device][1]:
            with Image.open(taken) as image:
                few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
                few.save(IN_DOCS / f"{name}-{device}.png", optimize=True)
    context.close()


def main() -> None:
    """Take all screenshots."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    IN_DOCS.mkdir(parents=True, exist_ok=True)
    with serving() as address, chromium() as browser:
        for device in DEVICES:
            for scheme in ("light", "dark"):
                take(browser, address, device, scheme)


if __name__ == "__main__":
    main()
