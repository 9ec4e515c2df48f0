import numpy as np
from hypothesis import given, strategies as st

from index.search.cross_encoder.windows import Excerpt, choose_excerpt
from index.search.ranking.second_look import Look
from index.types import Block, Columns

SENTENCES = st.lists(
    st.tuples(st.integers(1, 12), st.floats(-1, 1, width=32), st.floats(0, 1, width=32), st.booleans()),
    min_size=1,
    max_size=12,
)


def made(sentences: list[tuple[int, float, float, bool]]) -> tuple[str, Look]:
    """A passage with so many words in each sentence, and its look."""
    text, spans = "", []
    for words, *_ in sentences:
        first = len(text)
        for at in range(words):
            text += "word " if at < words - 1 else "word."
        spans.append((first, len(text)))
        text += " "
    meaning = [np.nan if is_unknown else cosine for _, cosine, _, is_unknown in sentences]
    coverage = [share for _, _, share, _ in sentences]
    look = Look(np.array(spans, np.int32), np.array(meaning, np.float32), np.array(coverage, np.float32))
    return text.rstrip(), look


def chosen(text: str, look: Look, budget: int) -> Excerpt:
    return choose_excerpt(text, look, head="Title", budget=budget, count=lambda part: len(part.split()))


@given(SENTENCES, st.integers(1, 60))
def test_a_window_is_a_run_of_sentences_within_the_budget_around_the_best_one(
    sentences: list[tuple[int, float, float, bool]], budget: int
) -> None:
    text, look = made(sentences)
    excerpt = chosen(text, look, budget)
    spans = [tuple(span) for span in look.spans.tolist()]
    first, last = spans.index(excerpt.spans[0]), spans.index(excerpt.spans[-1])
    assert list(excerpt.spans) == spans[first : last + 1]
    known = np.where(np.isnan(look.meaning), 0.4 + 0.4 * look.coverage, look.meaning)
    assert first <= int((known + look.coverage).argmax()) <= last
    assert excerpt.window.text == text[spans[first][0] : spans[last][1]]
    assert excerpt.window.head == "Title"
    for (start, end), (a, b) in zip(excerpt.window.sentences, excerpt.spans, strict=True):
        assert excerpt.window.text[start:end] == text[a:b]
    words = sum(sentences[at][0] for at in range(first, last + 1))
    assert words <= budget or first == last
    # No neighbour would fit.
    left = budget - words
    assert all(sentences[at][0] > left for at in (first - 1, last + 1) if 0 <= at < len(sentences))


def test_the_better_neighbour_comes_first() -> None:
    text, look = made([(3, 0.1, 0.0, False), (3, 0.9, 0.9, False), (3, 0.5, 0.0, False)])
    excerpt = chosen(text, look, 6)
    assert list(excerpt.spans) == [tuple(span) for span in look.spans[1:].tolist()]


def test_a_row_is_read_with_the_names_of_its_columns() -> None:
    text = "Sold mills.\nmill | sold | price\nArlow | 1934 | 200\nBerg | | 300\nMore mills follow."
    lines = [(at, at + len(line)) for line in text.split("\n") for at in [text.index(line)]]
    table = Block("table", lines[1][0], lines[3][1], columns=Columns(("mill", "sold", "price"), lines[2][0]))
    look = Look(
        np.array(lines, np.int32), np.array([0, 0, 1, 0, 0], np.float32), np.zeros(len(lines), np.float32)
    )
    excerpt = choose_excerpt(
        text, look, head="", budget=99, count=lambda part: len(part.split()), tables=[table]
    )
    assert excerpt.window.text == (
        "Sold mills.\nmill | sold | price\nmill: Arlow; sold: 1934; price: 200\nmill: Berg; price: 300\n"
        "More mills follow."
    )
    assert list(excerpt.spans) == lines
    for (start, end), line in zip(excerpt.window.sentences, excerpt.window.text.split("\n"), strict=True):
        assert excerpt.window.text[start:end] == line
