"""Whatever a collection went through, it agrees with a model in plain Python and with a fresh build.

An answer depends on the record alone: all of it must be equal to that of a fresh build, and to that of
indexes made anew.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from index.answers import Answer
from index.citations.citing import parse_locator
from index.citations.standing import Standing
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.engine.inspection import remove as remove_indexes
from index.errors import CitationNotFound
from index.filters import Filter
from index.ingest.preparation import Source
from tests.model import DIGITS, Handed, Model
from tests.opening import collection_in

ALL = 100
"""More passages than these collections have."""
_NO_WORD = "xyzzy"
"""In none of the documents: passages are ranked by meaning alone."""

Question = tuple[str, Filter | None]
Place = tuple[str, str, int]
"""A character: document id, first digits of the hash of its text, offset."""


def check_documents(collection: Collection, model: Model) -> None:
    """Compare all documents, their versions and texts, and the counts."""
    archive = collection.archive
    records = archive.documents(limit=10_000)
    assert [record.id for record in records] == sorted(model.live)
    everything = archive.documents(limit=10_000, retired=True)
    assert [record.id for record in everything] == sorted(model.documents)
    for record in records:
        kept = model.documents[record.id]
        assert archive.text(record.id)[1] == kept.text
        assert (record.title, record.source) == (kept.put.title, kept.put.id)
        # The reader may have added the language.
        known = record.provenance.metadata
        assert {key: value for key, value in known.items() if key != "language"} == kept.metadata
    for id_, kept in model.documents.items():
        versions = archive.versions(id_)[::-1]
        assert [(one.number, archive.text(id_, one.number)[1]) for one in versions] == kept.versions
    counts = archive.counts()
    assert counts.documents == len(records)
    assert counts.characters == sum(len(one.text) for one in model.live.values())
    assert counts.passages == sum(record.passages for record in records)
    assert counts.embedded == sum(record.embedded for record in records)


def check_citation(collection: Collection, model: Model, citation: Handed) -> None:
    """Resolve a citation that was handed out: it gives its quote and its place today, unless erased."""
    locator = parse_locator(citation.locator)
    resolving = model.resolved(citation)
    with collection.archive.resolution() as resolution:
        if not resolving:
            with pytest.raises(CitationNotFound):
                resolution.cite(locator)
            return
        resolved = resolution.resolve(locator, around=0)
    assert resolved.citation.quote == citation.quote
    (document,) = [one for one in resolving if one.id == resolved.citation.document_id]
    if document.retired:
        assert resolved.today.standing.status == "gone"
        assert resolved.today.standing.since is not None
    else:
        _check_standing(resolved.today.standing, citation, document.text)


def _check_standing(standing: Standing, citation: Handed, newest: str) -> None:
    assert newest[standing.start : standing.end] == standing.quote
    at = newest.find(citation.quote)
    if at >= 0:
        assert (standing.status, standing.start) == ("current" if at == citation.start else "moved", at)
    elif any(one in newest for one in citation.quote.split("\n\n")):
        assert standing.status in ("changed", "gone")
    else:
        assert standing.status == "gone"


def build(
    folder: Path, sources: Sequence[Source], config: LibraryConfig, model: WordEmbedder | None = None
) -> Collection:
    """A new collection of these documents, put in this order and embedded."""
    collection = collection_in(folder, embedder=model or WordEmbedder(), config=config)
    for source, outcome in zip(sources, collection.put_many(sources), strict=True):
        assert not isinstance(outcome, Exception), (source.id, outcome)
    collection.embed_pending()
    return collection


def check_answers(
    collection: Collection,
    sources: Sequence[Source],
    questions: Sequence[Question],
    folder: Path,
    *,
    anew: Collection | None = None,
) -> None:
    """Compare a collection that is embedded with a fresh build, as it stands and with its indexes made anew.

    ``sources`` are its documents in the order of their passages; ``folder`` is for the builds. ``anew`` is
    the collection with indexes made anew, and is closed; by default one in a copy of its folder.
    """
    assert collection.state.embedded == 1.0
    config = collection.config
    model = WordEmbedder(collection.description.dimension)
    if anew is None:
        shutil.copytree(collection.folder, folder / "anew")
        remove_indexes(folder / "anew")
        anew = collection_in(folder / "anew", embedder=model, config=config)
    with closing(build(folder / "fresh", sources, config, model)) as fresh, closing(anew):
        for question in questions:
            expected = _ask(fresh, question)
            assert ranked(_ask(collection, question)) == ranked(expected)
            assert ranked(_ask(anew, question)) == ranked(expected)
            by_meaning = [ranked(_ask_by_meaning(one, question, model)) for one in (collection, fresh)]
            assert by_meaning[0] == by_meaning[1]
    shutil.rmtree(folder / "anew", ignore_errors=True)
    shutil.rmtree(folder / "fresh")


def _ask(collection: Collection, question: Question) -> Answer:
    words, where = question
    return collection.ask(words, k=ALL, where=where, near_duplicates="keep")


def _ask_by_meaning(collection: Collection, question: Question, model: WordEmbedder) -> Answer:
    words, where = question
    vectors = model.embed_queries([words])
    return collection.ask(_NO_WORD, k=ALL, where=where, vectors=vectors, near_duplicates="keep")


def found(answer: Answer) -> set[Place]:
    """Every letter that an answer found.

    Which neighbours are merged depends on their order, and with it whether the blanks between them count.
    """
    return {
        (locator.document_id, locator.text_sha256, locator.start + offset)
        for hit in answer.hits
        for locator in map(parse_locator, (hit.citation.locator, *hit.also_at))
        for offset in _letters(hit.text)
    }


def letters(document_id: str, text: str) -> set[Place]:
    """Every letter of a document."""
    digits = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    return {(document_id, digits, offset) for offset in _letters(text)}


def _letters(text: str) -> Iterator[int]:
    return (offset for offset, letter in enumerate(text) if not letter.isspace())


def ranked(answer: Answer) -> object:
    """All of an answer but times and the numbers of versions, which a fresh build does not have."""
    hits = [replace(hit, citation=replace(hit.citation, version=0)) for hit in answer.hits]
    return answer.question, answer.answerability, answer.features, hits
