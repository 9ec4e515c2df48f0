"""Read e-mail messages (RFC 5322, MIME): subject as heading, then sender, recipients and date, then the text.

Plain text is preferred to HTML where a message has both. Quoted replies are kept. Attachments are named, but
not read. Forwarded messages become sections of the message that contains them.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

from index.errors import CorruptDocument, DocumentTooLarge, UnsupportedFormat
from index.readers.base.bounds import limit_text
from index.readers.base.builder import Draft, assemble
from index.readers.base.normalisation import normalise
from index.readers.html.blocks import page_blocks
from index.readers.html.tree import parse_html
from index.readers.mail.parts import BoundedFields, displayed_parts, header_field, sent_at
from index.readers.plain.text import find_blocks
from index.types import Extract

READER = "email/3"
MEDIA_TYPE = "message/rfc822"

_SHOWN = ("From", "To", "Cc", "Date")
_KNOWN_FIELDS = frozenset(
    "bcc cc content-type date delivered-to from in-reply-to message-id mime-version received references "
    "reply-to return-path sender subject to".split()
)
"""A file without any of these fields is no message."""
_MAX_LINES = 5_000_000
_MAX_CHECKS = 100_000_000
"""Comparisons of lines with boundaries: the parser compares a line with those of all enclosing parts."""
_MAX_DEPTH = 50
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)
_LEVELS = 6


def read_email_message(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract a message: subject, sender, recipients, date, text, and the names of its attachments.

    ``charset`` is ignored: each part of a message declares its own. Raises
    :class:`index.errors.UnsupportedFormat` if the file is no message.
    """
    message = parse_message(data, name=name)
    if not _KNOWN_FIELDS.intersection(key.lower() for key in message.keys()):  # noqa: SIM118 -- no mapping
        raise UnsupportedFormat(
            f"{name}: this has no field of an e-mail message, such as From or Subject. "
            "Save the message from the mail program, or send text as .txt."
        )
    return extract_of(message, name=name, media_type=MEDIA_TYPE, reader=READER)


def extract_of(message: Message, *, name: str, media_type: str, reader: str) -> Extract:
    """Extract a message that was parsed."""
    return assemble(
        limit_text(message_drafts(message, name=name), name=name),
        name=name,
        media_type=media_type,
        reader=reader,
        title=header_field(message, "subject"),
        metadata=_metadata(message),
    )


def parse_message(data: bytes, *, name: str) -> Message:
    """Parse a message into a tree of parts.

    Raises :class:`index.errors.DocumentTooLarge` if that would take too long, and
    :class:`index.errors.CorruptDocument` if parts are nested too deeply.
    """
    lines = data.count(b"\n") + data.count(b"\r")
    boundaries = sum(1 for _ in _BOUNDARY.finditer(data))
    if lines > _MAX_LINES or lines * min(boundaries, _MAX_DEPTH * 4) > _MAX_CHECKS:
        raise DocumentTooLarge(
            f"{name}: the message has {lines:,} lines in some {boundaries:,} parts. Save its attachments as "
            "files of their own."
        )
    try:
        return message_from_bytes(data, policy=BoundedFields())
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise CorruptDocument(
            f"{name}: the parts of the message cannot be parsed ({error}). Save the message again."
        ) from None


def _metadata(message: Message) -> dict[str, str]:
    """Author, recipients and date of a message, as far as it has them."""
    moment = sent_at(message)
    found = {
        "author": header_field(message, "from"),
        "to": header_field(message, "to"),
        "date": moment.isoformat() if moment else "",
    }
    return {key: value for key, value in found.items() if value}


def message_drafts(message: Message, *, name: str) -> Iterator[Draft]:
    """The blocks of a message, below a heading with its subject."""
    try:
        yield from _drafts(message, name, 1)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # The standard library raises these for malformed parameters of a field.
        raise CorruptDocument(
            f"{name}: a part of the message is malformed ({error!r}). Save the message again."
        ) from error


def _drafts(message: Message, name: str, level: int) -> Iterator[Draft]:
    if level > _MAX_DEPTH:
        raise CorruptDocument(
            f"{name}: forwarded messages are nested more than {_MAX_DEPTH} deep. Save the inner ones."
        )
    heading = min(level, _LEVELS)
    yield Draft("heading", header_field(message, "subject") or "(no subject)", heading)
    lines = ((key, header_field(message, key.lower())) for key in _SHOWN)
    yield Draft("paragraph", "\n".join(f"{key}: {value}" for key, value in lines if value))
    attached = []
    for part in displayed_parts(message):
        if part.message is not None:
            yield from _drafts(part.message, name, level + 1)
        elif part.kind == "plain":
            yield from _plain(part.text, name)
        elif part.kind == "html":
            yield from _html(part.text, name, heading)
        else:
            attached.append(part.text)
    if attached:
        yield Draft("paragraph", f"Attachments: {', '.join(attached)}")


def _plain(text: str, name: str) -> Iterator[Draft]:
    text = normalise(text, name=name)
    for block in find_blocks(text):
        # In mail, lines of hyphens separate a message from quotations: they do not underline headings.
        kind = "paragraph" if block.kind == "heading" else block.kind
        yield Draft(kind, text[block.start : block.end])


def _html(html: str, name: str, heading: int) -> Iterator[Draft]:
    root = parse_html(normalise(html, name=name), name=name)
    for block in page_blocks(root) if root is not None else ():
        draft = block.draft
        level = min(_LEVELS, draft.level + heading) if draft.kind == "heading" else 0
        yield Draft(draft.kind, draft.text, level)
