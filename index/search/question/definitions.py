"""Find the sentence that says what a thing is, for a question such as "What is BM25?".

Such a question has few words, and all sentences about the thing have them. The one that says what it is has
the thing as its subject: "BM25 ranks texts by ...", "Reciprocal rank fusion (RRF) looks at ...", "A locator
is ...", and often opens the text or the section that is about the thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import regex

from index.patterns import lazy_pattern
from index.search.judged import JudgedSentence
from index.text.stop_words import STOP_WORDS

Kind = Literal["defines", "tells", "none"]
"""A sentence with the thing as its subject either says what it is, or tells something else of it."""
PASSAGE_LOGITS: dict[Kind, float] = {"defines": 1.5, "tells": 0.25, "none": 0.0}
"""Added to the logit of a passage's score, by the best of its sentences."""
_SENTENCE: dict[Kind, float] = {"defines": 2.0, "tells": 0.8, "none": 0.0}
"""Added to the strength of a sentence."""
_LONGEST_QUESTION = 150
"""Most code points of a question for what a thing is."""
_LONGEST = 60
"""Most code points of the thing: a longer one is a question about something of a thing."""
_MOST_WORDS = 5
_LONGEST_SENTENCE = 600
"""Code points of a sentence that are looked at: longer ones are hardly sentences."""

_ARTICLE = (
    r"(?:(?:an?|the|eine?[mnrs]?|der|die|das|den|une?|les?|las?|los|el|il|lo|gli|i|un[oa]?|het|de|een|os?|as?|"
    r"uma?)\s+|(?:l|un)['’]\s*)"
)
_ASKS = lazy_pattern(
    r"[¿\s]*(?:"
    r"(?:what\s+is\s+)?(?:the\s+)?(?:definition|meaning)\s+of\s+(?:the\s+term\s+)?(?P<x>.+?)"
    r"|(?:what|who)(?:\s+(?:is|are|was|were)|['’]?s)(?:\s+(?:exactly|meant\s+by|an?))?(?:\s+the\s+term)?\s+(?P<x>.+?)"
    r"|what\s+do(?:es)?\s+(?:the\s+term\s+)?(?P<x>.+?)\s+(?:mean|stand\s+for)"
    r"|(?:please\s+)?(?:define|explain)\s+(?P<x>.+?)"
    r"|(?:was|wer)\s+(?:ist|sind|war|waren)\s+(?:eigentlich\s+)?(?P<x>.+?)"
    r"|was\s+(?:bedeutet|heißt|bezeichnet)\s+(?P<x>.+?)"
    r"|(?:qu['’]est-ce\s+qu(?:e|['’])(?:\s+c['’]est\s+que)?|c['’]est\s+quoi|qui\s+(?:est|était))\s*(?P<x>.+?)"
    r"|(?:qué|quién(?:es)?)\s+(?:es|son|era|fue|significa)\s+(?P<x>.+?)"
    r"|(?:(?:che\s+)?cos['’]\s*è|che\s+cosa\s+(?:è|sono)|cosa\s+sono|chi\s+(?:è|era))\s+(?P<x>.+?)"
    r"|(?:wat|wie)\s+(?:is|zijn|was)\s+(?P<x>.+?)"
    r"|(?:o\s+que|quem)\s+(?:é|são|foi)\s+(?P<x>.+?)"
    r"|(?:什么是|何谓|甚麼是)(?P<x>.+?)|(?P<x>.+?)(?:是什么|是甚麼|とは(?:何ですか|なんですか|何か)?)"
    r")[\s?？.。!]*",
    regex.IGNORECASE,
)
_BEGINS = re.compile(
    r"(?:whats?|whos?|the|definition|meaning|please|define|explain|was|wer|qu|c|qui|che|cos|cosa|chi|wat|wie|o|quem)\b",
    re.IGNORECASE,
)
"""How such a question begins, if it is ASCII."""
_RELATES = lazy_pattern(
    r"\b(?:of|in|for|on|at|to|from|with|by|between|about|called|used|made|than|that|which|who|when|if|and|or|as|"
    r"von|des|im|am|für|mit|zwischen|wenn|du|dans|pour|avec|entre|del|en|para|con|per|van|voor|met|em|da|do)\b|的",
    regex.IGNORECASE,
)
"""Words by which a question asks for something of a thing, or for one that something is true of."""
_TITLE = lazy_pattern(r"(?:[\p{Lu}\p{N}][\w.'’:-]*+|the|a|an|\s)+")
"""The rest of a title such as "Night on the Moor"; in small letters such words ask for a relation."""
_THE = lazy_pattern(
    r"(?i:the\s+)(?=\p{Ll})|\p{Ll}+ed$|"
    r"(?i:(?:her|his|its|their|our|my|your|this|that|these|those|another|sein|ihr|unser|mein|dies|leur|son|sa|su|suo)"
    r"(?:e|er|es|s)?\b)"
)
"""Begins a thing that the documents have: "What is the price?" does not ask what a price is."""
_QUALITIES = frozenset(
    "wrong new next missing different important good best better bad available possible necessary true "
    "false required allowed forbidden included excluded covered responsible present absent liable eligible "
    "entitled neu falsch wichtig möglich verboten erlaubt verantwortlich anwesend zuständig".split()
)
"""What some thing of the documents is, and not what a thing is."""
_GAP = r"[\s-]+"
_A = r"(?:an?|the|eine?[mnrs]?|der|die|das|une?|les?|la|l['’]|una?|uno|el|il|lo|een|het|um|uma|o)"
_IS = (
    r"(?:(?:is|are|was|were|remains?|became|ist|sind|war|waren|est|sont|était|es|son|era|fue|è|sono|zijn|é|são|foi)\s+"
    rf"(?:(?!not\b|never\b|no\b|nicht\b|kein|pas\b|non\b|niet\b|não\b)\w+\s+)?(?:{_A}|one|any)\b"
    r"|(?:means?|refers?\s+to|denotes?|describes?|stands?\s+for|consists?\s+of|comprises?|bezeichnet|bedeutet|heißt|"
    r"désigne|signifie|significa|betekent)\b)"
)
_TELLS = (
    r"(?:(?:is|are|was|were|has|have|had|can|may|ist|sind|war|hat|haben|kann|est|sont|a|ont|peut|es|son|tiene|puede|è|"
    r"sono|ha|può|heeft|kan|é|são|tem|pode)\b"
    r"|(?!(?:its|this|as|us)\b)\p{Ll}{2,}(?<!ss)s\b(?!\s+(?:have|has|had|is|are|was|were|can|may|do|does|will|\p{L}+ed)\b))"
)
_ASIDE = r"(?:\s*[(\[/,;][^.!?\n]{1,300}?[)\]/,])"
_ITEM = r"[-*+•]\s+|\d+[.)]\s+"
_LEAD = (
    r"(?!(?:if|when|where|while|although|because|since|but|unless|we|you|they|he|she|i|wenn|falls|weil|obwohl|si)\b)"
    r"[^.!?\n]{1,100}[:,]\s+"
)
"""What may stand before it in its sentence: "Text: ", "In statistics, "."""
_MARK = r"[\"'“”‘’«»„`*_]*"


