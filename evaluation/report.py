"""An evaluation as one HTML page that needs nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.comparison import compared
from evaluation.harness import Evaluation, Outcome

_TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
_MAIN = ("span_recall@5", "ndcg@10", "recall@5")
"""The first of these that an evaluation has is what it is judged by."""
_WORST = 20


def write_report(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write a report of the first evaluation, beside the others.

    Has tables, plots (quality against latency, reliability, precision and recall of refusals), and the
    questions that got worse against the first of the others, or else those that went worst.
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
                name: compared(other.by_question(name), first.by_question(name)) for name in first.names()
            }
            for other in others
        },
        latency=first.latency(),
        trust=first.reliability(),
        plots=plots(evaluations, measure),
        worst=worst(first, others[0] if others else None, measure),
    )
    path.write_text(page, encoding="utf-8")


def main_measure(evaluation: Evaluation) -> str:
    """What the evaluation is judged by."""
    return next((name for name in _MAIN if name in evaluation.names()), "")


def worst(
    first: Evaluation, other: Evaluation | None, measure: str
) -> list[tuple[Outcome, float, float | None]]:
    """At most twenty questions: by how much they lost against another evaluation, or by their value."""
    before = other.by_question(measure) if other else {}
    rows = [
        (one, one.values[measure], before.get(one.id))
        for one in first.outcomes
        if measure in one.values and (other is None or before.get(one.id, 0.0) > one.values[measure])
    ]
    rows.sort(key=lambda row: row[1] - (row[2] or 0.0))
    return rows[:_WORST]


def plots(evaluations: Sequence[Evaluation], measure: str) -> dict[str, Markup]:
    """The plots as SVG, by their titles."""
    drawn: dict[str, Markup] = {}
    if measure:
        drawn["Quality against latency"] = _drawn(lambda axes: _quality(axes, evaluations, measure))
    trusted = [one for one in evaluations if one.reliability()]
    if trusted:
        drawn["Reliability of answerability"] = _drawn(lambda axes: _reliability(axes, trusted))
        drawn["Precision and recall of answerability"] = _drawn(lambda axes: _precision(axes, trusted))
    return drawn


def _drawn(draw: object) -> Markup:
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    draw(figure.add_subplot())  # type: ignore[operator]
    svg = io.StringIO()
    # Text stays text, and nothing in the file changes from run to run.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "loccit"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    return Markup(re.sub(r"\A.*?(?=<svg)", "", svg.getvalue(), flags=re.DOTALL))  # noqa: S704 -- drawn here


def _quality(axes: Axes, evaluations: Sequence[Evaluation], measure: str) -> None:
    for one in evaluations:
        if (estimate := one.estimates().get(measure)) is None:
            continue
        latency = one.latency()["p50"]
        error = [[estimate.value - estimate.low], [estimate.high - estimate.value]]
        axes.errorbar([latency], [estimate.value], yerr=error, fmt="o", capsize=3)
        axes.annotate(one.name, (latency, estimate.value), xytext=(6, 4), textcoords="offset points")
    axes.set(xlabel="median latency, ms", ylabel=measure)
    axes.grid(alpha=0.3)


def _reliability(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    for one in evaluations:
        if trust := one.reliability():
            stated, true, _ = zip(*trust.bins, strict=True)
            axes.plot(stated, true, marker="o", label=f"{one.name}, ECE {trust.ece:.3f}")
    axes.set(xlabel="stated probability", ylabel="share that could be answered", xlim=(0, 1), ylim=(0, 1))
    axes.legend()
    axes.grid(alpha=0.3)


def _precision(axes: Axes, evaluations: Sequence[Evaluation]) -> None:
    for one in evaluations:
        if trust := one.reliability():
            axes.plot(trust.recall, trust.precision, label=f"{one.name}, AUROC {trust.auroc:.3f}")
    axes.set(xlabel="recall of answerable questions", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(loc="lower left")
    axes.grid(alpha=0.3)
