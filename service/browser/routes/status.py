"""The state of the service, for administrators."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.types import Scope as Connection

from service.api.dependencies import Caller, ReadyRuntime
from service.api.route import GuardedRoute
from service.browser import page
from service.browser.listing import size_in_words
from service.browser.routes.collections import shown_collections
from service.identity import Principal, Scope, access
from service.jobs.records import FINISHED
from service.routes.health import readiness_json
from service.runtime import Runtime

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
