"""A view of the record for a question: single statements, few, that all see the record after one change.

The first statement that a question needs begins the view, and says which change it is of. What one step of a
question needs is read by one statement, with what the steps after it will ask for. A statement that sees
another change raises :class:`index.protocols.RecordChanged`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from index.errors import LoccitError, StoreUnavailable
from index.postgresql import Row, Server, SingleStatements
from index.protocols import RecordChanged
from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store.postgresql.access import Access
from index.store.postgresql.statements import WATCHED, WATCHED_COLUMNS, PostgresqlStatements
from index.store.rows.cache import Memory
from index.store.rows.documents import version_of
from index.store.rows.passages import passage_of
from index.store.rows.sentences import StoredSentences
from index.store.rows.texts import unpack
from index.store.sql.snapshots import Reads, SqlSnapshot
from index.store.sql.versions import VERSION_COLUMNS, VERSION_TABLES
from index.types import Ids

T = TypeVar("T")

_VERSION_WIDTH = 18
_AHEAD = 200_000
"""Code points of a text, at most, that is read with the passages of which hits will be made."""
# OFFSET 0: the few rows are found by their keys, one by one. Plans that read whole tables take longer.
_GATHERED = f"""
SELECT p.id, p.start, p."end", p.section, p.first_page, p.last_page, p.tokens, p.tables, p.quote_key,
       p.embedded, of.*,
       CASE WHEN of.length <= {_AHEAD} AND row_number() OVER (PARTITION BY of.sha) = 1
            THEN ARRAY(SELECT body FROM text_blocks b WHERE b.sha256 = of.sha ORDER BY number) END
FROM passages p CROSS JOIN LATERAL (SELECT {VERSION_COLUMNS}, t.sha256 AS sha FROM {VERSION_TABLES}
                                    WHERE v.key = p.version OFFSET 0) AS of
WHERE p.id = ANY(%s::bigint[]) AND p.removed IS NULL
"""


def require_erasures(memory: Memory, erased: int, *, is_standby: bool) -> None:
    """Raise :class:`index.errors.StoreUnavailable` for a standby that lacks an erasure which is known here.

    ``erased`` is the last one that it has.
    """
    if is_standby and erased < memory.erased:
        raise StoreUnavailable(
            "No host of PostgreSQL takes writes, and the standby that answers has not erased yet what was "
            "erased. Try again in a moment."
        )


class Beginning:
    """The state that the first statement of a view has seen, which each later one must see, too."""

    def __init__(self, memory: Memory, gone: Callable[[], LoccitError]) -> None:
        """``gone`` makes the error for a collection that was deleted."""
        self._memory = memory
        self._gone = gone
        self.seen: tuple[int, int, int, bool] | None = None
        """The change, the last one that erased something, the generation, whether it is a standby's."""

    def check(self, row: Row | None) -> None:
        """Compare the state that a statement has seen. Raises :class:`index.protocols.RecordChanged`."""
        if row is None:
            raise self._gone()
        if self.seen is None:
            change, erased, generation, is_standby = row
            require_erasures(self._memory, erased, is_standby=is_standby)
            self.seen = change, erased, generation, is_standby
            self._memory.follow(erased, change)
        elif self.seen != row:
            raise RecordChanged


class BriefReads(Reads):
    """Reads ahead: one statement also reads what later steps will need."""

    def __init__(self, statements: SingleStatements, beginning: Beginning) -> None:
        super().__init__(PostgresqlStatements(statements), 0)
        self._single = statements
        self._beginning = beginning
        self._sentences: dict[int, StoredSentences | None] = {}
        self._places: dict[int, PlacedPassage | None] = {}
        self._blocks: dict[bytes, Sequence[bytes]] = {}
        self._wholes: dict[bytes, str] = {}

    @property
    def known_change(self) -> int | None:
        """The change, once a statement has said which it is."""
        return self._beginning.seen[0] if self._beginning.seen else None

    @property
    def change(self) -> int:
        return self.begin()[0]

    def begin(self) -> tuple[int, int, int, bool]:
        """Begin the view unless it has begun; returns the state, see :class:`Beginning`."""
        if self._beginning.seen is None:
            self._single.watch()
        assert self._beginning.seen is not None  # noqa: S101 -- or it has raised
        return self._beginning.seen

    def read_sentences(self, ids: Sequence[int]) -> None:
        """Read sentences ahead."""
        if ids:
            self._sentences.update(dict.fromkeys(ids) | super().sentences_of(ids))

    def read_places(self, ids: Sequence[int]) -> None:
        """Read passages ahead, and their texts."""
        if not ids:
            return
        self._places.update(dict.fromkeys(ids))
        for row in self._single.rows(_GATHERED, (np.array(ids, np.int64),)):
            (id_, *passage, quote_key, embedded), rest = row[:10], row[10:]
            version = version_of(rest[:_VERSION_WIDTH])
            self._places[id_] = PlacedPassage(
                id_, version, passage_of(tuple(passage)), quote_key, embedded is not None
            )
            if (blocks := rest[-1]) is not None:
                self._blocks[version.text_sha256] = blocks

    def sentences_of(self, ids: Sequence[int]) -> dict[int, StoredSentences]:
        return _complete_rows(self._sentences, ids, super().sentences_of)

    def placed_passages(self, ids: Sequence[int]) -> dict[int, PlacedPassage]:
        return _complete_rows(self._places, ids, super().placed_passages)

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        if sha256 in self._blocks:
            return self._whole(sha256)[start:end]
        return super().text(sha256, start, end)

    def whole_texts(self, sha256s: Sequence[bytes]) -> Mapping[bytes, str]:
        found = {sha: self._whole(sha) for sha in sha256s if sha in self._blocks}
        rest = [sha for sha in sha256s if sha not in found]
        return {**found, **super().whole_texts(rest)} if rest else found

    def _whole(self, sha256: bytes) -> str:
        if sha256 not in self._wholes:
            self._wholes[sha256] = unpack(sha256, self._blocks[sha256], is_whole=True)
        return self._wholes[sha256]


def _complete_rows(
    known: Mapping[int, T | None], ids: Sequence[int], read: Callable[[Sequence[int]], dict[int, T]]
) -> dict[int, T]:
    """Complete the rows that were read ahead by reading the others."""
    rest = [id_ for id_ in ids if id_ not in known]
    found = {id_: row for id_ in ids if (row := known.get(id_)) is not None}
    return found | read(rest) if rest else found


class BriefSnapshot(SqlSnapshot):
    """Implements :class:`index.protocols.Snapshot` by single statements, for a question."""

    _reads: BriefReads

    def __init__(self, statements: SingleStatements, beginning: Beginning, memory: Memory) -> None:
        """Use :func:`brief_snapshot`."""
        self._statements = PostgresqlStatements(statements)
        self._memory = memory
        self._reads = BriefReads(statements, beginning)

    @property
    def change(self) -> int:
        return self._reads.change

    @property
    def generation(self) -> int:
        return self._reads.begin()[2]

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        self._reads.read_sentences(self._memory.without_sentences(ids, self._reads.known_change))
        return super().sentences(ids)

    def places(self, ids: Ids) -> list[PlacedPassage]:
        self._read_places(ids)
        return super().places(ids)

    def passages(self, ids: Ids) -> list[StoredPassage]:
        self._read_places(ids)
        return super().passages(ids)

    def _read_places(self, ids: Ids) -> None:
        self._reads.read_places(self._memory.without_place(ids, self._reads.known_change))


@contextmanager
def brief_snapshot(server: Server, access: Access, memory: Memory) -> Iterator[BriefSnapshot]:
    """Open a view of a collection."""
    beginning = Beginning(memory, access.gone)
    with (
        access.translating_missing_table(),
        server.single_statements(
            access.schema,
            watched=f"{WATCHED} AND {access.is_listed}",
            width=WATCHED_COLUMNS,
            check=beginning.check,
            what=access.what,
        ) as statements,
    ):
        yield BriefSnapshot(statements, beginning, memory)
