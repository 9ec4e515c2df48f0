"""The progress of a job, as the pages that follow one show it."""

from typing import Any

from service.faces.api.routes.jobs import current_json
from service.faces.pages.listing import day_and_time, size_in_words
from service.flows.ingest.jobs.jobs import Jobs
from service.state.collections import Collections
from service.state.jobs.records import FINISHED, SAME_BYTES, Job

_MOST_REFUSED = 1000
"""Refused files whose reasons decide what is said of them, and whether a retry is offered."""


def job_progress(collections: Collections, jobs: Jobs, job: Job) -> dict[str, Any]:
    """The values of the parts of templates that show a job's state and progress; blocks."""
    told = current_json(collections, jobs, job)
    refused = told["files"]["refused"]
    some = jobs.store.items(job.id, limit=_MOST_REFUSED, outcomes=("refused",)) if refused else []
    copies = sum(one.code == SAME_BYTES for one in some)
    return {
        "job": told,
        "copies": copies,
        "refused": some,
        "faults": refused - copies,
        "day": day_and_time(job.created),
        "size": size_in_words(job.counts.bytes),
        "is_finished": job.state in FINISHED,
        "is_cancelling": job.cancelling,
    }
