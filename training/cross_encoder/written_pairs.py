"""Pairs of everyday questions that were written for this project: ``training/cross_encoder/written``.

``documents`` has texts of everyday kinds, and ``passages.jsonl`` has questions on passages of the sets. Each
has questions that are answered, in other words than the text's, questions that are nearly answered
("missed", beside the sentence that a hasty reader would show), and claims.

Many of the missed have a sentence that would answer them (``told``). Such a question becomes pairs with and
without it, so that nothing in the words of the question says which is which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from index.text import Span
from index.text.tables import LABEL_END, LABELLED_SEPARATOR
from training.cross_encoder.pairs import CLAIMS_WRITTEN, TOLD, WRITTEN, Pair, words
from training.cross_encoder.windows import overlapping, split

FOLDER = Path(__file__).parent / "written"
_TERM = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of a document under one heading."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class _Told:
    """A sentence that answers a question, and the part of it that does."""

    text: str
    answer: str


def document_pairs(folder: Path = FOLDER) -> list[Pair]:
    """Pairs of the documents, one for each question and the section that answers it (or nearly does)."""
    found: list[Pair] = []
    for path in sorted((folder / "documents").glob("*.yaml")):
        for document in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader):
            found += _of_document(document)
    return found


def passage_pairs(sets: Sequence[Pair], folder: Path = FOLDER) -> list[Pair]:
    """Pairs on passages of the sets. A passage that is not among them is left out."""
    known = {f"{pair.set_name}/{pair.id}": pair for pair in sets}
    lines = (folder / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found = [
        (_on_passage(row, known[row["passage"]], number), row)
        for number, row in enumerate(rows)
        if row["passage"] in known
    ]
    told = [(pair, _Told(row["told"], row["told_answer"])) for pair, row in found if "told" in row]
    return [*(pair for pair, row in found if "told" not in row), *_twins(told)]


def _on_passage(row: Mapping[str, Any], source: Pair, number: int) -> Pair:
    span = (row["start"], row["end"])
    pair = replace(source, set_name=WRITTEN, id=f"{source.id}:{number}", question=row["text"], label="")
    return _asked(pair, row["kind"], span)


def _asked(pair: Pair, kind: str, span: Span) -> Pair:
    """The pair of a question that is answered or missed, or of a claim."""
    if kind == "answered":
        return replace(pair, answer=span, answerable=True)
    if kind == "missed":
        return replace(pair, answer=None, answerable=False, near=span)
    sentences = split(pair.passage)
    numbers = overlapping(sentences, *span)
    passage = pair.passage[sentences[numbers[0]][0] : sentences[numbers[-1]][1]]
    return replace(pair, set_name=CLAIMS_WRITTEN, passage=passage, answer=None, label=kind)


def _of_document(document: Mapping[str, Any]) -> Iterator[Pair]:
    title = document["title"]
    sections = tuple(_sections(document["text"]))
    told: list[tuple[Pair, _Told]] = []
    for number, (kind, question, piece, sentence) in enumerate(_items(document)):
        place = _place(sections, piece, question)
        if place is None:
            continue
        section, span = place
        pair = Pair(
            WRITTEN, f"{title}:{number}", question, section.text, title, title, section=section.heading
        )
        made = _asked(pair, kind, span)
        if sentence is None:
            yield made
        else:
            told.append((made, sentence))
    yield from _twins(told)


def _items(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, _Told | None]]:
    for one in document.get("answered") or ():
        yield "answered", one["q"], one["a"].strip(), None
    for one in document.get("missed") or ():
        told = _Told(one["told"], one["told_answer"]) if "told" in one else None
        yield "missed", one["q"], one["near"].strip(), told
    for one in document.get("claims") or ():
        yield one["label"], one["c"], one["of"].strip(), None


def _twins(missed: Sequence[tuple[Pair, _Told]]) -> Iterator[Pair]:
    """Four pairs of each question: answered twice, and missed with and without a sentence that is another's.

    The sentence stands behind the one that a hasty reader would show, or at the beginning. That of another
    question keeps a sentence that was put in from being taken for the answer.
    """
    for at, (alone, told) in enumerate(missed):
        pair = replace(alone, set_name=TOLD)
        behind = _end_of_near(pair)
        yield _answered(pair, told, behind, "behind")
        yield _answered(pair, told, 0, "before")
        yield pair
        _, other = missed[(at + 1) % len(missed)]
        if other is not told and words(told.answer) not in words(other.text):
            text, _ = _inserted(pair.passage, other.text, behind)
            yield replace(pair, id=f"{pair.id}:other", passage=text)


def _answered(pair: Pair, told: _Told, at: int, name: str) -> Pair:
    text, start = _inserted(pair.passage, told.text, at)
    start += told.text.index(told.answer)
    span = (start, start + len(told.answer))
    return replace(pair, id=f"{pair.id}:{name}", passage=text, answer=span, answerable=True, near=None)


def _end_of_near(pair: Pair) -> int:
    sentences = split(pair.passage)
    return sentences[overlapping(sentences, *(pair.near or (0, 0)))[-1]][1]


def _inserted(text: str, sentence: str, at: int) -> tuple[str, int]:
    """The text with a sentence at a boundary, and where the sentence begins."""
    if not at:
        return f"{sentence} {text}", 0
    gap = "\n" if text[at : at + 1] == "\n" else " "
    return text[:at] + gap + sentence + text[at:], at + len(gap)


def _sections(text: str) -> Iterator[_Section]:
    heading, lines = "", list[str]()
    for line in [*text.splitlines(), "# "]:
        if line.startswith("#"):
            if joined := _joined(lines):
                yield _Section(heading, joined)
            heading, lines = line.lstrip("# ").strip(), []
        else:
            lines.append(line)


def _joined(lines: Iterable[str]) -> str:
    """The lines of a section; rows of a table as the service reads them: "column: value; ..."."""
    kept: list[str] = []
    columns: list[str] = []
    for line in lines:
        if not line.lstrip().startswith("|"):
            columns = []
            kept.append(line.rstrip())
            continue
        cells = _cells(line)
        if not columns:
            columns = cells
        elif not all(set(cell) <= set("-: ") for cell in cells):
            kept += ["", _row(columns, cells)]
    return "\n".join(kept).strip()


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(columns: Sequence[str], cells: Sequence[str]) -> str:
    pairs = zip(columns, cells, strict=False)
    return LABELLED_SEPARATOR.join(f"{name}{LABEL_END}{cell}" if name else cell for name, cell in pairs)


def _place(sections: Sequence[_Section], piece: str, question: str) -> tuple[_Section, Span] | None:
    """Where the words stand; of several places the one whose sentence has more words of the question.

    None if two places are equally likely, or none is found.
    """
    places = [(section, span) for section in sections for span in _found(section.text, piece)]
    if len(places) > 1:
        asked = _terms(question)
        shared = [len(asked & _terms(_around(section, span))) for section, span in places]
        best = max(shared)
        places = [place for place, count in zip(places, shared, strict=True) if count == best]
    return places[0] if len(places) == 1 else None


@lru_cache(maxsize=4096)
def _terms(text: str) -> frozenset[str]:
    return frozenset(_TERM.findall(words(text)))


def _around(section: _Section, span: Span) -> str:
    sentences = split(section.text)
    return " ".join(section.text[slice(*sentences[n])] for n in overlapping(sentences, *span))


def _found(text: str, piece: str) -> Iterator[Span]:
    if "|" in piece:
        yield from _found_row(text, [cell for cell in _cells(piece) if cell])
        return
    pattern = (r"(?<!\w)" if piece[0].isalnum() else "") + re.escape(piece)
    for match in re.finditer(pattern + (r"(?!\w)" if piece[-1].isalnum() else ""), text):
        yield match.span()


def _found_row(text: str, cells: Sequence[str]) -> Iterator[Span]:
    """Rows that have all these cells."""
    start = 0
    for line in text.split("\n"):
        if line and all(cell in line for cell in cells):
            yield start, start + len(line)
        start += len(line) + 1
