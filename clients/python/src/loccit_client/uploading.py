"""Bodies of uploads: documents and forms with files, read piece by piece, with progress."""

from __future__ import annotations

import io
import json
import mimetypes
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import httpx

Progress = Callable[[int, int], None]
"""Called with the bytes that are sent, and with all there are."""
File = str | Path | tuple[str, bytes | Path]
"""A file or folder on disk, or a name with the content: bytes, or a file on disk."""
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is the document itself, or a form of files and fields."""

    content: bytes | None = None
    media_type: str = ""
    files: tuple[tuple[str, bytes | Path], ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    on_progress: Progress | None = None

    @property
    def request_options(self) -> dict[str, Any]:
        """Arguments of httpx's ``build_request``."""
        if self.content is not None:
            return {"content": self.content, "headers": {"Content-Type": self.media_type}}
        return {
            "data": dict(self.fields),
            "files": [
                ("files", (name, _open_content(content), _media_type(name))) for name, content in self.files
            ],
        }


def form(
    files: Iterable[File], *, metadata: Mapping[str, Any] | None, password: str, on_progress: Progress | None
) -> Upload:
    """The form of an ingest. Raises :class:`FileNotFoundError` for a path where nothing is."""
    fields = {"metadata": json.dumps(metadata)} if metadata else {}
    if password:
        fields["password"] = password
    named = tuple(one for file in files for one in _named_contents(file))
    return Upload(files=named, fields=fields, on_progress=on_progress)


def _named_contents(file: File) -> Iterator[tuple[str, bytes | Path]]:
    """The names and contents that a file or folder stands for; hidden files and folders are left out."""
    if isinstance(file, tuple):
        yield file
        return
    path = Path(file)
    if path.is_dir():
        for found in sorted(path.rglob("*")):
            relative = found.relative_to(path)
            if found.is_file() and not any(part.startswith(".") for part in relative.parts):
                yield relative.as_posix(), found
    elif path.is_file():
        yield path.name, path
    else:
        raise FileNotFoundError(f"There is no file or folder {path}.")


def _open_content(content: bytes | Path) -> Any:
    return _LazyFile(content) if isinstance(content, Path) else io.BytesIO(content)


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


class _LazyFile:
    """A file that is open only while it is read: a form may have more files than a process may open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = path.stat().st_size
        self._at = 0
        self._open: BinaryIO | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._close()
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        if self._open is None:
            self._open = self._path.open("rb")
            self._open.seek(self._at)
        # Not more than the length that was announced, if the file grows meanwhile.
        left = max(0, self._size - self._at)
        piece = self._open.read(left if size < 0 else min(size, left))
        self._at += len(piece)
        if not piece:
            self._close()
        return piece

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


class ReportedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a request, which reports what was handed on. For both kinds of clients."""

    def __init__(self, stream: Any, total: int, on_progress: Progress) -> None:
        self._stream = stream
        self._total = total
        self._on_progress = on_progress

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        for chunk in self._stream:
            for piece in _pieces(chunk):
                yield piece
                sent += len(piece)
                self._on_progress(sent, self._total)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        sent = 0
        async for chunk in self._stream:
            for piece in _pieces(chunk):
                yield piece
                sent += len(piece)
                self._on_progress(sent, self._total)


def _pieces(chunk: bytes) -> Iterator[bytes]:
    return (chunk[at : at + _PIECE] for at in range(0, len(chunk), _PIECE))
