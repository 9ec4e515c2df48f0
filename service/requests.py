"""The shapes of what is asked. Field names here are promised: clients are built on them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from index.citation_formats import Format
from service.error_handlers import explained
from service.errors import InvalidRequest

CollectionName = Annotated[str, Field(description="Name of the collection.", examples=["default"])]


class Request(BaseModel):
    """What all requests have in common: a field that is not known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


_LARGEST = 2**53
"""Largest number that every JSON reader takes exactly."""
Read = TypeVar("Read", bound=Request)


def read_json(model: type[Read], body: bytes) -> Read:
    """Read a request from its body.

    By hand rather than by the framework, which lets halves of surrogate pairs through: no part behind
    the service, from the tokenizer to the database, can take them. Raises :class:`InvalidRequest`.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise InvalidRequest(explained(error.errors(include_url=False, include_input=False))) from None


class Turn(Request):
    """Something said earlier in the conversation."""

    role: Literal["user", "assistant"]
    text: str


class AskRequest(Request):
    """One question, or several that are asked together under the same ``k`` and ``filter``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How long may a passage be?", "k": 3},
                {
                    "questions": ["Who wrote it?", "When was it written?"],
                    "collection": "default",
                    "filter": {"type": "gte", "key": "year", "value": 2020},
                },
                {
                    "question": "And who signed it?",
                    "turns": [
                        {"role": "user", "text": "What is the treaty about?"},
                        {"role": "assistant", "text": "About fishing in the bay."},
                    ],
                    "min_answerability": 0.5,
                },
                {"question": "What did the plan say then?", "as_of": 12, "formats": ["plain", "bibtex"]},
            ]
        }
    )

    question: str | None = Field(None, description="A question in plain words.")
    questions: list[str] | None = Field(
        None, description="Several questions; each is answered by itself, in `results`."
    )
    k: int = Field(5, strict=True, description="Most passages for a question.")
    collection: CollectionName = "default"
    turns: list[Turn] = Field(
        default_factory=list,
        description="What was said before the question, oldest first: a follow-up is understood by it. "
        "Not for a batch.",
    )
    min_answerability: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="Return no passages, and the reason in `withheld`, when the probability that they answer "
        "is less.",
    )
    filter: dict[str, Any] | None = Field(
        None,
        description='Which documents count, by metadata: `{"type": "eq", "key": "year", "value": 2020}` '
        "with one of eq, ne, gt, gte, lt, lte, in, nin; or `and` and `or` with a list of `filters`.",
    )

    as_of: int | None = Field(
        None,
        ge=0,
        le=_LARGEST,
        description="Answer as the collection stood after this change: `index.change` of an earlier answer.",
    )
    formats: list[Format] = Field(
        default_factory=list,
        description="Shapes in which each passage's citation is also wanted, in `formats`.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.question is None) == (self.questions is None):
            raise ValueError("Give either question or questions.")
        if self.turns and self.questions is not None:
            raise ValueError("Turns belong to one question: leave them out, or ask the questions apart.")
        return self


class DocumentRequest(Request):
    """A document as JSON: its text, and what is to be known of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "# Lamps\n\nThe lamp was lit at dusk.", "title": "Lamps", "metadata": {"year": 1859}}
            ]
        }
    )

    text: str = Field(description="The document itself.")
    title: str = Field("", description="Shown in citations; without it, what the document calls itself.")
    source: str = Field("", description="Where it comes from, such as its web address; shown in citations.")
    metadata: dict[str, Any] = Field(
        default_factory=dict,
        description="What filters can ask for: names with strings, numbers, true or false, or lists of them.",
    )
    media_type: str = Field(
        "",
        description="text/plain, text/markdown or text/html; without it, told by the id's "
        "ending, else text/plain.",
    )


class CollectionQuery(Request):
    """The query of an address that is about one document or citation."""

    collection: CollectionName = "default"


class TextQuery(CollectionQuery):
    """The query for a document's text."""

    version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="Number of the version; the newest when left out."
    )


class CitationQuery(CollectionQuery):
    """What is wanted of a citation."""

    around: int = Field(300, ge=0, le=5000, description="Most code points of the text before and after.")
    format: Format | None = Field(None, description="Answer with the citation in this shape alone.")


class DiffQuery(CollectionQuery):
    """Which versions to compare."""

    old: int = Field(ge=1, le=2**31 - 1, description="Number of the version to begin from.")
    new: int | None = Field(
        None, ge=1, le=2**31 - 1, description="And of the other; the newest when left out."
    )


