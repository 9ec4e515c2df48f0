"""Commands that read a collection: ask, cite and verify."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from cli.options import CollectionName, Data, Json, read_settings
from cli.output import print_answer, print_answer_report, print_citation, print_formatted, print_verdict
from index.answers import Extent, NearDuplicates
from index.citations import Claim, Format, formatted, parse_locator
from index.filters import parse_filter
from service.api.links import linked
from service.library_settings import open_library

_CONTEXT = 300
"""Characters shown on each side of a quote."""


def ask(
    question: Annotated[str, typer.Argument(help="A question in plain words.")],
    collection: CollectionName = "default",
    data: Data = None,
    k: Annotated[int, typer.Option("-k", help="Number of passages.")] = 5,
    where: Annotated[str, typer.Option("--filter", help="A metadata filter, as JSON.")] = "",
    as_of: Annotated[
        int | None, typer.Option(help="Ask the collection as it was after the change with this number.")
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
    with open_library(read_settings(data)) as library:
        opened = library.open(collection)
        condition = parse_filter(_parse_json(where)) if where else None
        answer = opened.ask(
            question,
            k=k,
            where=condition,
            as_of=as_of,
            extent=extent,
            max_per_document=max_per_document,
            near_duplicates=near_duplicates,
        )
    print_answer(answer, collection, is_filtered=condition is not None, as_json=as_json)


def _parse_json(where: str) -> object:
    try:
        return json.loads(where)
    except ValueError as error:
        raise typer.BadParameter(f"--filter is not JSON: {error}") from error


def cite(
    locator: Annotated[str, typer.Argument(help="A locator from an answer.")],
    collection: CollectionName = "default",
    data: Data = None,
    shape: Annotated[
        Format | None, typer.Option("--format", help="Print the citation in this format.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Resolve a citation: the quote, the text around it, and its status in the newest version."""
    with open_library(read_settings(data)) as library:
        opened = library.open(collection)
        with opened.archive.resolution() as resolution:
            found = resolution.resolve(parse_locator(locator), around=_CONTEXT)
        if shape is None:
            print_citation(found, opened, as_json=as_json)
        else:
            citation = linked(found.citation, collection)
            print_formatted(formatted(citation, shape, metadata=found.version.metadata))


def verify(
    quote: Annotated[
        str, typer.Argument(help="The words that a document should contain; - reads standard input.")
    ],
    document_id: Annotated[
        str,
        typer.Option("--document", help="Id of the document that should contain them.", show_default="any"),
    ] = "",
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
    as_json: Json = False,
) -> None:
    """Check whether the documents contain a quote, or say what an answer says.

    Exits with status 1 when they do not.
    """
    if (cited and not is_answer) or (document_id and is_answer):
        raise typer.BadParameter("--cites goes with --answer, --document with a quote.")
    words = sys.stdin.read() if quote == "-" else quote
    with (
        open_library(read_settings(data)) as library,
        library.open(collection).verification(claims=is_answer) as verification,
    ):
        if is_answer:
            report = verification.answer(words, [parse_locator(one) for one in cited or ()])
            print_answer_report(words, report, collection, as_json=as_json)
            statuses: set[str] = {one.status for one in report.statements if one is not None}
            statuses |= {verdict.status for _, verdict in report.quotes}
        else:
            verdict = verification.quote(Claim(words, document_id))
            print_verdict(verdict, collection, as_json=as_json)
            statuses = {verdict.status}
    if not statuses <= {"verified", "repaired", "supported"}:
        raise typer.Exit(1)
