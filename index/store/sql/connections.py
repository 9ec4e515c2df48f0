"""The connections of a collection with other programs, as a JSON value beside the tables of its record."""

import json
from collections.abc import Mapping
from typing import Any

from index.store.sql.statements import Statements

_CONNECTIONS = "connections"


def put(statements: Statements, connections: Mapping[str, Any]) -> None:
    """Replace the connections."""
    stored = json.dumps(connections, ensure_ascii=False, sort_keys=True) if connections else None
    statements.put_value(_CONNECTIONS, stored)


def get(statements: Statements) -> dict[str, Any]:
    """Return the connections."""
    stored = statements.value(_CONNECTIONS)
    return dict(json.loads(stored)) if stored else {}
