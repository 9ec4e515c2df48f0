"""Propose questions about a collection, spread over kinds of documents, documents and forms of question."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice, pairwise, zip_longest
from typing import Any, TypeVar

from evaluation.kinds import kind_of
from evaluation.proposals.candidates import FORMS, Candidate, Draw, find_candidates
from evaluation.proposals.unanswerable import Exchanged, ReadDocument, find_exchanged
from evaluation.questions import InvalidQuestions
from index.citations import locator_of
from index.collection import Collection
from index.errors import NotFound
from index.readers import detect_language
from index.records import DocumentRecord, Structure, VersionRecord

T = TypeVar("T")

DEFAULT_COUNT, MAX_COUNT = 50, 500
_UNANSWERABLE = 5
"""One question of so many has no answer."""
_DOCUMENTS = 4
"""Documents that are read for each question, at most."""
_CHARACTERS = 50_000_000
"""Code points after which no further document is read."""
_CANDIDATES, _FEWEST = 6, 24
"""Candidates for each question, over all documents, and the most of one document if that is more."""
_UNMISTAKABLE = 25
"""Code points of a quote below which it may stand by chance in other documents, so that its own is named."""
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposed questions as objects for a file of JSON lines, and how many documents were read for them."""

    rows: Sequence[dict[str, Any]]
    read: int
    documents: int

    @property
    def unanswerable(self) -> int:
        """How many of the questions have no answer."""
        return sum(row.get("answerable") is False for row in self.rows)

    def by_kind(self) -> dict[str, int]:
        """How many questions are answered by each kind of document."""
        return dict(Counter(row["kind"] for row in self.rows if "kind" in row))


