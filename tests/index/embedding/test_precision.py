"""The precision of new collections: by instruction sets and a measurement, recorded with the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from index.config import EmbeddingConfig, Precision
from index.embedding import WordEmbedder, convert_model, load_embedder, resolve_precision
from index.embedding.machine import describe_machine, instruction_sets
from index.embedding.precision import choose_precision, may_gain, measure
from index.embedding.selection import resolve_precision as chosen_for
from index.errors import BackendMissing, ModelFailed
from index.protocols import Embedder
from tests.index.embedding.tiny import tiny_model

MACHINE: list[object] = ["x86_64", 2, ["avx2"], {"onnxruntime": "1"}]
OLD = ["avx2"]
"""Instruction sets of a processor that 8-bit integers may be faster on; they run on all."""


class Loader:
    """Opens words for both precisions, and says how often; integers may fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.loaded: list[Precision] = []
        self._error = error

    def __call__(self, precision: Precision) -> Embedder:
        self.loaded.append(precision)
        if precision != "float" and self._error:
            raise self._error
        return WordEmbedder(8)


def taking(in_float: float, in_integers: float) -> SimpleNamespace:
    def seconds(embedders: Sequence[Embedder]) -> list[float]:
        assert len(embedders) == 2
        return [in_float, in_integers]

    return SimpleNamespace(seconds=seconds)


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ([], False),
        (["avx2"], True),
        (["avx2", "avx512", "vnni"], True),
        (["avx2", "avx512", "vnni", "bf16"], False),
        (["avx2", "avx512", "vnni", "bf16", "amx"], False),
    ],
)
def test_integers_may_gain_on_x86_without_bf16(sets: list[str], expected: bool) -> None:
    assert may_gain(sets) is expected


@pytest.mark.parametrize(
    ("in_float", "in_integers", "expected"),
    [(1.0, 0.7, "dynamic-int8"), (1.0, 0.95, "float"), (1.0, 2.0, "float")],
)
def test_integers_are_chosen_where_they_are_clearly_faster(
    tmp_path: Path, in_float: float, in_integers: float, expected: str
) -> None:
    file, load = tmp_path / "precision.json", Loader()
    times = taking(in_float, in_integers)
    assert choose_precision(file, MACHINE, load, times.seconds) == expected
    # What is recorded is not measured again.
    assert choose_precision(file, MACHINE, load, taking(in_integers, in_float).seconds) == expected
    assert load.loaded == ["float", "dynamic-int8"]


@pytest.mark.parametrize("machine", [["x86_64", 2, ["avx2", "avx512"], {}], ["x86_64", 4, ["avx2"], {}]])
def test_a_choice_is_made_again_on_another_machine(tmp_path: Path, machine: list[object]) -> None:
    file, load = tmp_path / "precision.json", Loader()
    assert choose_precision(file, MACHINE, load, taking(1.0, 0.5).seconds) == "dynamic-int8"
    assert choose_precision(file, machine, load, taking(0.5, 1.0).seconds) == "float"
    assert json.loads(file.read_text())["machine"] == machine


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"machine": 1, "taken": "fp64"}'])
def test_a_damaged_record_is_made_again(tmp_path: Path, content: str) -> None:
    file = tmp_path / "precision.json"
    file.write_text(content)
    assert choose_precision(file, MACHINE, Loader(), taking(1.0, 0.5).seconds) == "dynamic-int8"
    assert json.loads(file.read_text())["taken"] == "dynamic-int8"


@pytest.mark.parametrize("error", [BackendMissing("no ONNX Runtime"), ModelFailed("inaccurate")])
def test_a_model_without_integers_stays_in_fp32(tmp_path: Path, error: Exception) -> None:
    file, load = tmp_path / "precision.json", Loader(error)
    for _ in range(2):
        assert choose_precision(file, MACHINE, load, taking(1.0, 0.5).seconds) == "float"
    assert load.loaded == ["float", "dynamic-int8"]


def test_each_embedder_is_measured_with_the_same_texts() -> None:
    one, other = WordEmbedder(8), WordEmbedder(8)
    seconds = measure([one, other])
    assert len(seconds) == 2
    assert all(0 < value < float("inf") for value in seconds)
    assert one.passages == other.passages > 0


def test_the_machine_is_described_by_what_programs_can_use() -> None:
    sets = instruction_sets()
    assert set(sets) <= {"avx2", "avx512", "vnni", "bf16", "amx"}
    described = describe_machine(2, ["onnxruntime", "no-such-package"], sets)
    assert described[1:3] == [2, sets]
    assert json.loads(json.dumps(described)) == described
    assert described[3]["no-such-package"] == ""  # type: ignore[index]