class PruneRequest(Request):
    """Which old versions to erase. One that either rule keeps is kept, and the newest always is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"keep_versions": 3, "keep_days": 365, "dry_run": True}]}
    )

    collection: CollectionName = "default"
    keep_versions: int | None = Field(
        None,
        ge=1,
        le=2**31,
        description="Keep so many versions of each document; LOCCIT_KEEP_VERSIONS if set.",
    )
    keep_days: float | None = Field(
        None,
        ge=0,
        le=1e6,
        description="Keep versions that were the newest in the last so many days; LOCCIT_KEEP_DAYS if set.",
    )
    citations: list[str] = Field(
        default_factory=list, description="Locators: which of them would not resolve any more?"
    )
    dry_run: bool = Field(True, description="Only say what would be erased. false erases it, for good.")


class ChangesQuery(CollectionQuery):
    """Which changes to tell."""

    since: int = Field(0, ge=0, le=_LARGEST, description="Tell what came after this change.")
    limit: int = Field(100, ge=1, le=1000, description="About so many events; a change is never torn.")


class ChangesRequest(Request):
    """Which changes to tell, and the citations to follow through them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": 12, "citations": ["bth.txt@9f2c41aab3de:1024-1311"]}]}
    )

    collection: CollectionName = "default"
    since: int = Field(0, ge=0, le=_LARGEST, description="Tell what came after this change.")
    until: int | None = Field(
        None, ge=0, le=_LARGEST, description="And up to this one; the last one when left out."
    )
    limit: int = Field(1000, ge=1, le=1000, description="About so many events; a change is never torn.")
    citations: list[str] = Field(
        default_factory=list, description="Locators: what had become of them after `until`?"
    )


class CitedQuote(Request):
    """A locator with the words that are said to stand there."""

    locator: str
    quote: str | None = Field(None, description="The words; left out, only the locator is looked up.")
    prefix: str = Field("", description="What stood before them: finds them when the text is not kept.")
    suffix: str = Field("", description="What stood after them.")


class BareQuote(Request):
    """Words that are said to stand in a document, or anywhere."""

    quote: str
    document_id: str = Field("", description="Where they are said to stand; anywhere when left out.")
    prefix: str = Field("", description="What is said to stand before them.")
    suffix: str = Field("", description="What is said to stand after them.")


class AnswerToVerify(Request):
    """An answer that a language model wrote, and the passages that it was given."""

    text: str = Field(description="The answer, with quotes and marks such as [1].")
    citations: list[str] = Field(
        description="Locators of the passages, in the order of their numbers from 1."
    )


class VerifyRequest(Request):
    """Citations, quotes, an answer, or several of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"citations": ["bth.txt@9f2c41aab3de:1024-1311"]},
                {"quotes": ["The lamp was lit at dusk.", {"quote": "at dusk", "document_id": "lamps.md"}]},
                {
                    "answer": {
                        "text": "The keeper says that “the lamp was lit at dusk” [1].",
                        "citations": ["lamps.md@9f2c41aab3de:0-120"],
                    }
                },
            ]
        }
    )

    collection: CollectionName = "default"
    citations: list[str | CitedQuote] = Field(
        default_factory=list, description="Locators, or locators with the words said to stand there."
    )
    quotes: list[str | BareQuote] = Field(
        default_factory=list, description="Words, with or without the document they are said to stand in."
    )
    answer: AnswerToVerify | None = None


class PutQuery(CollectionQuery):
    """What can be said of a document whose body is the file itself."""

    title: str = Field("", description="Shown in citations; without it, what the document calls itself.")
    source: str = Field("", description="Where it comes from, such as its web address.")
    wait: bool = Field(False, description="Answer when the document can also be found by its meaning.")


class ListQuery(CollectionQuery):
    """Which documents to list."""

    limit: int = Field(100, ge=1, le=1000, description="Most documents in this page.")
    after: str = Field("", description="The `next` of the page before.")
    prefix: str = Field("", description="List only ids that begin so.", examples=["manuals/"])


class JobsQuery(Request):
    """Which jobs to list."""

    collection: str = Field("", description="Only those of this collection.")
    limit: int = Field(20, ge=1, le=100, description="Most jobs in this page.")
    before: str = Field("", description="The `next` of the page before.")


class JobFilesQuery(Request):
    """Which files of a job to list."""

    state: Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled"] | None = Field(
        None, description="Only those in this state."
    )
    limit: int = Field(100, ge=1, le=1000, description="Most files in this page.")
    after: int = Field(0, ge=0, le=2**31, description="The `next` of the page before.")


class IngestQuery(CollectionQuery):
    """Where files go that are sent as a form or as a ZIP file."""

    prefix: str = Field(
        "", description="Put before each file's name to make its document's id.", examples=["manuals"]
    )


class IngestedDocument(DocumentRequest):
    """A document with its text and its id."""

    document_id: str


class Crawl(Request):
    """A site, or a part of one: pages of the same host, below the first page's folder, that links lead to."""

    url: str
    max_pages: int = Field(100, ge=1, le=10_000, description="Most pages that are fetched.")
    max_depth: int = Field(3, ge=0, le=20, description="Most links from the first page to any other.")


class IngestRequest(Request):
    """Documents with their texts, and addresses of others that are fetched."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"documents": [{"document_id": "lamps.md", "text": "# Lamps\n\nLit at dusk."}]},
                {"urls": ["https://www.example.org/lamps.html"], "metadata": {"project": "lamps"}},
                {"crawls": [{"url": "https://docs.example.org/", "max_pages": 200}]},
            ]
        }
    )

    collection: CollectionName = "default"
    documents: list[IngestedDocument] = Field(default_factory=list, description="Documents as text.")
    urls: list[str] = Field(default_factory=list, description="Pages or files to fetch.")
    sitemaps: list[str] = Field(default_factory=list, description="Sitemaps whose pages are fetched.")
    crawls: list[Crawl] = Field(default_factory=list, description="Sites to follow the links of.")
    metadata: dict[str, Any] = Field(
        default_factory=dict, description="For all of what is fetched: names with values, for filters."
    )
