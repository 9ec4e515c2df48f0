"""Choose a backend and precision for a converted model: the fastest whose vectors agree with fp32.

Each backend and precision embeds the probe; the fastest that agrees is chosen and recorded with its
measurements, unless torch, measured in turns with it, is clearly faster. Later starts run the probe again on
the recorded choice, which also warms it up, and choose anew if it no longer agrees, or where processor or
runtimes are others. This module imports neither torch nor sentence-transformers.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from index.config import EmbeddingConfig
from index.durability import write_text_durably
from index.embedding import backends
from index.embedding.converted import Converted
from index.embedding.graph import GraphEmbedder
from index.embedding.machine import describe_machine, instruction_sets
from index.embedding.probe import AGREEMENT, agreement, probe
from index.embedding.trial import least_seconds, threads_for_questions, try_backend
from index.errors import ModelFailed
from index.processors import processors
from index.protocols import Embedder

log = logging.getLogger("loccit.embedding")

_TORCH = "torch"
_MARGIN = 1.5
"""torch is chosen if it is this many times faster than a graph: a graph starts faster."""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of the probe for a backend and precision: the minimum cosine with fp32, and seconds."""

    backend: str
    precision: str
    agreement: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.backend} {self.precision} (agrees to {self.agreement:.6f}, {self.seconds:.3f} s)"


@dataclass(frozen=True, slots=True)
class RecordedChoice:
    """A recorded choice, with the number of threads for a question; 0: as many as for passages.

    ``in_turns``: torch and the fastest graph were measured in turns. Older versions chose torch by a time
    measured at conversion, perhaps while the machine was less busy.
    """

    taken: ProbeResult
    question_threads: int
    in_turns: bool = False


class Choice:
    """Chooses a backend and precision for a converted model.

    ``file``, if given, records the choice. ``torch`` opens the model with torch, and is None where torch
    cannot run it. ``seconds`` measures how long embedders take for the probe.
    """

    def __init__(
        self,
        converted: Converted,
        file: Path | None,
        config: EmbeddingConfig,
        names: Sequence[str],
        *,
        torch: Callable[[], Embedder] | None,
        seconds: Callable[[Sequence[Embedder]], list[float]] | None = None,
    ) -> None:
        self._converted = converted
        self._file = file
        self._config = config
        self._torch = torch
        self._seconds = seconds or measure
        self._names = [name for name in names if name in converted.graphs]
        self._automatic = config.backend == "auto" and config.precision == "float"
        packages = [backends.package_name(name) for name in names]
        self._machine = describe_machine(config.threads or processors(), packages, instruction_sets())

    def embedder(self) -> GraphEmbedder | None:
        """Open the model with the fastest backend and precision that agree; None if that is torch.

        Raises :class:`index.errors.ModelFailed` if none agrees and torch may not be chosen, and ``OSError``
        if the choice cannot be recorded.
        """
        if self._automatic and (recorded := self._read_choice()):
            choice = recorded.taken
            if choice.backend == _TORCH:
                return None
            embedder, result = self._try(
                choice.backend, choice.precision, recorded.question_threads, repeats=1
            )
            if embedder is not None:
                log.info("The model runs on %s.", result)
                return embedder
        return self._choose()

    def _choose(self) -> GraphEmbedder | None:
        tried = [self._try(name, precision) for name in self._names for precision in self._precisions(name)]
        results = [result for _, result in tried]
        agreeing = [(embedder, result) for embedder, result in tried if embedder is not None]
        if not agreeing and not (self._automatic and self._torch):
            raise ModelFailed(
                "The model's vectors do not agree with those in fp32 when it runs on "
                f"{'; '.join(map(str, results)) or self._config.backend}. "
                "Choose another backend or precision."
            )
        torch = ProbeResult(_TORCH, "fp32", 1.0, self._converted.seconds)
        fastest, chosen = min(agreeing, key=lambda one: one[1].seconds, default=(None, torch))
        if self._automatic:
            question_threads = 0
            if fastest is not None and (seconds := self._time_beside_torch(fastest, chosen)):
                place = results.index(chosen)
                torch, chosen = (
                    replace(one, seconds=took) for one, took in zip((torch, chosen), seconds, strict=True)
                )
                results[place] = chosen
                if torch.seconds * _MARGIN < chosen.seconds:
                    fastest, chosen = None, torch
            if fastest is not None:
                fastest, question_threads = self._with_question_threads(fastest, chosen)
            self._write_choice(RecordedChoice(chosen, question_threads, in_turns=True), [torch, *results])
        log.info("The model runs on %s; tried: %s.", chosen, "; ".join(map(str, results)))
        return fastest

    def _time_beside_torch(self, graph: GraphEmbedder, of_graph: ProbeResult) -> list[float] | None:
        """Seconds of torch and of the fastest graph, in turns, if torch was clearly faster at the conversion.

        Otherwise torch is not opened: it needs memory, and time to load.
        """
        if self._torch is None or self._converted.seconds * _MARGIN >= of_graph.seconds:
            return None
        try:
            return self._seconds([self._torch(), graph])
        except Exception as error:  # whatever it is: there is a graph that works
            log.warning("torch is not tried, because it failed (%r).", error)
            return None

    def _precisions(self, name: str) -> Sequence[str]:
        if self._config.precision == "float":
            return backends.load_backend(name).precisions()
        return [self._config.precision]

    def _with_question_threads(
        self, embedder: GraphEmbedder, chosen: ProbeResult
    ) -> tuple[GraphEmbedder, int]:
        """Open the embedder with the measured number of threads for questions; returns both."""
        threads = self._config.threads or processors()
        worth = threads_for_questions(self._converted, chosen.backend, chosen.precision, threads=threads)
        log.info("Questions run on %d of %d threads.", worth, threads)
        if worth == threads:
            return embedder, worth
        settled, _ = self._try(chosen.backend, chosen.precision, worth, repeats=1)
        return settled or embedder, worth

    def _try(
        self, name: str, precision: str, question_threads: int = 0, *, repeats: int = 2
    ) -> tuple[GraphEmbedder | None, ProbeResult]:
        """Run the probe; return the embedder if it agrees with fp32, and the result."""
        threads = self._config.threads or processors()
        try:
            trial = try_backend(
                self._converted,
                name,
                precision,
                threads=threads,
                question_threads=question_threads,
                repeats=repeats,
            )
        except ModelFailed as error:
            log.warning("%s", error.message)
            return None, ProbeResult(name, precision, 0.0, 0.0)
        found = agreement(trial.vectors, self._converted.expected)
        result = ProbeResult(name, precision, found, trial.seconds)
        return (trial.embedder if found >= AGREEMENT else None), result

    def _read_choice(self) -> RecordedChoice | None:
        if self._file is None:
            return None
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
            in_turns = bool(content.get("in_turns"))
            known = {*self._names, *([_TORCH] if self._torch and in_turns else [])}
            if content["machine"] != self._machine or content["taken"]["backend"] not in known:
                return None
            question_threads = int(content.get("question_threads", 0))
            return RecordedChoice(ProbeResult(**content["taken"]), question_threads, in_turns)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write_choice(self, chosen: RecordedChoice, tried: Sequence[ProbeResult]) -> None:
        if self._file is None:
            return
        content = {**asdict(chosen), "tried": [asdict(one) for one in tried], "machine": self._machine}
        write_text_durably(self._file, json.dumps(content, indent=2) + "\n")


def measure(embedders: Sequence[Embedder]) -> list[float]:
    """Measure the least seconds that each embedder takes for the probe, in turns."""
    return least_seconds(embedders, probe, rounds=_ROUNDS)
