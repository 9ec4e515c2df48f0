"""The form of an evidence pack, and its verification without any data: see docs/evidence.md.

A pack is ``{"evidence": {...}, "signature": "..."}``. The signature (Ed25519, RFC 8032) is over the canonical
JSON of ``evidence`` by RFC 8785.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
FORMAT = "loccit-evidence/1"
_ID_DIGITS = 16
_MOST = 2**53 - 1
"""The largest integer that all readers of JSON represent (RFC 8785)."""
_LEAST_DIGITS = 12
"""Fewest hex digits of the text's hash in a locator."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of verifying a pack.

    ``evidence`` is what it says, None where it cannot be read. ``signature`` says why the signature does not
    hold, and is empty if it does; ``quotes`` has a line for each quote that contradicts itself.
    """

    evidence: Json | None
    signature: str = ""
    quotes: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether the signature and all quotes hold."""
        return not self.signature and not self.quotes


def canonical_bytes(evidence: Json) -> bytes:
    """The bytes that are signed: UTF-8 JSON with sorted names and no spaces between tokens.

    As evidence has no fractional numbers, and names in ASCII only, this is the canonical form of RFC 8785.
    """
    text = json.dumps(evidence, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def key_id(public_key: bytes) -> str:
    """The id of a public key: the first 16 hex digits of its SHA-256."""
    return sha256(public_key).hexdigest()[:_ID_DIGITS]


def verify_pack(data: bytes) -> Verified:
    """Verify the signature of a pack, and what its quotes say of themselves.

    That proves who signed it only to those who know from elsewhere whose public key it names.
    """
    try:
        evidence, signature, public_key = _parse(data)
        quotes = [_problem_of(quote) for quote in evidence["quotes"]]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Verified(None, f"This is no evidence pack in the format {FORMAT}.")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, canonical_bytes(evidence))
    except (InvalidSignature, ValueError):
        return Verified(None, "The signature does not fit: the file is not as it was signed.")
    return Verified(evidence, quotes=[one for one in quotes if one])


def _parse(data: bytes) -> tuple[Json, bytes, bytes]:
    """The evidence of a pack, its signature and its public key. Raises ValueError and others for no pack."""
    pack = json.loads(data.decode(), object_pairs_hook=_unique, parse_float=_refuse, parse_int=_whole)
    evidence = pack["evidence"]
    public_key = _from_hex(evidence["key"]["public_key"])
    names, form, id_ = pack.keys(), evidence["format"], evidence["key"]["id"]
    if (names, form, id_) != ({"evidence", "signature"}, FORMAT, key_id(public_key)):
        raise ValueError("Another form.")
    if not isinstance(evidence["quotes"], list):
        raise TypeError("The quotes are no list.")
    return evidence, _from_hex(pack["signature"]), public_key


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    """The object of these members. Raises ValueError if readers could take one name for two values."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("A name occurs twice.")
    return found


def _refuse(number: str) -> None:
    """Raise ValueError: a fraction has no canonical form that all languages write."""
    raise ValueError(f"{number} is a fraction.")


def _whole(digits: str) -> int:
    """The number of these digits. Raises ValueError for one that other languages read differently."""
    number = int(digits)
    if abs(number) > _MOST or digits == "-0":
        raise ValueError(f"{digits[:20]} is no number that all languages have.")
    return number


def _from_hex(digits: str) -> bytes:
    """The bytes of lower-case hex digits. Raises ValueError for any other way to write them."""
    found = bytes.fromhex(digits)
    if found.hex() != digits:
        raise ValueError("These are no lower-case hex digits.")
    return found


def _problem_of(quote: Json) -> str:
    """What a quote contradicts of itself; empty if nothing."""
    words, locator = quote["quote"], quote["locator"]
    if any(isinstance(quote[name], bool) for name in ("start", "end")):
        return f"{locator}: an offset is no number."
    if sha256(words.encode()).hexdigest() != quote["quote_sha256"]:
        return f"{locator}: the quote has another hash than quote_sha256."
    if len(words) != quote["end"] - quote["start"]:
        return f"{locator}: the quote has another length than its offsets."
    place = f":{quote['start']}-{quote['end']}"
    document, _, digits = locator.removesuffix(place).rpartition("@")
    is_same = document == quote["document_id"] and quote["text_sha256"].startswith(digits)
    if not is_same or len(digits) < _LEAST_DIGITS:
        return f"{locator}: the locator names another place than the quote."
    return ""
