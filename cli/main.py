"""The commands of ``loccit``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.output import (
    print_answer,
    print_citation,
    print_collections,
    print_documents,
    print_pruning,
    print_report,
    print_shape,
    print_verdict,
)
from cli.progress import ingest_with_progress
from cli.quantizing import quantized
from index.citation_formats import Format, formatted
from index.errors import LoccitError
from index.files import Patterns, place
from index.filters import parse_filter
from index.folders import FolderOptions
from index.retention import Retention
from index.verdicts import Claim
from index.watching import watch
from service.library_settings import open_library
from service.settings import Settings, load_settings

app = typer.Typer(
    help="Ask your documents; every passage comes with a citation that can be checked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
errors = Console(stderr=True)

Data = Annotated[
    Path | None,
    typer.Option(help="Folder of the built data. [default: LOCCIT_DATA, or data in the current folder]"),
]
CollectionName = Annotated[str, typer.Option("--collection", "-c", help="Name of the collection.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, as the HTTP API gives it.")]


def _settings(data: Path | None = None, **given: object) -> Settings:
    values = {key: value for key, value in {"data": data, **given}.items() if value is not None}
    return load_settings(**values)


@app.command()
def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="Files and folders, or addresses such as s3://bucket/folder. A folder's files are named "
            "below it."
        ),
    ],
    collection: CollectionName = "default",
    data: Data = None,
    prefix: Annotated[str, typer.Option(help="Put before the documents' ids, as a folder of theirs.")] = "",
    mirror: Annotated[
        bool, typer.Option(help="Also delete documents whose files are gone; rename those whose files moved.")
    ] = False,
    watching: Annotated[
        bool, typer.Option("--watch", help="Go on: mirror the folders whenever something changes in them.")
    ] = False,
    include: Annotated[
        list[str] | None, typer.Option(help="Only such files of a folder, as in .gitignore: '*.pdf'.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="No such files or folders, as in .gitignore: 'drafts/'.")
    ] = None,
    password: Annotated[
        str, typer.Option(envvar="LOCCIT_PASSWORD", help="For files that are encrypted.")
    ] = "",
) -> None:
    """Take in files and folders. What did not change is not embedded again."""
    places = [place(path) for path in paths]
    patterns = Patterns(include or (), exclude or ())
    options = FolderOptions(prefix, mirror or watching, patterns, password)
    with open_library(_settings(data)) as library:
        library.expect_documents()
        if watching:
            watch(library.open(collection, create=True), places, options, on_report=print_report)
            return
        report = ingest_with_progress(library, collection, places, options)
    print_report(report)
    if report.files and len(report.skipped) == report.files:
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question in plain words.")],
    collection: CollectionName = "default",
    data: Data = None,
    k: Annotated[int, typer.Option("-k", help="How many passages.")] = 5,
    where: Annotated[str, typer.Option("--filter", help="A metadata filter, as JSON.")] = "",
    as_of: Annotated[
        int | None, typer.Option(help="Ask the collection as it stood after this change.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the passages that answer a question."""
    with open_library(_settings(data)) as library:
        opened = library.open(collection)
        condition = parse_filter(_parsed(where)) if where else None
        answer = opened.ask(question, k=k, where=condition, as_of=as_of)
    print_answer(answer, collection, is_filtered=condition is not None, as_json=as_json)


