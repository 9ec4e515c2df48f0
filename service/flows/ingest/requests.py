"""Documents that callers send, as text or as addresses to fetch."""

from typing import Literal

from pydantic import ConfigDict, Field

from service.http.parameters import DocumentName, GroupNames, Groups, Metadata, WebAddress
from service.http.request_models import CollectionBody, CollectionQuery, Request

SameBytes = Literal["keep", "skip"]
MAX_PASSWORD_BYTES = 1024
"""The password is stored with each file that may need it."""


class DocumentRequest(Request):
    """A document as JSON: its text and its attributes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"text": "# Lamps\n\nThe lamp was lit at dusk.", "title": "Lamps", "metadata": {"year": 1859}}
            ]
        }
    )

    text: str = Field(description="The text of the document.")
    title: str = Field("", description="Shown in citations; by default the title found in the document.")
    source: str = Field("", description="Origin of the document, such as its URL; shown in citations.")
    metadata: Metadata = Field(
        default_factory=dict,
        description="Names with values for filters: strings, numbers, booleans, or lists of them.",
    )
    groups: Groups | None = Field(
        None,
        description="Groups that may read the document; an empty list for everyone. By default a document "
        "that exists keeps its groups.",
    )
    media_type: str = Field(
        "",
        description="text/plain, text/markdown or text/html; by default derived from the id's extension, "
        "else text/plain.",
    )


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
    same_bytes: SameBytes = Field(
        "keep",
        description="`skip` leaves out a file whose bytes a document has under another id: its code is "
        "`same_bytes`, and a retry of the job with `same_bytes` adds it after all.",
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
