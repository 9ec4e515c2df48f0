"""Pictures of studies: ``python -m benchmarks.plots http_load.json peers.json scale.jsonl [--to FOLDER]``.

The files are what ``benchmarks.speed.http_load`` and ``benchmarks.speed.peers`` saved, and what
``benchmarks.speed.scale`` printed. A picture has a light and a dark form, which it chooses itself; the
colours are those of Okabe and Ito, which everybody tells apart, and no picture needs colours to be
understood.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.figures import exact, read
from evaluation.measures import Estimate

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#595959"
_DARK = {
    "fill: #ffffff": "fill: #1b1a18",
    "fill: #595959": "fill: #b0aa9b",
    "stroke: #595959": "stroke: #b0aa9b",
    "stroke: #000000": "stroke: #b0aa9b",
    "fill: #0072b2": "fill: #56b4e9",
    "stroke: #0072b2": "stroke: #56b4e9",
}
"""Styles of elements, and those that replace them on a dark page."""
_TICKS = (1, 2, 5, 10, 20, 50)
"""Milliseconds on a logarithmic axis."""
Figures = Mapping[str, Estimate]


def read_sizes(path: Path) -> dict[str, Estimate]:
    """The figures of a study that printed an object for each size, named after it."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        f"size_{row['size']}_{name}": exact(value, 1)
        for row in rows
        for name, value in row.items()
        if "passages" in row
    }


def stages(figures: Figures) -> dict[str, float]:
    """The medians of the stages in their order, with what no stage counts: ``other``, and ``http``."""
    named = {
        name.removeprefix("stage_").removesuffix("_ms"): one.value
        for name, one in figures.items()
        if name.startswith("stage_")
    }
    total, http = named.pop("total"), named.pop("http")
    return {**named, "other": max(0.0, total - sum(named.values())), "http": http}


def by_clients(figures: Figures, measure: str) -> dict[int, Estimate]:
    """A measure by number of clients."""
    return _by("clients_", figures, measure)


def by_size(figures: Figures, measure: str) -> dict[int, Estimate]:
    """A measure by number of passages."""
    return _by("size_", figures, measure)


def _by(start: str, figures: Figures, measure: str) -> dict[int, Estimate]:
    found = {}
    for name, one in figures.items():
        number, _, rest = name.removeprefix(start).partition("_")
        if name.startswith(start) and rest == measure:
            found[int(number)] = one
    return found


def by_peer(figures: Figures, measure: str) -> dict[str, float]:
    """A measure by system, Loccit first."""
    end = f"_{measure}"
    found = {name.removesuffix(end): one.value for name, one in figures.items() if name.endswith(end)}
    found.pop("encoder", None)
    return dict(sorted(found.items(), key=lambda one: (not one[0].startswith("loccit"), one[0])))


def latency(figure: Figure, figures: Figures) -> None:
    """The median of each stage beside the model alone, and the percentiles of the whole."""
    axes = figure.add_subplot()
    parts = stages(figures)
    names, values = list(parts)[::-1], list(parts.values())[::-1]
    bars = axes.barh(names, values, color=[ORANGE if name == "encode" else BLUE for name in names])
    axes.bar_label(bars, fmt="%.1f", padding=3, color=GREY)
    alone = figures["encoder_p50_ms"].value
    axes.axvline(alone, color=GREY, linestyle="--", linewidth=1)
    axes.annotate("the model alone", (alone, 0), xytext=(4, 0), textcoords="offset points", color=GREY)
    told = ", ".join(f"{name} {figures[f'{name}_ms'].value:.0f}" for name in ("p50", "p90", "p99"))
    axes.set(xlabel="median, ms", title=f"A question over HTTP, one client: {told} ms")


