"""Values that the parts exchange. Imports nothing of the project.

Offsets count Unicode code points; spans are half open: ``[start, end)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar | Sequence[Scalar]]
Ids: TypeAlias = "NDArray[np.int64]"
Vectors: TypeAlias = "NDArray[np.float32]"
"""Shape (n, dimension), each row of unit length."""

BlockKind = Literal["heading", "paragraph", "list", "table", "code", "figure"]


@dataclass(frozen=True, slots=True)
class Block:
    """A structural unit of a text, such as a paragraph.

    Only headings have ``title`` and ``level`` (1 is the highest). The title leaves out markup:
    ``== Background ==`` has the title ``Background``. Only tables have ``columns``. A figure is the caption
    of a picture, or the text that stands for one.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    title: str = ""
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, of which each line is a row.

    ``names`` are in order, empty where a column has none; several lines of names are joined to one. Rows
    begin at offset ``body``, after the lines of names, if the table shows them. If ``labelled``, each row
    repeats the names of its cells that are not empty, as ``Name: Ada; Born: 1815``; else its cells are
    separated as ``Ada | 1815``, the empty ones too. :mod:`index.text.tables` finds the cells.
    """

    names: tuple[str, ...]
    body: int
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with a caption, ``[start, end)`` of the text, and its box on a page, which counts from 1.

    Lengths are PDF points; the origin is the top left corner of the page as shown.
    """

    start: int
    end: int
    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table, ``[start, end)`` of the text.

    ``row`` is the first cell of its row that has words, ``column`` the name of its column; empty where the
    table names none.
    """

    start: int
    end: int
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class Extract:
    r"""Text and structure that a reader extracts from a file's bytes.

    ``text`` is NFC with ``\n`` line ends. ``blocks`` are in order, do not overlap, and cover every
    character that is not white space. ``pages`` has the offset at which each page starts, empty for
    formats without pages. ``layout`` has the positions of words on the pages
    (:class:`index.text.layout.Layout`), empty where unknown. ``page_labels`` are the numbers that the pages
    bear (:mod:`index.page_labels`), ``figures`` the boxes of the pictures that have a caption
    (:mod:`index.text.figures`); both are packed, and empty where there are none.
    """

    text: str
    blocks: tuple[Block, ...]
    media_type: str
    reader: str
    """Name and version of the reader, such as ``markdown/1``. A new version may extract other text."""
    title: str = ""
    pages: tuple[int, ...] = ()
    metadata: Metadata = field(default_factory=dict)
    layout: bytes = b""
    page_labels: str = ""
    figures: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a text that the chunker chose, with the headings above it.

    ``pages`` are the first and last page number, from 1. ``tokens`` is the length of the embedded text
    (headings and slice) in tokens of the embedding model, special tokens included.
    """

    start: int
    end: int
    section: tuple[str, ...] = ()
    pages: tuple[int, int] | None = None
    tokens: int = 0
    tables: tuple[Block, ...] = ()
    """The tables that it has rows of."""


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """The n sentences of a passage, for ranking it again sentence by sentence.

    ``spans`` has shape (n, 2), relative to the passage's start. ``terms`` are the hashes of the
    distinct terms of the first sentence, then of the second, and so on; those of sentence i end before
    ``term_ends[i]``; those after the last belong to the headings. ``vectors`` are unit rows, one for each
    sentence in its context; there are n, or none.
    """

    spans: NDArray[np.int32]
    terms: NDArray[np.uint32]
    term_ends: NDArray[np.int32]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.spans)


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """Weights of a question's terms: hashes of terms, ascending, and shares that add up to 1.

    A share is the term's part of the sum of inverse document frequencies. Terms that occur in no passage
    weigh most.
    """

    terms: NDArray[np.uint32]
    shares: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Passage ids with scores, best first. Higher scores are better."""

    ids: Ids
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    @staticmethod
    def empty() -> Ranking:
        import numpy as np

        return Ranking(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """Input of an index: ids of a passage, and its text as it is embedded and searched."""

    id: int
    document: int
    text: str
