"""A collection of a running service, asked over HTTP with the package ``loccit_client``."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cli.instances import (
    CONTEXT,
    ClientMissing,
    CollectionRow,
    Format,
    Json,
    Place,
    Question,
    ReplyError,
    describe_model,
)

try:
    import loccit_client
except ModuleNotFoundError as error:
    raise ClientMissing(
        f"--server (LOCCIT_URL) needs the package loccit-client, and {error.name} is not installed. In a "
        "clone of Loccit run: pip install clients/python"
    ) from error

if TYPE_CHECKING:
    from loccit_client.models import Collection

_PURGE_SECONDS = 60.0
_POLL_SECONDS = 0.25


@contextmanager
def open_remote(place: Place) -> Iterator[Remote]:
    """Open a client of a service. Errors of the client become :class:`ReplyError`."""
    with translate_client_errors(), connect(place) as client:
        yield Remote(client, place.collection)


def connect(place: Place) -> loccit_client.Client:
    """Create a client of the service. Raises :class:`ReplyError` for an invalid address."""
    if not place.server.startswith(("http://", "https://")):
        raise ReplyError(
            f"{place.server!r} is not the address of a service. Write it like http://127.0.0.1:8000.",
            "invalid_url",
        )
    return loccit_client.Client(place.server, key=place.key or None, collection=place.collection)


@contextmanager
def translate_client_errors() -> Iterator[None]:
    """Raise errors of the client as :class:`ReplyError`; those of the service's failures name the request."""
    try:
        yield
    except loccit_client.ServerError as error:
        about = f" Its log has the reason under {error.request_id}." if error.request_id else ""
        raise ReplyError(f"{error.message}{about}", error.code) from error
    except loccit_client.LoccitError as error:
        raise ReplyError(error.message, error.code) from error


class Remote:
    """See :class:`cli.instances.Instance`."""

    def __init__(self, client: loccit_client.Client, collection: str) -> None:
        self._client = client
        self.collection = collection

    def prepare(self, question: Question) -> None:
        """Do nothing: the service has opened its collections."""

    @translate_client_errors()
    def ask(self, question: Question) -> Json:
        found = self._client.ask(
            question.text,
            k=question.k,
            filter=question.where,
            turns=list(question.turns),  # type: ignore[arg-type] # the service checks their form
            as_of=(question.as_of.isoformat() if isinstance(question.as_of, datetime) else question.as_of),
            in_force=question.in_force,
            extent=question.extent,
            max_per_document=question.max_per_document,
            near_duplicates=question.near_duplicates,
            collections=question.collections,
        )
        return found.raw

    @translate_client_errors()
    def answer(self, question: Question) -> Json:
        # As events, for a model may write longer than a reply may take.
        events = self._client.answer_events(
            question.text,
            k=question.k,
            filter=question.where,
            turns=list(question.turns),  # type: ignore[arg-type] # the service checks their form
        )
        last: Json = {}
        for event in events:
            last = event.data
        return last

    @translate_client_errors()
    def cite(self, locator: str, proof: str = "") -> Json:
        return self._client.cite(locator, around=CONTEXT, proof=proof).raw

    @translate_client_errors()
    def cite_as(self, locator: str, shape: Format) -> str | Mapping[str, Any]:
        return self._client.cite_as(locator, shape)

    @translate_client_errors()
    def verify_quotes(self, quotes: Sequence[str], document_id: str) -> list[Json]:
        claims = [{"quote": quote, "document_id": document_id} for quote in quotes]
        verdicts = self._client.verify(quotes=claims)  # type: ignore[arg-type]
        return [verdict.raw for verdict in verdicts.quotes]

    @translate_client_errors()
    def verify_answer(self, text: str, cited: Sequence[str]) -> Json:
        report: Json = self._client.verify(answer=text, cited=cited).raw["answer"]
        return report

    @translate_client_errors()
    def sign_answer(self, question: Question) -> Json:
        return self._client.answer_evidence(question.text, k=question.k, filter=question.where).raw

    @translate_client_errors()
    def sign_verification(self, text: str, cited: Sequence[str]) -> Json:
        return self._client.verify_evidence(answer=text, cited=cited).raw

    @translate_client_errors()
    def evidence_keys(self) -> list[Json]:
        return [key.raw for key in self._client.evidence_keys().keys]

    @translate_client_errors()
    def changes(self, since: int, until: int | None, limit: int, citations: Sequence[str]) -> Json:
        return self._client.follow(citations, since=since, until=until, limit=limit).raw

    @translate_client_errors()
    def conflicts(self, citations: Sequence[str], after: Json | None) -> Json:
        return self._client.conflicts(citations, after=after).raw

    @translate_client_errors()
    def gaps(self, week: int) -> Json:
        return self._client.gaps(week=week).raw

    @translate_client_errors()
    def diff(self, document_id: str, old: int, new: int | None) -> Json:
        return self._client.documents.diff(document_id, old, new).raw

    def documents(self, *, retired: bool) -> Iterator[Json]:
        return (one.raw for one in self._client.documents.list(retired=retired, page_size=1000))

    @translate_client_errors()
    def collections(self) -> list[CollectionRow]:
        return [_row(one) for one in self._client.collections.list()]

    @translate_client_errors()
    def count_documents(self) -> int:
        return self._client.collections.get(self.collection).documents

    @translate_client_errors()
    def delete(self, document_id: str) -> Json:
        return self._client.documents.delete(document_id).raw

    @translate_client_errors()
    def purge(self) -> str:
        deadline = time.monotonic() + _PURGE_SECONDS
        while (state := self._client.collections.get(self.collection).purged) != "done":
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        return state

    @translate_client_errors()
    def delete_collection(self) -> None:
        self._client.collections.delete(self.collection)


def _row(one: Collection) -> CollectionRow:
    """A collection in the counts of ``loccit list``."""
    if one.error is not None:
        return CollectionRow({"name": one.name, "error": one.error}, one.error.get("code", ""))
    passages = one.passages
    counts = {
        "name": one.name,
        "documents": one.documents,
        "passages": passages.total if passages else 0,
        "embedded": passages.embedded if passages else 0,
        "characters": one.characters,
        "change": one.change,
        "original_bytes": one.original_bytes,
    }
    return CollectionRow(counts, describe_model(one.model, one.precision, one.outdated))
