"""The objects of the Responses API: a response, its items and their parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from service.faces.api.schemas.answering import sentence_json
from service.faces.api.schemas.answers import computed_json
from service.faces.api.schemas.values import Json
from service.faces.openai.answers.annotations import file_citations
from service.faces.openai.answers.response_requests import RESULTS, ResponseRequest
from service.faces.openai.replies import attributes_json
from service.flows.answer.events import Finished, Sentence
from service.flows.answer.finding import Found
from service.flows.answer.flow import Whole
from service.state.files import ids as file_ids

_ABSENT: Json = dict.fromkeys(
    (
        "access_programs", "conversation", "image", "input_transformations", "max_tool_calls", "moderation",
        "prompt", "prompt_cache_diagnostics", "prompt_cache_key", "prompt_cache_options",
        "prompt_cache_retention", "safety_identifier", "service_tier", "tool_usage", "top_logprobs",
    )
)  # fmt: skip
"""Fields of OpenAI's responses for what does not exist here."""
_REASONING: Json = dict.fromkeys(("context", "effort", "generate_summary", "mode", "summary"))


@dataclass(slots=True)
class Response:
    """A response under construction. ``found`` is None for a task of a chat page, which searches nothing."""

    number: str
    """The end of all ids in it."""
    created: int
    request: ResponseRequest
    found: Found | None
    base: str
    """The address of the service, for links."""
    made: Whole = field(default_factory=Whole)
    completed: int | None = None
    failure: str = ""

    def shown(self, status: str) -> Json:
        """The response itself. Its output is empty until it is complete."""
        asked, finished = self.request, self.made.finished
        is_done = status != "in_progress"
        is_cut = finished is not None and finished.finish == "length"
        return {
            **_ABSENT,
            "id": f"resp_{self.number}",
            "object": "response",
            "created_at": self.created,
            "completed_at": self.completed,
            "status": "incomplete" if is_done and is_cut else status,
            "error": self._error() if self.failure else None,
            "incomplete_details": {"reason": "max_output_tokens"} if is_done and is_cut else None,
            "instructions": asked.instructions if isinstance(asked.instructions, str) else None,
            "max_output_tokens": asked.max_output_tokens,
            "metadata": asked.metadata or {},
            "model": asked.model,
            "output": self.output() if is_done and not self.failure else [],
            "parallel_tool_calls": asked.parallel_tool_calls is not False,
            "previous_response_id": None,
            "reasoning": _REASONING,
            "store": False,
            "temperature": asked.temperature,
            "text": {"format": {"type": "text"}, "verbosity": None},
            "tool_choice": asked.tool_choice or "auto",
            "tools": [_tool_json(one) for one in asked.tools or ()],
            "top_p": asked.top_p,
            "truncation": "disabled",
            "usage": None if finished is None else _usage(finished),
            "user": asked.user,
            "background": False,
            "loccit": self.own(),
        }

    def _error(self) -> Json:
        told = {"code": "server_error", "type": "server_error", "message": self.failure}
        return {**told, "param": None, "misalignment": None}

    def own(self) -> Json | None:
        """Loccit's own fields of the answer; None for a task of a chat page."""
        if self.found is None:
            return None
        return {
            "mode": self.found.asked.mode,
            "declined": self.made.declines(self.found),
            "answerability": self.found.answer.answerability,
            "sentences": [sentence_json(one, self.found.collection) for one in self.made.sentences],
            "computed": computed_json(self.found.answer.reading),
        }

    def output(self) -> list[Json]:
        """The items: the search, if there was one, and the message."""
        search = [] if self.found is None else [self.search("completed")]
        return [*search, self.message("completed")]

    def search(self, status: str) -> Json:
        """The call of the tool; with its results if they are asked for."""
        found = self.found
        is_included = found is not None and status == "completed" and RESULTS in (self.request.include or ())
        return {
            "id": f"fs_{self.number}",
            "type": "file_search_call",
            "status": status,
            "queries": [] if found is None else [found.answer.question],
            "results": _search_results(found) if found is not None and is_included else None,
        }

    def message(self, status: str) -> Json:
        """The message with the answer."""
        content = [] if status == "in_progress" else [self.part()]
        return {
            "id": f"msg_{self.number}",
            "type": "message",
            "role": "assistant",
            "phase": None,
            "status": status,
            "content": content,
        }

    def part(self) -> Json:
        """The text of the message with its annotations, or the refusal of a model."""
        finished = self.made.finished
        if finished is not None and finished.finish == "refusal":
            return {"type": "refusal", "refusal": self.made.text}
        return {
            "type": "output_text",
            "text": self.made.text,
            "annotations": [one for of in self.made.sentences for one in self.annotations(of)],
            "logprobs": [],
        }

    def annotations(self, sentence: Sentence) -> list[Json]:
        """The citations of a sentence."""
        return [] if self.found is None else list(file_citations(sentence, self.found, self.base))


def _search_results(found: Found) -> list[Json]:
    """The passages as results of the tool; ``score`` is the probability."""
    hits = sorted(found.answer.hits, key=lambda hit: -hit.probability)
    return [
        {
            "file_id": file_ids.file_id(found.collection, hit.citation.document_id),
            "filename": file_ids.filename(hit.citation.document_id),
            "score": hit.probability,
            "attributes": attributes_json(hit.metadata),
            "text": hit.text,
        }
        for hit in hits
    ]


def _tool_json(tool: dict[str, Any]) -> Json:
    return {"filters": None, **tool}


def _usage(finished: Finished) -> Json:
    usage = finished.usage
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {
            "cached_tokens": 0,
            "cache_write_tokens": 0,
            "cache_write_tokens_details": None,
        },
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt + usage.completion,
    }
