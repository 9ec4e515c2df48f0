"""Question and passage pairs to train on, and their split into a training and a development part."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

DEVELOPMENT_PERCENT = 4
"""Documents of a hundred that are kept for development."""
_SALT = 30
"""Chosen so that documents of each large set are kept for development, and at most a fifth of a set."""
WIKIPEDIA = frozenset(
    {"afriqa", "nq_open_oracle", "qed_dev", "selqa", "squad2_dev_half", "squad2_train_part"}
)
"""Sets whose group is the title of an article."""
WRITTEN, CLAIMS_WRITTEN, TOLD = "written", "written_claims", "told"
"""Sets that were written for this project: :mod:`training.cross_encoder.written_pairs`."""
CLAIM_SETS = frozenset({"claims", CLAIMS_WRITTEN})
TITLED = WIKIPEDIA | {"medquad", "onestopqa", "fairytaleqa"}
WITHOUT_LICENCE = frozenset({("faq_software", "tor")})
"""Documents whose licence is not known. They are not trained on."""
LEFT_OUT = frozenset({"de", "es", "ru", "hi"})
"""Languages that nothing is trained on, so that they show what a model can do in others."""
_WORDS = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
"""Thai, Lao, Japanese and Chinese, which have no spaces between words."""
_BOOLQ_TITLE = re.compile(r"^(.{2,80}?) -- ")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage that answers it or not."""

    set_name: str
    id: str
    question: str
    passage: str
    group: str
    """The document; other passages of it are hard negatives. Empty if unknown."""
    title: str = ""
    answer: tuple[int, int] | None = None
    """The answer, in code points of the passage."""
    answerable: bool = True
    label: str = ""
    section: str = ""
    """The heading above the passage."""
    near: tuple[int, int] | None = None
    """The words that a hasty reader would take for the answer, if there is none."""
    language: str = "en"
    """Of the question, a two-letter code, or one of three letters."""

    @property
    def development(self) -> bool:
        """Whether the pair is kept for development: all pairs of a document are or none."""
        return in_development(self.group or words(self.passage)[:200])


def in_development(document: str) -> bool:
    """Whether a document is kept for development, by the hash of its name."""
    name = " ".join(_WORDS.findall(document.casefold().replace("_", " ")))
    digest = hashlib.sha256(f"{_SALT} {name}".encode())
    return int.from_bytes(digest.digest()[:4], "big") % 100 < DEVELOPMENT_PERCENT


@lru_cache(maxsize=300_000)
def words(text: str) -> str:
    """The words of a text in lower case, one space between them."""
    return " ".join(_WORDS.findall(text.casefold()))


def load(folder: Path, names: Sequence[str], *, multilingual: bool = False) -> list[Pair]:
    """Read the pairs of sets in English, or in all languages but those left out.

    A question that stands in two sets is kept once.
    """
    pairs: list[Pair] = []
    seen: set[tuple[str, str]] = set()
    for name in names:
        fresh = [pair for pair in _read(folder, name, multilingual) if _key(pair) not in seen]
        seen.update(_key(pair) for pair in fresh)
        pairs += fresh
    return _without_leaks(pairs)


def _key(pair: Pair) -> tuple[str, str]:
    # The sentence of a question in one set is a part of its passage in the other.
    is_shared = pair.set_name == "nqg_squad_sentences" or pair.set_name in WIKIPEDIA
    question = words(pair.question)
    return (question, "") if is_shared and len(question) > 30 else (question, words(pair.passage)[:200])


def _read(folder: Path, name: str, multilingual: bool) -> Iterator[Pair]:
    with gzip.open(folder / name / "pairs.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if (name, row.get("group")) in WITHOUT_LICENCE:
                continue
            is_read = row["language"] not in LEFT_OUT if multilingual else row["language"] == "en"
            if is_read and row["question"].strip() and row["passage"].strip():
                yield _pair(name, row)


def _pair(name: str, row: dict[str, object]) -> Pair:
    passage = str(row["passage"])
    group, title = str(row.get("group") or ""), ""
    start, end = row["answer_start"], row["answer_end"]
    if name == "boolq" and (match := _BOOLQ_TITLE.match(passage)):
        group = title = match[1]
        passage = passage[match.end() :]
    elif name in TITLED:
        title = group.replace("_", " ")
        if name in {"onestopqa", "fairytaleqa"}:
            title = title.replace("-", " ")
    return Pair(
        set_name=name,
        id=str(row["id"]),
        question=str(row["question"]).strip(),
        passage=passage,
        # An article that stands in two sets is one document.
        group=group if not group or name in WIKIPEDIA | {"boolq"} else f"{name} {group}",
        title=title,
        answer=_answer(passage, start, end),
        answerable=bool(row["answerable"]),
        label=str(row.get("label") or ""),
        language=str(row["language"]),
    )


def _answer(passage: str, start: object, end: object) -> tuple[int, int] | None:
    """The answer's span, if it is words of the passage; "yes" and "no" are not told where they stand."""
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    for edge in (start, end):
        letters = passage[edge - 1 : edge + 1]
        if 0 < edge < len(passage) and letters.isalnum() and not _UNSPACED.search(letters):
            return None
    return None if passage[start:end].strip().lower() in {"", "yes", "no"} else (start, end)


def terms(text: str) -> str:
    """The words of a text in lower case; of languages without spaces all pairs of neighbouring letters."""
    return _UNSPACED.sub(lambda match: f" {' '.join(map(''.join, pairwise(match[0])))} ", words(text))


def tells(answer: str, text: str) -> bool:
    """Whether the words of an answer stand in a text."""
    if _UNSPACED.search(answer):
        return words(answer) in words(text)
    return f" {words(answer)} " in f" {words(text)} "


def _without_leaks(pairs: list[Pair]) -> list[Pair]:
    """Leave out training pairs without a document whose passage is a part of a development passage."""
    kept_apart = " ¶ ".join(
        sorted({words(pair.passage) for pair in pairs if pair.group and pair.development})
    )
    shingles = set(_shingles(kept_apart))
    return [
        pair
        for pair in pairs
        if pair.group
        or pair.development
        or not any(one in shingles for one in _shingles(words(pair.passage)))
    ]


def _shingles(text: str, length: int = 9) -> Iterator[str]:
    parts = text.split()
    for at in range(len(parts) - length + 1):
        yield " ".join(parts[at : at + length])
