"""Questions that no document answers: asked about one thing, with another thing or year in its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation.proposals.candidates import Candidate, Draw
from evaluation.proposals.wording import wording_of
from index.records import VersionRecord

_YEAR = re.compile(r"(?:1[5-9]|20)\d\d\Z")
_TRIED = 20
"""Subjects that are tried in the place of another."""
_OF_ONE = 2
"""Questions with one subject, at most."""
_SAYING_LITTLE = frozenset(
    "name names note notes meaning description comment comments remark remarks type number id date what "
    "bedeutung beschreibung bemerkung bemerkungen nummer datum nom remarque remarques numéro description "
    "nombre descripción observaciones número fecha".split()
)
"""What may be asked about anything: documents answer it in other words."""
_YEARS_APART = (1, 2, 3, 5)


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that was read, with what its questions are made of."""

    version: VersionRecord
    kind: str
    language: str
    text: str
    sections: Sequence[str]
    """The text from each heading to the next, case-folded, each after the title."""
    candidates: Sequence[Candidate]

    @property
    def title(self) -> str:
        """The title, or the id of a document that has none."""
        return self.version.title or self.version.document_id


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A question that nothing answers, made from ``original`` by putting ``new`` in the place of ``old``."""

    question: str
    original: str
    old: str
    new: str
    document_id: str
    """The document of the original question."""
    subject: str
    """What the question asks about."""


def find_exchanged(read: Sequence[ReadDocument], draw: Draw) -> Iterator[Exchanged]:
    """Yield questions for cells and labels with an exchanged year or subject, in languages with templates.

    The new subject is one of which other things are said that are also said of the old one, as of another
    lamp in another table. No section that was read has the new pair of words, in whatever place: neither the
    subject with the new year, nor the new subject with what is asked about it.
    """
    asked = [
        (one, candidate)
        for one in read
        for candidate in one.candidates
        if wording_of(one.language).has_words
        and candidate.attribute
        and candidate.attribute.casefold() not in _SAYING_LITTLE
    ]
    seen: set[str] = set()
    used: Counter[str] = Counter()
    asked.sort(key=lambda pair: draw.hash("exchange", pair[0].version.document_id, pair[1].question))
    for document, candidate in asked:
        found = _other_year(document, candidate, read) or _other_subject(
            document, candidate, asked, read, draw
        )
        if found and found.question.casefold() not in seen and used[found.subject] < _OF_ONE:
            seen.add(found.question.casefold())
            used[found.subject] += 1
            yield found


def _other_year(
    document: ReadDocument, candidate: Candidate, read: Sequence[ReadDocument]
) -> Exchanged | None:
    if candidate.form != "table" or not _YEAR.match(candidate.attribute):
        return None
    year = int(candidate.attribute)
    for other in (str(year + by) for apart in _YEARS_APART for by in (-apart, apart)):
        if not _has_both(read, candidate.subject, other):
            question = wording_of(document.language).ask_cell(candidate.subject, other)
            document_id = document.version.document_id
            return Exchanged(
                question, candidate.question, candidate.attribute, other, document_id, candidate.subject
            )
    return None


def _other_subject(
    document: ReadDocument,
    candidate: Candidate,
    asked: Sequence[tuple[ReadDocument, Candidate]],
    read: Sequence[ReadDocument],
    draw: Draw,
) -> Exchanged | None:
    """Exchange the subject for one of which the same sort of things is said, but not this."""
    subjects = {
        other.subject
        for one, other in asked
        if other.form == candidate.form
        and one.language == document.language
        and candidate.attribute.casefold() not in other.attributes
        and (candidate.attributes & other.attributes) - _SAYING_LITTLE
    }
    for subject in draw.shuffled(subjects, candidate.question)[:_TRIED]:
        if not _has_both(read, subject, candidate.attribute):
            wording = wording_of(document.language)
            if candidate.form == "table":
                question = wording.ask_cell(subject, candidate.attribute)
            else:
                is_about = candidate.question == wording.ask_about(candidate.attribute, candidate.subject)
                ask = wording.ask_about if is_about else wording.ask_label
                question = ask(candidate.attribute, subject)
            document_id = document.version.document_id
            return Exchanged(question, candidate.question, candidate.subject, subject, document_id, subject)
    return None


def _has_both(read: Sequence[ReadDocument], one: str, other: str) -> bool:
    """Whether a section has both, in whatever place: it may answer in words that no template knows."""
    first, second = one.casefold(), other.casefold()
    return any(first in section and second in section for document in read for section in document.sections)
