"""The routes of the service, in the order in which they are tried."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

from fastapi import APIRouter
from starlette.routing import BaseRoute

from service.faces.api import routes as api
from service.faces.mcp import http as mcp
from service.faces.mcp import metadata
from service.faces.mcp.tools import server as tools
from service.faces.openai import embeddings, file_batches, files, models, search, store_files, vector_stores
from service.faces.openai.answers import chat, responses
from service.faces.others import anthropic
from service.faces.others.cohere import rerank
from service.faces.others.dify import retrieval
from service.faces.pages import routes as pages
from service.faces.widget import routes as widget


def all_routes() -> list[BaseRoute]:
    """The routes of Loccit's own API and of the pages, which have folders of them, and of the other faces.

    A path whose last parameter takes slashes comes after the others, because it matches paths of theirs.
    """
    others = (vector_stores, search, store_files, file_batches, files, embeddings, models, chat, responses)
    more = (widget, mcp, metadata, tools, rerank, retrieval, anthropic)
    modules = (*_modules_in(api), *others, *_modules_in(pages), *more)
    found = [route for module in modules for route in _router_of(module).routes]
    return sorted(found, key=lambda route: getattr(route, "path", "").endswith(":path}"))


def _modules_in(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def _router_of(module: ModuleType) -> APIRouter:
    router: APIRouter = module.router
    return router
