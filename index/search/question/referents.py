"""Put what a follow-up question refers to in the place of its pronoun: a version, a date or a named thing.

"When was that released?", asked after an answer about 2.3.1, is answered by the heading of that version.
Words and vectors of the conversation do not lead there: to them all headings of a changelog are alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import regex

from index.patterns import lazy_pattern
from index.search.question.designations import designations_in, designations_of_question
from index.search.question.references import references
from index.text.languages import language_of_question

_VERSION = r"(?:version|release|update|edition)"
_NAMES_VERSION = lazy_pattern(
    rf"\b(?:this|that|the|the\s+same)\s+{_VERSION}\b(?!\s+\d)|\b(?:this|that)\s+one\b", regex.IGNORECASE
)
_REFERS = lazy_pattern(
    r"\b(?:is|was|does|did|do|has|had|will|can|came|come)\s+\K(?:it|this|that)\b(?=\s*[?.!]*$|\s+\p{Ll})|"
    r"\b(?:in|of|for|with|about|since|before|after|to)\s+\K(?:it|this|that)(?=\s*[?.!]*$)",
    regex.IGNORECASE,
)
_ABOUT_VERSION = lazy_pattern(
    r"\bwhen\b|\b(?:came|come)\s+out\b|\b(?:released?|published|new|newer|added|fixed|changed|removed|dropped)\b|"
    r"\bin\s+(?:it|this|that)\b",
    regex.IGNORECASE,
)
"""What is asked of a version; of other things a pronoun may stand for the program."""
_ONE = lazy_pattern(r"\b(?:this|that)\s+one\b", regex.IGNORECASE)
_THING = lazy_pattern(r"(?<=\s)(\p{Lu}[\p{L}\p{M}\p{N}-]+)\s(\p{Ll}{3,})")
_WORDS = lazy_pattern(r"\p{L}+")
_PREFIX = lazy_pattern(r"\A(?:version|release|v)\.?\s*(?=\d)", regex.IGNORECASE)
_MARK = 4
"""Most code points before what a heading names, such as "## "."""
_REFERS_TO_DATE = lazy_pattern(
    r"\b(?:on|at)\s+(?:this|that|the\s+same)\s+(?:day|date)\b|\bin\s+(?:this|that|the\s+same)\s+(?P<larger>month|year)\b",
    regex.IGNORECASE,
)


def may_refer(question: str) -> bool:
    """Whether a question has words that may stand for a version or a date."""
    return any(one.search(question) for one in (_NAMES_VERSION, _REFERS, _REFERS_TO_DATE))


def resolve(question: str, told: Iterable[str]) -> str:
    """Return a question with what it refers to; as it is where that is not clear.

    ``told`` are texts of the conversation in which it may be named, and headings, the likeliest first.
    """
    if designations_of_question(question) or language_of_question(question).name != "english":
        return question
    texts = list(told)
    match = _NAMES_VERSION.search(question)
    if match is None and references(question).alone and _ABOUT_VERSION.search(question):
        match = _REFERS.search(question)
    if match is not None and (written := _only("version", texts)):
        # Of fewer numbers a word must say that they are a version.
        return _put(question, match, written if written.count(".") > 1 else f"version {written}")
    if (match := _ONE.search(question)) is not None and (written := _named_thing(texts)):
        return _put(question, match, written)
    if (match := _REFERS_TO_DATE.search(question)) is not None and (written := _only("date", texts)):
        return _put(question, match, f"{'in' if match['larger'] else 'on'} {written}")
    return question


def _named_thing(texts: Sequence[str]) -> str:
    """The one thing that the first text names, by a word of a later one: "the Holm kettle"."""
    found = dict.fromkeys(_THING.findall(texts[0])) if texts else {}
    asked = frozenset(_WORDS.findall(" ".join(texts[1:]).casefold()))
    names = [f"the {name} {kind}" for name, kind in found if asked & {kind, f"{kind}s"}]
    return names[0] if len(names) == 1 else ""


def _put(question: str, match: regex.Match[str], words: str) -> str:
    return f"{question[: match.start()]}{words}{question[match.end() :]}"


def _only(kind: str, texts: Iterable[str]) -> str:
    """The one version or date of the first text that has any, as it is written; empty if it has several."""
    for text in texts:
        found = [one for one in designations_of_question(text) if one.kind == kind]
        heading = next(iter(designations_in(text)), None)
        if not found and heading is not None and heading.kind == kind and heading.start <= _MARK:
            found = [heading]
        if found:
            same = len({one.value for one in found}) == 1
            return _PREFIX.sub("", text[found[0].start : found[0].end]).rstrip(".") if same else ""
    return ""
