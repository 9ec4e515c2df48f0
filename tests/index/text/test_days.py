"""The days of the week that cells, headings and questions name, in four languages."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest

from index.text.days import days_asked, days_of

LONG = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
SHORT = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "de": "Mo Di Mi Do Fr Sa So",
    "fr": "lun. mar. mer. jeu. ven. sam. dim.",
    "es": "lun mar mié jue vie sáb dom",
}
TO = {
    "en": ("{} to {}", "{}–{}", "{} through {}"),
    "de": ("{} bis {}", "{}-{}", "{} – {}"),
    "fr": ("du {} au {}", "{} à {}", "{}–{}"),
    "es": ("de {} a {}", "del {} al {}", "{}-{}"),
}
AND = {"en": "{} and {}", "de": "{} und {}", "fr": "{} et {}", "es": "{} y {}"}
DAILY = {"en": "daily", "de": "täglich", "fr": "tous les jours", "es": "todos los días"}
EXCEPT = {"en": "except", "de": "außer", "fr": "sauf", "es": "excepto"}
HOLIDAYS = {
    "en": ("public holidays", "bank holidays", "holidays"),
    "de": ("Feiertage", "gesetzliche Feiertage"),
    "fr": ("jours fériés", "fériés"),
    "es": ("festivos", "días festivos", "feriados"),
}
LANGUAGES = tuple(LONG)


def names(language: str) -> list[list[str]]:
    """The names of the seven days, long and short."""
    return [LONG[language].split(), SHORT[language].split()]


def forms(text: str) -> set[str]:
    """A text in several ways of writing it."""
    return {text, text.upper(), text.lower(), unicodedata.normalize("NFD", text)}


def from_to(first: int, last: int) -> list[int]:
    """The days of a range, which may run over the end of the week."""
    return sorted((first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1))


def read(text: str) -> list[int]:
    return sorted(days_of(text) or ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_ranges_and_pairs_of_days(language: str) -> None:
    for (first, last), written in product(product(range(1, 8), repeat=2), names(language)):
        one, other = written[first - 1], written[last - 1]
        for form, text in product(TO[language], forms(one)):
            assert read(form.format(text, other)) == from_to(first, last), form.format(text, other)
        for text in forms(AND[language].format(one, other)):
            assert read(text) == sorted({first, last}), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_days_but_some(language: str) -> None:
    for (first, last), written in product(product(range(1, 8), repeat=2), names(language)):
        but = AND[language].format(written[first - 1], written[last - 1])
        rest = [day for day in range(1, 8) if day not in (first, last)]
        for daily in forms(DAILY[language]):
            assert read(f"{daily} {EXCEPT[language]} {but}") == rest


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mark", [", ", " + "])
def test_a_day_that_is_not_there_to_be_left_out(language: str, mark: str) -> None:
    for day, other in product(range(1, 6), range(6, 8)):
        written = names(language)[0]
        week = TO[language][0].format(written[0], written[4])
        but, more = written[day - 1], written[other - 1]
        rest = [one for one in range(1, 6) if one != day]
        assert read(f"{week} {EXCEPT[language]} {but}{mark}{more}") == sorted([*rest, other])
        assert read(f"{week} ({EXCEPT[language]} {AND[language].format(but, more)})") == rest
        # It may run on the latter or not.
        assert read(f"{week} {EXCEPT[language]} {AND[language].format(but, more)}") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_public_holidays_are_a_day_of_their_own(language: str) -> None:
    for name, holidays in product((written[6] for written in names(language)), HOLIDAYS[language]):
        for text in forms(AND[language].format(name, holidays)):
            assert read(text) == [7, 8], text
        week = TO[language][0].format(*(names(language)[0][at] for at in (0, 4)))
        assert read(f"{week} {EXCEPT[language]} {holidays}") == [1, 2, 3, 4, 5]
        assert read(TO[language][0].format(name, holidays)) == []


@pytest.mark.parametrize("text", ["Sonn- und Feiertage", "sonn- und feiertags", "Sonn-/Feiertage"])
def test_sundays_and_holidays_in_one_german_word(text: str) -> None:
    assert read(text) == [7, 8]


@pytest.mark.parametrize("text", ["school holidays", "Sundays in the holidays", "Schulferien", "vacances"])
def test_holidays_of_schools_are_none(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize("text", ["werktags", "Werktags außer Mi", "jours ouvrables", "laborables"])
def test_days_that_may_have_saturday_are_unclear(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "beside", "days"),
    [
        ("Di", "Lu Ma Me Je Ve Sa Di", []),
        ("Do", "Lu Ma Mi Ju Vi Sa Do", []),
        ("Di", "Mo Di Mi Do Fr Sa So", [2]),
        ("Do", "Mo Di Mi Do Fr Sa So", [4]),
        ("Mar", "Ene Feb Mar Abr", []),
    ],
)
def test_short_names_that_languages_share(text: str, beside: str, days: list[int]) -> None:
    assert sorted(days_of(text, beside.split()) or ()) == days


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_of_a_question(language: str) -> None:
    for day, name in enumerate(LONG[language].split(), 1):
        plural = name if name.endswith("s") else f"{name}s"
        for word in (name, plural, name.lower(), name.upper()):
            assert days_asked(f"? {word}?") == (frozenset({day}), word)


@pytest.mark.parametrize(
    "word", ["Sonntage", "Sonntagen", "Sonnabenden", "Wochenenden", "week-end", "fin de semana"]
)
def test_other_forms_of_the_days_of_a_question(word: str) -> None:
    days, found = days_asked(f"Was an {word}?")
    assert days
    assert found == word


@pytest.mark.parametrize(
    "text", ["die", "Diesen", "Mondaye", "Sunen", "a", "y", "\u200d", "\ud800", "مساء الأحد", "İ" * 40]
)
def test_words_that_are_no_days(text: str) -> None:
    assert read(text) == []
    assert days_asked(text) == (frozenset(), "")