def propose(collection: Collection, *, count: int = DEFAULT_COUNT, seed: int = 0) -> Proposals:
    """Propose at most ``count`` questions, a fifth of them unanswerable where these can be made.

    The same documents and seed give the same questions. Raises :class:`InvalidQuestions` if the documents
    have nothing to ask about.
    """
    draw = Draw(seed)
    records = _all_documents(collection)
    if not records:
        raise InvalidQuestions("The collection has no documents. Ingest those that you want to ask about.")
    read = _read(collection, records, count, draw)
    exchanged = list(islice(find_exchanged(read, draw), count // _UNANSWERABLE))
    asked = _spread(_distinct(read), count - len(exchanged))
    if not asked:
        raise InvalidQuestions(
            f"{len(read)} documents were read, and none has headings, definitions, labels, tables or "
            "sentences with numbers to ask about. Ingest documents of prose or tables, or write questions."
        )
    rows = [*(_row(*one) for one in asked), *map(_unanswerable_row, exchanged)]
    return Proposals(rows, len(read), len(records))


def _all_documents(collection: Collection) -> list[DocumentRecord]:
    found: list[DocumentRecord] = []
    while page := collection.archive.documents(after=found[-1].id if found else "", limit=_PAGE):
        found += page
    return found


def _read(
    collection: Collection, records: Sequence[DocumentRecord], count: int, draw: Draw
) -> list[ReadDocument]:
    """Read documents of each kind in turn, and find questions in them."""
    by_kind: dict[str, list[str]] = {}
    for record in records:
        by_kind.setdefault(kind_of(record.media_type), []).append(record.id)
    queues = [draw.shuffled(by_kind[kind], "document") for kind in sorted(by_kind)]
    found: list[tuple[VersionRecord, str, Structure]] = []
    for document_id in islice(_in_turn(queues), _DOCUMENTS * count):
        with suppress(NotFound):  # retired a moment ago
            found.append(collection.archive.structured_text(document_id))
        if sum(version.length for version, _, _ in found) > _CHARACTERS:
            break
    languages = [detect_language(text) for _, text, _ in found]
    # A table alone has too few words to recognise its language.
    common = next((name for name, _ in Counter(filter(None, languages)).most_common(1)), "")
    most = max(_FEWEST, -(-_CANDIDATES * count // max(1, len(found))))
    return [
        ReadDocument(
            version=version,
            kind=kind_of(version.media_type),
            language=language or common,
            text=text,
            sections=_sections(version.title or version.document_id, text, structure),
            candidates=_candidates(version, text, structure, language or common, draw)[:most],
        )
        for (version, text, structure), language in zip(found, languages, strict=True)
    ]


def _candidates(
    version: VersionRecord, text: str, structure: Structure, language: str, draw: Draw
) -> list[Candidate]:
    """Candidates of a document whose quote stands once in it."""
    title = version.title or version.document_id
    found = find_candidates(text, structure.blocks, title=title, language=language, draw=draw)
    return [one for one in found if text.count(text[one.start : one.end]) == 1]


def _sections(title: str, text: str, structure: Structure) -> list[str]:
    starts = [block.start for block in structure.blocks if block.kind == "heading"]
    bounds = pairwise([0, *starts, len(text)])
    return [f"{title}\n{text[start:end]}".casefold() for start, end in bounds if start < end]


def _in_turn(queues: Sequence[Sequence[T]]) -> Iterator[T]:
    """The first of each queue, then the second of each, and so on."""
    for row in zip_longest(*queues, fillvalue=None):
        yield from (one for one in row if one is not None)


def _distinct(read: Sequence[ReadDocument]) -> list[tuple[ReadDocument, Candidate]]:
    """All candidates, with the title in questions asked of several places; those still equal are left out."""
    asked = [(document, candidate) for document in read for candidate in document.candidates]
    count = Counter(candidate.question.casefold() for _, candidate in asked)
    named = [
        (document, candidate)
        if count[candidate.question.casefold()] == 1
        else (document, replace(candidate, question=f"{candidate.question} ({document.title})"))
        for document, candidate in asked
    ]
    count = Counter(candidate.question.casefold() for _, candidate in named)
    return [
        (document, candidate) for document, candidate in named if count[candidate.question.casefold()] == 1
    ]


def _spread(
    asked: Sequence[tuple[ReadDocument, Candidate]], count: int
) -> list[tuple[ReadDocument, Candidate]]:
    """Choose ``count``: from each kind in turn, its documents in turn, of the form chosen least so far."""
    kinds: dict[str, dict[str, deque[tuple[ReadDocument, Candidate]]]] = {}
    for document, candidate in asked:
        documents = kinds.setdefault(document.kind, {})
        documents.setdefault(document.version.document_id, deque()).append((document, candidate))
    turns = {kind: deque(documents.values()) for kind, documents in sorted(kinds.items())}
    chosen: list[tuple[ReadDocument, Candidate]] = []
    used: Counter[str] = Counter()
    while turns and len(chosen) < count:
        for kind in list(turns)[: count - len(chosen)]:
            remaining = turns[kind].popleft()
            best = min(remaining, key=lambda one: (used[one[1].form], FORMS.index(one[1].form)))
            remaining.remove(best)
            used[best[1].form] += 1
            chosen.append(best)
            if remaining:
                turns[kind].append(remaining)
            elif not turns[kind]:
                del turns[kind]
    return chosen


def _row(document: ReadDocument, candidate: Candidate) -> dict[str, Any]:
    start, end = candidate.start, candidate.end
    locator = locator_of(document.version, start, end)
    return {
        "id": _id(locator, candidate.form),
        "question": candidate.question,
        "quote": document.text[start:end],
        **({"document": document.version.document_id} if end - start < _UNMISTAKABLE else {}),
        **({"answer": candidate.answer} if candidate.answer else {}),
        "draft": True,
        "form": candidate.form,
        "kind": document.kind,
        "locator": locator,
    }


def _unanswerable_row(one: Exchanged) -> dict[str, Any]:
    return {
        "id": _id(one.document_id, one.question),
        "question": one.question,
        "answerable": False,
        "draft": True,
        "form": "exchange",
        "made_from": f"{one.original} ({one.document_id}): {one.old} -> {one.new}",
    }


def _id(*parts: str) -> str:
    """An id that stays with a question when lines before it are deleted."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=5).hexdigest()
