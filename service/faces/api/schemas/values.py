"""Types and models that several responses share."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from index import answers
from index.history import PurgeState
from index.types import Scalar

Json = dict[str, Any]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 in hex digits.")]
Metadata = dict[str, Scalar | list[Scalar]]
DocumentMetadata = Annotated[
    Metadata,
    Field(
        description="What is known about the document: what whoever added or changed it said, and what its "
        "reader found out."
    ),
]
SaysOfItself = Annotated[
    Metadata,
    Field(
        description="What only the document says of itself, such as its `title`, `author` or `site`. Whoever "
        "writes a document can write anything there: it is no attribution."
    ),
]


class IndexState(BaseModel):
    """State of the collection that answered."""

    fingerprint: str
    change: int = Field(
        description="Number of the last change; it grows with every change of the collection."
    )
    embedded: float = Field(
        description="Share of the passages that are embedded, and so can be found by meaning."
    )
    degraded: list[Literal["dense", "lexical"]] = Field(
        description="Indexes that have failed and are being made anew: the answer is made without them, or "
        "from their last state. `dense` finds passages by meaning, `lexical` by words."
    )


Purged = Annotated[
    PurgeState,
    Field(
        description="`pending`: files of the data folder may still hold bytes of what was erased, of this or "
        "of something before. `done`: none does."
    ),
]


WrittenChange = Annotated[
    int,
    Field(
        description="A change of the collection that has this write: `at_least_change` of a question asks "
        "for it, whichever process answers."
    ),
]


class PassageCounts(BaseModel):
    """Number of passages, and of those that are embedded."""

    total: int
    embedded: int


def state_json(state: answers.IndexState) -> Json:
    """The state of the collection, as :class:`IndexState`."""
    return {
        "fingerprint": state.fingerprint,
        "change": state.change,
        "embedded": state.embedded,
        "degraded": state.degraded,
    }


def moment(seconds: float) -> str:
    """Seconds since the epoch as RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
