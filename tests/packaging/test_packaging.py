"""What is installed: which libraries each part needs, and that pyproject.toml names them."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SHIPPED = ("cli", "evaluation", "index", "service")
CLIENT = "loccit_client"
"""The package in clients/python, which is installed beside the project; it is not in a package index."""
PART_OF = {
    "opentelemetry-api": "opentelemetry-sdk",
    "opentelemetry-exporter-http-transport": "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-exporter-otlp-common": "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-exporter-otlp-proto-common": "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-proto": "opentelemetry-exporter-otlp-proto-http",
    "opentelemetry-semantic-conventions": "opentelemetry-sdk",
    "psycopg-pool": "psycopg",
    "pydantic-core": "pydantic",
    "starlette": "fastapi",
}
"""Libraries that come with another, which says which version of them it needs."""

BLOCK = """
import sys
from importlib.abc import MetaPathFinder

class Block(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if {blocked!r} & {{name, name.split(".")[0]}}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Block())
"""
"""The start of a script in which these libraries are as good as not installed."""


def run_without(blocked: set[str], script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own that cannot import these libraries."""
    command = [sys.executable, "-c", BLOCK.format(blocked=blocked) + script, *arguments]
    own = {name: value for name, value in os.environ.items() if not name.startswith("LOCCIT_")}
    environment = {**own, "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[str]) -> set[str]:
    return {normalised(re.split(r"[\[<>=;~! ]", requirement)[0]) for requirement in requirements}


def imported(package: str) -> Iterator[str]:
    """Top-level modules that a package of ours imports, at the start or later."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.split(".")[0]


def test_every_library_that_is_imported_is_declared() -> None:
    declared = names(PROJECT["dependencies"])
    for extra, requirements in PROJECT["optional-dependencies"].items():
        declared |= names(requirements) if extra != "dev" else set()
    distributions = packages_distributions()
    missing = {
        module
        for package in SHIPPED
        for module in imported(package)
        if module not in sys.stdlib_module_names and module not in (*SHIPPED, CLIENT)
        for name in map(normalised, distributions.get(module, [module]))
        if PART_OF.get(name, name) not in declared
    }
    assert missing == set()


def test_only_evaluation_needs_the_extra_eval() -> None:
    extra = names(PROJECT["optional-dependencies"]["eval"])
    modules = {
        module
        for module, distributions in packages_distributions().items()
        if extra & set(map(normalised, distributions))
    }
    assert {"ir_measures", "matplotlib", "sklearn"} <= modules
    for package in ("cli", "index", "service"):
        assert modules & set(imported(package)) == set(), package


@pytest.mark.processes
def test_eval_without_its_extra_says_what_to_install() -> None:
    done = run_without({"ir_measures"}, "from cli.main import main; main()", "eval", "questions.jsonl")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error (evaluation_missing): loccit eval needs ir_measures. "
        "Run: pip install 'loccit[eval]' (in a clone: make setup)"
    ]


@pytest.mark.processes
def test_other_commands_do_without_the_extra_eval(tmp_path: Path) -> None:
    (tmp_path / "mars.txt").write_text("Mars has 2 moons, Phobos and Deimos.")
    script = """
import os
os.environ.update(LOCCIT_MODEL="words", LOCCIT_DATA=sys.argv.pop(1))
from cli.main import main
main()
"""
    for arguments in (["ingest", str(tmp_path / "mars.txt")], ["ask", "Which moons has Mars?"]):
        blocked = {"ir_measures", "matplotlib", "sklearn", "scipy"}
        done = run_without(blocked, script, str(tmp_path / "data"), *arguments)
        assert done.returncode == 0, done.stderr
    assert "Phobos and Deimos" in done.stdout


@pytest.mark.processes
@pytest.mark.parametrize(("project", "source"), [(ROOT, ""), (ROOT / "clients" / "python", "src")])
def test_a_wheel_has_all_files_of_its_packages(tmp_path: Path, project: Path, source: str) -> None:
    """Also py.typed, by which a package says that it has types."""
    packages = [CLIENT] if source else SHIPPED
    for package in packages:
        shutil.copytree(
            project / source / package,
            tmp_path / source / package,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        if (project / name).exists():
            shutil.copy(project / name, tmp_path)
    folder = tmp_path / source
    files = {
        path.relative_to(folder).as_posix()
        for package in packages
        for path in (folder / package).rglob("*")
        if path.is_file()
    }
    assert {f"{package}/py.typed" for package in packages} <= files
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", "wheels", "."], check=True, cwd=tmp_path)
    (wheel,) = (tmp_path / "wheels").iterdir()
    with ZipFile(wheel) as packed:
        assert {name for name in packed.namelist() if ".dist-info/" not in name} == files
