from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.citations.quotes.anchoring import AnchoringText
from index.citations.standing import standing

PARTS = [
    "Chapter one. The survey began in March with forty boats.",
    "Each crew counted gulls twice a day and wrote the numbers down.",
    "Storms kept two of the boats in harbour for a week.",
    "The counts were added up in June by three students.",
    "Chapter two. A second survey was paid for by the museum.",
    "It used cameras on masts instead of people.",
]
TEXT = "\n\n".join(PARTS)
OTHERS = "\n\n".join(
    f"Paragraph {number} is about thing {number * number}, as it was." for number in range(40)
)


def span_of(text: str, words: str, *, last: bool = False) -> tuple[int, int]:
    start = text.rindex(words) if last else text.index(words)
    return start, start + len(words)


def test_in_the_same_text_it_is_current() -> None:
    span = span_of(TEXT, PARTS[2])
    found = standing(TEXT, span, TEXT)
    assert (found.status, found.start, found.end, found.quote) == ("current", *span, PARTS[2])
    assert (found.similarity, found.edits) == (1.0, ())


@given(st.sampled_from(PARTS), st.text(min_size=1, max_size=50))
def test_what_is_put_in_before_moves_it_by_as_much(part: str, inserted: str) -> None:
    start, end = span_of(TEXT, part)
    found = standing(TEXT, (start, end), inserted + "\n" + TEXT)
    moved = len(inserted) + 1
    assert (found.status, found.start, found.end) == ("moved", start + moved, end + moved)
    assert found.quote == part


@given(st.sampled_from(PARTS), st.text(min_size=1, max_size=50))
def test_what_is_put_in_after_leaves_it_current(part: str, inserted: str) -> None:
    span = span_of(TEXT, part)
    found = standing(TEXT, span, TEXT + "\n" + inserted)
    assert (found.status, found.start, found.end) == ("current", *span)


@given(st.text(min_size=1, max_size=50), st.text(max_size=50), st.data())
def test_any_two_texts(old: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(old) - 1))
    end = data.draw(st.integers(start + 1, len(old)))
    found = standing(old, (start, end), new)
    assert found.quote == new[found.start : found.end]
    assert (found.quote == "") == (found.status == "gone")
    if found.status in {"current", "moved"}:
        assert found.quote == old[start:end]
        assert (found.start == start) == (found.status == "current")
    if found.status in {"reformatted", "changed"}:
        assert "".join(one.text for one in found.edits if one.kind != "insert") == old[start:end]
        assert "".join(one.text for one in found.edits if one.kind != "delete") == found.quote


def test_reworded_it_is_changed_and_says_how() -> None:
    new = "A preface.\n\n" + TEXT.replace("twice a day", "three times a day")
    found = standing(TEXT, span_of(TEXT, PARTS[1]), AnchoringText(new))
    assert found.status == "changed"
    assert found.quote == "Each crew counted gulls three times a day and wrote the numbers down."
    assert 0.8 < found.similarity < 1
    assert [(one.kind, one.text) for one in found.edits if one.kind != "equal"] == [
        ("delete", "twice"),
        ("insert", "three times"),
    ]


@pytest.mark.parametrize(
    ("cited", "written"),
    [
        ("two of the", "two\u00a0of\nthe"),
        ("two of the", "TWO OF THE"),
        ("two - of the", "two — of the"),
        ('"two of" the', "“two of” the"),
    ],
)
def test_other_typography_is_no_change_of_words(cited: str, written: str) -> None:
    old, words = TEXT.replace("two of the", cited), PARTS[2].replace("two of the", cited)
    found = standing(old, span_of(old, words), old.replace(cited, written))
    assert (found.status, found.similarity) == ("reformatted", 1.0)
    assert found.quote == words.replace(cited, written)
    assert found.edits != ()


def test_digits_and_signs_are_no_typography() -> None:
    for old, new in (("It was 5 mg in all of the cases.", "It was -5 mg in all of the cases."),
                     ("It was x2 in all of the cases.", "It was x² in all of the cases.")):  # fmt: skip
        assert standing(old, (0, len(old)), f"{new} More.").status == "changed"


def test_deleted_it_is_gone() -> None:
    found = standing(TEXT, span_of(TEXT, PARTS[3]), TEXT.replace(PARTS[3], ""))
    assert (found.status, found.start, found.end, found.quote) == ("gone", 0, 0, "")


@pytest.mark.parametrize("last", [False, True])
def test_equal_words_elsewhere_are_not_the_deleted_ones(last: bool) -> None:
    old = f"{PARTS[3]}\n\n{OTHERS}\n\n{PARTS[3]} The end."
    start, end = span_of(old, PARTS[3], last=last)
    new = old[:start] + old[end:]
    assert standing(old, (start, end), new).status == "gone"
    other = span_of(old, PARTS[3], last=not last)
    kept = standing(old, other, new)
    assert kept.status == ("current" if last else "moved")


