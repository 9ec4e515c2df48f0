"""Questions worth asking of a collection, for those who see it for the first time.

Those for the documents that come with Loccit are in ``suggestions.json``, each with the beginning of the hash
of the text that answers it. Of other documents, headings are taken that are questions themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from index.errors import DocumentNotFound
from index.history import Archive

_KNOWN: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
)
MOST = 4
_DOCUMENTS = 8
"""Documents whose headings are read."""
_LONGEST = 200_000
"""Code points of a document whose headings are read."""
_MARKS = ("?", "？", "؟")


def suggest_questions(archive: Archive) -> list[str]:
    """At most :data:`MOST` questions that the documents of a collection answer; none if none are known."""
    shipped = list(islice(_precomputed_questions(archive), MOST))
    return shipped or list(islice(dict.fromkeys(_heading_questions(archive)), MOST))


def _precomputed_questions(archive: Archive) -> Iterator[str]:
    for document_id, known in _KNOWN.items():
        document = archive.find_document(document_id)
        if document is not None and document.text_sha256.hex().startswith(known["text_sha256"]):
            yield known["question"]


def _heading_questions(archive: Archive) -> Iterator[str]:
    for document in archive.documents(limit=_DOCUMENTS):
        if document.length > _LONGEST:
            continue
        try:
            _, _, structure = archive.structured_text(document.id)
        except DocumentNotFound:
            continue  # deleted in the meantime
        for block in structure.blocks:
            if block.kind == "heading" and block.title.strip().endswith(_MARKS):
                yield " ".join(block.title.split())
