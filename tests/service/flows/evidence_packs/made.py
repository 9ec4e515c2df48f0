"""Packs of made-up evidence."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from service.flows.evidence_packs.pack import Json
from service.flows.evidence_packs.signing import Signer
from service.state.identity import Keyring
from tests.service.state.identity.keys import TemporaryKeyStore

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_NAME = st.text("abcdefgh_", min_size=1, max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAME, inner, max_size=4),
    max_leaves=12,
)


def signer() -> Signer:
    return Signer(Keyring(TemporaryKeyStore()))


def quote(text: str, start: int, end: int, document: str = "lamps é.txt") -> Json:
    words, digest = text[start:end], sha256(text.encode()).hexdigest()
    return {
        "locator": f"{document}@{digest[:12]}:{start}-{end}",
        "document_id": document,
        "start": start,
        "end": end,
        "quote": words,
        "quote_sha256": sha256(words.encode()).hexdigest(),
        "text_sha256": digest,
    }


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """What is signed: any values without fractions, and quotes of a text."""
    text = draw(_TEXT)
    spans = draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=3))
    return {
        "collection": "default",
        "answer": draw(st.dictionaries(_NAME, _VALUES, max_size=4)),
        "quotes": [quote(text, min(span), max(span)) for span in spans],
    }
