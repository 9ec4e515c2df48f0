"""Output of the commands: text and tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.advice import REFUSAL_ADVICE, SKIPPED_ADVICE
from cli.consoles import stderr, stdout
from index.answers import Answer, Hit
from index.citations import AnswerReport, Resolved, StatementVerdict, Verdict
from index.collection import Collection
from index.errors import Damaged
from index.history import Pruning
from index.library import Library
from index.records import DocumentRecord
from index.sources import IngestReport
from index.text import Edit, with_visible_bidi_controls
from service.schemas.answers import answer_json
from service.schemas.citations import resolved_json
from service.schemas.documents import document_json
from service.schemas.values import moment
from service.schemas.verdicts import report_json, verdict_json

_MOST_REPEATS = 3
"""Other places of a passage that are printed."""


def print_json(value: object) -> None:
    """Print a JSON value without colours."""
    stdout().out(json.dumps(value, ensure_ascii=False, indent=2), highlight=False)


def print_answer(answer: Answer, collection: str, *, is_filtered: bool, as_json: bool) -> None:
    """Print the passages of an answer with their locators. ``is_filtered``: a filter was given."""
    if as_json:
        print_json(answer_json(answer, collection))
        return
    console = stdout()
    if not answer.hits:
        where = "the documents that the filter admits, if it admits any," if is_filtered else "the collection"
        console.print(f"Nothing in {where} shares a word or a meaning with that question.")
        return
    for hit in answer.hits:
        citation = hit.citation
        where = " › ".join([citation.title, *citation.section])
        console.print(f"[bold]{hit.rank}. {_shown(where)}[/]  [dim]{hit.score:.3f}[/]")
        console.print(_with_evidence(hit))
        console.print(f"[cyan]{_shown(citation.locator)}[/]", highlight=False, soft_wrap=True)
        for words, locators in (("the same", hit.also_at), ("nearly the same", hit.also_in)):
            for locator in locators[:_MOST_REPEATS]:
                console.print(f"[dim]{words} in {_shown(locator)}[/]", highlight=False, soft_wrap=True)
        console.print()
    console.print(f"Probability that this answers: {answer.answerability:.2f}", highlight=False)
    for side in answer.index.degraded:
        ways = {"dense": "meaning", "lexical": "words"}[side]
        console.print(f"The search by {ways} has failed and is being repaired: ask again in a moment.")


def _with_evidence(hit: Hit) -> Text:
    """The text of a passage with its evidence in bold."""
    text = Text(hit.text)
    for one in hit.evidence:
        text.stylize("bold", one.start - hit.citation.start, one.end - hit.citation.start)
    return text


def print_report(report: IngestReport) -> None:
    """Print how many files were added, replaced and so on, why files were skipped, and refused mirrors."""
    outside = sum(skipped.code == "outside_link" for skipped in report.skipped)
    counts = [
        (len(report.added), "added"),
        (len(report.replaced), "replaced"),
        (len(report.unchanged), "unchanged"),
        (len(report.renamed), "renamed"),
        (len(report.retired), "retired"),
        (len(report.erased), "erased"),
        (len(report.skipped), "skipped"),
        (outside, "of them links that lead out of the folder"),
    ]
    summary = ", ".join(f"{count} {word}" for count, word in counts if count) or "no files found"
    console = stdout()
    embedded = f"{report.embedded} passages embedded in {report.seconds:.1f} s"
    console.print(f"{summary}; {embedded}", highlight=False)
    for skipped in report.skipped:
        line = f"  [yellow]skipped[/] {_shown(skipped.path)}: {_shown(skipped.reason)}"
        console.print(line, highlight=False, soft_wrap=True)
    codes = {skipped.code for skipped in report.skipped}
    for advice in (SKIPPED_ADVICE[code] for code in sorted(codes & SKIPPED_ADVICE.keys())):
        console.print(advice, highlight=False, soft_wrap=True)
    for refusal in report.refused:
        advice = REFUSAL_ADVICE[refusal.code]
        text = Text.assemble(("refused", "bold red"), f": {refusal.reason} {advice}")
        stderr().print(text, soft_wrap=True)


def _shown(text: str) -> str:
    """Text from documents, escaped for markup; on a terminal, controls of direction are visible too."""
    return escape(with_visible_bidi_controls(text) if stdout().is_terminal else text)


def _table(*columns: str) -> Table:
    """A table that wraps cells that are too wide instead of cutting them off."""
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _all_documents(collection: Collection, *, retired: bool) -> Iterator[DocumentRecord]:
    last = ""
    while page := collection.archive.documents(after=last, retired=retired):
        yield from page
        last = page[-1].id


def print_documents(collection: Collection, *, retired: bool, as_json: bool) -> None:
    """Print the documents of a collection, also retired ones with ``retired``."""
    records = _all_documents(collection, retired=retired)
    if as_json:
        print_json([document_json(record, collection.name) for record in records])
        return
    table = _table("document", "title", "version", "passages", "characters", *["retired"] * retired)
    for record in records:
        cells = [str(record.version), str(record.passages), f"{record.length:,}"]
        if retired:
            cells.append("" if record.retired is None else moment(record.retired))
        table.add_row(_shown(record.id), _shown(record.title), *cells)
    stdout().print(table)


def print_collections(library: Library, *, as_json: bool) -> None:
    """Print the collections of a data folder."""
    counts = {name: library.counts(name) for name in library.names()}
    if as_json:
        print_json([{"name": name, **asdict(count)} for name, count in counts.items()])
        return
    table = _table("collection", "documents", "passages", "embedded", "model")
    for name, count in counts.items():
        table.add_row(
            name, str(count.documents), str(count.passages), str(count.embedded), _model(library, name)
        )
    stdout().print(table)


def _model(library: Library, name: str) -> str:
    """The model of a collection, and whether an upgrade is available."""
    try:
        description = library.description(name)
    except Damaged as error:
        return error.code
    outdated = ", ".join(description.differences(library.config))
    return f"{description.model_name} (upgrade available: {outdated})" if outdated else description.model_name


_STANDING = {
    "current": "These words stand there today.",
    "moved": "These words stand elsewhere in the document today.",
    "reformatted": "The document has the same words in other typography today.",
    "changed": "The document has other words there today.",
    "gone": "Nothing like these words stands in the document today.",
}


def print_citation(found: Resolved, collection: Collection, *, as_json: bool) -> None:
    """Print a quote in its context, and its status in the newest version."""
    if as_json:
        print_json(resolved_json(found, collection.state, collection.name))
        return
    console = stdout()
    citation, today = found.citation, found.today
    where = " › ".join([citation.title, *citation.section])
    console.print(f"[bold]{_shown(where)}[/]  [dim]version {citation.version}[/]")
    console.print(Text.assemble((found.before, "dim"), (citation.quote, "bold"), (found.after, "dim")))
    since = today.standing.since
    words = _STANDING[today.standing.status]
    if since is not None:
        words = f"The document is gone since {moment(since)}."
    console.print(f"\n{words}", highlight=False)
    if today.standing.status in {"moved", "reformatted", "changed"} and today.citation is not None:
        if today.standing.edits:
            console.print(_marked_edits(today.standing.edits, is_terminal=console.is_terminal), end="")
        console.print(f"[cyan]{_shown(today.citation.locator)}[/]", highlight=False, soft_wrap=True)


def print_formatted(citation: object) -> None:
    """Print a citation in one of the formats of other programs: text or JSON."""
    if isinstance(citation, str):
        stdout().out(citation, highlight=False)
    else:
        print_json(citation)


def print_verdict(verdict: Verdict, collection: str, *, as_json: bool) -> None:
    """Print the result of a verification."""
    if as_json:
        print_json(verdict_json(verdict, collection))
        return
    console = stdout()
    colour = "green" if verdict.status in {"verified", "repaired"} else "red"
    console.print(f"[bold {colour}]{verdict.status.replace('_', ' ')}[/]  {_shown(verdict.reason)}")
    if verdict.edits:
        console.print(_marked_edits(verdict.edits, is_terminal=console.is_terminal), end="")
    if verdict.citation is not None:
        console.print(f"[cyan]{_shown(verdict.citation.locator)}[/]", highlight=False, soft_wrap=True)


_STATUS_COLOURS = {"verified": "green", "repaired": "green", "supported": "green", "unsupported": "yellow"}


def print_answer_report(text: str, report: AnswerReport, collection: str, *, as_json: bool) -> None:
    """Print the verdicts on the quotes and the sentences of an answer."""
    if as_json:
        print_json(report_json(text, report, collection))
        return
    console = stdout()
    verdicts: list[tuple[int, int, Verdict | StatementVerdict]] = []
    verdicts += [(quoted.start, quoted.end, verdict) for quoted, verdict in report.quotes]
    pairs = zip(report.sentences, report.statements, strict=True)
    verdicts += [(one.start, one.end, verdict) for one, verdict in pairs if verdict is not None]
    for start, end, verdict in sorted(verdicts, key=lambda one: one[:2]):
        colour = _STATUS_COLOURS.get(verdict.status, "red")
        console.print(f"[bold {colour}]{verdict.status.replace('_', ' ')}[/]  {_shown(text[start:end])}")
        if verdict.reason:
            console.print(f"  {_shown(verdict.reason)}", highlight=False)
        if verdict.citation is not None:
            locator = _shown(verdict.citation.locator)
            console.print(f"  [cyan]{locator}[/]", highlight=False, soft_wrap=True)


def _marked_edits(edits: Iterable[Edit], *, is_terminal: bool) -> Text:
    """Text with deletions struck out and insertions underlined; in a pipe, both are marked as wdiff does."""
    if not is_terminal:
        marks = {"equal": ("", ""), "delete": ("[-", "-]"), "insert": ("{+", "+}")}
        return Text("".join(edit.text.join(marks[edit.kind]) for edit in edits) + "\n")
    styles = {"equal": "", "delete": "red strike", "insert": "green underline"}
    return Text.assemble(*((edit.text, styles[edit.kind]) for edit in edits), "\n")


def print_pruning(plan: Pruning, *, done: bool) -> None:
    """Print the versions and documents that are erased, and the citations that break."""
    console = stdout()
    for version in plan.versions:
        console.print(f"  {_shown(version.document_id)} version {version.number}", highlight=False)
    for document in plan.documents:
        since = moment(document.retired or document.updated)
        console.print(f"  {_shown(document.id)} retired since {since}", highlight=False)
    for locator in plan.broken:
        console.print(f"  [red]breaks[/] {_shown(locator)}", highlight=False, soft_wrap=True)
    count, broken = len(plan.versions), len(plan.broken)
    verb = "Erased" if done else "Would erase"
    erased = f"{verb} {count} versions"
    if plan.documents:
        erased += f" and {len(plan.documents)} retired documents"
    console.print(f"{erased}; {broken} of the citations given break.", highlight=False)
