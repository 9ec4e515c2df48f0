"""Open a model on the backend that suits it: torch, or a graph that the model is converted to.

A model is converted once and kept in the cache folder; :mod:`index.embedding.choice` chooses how its graph is
run. A folder that :func:`convert` wrote is opened without torch and sentence-transformers.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from index.config import EmbeddingConfig, Precision
from index.embedding import backends
from index.embedding.choice import Choice
from index.embedding.converted import Converted, is_converted, read_converted, read_installed
from index.embedding.int8.dynamic_quantization import open_dynamic, quantize_dynamically
from index.embedding.int8.quantized import open_quantized
from index.embedding.machine import describe_machine, instruction_sets
from index.embedding.model_files import revision
from index.embedding.precision import FLOAT, choose_precision, may_gain
from index.errors import BackendMissing, ModelDamaged, ModelFailed
from index.processors import processors
from index.protocols import Embedder

if TYPE_CHECKING:
    from index.embedding.int8.quantization import Loss
    from index.embedding.transformer import SentenceTransformerEmbedder

log = logging.getLogger("loccit.embedding")

_INTEGERS = {"int8", backends.DYNAMIC_INT8}


def load(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    """Open the model in a folder as configured; the precision ``auto`` is :func:`resolve_precision`.

    int8 opens the model that :func:`quantize` wrote, or, if that does not give its own vectors here, the
    unquantized model with its own fingerprint. Raises :class:`index.errors.BackendMissing`,
    :class:`index.errors.ModelDamaged`, and :class:`index.errors.ModelFailed` if the vectors of a configured
    backend or precision do not agree with fp32.
    """
    if config.precision == "auto":
        config = replace(config, precision=resolve_precision(folder, name, config))
    if is_converted(folder):
        return _open_converted(folder, name, config)
    if config.precision in _INTEGERS:
        return _load_quantized(folder, name, config)
    names = backends.usable(config)
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


def resolve_precision(
    folder: Path, name: str, config: EmbeddingConfig, sets: Sequence[str] | None = None
) -> Precision:
    """Resolve the precision of new collections: the configured one, or the choice for ``auto`` here.

    ``auto`` is measured once for each kind of machine. It is float where backend or device are configured,
    where a GPU runs the model, and where the choice cannot be recorded. ``sets`` are instruction sets of the
    processor, by default those that it has. Raises what :func:`load` raises.
    """
    if config.precision != "auto":
        return config.precision
    if config.cache is None or config.backend != "auto" or config.device not in {"", "cpu"}:
        return FLOAT
    sets = instruction_sets() if sets is None else sets
    if not may_gain(sets) or not (is_converted(folder) or backends.usable(config)):
        return FLOAT
    home = _converted_folder(folder, name, config.cache)
    packages = [*map(backends.package_name, backends.NAMES), *backends.QUANTIZED_PACKAGES]
    machine = describe_machine(_threads(config), list(dict.fromkeys(packages)), sets)
    try:
        with _folder_lock(home, "-precision"):
            return choose_precision(
                home.with_name(f"{home.name}-precision.json"),
                machine,
                lambda precision: load(folder, name, replace(config, precision=precision)),
            )
    except OSError as error:
        log.warning("The precision cannot be chosen, so the model runs in fp32: %s", error)
        return FLOAT


def convert(folder: Path, name: str, target: Path) -> None:
    """Convert the model in a folder for all installed backends; ``target`` is replaced by the result.

    It also has the graph in 8-bit integers, if the model can be quantized dynamically. Raises
    :class:`index.errors.BackendMissing`, and ``OSError`` if the target cannot be written.
    """
    _require_original(folder)
    from index.embedding.conversion import convert as write_converted

    names = [backend for backend in backends.NAMES if backends.can_convert(backend)]
    embedder = _transformer_class()(folder, name=name, device="cpu")
    write_converted(embedder, target, names)
    converted = read_converted(target)
    assert converted is not None  # noqa: S101 -- it has just been written
    if backends.can_quantize_dynamically():
        try:
            quantize_dynamically(embedder, converted, target / backends.DYNAMIC_INT8)
        except (BackendMissing, ModelFailed) as error:
            log.warning("The converted model has no graph in 8-bit integers: %s", error.message)


def quantize(folder: Path, name: str, config: EmbeddingConfig, texts: Sequence[str]) -> Loss:
    """Quantize the model in a folder, calibrated on the first of the texts; return the loss on the others.

    Raises what :func:`index.embedding.int8.quantization.quantize` and :func:`load` raise.
    """
    _require_original(folder)
    from index.embedding.int8.quantization import quantize as write_quantized

    config = replace(config, backend="openvino", precision="fp32")
    names = backends.usable(config)
    assert config.cache is not None  # noqa: S101 -- without one, usable() raises
    home = _converted_folder(folder, name, config.cache)
    with _folder_lock(home):
        return write_quantized(_read_or_convert(folder, name, config, names), texts, _quantized_folder(home))


def _require_original(folder: Path) -> None:
    if is_converted(folder):
        raise BackendMissing(
            f"{folder} has only the graphs of a model. Quantize or convert the original model, with torch."
        )


def _open_converted(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    """Open a folder that :func:`convert` wrote, without torch."""
    if config.backend == "torch" or config.device not in {"", "cpu"}:
        raise BackendMissing(
            f"{folder} has only the graphs of a model, which run on the CPU. For torch or another device, "
            "open the original model."
        )
    if config.precision in _INTEGERS:
        return _open_converted_integers(folder, config)
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
            found = Choice(converted, file, config, usable, torch=None).embedder()
        except OSError as error:
            log.warning("How the model runs cannot be recorded, so each start tries it anew: %s", error)
    found = found or Choice(converted, None, config, usable, torch=None).embedder()
    assert found is not None  # noqa: S101 -- torch may not be chosen, so none is an error
    return found


def _open_converted_integers(folder: Path, config: EmbeddingConfig) -> Embedder:
    """Open the graph in 8-bit integers of a folder that :func:`convert` wrote."""
    if config.backend not in {"auto", "onnx"} or not backends.can_run("onnx"):
        raise BackendMissing(
            f"The converted model in {folder} runs in 8-bit integers with ONNX Runtime only, which is not "
            "installed or not configured. Run: pip install onnxruntime"
        )
    found = open_dynamic(folder / backends.DYNAMIC_INT8, threads=_threads(config))
    if found is None:
        raise BackendMissing(
            f"The converted model in {folder} has no graph in 8-bit integers. Convert the original model "
            "again with this version, or open the original model."
        )
    return found


def _load_quantized(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    may_be_calibrated = config.precision == "int8" and config.backend in {"auto", "openvino"}
    if may_be_calibrated and config.cache is not None:
        home = _quantized_folder(_converted_folder(folder, name, config.cache))
        if home.exists():
            backends.usable(replace(config, backend="openvino"))  # raises if OpenVINO is missing
            quantized = open_quantized(home, threads=_threads(config))
            return quantized or load(folder, name, replace(config, precision=FLOAT))
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
            "8-bit integers without calibration need ONNX Runtime. Run: pip install onnx onnxruntime"
        )
    if config.cache is None:
        raise BackendMissing("8-bit integers need a folder for converted models.")
    home = _converted_folder(folder, name, config.cache)
    target = home.with_name(f"{home.name}-{backends.DYNAMIC_INT8}")
    with _folder_lock(home):
        if (found := _open_any_dynamic(folder, name, config, target)) is None:
            converted = _read_or_convert(folder, name, config, ())  # of any backends
            log.info("Quantizing %s. This happens once and takes some seconds.", name)
            quantize_dynamically(_transformer_class()(folder, name=name, device="cpu"), converted, target)
            found = open_dynamic(target, threads=_threads(config))
    assert found is not None  # noqa: S101 -- it has just been written
    return found


def _open_any_dynamic(folder: Path, name: str, config: EmbeddingConfig, own: Path) -> Embedder | None:
    """Open the dynamically quantized model in a folder, or the one that was installed."""
    found = open_dynamic(own, threads=_threads(config))
    if found is None and config.installed and _read_installed(folder, name, config) is not None:
        place = config.installed / Path(name).name / backends.DYNAMIC_INT8
        try:
            found = open_dynamic(place, threads=_threads(config))
        except ModelFailed as error:
            log.warning("The installed model in %s is damaged: %s Another one is made.", place, error.message)
    return found


def _converted_folder(folder: Path, name: str, cache: Path) -> Path:
    return cache / f"{Path(name).name}-{revision(folder)}"


def _quantized_folder(home: Path) -> Path:
    return home.with_name(f"{home.name}-int8")


def _open_graph(
    folder: Path, name: str, config: EmbeddingConfig, home: Path, names: Sequence[str]
) -> Embedder | None:
    with _folder_lock(home):
        converted = _read_or_convert(folder, name, config, names)
        home.mkdir(exist_ok=True)
        torch = partial(_open_with_torch, folder, name, config)
        return Choice(converted, home / "choice.json", config, names, torch=torch).embedder()


def _folder_lock(home: Path, suffix: str = "") -> FileLock:
    home.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(home.with_name(f"{home.name}{suffix}.lock"))


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


def _read_or_convert(folder: Path, name: str, config: EmbeddingConfig, names: Sequence[str]) -> Converted:
    """Read the converted model, or convert it for these backends first. The caller holds the lock."""
    assert config.cache is not None  # noqa: S101 -- the lock is in it
    home = _converted_folder(folder, name, config.cache)
    for read in (partial(read_converted, home), partial(_read_installed, folder, name, config)):
        found = read()
        if found is not None and set(names) <= set(found.tried):
            return found
    transformer = _transformer_class()
    from index.embedding.conversion import convert as write_converted

    log.info("Converting %s. This happens once and takes some seconds.", name)
    write_converted(transformer(folder, name=name, device="cpu"), home, names)
    found = read_converted(home)
    assert found is not None  # noqa: S101 -- it has just been written
    return found


def _read_installed(folder: Path, name: str, config: EmbeddingConfig) -> Converted | None:
    if config.installed is None:
        return None
    return read_installed(config.installed / Path(name).name, f"{name}:{revision(folder)}:")


def _threads(config: EmbeddingConfig) -> int:
    return config.threads or processors()
