"""Questions from sentences with a number, date or name: asked for outright, or left out of the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex

GAP = "___"
_WORDS_BEFORE, _WORDS_AFTER = 8, 4
_CHARACTERS_AROUND = 16
"""Of a sentence without spaces between words."""
_MIN_WORDS, _MIN_CHARACTERS, _MAX_CHARACTERS = 6, 12, 320
_SUBJECT = r"(?P<subject>[A-ZÄÖÜÉÁÍÓÚÑ][^,.;:()\n]{2,70}?)"
_PRONOUNS = re.compile(
    r"(?:It|This|That|These|Those|There|He|She|They|We|You|I|Which|What|Es|Er|Sie|Dies\w*|Das|Hier|Dabei|Dort|"
    r"Est[aeo]s?|Es[aeo]s?|Ell[ao]s?|Lo|Se)\b(?! [A-ZÄÖÜ])"
)
_REFERRING = re.compile(
    r"(?:It|This|That|These|Those|He|She|They|Er|Sie|Es|Dies\w*|Il|Elle|Ils|Elles|Ce|Cela|Cette|Ces|Est[aeo]s?|"
    r"Ell[ao]s?)\b"
)
"""Beginnings of sentences that only the sentence before explains."""
_ARTICLE = re.compile(
    r"(?:The|An?|Both|All|Each|Every|Most|Many|Some|Der|Die|Das|Eine?|El|La|Los|Las|Una?)\b"
)
_PASSIVES = {
    "en": (
        re.compile(
            rf"{_SUBJECT} (?P<aux>was|were) (?P<verb>\w+ed|\w*built|made|held|written|born|sold|won|begun)"
            r"(?P<rest>(?: [\w'-]+){0,5}?) (?:in|on) (?P<fact>(?:\w+ )?(?:\d{1,2},? )?(?:1\d|20)\d\d)\b"
        ),
        "When {aux} {subject} {verb}{rest}?",
    ),
    "de": (
        re.compile(
            rf"{_SUBJECT} (?P<aux>wurden?) (?:im Jahre? |in |im \w+ )?(?P<fact>(?:1\d|20)\d\d)"
            r"(?P<rest>(?: [\w-]+){0,6}? (?P<verb>\w+(?:t|en)))[.,;]"
        ),
        "Wann {aux} {subject}{rest}?",
    ),
    "es": (
        re.compile(
            rf"{_SUBJECT} (?P<aux>fue|fueron) (?P<verb>\w+[ao]s?)"
            r"(?P<rest>(?: [\w-]+){0,5}?) en (?:el año )?(?P<fact>(?:\w+ de )?(?:1\d|20)\d\d)\b"
        ),
        "¿Cuándo {aux} {verb} {subject}{rest}?",
    ),
}
"""Passive sentences with a year, and the question for it."""
_COUNTED = re.compile(
    rf"{_SUBJECT} (?P<verb>has|have|had|contains|contain|includes|include|comprises) "
    r"(?P<fact>\d[\d,.]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) "
    r"(?P<noun>(?:[a-z]+ )?[a-z]+s)\b"
)
_HELPING = {"has": "does", "have": "do", "had": "did"}

_DATE = (
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
    r"|\d{1,2}\.? (?:de )?[^\W\d_]{3,10}\.? (?:de )?(?:1\d|20)\d\d|[A-Z][a-z]{2,8} \d{1,2}, (?:1\d|20)\d\d"
)
_NUMBER = r"\d+(?:[.,'’\u202f\u00a0]\d+)*(?: ?%)?"
# Chinese and Japanese have no spaces between a number and the words around it.
_FACT = regex.compile(
    rf"(?<![\p{{Latin}}\p{{Cyrillic}}\p{{Greek}}\d_.,-])(?:{_DATE}|{_NUMBER})"
    r"(?![\p{Latin}\p{Cyrillic}\p{Greek}\d_-])"
)
_NAME = re.compile(r"(?<=[\w,] )[A-Z][\w’'-]+(?: (?:of |de |del |la |van |von )?[A-Z][\w’'-]+)+")
_REFERENCE = re.compile(
    r"(?:[Ff]ig(?:ure)?|[Tt]able|[Ss]ection|[Cc]hapter|[Pp]age|p|pp|[Nn]o|§|\[|\w\()\.?\s?\Z"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A question about a sentence, and the words of the sentence that answer it."""

    question: str
    answer: str


