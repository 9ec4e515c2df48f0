"""How cited spans are found again in changed texts: ``python -m benchmarks.citations.reanchoring``.

Edits of known truth are made to real documents: papers of COVID-QA and pages of FastAPI's documentation.
Thresholds were chosen on documents with even numbers; what is printed, one JSON object, is measured on the
others. Then versions that people made of one document.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.citations import Standing
from index.citations.quotes.anchoring import AnchoringText
from index.citations.standing import standing
from index.readers import read
from index.text import sentence_spans

DATA = Path(__file__).parents[3] / "shared" / "data"
SEED = 20
_SHORTEST_PAGE = 3000
_FEWEST_WORDS = 4
_CURLY = str.maketrans({"'": "’", '"': "”", "-": "–"})
_CHANGED = frozenset({"reformatted", "changed"})


@dataclass(frozen=True, slots=True)
class Case:
    """An edit of known truth: the span that the old text's has in the new, None if deleted.

    ``kept`` says whether its words are the very same.
    """

    kind: str
    old: str
    span: tuple[int, int]
    new: str
    truth: tuple[int, int] | None
    kept: bool


def documents(data: Path = DATA) -> list[list[str]]:
    """The papers and the longer pages, each as its sentences with the white space after them."""
    texts = [json.loads(line)["text"] for line in (data / "covidqa/corpus.jsonl").open(encoding="utf-8")]
    pages = [_read(path) for path in sorted((data / "formats/md/fastapi-en").rglob("*.md"))]
    return [[*_pieces(text)] for text in [*texts, *(page for page in pages if len(page) >= _SHORTEST_PAGE)]]


def _pieces(text: str) -> Iterator[str]:
    starts = [start for start, _ in sentence_spans(text, 0, len(text))]
    for start, end in zip([0, *starts[1:]], [*starts[1:], len(text)], strict=True):
        yield text[start:end]


class Editor:
    """Makes cases of a document, with words and sentences of the others; the same for the same seed."""

    def __init__(self, everything: Sequence[list[str]], seed: int = SEED) -> None:
        self._random = random.Random(seed)
        self._documents = everything
        sample = " ".join(piece for one in everything for piece in one[:60])
        self._words = re.findall(r"[A-Za-z]{2,}", sample)

    def cases(self, pieces: list[str]) -> Iterator[Case]:
        """One case of each kind for a document, all for the same quote."""
        count = at = 0
        while len("".join(pieces[at : at + count]).split()) < _FEWEST_WORDS:
            count = self._random.choice([1, 1, 2, 3])
            at = self._random.randrange(max(1, len(pieces) - count))
        quote = "".join(self._spaced(one) for one in pieces[at : at + count])
        quoted = (pieces[:at], quote, pieces[at + count :])
        for kind in ("edited", "neighbours", "section", "lone", "twin", "typeset", "in place"):
            yield self._case(kind, *quoted, quote)
        for rate in (0.05, 0.15, 0.3):
            for beside in ("", " neighbours"):
                yield self._case(f"reworded {rate:.0%}{beside}", *quoted, self._reworded(quote, rate))
        yield self._case("retypeset", *quoted, self._typeset(quote))
        for kind in ("deleted", "deleted neighbours", "deleted twin", "deleted near twin", "deleted typeset"):
            yield self._case(kind, *quoted, "")

    def _case(self, kind: str, head: list[str], quote: str, tail: list[str], changed: str) -> Case:
        head, tail = [self._spaced(one) for one in head], [self._spaced(one) for one in tail]
        if "twin" in kind:
            twin = self._reworded(quote, 0.15) if "near" in kind else quote
            # Nearer ones could both be the one deleted, for all that the new text shows.
            far = self._random.randrange(max(1, len(head) - 8))
            head = [*head[:far], self._spaced(twin), *head[far:]]
        old = "".join([*head, quote, *tail])
        start = len("".join(head)) + len(quote) - len(quote.lstrip())
        span = (start, start + len(quote.strip()))
        head, tail = head if kind == "in place" else self._edited(head), self._edited(tail)
        if "neighbours" in kind:
            head, tail = [*head[:-1], self._foreign()], [self._foreign(), *tail[1:]]
        if "typeset" in kind:
            head, tail = [self._typeset(one) for one in head], [self._typeset(one) for one in tail]
        marked = [*((one, False) for one in head), (changed, True), *((one, False) for one in tail)]
        if kind == "section":
            marked = self._moved(marked, len(head), self._random.randrange(3, 20))
        if kind == "lone":
            marked = self._moved(marked, len(head), 0)
        if not changed:
            marked = [one for one in marked if not one[1]]
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

    def _moved(self, marked: list[tuple[str, bool]], at: int, around: int) -> list[tuple[str, bool]]:
        low, high = max(0, at - around), at + 1 + around
        section, rest = marked[low:high], [*marked[:low], *marked[high:]]
        to = self._random.randrange(len(rest) + 1)
        return [*rest[:to], *section, *rest[to:]]

    def _foreign(self) -> str:
        return self._spaced(self._random.choice(self._random.choice(self._documents)))

    def _spaced(self, words: str) -> str:
        return words if words[-1:].isspace() else words + " "

    def _reworded(self, words: str, rate: float) -> str:
        """With so many of its words replaced, dropped, swapped, or others put in."""
        parts = re.split(r"(\s+)", words.strip())
        tokens, gaps = parts[::2], [*parts[1::2], words[len(words.rstrip()) :]]
        pairs = list(zip(tokens, gaps, strict=True))
        chosen = self._random.sample(range(len(pairs)), max(1, round(rate * len(pairs))))
        for at in sorted(chosen, reverse=True):
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


def judged(case: Case, found: Standing) -> dict[str, float]:
    """What a standing is worth: shares of 0 or 1 by name."""
    same_words = found.status in {"current", "moved"}
    gone, place = found.status == "gone", (found.start, found.end)
    if case.truth is None:
        return {"gone": gone, "false_changed": found.status in _CHANGED, "false_same": same_words}
    if case.kept:
        expected = "current" if case.truth[0] == case.span[0] else "moved"
        right = found.status == expected and place == case.truth
        return {"right": right, "false_same": same_words and place != case.truth}
    common = max(0, min(found.end, case.truth[1]) - max(found.start, case.truth[0]))
    # Intersection over union, in code points.
    iou = common / (found.end - found.start + case.truth[1] - case.truth[0] - common)
    levels = {f"iou>={level}": found.status in _CHANGED and iou >= level for level in (0.5, 0.8)}
    return {**levels, "exact_ends": place == case.truth, "gone": gone, "false_same": same_words}


def study(quotes: int, *, odd: bool) -> dict[str, dict[str, float]]:
    """The mean of each judgement, by kind of edit, for so many quotes of one half of the documents."""
    everything = documents()
    editor, half = Editor(everything, SEED + odd), everything[int(odd) :: 2]
    verdicts: dict[str, list[dict[str, float]]] = {}
    for number in range(quotes):
        for case in editor.cases(half[number % len(half)]):
            if _by_chance(case) or (case.kept and case.kind.startswith(("reworded", "retypeset"))):
                continue
            verdicts.setdefault(case.kind, []).append(judged(case, standing(case.old, case.span, case.new)))
    return {
        kind: {"n": len(rows)} | {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        for kind, rows in verdicts.items()
    }


def _by_chance(case: Case) -> bool:
    """Whether the words that were deleted or reworded came to stand elsewhere, or only seem deleted.

    They do where they follow each other repeatedly, so that one time less looks the same.
    """
    if case.truth is not None and case.kept and case.kind != "lone":
        return False
    words, without = case.old[slice(*case.span)], case.old[: case.span[0]] + case.old[case.span[1] :].lstrip()
    left = case.old.count(words) - 1
    return without.count(words) > left or case.new.count(words) > left + case.kept


def history(data: Path = DATA / "formats") -> dict[str, dict[str, float]]:
    """How quotes of one version that people made stand in another: shares of each status, by document."""
    notes = _read(data / "md/fastapi-release-notes-giant.md")
    heads = [match.start() for match in re.finditer(r"^0\.\d+\.\d+", notes, re.MULTILINE)]
    faq, chapters = _read(data / "debian-faq/debian-faq.en.txt"), sorted((data / "debian-faq").glob("*.html"))
    return {
        "release notes, 40 releases later": _stands(notes[: heads[0]] + notes[heads[40] :], notes),
        "FAQ, from plain text to HTML": _stands(faq, "\n\n".join(_read(one) for one in chapters)),
    }


def _stands(old: str, new: str, quotes: int = 300) -> dict[str, float]:
    spans = [(a, b) for a, b in sentence_spans(old, 0, len(old)) if len(old[a:b].split()) >= _FEWEST_WORDS]
    prepared, figures = AnchoringText(new), Counter[str]()
    for start, end in random.Random(SEED).sample(spans, quotes):
        found, words = standing(old, (start, end), prepared), old[start:end]
        figures[found.status] += 1
        figures["changed in typography alone"] += found.status == "reformatted"
        figures["gone though there"] += found.status == "gone" and new.count(words) >= old.count(words)
    return {name: count / quotes for name, count in figures.items()}


def _read(path: Path) -> str:
    return read(path.read_bytes(), name=path.name).text


def summary(kinds: dict[str, dict[str, float]]) -> dict[str, Estimate]:
    """The shares that bars are set for."""

    def share(name: str, prefix: str = "") -> Estimate:
        rows = [row for kind, row in kinds.items() if name in row and kind.startswith(prefix)]
        of = round(sum(row["n"] for row in rows))
        return proportion(round(sum(row[name] * row["n"] for row in rows)), of)

    figures = {
        "moved_right": share("right"),
        "false_current_or_moved": share("false_same"),
        "false_changed": share("false_changed"),
    }
    for rate in (5, 15, 30):
        figures[f"changed_{rate}_iou50"] = share("iou>=0.5", f"reworded {rate}%")
        figures[f"changed_{rate}_iou80"] = share("iou>=0.8", f"reworded {rate}%")
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quotes", type=int, default=1000, help="of one half, each edited in 19 ways")
    parser.add_argument("--even", action="store_true", help="the half that thresholds were chosen on")
    options = parser.parse_args()
    kinds = study(options.quotes, odd=not options.even)
    figures = {name: asdict(one) for name, one in summary(kinds).items()}
    print(json.dumps({**figures, "history": history(), "kinds": kinds}, indent=1))


if __name__ == "__main__":
    main()
