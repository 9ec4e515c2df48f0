"""Sidecars in a form: files with the metadata of other files that were sent with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from index.errors import InvalidMetadata
from index.sources import MAX_SIDECAR_BYTES, SIDECAR_SUFFIXES, parse_sidecar
from service.flows.ingest.forms import FormFile
from service.state.jobs.protocols import Spool
from service.state.jobs.records import Rejection


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
