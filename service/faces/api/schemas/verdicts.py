"""Response models: verdicts on citations, quotes and answers."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, Field

from index.citations import Quoted, Sentence, verdicts
from service.faces.api.schemas.citations import Citation, Standing, citation_json, standing_json
from service.faces.api.schemas.documents import Edit, edits_json
from service.faces.api.schemas.values import IndexState, Json


class Verdict(BaseModel):
    """The result of verifying a quote.

    `verified`: the exact words are at the cited place. `repaired`: they differ only in typography, or are in
    another place of the document. `misattributed`: they are in another document, named by `citation`.
    `altered`: the nearest words differ as in `diff`. `not_found`: no similar words. `unchecked`: the time for
    one request was over before.
    """

    status: Literal["verified", "repaired", "misattributed", "altered", "not_found", "unchecked"]
    quote: str = Field(description="The quote as given.")
    reason: str = Field(
        description="The status in words; empty if `verified`, unless the quote leaves out or inserts words."
    )
    similarity: float
    diff: list[Edit] = Field(description="Edits from the quoted to the true words.")
    citation: Citation | None = Field(description="The place of the words, or of the nearest ones.")
    standing: Standing | None = Field(description="Status of `citation` in the newest version.")
    parts: list[Citation] = Field(
        description="Of a quote that leaves out words (`…`, `[...]`) or inserts some (`[the drug]`): the "
        "places of the source's words, in order. Empty for other quotes."
    )
    inserted: list[str] = Field(description="The words in brackets that are not the source's.")


class QuoteVerdict(Verdict):
    """A verdict on a quote in an answer; offsets in code points of the answer."""

    start: int
    end: int
    marks: list[int]


class Conflict(BaseModel):
    """A fact on which a sentence and its source differ.

    ``start`` and ``end`` are code points of the answer, ``source_start`` and ``source_end`` of the
    document. A negation that only one of them has is empty in the other.
    """

    kind: Literal["number", "date", "name", "negation", "direction"]
    claimed: str = Field(description="The words of the answer.")
    stated: str = Field(description="The words of the source.")
    start: int
    end: int
    source_start: int
    source_end: int


class StatementVerdict(BaseModel):
    """How a sentence compares with passages, by words, numbers and names, and by a model if one read them.

    `supported`: the passages are likely to say it, which does not prove that they do. `contradicted`: they
    match but for the facts in `conflicts`. `unsupported`: neither, which does not prove the sentence wrong;
    `citation` then has the nearest sentences, if any are near. `unchecked`: the time for one request was over
    before.
    """

    status: Literal["supported", "contradicted", "unsupported", "unchecked"]
    probability: float = Field(
        description="Of the cited passages matching what the sentence claims, 0 to 1; where none are cited, "
        "of those that a search finds."
    )
    reason: str = Field(description="The status in words; empty if `supported`.")
    conflicts: list[Conflict]
    citation: Citation | None = Field(description="The sentences that speak for or against.")
    standing: Standing | None = Field(description="Status of `citation` in the newest version.")


class AnswerSentence(BaseModel):
    """A sentence of an answer; offsets in code points of the answer."""

    start: int
    end: int
    text: str
    marks: list[int]
    verdict: StatementVerdict | None = Field(
        description="On what the sentence claims. Null for a sentence that is only a quote, a question or "
        "too short, in `uncited`, and without `claims`."
    )


class AnswerVerdict(BaseModel):
    """The result of verifying an answer."""

    quotes: list[QuoteVerdict]
    sentences: list[AnswerSentence]
    uncited: list[AnswerSentence] = Field(
        description="Sentences with neither a citation mark nor a confirmed quote."
    )
    unknown_marks: list[int] = Field(description="Citation marks that refer to no passage.")
    read_by: str = Field(
        description="The model that read the sentences, with a hash of its weights; empty if none did."
    )
    supported_from: float | None = Field(
        description="Least probability of a sentence that is called `supported`; null without `claims`."
    )


class Threshold(BaseModel):
    """What a threshold gives on a set of claims that people judged: each value with its 95 % interval."""

    supported_from: float
    precision: list[float] = Field(description="Of the claims called supported, the share that are.")
    recall: list[float] = Field(description="Of those that are, the share called so.")
    false_supported: list[float] = Field(description="Of all others, the share called so.")
    balanced_accuracy: float


class Thresholds(BaseModel):
    """Thresholds by set, for claims that a model read and for claims that were compared."""

    read_by: str = Field(description="The model, with a hash of its weights.")
    read: dict[str, list[Threshold]]
    compared: dict[str, list[Threshold]]


class VerifyResponse(BaseModel):
    """Verdicts in the order of the request."""

    citations: list[Verdict]
    quotes: list[Verdict]
    answer: AnswerVerdict | None
    index: IndexState


def verdict_json(verdict: verdicts.Verdict, collection: str) -> Json:
    """A verdict as :class:`Verdict`."""
    return {
        "status": verdict.status,
        "quote": verdict.quote,
        "reason": verdict.reason,
        "similarity": round(verdict.similarity, 4),
        "diff": edits_json(verdict.edits),
        "citation": None if verdict.citation is None else citation_json(verdict.citation, collection),
        "standing": None if verdict.today is None else standing_json(verdict.today, collection),
        "parts": [citation_json(one, collection) for one in verdict.parts],
        "inserted": verdict.inserted,
    }


def report_json(text: str, report: verdicts.AnswerReport, collection: str) -> Json:
    """The result of verifying an answer, as :class:`AnswerVerdict`."""
    return {
        "quotes": _quotes_json(report.quotes, collection),
        "sentences": [
            _sentence_json(text, one, _claim_json(statement, collection))
            for one, statement in zip(report.sentences, report.statements, strict=True)
        ],
        "uncited": [_sentence_json(text, one) for one in report.uncited],
        "unknown_marks": report.unknown_marks,
        "read_by": report.read_by,
        "supported_from": report.supported_from,
    }


def judged_json(text: str, judged: verdicts.JudgedSentence, collection: str) -> Json:
    """A sentence as :class:`AnswerSentence`, with ``quotes``, the verdicts on its quotes."""
    told = _sentence_json(text, judged.sentence, _claim_json(judged.statement, collection))
    return {**told, "quotes": _quotes_json(judged.quotes, collection)}


def _quotes_json(quotes: Iterable[tuple[Quoted, verdicts.Verdict]], collection: str) -> list[Json]:
    return [
        {**verdict_json(verdict, collection), "start": quoted.start, "end": quoted.end, "marks": quoted.marks}
        for quoted, verdict in quotes
    ]


def _sentence_json(text: str, one: Sentence, verdict: Json | None = None) -> Json:
    words = text[one.start : one.end]
    return {"start": one.start, "end": one.end, "text": words, "marks": one.marks, "verdict": verdict}


def _claim_json(verdict: verdicts.StatementVerdict | None, collection: str) -> Json | None:
    return None if verdict is None else statement_json(verdict, collection)


def statement_json(verdict: verdicts.StatementVerdict, collection: str) -> Json:
    """A verdict on what a sentence claims, as :class:`StatementVerdict`."""
    return {
        "status": verdict.status,
        "probability": round(verdict.probability, 4),
        "reason": verdict.reason,
        "conflicts": [
            {
                "kind": one.kind,
                "claimed": one.claimed,
                "stated": one.stated,
                "start": one.start,
                "end": one.end,
                "source_start": one.at,
                "source_end": one.to,
            }
            for one in verdict.conflicts
        ],
        "citation": None if verdict.citation is None else citation_json(verdict.citation, collection),
        "standing": None if verdict.today is None else standing_json(verdict.today, collection),
    }
