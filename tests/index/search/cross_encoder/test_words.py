from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from index.errors import ModelDamaged
from index.search.cross_encoder.encoding import Encoder, Window
from index.search.cross_encoder.model import CrossEncoder
from index.search.cross_encoder.words import WordVectors
from tests.index.search.cross_encoder.toys import tokenizer

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


def write_words(folder: Path, rows: np.ndarray, *, kind: str = "F32", name: str = "word_embeddings") -> None:
    """A file as safetensors describes it: another tensor, then the vectors of words."""
    other, data = b"\0" * 8, rows.tobytes()
    told = {
        "other": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        f"embeddings.{name}.weight": {
            "dtype": kind, "shape": list(rows.shape), "data_offsets": [8, 8 + len(data)]
        },
    }  # fmt: skip
    header = json.dumps(told).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + other + data)


@pytest.mark.parametrize(("kind", "type_"), [("F32", np.float32), ("F16", np.float16)])
def test_rows_are_those_of_the_file_in_32_bits(tmp_path: Path, kind: str, type_: type) -> None:
    write_words(tmp_path, ROWS.astype(type_), kind=kind)
    found = WordVectors(tmp_path)[np.array([[3, 0], [1, 1]])]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, ROWS[[[3, 0], [1, 1]]])


@pytest.mark.parametrize("damage", ["nothing", "no words", "cut", "a type we do not know"])
def test_a_file_without_them_is_refused(tmp_path: Path, damage: str) -> None:
    write_words(
        tmp_path,
        ROWS,
        kind="I8" if damage.startswith("a type") else "F32",
        name="others" if damage == "no words" else "word_embeddings",
    )
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[: {"nothing": 0, "cut": -4}.get(damage, 10_000)])
    with pytest.raises(ModelDamaged, match="words"):
        WordVectors(tmp_path)


class Sums:
    """Says how large the vectors of a window are together, and those of each token."""

    def run(self, inputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        assert list(inputs) == ["inputs_embeds", "attention_mask", "token_type_ids"]
        of_tokens = inputs["inputs_embeds"].sum(axis=2) * inputs["attention_mask"]
        windows, tokens = (
            np.zeros((len(of_tokens), 4), np.float32),
            np.zeros((*of_tokens.shape, 3), np.float32),
        )
        windows[:, 0], tokens[:, :, 0] = of_tokens.sum(axis=1), of_tokens
        return windows, tokens


def test_a_graph_that_shares_words_gets_their_vectors(tmp_path: Path) -> None:
    made = tokenizer(["Wann 1901"])
    rows = np.arange(made.get_vocab_size(), dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    write_words(tmp_path, rows)
    judge = CrossEncoder("sums", Encoder(made), Sums(), "fp32", words=WordVectors(tmp_path))
    assert judge.reads_all_languages
    (found,) = judge.judge("Wann?", [Window("1901", ((0, 4),))])
    ids = judge.encoder.encode("Wann?", Window("1901", ((0, 4),))).ids
    assert found.answers == 3 * sum(ids)
    assert found.sentences == (3 * made.token_to_id("1901"),)
