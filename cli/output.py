"""What the commands print: tables and passages for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from index.answers import Answer, Hit
from index.collection import Collection
from index.differences import Edit
from index.folders import Report
from index.library import Library
from index.records import DocumentRecord
from index.resolution import Resolved
from index.retention import Pruning
from index.verdicts import Verdict
from service.schemas.answers import answer_json
from service.schemas.citations import resolved_json, verdict_json
from service.schemas.documents import document_json

console = Console(emoji=False)


def print_json(value: object) -> None:
    """One JSON value, plain, so that it can be piped."""
    console.out(json.dumps(value, ensure_ascii=False, indent=2), highlight=False)


def print_answer(answer: Answer, collection: str, *, is_filtered: bool, as_json: bool) -> None:
    """The passages, each with its citation. ``is_filtered``: only some documents were asked."""
    if as_json:
        print_json(answer_json(answer, collection))
        return
    if not answer.hits:
        where = "the documents that the filter admits, if it admits any," if is_filtered else "the collection"
        console.print(f"Nothing in {where} shares a word or a meaning with that question.")
        return
    for hit in answer.hits:
        citation = hit.citation
        where = " › ".join([citation.title, *citation.section])
        console.print(f"[bold]{hit.rank}. {escape(where)}[/]  [dim]{hit.score:.3f}[/]")
        console.print(_lit(hit))
        console.print(f"[cyan]{escape(citation.locator)}[/]\n", highlight=False, soft_wrap=True)
    console.print(f"Probability that this answers: {answer.answerability:.2f}", highlight=False)


def _lit(hit: Hit) -> Text:
    """The passage with its evidence in bold."""
    text = Text(hit.text)
    for one in hit.evidence:
        text.stylize("bold", one.start - hit.citation.start, one.end - hit.citation.start)
    return text


def print_report(report: Report) -> None:
    """What became of the files, every skipped one with its reason."""
    counts = [
        (len(report.added), "added"),
        (len(report.replaced), "replaced"),
        (len(report.unchanged), "unchanged"),
        (len(report.renamed), "renamed"),
        (len(report.deleted), "deleted"),
        (len(report.skipped), "skipped"),
    ]
    told = ", ".join(f"{count} {word}" for count, word in counts if count) or "no files found"
    console.print(f"{told}; {report.embedded} passages embedded in {report.seconds:.1f} s", highlight=False)
    for skipped in report.skipped:
        line = f"  [yellow]skipped[/] {escape(skipped.path)}: {escape(skipped.reason)}"
        console.print(line, highlight=False, soft_wrap=True)


def _all_documents(collection: Collection) -> Iterator[DocumentRecord]:
    last = ""
    while page := collection.documents(after=last):
        yield from page
        last = page[-1].id


def print_documents(collection: Collection, *, as_json: bool) -> None:
    """The documents of a collection."""
    if as_json:
        print_json([document_json(record, collection.name) for record in _all_documents(collection)])
        return
    table = Table("document", "title", "version", "passages", "characters")
    for record in _all_documents(collection):
        numbers = (str(record.version), str(record.passages), f"{record.length:,}")
        table.add_row(escape(record.id), escape(record.title), *numbers)
    console.print(table)


def print_collections(library: Library, *, as_json: bool) -> None:
    """The collections of a data folder."""
    counts = {name: library.open(name).counts() for name in library.names()}
    if as_json:
        print_json([{"name": name, **asdict(count)} for name, count in counts.items()])
        return
    table = Table("collection", "documents", "passages", "embedded")
    for name, count in counts.items():
        table.add_row(name, str(count.documents), str(count.passages), str(count.embedded))
    console.print(table)


_STANDING = {
    "current": "These words stand there today.",
    "moved": "These words stand elsewhere in the document today.",
    "changed": "The document has other words there today.",
    "gone": "Nothing like these words stands in the document today.",
}


def print_citation(found: Resolved, collection: Collection, *, as_json: bool) -> None:
    """A quote in the text around it, and what became of it."""
    if as_json:
        print_json(resolved_json(found, collection.state, collection.name))
        return
    citation, today = found.citation, found.today
    where = " › ".join([citation.title, *citation.section])
    console.print(f"[bold]{escape(where)}[/]  [dim]version {citation.version}[/]")
    console.print(Text.assemble((found.before, "dim"), (citation.quote, "bold"), (found.after, "dim")))
    console.print(f"\n{_STANDING[today.standing.status]}", highlight=False)
    if today.standing.status in {"moved", "changed"} and today.citation is not None:
        console.print(_edited(today.standing.edits) if today.standing.edits else "", end="")
        console.print(f"[cyan]{escape(today.citation.locator)}[/]", highlight=False, soft_wrap=True)


def print_shape(shape: object) -> None:
    """A citation as another program reads it."""
    if isinstance(shape, str):
        console.out(shape, highlight=False)
    else:
        print_json(shape)


def print_verdict(verdict: Verdict, collection: str, *, as_json: bool) -> None:
    """What was found of a quote."""
    if as_json:
        print_json(verdict_json(verdict, collection))
        return
    colour = "green" if verdict.status in {"verified", "repaired"} else "red"
    console.print(f"[bold {colour}]{verdict.status.replace('_', ' ')}[/]  {escape(verdict.reason)}")
    if verdict.edits:
        console.print(_edited(verdict.edits), end="")
    if verdict.citation is not None:
        console.print(f"[cyan]{escape(verdict.citation.locator)}[/]", highlight=False, soft_wrap=True)


def _edited(edits: Iterable[Edit]) -> Text:
    """Words with those that are gone struck out, and those that came underlined; in a pipe as wdiff does."""
    if not console.is_terminal:
        marks = {"equal": ("", ""), "delete": ("[-", "-]"), "insert": ("{+", "+}")}
        return Text("".join(edit.text.join(marks[edit.kind]) for edit in edits) + "\n")
    styles = {"equal": "", "delete": "red strike", "insert": "green underline"}
    return Text.assemble(*((edit.text, styles[edit.kind]) for edit in edits), "\n")


def print_pruning(plan: Pruning, *, done: bool) -> None:
    """The versions that go, and the citations that break."""
    for version in plan.versions:
        console.print(f"  {escape(version.document_id)} version {version.number}", highlight=False)
    for locator in plan.broken:
        console.print(f"  [red]breaks[/] {escape(locator)}", highlight=False, soft_wrap=True)
    count, broken = len(plan.versions), len(plan.broken)
    verb = "Erased" if done else "Would erase"
    console.print(f"{verb} {count} versions; {broken} of the citations given break.", highlight=False)
