"""Backends that run converted graphs, by name; each is a module that is imported on first use."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from ctypes.util import find_library
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from index.config import EmbeddingConfig
from index.embedding.graph import Runtime
from index.errors import BackendMissing

if TYPE_CHECKING:
    import torch

NAMES = ("openvino", "onnx")
EMULATED_INT8 = "emulated-int8"
"""Precision that computes a quantized graph in fp32 and rounds each value as int8 would."""
DYNAMIC_INT8 = "dynamic-int8"
"""Precision of graphs whose weights are 8-bit integers, and whose activations become such while they run."""
QUANTIZED_PACKAGES = ("onnxruntime", "onnx")
"""Packages that run and write graphs in :data:`DYNAMIC_INT8`."""
_RUNTIMES = {"openvino": "openvino", "onnx": "onnxruntime"}
_CONVERTERS = {"openvino": (), "onnx": ("onnx", "onnxscript")}


class Backend(Protocol):
    """A module that writes and runs graphs in one format."""

    GRAPH_FILE: str
    """File name of the graph."""

    def write(self, module: torch.nn.Module, inputs: dict[str, torch.Tensor], path: Path) -> None:
        """Write a module as a graph. ``inputs`` are examples by name, of any shape (texts, tokens)."""

    def precisions(self) -> Sequence[str]:
        """List the precisions that this machine supports, fastest first."""

    def open_runtime(self, graph: Path, *, precision: str, threads: int) -> Runtime:
        """Open a graph. Raises :class:`index.errors.ModelFailed` if it cannot be run."""


def load_backend(name: str) -> Backend:
    """Import the backend of this name. Raises ``ImportError`` if its package is missing."""
    # OpenVINO and NNCF report their use over the network through this module; without it they do not.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return cast("Backend", import_module(f"index.embedding.{name}_backend"))


def can_convert(name: str) -> bool:
    """Check that the packages to convert models for the backend, and to run them, are installed."""
    return all(find_spec(package) for package in _packages(name))


def can_run(name: str) -> bool:
    """Check that the package that runs the backend's graphs is installed."""
    return find_spec(_RUNTIMES[name]) is not None


def can_quantize_dynamically() -> bool:
    """Check that what writes and runs graphs in :data:`DYNAMIC_INT8` is installed."""
    return can_run("onnx") and find_spec("onnx") is not None


def package_name(name: str) -> str:
    """Name the package that runs the backend's graphs."""
    return _RUNTIMES[name]


def install_command(name: str) -> str:
    """Return the command that installs the backend's packages."""
    return f"pip install {' '.join(_packages(name))}"


def usable(config: EmbeddingConfig) -> Sequence[str]:
    """List the backends that may run a graph; none if torch runs the model.

    Raises :class:`index.errors.BackendMissing` if a configured backend is not installed or has no folder.
    """
    if config.backend in NAMES:
        if config.cache is None:
            raise BackendMissing(f"The backend {config.backend!r} needs a folder for converted models.")
        if not can_convert(config.backend):
            command = install_command(config.backend)
            raise BackendMissing(f"The backend {config.backend!r} is not installed. Run: {command}")
        return [config.backend]
    if config.backend == "torch" or config.device not in {"", "cpu"}:
        return []
    # torch runs the model on a GPU, which is faster than any backend on the CPU.
    if not config.device and _has_gpu():
        return []
    return [name for name in NAMES if can_convert(name)]


def _has_gpu() -> bool:
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if not (find_library("cuda") or find_library("amdhip64")):
        return False
    import torch  # not earlier: the import takes seconds

    return bool(torch.cuda.is_available())


def _packages(name: str) -> list[str]:
    return [_RUNTIMES[name], *_CONVERTERS[name]]
