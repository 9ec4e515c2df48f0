from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.config import EmbeddingConfig
from index.embedding import convert_model, load_embedder
from index.embedding.choice import Choice
from index.embedding.converted import read_converted
from index.embedding.graph import GraphEmbedder
from index.embedding.probe import agreement, probe
from index.errors import BackendMissing, ModelFailed
from index.protocols import Embedder
from tests.index.embedding.tiny import tiny_model

pytestmark = pytest.mark.model

TEXTS = ["The lamp was lit.", "the dog", "lamp " * 200, "", "the sea was the sea"]
SPANS = [[(0, 8), (9, 17)], [], [(0, 4), (900, 904)], [(0, 0)], [(0, 19)]]


def by_torch(model: Path) -> Embedder:
    return load_embedder(str(model), config=EmbeddingConfig(backend="torch"))


def runs_by_torch(embedder: Embedder) -> bool:
    """Torch is imported when it is asked, and not by every process that collects tests."""
    from index.embedding.transformer import SentenceTransformerEmbedder

    return isinstance(embedder, SentenceTransformerEmbedder)


def home(cache: Path) -> Path:
    (found,) = [path for path in cache.iterdir() if path.is_dir()]
    return found


@pytest.mark.parametrize("backend", ["openvino", "onnx"])
def test_a_graph_gives_the_vectors_of_torch(tiny: Path, cache: Path, backend: str) -> None:
    config = EmbeddingConfig(backend=backend, precision="fp32", cache=cache)  # type: ignore[arg-type]
    graph, torch = load_embedder(str(tiny), config=config), by_torch(tiny)
    assert isinstance(graph, GraphEmbedder)
    for name in ("fingerprint", "dimension", "max_tokens", "special_tokens"):
        assert getattr(graph, name) == getattr(torch, name), name
    np.testing.assert_allclose(graph.embed_passages(TEXTS), torch.embed_passages(TEXTS), atol=1e-5)
    np.testing.assert_allclose(graph.embed_queries(TEXTS), torch.embed_queries(TEXTS), atol=1e-5)
    found, found_inside = graph.embed_sentences(TEXTS, SPANS)
    expected, expected_inside = torch.embed_sentences(TEXTS, SPANS)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    for one, other in zip(found_inside, expected_inside, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    for one, other in zip(graph.token_starts(TEXTS), torch.token_starts(TEXTS), strict=True):
        assert one.tolist() == other.tolist()
    for text in (*TEXTS, "lamp " * 300, "lamp " * 2000):  # a question alone: its tokens are kept
        np.testing.assert_allclose(graph.embed_queries([text]), torch.embed_queries([text]), atol=1e-5)
        assert graph.token_starts([text])[0].tolist() == torch.token_starts([text])[0].tolist()


@pytest.mark.parametrize("pooling", ["cls", "max"])
def test_models_that_do_not_take_means(tmp_path: Path, pooling: str) -> None:
    model = tiny_model(tmp_path / "model", pooling=pooling)
    config = EmbeddingConfig(backend="openvino", precision="fp32", cache=tmp_path / "cache")
    graph, torch = load_embedder(str(model), config=config), by_torch(model)
    found, inside = graph.embed_sentences(TEXTS[:1], SPANS[:1])
    np.testing.assert_allclose(found, torch.embed_passages(TEXTS[:1]), atol=1e-5)
    np.testing.assert_allclose(inside[0], torch.embed_passages(["The lamp", "was lit."]), atol=1e-5)


def test_prompts_are_given_and_are_no_part_of_the_text(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "model", prompts={"query": "the dog ", "passage": "the sea "})
    config = EmbeddingConfig(backend="openvino", precision="fp32", cache=tmp_path / "cache")
    graph, torch = load_embedder(str(model), config=config), by_torch(model)
    assert graph.special_tokens == 4
    _, (found,) = graph.embed_sentences(["the lamp was lit"], [[(0, 8), (9, 16)]])
    _, (expected,) = torch.embed_sentences(["the lamp was lit"], [[(0, 8), (9, 16)]])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert abs(graph.embed_queries(["lamp"])[0] @ graph.embed_passages(["lamp"])[0]) < 0.9999
    np.testing.assert_allclose(graph.embed_queries(["lamp"]), torch.embed_queries(["lamp"]), atol=1e-5)


def test_the_choice_and_what_was_tried_are_written_down(cache: Path, tiny: Path) -> None:
    embedder = load_embedder(str(tiny), config=EmbeddingConfig(precision="float", cache=cache, device="cpu"))
    choice = json.loads((home(cache) / "choice.json").read_text())
    assert {one["backend"] for one in choice["tried"]} == {"torch", "openvino", "onnx"}
    assert all(one["agreement"] >= 0.999 for one in choice["tried"])
    taken = choice["taken"]
    assert taken in choice["tried"]
    assert (taken["backend"] == "torch") == runs_by_torch(embedder)
    torch, *graphs = choice["tried"]
    if torch["seconds"] == json.loads((home(cache) / "converted.json").read_text())["seconds"]:
        # Otherwise the fastest was measured again, beside torch.
        assert taken["seconds"] == min(one["seconds"] for one in graphs)
    assert agreement(probe(embedder), probe(by_torch(tiny))) >= 0.999


@pytest.mark.parametrize("threads", [1, 2])
def test_questions_run_on_no_more_threads_than_they_are_worth(cache: Path, tiny: Path, threads: int) -> None:
    (home(cache) / "choice.json").unlink()
    config = EmbeddingConfig(cache=cache, device="cpu", threads=threads)
    first = load_embedder(str(tiny), config=config).embed_queries(TEXTS)
    choice = json.loads((home(cache) / "choice.json").read_text())
    if choice["taken"]["backend"] != "torch":
        assert 1 <= choice["question_threads"] <= threads
    again = load_embedder(str(tiny), config=config).embed_queries(TEXTS)
    np.testing.assert_allclose(again, first, atol=1e-5)
    assert json.loads((home(cache) / "choice.json").read_text()) == choice


def torch_was_faster_at_the_conversion(cache: Path) -> Path:
    """Record so, remove the choice and return its file."""
    content = json.loads((home(cache) / "converted.json").read_text())
    (home(cache) / "converted.json").write_text(json.dumps({**content, "seconds": 1e-9}))
    (home(cache) / "choice.json").unlink()
    return home(cache) / "choice.json"


@pytest.mark.parametrize(("by_graph", "taken"), [(2.0, "torch"), (1.2, "a graph")])
def test_torch_is_measured_again_beside_the_fastest_graph(
    cache: Path, tiny: Path, by_graph: float, taken: str
) -> None:
    file = torch_was_faster_at_the_conversion(cache)
    converted = read_converted(home(cache))
    assert converted is not None
    measured: list[Sequence[Embedder]] = []

    def seconds(embedders: Sequence[Embedder]) -> list[float]:
        measured.append(embedders)
        return [1.0, by_graph]

    config = EmbeddingConfig(precision="float", cache=cache, device="cpu")
    for _ in range(2):
        choice = Choice(
            converted, file, config, ["openvino", "onnx"], torch=lambda: by_torch(tiny), seconds=seconds
        )
        assert (choice.embedder() is None) == (taken == "torch")
    ((torch, graph),) = measured  # the second time the choice was on record
    assert runs_by_torch(torch)
    assert isinstance(graph, GraphEmbedder)
    recorded = json.loads(file.read_text())
    assert recorded["taken"]["seconds"] == (1.0 if taken == "torch" else by_graph)
    assert recorded["tried"][0]["seconds"] == 1.0


def test_torch_that_was_not_measured_in_turns_is_not_taken_from_record(cache: Path, tiny: Path) -> None:
    file = home(cache) / "choice.json"
    choice = json.loads(file.read_text())
    del choice["in_turns"]  # as older versions wrote it
    file.write_text(json.dumps({**choice, "taken": {**choice["tried"][0], "seconds": 1e-9}}))
    load_embedder(str(tiny), config=EmbeddingConfig(precision="float", cache=cache, device="cpu"))
    assert json.loads(file.read_text())["in_turns"] is True
    assert json.loads(file.read_text())["taken"]["seconds"] > 1e-9


@pytest.mark.parametrize("error", [BackendMissing("torch is not installed."), MemoryError()])
def test_where_torch_fails_the_fastest_graph_is_taken(cache: Path, error: Exception) -> None:
    def failing() -> Embedder:
        raise error

    file = torch_was_faster_at_the_conversion(cache)
    converted = read_converted(home(cache))
    assert converted is not None
    config = EmbeddingConfig(precision="float", cache=cache, device="cpu")
    assert Choice(converted, file, config, ["openvino", "onnx"], torch=failing).embedder() is not None


def test_a_graph_that_does_not_agree_is_not_taken(cache: Path, tiny: Path) -> None:
    config = EmbeddingConfig(precision="float", cache=cache, device="cpu")
    expected = home(cache) / "probe.npy"
    np.save(expected, -np.load(expected))  # what is on record for fp32 is not what the graph gives
    assert runs_by_torch(load_embedder(str(tiny), config=config))
    asked = EmbeddingConfig(backend="openvino", precision="fp32", cache=cache)
    with pytest.raises(ModelFailed, match="do not agree with those in fp32"):
        load_embedder(str(tiny), config=asked)


def test_a_choice_made_on_another_machine_is_made_again(cache: Path, tiny: Path) -> None:
    file = home(cache) / "choice.json"
    choice = json.loads(file.read_text())
    file.write_text(json.dumps({**choice, "machine": ["elsewhere"]}))
    load_embedder(str(tiny), config=EmbeddingConfig(precision="float", cache=cache, device="cpu"))
    assert json.loads(file.read_text())["machine"] == choice["machine"]


@pytest.mark.parametrize("file", ["converted.json", "tokenizer.json", "probe.npy"])
def test_a_damaged_conversion_is_made_anew(cache: Path, tiny: Path, file: str) -> None:
    config = EmbeddingConfig(backend="openvino", precision="fp32", cache=cache)
    expected = load_embedder(str(tiny), config=config).embed_passages(TEXTS)
    (home(cache) / file).write_bytes(b"{}")
    np.testing.assert_array_equal(load_embedder(str(tiny), config=config).embed_passages(TEXTS), expected)
    assert read_converted(home(cache)) is not None


def test_a_cache_that_cannot_be_written_means_torch(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "file").write_text("")
    config = EmbeddingConfig(cache=tmp_path / "file" / "models", device="cpu")
    assert runs_by_torch(load_embedder(str(tiny), config=config))
    with pytest.raises(BackendMissing, match="cannot be written"):
        load_embedder(
            str(tiny), config=EmbeddingConfig(backend="openvino", cache=tmp_path / "file" / "models")
        )


def test_converting_prints_no_warnings_of_other_libraries(
    tmp_path: Path, tiny: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    load_embedder(str(tiny), config=EmbeddingConfig(cache=tmp_path))
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
    assert capfd.readouterr().err == ""
    assert logging.getLogger("sentence_transformers").level == logging.NOTSET


def test_half_precision_by_torch_is_named_so(tiny: Path) -> None:
    half = load_embedder(str(tiny), config=EmbeddingConfig(backend="torch", precision="bf16", device="cpu"))
    assert half.fingerprint == by_torch(tiny).fingerprint.replace(":fp32", ":bf16")
    assert agreement(half.embed_passages(TEXTS), by_torch(tiny).embed_passages(TEXTS)) > 0.99


@pytest.mark.processes
def test_starting_again_needs_no_torch_and_no_network(tmp_path: Path, tiny: Path) -> None:
    script = f"""
import sys
online = []
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        online.append(f"{{event}} {{args}}")
sys.addaudithook(watch)
from pathlib import Path
from index.config import EmbeddingConfig
from index.embedding import load_embedder, quantize_model
config = EmbeddingConfig(backend="openvino", precision="fp32", cache=Path({str(tmp_path)!r}))
if "quantize" in sys.argv:
    texts = [f"lamp dog {{a}} {{b}}" for a in "abcdefghi" for b in "abc"]
    quantize_model({str(tiny)!r}, texts, config=config)
shape = load_embedder({str(tiny)!r}, config=config).embed_queries(["lamp"]).shape
print(shape, "torch" in sys.modules, online, sys.modules.get("openvino_telemetry"))
"""
    # NNCF reports nothing where it finds itself under test.
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    shown = []
    for arguments in ([], [], ["quantize"]):
        command = [sys.executable, "-W", "ignore", "-c", script, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        shown.append(done.stdout.split("\n")[-2])
    assert shown[:2] == ["(1, 16) True [] None", "(1, 16) False [] None"]
    assert shown[2] == "(1, 16) True [] None"


def test_the_brought_model_as_a_graph(tmp_path: Path) -> None:
    graph = load_embedder(config=EmbeddingConfig(backend="openvino", cache=tmp_path))
    assert isinstance(graph, GraphEmbedder)
    cat, dog, law = graph.embed_passages(["A cat sleeps.", "The kitten naps.", "The court ruled."])
    assert cat @ dog > 0.5 > cat @ law
    assert agreement(probe(graph), probe(load_embedder())) >= 0.999


@pytest.fixture(scope="module")
def installed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny model as an installation has it; no test changes it."""
    folder = tmp_path_factory.mktemp("installed")
    convert_model(str(tiny), folder / tiny.name)
    return folder


class TestConvertedOnce:
    @pytest.fixture(autouse=True)
    def logged(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, logger="loccit.embedding")

    @pytest.mark.parametrize("precision", ["float", "dynamic-int8"])
    def test_a_model_that_was_installed_converted_is_not_converted_again(
        self, tiny: Path, installed: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, precision: Any
    ) -> None:
        expected = load_embedder(
            str(tiny), config=EmbeddingConfig(precision=precision, cache=tmp_path / "own", device="cpu")
        )
        assert conversions(caplog) >= 1
        for cache in ("one", "two"):
            caplog.clear()
            config = EmbeddingConfig(
                precision=precision, cache=tmp_path / cache, device="cpu", installed=installed
            )
            found = load_embedder(str(tiny), config=config)
            assert conversions(caplog) == 0
            assert found.fingerprint == expected.fingerprint
            np.testing.assert_allclose(found.embed_queries(TEXTS), expected.embed_queries(TEXTS), atol=1e-2)

    def test_processes_that_start_at_once_with_one_folder_convert_once(
        self, tiny: Path, tmp_path: Path
    ) -> None:
        script = f"""
import logging
from pathlib import Path
from index.config import EmbeddingConfig
from index.embedding import load_embedder
logging.basicConfig(level=logging.INFO)
config = EmbeddingConfig(precision="float", cache=Path({str(tmp_path / "models")!r}), device="cpu")
load_embedder({str(tiny)!r}, config=config)
"""
        command = [sys.executable, "-c", script]
        processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        told = [one.communicate()[1] for one in processes]
        assert [one.returncode for one in processes] == [0, 0], told
        assert sum(one.count(CONVERTS) for one in told) == 1


CONVERTS = "This happens once and takes some seconds."
"""How the log tells of a conversion."""


def conversions(caplog: pytest.LogCaptureFixture) -> int:
    return caplog.text.count(CONVERTS)
