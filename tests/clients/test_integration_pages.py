"""The examples in docs/integrations run against a service with the documents of corpus/."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from loccit_client import Client

from index.embedding import WordEmbedder
from index.library import Library
from tests.clients.conftest import run
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "http://127.0.0.1:8000"
FRAMEWORKS = {"langchain": "langchain_core", "llama-index": "llama_index.core", "haystack": "haystack"}
"""What the example of a page needs."""


def examples(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / "integrations" / f"{page}.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service with the documents of corpus/."""
    folder = tmp_path_factory.mktemp("corpus")
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as http:
        url = str(http.base_url).rstrip("/")
        with Client(url, timeout=PATIENCE) as client:
            client.jobs.wait(client.ingest([ROOT / "corpus"]).job_id)
        yield url


@pytest.mark.processes
@pytest.mark.parametrize(
    ("page", "example"),
    [
        pytest.param(page, example, id=f"{page}-{number}")
        for page in ("python", *FRAMEWORKS)
        for number, example in enumerate(examples(page, "python"), 1)
    ],
)
def test_an_example_in_python_runs(corpus: str, page: str, example: str) -> None:
    if page in FRAMEWORKS:
        pytest.importorskip(FRAMEWORKS[page])
    assert ADDRESS in example
    done = subprocess.run(
        [sys.executable, "-c", example.replace(ADDRESS, corpus)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
            "HAYSTACK_TELEMETRY_ENABLED": "False",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.node
def test_the_example_in_typescript_runs(corpus: str, package: Path) -> None:
    (example,) = examples("typescript", "ts")
    assert ADDRESS in example
    folder = package / "example"
    folder.mkdir()
    (folder / "example.ts").write_text(example.replace(ADDRESS, corpus))
    options = ["--module", "nodenext", "--target", "es2022", "--strict", "--types", "node"]
    options += ["--rootDir", ".", "--outDir", "built"]
    run(package, "npx", "--no-install", "tsc", *options, "example/example.ts")
    assert "bm25" in run(package, "node", "built/example/example.js")
