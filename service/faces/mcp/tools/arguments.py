"""The arguments of the tools."""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from index.citations import Format
from index.filters import OPERATORS
from service.flows.ask.requests import Turn
from service.http.parameters import AsOf
from service.http.request_models import Request

_COLLECTION = "Name of the collection; by default that of the connection. list_documents names them."


class SearchArguments(Request):
    """Arguments of ``search``."""

    query: str = Field(description="A question or a few words, in any language.")


class FetchArguments(Request):
    """Arguments of ``fetch``."""

    id: str = Field(description="The id of a search result, a locator, or the id of a document.")


class AskArguments(Request):
    """Arguments of ``ask``."""

    question: str = Field(description="One question, as a whole sentence that needs no context.")
    turns: list[Turn] = Field(
        default_factory=list,
        description="The conversation before the question, oldest message first: only for a question in the "
        "user's own words that needs it.",
    )
    k: int = Field(5, ge=1, le=100, description="Most passages to return.")
    filter: dict[str, Any] | None = Field(
        None,
        description='Only documents with matching metadata: {"type": "eq", "key": "year", "value": 2020} '
        f"with one of {', '.join(OPERATORS)}; or and, or with a list of filters. The key printed_page "
        'selects passages by the number that their page bears: "217" or "xii", with eq, in, gte or lte.',
    )
    in_force: date | None = Field(
        None,
        description="Only documents that are in force on this day, such as 2024-05-01; for a question about "
        "what held then.",
    )
    as_of: AsOf | None = Field(
        None,
        description="Answer as of an earlier time, such as 2024-05-31T12:00:00Z, or, of one collection, as "
        "of the number of a change.",
    )
    collection: str = Field("", description=_COLLECTION)
    collections: list[str] | Literal["*"] | None = Field(
        None,
        description='In place of collection: the names of several to ask at once, or "*" for all of them.',
    )


class VerifyArguments(Request):
    """Arguments of ``verify``: at least one of the three."""

    answer: str = Field(
        "", description="An answer to check sentence by sentence, with marks such as [1] for its sources."
    )
    citations: list[str] = Field(
        default_factory=list,
        description="Locators of the passages that the answer was written from: [1] is the first.",
    )
    quotes: list[str] = Field(
        default_factory=list, description="Quotes that should be in the documents, word for word."
    )
    collection: str = Field("", description=_COLLECTION)


class CiteArguments(Request):
    """Arguments of ``cite``."""

    locator: str = Field(description="The locator of a passage, or the id of a search result.")
    format: Format | None = Field(
        None, description="Also return it in this format, such as bibtex, csl_json or plain."
    )
    collection: str = Field("", description=_COLLECTION)


class ListArguments(Request):
    """Arguments of ``list_documents``."""

    prefix: str = Field("", description="Only documents whose ids begin so.")
    after: str = Field("", description="next of the page before.")
    limit: int = Field(50, ge=1, le=200, description="Most documents of the page.")
    collection: str = Field("", description=_COLLECTION)
