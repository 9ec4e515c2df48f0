"""Generate the tables and references in docs/ from the program: ``make docs``.

Generated is the text between ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks import drills as drilled, run
from evaluation.measures import Estimate
from index.filters import OPERATORS, Operator
from scripts.api_reference import addresses, objects, operations
from scripts.command_reference import commands
from scripts.error_reference import errors, statuses
from scripts.limits_reference import limits
from service.monitoring.metrics import describe_metrics
from service.settings import PREFIX, REMOVED, Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"
_TABLE_BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def table(*rows: Sequence[str]) -> str:
    """Format a Markdown table; the first row is the header."""
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"| {' | '.join('---' for _ in rows[0])} |", *body])


def settings() -> str:
    """Return the table of settings with defaults and help."""
    return table(("variable", "default", "meaning"), *_setting_rows())


def _setting_rows() -> Iterable[Sequence[str]]:
    for name, field in Settings.model_fields.items():
        value = "" if field.default is None else str(field.default)
        value = value.lower() if isinstance(field.default, bool) else value
        yield f"`{PREFIX}{name.upper()}`", f"`{value}`" if value else "none", field.description or ""


def milvus_settings() -> str:
    """Return the table of settings of the engine on Milvus."""
    from loccit_milvus import MilvusConfig

    declared = MilvusConfig.__pydantic_fields__  # type: ignore[attr-defined]
    return table(
        ("variable", "default", "meaning"),
        *(
            (
                f"`{PREFIX}MILVUS_{name.upper()}`",
                f"`{field.default}`" if str(field.default) else "none",
                field.description,
            )
            for name, field in declared.items()
            if field.description
        ),
    )


def removed_settings() -> str:
    """Return the table of settings of earlier versions."""
    rows = [
        (f"`{PREFIX}{name}`", one.now, "stops the start" if one.stops else "a warning")
        for name, one in sorted(REMOVED.items())
    ]
    return table(("variable", "now", "while it is set"), *rows)


def benchmarks() -> str:
    """Return the table of measured conditions, with intervals, limits and figures of other programs."""
    kept, on = run.results(), run.processors()
    rows = [
        (
            f"`{one.name}`",
            one.says,
            _format_measurement(kept[one.name], on.get(one.name, "")),
            _aim(one, kept[one.name]),
            _others(one),
        )
        for one in run.conditions()
        if one.name in kept
    ]
    return table(("condition", "what", "measured (95 % interval)", "aim", "others"), *rows)


def _format_measurement(estimate: Estimate, processor: str) -> str:
    on = f", {processor}" if processor else ""
    return f"**{estimate.value:.3f}** ({estimate.low:.3f} to {estimate.high:.3f}){on}"


def _aim(condition: run.Condition, estimate: Estimate) -> str:
    return f"{_limit(condition)} ✗ missed" if condition.is_missed_by(estimate) else _limit(condition)


def _limit(condition: run.Condition) -> str:
    if condition.at_most is not None:
        return f"at most {condition.at_most}"
    return "" if condition.at_least is None else f"at least {condition.at_least}"


def _others(condition: run.Condition) -> str:
    return "; ".join(f"{one['who']} {one['value']}" for one in condition.others)


def drills() -> str:
    """Return the table of what drills have shown."""
    return table(drilled.COLUMNS, *(one.row() for one in drilled.drills()))


def operators() -> str:
    """Return the table of the comparisons in filters."""
    rows = [(f"`{one.name}`", _operator_reading(one)) for one in OPERATORS.values()]
    return table(("`type`", "the metadata under `key` are"), *rows)


def _operator_reading(operator: Operator) -> str:
    return f"{operator.meaning}, or missing" if operator.is_complement else operator.meaning


def metrics() -> str:
    """Return the table of metrics."""
    rows = [
        (f"`{one.name}`", one.kind, ", ".join(f"`{label}`" for label in one.labels), one.text)
        for one in describe_metrics()
    ]
    return table(("metric", "kind", "labels", "meaning"), *rows)


TABLES: dict[str, Callable[[], str]] = {
    "addresses": addresses,
    "benchmarks": benchmarks,
    "commands": commands,
    "drills": drills,
    "errors": errors,
    "limits": limits,
    "metrics": metrics,
    "objects": objects,
    "milvus_settings": milvus_settings,
    "operations": operations,
    "operators": operators,
    "removed_settings": removed_settings,
    "settings": settings,
    "statuses": statuses,
}


def with_tables(page: str) -> str:
    """Return the page with all that is generated in it."""
    return _TABLE_BLOCK.sub(lambda block: f"{block[1]}\n{TABLES[block[2]]()}\n{block[3]}", page)


if __name__ == "__main__":
    for path in sorted(DOCS.rglob("*.md")):
        path.write_text(with_tables(path.read_text()))