def throughput(figure: Figure, figures: Figures) -> None:
    """Answers a second, and how long they take, by number of clients."""
    left, right = figure.subplots(1, 2)
    rates = by_clients(figures, "per_second")
    left.plot(list(rates), [one.value for one in rates.values()], marker="o", color=BLUE)
    left.set(title="Answers a second", ylim=(0, None))
    marks = {"p50_ms": (BLUE, "o", "median"), "p99_ms": (ORANGE, "s", "99th percentile")}
    for measure, (colour, marker, label) in marks.items():
        times = by_clients(figures, measure)
        right.plot(
            list(times), [one.value for one in times.values()], marker=marker, color=colour, label=label
        )
    right.set(title="Time of an answer, ms", ylim=(0, None))
    right.legend(frameon=False)
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(rates), [str(clients) for clients in rates])
        axes.set_xlabel("clients that ask all the time")
        axes.grid(alpha=0.3)


def peers(figure: Figure, figures: Figures) -> None:
    """Rates of taking in, and the time of a question, by system."""
    shown = {
        "documents_per_second": "Documents taken in a second",
        "passages_per_second": "Passages taken in a second",
        "question_p50_ms": "Question, median, ms",
    }
    for axes, (measure, title) in zip(figure.subplots(1, len(shown)), shown.items(), strict=True):
        _bars(axes, by_peer(figures, measure))
        axes.set_title(title, fontsize="medium")


def growth(figure: Figure, figures: Figures) -> None:
    """What questions and changes take, by number of passages."""
    axes = figure.add_subplot()
    lines = {
        "ask_total": (BLUE, "o", "a question"),
        "filtered_total": (GREEN, "^", "a question among 1 % of the documents"),
        "add": (ORANGE, "s", "adding 100 passages"),
        "delete": (GREY, "D", "deleting them"),
    }
    for measure, (colour, marker, label) in lines.items():
        times = by_size(figures, measure)
        values = [one.value for one in times.values()]
        axes.plot(list(times), values, marker=marker, color=colour, label=label)
    axes.set(xscale="log", yscale="log", xlabel="passages", title="Median, ms")
    axes.set_yticks(_TICKS, [str(tick) for tick in _TICKS])
    axes.minorticks_off()
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.grid(alpha=0.3)


def _bars(axes: Axes, values: Mapping[str, float]) -> None:
    names = list(values)[::-1]
    bars = axes.barh(names, [values[name] for name in names], height=0.6)
    for bar, name in zip(bars, names, strict=True):
        bar.set_color(ORANGE if name.startswith("loccit") else BLUE)
    axes.bar_label(bars, fmt="%.1f", padding=3, color=GREY)
    axes.margins(x=0.25)


def with_dark_form(svg: str) -> str:
    """A picture as matplotlib writes it, with other colours for whoever prefers dark pages."""
    rules = [f'[style*="{light}"] {{{dark} !important}}' for light, dark in _DARK.items()]
    ink = ":is(text, use):not([style*=fill]) {fill: #e9e5da; stroke: #b0aa9b}\ntext {stroke: none !important}"
    dark = "\n".join([ink, *rules])
    return svg.replace("</style>", f"\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}</style>", 1)


def write(path: Path, draw: Callable[[Figure, Figures], None], figures: Figures) -> None:
    """Draw a picture as SVG whose text stays text; the same figures give the same file."""
    style = {
        "svg.fonttype": "none",
        "svg.hashsalt": "loccit",
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(8, 3.4), layout="constrained", facecolor="white")
        draw(figure, figures)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = StringIO()
        figure.savefig(picture, format="svg", metadata={"Date": None})
        path.write_text(with_dark_form(picture.getvalue()), encoding="utf-8")


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("http_load", type=Path)
    parser.add_argument("peers", type=Path)
    parser.add_argument("scale", type=Path)
    parser.add_argument("--to", type=Path, default=Path("docs/images"))
    options = parser.parse_args()
    load = read(options.http_load)
    write(options.to / "latency.svg", latency, load)
    write(options.to / "throughput.svg", throughput, load)
    write(options.to / "peers.svg", peers, read(options.peers))
    write(options.to / "growth.svg", growth, read_sizes(options.scale))


if __name__ == "__main__":
    main()
