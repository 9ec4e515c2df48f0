"""Write a BERT encoder as an ONNX graph for one text, whose large matrix products run in 8-bit integers.

Weights are quantized here, one scale for each column; activations while the graph runs, one scale for each
token ("dynamic quantization", as in LLM.int8(), Dettmers et al., arXiv:2208.07339). What enters attention has
a few channels with far larger values than the others, which would leave few integers to the rest. Therefore
each channel is divided by a factor, and its weights are multiplied by it ("SmoothQuant", Xiao et al.,
arXiv:2211.10438). The ranges of channels are not measured on texts but follow from layer normalisation.

Attention, layer normalisation, GELU and the embeddings are the fused operators of ONNX Runtime
(https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md), which an exported graph is not
made of. Only ``onnx`` is imported, neither torch nor transformers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from index.embedding.int8.bert import Bert, Weights

_LARGEST = 63
"""Largest integer of a weight. With 127, sums of two products overflow 16 bits on processors without VNNI."""
_MIDDLE = 128
"""Unsigned integer that means zero in an activation."""
_LEAST, _LEAST_OF_GELU = 1e-6, 0.17
"""Lower bounds of a token's largest value, so that none is divided by zero. GELU's least value is -0.17."""
_DEVIATIONS = 3.0
"""Standard deviations of a normalised channel that count as its range."""
_SMOOTHING = 0.4
"""Share of the ranges of activations, against those of weights, in the factors of channels."""
_FUSED = "com.microsoft"
"""Domain of ONNX Runtime's own operators."""
_OPSET, _IR_VERSION = 20, 10


def write_bert_graph(bert: Bert, path: Path, *, inputs: Sequence[str]) -> None:
    """Write the graph of a BERT encoder with mean pooling and normalisation.

    It takes ``inputs`` of shape (1, width): ``input_ids`` and perhaps ``token_type_ids``. It returns the unit
    vector of the text, (1, dimension), and the vectors of its tokens, (1, width, dimension).

    Raises ``KeyError`` if a weight is missing, and ``OSError``.
    """
    writer = _GraphWriter(bert)
    writer.embeddings(inputs)
    tokens = "embedded"
    for number in range(bert.layers):
        tokens = writer.layer(number, tokens)
    writer.mean()
    onnx.save(writer.model(inputs), path)


