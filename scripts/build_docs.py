"""Write the tables in docs/ that say what the program says: ``make docs``.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks import run
from evaluation.measures import Estimate
from service.settings import PREFIX, Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"
_PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def table(*rows: Sequence[str]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"| {' | '.join('---' for _ in rows[0])} |", *body])


def settings() -> str:
    """All settings with their defaults and their help."""
    return table(("variable", "default", "meaning"), *_settings())


def _settings() -> Iterable[Sequence[str]]:
    for name, field in Settings.model_fields.items():
        value = "" if field.default is None else str(field.default)
        value = value.lower() if isinstance(field.default, bool) else value
        yield f"`{PREFIX}{name.upper()}`", f"`{value}`" if value else "none", field.description or ""


def benchmarks() -> str:
    """All conditions that have been measured, with intervals, limits, and figures of others."""
    kept = run.results()
    rows = [
        (f"`{one.name}`", one.says, _measured(kept[one.name]), _limit(one), _others(one))
        for one in run.conditions()
        if one.name in kept
    ]
    return table(("condition", "what", "measured (95 % interval)", "aim", "others"), *rows)


def _measured(estimate: Estimate) -> str:
    return f"**{estimate.value:.3f}** ({estimate.low:.3f} to {estimate.high:.3f})"


def _limit(condition: run.Condition) -> str:
    if condition.at_most is not None:
        return f"at most {condition.at_most}"
    return "" if condition.at_least is None else f"at least {condition.at_least}"


def _others(condition: run.Condition) -> str:
    return "; ".join(f"{one['who']} {one['value']}" for one in condition.others)


TABLES: dict[str, Callable[[], str]] = {"benchmarks": benchmarks, "settings": settings}


def built(page: str) -> str:
    """The page with its tables as they should be."""
    return _PLACE.sub(lambda place: f"{place[1]}\n{TABLES[place[2]]()}\n{place[3]}", page)


if __name__ == "__main__":
    for path in sorted(DOCS.glob("*.md")):
        path.write_text(built(path.read_text()))
