"""The shapes of what is asked. Field names here are promised: clients are built on them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from service.error_handlers import explained
from service.errors import InvalidRequest

CollectionName = Annotated[str, Field(description="Name of the collection.", examples=["default"])]


class Request(BaseModel):
    """What all requests have in common: a field that is not known is an error, not ignored."""

    model_config = ConfigDict(extra="forbid")


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
