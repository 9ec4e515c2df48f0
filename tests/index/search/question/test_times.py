"""Sentences that tell a time, in each language in which a time is asked for."""

from __future__ import annotations

import pytest

from index.search.question.times import may_tell_time, tells_time, time_asked

ASKED = {
    "en": ["When does the pool open?", "Since when is the pool open?"],
    "de": ["Wann öffnet das Bad?", "Seit wann ist das Bad offen?"],
    "fr": [
        "Quand ouvre la piscine ?",
        "À partir de quand est-elle ouverte ?",
        "Depuis quand est-elle ouverte ?",
    ],
    "es": ["¿Cuándo abre la piscina?", "¿Desde cuándo está abierta?"],
    "it": ["Quando apre la piscina?", "Da quando è aperta?"],
    "pt": ["Quando abre a piscina?", "Desde quando está aberta?"],
    "nl": ["Wanneer gaat het zwembad open?", "Sinds wanneer is het open?"],
}
OPENS = {
    "en": "The pool opens {}.",
    "de": "Das Bad öffnet {}.",
    "fr": "La piscine ouvre {}.",
    "es": "La piscina abre {}.",
    "it": "La piscina apre {}.",
    "pt": "A piscina abre {}.",
    "nl": "Het zwembad gaat {} open.",
}
DAYS = {
    "en": "on Monday, on Tuesdays, Wednesday, on Thursdays, on Friday, on Saturdays, on Sunday",
    "de": "am Montag, dienstags, am Mittwoch, donnerstags, am Freitag, an Samstagen, am Sonnabend, sonntags",
    "fr": "le lundi, mardi, le mercredi, les jeudis, vendredi, le samedi, les dimanches",
    "es": "el lunes, los martes, el miércoles, el jueves, los viernes, los sábados, el domingo",
    "it": "lunedì, il martedì, mercoledì, giovedì, venerdì, il sabato, la domenica",
    "pt": "na segunda-feira, às terças-feiras, na quarta-feira, às sextas-feiras, aos sábados",
    "nl": "maandag, dinsdag, op woensdag, donderdags, vrijdag, zaterdag, zondag",
}
DEFINITE = {
    "en": "tomorrow, two weeks before the feast, within three days, in April",
    "de": "morgen, zwei Wochen vor dem Fest, innerhalb von drei Tagen, im April",
    "fr": "demain, deux semaines avant la fête, dans les trois jours, en avril, après trois jours",
    "es": "mañana, dos semanas antes de la fiesta, dentro de tres días, en abril",
    "it": "domani, due settimane prima della festa, entro tre giorni, in aprile",
    "pt": "amanhã, duas semanas antes da festa, dentro de três dias, em abril",
    "nl": "morgen, twee weken voor het feest, binnen drie dagen, in april",
}
CLOCK = {
    "en": "at 9 am, at 9:30, at noon",
    "de": "um 9 Uhr, um 9.30 Uhr, mittags",
    "fr": "à 9 h, à 9h30, vers 9 heures, dès 9 h, à midi",
    "es": "a las 9, a las 9.30, a las 9 de la mañana, a la 1",
    "it": "alle 9, alle 9.30, a mezzogiorno",
    "pt": "às 9h, às 9h30, às 9, ao meio-dia",
    "nl": "om 9 uur, om 9.30 uur",
}
VAGUE = {
    "en": "before the feast, in summer, every morning",
    "de": "vor dem Fest, im Sommer, jeden Morgen, an Feiertagen nachmittags",
    "fr": "avant la fête, en été, chaque matin, depuis toujours",
    "es": "antes de la fiesta, en verano, cada noche, desde siempre",
    "it": "prima della festa, in estate, ogni mattina, da tre anni",
    "pt": "antes da festa, no verão, cada noite, há muito",
    "nl": "voor het feest, in de zomer, iedere avond",
}
TIMELESS = [
    "The pool is an old one.",
    "The fine is paid in the office.",
    "They dug for ore and tin.",
    "The new logo has a lamp.",
    "Das Bad ist blau.",
    "Hier ist der Schlüssel.",
    "Die Piscine hat alle 9 Bahnen.",
    "La piscine a été peinte en bleu.",
    "La piscina es azul.",
    "Esto se dio a las 9 personas.",
    "La piscina è blu.",
    "A piscina é azul.",
    "Het zwembad is blauw.",
]


def told(kinds: dict[str, str]) -> list[str]:
    return [OPENS[one].format(told) for one, several in kinds.items() for told in several.split(", ")]


@pytest.mark.parametrize("question", [one for several in ASKED.values() for one in several])
def test_a_time_is_asked_for(question: str) -> None:
    assert time_asked(question) == "time"


@pytest.mark.parametrize("sentence", told(DAYS) + told(DEFINITE) + told(CLOCK))
def test_a_sentence_tells_a_time(sentence: str) -> None:
    assert tells_time(sentence, "time")
    assert may_tell_time(sentence, "time")


@pytest.mark.parametrize("sentence", told(CLOCK))
def test_a_sentence_tells_a_time_of_day(sentence: str) -> None:
    assert tells_time(sentence, "clock")


@pytest.mark.parametrize("sentence", told(VAGUE))
def test_a_sentence_may_tell_a_time(sentence: str) -> None:
    assert may_tell_time(sentence, "time")


@pytest.mark.parametrize("sentence", TIMELESS)
def test_other_sentences_tell_none(sentence: str) -> None:
    assert not tells_time(sentence, "time")
    assert not tells_time(sentence, "clock")
    assert not may_tell_time(sentence, "time")
