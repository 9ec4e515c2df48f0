import random

from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import BertProcessing

from index.search.cross_encoder.encoding import (
    OUTSIDE,
    QUESTION_TOKENS,
    Encoder,
    Window,
    padded,
    padded_length,
    window_head,
)
from tests.index.search.cross_encoder.toys import SPECIAL, tokenizer

TEXT = "The mill was built. It burnt down."
SENTENCES = ((0, 19), (20, 34))


def encoder(max_tokens: int = 192) -> Encoder:
    return Encoder(tokenizer([TEXT, "When Mill history"]), max_tokens)


def test_each_token_has_the_number_of_its_sentence() -> None:
    found = encoder().encode("When?", Window(TEXT, SENTENCES, "Mill history"))
    assert found.first == 4  # [CLS] when ? [SEP]
    numbers = found.sentence_of[found.first : -1]
    assert numbers == [OUTSIDE] * 3 + [0] * 5 + [1] * 4  # the head and its colon are in none
    assert found.sentence_of[: found.first] == [OUTSIDE] * 4
    assert found.types == [0] * 4 + [1] * (len(found.ids) - 4)
    for (start, end), number in zip(found.offsets, numbers, strict=True):
        if number != OUTSIDE:
            first, last = SENTENCES[number]
            assert first <= start < end <= last


def test_a_token_of_white_space_alone_starts_nowhere() -> None:
    spaces = Tokenizer(WordLevel({SPECIAL[1]: 0}, unk_token=SPECIAL[1]))
    spaces.pre_tokenizer = Split(" ", "merged_with_next")  # type: ignore[assignment]
    spaces.post_processor = BertProcessing((SPECIAL[1], 0), (SPECIAL[1], 0))  # type: ignore[assignment]
    assert Encoder(spaces).starts("Where is it? ") == [0, 6, 9]


def test_what_is_too_long_is_cut_and_the_question_first() -> None:
    short = encoder(12)
    found = short.encode("when " * 100, Window(TEXT, SENTENCES))
    assert len(found.ids) <= max(12, QUESTION_TOKENS + 3)
    assert short.encode("When?", Window(TEXT, SENTENCES)).ids[-1] == 3
    assert len(short.encode("When?", Window(TEXT, SENTENCES)).ids) == 12


def test_the_budget_is_what_a_window_may_have() -> None:
    some = encoder(40)
    for head in ("", "Mill history"):
        left = some.budget("When?", head)
        words = " ".join(["mill"] * left)
        assert len(some.encode("When?", Window(words, ((0, len(words)),), head)).ids) == 40
        longer = some.encode("When?", Window(f"{words} mill", ((0, len(words) + 5),), head))
        assert longer.offsets[-1][1] == len(words)


def test_rows_are_padded_to_one_width() -> None:
    draw = random.Random(0)
    rows = [[1] * draw.randint(1, 50) for _ in range(20)]
    width = padded_length(max(map(len, rows)))
    made = padded(rows, width, 7)
    assert width % 16 == 0
    for row, given in zip(made.tolist(), rows, strict=True):
        assert row == given + [7] * (width - len(given))


def test_a_head_has_the_title_and_the_heading_above_and_neither_twice() -> None:
    assert window_head("Handbook", "Leave") == "Handbook, Leave"
    assert window_head("Handbook", "Handbook") == "Handbook"
    assert window_head("", "Leave") == "Leave"
    assert window_head("", "") == ""
    assert len(window_head("t" * 999, "s" * 999)) == 162
