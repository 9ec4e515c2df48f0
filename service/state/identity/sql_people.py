"""People in an SQL database, whichever it is, beside the keys."""

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from service.errors import PersonNotFound
from service.state.databases import Connection, Database
from service.state.identity.person import Adjustment, Person
from service.state.identity.principal import SCOPES, Groups

_COLUMNS = "key, issuer, subject, name, scope, groups, first_seen, last_seen, added, withdrawn"


class SqlPeople:
    """The part of a :class:`service.state.identity.sql.KeyStore` that is about people."""

    database: Database

    def note_people(self, people: Iterable[Person]) -> None:
        """Record people who were seen; what is known of them from later, and by administrators, stays."""
        rows = [
            (
                one.key,
                one.issuer,
                one.subject,
                one.name,
                one.scope.word,
                _written(one.groups),
                one.first_seen,
                one.last_seen,
                _written(one.adjustment.added),
                _written(one.adjustment.withdrawn),
            )
            for one in sorted(people, key=lambda one: one.key)
        ]
        with self.database.write() as connection:
            connection.executemany(
                f"INSERT INTO people ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET name = excluded.name, scope = excluded.scope,"
                " groups = excluded.groups, last_seen = excluded.last_seen"
                " WHERE people.last_seen <= excluded.last_seen",
                rows,
            )

    def people(self) -> list[Person]:
        """All people who were seen, in no order that means anything."""
        with self.database.read() as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM people ORDER BY key").fetchall()
        return [_person_of_row(row) for row in rows]

    def adjust(self, key: str, adjustment: Adjustment) -> Person:
        """Record what administrators change of a person's groups. Raises :class:`PersonNotFound`."""
        with self.database.write() as connection:
            connection.execute(
                "UPDATE people SET added = ?, withdrawn = ? WHERE key = ?",
                (_written(adjustment.added), _written(adjustment.withdrawn), key),
            )
            row = connection.execute(f"SELECT {_COLUMNS} FROM people WHERE key = ?", (key,)).fetchone()
            if row is None:
                raise PersonNotFound("There is no such person.")
            self._count_change(connection)
        return _person_of_row(row)

    def adjustments(self) -> Mapping[str, Adjustment]:
        """The changes of administrators, by the people's ids; without those of whom nothing is changed."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT key, added, withdrawn FROM people WHERE added <> '[]' OR withdrawn <> '[]'"
            ).fetchall()
        return {key: Adjustment(_names(added), _names(withdrawn)) for key, added, withdrawn in rows}

    def forget_person(self, key: str) -> None:
        """Forget a person, with what administrators changed. Raises :class:`PersonNotFound`."""
        with self.database.write() as connection:
            if not connection.execute("DELETE FROM people WHERE key = ?", (key,)).rowcount:
                raise PersonNotFound("There is no such person.")
            self._count_change(connection)

    @abstractmethod
    def _count_change(self, connection: Connection) -> None:
        """Count a change of what decides about access."""


def _written(names: Groups) -> str | None:
    return None if names is None else json.dumps(sorted(names), ensure_ascii=False)


def _names(written: str) -> frozenset[str]:
    return frozenset(json.loads(written))


def _person_of_row(row: tuple[Any, ...]) -> Person:
    key, issuer, subject, name, scope, groups, first_seen, last_seen, added, withdrawn = row
    return Person(
        key,
        issuer,
        subject,
        name,
        SCOPES[scope],
        None if groups is None else _names(groups),
        first_seen,
        last_seen,
        Adjustment(_names(added), _names(withdrawn)),
    )
