"""The probe: fixed texts whose vectors show whether two ways to run a model agree."""

import numpy as np

from index.embedding.batching import Span
from index.protocols import Embedder
from index.types import Vectors

AGREEMENT = 0.999
"""Minimum cosine of each vector of the probe with that of the same text in fp32."""

QUANTIZED_AGREEMENT = 0.95
"""The same for a new quantized model, which is least accurate on texts unlike its calibration texts."""

INT8_MEAN_AGREEMENT = 0.998
"""Minimum mean cosine of the probe's vectors in int8 with the reference of the same quantized model.

The mean, because processors round values near the middle between two integers differently, which moves
single vectors by some thousandths. Measured with the bundled model: 0.9994 on processors with AVX2,
AVX-512, VNNI and bf16 alike, 0.997 where sums of products overflow.
"""

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
    """Passages of the probe, from one word to more tokens than any model reads."""
    short = list(_SENTENCES)
    paragraphs = [" ".join(_SENTENCES[at:] + _SENTENCES[:at]) for at in (0, 4, 9)]
    return [*short, *paragraphs, " ".join(_SENTENCES * 30)]


def paragraphs() -> list[str]:
    """Paragraphs of about the same length, to measure speed: they need hardly any padding."""
    return [" ".join(_SENTENCES[at:] + _SENTENCES[:at]) for at in range(8)]


def probe(embedder: Embedder) -> Vectors:
    """Embed the probe: passages, sentences of a paragraph, and questions, stacked in one array."""
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
    """Minimum cosine of two vectors of the same text; 0 if the shapes differ."""
    return float(_cosines(found, expected).min())


def mean_agreement(found: Vectors, expected: Vectors) -> float:
    """Mean cosine of two vectors of the same text; 0 if the shapes differ."""
    return float(_cosines(found, expected).mean())


def _cosines(found: Vectors, expected: Vectors) -> Vectors:
    if found.shape != expected.shape:
        return np.zeros(1, np.float32)
    cosines: Vectors = np.einsum("nd,nd->n", found, expected)
    return cosines
