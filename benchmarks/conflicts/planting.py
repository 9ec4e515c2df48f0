"""Plant contradictions: a sentence of a document with one fact changed, in other words, in another document.

The templates of ``dev`` were used while the rules were written, those of ``test`` only to measure them.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.claims.altered import change, sentences
from benchmarks.claims.statements import part_of
from benchmarks.sets import documents_in

SHARED = Path(__file__).parents[3] / "shared" / "data"
CORPUS = Path(__file__).parents[2] / "corpus"
KINDS = {"number": 0.4, "negation": 0.25, "name": 0.2, "date": 0.15}
"""The share of each kind, as far as a set has sentences for it; numbers take the places that are left."""
Part = Literal["dev", "test"]

_FEWEST_WORDS, _MOST_WORDS = 8, 60
_MOST_TRIED = 25_000
_ALONE = re.compile(
    r"\b(?:we|our|us|I|this|these|those|here|it|its|they|their|he|she|his|her|such|above|below|"
    r"the (?:study|patients?|authors?|paper|results?|data|present|group|model)|fig(?:ure)?|table|et al)\b",
    re.IGNORECASE,
)
"""Words of sentences that cannot be understood alone."""
_WHOLE = re.compile(r"[A-Z][^\n\[\]|*#<>_]+[.]")
_ACTS = re.compile(r"\b(?:shall|must|will|is|are|was|were|has|have|may|agrees|means|can)\b")
_PLACES = (
    ("China", "Japan", "Italy", "Germany", "France", "Canada", "Brazil", "India", "Spain", "Australia"),
    ("Wuhan", "Beijing", "Shanghai", "Hong Kong", "London", "Tianjin", "Paris", "Seoul", "Singapore"),
    ("Delaware", "New York", "California", "Minnesota", "Nevada", "Texas", "Georgia", "Florida", "Ohio"),
    ("Africa", "Europe", "Asia", "Hebei", "Henan", "Shandong"),
)
_PLACE = re.compile(r"(?<=[a-z] )(?:{})(?=[ ,.])".format("|".join(one for some in _PLACES for one in some)))

_COUNTS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "ten": 10, "twelve": 12, "fifteen": 15,
    "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip
_WRITTEN = re.compile(
    rf"\b({'|'.join(_COUNTS)})\b( \(\d+\))?"
    r"(?=[ -](?:\w+ )?(?:days?|months?|years?|weeks?|parties|copies|hours)\b)",
    re.I,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DENIED = re.compile(
    r"\b(?:no|neither|nor|without|none|never|nothing|lack|cannot|only|unless|(?<!is |re )not)\b", re.I
)
"""A second negation says something odd."""
_LABEL = re.compile(
    r"\b(?:section|article|clause|paragraph|exhibit|table|rule|panel|type|phase|level|grade|stage|class|"
    r"part|figure|chapter|page|no\.)s? \d",
    re.I,
)
"""Numbers that name something are no facts."""
_PLACED = re.compile(
    r"\b(?:located|situated|born|based|held|signed|registered|designed|found(?:ed)?|established|published|laws?|"
    r"courts?|first|capital|headquartered|introduced|began|opened|discovered|isolated|identified|started|"
    r"originated|owned|reported|emerged|conducted|performed|collected|licensed|built|moved|made|approved|led)\b"
)
"""Words before a place without which another place would be another fact that may be true beside it."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A sentence of a document, and the text, the title and the metadata of the document against it."""

    kind: str
    document_id: str
    true: str
    changed: str
    text: str
    title: str
    metadata: Mapping[str, str]


def _lower(sentence: str) -> str:
    """The sentence with a small first letter, unless its first word is a name."""
    first = sentence.split(" ", 1)[0]
    is_name = (
        first.isupper() or any(map(str.isdigit, first)) or first in {one for some in _PLACES for one in some}
    )
    return sentence if is_name else sentence[:1].lower() + sentence[1:]


def _replace(*pairs: tuple[str, str]) -> Callable[[str], str]:
    def replaced(sentence: str) -> str:
        for old, new in pairs:
            sentence = re.sub(rf"\b{old}\b", new, sentence, count=1)
        return sentence

    return replaced


def _headless(sentence: str) -> str:
    """The sentence without the word or two that lead to it: "However, ..."."""
    shorter = re.sub(r"\A[A-Z][a-z]+(?: [a-z]+)?, ", "", sentence)
    return shorter[:1].upper() + shorter[1:]


def _trimmed(sentence: str) -> str:
    """The sentence without what a last comma adds, if that is short."""
    head, comma, tail = sentence.rstrip(".").rpartition(", ")
    return (
        f"{head}." if comma and len(tail) < len(head) / 4 and not re.search(r"\d|\bnot\b", tail) else sentence
    )


