"""Choose the precision of new collections' vectors: 8-bit integers where the processor is slow without them.

A processor with bf16 runs the float model faster than integers. On one without, both embed the same texts,
and integers are chosen if they are clearly faster, for they cost a little quality. The choice is recorded
with the machine that it was made on, and made again on another. This module imports neither torch nor
sentence-transformers.
"""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from index.config import Precision
from index.durability import write_text_durably
from index.embedding.backends import DYNAMIC_INT8
from index.embedding.machine import BF16
from index.embedding.probe import paragraphs
from index.embedding.trial import embed_questions, least_seconds
from index.errors import BackendMissing, ModelFailed
from index.protocols import Embedder

log = logging.getLogger("loccit.embedding")

FLOAT: Precision = "float"
INTEGERS: Precision = "dynamic-int8"
_GAIN = 1.1
"""Integers have to be this many times as fast."""
_ROUNDS = 3


def may_gain(sets: Sequence[str]) -> bool:
    """Check that a processor with these instruction sets may be faster with 8-bit integers.

    They are measured on x86 processors only.
    """
    return "avx2" in sets and BF16 not in sets


def choose_precision(
    file: Path,
    machine: list[object],
    load: Callable[[Precision], Embedder],
    seconds: Callable[[Sequence[Embedder]], list[float]] | None = None,
) -> Precision:
    """Return the recorded choice of this machine; else measure both with ``seconds``, and record it.

    ``load`` opens the model. Raises what it raises for the float model, and ``OSError`` if the choice cannot
    be recorded.
    """
    if (known := _read_choice(file, machine)) is not None:
        return known
    log.info("Measuring whether 8-bit integers are faster on this processor. This happens once.")
    embedders = [load(FLOAT)]
    try:
        embedders.append(load(INTEGERS))
    except (BackendMissing, ModelFailed) as error:
        log.info("The model runs in fp32 here, not in 8-bit integers: %s", error.message)
        _write_choice(file, machine, FLOAT, {})
        return FLOAT
    in_float, in_integers = (seconds or measure)(embedders)
    taken = INTEGERS if in_integers * _GAIN < in_float else FLOAT
    log.info(
        "New collections get vectors of %s: this processor has no bf16, and some texts take %.3f s in 8-bit "
        "integers and %.3f s in fp32. Collections that exist keep theirs.",
        "8-bit integers" if taken == INTEGERS else "fp32",
        in_integers,
        in_float,
    )
    _write_choice(file, machine, taken, {FLOAT: in_float, INTEGERS: in_integers})
    return taken


def measure(embedders: Sequence[Embedder]) -> list[float]:
    """Measure seconds to embed some paragraphs of similar length and questions; the best of three rounds."""

    def work(embedder: Embedder) -> None:
        embedder.embed_passages(paragraphs())
        embed_questions(embedder)

    return least_seconds(embedders, work, rounds=_ROUNDS)


def _read_choice(file: Path, machine: list[object]) -> Precision | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["machine"] == machine and content["taken"] in {FLOAT, DYNAMIC_INT8}:
            return cast("Precision", content["taken"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _write_choice(
    file: Path, machine: list[object], taken: Precision, seconds: dict[Precision, float]
) -> None:
    rounded = {name: round(value, 4) for name, value in seconds.items()}
    content = {"taken": taken, "seconds": rounded, "machine": machine}
    write_text_durably(file, json.dumps(content, indent=2) + "\n")
