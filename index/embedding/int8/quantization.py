"""Quantize a converted model to 8-bit integers, calibrated on texts of a collection.

This is post-training quantization by NNCF: weights and activations of the large matrix products become 8-bit
integers, scaled by the ranges that the calibration texts produce. It changes vectors, so a quantized model
has a fingerprint of its own, and documents have to be embedded again.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embedding import backends
from index.embedding.converted import Converted, replace_folder, write_converted
from index.embedding.graph import GraphEmbedder
from index.embedding.probe import QUANTIZED_AGREEMENT, agreement, probe
from index.errors import BackendMissing, EmptyDocument, ModelFailed
from index.processors import threads
from index.types import Vectors

CALIBRATION_TEXTS = 128
"""Number of calibration texts; more did not improve any measurement."""
_NEAREST = 10


@dataclass(frozen=True, slots=True)
class Loss:
    """Loss of quality by quantization, measured on texts outside the calibration.

    Cosines compare the two vectors of a text; ``neighbours_kept`` is the share of a text's ten nearest
    neighbours in fp32 that are among its ten nearest in int8, on average.
    """

    texts: int
    mean_cosine: float
    least_cosine: float
    neighbours_kept: float


class _InputRecorder:
    """A runtime that records its inputs and computes nothing."""

    def __init__(self, dimension: int) -> None:
        self.inputs: list[list[NDArray[np.int64]]] = []
        self._dimension = dimension

    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[Vectors, NDArray[np.float32]]:
        """See :class:`index.embedding.graph.Runtime`."""
        self.inputs.append(list(inputs.values()))
        texts, width = inputs["input_ids"].shape
        return np.ones((texts, self._dimension), np.float32), np.ones((texts, width, 1), np.float32)


def quantize(converted: Converted, texts: Sequence[str], folder: Path) -> Loss:
    """Quantize a model, write it to a folder, and measure the loss; the first texts calibrate it.

    Raises :class:`index.errors.BackendMissing` without NNCF, :class:`index.errors.EmptyDocument` if there are
    too few texts, and :class:`index.errors.ModelFailed` if the loss is too large; then nothing is written.
    """
    try:
        backend = backends.load_backend("openvino")
        import nncf
        import openvino
    except ImportError as error:
        raise BackendMissing("int8 needs NNCF. Run: pip install 'loccit[int8]'") from error
    if len(texts) < 2 * _NEAREST:
        raise EmptyDocument(
            f"{len(texts)} passages are too few to calibrate the model. Ingest more documents first."
        )
    logging.getLogger("nncf").setLevel(logging.ERROR)
    calibration = texts[: min(CALIBRATION_TEXTS, len(texts) // 2)]
    graph = nncf.quantize(
        openvino.Core().read_model(converted.graphs["openvino"]),
        nncf.Dataset(_graph_inputs(converted, calibration)),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(calibration),
        # 7-bit weights: with 8 bits, sums of two products overflow 16 bits on processors without VNNI.
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE),
    )
    with replace_folder(folder) as unfinished:
        path = unfinished / backend.GRAPH_FILE
        openvino.save_model(graph, path, compress_to_fp16=False)
        weights = hashlib.sha256(path.with_suffix(".bin").read_bytes()).hexdigest()[:8]
        fingerprint = converted.description.fingerprint.removesuffix(":fp32") + f":int8-{weights}"
        description = replace(converted.description, fingerprint=fingerprint)
        quantized = _with_reference(
            replace(converted, description=description, graphs={"openvino": path}, tried=("openvino",))
        )
        write_converted(unfinished, quantized)
        return _loss(converted, quantized, texts[len(calibration) :])


def _graph_inputs(converted: Converted, texts: Sequence[str]) -> list[list[NDArray[np.int64]]]:
    """Tokenize each text into the inputs that the graph gets for it."""
    recorder = _InputRecorder(converted.description.dimension)
    embedder = GraphEmbedder(converted.description, converted.tokenizer, recorder, recorder)
    for text in texts:
        embedder.embed_passages([text])
    return recorder.inputs


def _with_reference(quantized: Converted) -> Converted:
    """Add the reference: the quantized model's vectors of the probe, emulated in fp32.

    Raises :class:`index.errors.ModelFailed` if they are too far from those of the model in fp32.
    """
    vectors = probe(_embedder(quantized, backends.EMULATED_INT8))
    found = agreement(vectors, quantized.expected)
    if found < QUANTIZED_AGREEMENT:
        raise ModelFailed(
            f"The quantized model is not accurate: a vector has a cosine of {found:.3f} with that in fp32, "
            f"at least {QUANTIZED_AGREEMENT} is needed. Use fp32 or bf16, or more varied calibration texts."
        )
    return replace(quantized, expected=vectors, reference="int8")


def _loss(converted: Converted, quantized: Converted, texts: Sequence[str]) -> Loss:
    before, after = (
        _embedder(one, precision).embed_passages(texts)
        for one, precision in ((converted, "fp32"), (quantized, "int8"))
    )
    cosines = np.einsum("nd,nd->n", before, after)
    kept = np.mean(
        [
            len(np.intersect1d(*pair)) / _NEAREST
            for pair in zip(_nearest_neighbours(before), _nearest_neighbours(after), strict=True)
        ]
    )
    return Loss(len(texts), float(cosines.mean()), float(cosines.min()), float(kept))


def _nearest_neighbours(vectors: Vectors) -> NDArray[np.int64]:
    """Find the ten nearest others of each vector."""
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    return np.argpartition(-products, _NEAREST - 1, axis=1)[:, :_NEAREST]


def _embedder(converted: Converted, precision: str) -> GraphEmbedder:
    open_runtime = backends.load_backend("openvino").open_runtime
    runtime = open_runtime(converted.graphs["openvino"], precision=precision, threads=threads())
    return GraphEmbedder(converted.description, converted.tokenizer, runtime, runtime)
