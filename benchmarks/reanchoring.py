"""How cited spans are found again in changed texts: ``python -m benchmarks.reanchoring``.

Edits of known truth are made to real documents: papers of COVID-QA and pages of FastAPI's documentation.
Thresholds were chosen on documents with even numbers; what is printed is measured on the others, one JSON
object. Then versions that people made of one document, where the truth is partly known.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.anchoring import AnchoringText
from index.readers import read
from index.sentences import sentence_spans
from index.standing import Standing, standing
from index.typography import same

DATA = Path(__file__).parents[2] / "shared" / "data"
SEED = 20
_PAPERS = "covidqa/corpus.jsonl"
_PAGES = "formats/md/fastapi-en"
_SHORTEST_PAGE = 3000
_FEWEST_WORDS = 4
_CURLY = str.maketrans({"'": "’", '"': "”", "-": "–"})


@dataclass(frozen=True, slots=True)
class Case:
    """An edit of known truth: the span of the old text, and the one it has in the new; None if deleted."""

    kind: str
    old: str
    span: tuple[int, int]
    new: str
    truth: tuple[int, int] | None
    kept: bool
    """Whether the words are the very same."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text as its sentences, each with the white space after it."""

    number: int
    pieces: tuple[str, ...]


def documents(data: Path = DATA) -> list[Document]:
    """The papers and the longer pages."""
    texts = [json.loads(line)["text"] for line in (data / _PAPERS).open(encoding="utf-8")]
    for path in sorted((data / _PAGES).rglob("*.md")):
        text = read(path.read_bytes(), name=path.name).text
        if len(text) >= _SHORTEST_PAGE:
            texts.append(text)
    return [Document(number, tuple(_pieces(text))) for number, text in enumerate(texts)]


def _pieces(text: str) -> Iterator[str]:
    starts = [start for start, _ in sentence_spans(text, 0, len(text))]
    for start, end in zip([0, *starts[1:]], [*starts[1:], len(text)], strict=True):
        yield text[start:end]