TEMPLATES: Mapping[Part, Sequence[Callable[[str], str]]] = {
    "dev": (
        lambda one: one,
        lambda one: f"It should be noted that {_lower(one)}",
        lambda one: f"According to the latest review, {_lower(one)}",
        _headless,
        _replace(
            ("approximately", "about"), ("However, ", ""), ("within", "in"), ("also ", ""),
            ("prior to", "before"),
        ),
    ),
    "test": (
        lambda one: f"Contrary to what was said before, {_lower(one)}",
        lambda one: f"Please be aware that {_lower(one)}",
        lambda one: f"As the committee confirmed in its last meeting, {_lower(one)}",
        _trimmed,
        _replace(
            ("shall", "must"), ("due to", "because of"), ("such as", "like"), ("may", "can"),
            ("located", "situated"), ("about", "roughly"), ("usually", "normally"), ("in order to", "to"),
            ("use", "employ"), ("large", "big"),
        ),
        lambda one: f"Update: {one}",
    ),
}  # fmt: skip
_FILLERS: Mapping[Part, Sequence[str]] = {
    "dev": ("Some points came up when the files were read again.", "Nothing else was changed."),
    "test": (
        "The notes below were taken after the last round of checks.",
        "Other passages stay as they are.",
    ),
}


def documents(name: str) -> dict[str, str]:
    """The texts of a set by the ids of their documents: ``corpus``, ``covidqa`` or ``contracts``."""
    if name == "corpus":
        return {path.name: path.read_text("utf-8") for path in documents_in(CORPUS)}
    if name == "contracts":
        read = json.loads((SHARED / "claims" / "cnli_dev.json").read_text("utf-8"))["documents"]
        return {one["file_name"]: one["text"] for one in read}
    with (SHARED / name / "corpus.jsonl").open(encoding="utf-8") as lines:
        return {one["_id"]: one["text"] for one in map(json.loads, lines)}


def planted(name: str, count: int, part: Part, seed: int = 7) -> Iterator[Planted]:
    """At most so many contradictions to the documents of a part of a set, each to another sentence.

    Contracts speak of themselves: the document against one names it in its title, every other one in
    ``supersedes``, too.
    """
    texts, draw = documents(name), random.Random(f"{seed} {name} {part}")
    names = [one for one in texts if name == "corpus" or part_of(one) == part]
    everything, taken, counts = "\n".join(texts.values()), set[str](), Counter[str]()
    for tried in range(_MOST_TRIED):
        open_kinds = [kind for kind, share in KINDS.items() if counts[kind] < share * count]
        if len(taken) == count or not open_kinds:
            return
        kind = draw.choice(open_kinds)
        if tried > _MOST_TRIED / 2 and kind in ("name", "date"):
            kind = draw.choice(("number", "negation"))
        document_id = draw.choice(names)
        start, end = draw.choice(sentences(texts[document_id]))
        true = texts[document_id][start:end]
        if everything.count(true) > 1 or true in taken or not _is_suitable(true, alone=name != "contracts"):
            continue
        changed = _change(true, kind, draw)
        said = draw.choice(TEMPLATES[part])(changed) if changed else ""
        if not changed or changed in everything or _is_lost(true, said):
            continue
        taken.add(true)
        counts[kind] += 1
        yield _plant(kind, document_id, (true, changed, said), part, len(taken), about=name == "contracts")


def _is_suitable(sentence: str, *, alone: bool) -> bool:
    is_sentence = _WHOLE.fullmatch(sentence) and _ACTS.search(sentence)
    is_long = _FEWEST_WORDS <= len(sentence.split()) <= _MOST_WORDS
    return bool(is_sentence) and is_long and not (alone and _ALONE.search(sentence))


def _change(sentence: str, kind: str, draw: random.Random) -> str:
    if kind == "negation" and _DENIED.search(sentence):
        return ""
    if kind == "number" and (written := _WRITTEN.search(sentence)):
        return _other_count(sentence, written, draw)
    if kind != "name":
        if kind == "number" and _YEAR.search(sentence):
            return ""
        return "" if kind == "number" and _LABEL.search(sentence) else change(sentence, kind, (), draw)
    places = [one for one in _PLACE.finditer(sentence) if _PLACED.search(sentence, 0, one.start())]
    if not places:
        return ""
    place = draw.choice(places)
    others = next(some for some in _PLACES if place[0] in some)
    other = draw.choice([one for one in others if one not in sentence])
    return sentence[: place.start()] + other + sentence[place.end() :]


def _other_count(sentence: str, written: re.Match[str], draw: random.Random) -> str:
    """The sentence with another count where one is written in a word, and mostly in digits behind it."""
    word, digits = draw.choice([one for one in _COUNTS.items() if one[0] != written[1].lower()])
    word = word.capitalize() if written[1][0].isupper() else word
    other = f"{word} ({digits})" if written[2] else word
    return sentence[: written.start()] + other + sentence[written.end() :]


def _is_lost(true: str, said: str) -> bool:
    """Tell whether a template has taken away what was changed: what is left says the same."""
    return said in true or said.lower() in true.lower()


def _plant(
    kind: str, document_id: str, sentence: tuple[str, str, str], part: Part, number: int, *, about: bool
) -> Planted:
    true, changed, said = sentence
    before, after = _FILLERS[part]
    title = f"Amendment to {document_id}" if about else f"Note {number}"
    metadata = {"supersedes": document_id} if about and number % 2 else {}
    return Planted(kind, document_id, true, changed, f"{before} {said} {after}\n", title, metadata)