def test_words_like_it_elsewhere_are_not_the_deleted_ones() -> None:
    like = PARTS[3].replace("June", "July")
    old = f"{like}\n\n{OTHERS}\n\n{PARTS[3]} The end."
    new = old.replace(PARTS[3], "")
    assert standing(old, span_of(old, PARTS[3]), new).status == "gone"
    # Nor if they have been changed as well.
    new = new.replace("three students", "four students").replace("Paragraph 39", "").replace("The end.", "")
    assert standing(old, span_of(old, PARTS[3]), new).status == "gone"


def test_repeated_rows_keep_their_order() -> None:
    row = "| none | not known yet |\n"
    old = "Head of the table\n" + row * 5 + "Foot of the table"
    start = old.index(row) + 2 * len(row)
    found = standing(old, (start, start + len(row)), "One more line.\n" + old)
    assert (found.status, found.start) == ("moved", start + len("One more line.\n"))


def test_of_many_equal_words_the_one_between_the_same_words_is_it() -> None:
    items = [f"item {number}: see the annex of this report\n" for number in range(300)]
    old = "".join(items)
    start = old.index("see the annex", old.index("item 150"))
    new = "".join(item for number, item in enumerate(items) if number not in {7, 149, 299})
    found = standing(old, (start, start + 13), new)
    assert found.status == "moved"
    assert new[found.start - 10 : found.end] == "item 150: see the annex"
    without = "".join(item for number, item in enumerate(items) if number != 150)
    assert standing(old, (start, start + 13), without).status == "gone"


def test_all_of_equal_words_with_other_surroundings_are_matched_by_what_is_left() -> None:
    shared = "The committee agreed with what had been proposed."
    old = f"{PARTS[0]} {shared} {PARTS[1]}\n\n{OTHERS}\n\n{PARTS[2]} {shared} {PARTS[3]}"
    new = f"{shared}\n\nNew things.\n\n{OTHERS}\n\n{PARTS[2]} {shared} {PARTS[3]}"
    assert standing(old, span_of(old, shared), new).start == 0


def test_few_words_in_other_surroundings_are_not_known_again() -> None:
    old = f"{PARTS[0]}\n\nResults\n\n{PARTS[1]}\n\n{OTHERS}"
    new = f"{PARTS[0]}\n\n{PARTS[1]}\n\n{OTHERS}\n\nResults\n\nQuite another subject of later years."
    assert standing(old, span_of(old, "Results"), new).status == "gone"


@pytest.mark.parametrize("span", [(3, 3), (-1, 2), (0, len(TEXT) + 1)])
def test_spans_that_are_none(span: tuple[int, int]) -> None:
    with pytest.raises(IndexError, match="is no span of"):
        standing(TEXT, span, TEXT)


@pytest.mark.parametrize(
    ("old", "new", "words", "became"),
    [
        ("Take 5 mg of aspirin per day.", "Take 1.5 mg of aspirin per day.",
         "5 mg of aspirin per day", "1.5 mg of aspirin per day"),
        ("The dose is exactly 1 mg daily.", "The dose is exactly 1.5 mg daily.",
         "The dose is exactly 1", "The dose is exactly 1.5"),
        ("He can swim in the sea.", "He can’t swim in the sea.", "He can", "He can’t"),
        ("able to swim in the deep sea", "He is unable to swim in the deep sea",
         "able to swim in the deep sea", "unable to swim in the deep sea"),
        ("It was 5 °C at noon in the town.", "It was −5 °C at noon in the town.",
         "5 °C at noon in the town.", "−5 °C at noon in the town."),
        ("They have a taxable profit here.", "They have a non-taxable profit here.",
         "taxable profit here", "non-taxable profit here"),
    ],
)  # fmt: skip
def test_words_that_became_parts_of_longer_ones_changed(old: str, new: str, words: str, became: str) -> None:
    found = standing(old, span_of(old, words), new)
    assert (found.status, found.quote) == ("changed", became)
    assert found.similarity < 1
    assert found.edits


def test_parts_of_words_that_were_cited_as_such_are_the_same() -> None:
    found = standing(TEXT, span_of(TEXT, "urvey began in March with fort"), "New.\n\n" + TEXT)
    assert (found.status, found.quote) == ("moved", "urvey began in March with fort")


@pytest.mark.parametrize("bullet", ["-", "•", "*", "–"])
def test_paragraphs_that_became_a_list_are_reformatted(bullet: str) -> None:
    items = "\n".join(f"{bullet} {part}" for part in PARTS)
    for first, last in ((0, 5), (1, 3), (2, 2)):
        start, _ = span_of(TEXT, PARTS[first])
        _, end = span_of(TEXT, PARTS[last])
        found = standing(TEXT, (start, end), items)
        assert found.status in {"reformatted", *(("moved",) if first == last else ())}
        back = standing(items, (found.start, found.end), TEXT)
        assert back.status in {"reformatted", *(("moved",) if first == last else ())}


def test_a_dash_before_a_number_is_not_a_bullet() -> None:
    text = "The rules of the house are short.\n\nKeep the serum at\n\n5 degrees at all times.\n\nLock it."
    found = standing(text, (0, len(text)), text.replace("\n\n5", "\n\n- 5"))
    assert found.status == "changed"
