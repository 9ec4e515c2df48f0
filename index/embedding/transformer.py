"""Embedding by any sentence-transformers model, offline unless told otherwise."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer as FastTokenizer
from transformers.utils import logging as transformers_logging

from index.embedding.batching import Span, batches, finite, means, read_alone
from index.embedding.model_files import revision
from index.errors import ModelDamaged, ModelFailed
from index.types import Vectors

_QUERY_PROMPTS = ("query",)
_PASSAGE_PROMPTS = ("document", "passage", "corpus")


class SentenceTransformerEmbedder:
    """A sentence-transformers model as an :class:`index.protocols.Embedder`.

    Queries and passages are given the prompts that the model's own configuration declares for them.
    ``bf16`` computes in half precision; that has a fingerprint of its own, as it is not compared with fp32
    here. ``takes_means``: a text's vector is the mean over its tokens' and nothing more but its length.
    """

    def __init__(
        self, folder: Path, *, name: str = "", device: str = "", bf16: bool = False, threads: int = 0
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model = SentenceTransformer(str(folder), device=device or None, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
            raise ModelDamaged(f"The model in {folder} cannot be opened: {error}") from error
        if bf16:
            self._model.to(torch.bfloat16)
        self._model.eval()
        self.query_prompt = _prompt(self._model, _QUERY_PROMPTS)
        self.passage_prompt = _prompt(self._model, _PASSAGE_PROMPTS)
        self.takes_means = _takes_means(self._model)
        self._tokenizer = _own_tokenizer(self._model, folder)
        # Fast tokenizers change their own state (padding, truncation) while they work.
        self._preprocessing = threading.Lock()
        self.max_tokens = int(self._model.max_seq_length or self._tokenizer_limit())
        self.special_tokens = len(self._tokenizer.encode(self.passage_prompt).ids)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        prompts = json.dumps([self.query_prompt, self.passage_prompt])
        prompts = hashlib.sha256(prompts.encode()).hexdigest()[:8]
        precision = "bf16" if bf16 else "fp32"
        self.fingerprint = f"{name or folder.name}:{revision(folder)}:{prompts}:{precision}"

    @property
    def model(self) -> SentenceTransformer:
        """The model itself, for those who convert it."""
        return self._model

    @property
    def tokenizer(self) -> FastTokenizer:
        """A copy of the model's tokenizer that neither truncates nor pads."""
        return FastTokenizer.from_str(self._tokenizer.to_str())

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """See :class:`index.protocols.Tokenizer`."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [np.array([start for start, _ in e.offsets], np.int64) for e in encodings]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self.passage_prompt)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self.query_prompt)

    def embed_sentences(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """See :class:`index.protocols.Embedder`.

        A model that takes the mean over its tokens has read each span in its place already: its vector is
        the mean over the span's tokens ("late chunking", Guenther et al., arXiv:2409.04701). With others
        each span is read by itself.
        """
        if not self.takes_means:
            return read_alone(self.embed_passages, texts, spans)
        passages = np.empty((len(texts), self.dimension), np.float32)
        sentences: list[Vectors] = [np.empty((0, self.dimension), np.float32)] * len(texts)
        for batch in batches(texts):
            chosen = [texts[i] for i in batch]
            passages[batch], tokens = self._forward(chosen, self.passage_prompt)
            for row, i, starts in zip(tokens, batch, self.token_starts(chosen), strict=True):
                # Before the text's own tokens are those of the start marker and the prompt, after them
                # the end marker; what the model did not read has no tokens.
                own = row[self.special_tokens - 1 : self.max_tokens - 1][: len(starts)]
                sentences[i] = means(own, starts[: len(own)], spans[i], passages[i])
        return finite(passages), [finite(vectors) for vectors in sentences]

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch in batches(texts):
            vectors[batch], _ = self._forward([texts[i] for i in batch], prompt)
        return finite(vectors)

    def _forward(self, texts: list[str], prompt: str) -> tuple[Vectors, NDArray[np.float32]]:
        """Unit vectors of the texts, and the vectors of their tokens, shape (texts, tokens, dimension)."""
        try:
            with self._preprocessing:
                features: dict[str, Any] = self._model.preprocess(texts, prompt=prompt or None)
            with torch.inference_mode():
                on_device = {
                    key: value.to(self._model.device) if isinstance(value, torch.Tensor) else value
                    for key, value in features.items()
                }
                output = self._model.forward(on_device)
                unit = torch.nn.functional.normalize(output["sentence_embedding"].float(), dim=1)
                tokens: NDArray[np.float32] = output["token_embeddings"].float().cpu().numpy()
        except (RuntimeError, ValueError, KeyError, IndexError) as error:
            raise ModelFailed(f"The embedding model failed: {type(error).__name__}") from error
        return unit.cpu().numpy(), tokens

    def _tokenizer_limit(self) -> int:
        limit = getattr(self._model.tokenizer, "model_max_length", 512)
        return int(min(limit, 8192))


def _takes_means(model: SentenceTransformer) -> bool:
    """Whether a text's vector is the mean over its tokens' and nothing more but its length."""
    # By their names: where the classes are imported from has changed between versions.
    names = [type(module).__name__ for module in model.children()]
    if names[1:2] != ["Pooling"] or not {*names[2:]} <= {"Normalize"}:
        return False
    pooling: Any = model[1]
    mode = pooling.pooling_mode if hasattr(pooling, "pooling_mode") else pooling.get_pooling_mode_str()
    return bool(mode == "mean")


def _prompt(model: SentenceTransformer, names: tuple[str, ...]) -> str:
    prompts = model.prompts or {}
    for name in (*names, model.default_prompt_name):
        if name and (prompt := prompts.get(name)):
            return prompt
    return ""


def _own_tokenizer(model: SentenceTransformer, folder: Path) -> FastTokenizer:
    """A copy without truncation or padding, so that counting never disturbs embedding."""
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelDamaged(
            f"The model in {folder} has no tokenizer.json, which is needed to find where tokens start. "
            "Save it once with a current version of transformers."
        )
    copy = FastTokenizer.from_str(backend.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy
