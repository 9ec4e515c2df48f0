"""Two documents about animals, citations of them, and what holds of every verdict."""

from __future__ import annotations

import re
from collections.abc import Callable

from index.answers import Citation
from index.citations.verdicts import AnswerReport, Verdict
from index.collection import Collection
from index.ingest.preparation import Source
from tests.opening import verifying

CATS = "The cat sat on the mat. It slept there until noon, and then it “ate” a fish."
DOGS = "A dog stood on the log. Nobody knows why it barked at the moon all night."
CAT, DOG = "The cat sat on the mat.", "A dog stood on the log."


def put(collection: Collection, id_: str, text: str) -> None:
    collection.put(Source(id_, text.encode()))


def cited(collection: Collection, id_: str, words: str = "", version: int | None = None) -> Citation:
    """The citation of words of a document, of its whole text when there are none."""
    record, text = collection.archive.text(id_, version)
    start = text.index(words)
    return collection.archive.cite(
        f"{id_}@{record.text_sha256.hex()[:12]}:{start}-{start + len(words or text)}"
    )


def locator(collection: Collection, id_: str, words: str = "", version: int | None = None) -> str:
    return cited(collection, id_, words, version).locator


def assert_sound(verdict: Verdict) -> Verdict:
    """What holds of every verdict."""
    citation = verdict.citation
    assert (verdict.reason == "") == (verdict.status == "verified" and not verdict.parts)
    assert (citation is None) == (verdict.today is None)
    assert 0.0 <= verdict.similarity <= 1.0
    if citation is not None and verdict.edits:
        assert "".join(one.text for one in verdict.edits if one.kind != "insert") == verdict.quote
        assert "".join(one.text for one in verdict.edits if one.kind != "delete") == citation.quote
    if verdict.status == "verified":
        assert citation is not None
        assert citation.quote == verdict.quote or verdict.parts
        assert all(citation.start <= one.start <= one.end <= citation.end for one in verdict.parts)
        assert (verdict.similarity, verdict.edits) == (1.0, ())
    if verdict.status == "not_found":
        assert (citation, verdict.similarity, verdict.edits) == (None, 0.0, ())
    return verdict


def where(verdict: Verdict) -> tuple[str, str, int]:
    """Which words a verdict points to, of which document and version."""
    assert verdict.citation is not None
    return verdict.citation.quote, verdict.citation.document_id, verdict.citation.version


Judge = Callable[..., Verdict]


def report(collection: Collection, text: str, *locators: str) -> AnswerReport:
    found = verifying(collection).answer(text, locators)
    for quoted, verdict in found.quotes:
        assert without_marks(assert_sound(verdict).quote) == without_marks(quoted.text)
    return found


def without_marks(quote: str) -> list[str]:
    return re.sub(r"\[\d]", " ", quote).split()


def statuses(found: AnswerReport) -> list[str]:
    return [verdict.status for _, verdict in found.quotes]
