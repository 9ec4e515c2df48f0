"""Whether what a lying model writes is marked: ``python -m benchmarks.claims.written_answers``.

The service answers questions about COVID-QA's papers, those that nothing was fitted to, with a model that
tells one true sentence and one lie (:mod:`benchmarks.claims.lying_model`), over HTTP and streamed.
``marked``: of the lies those called contradicted or unsupported; ``true_marked``: the same of the true
sentences; ``first_token_ms``: milliseconds from the model's first text to the client's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from benchmarks import sets
from benchmarks.claims.altered import names_in
from benchmarks.claims.lying_model import KINDS, LyingModel, Said, serving
from benchmarks.claims.statements import SHARED, part_of
from benchmarks.proportions import percentile, proportion
from benchmarks.speed.freshness import serving as service
from evaluation.measures import Estimate
from evaluation.questions import Question
from index.library import Library

SEED = 14
COUNT = 200
_MARKED = ("contradicted", "unsupported")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was said, what was said of it, and how late the first text came."""

    said: Said
    statuses: tuple[str, ...]
    """Of the true sentence, and of each sentence of the lie."""
    late: float


def study(count: int = COUNT) -> dict[str, Estimate]:
    """All figures."""
    return figures(list(verdicts(count)))


def verdicts(count: int) -> Iterator[Verdicts]:
    """The verdicts on so many answers."""
    with Library(sets.DATA, embedder=sets.embedder()) as library:
        papers, questions = sets.prepared(library, SHARED / "covidqa", "test")
        papers.embed_pending()
        name = papers.name
        asked = [one for one in questions if part_of(min(one.relevant)) == "test"]
        texts = [papers.archive.text(min(one.relevant))[1] for one in asked]
    with (
        serving(LyingModel(names_in(texts), SEED, count // len(KINDS))) as model,
        service(
            sets.DATA,
            LOCCIT_WRITER_URL=model.url,
            LOCCIT_WRITER_MODEL="liar",
            LOCCIT_MIN_ANSWERABILITY="0",
        ) as client,
    ):
        made = 0
        for question in asked:
            one = _answered(client, name, question, model)
            if one is not None and made < count:
                made += 1
                yield one
            if made == count:
                return
    raise RuntimeError(f"only {made} of {count} answers could be made")


def _answered(client: httpx.Client, name: str, question: Question, model: LyingModel) -> Verdicts | None:
    body = {"question": question.text, "collection": name, "stream": True}
    first, finished = 0.0, None
    with client.stream("POST", "/v1/answer", json=body) as response:
        response.raise_for_status()
        kind = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind == "delta" and not first:
                first = time.monotonic()
            elif line.startswith("data: ") and kind == "finished":
                finished = json.loads(line.removeprefix("data: "))
    said = model.said[-1]
    if said is None or finished is None:
        return None
    return Verdicts(said, tuple(_statuses(finished, len(said.true))), 1000 * (first - said.first_sent))


def _statuses(finished: dict[str, Any], true: int) -> Iterator[str]:
    """The status of the true sentence, which ends before this offset, and then of the lie."""
    for sentence in finished["sentences"]:
        yield ("true:" if sentence["end"] <= true else "lie:") + sentence["status"]


def figures(found: list[Verdicts]) -> dict[str, Estimate]:
    """The shares of what was marked, by kind of lie, and the delay of the first text."""
    shown = {
        "marked": proportion(sum(_is_marked(one, "lie:") for one in found), len(found)),
        "true_marked": proportion(sum(_is_marked(one, "true:") for one in found), len(found)),
        "first_token_ms": percentile([one.late for one in found], 50),
        "first_token_ms_p95": percentile([one.late for one in found], 95),
    }
    for kind in KINDS:
        some = [one for one in found if one.said.kind == kind]
        name = f"marked_{kind.replace(' ', '_')}"
        shown[name] = proportion(sum(_is_marked(one, "lie:") for one in some), len(some))
    return shown


def _is_marked(one: Verdicts, of: str) -> bool:
    return any(status.removeprefix(of) in _MARKED for status in one.statuses if status.startswith(of))


def main() -> None:
    """Print the figures, and what was wrong."""
    found = list(verdicts(COUNT))
    for one in found:
        if not _is_marked(one, "lie:"):
            print("not marked:", one.said.kind, one.said.lie)
        if _is_marked(one, "true:"):
            print("marked:", one.said.true)
    print(json.dumps({name: asdict(one) for name, one in figures(found).items()}, indent=1))


if __name__ == "__main__":
    main()
