r"""Decode bytes and normalise text, before it is stored, hashed and cited.

Encodings are never guessed: a byte order mark decides, then the declaration of the caller or the file, then
UTF-8. Invalid bytes are refused, because a wrong guess would be cited as if it were the source.

Normalised text is NFC. Every line end that :meth:`str.splitlines` knows (``\r\n``, ``\r``, vertical tab, form
feed, U+001C to U+001E, U+0085, U+2028, U+2029) becomes ``\n``. The other control characters except tab are
dropped, and so is a byte order mark at the start: they are invisible and cannot be typed into a search. A
file with many of them is considered binary and refused.
"""

import codecs
import re
import unicodedata

from index.errors import EmptyDocument, UndecodableText
from index.patterns import lazy_pattern
from index.readers.base.charsets import find_codec

_BYTE_ORDER_MARKS = (
    # UTF-32 before UTF-16: the little endian marks begin with the same two bytes.
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_DROPPED = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")

_BINARY_WINDOW = 8192
"""A NUL among this many first characters marks a binary file, as it does for git."""
_MAX_CONTROL_SHARE = 0.1
_MAX_MARKS = 256
"""Canonical ordering takes time quadratic in the length of a run of combining marks."""
_CLUSTER = lazy_pattern(r"\X")
"""Characters that belong together, as does a line end of two."""
_MARKS = lazy_pattern(rf"\p{{M}}{{{_MAX_MARKS + 1}}}")


def decode(data: bytes, *, name: str, charset: str | None = None) -> str:
    """Decode a file to text without a byte order mark.

    ``charset`` is the label that the file or its sender declares; unknown labels are ignored.
    """
    encoding, source = _encoding(data, charset)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UndecodableText(
            _decoding_message(name, data, error, encoding=encoding, source=source)
        ) from None
    text = text.lstrip("\ufeff")
    dropped = len(text) - len(_DROPPED.sub("", text))
    if "\0" in text[:_BINARY_WINDOW] or dropped > _MAX_CONTROL_SHARE * len(text):
        raise UndecodableText(
            f"{name}: this is a binary file, or UTF-16 text without a byte order mark: {dropped} of its "
            f"{len(text)} characters are control characters. Send the text itself, in UTF-8."
        )
    return text


def normalise(text: str, *, name: str) -> str:
    """Normalise a text as described for the module."""
    # Drop characters before composing: their neighbours may compose.
    text = _DROPPED.sub("", text).lstrip("\ufeff")
    text = _LINE_END.sub("\n", text.replace("\r\n", "\n"))
    if text.isascii():
        return text
    if _MARKS.search(text):
        raise UndecodableText(
            f"{name}: more than {_MAX_MARKS} combining marks in a row, which no writing system has. "
            "Remove them, or check the file's encoding."
        )
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def offsets_before(text: str, normal: str) -> list[int]:
    """For each offset in a normalised text and its end, the offset in the text that it was made of.

    Raises ValueError where the characters that belong together cannot be told.
    """
    starts: list[int] = []
    made = []
    first = len(text) - len(text.lstrip("\ufeff"))
    for cluster in _CLUSTER.finditer(text, first):
        part = _LINE_END.sub("\n", _DROPPED.sub("", cluster[0]).replace("\r\n", "\n"))
        made.append(unicodedata.normalize("NFC", part))
        starts += [cluster.start()] * len(made[-1])
    if "".join(made) != normal:
        raise ValueError("The text was not normalised cluster by cluster.")
    return [*starts, len(text)]


def one_line(value: str) -> str:
    """Normalise a title or metadata value: one line, white space collapsed, no control characters, NFC."""
    line = " ".join(_DROPPED.sub("", value).split())
    return line if _MARKS.search(line) else unicodedata.normalize("NFC", line)


def require_text(text: str, *, name: str) -> None:
    """Raise :class:`EmptyDocument` for a text that consists of white space."""
    if not text or text.isspace():
        raise EmptyDocument(f"{name}: there is no text in it. Check that it is the right file.")


def _encoding(data: bytes, charset: str | None) -> tuple[str, str]:
    """The encoding, and where it comes from, for error messages."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return encoding, "its byte order mark says"
    if charset is None:
        return "utf-8", "is expected where no encoding is declared"
    if found := find_codec(charset):
        return found, f"its declaration {charset!r} says"
    return "utf-8", f"is expected since its declaration {charset!r} names no known encoding"


def _decoding_message(
    name: str, data: bytes, error: UnicodeDecodeError, *, encoding: str, source: str
) -> str:
    found = data[error.start : error.start + 1].hex().upper()
    return (
        f"{name}: byte {error.start} (0x{found}) is not valid {encoding.upper()}, which {source}. "
        "Convert the file to UTF-8, or declare its encoding."
    )
