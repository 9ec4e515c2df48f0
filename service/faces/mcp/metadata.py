"""Metadata of the MCP server as a protected resource of OAuth (RFC 9728): who issues tokens for it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from service.errors import RouteNotFound
from service.http.links import MCP, RESOURCE_METADATA, base_url
from service.http.parts import parts_of
from service.http.replies import json_reply
from service.http.route import GuardedRoute
from service.settings import Settings
from service.state.identity import SCOPES, Scope, access
from service.state.openid import Providers

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get(RESOURCE_METADATA)
@router.get(f"{RESOURCE_METADATA}{MCP}")
@access(Scope.NONE)
async def resource_metadata(request: Request) -> Response:
    """Issuers and scopes of tokens for the MCP server; without a provider, there is no such route."""
    parts = parts_of(request)
    issuers = [one.provider for one in parts[Providers].issuers.values()]
    if not issuers:
        raise RouteNotFound("The service takes API keys, and no tokens of an issuer.")
    scopes = [f"{one.scope_prefix}{word}" for one in issuers for word in SCOPES]
    return json_reply(
        {
            "resource": f"{base_url(request.scope, parts[Settings].public_url)}{MCP}",
            "authorization_servers": [one.issuer for one in issuers],
            "scopes_supported": list(dict.fromkeys(scopes)),
            "bearer_methods_supported": ["header"],
            "resource_name": "Loccit",
        }
    )
