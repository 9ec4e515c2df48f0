"""Templates of questions in the languages that have some, and a form without words for all others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

_YEAR = re.compile(r"(?:1[5-9]|20)\d\d\Z")
_CLAUSE = frozenset("that which who there this it then que qui quien".split())
"""Words that no term has: they begin another clause or refer to the sentence before."""
_SINGLE_CAPITAL = re.compile(r"[A-Z][a-z]+(?: [a-z]+)*\Z")


@dataclass(frozen=True, slots=True)
class Wording:
    """Templates of one language.

    ``cell`` has ``{row}`` and ``{column}``, and so has ``of_year`` for columns that a year names. ``label``
    has ``{label}`` and ``{context}``, and so has ``about`` for values of several words. ``is_defined`` and
    ``are_defined`` have ``{term}``, and ``heading`` has ``{heading}``. ``definition`` matches a sentence that
    says what its group ``term`` is, with the verb in ``one`` or ``many``; None where no such sentence is
    looked for. ``pronouns`` begin no term.
    """

    cell: str = "{row}: {column}?"
    of_year: str = "{row}: {column}?"
    label: str = "{context}: {label}?"
    about: str = "{context}: {label}?"
    heading: str = "{heading}?"
    is_defined: str = ""
    are_defined: str = ""
    definition: re.Pattern[str] | None = None
    articles: frozenset[str] = frozenset()
    indefinite: frozenset[str] = frozenset()
    pronouns: frozenset[str] = frozenset()
    has_capital_nouns: bool = False
    lowers: bool = False
    """Whether names of columns and labels stand in the sentence as its own words, without quotation marks."""
    adapt: Callable[[str], str] = field(default=str.strip)
    """Correct what a template makes ungrammatical."""

    @property
    def has_words(self) -> bool:
        """Whether the language has templates of its own."""
        return bool(self.is_defined)

    def ask_cell(self, row: str, column: str) -> str:
        """Ask for the cell of a row in a column."""
        template = self.of_year if _YEAR.match(column) else self.cell
        return self.adapt(template.format(row=row, column=self.lowered(column)))

    def ask_label(self, label: str, context: str) -> str:
        """Ask for the value of a label in a section or document."""
        return self.adapt(self.label.format(label=self.lowered(label), context=context))

    def ask_about(self, label: str, context: str) -> str:
        """Ask for what a section or document says of a label, in several words."""
        return self.adapt(self.about.format(label=self.lowered(label), context=context))

    def ask_heading(self, heading: str) -> str:
        """Turn a heading into a question; one that is a question stays."""
        return heading if heading.endswith(("?", "？")) else self.heading.format(heading=heading.rstrip(".:"))

    def ask_definition(self, sentence: str) -> str | None:
        """The question that a defining sentence answers; None for other sentences."""
        match = self.definition.match(sentence) if self.definition else None
        if match is None:
            return None
        term = match["term"].strip()
        words = term.split()
        if words[0].casefold() in self.pronouns or len(words) > 5 or _CLAUSE.intersection(words[1:]):
            return None
        has_article = words[0].casefold() in self.articles
        if has_article and len(words) < (2 if words[0].casefold() in self.indefinite else 3):
            return None  # "the price": of what, only the sentences before say
        # Where the verb comes second, any word may stand before it: "Daher ist das Haus ...".
        if self.has_capital_nouns and not has_article and not any(map(str.isupper, term[1:])):
            return None
        term = term[0].lower() + term[1:] if has_article else self.lowered(term) if match["many"] else term
        template = self.is_defined if match["one"] else self.are_defined
        return self.adapt(template.format(term=term))

    def lowered(self, name: str) -> str:
        """A name of several words as it stands in a sentence: ``Boiling point`` becomes ``boiling point``."""
        if not self.lowers or not _SINGLE_CAPITAL.match(name):
            return name
        return name[0].lower() + name[1:]


def _definition(one: str, many: str, articles: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<term>[\w\"'“«„][^,.;:()?!\n]{{1,60}}?)\s(?:(?P<one>{one})|(?P<many>{many}))\s+"
        rf"(?:{articles})[\s'’]"
    )


def _elided(question: str) -> str:
    """``que une lampe`` is written ``qu'une lampe``."""
    return re.sub(r"\bque (?=[aeiouyéèêâîôû])", "qu'", question, flags=re.IGNORECASE)


