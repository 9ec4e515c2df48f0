"""How a model's cosines of questions and sentences compare with those of the default model.

Weights of sentences were fitted to cosines of all-MiniLM-L6-v2, which are about 0 for what has nothing to do
with a question, and .4 for what does. Other models use a smaller part of the scale: those of
multilingual-e5-small lie between .7 and .9 (the temperature of its training was .01; Wang et al.,
"Multilingual E5 Text Embeddings", arXiv:2402.05672).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.embedding.registry import MULTILINGUAL_MODEL
from index.protocols.models import name_in


class CosineScale(NamedTuple):
    """Maps a model's cosines to those that the default model would mostly have: ``slope * c + offset``."""

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map cosines of any shape; NaN stays NaN."""
        if self == AS_THEY_ARE:
            return cosines
        return np.float32(self.slope) * cosines + np.float32(self.offset)


AS_THEY_ARE = CosineScale()
_SCALES = {MULTILINGUAL_MODEL: CosineScale(4.0, -2.95)}
"""By mean and deviation of the cosines of the twenty nearest sentences of each question, with both models, in
the two development sets of short documents (527 questions in English): 4.03 and -2.98."""


@lru_cache
def cosine_scale(fingerprint: str) -> CosineScale:
    """The scale of the model with this fingerprint; that of the default model for one that is not known."""
    return _SCALES.get(name_in(fingerprint), AS_THEY_ARE)
