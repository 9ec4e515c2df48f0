"""The state of the service, for administrators."""

import platform
import shutil
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from service.faces.api.routes.health import readiness_json
from service.faces.dependencies import (
    Caller,
    Lookups,
    ReadyCredentials,
    ReadyIngestion,
    ReadyInventory,
    in_thread,
)
from service.faces.pages import page
from service.faces.pages.context import context_of
from service.faces.pages.listing import size_in_words
from service.faces.pages.routes.collections import show_collections
from service.flows.ingest.jobs.jobs import Jobs
from service.http.route import GuardedRoute
from service.settings import Settings
from service.state.collections import Collections
from service.state.credentials import Credentials
from service.state.identity import Scope, access
from service.state.jobs.records import FINISHED

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

PATH = "/status"


@router.get(PATH)
@access(Scope.ADMIN, "collections")
@in_thread(Lookups)
def status(
    request: Request,
    caller: Caller,
    ingestion: ReadyIngestion,
    credentials: ReadyCredentials,
    inventory: ReadyInventory,
) -> Response:
    """State of the service: readiness, jobs, sizes and versions."""
    collections = ingestion.collections
    return page(
        request.scope,
        "status",
        readiness=readiness_json(collections, caller, inventory.losses()),
        collections=show_collections(collections, caller, context_of(request.scope).language),
        whole=_service_state(collections, ingestion.jobs, credentials, ingestion.settings)
        if caller.collections is None
        else None,
    )


def _service_state(
    collections: Collections, jobs: Jobs, credentials: Credentials, settings: Settings
) -> dict[str, Any]:
    """State of all collections together."""
    disk = shutil.disk_usage(collections.library.data)
    states = jobs.store.count_states()
    return {
        "jobs": sum(count for state, count in states.items() if state not in FINISHED),
        "free": size_in_words(disk.free),
        "disk": size_in_words(disk.total),
        "is_short": disk.free < disk.total / 20,
        "versions": {"Loccit": version("loccit"), "Python": platform.python_version()},
        "has_keys": credentials.are_required,
        "is_audited": settings.audit,
    }
