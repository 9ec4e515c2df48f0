"""Tables from the file to the citation: rows are found, marked alone, and named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from tests.opening import collection_in, resolving

PEOPLE = [("Ada", "London", "1,577"), ("Grace", "Arlington", "1,906"), ("Emmy", "Erlangen", "1,882")]
CSV = "Name,Town,Lamps\n" + "".join(f'{name},{town},"{lamps}"\n' for name, town, lamps in PEOPLE)
MARKDOWN = "# Lamps\n\n| Name | Town | Lamps |\n| --- | --- | --- |\n" + "".join(
    f"| {name} | {town} | {lamps} |\n" for name, town, lamps in PEOPLE
)


@pytest.fixture(params=[("a.csv", CSV), ("a.md", MARKDOWN)], ids=["labelled", "separated"])
def collection(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Collection]:
    name, text = request.param
    with collection_in(tmp_path / "default", embedder=WordEmbedder(), config=LibraryConfig()) as opened:
        opened.put(Source(id=name, data=text.encode()))
        yield opened


@pytest.mark.parametrize("embedded", [True, False])
def test_the_row_asked_for_is_marked_first_and_its_cells_are_named(
    collection: Collection, embedded: bool
) -> None:
    if embedded:
        collection.embed_pending()
    hit = collection.ask("How many lamps has Grace?").hits[0]
    lit = hit.evidence[0]
    text = collection.archive.text(hit.citation.document_id)[1]
    assert text[hit.citation.start : hit.citation.end] == hit.text
    assert [(one.row, one.column, text[one.start : one.end]) for one in lit.cells] == [
        ("Grace", "Name", "Grace"),
        ("Grace", "Town", "Arlington"),
        ("Grace", "Lamps", "1,906"),
    ]
    assert "\n" not in text[lit.start : lit.end]


def test_a_citation_of_a_figure_names_its_row_and_column(collection: Collection) -> None:
    citation = collection.ask("Emmy").hits[0].citation
    text = collection.archive.text(citation.document_id)[1]
    at = text.index("1,882")
    locator = f"{citation.document_id}@{citation.text_sha256[:12]}:{at}-{at + 5}"
    resolved = resolving(collection).resolve(locator, around=0)
    assert [(one.row, one.column, one.start, one.end) for one in resolved.cells] == [
        ("Emmy", "Lamps", at, at + 5)
    ]


def test_columns_survive_an_export(collection: Collection, tmp_path: Path) -> None:
    exported = [one for one in collection.archive.export("default") if "versions" in one]
    with collection_in(tmp_path / "other", embedder=WordEmbedder(), config=LibraryConfig()) as other:
        other.adopt_many(exported)
        lit = other.ask("Grace").hits[0].evidence[0]
    assert [one.column for one in lit.cells] == ["Name", "Town", "Lamps"]
