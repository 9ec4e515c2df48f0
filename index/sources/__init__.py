"""Put documents into a collection from files and folders, once or continuously, and from the web.

Fetching, crawling and sitemaps are in :mod:`index.sources.web`. These names are loaded when they are first
used, so that a process that only finds files does not load the indexes.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.sources.background import put_all
    from index.sources.files import FoundFile, Patterns, Skipped, resolve_location
    from index.sources.folders import FolderIngest, FolderOptions, IngestReport
    from index.sources.mirroring import FEW, SHARE, Refusal
    from index.sources.sidecars import MAX_SIDECAR_BYTES, SIDECAR_SUFFIXES, Sidecar, is_sidecar, parse_sidecar
    from index.sources.walking import Selection, walk
    from index.sources.watching import watch

__all__ = [
    "FEW",
    "MAX_SIDECAR_BYTES",
    "SHARE",
    "SIDECAR_SUFFIXES",
    "FolderIngest",
    "FolderOptions",
    "FoundFile",
    "IngestReport",
    "Patterns",
    "Refusal",
    "Selection",
    "Sidecar",
    "Skipped",
    "is_sidecar",
    "parse_sidecar",
    "put_all",
    "resolve_location",
    "walk",
    "watch",
]

_MODULES = {
    "FEW": "mirroring",
    "SHARE": "mirroring",
    "MAX_SIDECAR_BYTES": "sidecars",
    "SIDECAR_SUFFIXES": "sidecars",
    "FolderIngest": "folders",
    "FolderOptions": "folders",
    "FoundFile": "files",
    "IngestReport": "folders",
    "Patterns": "files",
    "Refusal": "mirroring",
    "Selection": "walking",
    "Sidecar": "sidecars",
    "Skipped": "files",
    "is_sidecar": "sidecars",
    "parse_sidecar": "sidecars",
    "put_all": "background",
    "resolve_location": "files",
    "walk": "walking",
    "watch": "watching",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
