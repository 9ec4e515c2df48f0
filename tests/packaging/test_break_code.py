"""The tool that breaks places in the code, and its list of them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.break_code import ROOT, Place, confirm, copy_tree, read_places, try_place

pytestmark = pytest.mark.processes

COUNT = "def is_large(count: int) -> bool:\n    return count > 10\n"
TEST = "from index.counting import is_large\n\n\ndef test_eleven() -> None:\n    assert is_large(11)\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with a function, and a test that covers some of it."""
    for name, text in {"index/counting.py": COUNT, "tests/counting/test_large.py": TEST}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def broken(new: str, *, old: str = "count > 10", file: str = "index/counting.py") -> Place:
    return Place("large", "what is large is not", file, old, new, ["test_large.py"])


@pytest.mark.parametrize("place", read_places(), ids=lambda place: place.name)
def test_every_place_is_in_the_code_and_has_tests(place: Place) -> None:
    assert place.path_in(ROOT) == ROOT / place.file
    assert place.tests_in(ROOT)
    code = (ROOT / place.file).read_text()
    compile(code.replace(place.old, place.new), place.file, "exec")


@pytest.mark.parametrize(
    ("new", "outcome", "by"),
    [
        ("count > 11", "caught", "tests/counting/test_large.py::test_eleven"),
        ("count >= 10", "survived", ""),
        ("count >", "error", "invalid syntax"),
    ],
)
def test_a_break_is_noticed_or_not_and_mended(tree: Path, new: str, outcome: str, by: str) -> None:
    found = try_place(broken(new), tree)
    assert found.outcome == outcome
    assert by in found.by
    assert (tree / "index/counting.py").read_text() == COUNT


def test_a_test_that_fails_anyway_notices_nothing(tree: Path) -> None:
    other = "def test_on_its_own() -> None:\n    raise OSError\n"
    (tree / "tests/counting/test_other.py").write_text(other)
    large, place = broken("count > 11"), broken("count >= 10")
    results = [try_place(one, tree) for one in (large, replace(place, tests=["test_other.py"]))]
    assert [one.outcome for one in results] == ["caught", "caught"]
    first, second = confirm(results, tree)
    assert (first, second.outcome) == (results[0], "error")
    assert second.by == "tests/counting/test_other.py::test_on_its_own fails without the break, too"


def test_marks_select_tests(tree: Path) -> None:
    (tree / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    found = try_place(broken("count > 11"), tree, marks="slow")
    assert (found.outcome, found.by) == ("survived", "no test was selected")


def test_a_file_that_was_moved_is_found_by_its_text(tree: Path) -> None:
    assert broken("", file="index/large/counting.py").path_in(tree) == tree / "index/counting.py"
    (tree / "index/copy.py").write_text(COUNT)
    with pytest.raises(LookupError, match="2 files"):
        broken("", file="index/large/counting.py").path_in(tree)


def test_tests_that_are_nowhere_are_told(tree: Path) -> None:
    place = Place("large", "", "index/counting.py", "10", "11", ["test_small.py"])
    assert "test_small.py" in try_place(place, tree).by


def test_a_copy_has_what_git_does_not_ignore(tree: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)  # noqa: S607 -- wherever git is
    (tree / ".gitignore").write_text("*.log\n")
    (tree / "index/a.log").touch()
    with copy_tree(tree) as copy:
        names = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}
    assert names == {".gitignore", "index/counting.py", "tests/counting/test_large.py"}
