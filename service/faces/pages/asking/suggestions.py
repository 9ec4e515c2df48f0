"""Questions about the documents that come with Loccit, which are asked first of a collection that has them.

They are in ``suggestions.json``, each with the beginning of the hash of the text that answers it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from index.history import Archive
from service.flows.suggesting import Draft

_KNOWN: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_suffix(".json").read_text(encoding="utf-8")
)
MOST = 10
"""Questions that are shown."""


def shipped_drafts(archive: Archive) -> Iterator[Draft]:
    """The questions about those of these documents that a collection has; anything in them may answer."""
    for document_id, known in _KNOWN.items():
        document = archive.find_document(document_id)
        if document is not None and document.text_sha256.hex().startswith(known["text_sha256"]):
            yield Draft(known["question"], document_id, 0, document.length, 0, is_written=True)
