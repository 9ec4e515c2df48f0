"""Handling of Ctrl-C in commands that can be continued."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cli.terminal.consoles import stderr

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 + SIGINT, as shells define it."""


@contextmanager
def exit_on_interrupt(kept: str = "The documents ingested so far are kept") -> Iterator[None]:
    """Exit on Ctrl-C with a message that the same command continues where it stopped."""
    try:
        yield
    except KeyboardInterrupt:
        stderr().print(f"Interrupted. {kept}; run the same command again to continue.")
        raise typer.Exit(INTERRUPTED) from None
