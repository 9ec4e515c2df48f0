"""Messages to webhooks: the changes since the last one, signed as Standard Webhooks describe it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from index.citations import parse_locator
from index.collection import Collection
from index.records import Event
from service.flows.webhooks.configured import Undelivered, Webhook
from service.state.jobs.records import Job

_EVENTS = 100
_OVERLAP_SECONDS = 60.0
"""Jobs that another process finished a moment earlier may be seen a moment later."""
_ENCODED = "whsec_"
"""Before a secret that is written in base64."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and the webhook as it is once the message is delivered."""

    id: str
    body: bytes
    after: Webhook
    content: Undelivered
    more: bool = False
    """True if there is more to tell at once."""


@dataclass(frozen=True, slots=True)
class _Parts:
    documents: Sequence[Event] = ()
    jobs: Sequence[Job] = ()
    citations: Mapping[str, str] = field(default_factory=dict)


def compose(
    collection: Collection, name: str, webhook: Webhook, jobs: Sequence[Job], now: float
) -> Message | None:
    """The next message of a webhook; None if there is nothing to tell. ``jobs`` have finished."""
    archive = collection.restrict_to(webhook.readable).archive
    watched = [parse_locator(one) for one in webhook.citations] if "citations" in webhook.topics else []
    has_changed = collection.archive.changes(since=webhook.since, limit=1)[0].until > webhook.since
    asked = watched if has_changed or not webhook.statuses else []
    feed, statuses = archive.changes(since=webhook.since, limit=_EVENTS, locators=asked)
    found = {one.locator: one.status for one in statuses}
    parts = _Parts(
        documents=feed.events if "documents" in webhook.topics else (),
        jobs=_untold(webhook, jobs) if "jobs" in webhook.topics else (),
        citations={
            locator: status
            for locator, status in found.items()
            if webhook.statuses and status != webhook.statuses.get(locator)
        },
    )
    jobs_since = max([webhook.jobs_since, *(job.finished or 0.0 for job in parts.jobs)])
    after = replace(
        webhook,
        since=feed.until,
        jobs_since=jobs_since,
        jobs_told=tuple(
            job.id
            for job in jobs
            if (job.finished or 0.0) > jobs_since - _OVERLAP_SECONDS
            and (job.id in webhook.jobs_told or job in parts.jobs)
        ),
        statuses={**webhook.statuses, **found},
        failures=0,
        next_try=0.0,
        problem="",
    )
    content = Undelivered(webhook.since, feed.until, [job.id for job in parts.jobs], parts.citations, now, "")
    if not (parts.documents or parts.jobs or parts.citations):
        return Message("", b"", after, content, feed.more) if after != webhook else None
    return _message(name, webhook, parts, after, content, feed.more)


def compose_again(
    collection: Collection, name: str, webhook: Webhook, one: Undelivered, jobs: Sequence[Job]
) -> Message:
    """A message that was given up, again; what it told of is read anew."""
    archive = collection.restrict_to(webhook.readable).archive
    events: list[Event] = []
    since = one.since
    while since < one.until and "documents" in webhook.topics:
        feed, _ = archive.changes(since=since, until=one.until, limit=_EVENTS)
        events += feed.events
        since = feed.until
    parts = _Parts(events, [job for job in jobs if job.id in one.jobs], one.citations)
    left = tuple(other for other in webhook.undelivered if other != one)
    return _message(name, webhook, parts, replace(webhook, undelivered=left), one, False)


def untold_since(webhook: Webhook) -> float:
    """The time after which jobs finished that a webhook may not have been told."""
    return webhook.jobs_since - _OVERLAP_SECONDS


def _untold(webhook: Webhook, jobs: Sequence[Job]) -> list[Job]:
    return [
        job
        for job in jobs
        if (job.finished or 0.0) > untold_since(webhook) and job.id not in webhook.jobs_told
    ]


def _message(
    name: str, webhook: Webhook, parts: _Parts, after: Webhook, content: Undelivered, more: bool
) -> Message:
    told: dict[str, Any] = {
        "webhook": webhook.name,
        "collection": name,
        "since": content.since,
        "until": content.until,
        "documents": [
            {
                "change": one.change,
                "document_id": one.document_id,
                "kind": one.kind,
                "was": one.was,
                "version": one.version,
                "created": _time(one.created),
            }
            for one in parts.documents
        ],
        "jobs": [
            {"job_id": job.id, "kind": job.kind, "state": job.state, "finished": _time(job.finished or 0.0)}
            for job in parts.jobs
        ],
        "citations": [
            {"locator": locator, "status": status, "before": webhook.statuses.get(locator)}
            for locator, status in parts.citations.items()
        ],
    }
    # The same message has the same id whenever it is sent, so that who has it already can tell.
    id_ = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]
    return Message(f"msg_{id_}", json.dumps(told, ensure_ascii=False).encode(), after, content, more)


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``, as https://www.standardwebhooks.com describe it.

    What follows ``whsec_`` in a secret is base64. Raises ``ValueError`` where it is not.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    key = secret.removeprefix(_ENCODED)
    raw = base64.b64decode(key, validate=True) if key != secret else secret.encode()
    digest = hmac.new(raw, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