def _in_number(question: str) -> str:
    """``What is the partners of`` has a plural."""
    return re.sub(r"\AWhat is the (?=[\w -]*[a-z]{2}(?<![sui])s of )", "What are the ", question)


_ENGLISH = Wording(
    cell="What is the {column} of {row}?",
    of_year="What is {row} in {column}?",
    label='What is the {label} of "{context}"?',
    about='What does "{context}" say about {label}?',
    is_defined="What is {term}?",
    are_defined="What are {term}?",
    definition=_definition("is", "are", "an?|the|any|one of"),
    articles=frozenset({"a", "an", "the"}),
    indefinite=frozenset({"a", "an"}),
    pronouns=frozenset(
        "it this that these those there here he she they we you i what which who if when where one each both "
        "such another some all most many so then but and or in on at for with as its their his her our "
        "my your of to from by because although while not how why since every no none other only first "
        "second more less now note".split()
    ),
    lowers=True,
    adapt=_in_number,
)
_GERMAN = Wording(
    cell="Welcher Wert steht bei „{row}“ unter „{column}“?",
    of_year="Welcher Wert steht bei „{row}“ für {column}?",
    label="Was steht bei „{label}“ in „{context}“?",
    about="Was steht in „{context}“ zu „{label}“?",
    is_defined="Was ist {term}?",
    are_defined="Was sind {term}?",
    definition=_definition("ist", "sind", "eine?|der|die|das"),
    articles=frozenset({"der", "die", "das", "ein", "eine"}),
    indefinite=frozenset({"ein", "eine"}),
    pronouns=frozenset(
        "es er sie wir ihr ich dies diese dieser dieses jene jeder jede jedes und aber oder denn auch".split()
    ),
    has_capital_nouns=True,
)
_FRENCH = Wording(
    cell="Quelle est la valeur de « {column} » pour « {row} » ?",
    of_year="Quelle est la valeur de « {row} » en {column} ?",
    label="Qu'est-il indiqué à « {label} » dans « {context} » ?",
    about="Que dit « {context} » de « {label} » ?",
    heading="{heading} ?",
    is_defined="Qu'est-ce que {term} ?",
    are_defined="Que sont {term} ?",
    definition=_definition("est", "sont", "une?|le|la|les|l|des"),
    articles=frozenset({"le", "la", "les", "un", "une", "des"}),
    indefinite=frozenset({"un", "une"}),
    pronouns=frozenset(
        "il elle ils elles ce cela ceci on nous vous je tu tout tous toute toutes celui celle ceux cette cet "
        "ces tel telle son sa ses leur leurs mon ma mes notre nos qui que quoi où si quand et ou mais".split()
    ),
    adapt=_elided,
)
_SPANISH = Wording(
    cell="¿Cuál es el valor de «{column}» para «{row}»?",
    of_year="¿Cuál es el valor de «{row}» en {column}?",
    label="¿Qué se indica en «{label}» de «{context}»?",
    about="¿Qué dice «{context}» de «{label}»?",
    heading="¿{heading}?",
    is_defined="¿Qué es {term}?",
    are_defined="¿Qué son {term}?",
    definition=_definition("es", "son", "una?|el|la|los|las|unos|unas"),
    articles=frozenset({"el", "la", "los", "las", "un", "una", "unos", "unas"}),
    indefinite=frozenset({"un", "una", "unos", "unas"}),
    pronouns=frozenset(
        "esto este esta estos estas eso ese esa esos esas ello él ella ellos ellas lo aquí allí que quien "
        "cual si cuando y o pero todo todos toda todas su sus nuestro no".split()
    ),
)
_BY_LANGUAGE: Mapping[str, Wording] = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH}
_OTHERS = Wording()


def wording_of(language: str) -> Wording:
    """Templates of a language by its two-letter code; those without words for a language that has none."""
    return _BY_LANGUAGE.get(language, _OTHERS)
