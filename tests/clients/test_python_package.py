"""The Python client is built as a wheel, and installs and runs without the service."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import Service

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "clients" / "python"
PACKAGE = SOURCE / "src" / "loccit_client"
FRAMEWORKS = {"langchain": "langchain_core", "llama_index": "llama_index", "haystack": "haystack"}
PROJECT = tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_a_module_needs_httpx_only_and_an_adapter_its_framework(path: Path) -> None:
    allowed = {"loccit_client", "httpx", "anyio"}  # anyio comes with httpx
    if path.parent == PACKAGE and path.stem in FRAMEWORKS:
        allowed |= {FRAMEWORKS[path.stem], "pydantic"}
    assert {name for name in imported(path) if name not in sys.stdlib_module_names} <= allowed


def test_each_adapter_has_an_extra() -> None:
    assert {name.replace("-", "_") for name in PROJECT["optional-dependencies"]} == FRAMEWORKS.keys()
    assert [one.split(">")[0] for one in PROJECT["dependencies"]] == ["httpx"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built of a copy, so that nothing is written beside the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("*.egg-info", "build"))
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), "./source"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.processes
def test_the_wheel_has_types_and_a_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "loccit_client/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {
        "loccit_client",
        f"{wheel.name.split('-py3')[0]}.dist-info",
    }


@pytest.mark.processes
def test_it_asks_a_service_from_an_empty_environment(wheel: Path, service: Service, tmp_path: Path) -> None:
    target = tmp_path / "site"
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    for name in ("httpx", "httpcore", "h11", "anyio", "certifi", "idna", "sniffio", "typing_extensions.py"):
        # Not a command of this name, beside which pytest may have been started.
        places = [path / name for path in map(Path, sys.path) if path.name != "bin"]
        for found in [one for one in places if one.exists()][:1]:
            (target / name).symlink_to(found)
    script = f"""
import sys
sys.path.append({str(target)!r})
from importlib.metadata import version
import loccit_client
assert version("loccit-client") == loccit_client.__version__
with loccit_client.Client({service.url!r}) as client:
    print(client.ask("Who lit the lamp?").passages[0].citation.document_id)
assert not {{"index", "service", "pydantic", "numpy", "torch"}} & sys.modules.keys()
"""
    command = [sys.executable, "-I", "-S", "-c", script]  # -S: without site-packages
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "lamps/north.md\n"), done.stderr
