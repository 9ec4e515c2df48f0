"""Repair what can be recomputed from the documents, versions and texts of a record.

Documents, versions, texts and passages are never changed: when these are damaged, only a backup helps.
"""

from __future__ import annotations

from index.store.sql import marks, passages, totals
from index.store.sql.statements import Statements
from index.store.sql.upkeep import rules


def repair(statements: Statements, dimension: int) -> None:
    """Make good what :func:`index.store.sql.upkeep.problems` calls repairable.

    What is derived from the record is disowned, so that it is made anew. Passages whose vectors were missing
    or damaged wait for them again.
    """
    passages.drop_bad_vectors(statements, dimension)
    for rule in rules.rules(statements):
        for statement in rule.repair:
            statements.execute(statement)
    rules.restore_attributes(statements)
    totals.restore(statements)
    marks.begin_epoch(statements)
