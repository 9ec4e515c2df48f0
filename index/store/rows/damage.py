"""The error for stored values that cannot be decoded."""

from index.errors import StoreDamaged

ADVICE = "Restore a backup; a check of the collection tells what else is damaged."


def undecodable(what: str) -> StoreDamaged:
    """Return the error for a stored value that is not what was written: ``what`` names it in the plural."""
    return StoreDamaged(f"Stored {what} cannot be read. {ADVICE}")
