"""Development sets beside the project.

Questions on reports (TAT-QA), claims on contracts (ContractNLI), and questions on articles in languages that
nothing is trained on (XQuAD).
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.cross_encoder.encoding import Encoder
from training.cross_encoder.pairs import tells, words
from training.cross_encoder.samples import Sample
from training.cross_encoder.windows import choose, overlapping, split, window

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_FEWER = 64
"""Tokens by which the windows that the service reads are shorter."""
_CHOICES = {"Entailment": 0, "Contradiction": 1, "NotMentioned": 2}


def reports(path: Path, encoder: Encoder) -> Iterator[Sample]:
    """Questions whose answer stands in one cell of a table or in one sentence, and the same without it."""
    for number, report in enumerate(json.loads(path.read_text("utf-8"))):
        draw = random.Random(number)
        rows = _rows(report["table"]["table"])
        texts = {str(part["order"]): str(part["text"]) for part in report["paragraphs"]}
        for asked in report["questions"]:
            if asked["answer_type"] != "span" or asked["answer_from"] == "table-text":
                continue
            lines = rows
            if asked["answer_from"] == "text":
                lines = [
                    texts[part][a:b]
                    for part in asked["rel_paragraphs"]
                    if part in texts
                    for a, b in split(texts[part])
                ]
            yield from _with_and_without(asked, lines, encoder, draw)


def _with_and_without(
    asked: dict[str, Any], lines: Sequence[str], encoder: Encoder, draw: random.Random
) -> Iterator[Sample]:
    answer = f" {words(str(asked['answer'][0]))} "
    telling = [n for n, line in enumerate(lines) if answer in f" {words(line)} "]
    if len(telling) != 1 or len(lines) < 3:
        return
    kind = "report row" if asked["answer_from"] == "table" else "report sentence"
    lengths = [encoder.count(line) + 1 for line in lines]
    budget = encoder.budget(asked["question"], "")
    near = telling[0] - 1 if telling[0] else 1
    for needed, avoided, name in (((telling[0],), (), kind), ((near,), telling, f"{kind} missing")):
        numbers = choose(lengths, budget, needed, avoided, draw)
        if numbers:
            yield _lines_sample(
                asked["question"], [lines[n] for n in numbers], name, [n in telling for n in numbers]
            )


def articles(folder: Path, language: str, encoder: Encoder) -> Iterator[Sample]:
    """Questions on the half of XQuAD's paragraphs that is for development, and the same without the answer.

    The latter on the paragraph without the sentence that answers (``cut``), and on another paragraph of the
    article (``group``), where it does not have the words of the answer.
    """
    texts = {one["_id"]: one["text"] for one in _rows_of(folder / "corpus.jsonl")}
    questions = {one["_id"]: one["text"] for one in _rows_of(folder / "queries.jsonl")}
    for told in _rows_of(folder / "spans.jsonl"):
        own = told["corpus-id"]
        if hashlib.sha256(own.encode()).digest()[0] % 2:
            continue
        draw, question = random.Random(told["query-id"]), questions[told["query-id"]]
        sentences = split(texts[own], language)
        needed = overlapping(sentences, told["start"], told["end"])
        others = [id_ for id_ in texts if id_ != own and id_.split("p")[0] == own.split("p")[0]]
        other = texts[draw.choice(others)] if others else ""
        for kind, text, spans, wanted, avoided in (
            ("answers", texts[own], sentences, needed, ()),
            ("cut", texts[own], sentences, (), needed),
            ("group", other, split(other, language), (), ()),
        ):
            budget = encoder.budget(question, "") - _FEWER
            numbers = choose(encoder.sentence_lengths(text, spans), budget, wanted, avoided, draw)
            read = window(text, spans, numbers)
            if numbers and (wanted or not tells(told["text"], read.text)):
                answering = tuple(at for at, number in enumerate(numbers) if number in wanted)
                yield Sample(question, "", read.text, read.sentences, kind, "xquad", bool(wanted), answering)


def _rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _lines_sample(question: str, lines: Sequence[str], kind: str, telling: Sequence[bool]) -> Sample:
    text, spans = "", []
    for line in lines:
        text += "\n" if text else ""
        spans.append((len(text), len(text) + len(line)))
        text += line
    answering = tuple(n for n, tells in enumerate(telling) if tells)
    return Sample(question, "", text, tuple(spans), kind, "tatqa", bool(answering), answering)


def _rows(table: Sequence[Sequence[str]]) -> list[str]:
    """Each row with the names of its columns, which stand above in rows without a label."""
    names: list[str] = [""] * len(table[0])
    lines: list[str] = []
    for row in table:
        is_years = not any(names) and all(_YEAR.search(cell) for cell in row[1:] if cell.strip())
        if not lines and (not row[0].strip() or is_years):
            names = [f"{name} {cell}".strip() for name, cell in zip(names, row, strict=True)]
            continue
        cells = [
            f"{name}: {cell}" if name else cell for name, cell in zip(names, row, strict=True) if cell.strip()
        ]
        lines.append("; ".join([row[0], *cells[1:]] if row[0].strip() else cells))
    return lines


def contracts(path: Path) -> Iterator[Sample]:
    """Claims on contracts with the sentences that decide them; those not mentioned with others."""
    read = json.loads(path.read_text("utf-8"))
    for number, document in enumerate(read["documents"]):
        draw = random.Random(number)
        for name, judged in document["annotation_sets"][0]["annotations"].items():
            chosen = judged["spans"][:3] or sorted(draw.sample(range(len(document["spans"])), 2))
            text = " ".join(document["text"][slice(*document["spans"][n])].strip() for n in chosen)
            claim = read["labels"][name]["hypothesis"]
            label = _CHOICES[judged["choice"]]
            yield Sample(claim, "", text, split(text), "contract", "contractnli", None, claim=label)
