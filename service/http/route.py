"""The classes of routes: what a route needs, takes and answers is read from its function."""

import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request, Response, params
from fastapi.routing import APIRoute
from pydantic import BaseModel

from index.errors import InvalidGroup, LoccitError
from service.errors import (
    BodyTimeout,
    BodyTooLarge,
    CrossSiteRequest,
    EncodedBody,
    Forbidden,
    HostNotAllowed,
    InternalError,
    InvalidRequest,
    MayRaise,
    Overloaded,
    ProviderUnavailable,
    RateLimited,
    Unauthorized,
)
from service.http.json_body import JsonBody
from service.http.links import OPEN_PATHS
from service.http.middleware.cross_site import READS
from service.state.identity import Scope, rule_of

_COLLECTION = {
    "name": "collection",
    "in": "query",
    "required": False,
    "description": "Name of the collection. The body may name it instead; both must agree.",
    "schema": {"type": "string", "default": "default"},
}
_LONGEST_NAME = 100
_MOST_NAMES = 5
_API = "/v1/"


class GuardedRoute(APIRoute):
    """A route that answers only callers whose scope its rule of access admits.

    Every router has this class or :class:`ApiRoute` as its ``route_class``. A function without a declared
    rule (:func:`service.state.identity.access`) cannot be a route.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        rule = rule_of(endpoint)
        if rule is None:
            raise TypeError(f"{endpoint.__name__} has no rule of access. Declare one with @access.")
        self.rule = rule
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See :class:`fastapi.routing.APIRoute`."""
        handle = super().get_route_handler()

        async def handle_allowed(request: Request) -> Response:
            self.rule.require(request.scope)
            return await handle(request)

        return handle_allowed


class ApiRoute(GuardedRoute):
    """A route that refuses query parameters it does not declare, and documents its JSON body and its errors.

    A route function declares all that by the types of its parameters; see :class:`Signature`. Every router
    of the API has this class as its ``route_class``.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        signature = Signature(endpoint)
        self._query_names = signature.query_names
        self.body = signature.body
        """Its JSON body. Only the OpenAPI document makes the schema: all take a tenth of a start."""
        extra: dict[str, Any] = {}
        if self.body and self.body.names_collection and "collection" not in self._query_names:
            self._query_names.add("collection")
            extra["parameters"] = [_COLLECTION]
        extra |= options.pop("openapi_extra", None) or {}
        extra |= _security_requirement(endpoint)
        self.errors = (*signature.errors, *_errors_before_route(path, options["methods"]))
        """Errors that it can answer with; the OpenAPI document shows them in the shape of its address."""
        super().__init__(path, endpoint, openapi_extra=extra, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See :class:`fastapi.routing.APIRoute`."""
        handle = super().get_route_handler()

        async def handle_checked(request: Request) -> Response:
            # Hardly any question has a query: parsing it is left out where there is none.
            if request.scope["query_string"] and self.path.startswith(_API):
                self._check_query(request)
            return await handle(request)

        return handle_checked

    def _check_query(self, request: Request) -> None:
        names = [name for name, _ in request.query_params.multi_items()]
        if unknown := [name for name in dict.fromkeys(names) if name not in self._query_names]:
            refused = ", ".join(repr(name[:_LONGEST_NAME]) for name in unknown[:_MOST_NAMES])
            known = ", ".join(sorted(self._query_names)) or "none"
            raise InvalidRequest(
                f"{request.method} {self.path_format} does not know the query parameter {refused}. "
                f"It knows: {known}."
            )
        if repeated := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise InvalidRequest(f"{repeated[0]}: the query has it more than once. Give it once.")


def _security_requirement(endpoint: Callable[..., Any]) -> dict[str, Any]:
    rule = rule_of(endpoint)
    if rule is None or rule.scope is Scope.NONE:
        return {}
    return {"security": [{scheme: [rule.scope.word]} for scheme in ("bearer", "header")]}


def _errors_before_route(path: str, methods: Iterable[str]) -> Iterator[type[LoccitError]]:
    """The errors of the middleware and of the check of the query, by address and method alone."""
    yield InternalError
    if path in OPEN_PATHS:
        return
    yield from (InvalidRequest, InvalidGroup, Unauthorized, Forbidden, RateLimited, HostNotAllowed)
    yield ProviderUnavailable
    if not READS.issuperset(methods):
        yield from (CrossSiteRequest, EncodedBody)


# Read a route's parameters and its errors from the signature of its function.


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
