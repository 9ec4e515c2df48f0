"""Advice on errors of the library: sentences that names routes and settings of the service.

Errors of the library say what happened; they know no routes, settings or commands. This table adds to their
messages what a caller or the operator of the service can do. The command line has a table of its own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from index import errors
from index.answers import Unasked, UnknownLanguage
from index.embedding import MULTILINGUAL_MODEL
from index.errors import LoccitError
from service.errors import Unauthorized

Advice = Mapping[type[LoccitError], str | Callable[[Any], str]]
"""Advice by error class, which holds for its subclasses too: a sentence, or a function that makes it."""

LIMITS: Mapping[str, str] = {
    "document_bytes": "LOCCIT_MAX_BODY_BYTES",
    "reading_characters": "LOCCIT_MAX_READING_CHARACTERS",
}
"""The setting of each limit that an error may name; other limits are fixed."""
LIMITS_BY_ERROR: Mapping[type[LoccitError], Sequence[str]] = {
    errors.DocumentTooLarge: ("document_bytes",),
    errors.InvalidLimit: ("reading_characters",),
}
"""The limits that each error may name."""


def limit_advice(error: errors.InvalidLimit | errors.DocumentTooLarge) -> str:
    """Name the setting of the limit that was exceeded; empty for a limit that is fixed."""
    setting = LIMITS.get(error.limit)
    return f"The limit is the setting {setting}." if setting else ""


def describe_unknown_language(unknown: UnknownLanguage, collection: str) -> str:
    """Say that a collection's model does not know the language of a question, and what a change costs."""
    told = (
        f"The collection's model, {unknown.model}, does not know the language of the question: passages are "
        "found by the words that they share with it, and none in another language."
    )
    if not unknown.passages:
        return told
    return (
        f"{told} `{upgrade_command(collection)}` changes that. It embeds {unknown.passages:,} passages anew, "
        f"about {count_minutes(unknown)} min on this machine; with --plan it measures that first."
    )


def describe_unasked(unasked: Unasked, collections: Sequence[str]) -> str:
    """Say why no document of these collections was asked, and what to do."""
    named = f"The collection {collections[0]} has" if len(collections) == 1 else "These collections have"
    if unasked == "filtered_out":
        return (
            f"{named} no document that the filter admits: none was asked. Ask without the filter, or with "
            "values that documents have; GET /v1/documents lists them with their metadata."
        )
    if unasked == "no_documents_then":
        return "There were no documents at that time."
    return (
        f"{named} no documents that you may read: none was asked. Add some in the library of the browser, "
        f"with `loccit ingest FOLDER --collection {collections[0]}` or PUT /v1/documents/NAME, or ask "
        "another collection."
    )


def count_minutes(unknown: UnknownLanguage) -> str:
    """About how many minutes a change of the model takes, at least one."""
    return f"{max(1, math.ceil(unknown.seconds / 60)):,}"


def upgrade_command(collection: str) -> str:
    """The command that changes a collection to the packaged model for many languages."""
    return f"loccit upgrade --collection {collection} --model {MULTILINGUAL_MODEL}"


SETTINGS_ADVICE: Advice = {
    errors.StoreUnavailable: "Its address is in LOCCIT_STORE, or was given with the command.",
    errors.LedgerFailed: "The setting LOCCIT_ERASURE_LEDGER says where it is.",
    errors.ObjectsUnavailable: "The setting LOCCIT_OBJECTS says where it is.",
    errors.ObjectsOfAnother: "If this database is a copy, stop what uses it and run `loccit adopt`: that "
    "gives it folders of its own. If it takes the place of the other one for good, run `loccit adopt "
    "--take-over`.",
    errors.DocumentTooLarge: limit_advice,
    errors.InvalidLimit: limit_advice,
    errors.MomentTooLarge: "The limit is the setting LOCCIT_AS_OF_PASSAGES.",
    errors.ReaderFailed: "The limits are the settings LOCCIT_READER_SECONDS and LOCCIT_READER_MEGABYTES.",
    errors.ModelNotFound: "The settings are LOCCIT_MODEL, LOCCIT_RERANKER and LOCCIT_CROSS_ENCODER; "
    "LOCCIT_MODEL_DOWNLOAD=true allows a download.",
    errors.ModelDamaged: "The settings LOCCIT_MODEL, LOCCIT_RERANKER and LOCCIT_CROSS_ENCODER choose the "
    "models.",
    errors.ModelFailed: "Where LOCCIT_BACKEND or LOCCIT_PRECISION is set, try auto.",
    errors.TooManyModels: "A process loads four, and one for each of LOCCIT_ALLOWED_MODELS.",
    errors.BackendMissing: "With LOCCIT_BACKEND=auto and LOCCIT_PRECISION=auto, what is installed is used. "
    "LOCCIT_PRECISION=int8 needs ONNX Runtime, or a model that `loccit quantize` has made.",
}
"""Advice that holds for everything that reads the settings: the service and the command line."""

_KEY_ADVICE = (
    "This service asks for an API key: send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY', or sign "
    "in with it at /sign-in."
)

ADVICE: Advice = {
    **SETTINGS_ADVICE,
    Unauthorized: lambda error: _KEY_ADVICE if error.asks_for_key else "",
    errors.CollectionNotFound: lambda error: (
        f"Create it with PUT /v1/collections/{error.name}; GET /v1/collections lists those there are."
    ),
    errors.CollectionMismatch: "`loccit upgrade` changes the model of a collection.",
    errors.DocumentNotFound: "GET /v1/documents lists those there are.",
    errors.DocumentRetired: "GET /v1/documents/{document_id}/versions lists its versions.",
    errors.CitationNotFound: "POST /v1/verify takes quotes.",
    errors.ChangeNotFound: "GET /v1/changes lists the changes.",
    errors.ChangeNotReached: "Without at_least_change the answer comes from what this process has.",
    errors.ChangeNotKept: "GET /v1/changes tells when documents were deleted or pruned.",
}


def message_with_advice(error: LoccitError, table: Advice = ADVICE) -> str:
    """The message of an error, followed by the advice that the table has for its class."""
    found = next((table[kind] for kind in type(error).__mro__ if kind in table), "")
    advice = found(error) if callable(found) else found
    return f"{error.message} {advice}".strip() if advice else error.message
