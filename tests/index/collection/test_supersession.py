"""Documents that supersede others, and those in force on a day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.citations import Locator, in_force, parse_locator
from index.citations.supersession import Superseding
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.filters import Filter, parse_filter
from index.ingest import Source
from index.search.extraction import first_sentence
from index.types import Ids
from tests.opening import collection_in

LEASE = (
    "1. Rent. The rent of the boat house is 900 euros a month and is paid in advance.\n\n"
    "2. Notice. Either side may end the lease of the boat house with a notice of two months.\n"
)
AMENDMENT = (
    "It is agreed that either side may from now on end the lease of the boat house only with a notice of six "
    "months, given in writing to all who live there, and by post.\n"
)
QUESTION = "With a notice of two months may either side end the lease of the boat house?"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with collection_in(tmp_path / "leases", embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        put(collection, "lease.txt", LEASE)
        yield collection


def put(collection: Collection, id_: str, text: str, **given: Any) -> None:
    collection.put(Source(id_, text.encode(), media_type="text/plain", **given))
    collection.embed_pending()


def found(collection: Collection, **asked: Any) -> list[tuple[str, tuple[str, ...]]]:
    hits = collection.ask(QUESTION, **asked).hits
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    return [(hit.citation.document_id, hit.superseded_by) for hit in hits]


def quoted(collection: Collection, question: str) -> tuple[str, str, tuple[str, ...]]:
    """The document and the text of the sentence that stands first, and what supersedes it."""
    first = first_sentence(collection.ask(question))
    assert first is not None
    return first.hit.citation.document_id, first.text, first.hit.superseded_by


def superseded_by(collection: Collection, locator: Locator) -> tuple[str, ...]:
    with collection.archive.resolution() as resolution:
        return resolution.resolve(locator, around=0).superseded_by


def test_the_amended_clause_stands_before_the_old_one(collection: Collection) -> None:
    put(collection, "amendment.txt", AMENDMENT)
    assert found(collection)[0] == ("lease.txt", ())
    put(collection, "amendment.txt", AMENDMENT, metadata={"supersedes": ["lease.txt", "none.txt"]})
    assert found(collection, k=2) == [("amendment.txt", ()), ("lease.txt", ("amendment.txt",))]
    # Also where it would not be among the hits.
    assert found(collection, k=1) == [("amendment.txt", ())]


def test_another_clause_is_not_amended(collection: Collection) -> None:
    put(collection, "amendment.txt", "Dogs are welcome from May.\n", metadata={"supersedes": "lease.txt"})
    assert found(collection, k=1) == [("lease.txt", ("amendment.txt",))]


RULES = (
    "The boat house opens at nine in summer. Members pay 140 euros a year for their berth. "
    "Dogs stay on the lead in the yard."
)
NEWER_RULES = (
    "The boat house opens at eight in summer. Members pay 155 euros a year for their berth. "
    "Children wear a vest on the pontoon."
)
BERTH = "How many euros do members pay a year for their berth?"


def test_the_sentence_that_is_amended_is_not_quoted_and_others_are(collection: Collection) -> None:
    put(collection, "rules.txt", RULES)
    put(collection, "rules-2.txt", NEWER_RULES, metadata={"supersedes": "rules.txt"})
    document_id, text, by = quoted(collection, BERTH)
    assert (document_id, text, by) == ("rules-2.txt", "Members pay 155 euros a year for their berth.", ())
    # What the newer rules are silent about is quoted of the older ones, which say that they are superseded.
    document_id, text, by = quoted(collection, "Where do dogs stay in the yard?")
    assert (document_id, text, by) == ("rules.txt", "Dogs stay on the lead in the yard.", ("rules-2.txt",))
    hits = collection.ask(BERTH).hits
    amended = {
        hit.text[lit.start - hit.citation.start :][:11]
        for hit in hits
        for lit in hit.evidence
        if lit.is_amended
    }
    assert "Members pay" in amended
    assert max(hit.probability for hit in hits) <= collection.ask(BERTH).answerability


def test_what_supersedes_a_newer_document_supersedes_the_older_one(collection: Collection) -> None:
    put(collection, "rules.txt", RULES)
    put(collection, "rules-2.txt", NEWER_RULES, metadata={"supersedes": "rules.txt"})
    newest = NEWER_RULES.replace("155", "170")
    put(collection, "rules-3.txt", newest, metadata={"supersedes": "rules-2.txt"})
    assert quoted(collection, BERTH) == ("rules-3.txt", "Members pay 170 euros a year for their berth.", ())
    by = {hit.citation.document_id: hit.superseded_by for hit in collection.ask(BERTH).hits}
    assert by["rules-2.txt"] == ("rules-3.txt",)
    assert by["rules.txt"] == ("rules-2.txt", "rules-3.txt")


def test_documents_that_supersede_each_other_supersede_nothing(collection: Collection) -> None:
    put(collection, "rules.txt", RULES, metadata={"supersedes": "rules-2.txt"})
    put(collection, "rules-2.txt", NEWER_RULES, metadata={"supersedes": "rules.txt"})
    hits = collection.ask(BERTH).hits
    assert [hit.superseded_by for hit in hits] == [()] * len(hits)
    assert not any(lit.is_amended for hit in hits for lit in hit.evidence)


def test_a_citation_says_what_supersedes_its_document(collection: Collection) -> None:
    put(collection, "amendment.txt", AMENDMENT, metadata={"supersedes": "lease.txt"}, groups=["staff"])
    sha = collection.archive.version("lease.txt").text_sha256.hex()[:12]
    locator = parse_locator(f"lease.txt@{sha}:0-7")
    for groups, expected in ((None, ("amendment.txt",)), ({"staff"}, ("amendment.txt",)), ({"other"}, ())):
        seen = collection.restrict_to(groups)
        assert superseded_by(seen, locator) == expected
    assert found(collection.restrict_to({"other"}), k=1) == [("lease.txt", ())]
    collection.editor.delete("amendment.txt")
    assert superseded_by(collection, locator) == ()


def test_an_earlier_change_knows_no_amendment(collection: Collection) -> None:
    before = collection.last_change()
    put(collection, "amendment.txt", AMENDMENT, metadata={"supersedes": "lease.txt"})
    assert found(collection, k=1, as_of=before) == [("lease.txt", ())]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2019-12-31", ["always.txt"]),
        ("2020-01-01", ["always.txt", "old.txt"]),
        ("2023-12-31", ["always.txt", "old.txt"]),
        ("2024-01-01", ["always.txt", "new.txt"]),
        ("2030-01-01", ["always.txt", "new.txt"]),
    ],
)
def test_documents_are_in_force_from_their_first_day_to_their_last(
    collection: Collection, day: str, expected: list[str]
) -> None:
    collection.editor.delete("lease.txt")
    put(collection, "always.txt", AMENDMENT)
    put(collection, "old.txt", LEASE, metadata={"valid_from": "2020-01-01", "valid_to": "2023-12-31"})
    put(collection, "new.txt", LEASE, metadata={"valid_from": "2024-01-01"})
    hits = collection.ask(QUESTION, where=in_force(day, None), near_duplicates="keep").hits
    assert sorted({hit.citation.document_id for hit in hits}) == expected
    where = in_force(day, parse_filter({"type": "eq", "key": "document_id", "value": "always.txt"}))
    assert [hit.citation.document_id for hit in collection.ask(QUESTION, where=where).hits] == ["always.txt"]


def test_whether_documents_supersede_others_is_looked_for_once_a_change(collection: Collection) -> None:
    superseding, asked = Superseding(), list[Filter]()

    def is_told(change: int) -> bool:
        with collection.archive.resolution() as resolution:

            def select(where: Filter) -> Ids:
                asked.append(where)
                return resolution.moment.select(where)

            return superseding.is_told(select, change, "anybody")

    assert [is_told(change) for change in (1, 1, 2)] == [False] * 3
    assert len(asked) == 2
    put(collection, "amendment.txt", AMENDMENT, metadata={"supersedes": ["lease.txt"]})
    assert is_told(3)
