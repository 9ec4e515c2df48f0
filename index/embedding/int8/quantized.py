"""Open a quantized model so that it gives its own vectors on every processor.

Processors without VNNI add products of 8-bit integers in 16 bits, which can overflow. So a quantized model
has a reference: its vectors of the probe when int8 is emulated in fp32, which no processor computes wrongly.
Each start compares int8 with the reference and, if they differ, emulates it. Both give the vectors that the
model's fingerprint identifies, so collections remain usable.
"""

import logging
from dataclasses import replace
from pathlib import Path

from index.embedding.backends import EMULATED_INT8
from index.embedding.converted import Converted, read_converted
from index.embedding.graph import GraphEmbedder
from index.embedding.probe import INT8_MEAN_AGREEMENT, QUANTIZED_AGREEMENT, agreement, mean_agreement
from index.embedding.trial import Trial, try_backend
from index.errors import ModelFailed

log = logging.getLogger("loccit.embedding")

_QUANTIZE_AGAIN = "quantize the model again with this version, and ingest the documents into a new collection"


def open_quantized(folder: Path, *, threads: int) -> GraphEmbedder | None:
    """Open the quantized model in int8, or emulated in fp32; None if neither gives its vectors.

    Logs which one, and, if it is not int8, a warning that says what to do.
    """
    quantized = read_converted(folder)
    embedder = _open(_with_reference(quantized, threads), threads) if quantized else None
    if embedder is None:
        log.warning(
            "The quantized model in %s cannot be used; its files are probably damaged. The unquantized model "
            "runs instead. Collections with int8 vectors are refused until the files are restored, and "
            "collections created meanwhile get vectors of the unquantized model. Restore the files from a "
            "backup, or %s.",
            folder,
            _QUANTIZE_AGAIN,
        )
    return embedder


def _open(quantized: Converted, threads: int) -> GraphEmbedder | None:
    integers = _try(quantized, "int8", threads)
    found = mean_agreement(integers.vectors, quantized.expected) if integers else 0.0
    if integers and found >= INT8_MEAN_AGREEMENT:
        log.info(
            "OpenVINO runs the model in int8 (mean cosine with its reference %.6f, %.3f s).",
            found,
            integers.seconds,
        )
        return integers.embedder
    emulated = _try(quantized, EMULATED_INT8, threads)
    least = agreement(emulated.vectors, quantized.expected) if emulated else 0.0
    if emulated and least >= QUANTIZED_AGREEMENT:
        log.warning(
            "This processor does not compute the quantized model accurately in int8 (mean cosine with its "
            "reference %.6f, at least %.3f is needed). It is emulated in fp32: this gives the same vectors, "
            "so collections can be used as they are, but it is slower. To use int8 here, %s.",
            found,
            INT8_MEAN_AGREEMENT,
            _QUANTIZE_AGAIN,
        )
        return emulated.embedder
    log.warning(
        "The quantized model does not reproduce its reference, neither in int8 (mean cosine %.6f) nor "
        "emulated in fp32 (minimum cosine %.6f).",
        found,
        least,
    )
    return None


def _with_reference(quantized: Converted, threads: int) -> Converted:
    """Return the model with its reference; compute it now for a model that an older version quantized."""
    if quantized.reference == "int8":
        return quantized
    emulated = _try(quantized, EMULATED_INT8, threads, repeats=1)
    if not emulated or agreement(emulated.vectors, quantized.expected) < QUANTIZED_AGREEMENT:
        return quantized
    return replace(quantized, expected=emulated.vectors, reference="int8")


def _try(quantized: Converted, precision: str, threads: int, repeats: int = 2) -> Trial | None:
    try:
        return try_backend(quantized, "openvino", precision, threads=threads, repeats=repeats)
    except ModelFailed as error:
        log.warning("%s", error.message)
        return None
