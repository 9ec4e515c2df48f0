"""Read mailboxes in one file (mbox, RFC 4155): each message becomes a section."""

import re
from collections.abc import Iterator

from index.errors import DocumentTooLarge, UnsupportedFormat
from index.readers.base.bounds import limit_text
from index.readers.base.builder import Draft, assemble
from index.readers.mail import message_drafts, parse_message
from index.types import Extract

READER = "mbox/3"
MEDIA_TYPE = "application/mbox"

_MAX_MESSAGES = 100_000
_SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n(?=>?[!-9;-~]{1,80}:)")
"""A line that begins a message: it follows a blank line and is followed by a header field. Not all programs
quote such lines in the text of a message."""
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mbox(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the messages of a mailbox, each as :mod:`index.readers.mail` does.

    ``charset`` is ignored: each part of a message declares its own.
    """
    starts = [match.span() for match in _SEPARATOR.finditer(data)]
    if not starts:
        raise UnsupportedFormat(
            f"{name}: this is no mailbox: it has no line 'From address date' at the start of a message. "
            "Send single messages as .eml."
        )
    if len(starts) > _MAX_MESSAGES:
        raise DocumentTooLarge(
            f"{name}: the mailbox has more than {_MAX_MESSAGES:,} messages. Split it by years or folders."
        )
    ends = [start for start, _ in starts[1:]] + [len(data)]
    pieces = (data[begin:end] for (_, begin), end in zip(starts, ends, strict=True))
    drafts = limit_text(_drafts(pieces, name), name=name)
    return assemble(drafts, name=name, media_type=MEDIA_TYPE, reader=READER)


def _drafts(pieces: Iterator[bytes], name: str) -> Iterator[Draft]:
    for piece in pieces:
        yield from message_drafts(parse_message(_QUOTED.sub(rb"\1", piece), name=name), name=name)