class _GraphWriter:
    """Collects the nodes and constants of one graph."""

    def __init__(self, bert: Bert) -> None:
        self._bert = bert
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def embeddings(self, inputs: Sequence[str]) -> None:
        """Look up words, positions and types of tokens, and normalise their sums."""
        self._node("Shape", ["input_ids"], "width", start=1)
        for name in inputs:
            self._node("Cast", [name], f"{name}_32", to=TensorProto.INT32)
        types = "token_type_ids" in inputs
        table, kinds = (
            self._weight(f"embeddings.{name}_embeddings.weight") for name in ("word", "token_type")
        )
        if not types:  # every token is of the first type: its vector is added to the words'
            table = table + kinds[0]
        self._node(
            "EmbedLayerNormalization",
            [
                "input_ids_32",
                "token_type_ids_32" if types else "",
                self._constant("words", table),
                self._constant("positions", self._weight("embeddings.position_embeddings.weight")),
                self._constant("types", kinds) if types else "",
                *self._normalisation("embeddings.LayerNorm", "embeddings"),
            ],
            ["embedded", ""],
            fused=True,
            epsilon=self._bert.epsilon,
        )

    def layer(self, number: int, tokens: str) -> str:
        """Add one layer; returns the name of its output."""
        source, name = f"encoder.layer.{number}", f"layer{number}"
        before = f"encoder.layer.{number - 1}.output" if number else "embeddings"
        attended, bias = self._attention(
            f"{source}.attention", f"{name}.attention", tokens, f"{before}.LayerNorm"
        )
        normalisation = f"{source}.attention.output.LayerNorm"
        tokens = self._add_and_normalise(normalisation, f"{name}.attended", attended, tokens, bias)
        widened, bias = self._product(f"{name}.wide", tokens, f"{source}.intermediate.dense")
        gelu = self._node("BiasGelu", [widened, bias], f"{name}.gelu", fused=True)
        narrowed, bias = self._product(f"{name}.narrow", gelu, f"{source}.output.dense", least=_LEAST_OF_GELU)
        output = "tokens" if number == self._bert.layers - 1 else f"{name}.output"
        return self._add_and_normalise(f"{source}.output.LayerNorm", output, narrowed, tokens, bias)

    def mean(self) -> None:
        """Average the tokens to unit length."""
        axis = self._constant("axis", np.array([1], np.int64))
        self._node("ReduceMean", ["tokens", axis], "mean", keepdims=0)
        self._node("LpNormalization", ["mean"], "texts", axis=1, p=2)

    def model(self, inputs: Sequence[str]) -> onnx.ModelProto:
        """The finished model."""
        given = [helper.make_tensor_value_info(one, TensorProto.INT64, [1, "width"]) for one in inputs]
        dimension = self._bert.dimension
        returned = [
            helper.make_tensor_value_info("texts", TensorProto.FLOAT, [1, dimension]),
            helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1, "width", dimension]),
        ]
        graph = helper.make_graph(self._nodes, "bert", given, returned, self._constants)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)

    def _attention(self, source: str, name: str, tokens: str, normalisation: str) -> tuple[str, str]:
        """Self-attention with its output product; returns the output and a bias that is not yet added."""
        parts = [
            self._product(f"{name}.{part}", tokens, f"{source}.self.{part}", normalisation=normalisation)
            for part in ("query", "key", "value")
        ]
        biases = self._node("Concat", [bias for _, bias in parts], f"{name}.biases", axis=0)
        inputs = [*(product for product, _ in parts), biases]
        self._node("MultiHeadAttention", inputs, name, fused=True, num_heads=self._bert.heads)
        return self._product(f"{name}.output", name, f"{source}.output.dense")

    def _add_and_normalise(self, source: str, name: str, output: str, skipped: str, bias: str) -> str:
        """Add a layer's output, its bias and its input, and normalise the sums."""
        inputs = [output, skipped, *self._normalisation(source, name), bias]
        return self._node("SkipLayerNormalization", inputs, name, fused=True, epsilon=self._bert.epsilon)

    def _product(
        self, name: str, given: str, source: str, *, least: float = _LEAST, normalisation: str = ""
    ) -> tuple[str, str]:
        """Multiply by quantized weights.

        ``least`` bounds the largest values of tokens from below; ``normalisation`` is the one that made the
        activations, if they are to be smoothed. Returns the product and the name of the bias, which the next
        operator adds.
        """
        weights = self._weight(f"{source}.weight").T
        bias = self._constant(f"{name}.bias", self._weight(f"{source}.bias"))
        if normalisation:
            factors = self._factors(normalisation, weights)
            weights = weights * factors[:, None]
            given = self._node(
                "Mul", [given, self._constant(f"{name}.smoothing", 1 / factors)], f"{name}.smooth"
            )
        scales = np.maximum(np.abs(weights).max(axis=0), np.finfo(np.float32).tiny) / _LARGEST
        integers = np.clip(np.round(weights / scales), -_LARGEST, _LARGEST).astype(np.int8)
        quantized, steps = self._quantize(name, given, least)
        inputs = [
            quantized,
            self._constant(f"{name}.weights", integers),
            self._constant(f"{name}.one", np.float32(1)),  # the scales of tokens follow: here, all have one
            self._constant(f"{name}.scales", scales.astype(np.float32)),
            self._constant(f"{name}.middle", np.uint8(_MIDDLE)),
            self._constant(f"{name}.zeros", np.zeros(len(scales), np.int8)),
        ]
        summed = self._node("MatMulIntegerToFloat", inputs, f"{name}.sums", fused=True)
        return self._node("Mul", [summed, steps], f"{name}.product"), bias

    def _quantize(self, name: str, given: str, least: float) -> tuple[str, str]:
        """Quantize activations, each token by its largest value; returns integers and their steps."""
        magnitudes = given if least == _LEAST_OF_GELU else self._node("Abs", [given], f"{name}.magnitudes")
        last = self._constant(f"{name}.last", np.array([-1], np.int64))
        self._node("ReduceMax", [magnitudes, last], f"{name}.largest", keepdims=1)
        self._node(
            "Max", [f"{name}.largest", self._constant(f"{name}.least", np.float32(least))], f"{name}.bound"
        )
        step = self._constant(f"{name}.share", np.float32(1 / (_MIDDLE - 1)))
        steps = self._node("Mul", [f"{name}.bound", step], f"{name}.steps")
        self._node("Reshape", [steps, last], f"{name}.steps_of_tokens")
        self._node(
            "Expand",
            [self._constant(f"{name}.zero", np.array([_MIDDLE], np.uint8)), "width"],
            f"{name}.zeros_of_tokens",
        )
        inputs = [given, f"{name}.steps_of_tokens", f"{name}.zeros_of_tokens"]
        return self._node("QuantizeLinear", inputs, f"{name}.integers", axis=1), steps

    def _factors(self, normalisation: str, weights: Weights) -> Weights:
        """The smoothing divisor of each channel of a layer normalisation's output; 1 on average."""
        gain, shift = (np.abs(self._weight(f"{normalisation}.{part}")) for part in ("weight", "bias"))
        ranges = np.maximum(_DEVIATIONS * gain + shift, _LEAST)
        of_weights = np.maximum(np.abs(weights).max(axis=1), _LEAST)
        factors = ranges**_SMOOTHING / of_weights ** (1 - _SMOOTHING)
        return np.asarray(factors / factors.mean(), np.float32)

    def _normalisation(self, source: str, name: str) -> list[str]:
        return [
            self._constant(f"{name}.{part}", self._weight(f"{source}.{part}")) for part in ("weight", "bias")
        ]

    def _weight(self, name: str) -> Weights:
        return np.asarray(self._bert.weights[name], np.float32)

    def _constant(self, name: str, values: NDArray[np.generic] | np.generic) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(
        self,
        operator: str,
        inputs: Sequence[str],
        output: str | list[str],
        *,
        fused: bool = False,
        **attributes: Any,
    ) -> str:
        outputs = [output] if isinstance(output, str) else output
        domain = _FUSED if fused else ""
        self._nodes.append(
            helper.make_node(operator, inputs, outputs, name=outputs[0], domain=domain, **attributes)
        )
        return outputs[0]
