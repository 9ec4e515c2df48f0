"""What runs converted graphs, by name. Each is a module that is imported when it is used."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from index.embedding.graph import Runtime

if TYPE_CHECKING:
    import torch

NAMES = ("openvino", "onnx")
_PACKAGES = {"openvino": ("openvino",), "onnx": ("onnxruntime",)}
_TO_CONVERT = {"openvino": (), "onnx": ("onnx", "onnxscript")}


class Backend(Protocol):
    """A module of this package that runs graphs."""

    GRAPH: str
    """Name of the graph's file."""

    def write(self, module: torch.nn.Module, inputs: dict[str, torch.Tensor], path: Path) -> None:
        """Write a module as a graph whose inputs are named so, each of any shape (texts, tokens)."""

    def precisions(self) -> Sequence[str]:
        """Those worth trying on this machine, fastest first."""

    def open_runtime(self, graph: Path, *, precision: str, threads: int) -> Runtime:
        """Raises :class:`index.errors.ModelFailed` when the graph cannot be run."""


def backend(name: str) -> Backend:
    """The backend of this name; ``ImportError`` when its package is missing."""
    # Reports over the network on the use of OpenVINO and NNCF; without it, they do nothing of the kind.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return cast("Backend", import_module(f"index.embedding.{name}_backend"))


def installed(name: str) -> bool:
    """Whether its package is here."""
    return all(find_spec(package) for package in _PACKAGES[name])


def converts(name: str) -> bool:
    """Whether what it needs to convert a model is here too."""
    return installed(name) and all(find_spec(package) for package in _TO_CONVERT[name])


def package(name: str) -> str:
    """The package that runs it."""
    return _PACKAGES[name][0]


def missing(name: str) -> str:
    """The command that installs what it needs."""
    return f"pip install {' '.join([*_PACKAGES[name], *_TO_CONVERT[name]])}"
