"""Tell which sections a question names: by a date, version or number, or by the words of their headings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.patterns import lazy_pattern
from index.records import PlacedPassage, VersionRecord
from index.search.headings.lines import HeadingLine, heading_lines
from index.search.question.designations import (
    Designation,
    Standing,
    best_standing,
    designations_in,
    designations_of_heading,
    designations_of_question,
)
from index.types import Passage

_MOST_TEXT = 150_000
"""Code points of texts that are looked through for lines that head sections, for one question; of the others
only the title and the headings of passages are known."""
_TITLE_DECIDES = frozenset(("date",))
"""Kinds that the title says of the whole document: minutes are of one day, whatever other days they name."""
_SEVERAL = 2
"""Lines with a date from which they divide a text; one alone may say when it was written."""
_PARAGRAPH_END = lazy_pattern(r"\n[^\S\n]*\n")


@dataclass(frozen=True, slots=True)
class _Document:
    """What heads the sections of a text: its title and name, and lines by the kind of what they name."""

    title: Sequence[Designation]
    lines: Mapping[str, Sequence[HeadingLine]]
    text: str


class NamedSections:
    """The sections that a question names by dates, versions or numbers.

    ``text_of`` gives the whole texts of versions, by their hashes.
    """

    def __init__(
        self,
        question: str,
        asked: Sequence[Designation],
        text_of: Callable[[Iterable[bytes]], Mapping[bytes, str]],
    ) -> None:
        self._question = question
        self._asked: dict[str, list[Designation]] = defaultdict(list)
        for one in asked:
            self._asked[one.kind].append(one)
        self._text_of = text_of
        self._left = _MOST_TEXT
        self._documents: dict[tuple[str, bytes], _Document] = {}

    @staticmethod
    def of(question: str, text_of: Callable[[Iterable[bytes]], Mapping[bytes, str]]) -> NamedSections | None:
        """Those of a question; None if it names none, as most questions."""
        asked = designations_of_question(question)
        return NamedSections(question, asked, text_of) if asked else None

    def of_passages(self, passages: Sequence[PlacedPassage]) -> list[Standing]:
        """Tell for each passage whether it has a part of a section that is named, by its headings."""
        self._read([one.version for one in passages])
        return [self._of_passage(one.version, one.passage) for one in passages]

    def _of_passage(self, version: VersionRecord, passage: Passage) -> Standing:
        document, start, end = self._document(version), passage.start, passage.end
        if not document.text:
            return self._of_headings(document, passage.section)
        points = {start}
        for lines in document.lines.values():
            points.update(one.end for one in lines if start <= one.start and one.end < end)
        found = {self._at(document, point) for point in points}
        if "named" in found:
            return "named"
        return "other" if found == {"other"} and not self._says(document.text[start:end]) else "open"

    def _of_headings(self, document: _Document, section: Sequence[str]) -> Standing:
        """What the headings of a passage say, the innermost first, where its text was not read."""
        for heading in (*reversed(section), ""):
            named = designations_of_heading(heading) if heading else document.title
            found = {best_standing(asked, named) for asked in self._asked.values()} - {"open"}
            if found:
                return "named" if found == {"named"} else "open"
        return "open"

    def of_sentence(self, version: VersionRecord, start: int, end: int) -> Standing:
        """What the headings say of a sentence; of one whose paragraph names the section itself nothing."""
        document = self._document(version)
        found = self._at(document, start)
        if found != "other":
            return found
        breaks = [
            match.end() for match in _PARAGRAPH_END.finditer(document.text, max(0, start - 1000), start)
        ]
        first = breaks[-1] if breaks else max(0, start - 1000)
        after = _PARAGRAPH_END.search(document.text, end)
        last = min(after.start() if after else len(document.text), end + 1000)
        return "open" if self._says(document.text[first:last]) else "other"

    def text(self, version: VersionRecord) -> str:
        """The whole text of a version; empty where it was too long to be read."""
        return self._document(version).text

    def said_above(self, document_id: str, text_sha256: bytes, start: int) -> list[str]:
        """What of the question the headings above an offset say, in its own words."""
        document = self._documents.get((document_id, text_sha256))
        if document is None:
            return []
        return [
            self._question[one.start : one.end]
            for kind, asked in self._asked.items()
            if self._of_kind(document, kind, start) == "named"
            for one in asked
        ]

    def _says(self, text: str) -> bool:
        said = designations_in(text)
        return any(best_standing(asked, said) == "named" for asked in self._asked.values())

    def _at(self, document: _Document, at: int) -> Standing:
        """What the headings say of an offset, of all kinds together."""
        found = {self._of_kind(document, kind, at) for kind in self._asked}
        return "other" if "other" in found else "named" if "named" in found else "open"

    def _of_kind(self, document: _Document, kind: str, at: int) -> Standing:
        asked = self._asked[kind]
        of_title = best_standing(asked, document.title)
        if of_title == "named" and kind in _TITLE_DECIDES:
            return of_title
        lines = document.lines.get(kind, ())
        line = _last(lines, at)
        nearest = "open" if line is None else best_standing(asked, line.designations)
        if nearest == "other" and kind in _TITLE_DECIDES and len(lines) < _SEVERAL:
            nearest = "open"
        return of_title if nearest == "open" else nearest

    def _read(self, versions: Iterable[VersionRecord]) -> None:
        """Read the texts of versions, in this order, as far as they are not too long together."""
        new = {(one.document_id, one.text_sha256): one for one in versions}
        new = {key: one for key, one in new.items() if key not in self._documents}
        wanted = []
        for one in new.values():
            if one.length <= self._left:
                self._left -= one.length
                wanted.append(one.text_sha256)
        texts = self._text_of(wanted) if wanted else {}
        for key, one in new.items():
            self._documents[key] = self._make(one, texts.get(one.text_sha256, ""))

    def _document(self, version: VersionRecord) -> _Document:
        key = version.document_id, version.text_sha256
        if key not in self._documents:
            self._read([version])
        return self._documents[key]

    def _make(self, version: VersionRecord, text: str) -> _Document:
        title = [*designations_in(version.title), *designations_in(version.document_id)]
        by_kind: dict[str, list[HeadingLine]] = defaultdict(list)
        for line in heading_lines(text):
            for kind in {one.kind for one in line.designations}:
                by_kind[kind].append(line)
        for kind in self._asked:
            # Numbers without a noun are headings only where none has the noun.
            if kind not in by_kind and "number" in by_kind and kind not in ("date", "version"):
                by_kind[kind] = by_kind["number"]
        return _Document(title, by_kind, text)


def _last(lines: Sequence[HeadingLine], at: int) -> HeadingLine | None:
    """The last of the lines that is above an offset."""
    found = None
    for line in lines:
        if line.start > at:
            break
        found = line
    return found
