"""Advice about errors of the library, in terms of commands, options and settings."""

from evaluation.questions import MissingDocuments, MissingQuotes
from index import errors
from service.advice import SETTINGS_ADVICE, Advice
from service.errors import KeyNotFound
from service.flows.upkeep.errors import DataNotEmpty


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
