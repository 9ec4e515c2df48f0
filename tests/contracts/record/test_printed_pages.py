"""Documents and passages are found by the numbers that their pages bear."""

from collections.abc import Sequence

import numpy as np

from index.filters import divide_pages, parse_filter
from index.page_labels import pack_labels
from index.protocols import RecordStore
from index.records import NewDocument
from index.types import Passage
from tests.contracts.documents import document, put

FRONT = ["", "ii", "iii", "1", "2", "3"]
"""The labels of a book whose third chapter begins on the fourth page of its file."""


def book(id_: str, labels: Sequence[str]) -> NewDocument:
    """A document with a passage for each page, and one for the last two of them."""
    words = [f"Page{number}" for number in range(len(labels))]
    text = " ".join(words)
    starts = [text.index(word) for word in words]
    spans = [(start, start + len(word)) for start, word in zip(starts, words, strict=True)]
    passages = [Passage(*span, (), (at, at), 3) for at, span in enumerate(spans, 1)]
    passages.append(Passage(starts[-2], len(text), (), (len(labels) - 1, len(labels)), 6))
    return document(
        id_,
        text,
        passages=passages,
        headings=[""] * len(passages),
        pages=starts,
        page_labels=pack_labels(labels),
        media_type="application/pdf",
    )


def test_passages_on_a_page_are_found_by_its_number(store: RecordStore) -> None:
    put(store, [book("book", FRONT), book("plain", [""] * 6), book("offprint", ["217", "218", "219"])])
    assert found(store, "eq", "iii") == {("book", (3, 3))}
    assert found(store, "eq", "3") == {("book", (6, 6)), ("book", (5, 6))}
    assert found(store, "in", ["II", 218]) == {("book", (2, 2)), ("offprint", (2, 2)), ("offprint", (2, 3))}
    assert found(store, "eq", "2-3") == {("book", (5, 5)), ("book", (6, 6)), ("book", (5, 6))}
    assert found(store, "gt", 218) == {("offprint", (3, 3)), ("offprint", (2, 3))}
    assert found(store, "eq", "4") == found(store, "lt", "i") == set()


def test_documents_that_have_the_page_are_selected(store: RecordStore) -> None:
    put(store, [book("book", FRONT), book("plain", [""] * 6), book("offprint", ["217", "218", "219"])])
    assert selected(store, "eq", "3") == ["book"]
    assert selected(store, "gte", "1") == ["book", "offprint"]
    # Numbers go on after the last page of a run, but the file does not.
    assert selected(store, "eq", "220") == selected(store, "eq", "4") == []
    both = {"type": "and", "filters": [page("gte", "1"), {"type": "eq", "key": "document_id", "value": "x"}]}
    assert listed(store, both) == []


def test_pages_are_those_of_the_version_that_is_asked(store: RecordStore) -> None:
    put(store, [book("book", ["1", "2"])])
    with store.snapshot() as moment:
        change = moment.change
    put(store, [book("book", ["7", "8", "9"])])
    assert found(store, "eq", "1") == set()
    assert found(store, "eq", "7") == {("book", (1, 1))}
    assert found(store, "eq", "1", at=change) == {("book", (1, 1)), ("book", (1, 2))}
    assert selected(store, "eq", "1") == []


def page(how: str, value: object) -> dict[str, object]:
    return {"type": how, "key": "printed_page", "value": value}


def found(
    store: RecordStore, how: str, value: object, *, at: int | None = None
) -> set[tuple[str, tuple[int, int] | None]]:
    ranges, where = divide_pages(parse_filter(page(how, value)))
    assert ranges is not None
    with store.snapshot() as moment:
        passages = moment if at is None else moment.at(at)
        ids = passages.on_pages(ranges, where)
        assert np.array_equal(ids, np.unique(ids))
        return {(one.version.document_id, one.passage.pages) for one in passages.places(ids)}


def selected(store: RecordStore, how: str, value: object) -> list[str]:
    return listed(store, page(how, value))


def listed(store: RecordStore, where: dict[str, object]) -> list[str]:
    with store.snapshot() as moment:
        documents = moment.documents(limit=10, where=parse_filter(where))
        keys = moment.select(parse_filter(where)).tolist()
    assert keys == sorted(one.key for one in documents)
    return [one.id for one in documents]
