"""Targets of the commands: a data folder opened in this process, or a running service.

Both give their results in the JSON of the HTTP API, so that commands print the same for both. The modules
that implement them are loaded when they are needed: a command that speaks to a service loads no index.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import typer

from index.errors import LoccitError

Json = dict[str, Any]
Extent = Literal["sentences", "passage", "section"]
NearDuplicates = Literal["fold", "keep"]
Format = Literal[
    "anthropic_char_location",
    "anthropic_search_result",
    "bibtex",
    "csl_json",
    "markdown_footnote",
    "openai_file_citation",
    "plain",
    "ris",
    "w3c_annotation",
]
CONTEXT = 300
"""Characters shown on each side of a quote."""


class ClientMissing(LoccitError):
    """The package that speaks to a service is not installed."""


class ReplyError(LoccitError):
    """A service replied with an error, or not at all. ``code`` is that of the reply."""

    def __init__(self, message: str, code: str = "reply_error") -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc] # of the reply, not of the class


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and how to ask it.

    ``collections`` are several to ask at once, ``*`` all; None asks that of the instance. ``as_of`` is the
    number of a change, or a time with its offset.
    """

    text: str
    k: int = 5
    where: Mapping[str, Any] | None = None
    turns: Sequence[Mapping[str, str]] = ()
    as_of: int | datetime | None = None
    in_force: str | None = None
    extent: Extent = "passage"
    max_per_document: int | None = None
    near_duplicates: NearDuplicates = "fold"
    collections: Sequence[str] | Literal["*"] | None = None


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection in a list: its counts as JSON, and its model in words."""

    counts: Json
    model: str


class Instance(Protocol):
    """A collection of a data folder or service, and the other collections beside it."""

    collection: str

    def prepare(self, question: Question) -> None:
        """Open what a question needs, such as the model of a data folder's collection."""

    def ask(self, question: Question) -> Json:
        """As ``POST /v1/ask``."""

    def answer(self, question: Question) -> Json:
        """As ``POST /v1/answer``. A data folder answers with sentences of its documents only."""

    def cite(self, locator: str, proof: str = "") -> Json:
        """As ``GET /v1/citations/{locator}``."""

    def cite_as(self, locator: str, shape: Format) -> str | Mapping[str, Any]:
        """A citation in another format."""

    def verify_quotes(self, quotes: Sequence[str], document_id: str) -> list[Json]:
        """A verdict on each quote, as in the reply of ``POST /v1/verify``."""

    def verify_answer(self, text: str, cited: Sequence[str]) -> Json:
        """The verdict on an answer, as in the reply of ``POST /v1/verify``."""

    def sign_answer(self, question: Question) -> Json:
        """As ``POST /v1/evidence`` for a question. A data folder answers as :meth:`answer` does."""

    def sign_verification(self, text: str, cited: Sequence[str]) -> Json:
        """As ``POST /v1/evidence`` for an answer to verify."""

    def evidence_keys(self) -> list[Json]:
        """The keys as in ``GET /v1/evidence/keys``."""

    def changes(self, since: int, until: int | None, limit: int, citations: Sequence[str]) -> Json:
        """As ``POST /v1/changes``."""

    def conflicts(self, citations: Sequence[str], after: Json | None) -> Json:
        """As ``POST /v1/conflicts``."""

    def gaps(self, week: int) -> Json:
        """As ``GET /v1/gaps``."""

    def diff(self, document_id: str, old: int, new: int | None) -> Json:
        """As ``GET /v1/documents/{document_id}/diff``."""

    def documents(self, *, retired: bool) -> Iterator[Json]:
        """The documents, as in ``GET /v1/documents``."""

    def collections(self) -> list[CollectionRow]:
        """All collections."""

    def count_documents(self) -> int:
        """The number of documents of the collection."""

    def delete(self, document_id: str) -> Json:
        """As ``DELETE /v1/documents/{document_id}``."""

    def purge(self) -> str:
        """Wait until what was erased has left all files: ``done``, or ``pending`` where that takes long."""

    def delete_collection(self) -> None:
        """Erase the collection."""


def describe_model(model: str, precision: str, outdated: Sequence[str]) -> str:
    """The model of a collection, its precision, and what an upgrade would change although it stays."""
    model = f"{model}, 8-bit integers" if "int8" in precision else model
    return f"{model} (upgrade available: {', '.join(outdated)})" if outdated else model


@dataclass(frozen=True, slots=True)
class Place:
    """The collection that a command's options name. ``server`` is empty for the data folder."""

    collection: str = "default"
    data: Path | None = None
    server: str = ""
    key: str = ""


def open_instance(place: Place) -> AbstractContextManager[Instance]:
    """Open the data folder, or a client of the service.

    Raises :class:`ClientMissing`; while it is open, :class:`ReplyError` of a service and library errors.
    """
    if not place.server:
        from cli.instances.folder import open_folder

        return open_folder(place)
    require_no_folder(place)
    from cli.instances.remote import open_remote

    return open_remote(place)


def require_no_folder(place: Place) -> None:
    """Raise :class:`typer.BadParameter` if the options name both a service and a data folder."""
    if place.data is not None:
        raise typer.BadParameter(
            "Give either --data or --server (LOCCIT_URL). --server '' opens the data folder."
        )