def _compile(pattern: str) -> regex.Pattern[str]:
    return lazy_pattern(pattern, regex.IGNORECASE)


# What stands before the words of the thing and behind them. A pattern with the words in it would be compiled
# for each question, which takes longer than all else that is done with it.
_SPELT_OUT = r"\p{Lu}?[\p{L}\p{N}'’ -]{3,80}\(\s*"
_CLOSED = rf"(?:e?s)?\s*{_MARK}\s*\)"
_PLAIN = rf"(?:e?s)?\s*{_MARK}{_ASIDE}?"
_DEFINES = rf"\s*(?:,?\s*{_IS}|,\s*an?\s|是|(?:[:：]|\s[—–-])\s+{_A}\s)"
_SENTENCE_BEGINNINGS = tuple(
    (
        _compile(rf"{begin}{_MARK}{_ARTICLE}?{_MARK}\s*"),
        _compile(rf"{begin}{_MARK}{_ARTICLE}?{_SPELT_OUT}{_MARK}\s*"),
    )
    for begin in (rf"(?:{_ITEM}|{_LEAD})?", rf"(?:{_ITEM})?")
)
"""Of a sentence that defines, and of one that tells: plain, and with the thing in brackets."""
_SENTENCE_ENDS = tuple(
    (_compile(f"{_PLAIN}{rest}"), _compile(f"{_CLOSED}{rest}")) for rest in (_DEFINES, rf"\s+{_TELLS}")
)
_HEADING = _compile(rf"[\d.\s#]*+(?>{_ARTICLE})?{_MARK}\s*")
_HEADING_SPELT_OUT = _compile(rf"[\d.\s#]*{_ARTICLE}?[\p{{L}}\p{{N}} -]+\(\s*{_MARK}\s*")
_ENDS_HEADING = _compile(_CLOSED)


