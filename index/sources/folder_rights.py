"""Rights of folders: a file ``.loccit.yaml`` in a folder names the groups that may read what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from index.errors import InvalidMetadata
from index.sources.sidecars import parse_sidecar

RIGHTS_FILE = ".loccit.yaml"


@dataclass(slots=True)
class FolderRights:
    """The groups of folders, by their paths; those of the nearest folder above hold."""

    _groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, folder: str, data: bytes, *, name: str) -> None:
        """Read the rights of a folder.

        Raises :class:`index.errors.InvalidMetadata` and :class:`index.errors.InvalidGroup`.
        """
        self._groups[folder] = parse_rights(data, name=name)

    def close(self, folder: str) -> None:
        """Let nobody read what is in a folder, because its rights cannot be read."""
        self._groups[folder] = ()

    def has(self, folder: str) -> bool:
        """Tell whether it has rights of just this folder."""
        return folder in self._groups

    def groups(self, path: str) -> tuple[str, ...] | None:
        """The groups that may read a file: empty where :meth:`close` was called; None without rights."""
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self._groups:
                return self._groups[folder]
        return self._groups.get("")


def parse_rights(data: bytes, *, name: str) -> tuple[str, ...]:
    """The groups that a file names: a mapping with ``groups``, a list that is not empty.

    Raises :class:`index.errors.InvalidMetadata` and :class:`index.errors.InvalidGroup`.
    """
    found = parse_sidecar(data, name=name)
    given: Mapping[str, object] = {
        "title": found.title,
        "source": found.source,
        "metadata": found.metadata,
    }
    if not found.groups or any(given.values()):
        raise InvalidMetadata(
            f"{name}: write a mapping with the key groups only, a list of at least one name."
        )
    return found.groups
