"""Rules for document ids, collection names, groups and metadata; the name of a file of a collection."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from index.errors import InvalidCollectionName, InvalidDocumentId, InvalidGroup, InvalidMetadata
from index.provenance import EDITED
from index.types import Metadata, Scalar

MAX_DOCUMENT_ID = 512
CALIBRATION_FILE = "answerability.json"
"""Name, in the folder of a collection, of the numbers that its probability is computed with."""
_COLLECTION = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_RESERVED_TAILS = ("text", "versions", "diff", "original", "page.png")
_RESERVED_KEYS = frozenset({"document_id", "title", "source", "media_type", EDITED})
_MAX_GROUP, _MAX_GROUPS = 100, 256
CLOSED = "loccit:closed:"
"""The beginning of the groups of a closed document. Whoever has such a group may read nothing by it."""
_MAX_TITLE = 500
_MAX_KEY, _MAX_STRING, _MAX_KEYS, _MAX_MEMBERS = 64, 4096, 64, 256


def reason_beside(path: str, message: str) -> str:
    """A message about a file, to be shown beside its path: without the file's name at the beginning."""
    for name in (path, re.split(r"[/\\]", path)[-1]):
        if name and (found := re.match(rf"{re.escape(name)}(?: \([^()]*\))?: ", message)):
            rest = message[found.end() :]
            return rest[:1].upper() + rest[1:]
    return message


def validate_document_id(document_id: str) -> str:
    """Return the id in NFC.

    Raises :class:`InvalidDocumentId` for ids that cannot be part of a locator or URL.
    """
    name = stored_id(document_id)
    if not name or len(name) > MAX_DOCUMENT_ID:
        raise InvalidDocumentId(f"A document id has 1 to {MAX_DOCUMENT_ID} characters, this has {len(name)}.")
    if name != name.strip() or any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        raise InvalidDocumentId(
            f"The document id {name!r} has control characters, or white space at an end. Leave them out."
        )
    parts = name.split("/")
    if "" in parts or "." in parts or ".." in parts:
        raise InvalidDocumentId(f"The document id {name!r} has an empty, '.' or '..' part between slashes.")
    if len(parts) > 1 and parts[-1] in _RESERVED_TAILS:
        raise InvalidDocumentId(
            f"The document id {name!r} ends in /{parts[-1]}, which is reserved. Choose another last part."
        )
    return name


