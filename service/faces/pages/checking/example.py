"""An example to check: a sentence of the documents as it stands, and one with another number in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.citations import sentences_of
from index.errors import DocumentNotFound
from index.history import Archive
from service.monitoring.reads import note_read

_DOCUMENTS = 5
_LONGEST_TEXT = 200_000
"""Code points of a document that sentences are taken from."""
_MOST_SENTENCES = 200
_LEAST_WORDS, _MOST_WORDS = 7, 30
_NUMBER = re.compile(r"(?<![\w.,:-])[2-9]\d{1,3}(?![\w:-]|[.,]\d)")
_ENDS = (".", "。")


@dataclass(frozen=True, slots=True)
class Example:
    """Sentences of a document of ``document_id``; ``is_altered`` if one of them has another number."""

    text: str
    is_altered: bool
    document_id: str


def example_of(archive: Archive, collection: str) -> Example | None:
    """Two sentences of one document, the second with another number; one as it stands where none has any."""
    found = list(_examples(archive))
    best = next((one for one in found if one.is_altered), found[0] if found else None)
    if best is not None:
        note_read(collection, best.document_id)
    return best


def _examples(archive: Archive) -> Iterator[Example]:
    for document in archive.documents(limit=_DOCUMENTS):
        if document.length > _LONGEST_TEXT:
            continue
        try:
            _, text = archive.text(document.id)
        except DocumentNotFound:
            continue  # deleted in the meantime
        sentences = _plain_sentences(text)
        wrong = next((one for one in sentences if _NUMBER.search(one)), "")
        right = next((one for one in sentences if one != wrong), "")
        if right:
            text = f"{right} {_NUMBER.sub(_another, wrong, count=1)}".strip()
            yield Example(text, bool(wrong), document.id)


def _plain_sentences(text: str) -> list[str]:
    """The sentences of running text, without headings, lists and tables."""
    found = [text[one.start : one.end].strip() for one in sentences_of(text)[:_MOST_SENTENCES]]
    return [
        one
        for one in found
        if one.endswith(_ENDS)
        and one[:1].isalpha()
        and "\n" not in one
        and _LEAST_WORDS <= max(len(one.split()), len(one) // 6) <= _MOST_WORDS
    ]


def _another(number: re.Match[str]) -> str:
    """Another number with as many digits."""
    return str(int(number[0]) - 1) if number[0].endswith("9") else str(int(number[0]) + 1)
