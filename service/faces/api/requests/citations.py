"""Look up, follow and verify citations."""

from typing import Annotated

from pydantic import ConfigDict, Field

from index import errors
from index.citations import Format, Judging
from service.errors import MayRaise
from service.http.parameters import LIMITED, ChangeNumber, ExistingLocator, Locator, Quote
from service.http.request_models import CollectionBody, CollectionQuery, Request


class CitationQuery(CollectionQuery):
    """Options of a citation look-up."""

    around: int = Field(
        300,
        ge=0,
        le=5000,
        description="Maximum number of code points of text to return before and after the quote.",
    )
    format: Format | None = Field(None, description="Return only the citation, in this format.")
    proof: str = Field("", description="From the link of an answer; keys with the scope ask need it.")


class ChangesQuery(CollectionQuery):
    """The range of changes to list."""

    since: ChangeNumber = Field(0, description="List changes after this one.")
    limit: int = Field(
        100, ge=1, le=1000, description="Approximate number of events: a change is never split."
    )


class ChangesRequest(CollectionBody):
    """The range of changes to list, and the citations to follow through them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": 12, "citations": ["bth.txt@9f2c41aab3de:1024-1311"]}]}
    )

    since: ChangeNumber = Field(0, description="List changes after this one.")
    until: ChangeNumber | None = Field(
        None, description="List changes up to this one; by default up to the last."
    )
    limit: int = Field(
        1000, ge=1, le=1000, description="Approximate number of events: a change is never split."
    )
    citations: Annotated[list[Locator], LIMITED] = Field(
        default_factory=list, description="Locators whose status after `until` to return."
    )


class CitedQuote(Request):
    """A locator with the claimed quote."""

    locator: Locator
    quote: Quote | None = Field(
        None, description="The claimed quote; without it only the locator is looked up."
    )
    prefix: str = Field(
        "", description="Text before the quote, used to find it when the cited version is not kept."
    )
    suffix: str = Field("", description="Text after the quote.")


class BareQuote(Request):
    """A claimed quote from a document, or from any document."""

    quote: Quote
    document_id: str = Field("", description="The claimed document; by default any.")
    prefix: str = Field("", description="Claimed text before the quote.")
    suffix: str = Field("", description="Claimed text after the quote.")


class AnswerToVerify(Request):
    """An answer of a language model, with the passages it was given."""

    text: Annotated[str, LIMITED] = Field(
        description="The answer, with quotes and citation marks such as [1]."
    )
    citations: list[ExistingLocator] = Field(
        default_factory=list,
        description="Locators of the passages, in the order of their marks: [1] is the first. Without any, "
        "each sentence is compared with the passages that a search finds.",
    )
    claims: bool = Field(
        True, description="Judge also what the sentences claim. Without it no model is involved."
    )
    read: bool = Field(
        True,
        description="Let a model read each sentence together with those of the passages that bear on it, "
        "where the service has one. Without it, words, numbers and names are compared.",
    )
    supported_from: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Least probability of a sentence that is called `supported`; null for the default. "
        "`GET /v1/verify/thresholds` has precision and recall of each.",
    )

    @property
    def judging(self) -> Judging:
        """How its claims are judged."""
        return Judging(self.read, self.supported_from)


class SourceText(Request):
    """A text to verify by, which is not stored."""

    title: str = ""
    text: Annotated[str, MayRaise(errors.EmptyDocument, errors.UndecodableText)]


class ToVerify(CollectionBody):
    """Citations, quotes and an answer to verify; at least one of the three."""

    citations: Annotated[list[Locator | CitedQuote], LIMITED] = Field(
        default_factory=list, description="Locators, with or without the claimed quote."
    )
    quotes: Annotated[list[Quote | BareQuote], LIMITED] = Field(
        default_factory=list, description="Quotes, with or without the claimed document."
    )
    answer: AnswerToVerify | None = None
    sources: Annotated[list[SourceText], LIMITED] = Field(
        default_factory=list,
        description="Texts to verify by, in place of the collection: [1] is the first. Nothing of them is "
        "stored. In citations of them `document_id` is the number of the text, and offsets count its code "
        "points.",
    )


class VerifyRequest(ToVerify):
    """What to verify, and whether to send verdicts as they are made."""

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
                {
                    "answer": {"text": "The lamp was lit at dawn [1]."},
                    "sources": [{"title": "The keeper's log", "text": "The lamp was lit at dusk."}],
                },
            ]
        }
    )

    stream: bool = Field(False, description="Whether to send verdicts as server-sent events.")
