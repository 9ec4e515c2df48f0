"""Records of the originals that are kept: as long as a version was read from them.

Those that no version needs any more are noted by their hashes, so that a purge removes their files by name.
"""

import json
from collections.abc import Iterable
from typing import Any

from index.store.sql.statements import Statements

_DISCARDED = "discarded"
"""The value with the noted hashes, as JSON, and the last erasure that noted any."""
_SWEPT = "swept"
_MOST = 1000
"""Hashes that are noted; after more, only that there are more than can be told."""


def attach(statements: Statements, sha256: bytes, size: int) -> None:
    """Note that these bytes are kept, if a version was read from them."""
    statements.execute(
        "INSERT INTO originals SELECT ?, ? WHERE EXISTS (SELECT 1 FROM versions WHERE source_sha256 = ?)"
        " ON CONFLICT DO NOTHING",
        (sha256, size, sha256),
    )


def drop_unused(statements: Statements, sha256s: Iterable[bytes], *, erased_by: int = 0) -> None:
    """Delete the rows of originals among these that no version was read from, and note them as discarded.

    ``erased_by`` is the change of an erasure, which is noted even if it discards none.
    """
    wanted = set(sha256s)
    unused = "{among} AND NOT EXISTS (SELECT 1 FROM versions WHERE source_sha256 = originals.sha256)"
    gone = statements.rows_among(f"SELECT sha256 FROM originals WHERE {unused}", "sha256", wanted)
    statements.execute_among(f"DELETE FROM originals WHERE {unused}", "sha256", wanted)
    if gone or erased_by:
        _note(statements, {sha256.hex() for (sha256,) in gone}, erased_by)


def discarded(statements: Statements, up_to: int) -> set[bytes] | None:
    """Return the hashes of originals that were discarded and not yet removed.

    None if not all are known that the erasures up to a change discarded: a program of an earlier version has
    noted none, or there were too many.
    """
    noted = _noted(statements)
    if noted is None or noted["change"] < up_to or noted["names"] is None:
        return None
    return {bytes.fromhex(name) for name in noted["names"]}


def forget_discarded(statements: Statements, sha256s: Iterable[bytes]) -> None:
    """Note that the files of these discarded originals were removed."""
    noted = _noted(statements)
    if noted is not None and noted["names"] is not None:
        noted["names"] = sorted(set(noted["names"]) - {sha256.hex() for sha256 in sha256s})
        statements.put_value(_DISCARDED, json.dumps(noted))


def forget_all_discarded(statements: Statements, up_to: int) -> None:
    """Note that the files of all were removed, unless an erasure after a change has discarded more since."""
    noted = _noted(statements)
    if noted is not None and noted["change"] <= up_to:
        statements.put_value(_DISCARDED, json.dumps(noted | {"names": []}))


def last_sweep(statements: Statements) -> float:
    """Return the Unix time of the last sweep for files that no record names; 0 if there was none."""
    return float(statements.value(_SWEPT) or 0.0)


def note_sweep(statements: Statements, time: float) -> None:
    """Note the time of a sweep."""
    statements.put_value(_SWEPT, time)


def _note(statements: Statements, names: set[str], change: int) -> None:
    noted = _noted(statements) or {"change": 0, "names": []}
    if noted["names"] is not None:
        together = names.union(noted["names"])
        noted["names"] = sorted(together) if len(together) <= _MOST else None
    noted["change"] = max(noted["change"], change)
    statements.put_value(_DISCARDED, json.dumps(noted))


def _noted(statements: Statements) -> dict[str, Any] | None:
    found = statements.value(_DISCARDED)
    return json.loads(found) if found else None


def kept(statements: Statements, sha256s: Iterable[bytes]) -> dict[bytes, int]:
    """Return the sizes of the originals among these that are kept."""
    return dict(statements.rows_among("SELECT sha256, bytes FROM originals WHERE {among}", "sha256", sha256s))


def all_kept(statements: Statements) -> set[bytes]:
    """Return the SHA-256 of all originals that are kept."""
    return {sha256 for (sha256,) in statements.rows("SELECT sha256 FROM originals")}
