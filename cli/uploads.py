"""Ingest files of this machine into a running service."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import loccit_client
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cli.instances import Place
from cli.instances.remote import connect, translate_client_errors
from cli.terminal.consoles import stderr
from cli.terminal.ingest_outcome import Outcome
from index.sources import FoundFile, Selection, Skipped, walk

if TYPE_CHECKING:
    from loccit_client.models import Job

_BATCH_FILES = 1000
_BATCH_BYTES = 256 * 1024 * 1024
"""Most bytes of one job. The service limits both."""
_TAKEN = ("added", "replaced", "unchanged")


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes of all files: a password, the groups that may read them, a new collection's model."""

    password: str = field(default="", repr=False)
    groups: Sequence[str] | None = None
    model: str = ""


def upload_files(
    place: Place, paths: Sequence[Path], selection: Selection, attributes: Attributes
) -> Outcome:
    """Upload files and folders, and wait until they are ingested and embedded.

    The same files are found, under the same ids, as by an ingest on the service's machine. Raises
    :class:`cli.instances.ReplyError`.
    """
    with translate_client_errors(), connect(place) as client, _bars() as progress:
        _make_collection(client, place.collection, attributes.model)
        found = list(walk(paths, selection))
        files = [one for one in found if isinstance(one, FoundFile)]
        ingest = _Ingest(client, attributes, progress, sum(_size(one) for one in files))
        ingest.skipped += [one for one in found if isinstance(one, Skipped)]
        for batch in _batches(ingest.skip_duplicate_ids(files)):
            ingest.send(batch)
    return ingest.outcome()


def _make_collection(client: loccit_client.Client, name: str, model: str) -> None:
    """Create the collection if it is missing; the service creates only the default one by itself."""
    try:
        client.collections.get(name)
    except loccit_client.NotFound:
        if model or name != "default":
            client.collections.create(name, model=model)


class _Ingest:
    """An ingest of batches, with counts of their files by outcome."""

    def __init__(
        self, client: loccit_client.Client, attributes: Attributes, progress: Progress, total: int
    ) -> None:
        self.skipped: list[Skipped] = []
        self._client = client
        self._attributes = attributes
        self._progress = progress
        self._task = progress.add_task("uploading", total=total)
        self._began = time.monotonic()
        self._counts: Counter[str] = Counter()
        self._embedded = 0
        self._unindexed = 0

    def skip_duplicate_ids(self, files: Iterable[FoundFile]) -> Iterator[FoundFile]:
        """Leave out files whose id an earlier one has, and note them as skipped."""
        seen: dict[str, Path] = {}
        for one in files:
            if (first := seen.setdefault(one.document_id, one.path)) is one.path:
                yield one
            else:
                reason = f"its id {one.document_id!r} is that of {first}"
                self.skipped.append(Skipped(str(one.path), reason, "duplicate_id"))

    def send(self, batch: Sequence[FoundFile]) -> None:
        """Upload a batch as one job, and wait until it is done."""
        before = self._progress.tasks[self._task].completed
        sent: list[tuple[str, bytes | Path]] = []
        for one in batch:
            sent.append((one.document_id, one.path))
            if one.sidecar is not None:
                suffix = one.sidecar.name[len(one.path.name) :]
                sent.append((f"{one.document_id}{suffix}", one.sidecar))
        job = self._client.ingest(
            sent,
            groups=self._attributes.groups,
            password=self._attributes.password,
            on_progress=lambda done, _: self._progress.update(self._task, completed=before + done),
        )
        ingesting = self._progress.add_task("ingesting", total=None)
        job = self._client.jobs.wait(
            job.job_id,
            on_progress=lambda now: self._progress.update(
                ingesting, completed=now.files.done, total=now.files.total
            ),
        )
        self._progress.remove_task(ingesting)
        self._count(job, {one.document_id: one.path for one in batch})

    def _count(self, job: Job, paths: dict[str, Path]) -> None:
        if job.state == "failed":
            raise loccit_client.LoccitError(f"The job {job.job_id} has failed: {job.problem}")
        self._counts.update({kind: getattr(job.files, kind) for kind in _TAKEN})
        self._embedded += job.passages.embedded
        self._unindexed = job.unindexed
        for refused in self._client.jobs.files(job.job_id, state="refused", page_size=1000):
            path = paths.get(refused.name, refused.name)
            self.skipped.append(Skipped(str(path), refused.message, refused.code))

    def outcome(self) -> Outcome:
        """The counts of all files so far, by outcome."""
        seconds = time.monotonic() - self._began
        return Outcome(self._counts, self.skipped, (), self._embedded, seconds, self._unindexed)


def _batches(files: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    batch: list[FoundFile] = []
    size = 0
    for one in files:
        size += _size(one)
        if batch and (len(batch) == _BATCH_FILES or size > _BATCH_BYTES):
            yield batch
            batch, size = [], _size(one)
        batch.append(one)
    if batch:
        yield batch


def _size(one: FoundFile) -> int:
    return one.path.stat().st_size


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=stderr(), transient=True)
