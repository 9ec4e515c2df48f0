"""Ask both sides of a migration the same questions."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from index.answers import Answer
from index.collection import Collection
from index.config import LibraryConfig
from index.copying import Difference
from index.embedding import Models
from index.protocols import Catalogue
from index.text import sentence_spans
from service.flows.upkeep.migration.collections import CollectionMove
from service.flows.upkeep.migration.report import Progress

TOLERANCE = 1e-5
_PASSAGES = 5
_LEAST, _LONGEST = 20, 400
"""Characters of a sentence that is asked."""
_UNLIMITED = 2**62


def ask_both(
    move: CollectionMove, count: int, change: int, models: Models, config: LibraryConfig, progress: Progress
) -> tuple[int, list[Difference]]:
    """Ask sentences of the documents of both; returns how many were asked, and whose answers differ.

    Both are searched in exact indexes that are made for it from the records, so that answers depend on these
    alone, and as they were after a change. Raises :class:`index.errors.ModelError`.
    """
    exact = replace(
        config,
        vectors=replace(config.vectors, kind="flat"),
        engine=replace(config.engine, kind="embedded"),
        search=replace(config.search, as_of_passages=_UNLIMITED),
    )
    with (
        TemporaryDirectory(prefix="loccit-migrate-") as folder,
        closing(
            Collection(_with_folder(move.source, Path(folder, "a")), move.name, embedder=models, config=exact)
        ) as own,
        closing(
            Collection(
                _with_folder(move.target, Path(folder, "b")), move.name_there, embedder=models, config=exact
            )
        ) as other,
    ):
        questions = _sample_questions(other, count)
        found = []
        for done, question in enumerate(questions, 1):
            answers = [one.ask(question, k=_PASSAGES, as_of=change) for one in (own, other)]
            if not _is_same_answer(*answers):
                found.append(Difference("the answers differ", f"question {question!r}"))
            progress(f"asking {move.name}", done, len(questions))
        return len(questions), found


def _sample_questions(collection: Collection, count: int) -> list[str]:
    """One sentence of each of some passages, the same at each call."""
    found: dict[str, None] = {}
    for text in collection.sample_texts(2 * count):
        spans = sentence_spans(text, 0, len(text))
        fitting = [text[start:end] for start, end in spans if _LEAST <= end - start <= _LONGEST]
        if fitting:
            found[max(fitting, key=len)] = None
    return list(found)[:count]


def _is_same_answer(own: Answer, other: Answer) -> bool:
    if abs(own.answerability - other.answerability) > TOLERANCE or len(own.hits) != len(other.hits):
        return False
    return all(
        one.citation.locator == two.citation.locator and abs(one.score - two.score) <= TOLERANCE
        for one, two in zip(own.hits, other.hits, strict=True)
    )


class _Beside:
    """A catalogue whose derived files are in another folder."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self._catalogue = catalogue
        self._folder = folder
        folder.mkdir()

    def folder(self, name: str) -> Path:
        return self._folder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)


def _with_folder(catalogue: Catalogue, folder: Path) -> Catalogue:
    return cast(Catalogue, _Beside(catalogue, folder))
