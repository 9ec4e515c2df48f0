"""The blocks of the tutorial and of the how-to pages, run one after another as a reader runs them.

A block that is not run says so in the comment before it, with the reason.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, environment, loccit, started
from tests.patience import eventually

DOCS = ROOT / "docs"
ADDRESS = "http://127.0.0.1:8000"
OF_MACHINES = "how-to/three-machines"
"""Has a test of its own: its blocks belong to several machines, and some serve."""
HOW_TO = sorted({f"how-to/{page.stem}" for page in DOCS.glob("how-to/*.md")} - {OF_MACHINES})
PAGES = ["tutorial", "install", "your-documents", *HOW_TO]
SAID = {
    "tutorial": [
        "lighthouse.md@2e494f560beb:16-70",
        "checked: The lamp was lit at dusk",
        "[-dusk-]{+dawn+}",
        "no document says so",
    ],
    "your-documents": ["The ferry leaves at nine.", "harbour/ferry.md", "1 added, 0 unchanged"],
    "how-to/cite-in-a-paper": ["The lamp burned 1,577 hours.", "https://docs.example.org/view/"],
    "how-to/evaluate": ["answerability"],
    "how-to/back-up": ["High tide is at noon."],
    "how-to/team": ["loccit_", "the board's assistant"],
}
"""What a reader of a page must see."""
_BLOCK = re.compile(r"(<!-- not run: [^>]+ -->\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """Language and code of each block that is run."""
    for told, language, code in _BLOCK.findall((DOCS / f"{page}.md").read_text()):
        if not told and language != "text":
            yield language, code


def programs(folder: Path) -> str:
    """A search path with the programs that a reader has: ``loccit`` and ``python3`` of this environment."""
    folder.mkdir()
    for name, options in (("loccit", "-m cli"), ("python3", "")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {options} "$@"\n')
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def run(language: str, code: str, folder: Path, own: dict[str, str], typed: str = "") -> str:
    """Run a block to its end without a failure; returns what it printed."""
    command = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": [sys.executable, "-c"]}[language]
    done = subprocess.run(
        [*command, code], cwd=folder, env=own, input=typed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, code + done.stdout + done.stderr
    return done.stdout


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(page: str, tmp_path: Path) -> None:
    text = "".join(code for _, code in blocks(page))
    if "curl" in text and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    own = environment(tmp_path, PATH=programs(tmp_path / "bin"), PYTHONPATH=str(ROOT))
    folder = tmp_path / "reader"
    folder.mkdir()
    with started(tmp_path) if ADDRESS in text else nullcontext() as service:
        address = str(service[1].base_url).rstrip("/") if service else ""
        shown = "".join(
            run(language, code.replace(ADDRESS, address), folder, own) for language, code in blocks(page)
        )
    for words in SAID.get(page, []):
        assert words in shown, shown


@pytest.mark.processes
@pytest.mark.slow
def test_the_support_bot_runs_on_a_new_service_as_it_is_printed(tmp_path: Path) -> None:
    own = environment(tmp_path, PATH=programs(tmp_path / "bin"), PYTHONPATH=str(ROOT))
    (_, bot), *steps = blocks("integrations/support-bot")
    loccit(tmp_path, "ingest", str(ROOT / "corpus"))  # as `make run` does
    with started(tmp_path) as (_, client):
        bot = bot.replace(ADDRESS, str(client.base_url).rstrip("/"))
        shown = run("python", bot, tmp_path, own, "What do k1 and b do in BM25?\n\n")
        assert re.search(r"\[1\] .+: http", shown)
        (_, ingest), (_, keys) = steps
        run("sh", ingest, tmp_path, own)
        printed = run("sh", keys, tmp_path, own)
        key = re.findall(r"loccit_\S+", printed)[-1]
        eventually(lambda: client.get("/v1/collections").status_code == 401)
        bot = bot.replace('"loccit"', '"loccit:manuals"').replace('"KEY"', f'"{key}"')
        shown = run("python", bot, tmp_path, own, "How often is the kettle descaled?\n\n")
        (link,) = re.findall(r"\[1\] Kettle: (\S+)", shown)
        assert "once a month" in client.get(link).text  # without a key


def test_only_blocks_that_cannot_run_are_left_out() -> None:
    for page in (*PAGES, OF_MACHINES):
        for told, language, code in _BLOCK.findall((DOCS / f"{page}.md").read_text()):
            assert language in {"sh", "python", "text"}, page
            assert not told or not re.search(r"^loccit ", code, re.MULTILINE), code
