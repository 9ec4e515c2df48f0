"""Backend ONNX Runtime: runs graphs in fp32, also on processors that OpenVINO does not support."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from index.errors import ModelFailed
from index.types import Vectors

if TYPE_CHECKING:
    import torch

GRAPH_FILE = "graph.onnx"
_LOG_ERRORS = 3
"""ONNX Runtime's log level that omits warnings."""


class OnnxRuntime:
    """An :class:`index.embedding.graph.Runtime`; several threads may run its session at once."""

    def __init__(self, graph: Path, *, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = _LOG_ERRORS
        try:
            self._session = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no base class of their own
            raise ModelFailed(f"ONNX Runtime cannot open {graph}: {error}") from error

    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[Vectors, NDArray[np.float32]]:
        """See :class:`index.embedding.graph.Runtime`."""
        try:
            unit, tokens = self._session.run(None, inputs)
        except Exception as error:
            raise ModelFailed(f"The embedding model failed: {type(error).__name__}") from error
        return unit, tokens


def open_runtime(graph: Path, *, precision: str, threads: int) -> OnnxRuntime:
    """See :class:`index.embedding.backends.Backend`."""
    if precision != "fp32":
        raise ModelFailed(f"ONNX Runtime runs the model in fp32, not in {precision}.")
    return OnnxRuntime(graph, threads=threads)


def precisions() -> Sequence[str]:
    """See :class:`index.embedding.backends.Backend`."""
    return ("fp32",)


def write(module: torch.nn.Module, inputs: dict[str, torch.Tensor], path: Path) -> None:
    """See :class:`index.embedding.backends.Backend`."""
    import torch

    logging.getLogger("onnx_ir").setLevel(logging.WARNING)  # logs hundreds of small steps
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # warns of optional packages
    axes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        path,
        input_names=list(inputs),
        output_names=["texts", "tokens"],
        dynamic_shapes=(tuple(axes for _ in inputs),),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
