"""Pasted input: a text, one quote, or a locator."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from index.citations import Locator, find_carried
from index.errors import InvalidLimit
from service.settings import MAX_ANSWER_CHARACTERS

Kind = Literal["auto", "text", "quote"]
_ENCLOSED = re.compile(r"“[^“”]+”|„[^„“”]+[“”]|«[^«»]+»|「[^「」]+」|『[^『』]+』|\"[^\"]+\"", re.DOTALL)
_BLOCK_QUOTE = re.compile(r"^[^\S\n]*>[^\S\n]?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pasted:
    """A text, and what it is: ``quote`` are the words of one, ``locator`` that of a citation alone."""

    text: str
    quote: str = ""
    locator: Locator | None = None


def parse_pasted_input(text: str, kind: Kind) -> Pasted:
    """Recognise a citation, a quote or a text. Raises :class:`index.errors.InvalidLimit` for a long one."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise InvalidLimit(
            f"The text has {len(text):,} characters; at most {MAX_ANSWER_CHARACTERS:,} are checked at once. "
            "Check it in parts."
        )
    if kind != "auto":
        return Pasted(text, text if kind == "quote" else "")
    found = find_carried(text)
    if list(found.locators) == [1] and not found.entries and found.text.strip("()[]<>`\n ") == "1":
        return Pasted(text, locator=found.locators[1])
    if _ENCLOSED.fullmatch(text):
        return Pasted(text, text[1:-1].strip())
    lines = text.splitlines()
    if lines and all(line.lstrip().startswith(">") for line in lines):
        return Pasted(text, _BLOCK_QUOTE.sub("", text))
    return Pasted(text)
