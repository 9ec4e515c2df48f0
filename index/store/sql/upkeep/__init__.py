"""Check and repair a record, adopt documents, and find versions by their tags."""

from index.store.sql.upkeep.adoption import adopt
from index.store.sql.upkeep.checking import problems, repair

__all__ = ["adopt", "problems", "repair"]
