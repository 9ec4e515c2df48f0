"""What an e-mail message shows: its header's fields and the texts among its parts, decoded.

The parser's old policy is used, which keeps fields as they came. That of ``email.policy.default`` fails on
malformed fields with whatever its code stumbles on (https://github.com/python/cpython/issues/151857).

Mail is written in wrong encodings more often than not, so unlike elsewhere bytes that do not fit are not a
reason to refuse it: they are shown as U+FFFD, the replacement character, and never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from email.utils import parsedate_to_datetime

from index.errors import UndecodableText
from index.readers.charsets import codec, declared_charset
from index.readers.normalisation import decode, one_line

_MAX_FIELD = 20_000
"""Characters of a field that are kept. Decoding takes time quadratic in a field's encoded words, and so does
finding its parameters."""
_CUT = " …"
_MIN_READABLE = 0.7


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: the text of a ``plain`` or ``html`` one, the file name of an ``attachment``.

    ``message`` is set for a ``forwarded`` one.
    """

    kind: str
    text: str = ""
    message: Message | None = None


class BoundedFields(Compat32):
    """Keeps fields as they came, endless ones cut short with an ellipsis."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name of a field and its value."""
        name, value = super().header_source_parse(sourcelines)
        return name, value if len(value) <= _MAX_FIELD else value[:_MAX_FIELD] + _CUT


def field(message: Message, name: str) -> str:
    """A field of the header with its encoded words decoded, on one line; empty if there is none."""
    for key, value in message.raw_items():
        if key.lower() == name:
            return one_line(_decoded(str(value)))
    return ""


def sent(message: Message) -> datetime | None:
    """When a message says that it was sent; in UTC if it says no zone."""
    value = field(message, "date")
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parts(message: Message) -> Iterator[Part]:
    """The parts that a mail program shows, in order. Of alternatives the plain text, if it has words."""
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
    # The last is the richest (RFC 2046, 5.1.4); what cannot be shown is passed over.
    shown = [one for one in children if one.is_multipart() or one.get_content_maintype() == "text"]
    return shown[-1:] or children[-1:]


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
        return one_line(_decoded(part.get_filename() or ""))
    except (ValueError, TypeError, LookupError):  # parameters that are malformed
        return ""


def _text(part: Message, *, html: bool) -> str | None:
    """The characters of a part; None if they are none."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    charset = part.get_content_charset()
    if charset is None and html:
        charset = declared_charset(payload)
    try:
        return decode(payload, name="", charset=charset)
    except UndecodableText:
        text = payload.decode(codec(charset or "") or "utf-8", "replace")
    readable = sum(character.isprintable() or character.isspace() for character in text) - text.count(
        "\ufffd"
    )
    return text if readable >= _MIN_READABLE * len(text) else None


def _decoded(value: str) -> str:
    value = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" not in value:
        return value
    try:
        words = decode_header(value)
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        word if isinstance(word, str) else _characters(word, charset or "") for word, charset in words
    )


def _characters(data: bytes, charset: str) -> str:
    # The codec is how decode_header wraps what stands between encoded words.
    encoding = (codec(charset) or "utf-8") if charset else "raw-unicode-escape"
    return data.decode(encoding, "replace")
