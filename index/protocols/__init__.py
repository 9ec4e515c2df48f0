"""The seams: protocols of models, record stores and engines.

Each Protocol has one contract suite in ``tests/contracts``, which every implementation passes.
"""

from index.protocols.bases import Bases, PublishedBase
from index.protocols.copying import (
    CopyProgress,
    RecordState,
    RowCopying,
    RowSource,
    RowTarget,
)
from index.protocols.engine import (
    DenseIndex,
    Engine,
    Failure,
    LexicalIndex,
    Noted,
    Rankings,
    Searchable,
    Side,
    untimed,
)
from index.protocols.models import (
    ClaimModel,
    ClaimReading,
    Embedder,
    Reranker,
    Tokenizer,
    VectorPrecision,
    has_same_weights,
    is_same_model,
    name_in,
    precision_in,
)
from index.protocols.originals import Originals, Stray
from index.protocols.record import (
    Catalogue,
    EmbeddingWork,
    Erasures,
    Guard,
    Lease,
    RecordStore,
    SharedLedger,
)
from index.protocols.snapshots import (
    Documents,
    History,
    IndexFeed,
    Passages,
    PastPassages,
    RecordChanged,
    Snapshot,
)
from index.protocols.staging import Staging, Unstaged

__all__ = [
    "Bases",
    "Catalogue",
    "ClaimModel",
    "ClaimReading",
    "CopyProgress",
    "DenseIndex",
    "Documents",
    "Embedder",
    "EmbeddingWork",
    "Engine",
    "Erasures",
    "Failure",
    "Guard",
    "History",
    "IndexFeed",
    "Lease",
    "LexicalIndex",
    "Noted",
    "Originals",
    "Passages",
    "PastPassages",
    "PublishedBase",
    "Rankings",
    "RecordChanged",
    "RecordState",
    "RecordStore",
    "Reranker",
    "RowCopying",
    "RowSource",
    "RowTarget",
    "Searchable",
    "SharedLedger",
    "Side",
    "Snapshot",
    "Staging",
    "Stray",
    "Tokenizer",
    "Unstaged",
    "VectorPrecision",
    "has_same_weights",
    "is_same_model",
    "name_in",
    "precision_in",
    "untimed",
]
