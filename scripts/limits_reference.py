"""The tables of limits: what is bounded, by which setting if any, and the error beyond it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.config import LOADED_MODELS, MAX_K, SearchConfig
from service.faces.api.requests import cited_spans
from service.faces.others import cohere
from service.flows.ask import planning
from service.flows.ingest.forms import MAX_FILES
from service.flows.ingest.jobs.jobs import MAX_JOBS
from service.settings import MAX_ANSWER_CHARACTERS, PREFIX, Settings


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound: a number that is fixed, or the name of its setting, and a part of it.

    ``code`` is that of the error beyond it, empty where nothing is refused.
    """

    bound: int | str
    what: str
    code: str
    part: str = ""


LIMITS: Mapping[str, Sequence[Limit]] = {
    "Questions": (
        Limit(planning.MAX_QUESTION_CHARACTERS, "characters of a question", "question_too_long"),
        Limit(MAX_K, "passages for a question (`k`, `max_per_document`)", "invalid_limit"),
        Limit(planning.ASK_MAX_K, "the same with a key of the scope `ask`", "invalid_limit"),
        Limit(planning.MAX_QUESTIONS, "questions in a batch", "invalid_limit"),
        Limit(planning.MAX_TURNS, "turns of a conversation", "invalid_limit"),
        Limit(SearchConfig().section_characters, "characters quoted of a section", ""),
        Limit("as_of_passages", "passages of a past state", "moment_too_large"),
        Limit(cohere.MAX_DOCUMENTS, "texts to rank in a request", "invalid_limit"),
        Limit(cohere.MAX_CHARACTERS, "their characters together", "invalid_limit"),
    ),
    "Checks": (
        Limit(MAX_ANSWER_CHARACTERS, "characters of an answer to check", "invalid_limit"),
        Limit(cited_spans.MAX_QUOTES, "citations and quotes in a request", "invalid_limit"),
        Limit(
            cited_spans.MAX_QUOTE_CHARACTERS,
            "characters of a quote, or of what a citation names",
            "invalid_limit",
        ),
        Limit(cited_spans.MAX_QUOTES_CHARACTERS, "characters of all of them together", "invalid_limit"),
        Limit("max_reading_characters", "characters searched for the quotes of a request", "invalid_limit"),
        Limit(cited_spans.MAX_SOURCES, "texts by which a request is verified", "invalid_limit"),
        Limit(cited_spans.MAX_SOURCES_CHARACTERS, "their characters together", "invalid_limit"),
    ),
    "Documents": (
        Limit("max_body_bytes", "bytes of a document", "document_too_large"),
        Limit(
            "max_upload_bytes", "bytes of an upload (`POST /v1/ingest`, `POST /v1/files`)", "body_too_large"
        ),
        Limit(MAX_FILES, "files in a form", "invalid_request"),
        Limit("max_spool_bytes", "bytes of uploads on disk that wait", "spool_full"),
        Limit(MAX_JOBS, "jobs that wait or run", "overloaded"),
        Limit("reader_seconds", "seconds to read a file", "reader_failed"),
        Limit("reader_megabytes", "MiB of memory to read a file", "reader_failed"),
    ),
    "Load and time": (
        Limit("rate_limit", "requests a minute of a key", "rate_limited"),
        Limit("visitor_rate_limit", "requests a minute of a visitor", "rate_limited"),
        Limit("max_queue", "requests of each kind at once", "overloaded"),
        Limit("max_body_bytes", "bytes of all bodies in memory", "overloaded", "eight times"),
        Limit(
            "body_seconds",
            "seconds for the head of a request; then the connection is closed",
            "",
            "a third of",
        ),
        Limit("body_seconds", "seconds of a pause in a body", "body_timeout", "half of"),
        Limit("body_seconds", "seconds for each MiB of a body", "body_timeout"),
        Limit("ready_lag_seconds", "seconds of lag behind the record; then `/readyz` is 503", "not_ready"),
        Limit(
            "writer_seconds",
            "seconds for the first text of the model that writes",
            "writer_timeout",
            "a third of",
        ),
        Limit("writer_seconds", "seconds of a pause in its text", "writer_timeout", "a ninth of"),
        Limit("writer_seconds", "seconds for its whole text", "writer_timeout"),
        Limit("allowed_models", "models that a process loads", "too_many_models", "four, and those of"),
        Limit("index_megabytes", "MiB of a collection's vectors in memory", ""),
    ),
}
"""By group."""
_PARTS: Mapping[str, float] = {"eight times": 8, "half of": 1 / 2, "a third of": 1 / 3, "a ninth of": 1 / 9}


def limits() -> str:
    """Return the tables."""
    return "\n\n".join(f"## {group}\n\n{_table(rows)}" for group, rows in LIMITS.items())


def _table(rows: Sequence[Limit]) -> str:
    lines = ["| at most | default | setting | beyond it |", "| --- | --- | --- | --- |"]
    for one in rows:
        shown = f"[`{one.code}`](reference/errors.md#{one.code})" if one.code else "nothing is refused"
        lines.append(f"| {one.what} | {_default(one)} | {_setting(one)} | {shown} |")
    return "\n".join(lines)


def _setting(limit: Limit) -> str:
    if isinstance(limit.bound, int):
        return "fixed"
    return f"{limit.part} `{PREFIX}{limit.bound.upper()}`".strip()


def _default(limit: Limit) -> str:
    if isinstance(limit.bound, int):
        return f"{limit.bound:,}"
    if limit.bound == "allowed_models":
        return f"{LOADED_MODELS}"
    value = Settings.model_fields[limit.bound].default
    if value in ("", 0):
        return "none"
    if isinstance(value, str):
        return f"`{value}`"
    return _format_number(value * _PARTS.get(limit.part, 1), is_size=limit.bound.endswith("_bytes"))


def _format_number(value: float, *, is_size: bool) -> str:
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if is_size and value % size == 0:
            return f"{value // size} {unit}"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