def validate_title(title: str) -> str:
    """Return a document's title in NFC, without spaces around it. Raises :class:`InvalidMetadata`."""
    found = unicodedata.normalize("NFC", " ".join(title.split()))
    if len(found) > _MAX_TITLE:
        raise InvalidMetadata(f"The title has {len(found)} characters; at most {_MAX_TITLE} are taken.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in found):
        raise InvalidMetadata("The title has control characters. Leave them out.")
    return found


def stored_id(document_id: str) -> str:
    """Return the form in which an id is stored, which ids that are given to find documents may not have."""
    return unicodedata.normalize("NFC", document_id)


def validate_collection_name(name: str) -> str:
    """Return the name, or raise :class:`InvalidCollectionName`."""
    if not _COLLECTION.fullmatch(name):
        raise InvalidCollectionName(
            f"{name!r} cannot name a collection. Use 1 to 63 of a-z, 0-9, '-' and '_'; begin with a letter "
            "or digit."
        )
    return name


def hidden_name(name: str) -> str:
    """The name of a collection while it is created, which hides it: no user can give it."""
    return f".{name}.unfinished"


def shown_name(name: str) -> str:
    """The name that a collection with a hidden name will have; any other name as it is."""
    return name[1:].removesuffix(".unfinished") if name.startswith(".") else name


def closed_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """The groups of a document that nobody may read, from which :func:`reopened_groups` has these again."""
    return tuple(sorted({f"{CLOSED}{name.removeprefix(CLOSED)}" for name in groups} or {CLOSED}))


def reopened_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """The groups that a document had before it was closed; those of any other document as they are."""
    return tuple(sorted({name.removeprefix(CLOSED) for name in groups} - {""}))


def are_closed(groups: Iterable[str]) -> bool:
    """Tell whether these are the groups of a document that was closed."""
    return any(name.startswith(CLOSED) for name in groups)


def validate_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Return the groups in order, each once, or raise :class:`InvalidGroup` that names the wrong one.

    A name has no comma, because lists of groups in a header are separated by commas.
    """
    names = sorted({unicodedata.normalize("NFC", name) for name in groups})
    if len(names) > _MAX_GROUPS:
        raise InvalidGroup(f"There are {len(names)} groups, at most {_MAX_GROUPS} are taken.")
    for name in names:
        most = _MAX_GROUP + (len(CLOSED) if name.startswith(CLOSED) else 0)
        if not 1 <= len(name) <= most or name != name.strip() or "," in name or not name.isprintable():
            raise InvalidGroup(
                f"{name[:_MAX_GROUP]!r} cannot name a group. Use 1 to {_MAX_GROUP} printable characters, "
                "without commas and without white space at an end."
            )
    return tuple(names)


def validate_metadata(metadata: Mapping[str, object]) -> Metadata:
    """Return the metadata, or raise :class:`InvalidMetadata` that names the wrong entry."""
    if len(metadata) > _MAX_KEYS:
        raise InvalidMetadata(f"Metadata has {len(metadata)} entries, at most {_MAX_KEYS} are taken.")
    checked: dict[str, Scalar | tuple[Scalar, ...]] = {}
    for key, value in metadata.items():
        if not isinstance(key, str) or not 1 <= len(key) <= _MAX_KEY:
            raise InvalidMetadata(f"The metadata name {key!r} does not have 1 to {_MAX_KEY} characters.")
        if key in _RESERVED_KEYS:
            raise InvalidMetadata(
                f"The metadata name {key!r} is reserved. Give {key} outside of the metadata, or rename it."
            )
        checked[key] = _validate_value(key, value)
    return checked


def validate_stored_metadata(metadata: Mapping[str, object]) -> Metadata:
    """Check as :func:`validate_metadata` the metadata of a stored document, which tell what was edited."""
    marks = metadata.get(EDITED)
    checked = validate_metadata({key: value for key, value in metadata.items() if key != EDITED})
    if not isinstance(marks, list | tuple):
        return checked
    return {**checked, EDITED: tuple(str(one) for one in marks if str(one) in checked)}


def keep_valid_metadata(metadata: Mapping[str, object]) -> Metadata:
    """Return the entries that pass :func:`validate_metadata`, for metadata that a file has of itself."""
    valid: dict[str, Scalar | Sequence[Scalar]] = {}
    for key, value in metadata.items():
        with suppress(InvalidMetadata):
            valid.update(validate_metadata({key: value}))
        if len(valid) == _MAX_KEYS:
            break
    return valid


def _validate_value(key: str, value: object) -> Scalar | tuple[Scalar, ...]:
    if isinstance(value, list | tuple):
        if len(value) > _MAX_MEMBERS:
            raise InvalidMetadata(f"The metadata list {key!r} has more than {_MAX_MEMBERS} members.")
        return tuple(_validate_scalar(key, member) for member in value)
    return _validate_scalar(key, value)


def _validate_scalar(key: str, value: object) -> Scalar:
    if isinstance(value, str) and len(value) > _MAX_STRING:
        raise InvalidMetadata(f"The metadata {key!r} is longer than {_MAX_STRING} characters.")
    if isinstance(value, int | float) and not -1e308 < value < 1e308:
        raise InvalidMetadata(f"The metadata {key!r} is not a finite number, or too large a one.")
    if isinstance(value, str | int | float | bool):
        return value
    raise InvalidMetadata(
        f"The metadata {key!r} is {type(value).__name__}. Use strings, numbers, true or false, or lists of "
        "them."
    )


def is_hidden(parts: Sequence[str]) -> bool:
    """Whether a file or one of the folders of its path is hidden; ``parts`` are the names of the path."""
    return any(part.startswith(".") and part not in (".", "..") for part in parts)
