"""A tiny model is trained: torch is imported in here alone."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.index.search.cross_encoder.toys import tokenizer
from training.cross_encoder.encoding import UNKNOWN, Batch, Encoded, batch
from training.cross_encoder.schedule import Schedule
from training.cross_encoder.stream import Position

if TYPE_CHECKING:
    from training.cross_encoder.model import CrossEncoder
    from training.cross_encoder.trainer import Trainer

pytestmark = pytest.mark.processes


def batches(position: Position) -> Iterator[tuple[Batch, Position]]:
    """Samples that are learnt at once: they answer if a token of the text is a token of the question."""
    for pool in range(position.pool, 10_000):
        draw = np.random.default_rng(pool)
        ids = draw.integers(4, 20, (8, 16))
        answers = draw.integers(0, 2, 8)
        ids[:, 1] = 3 * answers + 1
        sentences = np.tile(np.where(np.arange(16) < 4, -1, (np.arange(16) - 4) // 6), (8, 1))
        labels = np.stack([answers, 0 * answers], axis=1)
        spans = np.where(answers == 1, 5, 0)
        claims = np.where(np.arange(8) < 2, answers, UNKNOWN)
        yield (
            Batch(ids, 0 * ids, 0 * ids + 1, sentences, labels, answers, spans, spans + answers, claims),
            Position(pool + 1),
        )


def tiny(words: int = 20) -> CrossEncoder:
    import torch
    from transformers import BertConfig, BertModel

    from training.cross_encoder.model import CrossEncoder

    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=words, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    return CrossEncoder(BertModel(config, add_pooling_layer=False), 16)


def trainer(folder: Path, *, stream: str = "a") -> Trainer:
    from training.cross_encoder.trainer import Settings, Trainer

    settings = Settings(schedule=Schedule(peak=0.01, warmup=5), log_steps=1, bf16=False)
    return Trainer(tiny(), folder, settings=settings, stream=stream)


def run(folder: Path, steps: int, **decay: bool) -> Trainer:
    from training.cross_encoder.trainer import Limits

    one = trainer(folder)
    one.resume()
    one.run(batches, Limits(steps=steps, **decay))
    return one


def losses(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "curve.jsonl").read_text().splitlines()]
    return [line["answers"] for line in lines if line["kind"] == "loss"]


def test_a_run_that_was_stopped_goes_on_to_the_same_losses(tmp_path: Path) -> None:
    run(tmp_path / "whole", 12)
    run(tmp_path / "parts", 5)
    run(tmp_path / "parts", 12)
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
    assert len(losses(tmp_path / "whole")) == 12


def test_it_learns_and_its_evaluation_says_so(tmp_path: Path) -> None:
    one = run(tmp_path, 60)
    found = losses(tmp_path)
    assert np.mean(found[-5:]) < 0.5 * np.mean(found[:5])
    assert (one.progress.step, one.progress.samples) == (60, 480)


def test_a_decay_ends_with_a_rate_of_nothing(tmp_path: Path) -> None:
    run(tmp_path, 10)
    run(tmp_path, 20, decay=True)
    rates = [json.loads(line)["rate"] for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    assert rates[9] == pytest.approx(0.01)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.001


def test_a_signal_ends_a_run_with_a_checkpoint(tmp_path: Path) -> None:
    from training.cross_encoder.trainer import Limits

    def stopped(position: Position) -> Iterator[tuple[Batch, Position]]:
        for number, one in enumerate(batches(position)):
            if number == 4:  # as the interpreter does at a signal, which would be for all of this process
                handler = signal.getsignal(signal.SIGTERM)
                assert callable(handler)
                handler(signal.SIGTERM, None)
            yield one

    before = signal.getsignal(signal.SIGTERM)
    trainer(tmp_path).run(stopped, Limits())
    assert signal.getsignal(signal.SIGTERM) is before
    again = trainer(tmp_path)
    assert again.resume()
    assert (again.progress.step, again.progress.position) == (4, Position(4))


def test_another_stream_begins_at_its_start_and_the_curve_says_so(tmp_path: Path) -> None:
    run(tmp_path, 3)
    other = trainer(tmp_path, stream="b")
    assert other.resume()
    assert (other.progress.step, other.progress.position, other.progress.stream) == (3, Position(), "b")
    assert json.loads((tmp_path / "curve.jsonl").read_text().splitlines()[-1])["kind"] == "stream"


def test_a_checkpoint_that_was_not_written_whole_leaves_the_one_before(tmp_path: Path) -> None:
    run(tmp_path, 3)
    (tmp_path / "checkpoint.pt.part").write_bytes(b"half")
    assert trainer(tmp_path).resume()


def test_exported_weights_say_the_same_in_16_bits(tmp_path: Path) -> None:
    import hashlib

    import torch

    from training.cross_encoder.export import export, load_weights
    from training.cross_encoder.model import inputs

    one = run(tmp_path / "run", 3)
    digest = export(one.model, tmp_path / "out", one.progress, {"base": "tiny"})
    weights = tmp_path / "out" / "model.safetensors"
    told = json.loads((tmp_path / "out" / "cross-encoder.json").read_text())
    assert digest == told["sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert (told["steps"], told["bytes"]) == (3, weights.stat().st_size)
    loaded = tiny()
    load_weights(loaded, tmp_path / "out")
    made, _ = next(batches(Position(99)))
    with torch.inference_mode():
        expected, found = one.model.eval()(*inputs(made)), loaded.eval()(*inputs(made))
    np.testing.assert_allclose(found.answers, expected.answers, atol=2e-2)
    np.testing.assert_allclose(found.tokens, expected.tokens, atol=2e-2)


@pytest.mark.filterwarnings("ignore:.isinstance.treespec:FutureWarning")  # torch's own, while it exports
def test_a_graph_in_8_bits_says_nearly_the_same_of_windows_of_any_size(tmp_path: Path) -> None:
    import hashlib

    import onnx
    import onnxruntime
    import torch

    from training.cross_encoder.graph import write_graph

    model = tiny(words=300).eval()
    digest = write_graph(model, tmp_path / "model.onnx")
    assert digest == hashlib.sha256((tmp_path / "model.onnx").read_bytes()).hexdigest()
    names = {one.name: one for one in onnx.load(tmp_path / "model.onnx").graph.initializer}
    rounded = {name: one for name, one in names.items() if name.endswith(".integers")}
    assert {one.data_type for one in rounded.values()} == {onnx.TensorProto.INT8}
    assert list(next(iter(rounded.values())).dims) == [300, 16]
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    draw = np.random.default_rng(5)
    for count, width in ((1, 5), (3, 16), (6, 9)):
        ids = draw.integers(0, 300, (count, width))
        mask = np.arange(width) < draw.integers(2, width + 1, (count, 1))
        types = np.arange(width) * np.ones((count, 1)) > 2
        given = [one.astype(np.int64) for one in (ids, mask, types)]
        with torch.inference_mode():
            expected = model(*(torch.from_numpy(one) for one in (given[0], given[2], given[1])))
        window, tokens = session.run(
            None, dict(zip(("input_ids", "attention_mask", "token_type_ids"), given, strict=True))
        )
        np.testing.assert_allclose(window[:, 0], expected.answers, atol=0.03)
        np.testing.assert_allclose(window[:, 1:], expected.claims, atol=0.03)
        np.testing.assert_allclose(tokens[mask], expected.tokens.numpy()[mask], atol=0.03)


@pytest.mark.filterwarnings("ignore:.isinstance.treespec:FutureWarning")  # torch's own, while it exports
@pytest.mark.parametrize("words", [True, False], ids=["with words", "words of the base"])
def test_the_service_opens_what_is_written_and_reads_the_same(tmp_path: Path, words: bool) -> None:
    import torch
    from safetensors.torch import save_file

    from index.search.cross_encoder.encoding import Encoder, Window
    from index.search.cross_encoder.model import CrossEncoder
    from training.cross_encoder.checkpoints import Progress
    from training.cross_encoder.export import export, load_weights
    from training.cross_encoder.graph import write_folder
    from training.cross_encoder.model import inputs, sentence_logits

    text = "The mill was built. It burnt down."
    (tmp_path / "base").mkdir()
    tokenizer([text, "When"]).save(str(tmp_path / "base" / "tokenizer.json"))
    model = tiny(words=300).eval()
    vectors = model.encoder.embeddings.word_embeddings.weight.detach()  # type: ignore[union-attr]
    save_file({"embeddings.word_embeddings.weight": vectors}, tmp_path / "base" / "model.safetensors")
    export(model, tmp_path / "out", Progress(step=3, samples=40), {"base": "tiny"}, words=words)
    load_weights(model, tmp_path / "out")
    write_folder(model, tmp_path / "out", tmp_path / "base", tmp_path / "package", words=words)
    assert (tmp_path / "package" / "tokenizer.json").exists() is words
    told = json.loads((tmp_path / "package" / "cross-encoder.json").read_text())
    assert (told["steps"], told["samples"], told["base"]) == (3, 40, "tiny")
    opened = CrossEncoder.open(tmp_path / "package", base=None if words else tmp_path / "base")
    assert opened.fingerprint.startswith(f"package:{told['sha256'][:12]}:")
    window = Window(text, ((0, 19), (20, 34)))
    (found,) = opened.judge("When?", [window])
    made = Encoder(opened.encoder.tokenizer).encode("When?", window)
    encoded = batch([Encoded(made.ids, made.types, made.sentence_of, [0, 0], 0, 0, 0, UNKNOWN)])
    with torch.inference_mode():
        scores = model(*inputs(encoded))
    assert found.answers == pytest.approx(float(scores.answers[0]), abs=0.05)
    np.testing.assert_allclose(found.sentences, sentence_logits(scores, encoded)[0], atol=0.05)


def test_sentences_are_means_of_their_tokens() -> None:
    import torch

    from training.cross_encoder.model import Scores, sentence_logits

    made, _ = next(batches(Position()))
    tokens = torch.arange(8 * 16 * 3, dtype=torch.float32).reshape(8, 16, 3)
    found = sentence_logits(Scores(torch.zeros(8), torch.zeros(8, 3), tokens), made)
    np.testing.assert_allclose(found[:, 0], tokens[:, 4:10, 0].mean(dim=1))
    np.testing.assert_allclose(found[:, 1], tokens[:, 10:16, 0].mean(dim=1))


def test_the_best_span_ends_after_it_starts_and_is_not_none() -> None:
    from training.cross_encoder.evaluation import best_span

    starts, ends = np.zeros(8, np.float32), np.zeros(8, np.float32)
    starts[0] = ends[0] = 9
    starts[5], ends[3], ends[6] = 4, 5, 3
    assert best_span(starts, ends) == (5, 6)


def test_averaged_weights_lie_between_both() -> None:
    import torch

    from training.cross_encoder import checkpoints

    before = {"weight": torch.tensor([0.0, 4.0]), "positions": torch.tensor([0, 1])}
    after = {"weight": torch.tensor([1.0, 0.0]), "positions": torch.tensor([0, 1])}
    found = checkpoints.average(before, after, 0.75)
    assert found["weight"].tolist() == [0.75, 1.0]
    assert found["positions"].tolist() == [0, 1]
