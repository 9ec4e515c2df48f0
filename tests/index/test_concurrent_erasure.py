from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.anchoring import AnchoringText
from index.concurrent_erasure import repeated
from index.errors import CitationNotFound, DocumentNotFound, InvalidLimit, LoccitError, VersionNotFound
from index.reading_budget import ReadingBudget
from index.records import VersionRecord
from index.resolution import Resolution
from index.store import Store
from index.text_cache import TextCache
from index.verdicts import Claim
from index.verification import Verification
from tests.contracts.test_record_store import document

WORDS = "The lamp was lit at dusk."
TEXTS = {"a": f"One two. {WORDS} Three four.", "b": f"Five six. {WORDS} Seven eight."}


class ErasingStore(Store):
    """Erases a document just before a read of the kind ``when``, as another process may at any time."""

    when = ""

    def _now(self, what: str) -> None:
        if self.when == what:
            self.when = ""
            self.delete("a")

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        self._now("text")
        return super().text(sha256, start, end)

    def version(self, document_id: str, number: int | None = None) -> VersionRecord:
        self._now("version")
        return super().version(document_id, number)

    def section_at(
        self, version: VersionRecord, start: int, end: int
    ) -> tuple[tuple[str, ...], tuple[int, int] | None]:
        self._now("section")
        return super().section_at(version, start, end)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ErasingStore]:
    store = ErasingStore(tmp_path / "store.sqlite")
    store.put([document(id_, text=text) for id_, text in TEXTS.items()])
    yield store
    store.close()


def verification(store: Store, most: int | None = None) -> Verification:
    resolution = Resolution(store, TextCache[AnchoringText](1_000_000, lambda one: len(one.text)))

    def candidates(_: str) -> list[VersionRecord]:
        return [Store.version(store, record.id) for record in store.documents(limit=9)]

    return Verification(resolution, candidates, ReadingBudget(most))


@pytest.mark.parametrize("when", ["text", "version", "section"])
def test_what_is_erased_while_a_quote_is_verified_is_not_there(store: ErasingStore, when: str) -> None:
    store.when = when
    verdict = verification(store).quote(Claim(WORDS))
    assert verdict.citation is not None
    assert (verdict.status, verdict.citation.document_id) == ("verified", "b")


@pytest.mark.parametrize("when", ["text", "version", "section"])
def test_what_is_erased_while_a_citation_is_verified_is_not_found(store: ErasingStore, when: str) -> None:
    record = store.document("a")
    locator = f"a@{record.text_sha256.hex()[:12]}:9-{9 + len(WORDS)}"
    assert verification(store).citation(locator).status == "verified"
    store.when = when
    verdict = verification(store).citation(locator, WORDS)
    assert (verdict.status, verdict.citation and verdict.citation.document_id) in {
        ("misattributed", "b"),
        ("verified", "a"),  # it was read before it was erased
    }
    assert verification(store).citation(locator).status == "not_found" or when == store.when


@pytest.mark.parametrize("error", [CitationNotFound, DocumentNotFound, VersionNotFound])
def test_what_was_never_there_is_told_after_some_tries(error: type[LoccitError]) -> None:
    tries: list[int] = []

    def failing(until: int) -> Callable[[], str]:
        def read() -> str:
            tries.append(1)
            if len(tries) < until:
                raise error("It is not there.")
            return "found"

        return read

    assert repeated(failing(2))() == "found"
    tries.clear()
    with pytest.raises(error):
        repeated(failing(100))()
    assert 1 < len(tries) < 10


def test_other_errors_are_told_at_once() -> None:
    budget = ReadingBudget(10)
    spend = repeated(budget.spend)
    spend(10)
    with pytest.raises(InvalidLimit, match="More than 10 characters"):
        spend(1)
    ReadingBudget().spend(10**12)


def test_a_budget_is_spent_by_what_is_looked_through(store: Store) -> None:
    length = len(TEXTS["a"])
    absent = Claim("Nothing at all like this.", "a")
    assert verification(store, 10 * length).quote(absent).status == "not_found"
    spent = verification(store, length)
    with pytest.raises(InvalidLimit):
        spent.quote(absent)
    found = verification(store, 10 * length)
    assert {found.quote(Claim(WORDS, "a")).status for _ in range(50)} == {"verified"}
