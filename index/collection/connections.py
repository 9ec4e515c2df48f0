"""Records among the connections of a collection with other programs, such as its sources, each read alone."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from index.collection.collection import Collection
from index.errors import InvalidSource

_log = logging.getLogger("loccit.collection")

_MOST_TOLD = 1000
"""Messages of which is known that they were logged."""
_DIGITS = 8
"""Of the hash in the name of a record without one of its own."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)
_Others = dict[str, tuple[object, InvalidSource]]
"""What is stored of the records that cannot be read, with the errors, by their names."""


class Connections(Generic[T]):
    """The records of one ``kind``, such as "source": one that cannot be read does not hide the others.

    It stays as it is until it is removed or replaced by its name. One without a name of its own is called by
    a hash of its contents ("unnamed:3f9a01c2"), which does not change when another one is removed.
    """

    def __init__(self, kind: str, of: type[T]) -> None:
        self._kind = kind
        self._key = f"{kind}s"
        self._adapter = TypeAdapter(of)

    def all(self, collection: Collection) -> tuple[list[T], dict[str, InvalidSource]]:
        """The records, and the errors of those that cannot be read by their names, of one moment."""
        readable, others = self._read(collection.archive.connections())
        return list(readable.values()), {name: error for name, (_, error) in others.items()}

    def one(self, collection: Collection, name: str) -> T | None:
        """A record; None if there is none. Raises :class:`InvalidSource` if it cannot be read."""
        readable, others = self._read(collection.archive.connections())
        if (called := _called(name, others)) in others:
            raise others[called][1]
        return readable.get(name)

    def change(self, collection: Collection, name: str, change: Callable[[T | None], T | None]) -> None:
        """Replace a record by what ``change`` returns for it; None, given or returned, is for no record."""

        def changed(readable: dict[str, T], others: _Others) -> None:
            if (one := change(readable.pop(name, None))) is not None:
                others.pop(name, None)
                readable[name] = one

        self._change(collection, changed)

    def remove(self, collection: Collection, name: str) -> bool:
        """Remove a record, also one that cannot be read; False if there is none."""
        is_known = False

        def changed(readable: dict[str, T], others: _Others) -> None:
            nonlocal is_known
            is_known = any([readable.pop(name, None), others.pop(_called(name, others), None)])

        self._change(collection, changed)
        return is_known

    def _change(self, collection: Collection, change: Callable[[dict[str, T], _Others], None]) -> None:
        def changed(connections: dict[str, Any]) -> Mapping[str, Any]:
            readable, others = self._read(connections)
            change(readable, others)
            listed = [self._adapter.dump_python(readable[name], mode="json") for name in sorted(readable)]
            listed += [value for value, _ in others.values()]
            rest = {key: value for key, value in connections.items() if key != self._key}
            return {**rest, self._key: listed} if listed else rest

        collection.editor.set_connections(changed)

    def _read(self, connections: Mapping[str, Any]) -> tuple[dict[str, T], _Others]:
        stored = connections.get(self._key, [])
        readable: dict[str, T] = {}
        failed: list[tuple[Any, ValidationError]] = []
        for value in stored if isinstance(stored, list) else [stored]:
            try:
                one = self._adapter.validate_python(value)
            except ValidationError as error:
                failed.append((value, error))
            else:
                readable[one.name] = one
        # Equal ones are one record: nothing could tell which of them a name is for.
        unequal = {_digest(value): (_given(value), value, problem) for value, problem in failed}
        times = Counter([*readable, *(given for given, _, _ in unequal.values())])
        others: _Others = {}
        for digest, (given, value, problem) in unequal.items():
            forms = (_form(given, digest[:length]) for length in range(_DIGITS, len(digest) + 1))
            free = (form for form in forms if form not in times and form not in others)
            name = given if given and times[given] == 1 else next(free)
            others[name] = value, self._error(name, problem)
        return readable, others

    def _error(self, name: str, error: ValidationError) -> InvalidSource:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"]))
        said = f"{place}: {problem['msg']}" if place else problem["msg"]
        return InvalidSource(
            f"The {self._kind} {name!r} is stored in a form that cannot be read ({said}). Remove it, or "
            "add it again."
        )


def _given(value: object) -> str:
    """The name that a stored record has; empty if it has none."""
    given = value.get("name") if isinstance(value, dict) else None
    return given if isinstance(given, str) else ""


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _form(given: str, digits: str) -> str:
    return f"{given or 'unnamed'}:{digits}"


def _called(name: str, others: _Others) -> str:
    """The present name of a record that was listed under this one, with a hash, beside others of its name."""
    if name in others:
        return name
    forms = {_form(_given(value), _digest(value)[:_DIGITS]): known for known, (value, _) in others.items()}
    return forms.get(name, name)


@lru_cache(maxsize=_MOST_TOLD)
def warn_once(collection: str, message: str) -> None:
    """Log that a record of a collection cannot be read, once in a process."""
    _log.warning("In the collection %r: %s", collection, message)
