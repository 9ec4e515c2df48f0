"""Questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack

from loccit_client.calls import Call, many, one, several_collections, without_defaults
from loccit_client.models import AskResult, DocumentExplanation, Feedback, Gaps

Extent = Literal["sentences", "passage", "section"]
Format = Literal[
    "anthropic_char_location",
    "anthropic_search_result",
    "bibtex",
    "csl_json",
    "markdown_footnote",
    "openai_file_citation",
    "plain",
    "ris",
    "w3c_annotation",
]


class Turn(TypedDict):
    """An earlier message of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class AskOptions(TypedDict, total=False):
    """Options of a question; those left out have the service's default.

    ``k``: most passages (5). ``filter``: only documents with this metadata. ``turns``: the conversation so
    far, for a follow-up question. ``in_force``: only documents in force on this day (``2024-05-01``).
    ``min_answerability``: below this probability, no passages. ``as_of``: the number of a change, or a time
    (``2024-05-31T12:00:00Z``), to ask what there was then. ``at_least_change``: ``change`` of the reply to
    a write, to be answered with it by whichever process. ``extent``: how much each passage quotes.
    ``max_per_document``: most passages of one document. ``near_duplicates``: ``fold`` passages in nearly the
    same words into the best of them, or ``keep`` them. ``read``: whether the cross-encoder reads the first
    passages. ``formats``: more formats of each citation. ``conflicts``: look for what other documents say
    against the sentences that answer.
    ``collection``: another one than that of the client. ``collections``: several in one ranking, at most 16,
    or ``*`` for all that the key may read; as of a time, and not with
    ``at_least_change``.
    """

    k: int
    filter: Mapping[str, Any] | None
    turns: Sequence[Turn]
    min_answerability: float
    in_force: str | None
    as_of: int | str | None
    at_least_change: int | None
    extent: Extent
    max_per_document: int | None
    near_duplicates: Literal["fold", "keep"]
    read: bool
    conflicts: bool
    formats: Sequence[Format]
    collection: str | None
    collections: Sequence[str] | Literal["*"] | None


def ask(question: str, **options: Unpack[AskOptions]) -> Call[AskResult]:
    """The passages that best answer a question; see :class:`AskOptions`."""
    return Call(
        method="POST",
        path="/v1/ask",
        read=one(AskResult),
        json={"question": question, **_body(options)},
        collection=options.get("collection"),
        has_collection=options.get("collections") is None,
    )


def ask_many(questions: Sequence[str], **options: Unpack[AskOptions]) -> Call[list[AskResult]]:
    """The passages that answer each of several questions, in one request; without ``turns``."""
    return Call(
        method="POST",
        path="/v1/ask",
        read=many(AskResult, "results"),
        json={"questions": list(questions), **_body(options)},
        collection=options.get("collection"),
        has_collection=options.get("collections") is None,
    )


class ExplainOptions(TypedDict, total=False):
    """The question's ``k`` and ``filter``, and another collection than that of the client."""

    k: int
    filter: Mapping[str, Any] | None
    collection: str | None


def explain(question: str, document_id: str, **options: Unpack[ExplainOptions]) -> Call[DocumentExplanation]:
    """Why an answer to a question has a document or not, and what to try."""
    given: Any = {name: value for name, value in options.items() if name != "collection"}
    return Call(
        method="POST",
        path="/v1/explain",
        read=one(DocumentExplanation),
        json={"question": question, "document_id": document_id, **without_defaults(**given)},
        collection=options.get("collection"),
    )


def _body(options: AskOptions) -> dict[str, Any]:
    given: Any = {name: value for name, value in options.items() if name not in ("collection", "collections")}
    return {
        **without_defaults(**given),
        **several_collections(options.get("collection"), options.get("collections")),
    }


def judge(
    question: str, verdict: Literal["up", "down"], *, reason: str = "", collection: str | None = None
) -> Call[Feedback]:
    """Say whether the answer to a question helps; it is kept where administrators turned that on."""
    return Call(
        method="POST",
        path="/v1/feedback",
        json={"question": question, "verdict": verdict, **without_defaults(reason=reason)},
        read=one(Feedback),
        collection=collection,
    )


def gaps(*, week: int = 0, collection: str | None = None) -> Call[Gaps]:
    """Questions of a week, counted backwards, that documents do not answer well; stale sources."""
    return Call(
        method="GET",
        path="/v1/gaps",
        query=without_defaults(week=week),
        read=one(Gaps),
        collection=collection,
    )
