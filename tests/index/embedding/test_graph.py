"""How texts are laid out for a runtime."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers

from index.embedding.graph import Description, GraphEmbedder, Tokens
from index.types import Vectors


class Shapes:
    """A runtime that keeps the shapes of what it is given; each text's vector is the number of its tokens."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def run(self, inputs: dict[str, Tokens]) -> tuple[Vectors, NDArray[np.float32]]:
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        self.seen.append(ids.shape)
        return mask.sum(axis=1, keepdims=True).astype(np.float32), np.zeros((*ids.shape, 1), np.float32)


@pytest.fixture
def shapes() -> Shapes:
    return Shapes()


@pytest.fixture
def embedder(shapes: Shapes) -> GraphEmbedder:
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "lamp": 1}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    description = Description("words", 1, 256, 0, "", "", True, 0, ("input_ids", "attention_mask"))
    return GraphEmbedder(description, tokenizer, shapes, shapes)


@pytest.mark.parametrize(("tokens", "width"), [(1, 1), (13, 13), (64, 64), (65, 72), (300, 256)])
def test_a_question_is_as_wide_as_it_is_and_a_long_text_one_of_few_widths(
    embedder: GraphEmbedder, shapes: Shapes, tokens: int, width: int
) -> None:
    assert embedder.embed_queries(["lamp " * tokens]).tolist() == [[min(tokens, 256)]]
    assert shapes.seen == [(1, width)]


def test_several_texts_share_a_width(embedder: GraphEmbedder, shapes: Shapes) -> None:
    assert embedder.embed_passages(["lamp", "lamp " * 13]).tolist() == [[1], [13]]
    assert shapes.seen == [(2, 16)]


def test_few_words_and_many_are_counted_alike(embedder: GraphEmbedder) -> None:
    texts = [f"{'lamp ' * 100}{number}" for number in range(20)]
    together = embedder.token_starts(texts)
    assert [one.tolist() for one in together] == [embedder.token_starts([text])[0].tolist() for text in texts]


@pytest.mark.parametrize("tokens", [1, 13, 255, 256, 300])
def test_the_tokens_of_a_question_are_the_same_after_it_was_embedded(
    embedder: GraphEmbedder, tokens: int
) -> None:
    question = "lamp " * tokens
    before = embedder.token_starts([question])[0].tolist()
    embedder.embed_queries([question, "lamp"])
    for _ in range(2):
        assert embedder.token_starts([question])[0].tolist() == before == list(range(0, 5 * tokens, 5))
    assert embedder.token_starts(["lamp"])[0].tolist() == [0]


@pytest.mark.parametrize("tokens", [1, 13, 255, 256, 300])
def test_a_question_whose_tokens_were_asked_for_is_embedded_alike(
    embedder: GraphEmbedder, shapes: Shapes, tokens: int
) -> None:
    question = "lamp " * tokens
    (before,) = embedder.embed_queries([question])
    embedder.token_starts([question])
    for _ in range(2):
        assert embedder.token_starts([question])[0].tolist() == list(range(0, 5 * tokens, 5))
        assert embedder.embed_queries([question]).tolist() == [before.tolist()]
    assert len({*shapes.seen}) == 1


def test_the_tokens_of_many_questions_that_nobody_asks_for_are_dropped(embedder: GraphEmbedder) -> None:
    embedder.embed_queries([f"lamp {number}" for number in range(100)])
    for number in range(100):
        embedder.embed_queries([f"lamp {number}"])
    assert embedder.token_starts(["lamp 7"])[0].tolist() == [0, 5]
