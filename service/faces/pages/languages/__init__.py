"""Languages of the interface. Messages are written in English; a catalogue has them in another language.

``xx.json`` holds the language's own name and a translation for each message. A translation that depends on a
number has a form for each plural category of its language: ``{"one": ..., "few": ..., "other": ...}``.
Messages of scripts are a part of their own, because pages carry these.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.core import Locale
from markupsafe import Markup

Translation = str | Mapping[str, str]
"""One text for all numbers, or texts by the plural categories of CLDR."""
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the interface, by its BCP 47 tag."""

    tag: str
    name: str
    messages: Mapping[str, Translation] = field(default_factory=dict)
    """By message in English; by the plural, where there is one."""
    scripts: Mapping[str, Translation] = field(default_factory=dict)
    """Messages that scripts show."""

    @property
    def is_right_to_left(self) -> bool:
        """Whether it is written from right to left."""
        return _locale(self.tag).character_order == "right-to-left"

    def t(self, message: str, **values: object) -> str:
        """The message in this language, with values for its fields in braces."""
        return self._translate(message).format(**values)

    def tn(self, one: str, many: str, count: int, **values: object) -> str:
        """The message for a number, which is its field ``count``."""
        forms = self.messages.get(many, {"one": one, "other": many})
        if not isinstance(forms, str):
            forms = forms.get(_locale(self.tag).plural_form(count)) or forms["other"]
        return forms.format(count=count, **values)

    def th(self, message: str, **values: object) -> Markup:
        """A message with HTML in it. Values are escaped."""
        return Markup(self._translate(message)).format(**values)  # noqa: S704 -- our own text

    def _translate(self, message: str) -> str:
        translation = self.messages.get(message, message)
        return translation if isinstance(translation, str) else translation["other"]


@cache
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


def read_languages(folder: Path) -> dict[str, Language]:
    """English, and the languages whose catalogues are in a folder, by tag."""
    return {one.tag: one for one in (ENGLISH, *map(_read_catalogue, sorted(folder.glob("*.json"))))}


def _read_catalogue(path: Path) -> Language:
    catalogue = json.loads(path.read_text(encoding="utf-8"))
    return Language(path.stem, catalogue["name"], catalogue["messages"], catalogue["scripts"])


ENGLISH = Language("en", "English")
LANGUAGES = read_languages(_FOLDER)


def choose_language(tag: str, accepted: str) -> Language:
    """The language with a tag, else the first that a header Accept-Language names, else English."""
    if tag in LANGUAGES:
        return LANGUAGES[tag]
    return next((LANGUAGES[one] for one in _ranked_languages(accepted) if one in LANGUAGES), ENGLISH)


def _ranked_languages(accepted: str) -> Iterable[str]:
    """Primary subtags of a header Accept-Language (RFC 9110, section 12.5.4), the most wanted first."""
    weighed = []
    for part in accepted[:1000].split(","):
        tag, _, weight = part.partition(";")
        try:
            weighed.append((float(weight.strip().removeprefix("q=") or 1), tag.strip().lower().split("-")[0]))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0]
