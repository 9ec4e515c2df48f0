"""Messages of checks about rows that break a rule, for any database."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from index.errors import StoreDamaged
from index.records import Problem, Structure, content_key, indexed_text
from index.types import Block

MOST = 20
"""Most problems of one kind that are listed; the others are counted."""

_RESTORE = "Restore a backup."


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. ``query`` selects the place of each row that breaks it; ``repair`` statements make it good."""

    code: str
    query: str
    says: str
    repair: tuple[str, ...] = ()

    def problems(self, places: Iterable[str]) -> list[Problem]:
        """Return a problem for each place."""
        advice = "Repair it." if self.repair else _RESTORE
        return [Problem(self.code, place, f"{self.says}. {advice}", bool(self.repair)) for place in places]


def limit_per_kind(found: list[Problem]) -> Iterator[Problem]:
    """Yield the first problems of each kind, and one for the number of the others."""
    for code, same in groupby(sorted(found, key=lambda one: one.code), lambda one: one.code):
        all_ = list(same)
        yield from all_[:MOST]
        if len(all_) > MOST:
            yield Problem(
                code, f"{len(all_) - MOST} more", f"the same as {all_[0].place}.", all_[0].is_repairable
            )


def wrong_totals(stored: Sequence[int], counted: Sequence[int]) -> Iterator[Problem]:
    """Compare totals with what was counted: documents, passages, waiting passages and characters."""
    if stored != counted:
        yield Problem(
            "totals_wrong",
            "totals",
            f"documents, passages, waiting passages and characters are {stored}, counted {counted}."
            " Repair it.",
            is_repairable=True,
        )


def wrong_attributes(id_: str, stored: set[Any], expected: set[Any] | None) -> Iterator[Problem]:
    """Compare the attributes of a document with those of its metadata; None if that cannot be read."""
    if expected is None:
        yield Problem("metadata_damaged", f"document {id_!r}", f"its metadata is not JSON. {_RESTORE}")
    elif stored != expected:
        yield Problem(
            "attributes_wrong",
            f"document {id_!r}",
            "filters compare other values than its metadata has. Repair it.",
            is_repairable=True,
        )


def unused_attributes(document: int) -> Problem:
    """The problem of attributes of a document (key) that does not exist."""
    return Problem(
        "attributes_unused",
        f"document with key {document}",
        "attributes are left over. Repair it.",
        is_repairable=True,
    )


def damaged_text(place: str, error: StoreDamaged) -> Problem:
    """The problem of a text that does not match its hash."""
    return Problem("text_damaged", place, error.message)


def wrong_length(place: str, text: str, length: int) -> Iterator[Problem]:
    """Compare the length of a text with the one that is recorded."""
    if len(text) != length:
        message = f"its text has {len(text)} characters, and {length} are recorded. {_RESTORE}"
        yield Problem("text_length_wrong", place, message)


def wrong_version(
    place: str, text: str, read: Callable[[], Structure], passages: Iterable[Sequence[Any]]
) -> Iterator[Problem]:
    """Compare the structure of a version, and its passages, with its text.

    ``passages`` are rows: id, start, end, heading, quote key and embedding key.
    """
    if not _has_valid_structure(read, len(text)):
        yield Problem(
            "structure_damaged", place, f"its blocks or pages are not those of its text. {_RESTORE}"
        )
    for id_, start, end, heading, quote_key, embedding_key in passages:
        quote = text[max(0, start) : max(0, end)]
        if not 0 <= start < end <= len(text) or content_key(quote) != quote_key:
            message = f"passage {id_} is not what was indexed. {_RESTORE}"
            yield Problem("passage_damaged", place, message)
        elif content_key(indexed_text(heading, quote)) != embedding_key:
            message = f"passage {id_} has the vector of another text. {_RESTORE}"
            yield Problem("passage_heading_damaged", place, message)


def uncovered(
    place: str, text: str, blocks: Sequence[Block], spans: Iterable[tuple[int, int]]
) -> Iterator[Problem]:
    """Compare a version's text with the spans of its passages: each has words that no other one has.

    Headings may be in no passage, but above those of their section; one alone is a passage.
    """
    known = list(spans)
    lost = [
        (max(start, block.start), min(end, block.end))
        for start, end in _gaps(text, known)
        for block in blocks
        if (block.kind != "heading" or not known) and block.start < end and start < block.end
    ]
    missing = [(start, end) for start, end in lost if text[start:end].strip()]
    if missing:
        count = sum(len(text[start:end].strip()) for start, end in missing)
        message = (
            f"{count:,} characters of its text, from offset {missing[0][0]} on, are in no passage: at least "
            "one is lost, and questions do not find it. Delete the document and put it again, or restore a "
            "backup."
        )
        yield Problem("passage_missing", place, message)


def _gaps(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a text that no span covers, but for white space."""
    reached = 0
    for start, end in [*sorted(spans), (len(text), len(text))]:
        if start > reached and text[reached:start].strip():
            yield reached, start
        reached = max(reached, end)


def _has_valid_structure(read: Callable[[], Structure], length: int) -> bool:
    try:
        structure = read()
    except Exception:  # whatever zlib, JSON and numpy raise for damaged bytes
        return False
    ends = [0, *itertools.chain.from_iterable((one.start, one.end) for one in structure.blocks), length]
    pages = [0, *structure.pages, length]
    return ends == sorted(ends) and pages == sorted(pages)


def damaged_vector(key: bytes, passage: int | None) -> Problem:
    """The problem of a damaged vector or its sentences, by its key and a passage (id) that has it."""
    place = f"passage {passage}" if passage else f"vector {key.hex()}"
    message = "its vector or its sentences are damaged. Repair it: it is then embedded again."
    return Problem("vector_damaged", place, message, is_repairable=True)
