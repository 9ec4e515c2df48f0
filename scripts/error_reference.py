"""The reference of errors: every code with its status, what it means and what to do about it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import ModuleType
from typing import cast

from loccit_client import errors as client_errors

from cli import advice as command_advice, instances
from cli.server import address
from evaluation import EvaluationMissing, questions
from index import errors as library
from index.errors import LoccitError
from index.sources.web import errors as web
from scripts import remedies
from service import advice, errors as service
from service.flows.upkeep import errors as upkeep
from service.state import data_folder

UNSEEN = frozenset(
    {
        "client_gone",
        "data_mixed",
        "data_not_writable",
        "invalid_settings",
        "key_not_found",
        "objects_of_another",
        "person_not_found",
        "sign_in_failed",
    }
)
"""Codes that no caller of the API receives."""
_OF_COMMANDS = (upkeep, data_folder, questions, address, instances)
_SECTIONS: Sequence[tuple[str, Mapping[str, str], str]] = (
    (
        "Requests",
        remedies.REQUESTS,
        "The request has to be changed. Sending it again as it is gives the same error.",
    ),
    (
        "What is not there",
        remedies.MISSING,
        "It does not exist, or no longer, or the key may not see it: these are not told apart.",
    ),
    (
        "Documents",
        remedies.DOCUMENTS,
        "No text can be got from a file, or an address cannot be fetched. A job lists these errors by file; "
        "the other files go on.",
    ),
    (
        "The service",
        remedies.OPERATION,
        "The request is in order. It succeeds later, or the operator has to do something.",
    ),
    (
        "Commands",
        remedies.COMMANDS,
        "Only `loccit` prints these, as `error (CODE): ...`, with exit status 1.",
    ),
    (
        "The Python client",
        remedies.CLIENT,
        "These come from [`loccit-client`](../integrations/python.md) itself.",
    ),
)


def kinds() -> dict[str, type[Exception]]:
    """Every error that is raised, by its code; classes that only group others are left out."""
    found: dict[str, type[Exception]] = {EvaluationMissing.code: EvaluationMissing}
    for module in (library, service, web, *_OF_COMMANDS):
        found |= {kind.code: kind for kind in _error_classes(module) if _is_raised(kind)}
    for code in remedies.CLIENT:
        found[code] = next(
            kind for kind in vars(client_errors).values() if getattr(kind, "code", None) == code
        )
    return found


def _error_classes(module: ModuleType) -> Iterator[type[LoccitError]]:
    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, LoccitError) and _is_in(module, kind):
            yield kind


def _is_in(module: ModuleType, kind: type) -> bool:
    return f"{kind.__module__}.".startswith(f"{module.__name__}.")


def _is_raised(kind: type[LoccitError]) -> bool:
    grouped = (web.FetchFailed, questions.InvalidQuestions)
    return not kind.__subclasses__() or issubclass(kind, grouped)


def errors() -> str:
    """Return the sections of the page."""
    known = kinds()
    parts = []
    for title, codes, said in _SECTIONS:
        entries = [_entry(code, known[code], codes[code]) for code in codes if code in known]
        parts.append("\n\n".join([f"## {title}", said, *entries]))
    return "\n\n".join(parts)


def statuses() -> str:
    """Return the table of the codes that replies have, by status."""
    by_status = sorted((status, code) for code, status in _statuses())
    rows = [
        f"| {status} | {', '.join(f'[`{code}`](#{code})' for _, code in group)} |"
        for status, group in groupby(by_status, key=lambda item: item[0])
    ]
    return "\n".join(["| status | codes |", "| --- | --- |", *rows])


def _statuses() -> Iterator[tuple[str, int]]:
    for code, kind in kinds().items():
        if code not in UNSEEN and _status(code, kind).startswith("Status"):
            yield code, service.status_of(cast(type[LoccitError], kind))


def _entry(code: str, kind: type[Exception], remedy: str) -> str:
    return f"### `{code}`\n\n{_status(code, kind)}{_meaning(kind)}\n\n*What to do:* {remedy}{_advice(kind)}"


def _status(code: str, kind: type[Exception]) -> str:
    if code in remedies.COMMANDS or code in remedies.CLIENT or code in UNSEEN - {"client_gone"}:
        return ""
    if issubclass(kind, web.FetchRefused) and kind is not web.InvalidUrl:
        return "In the files of a job. "
    mapped = cast(type[LoccitError], kind)
    after = ", with `Retry-After`" if mapped in service.RETRY_AFTER else ""
    return f"Status {service.status_of(mapped)}{after}. "


def _meaning(kind: type[Exception]) -> str:
    first = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
    return re.sub(r"\s*``([^`]*)``", r" `\1`", first.replace("\n", " ")).strip()


def _advice(kind: type[Exception]) -> str:
    """The advice that messages of the service and of the commands add, once each."""
    found = [_advice_of_table(kind, table) for table in (advice.ADVICE, command_advice.ADVICE)]
    texts = dict.fromkeys(text or _limits(kind) for text in found if text is not None)
    return "".join(f" {_mark_code(text)}" for text in texts)


def _limits(kind: type[Exception]) -> str:
    """The settings of the limits that an error may name."""
    named = next(names for base, names in advice.LIMITS_BY_ERROR.items() if issubclass(kind, base))
    (name,) = named
    return f"The limit is the setting {advice.LIMITS[name]}, unless it is fixed."


def _advice_of_table(kind: type[Exception], table: advice.Advice) -> str | None:
    """The advice of a table for a class of errors; empty where it depends on the limit, None without any."""
    found = next((table[base] for base in kind.__mro__ if base in table), None)  # type: ignore[index, operator]
    if not callable(found):
        return found
    if found is advice.limit_advice:
        return ""
    if issubclass(kind, (library.CollectionNotFound, service.Unauthorized)):
        return found(kind(""))
    return "`--skip-missing` leaves these questions out."


def _mark_code(text: str) -> str:
    """Advice, with the names of settings, routes and options in it as code."""
    marked = r"`[^`]*`|\b(?:LOCCIT_\w+(?:=\w+)?|(?:GET|PUT|POST) /[\w/{}]+)|(?<!\w)--[a-z-]+"
    return re.sub(marked, lambda found: f"`{found[0].strip('`')}`", text)
