"""The listing of an application: its entries, and whether these are all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or page of an application.

    ``path`` is where it is there, with slashes. ``checksum`` changes with its content; empty where nothing
    tells that, so that it is read each time. ``identity`` stays when it is moved; empty where the application
    has none. ``link`` is its own address, which citations show. ``key`` is what its bytes are asked for by.
    """

    path: str
    checksum: str = ""
    size: int = 0
    identity: str = ""
    link: str = ""
    key: str = ""
    is_restricted: bool = False
    """True if the application shows it to some of its readers only, and does not say to whom."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All entries of one look. ``missing`` says why there may be more; empty for a complete listing.

    ``has_rights_files`` says whether files that name the groups of folders can be among the entries.
    """

    entries: Sequence[Entry]
    missing: str = ""
    has_rights_files: bool = True

    @property
    def may_lack_rights(self) -> bool:
        """Tell whether a file that names the groups of a folder may be there, and is not listed."""
        return bool(self.missing) and self.has_rights_files


class Application(Protocol):
    """An application that has documents, as one source sees it."""

    def listing(self) -> Listing:
        """List the entries.

        Raises :class:`index.errors.SourceError` when the application does not answer to the end.
        """

    def read(self, entry: Entry) -> bytes:
        """Read the bytes of an entry.

        Raises :class:`EntryRefused` where this entry cannot be read, and :class:`index.errors.SourceError`
        where no other can be, either.
        """

    def readers(self, entry: Entry) -> tuple[str, ...] | None:
        """The groups that may read an entry in the application; None where that cannot be told."""

    def close(self) -> None:
        """Close its connections."""


class Stopped(Exception):
    """A run ends early because it was asked to; what was read is stored."""


class EntryRefused(Exception):
    """An entry is not taken; ``code`` is that of :class:`index.sources.files.Skipped`."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
