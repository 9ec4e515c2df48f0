"""Files of locators, one on each line."""

from pathlib import Path

import typer


def read_locators(path: Path | None) -> list[str]:
    """The locators in a file; none without one. Raises :class:`typer.BadParameter` for other than UTF-8."""
    try:
        text = "" if path is None else path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"--citations: {path} is no text in UTF-8.") from None
    return [line for line in map(str.strip, text.split("\n")) if line]
