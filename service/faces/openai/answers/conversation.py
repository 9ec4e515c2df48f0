"""Messages of OpenAI's API as a question and the conversation before it, and models as collections."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from index import errors
from service.errors import InvalidRequest, MayRaise, NoSuchModel
from service.faces.openai.models import EVERY, no_such_model
from service.flows.answer.answering import Answering
from service.flows.answer.events import Mode
from service.flows.answer.finding import Asked, choose_mode
from service.flows.ask.planning import MAX_TURNS
from service.flows.ask.requests import AskRequest
from service.http.links import DEFAULT_COLLECTION
from service.http.parameters import LIMITED, FilterJson, Groups
from service.http.request_models import Request
from service.state.identity import Principal

MODEL = "loccit"
ASKED = MayRaise(
    errors.EmptyQuestion,
    errors.QuestionTooLong,
    errors.ModelError,
    errors.IndexUnavailable,
    errors.InvalidLimit,
    NoSuchModel,
)
"""The errors of a question."""
NOT_SAMPLED = "sentences are quoted, not sampled. Leave it out."
NOT_MODERATED = "Loccit does not moderate. Leave it out."
_TEXTS = {"text", "input_text", "output_text"}
_TURNS = {"user", "assistant"}


class Part(BaseModel):
    """A part of a message's content."""

    type: str
    text: str = ""


class Message(BaseModel):
    """A message of a conversation; one of the system or the developer has no effect."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class Options(Request):
    """Options that OpenAI's API has no field for: ``extra_body={"loccit": {...}}`` of its client."""

    mode: Mode | None = Field(None, description="As in `/v1/answer`.")
    k: Annotated[int, LIMITED] = Field(5, strict=True, description="Most passages to answer from.")
    sentences: int = Field(3, ge=1, le=10, strict=True, description="As in `/v1/answer`.")
    min_answerability: float | None = Field(None, ge=0.0, le=1.0, description="As in `/v1/answer`.")
    filter: FilterJson | None = Field(None, description="As in `/v1/answer`.")
    max_per_document: Annotated[int, LIMITED] | None = Field(None, strict=True)
    on_behalf_of: Groups | None = Field(None, description="As in `/v1/ask`.")


def default_options() -> Options:
    """The options of a request that gives none."""
    return Options.model_validate({})


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question, and the messages before it as turns."""

    question: str
    turns: Sequence[dict[str, str]]


def collection_of(model: str) -> str:
    """The collection that a model's name means; several are separated by commas, and ``*`` means all.

    Raises :class:`service.errors.NoSuchModel`.
    """
    name, colon, collection = model.partition(":")
    if name != MODEL or (colon and not collection):
        raise no_such_model(model)
    return collection or DEFAULT_COLLECTION


def parse_conversation(messages: Sequence[Message], field: str) -> Conversation:
    """The last message of the user, and the ones before it. Raises :class:`InvalidRequest`."""
    if any(one.role in ("tool", "function") for one in messages):
        raise InvalidRequest(f"{field}: Loccit calls no tools. Leave out messages of tools.", param=field)
    asked = [at for at, one in enumerate(messages) if one.role == "user"]
    if not asked:
        raise InvalidRequest(f"{field}: there is no message of the user, so no question.", param=field)
    turns = [
        {"role": one.role, "text": text}
        for one in messages[: asked[-1]]
        if one.role in _TURNS and (text := text_of(one, field)).strip()
    ]
    return Conversation(text_of(messages[asked[-1]], field), turns[-MAX_TURNS:])


def text_of(message: Message, field: str) -> str:
    """The text of a message. Raises :class:`InvalidRequest` for pictures, sound and files."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    for part in message.content:
        if part.type not in _TEXTS and part.type != "refusal":
            raise InvalidRequest(
                f"{field}: Loccit reads text, not {part.type!r}. Put files into a collection first.",
                param=field,
            )
    return "\n".join(part.text for part in message.content if part.type in _TEXTS)


def make_question(asks: Conversation, collection: str, options: Options, answering: Answering) -> Asked:
    """Make the question of a conversation, with the options of its request."""
    given = options.model_dump(
        include={"k", "filter", "max_per_document", "on_behalf_of"}, exclude_unset=True
    )
    body = AskRequest.model_validate(
        {"question": asks.question, "turns": list(asks.turns), **_collections(collection), **given}
    )
    least = options.min_answerability
    if least is None:
        least = answering.settings.min_answerability
    mode = choose_mode(options.mode, answering, several=body.collections is not None)
    return Asked(body, mode, least, options.sentences)


def _collections(named: str) -> dict[str, Any]:
    """The field of a request that names what :func:`collection_of` returned."""
    if named == EVERY:
        return {"collections": EVERY}
    return {"collections": named.split(",")} if "," in named else {"collection": named}


def require_collections(answering: Answering, caller: Principal, named: str) -> None:
    """Raise :class:`index.errors.CollectionNotFound` for collections that a caller may not use."""
    for name in () if named == EVERY else named.split(","):
        answering.collections.require(caller, name)


def refuse_fields(given: Iterable[tuple[str, Any, str]]) -> None:
    """Raise :class:`InvalidRequest` for the first field of several, (name, value, why), that has a value."""
    for name, value, why in given:
        if value:
            raise InvalidRequest(f"{name}: {why}", param=name)