class Editor:
    """Makes cases of a document, with words and sentences of the others; the same for the same seed."""

    def __init__(self, everything: Sequence[Document], seed: int = SEED) -> None:
        self._random = random.Random(seed)
        self._documents = everything
        sample = " ".join(piece for one in everything for piece in one.pieces[:60])
        self._words = re.findall(r"[A-Za-z]{2,}", sample)

    def cases(self, document: Document) -> Iterator[Case]:
        """One case of each kind, all for the same quote."""
        pieces = list(document.pieces)
        for _ in range(50):
            count = self._random.choice([1, 1, 2, 3])
            at = self._random.randrange(max(1, len(pieces) - count))
            if len("".join(pieces[at : at + count]).split()) >= _FEWEST_WORDS:
                break
        else:
            return
        for kind in ("edited", "neighbours", "section", "lone", "twin", "typeset", "in place"):
            yield self._case(kind, pieces, at, count, lambda words: words)
        for rate in (0.05, 0.15, 0.30):
            yield self._case(
                f"reworded {rate:.0%}", pieces, at, count, lambda words, r=rate: self._reworded(words, r)
            )
            yield self._case(
                f"reworded neighbours {rate:.0%}",
                pieces,
                at,
                count,
                lambda words, r=rate: self._reworded(words, r),
            )
        yield self._case("retypeset", pieces, at, count, self._typeset)
        for kind in ("deleted", "deleted neighbours", "deleted twin", "deleted near twin", "deleted typeset"):
            yield self._case(kind, pieces, at, count, None)

    def _case(self, kind, pieces, at, count, change) -> Case:  # type: ignore[no-untyped-def]
        pieces = [self._spaced(one) for one in pieces]
        quote = "".join(pieces[at : at + count])
        head, tail = pieces[:at], pieces[at + count :]
        if "twin" in kind:
            twin = self._reworded(quote, 0.15) if "near" in kind else quote
            # Nearer ones could both be the one deleted, for all that the new text shows.
            far = self._random.randrange(max(1, len(head) - 8))
            head = [*head[:far], self._spaced(twin), *head[far:]]
        old = "".join([*head, quote, *tail])
        start = len("".join(head)) + len(quote) - len(quote.lstrip())
        span = (start, start + len(quote.strip()))
        if kind == "in place":
            marked: list[tuple[str, bool]] = [*((one, False) for one in head), (quote, True)]
            marked += [(one, False) for one in self._edited(tail)]
            return _case_of(kind, old, span, marked)
        head, tail = self._edited(head), self._edited(tail)
        if "neighbours" in kind:
            head, tail = [*head[:-1], self._foreign()], [self._foreign(), *tail[1:]]
        if "typeset" in kind:
            head, tail = [self._typeset(one) for one in head], [self._typeset(one) for one in tail]
        changed = [] if change is None else [(self._spaced(change(quote)), True)]
        marked = [*((one, False) for one in head), *changed, *((one, False) for one in tail)]
        if kind == "section":
            marked = self._section_moved(marked, len(head))
        if kind == "lone":
            marked = [*((one, False) for one in [*head, *tail])]
            marked.insert(self._random.randrange(len(marked) + 1), (self._spaced(quote), True))
        return _case_of(kind, old, span, marked)

    def _edited(self, pieces: list[str]) -> list[str]:
        """Heavy edits: a tenth of the sentences deleted, one put in before a tenth, a tenth reworded."""
        edited = []
        for piece in pieces:
            chance = self._random.random()
            if chance < 0.1:
                continue
            if chance < 0.2:
                edited.append(self._foreign())
            edited.append(self._reworded(piece, 0.3) if chance > 0.9 else piece)
        return edited

    def _section_moved(self, marked: list[tuple[str, bool]], at: int) -> list[tuple[str, bool]]:
        low = max(0, at - self._random.randrange(3, 20))
        high = at + 1 + self._random.randrange(3, 20)
        section, rest = marked[low:high], [*marked[:low], *marked[high:]]
        to = self._random.randrange(len(rest) + 1)
        return [*rest[:to], *section, *rest[to:]]

    def _foreign(self) -> str:
        return self._spaced(self._random.choice(self._random.choice(self._documents).pieces))

    def _spaced(self, words: str) -> str:
        return words if words[-1:].isspace() else words + " "

    def _reworded(self, words: str, rate: float) -> str:
        """With so many of its words replaced, dropped, swapped, or others put in."""
        parts = re.split(r"(\s+)", words.strip())
        tokens, gaps = parts[::2], [*parts[1::2], words[len(words.rstrip()) :]]
        pairs = list(zip(tokens, gaps, strict=True))
        for at in sorted(
            self._random.sample(range(len(pairs)), max(1, round(rate * len(pairs)))), reverse=True
        ):
            kind, word = self._random.random(), self._random.choice(self._words)
            if kind < 0.4 or len(pairs) == 1:
                pairs[at] = (word, pairs[at][1])
            elif kind < 0.6 and len(pairs) > 3:
                del pairs[at]
            elif kind < 0.8 and len(pairs) > 1:
                pairs.insert(max(at, 1), (word, " "))
            elif at + 1 < len(pairs):
                (a, gap), (b, other) = pairs[at], pairs[at + 1]
                pairs[at], pairs[at + 1] = (b, gap), (a, other)
        return "".join(token + gap for token, gap in pairs)

    def _typeset(self, words: str) -> str:
        if not words.strip():
            return words
        body = words.rstrip()
        changed = body.translate(_CURLY).replace("fi", "ﬁ").replace("...", "…")
        spaces = iter(self._random.choices([" ", " ", "\u00a0", "\n"], k=changed.count(" ")))
        return "".join(next(spaces) if one == " " else one for one in changed) + words[len(body) :]


def _case_of(kind: str, old: str, span: tuple[int, int], marked: list[tuple[str, bool]]) -> Case:
    new, truth = "", None
    for piece, is_quote in marked:
        if is_quote:
            start = len(new) + len(piece) - len(piece.lstrip())
            truth = (start, start + len(piece.strip()))
        new += piece
    kept = truth is not None and new[slice(*truth)] == old[slice(*span)]
    return Case(kind, old, span, new, truth, kept)


def overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Code points in common over those in either (IoU)."""
    common = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return common / (a[1] - a[0] + b[1] - b[0] - common)


def judged(case: Case, found: Standing) -> dict[str, float]:
    """What a standing is worth: shares of 0 or 1 by name."""
    same_words = found.status in {"current", "moved"}
    if case.truth is None:
        return {
            "gone": found.status == "gone",
            "false_changed": found.status == "changed",
            "false_same": same_words,
        }
    place = (found.start, found.end)
    if case.kept:
        expected = "current" if case.truth[0] == case.span[0] else "moved"
        right = found.status == expected and place == case.truth
        return {"right": right, "false_same": same_words and place != case.truth}
    shared = overlap(place, case.truth) if found.status == "changed" else 0.0
    return {
        "iou>=0.5": shared >= 0.5,
        "iou>=0.8": shared >= 0.8,
        "exact_ends": place == case.truth,
        "gone": found.status == "gone",
        "false_same": same_words,
    }


def study(quotes: int, *, odd: bool, show: int = 0) -> dict[str, dict[str, float]]:
    """The mean of each judgement, by kind of edit, for so many quotes of one half of the documents."""
    everything = documents()
    editor = Editor(everything, SEED + odd)
    half = [one for one in everything if one.number % 2 == odd]
    results: dict[str, list[dict[str, float]]] = {}
    for number in range(quotes):
        for case in editor.cases(half[number % len(half)]):
            if _by_chance(case):
                continue
            if case.kept and case.kind.startswith(("reworded", "retypeset")):
                continue  # equal words swapped, nothing to typeset
            found = standing(case.old, case.span, case.new)
            verdict = judged(case, found)
            results.setdefault(case.kind, []).append(verdict)
            bad = verdict["false_same"] or not verdict.get(
                "right", verdict.get("iou>=0.5", verdict.get("gone"))
            )
            if bad and show > 0:
                show -= 1
                _print_case(case, found)
    return {
        kind: {"n": len(rows)} | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        for kind, rows in results.items()
    }


def _by_chance(case: Case) -> bool:
    """Whether the words that were deleted or reworded came to stand elsewhere, or only seem deleted.

    They do where they follow each other repeatedly, so that one time less looks the same.
    """
    if case.truth is not None and case.kept and case.kind != "lone":
        return False
    words = case.old[slice(*case.span)]
    without = case.old[: case.span[0]] + case.old[case.span[1] :].lstrip()
    left = case.old.count(words) - 1
    return without.count(words) > left or case.new.count(words) > left + case.kept


def _print_case(case: Case, found: Standing) -> None:
    print(f"--- {case.kind}: {found.status} {found.similarity:.2f} at {found.start}, truth {case.truth}")
    print("  cited", repr(case.old[slice(*case.span)][:300]))
    print("  truth", repr(case.new[slice(*case.truth)][:300]) if case.truth else None)
    print("  found", repr(found.quote[:300]))


def timings(repeats: int = 200) -> dict[str, float]:
    """Milliseconds for one quote in a text of 700,000 code points, preparing the text included."""
    everything = documents()
    editor = Editor(everything, SEED)
    long = Document(0, tuple(piece for one in everything for piece in one.pieces))
    length, cut = 0, 0
    while length < 700_000:
        length, cut = length + len(long.pieces[cut]), cut + 1
    long = Document(0, long.pieces[:cut])
    taken: dict[str, list[float]] = {}
    while len(taken.get("reworded 15%", ())) < repeats:
        for case in editor.cases(long):
            begin = time.perf_counter()
            standing(case.old, case.span, case.new)
            taken.setdefault(case.kind, []).append(1000 * (time.perf_counter() - begin))
    figures = {}
    for name, kinds in {
        "moved": ("edited", "section", "lone", "neighbours", "twin"),
        "changed": ("reworded 5%", "reworded 15%", "reworded 30%"),
        "deleted": ("deleted", "deleted twin"),
    }.items():
        values = [one for kind in kinds for one in taken[kind]]
        figures[f"{name}_p50_ms"] = round(float(np.percentile(values, 50)), 2)
        figures[f"{name}_p95_ms"] = round(float(np.percentile(values, 95)), 2)
    return figures
