"""Commands that read a collection: ask, cite and verify."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli.instances import Extent, Format, Instance, NearDuplicates, Place, Question, open_instance
from cli.options import CollectionName, CollectionNames, Data, FilterJson, Json, Key, Server
from cli.terminal.output import (
    print_answer,
    print_answer_report,
    print_citation,
    print_formatted,
    print_verdicts,
)
from cli.terminal.waiting import Waiting

_ONCE = "(the first time on a processor it is converted for it, up to a minute)"
_FASTER = "A running service has them open: loccit serve, then --server http://127.0.0.1:8000."


def ask(
    question: Annotated[str, typer.Argument(help="A question in plain words.")],
    collection: CollectionNames = None,
    data: Data = None,
    server: Server = "",
    key: Key = "",
    k: Annotated[int, typer.Option("-k", help="Number of passages.")] = 5,
    where: FilterJson = "",
    turns: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            allow_dash=True,
            help="The conversation before the question: a file with a JSON list of objects with role and "
            "text; - reads standard input.",
        ),
    ] = None,
    as_of: Annotated[
        str,
        typer.Option(
            metavar="CHANGE|TIME",
            help="Ask what there was after the change with this number, or at a time such as "
            "2024-05-31T12:00:00Z. Several collections are asked as of a time.",
            show_default="today",
        ),
    ] = "",
    in_force: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Ask the documents that are in force on this day, by their metadata.",
            show_default="any",
        ),
    ] = None,
    extent: Annotated[
        Extent, typer.Option(help="Quote the sentences that answer, the passage, or its whole section.")
    ] = "passage",
    max_per_document: Annotated[
        int | None, typer.Option(help="Most passages of one document.", show_default="any number")
    ] = None,
    near_duplicates: Annotated[
        NearDuplicates,
        typer.Option(
            help="Fold passages in nearly the same words into the best of them, or keep each of them."
        ),
    ] = "fold",
    as_json: Json = False,
) -> None:
    """Find the passages that answer a question."""
    name, several = _collections(collection or ["default"])
    past = parse_past(as_of)
    if several is not None and isinstance(past, int):
        raise typer.BadParameter(
            "--as-of asks several collections as of a time: each counts its own changes."
        )
    asked = Question(
        question,
        k=k,
        where=parse_where(where),
        turns=[] if turns is None else _read_turns(turns),
        as_of=past,
        in_force=None if in_force is None else in_force.date().isoformat(),
        extent=extent,
        max_per_document=max_per_document,
        near_duplicates=near_duplicates,
        collections=several,
    )
    with Waiting(advice="" if server else _FASTER) as waiting:
        waiting.step("Loading libraries")
        with open_instance(Place(name, data, server, key)) as instance:
            waiting.step("Opening the model", _ONCE)
            instance.prepare(asked)
            waiting.step("Asking")
            answer = instance.ask(asked)
    print_answer(answer, as_json=as_json)


def _collections(names: Sequence[str]) -> tuple[str, Sequence[str] | Literal["*"] | None]:
    """The first of the collections to ask, and all of them if they are several."""
    names = list(dict.fromkeys(names))
    if "*" in names:
        return "default", "*"
    return names[0], names if len(names) > 1 else None


def parse_past(written: str) -> int | datetime | None:
    """The number of a change, or a time; None for nothing. Raises :class:`typer.BadParameter`."""
    if not written or written.isdecimal():
        return int(written) if written else None
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            f"--as-of is the number of a change, or a time such as 2024-05-31T12:00:00Z, not {written!r}."
        ) from None
    time = time if time.tzinfo else time.astimezone()  # of this machine
    if time > datetime.now(UTC):
        raise typer.BadParameter("--as-of names a time that is yet to come.")
    return time


def parse_where(where: str) -> Any:
    """The JSON of a filter; None for an empty one. Raises :class:`typer.BadParameter`."""
    try:
        return json.loads(where) if where else None
    except ValueError as error:
        raise typer.BadParameter(f"--filter is not JSON: {error}") from error


def _read_turns(path: Path) -> list[dict[str, str]]:
    """The turns of a conversation. Raises :class:`typer.BadParameter`."""
    try:
        turns = json.loads(sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"--turns: {path} is not JSON: {error}") from error
    if not isinstance(turns, list) or not all(map(_is_turn, turns)):
        raise typer.BadParameter(
            f'--turns: {path} is not a conversation. Write it like [{{"role": "user", "text": "..."}}, '
            '{"role": "assistant", "text": "..."}].'
        )
    return turns


def _is_turn(one: object) -> bool:
    return (
        isinstance(one, dict)
        and one.keys() == {"role", "text"}
        and one["role"] in {"user", "assistant"}
        and isinstance(one["text"], str)
    )


def cite(
    locator: Annotated[str, typer.Argument(help="A locator from an answer.")],
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    shape: Annotated[
        Format | None, typer.Option("--format", help="Print the citation in this format.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Resolve a citation: the quote, the text around it, and its status in the newest version."""
    with open_instance(Place(collection, data, server, key)) as instance:
        if shape is None:
            print_citation(instance.cite(locator), as_json=as_json)
        else:
            print_formatted(instance.cite_as(locator, shape))


