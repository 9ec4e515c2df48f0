"""Many documents at once, and the jobs that take them in."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, SecretStr, field_validator

from service.requests.base import CollectionName, CollectionQuery, Request
from service.requests.documents import DocumentRequest

MOST_PASSWORD_BYTES = 1024
"""It is kept with every file that it may be needed for."""


class JobsQuery(Request):
    """Which jobs to list."""

    collection: str = Field("", description="Only those of this collection.")
    limit: int = Field(20, ge=1, le=100, description="Most jobs in this page.")
    before: str = Field("", description="The `next` of the page before.")


class JobFilesQuery(Request):
    """Which files of a job to list."""

    state: Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled"] | None = Field(
        None, description="Only those in this state."
    )
    limit: int = Field(100, ge=1, le=1000, description="Most files in this page.")
    after: int = Field(0, ge=0, le=2**31, description="The `next` of the page before.")


class IngestQuery(CollectionQuery):
    """Where files go that are sent as a form or as a ZIP file."""

    prefix: str = Field(
        "", description="Put before each file's name to make its document's id.", examples=["manuals"]
    )


class IngestedDocument(DocumentRequest):
    """A document with its text and its id."""

    document_id: str


class Crawl(Request):
    """A site, or a part of one: pages of the same host, below the first page's folder, that links lead to."""

    url: str
    max_pages: int = Field(100, ge=1, le=10_000, description="Most pages that are fetched.")
    max_depth: int = Field(3, ge=0, le=20, description="Most links from the first page to any other.")


class IngestRequest(Request):
    """Documents with their texts, and addresses of others that are fetched."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"documents": [{"document_id": "lamps.md", "text": "# Lamps\n\nLit at dusk."}]},
                {"urls": ["https://www.example.org/lamps.html"], "metadata": {"project": "lamps"}},
                {"crawls": [{"url": "https://docs.example.org/", "max_pages": 200}]},
            ]
        }
    )

    collection: CollectionName = "default"
    documents: list[IngestedDocument] = Field(default_factory=list, description="Documents as text.")
    urls: list[str] = Field(default_factory=list, description="Pages or files to fetch.")
    sitemaps: list[str] = Field(default_factory=list, description="Sitemaps whose pages are fetched.")
    crawls: list[Crawl] = Field(default_factory=list, description="Sites to follow the links of.")
    metadata: dict[str, Any] = Field(
        default_factory=dict, description="For all of what is fetched: names with values, for filters."
    )


class RetryRequest(Request):
    """How to try again what was refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "sesame"}]})

    password: SecretStr = Field(
        default=SecretStr(""),
        description="For the files that were refused as `encrypted_document`, in place of one that came with "
        f"them. At most {MOST_PASSWORD_BYTES:,} bytes. It is kept with a file until that is taken in, or "
        "refused as encrypted again, and told nowhere.",
    )

    @field_validator("password")
    @classmethod
    def _short(cls, password: SecretStr) -> SecretStr:
        if len(password.get_secret_value().encode()) > MOST_PASSWORD_BYTES:
            raise ValueError(f"is longer than {MOST_PASSWORD_BYTES:,} bytes.")
        return password
