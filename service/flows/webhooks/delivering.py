"""The thread that delivers the messages of webhooks, again and later where that fails."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx

from index.collection import Collection, warn_once
from index.errors import CollectionBusy, LoccitError, StoreUnavailable
from index.library import Library
from index.sources.web import Fetcher, PinnedTransport, WebConfig
from service.background import BackgroundThread
from service.flows.webhooks.configured import (
    MOST_UNDELIVERED,
    Webhook,
    all_webhooks,
    change_webhook,
    webhooks_of,
)
from service.flows.webhooks.messages import Message, compose, compose_again, signature, untold_since
from service.settings import Settings, webhook_secret, webhook_variable
from service.settings.values import split_list
from service.state.jobs.protocols import JobStore

log = logging.getLogger("loccit.service")

ATTEMPTS = 10
"""Tries of a message, over about nine hours, until it is given up."""
_FIRST_PAUSE = 30.0
_LONGEST_PAUSE = 3 * 3600.0
_LOOK_SECONDS = 5.0
_REPLY_BYTES = 65_536
"""For the head of a reply: its body is not read."""
_SECONDS = 10.0
_LEASE = "@webhooks"
"""No source has this name."""


class Undeliverable(Exception):
    """A message was not taken; the text says why, without anything of the reply."""


class NoSecret(Undeliverable):
    """The process has no secret to sign with. Another one may have it, so that this counts as no try."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages to the addresses of webhooks. ``transport`` takes the place of the network in tests."""

    settings: Settings
    transport: httpx.BaseTransport | None = None
    clock: Callable[[], float] = time.time

    def send(self, webhook: Webhook, message: Message) -> None:
        """Send a message. Raises :class:`Undeliverable`. Redirects are not followed, and bodies not read."""
        secret = webhook_secret(webhook.name)
        if not secret:
            raise NoSecret(f"The variable {webhook_variable(webhook.name)} has no secret to sign with.")
        now = int(self.clock())
        try:
            signed = signature(secret, message.id, now, message.body)
        except ValueError:
            raise Undeliverable(
                f"What follows whsec_ in the variable {webhook_variable(webhook.name)} is not base64."
            ) from None
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Loccit",
            "webhook-id": message.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signed,
        }
        try:
            with httpx.Client(transport=self._transport(webhook.url), trust_env=False) as client:
                status = client.post(webhook.url, content=message.body, headers=headers).status_code
        except LoccitError as error:
            raise Undeliverable(error.message) from None
        except httpx.HTTPError:
            raise Undeliverable("The address could not be reached.") from None
        if not 200 <= status < 300:
            raise Undeliverable(f"The address answered {status}.")

    def _transport(self, url: str) -> httpx.BaseTransport:
        if self.transport is not None:
            return self.transport
        port = urlsplit(url).port
        web = WebConfig(
            max_bytes=_REPLY_BYTES,
            seconds=_SECONDS,
            ports=(80, 443, port) if port else (80, 443),
            allowed_networks=tuple(split_list(self.settings.web_networks)),
        )
        return PinnedTransport(Fetcher(web), reads_bodies=False)


class WebhookWorker(BackgroundThread):
    """Looks at the webhooks of all collections now and then, and delivers what they have not been told.

    Each process has one; of those that share a collection, one at a time delivers. What it is killed with is
    delivered by the next.
    """

    thread_name = "loccit-webhooks"

    def __init__(self, library: Library, jobs: JobStore, sender: Sender) -> None:
        super().__init__()
        self._library = library
        self._jobs = jobs
        self._sender = sender

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            try:
                self.look_around()
            except StoreUnavailable as error:
                log.warning("Webhooks wait: %s", error.message)
            except Exception:
                log.exception("The thread that delivers webhooks failed, and goes on.")

    def look_around(self) -> None:
        """Look at the webhooks of all collections; one that fails does not keep the others waiting."""
        for name in self._library.names():
            try:
                self.look_at(name)
            except Exception:
                log.exception("The webhooks of the collection %r failed; the others go on.", name)

    def look_at(self, name: str) -> None:
        """Deliver what the webhooks of one collection have not been told and are due for."""
        try:
            collection = self._library.open(name)
            webhooks, unreadable = all_webhooks(collection)
            for problem in unreadable.values():
                warn_once(name, problem.message)
            if not webhooks:
                return
            with collection.editor.running(_LEASE):
                for webhook in webhooks_of(collection):
                    going: Webhook | None = webhook
                    while going and not self._stopped.is_set() and going.next_try <= self._sender.clock():
                        going = self._deliver(collection, name, going)
        except CollectionBusy:
            return  # another process does it
        except LoccitError as error:
            log.info("The webhooks of the collection %r wait: %s", name, error.message)

    def _deliver(self, collection: Collection, name: str, webhook: Webhook) -> Webhook | None:
        """Deliver one message; returns the webhook as it goes on where there is more to tell at once."""
        now = self._sender.clock()
        if webhook.since > (last := collection.last_change()):  # an earlier backup was restored
            restored = replace(webhook, since=last)
            _store(collection, webhook, restored)
            webhook = restored
        jobs = self._jobs.finished(name, untold_since(webhook)) if "jobs" in webhook.topics else []
        message = compose(collection, name, webhook, jobs, now)
        if message is None:
            return None
        if message.id:  # else there is nothing that it is to be told of
            try:
                self._sender.send(webhook, message)
            except NoSecret as error:
                if str(error) != webhook.problem:
                    _store(collection, webhook, replace(webhook, problem=str(error)))
                return None
            except Undeliverable as error:
                _store(collection, webhook, failed(webhook, message, str(error), now))
                return None
        _store(collection, webhook, message.after)
        # It goes on only as it is stored: it may have been removed or replaced meanwhile.
        return message.after if message.more and message.after in webhooks_of(collection) else None


def failed(webhook: Webhook, message: Message, problem: str, now: float) -> Webhook:
    """A webhook after a message was not taken: it is tried later, or given up after too many tries."""
    failures = webhook.failures + 1
    if failures < ATTEMPTS:
        pause = min(_FIRST_PAUSE * 2 ** (failures - 1), _LONGEST_PAUSE)
        return replace(webhook, failures=failures, next_try=now + pause, problem=problem)
    log.warning("A message of the webhook %r was given up: %s", webhook.name, problem)
    given_up = replace(message.content, at=now, problem=problem)
    listed = (*webhook.undelivered, given_up)[-MOST_UNDELIVERED:]
    return replace(message.after, undelivered=listed, problem=problem)


def retry(collection: Collection, name: str, webhook: Webhook, jobs: JobStore, sender: Sender) -> int:
    """Send the messages that were given up again; returns how many were taken.

    Raises :class:`Undeliverable` for the first that is not.
    """
    finished = [job for job in jobs.in_state("done", "failed", "cancelled") if job.collection == name]
    count = 0
    for one in webhook.undelivered:
        message = compose_again(collection, name, webhook, one, finished)
        sender.send(webhook, message)
        change_webhook(
            collection,
            webhook.name,
            lambda known, gone=one: (
                known  # type: ignore[misc]
                and replace(known, undelivered=tuple(left for left in known.undelivered if left != gone))
            ),
        )
        count += 1
    return count


def _store(collection: Collection, before: Webhook, after: Webhook) -> None:
    """Store how far a webhook was told, unless it was removed or replaced meanwhile."""
    change_webhook(collection, before.name, lambda known: after if known == before else known)
