"""The tables of limits: what is bounded, by which setting, and which error says that it is exceeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.settings import PREFIX, Settings

LIMITS: Mapping[str, Sequence[tuple[str, str, str]]] = {
    "Questions": (
        ("max_question_characters", "characters of a question", "question_too_long"),
        ("max_k", "passages for a question (`k`, `max_per_document`)", "invalid_limit"),
        ("ask_max_k", "the same with a key of the scope `ask`", "invalid_limit"),
        ("max_questions", "questions in a batch", "invalid_limit"),
        ("max_turns", "turns of a conversation", "invalid_limit"),
        ("section_characters", "characters quoted of a section", ""),
        ("as_of_passages", "passages of a past state", "moment_too_large"),
        ("max_rerank_documents", "texts to rank in a request", "invalid_limit"),
        ("max_rerank_characters", "their characters together", "invalid_limit"),
    ),
    "Checks": (
        ("max_answer_characters", "characters of an answer to check", "invalid_limit"),
        ("max_quotes", "citations and quotes in a request", "invalid_limit"),
        ("max_quote_characters", "characters of a quote, or of what a citation names", "invalid_limit"),
        ("max_quotes_characters", "characters of all of them together", "invalid_limit"),
        ("max_reading_characters", "characters searched for the quotes of a request", "invalid_limit"),
        ("max_sources", "texts by which a request is verified", "invalid_limit"),
        ("max_sources_characters", "their characters together", "invalid_limit"),
    ),
    "Documents": (
        ("max_body_bytes", "bytes of a document", "document_too_large"),
        ("max_upload_bytes", "bytes of an upload (`POST /v1/ingest`, `POST /v1/files`)", "body_too_large"),
        ("max_files", "files in a form", "invalid_request"),
        ("max_spool_bytes", "bytes of uploads on disk that wait", "spool_full"),
        ("max_jobs", "jobs that wait or run", "overloaded"),
        ("reader_seconds", "seconds to read a file", "reader_failed"),
        ("reader_megabytes", "MiB of memory to read a file", "reader_failed"),
    ),
    "Load and time": (
        ("rate_limit", "requests a minute of a key", "rate_limited"),
        ("visitor_rate_limit", "requests a minute of a visitor", "rate_limited"),
        ("max_queue", "requests of each kind at once", "overloaded"),
        ("max_bodies_bytes", "bytes of all bodies in memory", "overloaded"),
        ("header_seconds", "seconds for the head of a request; then the connection is closed", ""),
        ("body_idle_seconds", "seconds of a pause in a body", "body_timeout"),
        ("body_seconds", "seconds for each MiB of a body", "body_timeout"),
        ("ready_lag_seconds", "seconds of lag behind the record; then `/readyz` is 503", "not_ready"),
        ("writer_first_seconds", "seconds for the first text of the model that writes", "writer_timeout"),
        ("writer_next_seconds", "seconds of a pause in its text", "writer_timeout"),
        ("writer_seconds", "seconds for its whole text", "writer_timeout"),
        ("max_models", "models that a process loads", "too_many_models"),
        ("index_megabytes", "MiB of a collection's vectors in memory", ""),
    ),
}
"""By group: the setting, what it bounds, and the code of the error; none where nothing is refused."""


def limits() -> str:
    """Return the tables."""
    return "\n\n".join(f"## {group}\n\n{_table(rows)}" for group, rows in LIMITS.items())


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    lines = ["| at most | default | setting | beyond it |", "| --- | --- | --- | --- |"]
    for name, what, code in rows:
        shown = f"[`{code}`](reference/errors.md#{code})" if code else "nothing is refused"
        lines.append(f"| {what} | {_default(name)} | `{PREFIX}{name.upper()}` | {shown} |")
    return "\n".join(lines)


def _default(name: str) -> str:
    value = Settings.model_fields[name].default
    if value in ("", 0):
        return "none"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20)):
            if name.endswith("_bytes") and value % size == 0:
                return f"{value // size} {unit}"
        return f"{value:,}"
    return f"`{value}`"
