"""Convert a sentence-transformers model to one graph: transformer, pooling and normalisation.

The backends' own converters of torch modules are called directly: OpenVINO's command line tool reports its
use over the network, and the packages that wrap it require old versions of sentence-transformers.
"""

import logging
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from index.embedding.backends import load_backend
from index.embedding.converted import Converted, replace_folder, write_converted
from index.embedding.graph import INPUTS, Description
from index.embedding.probe import QUESTIONS, passages, probe
from index.embedding.transformer import SentenceTransformerEmbedder

log = logging.getLogger("loccit.embedding")

_TRACED_LIBRARIES = ("sentence_transformers", "transformers")


class _EmbeddingModule(torch.nn.Module):
    """Maps positional inputs to the unit vectors of texts and the vectors of their tokens."""

    def __init__(self, model: torch.nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.model(dict(zip(self.names, inputs, strict=True)))
        unit = torch.nn.functional.normalize(output["sentence_embedding"].float(), dim=1)
        return unit, output["token_embeddings"].float()


def convert(embedder: SentenceTransformerEmbedder, folder: Path, names: Sequence[str]) -> None:
    """Convert a model for each of the named backends and replace the folder's content with the result.

    A backend that the model cannot be converted for is recorded and logged. Raises ``OSError``.
    """
    with replace_folder(folder) as unfinished:
        inputs = _example_inputs(embedder)
        graphs = _write_graphs(embedder, inputs, unfinished, names)
        probe(embedder)  # the first run is slower: torch chooses its kernels
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


def _example_inputs(embedder: SentenceTransformerEmbedder) -> dict[str, torch.Tensor]:
    """Preprocess a few texts into example inputs of the model."""
    features: dict[str, Any] = embedder.model.preprocess([*QUESTIONS, passages()[0]])
    return {name: value for name, value in features.items() if isinstance(value, torch.Tensor)}


def _write_graphs(
    embedder: SentenceTransformerEmbedder, inputs: dict[str, torch.Tensor], folder: Path, names: Sequence[str]
) -> dict[str, Path]:
    """Write a graph for each backend that can be converted to; return their files by backend."""
    if not {"input_ids", "attention_mask"} <= set(inputs) <= set(INPUTS):
        log.warning("The model cannot be converted to a graph: its inputs are %s.", ", ".join(inputs))
        return {}
    module = _EmbeddingModule(embedder.model, list(inputs)).eval()
    written = {}
    for name in names:
        with torch.inference_mode(), _hide_tracing_warnings():
            try:
                path = folder / load_backend(name).GRAPH_FILE
                load_backend(name).write(module, inputs, path)
                written[name] = path
            except Exception as error:  # tracing and writing raise many unrelated classes
                log.warning("The model cannot be converted to a graph for %s: %r", name, error)
    return written


@contextmanager
def _hide_tracing_warnings() -> Iterator[None]:
    """Hide warnings that tracing causes; errors are still raised and logged.

    Tracing reads every attribute of a model, deprecated ones too, and warns of values that are constant in
    the trace, which here are the same for every text.
    """
    loggers = [logging.getLogger(name) for name in _TRACED_LIBRARIES]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
