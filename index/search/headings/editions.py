"""Tell the document of a year from its twins of other years: "Fees 2024" and "Fees 2025".

Often only the title, the name or the first lines say of what year a document is, and not its rows and
sentences.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import regex

from index.patterns import lazy_pattern
from index.records import StoredPassage, VersionRecord
from index.text.languages import FUNCTION_WORDS

OTHER = -8.0
"""Added to the logit of the score of a passage of another year, where its twin is of the year asked for."""
_YEAR = lazy_pattern(r"(?<![\p{L}\d.,£$€])(?:19|20)\d\d(?![\p{L}\d%]|[.,]\d)")
_ASKED = lazy_pattern(
    r"\b(?:in|of|for|im|von|für|en|de|pour|del|nel|di)\s+(?:the\s+)?(?:year\s+|jahr\s+|année\s+|año\s+)?"
    rf"(?P<year>{_YEAR.pattern})|\bthe\s+(?P<year>{_YEAR.pattern})\s+\p{{L}}",
    regex.IGNORECASE,
)
_COMPARED = lazy_pattern(
    r"(?:\b(?:(?:same|as\s+\p{L}+)\s+as|unlike|like|wie|comme|como|che|(?<!\bce\s)que)|(?<!\bce\s)\bqu['’]|"
    r"\b(?:than|als|compared\s+(?:to|with))(?:\s+(?:those|that|die|das|(?:the|jene)\s+\p{L}+))?)\s*\Z",
    regex.IGNORECASE,
)
"""What stands before a year that something is only compared with: "lower than in 2023"."""
_COUNT = lazy_pattern(
    r"(?:of|for|de|pour|von|für)\s+\d{4}\s+(?P<thing>\p{L}+s|\p{L}{1,2}|people|children|(?:wo)?men)\b"
    r"|(?:von|für)\s+\d{4}\s+(?P<thing>\p{Lu}\p{Ll}+)|di\s+\d{4}\s+(?P<thing>\p{L}+)"
)
"""A number of things, and no year: "of 2000 seats"."""
_NOT_WORDS = lazy_pattern(r"[^\p{L}]+")
_BEGINNING = 300
"""Code points at the beginning of a text that say of what year the document is."""
_LONGEST = 150_000
"""Code points of the longest text whose beginning is read."""
_LEAST_NAME = 3
"""Letters of a name that tells of what a document is."""

Key = tuple[str, bytes]


class AskedEdition:
    """The year that a question names, and what documents are of it."""

    def __init__(self, year: str) -> None:
        self.year = year
        self._of_year: dict[Key, bool] = {}

    @staticmethod
    def of(question: str) -> AskedEdition | None:
        """The year of a question; None without one, with several, or if it only compares with that year."""
        years = _YEAR.findall(question)
        match = _ASKED.search(question) if len(years) == 1 else None
        if match is None or _COMPARED.search(question, 0, match.start()) is not None:
            return None
        count = _COUNT.match(question, match.start())
        is_year = count is None or count["thing"].casefold() in FUNCTION_WORDS
        return AskedEdition(match["year"]) if is_year else None

    def said_by(self, document_id: str, text_sha256: bytes) -> list[str]:
        """The year, if the document is of it and a twin is of another one."""
        return [self.year] if self._of_year.get((document_id, text_sha256)) else []

    def logits(
        self, passages: Sequence[StoredPassage], text_of: Callable[[Iterable[bytes]], Mapping[bytes, str]]
    ) -> Mapping[int, float]:
        """Lower the passages of twins of other years that do not name the year; 0 for the others.

        ``text_of`` gives the whole texts of versions, by their hashes.
        """
        self._read([one.version for one in passages], text_of)
        return {one.id: OTHER for one in passages if self.is_other(one.version, one.text)}

    def is_other(self, version: VersionRecord, text: str) -> bool:
        """Whether a text is of a document of another year, and does not name the year."""
        return self._of_year.get(_key(version)) is False and self.year not in text

    def _read(
        self, versions: Iterable[VersionRecord], text_of: Callable[[Iterable[bytes]], Mapping[bytes, str]]
    ) -> None:
        """Find the documents that have the title or the name of another one, but for the years."""
        by_name: dict[str, dict[Key, VersionRecord]] = defaultdict(dict)
        for one in versions:
            stem = one.document_id.rsplit(".", 1)[0]
            for name in {f"title {_plain(one.title)}", f"name {_plain(stem)}"}:
                if len(name.partition(" ")[2]) >= _LEAST_NAME:
                    by_name[name][_key(one)] = one
        twins = {key: one for some in by_name.values() if len(some) > 1 for key, one in some.items()}
        unknown = [
            one.text_sha256
            for one in twins.values()
            if one.length <= _LONGEST and len(_years_of_name(one)) != 1
        ]
        texts = text_of(unknown) if unknown else {}
        years = {key: _year(one, texts.get(one.text_sha256, "")) for key, one in twins.items()}
        for some in by_name.values():
            known = {key: year for key in some if (year := years.get(key))}
            if self.year in known.values() and len(set(known.values())) > 1:
                self._of_year |= {key: year == self.year for key, year in known.items()}


def _key(version: VersionRecord) -> Key:
    return version.document_id, version.text_sha256


def _plain(name: str) -> str:
    return _NOT_WORDS.sub(" ", name).casefold().strip()


def _years_of_name(version: VersionRecord) -> set[str]:
    return set(_YEAR.findall(f"{version.title}\n{version.document_id.replace('_', ' ')}"))


def _year(version: VersionRecord, text: str) -> str:
    """The year of a document: the only one in its title and name, or else the first one in its text."""
    named = _years_of_name(version)
    if len(named) == 1:
        return named.pop()
    first = _YEAR.search(text[:_BEGINNING])
    return first[0] if first and not named else ""
