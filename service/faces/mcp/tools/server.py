"""The tools over HTTP, with an OpenAPI document of them alone: for programs that make tools of one."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from service.faces.api.schemas.values import Json
from service.faces.dependencies import ready
from service.faces.mcp.tools.backend import ServiceBackend
from service.faces.mcp.tools.table import TOOLS, Tool, json_schema
from service.flows.ask.asking import Asking
from service.http.json_body import read_body
from service.http.links import DEFAULT_COLLECTION, base_url
from service.http.replies import json_reply
from service.http.route import GuardedRoute
from service.settings import Settings
from service.state.identity import Scope, access, caller_of

PREFIX = "/tools"
router = APIRouter(prefix=PREFIX, route_class=GuardedRoute, include_in_schema=False)


@router.get("/openapi.json")
@access(Scope.ASK)
async def description(request: Request) -> Response:
    """The OpenAPI document of the tools that the caller may use."""
    settings = ready(request, Settings)
    scope = caller_of(request.scope).scope
    return json_reply(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Loccit",
                "version": version("loccit"),
                "description": "Ask documents, with citations that can be checked.",
            },
            "servers": [{"url": f"{base_url(request.scope, settings.public_url)}{PREFIX}"}],
            "paths": {
                f"/{tool.name}": {"post": _operation_json(tool)} for tool in TOOLS if tool.scope <= scope
            },
        }
    )


def _operation_json(tool: Tool[Any]) -> Json:
    def content(schema: Json) -> Json:
        return {"content": {"application/json": {"schema": schema}}}

    return {
        "operationId": tool.name,
        "summary": tool.title,
        "description": tool.description,
        "requestBody": {"required": True, **content(json_schema(tool.arguments))},
        "responses": {"200": {"description": tool.title, **content(json_schema(tool.result))}},
    }


def _add_route(tool: Tool[Any]) -> None:
    @router.post(f"/{tool.name}")
    @access(tool.scope, *tool.tells)
    async def call(request: Request) -> Response:
        asking = ready(request, Asking)
        collection = request.query_params.get("collection") or DEFAULT_COLLECTION
        backend = ServiceBackend(request, asking, collection=collection)
        result = await tool.call_json(backend, await read_body(request))
        return json_reply(result.model_dump(mode="json"))


for _tool in TOOLS:
    _add_route(_tool)
