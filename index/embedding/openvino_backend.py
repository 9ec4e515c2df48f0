"""Backend OpenVINO: runs graphs in fp32, in bf16 if the processor supports it, and quantized in int8."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino
from numpy.typing import NDArray

from index.embedding.backends import EMULATED_INT8
from index.errors import ModelFailed
from index.types import Vectors

if TYPE_CHECKING:
    import torch

GRAPH_FILE = "graph.xml"
_BF16 = "BF16"
"""OpenVINO's name for processors that compute in bf16."""


class OpenVinoRuntime:
    """An :class:`index.embedding.graph.Runtime` that runs one request at a time, on ``threads`` threads."""

    def __init__(self, graph: Path, *, precision: str, threads: int) -> None:
        core = openvino.Core()
        half = precision == "bf16" or (precision == "int8" and _BF16 in _capabilities(core))
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,  # pinning binds every process to the same first processors
        }
        if precision == EMULATED_INT8:
            settings["LP_TRANSFORMS_MODE"] = False  # keep the rounding nodes, use no integer kernels
        try:
            self._request = core.compile_model(graph, "CPU", settings).create_infer_request()
        except RuntimeError as error:
            raise ModelFailed(f"OpenVINO cannot compile {graph}: {error}") from error
        self._lock = threading.Lock()

    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[Vectors, NDArray[np.float32]]:
        """See :class:`index.embedding.graph.Runtime`."""
        with self._lock:
            try:
                # Set one tensor at a time: passing a dictionary of inputs is slower.
                for place, tokens in enumerate(inputs.values()):  # in the graph's order
                    self._request.set_input_tensor(place, openvino.Tensor(tokens, shared_memory=True))
                self._request.infer(share_outputs=True)
            except RuntimeError as error:
                raise ModelFailed(f"The embedding model failed: {type(error).__name__}") from error
            # Copy the results: the next run overwrites their memory.
            texts, tokens = self._request.get_output_tensor(0), self._request.get_output_tensor(1)
            return np.array(texts.data, np.float32), np.array(tokens.data, np.float32)


def open_runtime(graph: Path, *, precision: str, threads: int) -> OpenVinoRuntime:
    """See :class:`index.embedding.backends.Backend`."""
    return OpenVinoRuntime(graph, precision=precision, threads=threads)


def precisions() -> Sequence[str]:
    """See :class:`index.embedding.backends.Backend`."""
    return ("bf16", "fp32") if _BF16 in _capabilities(openvino.Core()) else ("fp32",)


def write(module: torch.nn.Module, inputs: dict[str, torch.Tensor], path: Path) -> None:
    """See :class:`index.embedding.backends.Backend`."""
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    decoder = TorchScriptPythonDecoder(module, example_input=tuple(inputs.values()))
    front_end = FrontEndManager().load_by_framework("pytorch")
    graph = front_end.convert(front_end.load(decoder))
    graph.reshape({port: openvino.PartialShape([-1, -1]) for port in graph.inputs})
    openvino.save_model(graph, path, compress_to_fp16=False)


def _capabilities(core: openvino.Core) -> list[str]:
    return list(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
