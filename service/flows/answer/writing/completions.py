"""Read what OpenAI's chat completions say: whole ones, and the chunks of streamed ones."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.errors import WriterFailed

log = logging.getLogger("loccit.writer")

LOGGED = 500
"""Most characters of an endpoint's error in the log."""
_DONE = "[DONE]"
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All but the tab and the line feed."""
_BROKEN = frozenset(
    "error abort aborted cancel cancelled canceled network_error insufficient_system_resource".split()
)
"""Reasons that endpoints give for text that broke off."""


@dataclass(frozen=True, slots=True)
class Written:
    """Text of the model; ``is_refusal`` if it says why it does not answer."""

    text: str
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the model stopped, and the tokens it counted, if it did."""

    reason: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


def writer_failure(what: str) -> WriterFailed:
    """The error of a model that failed in this way."""
    return WriterFailed(f"{what} Ask again, or with the mode extractive, which needs no model.")


def nothing_written() -> WriterFailed:
    """The error of a model that wrote nothing that can be seen."""
    log.warning("The model wrote nothing: max_tokens may be too low for one that thinks first.")
    return writer_failure("The model wrote nothing.")


async def parse_stream(lines: AsyncIterator[str]) -> AsyncIterator[Written | Ended]:
    """Parse the lines of an event stream.

    The end is told as soon as it is known, and again with the tokens, which come in a later event. Raises
    :class:`service.errors.WriterFailed`, also for a stream that ends without saying why.
    """
    reason = ""
    async for line in lines:
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == _DONE:
            break
        chunk = _parse_object(data)
        for piece in _text_pieces(chunk, "delta"):
            yield piece
        before, reason = reason, _finish_reason(chunk) or reason
        if reason and (reason != before or chunk.get("usage")):
            yield _parse_end(reason, chunk)
    if not reason:
        raise writer_failure("The model's text broke off.")


def parse_completion(body: bytes) -> list[Written | Ended]:
    """The pieces of a completion that was not streamed. Raises :class:`service.errors.WriterFailed`."""
    found = _parse_object(body.decode("utf-8", "replace"))
    return [*_text_pieces(found, "message"), _parse_end(_finish_reason(found) or "stop", found)]


def _parse_object(data: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise writer_failure("The model's reply is not what OpenAI's API says.")
    if found.get("error"):
        log.warning("The model: %s", repr(found["error"])[:LOGGED])
        raise writer_failure("The model's endpoint reported an error.")
    return found


def _first_choice(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first of the choices; empty without any, and for a chunk of another one."""
    choices = found.get("choices") or [{}]
    first = choices[0] if isinstance(choices, list) else None
    if not isinstance(first, dict):
        raise writer_failure("The model's reply is not what OpenAI's API says.")
    return {} if first.get("index") else first


def _finish_reason(found: Mapping[str, Any]) -> str:
    reason = str(_first_choice(found).get("finish_reason") or "")
    if reason.lower() in _BROKEN:
        raise writer_failure("The model's text broke off.")
    return reason


def _text_pieces(found: Mapping[str, Any], name: str) -> list[Written]:
    said = _first_choice(found).get(name) or {}
    if not isinstance(said, dict):
        raise writer_failure("The model's reply is not what OpenAI's API says.")
    if said.get("tool_calls") or said.get("function_call"):
        raise writer_failure("The model called a tool instead of answering.")
    pieces = []
    if isinstance(text := said.get("content"), str) and text:
        pieces.append(Written(_remove_controls(text)))
    if isinstance(refusal := said.get("refusal"), str) and refusal:
        pieces.append(Written(_remove_controls(refusal), is_refusal=True))
    return pieces


def _remove_controls(text: str) -> str:
    """Remove characters that JSON can hold and no document has.

    Terminals obey controls, and nothing behind can take halves of surrogate pairs.
    """
    return _CONTROLS.sub("", text).encode("utf-8", "replace").decode()


def _parse_end(reason: str, found: Mapping[str, Any]) -> Ended:
    usage = found.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Ended(
        reason, _token_count(counts.get("prompt_tokens")), _token_count(counts.get("completion_tokens"))
    )


def _token_count(tokens: object) -> int | None:
    return tokens if type(tokens) is int and 0 <= tokens < 1 << 53 else None
