"""Preloaded in the fork server so that reader processes start warm.

It holds what every worker needs. The readers of single formats are not part of it: a worker imports those
that its files need.
"""

import sys
from importlib.machinery import ModuleSpec

import index.readers.isolation
import index.text  # noqa: F401
from index.readers.languages import detect_language


class _AnyName(str):
    """A name that equals every other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)

    def __hash__(self) -> int:
        return 0


def _skip_main_module() -> None:
    """Let workers begin without the main module of the program, which :mod:`multiprocessing` runs again.

    They need nothing of it, and a script without ``if __name__ == "__main__"`` would start readers in them,
    over and over. A program on standard input, as in ``python -``, has no file that could be run again. A
    worker runs no main module if it already is the one that it has (``multiprocessing.spawn.prepare``).
    """
    main = sys.modules["__main__"]
    if getattr(main, "__file__", None) is None and main.__spec__ is None:  # only in the fork server
        main.__file__ = _AnyName()
        main.__spec__ = ModuleSpec(_AnyName(), None)


_skip_main_module()
detect_language("The first text loads the model that detects languages, so this must be long enough. " * 2)
