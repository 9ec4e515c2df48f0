"""The ASGI application: routes, middleware and lifespan."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from index.library import Library
from service.app.runtime import Runtime, Watch
from service.faces.api import routes as api
from service.faces.api.routes import ask
from service.faces.mcp import http as mcp
from service.faces.mcp.tools import server as tools
from service.faces.openai import (
    embeddings,
    errors as openai_errors,
    file_batches,
    files,
    models,
    search,
    store_files,
    vector_stores,
)
from service.faces.openai.answers import chat, responses
from service.faces.others import anthropic, cohere, dify, hooks, open_webui
from service.faces.pages import ERROR_PAGES, routes as pages
from service.faces.widget import routes as widget
from service.flows.ask.planning import MAX_QUESTION_CHARACTERS, MAX_QUESTIONS
from service.http import error_handlers, openapi
from service.http.error_shapes import ErrorShape, ErrorShapes
from service.http.middleware.allowed_hosts import AllowedHosts
from service.http.middleware.auth import Authentication
from service.http.middleware.body_coding import BodyCoding
from service.http.middleware.body_limit import BodyLimit
from service.http.middleware.body_time import BodyTime
from service.http.middleware.clean_paths import CleanPaths
from service.http.middleware.cors import cors
from service.http.middleware.cross_site import CrossSiteProtection
from service.http.middleware.early_refusal import EarlyRefusal
from service.http.middleware.private_responses import PrivateResponses
from service.http.middleware.rate_limit import RateLimiting
from service.http.middleware.sign_on import sign_on_of
from service.http.middleware.telemetry import Telemetry
from service.monitoring.logs import configure_logging
from service.monitoring.metrics import Instruments, Metrics
from service.monitoring.tracing import Tracing, open_tracing
from service.settings import (
    Settings,
    load_settings,
    metrics_folder,
)
from service.settings.values import split_list
from service.state.identity.client_address import networks

HEADER_SECONDS = "header_seconds"
"""Name, in the lifespan state, of the time for the head of a request, which the server has to limit."""
_HEADER_SHARE = 1 / 3
"""Time for the head of a request, in that for each MiB of a body."""
_IDLE_SHARE = 1 / 2
"""Longest pause in a body, in the same."""
_BODIES_TOGETHER = 8
"""Memory for all bodies that are being received, in largest documents: 512 MiB by default."""
_BUILT_SITE = Path("build") / "site"
_SMALLEST_JSON_LIMIT = 1024 * 1024
_BYTES_PER_CHARACTER = 12
"""JSON writes a character outside the Basic Multilingual Plane as two escapes of six bytes."""


def create_app(
    settings: Settings,
    *,
    library: Library | None = None,
    counted: Metrics | None = None,
    tracing: Tracing | None = None,
) -> FastAPI:
    """Create the service as an ASGI application.

    A given library is used and stays open when the application stops. Without one, the application opens
    the data folder and the model of the settings when it starts, and closes them when it stops. ``counted``
    are the metrics that it counts in, its own ones by default. ``tracing`` makes spans; by default, the
    settings decide. Raises :class:`service.errors.InvalidSettings` if it lacks a library.
    """
    counted = counted or Metrics()
    if tracing is None and settings.tracing:
        tracing = open_tracing()
    app = FastAPI(
        title="Loccit",
        summary="Document-QA retrieval whose every citation can be checked, character for character.",
        description=openapi.DESCRIPTION,
        version=version("loccit"),
        lifespan=_lifespan,
        middleware=_middleware(settings, counted.instruments, tracing),
        # Served by a page of ours instead: the framework's page loads scripts from the internet.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # The framework's own spans have the path and the query: ids of documents, and questions of the page.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        # A redirect would hide that an id ends in a slash by mistake.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.library = library
    app.state.metrics = counted
    app.state.tracing = tracing
    # The built documentation, if the current folder has it.
    app.state.help = _BUILT_SITE.resolve() if (_BUILT_SITE / "index.html").is_file() else None
    error_handlers.install(app, SHAPES, ERROR_PAGES)
    # The routes as they are: to include a router makes all of them again, for each application, while its
    # first request waits.
    app.router.routes.extend(all_routes())
    return app


def from_environment() -> FastAPI:
    """Create the application from the environment, for ``uvicorn --factory``."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    return create_app(settings, counted=Metrics(metrics_folder()))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, float]]:
    watch = Watch(app.state.metrics, app.state.tracing)
    app.state.runtime = runtime = Runtime(app.state.settings, app.state.library, watch)
    app.state.parts = runtime.parts
    await runtime.start()
    try:
        async with mcp.serving(app):
            yield {HEADER_SECONDS: app.state.settings.body_seconds * _HEADER_SHARE}
    finally:
        await runtime.stop()


def _middleware(settings: Settings, instruments: Instruments, tracing: Tracing | None) -> list[Middleware]:
    """The middleware, outermost first."""
    origins = split_list(settings.cors_origins)
    proxies = networks(split_list(settings.trusted_proxies))
    documents = settings.library_config().ingest.max_document_bytes
    questions = _BYTES_PER_CHARACTER * MAX_QUESTIONS * MAX_QUESTION_CHARACTERS
    return [
        Middleware(Telemetry, instruments=instruments, tracing=tracing),
        Middleware(PrivateResponses),
        Middleware(CleanPaths),
        *cors(origins),
        Middleware(CrossSiteProtection, allowed=origins),
        Middleware(AllowedHosts, allowed=split_list(settings.allowed_hosts)),
        Middleware(Authentication, proxies=proxies, sign_on=sign_on_of(settings)),
        Middleware(RateLimiting),
        Middleware(BodyCoding),
        Middleware(BodyTime, seconds=settings.body_seconds, idle_seconds=settings.body_seconds * _IDLE_SHARE),
        Middleware(EarlyRefusal, path=ask.PATH),
        Middleware(
            BodyLimit,
            uploads=settings.max_upload_bytes,
            documents=documents,
            others=max(_SMALLEST_JSON_LIMIT, questions),
            together=_BODIES_TOGETHER * max(documents, _SMALLEST_JSON_LIMIT),
        ),
    ]


# The table of error shapes: all interfaces of other products, with the addresses that are theirs.


BY_BEGINNING: Mapping[str, ErrorShape] = {
    **dict.fromkeys(openai_errors.ADDRESSES, openai_errors.SHAPE),
    **dict.fromkeys(cohere.ADDRESSES, cohere.SHAPE),
    **dict.fromkeys(dify.ADDRESSES, dify.SHAPE),
    **dict.fromkeys(open_webui.ADDRESSES, open_webui.SHAPE),
}
SHAPES = ErrorShapes(BY_BEGINNING)


# The routes of the service, in the order in which they are tried.


def all_routes() -> list[BaseRoute]:
    """The routes of Loccit's own API and of the pages, which have folders of them, and of the other faces.

    A path whose last parameter takes slashes comes after the others, because it matches paths of theirs.
    """
    others = (vector_stores, search, store_files, file_batches, files, embeddings, models, chat, responses)
    more = (widget, mcp, tools, cohere, dify, anthropic, open_webui, hooks)
    modules = (*_modules_in(api), *others, *_modules_in(pages), *more)
    found = [route for module in modules for route in _router_of(module).routes]
    return sorted(found, key=lambda route: getattr(route, "path", "").endswith(":path}"))


def _modules_in(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def _router_of(module: ModuleType) -> APIRouter:
    router: APIRouter = module.router
    return router
