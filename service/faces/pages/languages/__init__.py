"""Languages of the interface. Messages are written in English; a catalogue has them in another language.

``xx.json`` holds the language's own name, a translation for each message, and whether the language has one
form for all numbers. Messages of scripts are a part of their own, because pages carry these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markupsafe import Markup

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the interface, by its BCP 47 tag."""

    tag: str
    name: str
    messages: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    """Messages that scripts show."""
    one_form: bool = False
    """Whether nouns have one form, whatever the number."""

    def t(self, message: str, **values: object) -> str:
        """The message in this language, with values for its fields in braces."""
        return self.messages.get(message, message).format(**values)

    def tn(self, one: str, many: str, count: int, **values: object) -> str:
        """The message for a number, which is its field ``count``. Without plurals, ``many`` is translated."""
        return self.t(one if count == 1 and not self.one_form else many, count=count, **values)

    def th(self, message: str, **values: object) -> Markup:
        """A message with HTML in it. Values are escaped."""
        return Markup(self.messages.get(message, message)).format(**values)  # noqa: S704 -- our own text


def _read_catalogue(path: Path) -> Language:
    catalogue = json.loads(path.read_text(encoding="utf-8"))
    return Language(
        path.stem, catalogue["name"], catalogue["messages"], catalogue["scripts"], catalogue["one_form"]
    )


ENGLISH = Language("en", "English")
LANGUAGES = {one.tag: one for one in (ENGLISH, *map(_read_catalogue, sorted(_FOLDER.glob("*.json"))))}


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
