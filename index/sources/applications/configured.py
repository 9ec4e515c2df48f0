"""Sources as a collection keeps them."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from index.collection import Collection, Connections
from index.errors import InvalidSource, SourceNotFound
from index.naming import validate_document_id, validate_groups
from index.sources.web import parse_url

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""Without underscores: in the name of the variable with its secret, each hyphen is one."""
LEAST_EVERY = 60
"""Fewest seconds between two runs of a schedule."""


@dataclass(frozen=True, slots=True)
class Run:
    """The last run of a source: when, how long, what it did, and its problem, empty without one."""

    began: float
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""
    code: str = ""
    is_complete: bool = True
    """True if the listing was complete, so that what is gone was removed."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place whose documents a collection has.

    ``kind`` names the application, ``place`` what of it, ``url`` its address and ``user`` who asks there. Its
    secret is ``sealed`` by whoever keeps it, or else in the environment, if the source ``reads_environment``:
    one that came over HTTP never does, for it would be sent to an address of the sender's. ``prefix`` is put
    before the ids of documents. ``groups`` may read them, or those of the longest of ``group_prefixes`` that
    their path begins with. With ``takes_readers`` the application says who may read each document, and
    ``owner`` is the group for what it does not tell. ``every`` so many seconds the source is looked at; 0 for
    only when it is asked for.
    """

    name: str
    kind: str
    place: str = ""
    url: str = ""
    user: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    groups: tuple[str, ...] | None = None
    group_prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes_readers: bool = False
    owner: str = ""
    every: float = 0.0
    erases: bool = False
    last: Run | None = None
    wanted: float = 0.0
    """When the application said that it has changed; a run that begins later serves that."""
    reads_environment: bool = True
    sealed: str = field(default="", repr=False)

    @property
    def address(self) -> Sequence[object]:
        """Everything that decides where its secret is sent, and what it opens there."""
        return [self.kind, self.place, self.url, self.user, sorted(self.options.items())]

    def is_due(self, now: float) -> bool:
        """True if it is to run now: by its schedule, or because it has changed, but once a minute at most."""
        began = self.last.began if self.last else 0.0
        if self.wanted > began and now - began >= LEAST_EVERY:
            return True
        return bool(self.every) and (self.last is None or now - self.last.began >= self.every)


_STORED = Connections("source", Source)


def validate_source(source: Source) -> Source:
    """Return the source with groups in order.

    Raises :class:`index.errors.InvalidSource`, for groups :class:`index.errors.InvalidGroup`, and for an
    address, which may have no password in it, :class:`index.sources.web.InvalidUrl`.
    """
    if not _NAME.fullmatch(source.name):
        raise InvalidSource(
            f"{source.name[:63]!r} cannot name a source. Use 1 to 63 of a-z, 0-9 and '-'; begin with a "
            "letter or digit."
        )
    if source.url:
        parse_url(source.url)
    prefix = source.prefix.strip("/") or source.name
    validate_document_id(f"{prefix}/x")
    if source.every and source.every < LEAST_EVERY:
        raise InvalidSource(f"A source is looked at every {LEAST_EVERY} seconds at most.")
    if source.takes_readers and not source.owner:
        raise InvalidSource(
            "To take readers from the application, name the owner: the group that alone may read what the "
            "application does not tell the readers of."
        )
    validate_groups([source.owner] if source.owner else [])
    return replace(
        source,
        prefix=prefix,
        groups=None if source.groups is None else validate_groups(source.groups),
        group_prefixes={
            path.strip("/"): validate_groups(groups) for path, groups in source.group_prefixes.items()
        },
    )


def sources_of(collection: Collection) -> list[Source]:
    """The sources of a collection, by their names, without those that cannot be read."""
    return _STORED.all(collection)[0]


def all_sources(collection: Collection) -> tuple[list[Source], Mapping[str, InvalidSource]]:
    """The sources, and the errors of those that are stored in a form that cannot be read, by their names."""
    return _STORED.all(collection)


def source_of(collection: Collection, name: str) -> Source:
    """One source.

    Raises :class:`index.errors.SourceNotFound`, and :class:`index.errors.InvalidSource` if it is stored in a
    form that cannot be read.
    """
    if (found := _STORED.one(collection, name)) is None:
        raise _not_found(name)
    return found


def put_source(collection: Collection, source: Source) -> Source:
    """Add a source, or replace that of its name, which keeps what is known of its last run.

    It keeps where its secret is only as long as its address is the same. Returns it as it is stored.
    """
    stored = validate_source(source)

    def change(before: Source | None) -> Source:
        nonlocal stored
        if before:
            stored = replace(stored, last=before.last, wanted=before.wanted)
            if before.address == stored.address:
                stored = replace(
                    stored,
                    sealed=stored.sealed or before.sealed,
                    reads_environment=stored.reads_environment or before.reads_environment,
                )
        return stored

    _STORED.change(collection, stored.name, change)
    return stored


def remove_source(collection: Collection, name: str) -> None:
    """Forget a source; its documents stay. Raises :class:`index.errors.SourceNotFound`."""
    if not _STORED.remove(collection, name):
        raise _not_found(name)


def note_run(collection: Collection, name: str, run: Run) -> None:
    """Record the last run of a source, unless it was removed meanwhile."""
    _STORED.change(collection, name, lambda known: known and replace(known, last=run))


def want_run(collection: Collection, name: str) -> None:
    """Note that a source has changed. Raises as :func:`source_of`."""
    source = source_of(collection, name)
    if source.wanted > (source.last.began if source.last else 0.0):
        return  # it is noted already, and many may say so
    _STORED.change(collection, name, lambda known: known and replace(known, wanted=time.time()))


def _not_found(name: str) -> SourceNotFound:
    return SourceNotFound(f"There is no source {name!r}.")
