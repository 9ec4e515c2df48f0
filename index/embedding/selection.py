"""Open a model on the backend that suits it: torch, or a graph that the model is converted to.

A model is converted once and kept in the cache folder; :mod:`index.embedding.choice` chooses how its graph is
run. A folder that :func:`convert` wrote is opened without torch and sentence-transformers.
"""

from __future__ import annotations

import logging
import platform
import sys
from collections.abc import Sequence
from ctypes.util import find_library
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from index.config import EmbeddingConfig
from index.embedding import backends
from index.embedding.choice import Choice
from index.embedding.converted import Converted, is_converted, read_converted
from index.embedding.int8.dynamic_quantization import open_dynamic, quantize_dynamically
from index.embedding.int8.quantized import open_quantized
from index.embedding.model_files import revision
from index.errors import BackendMissing, ModelDamaged
from index.processors import processors
from index.protocols import Embedder

if TYPE_CHECKING:
    from index.embedding.int8.quantization import Loss
    from index.embedding.transformer import SentenceTransformerEmbedder

log = logging.getLogger("loccit.embedding")


def load(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    """Open the model in a folder as configured.

    int8 opens the model that :func:`quantize` wrote, or, if that does not give its own vectors here, the
    unquantized model with its own fingerprint. Raises :class:`index.errors.BackendMissing`,
    :class:`index.errors.ModelDamaged`, and :class:`index.errors.ModelFailed` if the vectors of a configured
    backend or precision do not agree with fp32.
    """
    if is_converted(folder):
        return _open_converted(folder, name, config)
    if config.precision in {"int8", backends.DYNAMIC_INT8}:
        return _load_quantized(folder, name, config)
    names = _usable_backends(config)
    if not names or config.cache is None:
        return _open_with_torch(folder, name, config)
    home = _converted_folder(folder, name, config.cache)
    try:
        found = _open_graph(folder, name, config, home, names)
    except OSError as error:
        if config.backend != "auto":
            raise BackendMissing(f"The converted model cannot be written to {home}: {error}") from error
        log.warning("The converted model cannot be written to %s, so torch runs the model: %s", home, error)
        found = None
    return found or _open_with_torch(folder, name, config)


def convert(folder: Path, name: str, target: Path) -> None:
    """Convert the model in a folder for all installed backends; ``target`` is replaced by the result.

    Raises :class:`index.errors.BackendMissing`, and ``OSError`` if the target cannot be written.
    """
    _require_original(folder)
    from index.embedding.conversion import convert as write_converted

    names = [backend for backend in backends.NAMES if backends.can_convert(backend)]
    write_converted(_transformer_class()(folder, name=name, device="cpu"), target, names)


def quantize(folder: Path, name: str, config: EmbeddingConfig, texts: Sequence[str]) -> Loss:
    """Quantize the model in a folder, calibrated on the first of the texts; return the loss on the others.

    Raises what :func:`index.embedding.int8.quantization.quantize` and :func:`load` raise.
    """
    _require_original(folder)
    from index.embedding.int8.quantization import quantize as write_quantized

    config = replace(config, backend="openvino", precision="fp32")
    names = _usable_backends(config)
    assert config.cache is not None  # noqa: S101 -- without one, _usable_backends raises
    home = _converted_folder(folder, name, config.cache)
    with _folder_lock(home):
        return write_quantized(_read_or_convert(folder, name, home, names), texts, _quantized_folder(home))


def _require_original(folder: Path) -> None:
    if is_converted(folder):
        raise BackendMissing(
            f"{folder} has only the graphs of a model. Quantize or convert the original model, with torch."
        )


def _open_converted(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    """Open a folder that :func:`convert` wrote, without torch."""
    if (
        config.backend == "torch"
        or config.device not in {"", "cpu"}
        or config.precision in {"int8", backends.DYNAMIC_INT8}
    ):
        raise BackendMissing(
            f"{folder} has only the graphs of a model, which run on the CPU in fp32 or bf16. For another "
            "device or precision, open the original model, with torch."
        )
    converted = read_converted(folder)
    if converted is None:
        raise ModelDamaged(
            f"The converted model in {folder} cannot be read. Convert the original model again."
        )
    names = [backend for backend in converted.graphs if config.backend in {"auto", backend}]
    usable = [backend for backend in names if backends.can_run(backend)]
    if not usable:
        raise BackendMissing(
            f"No backend that can run the converted model in {folder} is installed; it has graphs for "
            f"{' and '.join(converted.graphs) or 'none'}."
        )
    found = None
    if config.cache is not None:
        home = _converted_folder(folder, name, config.cache)
        try:
            home.parent.mkdir(parents=True, exist_ok=True)
            file = home.with_name(f"{home.name}-choice.json")
            found = Choice(converted, file, config, usable, with_torch=False).embedder()
        except OSError as error:
            log.warning("How the model runs cannot be recorded, so each start tries it anew: %s", error)
    found = found or Choice(converted, None, config, usable, with_torch=False).embedder()
    assert found is not None  # noqa: S101 -- torch may not be chosen, so none is an error
    return found


def _load_quantized(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    may_be_calibrated = config.precision == "int8" and config.backend in {"auto", "openvino"}
    if may_be_calibrated and config.cache is not None:
        home = _quantized_folder(_converted_folder(folder, name, config.cache))
        if home.exists():
            _usable_backends(replace(config, backend="openvino"))  # raises if OpenVINO is missing
            quantized = open_quantized(home, threads=_threads(config))
            return quantized or load(folder, name, replace(config, precision="auto"))
    if config.backend not in {"auto", "onnx"}:
        raise BackendMissing(
            f"The backend {config.backend!r} cannot run the model {name!r} in 8-bit integers. ONNX Runtime "
            "can, and OpenVINO once it is calibrated."
        )
    return _open_dynamic(folder, name, config)


def _open_dynamic(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    """Open the dynamically quantized model; write it first if it is missing or damaged."""
    if not backends.can_quantize_dynamically():
        raise BackendMissing(
            "8-bit integers without calibration need ONNX Runtime. Run: pip install 'loccit[onnx]'"
        )
    if config.cache is None:
        raise BackendMissing("8-bit integers need a folder for converted models.")
    home = _converted_folder(folder, name, config.cache)
    target = home.with_name(f"{home.name}-{backends.DYNAMIC_INT8}")
    with _folder_lock(home):
        if (found := open_dynamic(target, threads=_threads(config))) is None:
            converted = _read_or_convert(folder, name, home, ())  # of any backends
            log.info("Quantizing %s. This happens once and takes some seconds.", name)
            quantize_dynamically(_transformer_class()(folder, name=name, device="cpu"), converted, target)
            found = open_dynamic(target, threads=_threads(config))
    assert found is not None  # noqa: S101 -- it has just been written
    return found


def _converted_folder(folder: Path, name: str, cache: Path) -> Path:
    return cache / f"{Path(name).name}-{revision(folder)}"


def _quantized_folder(home: Path) -> Path:
    return home.with_name(f"{home.name}-int8")


def _open_graph(
    folder: Path, name: str, config: EmbeddingConfig, home: Path, names: Sequence[str]
) -> Embedder | None:
    with _folder_lock(home):
        converted = _read_or_convert(folder, name, home, names)
        return Choice(converted, home / "choice.json", config, names).embedder()


def _folder_lock(home: Path) -> FileLock:
    home.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(home.with_name(f"{home.name}.lock"))


def _usable_backends(config: EmbeddingConfig) -> Sequence[str]:
    """List the backends that may run a graph; none if torch runs the model.

    Raises :class:`BackendMissing` if a configured backend is not installed or has no cache folder.
    """
    if config.backend in backends.NAMES:
        if config.cache is None:
            raise BackendMissing(f"The backend {config.backend!r} needs a folder for converted models.")
        if not backends.can_convert(config.backend):
            command = backends.install_command(config.backend)
            raise BackendMissing(f"The backend {config.backend!r} is not installed. Run: {command}")
        return [config.backend]
    if config.backend == "torch" or config.device not in {"", "cpu"}:
        return []
    # torch runs the model on a GPU, which is faster than any backend on the CPU.
    if not config.device and _has_gpu():
        return []
    return [name for name in backends.NAMES if backends.can_convert(name)]


def _has_gpu() -> bool:
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if not (find_library("cuda") or find_library("amdhip64")):
        return False
    import torch  # not earlier: the import takes seconds

    return bool(torch.cuda.is_available())


def _open_with_torch(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    return _transformer_class()(
        folder, name=name, device=config.device, bf16=config.precision == "bf16", threads=_threads(config)
    )


def _transformer_class() -> type[SentenceTransformerEmbedder]:
    # Not earlier: the import takes seconds, and installations without torch open converted models.
    try:
        from index.embedding.transformer import SentenceTransformerEmbedder
    except ModuleNotFoundError as error:
        raise BackendMissing(
            f"{error.name} is not installed, which models that are not converted need. Run: pip install "
            "sentence-transformers"
        ) from error
    return SentenceTransformerEmbedder


def _read_or_convert(folder: Path, name: str, home: Path, names: Sequence[str]) -> Converted:
    """Read the converted model, or convert it for these backends first. The caller holds the lock."""
    found = read_converted(home)
    if found is not None and set(names) <= set(found.tried):
        return found
    transformer = _transformer_class()
    from index.embedding.conversion import convert as write_converted

    log.info("Converting %s. This happens once and takes some seconds.", name)
    write_converted(transformer(folder, name=name, device="cpu"), home, names)
    found = read_converted(home)
    assert found is not None  # noqa: S101 -- it has just been written
    return found


def _threads(config: EmbeddingConfig) -> int:
    return config.threads or processors()
