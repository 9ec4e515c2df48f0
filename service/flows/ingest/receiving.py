"""Receive what callers send to be ingested, and make a job of it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import anyio
from pydantic_core import from_json

from index.errors import InvalidMetadata
from index.naming import is_hidden, validate_document_id, validate_groups, validate_metadata
from index.readers import text_media_type
from index.sources import MAX_SIDECAR_BYTES, SIDECAR_SUFFIXES, parse_sidecar
from index.sources.web import parse_url
from service.errors import InvalidRequest
from service.flows.ingest.body import Body
from service.flows.ingest.forms import MAX_FILES, Form, FormFile, FormLimits
from service.flows.ingest.ingestion import Ingestion
from service.flows.ingest.requests import MAX_PASSWORD_BYTES, IngestedDocument, IngestQuery, IngestRequest
from service.http.links import DEFAULT_COLLECTION
from service.http.parameters import names_of
from service.state.identity import Principal
from service.state.jobs.protocols import Spool
from service.state.jobs.records import Access, Job, NewItem, Rejection
from service.state.jobs.uploads import Upload

_OF_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})
FORM = "multipart/form-data"
_ZIP = ("application/zip", "application/x-zip-compressed")
_FIELDS = {"metadata": 1024 * 1024, "password": MAX_PASSWORD_BYTES}
"""Maximum bytes by form field."""
_QUERY_FIELDS = {"prefix": 4096, "groups": 16 * 1024, "same_bytes": 16}
"""Parameters that the API has in the query and a page's form among its fields."""


async def receive(
    ingestion: Ingestion,
    caller: Principal,
    query: IngestQuery,
    body: Body,
    read: Callable[[bytes], IngestRequest],
) -> Job:
    """The job of a body: a form, a ZIP file, or JSON with texts and addresses, which ``read`` parses.

    Raises :class:`service.errors.Overloaded`, :class:`service.errors.SpoolFull`,
    :class:`service.errors.ClientGone`, and what is wrong with the request.
    """
    async with _receiving(ingestion):
        if body.essence == FORM:
            return (await _receive_form(ingestion, caller, query, body, _FIELDS))[0]
        if body.essence in _ZIP:
            return await _receive_zip(ingestion, caller, query, body)
        wanted = read(await body.read(ingestion.settings.library_config().ingest.max_document_bytes))
        async with _open_upload(ingestion, body.size) as upload:
            return await ingestion.pools.writes.run(
                _create_job_of_request, ingestion, wanted.narrow_caller(caller), query.prefix, upload, wanted
            )


async def receive_files(
    ingestion: Ingestion, caller: Principal, query: IngestQuery, body: Body
) -> tuple[Job, int]:
    """The job of a page's form, which has prefix and groups among its fields. Raises as :func:`receive`.

    Hidden files, which people choose with a folder without knowing, are left out; their number is returned.
    """
    async with _receiving(ingestion):
        fields = {**_FIELDS, **_QUERY_FIELDS}
        return await _receive_form(ingestion, caller, query, body, fields, skip=is_hidden_file)


def is_hidden_file(name: str) -> bool:
    """Whether a file is hidden, or kept by an operating system for itself."""
    parts = name.split("/")
    return is_hidden(parts) or "__MACOSX" in parts or parts[-1].lower() in _OF_SYSTEMS


async def receive_addresses(ingestion: Ingestion, caller: Principal, wanted: IngestRequest) -> Job:
    """The job that fetches addresses. Raises as :func:`receive`."""
    async with _receiving(ingestion), _open_upload(ingestion, 0) as upload:
        return await ingestion.pools.writes.run(_create_job_of_request, ingestion, caller, "", upload, wanted)


@asynccontextmanager
async def _receiving(ingestion: Ingestion) -> AsyncIterator[None]:
    """Receive only what there is room for, and start the job."""
    await ingestion.pools.lookups.run(ingestion.jobs.require_room)  # before the client sends everything
    yield
    ingestion.jobs.runner.wake()


