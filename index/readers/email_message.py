"""E-mail messages (RFC 5322, MIME): the subject is the heading, below it who wrote when, then the text.

Plain text is preferred to HTML where a message has both. Quoted replies stay as they are. Attachments are
named and not read; forwarded messages are sections of the message that they are in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

from index.errors import CorruptDocument, DocumentTooLarge, UnsupportedFormat
from index.readers.bounds import bounded
from index.readers.builder import Draft, assemble
from index.readers.html_blocks import walk
from index.readers.html_tree import parse
from index.readers.mail_parts import BoundedFields, field, parts, sent
from index.readers.normalisation import normalise
from index.readers.text import find_blocks
from index.types import Extract

READER = "email/2"
MEDIA_TYPE = "message/rfc822"

_SHOWN = ("From", "To", "Cc", "Date")
_KNOWN = frozenset(
    "bcc cc content-type date delivered-to from in-reply-to message-id mime-version received references "
    "reply-to return-path sender subject to".split()
)
"""A file with none of these fields is no message."""
_MAX_LINES = 5_000_000
_MAX_CHECKS = 100_000_000
"""Each line is compared with the boundaries of all the parts that it is inside of."""
_MAX_DEPTH = 50
_BOUNDARY = re.compile(rb"boundary\s*=", re.IGNORECASE)
_LEVELS = 6


def read_email_message(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """A message: subject, sender, receivers, date, text, and the names of what is attached.

    ``charset`` is not used: each part of a message says its own. Raises
    :class:`index.errors.UnsupportedFormat` for what is no message.
    """
    message = parsed(data, name=name)
    if not _KNOWN.intersection(key.lower() for key in message.keys()):  # noqa: SIM118 -- no mapping
        raise UnsupportedFormat(
            f"{name}: this has no field of an e-mail message, such as From or Subject. "
            "Save the message from the mail program, or send text as .txt."
        )
    return assemble(
        bounded(message_drafts(message, name=name), name=name),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=field(message, "subject"),
        metadata=metadata(message),
    )


def parsed(data: bytes, *, name: str) -> Message:
    """The tree of a message's parts.

    Raises :class:`index.errors.DocumentTooLarge` for what would take too long, and
    :class:`index.errors.CorruptDocument` for parts inside of parts without end.
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
            f"{name}: the message's parts cannot be told apart ({error}). Save the message anew."
        ) from None


def metadata(message: Message) -> dict[str, str]:
    """Author, receivers and date of a message, as far as it names them."""
    moment = sent(message)
    found = {
        "author": field(message, "from"),
        "to": field(message, "to"),
        "date": moment.isoformat() if moment else "",
    }
    return {key: value for key, value in found.items() if value}


def message_drafts(message: Message, *, name: str, level: int = 1) -> Iterator[Draft]:
    """The blocks of a message under a heading of that level."""
    try:
        yield from _drafts(message, name, level)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # What the standard library stumbles on in malformed parameters of a field.
        raise CorruptDocument(
            f"{name}: a part of the message is malformed ({error!r}). Save the message anew."
        ) from error


def _drafts(message: Message, name: str, level: int) -> Iterator[Draft]:
    if level > _MAX_DEPTH:
        raise CorruptDocument(
            f"{name}: messages are forwarded more than {_MAX_DEPTH} deep. Save the inner ones."
        )
    heading = min(level, _LEVELS)
    yield Draft("heading", field(message, "subject") or "(no subject)", heading)
    lines = ((key, field(message, key.lower())) for key in _SHOWN)
    yield Draft("paragraph", "\n".join(f"{key}: {value}" for key, value in lines if value))
    attached = []
    for part in parts(message):
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
        # Lines of hyphens part a letter and its quotations, they underline nothing.
        kind = "paragraph" if block.kind == "heading" else block.kind
        yield Draft(kind, text[block.start : block.end])


def _html(html: str, name: str, heading: int) -> Iterator[Draft]:
    root = parse(normalise(html, name=name), name=name)
    for block in walk(root) if root is not None else ():
        draft = block.draft
        level = min(_LEVELS, draft.level + heading) if draft.kind == "heading" else 0
        yield Draft(draft.kind, draft.text, level)
