"""The shapes of answers, and the one place where the library's values become JSON.

Answers are made as plain dictionaries and written by ``pydantic_core.to_json``, four times as fast as
through the models; the models are what the OpenAPI shows, and the tests hold every answer against them.
Field names here are promised: clients are built on them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote as percent_encode

from pydantic import BaseModel, Field

from index import answers, records
from index.collection import Collection as OpenCollection
from index.ingest import Put
from index.types import Scalar

Json = dict[str, Any]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hex digits.")]
Metadata = dict[str, Scalar | list[Scalar]]


class PositionSelector(BaseModel):
    """W3C Web Annotation TextPositionSelector; offsets in Unicode code points."""

    type: Literal["TextPositionSelector"]
    start: int
    end: int


class QuoteSelector(BaseModel):
    """W3C Web Annotation TextQuoteSelector."""

    type: Literal["TextQuoteSelector"]
    exact: str
    prefix: str
    suffix: str


class Citation(BaseModel):
    """Names a quote so that anyone can check it: ``text[start:end] == quote``, in Unicode code points."""

    locator: str = Field(examples=["bth.txt@9f2c41aab3de:1024-1311"])
    quote: str
    document_id: str
    version: int
    title: str
    source: str
    media_type: str
    section: list[str] = Field(description="The headings above the quote, outermost first.")
    pages: tuple[int, int] | None = Field(description="First and last page, counted from 1.")
    start: int
    end: int
    text_sha256: Sha256
    source_sha256: Sha256
    selectors: list[PositionSelector | QuoteSelector]
    links: dict[str, str] = Field(description="Addresses of this citation and of the text, in this API.")


class Evidence(BaseModel):
    """A sentence of the passage that answers: ``text[start:end]`` of the document, as for citations."""

    start: int
    end: int
    score: float = Field(description="In [0, 1]; comparable within one answer only.")


class DenseScore(BaseModel):
    """How near the passage is by meaning."""

    rank: int | None = Field(description="1 is nearest; null when it was not among the candidates.")
    score: float | None


class LexicalScore(BaseModel):
    """How well the passage matches by words (BM25)."""

    rank: int | None = Field(description="1 is best; null when it was not among the candidates.")
    score: float | None
    terms: list[str] = Field(description="Words of the question that the passage has.")


class Explanation(BaseModel):
    """Why a passage stands where it does."""

    dense: DenseScore
    lexical: LexicalScore
    sentence: float | None = Field(
        description="Share of the question's words, by their rarity, in the passage's best sentence."
    )


class Passage(BaseModel):
    """A passage that may answer the question, with its citation."""

    rank: int
    score: float = Field(description="In [0, 1]; comparable within one answer only.")
    text: str
    evidence: list[Evidence] = Field(description="The sentences that answer best, best first.")
    citation: Citation
    also_at: list[str] = Field(description="Locators of passages with the same text.")
    metadata: Metadata
    explain: Explanation


class IndexState(BaseModel):
    """What answered."""

    fingerprint: str
    change: int = Field(description="Grows with every change of the collection.")
    embedded: float = Field(description="Share of the passages that can be found by meaning already.")


class AskResponse(BaseModel):
    """The passages that best answer a question, best first."""

    question: str
    answerability: float = Field(
        description="Calibrated probability that the passages answer the question; 0 when nothing was found."
    )
    withheld: str = Field(description="Why passages were found but not returned; empty otherwise.")
    passages: list[Passage]
    index: IndexState
    timings_ms: dict[str, float] = Field(description="Milliseconds by stage, and `total`.")


class BatchResponse(BaseModel):
    """The answers to several questions, in their order."""

    results: list[AskResponse]


class PassageCounts(BaseModel):
    """How many passages there are, and how many can be found by meaning already."""

    total: int
    embedded: int


class Document(BaseModel):
    """A stored document with its newest version."""

    document_id: str
    title: str
    source: str
    media_type: str
    metadata: Metadata
    version: int = Field(description="Number of the newest version.")
    versions: int = Field(description="How many versions are kept.")
    text_sha256: Sha256
    source_sha256: Sha256
    reader: str = Field(description="What made the text of the file.")
    length: int = Field(description="Unicode code points of the text.")
    created: datetime
    updated: datetime
    passages: PassageCounts
    links: dict[str, str]


class PutResponse(Document):
    """A document after it was put, and what became of it."""

    status: Literal["added", "replaced", "unchanged"]


class DocumentList(BaseModel):
    """A page of documents in the order of their ids."""

    documents: list[Document]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last.")


class Collection(BaseModel):
    """A collection and how much it holds."""

    name: str
    fingerprint: str
    documents: int
    passages: PassageCounts
    characters: int
    change: int


class ClosedCollection(BaseModel):
    """A collection that cannot be opened, and why."""

    name: str
    error: dict[str, str]


class CollectionList(BaseModel):
    """All collections."""

    collections: list[Collection | ClosedCollection]


class Health(BaseModel):
    """The process is up."""

    status: Literal["up"]


class Readiness(BaseModel):
    """The service answers questions. ``degraded``: some collection cannot be opened; the log says why."""

    status: Literal["ready", "degraded"]
    collections: int
    unavailable: int
    documents: int
    passages: PassageCounts


def answer_json(answer: answers.Answer) -> Json:
    """An answer as :class:`AskResponse`."""
    state = answer.index
    return {
        "question": answer.question,
        "answerability": answer.answerability,
        "withheld": answer.withheld,
        "passages": [_passage(hit) for hit in answer.hits],
        "index": {"fingerprint": state.fingerprint, "change": state.change, "embedded": state.embedded},
        "timings_ms": answer.timings_ms,
    }


def _passage(hit: answers.Hit) -> Json:
    dense, lexical = hit.explain.dense, hit.explain.lexical
    return {
        "rank": hit.rank,
        "score": hit.score,
        "text": hit.text,
        "evidence": [{"start": one.start, "end": one.end, "score": one.score} for one in hit.evidence],
        "citation": citation_json(hit.citation),
        "also_at": hit.also_at,
        "metadata": hit.metadata,
        "explain": {
            "dense": {"rank": dense.rank, "score": dense.score},
            "lexical": {"rank": lexical.rank, "score": lexical.score, "terms": lexical.terms},
            "sentence": hit.explain.sentence,
        },
    }


def citation_json(citation: answers.Citation) -> Json:
    """A citation as :class:`Citation`."""
    return {
        "locator": citation.locator,
        "quote": citation.quote,
        "document_id": citation.document_id,
        "version": citation.version,
        "title": citation.title,
        "source": citation.source,
        "media_type": citation.media_type,
        "section": citation.section,
        "pages": citation.pages,
        "start": citation.start,
        "end": citation.end,
        "text_sha256": citation.text_sha256,
        "source_sha256": citation.source_sha256,
        "selectors": [_selector(selector) for selector in citation.selectors],
        "links": dict(citation.links),
    }


def _selector(one: answers.Selector) -> Json:
    if one.exact is None:
        return {"type": one.type, "start": one.start, "end": one.end}
    return {"type": one.type, "exact": one.exact, "prefix": one.prefix, "suffix": one.suffix}


def document_json(record: records.DocumentRecord) -> Json:
    """A document as :class:`Document`."""
    return {
        "document_id": record.id,
        "title": record.title,
        "source": record.source,
        "media_type": record.media_type,
        "metadata": record.metadata,
        "version": record.version,
        "versions": record.versions,
        "text_sha256": record.text_sha256.hex(),
        "source_sha256": record.source_sha256.hex(),
        "reader": record.reader,
        "length": record.length,
        "created": _moment(record.created),
        "updated": _moment(record.updated),
        "passages": {"total": record.passages, "embedded": record.embedded},
        "links": {"self": document_path(record.id), "text": f"{document_path(record.id)}/text"},
    }


def put_json(put: Put) -> Json:
    """What became of a document, as :class:`PutResponse`."""
    return {"status": put.status, **document_json(put.record)}


def collection_json(collection: OpenCollection) -> Json:
    """A collection as :class:`Collection`."""
    counts = collection.counts()
    return {
        "name": collection.name,
        "fingerprint": collection.fingerprint,
        "documents": counts.documents,
        "passages": {"total": counts.passages, "embedded": counts.embedded},
        "characters": counts.characters,
        "change": counts.change,
    }


def document_path(document_id: str) -> str:
    """The address of a document in this API."""
    return f"/v1/documents/{percent_encode(document_id, safe='/@:')}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
