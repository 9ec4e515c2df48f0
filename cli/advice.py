"""Advice about errors of the library, in terms of commands, options and settings."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.questions import MissingDocuments, MissingQuotes
from index import errors
from service.advice import SETTINGS_ADVICE, Advice
from service.errors import KeyNotFound
from service.upkeep.errors import DataNotEmpty


def _leave_out(error: MissingQuotes | MissingDocuments) -> str:
    return "" if error.is_total else "--skip-missing leaves these questions out."


ADVICE: Advice = {
    **SETTINGS_ADVICE,
    MissingQuotes: _leave_out,
    MissingDocuments: _leave_out,
    errors.CollectionNotFound: lambda error: (
        f"Create it with `loccit ingest FOLDER --collection {error.name}`; `loccit list` shows those there "
        "are."
    ),
    errors.CollectionMismatch: "`loccit upgrade --collection NAME --model MODEL` changes the model of a "
    "collection.",
    DataNotEmpty: "--replace replaces them.",
    errors.DocumentNotFound: "`loccit list --collection NAME` shows those there are.",
    KeyNotFound: "`loccit keys list` shows those there are.",
    errors.DocumentRetired: "`loccit list --collection NAME --retired` shows such documents.",
    errors.CitationNotFound: "`loccit verify QUOTE` looks for a quote.",
}

SKIPPED_ADVICE: Mapping[str, str] = {
    "duplicate_id": "With --prefix the documents of a folder get ids of their own.",
    "encrypted_document": "With --password encrypted PDF files are opened.",
    "outside_link": "With --follow links that lead out of a folder are followed.",
    "file_too_large": "The limit of a file's size is the setting LOCCIT_MAX_BODY_BYTES.",
    "reader_failed": "The limits of reading a file are the settings LOCCIT_READER_SECONDS and "
    "LOCCIT_READER_MEGABYTES.",
}
"""Advice by the code of a file that an ingest skipped."""

_MOUNT = (
    "Mount or correct the folder and run the command again. If it is gone for good, `loccit delete` erases "
    "its documents."
)
REFUSAL_ADVICE: Mapping[str, str] = {
    "missing_folder": _MOUNT,
    "unreadable_folder": _MOUNT,
    "empty_folder": _MOUNT,
    "large_removal": "If that is meant, add --yes.",
}
"""Advice by the code of a mirror that was refused."""
