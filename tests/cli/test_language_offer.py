"""The first ingest of a folder that is mostly not in English names the model for many languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import loccit

pytestmark = [pytest.mark.model, pytest.mark.processes]
UNCONVERTED = {"LOCCIT_MODEL": "all-MiniLM-L6-v2", "LOCCIT_BACKEND": "torch", "LOCCIT_PRECISION": "fp32"}
"""The model as it is brought: to convert it takes longer than all else here."""
GERMAN = "Der Vertrag wurde im Hafen von beiden Städten unterzeichnet, und er ist über den Fisch. "
ENGLISH = "The treaty was signed in the harbour by both of the towns, and it is about the fish. "


def written(tmp_path: Path, name: str, *texts: str) -> str:
    folder = tmp_path / name
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{name}-{number}.txt").write_text(f"{text}{number}")
    return str(folder)


def test_the_model_is_named_once_for_a_folder(tmp_path: Path) -> None:
    def told(name: str, *texts: str, more: tuple[str, ...] = ()) -> str:
        place = written(tmp_path, name, *texts)
        return loccit(tmp_path, "ingest", place, "--collection", name, *more, **UNCONVERTED).stdout

    first = told("first", GERMAN, GERMAN, ENGLISH)
    assert "2 of 3 documents" in first
    assert "loccit upgrade --collection first --model multilingual-e5-small" in first
    more = written(tmp_path, "more", GERMAN, GERMAN)
    again = loccit(tmp_path, "ingest", more, "--collection", "first", **UNCONVERTED).stdout
    others = (
        told("one", GERMAN),
        told("mixed", GERMAN, GERMAN, ENGLISH, ENGLISH),
        told("chosen", GERMAN, GERMAN, more=("--model", "words")),
    )
    assert not any("multilingual" in one for one in (again, *others))