@app.command()
def cite(
    locator: Annotated[str, typer.Argument(help="As an answer gave it.")],
    collection: CollectionName = "default",
    data: Data = None,
    shape: Annotated[
        Format | None, typer.Option("--format", help="Print the citation in this shape.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look a citation up: the quote, the text around it, and what became of it since."""
    with open_library(_settings(data)) as library:
        opened = library.open(collection)
        found = opened.resolution().resolve(locator, around=300)
        if shape is None:
            print_citation(found, opened, as_json=as_json)
        else:
            print_shape(formatted(found.citation, shape, metadata=found.version.metadata))


@app.command()
def verify(
    quote: Annotated[str, typer.Argument(help="Words that are said to stand in a document.")],
    document_id: Annotated[
        str, typer.Option("--document", help="Where they are said to stand; anywhere when left out.")
    ] = "",
    collection: CollectionName = "default",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say whether a quote stands where it is said to. Exit status 1 when it does not."""
    with open_library(_settings(data)) as library:
        verdict = library.open(collection).verification().quote(Claim(quote, document_id))
    print_verdict(verdict, collection, as_json=as_json)
    if verdict.status not in {"verified", "repaired"}:
        raise typer.Exit(1)


@app.command()
def prune(
    keep_versions: Annotated[
        int | None,
        typer.Option(help="Keep so many versions of each document. [default: LOCCIT_KEEP_VERSIONS]"),
    ] = None,
    keep_days: Annotated[
        float | None,
        typer.Option(help="Keep versions replaced in the last so many days. [default: LOCCIT_KEEP_DAYS]"),
    ] = None,
    citations: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="File with a locator a line: say which of them break."
        ),
    ] = None,
    collection: CollectionName = "default",
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase, instead of only saying what would be.")] = False,
) -> None:
    """Erase old versions of documents: for good, and only with --yes."""
    settings = _settings(data, keep_versions=keep_versions, keep_days=keep_days)
    retention = Retention(settings.keep_versions, settings.keep_days)
    lines = citations.read_text(encoding="utf-8").splitlines() if citations else []
    locators = [line.strip() for line in lines if line.strip()]
    with open_library(settings) as library:
        opened = library.open(collection)
        plan = opened.prune(retention, locators) if yes else opened.pruning(retention, locators)
    print_pruning(plan, done=yes)


@app.command(name="list")
def list_(
    collection: Annotated[str, typer.Option("--collection", "-c", help="List its documents.")] = "",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List the collections, or with --collection the documents of one."""
    with open_library(_settings(data)) as library:
        if collection:
            print_documents(library.open(collection), as_json=as_json)
        else:
            print_collections(library, as_json=as_json)


@app.command()
def delete(
    document_ids: Annotated[list[str] | None, typer.Argument(help="Ids of documents.")] = None,
    collection: CollectionName = "default",
    data: Data = None,
    whole: Annotated[bool, typer.Option("--all", help="Delete the collection itself.")] = False,
) -> None:
    """Delete documents, or with --all a whole collection."""
    if whole == bool(document_ids):
        raise typer.BadParameter("Name documents, or give --all and the collection; one of the two.")
    with open_library(_settings(data)) as library:
        if whole:
            library.delete(collection)
            errors.print(f"Deleted the collection {collection}.")
            return
        opened = library.open(collection)
        for document_id in document_ids or []:
            record = opened.delete(document_id)
            errors.print(f"Deleted {record.id}: {record.versions} versions, {record.passages} passages.")


@app.command(name="eval")
def eval_(
    questions: Annotated[
        Path,
        typer.Argument(help="A BEIR folder, or a file with a JSON object a line: question, quote, document."),
    ],
    collection: Annotated[
        str,
        typer.Option("--collection", "-c", help="Ask it; else a BEIR folder's own documents, or default."),
    ] = "",
    data: Data = None,
    split: Annotated[str, typer.Option(help="Of a BEIR folder: qrels/SPLIT.tsv.")] = "test",
    limit: Annotated[int | None, typer.Option(help="Ask only so many questions.")] = None,
    save: Annotated[Path | None, typer.Option(help="Keep what came of each question, as JSON.")] = None,
    compare: Annotated[list[Path] | None, typer.Option(help="Compare with what --save kept.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report with plots.")] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit answerability to these questions.")
    ] = False,
) -> None:
    """Measure how good the answers are, on questions whose answers are known."""
    from cli import evaluating

    options = evaluating.Options(collection, split, limit, save, compare or (), html, calibrate)
    evaluating.run(questions, _settings(data), options)


@app.command()
def quantize(collection: CollectionName = "default", data: Data = None) -> None:
    """Make the model one of 8-bit integers, faster and less exact, by passages of a collection."""
    settings = _settings(data)
    with open_library(settings) as library:
        quantized(library.open(collection), settings)


@app.command()
def serve(
    data: Data = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [default: LOCCIT_HOST or 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on. [default: LOCCIT_PORT or 8000]")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that serve. [default: LOCCIT_WORKERS or 1]")
    ] = None,
) -> None:
    """Serve the HTTP API."""
    from cli import serving

    serving.run(_settings(data, host=host, port=port, workers=workers))


def _parsed(where: str) -> object:
    try:
        return json.loads(where)
    except ValueError as error:
        raise typer.BadParameter(f"--filter is not JSON: {error}") from error


def run(command: Callable[[], object]) -> None:
    """Run a command; an error of ours is one line on stderr and exit status 1."""
    try:
        command()
    except LoccitError as error:
        errors.print(f"[bold red]error[/] [dim]({error.code})[/]: ", end="")
        errors.print(error.message, markup=False)
        sys.exit(1)


def main() -> None:
    """Run ``loccit``."""
    run(app)
