"""Documents over time: versions, changes, edits, and retention."""

from index.history.archive import Archive
from index.history.changes import ChangeFeed, CitationStatus
from index.history.editing import Editor
from index.history.exporting import FORMAT as EXPORT_FORMAT
from index.history.ledger import ErasedTags, Ledger, LedgerFollower, Undone
from index.history.purging import PurgeState, Purging
from index.history.retention import Pruning, Retention

__all__ = [
    "EXPORT_FORMAT",
    "Archive",
    "ChangeFeed",
    "CitationStatus",
    "Editor",
    "ErasedTags",
    "Ledger",
    "LedgerFollower",
    "Pruning",
    "PurgeState",
    "Purging",
    "Retention",
    "Undone",
]
