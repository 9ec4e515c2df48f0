"""Tell which document a question names: "According to the staff handbook, when ...?".

The words that name it are not looked for in its sentences: they stand in its title or its file's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import regex

from index.patterns import lazy_pattern
from index.records import PlacedPassage
from index.search.question.designations import best_standing, designations_in
from index.text.stop_words import STOP_WORDS

_NOUN = (
    r"(?:handbook|manual|guide|runbook|minutes|contract|lease|agreement|report|changelog|policy|policies|faq|"
    r"article|paper|document|file|e-?mail|mail|letter|book|page|specification|recipe|log|notes|rules|regulations|"
    r"statute|statutes|act|brochure|leaflet|catalogue|catalog|price list|list|table|sheet|protocol|memo|"
    r"[\w-]+\.(?:md|txt|html?|pdf|docx?|xlsx?|csv|eml|json|pptx?|odt|ods|rst|xml))"
)
_NAME = rf"(?:[^,?;:]{{0,60}}?\b)?{_NOUN}\b(?:\s+(?:of|from|on|for)\s+[^,?;:]{{1,40}}?)?"
_PHRASES = lazy_pattern("according to|as per", regex.IGNORECASE)
_FORMS = tuple(
    (_PHRASES.pattern in pattern, lazy_pattern(pattern, regex.IGNORECASE))
    for pattern in (
        r"^\s*(?:according to|as per)\s+(?P<name>[^,?;:]{2,80}),\s*(?P<rest>.+)$",
        rf"^\s*in\s+(?P<name>(?:the|our|my|this)?\s*{_NAME}),\s*(?P<rest>.+)$",
        r"^(?P<rest>.+?),?(?<!\s)\s+(?:according to|as per)\s+(?P<name>[^,?;:]{2,80}?)\s*+(?:\?++\s*+)?$",
        rf"^\s*what\s+(?:does|do)\s+(?P<name>(?:the\s+)?{_NAME})\s+say\s+(?:about|on|of)\s+(?P<rest>.+)$",
    )
)
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """What a question calls a document, ``name``, and the question without it."""

    name: str
    question: str

    @staticmethod
    def of(question: str) -> NamedDocument | None:
        """Read a question; None if it names no document, as most questions."""
        has_phrase = _PHRASES.search(question) is not None
        for needs_phrase, form in _FORMS:
            if needs_phrase and not has_phrase:
                continue
            match = form.match(question)
            if match is not None and len(_WORD.findall(match["rest"])) > 1:
                return NamedDocument(match["name"].strip(), match["rest"].strip())
            if match is not None and form is _FORMS[-1][1] and _WORD.search(match["rest"]):
                return NamedDocument(match["name"].strip(), match["rest"].strip())
        return None

    def among(
        self, places: Sequence[PlacedPassage], hashes: Callable[[str], Iterable[int]]
    ) -> frozenset[str]:
        """The ids of the documents of some passages whose title or file's name has the words of the name."""
        asked = designations_in(self.name)
        kept = [
            " " if any(a.start <= at < a.end for a in asked) else sign for at, sign in enumerate(self.name)
        ]
        words = [one for one in _WORD.findall("".join(kept)) if one.lower() not in STOP_WORDS["english"]]
        terms = frozenset(hashes(" ".join(words)))
        if not terms and not asked:
            return frozenset()
        found = set()
        for version in {one.version.key: one.version for one in places}.values():
            named = " ".join(_WORD.findall(f"{version.title} {version.document_id}"))
            of_kinds = designations_in(f"{version.title}\n{version.document_id}")
            says = all(best_standing([one], of_kinds) == "named" for one in asked)
            if terms <= frozenset(hashes(named)) and says:
                found.add(version.document_id)
        return frozenset(found)
