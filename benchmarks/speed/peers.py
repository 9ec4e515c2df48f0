"""Loccit beside txtai, Chroma and Haystack, as libraries.

``python -m benchmarks.speed.peers [--documents N]``.

Each takes in the same documents (SciFact's abstracts) and answers the same questions with the same files of
the same model, in a process and a Python environment of its own, one after the other on the same machine;
``peer_runners/`` says of each how it is used. Environments have the same torch and sentence-transformers as
this one, and are made when they are not there: that needs the package index, and some 1.5 GB each.

A document counts as taken in when it can be found. The peers embed the first 256 tokens of a document, as
they do when nothing else is asked of them; Loccit embeds all of it, in about twice as many passages. Beside
documents a second there are passages a second, therefore, and what the model alone makes of Loccit's passages
(:mod:`benchmarks.speed.raw_encoder`). None of the peers reads passages with a cross-encoder unless it is
told to, so Loccit does not, either; questions for which it does are measured beside, on the same collection
(``loccit_reading``). Loccit is measured once more with the model in integers of 8 bits, quantized on the
passages of the first time. With ``--avx2`` all are held to the instructions of an older
processor (:mod:`benchmarks.avx2`), and the integers are the ones that need no calibration.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from benchmarks import avx2
from benchmarks.figures import exact, show
from benchmarks.proportions import percentile, proportion
from benchmarks.sets import SCIFACT
from evaluation import questions
from evaluation.measures import Estimate
from index.embedding import DEFAULT_MODEL, model_folder

HERE = Path(__file__).parent
CACHE = Path("data/peers")
OURS = "loccit"
READING = "loccit_reading"
INT8 = "loccit_int8"
DYNAMIC_INT8 = "loccit_dynamic_int8"
PEERS = {
    "txtai": ["txtai==9.14.0"],
    "chroma": ["chromadb==1.5.9"],
    "haystack": ["haystack-ai==3.4.1", "sentence-transformers-haystack==2.0.0"],
}
_SHARED = ("torch", "transformers", "sentence-transformers")
_QUESTIONS = 200
_UNREAD = {"LOCCIT_CROSS_ENCODER": "off"}
_QUIET = {"ANONYMIZED_TELEMETRY": "False", "HAYSTACK_TELEMETRY_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
Figures = dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Result:
    """What a runner tells: see ``peer_runners/timing.py``. ``found`` are ids of documents by question."""

    versions: Mapping[str, str]
    documents: int
    passages: int
    loading_seconds: float
    indexing_seconds: float
    question_ms: Sequence[float]
    found: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Job:
    """What every runner is given: documents as (id, title, text), and questions with what is relevant."""

    documents: Sequence[tuple[str, str, str]]
    asked: Sequence[questions.Question]

    @staticmethod
    def of(folder: Path, documents: int | None = None) -> Job:
        """The first so many documents of a BEIR folder, and the first 200 of its questions."""
        taken = [
            (source.id, source.title, source.data.decode())
            for source in islice(questions.sources(folder), documents)
        ]
        return Job(taken, questions.load(folder)[:_QUESTIONS])

    def told(self, folder: Path) -> str:
        """As a runner reads it; ``folder`` is for its files."""
        return json.dumps(
            {
                "model": str(model_folder(DEFAULT_MODEL)),
                "folder": str(folder),
                "documents": self.documents,
                "questions": [one.text for one in self.asked],
            }
        )

    def recalled(self, result: Result) -> Estimate:
        """The share that found a relevant document, of the questions for which one was given."""
        given = {id_ for id_, _, _ in self.documents}
        known = [
            bool(one.relevant.keys() & set(found))
            for one, found in zip(self.asked, result.found, strict=True)
            if one.relevant.keys() & given
        ]
        return proportion(sum(known), len(known)) if known else Estimate(0.0, 0.0, 0.0, 0)


def requirements(peer: str) -> list[str]:
    """What is installed for a peer: itself, and what this environment embeds with, in the same versions."""
    # PyPI's build of torch has no local part, as in 2.13.0+cpu, in its version.
    same = [f"{name}=={version(name).partition('+')[0]}" for name in _SHARED]
    return [*PEERS[peer], *same]


def environment(peer: str, cache: Path) -> Path:
    """The Python that has a peer, in an environment made anew when it is not there or has other versions.

    Raises subprocess.CalledProcessError when it cannot be installed.
    """
    folder = (cache / peer).resolve()
    python, ready = folder / "bin" / "python", folder / "requirements.txt"
    wanted = requirements(peer)
    if not ready.exists() or ready.read_text().split() != wanted:
        venv.create(folder, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)  # noqa: S603 - fixed words
        ready.write_text("\n".join(wanted))
    return python


def run(python: Path, name: str, job: Job, folder: Path, **settings: str) -> Result:
    """Let a runner work. Raises subprocess.CalledProcessError when it fails; its own words are on stderr.

    ``settings`` are variables of its environment.
    """
    ran = subprocess.run(  # noqa: S603 - the programs of this folder
        [python, HERE / "peer_runners" / f"{name}_runner.py"],
        input=job.told(folder),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, **_QUIET, **settings},
    )
    return Result(**json.loads(ran.stdout.splitlines()[-1]))


def raw_encoder(data: Path) -> tuple[int, float]:
    """Passages and seconds of the model alone, in a process of its own."""
    ran = subprocess.run(  # noqa: S603 - a module of ours
        [sys.executable, "-m", "benchmarks.speed.raw_encoder", data],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=HERE.parents[1],
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    return int(told["passages"]), float(told["seconds"])


def run_int8(job: Job, whole: Path, folder: Path) -> Result:
    """Loccit with a model of integers, quantized on the collection in the data folder ``whole``."""
    command = [Path(sys.executable).with_name("loccit"), "quantize"]
    subprocess.run(  # noqa: S603 - the package's own command
        command, check=True, stdout=sys.stderr, env={**os.environ, **_QUIET, "LOCCIT_DATA": str(whole)}
    )
    models = str(whole / "models")
    return run(
        Path(sys.executable), OURS, job, folder, LOCCIT_PRECISION="int8", LOCCIT_MODELS=models, **_UNREAD
    )


def results(job: Job, peers: Sequence[str], cache: Path) -> tuple[dict[str, Result], tuple[int, float]]:
    """The result of each, Loccit in both precisions first; and passages and seconds of the model alone.

    Of Loccit as it reads passages only the questions count: its collection is there already.
    """
    pythons = {peer: environment(peer, cache) for peer in peers}
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        found[OURS] = run(Path(sys.executable), OURS, job, Path(folder), **_UNREAD)
        found[READING] = run(Path(sys.executable), OURS, job, Path(folder))
        alone = raw_encoder(Path(folder))
        with tempfile.TemporaryDirectory() as apart:
            found[INT8] = run_int8(job, Path(folder), Path(apart))
    for peer, python in pythons.items():
        with tempfile.TemporaryDirectory() as folder:
            found[peer] = run(python, peer, job, Path(folder))
    return found, alone


def held_results(job: Job, peers: Sequence[str], cache: Path) -> dict[str, Result]:
    """The result of each when all are held to AVX2, Loccit also with the model in 8-bit integers.

    Raises :class:`benchmarks.avx2.CannotHold`.
    """
    pythons = {peer: environment(peer, cache) for peer in peers}
    with tempfile.TemporaryDirectory() as compiled:
        held = avx2.environment(Path(compiled))
        ways = [
            (OURS, Path(sys.executable), OURS, {"LOCCIT_PRECISION": "float"}),
            (DYNAMIC_INT8, Path(sys.executable), OURS, {"LOCCIT_PRECISION": "dynamic-int8"}),
            *((peer, python, peer, {}) for peer, python in pythons.items()),
        ]
        found = {}
        for name, python, runner, settings in ways:
            with tempfile.TemporaryDirectory() as folder:
                found[name] = run(python, runner, job, Path(folder), **held, **settings)
    return found


def held_figures(job: Job, found: Mapping[str, Result]) -> Figures:
    """Rates and times of each, and how many times better Loccit's are, in fp32 and in integers."""
    told: Figures = {}
    for name, result in found.items():
        rate = result.documents / result.indexing_seconds
        told[f"{name}_documents_per_second"] = exact(rate, result.documents)
        told[f"{name}_question_p50_ms"] = percentile(result.question_ms, 50)
        told[f"{name}_recall@5"] = job.recalled(result)
    for ours in (OURS, DYNAMIC_INT8):
        for peer in found.keys() - {OURS, DYNAMIC_INT8}:
            rates = (told[f"{one}_documents_per_second"].value for one in (ours, peer))
            times = (told[f"{one}_question_p50_ms"].value for one in (peer, ours))
            told[f"{ours}_documents_of_{peer}"] = exact(next(rates) / next(rates), found[peer].documents)
            told[f"{ours}_questions_of_{peer}"] = exact(next(times) / next(times), len(job.asked))
    return told


