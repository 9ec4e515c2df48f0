"""Texts by which one way of running a model is compared with another."""

from __future__ import annotations

import numpy as np

from index.embedding.batching import Span
from index.protocols import Embedder
from index.types import Vectors

AGREEMENT = 0.999
"""Least cosine of each probed vector with that of the same text in fp32."""

INTEGERS_AGREEMENT = 0.95
"""The same for 8-bit integers, which agree less, and least on texts unlike those of the calibration."""

_SENTENCES = (
    "The lighthouse was built in 1884 on a reef two miles off the coast.",
    "  Patients who received 1.5 mg/kg twice a day recovered sooner (p < 0.01). ",
    "def area(radius):\n    return 3.14159 * radius ** 2",
    "ACE2",
    "Der Vertrag endet mit Ablauf des Jahres, sofern er nicht verlängert wird.",
    "На северном берегу озера стоит старая деревянная церковь.",
    "会议将于下周三上午九点在主楼举行。",
    "नदी के किनारे एक छोटा सा गाँव है।",
    "Soup 🍲 of the day: leek, potato & thyme",
    "Rates fell by a quarter of a point; markets had expected twice as much.",
)
QUESTIONS = (
    "When was the lighthouse built?",
    "what does a radius have to do with the area of a circle and why is that so",
    "dose",
    "Wie lange läuft der Vertrag?",
)


def passages() -> list[str]:
    """From one word to more than any model of this kind reads."""
    short = list(_SENTENCES)
    paragraphs = [" ".join(_SENTENCES[at:] + _SENTENCES[:at]) for at in (0, 4, 9)]
    return [*short, *paragraphs, " ".join(_SENTENCES * 30)]


def probe(embedder: Embedder) -> Vectors:
    """Vectors of the passages, of the sentences of a paragraph, and of the questions, one below another."""
    paragraph = " ".join(_SENTENCES)
    spans: list[Span] = []
    for sentence in _SENTENCES:
        start = paragraph.index(sentence)
        spans.append((start, start + len(sentence)))
    _, (sentences,) = embedder.embed_sentences([paragraph], [spans])
    return np.vstack(
        [embedder.embed_passages(passages()), sentences, embedder.embed_queries(list(QUESTIONS))]
    )


def agreement(found: Vectors, expected: Vectors) -> float:
    """The least cosine of a row with its counterpart; 0 for vectors of another shape."""
    if found.shape != expected.shape:
        return 0.0
    return float(np.einsum("nd,nd->n", found, expected).min())
