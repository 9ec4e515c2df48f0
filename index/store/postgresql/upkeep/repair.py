"""Repair what can be recomputed from the documents, versions and texts of a record.

Documents, versions, texts and passages are never changed: when these are damaged, only a backup helps.
"""

from __future__ import annotations

from index.postgresql import Transaction
from index.store.postgresql import passages, state, totals
from index.store.postgresql.upkeep import rules


def repair(transaction: Transaction, dimension: int) -> None:
    """Make good what :func:`index.store.postgresql.upkeep.problems` calls repairable.

    What is derived from the record is disowned, so that it is made anew. Passages whose vectors were missing
    or damaged wait for them again.
    """
    passages.drop_bad_vectors(transaction, dimension)
    for rule in rules.RULES:
        for statement in rule.repair:
            transaction.execute(statement)
    rules.restore_attributes(transaction)
    totals.restore(transaction)
    state.begin_epoch(transaction)
