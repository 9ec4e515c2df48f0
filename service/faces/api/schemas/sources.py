"""Response models: sources of collections and their runs."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class SourceRun(BaseModel):
    """A run of a source."""

    began: datetime
    seconds: float
    counts: dict[str, int] = Field(
        description="Documents by what was done, `skipped` entries, `refused` removals, `embedded` passages."
    )
    problem: str = Field(description="Why it failed, or why documents were kept; else empty.")
    code: str = Field(description="The error code of a run that failed; else empty.")
    is_complete: bool = Field(description="The listing was complete, so that what is gone was removed.")


class SyncProgress(BaseModel):
    """Entries that have been looked at, of all that are listed."""

    entries: int
    done: int


class SyncDetails(BaseModel):
    """The source that a job synchronizes, its progress, and what it did."""

    source: str
    progress: SyncProgress | None = Field(description="Null until entries are listed.")
    result: SourceRun | None = Field(description="Null until it is done.")


class Source(BaseModel):
    """A place in another application whose documents the collection has. Its secret is never shown."""

    name: str
    kind: str
    place: str
    url: str
    user: str
    options: dict[str, str]
    prefix: str = Field(description="Folder name before the ids of its documents.")
    groups: list[str] | None = Field(description="Groups that may read its documents; null: everyone.")
    group_prefixes: dict[str, list[str]] = Field(description="Groups by the beginning of paths.")
    takes_readers: bool = Field(description="The application says who may read each document.")
    owner: str = Field(description="The group for what the application does not tell the readers of.")
    every_seconds: float = Field(description="Time between two runs; 0: only when it is asked for.")
    erases: bool = Field(description="What is gone is erased instead of retired.")
    secret: Literal["kept", "environment", "none"] = Field(
        description="Where its secret is: with the source, sealed; in the environment of the process that "
        "runs it; nowhere."
    )
    next: datetime | None = Field(
        description="When it is due; null without a schedule, and before the first run."
    )
    last: SourceRun | None = Field(description="The last run; a right that was withdrawn is in force since.")


class UnreadableSource(BaseModel):
    """A source that is stored in a form that cannot be read, with the error. Remove it, or put it again."""

    name: str
    error: dict[str, str]


class RemovedSource(BaseModel):
    """A source that was removed."""

    name: str
    retired: int = Field(description="How many of its documents were retired.")


class SourceList(BaseModel):
    """The sources of a collection."""

    sources: list[Source | UnreadableSource]
