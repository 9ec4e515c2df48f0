"""Ingest many documents in the background: files, ZIP files, texts, web addresses."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from index.errors import DiskFull, DiskReadOnly, ObjectsUnavailable
from service.errors import MayRaise, SpoolFull
from service.faces.api.routes.jobs import current_json
from service.faces.api.schemas.jobs import JobResponse
from service.faces.client import body_of
from service.faces.dependencies import Caller, ReadyIngestion
from service.flows.ingest.receiving import receive
from service.flows.ingest.requests import IngestQuery, IngestRequest
from service.http.json_body import JsonBody
from service.http.links import job_path
from service.http.replies import json_reply
from service.http.route import ApiRoute
from service.state.identity import Scope, access

router = APIRouter(tags=["jobs"], route_class=ApiRoute)

_JSON = JsonBody(IngestRequest)
_FORM = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "metadata": {"type": "string", "description": "Metadata of all files, as a JSON object."},
        "password": {"type": "string", "description": "Password of encrypted files."},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Files as a form, a folder as a ZIP file, or JSON with texts and web addresses.",
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            **_JSON.openapi()["content"],
        },
    }
}


@router.post(
    "/v1/ingest",
    summary="Ingest many documents",
    status_code=202,
    response_model=JobResponse,
    openapi_extra=_BODY,
)
@access(Scope.WRITE, "jobs")
async def ingest(
    query: Annotated[IngestQuery, Query()],
    request: Annotated[Request, _JSON, MayRaise(SpoolFull, DiskFull, DiskReadOnly, ObjectsUnavailable)],
    caller: Caller,
    ingestion: ReadyIngestion,
) -> Response:
    """Responds with a job as soon as everything received is stored on disk.

    The name of a file becomes the id of its document; a ZIP file stands for the files in it. `GET` the job or
    follow its events for its progress and the outcome of each file.
    """
    job = await receive(ingestion, caller, query, body_of(request), lambda data: _JSON.parse(data, request))
    answer = await ingestion.pools.lookups.run(current_json, ingestion.collections, ingestion.jobs, job)
    return json_reply(answer, status_code=202, headers={"Location": job_path(job.id)})
