"""The sentences of a passage with the hashes of their search terms, as the second look reads them."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.text.sentences import Span, sentence_spans
from index.text.tables import cells, row_spans
from index.types import Block, Sentences

_MAX_SENTENCES = 512
TermHashes = Callable[[str], NDArray[np.uint32]]


def split_sentences(text: str, at: int, term_hashes: TermHashes, tables: Sequence[Block] = ()) -> Sentences:
    """Split ``text[at:]`` into sentences and rows of tables, without vectors. ``text[:at]`` is the headings.

    The terms of a row include those of its columns' names and of the line that names its group, a row with
    one cell above it. Lines of column names are no sentences of their own; their terms are with those of the
    headings. Offsets of ``tables`` are those of ``text``. ``term_hashes`` is
    :meth:`index.text.analysis.Analyzer.term_hashes`.
    """
    if not tables:
        units = [(span, "") for span in sentence_spans(text, at, len(text))]
    else:
        units = list(_units(text, at, tables))
    units = units[:_MAX_SENTENCES]
    parts = [term_hashes(f"{text[start:end]}\n{context}") for (start, end), context in units]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int32)
    above = "\n".join([text[:at], *(text[max(at, one.start) : _body(one)] for one in tables)])
    return Sentences(
        spans=np.array([span for span, _ in units], np.int32).reshape(-1, 2) - at,
        terms=np.concatenate([*parts, term_hashes(above)]),
        term_ends=ends,
        vectors=np.empty((0, 0), np.float32),
    )


def _units(text: str, at: int, tables: Sequence[Block]) -> Iterator[tuple[Span, str]]:
    """Yield the sentences and rows in order, each with what is above it."""
    for table in tables:
        if at < table.start:
            yield from ((span, "") for span in sentence_spans(text, at, table.start))
        columns = table.columns
        names = "\n".join(columns.names) if columns and not columns.labelled else ""
        group = ""
        for start, end in row_spans(text, table, at, len(text)):
            is_group = not (columns and columns.labelled) and len(cells(text, columns, start, end)) == 1
            group = text[start:end] if is_group else group
            yield (start, end), names if is_group else f"{names}\n{group}"
        at = max(at, min(table.end, len(text)))
    if at < len(text):
        yield from ((span, "") for span in sentence_spans(text, at, len(text)))


def _body(table: Block) -> int:
    """The offset at which the rows of a table begin, after the lines of column names."""
    return max(0, table.columns.body if table.columns else table.start)
