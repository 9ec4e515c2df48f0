"""Run the examples of the pages in docs/integrations against a running service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "integrations"
ADDRESS = "http://127.0.0.1:8000"
"""The address of the service in the examples."""
KEY = "KEY"
"""The key in the examples, in quotation marks or after ``Bearer``."""


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    text = (FOLDER / f"{page}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run_python(page: str, address: str, key: str) -> dict[str, Any]:
    """Run the Python blocks of a page one after another; returns the names that they made.

    But those that need a provider of OAuth, which the tests of sign-in run.
    """
    names: dict[str, Any] = {"__name__": "example"}
    for block in (one for one in blocks(page, "python") if "OAuth" not in one):
        code = block.replace(ADDRESS, address)
        code = code.replace(f'"{KEY}"', repr(key)).replace(f"Bearer {KEY}", f"Bearer {key}")
        exec(compile(code, f"docs/integrations/{page}.md", "exec"), names)  # noqa: S102 -- our own pages
    for name in names.values():
        if isinstance(name, httpx.Client):
            name.close()
    return names
