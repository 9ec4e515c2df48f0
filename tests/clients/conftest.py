"""A running service with the test embedder, and clients of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from loccit_client import Client
from reportlab.pdfgen.canvas import Canvas

from index.embedding import WordEmbedder
from index.library import Library
from scripts.openapi import document
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live

NORTH = (
    "# Lamps 💡\n\nThe lamp in the north tower was lit at dusk by the keeper. It burned whale oil.\n\n"
    "## Oil\n\nThe oil came by ship in barrels each spring.\n"
)
TYPESCRIPT = Path(__file__).resolve().parents[2] / "clients" / "typescript"
MARS = "Mars has two moons, Phobos and Deimos."


def two_pages() -> bytes:
    """A PDF file whose first page is empty and whose second is about harbours."""
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.showPage()
    canvas.drawString(72, 720, "The harbour master counts the barrels.")
    canvas.showPage()
    canvas.save()
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Service:
    """The address of a running service."""

    url: str


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with three documents in its default collection."""
    folder: Path = tmp_path_factory.mktemp("service")
    with Library(folder, embedder=WordEmbedder()) as library, live(app_of(library)) as http:
        url = str(http.base_url).rstrip("/")
        with Client(url, timeout=PATIENCE) as client:
            put = client.documents.put
            put("lamps/north.md", NORTH, metadata={"year": 1859}, source="https://lamps.example/", wait=True)
            put("mars.txt", MARS, metadata={"year": 2020}, wait=True)
            put("harbour.pdf", two_pages(), wait=True)
        yield Service(url)


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, timeout=PATIENCE) as client:
        yield client


def run(folder: Path, *command: str, **variables: str) -> str:
    """Run a command to its good end, and return what it prints."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, built from the OpenAPI document of this service."""
    if shutil.which("npm") is None:
        pytest.skip("Node with npm is not installed")
    if not (TYPESCRIPT / "node_modules").is_dir():
        pytest.skip("what the TypeScript client is built with is not installed: make typescript installs it")
    folder = tmp_path_factory.mktemp("typescript") / "package"
    left_out = shutil.ignore_patterns("node_modules", "dist", "openapi.json", "schema.ts")
    shutil.copytree(TYPESCRIPT, folder, ignore=left_out)
    (folder / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    (folder / "openapi.json").write_text(json.dumps(document()))
    run(folder, "npm", "run", "build")
    return folder


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
