"""The weights and the configuration of a BERT model, from which a graph is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from index.embedding.transformer import SentenceTransformerEmbedder

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Bert:
    """A BERT encoder (Devlin et al., arXiv:1810.04805).

    ``weights`` by their names in transformers' ``BertModel``; ``epsilon`` is that of layer normalisation.
    """

    weights: Mapping[str, Weights]
    layers: int
    heads: int
    dimension: int
    epsilon: float


def bert_of(embedder: SentenceTransformerEmbedder) -> Bert | None:
    """Return the model of an embedder if it is a BERT encoder with mean pooling, and None otherwise."""
    module: Any = embedder.model[0]
    model = getattr(module, "auto_model", None) or module.model
    config = model.config
    absolute = getattr(config, "position_embedding_type", "absolute") == "absolute"
    if type(model).__name__ != "BertModel" or not (
        embedder.takes_means and absolute and config.hidden_act == "gelu"
    ):
        return None
    return Bert(
        {name: one.detach().float().cpu().numpy() for name, one in model.state_dict().items()},
        config.num_hidden_layers,
        config.num_attention_heads,
        config.hidden_size,
        config.layer_norm_eps,
    )
