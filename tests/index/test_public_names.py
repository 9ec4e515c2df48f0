"""What the rest of the project, and other programs, may import from the library."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import index

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent.name for path in (ROOT / "index").glob("*/__init__.py"))


def test_the_public_names_of_the_library() -> None:
    assert index.__all__ == [
        "Answer",
        "Citation",
        "Collection",
        "Hit",
        "Library",
        "LibraryConfig",
        "LoccitError",
        "Put",
        "Source",
        "Turn",
        "load_embedder",
        "parse_filter",
    ]
    for name in index.__all__:
        assert getattr(index, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        index.nope  # noqa: B018


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_folder_says_what_it_exports(folder: str) -> None:
    module = importlib.import_module(f"index.{folder}")
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)


@pytest.mark.parametrize("package", ["service", "cli", "evaluation", "scripts"])
def test_code_outside_imports_from_the_doors(package: str) -> None:
    wrong = []
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("index."):
                module = str(node.module)
                is_door = module.count(".") == 1 or ROOT.joinpath(*module.split(".")).is_dir()
                if not is_door:
                    wrong.append(f"{path.relative_to(ROOT)}: {module}")
    assert wrong == []


@pytest.mark.processes
def test_reading_files_loads_no_index() -> None:
    code = (
        "import index.readers.preload, sys;"
        " print(*(name for name in ('faiss', 'tantivy', 'torch', 'openvino') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []
