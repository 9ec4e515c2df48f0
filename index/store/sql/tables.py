"""The tables of a record: their columns, with the types of PostgreSQL, and their keys."""

from collections.abc import Mapping
from dataclasses import dataclass

POSITION = "position"
"""A column that SQLite has as the number of the row."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns in order, and those that its rows are ordered by."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]

    def places(self, columns: tuple[str, ...]) -> tuple[int, ...]:
        """The positions of columns in a row."""
        names = list(self.columns)
        return tuple(names.index(column) for column in columns)


def _table(name: str, columns: str, *key: str) -> Table:
    pairs = (one.split(":") for one in columns.split())
    return Table(name, {column: {"i": "int8", "t": "text", "b": "bytea", "f": "float8"}[kind]
                        for column, kind in pairs}, key)  # fmt: skip


DOCUMENTS = _table(
    "documents",
    "key:i id:t version:i source:t media_type:t metadata:t given:t created:f updated:f retired:f",
    "key",
)
VERSIONS = _table(
    "versions",
    "key:i document:i number:i title:t text_sha256:b source_sha256:b reader:t created:f added:i removed:i"
    " replaced:f structure:b pages:b layout:b"
    " page_labels:t figures:t",
    "key",
)
ALIASES = _table("aliases", "id:t document:i", "id", "document")
GROUPS = _table("document_groups", "document:i name:t", "document", "name")
PASSAGES = _table(
    "passages",
    "id:i document:i version:i start:i end:i section:t heading:t first_page:i last_page:i tokens:i"
    " quote_key:b embedding_key:b added:i removed:i embedded:i tables:t",
    "id",
)
TEXTS = _table("texts", "sha256:b length:i", "sha256")
BLOCKS = _table("text_blocks", "sha256:b number:i body:b", "sha256", "number")
ORIGINALS = _table("originals", "sha256:b bytes:i", "sha256")
EMBEDDINGS = _table("embeddings", "key:b vector:b sentences:b", "key")
NAMES = _table("names", "document_id:t digits:b text_sha256:b version:i", "document_id", "digits")
CHANGES = _table("changes", "number:i token:b", "number")
EVENTS = _table(
    "events",
    "number:i change:i document_id:t kind:t was:t version:i created:f document:i",
    "number",
)
ERASED = _table("erased", f"{POSITION}:i document:i document_id:t version:i added:i removed:i", POSITION)
REMOVALS = _table("removals", "change:i passage:i", "change", "passage")

CONTENT = (TEXTS, BLOCKS, ORIGINALS, EMBEDDINGS)
"""Tables of content that versions and passages share: each row is stored once."""
TABLES = {
    table.name: table
    for table in (
        DOCUMENTS, VERSIONS, ALIASES, GROUPS, PASSAGES, *CONTENT, NAMES, CHANGES, EVENTS, ERASED, REMOVALS,
    )
}  # fmt: skip
