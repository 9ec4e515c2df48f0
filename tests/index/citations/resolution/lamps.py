"""Documents about lamps, and what holds of everything that a locator resolves to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from index.answers import Citation, Selector
from index.citations.resolution import Resolved, Today
from index.collection import Collection
from index.ingest.preparation import Source
from index.records import VersionRecord
from tests.opening import resolving

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
TEXT = (
    "= Lamps =\n\nAn introduction to lamps and to those who light them.\n\n== Towers ==\n\n"
    f"{LAMP} It burned until dawn.\n\n== Oil ==\n\nOil lamps need a wick and oil.\n"
)
LONG = "".join(f"Line {number} 𝔡é 👩‍🚒 of a long text.\n" for number in range(3000))
"""More than five of the blocks that a text is stored in; counted in bytes or UTF-16, all offsets differ."""


def put(collection: Collection, id_: str, *texts: str, **given: object) -> None:
    for text in texts:
        collection.put(Source(id_, text.encode(), **given))  # type: ignore[arg-type]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def locator(id_: str, text: str, words: str) -> str:
    """The locator of words of a text, by its definition in the documentation."""
    start = text.index(words)
    return f"{id_}@{digest(text)[:12]}:{start}-{start + len(words)}"


def resolved(collection: Collection, one: str, around: int = 0) -> Resolved:
    """What a locator resolves to; everything that holds of any is checked."""
    found = resolving(collection).resolve(one, around=around)
    citation = found.citation
    version, text = collection.archive.text(citation.document_id, citation.version)
    assert found.version == version
    assert collection.archive.cite(one) == citation
    check_citation(citation, text)
    assert found.before == text[max(0, citation.start - around) : citation.start]
    assert found.after == text[citation.end : citation.end + around]
    newest, new_text = collection.archive.text(citation.document_id)
    check_today(found.today, citation, newest, new_text)
    return found


def check_citation(citation: Citation, text: str) -> None:
    """A citation is the slice of the text that it says it is, and its selectors find it there."""
    start, end = citation.start, citation.end
    assert 0 <= start < end <= len(text)
    assert text[start:end] == citation.quote
    assert citation.text_sha256 == digest(text)
    assert citation.locator == f"{citation.document_id}@{digest(text)[:12]}:{start}-{end}"
    position, words = citation.selectors
    assert position == Selector("TextPositionSelector", start=start, end=end)
    assert words.type == "TextQuoteSelector"
    assert words.exact == citation.quote
    prefix, suffix = words.prefix or "", words.suffix or ""
    starts = list(occurrences(text, prefix + citation.quote + suffix))
    assert start - len(prefix) in starts
    assert words.ambiguous == (len(starts) > 1)


def occurrences(text: str, sought: str) -> Iterator[int]:
    at = text.find(sought)
    while at >= 0:
        yield at
        at = text.find(sought, at + 1)


def check_today(today: Today, citation: Citation, newest: VersionRecord, text: str) -> None:
    """What is said of the newest version is true of its text."""
    standing, now = today.standing, today.citation
    assert today.version == newest.number
    assert (standing.status == "gone") == (now is None)
    if now is None:
        assert (standing.start, standing.end, standing.quote, standing.similarity) == (0, 0, "", 0.0)
        return
    check_citation(now, text)
    assert (now.document_id, now.version) == (citation.document_id, newest.number)
    assert (now.start, now.end, now.quote) == (standing.start, standing.end, standing.quote)
    same = now.quote == citation.quote
    match standing.status:
        case "current":
            assert (same, now.start) == (True, citation.start)
        case "moved":
            assert same
            assert now.start != citation.start
        case _:
            assert not same
            removed = "".join(one.text for one in standing.edits if one.kind != "insert")
            added = "".join(one.text for one in standing.edits if one.kind != "delete")
            assert (removed, added) == (citation.quote, now.quote)
    assert (standing.similarity == 1.0) >= same
