"""Citations to look up, to follow and to verify."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from index.citation_formats import Format
from service.requests.base import LARGEST, CollectionName, CollectionQuery, Request


class CitationQuery(CollectionQuery):
    """What is wanted of a citation."""

    around: int = Field(300, ge=0, le=5000, description="Most code points of the text before and after.")
    format: Format | None = Field(None, description="Answer with the citation in this shape alone.")


class ChangesQuery(CollectionQuery):
    """Which changes to tell."""

    since: int = Field(0, ge=0, le=LARGEST, description="Tell what came after this change.")
    limit: int = Field(100, ge=1, le=1000, description="About so many events; a change is never torn.")


class ChangesRequest(Request):
    """Which changes to tell, and the citations to follow through them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": 12, "citations": ["bth.txt@9f2c41aab3de:1024-1311"]}]}
    )

    collection: CollectionName = "default"
    since: int = Field(0, ge=0, le=LARGEST, description="Tell what came after this change.")
    until: int | None = Field(
        None, ge=0, le=LARGEST, description="And up to this one; the last one when left out."
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
