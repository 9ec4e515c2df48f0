"""Read tables in text files: CSV in its dialects, and TSV.

The dialect is detected: the delimiter that splits most rows at the start of the file into the same number of
cells. ``csv.Sniffer`` is not used, because its patterns take time quadratic in the sample
(https://github.com/python/cpython/issues/98820).
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from index.errors import CorruptDocument
from index.readers.base.bounds import limit_text, repeated_limit
from index.readers.base.builder import assemble
from index.readers.base.normalisation import decode, normalise, require_text
from index.readers.sheets.table_rows import row_drafts
from index.types import Extract

READER = "csv/3"
MEDIA_TYPE = "text/csv"

_DELIMITERS = ",;\t|"
_SAMPLE_CHARACTERS = 1 << 16
_SAMPLE_ROWS = 200
_DECLARED = re.compile(r"\Asep=(.)\r?\n", re.IGNORECASE)
"""The line by which Excel declares the delimiter of a file."""
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")


def read_csv(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the rows of a table, each as a line that names its cells if there is a header.

    Raises :class:`index.errors.CorruptDocument` for a cell longer than :func:`csv.field_size_limit`.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    if declared := _DECLARED.match(text):
        text, delimiter = text[declared.end() :], declared[1]
    else:
        delimiter = _detect_delimiter(text)
    rows = _rows(text, delimiter, _quoting(text, delimiter), name=name)
    drafts = limit_text(row_drafts(rows), name=name, limit=repeated_limit(len(data)))
    return assemble(drafts, name=name, media_type=MEDIA_TYPE, reader=READER)


def _lines(text: str) -> Iterator[str]:
    return (match[0] for match in _LINE.finditer(text))


def _rows(text: str, delimiter: str, quoting: int, *, name: str) -> Iterator[list[str]]:
    reader = csv.reader(_lines(text), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    try:
        yield from reader
    except csv.Error as error:
        raise CorruptDocument(
            f"{name}: line {reader.line_num}: {error}. Check its quotation marks; if it is no table, send it "
            "as text."
        ) from None


def _detect_delimiter(text: str) -> str:
    sample = text[:_SAMPLE_CHARACTERS]
    if len(sample) < len(text) and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    return max(_DELIMITERS, key=lambda delimiter: _score(sample, delimiter))


def _score(sample: str, delimiter: str) -> tuple[float, bool, int]:
    """Score a delimiter on the sample: the share of rows with the most frequent width, and the width.

    In a tie the comma loses, because it may be part of numbers.
    """
    try:
        reader = csv.reader(_lines(sample), delimiter=delimiter)
        widths = Counter(len(row) for row in islice(reader, _SAMPLE_ROWS) if row)
    except csv.Error:
        return 0.0, False, 0
    wide = Counter({width: count for width, count in widths.items() if width > 1})
    if not wide:
        return 0.0, False, 0
    width, count = wide.most_common(1)[0]
    return count / widths.total(), delimiter != ",", width


def _quoting(text: str, delimiter: str) -> int:
    """Whether quotation marks enclose cells, or are ordinary characters as in many TSV files.

    They are ordinary characters if one is never closed: it would swallow the rest of the file.
    """
    if '"' not in text:
        return csv.QUOTE_NONE
    try:
        for _ in csv.reader(_lines(text), delimiter=delimiter, strict=True):
            pass
    except csv.Error:
        odd = text.count('"') % 2
        return csv.QUOTE_NONE if odd or delimiter == "\t" else csv.QUOTE_MINIMAL
    return csv.QUOTE_MINIMAL
