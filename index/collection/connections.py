"""Records among the connections of a collection with other programs, such as its sources, each read alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import count
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from index.collection.collection import Collection
from index.errors import InvalidSource

_log = logging.getLogger("loccit.collection")

_MOST_TOLD = 1000
"""Messages of which is known that they were logged."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)
_Others = dict[str, tuple[object, InvalidSource]]
"""What is stored of the records that cannot be read, with the errors, by their names."""


class Connections(Generic[T]):
    """The records of one ``kind``, such as "source": one that cannot be read does not hide the others.

    It stays as it is until it is removed or replaced by its name. One without a name of its own is called by
    its place among those: "unnamed:1".
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
        if name in others:
            raise others[name][1]
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
            is_known = any([readable.pop(name, None), others.pop(name, None)])

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
        others: _Others = {}
        for place, (value, problem) in enumerate(failed, 1):
            given = value.get("name") if isinstance(value, dict) else None
            name = given if isinstance(given, str) else ""
            if not name or name in others or name in readable:
                forms = (f"{name or 'unnamed'}:{at}" for at in count(place))
                name = next(form for form in forms if form not in others and form not in readable)
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


@lru_cache(maxsize=_MOST_TOLD)
def warn_once(collection: str, message: str) -> None:
    """Log that a record of a collection cannot be read, once in a process."""
    _log.warning("In the collection %r: %s", collection, message)
