"""The write flow: bytes in, a document with passages ready to be stored out; then vectors for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from index import readers
from index.chunking import chunk, heading_lines
from index.config import LibraryConfig
from index.errors import DocumentTooLarge
from index.naming import checked_document_id, checked_metadata, fitting_metadata
from index.protocols import Tokenizer
from index.reading import Reading
from index.records import DocumentRecord, NewDocument
from index.types import Passage

Status = Literal["added", "replaced", "unchanged"]


@dataclass(frozen=True, slots=True)
class Source:
    """A document as it comes: its bytes, and what the caller says about it.

    ``name`` is the file name by which a reader is chosen when there is no ``media_type``; the id's when
    empty. ``title`` and ``metadata`` go before what the file says of itself. ``source`` is shown in
    citations, ``origin`` (where on this machine it came from) is kept but never shown. ``password`` opens
    a file that is encrypted, and is not kept.
    """

    id: str
    data: bytes
    name: str = ""
    media_type: str = ""
    title: str = ""
    source: str = ""
    origin: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a document."""

    record: DocumentRecord
    status: Status


class Preparation:
    """Reads and cuts sources. Stateless: safe to use from several threads."""

    def __init__(self, tokenizer: Tokenizer, reading: Reading, config: LibraryConfig) -> None:
        self._tokenizer = tokenizer
        self._reading = reading
        self._config = config

    def prepare(self, source: Source, known: DocumentRecord | None) -> NewDocument | None:
        """The document to store; None when the known one is the same in every respect.

        Raises :class:`index.errors.InvalidInput`: a subclass of :class:`index.errors.Unreadable` for the
        bytes, others for the id and the metadata.
        """
        document_id = checked_document_id(source.id)
        most = self._config.ingest.max_document_bytes
        if len(source.data) > most:
            raise DocumentTooLarge(
                f"{len(source.data):,} bytes; at most {most:,} are taken. Split the file, or raise the limit."
            )
        given_metadata = checked_metadata(source.metadata)
        name = source.name or document_id
        sha256 = hashlib.sha256(source.data).digest()
        given = json.dumps(
            {
                "name": name,
                "media_type": source.media_type,
                "title": source.title,
                "source": source.source,
                "origin": source.origin,
                "metadata": given_metadata,
            },
            ensure_ascii=False,
        )
        reader = readers.reader_version(name, media_type=source.media_type or None)
        if known and (known.source_sha256, known.reader, known.given) == (sha256, reader, given):
            return None
        extract = self._reading.read(
            source.data, name=name, media_type=source.media_type or None, password=source.password
        )
        title = source.title or extract.title
        passages = [
            _below(title, passage)
            for passage in chunk(
                extract, title=title, tokenizer=self._tokenizer, config=self._config.chunking
            )
        ]
        headings = {
            section: heading_lines(title, section, tokenizer=self._tokenizer, config=self._config.chunking)
            for section in {passage.section for passage in passages}
        }
        return NewDocument(
            id=document_id,
            title=title,
            source=source.source or document_id,
            media_type=extract.media_type,
            metadata={**fitting_metadata(extract.metadata), **given_metadata},
            text=extract.text,
            source_sha256=sha256,
            reader=extract.reader,
            given=given,
            blocks=extract.blocks,
            pages=extract.pages,
            passages=passages,
            headings=[headings[passage.section] for passage in passages],
            layout=extract.layout,
        )


def _below(title: str, passage: Passage) -> Passage:
    """The passage with its section path counted from below the title, when that is the first heading."""
    if passage.section[:1] == (title,):
        return replace(passage, section=passage.section[1:])
    return passage
