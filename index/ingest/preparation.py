"""Prepare a document for storing: read its bytes and split its text into passages."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import BoundedSemaphore

from index.config import LibraryConfig
from index.errors import DocumentTooLarge
from index.ingest.chunking import chunk_with_context, heading_lines
from index.naming import keep_valid_metadata, validate_document_id, validate_groups, validate_metadata
from index.protocols import Snapshot, Tokenizer
from index.readers import Readers, is_current
from index.records import DocumentRecord, NewDocument
from index.types import Extract, Metadata, Passage

_SPLITTING = 3
"""Threads that split small texts at once; one more splits large ones."""
_LARGE = 1_000_000
"""Code points of a text that counts as large."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document to ingest: its bytes and the caller's fields.

    Without a ``media_type``, the file name ``name`` selects the reader; it defaults to the id. ``title`` and
    ``metadata`` override those in the file. ``source`` is shown in citations; ``origin`` (where on this
    machine the file came from) is stored but never shown. ``password`` decrypts a file and is not stored.
    """

    id: str
    data: bytes
    name: str = ""
    media_type: str = ""
    title: str = ""
    source: str = ""
    origin: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    groups: Sequence[str] | None = None
    """Groups that may read it, none for everyone; None keeps those that a stored document has."""
    password: str = field(default="", repr=False)


class Preparation:
    """Reads sources and splits them into passages. Safe to use from several threads.

    They may all wait for readers at once; few of them split, since that competes for the interpreter.
    """

    def __init__(self, tokenizer: Tokenizer, readers: Readers, config: LibraryConfig) -> None:
        self._tokenizer = tokenizer
        self._readers = readers
        self._config = config
        self._splitting_small = BoundedSemaphore(_SPLITTING)
        self._splitting_large = BoundedSemaphore(1)

    def prepare(self, source: Source, known: DocumentRecord | None) -> NewDocument | None:
        """Return the document to store, or None if ``known`` is unchanged.

        Raises :class:`index.errors.InvalidInput`: a subclass of :class:`index.errors.Unreadable` for the
        bytes, others for the id and the metadata.
        """
        document_id = validate_document_id(source.id)
        self._require_allowed_size(len(source.data))
        given_metadata = validate_metadata(source.metadata)
        groups = None if source.groups is None else validate_groups(source.groups)
        name = source.name or document_id
        sha256 = hashlib.sha256(source.data).digest()
        given = _caller_fields(source, name, given_metadata)
        is_same = known and known.has(sha256, known.reader, given) and groups in (None, known.groups)
        if known and is_same and self._is_current(known, name, source.media_type):
            return None
        extract = self._readers.read(
            source.data, name=name, media_type=source.media_type or None, password=source.password
        )
        title = source.title or extract.title
        passages, headings = self.split(extract, title)
        return NewDocument(
            id=document_id,
            title=title,
            source=source.source or document_id,
            media_type=extract.media_type,
            metadata={**keep_valid_metadata(extract.metadata), **given_metadata},
            text=extract.text,
            source_sha256=sha256,
            reader=extract.reader,
            given=given,
            blocks=extract.blocks,
            pages=extract.pages,
            passages=passages,
            headings=headings,
            layout=extract.layout,
            page_labels=extract.page_labels,
            figures=extract.figures,
            original_bytes=len(source.data) if self._config.ingest.keep_originals else None,
            groups=groups,
        )

    def _is_current(self, known: DocumentRecord, name: str, media_type: str) -> bool:
        """Whether the reader would read the same text from the same bytes again."""
        return is_current(
            known.reader,
            name,
            media_type=media_type or None,
            ocr=self._config.reading.ocr,
            unread="pages_without_text" in known.metadata,
        )

    def _require_allowed_size(self, size: int) -> None:
        most = self._config.ingest.max_document_bytes
        if size > most:
            raise DocumentTooLarge(
                f"{size:,} bytes; at most {most:,} are allowed. Split the file or raise the limit.",
                limit="document_bytes",
            )

    def retitled(self, moment: Snapshot, document_id: str, title: str) -> NewDocument:
        """The newest version of a document with another title, which its passages are embedded with.

        Raises :class:`index.errors.DocumentNotFound`, :class:`index.errors.DocumentRetired`.
        """
        known = moment.document(document_id)
        version = moment.version(document_id)
        structure = moment.structure(version)
        return self.split_again(
            NewDocument(
                id=known.id,
                title=title,
                source=known.source,
                media_type=known.media_type,
                metadata=known.metadata,
                text=moment.text(version.text_sha256),
                source_sha256=version.source_sha256,
                reader=version.reader,
                given=json.dumps({**json.loads(known.given), "title": title}, ensure_ascii=False),
                blocks=structure.blocks,
                pages=structure.pages,
                passages=(),
                headings=(),
                layout=moment.layout(version) or b"",
                page_labels=version.page_labels,
                figures=version.figures,
            )
        )

    def split_again(self, new: NewDocument) -> NewDocument:
        """Split the text of a document again; returns it with the new passages."""
        extract = Extract(
            text=new.text,
            blocks=tuple(new.blocks),
            media_type=new.media_type,
            reader=new.reader,
            title=new.title,
            pages=tuple(new.pages),
            layout=new.layout,
        )
        passages, headings = self.split(extract, new.title)
        return replace(new, passages=passages, headings=headings)

    def split(self, extract: Extract, title: str) -> tuple[list[Passage], list[str]]:
        """Return the passages of a text, and the heading line of each."""
        tokenizer, config = self._tokenizer, self._config.chunking
        is_large = len(extract.text) > _LARGE
        with self._splitting_large if is_large else self._splitting_small:
            split = chunk_with_context(extract, title=title, tokenizer=tokenizer, config=config)
            passages = [_without_title(title, passage) for passage, _ in split]
            headings = {
                section: heading_lines(title, section, tokenizer=tokenizer, config=config)
                for section in {passage.section for passage in passages}
            }
        return passages, [
            "\n".join(filter(None, (headings[passage.section], context)))
            for passage, (_, context) in zip(passages, split, strict=True)
        ]


def _caller_fields(source: Source, name: str, metadata: Metadata) -> str:
    """The caller's fields as JSON, used to detect unchanged documents."""
    said = {
        "name": name,
        "media_type": source.media_type,
        "title": source.title,
        "source": source.source,
        "origin": source.origin,
        "metadata": metadata,
    }
    return json.dumps(said, ensure_ascii=False)


def _without_title(title: str, passage: Passage) -> Passage:
    """Remove the title from the section path if it is the first heading."""
    if passage.section[:1] == (title,):
        return replace(passage, section=passage.section[1:])
    return passage
