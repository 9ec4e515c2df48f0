"""Make typed values of JSON: dataclasses of this package from the replies of the service."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from loccit_client.errors import InvalidReply

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A value of a reply. ``raw`` is the JSON that it was made of, with fields that a newer service adds."""

    raw: Json = field(repr=False, compare=False)


def decode(kind: type[T], value: object) -> T:
    """Make a value of this type. Unknown fields are only in ``raw``. Raises :class:`InvalidReply`.

    Fields without a default must be there. A value of a ``Literal`` may be one that only newer services know.
    """
    return cast(T, _decode_value(kind, value, ""))


def _decode_value(kind: Any, value: Any, where: str) -> Any:
    origin = get_origin(kind)
    if is_dataclass(kind):
        return _decode_dataclass(kind, value, where)
    if origin in {list, tuple}:
        if not isinstance(value, list):
            raise _unexpected(where, "a list", value)
        members = [_decode_value(get_args(kind)[0], one, f"{where}[{at}]") for at, one in enumerate(value)]
        return tuple(members) if origin is tuple else members
    if origin is dict:
        if not isinstance(value, Mapping):
            raise _unexpected(where, "an object", value)
        held = get_args(kind)[1]
        return {name: _decode_value(held, one, f"{where}.{name}") for name, one in value.items()}
    if origin in {Union, types.UnionType}:
        (one,) = (part for part in get_args(kind) if part is not type(None))
        return None if value is None else _decode_value(one, value, where)
    if kind is datetime:
        return _decode_time(value, where)
    return value


def _decode_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise _unexpected(where, "an object", value)
    given: Json = {"raw": value}
    for name, (hint, is_needed) in _fields(kind).items():
        place = f"{where}.{name}" if where else name
        if name in value:
            given[name] = _decode_value(hint, value[name], place)
        elif is_needed:
            raise InvalidReply(
                f"The reply has no field {place}. Is this the address of a Loccit service, and is it older "
                "than this package?"
            )
    return kind(**given)


@cache
def _fields(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    """The type of each field of a dataclass, and whether it has no default."""
    hints = get_type_hints(kind)
    return {
        one.name: (hints[one.name], one.default is MISSING and one.default_factory is MISSING)
        for one in fields(kind)
        if one.name != "raw"
    }


def _decode_time(value: Any, where: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _unexpected(where, "a time", value) from None


def _unexpected(where: str, expected: str, value: object) -> InvalidReply:
    return InvalidReply(
        f"{where or 'The reply'} is not {expected} but {type(value).__name__}. Is this the address of a "
        "Loccit service?"
    )
