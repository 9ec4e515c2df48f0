import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index.errors import ModelDamaged, ModelFailed
from index.search import load_cross_encoder
from index.search.cross_encoder.encoding import Encoder, Window
from index.search.cross_encoder.model import CrossEncoder, find_weights
from tests.index.search.cross_encoder.toys import NO, YES, cross_encoder, tokenizer

TEXT = "The mill was built in 1901. It burnt down."
WINDOW = Window(TEXT, ((0, 27), (28, 42)))


def test_windows_and_their_sentences_are_judged_in_order() -> None:
    judge = cross_encoder("1901", [TEXT, "when"])
    other = Window("It burnt down.", ((0, 14),))
    found = judge.judge("When?", [other, WINDOW])
    assert [one.answers for one in found] == [NO, YES]
    assert [len(one.sentences) for one in found] == [1, 2]
    first, second = found[1].sentences
    assert first is not None
    assert second is not None
    assert math.isclose(first, (6 * NO + 50.0) / 7)  # seven tokens, one of which is the word
    assert second == NO
    assert judge.judge("When?", []) == []


def test_a_sentence_that_is_cut_off_is_not_judged() -> None:
    judge = cross_encoder("1901", [TEXT, "when"], max_tokens=12)
    (found,) = judge.judge("When?", [WINDOW])
    assert found.sentences[0] is not None
    assert found.sentences[1] is None


class Broken:
    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shape = inputs["input_ids"].shape
        return np.full((shape[0], 4), np.nan, np.float32), np.zeros((*shape, 3), np.float32)


def test_numbers_that_are_not_finite_are_an_error() -> None:
    judge = CrossEncoder("broken", Encoder(tokenizer([TEXT])), Broken(), "fp32")
    with pytest.raises(ModelFailed, match="not finite"):
        judge.judge("When?", [WINDOW])


@pytest.mark.parametrize("damage", ["other graph", "no description", "no graph", "no sha256"])
def test_files_that_are_not_what_they_say_are_refused(tmp_path: Path, damage: str) -> None:
    graph = b"graph"
    told = {"graph": "graph.onnx", "sha256": hashlib.sha256(graph).hexdigest()}
    if damage == "no sha256":
        del told["sha256"]
    if damage != "no description":
        (tmp_path / "cross-encoder.json").write_text(json.dumps(told))
    if damage != "no graph":
        (tmp_path / "graph.onnx").write_bytes(b"other" if damage == "other graph" else graph)
    with pytest.raises(ModelDamaged, match="install"):
        load_cross_encoder(tmp_path)


def test_a_graph_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    graph = b"graph"
    told = {"graph": "graph.onnx", "sha256": hashlib.sha256(graph).hexdigest()}
    (tmp_path / "cross-encoder.json").write_text(json.dumps(told))
    (tmp_path / "graph.onnx").write_bytes(graph)
    with pytest.raises(ModelDamaged, match="tokenizer"):
        load_cross_encoder(tmp_path)
    tokenizer([TEXT]).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ModelFailed):
        load_cross_encoder(tmp_path)


def test_weights_that_are_not_installed_are_not_found() -> None:
    assert find_weights("no_such_package") is None
    assert find_weights() is not None


@pytest.mark.model
def test_the_installed_weights_tell_an_answer_from_a_near_miss() -> None:
    judge = load_cross_encoder()
    assert judge is not None
    text = "Anna Berg opened the mill in 1901. It burnt down in 1934, and nobody was hurt."
    window = Window(text, ((0, 34), (35, len(text))), "Mill of Arlow")
    (found,) = judge.judge("Who opened the mill?", [window])
    first, second = found.sentences
    assert first is not None
    assert second is not None
    assert found.answers > 0
    assert first > second
    (missed,) = judge.judge("Who sold the mill in 1934?", [window])
    assert missed.answers < found.answers
