"""Backend ONNX Runtime: runs graphs in fp32, and those that are quantized dynamically in 8-bit integers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from index.embedding.backends import DYNAMIC_INT8
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
        # Its threads wait for the next step in a loop, which is faster than to be woken; but not between two
        # texts, where they would take the processors from everything else.
        options.add_session_config_entry("session.force_spinning_stop", "1")
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


class SeparateTexts:
    """An :class:`index.embedding.graph.Runtime` of a graph that takes one text, without padding or mask.

    A single text gets all ``threads``; of several texts as many are run at once. Threads that share no text
    do not wait for each other.
    """

    def __init__(self, graph: Path, *, threads: int) -> None:
        self._graph = graph
        self._threads = threads
        self._opening = threading.Lock()
        self._runtimes: dict[int, OnnxRuntime] = {}
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="loccit-model")
        self._runtime(threads)

    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[Vectors, NDArray[np.float32]]:
        """See :class:`index.embedding.graph.Runtime`."""
        widths = inputs["attention_mask"].sum(axis=1).tolist()
        given = {name: values for name, values in inputs.items() if name != "attention_mask"}
        alone = [
            {name: values[row : row + 1, :width] for name, values in given.items()}
            for row, width in enumerate(widths)
        ]
        if len(alone) == 1:
            found = [self._runtime(self._threads).run(alone[0])]
        else:
            found = list(self._pool.map(self._runtime(1).run, alone))
        tokens = np.zeros((*inputs["attention_mask"].shape, found[0][1].shape[2]), np.float32)
        for row, (width, (_, own)) in enumerate(zip(widths, found, strict=True)):
            tokens[row, :width] = own[0]
        return np.concatenate([text for text, _ in found]), tokens

    def _runtime(self, threads: int) -> OnnxRuntime:
        with self._opening:
            if threads not in self._runtimes:
                self._runtimes[threads] = OnnxRuntime(self._graph, threads=threads)
            return self._runtimes[threads]


def open_runtime(graph: Path, *, precision: str, threads: int) -> OnnxRuntime | SeparateTexts:
    """See :class:`index.embedding.backends.Backend`."""
    if precision == DYNAMIC_INT8:
        return SeparateTexts(graph, threads=threads)
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
