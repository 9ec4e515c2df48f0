"""Check the questions of a request against the limits of the service and of the caller's key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from index.answers import Turn
from index.citations import in_force
from index.config import MAX_K
from index.errors import CollectionNotFound, EmptyQuestion, InvalidLimit, QuestionTooLong
from index.filters import parse_filter
from index.search import Question, normalize_question, validate_k, validate_per_document
from service.errors import Forbidden, InvalidRequest
from service.flows.ask import requests
from service.flows.ask.asking import Asking
from service.flows.ask.requests import AskRequest
from service.http.links import DEFAULT_COLLECTION
from service.state.identity import Principal, Scope

MAX_QUESTION_CHARACTERS = 2000
"""Longest question. The model reads only the first few hundred words: more would find nothing more."""
MAX_QUESTIONS = 64
"""Most questions in one batch. Other requests wait while a long batch is answered."""
MAX_TURNS = 100
"""Most turns of a conversation in one request, of which the last ones are used."""
MAX_COLLECTIONS = 16
"""Most collections that are asked at once: each is searched, and counts as a question."""
ASK_MAX_K = 10
"""Most passages for one question of a key with the scope ask, which strangers may hold."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A validated request: its questions, and who asks them."""

    questions: Sequence[Question]
    body: AskRequest
    caller: Principal
    is_kept: bool = True
    """True if somebody asks: what the service asks itself is neither kept nor audited."""
    is_new: bool = True
    """False for an answer that was shown before: it is audited, and not kept again."""

    @property
    def names(self) -> list[str] | None:
        """The collections that are named, each once; None for all that the caller may use."""
        several = self.body.collections
        if several is None:
            return [self.body.collection]
        return None if several == "*" else list(dict.fromkeys(several))


def plan_request(body: AskRequest, caller: Principal, asking: Asking) -> Plan:
    """Validate a request, and count it by the caller's rate limit.

    Raises :class:`Forbidden`, :class:`InvalidRequest`, :class:`service.errors.RateLimited` and the errors of
    limits and filters.
    """
    plan = validate_request(body, body.narrow_caller(caller))
    asking.rates.charge(caller, len(plan.questions) - 1, charged=1)  # the middleware has counted one
    return plan


def most_passages(caller: Principal) -> int:
    """Most passages that a caller may have for one question."""
    return ASK_MAX_K if caller.scope is Scope.ASK else MAX_K


def validate_request(body: AskRequest, caller: Principal) -> Plan:
    """Validate a request. Raises as :func:`plan_request`, but counts for no rate limit."""
    most = most_passages(caller)
    if body.collections is not None:
        _validate_collections(body)
    if caller.scope is Scope.ASK:
        _require_ask_options(body)
    if body.as_of is not None and body.at_least_change is not None:
        raise InvalidRequest(
            "at_least_change: not allowed with as_of, which is answered from that very change. Give one.",
            param="at_least_change",
        )
    if isinstance(body.as_of, datetime):
        _require_past(body.as_of)
    # A default above the limit is lowered to it; only an explicit k above the limit is an error.
    k = validate_k(body.k, most) if "k" in body.model_fields_set else min(body.k, most)
    per_document = validate_per_document(body.max_per_document, most)
    where = None if body.filter is None else parse_filter(body.filter)
    if body.in_force is not None:
        where = in_force(body.in_force.isoformat(), where)
    texts, turns = _validate_questions(body)
    questions = [
        Question(
            text,
            k,
            where,
            turns,
            as_of=None if isinstance(body.as_of, datetime) else body.as_of,
            extent=body.extent,
            max_per_document=per_document,
            near_duplicates=body.near_duplicates,
            at_least_change=body.at_least_change or 0,
            read=body.read,
        )
        for text in texts
    ]
    return Plan(questions, body, caller)


