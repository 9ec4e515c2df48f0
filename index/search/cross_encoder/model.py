"""The cross-encoder: runs its graph on windows, and gives a logit for each window and each sentence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from index.embedding.backends import can_run, load_backend
from index.embedding.graph import Runtime
from index.errors import BackendMissing, ModelDamaged, ModelFailed
from index.search.cross_encoder.encoding import OUTSIDE, Encoded, Encoder, Window, padded, padded_length
from index.search.cross_encoder.words import WordVectors
from index.types import Vectors

PACKAGE = "loccit_cross_encoder"
"""The package that has the weights."""
MULTILINGUAL_PACKAGE = "loccit_cross_encoder_multilingual"
"""That for collections of the multilingual embedding model, whose words it shares."""
DESCRIPTION = "cross-encoder.json"
TOKENIZER = "tokenizer.json"
VECTORS = "inputs_embeds"
"""The input of graphs that take the vectors of tokens in the place of their ids."""
_LIKE_WIDTH = 1.5
_ANSWERS, _SENTENCE = 0, 0
"""Columns of the logits of windows and of tokens."""


@dataclass(frozen=True, slots=True)
class JudgedWindow:
    """Logits of the probability that a window answers, and that each of its sentences does.

    A sentence that was cut has None.
    """

    answers: float
    sentences: tuple[float | None, ...]


class CrossEncoder:
    """Judges windows. Safe to use from several threads, one of which runs at a time."""

    def __init__(
        self,
        fingerprint: str,
        encoder: Encoder,
        runtime: Runtime,
        precision: str,
        *,
        words: WordVectors | None = None,
    ) -> None:
        self.fingerprint = fingerprint
        self.precision = precision
        self.encoder = encoder
        self._runtime = runtime
        self._words = words

    @property
    def reads_all_languages(self) -> bool:
        """Whether it reads other languages than English: those that know a multilingual model's words do."""
        return self._words is not None

    @classmethod
    def open(cls, folder: Path, *, threads: int = 0, base: Path | None = None) -> CrossEncoder:
        """Open the weights in a folder with OpenVINO, in bf16 where the processor has it.

        ``base`` is the folder of the embedding model that has its words and their vectors, if the weights
        lack them. Raises :class:`index.errors.BackendMissing`, :class:`index.errors.ModelDamaged` for files
        that are not what their description says, and :class:`index.errors.ModelFailed`.
        """
        graph, digest = _check(folder)
        try:
            backend = load_backend("openvino")
        except ModuleNotFoundError as error:
            raise BackendMissing(
                f"{error.name} is not installed, which the cross-encoder needs. Run: pip install openvino"
            ) from error
        precision = backend.precisions()[0]
        try:
            tokenizer = Tokenizer.from_file(str((base or folder) / TOKENIZER))
        except Exception as error:  # its errors have no class of their own
            raise ModelDamaged(f"The tokenizer of the cross-encoder in {folder} cannot be read.") from error
        runtime = backend.open_runtime(graph, precision=precision, threads=threads)
        words = WordVectors(base) if base else None
        return cls(
            f"{folder.name}:{digest[:12]}:{precision}", Encoder(tokenizer), runtime, precision, words=words
        )

    def judge(self, question: str, windows: Sequence[Window]) -> list[JudgedWindow]:
        """Judge windows, in their order. Raises :class:`index.errors.ModelFailed`."""
        if not windows:
            return []
        encoded = [self.encoder.encode(question, one) for one in windows]
        of_windows, of_tokens = self._run(encoded)
        sentences = of_tokens[:, :, _SENTENCE]
        return [
            JudgedWindow(
                float(of_windows[row, _ANSWERS]),
                _means(sentences[row, : len(one.ids)], one.sentence_of, len(windows[row].sentences)),
            )
            for row, one in enumerate(encoded)
        ]

    def window_logits(self, question: str, windows: Sequence[Window]) -> Vectors:
        """The logits of windows: answers, supports, contradicts, neither; shape (windows, 4).

        Raises :class:`index.errors.ModelFailed`.
        """
        encoded = [self.encoder.encode(question, one) for one in windows]
        parts = [(rows, self._run([encoded[row] for row in rows])[0]) for rows in _by_width(encoded)]
        found = np.empty((len(encoded), parts[0][1].shape[1]), np.float32)
        for rows, logits in parts:
            found[rows] = logits
        return found

    def _run(self, encoded: Sequence[Encoded]) -> tuple[Vectors, Vectors]:
        rows = [one.ids for one in encoded]
        width = padded_length(max(map(len, rows)))
        ids = padded(rows, width, 0)
        of_windows, of_tokens = self._runtime.run(
            {
                **({"input_ids": ids} if self._words is None else {VECTORS: self._words[ids]}),
                "attention_mask": padded([[1] * len(row) for row in rows], width, 0),
                "token_type_ids": padded([one.types for one in encoded], width, 0),
            }
        )
        if not (np.isfinite(of_windows).all() and np.isfinite(of_tokens).all()):
            raise ModelFailed("The cross-encoder returned numbers that are not finite. Check its files.")
        return of_windows, of_tokens


def _by_width(encoded: Sequence[Encoded]) -> list[list[int]]:
    """The rows in batches of like widths, so that little is padded."""
    found: list[list[int]] = []
    for row in sorted(range(len(encoded)), key=lambda row: len(encoded[row].ids)):
        if found and len(encoded[row].ids) <= _LIKE_WIDTH * len(encoded[found[-1][0]].ids):
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _means(logits: Vectors, sentence_of: Sequence[int], count: int) -> tuple[float | None, ...]:
    """The mean logit of the tokens of each sentence; None for a sentence without tokens."""
    numbers = np.array(sentence_of)
    inside = numbers != OUTSIDE
    tokens = np.bincount(numbers[inside], minlength=count)
    totals = np.bincount(numbers[inside], weights=logits[inside], minlength=count)
    return tuple(
        [
            total / number if number else None
            for total, number in zip(totals.tolist(), tokens.tolist(), strict=True)
        ]
    )


def has_bf16() -> bool:
    """Check that OpenVINO is installed, and computes in bf16 on this processor."""
    return can_run("openvino") and "bf16" in load_backend("openvino").precisions()


def find_weights(package: str = PACKAGE) -> Path | None:
    """The folder of the weights that are installed as a package; None if they are not."""
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0])


def _check(folder: Path) -> tuple[Path, str]:
    """Return the graph and its SHA-256, which is that of the description."""
    try:
        told = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        graph, wanted = folder / str(told["graph"]), str(told["sha256"])
        with graph.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelDamaged(f"The cross-encoder in {folder} cannot be opened: install it again.") from error
    if digest != wanted:
        raise ModelDamaged(f"{graph} is not what {DESCRIPTION} says: install the cross-encoder again.")
    return graph, digest
