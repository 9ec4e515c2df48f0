"""Readers: extract text and structure from files, one module or package for each format.

:func:`read` runs the reader of a file's format. :class:`IsolatedReaders` runs it in a worker process with
limits on time and memory, :class:`InProcessReaders` in the calling process. To add a format, see
``CONTRIBUTING.md``.
"""

from index.readers.formats import MEDIA_TYPES, is_current, read, reader_version, supported, text_media_type
from index.readers.isolation import InProcessReaders, IsolatedReaders, Readers
from index.readers.page_image import PageImage
from index.readers.statistics import ReaderStatistics

__all__ = [
    "MEDIA_TYPES",
    "InProcessReaders",
    "IsolatedReaders",
    "PageImage",
    "ReaderStatistics",
    "Readers",
    "is_current",
    "read",
    "reader_version",
    "supported",
    "text_media_type",
]
