"""The values that pass between the parts. Imports nothing of the project but its errors.

Offsets are Unicode code points everywhere, spans are half open ``[start, end)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scalar = str | int | float | bool
Metadata = Mapping[str, Scalar | Sequence[Scalar]]
Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]
"""Shape (n, dimension), each row of unit length."""

BlockKind = Literal["heading", "paragraph", "list", "table", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a text that its format shows as one thing.

    ``title`` and ``level`` (1 is the highest) are set for headings alone; the title is the heading's
    words without the marks around them (``== Background ==`` has the title ``Background``).
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    r"""What a reader makes of a file's bytes.

    ``text`` is NFC with ``\n`` line ends. ``blocks`` are in order, never overlap, and hold every
    character of the text that is not white space. ``pages`` has the offset at which each page
    starts, empty for formats without pages. ``layout`` tells where the words are on them
    (:class:`index.layout.Layout`), empty where that is not known.
    """

    text: str
    blocks: tuple[Block, ...]
    media_type: str
    reader: str
    """Name and version of the reader, such as ``markdown/1``; another value means other text."""
    title: str = ""
    pages: tuple[int, ...] = ()
    metadata: Metadata = field(default_factory=dict)
    layout: bytes = b""


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a text chosen by the chunker, with the headings above it.

    ``pages`` are the first and last page number, counted from 1. ``tokens`` counts the embedded
    text (headings and slice) in the embedding model's own tokens, its special tokens included.
    """

    start: int
    end: int
    section: tuple[str, ...] = ()
    pages: tuple[int, int] | None = None
    tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Sentences:
    """The n sentences of a passage, as a second look at it needs them.

    ``spans`` has shape (n, 2), in code points from the passage's start. ``terms`` are the hashes of the
    distinct terms of the first sentence, then of the second, and so on; those of sentence i end before
    ``term_ends[i]``, and those after the last are of the headings. ``vectors`` are unit rows, each the
    meaning of a sentence where it stands; there are n, or none.
    """

    spans: NDArray[np.int32]
    terms: NDArray[np.uint32]
    term_ends: NDArray[np.int32]
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.spans)


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """How much each of a question's words tells: hashes of terms, ascending, and shares that add up to 1.

    The share is that of the word's inverse document frequency. Words that no passage has count most.
    """

    terms: NDArray[np.uint32]
    shares: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Passage ids with scores, best first. Scores are similarities: more is better."""

    ids: Ids
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    @staticmethod
    def empty() -> Ranking:
        return Ranking(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """What an index is given of a passage: ids, and the text that is embedded and searched."""

    id: int
    document: int
    text: str
