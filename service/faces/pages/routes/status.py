"""The state of the service, for administrators."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.types import Scope as Connection

from service.app.runtime import Runtime
from service.faces.api.routes.health import readiness_json
from service.faces.dependencies import Caller, ReadyRuntime
from service.faces.pages import page
from service.faces.pages.listing import size_in_words
from service.faces.pages.routes.collections import shown_collections
from service.http.route import GuardedRoute
from service.state.identity import Principal, Scope, access
from service.state.jobs.records import FINISHED

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/status"


@router.get(PATH)
@access(Scope.ADMIN, "collections")
async def status(request: Request, caller: Caller, runtime: ReadyRuntime) -> Response:
    """What works, what waits, how much there is, and what runs here."""
    return await runtime.pools.lookups.run(_status, request.scope, runtime, caller)


def _status(connection: Connection, runtime: Runtime, caller: Principal) -> Response:
    return page(
        connection,
        "status",
        readiness=readiness_json(runtime, caller),
        collections=shown_collections(runtime, caller),
        whole=_whole(runtime) if caller.collections is None else None,
    )


def _whole(runtime: Runtime) -> dict[str, Any]:
    """What concerns all collections together."""
    disk = shutil.disk_usage(runtime.library.data)
    states = runtime.jobs.store.count_states()
    return {
        "jobs": sum(count for state, count in states.items() if state not in FINISHED),
        "free": size_in_words(disk.free),
        "disk": size_in_words(disk.total),
        "is_short": disk.free < disk.total / 20,
        "versions": {"Loccit": version("loccit"), "Python": platform.python_version()},
        "has_keys": runtime.is_closed_to_strangers,
        "is_audited": runtime.audit is not None,
    }
