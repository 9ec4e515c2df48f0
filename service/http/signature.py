"""Read a route's parameters and its errors from the signature of its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any, get_args, get_origin

from fastapi import params
from pydantic import BaseModel

from index.errors import LoccitError
from service.errors import BodyTimeout, BodyTooLarge, MayRaise, Overloaded
from service.http.json_body import JsonBody


class Signature:
    """The declared query, JSON body and errors of a function and of the dependencies it names.

    They are found in the ``Annotated`` types of the parameters: the query is a ``Query()`` or a model of one,
    the body a :class:`JsonBody`, and errors are those of :class:`MayRaise` on a type or on a model's field.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = list(_parameters(function))
        markers = [marker for _, annotation in parameters for marker in _markers(annotation)]
        self.query_names = {name for one in parameters for name in _query_names(*one)}
        self.body = next((marker for marker in markers if isinstance(marker, JsonBody)), None)
        self.errors = [kind for _, annotation in parameters for kind in _declared_errors(annotation)]


def _parameters(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """Name and type of each parameter of a function, and of its dependencies' parameters."""
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        yield parameter.name, parameter.annotation
        for marker in _markers(parameter.annotation):
            if callable(marker):
                yield from _parameters(marker)


def _markers(annotation: Any) -> list[Any]:
    """The metadata of an ``Annotated`` type, with dependencies in place of their ``Depends``."""
    if get_origin(annotation) is not Annotated:
        return []
    _, *markers = get_args(annotation)
    return [one.dependency if isinstance(one, params.Depends) else one for one in markers]


def _query_names(name: str, annotation: Any) -> Iterator[str]:
    for marker in _markers(annotation):
        if isinstance(marker, params.Query):
            kind = get_args(annotation)[0]
            yield from kind.model_fields if _is_model(kind) else [marker.alias or name]


def _declared_errors(annotation: Any) -> Iterator[type[LoccitError]]:
    """The errors that a type declares, those of its parts included."""
    for marker in _markers(annotation):
        yield from _errors_of_marker(marker)
    if _is_model(annotation):
        for field in annotation.model_fields.values():
            for marker in field.metadata:
                yield from _errors_of_marker(marker)
            yield from _declared_errors(field.annotation)
    else:
        for part in get_args(annotation):
            yield from _declared_errors(part)


def _errors_of_marker(marker: Any) -> Iterator[type[LoccitError]]:
    if isinstance(marker, MayRaise):
        yield from marker.kinds
    elif isinstance(marker, JsonBody):
        yield from (BodyTooLarge, BodyTimeout, Overloaded)
        yield from _declared_errors(marker.model)


def _is_model(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, BaseModel)
