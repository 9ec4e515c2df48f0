"""Read JSON (RFC 8259) and JSON Lines: records with a text field as prose, others as lines ``path: value``.

Numbers are kept as written.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.errors import CorruptDocument
from index.readers.base.bounds import limit_text, repeated_limit
from index.readers.base.builder import Draft, assemble
from index.readers.base.normalisation import decode, normalise, one_line, require_text
from index.readers.plain.text import find_blocks
from index.types import Extract

READER = "json/1"
MEDIA_TYPE = "application/json"
LINES_READER = "jsonl/1"
LINES_MEDIA_TYPE = "application/jsonl"

_MAX_KEY = 100
_MAX_PATH = 300
_LONG_VALUE = 400
"""Characters from which a value counts as prose and becomes a paragraph of its own."""
_LINES_PER_BLOCK = 1000
_MAX_HEADING = 300
_MIN_SHARE = 0.5
"""Minimum share of a record's characters in its title and text. Otherwise the text is a minor field."""
_NESTED_TOO_DEEPLY = "its values are nested too deeply. Flatten them"


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """The keys of a record's title and text, in order of preference; case does not matter."""

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
    """Extract the records of a JSON file: the members of an array, also of one that an object wraps.

    A record with a text, according to ``fields``, becomes a title with that text below it; other records are
    written field by field. Raises :class:`index.errors.CorruptDocument` if the file is no JSON.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    value = _parse_json(text, lambda reason: f"{name}: this is not JSON: {reason}.")
    records = _records(value)
    limit = repeated_limit(len(data))
    drafts = limit_text(_drafts(records, fields, name), name=name, limit=limit)
    title = _title_and_text(value, fields)[0] if isinstance(value, Mapping) and len(records) == 1 else ""
    return assemble(drafts, name=name, media_type=MEDIA_TYPE, reader=READER, title=title)


def read_jsonl(
    data: bytes, *, name: str, charset: str | None = None, fields: FieldMapping = DEFAULT_FIELDS
) -> Extract:
    """Extract the records of JSON Lines, one in each line that is not blank.

    Raises :class:`index.errors.CorruptDocument` with the number of the first line that is not JSON.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    drafts = _drafts(_lines(text, name), fields, name)
    drafts = limit_text(drafts, name=name, limit=repeated_limit(len(data)))
    return assemble(drafts, name=name, media_type=LINES_MEDIA_TYPE, reader=LINES_READER, title="")


def _lines(text: str, name: str) -> Iterator[object]:
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        line = text[start:end]
        if line and not line.isspace():
            yield _parse_json(line, lambda reason, at=number: f"{name}: line {at} is not JSON: {reason}.")  # type: ignore[misc]
        start = end + 1


def _parse_json(text: str, message: Callable[[str], str]) -> object:
    try:
        return json.loads(text, parse_int=str, parse_float=str, strict=False)
    except RecursionError:
        raise CorruptDocument(message(_NESTED_TOO_DEEPLY)) from None
    except ValueError as error:
        raise CorruptDocument(message(f"{error}. Check that the file is complete")) from None


def _records(value: object) -> Sequence[object]:
    if isinstance(value, Mapping) and len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, list) and inner and all(isinstance(one, Mapping) for one in inner):
            return inner
    return value if isinstance(value, list) else [value]


def _drafts(records: Iterable[object], fields: FieldMapping, name: str) -> Iterator[Draft]:
    headed = False
    for number, record in enumerate(records, start=1):
        title, text = _title_and_text(record, fields) if isinstance(record, Mapping) else ("", "")
        if title or headed:
            # Without its own heading the record would be in the section of the previous one.
            yield Draft("heading", title or f"Record {number}", 1)
            headed = True
        yield from _prose(text, name) if text else _fields(record)


def _title_and_text(record: Mapping[str, object], fields: FieldMapping) -> tuple[str, str]:
    """Title and text of a record; the text is empty if there is none or it is a minor part of the record."""
    keys = {key.casefold(): key for key in record}
    title, text = (
        next((value for key in names if (value := _text_value(record.get(keys.get(key, ""))))), "")
        for names in (fields.title, fields.text)
    )
    title = one_line(title)
    if len(title) > _MAX_HEADING:
        title = ""
    whole = sum(len(value) for _, value in _leaves(record)) if text else 0
    return title, text if len(title) + len(text) >= _MIN_SHARE * whole else ""


def _text_value(value: object) -> str:
    """The value of a text field, a string or a list of paragraphs; empty for other values."""
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
    """The scalars of a value with their paths, such as ``author.names[0]``; null and ``""`` are left out."""
    waiting = [("", record)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(_path(path, key), inner) for key, inner in list(value.items())[::-1]]
        elif isinstance(value, list) and not all(isinstance(one, str | bool) for one in value):
            waiting += [(f"{path}[{at}]"[-_MAX_PATH:], value[at]) for at in range(len(value) - 1, -1, -1)]
        elif value is not None and value not in ("", []):
            yield path, _format_value(value)


def _path(parent: str, key: str) -> str:
    name = one_line(key[:_MAX_KEY])
    return f"{parent}.{name}"[-_MAX_PATH:] if parent else name


def _format_value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_format_value, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
