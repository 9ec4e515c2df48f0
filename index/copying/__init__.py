"""Copy a record into another store while it is written, and compare the two."""

from index.copying.comparison import Comparison, Difference, compare
from index.copying.record_copy import CopyDiverged, CopyOutdated, RecordCopy, require_copy

__all__ = [
    "Comparison",
    "CopyDiverged",
    "CopyOutdated",
    "Difference",
    "RecordCopy",
    "compare",
    "require_copy",
]
