"""Write the tables in docs/ that say what the program says: ``make docs``.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

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


TABLES: dict[str, Callable[[], str]] = {"settings": settings}


def built(page: str) -> str:
    """The page with its tables as they should be."""
    return _PLACE.sub(lambda place: f"{place[1]}\n{TABLES[place[2]]()}\n{place[3]}", page)


if __name__ == "__main__":
    for path in sorted(DOCS.glob("*.md")):
        path.write_text(built(path.read_text()))
