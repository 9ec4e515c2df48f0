"""Upgrade collections."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from index import errors
from service.errors import MayRaise
from service.faces.api.requests.collections import UpgradeRequest
from service.faces.api.routes.jobs import current_json
from service.faces.api.schemas.jobs import JobResponse
from service.faces.api.schemas.upgrades import UpgradePlan
from service.faces.dependencies import Caller, ReadyIngestion, Writes, in_thread
from service.flows.ingest.jobs.upgrading import plan_json
from service.http.json_body import JsonBody
from service.http.links import job_path
from service.http.parameters import CollectionPath
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access

router = APIRouter(tags=["collections"], route_class=ApiRoute)


@router.post(
    "/v1/collections/{name}/upgrade",
    summary="Upgrade a collection",
    status_code=202,
    response_model=JobResponse,
    responses={
        200: {"model": UpgradePlan, "description": "The plan alone; nothing was begun."},
        202: {"model": JobResponse, "description": "The upgrade was queued."},
    },
)
@access(Scope.ADMIN, "collections")
@in_thread(Writes)
def upgrade_collection(
    name: Annotated[CollectionPath, MayRaise(errors.UpgradeBegun)],
    request: Request,
    caller: Caller,
    ingestion: ReadyIngestion,
    body: Annotated[UpgradeRequest, Depends(JsonBody(UpgradeRequest, required=False))],
) -> Response:
    """Makes passages, words and vectors anew from the stored texts, as a job; locators stay.

    The collection is asked and written meanwhile. It has one upgrade at a time.
    """
    audited = {"collection": name, "model": body.model, "plan": body.plan}
    request.scope["state"]["audit"] = audited
    ingestion.settings.require_allowed_model(body.model)
    ingestion.collections.require(caller, name)
    with ingestion.collections.library.upgrade(name) as upgrade:
        plan = upgrade.plan(body.model)
    if body.plan:
        return json_reply(plan_json(plan))
    plan.require_space()
    details = {"model": body.model, "plan": plan_json(plan), "progress": None, "result": None}
    job = ingestion.jobs.add_upgrade(name, details)
    audited["job"] = job.id
    ingestion.jobs.runner.wake()
    return json_reply(
        current_json(ingestion.collections, ingestion.jobs, job),
        status_code=202,
        headers={"Location": job_path(job.id)},
    )
