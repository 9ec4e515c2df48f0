"""Decode the parts of an e-mail message that a mail program displays: header fields and texts.

The parser's old policy is used, because it keeps fields as they are. ``email.policy.default`` fails on
malformed fields with arbitrary exceptions (https://github.com/python/cpython/issues/151857).

Mail often declares a wrong encoding. So, unlike in other formats, invalid bytes do not refuse the file: they
become U+FFFD, the replacement character, and are never guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import parsedate_to_datetime

from index.errors import UndecodableText
from index.readers.base.charsets import declared_charset, find_codec
from index.readers.base.normalisation import decode, one_line

_MAX_FIELD = 20_000
"""Characters of a field that are kept. Decoding encoded words and finding parameters take quadratic time."""
_TRUNCATED = " …"
_MIN_READABLE = 0.7
"""Share of printable characters from which a part counts as text."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: ``text`` is the text of a ``plain`` or ``html`` part, or an ``attachment``'s name.

    ``message`` is set for a ``forwarded`` message.
    """

    kind: str
    text: str = ""
    message: Message | None = None


class BoundedFields(Compat32):
    """Keeps fields as they are, but truncates very long ones."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name of a field and its value."""
        name, value = super().header_source_parse(sourcelines)
        return name, value if len(value) <= _MAX_FIELD else value[:_MAX_FIELD] + _TRUNCATED


def header_field(message: Message, name: str) -> str:
    """A header field on one line, with its encoded words decoded; empty if it is missing."""
    for key, value in message.raw_items():
        if key.lower() == name:
            return one_line(_decode_words(str(value)))
    return ""


def sent_at(message: Message) -> datetime | None:
    """The date and time when a message was sent, from its header; in UTC if that has no time zone."""
    value = header_field(message, "date")
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def displayed_parts(message: Message) -> Iterator[Part]:
    """The parts that a mail program displays, in order. Of alternatives, the plain text if it has words."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part is not message and part.get_content_type() == "message/rfc822":
            yield from _forwarded(part)
        elif part.get_content_type() == "multipart/alternative":
            waiting += _alternative(part)
        elif part.is_multipart():
            waiting += reversed(_children(part))
        else:
            yield _leaf(part)


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _forwarded(part: Message) -> Iterator[Part]:
    for message in _children(part):
        yield Part("forwarded", message=message)


def _alternative(part: Message) -> list[Message]:
    children = _children(part)
    for child in children:
        if (
            child.get_content_type() == "text/plain"
            and not child.is_multipart()
            and _leaf(child).text.strip()
        ):
            return [child]
    # The last alternative that can be displayed is the best one (RFC 2046, 5.1.4).
    readable = [one for one in children if one.is_multipart() or one.get_content_maintype() == "text"]
    return readable[-1:] or children[-1:]


def _leaf(part: Message) -> Part:
    kind = part.get_content_type()
    attached = part.get_content_disposition() == "attachment"
    if kind in ("text/plain", "text/html") and not attached:
        text = _text(part, html=kind == "text/html")
        if text is not None:
            return Part(kind.removeprefix("text/"), text)
    return Part("attachment", _file_name(part) or kind)


def _file_name(part: Message) -> str:
    try:
        return one_line(_decode_words(part.get_filename() or ""))
    except (ValueError, TypeError, LookupError):  # malformed parameters
        return ""


def _text(part: Message, *, html: bool) -> str | None:
    """The text of a part; None if it is no text."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    charset = part.get_content_charset()
    if charset is None and html:
        charset = declared_charset(payload)
    try:
        return decode(payload, name="", charset=charset)
    except UndecodableText:
        text = payload.decode(find_codec(charset or "") or "utf-8", "replace")
    readable = sum(character.isprintable() or character.isspace() for character in text) - text.count(
        "\ufffd"
    )
    return text if readable >= _MIN_READABLE * len(text) else None


def _decode_words(value: str) -> str:
    """Decode the encoded words of a field (RFC 2047)."""
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" not in value:
        return value
    try:
        words = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        word if isinstance(word, str) else _decode_word(word, charset or "") for word, charset in words
    )


def _decode_word(data: bytes, charset: str) -> str:
    # decode_header() encodes the text between encoded words as raw-unicode-escape.
    encoding = (find_codec(charset) or "utf-8") if charset else "raw-unicode-escape"
    return data.decode(encoding, "replace")
