"""Read the ordinals by which something begins or ends as numbers: "on the third day".

They may be in digits, and beyond the tenth: "by the 15th of the month". Other ordinals name one of several.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import regex

from index.citations.statements.stand_ins import StandIn
from index.patterns import lazy_pattern
from index.text.letter_case import fold_case

_ENGLISH = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth"
)
_GERMAN = (
    "ersten zweiten dritten vierten fünften sechsten siebten/siebenten achten neunten zehnten "
    "elften zwölften dreizehnten vierzehnten fünfzehnten"
)
_FRENCH = (
    "premier/première deuxième/second/seconde troisième quatrième cinquième sixième septième huitième "
    "neuvième dixième"
)
_SPANISH = (
    "primer/primero/primera segundo/segunda tercer/tercero/tercera cuarto/cuarta quinto/quinta sexto/sexta "
    "séptimo/séptima octavo/octava noveno/novena décimo/décima"
)
_VALUES = {
    word: value
    for line in (_ENGLISH, _GERMAN, _FRENCH, _SPANISH)
    for value, forms in enumerate(line.split(), 1)
    for word in forms.split("/")
}


def _any(line: str) -> str:
    return line.replace("/", "|").replace(" ", "|")


_DAY = (
    r"(?:(?:working|calendar|business|full|whole|consecutive) )?"
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)?day|"
    r"week|weekday|month|hour|year)\b"
)
_ORDINAL = lazy_pattern(
    rf"(?<=\b(?:on|from|after|until|till|by|before|since|in) the )(?:{_any(_ENGLISH)}|"
    r"\d{1,2}(?:st|nd|rd|th))"
    rf"(?= {_DAY}| of (?:the|each|every|any) (?:\p{{L}}+ )?(?:month|week|quarter|year)\b)"
    rf"|(?<=\b(?:am|im|vom|zum|zur|[dD]em|[dD]er) )(?:{_any(_GERMAN)})"
    r"(?= (?:\p{L}+\s)?\p{L}*(?:[tT]ag|[wW]oche|[mM]onat|[jJ]ahr|[sS]tunde)(?:e?s)?\b)"
    rf"|(?<=\b(?:le|la|du|au) )(?:{_any(_FRENCH)}|\d{{1,2}}(?:e|er|re|ème))"
    r"(?= (?:jour|mois|semaine|heure|année)\b)"
    rf"|(?<=\b(?:el|la|del|al) )(?:{_any(_SPANISH)})(?= (?:día|mes|semana|hora|año)\b)",
    regex.IGNORECASE,
)
_DIGITS = lazy_pattern(r"\d+")


def find_ordinals(sentence: str) -> Iterator[StandIn]:
    """The ordinals of a sentence that are read as numbers."""
    for match in _ORDINAL.finditer(sentence):
        digits = _DIGITS.match(match[0])
        value = Decimal(int(digits[0]) if digits is not None else _VALUES[fold_case(match[0])])
        yield StandIn(match.start(), match.end(), "", "", values=frozenset([value]), is_exact=False)
