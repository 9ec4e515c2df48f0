"""Ingest of many documents, and its jobs."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, SecretStr, field_validator

from service.faces.api.requests.documents import DocumentRequest
from service.http.parameters import DocumentName, GroupNames, Groups, Metadata, WebAddress
from service.http.request_models import CollectionBody, CollectionQuery, Request

MAX_PASSWORD_BYTES = 1024
"""The password is stored with each file that may need it."""


class JobsQuery(Request):
    """The page of jobs to list."""

    collection: str = Field("", description="List only jobs of this collection.")
    limit: int = Field(20, ge=1, le=100, description="Maximum number of jobs in the page.")
    before: str = Field("", description="`next` of the previous page.")


class JobFilesQuery(Request):
    """The page of a job's files to list."""

    state: Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled"] | None = Field(
        None, description="List only files in this state."
    )
    limit: int = Field(100, ge=1, le=1000, description="Maximum number of files in the page.")
    after: int = Field(0, ge=0, le=2**31, description="`next` of the previous page.")


class IngestQuery(CollectionQuery):
    """Collection, id prefix and groups of uploaded files."""

    prefix: DocumentName = Field(
        "",
        description="Prefix of document ids: an id is the prefix and the file's name.",
        examples=["manuals"],
    )
    groups: GroupNames | None = Field(
        None,
        description="Comma-separated groups that may read the documents of uploaded files, unless a sidecar "
        "names others; empty for everyone. By default documents that exist keep their groups.",
    )


class IngestedDocument(DocumentRequest):
    """A document with its id."""

    document_id: DocumentName


class Crawl(Request):
    """A crawl: follows links to pages of the same host below the folder of the first page."""

    url: WebAddress
    max_pages: int = Field(100, ge=1, le=10_000, description="Maximum number of pages to fetch.")
    max_depth: int = Field(
        3, ge=0, le=20, description="Maximum number of links between the first page and any other."
    )


class IngestRequest(CollectionBody):
    """Documents as text, and addresses of documents to fetch."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"documents": [{"document_id": "lamps.md", "text": "# Lamps\n\nLit at dusk."}]},
                {"urls": ["https://www.example.org/lamps.html"], "metadata": {"project": "lamps"}},
                {"crawls": [{"url": "https://docs.example.org/", "max_pages": 200}]},
            ]
        }
    )

    documents: list[IngestedDocument] = Field(default_factory=list, description="Documents as text.")
    urls: list[WebAddress] = Field(default_factory=list, description="URLs of pages or files to fetch.")
    sitemaps: list[WebAddress] = Field(
        default_factory=list, description="URLs of sitemaps whose pages to fetch."
    )
    crawls: list[Crawl] = Field(default_factory=list, description="Sites to crawl.")
    metadata: Metadata = Field(
        default_factory=dict, description="Metadata of all fetched documents: names with values, for filters."
    )
    groups: Groups | None = Field(
        None,
        description="Groups that may read the documents, unless one of `documents` names others; an empty "
        "list for everyone. By default documents that exist keep their groups.",
    )


class RetryRequest(Request):
    """Options of a retry."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "sesame"}]})

    password: SecretStr = Field(
        default=SecretStr(""),
        description="Password for files that were refused as `encrypted_document`; replaces the one sent "
        f"with them. At most {MAX_PASSWORD_BYTES:,} bytes. It is stored with a file until the file is "
        "ingested or refused as encrypted again, and never returned.",
    )

    @field_validator("password")
    @classmethod
    def _short(cls, password: SecretStr) -> SecretStr:
        if len(password.get_secret_value().encode()) > MAX_PASSWORD_BYTES:
            raise ValueError(f"is longer than {MAX_PASSWORD_BYTES:,} bytes.")
        return password
