"""Check the questions of a request against the limits of the service and of the caller's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.answers import Turn
from index.errors import EmptyQuestion, InvalidLimit, QuestionTooLong
from index.filters import parse_filter
from index.search import Question, normalize_question, validate_k, validate_per_document
from service.errors import Forbidden, InvalidRequest
from service.flows.ask import requests
from service.flows.ask.asking import Asking
from service.flows.ask.requests import AskRequest
from service.settings import Settings
from service.state.identity import Principal, Scope


@dataclass(frozen=True, slots=True)
class Plan:
    """A validated request: its questions, and who asks them."""

    questions: Sequence[Question]
    body: AskRequest
    caller: Principal


def plan_request(body: AskRequest, caller: Principal, asking: Asking) -> Plan:
    """Validate a request, and count it by the caller's rate limit.

    Raises :class:`Forbidden`, :class:`InvalidRequest`, :class:`service.errors.RateLimited` and the errors of
    limits and filters.
    """
    plan = validate_request(body, body.narrow_caller(caller), asking.settings)
    asking.rates.charge(caller, len(plan.questions) - 1)  # the middleware has counted one
    return plan


def validate_request(body: AskRequest, caller: Principal, settings: Settings) -> Plan:
    """Validate a request. Raises as :func:`plan_request`, but counts for no rate limit."""
    most, limit = settings.max_k, "max_k"
    if caller.scope is Scope.ASK:
        most, limit = min((most, limit), (settings.ask_max_k, "ask_max_k"))
        _require_ask_options(body)
    if body.as_of is not None and body.at_least_change is not None:
        raise InvalidRequest(
            "at_least_change: not allowed with as_of, which is answered from that very change. Give one.",
            param="at_least_change",
        )
    # A default above the limit is lowered to it; only an explicit k above the limit is an error.
    k = validate_k(body.k, most, limit=limit) if "k" in body.model_fields_set else min(body.k, most)
    per_document = validate_per_document(body.max_per_document, most, limit=limit)
    where = None if body.filter is None else parse_filter(body.filter)
    texts, turns = _validate_questions(body, settings)
    questions = [
        Question(
            text,
            k,
            where,
            turns,
            as_of=body.as_of,
            extent=body.extent,
            max_per_document=per_document,
            near_duplicates=body.near_duplicates,
            at_least_change=body.at_least_change or 0,
            read=body.read,
        )
        for text in texts
    ]
    return Plan(questions, body, caller)


def _require_ask_options(body: AskRequest) -> None:
    """Raise :class:`Forbidden` for options that the scope ask does not include."""
    if body.as_of is not None:
        raise Forbidden("as_of: a key with the scope ask may ask the collection as it is. Leave it out.")
    if body.extent == "section":
        raise Forbidden("extent: a key with the scope ask may ask for sentences and passages. Leave it out.")


def _validate_questions(body: AskRequest, settings: Settings) -> tuple[Sequence[str], Sequence[Turn]]:
    """Return the normalized questions of a request; if it has one question, also the turns before it."""
    if body.question is not None:
        question = validate_question(body.question, settings)
        return [question], [Turn(turn.role, turn.text) for turn in _validate_turns(body, settings)]
    asked = body.questions or []
    if not 1 <= len(asked) <= settings.max_questions:
        raise InvalidLimit(
            f"There are {len(asked)} questions; a batch has 1 to {settings.max_questions}. "
            "Send several batches.",
            limit="max_questions" if asked else "",
        )
    return [_validate_member(at, question, settings) for at, question in enumerate(asked)], ()


def _validate_turns(body: AskRequest, settings: Settings) -> Sequence[requests.Turn]:
    if len(body.turns) > settings.max_turns:
        raise InvalidLimit(
            f"There are {len(body.turns)} turns; at most {settings.max_turns} are accepted. "
            "Send the last ones.",
            limit="max_turns",
        )
    return body.turns


def validate_question(question: str, settings: Settings) -> str:
    """Validate and normalize a question. Raises :class:`QuestionTooLong`, :class:`EmptyQuestion`."""
    if len(question) > settings.max_question_characters:
        raise QuestionTooLong(
            f"The question has {len(question)} characters; at most {settings.max_question_characters} are "
            "accepted. Ask in one or two sentences."
        )
    return normalize_question(question)


def _validate_member(at: int, question: str, settings: Settings) -> str:
    try:
        return validate_question(question, settings)
    except (EmptyQuestion, QuestionTooLong) as error:
        raise type(error)(f"questions.{at}: {error.message}") from None
