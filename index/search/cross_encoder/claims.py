"""Read a claim and sentences of its source: whether they support it, contradict it, or do neither."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from index.protocols import ClaimReading
from index.search.cross_encoder.encoding import Window

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder

_ANSWERS, _CLAIMS = 0, slice(1, 4)
"""Columns of the logits of windows: answers; supports, contradicts and neither."""
_KEPT_COUNTS = 10_000


class ClaimReader:
    """A :class:`index.protocols.ClaimModel`: the head for claims of a cross-encoder, with its weights."""

    def __init__(self, model: CrossEncoder) -> None:
        self.fingerprint = model.fingerprint
        self._model = model
        self.count = lru_cache(_KEPT_COUNTS)(model.encoder.count)

    def room(self, claim: str) -> int:
        """See :meth:`index.protocols.ClaimModel.room`."""
        return self._model.encoder.budget(claim, "")

    def read(self, claim: str, texts: Sequence[str]) -> list[ClaimReading]:
        """See :meth:`index.protocols.ClaimModel.read`."""
        if not texts:
            return []
        logits = self._model.window_logits(claim, [Window(one, ()) for one in texts])
        rows = logits[:, _CLAIMS].astype(np.float64)
        shares = np.exp(rows - rows.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return [
            ClaimReading(supports, contradicts, neither, float(answers))
            for (supports, contradicts, neither), answers in zip(
                shares.tolist(), logits[:, _ANSWERS], strict=True
            )
        ]
