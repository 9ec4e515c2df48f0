"""A sentence-transformers model made into one graph: transformer, pooling and normalisation.

The backends' own readers of torch modules are used directly: OpenVINO's command line front end, and the
packages that wrap it, would report on their use over the network, and hold the model's library back.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from index.embedding.backends import backend
from index.embedding.converted import Converted, replacing, write_converted
from index.embedding.graph import INPUTS, Description
from index.embedding.probe import QUESTIONS, passages, probe
from index.embedding.transformer import SentenceTransformerEmbedder

log = logging.getLogger("loccit.embedding")


class _Whole(torch.nn.Module):
    """From the inputs, by position, to the unit vectors of texts, and the vectors of their tokens."""

    def __init__(self, model: torch.nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.model(dict(zip(self.names, inputs, strict=True)))
        unit = torch.nn.functional.normalize(output["sentence_embedding"].float(), dim=1)
        return unit, output["token_embeddings"].float()


def convert(embedder: SentenceTransformerEmbedder, folder: Path, names: Sequence[str]) -> None:
    """Write a model to a folder, in place of what is there: a graph for each backend that can run it.

    That there is none is written down too, and logged. Raises ``OSError``.
    """
    with replacing(folder) as unfinished:
        inputs = _inputs(embedder)
        graphs = _graphs(embedder, inputs, unfinished, names)
        probe(embedder)  # the first time, torch chooses its kernels
        begun = time.perf_counter()
        expected = probe(embedder)
        seconds = time.perf_counter() - begun
        description = Description(
            fingerprint=embedder.fingerprint,
            dimension=embedder.dimension,
            max_tokens=embedder.max_tokens,
            special_tokens=embedder.special_tokens,
            query_prompt=embedder.query_prompt,
            passage_prompt=embedder.passage_prompt,
            takes_means=embedder.takes_means,
            pad_id=int(getattr(embedder.model.tokenizer, "pad_token_id", 0) or 0),
            inputs=tuple(inputs),
        )
        write_converted(
            unfinished, Converted(description, graphs, names, embedder.tokenizer, expected, seconds)
        )


def _inputs(embedder: SentenceTransformerEmbedder) -> dict[str, torch.Tensor]:
    """What the model is given, for a few texts."""
    features: dict[str, Any] = embedder.model.preprocess([*QUESTIONS, passages()[0]])
    return {name: value for name, value in features.items() if isinstance(value, torch.Tensor)}


def _graphs(
    embedder: SentenceTransformerEmbedder, inputs: dict[str, torch.Tensor], folder: Path, names: Sequence[str]
) -> dict[str, Path]:
    """Write the graphs; returns their files by backend."""
    if not {"input_ids", "attention_mask"} <= set(inputs) <= set(INPUTS):
        log.warning("The model cannot be made a graph: it takes %s.", ", ".join(inputs))
        return {}
    whole = _Whole(embedder.model, list(inputs)).eval()
    written = {}
    for name in names:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tracing: what is constant here is so for every text
            try:
                path = folder / backend(name).GRAPH
                backend(name).write(whole, inputs, path)
                written[name] = path
            except Exception as error:  # of many kinds, from tracing as from writing
                log.warning("The model cannot be made a graph for %s: %r", name, error)
    return written
