"""The state of a record, and what names it."""

import os
from dataclasses import dataclass

from index.records import Notice

TOKEN_BYTES = 8
ACCESS = "access"
"""The value that marks those who may read the record."""
OBJECTS = "objects"
"""The value that names the folder of a copy in a place for originals."""


@dataclass(frozen=True, slots=True)
class State:
    """The last change, what names the record, its totals, and the last change that erased something.

    ``generation`` counts the exchanges by upgrades, ``original_bytes`` the bytes of originals that are kept.
    ``is_standby``: it was read from one, whose last change may be an earlier one.
    """

    change: int
    store: str
    epoch: str
    generation: int
    erased: int
    original_bytes: int
    documents: int
    passages: int
    waiting: int
    characters: int
    is_standby: bool = False

    def notice(self, since: int) -> Notice:
        """Report what was committed after change ``since``."""
        return Notice(self.change, self.erased > since, self.generation)


def random_name() -> str:
    """A name that nothing has: 32 hexadecimal digits."""
    return os.urandom(16).hex()
