"""Tell whether a question asks for a time, and whether a sentence tells one: "at 7.45", "three days before".

In "What do I lose when I move?" nothing asks for a time: there "when" stands before what happens, and not
before the verb. English, German, French, Spanish, Italian, Portuguese and Dutch are read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import regex

from index.patterns import lazy_pattern
from index.text.days import DAY_NAMES
from index.text.languages import alphabetic_languages

Asked = Literal["clock", "time"]

_VERB = (
    r"(?:is|are|am|was|were|do|does|did|can|could|will|would|shall|should|must|may|might|has|have|had|need)"
    r"(?:n['’]?t)?\b"
)
_WHEN = lazy_pattern(
    rf"\bwhen(?:['’]?s\b|\s+(?:exactly\s+|precisely\s+|else\s+)?{_VERB}|\W*$)|\b(?:since|until|till|by|from)\s+when\b|"
    r"^(?:\W*(?:and|but|so|or|then)\b)?\W*when\b(?!.*,)|\b(?:know|say|says|tell|told|me|us|ask)\s+when\b|"
    r"\bhow\s+soon\b|\bwann\b|\bcuándo\b|\bquand\s+(?:est|a|ont|sera|faut|doit|peut|dois)\b|^\W*quand\b(?!.*,)|"
    r"\b(?:à\s+partir\s+de|depuis|dès|jusqu['’]à|pour)\s+quand\b|\bquando\b|\bwanneer\b",
    regex.IGNORECASE,
)
_CLOCK_ASKED = lazy_pattern(
    r"\b(?:what|which)\s+time\b(?!\s+of\s+(?:the\s+)?year)|\bum\s+wie\s?viel\s+uhr\b|\bà\s+quelle\s+heure\b|"
    r"\ba\s+qué\s+hora\b|\ba\s+che\s+ora\b",
    regex.IGNORECASE,
)
_NEEDED = lazy_pattern(
    r"when|time\b|wann|\bsoon\b|uhr\b|heure|hora\b|\bora\b|cuándo|quan|wanneer", regex.IGNORECASE
)
_CLOCK = (
    r"(?<![\d.:,€$£¥]|[€$£¥]\s)(?:(?:[01]?\d|2[0-4]):[0-5]\d(?![\d:])|"
    r"(?:[01]?\d|2[0-4])(?:[:.][0-5]\d)?\s?(?:[ap]\.?m\b|o['’]clock\b|uhr\b|uur\b|h\d\d\b|heures\b)|"
    # A number with a stop is a time only behind a word that says so.
    r"(?<=\b(?:at|from|to|till|until|by|before|after|about|around|and|between|um|ab|bis|von|gegen)\s|[-–—]\s?)"
    r"(?:[01]?\d|2[0-4])\.[0-5]\d(?![\d.,]*\d|\s?(?:%|[€$£¥]|\p{L}*(?:kg|km|m|cm|mm|l|g|metres?|percent|euros?|"
    r"pounds?|dollars?)\b)))|\b(?:noon|midday|midnight|mittags?|mitternacht|minuit|midi|mediodía|medianoche|"
    r"mezzogiorno|mezzanotte|meio-dia|meia-noite|middernacht)\b|"
    r"\b(?:à|vers|dès|jusqu['’]à)\s+(?:[01]?\d|2[0-4])\s?h\b|"
    r"\b(?:a\s+las?|alle|dalle|às)\s+(?:[01]?\d|2[0-4])(?:[:.h][0-5]\d|\s?h(?:oras?)?\b)?"
    r"(?![\d.,]*\d|\s?[%€$£]|\s+(?!de\b|della\b|da\b|e\b|y\b|en\b|in\b)\p{L})"
)
_NAMES = "|".join(
    sorted(
        {name for one in alphabetic_languages() for name in one.dates if len(name) > 3}, key=len, reverse=True
    )
)
_DAYS = (
    rf"(?:{DAY_NAMES})s?|(?:lune|marte|mercole|giove|vener)d[iì]|sabat[oi]|domenic(?:a|he)|"
    r"(?:segunda|terça|quarta|quinta|sexta)s?-feiras?|(?:maan|dins|woens|donder|vrij|zater|zon)dag(?:s|en)?"
)
_MAY = (
    r"(?:\d{1,2}(?:st|nd|rd|th|\.)?\s+(?:of\s+)?may|may\s+\d{1,4}|"
    r"(?:in|by|until|till|since|from|to|of|before|after|early|late|mid|last|next|every|each)[\s-]+may)"
)
"""The month: elsewhere it is mostly the verb."""
_LENGTHS = (
    (
        r"minutes?|hours?|days?|nights?|weeks?|months?|years?",
        r"before|after|later|earlier|ago|ahead|in\s+advance|beforehand",
    ),
    (
        r"minuten?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?",
        r"vor|nach|später|vorher|danach",
    ),
    (
        r"minutes?|heures?|jours?|semaines?|mois|ans?|années?",
        r"avant|après|plus\s+t(?:ôt|ard)|auparavant",
    ),
    (
        r"minutos?|horas?|d[ií]as?|semanas?|mes(?:es)?|mês|a[nñ]os?",
        r"antes|después|depois|atrás|más\s+tarde|mais\s+tarde",
    ),
    (
        r"minut[oi]|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]",
        r"prima|dopo|fa|più\s+tardi",
    ),
    (
        r"minuten|uur|uren|dag(?:en)?|we(?:ek|ken)|maand(?:en)?|jaar|jaren",
        r"voor|na|geleden|later|eerder|ervoor|erna",
    ),
)
"""Spans of time in a language, and what makes a time of one: "two days before"."""
_LENGTH = "|".join(lengths for lengths, _ in _LENGTHS)
_FROM_NOW = "|".join(rf"(?:{lengths})\s+(?:{words})" for lengths, words in _LENGTHS)
_DEFINITE = lazy_pattern(
    rf"{_CLOCK}|(?<!\p{{L}})(?:(?!may\b)(?:{_NAMES})|{_DAYS}|{_MAY})(?!\p{{L}})|"
    r"(?<![\d.,€$£¥])(?:1\d|20)\d\d(?![\d.,]*\d)|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}|"
    r"\b(?:tomorrow|tonight|yesterday|daily|nightly|weekdays|weekends?|"
    r"morgens|abends|täglich|werktags|morgen|gestern|demain|mañana|ayer|domani|ieri|stasera|amanhã|ontem|"
    r"gisteren|vanavond)\b|"
    r"\b(?:within|innerhalb|binnen|dans\s+les|dentro\s+de|entro|em\s+até)\s+"
    rf"(?:[\w-]+\s+){{1,2}}(?:{_LENGTH})\b|\b(?:{_FROM_NOW})\b|"
    r"\b(?:after|before|nach|vor|après|avant|después\s+de|antes\s+de|depois\s+de|dopo)\s+"
    rf"(?:[\w-]+\s+){{1,2}}(?:{_LENGTH})\b",
    regex.IGNORECASE,
)
_VAGUE_WORDS = (
    # English
    r"before|after|until|till|once|since|during|while|when|whenever|soon|now|today|then|later|earlier|first|"
    r"last|next|every|each|again|always|never|immediately|straight|at\s+once|beginning|end|early|late|spring|"
    r"summer|autumn|winter|morning|evening|afternoon|night|day|week|month|year|hours?|minutes?|days|nights|weeks|"
    r"months|years|century",
    # German
    r"bevor|nach|nachdem|vor|bis|während|wenn|sobald|seit|ab|immer|nie|heute|jetzt|sofort|bald|danach|später|zuerst|"
    r"frühling|frühjahr|sommer|herbst|mittags?|(?:vor|nach)mittags?|abend|nacht|wochenenden?|tag|tage[ns]?|wochen?|"
    r"monat|monate[ns]?|jahr|jahre[ns]?|stunden?|minuten|jahrhunderts?|anfang|ende|früh|spät|jede[nmrs]?|"
    r"(?:nächst|letzt)e[nmrs]?",
    # French, without "an", which is English, and "été" alone, which is also "been"
    r"avant|après|depuis|pendant|durant|dès|lors|lorsque?|lorsqu|quand|jusqu|toujours|jamais|maintenant|aujourd|"
    r"bientôt|ensuite|puis|tôt|tard|printemps|(?:l['’]|en\s|cet\s)été|automne|hiver|matins?|après-midi|soirs?|"
    r"nuits?|jours?|semaines?|mois|ans|années?|heures?|siècle|début|chaque|tous|toutes|prochaine?s?|dernière?s?|"
    r"dernier|week-end",
    # Spanish and Portuguese
    r"antes|después|desde|hasta|durante|mientras|cuando|siempre|nunca|ahora|hoy|pronto|luego|tarde|temprano|"
    r"primavera|verano|otoño|invierno|noches?|d[ií]as?|semanas?|mes|meses|a[nñ]os?|horas?|minutos?|siglo|"
    r"fines|finales|cada|todos|todas|próxim[oa]s?|últim[oa]s?|depois|até|enquanto|quando|sempre|agora|"
    r"hoje|cedo|verão|outono|inverno|manhãs?|noites?|mês|século|início|há",
    # Italian, without "da", "fine", "ore" and "sera", which other languages have
    r"prima|dopo|da\s+\w+\s+(?:ann|mes|giorn)[oi]|durante|mentre|adesso|oggi|presto|poi|tardi|estate|autunno|inverno|"
    r"mattin[aoe]|pomeriggio|notte|notti|giorn[oi]|settiman[ae]|mese|mesi|ann[oi]|ora|minut[oi]|secolo|inizio|"
    r"ogni|tutt[ie]|prossim[oaie]|ultim[oaie]|scors[oaie]",
    # Dutch, without "als", "begin", "dan", "na", "nu" and "tot", which other languages have
    r"voor|voordat|nadat|sinds|vanaf|tijdens|terwijl|zodra|altijd|nooit|vandaag|straks|daarna|laat|vroeg|voorjaar|"
    r"zomer|najaar|ochtends?|middags?|avonds?|nachts?|dag|dagen|weken|maand|maanden|jaar|jaren|uur|uren|eeuw|einde|"
    r"iedere?|volgende?|vorige?|laatste?",
)
"""Words of a time that may be any."""
_VAGUE = lazy_pattern(rf"\b(?:{'|'.join(_VAGUE_WORDS)})\b", regex.IGNORECASE)
_BARE_NUMBER = lazy_pattern(r"(?<![\d.,]|[€$£¥]\s?)\d{3,5}(?![\d.,]*\d|\s?[€$£¥%])|\b(?:BC|BCE|AD|CE|BP)\b")
"""It may be a year, of whatever calendar."""
_HOURS = lazy_pattern(r"\b\d{1,2}\s?(?:[-–—]|to|till|until|bis)\s?\d{1,2}\b", regex.IGNORECASE)
_EXACT = lazy_pattern(_CLOCK, regex.IGNORECASE)
_ROW = lazy_pattern(r"[ \t]\|[ \t]|\t|; ")
_DIGIT = lazy_pattern(r"\d")


@lru_cache(64)
def time_asked(question: str) -> Asked | None:
    """What a question asks for: a time of day, any time, or none."""
    if _NEEDED.search(question) is None:
        return None
    if _CLOCK_ASKED.search(question) is not None:
        return "clock"
    return "time" if _WHEN.search(question) is not None else None


def tells_time(sentence: str, asked: Asked) -> bool:
    """Whether a sentence surely tells such a time, such as "at 7.45" or "on Fridays"."""
    return (_EXACT if asked == "clock" else _DEFINITE).search(sentence) is not None


def may_tell_time(sentence: str, asked: Asked) -> bool:
    """Whether a sentence may tell such a time: in any words, as "only after baking", or in a row."""
    if tells_time(sentence, asked) or (_ROW.search(sentence) and _DIGIT.search(sentence)):
        return True
    if asked == "clock":
        return _HOURS.search(sentence) is not None
    return _VAGUE.search(sentence) is not None or _BARE_NUMBER.search(sentence) is not None
