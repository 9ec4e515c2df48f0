"""A collection in plain Python: what must be true of a real one after the same calls."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from index.ingest.preparation import Source

TOPICS = ("lantern", "harbour", "granite")
_SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ly", "mar", "nes", "pim", "rok", "sel", "tov")
_OFFSETS = (0, 331, 697, 1049, 1327, 1601)
"""All their differences differ, also modulo the number of words: no two sentences share two words."""

DIGITS = 12
"""Hex digits of a text's hash in a locator."""


def sentence(number: int) -> str:
    """Long enough to be recognised anywhere; it shares a topic with every third other, and one more word."""
    words = [_word(number + offset) for offset in _OFFSETS]
    words.insert(3, TOPICS[number % len(TOPICS)])
    return " ".join(words).capitalize() + "."


def _word(number: int) -> str:
    count = len(_SYLLABLES)
    return "".join(_SYLLABLES[(number * 7 // count**place) % count] for place in range(3))


@dataclass(frozen=True, slots=True)
class Written:
    """What a caller puts: plain text that a reader leaves as it is."""

    id: str
    text: str
    title: str = ""
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> Source:
        return Source(self.id, self.text.encode(), title=self.title, metadata=dict(self.metadata))


@dataclass(slots=True)
class Kept:
    """A document: its versions (number, text), the newest last, and what was last put."""

    id: str
    put: Written
    metadata: dict[str, str]
    versions: list[tuple[int, str]]
    stored: int
    """When its passages were stored: their ids are in this order."""
    aliases: set[str] = field(default_factory=set)
    retired: bool = False

    @property
    def text(self) -> str:
        return self.versions[-1][1]

    @property
    def source(self) -> Source:
        """What a fresh build is given; the source shown is the id that it was put under."""
        return Source(
            self.id, self.text.encode(), title=self.put.title, source=self.put.id, metadata=self.metadata
        )


@dataclass(frozen=True, slots=True)
class Handed:
    """A citation that was handed out: a locator and the words that it named."""

    locator: str
    document_id: str
    text: str
    start: int
    end: int

    @property
    def quote(self) -> str:
        return self.text[self.start : self.end]


def handed(document_id: str, text: str, start: int, end: int) -> Handed:
    """The citation of a span of a text."""
    digits = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    return Handed(f"{document_id}@{digits}:{start}-{end}", document_id, text, start, end)


class Model:
    """The documents of a collection, and the rules of putting, renaming, retiring, pruning and erasing."""

    def __init__(self) -> None:
        self.documents: dict[str, Kept] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        """By id: the texts that it ever named, each with its highest version number."""
        self._clock = 0

    @property
    def live(self) -> dict[str, Kept]:
        """Those that are not retired."""
        return {id_: one for id_, one in self.documents.items() if not one.retired}

    def put(self, written: Written) -> str:
        """Returns the status."""
        self._clock += 1
        known = self.documents.get(written.id)
        if known and known.put == written and not known.retired:
            return "unchanged"
        if known is None:
            known = Kept(written.id, written, {}, [], 0)
            self.documents[written.id] = known
        is_new = not known.versions or known.retired
        if is_new or known.text != written.text:
            numbers = (number for number, _ in known.versions)
            number = 1 + max((*numbers, *self._numbers.get(written.id, {}).values()), default=0)
            known.versions.append((number, written.text))
        self._name(written.id, *known.versions[-1])
        known.put, known.metadata, known.stored = written, dict(written.metadata), self._clock
        known.retired = False
        return "added" if is_new else "replaced"

    def rename(self, id_: str, to: str) -> None:
        document = self.documents.pop(id_)
        self.documents[to] = document
        for number, text in document.versions:
            self._name(to, number, text)
        document.aliases = (document.aliases | {id_}) - {to}
        document.id = to

    def describe(self, id_: str, changed: Mapping[str, str | None]) -> None:
        document = self.documents[id_]
        together = {**document.metadata, **changed}
        document.metadata = {key: value for key, value in together.items() if value is not None}

    def retire(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.documents[id_].retired = True

    def delete(self, id_: str) -> None:
        del self.documents[id_]

    def prune(self, keep: int) -> int:
        """Returns how many versions were erased."""
        before = sum(len(one.versions) for one in self.documents.values())
        for one in self.documents.values():
            one.versions = one.versions[-keep:]
        return before - sum(len(one.versions) for one in self.documents.values())

    def in_order(self) -> list[Kept]:
        """The documents in the order of their passages."""
        return sorted(self.live.values(), key=lambda one: one.stored)

    def resolved(self, citation: Handed) -> Sequence[Kept]:
        """The documents that a locator may resolve in: none where all of them were erased."""
        id_, text = citation.document_id, citation.text
        named = [one for one in self.documents.values() if one.id == id_]
        renamed = [one for one in self.documents.values() if id_ in one.aliases]
        return list(_with(named, text)) or list(_with(renamed, text))

    def _name(self, id_: str, number: int, text: str) -> None:
        named = self._numbers.setdefault(id_, {})
        named[text] = max(number, named.get(text, 0))


def _with(documents: Sequence[Kept], text: str) -> Iterator[Kept]:
    return (one for one in documents if any(kept == text for _, kept in one.versions))
