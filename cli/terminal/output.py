"""Output of the commands: text and tables for people, JSON for programs.

What is printed is JSON of the HTTP API, whether this process or a service made it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.instances import CollectionRow, Json
from cli.terminal.consoles import print_line, stderr, stdout
from cli.terminal.counts import counted
from cli.terminal.ingest_outcome import KINDS, REFUSAL_ADVICE, SKIPPED_ADVICE, Outcome

if TYPE_CHECKING:
    from index.history import Pruning

_MOST_CELLS = 10
"""Most cells of a computed value that are printed."""
_UNCERTAIN, _UNLIKELY = 0.5, 0.2
"""Answerability below which an answer says that there may be none, and below which nothing stands for one."""
_MOST_REPEATS = 3
"""Other places of a passage that are printed."""


def print_json(value: object) -> None:
    """Print a JSON value without colours."""
    stdout().out(json.dumps(value, ensure_ascii=False, indent=2), highlight=False)


def print_answer(answer: Json, *, as_json: bool) -> None:
    """Print the passages of an answer with their locators."""
    if as_json:
        print_json(answer)
        return
    console = stdout()
    if not answer["passages"]:
        if any(one["code"] in ("no_documents", "filtered_out") for one in answer.get("notes", ())):
            print_notes(answer)
        else:
            console.print("Nothing in the documents shares a word or a meaning with that question.")
        return
    _print_first(answer)
    are_several = len(answer.get("collections", ())) > 1
    for passage in answer["passages"]:
        print_passage(passage, collection=passage["citation"]["collection"] if are_several else "")
    if answer.get("computed"):
        print_computed(answer["computed"])
    print_missing(answer)
    console.print(f"Probability that these passages answer: {answer['answerability']:.2f}", highlight=False)
    print_notes(answer)
    for side in answer["index"]["degraded"]:
        ways = {"dense": "meaning", "lexical": "words"}[side]
        console.print(f"The search by {ways} has failed and is being repaired: ask again in a moment.")


def _print_first(answer: Json) -> None:
    """Print the sentence that most probably answers, and before it that it may not; as the page does."""
    console, first = stdout(), answer.get("first")
    computed = answer.get("computed")
    if not (computed and computed["value"]):
        if answer["answerability"] < _UNLIKELY:
            console.print("The documents probably do not say.\n")
            return
        if answer["answerability"] < _UNCERTAIN:
            console.print("The documents may not say." + (" The nearest sentence:" if first else ""))
    if first is None:
        return
    if first.get("introduction"):  # a service of an earlier release has none
        console.print(Text(" ".join(first["introduction"].split()), style="bold"))
    mark = (f" [{first['rank']}]", "cyan")
    console.print(Text.assemble((" ".join(first["text"].split()), "bold"), mark))
    for cell in first.get("answering", ())[:_MOST_CELLS]:
        value = first["text"][cell["start"] - first["start"] : cell["end"] - first["start"]]
        names = dict.fromkeys(name for name in (cell["row"], cell["column"]) if name and name != value)
        console.print(Text(": ".join(filter(None, (", ".join(names), value)))))
    console.print()


def print_computed(computed: Json) -> None:
    """Print what was computed of a table, or why nothing was, and the cells that were read."""
    console = stdout()
    what = f"{computed['operation']}, {_escape(computed['of'])}"
    if computed["value"]:
        console.print(f"Computed ({what}): [bold]{_escape(computed['value'])}[/]", highlight=False)
    else:
        console.print(f"Not computed ({what}): {_escape(computed['reason'])}", highlight=False)
    for cell in computed["cells"][:_MOST_CELLS]:
        console.print(f"  {_escape(cell['row'])}: {_escape(cell['text'])}", highlight=False)
        print_locator(cell["locator"], indent="    ")
    if (more := len(computed["cells"]) - _MOST_CELLS) > 0:
        console.print(f"  and {more} more cells, which --json has", highlight=False)
    console.print()


def print_missing(answer: Json) -> None:
    """Say which names, numbers and dates of the question the nearest sentences lack."""
    if not answer["missing"]:
        return
    missing, mentioned = " · ".join(answer["missing"]), " · ".join(answer["mentioned"])
    told = f"mention {mentioned}, but not {missing}" if mentioned else f"do not mention {missing}"
    stdout().print(f"The nearest sentences {told}.", markup=False, highlight=False)


def print_notes(answer: Json) -> None:
    """Print what to know of an answer beside it; a service of an earlier version says nothing."""
    for note in answer.get("notes", ()):
        print_line(note["message"])


def print_passage(passage: Json, *, collection: str = "") -> None:
    """Print a passage with its evidence in bold, its locator, and other places that say the same.

    ``collection`` is that of the passage where others were asked, too.
    """
    console, citation = stdout(), passage["citation"]
    console.print(f"[bold]{passage['rank']}. {_escape(_place(citation))}[/]", highlight=False)
    console.print(_with_evidence(passage))
    print_locator(citation["locator"])
    if collection:
        console.print(f"[dim]in the collection {_escape(collection)}[/]", highlight=False)
    console.print(
        f"[dim]probability that this passage answers: {passage['probability']:.2f}[/]", highlight=False
    )
    for words, locators in (("the same", passage["also_at"]), ("nearly the same", passage["also_in"])):
        for locator in locators[:_MOST_REPEATS]:
            console.print(f"[dim]{words} in {_escape(locator)}[/]", highlight=False, soft_wrap=True)
    console.print()


def print_locator(locator: str, *, indent: str = "") -> None:
    """Print a locator in one piece."""
    stdout().print(f"{indent}[cyan]{_escape(locator)}[/]", highlight=False, soft_wrap=True)


def _place(citation: Json) -> str:
    """The title, the sections, and the pages by the numbers that they bear, with their places in a PDF."""
    from index.answers import pages_in_file

    pages, printed = citation["pages"], citation.get("printed_pages")  # not from an earlier service
    if not pages:
        return " › ".join([citation["title"], *citation["section"]])
    in_file = _range(pages_in_file(pages, printed, citation["media_type"]))
    page = f"p. {_range(printed or pages)}" + (f" ({in_file} of the file)" if in_file else "")
    return " › ".join([citation["title"], *citation["section"], page])


def _range(ends: Sequence[object] | None) -> str:
    """Both ends, or one where they are equal."""
    return "–".join(dict.fromkeys(map(str, ends or ())))


def _with_evidence(passage: Json) -> Text:
    """The text of a passage with its evidence in bold."""
    text = Text(passage["text"])
    start = passage["citation"]["start"]
    for one in passage["evidence"]:
        text.stylize("bold", one["start"] - start, one["end"] - start)
    return text


def print_outcome(outcome: Outcome) -> None:
    """Print how many files were added, replaced and so on, why files were skipped, and refused mirrors."""
    outside = sum(skipped.code == "outside_link" for skipped in outcome.skipped)
    counts = [
        *((outcome.counts.get(kind, 0), kind) for kind in KINDS),
        (len(outcome.skipped), "skipped"),
        (outside, "of them links that lead out of the folder"),
    ]
    summary = ", ".join(f"{count} {word}" for count, word in counts if count) or "no files found"
    console = stdout()
    embedded = f"{counted(outcome.embedded, 'passage')} embedded in {outcome.seconds:.1f} s"
    if not outcome.embedded and any(outcome.counts.get(kind) for kind in ("added", "replaced")):
        embedded = "no passage embedded here: a running service does it, or the vectors were stored already"
    console.print(f"{summary}; {embedded}", highlight=False)
    for skipped in outcome.skipped:
        line = f"  [yellow]skipped[/] {_escape(skipped.path)}: {_escape(skipped.reason)}"
        console.print(line, highlight=False, soft_wrap=True)
    codes = {skipped.code for skipped in outcome.skipped}
    for advice in (SKIPPED_ADVICE[code] for code in sorted(codes & SKIPPED_ADVICE.keys())):
        console.print(advice, highlight=False, soft_wrap=True)
    for refusal in outcome.refused:
        advice = REFUSAL_ADVICE[refusal.code]
        text = Text.assemble(("refused", "bold red"), f": {refusal.reason} {advice}")
        stderr().print(text, soft_wrap=True)
    if outcome.unindexed:
        several = outcome.unindexed > 1
        stderr().print(
            f"{outcome.unindexed} document{'s are' if several else ' is'} stored and cannot be found yet, by "
            "meaning or by words: an index has failed, and the log says why. Whatever has the collection "
            "open, such as a service, adds what is missing once the index works: do not ingest again.",
            soft_wrap=True,
            highlight=False,
        )


def print_language_offer(documents: int, other: int, model: str, command: str) -> None:
    """Name the command that changes a collection to a model that knows the language of its documents."""
    print_line(
        f"{other} of {documents} documents that were looked at are not in English, and the model {model} "
        f"knows English only: it finds others by their words. `{command}` changes to a model for about a "
        "hundred languages, and with --plan first says how long that takes. It needs: pip install "
        "'loccit[multilingual]'",
    )


def _escape(text: str) -> str:
    """Text from documents, escaped for markup; on a terminal, controls of direction are visible too."""
    if text.isascii() or not stdout().is_terminal:
        return escape(text)
    from index.text import with_visible_bidi_controls

    return escape(with_visible_bidi_controls(text))


def _table(*columns: str) -> Table:
    """A table that wraps cells that are too wide instead of cutting them off."""
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_documents(documents: Iterable[Json], *, retired: bool, as_json: bool) -> None:
    """Print the documents of a collection; with ``retired`` also when they were retired."""
    if as_json:
        print_json(list(documents))
        return
    table = _table("document", "title", "version", "passages", "characters", *["retired"] * retired)
    for one in documents:
        cells = [str(one["version"]), str(one["passages"]["total"]), f"{one['length']:,}"]
        if retired:
            cells.append(one["retired"] or "")
        table.add_row(_escape(one["document_id"]), _escape(one["title"]), *cells)
    stdout().print(table)


def print_collections(rows: Iterable[CollectionRow], *, as_json: bool) -> None:
    """Print the collections of a data folder or service."""
    if as_json:
        print_json([row.counts for row in rows])
        return
    table = _table("collection", "documents", "passages", "embedded", "model")
    for row in rows:
        counts = (str(row.counts.get(name, "")) for name in ("documents", "passages", "embedded"))
        table.add_row(row.counts["name"], *counts, row.model)
    stdout().print(table)


STANDING: Mapping[str, str] = {
    "current": "These words stand there today.",
    "moved": "These words stand elsewhere in the document today.",
    "reformatted": "The document has the same words in other typography today.",
    "changed": "The document has other words there today.",
    "gone": "Nothing like these words stands in the document today.",
}


def print_citation(found: Json, *, as_json: bool) -> None:
    """Print a quote in its context, and its status in the newest version."""
    if as_json:
        print_json(found)
        return
    console, standing = stdout(), found["standing"]
    console.print(f"[bold]{_escape(_place(found))}[/]  [dim]version {found['version']}[/]")
    console.print(Text.assemble((found["before"], "dim"), (found["quote"], "bold"), (found["after"], "dim")))
    words = STANDING[standing["status"]]
    if standing["since"] is not None:
        words = f"The document is gone since {standing['since']}."
    console.print(f"\n{words}", highlight=False)
    if standing["status"] in {"moved", "reformatted", "changed"} and standing["citation"] is not None:
        if standing["diff"]:
            print_edits(standing["diff"])
        print_locator(standing["citation"]["locator"])


def print_formatted(citation: object) -> None:
    """Print a citation in one of the formats of other programs: text or JSON."""
    if isinstance(citation, str):
        stdout().out(citation, highlight=False)
    else:
        print_json(citation)


def print_verdicts(verdicts: Sequence[Json], *, as_json: bool) -> None:
    """Print the results of a verification: of one quote, or of several, each with its quote."""
    if as_json:
        print_json(verdicts[0] if len(verdicts) == 1 else verdicts)
        return
    console = stdout()
    for verdict in verdicts:
        status, reason = verdict["status"], _escape(verdict["reason"])
        colour = "green" if status in {"verified", "repaired"} else "red"
        if len(verdicts) > 1:
            console.print(f"[bold {colour}]{status.replace('_', ' ')}[/]  {_escape(verdict['quote'])}")
            if reason:
                console.print(f"  {reason}", highlight=False)
        else:
            console.print(f"[bold {colour}]{status.replace('_', ' ')}[/]  {reason}")
        if verdict["diff"]:
            print_edits(verdict["diff"])
        if verdict["citation"] is not None:
            print_locator(verdict["citation"]["locator"], indent="  " if len(verdicts) > 1 else "")


_STATUS_COLOURS = {
    "verified": "green",
    "repaired": "green",
    "supported": "green",
    "unsupported": "yellow",
    "unchecked": "yellow",
}


def print_answer_report(text: str, report: Json, *, with_marks: bool, as_json: bool) -> None:
    """Print the verdicts on the quotes and the sentences of an answer.

    ``with_marks``: the passages were given, so a mark without a passage is reported.
    """
    if as_json:
        print_json(report)
        return
    console = stdout()
    verdicts = [(one["start"], one["end"], one) for one in report["quotes"]]
    verdicts += [(one["start"], one["end"], one["verdict"]) for one in report["sentences"] if one["verdict"]]
    for start, end, verdict in sorted(verdicts, key=lambda one: one[:2]):
        status = verdict["status"]
        colour = _STATUS_COLOURS.get(status, "red")
        console.print(f"[bold {colour}]{status.replace('_', ' ')}[/]  {_escape(text[start:end])}")
        if verdict["reason"]:
            console.print(f"  {_escape(verdict['reason'])}", highlight=False)
        if verdict["citation"] is not None:
            print_locator(verdict["citation"]["locator"], indent="  ")
    for mark in report["unknown_marks"] if with_marks else ():
        console.print(f"[bold red]unknown[/]  There is no passage \\[{mark}].", highlight=False)


def print_edits(edits: Iterable[Mapping[str, Any]]) -> None:
    """Print deletions struck out and insertions underlined; in a pipe, both are marked as wdiff does."""
    console = stdout()
    console.print(mark_edits(edits, is_terminal=console.is_terminal), end="")


def mark_edits(edits: Iterable[Mapping[str, Any]], *, is_terminal: bool) -> Text:
    """Text with marks of what was deleted and inserted."""
    if not is_terminal:
        marks = {"equal": ("", ""), "delete": ("[-", "-]"), "insert": ("{+", "+}")}
        return Text("".join(edit["text"].join(marks[edit["kind"]]) for edit in edits) + "\n")
    styles = {"equal": "", "delete": "red strike", "insert": "green underline"}
    return Text.assemble(*((edit["text"], styles[edit["kind"]]) for edit in edits), "\n")


def print_pruning(plan: Pruning, *, done: bool) -> None:
    """Print the versions and documents that are erased, and the citations that break."""
    from service.faces.api.schemas.values import moment

    console = stdout()
    for version in plan.versions:
        console.print(f"  {_escape(version.document_id)} version {version.number}", highlight=False)
    for document in plan.documents:
        since = moment(document.retired or document.updated)
        console.print(f"  {_escape(document.id)} retired since {since}", highlight=False)
    for locator in plan.broken:
        console.print(f"  [red]breaks[/] {_escape(locator)}", highlight=False, soft_wrap=True)
    count, broken = len(plan.versions), len(plan.broken)
    verb = "Erased" if done else "Would erase"
    erased = f"{verb} {counted(count, 'version')}"
    if plan.documents:
        erased += f" and {counted(len(plan.documents), 'retired document')}"
    console.print(f"{erased}; {broken} of the citations given break.", highlight=False)
