"""Evidence: answers and verdicts that are signed, and the keys that sign them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from loccit_client.decoding import Reply

__all__ = [
    "EvidenceKey",
    "EvidencePack",
    "EvidenceQuote",
    "PublicKey",
    "PublicKeys",
    "SignedEvidence",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKey(Reply):
    """The key that signed: 32 bytes of Ed25519 in hex."""

    id: str
    public_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceQuote(Reply):
    """A quote, ``text[start:end]`` in code points, and the hashes of it, of the text and of the file."""

    locator: str
    document_id: str
    version: int
    title: str
    source: str
    media_type: str
    section: list[str]
    pages: list[int] | None
    printed_pages: list[str] | None = None
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str
    quote_sha256: str
    text_sha256: str
    source_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedEvidence(Reply):
    """The signed part of a pack: an answer or a verification, and the quotes that its locators name."""

    format: Literal["loccit-evidence/1"]
    created: datetime
    loccit: str
    key: EvidenceKey
    collection: str
    change: int
    fingerprint: str
    answer: Mapping[str, Any] | None
    verification: Mapping[str, Any] | None
    quotes: list[EvidenceQuote]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePack(Reply):
    """Evidence with its signature. Write ``raw`` to a file: it can be verified without the service."""

    evidence: SignedEvidence
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey(EvidenceKey):
    """A key of an installation; ``retired`` is None for the one in use."""

    created: datetime
    retired: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeys(Reply):
    """The keys of an installation, oldest first."""

    keys: list[PublicKey]