def test_the_test_double_and_what_is_configured_need_no_choice(tmp_path: Path) -> None:
    assert resolve_precision("words", config=EmbeddingConfig(cache=tmp_path)) == "float"
    config = EmbeddingConfig(precision="fp32", cache=tmp_path)
    assert resolve_precision("no such model", config=EmbeddingConfig(precision="int8")) == "int8"
    assert resolve_precision("no such model", config=config) == "fp32"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.model
class TestWithAModel:
    def test_auto_measures_once_and_opens_what_is_recorded(self, tiny: Path, cache: Path) -> None:
        config = EmbeddingConfig(cache=cache, device="cpu")
        chosen = chosen_for(tiny, str(tiny), config, OLD)
        (file,) = cache.glob("*-precision.json")
        record = json.loads(file.read_text())
        assert record["taken"] == chosen
        assert set(record["seconds"]) == {"float", "dynamic-int8"}
        for other in ("float", "dynamic-int8"):  # whatever was faster here
            file.write_text(json.dumps({**record, "taken": other}))
            assert chosen_for(tiny, str(tiny), config, OLD) == other

    @pytest.mark.parametrize("sets", [[], ["avx2", "bf16"]])
    def test_nothing_is_measured_on_other_processors(
        self, tiny: Path, tmp_path: Path, sets: list[str]
    ) -> None:
        assert chosen_for(tiny, str(tiny), EmbeddingConfig(cache=tmp_path, device="cpu"), sets) == "float"
        assert list(tmp_path.iterdir()) == []

    def test_nothing_is_measured_where_more_is_configured(self, tiny: Path, tmp_path: Path) -> None:
        for config in (
            EmbeddingConfig(cache=tmp_path, backend="openvino"),
            EmbeddingConfig(cache=tmp_path, device="cuda"),
            EmbeddingConfig(device="cpu"),
        ):
            assert chosen_for(tiny, str(tiny), config, OLD) == "float"
        assert list(tmp_path.iterdir()) == []

    def test_a_model_of_another_kind_stays_in_fp32(self, tmp_path: Path) -> None:
        model = tiny_model(tmp_path / "cls", pooling="cls")
        config = EmbeddingConfig(cache=tmp_path / "models", device="cpu")
        assert chosen_for(model, str(model), config, OLD) == "float"
        (file,) = (tmp_path / "models").glob("*-precision.json")
        assert json.loads(file.read_text())["seconds"] == {}

    def test_a_choice_that_cannot_be_recorded_is_fp32(
        self, tiny: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("")
        config = EmbeddingConfig(cache=tmp_path / "file" / "models", device="cpu")
        assert chosen_for(tiny, str(tiny), config, OLD) == "float"
        assert "The precision cannot be chosen" in caplog.text

    @pytest.mark.processes
    def test_a_converted_model_has_integers_without_torch(self, tiny: Path, tmp_path: Path) -> None:
        convert_model(str(tiny), tmp_path / "converted")
        script = f"""
import sys
for name in ("torch", "transformers", "sentence_transformers", "onnx"):
    sys.modules[name] = None
from pathlib import Path
from index.config import EmbeddingConfig
from index.embedding import load_embedder
from index.embedding.selection import resolve_precision
folder, cache = Path({str(tmp_path / "converted")!r}), Path({str(tmp_path / "cache")!r})
print(resolve_precision(folder, str(folder), EmbeddingConfig(cache=cache), ["avx2"]))
for precision in ("float", "dynamic-int8", "int8"):
    embedder = load_embedder(str(folder), config=EmbeddingConfig(precision=precision, cache=cache))
    print(embedder.fingerprint)
"""
        done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
        chosen, in_float, *in_integers = done.stdout.splitlines()
        (file,) = (tmp_path / "cache").glob("*-precision.json")
        assert json.loads(file.read_text())["taken"] == chosen
        original = EmbeddingConfig(precision="dynamic-int8", cache=tmp_path / "models", device="cpu")
        assert in_integers == [load_embedder(str(tiny), config=original).fingerprint] * 2
        assert in_float.endswith(":fp32")

    def test_a_converted_model_without_integers_is_refused_in_them(self, tmp_path: Path) -> None:
        model = tiny_model(tmp_path / "cls", pooling="cls")
        convert_model(str(model), tmp_path / "converted")
        assert not (tmp_path / "converted" / "dynamic-int8").exists()
        with pytest.raises(BackendMissing, match="has no graph in 8-bit integers"):
            load_embedder(str(tmp_path / "converted"), config=EmbeddingConfig(precision="dynamic-int8"))
        with pytest.raises(BackendMissing, match="with ONNX Runtime only"):
            load_embedder(
                str(tmp_path / "converted"),
                config=EmbeddingConfig(precision="dynamic-int8", backend="openvino"),
            )
