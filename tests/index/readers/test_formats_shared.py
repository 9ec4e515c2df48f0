"""Real files: what the laws hold for, and how much of a page's content its reader finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from index.readers import read
from index.types import Extract
from tests.index.readers.laws import extract_or_refusal

pytestmark = pytest.mark.shared


def files(shared: Path, suffix: str) -> Iterator[Path]:
    folder = shared / "data" / "formats"
    listed = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    found = [folder / entry["file"] for entry in listed if entry["file"].endswith(suffix)]
    assert found
    return iter(found)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".md", ".html", ".txt"])
def test_every_file_keeps_the_laws(shared: Path, suffix: str) -> None:
    refused = []
    for path in files(shared, suffix):
        found = extract_or_refusal(partial(read, path.read_bytes(), name=path.name), path.name)
        if not isinstance(found, Extract):
            refused.append(found.message)
    assert refused == []


def flat(text: str) -> str:
    return " ".join(text.split())


def test_content_is_kept_and_what_is_around_it_is_dropped(shared: Path) -> None:
    folder = shared / "data" / "formats" / "html"
    kept: list[tuple[str, str]] = []
    missed, present, absent = kept[:], kept[:], kept[:]
    for page in json.loads((folder / "evaldata.json").read_text(encoding="utf-8")).values():
        text = flat(read((folder / page["file"]).read_bytes(), name=page["file"]).text)
        for snippet in page["with"]:
            (kept if flat(snippet) in text else missed).append((page["file"], snippet))
        for snippet in page["without"]:
            (present if flat(snippet) in text else absent).append((page["file"], snippet))
    assert len(kept) >= 0.95 * len(kept + missed), missed
    assert len(present) <= 0.08 * len(present + absent), present
