"""Files to ingest, on this machine or on any file system of fsspec."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pathspec import GitIgnoreSpec

from index.errors import InvalidInput
from index.naming import reason_beside

_LOCAL_SCHEMES = ("file", "local")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was not ingested, and why. The reason does not repeat the name of the file.

    ``code`` names the kind of reason, where a program or advice depends on it: that of an error,
    ``duplicate_id``, ``file_too_large``, ``unreadable_folder``, ``outside_link`` or ``repeated_link``.
    """

    path: str
    reason: str
    code: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", reason_beside(self.path, self.reason))


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to ingest, the id of its document, and its sidecar if it has one.

    ``within`` is the folder out of which no link in its path may lead; None if links are followed anywhere.
    """

    path: Path
    document_id: str
    sidecar: Path | None = None
    within: Path | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns of gitignore that select files by their paths below a folder.

    Without ``include`` all files are selected. ``exclude`` takes precedence.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    _included: GitIgnoreSpec = field(init=False, repr=False, compare=False)
    _excluded: GitIgnoreSpec = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_included", GitIgnoreSpec.from_lines(self.include))
        object.__setattr__(self, "_excluded", GitIgnoreSpec.from_lines(self.exclude))

    def admit(self, path: str) -> bool:
        """Whether a file is selected."""
        if self._excluded.match_file(path):
            return False
        return not self.include or self._included.match_file(path)


def resolve_location(address: str) -> Path:
    """The path for an address, without links: a local one, or a remote one for a URL such as ``s3://bucket``.

    Raises :class:`index.errors.InvalidInput` if the package for the URL's scheme is not installed.
    """
    path = location(address)
    return path.resolve() if is_local(path) else path


def location(address: str) -> Path:
    """The path for an address as it is written, links included. Raises as :func:`resolve_location`."""
    scheme, separator, _ = address.partition("://")
    if not separator:
        return Path(address)
    if scheme in _LOCAL_SCHEMES:
        return Path(url2pathname(urlsplit(address).path))
    try:
        from upath import UPath

        # UPath is no Path, but has all of its methods that are used here.
        return cast(Path, UPath(address))
    except (ImportError, ValueError) as error:
        raise InvalidInput(
            f"{address}: {scheme}:// cannot be read ({error}). "
            "Install loccit[remote] and the package that fsspec needs for it, such as s3fs or gcsfs."
        ) from error


def is_local(path: Path) -> bool:
    """Whether a path is on this machine's file system."""
    return isinstance(path, Path)


def presence(path: Path) -> Literal["present", "gone", "unknown"]:
    """Whether a file or folder exists; ``unknown`` when the file system fails."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "gone"
    except OSError:
        return "unknown"
    return "present"
