"""Consoles on stdout and stderr that wrap text on a terminal only."""

from rich.console import Console

_NO_LIMIT = 1_000_000
"""Width of a file or pipe in columns: lines are never wrapped there."""


def stdout() -> Console:
    """Console for results. Created for each use, because ``sys.stdout`` may be replaced in between."""
    return _console(stderr=False)


def stderr() -> Console:
    """Console for errors and progress. Created for each use."""
    return _console(stderr=True)


def print_line(line: str, *, style: str = "") -> None:
    """Print a line on stdout as it is: it may have what looks like markup."""
    stdout().print(line, style=style, markup=False, highlight=False, soft_wrap=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, emoji=False)
    if not console.is_terminal:
        console.width = _NO_LIMIT
    return console
