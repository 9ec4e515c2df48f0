"""Questions about pages, by the numbers that these bear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.filters import Filter, parse_filter
from index.ingest import Source
from index.page_labels import roman
from tests.index.readers.pdf.test_page_numbers import SHAPES, page
from tests.index.readers.pdf.test_pdf import lines, pdf, together
from tests.opening import collection_in

BOOK = ["", *(roman(value) for value in range(2, 7)), *map(str, range(1, 9))]
OFFPRINT = [*map(str, range(217, 225))]
NUMBERED: Mapping[str, list[str]] = {"book.pdf": BOOK, "offprint.pdf": OFFPRINT, "plain.pdf": [""] * 8}


def printed(labels: list[str], name: str) -> bytes:
    """A PDF file whose pages bear these numbers, and have a sentence about a lamp of their own."""
    pages = []
    for place, label in enumerate(labels, 1):
        number = [SHAPES["outer corner of the head"](label, place)] if label else []
        lamp = lines(f"The lamp of place {place} in {name} burns with seal oil.", x=72, top=130)
        pages.append(together(page(*number), lamp))
    return pdf(*pages)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder: Path = tmp_path_factory.mktemp("printed")
    with collection_in(folder / "lamps", embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        for name, labels in NUMBERED.items():
            groups = ["staff"] if name == "offprint.pdf" else []
            collection.put(Source(name, printed(labels, name), groups=groups))
        collection.embed_pending()
        yield collection


def where(how: str, value: object, **more: object) -> Filter:
    parts = [{"type": how, "key": "printed_page", "value": value}]
    parts += [{"type": "eq", "key": key, "value": one} for key, one in more.items()]
    return parse_filter({"type": "and", "filters": parts})


def found(collection: Collection, given: Filter, **asked: Any) -> list[tuple[str, tuple[int, int]]]:
    """The documents and pages, as the file counts them, of what is found."""
    answer = collection.ask("Which oil does the lamp burn?", k=50, where=given, **asked)
    return [(hit.citation.document_id, hit.citation.pages or (0, 0)) for hit in answer.hits]


@pytest.mark.parametrize("name", ["book.pdf", "offprint.pdf"])
def test_each_page_is_found_by_its_number_alone(collection: Collection, name: str) -> None:
    for place, label in enumerate(NUMBERED[name], 1):
        for how, value in (("eq", label), ("eq", label.upper()), ("in", [label, "9999"])) if label else ():
            hits = found(collection, where(how, value, document_id=name))
            assert hits, label
            assert all(id_ == name and on[0] <= place <= on[1] for id_, on in hits), (label, hits)


def test_ranges_end_where_they_say(collection: Collection) -> None:
    hits = found(collection, where("eq", "218-220"))
    assert hits
    assert all(on[0] <= 4 and on[1] >= 2 for _, on in hits), hits
    assert hits == found(collection, both(("gt", 217), ("lte", "220")))
    assert {id_ for id_, _ in found(collection, where("gte", "v"))} == {"book.pdf"}


def both(*bounds: tuple[str, object]) -> Filter:
    parts = [{"type": how, "key": "printed_page", "value": value} for how, value in bounds]
    return parse_filter({"type": "and", "filters": parts})


def test_documents_without_such_a_page_are_not_found(collection: Collection) -> None:
    assert found(collection, where("eq", "9")) == []
    assert found(collection, where("gte", 1, document_id="plain.pdf")) == []
    assert {id_ for id_, _ in found(collection, where("gte", 1))} == {"book.pdf", "offprint.pdf"}


def test_pages_of_documents_that_one_may_not_read_are_not_found(collection: Collection) -> None:
    visitor = collection.restrict_to(frozenset())
    assert found(visitor, where("eq", "218")) == []
    assert {id_ for id_, _ in found(visitor, where("gte", 1))} == {"book.pdf"}
    assert found(collection.restrict_to(frozenset({"staff"})), where("eq", "218"))


def test_an_earlier_change_has_its_own_pages(collection: Collection) -> None:
    then = collection.last_change()
    collection.put(Source("book.pdf", printed([*map(str, range(301, 315))], "another.pdf")))
    collection.embed_pending()
    assert found(collection, where("eq", "iii")) == []
    assert found(collection, where("eq", "303"))
    assert found(collection, where("eq", "iii"), as_of=then)