def is_usable(sentence: str) -> bool:
    """Whether a sentence is whole, of common length, and mostly letters."""
    if not _MIN_CHARACTERS <= len(sentence) <= _MAX_CHARACTERS or "\n" in sentence or "|" in sentence:
        return False
    if has_spaces(sentence) and len(sentence.split()) < _MIN_WORDS:
        return False
    letters = sum(map(str.isalpha, sentence))
    is_begun = sentence[0].isalpha() and not sentence[0].islower()
    return is_begun and sentence[-1] in ".!。！।॥" and letters > 0.6 * len(sentence.replace(" ", ""))


def has_spaces(sentence: str) -> bool:
    """Whether spaces separate the words, as in most scripts."""
    return sentence.count(" ") >= len(sentence) // 20


def facts(sentence: str, language: str) -> Iterator[Fact]:
    """Questions about a sentence, the best wording first."""
    if asked := _asked_when(sentence, language) or (_asked_how_many(sentence) if language == "en" else None):
        yield asked
    elif not _REFERRING.match(sentence) and (span := _hidden(sentence, language)):
        yield Fact(_with_gap(sentence, *span), sentence[slice(*span)])


def _asked_when(sentence: str, language: str) -> Fact | None:
    if language not in _PASSIVES:
        return None
    pattern, template = _PASSIVES[language]
    match = pattern.match(sentence)
    if match is None or _PRONOUNS.match(sentence):
        return None
    question = template.format(
        aux=match["aux"], subject=_inside(match["subject"]), verb=match["verb"], rest=match["rest"]
    )
    return Fact(question, match["fact"])


def _asked_how_many(sentence: str) -> Fact | None:
    match = _COUNTED.match(sentence)
    if match is None or _PRONOUNS.match(sentence):
        return None
    verb = match["verb"]
    stem = "have" if verb in _HELPING else verb.rstrip("s")
    helping = _HELPING.get(verb, "does" if verb.endswith("s") else "do")
    subject = _inside(match["subject"])
    return Fact(f"How many {match['noun']} {helping} {subject} {stem}?", match["fact"])


def _inside(subject: str) -> str:
    """A subject as it stands inside a sentence."""
    return subject[0].lower() + subject[1:] if _ARTICLE.match(subject) else subject


def _hidden(sentence: str, language: str) -> tuple[int, int] | None:
    """The number or date to leave out, else a name of several words."""
    for match in _FACT.finditer(sentence):
        if not _REFERENCE.search(sentence, 0, match.start()):
            return match.span()
    # German writes all nouns with a capital.
    name = _NAME.search(sentence) if language != "de" else None
    return name.span() if name else None


def _with_gap(sentence: str, start: int, end: int) -> str:
    """The words around ``sentence[start:end]``, with a gap instead of these."""
    before, after = sentence[:start], sentence[end:]
    if has_spaces(sentence):
        first, last = before.split(), after.split(" ")
        before = " ".join(first[-_WORDS_BEFORE:])
        before += " " * (sentence[:start].endswith(" ") and bool(before))
        begins = len(first) > _WORDS_BEFORE
        ends = len(last) > _WORDS_AFTER + 1
        after = " ".join(last[: _WORDS_AFTER + 1])
    else:
        begins, ends = len(before) > _CHARACTERS_AROUND, len(after) > _CHARACTERS_AROUND
        before, after = before[-_CHARACTERS_AROUND:], after[:_CHARACTERS_AROUND]
    return f"{'… ' * begins}{before}{GAP}{after}{' …' * ends}"