def figures(job: Job, found: Mapping[str, Result], alone: tuple[int, float]) -> Figures:
    """Rates and times of each, and ratios to Loccit's: above 1 Loccit is faster."""
    told: Figures = {}
    for name, result in found.items():
        seconds = result.indexing_seconds
        if name != READING:
            told[f"{name}_documents_per_second"] = exact(result.documents / seconds, result.documents)
            told[f"{name}_passages_per_second"] = exact(result.passages / seconds, result.passages)
        told |= {
            f"{name}_question_p50_ms": percentile(result.question_ms, 50),
            f"{name}_question_p99_ms": percentile(result.question_ms, 99),
            f"{name}_recall@5": job.recalled(result),
        }
    for peer in found.keys() - {OURS, READING, INT8}:
        for rate in ("documents_per_second", "passages_per_second"):
            for ours, name in ((OURS, peer), (INT8, f"{peer}_int8")):
                ratio = told[f"{ours}_{rate}"].value / told[f"{peer}_{rate}"].value
                told[f"{name}_{rate}_ratio"] = exact(ratio, found[peer].documents)
        for time in ("question_p50_ms", "question_p99_ms"):
            ratio = told[f"{peer}_{time}"].value / told[f"{OURS}_{time}"].value
            told[f"{peer}_{time}_ratio"] = exact(ratio, len(job.asked))
    passages, seconds = alone
    told["encoder_passages_per_second"] = exact(passages / seconds, passages)
    of_encoder = told[f"{OURS}_passages_per_second"].value / told["encoder_passages_per_second"].value
    told["ingest_of_encoder"] = exact(of_encoder, passages)
    return told


def study(documents: int | None = None, folder: Path = SCIFACT, cache: Path = CACHE) -> Figures:
    """All figures over the first so many documents."""
    job = Job.of(folder, documents)
    return figures(job, *results(job, list(PEERS), cache))


def held_study(documents: int | None = None, folder: Path = SCIFACT, cache: Path = CACHE) -> Figures:
    """All figures with everything held to AVX2."""
    job = Job.of(folder, documents)
    return held_figures(job, held_results(job, list(PEERS), cache))


def main() -> None:
    """Print the figures as one JSON object, and the versions on standard error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", nargs="*", default=list(PEERS), help="which of them, all when left out")
    parser.add_argument("--documents", type=int, help="only the first so many")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the environments are kept")
    parser.add_argument("--avx2", action="store_true", help="hold all to the instructions of AVX2")
    parser.add_argument("--save", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    job = Job.of(SCIFACT, options.documents)
    if options.avx2:
        show(held_figures(job, held_results(job, options.peers, options.cache)), options.save)
        return
    found, alone = results(job, options.peers, options.cache)
    for name, result in found.items():
        print(name, dict(result.versions), result.passages, "passages", file=sys.stderr)
    show(figures(job, found, alone), options.save)


if __name__ == "__main__":
    main()
