"""Quantize a BERT model to 8-bit integers without calibration: activations are scaled while it runs.

ONNX Runtime runs the result (:mod:`index.embedding.int8.bert_graph`). On processors without bf16 it is faster
than fp32. It changes vectors, so a quantized model has a fingerprint of its own, and documents have to be
embedded again. Each text is run alone, which needs no padding, and its vector does not depend on the texts
beside it.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.embedding import backends
from index.embedding.converted import Converted, read_converted, replace_folder, write_converted
from index.embedding.graph import GraphEmbedder
from index.embedding.int8.bert import bert_of
from index.embedding.probe import INT8_MEAN_AGREEMENT, QUANTIZED_AGREEMENT, agreement, mean_agreement
from index.embedding.trial import try_backend
from index.errors import BackendMissing, ModelFailed

if TYPE_CHECKING:
    from index.embedding.transformer import SentenceTransformerEmbedder

log = logging.getLogger("loccit.embedding")

_BACKEND = "onnx"
_GRAPH = "dynamic.onnx"
_SCHEME = 1
"""Version of the quantization of weights and activations; increment it when vectors change."""


def quantize_dynamically(embedder: SentenceTransformerEmbedder, converted: Converted, folder: Path) -> None:
    """Write the quantized model to a folder, which it replaces. ``converted`` is the model's conversion.

    Raises :class:`index.errors.BackendMissing` if the model is not a BERT model with mean pooling,
    :class:`index.errors.ModelFailed` if the quantized model is too inaccurate, and ``OSError``; then nothing
    is written.
    """
    from index.embedding.int8.bert_graph import write_bert_graph

    bert = bert_of(embedder)
    if bert is None:
        name = converted.description.fingerprint.partition(":")[0]
        raise BackendMissing(
            f"The model {name!r} is not a BERT model with mean pooling, which dynamic-int8 needs. Use "
            "fp32 or bf16, or calibrate it for int8."
        )
    with replace_folder(folder) as unfinished:
        path = unfinished / _GRAPH
        inputs = [name for name in converted.description.inputs if name != "attention_mask"]
        write_bert_graph(bert, path, inputs=inputs)
        fingerprint = converted.description.fingerprint.removesuffix(":fp32")
        fingerprint += f":{backends.DYNAMIC_INT8}-{_SCHEME}"
        quantized = replace(
            converted,
            description=replace(converted.description, fingerprint=fingerprint),
            graphs={_BACKEND: path},
            tried=(_BACKEND,),
            reference="int8",
        )
        vectors = try_backend(quantized, _BACKEND, backends.DYNAMIC_INT8, threads=1, repeats=1).vectors
        if (least := agreement(vectors, converted.expected)) < QUANTIZED_AGREEMENT:
            raise ModelFailed(
                f"The quantized model is not accurate: a vector has a cosine of {least:.3f} with that in "
                f"fp32, at least {QUANTIZED_AGREEMENT} is needed. Use fp32 or bf16."
            )
        write_converted(unfinished, replace(quantized, expected=vectors))


def open_dynamic(folder: Path, *, threads: int) -> GraphEmbedder | None:
    """Open what :func:`quantize_dynamically` wrote; None, which is logged, if it is damaged.

    Raises :class:`index.errors.ModelFailed` if the processor does not give the vectors of the model.
    """
    quantized = read_converted(folder)
    if quantized is None:
        return None
    trial = try_backend(quantized, _BACKEND, backends.DYNAMIC_INT8, threads=threads)
    found = mean_agreement(trial.vectors, quantized.expected)
    if found < INT8_MEAN_AGREEMENT:
        raise ModelFailed(
            f"The quantized model in {folder} does not give its vectors here (mean cosine {found:.6f}, at "
            f"least {INT8_MEAN_AGREEMENT} is needed). Delete the folder, so that it is written again, or use "
            "fp32 or bf16."
        )
    log.info("ONNX Runtime runs the model in 8-bit integers (%.3f s for the probe).", trial.seconds)
    return trial.embedder
