"""Real files: what the laws hold for, and how much of a page's content its reader finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from benchmarks.documents.html import study
from index.readers import read
from index.types import Extract
from tests.index.readers.laws import extract_or_refusal
from tests.sizes import sample

pytestmark = pytest.mark.shared


def files(shared: Path, suffix: str) -> Sequence[Path]:
    folder = shared / "data" / "formats"
    listed = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
    found = [folder / entry["file"] for entry in listed if entry["file"].endswith(suffix)]
    assert found
    return sample(found)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".md", ".html", ".txt"])
def test_every_file_keeps_the_laws(shared: Path, suffix: str) -> None:
    refused = []
    for path in files(shared, suffix):
        found = extract_or_refusal(partial(read, path.read_bytes(), name=path.name), path.name)
        if not isinstance(found, Extract):
            refused.append(found.message)
    assert refused == []


def test_content_is_kept_and_boilerplate_is_dropped(shared: Path) -> None:
    snippets = study(shared / "data" / "formats" / "html")
    wanted = [one for one in snippets if one.wanted]
    unwanted = [one for one in snippets if not one.wanted]
    missed = [one for one in wanted if not one.there]
    present = [one for one in unwanted if one.there]
    assert len(wanted) - len(missed) >= 0.95 * len(wanted), missed
    # Two of them are footers with a telephone number, which are kept.
    assert len(present) <= 0.09 * len(unwanted), present