async def _receive_form(
    ingestion: Ingestion,
    caller: Principal,
    query: IngestQuery,
    body: Body,
    fields: Mapping[str, int],
    *,
    skip: Callable[[str], bool] = lambda _: False,
) -> tuple[Job, int]:
    """Receive a form; returns its job, and how many of its files were left out."""
    await ingestion.pools.lookups.run(_require_collection, ingestion, caller, query.collection)
    async with _open_upload(ingestion, body.size) as upload:
        form = Form(
            body.media_type,
            upload,
            FormLimits(MAX_FILES, fields),
            check=lambda name: validate_document_id(_join_path(query.prefix, name)),
            skip=skip,
        )
        async for chunk in body.chunks():
            await ingestion.pools.writes.run(form.feed, chunk)
        form.end()
        named = {
            name: form.fields[name].strip() for name in _QUERY_FIELDS if form.fields.get(name, "").strip()
        }
        query = query.model_copy(update=named)
        job = await ingestion.pools.writes.run(_add_files, ingestion, caller, query, upload, form)
        return job, form.skipped


@asynccontextmanager
async def _open_upload(ingestion: Ingestion, size: int) -> AsyncIterator[Upload]:
    """An upload whose files are deleted unless they become a job's. Raises :class:`SpoolFull`."""
    spool = ingestion.jobs.spool
    await ingestion.pools.writes.run(spool.require_room, size)
    upload = Upload(spool)
    try:
        yield upload
    finally:
        with anyio.CancelScope(shield=True):
            await ingestion.pools.writes.run(upload.close)


def _require_collection(ingestion: Ingestion, caller: Principal, name: str) -> None:
    """Refuse an unknown collection before the client sends the files."""
    ingestion.collections.require(caller, name)
    if name != DEFAULT_COLLECTION:
        ingestion.collections.library.open(name)


def _add_files(
    ingestion: Ingestion, caller: Principal, query: IngestQuery, upload: Upload, form: Form
) -> Job:
    attributes = {
        "metadata": _parse_metadata(form.fields.get("metadata", "")),
        "password": form.fields.get("password", ""),
        **_file_attributes(query),
    }
    files, described = take_sidecars(form.files, ingestion.jobs.spool, upload.job_id)
    items = [
        replace(
            _file_item(query.prefix, one.name, _with_sidecar(attributes, described.get(one.name, {}))),
            spooled=one.spooled,
            bytes=one.bytes,
        )
        for one in files
    ]
    return _create_job(ingestion, caller, query.collection, upload, items)


