"""Files in a place that machines share, in a folder of their own there: of any size, under plain names.

A folder belongs to one database, which a mark in it names. A copy of a database, as by ``pg_dump`` and
``pg_restore``, names the folders of the original. What the original has stored since the copy was made is
unknown to the copy, which must not remove it.
"""

import json
from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import ObjectsOfAnother, ObjectsUnavailable
from index.objects.address import BucketAddress
from index.objects.bucket import BLOCK
from index.objects.folder import Objects, open_objects

MARK = "owner.json"
"""Name of the mark in its folder."""


class SharedFiles:
    """The files below a name in a shared folder or a bucket. Safe to use from several processes.

    All methods raise :class:`index.errors.ObjectsUnavailable` when a bucket does not answer, and OSError.
    """

    def __init__(
        self, place: Path | BucketAddress, name: str, require: Callable[[], object] = lambda: None
    ) -> None:
        """``name`` has slashes and no slash at its end. ``require`` raises where nothing may be deleted."""
        self._name = name
        self._require = require
        self._place = place

    def put(self, name: str, path: Path) -> None:
        """Copy a local file there, durably; it replaces one of this name, which may be damaged."""
        with path.open("rb") as file:
            self._write(name, iter(lambda: file.read(BLOCK), b""))

    def write(self, name: str, data: bytes) -> None:
        """Keep a few bytes under a name, durably."""
        self._write(name, [data])

    def read(self, name: str) -> bytes:
        """Read what is kept under a name. Raises FileNotFoundError."""
        return b"".join(self._objects.blocks(name))

    def names(self) -> list[str]:
        """The names of all files; unfinished ones may be among them."""
        return [one.name for one in self._objects.list()]

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file from there to a local path. Raises FileNotFoundError."""
        blocks = self._objects.blocks(name)
        first = next(blocks, b"")  # before there is a file of that path
        with path.open("wb") as file:
            file.write(first)
            file.writelines(blocks)

    def delete(self, names: Collection[str]) -> None:
        """Delete files by their names, as far as they are there."""
        self._require()
        self._objects.delete(names)

    def sweep(self, keep: Container[str]) -> int:
        """Delete all files but those of these names, and unfinished ones; returns how many.

        No other process may put files meanwhile.
        """
        self._require()
        objects = self._objects
        for upload in list(objects.unfinished()):
            objects.abort(upload.name, upload.upload_id)
        gone = [name for name in self.names() if name not in keep]
        objects.delete(gone)
        return len(gone)

    def _write(self, name: str, parts: Iterable[bytes]) -> None:
        if not self._objects.write(name, parts):
            raise ObjectsUnavailable(f"The upload of {name} was aborted by another process.")

    @property
    def _objects(self) -> Objects:
        return open_objects(self._place, self._name)


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
        """The owner of the folder; None where it has no mark. A mark that cannot be read is a stranger's."""
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
