"""Put documents into a collection from files and folders, once or continuously, and from the web.

Fetching, crawling and sitemaps are in :mod:`index.sources.web`.
"""

from index.sources.background import put_all
from index.sources.files import Patterns, resolve_location
from index.sources.folders import FolderIngest, FolderOptions, IngestReport
from index.sources.mirroring import Refusal
from index.sources.sidecars import MAX_SIDECAR_BYTES, SIDECAR_SUFFIXES, Sidecar, is_sidecar, parse_sidecar
from index.sources.watching import watch

__all__ = [
    "MAX_SIDECAR_BYTES",
    "SIDECAR_SUFFIXES",
    "FolderIngest",
    "FolderOptions",
    "IngestReport",
    "Patterns",
    "Refusal",
    "Sidecar",
    "is_sidecar",
    "parse_sidecar",
    "put_all",
    "resolve_location",
    "watch",
]
