"""``loccit eval``: how good the answers are, on questions whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.progress import bars
from evaluation import calibration, harness, questions
from evaluation.comparison import compared
from evaluation.harness import Evaluation
from evaluation.report import write_report
from index.answerability import FILE
from index.background_embedding import put_all
from index.collection import Collection
from index.errors import InvalidInput
from index.library import Library
from service.library_settings import open_library
from service.settings import Settings

console = Console(emoji=False)
_PARTS = (
    "dense_weight",
    "spelt_weight",
    "candidates",
    "second_look",
    "sentence_weight",
    "document_weight",
    "model",
)
"""Settings that are kept with an evaluation: what two of them may differ in."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked for, beside the questions."""

    collection: str = ""
    split: str = "test"
    limit: int | None = None
    save: Path | None = None
    compare: Sequence[Path] = ()
    html: Path | None = None
    calibrate: bool = False


def run(asked: Path, settings: Settings, options: Options) -> None:
    """Evaluate, print, and write what was asked for.

    A BEIR folder's own documents go into a collection below ``evaluation/`` in the data folder.
    """
    asking = questions.load(asked, split=options.split)[: options.limit]
    others = [harness.load(path) for path in options.compare]
    own_documents = asked.is_dir() and not options.collection
    if own_documents:
        settings = settings.model_copy(
            update={"data": settings.data / "evaluation", "models": settings.embedding_config().cache}
        )
    with open_library(settings) as library:
        collection = (
            library.open(options.collection or "default") if not own_documents else ingested(library, asked)
        )
        evaluation = evaluated(collection, asking, asked.resolve().name, settings)
        show(evaluation, others)
        if options.save:
            harness.save(evaluation, options.save)
        if options.html:
            write_report(options.html, [evaluation, *others])
            console.print(f"Report: {options.html}", highlight=False)
        if options.calibrate:
            calibrate(collection, evaluation)


def ingested(library: Library, folder: Path) -> Collection:
    """A collection of the folder's documents; what is in it already is not embedded again."""
    collection = library.open(folder.resolve().name.replace(".", "-").lower(), create=True)
    with bars() as progress:
        reading = progress.add_task("reading documents", total=None)
        task = progress.add_task("embedding passages", total=None, visible=False)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=True)

        done = 0
        for outcomes in put_all(collection, questions.sources(folder), show):
            for wrong in (one for one in outcomes if isinstance(one, InvalidInput)):
                progress.console.print(f"[yellow]skipped[/] {wrong.message}", highlight=False)
            done += len(outcomes)
            progress.update(reading, completed=done)
        progress.update(reading, total=done)
    return collection


def evaluated(
    collection: Collection, asking: Sequence[questions.Question], name: str, settings: Settings
) -> Evaluation:
    """Ask the questions with a bar."""
    with bars() as progress:
        task = progress.add_task("asking", total=len(asking))
        return harness.evaluate(
            collection,
            questions.located(list(asking), collection),
            name=name,
            settings={part: getattr(settings, part) for part in _PARTS},
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def show(evaluation: Evaluation, others: Sequence[Evaluation]) -> None:
    """Print the means with their intervals, and how they differ from other evaluations'."""
    table = Table("measure", "mean", "95 % interval", "questions", *(f"against {one.name}" for one in others))
    for name, estimate in evaluation.estimates().items():
        cells = [
            name,
            f"{estimate.value:.4f}",
            f"{estimate.low:.3f} to {estimate.high:.3f}",
            f"{estimate.questions}",
        ]
        table.add_row(*cells, *(_difference(evaluation, other, name) for other in others))
    if (trust := evaluation.reliability()) is not None:
        count = str(sum(size for _, _, size in trust.bins))
        table.add_row("answerability AUROC", f"{trust.auroc:.4f}", "", count)
        table.add_row("answerability average precision", f"{trust.average_precision:.4f}", "", count)
        table.add_row("answerability ECE (0 is best)", f"{trust.ece:.4f}", "", count)
    for share, milliseconds in evaluation.latency().items():
        table.add_row(f"latency {share}", f"{milliseconds:.1f} ms", "", str(len(evaluation.outcomes)))
    console.print(table)


def _difference(evaluation: Evaluation, other: Evaluation, name: str) -> str:
    found = compared(other.by_question(name), evaluation.by_question(name))
    if found is None:
        return ""
    colour = ("green" if found.value > 0 else "red") if found.is_significant else "dim"
    return f"[{colour}]{found.value:+.4f} (p {found.p:.3f})[/]"


def calibrate(collection: Collection, evaluation: Evaluation) -> None:
    """Fit answerability to the questions, and keep it with the collection."""
    known = [one for one in evaluation.outcomes if one.answerable is not None]
    fitted = calibration.fit(
        [one.features for one in known], [bool(one.answerable) for one in known], source=evaluation.name
    )
    path = collection.folder / FILE
    fitted.answerability.save(path)
    held = fitted.held_out
    console.print(
        f"Calibrated on {len(known)} questions; on held out ones AUROC {held.auroc:.3f}, ECE {held.ece:.3f}. "
        f"Kept in {path}; a running service uses it after a restart.",
        highlight=False,
    )
