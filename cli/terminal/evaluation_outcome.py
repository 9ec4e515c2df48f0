"""The outcome of ``loccit eval`` for people: how many questions were answered, and those that were not."""

from collections.abc import Iterator, Mapping, Sequence

from rich.markup import escape
from rich.padding import Padding

from cli.terminal.consoles import stdout
from evaluation.harness import Evaluation, Outcome
from evaluation.verdicts import Kind, Verdict, summarize

_LISTED = 10
"""Questions of a kind that are printed; ``--html`` has all of them."""
_LONGEST = 240
"""Characters of a text that are printed."""
_HEADINGS: Mapping[Kind, str] = {
    "wrong": "Wrong: the first five passages do not have the answer",
    "overclaimed": "Wrong: answered, though the documents do not say",
    "near": "Near: the answer was found, but a reader does not see it first",
}


def print_summary(evaluation: Evaluation, others: Sequence[Evaluation]) -> None:
    """Print the counts, and each question that was not answered with what a reader would have seen first."""
    verdicts = evaluation.verdicts()
    for line in summarize(verdicts):
        stdout().print(f"[bold]{line}[/]", highlight=False)
    if unknown := len(evaluation.outcomes) - len(verdicts):
        stdout().print(f"{unknown} more name no answer, and are not counted.", highlight=False)
    for other in others:
        _print_changes(verdicts, other.verdicts(), other.name)
    for kind, heading in _HEADINGS.items():
        judged = [one for one in evaluation.outcomes if one.id in verdicts]
        _print_kind(heading, [one for one in judged if verdicts[one.id].kind == kind], verdicts)
    stdout().print()


def _print_changes(now: Mapping[str, Verdict], before: Mapping[str, Verdict], name: str) -> None:
    shared = [id_ for id_ in now if id_ in before]
    better = [id_ for id_ in shared if now[id_].is_better_than(before[id_])]
    worse = [id_ for id_ in shared if before[id_].is_better_than(now[id_])]
    if not shared:
        return
    told = f"Against {name}: {_named(better)} better, {_named(worse)} worse."
    stdout().print(escape(told), highlight=False)


def _named(ids: Sequence[str]) -> str:
    more = ", …" if len(ids) > _LISTED else ""
    return f"{len(ids)} ({', '.join(ids[:_LISTED])}{more})" if ids else "0"


def _print_kind(heading: str, outcomes: Sequence[Outcome], verdicts: Mapping[str, Verdict]) -> None:
    if not outcomes:
        return
    console = stdout()
    console.print(f"\n{heading} ({len(outcomes)})", highlight=False)
    for one in outcomes[:_LISTED]:
        console.print(f"  [bold]{escape(_line(one.question))}[/] [dim]({escape(one.id)})[/]", highlight=False)
        for label, text in _details(one, verdicts[one.id]):
            console.print(Padding(f"{label}: {text}", (0, 0, 0, 4), expand=False), highlight=False)
    if len(outcomes) > _LISTED:
        console.print(f"  and {len(outcomes) - _LISTED} more: --html FILE lists them", highlight=False)


def _details(outcome: Outcome, verdict: Verdict) -> Iterator[tuple[str, str]]:
    """The first that a reader sees, what answers, and why that is not right."""
    if outcome.found:
        document = outcome.locators[0].rpartition("@")[0]
        yield "seen first", f"{escape(_line(outcome.found[0]))} [dim]({escape(document)})[/]"
    else:
        yield "seen first", "nothing"
    if outcome.expected:
        yield "expected", escape(_line(outcome.expected[0]))
    yield "why", escape(verdict.reason)


def _line(text: str) -> str:
    """A text on one line, cut to what is printed."""
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
