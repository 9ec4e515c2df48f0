"""Whether quotes are told from those that are not: ``python -m benchmarks.citations.verification``.

Sentences of COVID-QA's papers as they stand, with other typography, with one content word changed, and
attributed to another paper: 500 of each. No model has a part in it.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.citations import Claim, Verdict
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from index.text import equal_but_for_typography, sentence_spans

DATA = Path(__file__).parents[3] / "shared" / "data" / "covidqa" / "corpus.jsonl"
SEED = 44
COUNT = 500
_FEWEST_WORDS, _MOST_WORDS = 6, 60
_CONTENT = re.compile(r"[A-Za-z]{5,}")
_CURLY = str.maketrans({"'": "’", '"': "”", "-": "–", " ": "\u00a0"})


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence of a document as somebody quotes it, and the document it is said to be of."""

    kind: str
    words: str
    true: str
    document_id: str
    claimed: str


def quotes(texts: dict[str, str], count: int = COUNT) -> Iterator[Quoted]:
    """So many of each kind, the same every time."""
    draw = random.Random(SEED)
    vocabulary = sorted({word for text in texts.values() for word in _CONTENT.findall(text)})
    names = sorted(texts)
    everything = "\n".join(texts.values())
    taken = 0
    while taken < count:
        name = draw.choice(names)
        spans = sentence_spans(texts[name], 0, len(texts[name]))
        start, end = draw.choice(spans)
        words = texts[name][start:end]
        if not _FEWEST_WORDS <= len(words.split()) <= _MOST_WORDS or "\n" in words:
            continue
        other = draw.choice([one for one in names if one != name and words not in texts[one]])
        changed = _changed(words, vocabulary, draw)
        if not changed or changed in everything or _retyped(words, draw) == words:
            continue
        taken += 1
        yield Quoted("true", words, words, name, name)
        yield Quoted("typographic", _retyped(words, draw), words, name, name)
        yield Quoted("altered", changed, words, name, name)
        yield Quoted("misattributed", words, words, name, other)


def _retyped(words: str, draw: random.Random) -> str:
    """As a word processor, a PDF or a hurried reader gives it."""
    ways = [
        lambda text: text.translate(_CURLY),
        lambda text: text.replace(" ", "\n", 1).replace(" ", "  ", 1),
        lambda text: text.replace("fi", "ﬁ").replace("fl", "ﬂ"),
        str.lower,
        str.upper,
        lambda text: text.replace(", ", " , ").replace(" , ", ", ").replace("-", " — "),
        lambda text: text[:20] + "\u00ad" + text[20:],
        lambda text: text.rstrip(".") + ",",
    ]
    for way in draw.sample(ways, len(ways)):
        if (retyped := way(words)) != words:
            return retyped
    return words


def _changed(words: str, vocabulary: Sequence[str], draw: random.Random) -> str:
    """With one content word made another of the same texts."""
    places = list(_CONTENT.finditer(words))
    if not places:
        return ""
    place = draw.choice(places)
    for _ in range(20):
        word = draw.choice(vocabulary)
        if not equal_but_for_typography(word, place[0]):
            return words[: place.start()] + word + words[place.end() :]
    return ""


def study(count: int = COUNT) -> dict[str, Estimate]:
    """Shares of what should be said of each kind, by measure."""
    records = (json.loads(line) for line in DATA.open(encoding="utf-8"))
    texts = {record["_id"]: record["text"] for record in records}
    with (
        tempfile.TemporaryDirectory() as folder,
        Library(Path(folder), embedder=WordEmbedder()) as library,
    ):
        collection = library.open("verification", create=True)
        collection.put_many(
            [Source(name, text.encode(), media_type="text/plain") for name, text in texts.items()]
        )
        stored = {name: collection.archive.text(name)[1] for name in texts}
        with collection.verification() as verification:
            judged = [
                (one, verification.quote(Claim(one.words, one.claimed))) for one in quotes(stored, count)
            ]
    return _figures(judged)


def _figures(judged: Sequence[tuple[Quoted, Verdict]]) -> dict[str, Estimate]:
    def share(kind: str, status: str, *, there: bool = False) -> Estimate:
        """How many of a kind have a status; ``there``: and name the document that has the words."""
        rows = [pair for pair in judged if pair[0].kind == kind]
        hits = [
            verdict.status == status
            and (
                not there
                or (verdict.citation is not None and verdict.citation.document_id == one.document_id)
            )
            for one, verdict in rows
        ]
        return proportion(sum(hits), len(hits))

    return {
        "true_verified": share("true", "verified", there=True),
        "typographic_repaired": share("typographic", "repaired", there=True),
        "altered_verified": share("altered", "verified"),
        "altered_repaired": share("altered", "repaired"),
        "altered_recognised": share("altered", "altered", there=True),
        "misattributed_recognised": share("misattributed", "misattributed", there=True),
        "misattributed_verified": share("misattributed", "verified"),
    }


if __name__ == "__main__":
    print(json.dumps({name: asdict(one) for name, one in study().items()}, indent=1))
