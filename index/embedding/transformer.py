"""Embed texts with any sentence-transformers model, run by torch, without network access."""

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

from index.embedding.batching import (
    Span,
    batches_by_length,
    embed_spans_alone,
    require_finite,
    span_means,
    text_tokens,
)
from index.embedding.model_files import revision
from index.errors import ModelDamaged, ModelFailed
from index.types import Vectors

_QUERY_PROMPTS = ("query",)
_PASSAGE_PROMPTS = ("document", "passage", "corpus")


class SentenceTransformerEmbedder:
    """An :class:`index.protocols.Embedder` that runs a sentence-transformers model.

    Questions and passages get the prompts that the model's configuration defines. ``bf16`` computes in half
    precision, which is not compared with fp32 here and so has a fingerprint of its own. ``takes_means``: the
    model uses mean pooling, so that a text's vector is the normalised mean of its tokens' vectors.
    """

    def __init__(
        self, folder: Path, *, name: str = "", device: str = "", bf16: bool = False, threads: int = 0
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self.model = SentenceTransformer(str(folder), device=device or None, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
            raise ModelDamaged(f"The model in {folder} cannot be opened: {error}") from error
        if bf16:
            self.model.to(torch.bfloat16)
        self.model.eval()
        self.query_prompt = _prompt(self.model, _QUERY_PROMPTS)
        self.passage_prompt = _prompt(self.model, _PASSAGE_PROMPTS)
        self.takes_means = _is_mean_pooled(self.model)
        self._tokenizer = _copy_tokenizer(self.model, folder)
        # Not thread-safe: fast tokenizers change their own padding and truncation on each call.
        self._preprocessing = threading.Lock()
        self.max_tokens = int(self.model.max_seq_length or self._tokenizer_limit())
        self.special_tokens = len(self._tokenizer.encode(self.passage_prompt).ids)
        self.dimension = int(self.model.get_embedding_dimension() or 0)
        prompts = json.dumps([self.query_prompt, self.passage_prompt])
        prompts = hashlib.sha256(prompts.encode()).hexdigest()[:8]
        precision = "bf16" if bf16 else "fp32"
        self.fingerprint = f"{name or folder.name}:{revision(folder)}:{prompts}:{precision}"

    @property
    def tokenizer(self) -> FastTokenizer:
        """A copy of the model's tokenizer, without truncation and padding."""
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

        With mean pooling, a span's vector is the mean of its tokens' vectors in the whole text ("late
        chunking", Guenther et al., arXiv:2409.04701). With other pooling, each span is embedded alone.
        """
        if not self.takes_means:
            return embed_spans_alone(self.embed_passages, texts, spans)
        prompt = self.passage_prompt
        passages = np.empty((len(texts), self.dimension), np.float32)
        sentences: list[Vectors] = [np.empty((0, self.dimension), np.float32)] * len(texts)
        for batch in batches_by_length(texts):
            passages[batch], tokens = self._forward([texts[i] for i in batch], prompt)
            prompted = [prompt + texts[i] for i in batch]
            encodings = self._tokenizer.encode_batch(prompted)
            for row, i, text, encoding in zip(tokens, batch, prompted, encodings, strict=True):
                encoding.truncate(self.max_tokens - 1)  # without the end marker
                own, starts = text_tokens(encoding, text, len(prompt))
                sentences[i] = span_means(row[own], starts, spans[i], passages[i])
        return require_finite(passages), [require_finite(vectors) for vectors in sentences]

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch in batches_by_length(texts):
            vectors[batch], _ = self._forward([texts[i] for i in batch], prompt)
        return require_finite(vectors)

    def _forward(self, texts: list[str], prompt: str) -> tuple[Vectors, NDArray[np.float32]]:
        """Compute unit vectors of texts, and token vectors of shape (texts, tokens, dimension)."""
        try:
            with self._preprocessing:
                features: dict[str, Any] = self.model.preprocess(texts, prompt=prompt or None)
            with torch.inference_mode():
                on_device = {
                    key: value.to(self.model.device) if isinstance(value, torch.Tensor) else value
                    for key, value in features.items()
                }
                output = self.model.forward(on_device)
                unit = torch.nn.functional.normalize(output["sentence_embedding"].float(), dim=1)
                tokens: NDArray[np.float32] = output["token_embeddings"].float().cpu().numpy()
        except (RuntimeError, ValueError, KeyError, IndexError) as error:
            raise ModelFailed(f"The embedding model failed: {type(error).__name__}") from error
        return unit.cpu().numpy(), tokens

    def _tokenizer_limit(self) -> int:
        limit = getattr(self.model.tokenizer, "model_max_length", 512)
        return int(min(limit, 8192))


def _is_mean_pooled(model: SentenceTransformer) -> bool:
    """Check that the model consists of a transformer, mean pooling and at most normalisation."""
    # Compare class names: the modules that define the classes differ between versions.
    names = [type(module).__name__ for module in model.children()]
    if names[1:2] != ["Pooling"] or not {*names[2:]} <= {"Normalize"}:
        return False
    pooling: Any = model[1]
    mode = pooling.pooling_mode if hasattr(pooling, "pooling_mode") else pooling.get_pooling_mode_str()
    return bool(mode == "mean")


def _prompt(model: SentenceTransformer, names: tuple[str, ...]) -> str:
    """Return the first prompt that the model defines under these names, or its default; may be empty."""
    prompts = model.prompts or {}
    for name in (*names, model.default_prompt_name):
        if name and (prompt := prompts.get(name)):
            return prompt
    return ""


def _copy_tokenizer(model: SentenceTransformer, folder: Path) -> FastTokenizer:
    """Copy the model's tokenizer without truncation and padding, to count tokens independently."""
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelDamaged(
            f"The model in {folder} has no fast tokenizer, which is needed to locate tokens in texts. "
            "Save the model once with a current version of transformers."
        )
    copy = FastTokenizer.from_str(backend.to_str())
    copy.no_truncation()
    copy.no_padding()
    return copy
