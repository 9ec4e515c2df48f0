"""What was pasted or uploaded: a text, one quote, or a locator."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from starlette.datastructures import UploadFile

from index.citations import Locator, carried
from index.errors import InvalidLimit
from service.errors import InvalidRequest
from service.settings import Settings

Kind = Literal["auto", "text", "quote"]
_ENCLOSED = re.compile(r"“[^“”]+”|„[^„“”]+[“”]|«[^«»]+»|「[^「」]+」|『[^『』]+』|\"[^\"]+\"", re.DOTALL)
_BLOCK_QUOTE = re.compile(r"^[^\S\n]*>[^\S\n]?", re.MULTILINE)
_SUFFIXES = (".txt", ".md", ".markdown")
_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class Pasted:
    """A text, and what it is: ``quote`` are the words of one, ``locator`` that of a citation alone."""

    text: str
    quote: str = ""
    locator: Locator | None = None


def pasted(text: str, kind: Kind, settings: Settings) -> Pasted:
    """Recognise what was pasted. Raises :class:`index.errors.InvalidLimit` for too long a text."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    most = settings.max_answer_characters
    if len(text) > most:
        raise InvalidLimit(
            f"The text has {len(text):,} characters; at most {most:,} are checked at once. Check it in "
            "parts.",
            limit="max_answer_characters",
        )
    if kind != "auto":
        return Pasted(text, text if kind == "quote" else "")
    found = carried(text)
    if list(found.locators) == [1] and not found.entries and found.text.strip("()[]<>`\n ") == "1":
        return Pasted(text, locator=found.locators[1])
    if _ENCLOSED.fullmatch(text):
        return Pasted(text, text[1:-1].strip())
    lines = text.splitlines()
    if lines and all(line.lstrip().startswith(">") for line in lines):
        return Pasted(text, _BLOCK_QUOTE.sub("", text))
    return Pasted(text)


async def text_of_file(file: UploadFile, settings: Settings) -> str:
    """The text of an uploaded file. Raises :class:`InvalidRequest`, :class:`index.errors.InvalidLimit`."""
    name = file.filename or ""
    if not name.lower().endswith(_SUFFIXES):
        raise InvalidRequest(f"{name[:200]!r} is no text file. Choose one that ends in .txt or .md.")
    most = _BYTES_PER_CHARACTER * settings.max_answer_characters
    data = await file.read(most + 1)
    if len(data) > most:
        raise InvalidLimit(
            f"The file is longer than {settings.max_answer_characters:,} characters. Check it in parts.",
            limit="max_answer_characters",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{name[:200]!r} is not in UTF-8. Save it as UTF-8 text.") from None