def verify(
    quotes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[QUOTE]...",
            help="The words that a document should contain; - is standard input, which is read without any.",
            show_default=False,
        ),
    ] = None,
    document_id: Annotated[
        str,
        typer.Option("--document", help="Id of the document that should contain them.", show_default="any"),
    ] = "",
    lines: Annotated[
        bool, typer.Option("--lines", help="Each line of standard input is a quote of its own.")
    ] = False,
    is_answer: Annotated[
        bool,
        typer.Option(
            "--answer",
            help="The words are an answer: verify its quotes, and judge what each sentence claims.",
        ),
    ] = False,
    cited: Annotated[
        list[str] | None,
        typer.Option("--cites", help="Locator of a passage that the answer cites: [1] is the first."),
    ] = None,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """Check whether the documents contain quotes, or match what an answer says by words and facts.

    Exits with status 1 when they do not.
    """
    if (cited and not is_answer) or (document_id and is_answer):
        raise typer.BadParameter("--cites goes with --answer, --document with quotes.")
    if is_answer and (lines or len(quotes or ()) > 1):
        raise typer.BadParameter("--answer takes one answer, and no --lines.")
    words = [quote for one in quotes or ["-"] for quote in read_quotes(one, lines=lines)]
    with open_instance(Place(collection, data, server, key)) as instance:
        if is_answer:
            statuses = _verify_answer(instance, words[0], cited or (), as_json=as_json)
        else:
            verdicts = instance.verify_quotes(words, document_id)
            print_verdicts(verdicts, as_json=as_json)
            statuses = {verdict["status"] for verdict in verdicts}
    if not statuses <= {"verified", "repaired", "supported"}:
        raise typer.Exit(1)


def _verify_answer(instance: Instance, text: str, cited: Sequence[str], *, as_json: bool) -> set[str]:
    """Print the verdicts on an answer; returns their statuses, ``unknown`` for unknown marks."""
    report = instance.verify_answer(text, cited)
    print_answer_report(text, report, with_marks=bool(cited), as_json=as_json)
    statuses = {one["verdict"]["status"] for one in report["sentences"] if one["verdict"]}
    statuses |= {one["status"] for one in report["quotes"]}
    if cited and report["unknown_marks"]:
        statuses.add("unknown")
    return statuses


def read_quotes(argument: str, *, lines: bool) -> list[str]:
    """Read the quotes of an argument, ``-`` from standard input. Raises :class:`typer.BadParameter`."""
    if argument != "-":
        return [argument]
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise typer.BadParameter("Standard input is no text in UTF-8.") from None
    found = [one for one in map(str.strip, text.split("\n") if lines else [text]) if one]
    if not found:
        raise typer.BadParameter("Standard input has no quote.")
    return found
