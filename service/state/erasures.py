"""Tell which of all that is kept beside a record an erasure concerns, by the times of both."""

from collections.abc import Mapping


def is_erased_since(created: float, document_id: str, documents: Mapping[str, float], *, now: float) -> bool:
    """True if a document was erased after ``created``, by the system clock.

    ``documents`` are the times of erasures by ids. What was made in the future was made before the clock was
    set back: an erasure takes it along.
    """
    erased = documents.get(document_id)
    return erased is not None and not erased < created <= now
