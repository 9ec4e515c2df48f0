"""Pairs about invented things, and a tokenizer that knows words alone."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tests.index.search.cross_encoder.toys import tokenizer
from training.cross_encoder.contexts import Contexts
from training.cross_encoder.encoding import Encoder
from training.cross_encoder.names import Names
from training.cross_encoder.neighbours import COUNT, Numbers, passages
from training.cross_encoder.pairs import Pair
from training.cross_encoder.samples import Sampler

TOWNS = (
    ("Arlow", "Mia Torrens", "1907", "Spain"),
    ("Benford", "Olaf Prynne", "1923", "Norway"),
    ("Castra", "Mia Vollmer", "1931", "Peru"),
    ("Dunwell", "Olaf Quist", "1948", "Kenya"),
)


def pairs() -> list[Pair]:
    made = []
    for town, person, year, country in TOWNS:
        passage = (
            f"{town} lies on a river in {country}. The mill was built by {person} in {year}. "
            f"It burned down later. Today {town} sells wool."
        )
        for question, answer in (
            (f"Who built the mill of {town} in {year}?", person),
            (f"When was the mill of {town} built?", year),
            (f"In what country does {town} lie, Spain, Norway, Peru or Kenya?", country),
        ):
            start = passage.index(answer)
            span = (start, start + len(answer))
            made.append(Pair("squad2_dev_half", f"{town}{start}", question, passage, town, town, span))
    other = "Wool of Arlow is spun by hand. It is sold in autumn."
    made.append(
        Pair("squad2_dev_half", "wool", "When is wool of Arlow sold?", other, "Arlow", "Arlow", (45, 51))
    )
    made.append(
        Pair("squad2_dev_half", "none", "Who flooded Arlow?", made[0].passage, "Arlow", answerable=False)
    )
    for at, sentence in enumerate(("a kestrel hovers above the field.", "a tern dives into the sea.")):
        made.append(
            Pair("nqg_squad_sentences", f"bird{at}", f"what does the {sentence.split()[1]} do?", sentence, "")
        )
    made.append(Pair("claims", "c", "Terns fly.", "A tern dives into the sea.", "", label="SUPPORTS"))
    return made


def encoder(texts: Iterable[str] = (), max_tokens: int = 64) -> Encoder:
    """An encoder whose tokens are words; a word it does not know is one token, too."""
    return Encoder(tokenizer(texts), max_tokens)


def found(some: list[Pair]) -> Numbers:
    """All passages as neighbours of each question."""
    texts = passages(some)
    row = np.full(COUNT, -1, np.int32)
    row[: len(texts)] = range(len(texts))
    return np.tile(row, (len(some), 1))


def sampler(some: list[Pair] | None = None) -> Sampler:
    some = some or pairs()
    texts = [text for pair in some for text in (pair.passage, pair.question)]
    near = {"built": (0, 1), "sold": (1, 0), "lies": (1, 1)}
    vectors = {word: np.array(vector, np.float16) for word, vector in near.items()}
    questions = [*(pair.question for pair in some), "Who sold the mill?"]
    return Sampler(some, found(some), encoder(texts), Names(some), Contexts(questions, vectors))


def write_set(folder: Path, name: str, rows: Iterable[Mapping[str, object]]) -> None:
    defaults = {"answer_start": None, "answer_end": None, "answerable": True, "language": "en"}
    (folder / name).mkdir(parents=True)
    with gzip.open(folder / name / "pairs.jsonl.gz", "wt", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            file.write(json.dumps({"id": f"{name}-{number}", **defaults, **row}) + "\n")
