"""JSON (RFC 8259) and JSON Lines: records with a text as that text, all else as lines ``path: value``.

Numbers are shown as they are written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.errors import CorruptDocument
from index.readers.bounds import bounded
from index.readers.builder import Draft, assemble
from index.readers.normalisation import decode, normalise, one_line, require_text
from index.readers.text import find_blocks
from index.types import Extract

READER = "json/1"
MEDIA_TYPE = "application/json"
LINES_READER = "jsonl/1"
LINES_MEDIA_TYPE = "application/jsonl"

_MAX_KEY = 100
_MAX_PATH = 300
_LONG_VALUE = 400
"""A longer value is prose: a paragraph of its own rather than a line among others."""
_LINES_PER_BLOCK = 1000
_MAX_HEADING = 300
_MIN_SHARE = 0.5
"""How much of a record's characters its text must be, or the record is about something else."""
_NESTED_DEEPLY = "its values are nested too deeply. Flatten them"


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """The keys, in order of preference and without regard to case, that hold a record's title and text."""

    title: Sequence[str] = ("title", "headline", "subject", "name")
    text: Sequence[str] = (
        "text",
        "content",
        "contents",
        "body",
        "page_content",
        "passage",
        "article",
        "document",
        "transcript",
    )


DEFAULT_FIELDS = FieldMapping()


def read_json(
    data: bytes, *, name: str, charset: str | None = None, fields: FieldMapping = DEFAULT_FIELDS
) -> Extract:
    """A JSON value: an array's members are records, as are those of an object that has nothing else.

    A record that has a text by ``fields`` is that text under its title; others are shown field by field.
    Raises :class:`index.errors.CorruptDocument` for what is no JSON.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    value = _parsed(text, lambda reason: f"{name}: this is no JSON: {reason}.")
    records = _records(value)
    drafts = _drafts(records, fields, name)
    title = _fitting(value, fields)[0] if isinstance(value, Mapping) and len(records) == 1 else ""
    return _assembled(drafts, name, MEDIA_TYPE, READER, title)


def read_jsonl(
    data: bytes, *, name: str, charset: str | None = None, fields: FieldMapping = DEFAULT_FIELDS
) -> Extract:
    """JSON Lines: a record in each line that is not blank.

    Raises :class:`index.errors.CorruptDocument` with the number of the first line that is no JSON.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    return _assembled(_drafts(_lines(text, name), fields, name), name, LINES_MEDIA_TYPE, LINES_READER, "")


def _assembled(drafts: Iterable[Draft], name: str, media_type: str, reader: str, title: str) -> Extract:
    return assemble(bounded(drafts, name=name), name=name, media_type=media_type, reader=reader, title=title)


def _lines(text: str, name: str) -> Iterator[object]:
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        line = text[start:end]
        if line and not line.isspace():
            yield _parsed(line, lambda reason, at=number: f"{name}: line {at} is no JSON: {reason}.")  # type: ignore[misc]
        start = end + 1


def _parsed(text: str, message: Callable[[str], str]) -> object:
    try:
        return json.loads(text, parse_int=str, parse_float=str, strict=False)
    except RecursionError:
        raise CorruptDocument(message(_NESTED_DEEPLY)) from None
    except ValueError as error:
        raise CorruptDocument(message(f"{error}. Check that the file is whole")) from None


def _records(value: object) -> Sequence[object]:
    if isinstance(value, Mapping) and len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, list) and inner and all(isinstance(one, Mapping) for one in inner):
            return inner
    return value if isinstance(value, list) else [value]


def _drafts(records: Iterable[object], fields: FieldMapping, name: str) -> Iterator[Draft]:
    headed = False
    for number, record in enumerate(records, start=1):
        title, text = _fitting(record, fields) if isinstance(record, Mapping) else ("", "")
        if title or headed:
            # Without a heading of its own it would stand in the section of the record before.
            yield Draft("heading", title or f"Record {number}", 1)
            headed = True
        yield from _prose(text, name) if text else _fields(record)


def _fitting(record: Mapping[str, object], fields: FieldMapping) -> tuple[str, str]:
    """Title and text of a record; without a text where no field, or too little of the record, is one."""
    keys = {key.casefold(): key for key in record}
    title, text = (
        next((value for key in names if (value := _words(record.get(keys.get(key, ""))))), "")
        for names in (fields.title, fields.text)
    )
    title = one_line(title)
    if len(title) > _MAX_HEADING:
        title = ""
    whole = sum(len(value) for _, value in _leaves(record)) if text else 0
    return title, text if len(title) + len(text) >= _MIN_SHARE * whole else ""


def _words(value: object) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = "\n\n".join(value)
    return value if isinstance(value, str) and value.strip() else ""


def _prose(text: str, name: str) -> Iterator[Draft]:
    text = normalise(text, name=name)
    for block in find_blocks(text):
        yield Draft(block.kind, text[block.start : block.end], min(6, block.level + 1) if block.level else 0)


def _fields(record: object) -> Iterator[Draft]:
    lines: list[str] = []
    for path, value in _leaves(record):
        line = f"{path}: {value}" if path else value
        long = len(line) > _LONG_VALUE
        if lines and (long or len(lines) == _LINES_PER_BLOCK):
            yield Draft("table", "\n".join(lines))
            lines = []
        if long:
            yield Draft("paragraph", line)
        else:
            lines.append(" ".join(line.split()))
    if lines:
        yield Draft("table", "\n".join(lines))


def _leaves(record: object) -> Iterator[tuple[str, str]]:
    """The scalars of a value, each with the path to it, such as ``author.names[0]``; not null and ``""``."""
    waiting = [("", record)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(_path(path, key), inner) for key, inner in list(value.items())[::-1]]
        elif isinstance(value, list) and not all(isinstance(one, str | bool) for one in value):
            waiting += [(f"{path}[{at}]"[-_MAX_PATH:], value[at]) for at in range(len(value) - 1, -1, -1)]
        elif value is not None and value not in ("", []):
            yield path, _shown(value)


def _path(above: str, key: str) -> str:
    name = one_line(key[:_MAX_KEY])
    return f"{above}.{name}"[-_MAX_PATH:] if above else name


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
