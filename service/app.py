"""The application: routes, middleware, and what starts and ends with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from index.library import Library
from service import error_handlers, openapi
from service.addresses import CleanAddresses
from service.admission import EarlyRefusal
from service.allowed_hosts import OwnHosts
from service.auth import KeyRequired
from service.body_limit import BodyLimit
from service.cross_site import SameSiteWrites
from service.private_answers import PrivateAnswers
from service.routes import (
    ask,
    changes,
    citations,
    collections,
    documents,
    health,
    home,
    ingest,
    jobs,
    verify,
    versions,
    view,
)
from service.runtime import Runtime
from service.settings import Settings, allowed_hosts, load_settings
from service.telemetry import Telemetry, configure_logging

_ROUTES = (
    ask,
    citations,
    verify,
    changes,
    versions,
    documents,
    ingest,
    jobs,
    collections,
    health,
    home,
    view,
)
_REFERENCE = Path(__file__).with_name("web") / "reference.html"
_SMALLEST_JSON_LIMIT = 1024 * 1024
_BYTES_PER_CHARACTER = 12
"""A character beyond the basic plane, written as two JSON escapes."""


def create_app(settings: Settings, *, library: Library | None = None) -> FastAPI:
    """The service as an ASGI application.

    A library that is given is used and left open at the end, for whoever opened it to close; without
    one, the settings' data folder and model are opened when the application starts.
    """
    app = FastAPI(
        title="Loccit",
        summary="Document-QA retrieval whose every citation can be checked, character for character.",
        description=openapi.DESCRIPTION,
        version=version("loccit"),
        lifespan=_lifespan,
        middleware=_middleware(settings),
        # Served below: the framework's page loads its scripts from the internet.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # An id may end in a slash by mistake; going elsewhere in silence would hide it.
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.library = library
    error_handlers.install(app)
    for routes in _ROUTES:
        app.include_router(routes.router)
    _add_reference(app, key_required=settings.api_key is not None)
    return app


def from_environment() -> FastAPI:
    """The application for servers that start it by its name, such as ``uvicorn --factory``."""
    settings = load_settings()
    configure_logging(settings.log_level)
    return create_app(settings)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.runtime = runtime = Runtime(app.state.settings, app.state.library)
    await runtime.start()
    try:
        yield
    finally:
        await runtime.stop()


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outside in."""
    questions = _BYTES_PER_CHARACTER * settings.max_questions * settings.max_question_characters
    chain = [
        Middleware(Telemetry),
        Middleware(PrivateAnswers),
        Middleware(CleanAddresses),
        Middleware(SameSiteWrites),
    ]
    if settings.api_key is None:
        chain.append(Middleware(OwnHosts, allowed=allowed_hosts(settings)))
    else:
        chain.append(Middleware(KeyRequired, key=settings.api_key.get_secret_value()))
    chain.append(Middleware(EarlyRefusal, path=ask.PATH))
    chain.append(
        Middleware(
            BodyLimit,
            uploads=settings.max_upload_bytes,
            documents=settings.max_body_bytes,
            others=max(_SMALLEST_JSON_LIMIT, questions),
        )
    )
    return chain


def _add_reference(app: FastAPI, *, key_required: bool) -> None:
    page = _REFERENCE.read_text(encoding="utf-8")

    async def description(_: Request) -> Response:
        return JSONResponse(openapi.describe(app, key_required=key_required))

    async def reference(_: Request) -> Response:
        return HTMLResponse(
            page,
            headers={"Content-Security-Policy": "default-src 'self' 'unsafe-inline'; frame-ancestors 'none'"},
        )

    app.add_route("/openapi.json", description, include_in_schema=False)
    app.add_route("/docs", reference, include_in_schema=False)
