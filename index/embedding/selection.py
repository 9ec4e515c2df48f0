"""Which way of running a model is taken: the fastest that is installed and whose vectors agree with fp32.

A model is converted once, and kept beside the data. Every way that can run it embeds the texts of a probe;
the fastest of those that agree is taken, and written down with what was measured. At each later start that
way is probed again, which warms it up as well, and another is chosen where it no longer agrees.
"""

from __future__ import annotations

import json
import logging
import platform
import sys
import time
from collections.abc import Sequence
from ctypes.util import find_library
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from index.config import EmbeddingConfig
from index.embedding import backends
from index.embedding.converted import Converted, read_converted
from index.embedding.graph import GraphEmbedder
from index.embedding.model_files import revision
from index.embedding.probe import AGREEMENT, INTEGERS_AGREEMENT, agreement, probe
from index.errors import BackendMissing, ModelFailed
from index.processors import processors
from index.protocols import Embedder

if TYPE_CHECKING:
    from index.embedding.quantization import Loss

log = logging.getLogger("loccit.embedding")

_TORCH = "torch"
_MARGIN = 1.5
"""So many times faster torch has to be than a graph: that starts faster, and torch was timed another day."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of running a model, and what the probe measured: the least cosine with fp32, and seconds."""

    backend: str
    precision: str
    agreement: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.backend} {self.precision} (agrees to {self.agreement:.6f}, {self.seconds:.3f} s)"


