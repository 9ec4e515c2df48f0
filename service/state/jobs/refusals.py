"""The errors with which every job store refuses a call, with one wording for all of them."""

from index.errors import UpgradeBegun
from service.errors import InvalidRequest, JobNotFinished, JobNotFound, Overloaded


def job_not_found(job_id: str) -> JobNotFound:
    """The error for an unknown job."""
    return JobNotFound(f"There is no job {job_id!r}. GET /v1/jobs lists those that are kept.")


def too_many_jobs(most: int) -> Overloaded:
    """The error for a job that would have to wait behind too many others."""
    return Overloaded(
        f"There are {most:,} jobs that wait or run, which is the limit. Try again when "
        "some are done, or send several files in one job.",
        headers={"Retry-After": "30"},
    )


def upgrade_under_way(collection: str, job_id: str) -> UpgradeBegun:
    """The error for a second upgrade of a collection at a time."""
    return UpgradeBegun(
        f"An upgrade of the collection {collection!r} is under way: the job {job_id!r}. "
        "Follow it, or cancel it."
    )


def delete_unfinished(job_id: str) -> JobNotFinished:
    """The error for deleting a job that is not finished."""
    return JobNotFinished(f"The job {job_id!r} is not finished. Cancel it first.")


def password_unfinished() -> JobNotFinished:
    """The error for a password that comes before the job is finished."""
    return JobNotFinished("The job is not finished. Give the password when it is.")


def no_encrypted_item() -> InvalidRequest:
    """The error for a password that no item needs."""
    return InvalidRequest(
        "password: no refused file of this job can be opened with a password. Retry without one."
    )