def _with_sidecar(attributes: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """The attributes of all files, and those of one file's sidecar, which take precedence."""
    metadata = {**attributes["metadata"], **own.get("metadata", {})}
    return {**attributes, **own, "metadata": metadata}


def _parse_metadata(written: str) -> Mapping[str, object]:
    try:
        # Unlike the standard library, pydantic-core refuses lone surrogates.
        found = from_json(written or "{}", allow_inf_nan=False)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest('metadata: not a JSON mapping. Write it like {"year": 2020}.')
    return validate_metadata(found)


async def _receive_zip(ingestion: Ingestion, caller: Principal, query: IngestQuery, body: Body) -> Job:
    validate_document_id(_join_path(query.prefix, "folder.zip"))
    await ingestion.pools.lookups.run(_require_collection, ingestion, caller, query.collection)
    async with _open_upload(ingestion, body.size) as upload:
        await ingestion.pools.writes.run(upload.begin)
        async for chunk in body.chunks():
            await ingestion.pools.writes.run(upload.write, chunk)
        spooled, size = await ingestion.pools.writes.run(upload.finish)
        archive = _archive_item("the ZIP file", query.prefix, _file_attributes(query))
        item = replace(archive, spooled=spooled, bytes=size)
        return await ingestion.pools.writes.run(
            _create_job, ingestion, caller, query.collection, upload, [item]
        )


def _create_job_of_request(
    ingestion: Ingestion, caller: Principal, prefix: str, upload: Upload, wanted: IngestRequest
) -> Job:
    groups = None if wanted.groups is None else validate_groups(wanted.groups)
    given = {} if groups is None else {"groups": groups}
    attributes = {"metadata": validate_metadata(wanted.metadata), **given}
    fetched = [
        *(NewItem("url", str(parse_url(url)), request=attributes) for url in wanted.urls),
        *(NewItem("sitemap", str(parse_url(url)), request=attributes) for url in wanted.sitemaps),
        *(
            NewItem(
                "crawl", str(parse_url(one.url)), request={**attributes, **one.model_dump(exclude={"url"})}
            )
            for one in wanted.crawls
        ),
    ]
    texts = [(_text_item(prefix, document, given), document.text.encode()) for document in wanted.documents]
    items = []
    for item, data in texts:
        spooled, size = upload.put(data)
        items.append(replace(item, spooled=spooled, bytes=size))
    return _create_job(ingestion, caller, wanted.collection, upload, [*items, *fetched])


def _file_item(prefix: str, name: str, attributes: Mapping[str, Any]) -> NewItem:
    path = PurePosixPath(name)
    document_id = validate_document_id(_join_path(prefix, name))
    if path.suffix.lower() == ".zip":
        # Its files are named by their paths inside it, not by its own name.
        parent = "" if str(path.parent) == "." else str(path.parent)
        return _archive_item(name, _join_path(prefix, parent), attributes)
    return NewItem("file", document_id, request=attributes)


def _archive_item(name: str, prefix: str, attributes: Mapping[str, Any]) -> NewItem:
    return NewItem("archive", name, request={**attributes, "prefix": prefix.strip("/")})


def _file_attributes(query: IngestQuery) -> dict[str, Any]:
    """The groups of a query, and how copies are treated, as attributes of an item."""
    groups = {} if query.groups is None else {"groups": names_of(query.groups)}
    return {**groups, "same_bytes": "skip"} if query.same_bytes == "skip" else groups


def _text_item(prefix: str, document: IngestedDocument, given: Mapping[str, Any]) -> NewItem:
    document_id = validate_document_id(_join_path(prefix, document.document_id))
    attributes = {
        "title": document.title,
        "source": document.source,
        "metadata": validate_metadata(document.metadata),
        "media_type": document.media_type or text_media_type(document_id),
        **({"groups": validate_groups(document.groups)} if document.groups is not None else given),
    }
    return NewItem("file", document_id, request=attributes)


def _join_path(prefix: str, name: str) -> str:
    return "/".join(part for part in (prefix.strip("/"), name) if part)


def _create_job(
    ingestion: Ingestion, caller: Principal, collection: str, upload: Upload, items: Sequence[NewItem]
) -> Job:
    """Create the job of an upload whose files are all on disk."""
    if not items:
        raise InvalidRequest("There is nothing to ingest: send files, documents or addresses.")
    # Only the default collection is created automatically: another name may be a typing error.
    ingestion.collections.open(caller, collection, create=collection == DEFAULT_COLLECTION)
    groups = {name for item in items for name in item.request.get("groups", ())}
    # Seen by everyone if one of its documents is.
    is_open = not all(item.request.get("groups") for item in items)
    access = Access(() if is_open else tuple(sorted(groups)), caller.groups)
    return upload.commit(lambda job_id: ingestion.jobs.add(job_id, collection, items, access))


# Sidecars in a form: files with the metadata of other files that were sent with them.


def take_sidecars(
    files: Sequence[FormFile], spool: Spool, job_id: str
) -> tuple[list[FormFile], dict[str, Mapping[str, Any]]]:
    """Separate the sidecars of files that are in the form, too, and delete them from the spool.

    Returns the other files, and what the sidecar of each says, by the file's name: attributes of its item, or
    why it is refused. A file that is called like a sidecar and describes none of the files stays a document.
    """
    names = {one.name for one in files}
    described: dict[str, FormFile] = {}
    for one in files:
        base = _described_file(one.name)
        if base in names:
            described.setdefault(base, one)
    found = {base: _read_attributes(one, spool, job_id) for base, one in described.items()}
    sidecars = [one for one in files if _described_file(one.name) in names]
    spool.remove(job_id, [one.spooled for one in sidecars])
    taken = {one.spooled for one in sidecars}
    return [one for one in files if one.spooled not in taken], found


def _described_file(name: str) -> str:
    """The name of the file that a sidecar of this name describes; empty if it is no sidecar."""
    for suffix in SIDECAR_SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return ""


def _read_attributes(one: FormFile, spool: Spool, job_id: str) -> Mapping[str, Any]:
    with spool.open(job_id, one.spooled) as file:
        data = file.read(MAX_SIDECAR_BYTES + 1)
    try:
        sidecar = parse_sidecar(data, name=one.name)
    except InvalidMetadata as error:
        refused = Rejection.of(error)
        return {"refused": [refused.code, refused.message]}
    groups = {} if sidecar.groups is None else {"groups": sidecar.groups}
    return {"title": sidecar.title, "source": sidecar.source, "metadata": sidecar.metadata, **groups}
