"""The ``loccit`` application: its commands, and how errors are printed."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import typer.main
from rich.text import Text
from typer.core import TyperGroup

from cli.instances import ReplyError
from cli.options import CollectionName, Data, read_settings
from cli.terminal.consoles import stderr, stdout
from index.errors import LoccitError

T = TypeVar("T")


COMMANDS: Mapping[str, str] = {
    "ingest": "cli.ingesting:ingest",
    "ask": "cli.questions:ask",
    "chat": "cli.chat:chat",
    "cite": "cli.questions:cite",
    "verify": "cli.questions:verify",
    "evidence": "cli.evidence:app",
    "conflicts": "cli.conflicts:conflicts",
    "gaps": "cli.gaps:app",
    "changes": "cli.history:changes",
    "diff": "cli.history:diff",
    "prune": "cli.documents:prune",
    "list": "cli.documents:list_",
    "delete": "cli.documents:delete",
    "backup": "cli.upkeep.backups:backup",
    "restore": "cli.upkeep.backups:restore",
    "check": "cli.upkeep.backups:check",
    "adopt": "cli.upkeep.adopting:adopt",
    "migrate": "cli.upkeep.migrating:migrate",
    "export": "cli.upkeep.exchange:export",
    "import": "cli.upkeep.exchange:import_",
    "sources": "cli.sources:app",
    "webhooks": "cli.webhooks:app",
    "upgrade": "cli.upkeep.upgrading:upgrade",
    "keys": "cli.keys:app",
    "mcp": "cli.mcp:mcp",
    "worker": "cli.worker:worker",
}
"""Commands by name, each with its module and function, or group of commands. The module is imported when the
command is used: one that speaks to a service loads no index."""


class Commands(TyperGroup):
    """The group of commands. Prints an error of Loccit as one line and exits with status 1."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [
            (name, self.get_command(ctx, name).get_short_help_str(limit=200))
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def list_commands(self, ctx: Any) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _load_command(cmd_name) if cmd_name in COMMANDS else super().get_command(ctx, cmd_name)

    def invoke(self, ctx: Any) -> Any:
        return exit_on_error(lambda: super(Commands, self).invoke(ctx))


def _load_command(name: str) -> Any:
    """Load a command of :data:`COMMANDS`."""
    module, _, attribute = COMMANDS[name].partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        one = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        one.command(name)(found)
        found = one
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    help="Ask your documents; every passage comes with a citation that can be checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        stdout().print(f"loccit {installed_version('loccit')}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Declare the options of ``loccit`` itself."""


@app.command(name="eval")
def eval_(
    questions: Annotated[
        Path,
        typer.Argument(
            help="A BEIR folder, or a file with one JSON object per line: question, quote, document."
        ),
    ],
    collection: Annotated[
        str,
        typer.Option(
            "--collection",
            "-c",
            help="Collection to ask.",
            show_default="the documents of the BEIR folder, or default",
        ),
    ] = "",
    data: Data = None,
    split: Annotated[str, typer.Option(help="Split of a BEIR folder: reads qrels/SPLIT.tsv.")] = "test",
    limit: Annotated[int | None, typer.Option(help="Ask only this many questions.")] = None,
    save: Annotated[Path | None, typer.Option(help="Save the outcome of each question as JSON.")] = None,
    compare: Annotated[
        list[Path] | None, typer.Option(help="Compare with an evaluation that --save wrote.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML report with plots.")] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit the collection's answerability to these questions.")
    ] = False,
    skip_missing: Annotated[
        bool,
        typer.Option("--skip-missing", help="Leave out questions whose quote or documents are missing."),
    ] = False,
) -> None:
    """Measure the quality of answers with questions whose answers are known."""
    from evaluation import EvaluationMissing, require_libraries

    require_libraries()  # told at once: importing what evaluates takes seconds
    try:
        from cli import evaluation
    except ModuleNotFoundError as error:
        raise EvaluationMissing(error.name or "more") from error

    chosen = evaluation.Options(collection, split, limit, save, compare or (), html, calibrate, skip_missing)
    evaluation.run(questions, read_settings(data), chosen)


@app.command()
def quantize(collection: CollectionName = "default", data: Data = None) -> None:
    """Quantize the model to 8-bit integers, faster and less exact, on passages of a collection."""
    from cli.model import quantize_with
    from service.state.library import open_library

    settings = read_settings(data)
    with open_library(settings) as library:
        quantize_with(library.open(collection), settings)


@app.command()
def convert(
    folder: Annotated[Path, typer.Argument(help="Folder to write, new or empty.")],
    data: Data = None,
) -> None:
    """Write the model as graphs that run without torch; LOCCIT_MODEL takes the folder."""
    from cli.model import convert_to

    convert_to(folder, read_settings(data))


@app.command()
def serve(
    data: Data = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default="LOCCIT_HOST or 127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on.", show_default="LOCCIT_PORT or 8000")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Number of processes.", show_default="LOCCIT_WORKERS or 1")
    ] = None,
    allow_anonymous: Annotated[
        bool | None,
        typer.Option(
            "--allow-anonymous", help="Serve without a key on an address that other machines reach."
        ),
    ] = None,
    answers_only: Annotated[
        bool | None,
        typer.Option("--answers-only", help="Leave embedding and jobs to processes of `loccit worker`."),
    ] = None,
) -> None:
    """Serve the HTTP API."""
    from cli import server

    options = {
        "host": host,
        "port": port,
        "workers": workers,
        "allow_anonymous": allow_anonymous,
        "answers_only": answers_only,
    }
    server.run(read_settings(data, **options))


def exit_on_error(command: Callable[[], T]) -> T:
    """Run a command; print an error of Loccit as one line on stderr and exit with status 1."""
    try:
        return command()
    except LoccitError as error:
        message = error.message if isinstance(error, ReplyError) else _with_advice(error)
        stderr().print(Text.assemble(("error", "bold red"), (f" ({error.code})", "dim"), f": {message}"))
        sys.exit(1)


def _with_advice(error: LoccitError) -> str:
    from cli.advice import ADVICE
    from service.advice import message_with_advice

    return message_with_advice(error, ADVICE)


def main() -> None:
    """Run ``loccit``."""
    app()
