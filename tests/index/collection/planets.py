"""Small documents, and how the tests of a collection put and find them."""

from index.answers import Answer
from index.collection import Collection
from index.ingest.preparation import Source
from index.records import Put

PLANETS = {
    "mercury.txt": "Mercury is the smallest planet. It circles the sun in 88 days.",
    "venus.txt": "Venus is hotter than Mercury. Its day is longer than its year.",
    "mars.txt": (
        "= Mars =\n\n== Moons ==\n\nMars has two moons, Phobos and Deimos.\n\n== Soil ==\n\nIts soil is red."
    ),
}


def put(collection: Collection, id_: str, text: str, **given: object) -> Put:
    return collection.put(Source(id_, text.encode(), **given))  # type: ignore[arg-type]


def fill(collection: Collection, texts: dict[str, str] | None = None) -> None:
    for id_, text in (PLANETS if texts is None else texts).items():
        put(collection, id_, text)
    collection.embed_pending()


def found(answer: Answer) -> list[str]:
    return [hit.citation.document_id for hit in answer.hits]


def assert_law(collection: Collection, answer: Answer) -> None:
    for hit in answer.hits:
        citation = hit.citation
        _, text = collection.archive.text(citation.document_id, citation.version)
        assert text[citation.start : citation.end] == citation.quote == hit.text
        assert collection.archive.cite(citation.locator).quote == citation.quote


def long_text(sentences: int = 12) -> str:
    return " ".join(
        f"Sentence {n} speaks of moons and has quite a few words in it." for n in range(sentences)
    )
