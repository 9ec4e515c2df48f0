"""Access to tantivy: create, open and write a folder of segments. Translates tantivy's errors."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tantivy

from index.disks import is_read_only
from index.engine.lexical.profiles import COLUMNS, profile
from index.errors import CollectionBusy, StoreDamaged
from index.types import Ids

_HEAP_BYTES = 64_000_000
"""Memory that a writer fills before it writes a segment."""

_PANIC = "PanicException"

_DROP_BATCH = 10_000
"""Passages dropped by one query."""


TERMS = "text"
"""The field of terms. It is stored, so that a passage can be written and scored again without its text."""

LENGTH = "length"
"""The field with the number of a passage's terms."""


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("passage", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True, fast=True)
    for name in (LENGTH, *COLUMNS):
        builder.add_unsigned_field(name, fast=True)
    builder.add_text_field(TERMS, stored=True, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


SCHEMA = _schema()


class translate_errors:  # noqa: N801 -- used as a function
    """Translate tantivy's exceptions: ValueError for any failure, RuntimeError from a failed writer.

    Damaged files can make it panic. That exception is no Exception and cannot be imported, only named.
    """

    __slots__ = ("_doing",)

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        if error is None:
            return
        if not isinstance(error, ValueError | RuntimeError | OSError) and type(error).__name__ != _PANIC:
            return
        if "LockBusy" in str(error):
            raise CollectionBusy(
                "the lexical index is being written by another process: try again in a moment"
            ) from error
        raise StoreDamaged(f"the lexical index failed while {self._doing}: {error}") from error


SEARCHED = translate_errors("being searched")
"""For what each question does."""


def create(folder: Path) -> tantivy.Index:
    """Create an empty index in a new folder."""
    with translate_errors("being created"):
        folder.mkdir(parents=True)
        return _loaded_when_asked(tantivy.Index(SCHEMA, path=str(folder)))


_LOCK = ".lock"
_views: dict[Path, TemporaryDirectory[str]] = {}
"""Folders elsewhere, with links to the files of folders that cannot be written to."""


def open_folder(folder: Path) -> tantivy.Index:
    """Open a folder of segments; raise :class:`index.errors.StoreDamaged` if it is incomplete.

    The engine makes a lock file beside the files to read them. On a disk that is read-only it reads them by
    links in a folder elsewhere, and must not write.
    """
    with translate_errors("being opened"):
        _views.pop(folder, None)
        readable = _view(folder) if is_read_only(folder) else folder
        return _loaded_when_asked(tantivy.Index.open(str(readable)))


def is_view_over(folder: Path) -> bool:
    """Whether a folder was opened by links, and can be written to now: open it again."""
    return folder in _views and not is_read_only(folder)


def _view(folder: Path) -> Path:
    view = _views[folder] = TemporaryDirectory(prefix="loccit-")
    for path in folder.iterdir():
        if path.suffix == _LOCK:  # one of its own is made there
            continue
        Path(view.name, path.name).symlink_to(path.absolute())
    return Path(view.name)


def list_segments(folder: Path) -> list[dict[str, Any]]:
    """The segments in use, as the engine lists them. Raises ValueError, KeyError, OSError."""
    found: list[dict[str, Any]] = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["segments"]
    return found


def count_stored(folder: Path) -> int:
    """Count the passages in the segments, including dropped ones that are not merged away yet."""
    with translate_errors("being counted"):
        return sum(int(segment["max_doc"]) for segment in list_segments(folder))


def has_removed(folder: Path) -> bool:
    """Whether files hold terms of dropped passages: in a segment, or left over from a merge or a crash."""
    with translate_errors("being read"):
        return any(segment["deletes"] for segment in list_segments(folder)) or bool(_unused_files(folder))


def delete_unused(folder: Path) -> None:
    """Delete files of segments that are not in use; no process may be writing.

    The engine deletes only those that it has itself seen.
    """
    with translate_errors("being cleaned"):
        for path in _unused_files(folder):
            path.unlink(missing_ok=True)


def _unused_files(folder: Path) -> list[Path]:
    """Files of segments are named by their ids; others hold no terms.

    Removed passages of a segment are in a file that is named by the commit, too.
    """
    names, removals = {"meta"}, set()
    for segment in list_segments(folder):
        name = segment["segment_id"].replace("-", "")
        names.add(name)
        if segment["deletes"]:
            removals.add(f"{name}.{segment['deletes']['opstamp']}.del")
    return [
        path
        for path in folder.iterdir()
        if not path.name.startswith(".")
        and (path.name.split(".")[0] not in names or (path.suffix == ".del" and path.name not in removals))
    ]


@contextmanager
def writing(index: tantivy.Index) -> Iterator[tantivy.IndexWriter]:
    """Lock the index and yield a writer; commit and merge segments at the end.

    The operating system holds the lock, so it is released however the process ends.
    """
    with translate_errors("being locked"):
        writer = index.writer(_HEAP_BYTES, num_threads=1)
    try:
        yield writer
        with translate_errors("being committed"):
            writer.commit()
            writer.wait_merging_threads()
    except BaseException:
        # Releases the lock now, not when the last reference goes; uncommitted changes are dropped.
        with suppress(ValueError, RuntimeError):
            writer.wait_merging_threads()
        raise


def add(writer: tantivy.IndexWriter, *, passage: int, document: int, terms: str) -> None:
    """Add a passage with its terms, separated by spaces. To replace one, drop it first."""
    entry = tantivy.Document()
    # With explicit types: an integer of the wrong type would not fail here but kill the writer.
    entry.add_unsigned("passage", passage)
    entry.add_unsigned("document", document)
    entry.add_unsigned(LENGTH, terms.count(" ") + 1 if terms else 0)
    for name, number in profile(terms).items():
        entry.add_unsigned(name, number)
    entry.add_text(TERMS, terms)
    with translate_errors("adding a passage"):
        writer.add_document(entry)


def stored_terms(searcher: tantivy.Searcher, place: tantivy.DocAddress) -> str:
    """The terms of a passage, separated by spaces."""
    return str(searcher.doc(place).get_first(TERMS))


def drop(writer: tantivy.IndexWriter, passages: Ids) -> None:
    """Drop passages that were added before this call."""
    passages = passages[passages >= 0]  # the engine has unsigned numbers
    for first in range(0, len(passages), _DROP_BATCH):
        some = passages[first : first + _DROP_BATCH].tolist()
        with translate_errors("dropping passages"):
            # By query, since delete_documents_by_term treats integers as signed and finds nothing.
            writer.delete_documents_by_query(tantivy.Query.term_set_query(SCHEMA, "passage", some))


def _loaded_when_asked(index: tantivy.Index) -> tantivy.Index:
    # By default it is loaded anew when its list of segments has changed. The thread that looks for that twice
    # a second stays, and takes 0.1 ms of a processor each second: the package has no way to end it.
    index.config_reader("manual")
    return index
