"""Read Outlook messages (.msg): they become messages of mail, so that both have the same structure.

Contacts, notes, tasks and appointments have their subject and their text.
"""

from __future__ import annotations

import re
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from email.utils import format_datetime

from index.errors import CorruptDocument, UnsupportedFormat
from index.readers.base.normalisation import one_line
from index.readers.base.package import is_compound_file, refuse_compound_file
from index.readers.mail import extract_of
from index.readers.mail.outlook_storage import MessageFile, Storage
from index.readers.mail.parts import header_field
from index.types import Extract

READER = "msg/1"
MEDIA_TYPE = "application/vnd.ms-outlook"

_SUBJECT, _HEADERS, _BODY, _HTML, _RTF = 0x0037, 0x007D, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESSES = 0x0C1A, (0x5D01, 0x0C1F, 0x0065)
_SENT, _DELIVERED = 0x0039, 0x0E06
_NAME, _ADDRESSES, _ROLE = 0x3001, (0x39FE, 0x3003), 0x0C15
_ROLES = {1: "To", 2: "Cc"}
_SHOWN_RECIPIENTS = {"To": 0x0E04, "Cc": 0x0E03}
_ATTACHED, _FILE_NAMES = 0x3701, (0x3707, 0x3704, 0x3001)
_FIRST_LINE = re.compile(r"\AMicrosoft Mail Internet Headers[^\n]*\n")
_MAX_HEADERS = 1 << 18
_MAX_DEPTH = 50


def read_outlook_message(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract a message: subject, sender, recipients, date, text, and the names of its attachments.

    ``charset`` is ignored: the file names its code pages. Invalid bytes become U+FFFD, as in other mail.
    Raises :class:`index.errors.UnsupportedFormat` if the file is no message or its text is only stored as
    compressed Rich Text, :class:`index.errors.CorruptDocument` and :class:`index.errors.DocumentTooLarge`.
    """
    if not is_compound_file(data):
        raise CorruptDocument(f"{name}: this is not an Outlook message. Check the file's suffix.")
    file = MessageFile(data, name=name)
    if not file.is_message:
        refuse_compound_file(data, name=name)
    return extract_of(_message(Storage(file), name), name=name, media_type=MEDIA_TYPE, reader=READER)


def _message(storage: Storage, name: str, depth: int = 1) -> Message:
    if depth > _MAX_DEPTH:
        raise CorruptDocument(
            f"{name}: messages are nested more than {_MAX_DEPTH} deep. Save the inner ones."
        )
    message = MIMEMultipart("mixed")
    fields = {"Subject": storage.text(_SUBJECT), "From": _sender(storage), "Date": _date(storage)}
    for key, value in (fields | _recipients(storage)).items():
        if value:
            message[key] = one_line(value)
    message.attach(_body(storage, name))
    for attachment in storage.children("__attach"):
        inner = attachment.embedded(_ATTACHED)
        message.attach(MIMEMessage(_message(inner, name, depth + 1)) if inner else _attachment(attachment))
    return message


def _body(storage: Storage, name: str) -> Message:
    text, (page, codec) = storage.text(_BODY), storage.html(_HTML)
    if not text.strip() and not page and storage.has(_RTF):
        raise UnsupportedFormat(
            f"{name}: the text of the message is only stored as compressed Rich Text. Save it as .eml, or "
            "as .html."
        )
    body = MIMEMultipart("alternative")
    body.attach(MIMEText(text, "plain", "utf-8"))
    if page:
        part = MIMEBase("text", "html")
        if codec:
            part.set_param("charset", codec)
        part.set_payload(page)
        body.attach(part)
    return body


def _attachment(storage: Storage) -> Message:
    part = MIMEBase("application", "octet-stream")
    file_name = next(filter(None, map(storage.text, _FILE_NAMES)), "")
    if file_name:
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", one_line(file_name)))
    return part


def _sender(storage: Storage) -> str:
    addresses = (storage.text(one) for one in _SENDER_ADDRESSES)
    return _person(storage.text(_SENDER), next((one for one in addresses if "@" in one), ""))


def _recipients(storage: Storage) -> dict[str, str]:
    """The recipients by field, with their addresses if the file has them."""
    found: dict[str, list[str]] = {"To": [], "Cc": []}
    for recipient in storage.children("__recip"):
        addresses = (recipient.text(one) for one in _ADDRESSES)
        address = next((one for one in addresses if "@" in one), "")
        role = _ROLES.get(recipient.integer(_ROLE))
        if role and (person := _person(recipient.text(_NAME), address)):
            found[role].append(person)
    return {key: ", ".join(found[key]) or storage.text(_SHOWN_RECIPIENTS[key]) for key in found}


def _person(name: str, address: str) -> str:
    name = name.strip().strip("'")
    return f"{name} <{address}>" if address and name and name != address else address or name


def _date(storage: Storage) -> str:
    """The date of the message: from its header, which has the sender's time zone, or its properties."""
    fields = _FIRST_LINE.sub("", storage.text(_HEADERS)[:_MAX_HEADERS].lstrip())
    headers = HeaderParser().parsestr(fields)
    moment = storage.moment(_SENT) or storage.moment(_DELIVERED)
    return header_field(headers, "date") or (format_datetime(moment) if moment else "")
