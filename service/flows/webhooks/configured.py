"""Webhooks as a collection keeps them, each with how far it has been told."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from index.citations import parse_locator
from index.collection import Collection, Connections
from index.errors import InvalidSource, SourceNotFound
from index.naming import validate_groups
from index.sources.web import parse_url

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""Without underscores: in the name of the variable with its secret, each hyphen is one."""
Topic = Literal["documents", "jobs", "citations"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
MOST_CITATIONS = 1000
MOST_UNDELIVERED = 20
"""Messages that are listed as undelivered, the newest."""
EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that was given up: its changes, jobs and citations, when, and the last problem."""

    since: int
    until: int
    jobs: Sequence[str]
    citations: Mapping[str, str]
    at: float
    problem: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told what happens in a collection.

    ``groups`` are those whose documents it is told of, besides documents for everybody; ``*`` for all.
    ``citations`` (locators) are watched. It has been told the changes up to ``since``, the jobs that finished
    until ``jobs_since`` or are in ``jobs_told``, and the ``statuses`` of citations. After ``failures`` in a
    row it is tried again at ``next_try``.
    """

    name: str
    url: str
    topics: tuple[str, ...] = TOPICS
    groups: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    since: int = 0
    jobs_since: float = 0.0
    jobs_told: tuple[str, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    failures: int = 0
    next_try: float = 0.0
    problem: str = ""
    undelivered: tuple[Undelivered, ...] = ()

    @property
    def readable(self) -> frozenset[str] | None:
        """The groups that it sees with; None for all documents."""
        return None if EVERYONE in self.groups else frozenset(self.groups)


_STORED = Connections("webhook", Webhook)


def validate_webhook(webhook: Webhook) -> Webhook:
    """Return the webhook with groups in order.

    Raises :class:`index.errors.InvalidSource`, and for its parts :class:`index.sources.web.InvalidUrl`,
    :class:`index.errors.InvalidLocator`, :class:`index.errors.InvalidGroup`.
    """
    if not _NAME.fullmatch(webhook.name):
        raise InvalidSource(
            f"{webhook.name[:63]!r} cannot name a webhook. Use 1 to 63 of a-z, 0-9 and '-'; begin with "
            "a letter or digit."
        )
    parse_url(webhook.url)
    if unknown := set(webhook.topics) - set(TOPICS):
        raise InvalidSource(
            f"{min(unknown)[:80]!r} is nothing that a webhook tells. There are: {', '.join(TOPICS)}."
        )
    if len(webhook.citations) > MOST_CITATIONS:
        raise InvalidSource(f"A webhook watches {MOST_CITATIONS} citations at most. Make several.")
    for locator in webhook.citations:
        parse_locator(locator)
    groups = webhook.groups if EVERYONE in webhook.groups else validate_groups(webhook.groups)
    return replace(webhook, groups=tuple(groups))


def webhooks_of(collection: Collection) -> list[Webhook]:
    """The webhooks of a collection, by their names, without those that cannot be read."""
    return _STORED.all(collection)[0]


def all_webhooks(collection: Collection) -> tuple[list[Webhook], Mapping[str, InvalidSource]]:
    """The webhooks, and the errors of those that are stored in a form that cannot be read, by their names."""
    return _STORED.all(collection)


def webhook_of(collection: Collection, name: str) -> Webhook:
    """One webhook.

    Raises :class:`index.errors.SourceNotFound`, and :class:`index.errors.InvalidSource` if it is stored in a
    form that cannot be read.
    """
    if (found := _STORED.one(collection, name)) is None:
        raise _not_found(name)
    return found


def change_webhook(
    collection: Collection, name: str, change: Callable[[Webhook | None], Webhook | None]
) -> None:
    """Replace a webhook by what ``change`` returns for it; None, given or returned, is for no webhook."""
    _STORED.change(collection, name, change)


def remove_webhook(collection: Collection, name: str) -> None:
    """Forget a webhook. Raises :class:`index.errors.SourceNotFound`."""
    if not _STORED.remove(collection, name):
        raise _not_found(name)


def _not_found(name: str) -> SourceNotFound:
    return SourceNotFound(f"There is no webhook {name!r}.")
