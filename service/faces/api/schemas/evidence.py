"""Response models: evidence packs, and the keys that sign them."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal

from pydantic import BaseModel, Field

from service.faces.api.schemas.values import Json, Sha256, moment
from service.flows.evidence_packs.signing import PublishedKey
from service.http.replies import encode_json

_DIGITS = 4
"""Of a fraction, which is a text in a pack: languages print numbers in different ways."""
_LEFT_OUT = frozenset({"conflicts", "conflicts_complete", "index", "passages", "timings_ms", "usage"})
_QUOTE = (
    "locator document_id version title source media_type section pages printed_pages start end quote "
    "text_sha256 source_sha256"
).split()


class EvidenceKey(BaseModel):
    """The key that signed."""

    id: str = Field(description="The first 16 hex digits of the SHA-256 of the public key.")
    public_key: str = Field(description="The public key of Ed25519, 32 bytes in hex.")


class EvidenceQuote(BaseModel):
    """A quote, as in a citation: ``text[start:end] == quote``, in code points."""

    locator: str
    document_id: str
    version: int
    title: str
    source: str
    media_type: str
    section: list[str]
    pages: tuple[int, int] | None
    printed_pages: tuple[str, str] | None
    start: int
    end: int
    quote: str
    prefix: str = Field(description="The text before the quote.")
    suffix: str = Field(description="The text after it.")
    quote_sha256: Sha256 = Field(description="SHA-256 of the quote's UTF-8 bytes.")
    text_sha256: Sha256 = Field(description="SHA-256 of the whole text's UTF-8 bytes.")
    source_sha256: Sha256 = Field(description="SHA-256 of the file that the text was read from.")


class SignedEvidence(BaseModel):
    """What is signed. It has no fractional numbers: these are texts with four digits."""

    format: Literal["loccit-evidence/1"]
    created: str = Field(description="When it was signed (RFC 3339, UTC).")
    loccit: str = Field(description="The version of Loccit.")
    key: EvidenceKey
    collection: str
    change: int = Field(description="The number of the last change that the collection had.")
    fingerprint: str = Field(description="The fingerprint of the collection.")
    answer: dict[str, Any] | None = Field(
        description="What `/v1/answer` says, without `passages`, `index`, `usage` and `timings_ms`; with "
        "`turns`, `filter` (as JSON text) and `as_of` of the request. A locator stands for each "
        "citation. Null for a text that was verified."
    )
    verification: dict[str, Any] | None = Field(
        description="What `/v1/verify` says, likewise, with the `text` that was verified and the locators of "
        "the passages that its marks name in `cited`. Null for an answer."
    )
    quotes: list[EvidenceQuote] = Field(description="The quotes that the locators name, each once.")


class EvidencePack(BaseModel):
    """An answer or a verification that can be checked without the service."""

    evidence: SignedEvidence
    signature: str = Field(
        description="Ed25519 over the canonical JSON (RFC 8785) of `evidence`: 64 bytes in hex."
    )


class PublicKey(EvidenceKey):
    """A key that signs evidence, or has done so."""

    created: str = Field(description="RFC 3339, UTC.")
    retired: str | None = Field(description="When the next key took its place; null for the key in use.")


class PublicKeys(BaseModel):
    """The keys of this installation, oldest first."""

    keys: list[PublicKey]


def public_key_json(key: PublishedKey) -> Json:
    """A key as :class:`PublicKey`."""
    retired = None if key.retired is None else moment(key.retired)
    return {"id": key.id, "public_key": key.public_key, "created": moment(key.created), "retired": retired}


def answer_content(told: Json, collection: str, asked: Mapping[str, Any]) -> Json:
    """What is to be signed of an :class:`~service.faces.api.schemas.answering.AnswerResponse`.

    ``asked`` may have the ``turns``, ``filter`` and ``as_of`` of the question.
    """
    where = asked.get("filter")
    more = {
        "turns": asked.get("turns") or [],
        "filter": None if where is None else json.dumps(where, ensure_ascii=False),
        "as_of": asked.get("as_of"),
    }
    return _content(told, collection, answer=more)


def verification_content(told: Json, collection: str, verified: Mapping[str, Any] | None) -> Json:
    """What is to be signed of a :class:`~service.faces.api.schemas.verdicts.VerifyResponse`.

    ``verified`` has the ``text`` and ``citations`` of the answer that was verified, if one was.
    """
    verified = verified or {}
    more = {"text": verified.get("text"), "cited": verified.get("citations") or []}
    return _content(told, collection, verification=more)


def _content(told: Json, collection: str, **more: Json) -> Json:
    ((kind, asked),) = more.items()
    quotes: dict[str, Json] = {}
    plain = json.loads(encode_json({**told, **asked}))
    said = {name: _plain(value, quotes) for name, value in plain.items() if name not in _LEFT_OUT}
    index = plain["index"]
    return {
        "collection": collection,
        "change": index["change"],
        "fingerprint": index["fingerprint"],
        "answer": None,
        "verification": None,
        kind: said,
        "quotes": list(quotes.values()),
    }


def _plain(value: Any, quotes: dict[str, Json]) -> Any:
    """A value without fractions, and with locators for citations, which are added to ``quotes``."""
    if isinstance(value, float):
        return f"{value:.{_DIGITS}f}"
    if isinstance(value, list):
        return [_plain(one, quotes) for one in value]
    if not isinstance(value, dict):
        return value
    if "selectors" not in value:
        return {name: _plain(one, quotes) for name, one in value.items()}
    around = next(one for one in value["selectors"] if "exact" in one)
    quotes[value["locator"]] = {
        **{name: value[name] for name in _QUOTE},
        "prefix": around["prefix"],
        "suffix": around["suffix"],
        "quote_sha256": sha256(value["quote"].encode()).hexdigest(),
    }
    return value["locator"]
