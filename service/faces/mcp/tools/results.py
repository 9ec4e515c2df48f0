"""Results of the tools, as structured content."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from service.faces.api.schemas.answers import Computed
from service.faces.api.schemas.values import DocumentMetadata, SaysOfItself


class SearchResult(BaseModel):
    """A passage that was found."""

    id: str = Field(description="Pass it to fetch or cite.")
    title: str
    url: str
    text: str = Field(description="The passage, exactly as it stands in the document.")


class SearchResults(BaseModel):
    """The passages that answer best, most probable first."""

    results: list[SearchResult]


class FetchedText(BaseModel):
    """A document's text, or the part of a long one around a passage."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, Any] = Field(
        description="What is known about the document; document_id, version, start, end and length of the "
        "text; next, the id of the part that follows; and says_of_itself, what only the document says."
    )


class AnsweringPassage(BaseModel):
    """A passage that may answer, with its citation."""

    number: int = Field(description="Cite the passage by this number: [1] is the first.")
    text: str = Field(description="The passage, exactly as it stands in the document.")
    answering_sentences: list[str] = Field(
        description="The sentences in it that probably answer, best first."
    )
    probability: float = Field(description="Probability that this passage answers the question.")
    locator: str = Field(description="Names the passage for cite, fetch and verify.")
    collection: str = Field(description="The collection to look the locator up in.")
    title: str
    document_id: str
    section: list[str]
    pages: tuple[int, int] | None
    printed_pages: tuple[str, str] | None
    url: str
    metadata: DocumentMetadata
    says_of_itself: SaysOfItself


class AskResult(BaseModel):
    """The passages that answer a question."""

    question: str
    answerability: float = Field(description="Probability that the documents answer the question at all.")
    missing: list[str] = Field(
        description="Names, numbers and dates of the question that the nearest sentences lack."
    )
    first_sentence: str = Field(
        description="The sentence that most probably answers, below what introduces it if it is an item of a "
        "list; empty if none probably does."
    )
    notes: list[str] = Field(description="What to tell the user of the answer, such as an unknown language.")
    passages: list[AnsweringPassage]
    computed: Computed | None = Field(
        description="A value that was computed of the cells of a table, with the locators of all of them. It "
        "is no quote: cite its cells or rows. Null if nothing was asked for that can be computed."
    )


class VerifiedQuote(BaseModel):
    """A quote compared with the documents."""

    quote: str
    status: Literal["verified", "repaired", "misattributed", "altered", "not_found", "unchecked"]
    reason: str = Field(description="The status in words.")
    found: str = Field(description="The words of the document at the place of the quote; empty if not found.")
    locator: str
    url: str


class FactConflict(BaseModel):
    """A fact on which a sentence and its source differ."""

    kind: Literal["number", "date", "name", "negation", "direction"]
    claimed: str
    stated: str


class VerifiedSentence(BaseModel):
    """A sentence of an answer compared with what the passages say."""

    text: str
    status: Literal["supported", "contradicted", "unsupported", "unchecked", "not_judged"]
    reason: str
    conflicts: list[FactConflict]
    found: str = Field(description="The sentences of the document that speak for or against.")
    locator: str
    url: str


class VerifyResult(BaseModel):
    """Verdicts in the order of the arguments."""

    citations: list[VerifiedQuote]
    quotes: list[VerifiedQuote]
    answer_quotes: list[VerifiedQuote]
    answer_sentences: list[VerifiedSentence]
    unknown_marks: list[int] = Field(description="Citation marks of the answer that name no passage.")


class CiteResult(BaseModel):
    """A citation, the text around it, and what became of it in the newest version."""

    locator: str
    quote: str
    before: str
    after: str
    title: str
    document_id: str
    version: int
    section: list[str]
    pages: tuple[int, int] | None
    printed_pages: tuple[str, str] | None
    url: str
    status: Literal["current", "moved", "reformatted", "changed", "gone"]
    current_locator: str = Field(description="The words in the newest version; empty if they are gone.")
    formatted: str = Field(description="The citation in the format that was asked for; else empty.")


class ListedDocument(BaseModel):
    """A document of a collection."""

    document_id: str
    title: str
    source: str
    media_type: str
    length: int = Field(description="Characters of its text.")
    uri: str = Field(description="The resource with its text.")
    metadata: DocumentMetadata
    says_of_itself: SaysOfItself


class DocumentList(BaseModel):
    """A page of the documents of a collection."""

    collection: str
    documents: list[ListedDocument]
    next: str | None = Field(description="Pass it as after to get the next page; null on the last page.")
    collections: list[str] = Field(description="The collections that can be asked.")
