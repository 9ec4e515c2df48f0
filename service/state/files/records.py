"""Uploaded files, where they are attached, and what collections are called as vector stores."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from service.state.identity.principal import Groups, Principal, Scope


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file that was uploaded, attached to a collection or not. ``created`` is in seconds since the epoch.

    ``owner`` says which caller sent it, and ``groups`` for which groups, None for all.
    """

    id: str
    filename: str
    purpose: str
    size: int
    created: float
    owner: str
    groups: Groups = None

    def is_own_of(self, caller: Principal) -> bool:
        """True if a caller uploaded it, or may see everything. Others may see it where it is attached."""
        if caller.scope is Scope.ADMIN and caller.collections is None and caller.groups is None:
            return True
        is_for_groups = caller.groups is None or (self.groups is not None and self.groups <= caller.groups)
        return owner_of(caller) == self.owner and is_for_groups

    @property
    def tag(self) -> bytes:
        """Tag of the file in the ledger of erasures."""
        return hashlib.sha256(f"file {self.id}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that became, or is about to become, a document of a collection by a job."""

    collection: str
    file_id: str
    document_id: str
    job_id: str
    created: float
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreLabel:
    """Name of a collection as a vector store. ``created`` is in seconds since the epoch."""

    collection: str
    name: str
    description: str
    metadata: Mapping[str, str]
    created: float


def owner_of(caller: Principal) -> str:
    """Which caller this is: its key, and the person whom a proxy signed in."""
    return f"{caller.key}/{caller.user}"
