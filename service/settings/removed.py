"""Settings of earlier versions: what took their place, and what to do if one is still set."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Removed:
    """A name that is no longer a setting. ``now`` says what takes its place, and what to do.

    ``stops``: it bounded, protected or kept something, or chose a place. The service does not start with it,
    so that nobody relies on a bound that is not there.
    """

    now: str
    stops: bool = False


def _fixed(value: str, instead: str) -> Removed:
    """A bound that cannot be changed, and what to do for more."""
    return Removed(f"It is always {value}. {instead}", stops=True)


_MEASURED = "It is chosen by measurement, with `loccit eval` and benchmarks."
REMOVED: Mapping[str, Removed] = {
    "SENTENCE_WEIGHT": Removed("The weights of the ranking are fitted."),
    "DOCUMENT_WEIGHT": Removed("The weights of the ranking are fitted."),
    "CANDIDATES": Removed(f"It is 100. {_MEASURED}"),
    "SPELT_WEIGHT": Removed(f"It is 0.15. {_MEASURED}"),
    "SECOND_LOOK": Removed(f"It is 100. {_MEASURED}"),
    "RERANK": Removed("The reranker reads 20 passages, or as many as are asked for."),
    "MERGE_CHARACTERS": Removed("It is 1,800. A question with the extent `sentences` has shorter quotes."),
    "SECTION_CHARACTERS": _fixed("20,000", "The document itself has the rest of a section."),
    "INDEX_KIND": Removed(
        "It is flat up to 20,000 passages and ivf above, as with `auto`. Machines that share "
        "`LOCCIT_OBJECTS` answer alike."
    ),
    "INDEX_RECALL": Removed("It is 0.99."),
    "LIBREOFFICE": Removed(
        "LibreOffice is used where it is installed. To refuse old Office files, uninstall it, or take it out "
        "of the PATH of the service.",
        stops=True,
    ),
    "MAX_MODELS": Removed(
        "A process loads four models, and one more for each that `LOCCIT_ALLOWED_MODELS` lists.", stops=True
    ),
    "HELP": Removed("The documentation is shown from `build/site` in the current folder: make a link there."),
    "SESSION_HOURS": _fixed(
        "12 hours",
        "A sign-out, or revoking its key, ends a session sooner; single sign-on has times of its own.",
    ),
    "AUDIT_BYTES": _fixed("100 MiB", "`LOCCIT_AUDIT_FILES` says how many such files are kept."),
    "MAX_BODIES_BYTES": Removed("It is eight times `LOCCIT_MAX_BODY_BYTES`, and at least 8 MiB.", stops=True),
    "HEADER_SECONDS": Removed("It is a third of `LOCCIT_BODY_SECONDS`.", stops=True),
    "BODY_IDLE_SECONDS": Removed("It is half of `LOCCIT_BODY_SECONDS`.", stops=True),
    "WRITER_FIRST_SECONDS": Removed("It is a third of `LOCCIT_WRITER_SECONDS`.", stops=True),
    "WRITER_NEXT_SECONDS": Removed("It is a ninth of `LOCCIT_WRITER_SECONDS`.", stops=True),
    "MAX_FILES": _fixed("10,000", "For more, send a ZIP file or several forms."),
    "MAX_JOBS": _fixed("256", "Send more files in a job, or wait until some are done."),
    "KEEP_JOBS_DAYS": _fixed("7 days", "Record what came of a job when it is done."),
    "MAX_QUESTION_CHARACTERS": _fixed("2,000", "Ask in one or two sentences."),
    "MAX_K": _fixed("100", "Ask for fewer with `k`; a key with the scope `ask` has 10 at most."),
    "ASK_MAX_K": _fixed("10", "A key with the scope `read` may have 100."),
    "MAX_QUESTIONS": _fixed("64", "Send several batches, and limit callers with `LOCCIT_RATE_LIMIT`."),
    "MAX_TURNS": _fixed("100", "Send the last ones."),
    "MAX_BATCH": Removed("It is 32."),
    "QUESTION_CACHE": Removed("It is 4,096."),
    "MAX_QUOTES": _fixed("256", "Send several requests."),
    "MAX_QUOTE_CHARACTERS": _fixed("100,000", "Cite the words that matter."),
    "MAX_QUOTES_CHARACTERS": _fixed("1,000,000", "Send several requests."),
    "MAX_ANSWER_CHARACTERS": _fixed("50,000", "Send a longer text in parts."),
    "MAX_RERANK_DOCUMENTS": _fixed("1,000", "Send the likeliest."),
    "MAX_RERANK_CHARACTERS": _fixed("200,000", "Lower `max_tokens_per_doc`, or send fewer."),
    "KEEP_VERSIONS": Removed(
        "Say it when you prune: `loccit prune --keep-versions`, or `keep_versions` of `POST /v1/prune`.",
        stops=True,
    ),
    "KEEP_DAYS": Removed(
        "Say it when you prune: `loccit prune --keep-days`, or `keep_days` of `POST /v1/prune`.", stops=True
    ),
}
"""By name without the prefix."""