@dataclass(frozen=True, slots=True)
class AskedThing:
    """The thing that a question asks the definition of."""

    name: str
    beginning: str
    """Its first word in small letters, without which a sentence need not be looked at."""
    words: regex.Pattern[str]
    """Finds its words."""

    @staticmethod
    @lru_cache(64)
    def of(question: str) -> AskedThing | None:
        """The thing; None if the question asks for something else, as most do."""
        question = " ".join(question.split())
        if len(question) > _LONGEST_QUESTION or (question.isascii() and _BEGINS.match(question) is None):
            return None
        asked = _ASKS.fullmatch(question)
        if asked is None:
            return None
        written = regex.sub(rf"^{_ARTICLE}", "", asked["x"].strip(), flags=regex.IGNORECASE)
        name = written.strip(" \"'“”‘’«»„`")
        if not _is_thing(name) or _THE.match(asked["x"]):
            return None
        words = _compile(_GAP.join(map(regex.escape, name.split())))
        return AskedThing(name, name.split()[0].casefold(), words)

    def kind(self, sentence: str, above: Sequence[str] = ()) -> Kind:
        """Tell what a sentence says of the thing.

        ``above`` are the title and the headings of a passage that begins with it, and else empty: below the
        name of the thing, the first sentence about it says what it is.
        """
        sentence = sentence[:_LONGEST_SENTENCE]
        if self.beginning not in sentence.casefold():
            return "none"
        places = [one.span() for one in self.words.finditer(sentence, overlapped=True)]
        defines, tells = zip(_SENTENCE_BEGINNINGS, _SENTENCE_ENDS, strict=True)
        if _fits(sentence, places, *defines):
            return "defines"
        if not _fits(sentence, places, *tells):
            return "none"
        return "defines" if any(map(self._heads, above)) else "tells"

    def _heads(self, heading: str) -> bool:
        """Tell whether a heading begins with the thing, or has it in brackets."""
        return any(
            _HEADING.fullmatch(heading, 0, start)
            or (_HEADING_SPELT_OUT.fullmatch(heading, 0, start) and _ENDS_HEADING.match(heading, end))
            for start, end in (one.span() for one in self.words.finditer(heading, overlapped=True))
        )

    def of_passage(self, sentences: Sequence[str], above: Sequence[str]) -> Kind:
        """The best that a sentence of a passage says of it, below its title and headings."""
        kinds = {self.kind(one, () if at else above) for at, one in enumerate(sentences)}
        return "defines" if "defines" in kinds else "tells" if "tells" in kinds else "none"

    def weigh(
        self, judged: Sequence[JudgedSentence], text: str, at: int, above: Sequence[str]
    ) -> list[JudgedSentence]:
        """Strengthen the sentences of a passage, below its title and headings, that say what it is.

        ``text`` is the text around them, from offset ``at`` of the document.
        """
        kinds = [
            self.kind(text[one.start - at : one.end - at], () if place else above)
            for place, one in enumerate(judged)
        ]
        return [
            one._replace(strength=one.strength + _SENTENCE[kind])
            for one, kind in zip(judged, kinds, strict=True)
        ]


_Pair = tuple[regex.Pattern[str], regex.Pattern[str]]


def _fits(sentence: str, places: Sequence[tuple[int, int]], beginnings: _Pair, ends: _Pair) -> bool:
    """True if what is before and behind the words at one of some places is what a pair of patterns finds."""
    return any(
        end_.match(sentence, end) and begin.fullmatch(sentence, 0, start)
        for start, end in places
        for begin, end_ in zip(beginnings, ends, strict=True)
    )


def _is_thing(name: str) -> bool:
    if not name or len(name) > _LONGEST or len(name.split()) > _MOST_WORDS:
        return False
    if _RELATES.search(name) and not _TITLE.fullmatch(_RELATES.sub("", name)):
        return False
    words = regex.findall(r"\w+", name.lower())
    if len(words) == 1 and name in _QUALITIES:
        return False
    return any(not any(one in stop for stop in STOP_WORDS.values()) for one in words)
