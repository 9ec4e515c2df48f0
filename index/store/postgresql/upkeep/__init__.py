"""Look after a record: check and repair it, adopt documents, find erased versions, free deleted rows."""

from index.store.postgresql.upkeep.adoption import adopt
from index.store.postgresql.upkeep.checking import problems
from index.store.postgresql.upkeep.purging import vacuum
from index.store.postgresql.upkeep.repair import repair

__all__ = ["adopt", "problems", "repair", "vacuum"]
