"""Break the code at known places, and say which test notices each.

Tests that became faster must still find what they found: run this before and after such a change. The places
are in ``tests/broken_places.yaml``. Each is broken in a copy of the tree, where the tests that cover it run
until one fails. Those that failed must pass without the break, which one more run at the end confirms.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import yaml

ROOT = Path(__file__).resolve().parents[1]
PLACES = ROOT / "tests/broken_places.yaml"
_CODE = ("index", "service", "cli")
_LONGEST_TEST = 120
"""Seconds after which a test counts as failed: a break may make it wait for ever."""
_NO_TESTS = 5
"""Exit status of pytest where it selected no test."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the code: ``old`` occurs once in ``file``, and ``new`` in its stead is wrong.

    ``breaks`` says what is wrong then. ``tests`` are ends of paths below ``tests/``.
    """

    name: str
    breaks: str
    file: str
    old: str
    new: str
    tests: Sequence[str]

    def path_in(self, tree: Path) -> Path:
        """The file in a tree, whatever its path is there. Raises LookupError unless there is exactly one."""
        named = tree / self.file
        paths = [named] if named.is_file() else [one for top in _CODE for one in (tree / top).rglob("*.py")]
        found = [path for path in paths if path.read_text(encoding="utf-8").count(self.old) == 1]
        if len(found) != 1:
            raise LookupError(f"{self.name}: the old text occurs once in {len(found)} files, not in one")
        return found[0]

    def tests_in(self, tree: Path) -> list[str]:
        """The paths of the tests in a tree. Raises LookupError where one has none."""
        found = {name: sorted((tree / "tests").glob(f"**/{name}")) for name in self.tests}
        if missing := [name for name, paths in found.items() if not paths]:
            raise LookupError(f"{self.name}: there are no tests {', '.join(missing)}")
        return [str(path.relative_to(tree)) for paths in found.values() for path in paths]

    @contextmanager
    def apply(self, tree: Path) -> Iterator[None]:
        """Break the place until the ``with`` block ends. Raises LookupError, SyntaxError."""
        path = self.path_in(tree)
        code = path.read_text(encoding="utf-8")
        wrong = code.replace(self.old, self.new)
        compile(wrong, str(path), "exec")
        path.write_text(wrong, encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(code, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Result:
    """The result of the tests with a broken place; ``by`` is the test that failed, or the error."""

    name: str
    outcome: Literal["caught", "survived", "error"]
    by: str
    seconds: float = 0.0


def read_places(path: Path = PLACES) -> list[Place]:
    """Read the places. Raises OSError, TypeError, ValueError."""
    places = [Place(**entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
    if len({place.name for place in places}) < len(places):
        raise ValueError(f"{path}: two places have one name")
    return places


@contextmanager
def copy_tree(root: Path) -> Iterator[Path]:
    """Copy the files of a tree that git does not ignore to a temporary folder; yields it."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=root, check=True, capture_output=True, text=True)  # noqa: S603 -- ours
    with tempfile.TemporaryDirectory(prefix="loccit-broken-") as folder:
        tree = Path(folder, root.name)
        for name in filter(None, listed.stdout.split("\0")):
            if (root / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, tree / name)
        yield tree


def run_tests(tree: Path, tests: Sequence[str], *options: str) -> tuple[int, list[str]]:
    """Run tests of a tree with its own code; returns the exit status of pytest, and the tests that failed."""
    cache = tree / ".pytest_cache"
    shutil.rmtree(cache, ignore_errors=True)
    always = ["-q", "-n", "0", "-o", f"timeout={_LONGEST_TEST}", "-o", f"cache_dir={cache}"]
    paths = os.pathsep.join([str(tree), str(tree / "clients/python/src")])
    done = subprocess.run(  # noqa: S603 -- ours
        [sys.executable, "-m", "pytest", *always, *options, *tests],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        capture_output=True,
    )
    failed = cache / "v/cache/lastfailed"
    return done.returncode, list(json.loads(failed.read_text())) if failed.exists() else []


def try_place(place: Place, tree: Path, *, marks: str = "") -> Result:
    """Break a place in a tree, and run its tests; ``marks`` selects some of them as ``pytest -m`` does."""
    began = time.monotonic()
    try:
        tests = place.tests_in(tree)
        with place.apply(tree):
            status, failed = run_tests(tree, tests, "-x", *(["-m", marks] if marks else []))
    except (LookupError, SyntaxError) as error:
        return Result(place.name, "error", str(error))
    if failed:
        found = Result(place.name, "caught", failed[0])
    elif status in (0, _NO_TESTS):
        found = Result(place.name, "survived", "no test was selected" if status else "")
    else:
        found = Result(place.name, "error", f"pytest ended with status {status}")
    return replace(found, seconds=round(time.monotonic() - began, 1))


def confirm(results: Sequence[Result], tree: Path) -> list[Result]:
    """Run the failed tests without the breaks; a result whose test still fails becomes an error."""
    noticed = sorted({one.by for one in results if one.outcome == "caught"})
    status, failed = run_tests(tree, noticed) if noticed else (0, [])
    wrong = failed if status in (0, 1) else noticed
    told = "{} fails without the break, too"
    return [
        replace(one, outcome="error", by=told.format(one.by)) if one.by in wrong else one for one in results
    ]


def main() -> int:
    """Return the exit status: 1 unless tests notice every place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="places to break; all by default")
    parser.add_argument("-m", dest="marks", default="", help="tests to run, as for pytest: 'not processes'")
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to break, such as an earlier one")
    parser.add_argument("--places", type=Path, default=PLACES, help="another list of places")
    parser.add_argument("--json", type=Path, help="file for the results; those of other places in it stay")
    given = parser.parse_args()
    places = [one for one in read_places(given.places) if not given.names or one.name in given.names]
    results: list[Result] = []
    with copy_tree(given.root.resolve()) as tree:
        for place in places:
            results.append(one := try_place(place, tree, marks=given.marks))
            print(f"{one.outcome:8} {one.seconds:7.1f} s  {one.name}: {one.by}", flush=True)  # noqa: T201
            _save(given.json, [one])
        results = confirm(results, tree)
    _save(given.json, results)
    missed = [f"{one.name}: {one.outcome} {one.by}" for one in results if one.outcome != "caught"]
    print(f"{len(results) - len(missed)} of {len(results)} places were noticed.", *missed, sep="\n")  # noqa: T201
    return 1 if missed or not results else 0


def _save(path: Path | None, results: Sequence[Result]) -> None:
    if path is not None:
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**known, **{one.name: asdict(one) for one in results}}, indent=1) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
