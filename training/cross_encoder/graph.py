"""Write a trained model as an ONNX graph whose large weights are 8-bit integers.

Weights alone are rounded: each column of a product, and each row of a table, has a scale of its own, and the
graph multiplies them by it ("weight-only quantization"). So every runtime computes the same in whatever
precision the processor is fast in.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import Tensor, nn

from index.embedding.backends import load_backend
from index.embedding.graph import INPUTS
from index.search.cross_encoder.model import DESCRIPTION, TOKENIZER, VECTORS
from training.cross_encoder.model import CrossEncoder

_GRAPH = "cross-encoder.onnx"
_LARGEST = 127
_FEWEST = 4096
"""Smaller weights, such as biases and heads, stay as they are."""
_ROWS, _COLUMNS = 0, 1


class _Graph(nn.Module):
    """The inputs in the order of an embedding model, and two outputs: of the window, and of its tokens.

    The first input are the ids of tokens, or else their vectors.
    """

    def __init__(self, model: CrossEncoder, *, words: bool) -> None:
        super().__init__()
        self.model = model
        self.words = words

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        tokens, mask, types = inputs
        scores = self.model.read(self.model.words(tokens) if self.words else tokens, types, mask)
        return torch.cat([scores.answers[:, None], scores.claims], dim=1), scores.tokens


def write_graph(model: CrossEncoder, path: Path, *, words: bool = True) -> str:
    """Write the graph; return its SHA-256.

    It takes ``input_ids``, ``attention_mask`` and ``token_type_ids`` of shape (windows, width), or without
    ``words`` in the place of the first the vectors of tokens, of shape (windows, width, size). It returns
    logits of shape (windows, 4): answers, supports, contradicts, neither; and of shape (windows, width, 3),
    for each token: its sentence answers, the answer starts here, it ends here.
    """
    # One tensor for all of them would become one input.
    inputs = {name: torch.ones((2, 7), dtype=torch.int64) for name in INPUTS}
    if not words:
        inputs = {VECTORS: torch.ones((2, 7, model.answers.in_features)), **inputs}
        del inputs[INPUTS[0]]
    with torch.inference_mode():
        load_backend("onnx").write(_Graph(model, words=words).eval(), inputs, path)
    graph = onnx.load(path)
    round_weights(graph)
    onnx.save(graph, path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_folder(model: CrossEncoder, exported: Path, base: Path, folder: Path, *, words: bool = True) -> str:
    """Write the graph, the tokenizer of the base and what is told of the weights; return the graph's SHA-256.

    Without ``words`` the tokenizer and the vectors of words stay in the base. It is what
    :meth:`index.search.cross_encoder.model.CrossEncoder.open` reads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest = write_graph(model, folder / _GRAPH, words=words)
    if words:
        shutil.copyfile(base / TOKENIZER, folder / TOKENIZER)
    told = json.loads((exported / DESCRIPTION).read_text(encoding="utf-8"))
    weights = {"sha256": told.pop("sha256"), "bytes": told.pop("bytes")}
    told.pop("weights")
    described = {"graph": _GRAPH, "sha256": digest, "weights_in_16_bits": weights, **told}
    text = json.dumps(described, indent=1, ensure_ascii=False)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    return digest


def round_weights(model: onnx.ModelProto) -> None:
    """Replace the large weights of a graph by 8-bit integers and their scales."""
    graph = model.graph
    uses = _uses(graph)
    kept, constants, nodes = [], [], []
    for one in graph.initializer:
        axis = _axis(one, uses[one.name])
        if axis is None:
            kept.append(one)
            continue
        integers, scales = _rounded(numpy_helper.to_array(one), axis)
        names = f"{one.name}.integers", f"{one.name}.scales"
        constants += [numpy_helper.from_array(integers, names[0]), numpy_helper.from_array(scales, names[1])]
        nodes.append(helper.make_node("DequantizeLinear", names, [one.name], axis=axis))
    graph.ClearField("initializer")
    graph.initializer.extend([*kept, *constants])
    others = list(graph.node)
    graph.ClearField("node")
    graph.node.extend([*nodes, *others])


def _uses(graph: onnx.GraphProto) -> Mapping[str, Sequence[tuple[onnx.NodeProto, int]]]:
    """The nodes that read each value, and at which of their inputs."""
    found: dict[str, list[tuple[onnx.NodeProto, int]]] = defaultdict(list)
    for node in graph.node:
        for place, name in enumerate(node.input):
            found[name].append((node, place))
    return found


def _axis(weight: onnx.TensorProto, uses: Sequence[tuple[onnx.NodeProto, int]]) -> int | None:
    """The axis along which a weight has scales; None if it stays as it is."""
    if len(weight.dims) != 2 or np.prod(weight.dims) < _FEWEST or weight.data_type != onnx.TensorProto.FLOAT:
        return None
    axes = {_axis_of_use(node, place) for node, place in uses}
    return axes.pop() if len(axes) == 1 else None


def _axis_of_use(node: onnx.NodeProto, place: int) -> int | None:
    if (node.op_type, place) == ("Gather", 0):
        return _ROWS
    if (node.op_type, place) == ("MatMul", 1):
        return _COLUMNS
    if (node.op_type, place) == ("Gemm", 1):
        is_turned = any(one.name == "transB" and one.i for one in node.attribute)
        return _ROWS if is_turned else _COLUMNS
    return None


def _rounded(weights: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    largest = np.abs(weights).max(axis=1 - axis, keepdims=True)
    scales = np.maximum(largest, np.finfo(np.float32).tiny) / _LARGEST
    integers = np.clip(np.round(weights / scales), -_LARGEST, _LARGEST).astype(np.int8)
    return integers, scales.ravel().astype(np.float32)