def load(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    """The model in a folder, run as the configuration says.

    int8 is the model that :func:`quantize` wrote. Raises :class:`index.errors.BackendMissing`,
    :class:`index.errors.ModelFailed` for a way that was asked for and whose vectors do not agree with fp32,
    and :class:`index.errors.ModelDamaged`.
    """
    if config.precision == "int8":
        return _in_integers(folder, name, config)
    names = _backends(config)
    if not names or config.cache is None:
        return _by_torch(folder, name, config)
    home = _home(folder, name, config.cache)
    try:
        found = _by_graph(folder, name, config, home, names)
    except OSError as error:
        if config.backend != "auto":
            raise BackendMissing(f"The converted model cannot be kept in {home}: {error}") from error
        log.warning("The converted model cannot be kept in %s, so torch runs the model: %s", home, error)
        found = None
    return found or _by_torch(folder, name, config)


def quantize(folder: Path, name: str, config: EmbeddingConfig, texts: Sequence[str]) -> Loss:
    """Make the model in a folder one of 8-bit integers, calibrated on texts; what that costs.

    Raises what :func:`index.embedding.quantization.quantize` and :func:`load` raise.
    """
    from index.embedding.quantization import quantize as written

    config = replace(config, backend="openvino", precision="fp32")
    names = _backends(config)
    assert config.cache is not None  # noqa: S101 -- else there are no backends, which was raised
    home = _home(folder, name, config.cache)
    with _locked(home):
        return written(_converted(folder, name, home, names), texts, _integers(home))


def _in_integers(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    if config.backend not in {"auto", "openvino"}:
        raise BackendMissing("int8 is for the backend openvino. Set LOCCIT_BACKEND to auto or openvino.")
    names = _backends(replace(config, backend="openvino"))
    assert config.cache is not None  # noqa: S101 -- else there are no backends, which was raised
    home = _integers(_home(folder, name, config.cache))
    converted = read_converted(home)
    if converted is None:
        raise BackendMissing(
            f"There is no {name} in int8 yet. With another LOCCIT_PRECISION, take documents in and run "
            "`loccit quantize`; then set LOCCIT_PRECISION=int8 and take them into a new collection."
        )
    found = _Selection(converted, home / "choice.json", config, names).embedder()
    assert found is not None  # noqa: S101 -- torch is no choice where a precision was asked for
    return found


def _home(folder: Path, name: str, cache: Path) -> Path:
    return cache / f"{Path(name).name}-{revision(folder)}"


def _integers(home: Path) -> Path:
    return home.with_name(f"{home.name}-int8")


def _by_graph(
    folder: Path, name: str, config: EmbeddingConfig, home: Path, names: Sequence[str]
) -> Embedder | None:
    with _locked(home):
        converted = _converted(folder, name, home, names)
        return _Selection(converted, home / "choice.json", config, names).embedder()


def _locked(home: Path) -> FileLock:
    home.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(home.with_name(f"{home.name}.lock"))


def _backends(config: EmbeddingConfig) -> Sequence[str]:
    """Those that may run a graph, none where torch is to do it. Raises :class:`BackendMissing`."""
    if config.backend in backends.NAMES:
        if not backends.converts(config.backend) or config.cache is None:
            raise BackendMissing(
                f"The backend {config.backend!r} is not installed. Run: {backends.missing(config.backend)}; "
                "or set LOCCIT_BACKEND=auto."
            )
        return [config.backend]
    if config.backend == "torch" or config.device not in {"", "cpu"}:
        return []
    # torch makes use of a graphics processor, which is faster than any way on the processor.
    if not config.device and _has_graphics_processor():
        return []
    return [name for name in backends.NAMES if backends.converts(name)]


def _has_graphics_processor() -> bool:
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if not (find_library("cuda") or find_library("amdhip64")):
        return False
    import torch  # not before: it takes seconds

    return bool(torch.cuda.is_available())


def _by_torch(folder: Path, name: str, config: EmbeddingConfig) -> Embedder:
    from index.embedding.transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(
        folder, name=name, device=config.device, bf16=config.precision == "bf16", threads=_threads(config)
    )


def _converted(folder: Path, name: str, home: Path, names: Sequence[str]) -> Converted:
    """The converted model, made now where there is none for these backends. The caller holds the lock."""
    found = read_converted(home)
    if found is not None and set(names) <= set(found.tried):
        return found
    from index.embedding.conversion import convert
    from index.embedding.transformer import SentenceTransformerEmbedder

    log.info("Converting %s for %s, once; it takes some seconds.", name, " and ".join(names))
    convert(SentenceTransformerEmbedder(folder, name=name, device="cpu"), home, names)
    found = read_converted(home)
    assert found is not None  # noqa: S101 -- it was written just now
    return found


def _threads(config: EmbeddingConfig) -> int:
    return config.threads or processors()


class _Selection:
    """Chooses among the ways in which a converted model can be run."""

    def __init__(
        self, converted: Converted, file: Path, config: EmbeddingConfig, names: Sequence[str]
    ) -> None:
        self._converted = converted
        self._file = file
        self._config = config
        self._names = [name for name in names if name in converted.graphs]
        self._is_free = config.backend == "auto" and config.precision == "auto"
        self._machine = [
            platform.machine(),
            _threads(config),
            {name: [version(backends.package(name)), *backends.backend(name).precisions()] for name in names},
        ]

    def embedder(self) -> GraphEmbedder | None:
        """The model run in the fastest way that agrees, None where that is torch."""
        if self._is_free and (kept := self._kept()):
            if kept.backend == _TORCH:
                return None
            embedder, way = self._tried(kept.backend, kept.precision, times=1)
            if embedder is not None:
                log.info("The model is run by %s.", way)
                return embedder
        tried = [self._tried(name, precision) for name in self._names for precision in self._precisions(name)]
        ways = [way for _, way in tried]
        agreeing = [(embedder, way) for embedder, way in tried if embedder is not None]
        if not agreeing and not self._is_free:
            raise ModelFailed(
                "The model's vectors are not those of fp32 when it is run by "
                f"{'; '.join(map(str, ways)) or self._config.backend}. Set LOCCIT_BACKEND and "
                "LOCCIT_PRECISION to auto."
            )
        torch = Way(_TORCH, "fp32", 1.0, self._converted.seconds)
        found, taken = min(agreeing, key=lambda one: one[1].seconds, default=(None, torch))
        if self._is_free:
            if torch.seconds * _MARGIN < taken.seconds:
                found, taken = None, torch
            self._keep(taken, [torch, *ways])
        log.info("The model is run by %s; tried: %s.", taken, "; ".join(map(str, ways)))
        return found

    def _precisions(self, name: str) -> Sequence[str]:
        possible = backends.backend(name).precisions()
        return possible if self._config.precision == "auto" else [self._config.precision]

    def _tried(self, name: str, precision: str, times: int = 2) -> tuple[GraphEmbedder | None, Way]:
        """The embedder if it agrees, and what was measured the last time."""
        graph, threads = self._converted.graphs[name], _threads(self._config)
        try:
            passages, questions = (
                backends.backend(name).open_runtime(graph, precision=precision, threads=threads)
                for _ in range(2)
            )
            embedder = GraphEmbedder(
                self._converted.description, self._converted.tokenizer, passages, questions
            )
            for _ in range(times):  # the first time, a runtime chooses its kernels
                begun = time.perf_counter()
                found = probe(embedder)
                seconds = time.perf_counter() - begun
        except ModelFailed as error:
            log.warning("%s", error.message)
            return None, Way(name, precision, 0.0, 0.0)
        way = Way(name, precision, agreement(found, self._converted.expected), seconds)
        least = INTEGERS_AGREEMENT if precision == "int8" else AGREEMENT
        return (embedder if way.agreement >= least else None), way

    def _kept(self) -> Way | None:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
            if content["machine"] != self._machine or content["taken"]["backend"] not in {
                *self._names,
                _TORCH,
            }:
                return None
            return Way(**content["taken"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, way: Way, ways: Sequence[Way]) -> None:
        content = {"taken": asdict(way), "tried": [asdict(one) for one in ways], "machine": self._machine}
        text = json.dumps(content, indent=2) + "\n"
        unfinished = self._file.with_name(f"{self._file.name}.new")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(self._file)