def _validate_collections(body: AskRequest) -> None:
    """Check what is asked of several collections. Raises :class:`InvalidLimit`, :class:`InvalidRequest`."""
    if body.collections != "*":
        validate_count(len(set(body.collections or ())))
    if body.conflicts:
        raise InvalidRequest(
            "conflicts: not possible with several collections. Leave it out, or ask one collection by its "
            "name in collection.",
            param="conflicts",
        )
    if isinstance(body.as_of, int):
        raise InvalidRequest(
            "as_of: not possible with several collections as the number of a change, because each counts its "
            "own. Give a time, such as 2024-05-31T12:00:00Z, or ask one collection by its name.",
            param="as_of",
        )
    if body.at_least_change is not None:
        raise InvalidRequest(
            "at_least_change: not possible with several collections, because each counts its own changes. "
            "Leave it out, or ask one collection by its name in collection.",
            param="at_least_change",
        )


def _require_past(time: datetime) -> None:
    """Raise :class:`InvalidRequest` for a time at which nothing is as it will be then."""
    if time > (now := datetime.now(UTC)):
        raise InvalidRequest(
            f"as_of: this time is yet to come; the clock of the service says {now:%Y-%m-%dT%H:%M:%SZ}. Leave "
            "it out to ask what there is now.",
            param="as_of",
        )


def validate_count(collections: int) -> None:
    """Check how many collections are asked at once. Raises :class:`InvalidLimit`."""
    if not collections:
        raise InvalidLimit(
            f"collections: the list is empty. Name 1 to {MAX_COLLECTIONS}, or leave it out for `collection`."
        )
    if collections > MAX_COLLECTIONS:
        raise InvalidLimit(
            f"collections: there are {collections}; a question is asked of {MAX_COLLECTIONS} at most. "
            f"Name up to {MAX_COLLECTIONS}, and ask the others with another request."
        )


def nothing_to_ask() -> CollectionNotFound:
    """The error where all collections are asked, and there is none that the caller may use."""
    return CollectionNotFound("There is no collection to ask.", name=DEFAULT_COLLECTION)


def _require_ask_options(body: AskRequest) -> None:
    """Raise :class:`Forbidden` for options that the scope ask does not include."""
    if body.as_of is not None:
        raise Forbidden("as_of: a key with the scope ask may ask the collection as it is. Leave it out.")
    if body.conflicts:
        raise Forbidden("conflicts: a key with the scope ask learns nothing but answers. Leave it out.")
    if body.extent == "section":
        raise Forbidden("extent: a key with the scope ask may ask for sentences and passages. Leave it out.")


def _validate_questions(body: AskRequest) -> tuple[Sequence[str], Sequence[Turn]]:
    """Return the normalized questions of a request; if it has one question, also the turns before it."""
    if body.question is not None:
        question = validate_question(body.question)
        return [question], [Turn(turn.role, turn.text) for turn in _validate_turns(body)]
    asked = body.questions or []
    if not 1 <= len(asked) <= MAX_QUESTIONS:
        raise InvalidLimit(
            f"There are {len(asked)} questions; a batch has 1 to {MAX_QUESTIONS}. Send several batches."
        )
    return [_validate_member(at, question) for at, question in enumerate(asked)], ()


def _validate_turns(body: AskRequest) -> Sequence[requests.Turn]:
    if len(body.turns) > MAX_TURNS:
        raise InvalidLimit(
            f"There are {len(body.turns)} turns; at most {MAX_TURNS} are accepted. Send the last ones."
        )
    return body.turns


def validate_question(question: str) -> str:
    """Validate and normalize a question. Raises :class:`QuestionTooLong`, :class:`EmptyQuestion`."""
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise QuestionTooLong(
            f"The question has {len(question)} characters; at most {MAX_QUESTION_CHARACTERS} are accepted. "
            "Ask in one or two sentences."
        )
    return normalize_question(question)


def _validate_member(at: int, question: str) -> str:
    try:
        return validate_question(question)
    except (EmptyQuestion, QuestionTooLong) as error:
        raise type(error)(f"questions.{at}: {error.message}") from None
