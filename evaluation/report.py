"""Write an evaluation as one self-contained HTML page."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.by_kind import MAIN_MEASURES, MIN_QUESTIONS
from evaluation.comparison import compare
from evaluation.harness import Evaluation, Outcome
from evaluation.verdicts import summarize

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
_MAIN_MEASURES = ("span_recall@5", "ndcg@10", "recall@5")
"""In order of preference: the first that an evaluation has ranks its questions and is plotted."""
_WORST = 20


def write_report(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write a report of the first evaluation, with the others for comparison.

    It begins with how many questions were answered, and with those that were not. It has tables, also by kind
    of document, what each measure says, plots (quality against latency, reliability, precision and recall of
    answerability), the questions that lost most against the second evaluation, or without one those with the
    lowest values, and those whose answerability is most wrong; with the words that were expected and found,
    by both evaluations side by side.
    """
    first, *others = evaluations
    measure = main_measure(first)
    page = _TEMPLATES.get_template("report.html.jinja").render(
        first=first,
        others=others,
        measure=measure,
        estimates=first.estimates(),
        differences={
            other.name: {
                name: compare(other.by_question(name), first.by_question(name)) for name in first.names()
            }
            for other in others
        },
        latency=first.latency(),
        trust=first.reliability(),
        kinds=first.by_kind(),
        shown=[name for name in MAIN_MEASURES if name in first.names()],
        enough=MIN_QUESTIONS,
        plots=plots(evaluations, measure),
        explanation=explanation,
        summary=summarize(verdicts := first.verdicts()),
        not_right=[
            (one, verdicts[one.id])
            for one in first.outcomes
            if one.id in verdicts and not verdicts[one.id].is_right
        ],
        worst=worst(first, others[0] if others else None, measure),
        misjudged=misjudged(first, others[0] if others else None),
    )
    path.write_text(page, encoding="utf-8")


def main_measure(evaluation: Evaluation) -> str:
    """Name of the measure that ranks the questions of a report; empty when there is none."""
    return next((name for name in _MAIN_MEASURES if name in evaluation.names()), "")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a report, and what became of it in another evaluation, if it was asked there."""

    outcome: Outcome
    before: Outcome | None

    def loss(self, measure: str) -> float:
        """How much less than before, or than the most, a measure is."""
        before = 1.0 if self.before is None else self.before.values.get(measure, 0.0)
        return before - self.outcome.values[measure]


def worst(first: Evaluation, other: Evaluation | None, measure: str) -> list[Asked]:
    """The twenty questions that lost most against another evaluation, or that have the lowest values."""
    rows = [one for one in _asked(first, other) if measure in one.outcome.values and one.loss(measure) > 0]
    if other is not None:
        rows = [one for one in rows if one.before is not None]
    return sorted(rows, key=lambda one: -one.loss(measure))[:_WORST]


def misjudged(first: Evaluation, other: Evaluation | None) -> list[Asked]:
    """The twenty questions whose answerability is on the wrong side of one half, the most wrong first."""

    def error(one: Asked) -> float:
        return abs(one.outcome.answerability - bool(one.outcome.answerable))

    known = [one for one in _asked(first, other) if one.outcome.answerable is not None]
    return sorted((one for one in known if error(one) > 0.5), key=lambda one: -error(one))[:_WORST]


def _asked(first: Evaluation, other: Evaluation | None) -> list[Asked]:
    before = {one.id: one for one in other.outcomes} if other else {}
    return [Asked(one, before.get(one.id)) for one in first.outcomes]


def plots(evaluations: Sequence[Evaluation], measure: str) -> dict[str, Markup]:
    """Plots as SVG by title."""
    drawn: dict[str, Markup] = {}
    if measure:
        drawn["Quality against latency"] = _svg(lambda axes: _plot_quality(axes, evaluations, measure))
    trusted = [one for one in evaluations if one.reliability()]
    if trusted:
        drawn["Reliability of answerability"] = _svg(lambda axes: _plot_reliability(axes, trusted))
        drawn["Precision and recall of answerability"] = _svg(lambda axes: _plot_precision(axes, trusted))
    return drawn


def _svg(draw: object) -> Markup:
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    draw(figure.add_subplot())  # type: ignore[operator]
    svg = io.StringIO()
    # Text stays text, and nothing in the file changes from run to run.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "loccit"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return Markup(re.sub(r"\A.*?(?=<svg)", "", svg.getvalue(), flags=re.DOTALL))  # noqa: S704 -- drawn here


def _plot_quality(axes: Axes, evaluations: Sequence[Evaluation], measure: str) -> None:
    for one in evaluations:
        if (estimate := one.estimates().get(measure)) is None:
            continue
        latency = one.latency()["p50"]
        error = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
        axes.errorbar([latency], [estimate.value], yerr=error, fmt="o", capsize=3)
        axes.annotate(one.name, (latency, estimate.value), xytext=(6, 4), textcoords="offset points")
    axes.set(xlabel="median latency, ms", ylabel=measure)
    axes.grid(alpha=0.3)


def _plot_reliability(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    for one in evaluations:
        if trust := one.reliability():
            stated, true, _ = zip(*trust.bins, strict=True)
            axes.plot(stated, true, marker="o", label=f"{one.name}, ECE {trust.ece:.3f}")
    axes.set(xlabel="stated probability", ylabel="share that could be answered", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    axes.grid(alpha=0.3)


def _plot_precision(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    for one in evaluations:
        if trust := one.reliability():
            axes.plot(trust.recall, trust.precision, label=f"{one.name}, AUROC {trust.auroc:.3f}")
    axes.set(xlabel="recall of answerable questions", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="lower left")
    axes.grid(alpha=0.3)


# What each measure says, in a sentence.


_OF_QUESTIONS = {
    "recall": "Share of the documents that answer which are among the first {depth}.",
    "ndcg": "How high the documents that answer stand among the first {depth}; 1 if they come first.",
    "mrr": "One over the place of the first document that answers, 0 if it is not among the first {depth}.",
    "span_recall": "Share of the words that answer which stand in the first {depth} passages.",
    "span_iou": "Words that answer and stand in the first {depth} passages, over the words that do either: "
    "it falls if passages quote more than the answer.",
    "overlap": "Whether some words of an answer stand in the first {depth} passages.",
    "evidence": "Whether an answer is among the first {depth} lit sentences of the first passage with one.",
}
_OF_ALL = {
    "answerability AUROC": "How often a question that the documents answer gets a higher probability than "
    "one that they do not; 0.5 is a guess.",
    "answerability average precision": "The mean share of answerable questions above each probability.",
    "answerability ECE (0 is best)": "How far stated probabilities are from the shares that hold.",
    "latency p50": "Half of the questions take no longer, without HTTP.",
    "latency p95": "95 of 100 questions take no longer.",
    "latency p99": "99 of 100 questions take no longer.",
}


def explanation(measure: str) -> str:
    """The sentence for a measure, such as ``recall@5`` or ``latency p95``; empty for an unknown one."""
    name, _, depth = measure.partition("@")
    return _OF_ALL.get(measure) or _OF_QUESTIONS.get(name, "").format(depth=depth)
