"""Rules for following symbolic links in a folder."""

import os
from pathlib import Path

OUTSIDE = "a link that leads out of the folder"
REPEATED = "a link to a folder that is read already"


class LinkLeadsOut(Exception):
    """The file is not in the folder in which it was found: a link in its path leads out of it."""


class FolderLinks:
    """The links below one folder.

    Links that lead out of it are followed only with ``follow``. A link to a folder is followed once, and
    never into a folder that contains it: a walk ends, whatever the links are.
    """

    def __init__(self, root: Path, *, follow: bool) -> None:
        self._root = Path(os.path.realpath(root))
        self._follow = follow
        self._entered: set[Path] = set()

    def leads_out(self, path: Path) -> bool:
        """Whether a path must not be followed, because a link in it leads out of the folder."""
        return not self._follow and not _real(path).is_relative_to(self._root)

    def enter(self, link: Path, chain: tuple[Path, ...]) -> bool:
        """Return whether to follow a link to a folder, and remember that it was followed.

        ``chain`` are the real paths of the folders that were entered on the way to it.
        """
        target = _real(link)
        if target in self._entered or any(one.is_relative_to(target) for one in chain):
            return False
        self._entered.add(target)
        return True


def chain_to(folder: Path, root: Path) -> tuple[Path, ...]:
    """The real paths of a folder and of those above it, up to the root."""
    return tuple(_real(one) for one in (folder, *folder.parents) if one.is_relative_to(root))


def read_within(path: Path, folder: Path | None) -> bytes:
    """Read a file that is really in this folder; any file without one.

    The file is opened before its place is checked, so that no link put in between leads elsewhere. Raises
    :class:`LinkLeadsOut`, :class:`OSError`.
    """
    if folder is None:
        return path.read_bytes()
    with path.open("rb") as file:
        real = _real(path)
        inside = real.is_relative_to(os.path.realpath(folder))
        if not inside or not os.path.samestat(os.fstat(file.fileno()), real.lstat()):
            raise LinkLeadsOut
        return file.read()


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
