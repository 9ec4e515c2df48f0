"""``loccit eval``: measure the quality of answers, print the figures, and write reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from rich.markup import escape
from rich.table import Table

from cli.terminal.consoles import stderr, stdout
from cli.terminal.evaluation_outcome import print_summary
from cli.terminal.progress import bars
from evaluation import calibration, harness, questions
from evaluation.by_kind import MAIN_MEASURES, MIN_QUESTIONS, Figures
from evaluation.comparison import compare
from evaluation.harness import Evaluation
from evaluation.measures import Estimate
from index.collection import Collection
from index.errors import InvalidInput
from index.library import Library
from index.naming import CALIBRATION_FILE
from index.search import load_answerability
from index.sources import put_all
from service.settings import Settings
from service.state.library import open_library

_SAVED_SETTINGS = ("dense_weight", "min_answerability", "model")
"""Settings that are saved with an evaluation, so that two of them can be told apart."""
_NAMED = 5
"""Missing documents that are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the command."""

    collection: str = ""
    split: str = "test"
    limit: int | None = None
    save: Path | None = None
    compare: Sequence[Path] = ()
    html: Path | None = None
    calibrate: bool = False
    skip_missing: bool = False
    """Leave out questions whose quote or documents are not in the collection, instead of failing."""


def run(source: Path, settings: Settings, options: Options) -> None:
    """Evaluate the questions in a file or BEIR folder, and print and write the results.

    Documents of a BEIR folder are ingested into a collection below ``evaluation/`` in the data folder.
    """
    asked = questions.load(source, split=options.split)[: options.limit]
    others = [harness.load(path) for path in options.compare]
    own_documents = source.is_dir() and not options.collection
    if own_documents:
        settings = settings.model_copy(
            update={
                "data": settings.data / "evaluation",
                "models": settings.embedding_config().cache,
                "store": SecretStr(""),  # on this machine alone: nobody else asks them
            }
        )
    with open_library(settings) as library:
        collection = (
            ingest_corpus(library, source) if own_documents else library.open(options.collection or "default")
        )
        asked = locate_questions(collection, asked, skip_missing=options.skip_missing)
        evaluation = evaluate(collection, asked, source.resolve().name, settings)
        print_summary(evaluation, others)
        print_evaluation(evaluation, others)
        print_by_kind(evaluation)
        warn_of_drafts(evaluation)
        if options.save:
            harness.save(evaluation, options.save)
        if options.html:
            from evaluation.report import write_report  # matplotlib takes a second

            write_report(options.html, [evaluation, *others])
            stdout().print(f"Report: {options.html}", highlight=False)
        if options.calibrate:
            calibrate(collection, evaluation)


def ingest_corpus(library: Library, folder: Path) -> Collection:
    """Ingest the documents of a BEIR folder into a collection with its name."""
    collection = library.open(folder.resolve().name.replace(".", "-").lower(), create=True)
    with bars() as progress:
        reading = progress.add_task("reading documents", total=None)
        task = progress.add_task("embedding passages", total=None, visible=False)

        def show_passages(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=True)

        done = 0
        for outcomes in put_all(collection, questions.sources(folder), show_passages):
            for error in (outcome for outcome in outcomes if isinstance(outcome, InvalidInput)):
                progress.console.print(f"[yellow]skipped[/] {escape(error.message)}", highlight=False)
            done += len(outcomes)
            progress.update(reading, completed=done)
        progress.update(reading, total=done)
    return collection


def locate_questions(
    collection: Collection, asked: Sequence[questions.Question], *, skip_missing: bool
) -> list[questions.Question]:
    """Find the questions' quotes and documents in the collection.

    Raises :class:`evaluation.questions.MissingQuotes` when no document contains some quotes, and
    :class:`evaluation.questions.MissingDocuments` when some questions' documents are not there;
    ``skip_missing`` leaves these questions out and says how many there are. Questions that miss only some of
    their documents are asked, and the documents named.
    """
    located = questions.locate_quotes(list(asked), collection)
    missing = questions.missing_quotes(located)
    if missing:
        located = _leave_out(
            located, questions.MissingQuotes(missing, of=len(located)), missing, skip_missing
        )
    missing, partly = questions.missing_documents(located, collection)
    if missing:
        error = questions.MissingDocuments(missing, of=len(located))
        located = _leave_out(located, error, missing, skip_missing)
    if partly:
        named = ", ".join(map(repr, partly[:_NAMED])) + (", …" if len(partly) > _NAMED else "")
        told = f"{len(partly)} documents that questions name beside others are missing: {named}"
        stderr().print(f"[yellow]note[/] {escape(told)}", highlight=False)
    return located


def _leave_out(
    located: Sequence[questions.Question],
    error: questions.MissingQuotes | questions.MissingDocuments,
    missing: Sequence[questions.Question],
    skip_missing: bool,
) -> list[questions.Question]:
    """Leave questions out and say so, or raise the error."""
    if error.is_total or not skip_missing:
        raise error
    stderr().print(f"[yellow]left out[/] {escape(error.summary)}", highlight=False)
    left_out = {question.id for question in missing}
    return [question for question in located if question.id not in left_out]


def evaluate(
    collection: Collection, asked: Sequence[questions.Question], name: str, settings: Settings
) -> Evaluation:
    """Ask the questions, with a progress bar."""
    with bars() as progress:
        task = progress.add_task("asking", total=len(asked))
        return harness.evaluate(
            collection,
            asked,
            name=name,
            settings={part: getattr(settings, part) for part in _SAVED_SETTINGS},
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def print_evaluation(evaluation: Evaluation, others: Sequence[Evaluation]) -> None:
    """Print means with their intervals, and the differences from other evaluations."""
    table = Table("measure", "mean", "95 % interval", "questions", *(f"against {one.name}" for one in others))
    for name, estimate in evaluation.estimates().items():
        cells = [
            name,
            estimate.rounded,
            estimate.interval,
            f"{estimate.questions}",
        ]
        table.add_row(*cells, *(_format_difference(evaluation, other, name) for other in others))
    if (trust := evaluation.reliability()) is not None:
        count = str(sum(size for _, _, size in trust.bins))
        table.add_row("answerability AUROC", f"{trust.auroc:.2f}", "", count)
        table.add_row("answerability average precision", f"{trust.average_precision:.2f}", "", count)
        table.add_row("answerability ECE (0 is best)", f"{trust.ece:.2f}", "", count)
    for share, milliseconds in evaluation.latency().items():
        table.add_row(f"latency {share}", f"{milliseconds:.1f} ms", "", str(len(evaluation.outcomes)))
    stdout().print(table)


def _format_difference(evaluation: Evaluation, other: Evaluation, name: str) -> str:
    found = compare(other.by_question(name), evaluation.by_question(name))
    if found is None:
        return ""
    colour = ("green" if found.value > 0 else "red") if found.is_significant else "dim"
    return f"[{colour}]{found.value:+.3f} (p {found.p:.3f})[/]"


def print_by_kind(evaluation: Evaluation) -> None:
    """Print a line for each kind of document, if the questions are about more than one."""
    kinds = evaluation.by_kind()
    if len(kinds) < 2:
        return
    shown = [name for name in MAIN_MEASURES if name in evaluation.names()]
    has_auroc = any(figures.auroc for figures in kinds.values())
    table = Table("answered by", "questions", *shown, *["answerability AUROC"] * has_auroc)
    for kind, figures in kinds.items():
        table.add_row(escape(kind), str(figures.questions), *_cells(figures, shown, has_auroc=has_auroc))
    stdout().print(table)
    told = f"Each mean with its 95 % interval; below {MIN_QUESTIONS} questions there is none."
    if several := evaluation.of_several_kinds():
        told += f" {several} questions are answered by documents of several kinds and count in each."
    stdout().print(told, highlight=False)


def _cells(figures: Figures, shown: Sequence[str], *, has_auroc: bool) -> list[str]:
    if figures.are_too_few:
        return ["too few"] * (len(shown) + has_auroc)
    found = [figures.estimates.get(name) for name in shown]
    return [_format_estimate(one) for one in [*found, *[figures.auroc] * has_auroc]]


def _format_estimate(estimate: Estimate | None) -> str:
    if estimate is None:
        return "too few"
    return f"{estimate.rounded} ({estimate.interval})"


def warn_of_drafts(evaluation: Evaluation) -> None:
    """Say how many questions are drafts, and why figures with them are too good."""
    if count := evaluation.drafts():
        told = (
            f"drafts among the {len(evaluation.outcomes)} questions: {count}. They are made from the words "
            'of the passage that answers them and flatter the search. Reword each, and delete its "draft".'
        )
        stderr().print(f"[yellow]note[/] {told}", highlight=False)


def calibrate(collection: Collection, evaluation: Evaluation) -> None:
    """Fit answerability to the questions without drafts, and save it in the folder of the collection."""
    known = [one for one in evaluation.outcomes if one.answerable is not None and not one.is_draft]
    if drafts := evaluation.drafts():
        stdout().print(f"left out of the calibration: {drafts} drafts", highlight=False)
    fitted = calibration.fit(
        [one.features for one in known],
        [bool(one.answerable) for one in known],
        source=evaluation.name,
        base=load_answerability(model=collection.description.model_source),
    )
    path = collection.folder / CALIBRATION_FILE
    fitted.answerability.save(path)
    held = fitted.held_out
    told = (
        f"on held-out ones AUROC {held.auroc:.3f}, ECE {held.ece:.3f}" if held else "too few to hold some out"
    )
    stdout().print(
        f"Calibrated on {len(known)} questions; {told}. Saved in {path}; a running service uses it after a "
        "restart.",
        highlight=False,
    )
