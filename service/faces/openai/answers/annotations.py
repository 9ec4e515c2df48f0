"""Citations as the annotations of OpenAI's messages."""

from collections.abc import Iterator

from index.answers import Citation
from service.faces.api.schemas.citations import citation_json
from service.faces.api.schemas.values import Json
from service.flows.answer.events import Sentence
from service.flows.answer.finding import Found
from service.http.links import with_absolute_links, with_links
from service.state.files import ids as file_ids


def absolute_citation(citation: Citation, found: Found, base: str) -> Citation:
    """A citation whose links have the address of the service."""
    return with_absolute_links(with_links(citation, found.collection), base)


def url_citations(sentence: Sentence, found: Found, base: str) -> Iterator[Json]:
    """The ``url_citation`` annotations of a sentence, one for each of its marks that names a source."""
    for citation in marked_citations(sentence, found):
        yield {
            "type": "url_citation",
            "url_citation": {
                "start_index": sentence.start,
                "end_index": sentence.end,
                "title": citation.title,
                "url": absolute_citation(citation, found, base).links["view"],
            },
        }


def file_citations(sentence: Sentence, found: Found, base: str) -> Iterator[Json]:
    """The ``file_citation`` annotations of a sentence, each with our citation beside OpenAI's fields."""
    for citation in marked_citations(sentence, found):
        yield {
            "type": "file_citation",
            "file_id": file_ids.file_id(citation.collection or found.collection, citation.document_id),
            "filename": file_ids.filename(citation.document_id),
            "index": sentence.end,
            "citation": citation_json(absolute_citation(citation, found, base), found.collection),
        }


def marked_citations(sentence: Sentence, found: Found) -> list[Citation]:
    """The citations that a sentence's marks name."""
    sources = found.sources
    return [sources[mark - 1] for mark in sentence.marks if 1 <= mark <= len(sources)]
