"""A folder of a place that machines share belongs to one database, which a mark in it names.

A copy of a database, as by ``pg_dump`` and ``pg_restore``, names the folders of the original. What the
original has stored since the copy was made is unknown to the copy, which must not remove it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import ObjectsOfAnother
from index.objects.address import BucketAddress
from index.objects.shared_files import SharedFiles

MARK = "owner.json"
"""Name of the mark in its folder."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A database: the identifier of its server's files (which standbys share), and its number there."""

    system: str
    database: str
    name: str = field(default="", compare=False)
    """For people; it may change."""

    def __str__(self) -> str:
        return f"{self.name or 'unnamed'} (number {self.database} of the server {self.system})"


class OwnedFolder:
    """A folder of a place, and the mark in it. Safe to use from several threads and processes.

    ``identify`` returns who asks, at each call: a database may be replaced while a process runs. Methods
    raise :class:`index.errors.ObjectsUnavailable`, OSError, and what ``identify`` raises.
    """

    def __init__(self, place: Path | BucketAddress, name: str, identify: Callable[[], Owner]) -> None:
        """``name`` is that of the folder in the place, with slashes and none at its end."""
        self.name = name
        self._files = SharedFiles(place, name)
        self._identify = identify

    def owner(self) -> Owner | None:
        """Who owns the folder; None where it has no mark. One that cannot be read is that of a stranger."""
        try:
            found = json.loads(self._files.read(MARK))
            return Owner(str(found["system"]), str(found["database"]), str(found.get("name", "")))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            return Owner("unknown", "unknown")

    def is_own(self) -> bool:
        """Tell whether the folder belongs to the one who asks; one without a mark does from then on."""
        own, found = self._identify(), self.owner()
        if found is None:
            self._write(own)
            return True
        return found == own

    def take(self) -> None:
        """Make the one who asks the owner, whoever was it before."""
        self._write(self._identify())

    def require(self) -> None:
        """Raise :class:`index.errors.ObjectsOfAnother` unless the folder is own."""
        if not self.is_own():
            raise ObjectsOfAnother(
                f"The folder {self.name} in the place for originals and uploads belongs to the database "
                f"{self.owner()}, and this is {self._identify()}: nothing is deleted there."
            )

    def _write(self, owner: Owner) -> None:
        values = {"system": owner.system, "database": owner.database, "name": owner.name}
        self._files.write(MARK, f"{json.dumps(values, indent=2)}\n".encode())
