"""The reference of commands: what each does, its arguments and options."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer.main

from cli.main import app


def commands() -> str:
    """Return a section for each command."""
    root = typer.main.get_command(app)
    return "\n\n".join(_sections(root, "loccit"))


def _sections(command: Any, name: str) -> Iterator[str]:
    context = command.context_class(command, info_name=name)
    names = command.list_commands(context) if hasattr(command, "list_commands") else ()
    if not names:
        yield _section(command, name, context)
    for below in names:
        yield from _sections(command.get_command(context, below), f"{name} {below}")


def _section(command: Any, name: str, context: Any) -> str:
    rows = [row for row in (_row(one, context) for one in command.get_params(context)) if row]
    said = _plain(inspect.cleandoc(command.help or "")).replace("\n", " ")
    head = "| argument or option | meaning |\n| --- | --- |\n"
    return f"## {name}\n\n{said}\n\n{head}" + "\n".join(rows)


def _row(parameter: Any, context: Any) -> str:
    if "--help" in parameter.opts:
        return ""
    if parameter.param_type_name == "argument":
        shown, text = f"`{parameter.name.upper()}`", parameter.help or ""
    else:
        told, text = parameter.get_help_record(context) or ("", "")
        shown = f"`{_compact(told)}`"
    return f"| {shown} | {_plain(text).replace('|', '&#124;')} |"


def _compact(told: str) -> str:
    return re.sub(r"\s+", " ", told).replace("|", ", ").strip()


def _plain(text: str) -> str:
    """A help text in Markdown: without line breaks, with the program's markup for code."""
    one_line = re.sub(r"\s+", " ", text).strip()
    return one_line.replace("``", "`").replace("<", "&lt;")
