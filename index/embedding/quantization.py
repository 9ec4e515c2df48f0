"""A converted model in 8-bit integers, calibrated on texts of its own future.

Post-training quantization by NNCF: weights and activations of the large matrix products become integers of 8
bits, by the ranges that are seen on the calibration texts. Vectors change: what was embedded in another
precision has to be embedded anew.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedding import backends
from index.embedding.converted import Converted, replacing, write_converted
from index.embedding.graph import GraphEmbedder
from index.errors import BackendMissing, EmptyDocument
from index.processors import threads
from index.types import Vectors

CALIBRATION = 128
"""Texts that the ranges are seen on: more changed nothing that was measured."""
_NEAREST = 10


@dataclass(frozen=True, slots=True)
class Loss:
    """What integers cost on texts that they were not calibrated on.

    The cosines are of each text's vector with that in fp32; ``kept`` is the share of each text's ten nearest
    others that are among its ten nearest still.
    """

    texts: int
    mean_cosine: float
    least_cosine: float
    kept: float


class _Recorder:
    """A runtime that keeps what it is given, and computes nothing."""

    def __init__(self, dimension: int) -> None:
        self.given: list[list[NDArray[np.int64]]] = []
        self._dimension = dimension

    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[Vectors, NDArray[np.float32]]:
        """See :class:`index.embedding.graph.Runtime`."""
        self.given.append(list(inputs.values()))
        texts, width = inputs["input_ids"].shape
        return np.ones((texts, self._dimension), np.float32), np.ones((texts, width, 1), np.float32)


def quantize(converted: Converted, texts: Sequence[str], folder: Path) -> Loss:
    """Write the model in integers to a folder, calibrated on the first of the texts; the loss on the others.

    Raises :class:`index.errors.BackendMissing` without NNCF, :class:`index.errors.EmptyDocument` for too few
    texts.
    """
    try:
        backend = backends.backend("openvino")
        import nncf
        import openvino
    except ImportError as error:
        raise BackendMissing("int8 needs NNCF. Run: pip install 'loccit[int8]'") from error
    if len(texts) < 2 * _NEAREST:
        raise EmptyDocument(
            f"{len(texts)} passages are too few to calibrate on. Take in more documents first."
        )
    nncf.set_log_level(logging.ERROR)
    calibration = texts[: min(CALIBRATION, len(texts) // 2)]
    recorder = _Recorder(converted.description.dimension)
    recording = GraphEmbedder(converted.description, converted.tokenizer, recorder, recorder)
    for text in calibration:
        recording.embed_passages([text])
    graph = nncf.quantize(
        openvino.Core().read_model(converted.graphs["openvino"]),
        nncf.Dataset(recorder.given),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(calibration),
    )
    with replacing(folder) as unfinished:
        path = unfinished / backend.GRAPH
        openvino.save_model(graph, path, compress_to_fp16=False)
        weights = hashlib.sha256(path.with_suffix(".bin").read_bytes()).hexdigest()[:8]
        fingerprint = converted.description.fingerprint.removesuffix(":fp32") + f":int8-{weights}"
        description = replace(converted.description, fingerprint=fingerprint)
        quantized = replace(
            converted, description=description, graphs={"openvino": path}, tried=("openvino",)
        )
        write_converted(unfinished, quantized)
        return _loss(converted, quantized, texts[len(calibration) :])


def _loss(converted: Converted, quantized: Converted, texts: Sequence[str]) -> Loss:
    before, after = (
        _embedder(one, precision).embed_passages(texts)
        for one, precision in ((converted, "fp32"), (quantized, "int8"))
    )
    cosines = np.einsum("nd,nd->n", before, after)
    kept = np.mean(
        [
            len(np.intersect1d(*pair)) / _NEAREST
            for pair in zip(_nearest(before), _nearest(after), strict=True)
        ]
    )
    return Loss(len(texts), float(cosines.mean()), float(cosines.min()), float(kept))


def _nearest(vectors: Vectors) -> NDArray[np.int64]:
    """The ten nearest others of each."""
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    return np.argpartition(-products, _NEAREST - 1, axis=1)[:, :_NEAREST]


def _embedder(converted: Converted, precision: str) -> GraphEmbedder:
    opened = backends.backend("openvino").open_runtime
    runtime = opened(converted.graphs["openvino"], precision=precision, threads=threads())
    return GraphEmbedder(converted.description, converted.tokenizer, runtime, runtime)
