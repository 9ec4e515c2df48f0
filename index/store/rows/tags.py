"""Tags of records and versions: hashes by which a ledger outside the record knows them.

A tag identifies a version by its place in the history of the record, not by its id or text: nothing can be
learnt from it without the record. A version that is stored again after it was erased has another tag.
"""

import hashlib

_TAG_BYTES = 16


def store_tag(store: str) -> bytes:
    """Return the tag of a whole record, by its store id (hex digits)."""
    return hashlib.blake2b(bytes.fromhex(store), digest_size=_TAG_BYTES, person=b"loccit store").digest()


def objects_name(store: str, own: str | None) -> str:
    """Return the name of a record's folder in a place for originals: its own, or else its tag."""
    return own or store_tag(store).hex()


def version_tag(store: str, document: int, number: int, added: int, token: bytes | None) -> bytes:
    """Return the tag of a version: key of its document, number, the change that added it and its token."""
    named = f"{document} {number} {added} {(token or b'').hex()}"
    return hashlib.blake2b(named.encode(), key=bytes.fromhex(store), digest_size=_TAG_BYTES).digest()
