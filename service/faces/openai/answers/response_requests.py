"""Requests of the Responses API."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from service.errors import InvalidRequest
from service.faces.openai import ids
from service.faces.openai.answers.conversation import (
    ASKED,
    NOT_MODERATED,
    NOT_SAMPLED,
    Message,
    Options,
    collection_of,
    default_options,
    refuse_fields,
)
from service.http.error_handlers import invalid_request
from service.http.parameters import CollectionName, FilterJson
from service.http.request_models import Request

RESULTS = "file_search_call.results"
_INCLUDABLE = {
    RESULTS,
    "message.output_text.logprobs",
    "reasoning.encrypted_content",
    "message.input_image.image_url",
}
"""The first adds something; of the others there is never anything to include."""
_NOT_KEPT = "Loccit keeps no responses. Send the earlier messages in input."


_OUTPUT = ("file_search_call", "reasoning")
"""Items of a response beside its message, which clients send back with it. They say nothing that is asked."""
_Number = Annotated[float | None, Field(allow_inf_nan=False, description="Has no effect.")]


def _keep_messages(given: object) -> object:
    """The messages of an input. Raises ValueError for items of another kind."""
    if not isinstance(given, list):
        return given
    items = [one for one in given if not (isinstance(one, dict) and one.get("type") in _OUTPUT)]
    for item in items:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind not in (None, "message"):
            raise ValueError(f"Loccit reads messages, and not {str(kind)[:100]!r}. Leave it out.")
    return items


class RankingOptions(BaseModel):
    """How the tool ranks."""

    score_threshold: float | None = Field(None, ge=0.0, le=1.0, description="Least answerability.")


class FileSearch(BaseModel):
    """The tool that searches a vector store, which is a collection."""

    type: Literal["file_search"]
    vector_store_ids: list[str]
    max_num_results: int | None = Field(None, ge=1, le=50)
    filters: FilterJson | None = None
    ranking_options: RankingOptions | None = None


class TextOptions(BaseModel):
    """In which format the text is."""

    format: dict[str, Any] | None = None


class ResponseRequest(Request):
    """Input to answer, as OpenAI's Responses API has it.

    Fields that steer how a model samples or thinks have no effect. Nothing is kept.
    """

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {"model": "loccit", "input": "How long may a passage be?"},
                {
                    "model": "loccit",
                    "input": [{"role": "user", "content": "How long may a passage be?"}],
                    "tools": [{"type": "file_search", "vector_store_ids": ["vs_default"]}],
                    "include": [RESULTS],
                },
            ]
        },
    )

    model: CollectionName = Field(
        description="`loccit:COLLECTION`, or several as in chat completions; or `loccit`."
    )
    input: Annotated[str | list[Message], BeforeValidator(_keep_messages), ASKED] = Field(
        description="The question, or a conversation whose last message of the user it is."
    )
    stream: bool | None = Field(None, description="Whether to answer with server-sent events.")
    include: list[str] | None = Field(
        None, description=f"`{RESULTS}` adds the passages to the call of `file_search`."
    )
    tools: list[dict[str, Any]] | None = Field(
        None, description="Only one `file_search` of one vector store, which is a collection."
    )
    tool_choice: str | dict[str, Any] | None = None
    instructions: str | list[Any] | None = Field(None, description="Has no effect.")
    metadata: dict[str, str] | None = Field(None, description="Is in the response.")
    parallel_tool_calls: bool | None = None
    temperature: _Number = None
    top_p: _Number = None
    max_output_tokens: int | None = Field(None, description="Has no effect.")
    text: TextOptions | None = Field(None, description="Only the format `text`.")
    background: bool | None = Field(None, description="Refused.")
    conversation: str | dict[str, Any] | None = Field(None, description="Refused: nothing is kept.")
    previous_response_id: str | None = Field(None, description="Refused: nothing is kept.")
    prompt: dict[str, Any] | None = Field(None, description="Refused.")
    store: bool | None = Field(None, description="Only false: nothing is kept.")
    top_logprobs: int | None = Field(None, description="Refused: sentences are not sampled.")
    moderation: dict[str, Any] | None = Field(None, description="Refused.")
    image: dict[str, Any] | None = Field(None, description="Refused: only text is read.")
    access_programs: Any = Field(None, description="Refused.")
    background_options: dict[str, Any] | None = Field(None, description="Refused.")
    user: str | None = None
    loccit: Options = Field(
        default_factory=default_options, description="What OpenAI's API has no field for."
    )

    def check(self) -> None:
        """Raise :class:`service.errors.InvalidRequest` for what has no meaning here."""
        text_format = (self.text.format if self.text else None) or {}
        choice = self.tool_choice
        other_tool = isinstance(choice, dict) and choice.get("type") != "file_search"
        unknown = sorted(set(self.include or ()) - _INCLUDABLE)
        refuse_fields(
            [
                ("background", self.background, "Loccit answers at once. Leave it out."),
                ("conversation", self.conversation, _NOT_KEPT),
                ("previous_response_id", self.previous_response_id, _NOT_KEPT),
                ("prompt", self.prompt, "Loccit has no prompts. Leave it out."),
                ("store", self.store, _NOT_KEPT),
                ("top_logprobs", self.top_logprobs, NOT_SAMPLED),
                ("moderation", self.moderation, NOT_MODERATED),
                ("image", self.image, "Loccit reads text only. Leave it out."),
                ("access_programs", self.access_programs, "Loccit has none. Leave it out."),
                ("background_options", self.background_options, "Loccit answers at once. Leave it out."),
                (
                    "text",
                    text_format.get("type", "text") != "text",
                    "Loccit answers with text. Leave it out.",
                ),
                ("tool_choice", other_tool, "Loccit has one tool, file_search. Leave it out."),
                ("include", unknown, f"Loccit can include {RESULTS}, and not {', '.join(unknown)}."),
            ]
        )

    @property
    def messages(self) -> list[Message]:
        """The input as messages."""
        return [Message(role="user", content=self.input)] if isinstance(self.input, str) else self.input

    def file_search(self) -> FileSearch | None:
        """The tool, if there is one. Raises :class:`service.errors.InvalidRequest` for any other."""
        tools = self.tools or []
        others = [str(one.get("type")) for one in tools if one.get("type") != "file_search"]
        if others or len(tools) > 1:
            named = others[0] if others else "several file_search"
            raise InvalidRequest(
                f"tools: Loccit has one tool, one file_search, and not {named[:100]!r}. Leave the rest out.",
                param="tools",
            )
        if not tools:
            return None
        try:
            search = FileSearch.model_validate(tools[0])
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False)
            raise invalid_request([{**one, "loc": ("tools", 0, *one["loc"])} for one in problems]) from None
        if len(search.vector_store_ids) != 1:
            raise InvalidRequest(
                "tools.0.vector_store_ids: an answer is made from one vector store. Name one.", param="tools"
            )
        return search

    def collection(self, search: FileSearch | None) -> str:
        """The collection to ask. Raises :class:`service.errors.InvalidRequest`."""
        of_model = collection_of(self.model)
        if search is None:
            return of_model
        of_tool = ids.collection_of(search.vector_store_ids[0])
        if ":" in self.model and of_model != of_tool:
            raise InvalidRequest(
                f"model: it names the collection {of_model!r}, and the vector store is {of_tool!r}. "
                "Name the same, or use the model 'loccit'.",
                param="model",
            )
        return of_tool

    def options(self, search: FileSearch | None) -> Options:
        """Loccit's own options, with those of the tool."""
        if search is None:
            return self.loccit
        told: dict[str, Any] = {}
        if search.max_num_results is not None:
            told["k"] = search.max_num_results
        if search.filters is not None:
            told["filter"] = search.filters
        if search.ranking_options is not None and search.ranking_options.score_threshold is not None:
            told["min_answerability"] = search.ranking_options.score_threshold
        return Options.model_validate({**told, **self.loccit.model_dump(exclude_unset=True)})
