from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, strategies as st

from index.answers import Answer, Extent, Hit
from index.citations import parse_locator
from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig, SearchConfig
from index.errors import InvalidLimit
from index.ingest.preparation import Source
from index.search.near_duplicates import LEAST_SKETCHED, Wording, sketches
from tests.index.conftest import Opener

PUMP = (
    "The heat pump of the plant at Granville was commissioned in March and heats two wings of the hospital. "
    "Its compressor draws water from the river through a filter, which the caretaker cleans every week. "
    "After sunset the pump switches to the loop below the car park; it is not used in summer, and costs 5 % "
    "of the budget."
)
BOILER = "The boiler is the spare of the heat pump: it burns wood from the forest of the town in cold weeks."
WELL = (
    "The well of the heat pump lies behind the bakery; an iron lid covers it, and a stone carries the coat "
    "of arms of the family that dug it. Children throw pebbles into it to hear how long they fall, and "
    "whoever draws water there pays with a bucket for the trees of the square."
)
QUESTION = "Where does the heat pump draw water from?"


def is_near(text: str) -> bool:
    forth, back = (a.says_the_same(b) for a, b in pairs(PUMP, text))
    assert forth == back
    return forth


def pairs(one: str, other: str) -> list[tuple[Wording, Wording]]:
    a, b = Wording.of(one), Wording.of(other)
    return [(a, b), (b, a)]


@pytest.mark.parametrize(
    "text",
    [
        PUMP,
        PUMP.upper(),
        PUMP.replace(" ", "\n"),
        PUMP.replace(",", " –").replace("5 %", "5\u00a0%"),
        PUMP.replace("caretaker", "care\u00adtaker"),
        PUMP.replace("cleans", "rinses"),
        PUMP.replace("through", "by"),
        f"and {PUMP}",
        PUMP.replace("Its compressor", "The compressor"),
    ],
)
def test_typography_and_single_words_do_not_make_another_text(text: str) -> None:
    assert is_near(text)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("5 %", "6 %"),
        ("5 %", "-5 %"),
        ("5 %", "5 €"),
        ("5 %", "5.1 %"),
        ("two wings", "three wings"),
        ("March", "April"),
        ("Granville", "Rouen"),
        ("Its compressor", "Granville"),
        ("The heat pump of", "Rouen and"),
        ("not used", "used"),
        ("After", "Before"),
    ],
)
def test_other_numbers_names_and_negations_make_another_text(word: str, other: str) -> None:
    assert word in PUMP
    assert not is_near(PUMP.replace(word, other))


def test_the_order_of_numbers_counts() -> None:
    text = f"{PUMP} {BOILER} The hall cost 1,200 and the room cost 1,900 of them. {BOILER[:60]}"
    (pair, _) = pairs(
        text, text.replace("1,200", "1,9OO").replace("1,900", "1,200").replace("1,9OO", "1,900")
    )
    assert not pair[0].says_the_same(pair[1])


def test_other_words_make_another_text() -> None:
    assert not is_near(PUMP.replace("river", "lake").replace("filter", "sieve"))
    assert not is_near(PUMP[: len(PUMP) // 2])
    (pair, _) = pairs("Mars is red.", "Mars is blue.")
    assert not pair[0].says_the_same(pair[1])


def test_texts_without_words_are_not_alike() -> None:
    for one, other in [("", ""), ("***", "---"), ("", PUMP)]:
        assert not any(a.says_the_same(b) for a, b in pairs(one, other))
    (pair, _) = pairs("Mars", "MARS")
    assert pair[0].says_the_same(pair[1])


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    text = (
        "热泵从河里取水，管理员每周清洗过滤器。"
        "河面结冰时，热泵改用停车场下面的地下回路，那里的水整个冬天都是温的。"
    )
    for other, expected in [
        (text.replace("，", "、"), True),
        (text.replace("清洗", "刷洗"), True),
        (text.replace("都是", "都不是"), False),
        (text[:30], False),
    ]:
        assert Wording.of(text).says_the_same(Wording.of(other)) is expected


@given(st.text(max_size=200))
def test_any_text_with_words_says_the_same_as_itself(text: str) -> None:
    wording = Wording.of(text)
    assert wording.says_the_same(wording) is bool(wording.words)


@given(st.sets(st.integers(0, 2**32 - 1), min_size=100, max_size=200), st.integers(0, 10))
def test_sketches_of_like_terms_are_alike(terms: set[int], others: int) -> None:
    ordered = sorted(terms)
    one, other = (np.array(some, np.uint32).tobytes() for some in (ordered, ordered[others:]))
    whole, most, none, half = sketches([one, other, b"", one[: len(one) // 8 * 4]])
    assert _shared_bits(whole, most) >= LEAST_SKETCHED
    assert _shared_bits(whole, half) < LEAST_SKETCHED
    assert not none
    assert sketches([one]) == [whole]


def _shared_bits(one: int, other: int) -> float:
    return (one & other).bit_count() / (one | other).bit_count()


# Answers


def fill(collection: Collection, texts: Mapping[str, str], *, embed: bool = True) -> None:
    for id_, text in texts.items():
        collection.put(Source(id_, text.encode()))
    if embed:
        collection.embed_pending()


def documents(answer: Answer) -> list[str]:
    return [hit.citation.document_id for hit in answer.hits]


def places(hit: Hit) -> list[str]:
    return [parse_locator(one).document_id for one in hit.also_in]


DRAFT, FINAL = PUMP.replace("cleans", "rinses"), PUMP.replace("through", "by")
OTHER_YEAR = PUMP.replace("5 %", "7 %")
TEXTS = {
    "report.txt": PUMP, "draft.txt": DRAFT, "final.txt": FINAL, "next-year.txt": OTHER_YEAR,
    "boiler.txt": BOILER,
}  # fmt: skip


@pytest.mark.parametrize("embedded", [True, False])
@pytest.mark.parametrize("second_look", [100, 0])
def test_a_text_in_nearly_the_same_words_takes_no_place(
    open_collection: Opener, embedded: bool, second_look: int
) -> None:
    collection = open_collection(LibraryConfig(search=SearchConfig(second_look=second_look)))
    fill(collection, TEXTS, embed=embedded)
    answer = collection.ask(QUESTION, k=3)
    versions = {"report.txt", "draft.txt", "final.txt"}
    (best,) = [hit for hit in answer.hits if hit.citation.document_id in versions]
    assert {best.citation.document_id, *places(best)} == versions
    assert {"next-year.txt", "boiler.txt"} < set(documents(answer))
    assert [hit.rank for hit in answer.hits] == [1, 2, 3]
    for locator in best.also_in:
        quote = collection.archive.cite(locator).quote
        assert quote == TEXTS[parse_locator(locator).document_id]


def test_they_take_places_where_that_is_asked_for(collection: Collection) -> None:
    fill(collection, TEXTS)
    answer = collection.ask(QUESTION, near_duplicates="keep")
    assert sorted(documents(answer)) == sorted(TEXTS)
    assert all(hit.also_in == () for hit in answer.hits)
    assert answer.answerability == collection.ask(QUESTION).answerability


def test_rows_that_differ_in_a_figure_stay(collection: Collection) -> None:
    table = "Plant | Year | Output\nGranville heat pump | {year} | 41.5 GWh of heat for the hospital\n"
    fill(collection, {f"{year}.txt": table.format(year=year) for year in (2021, 2022, 2023)})
    assert len(collection.ask("output of the heat pump").hits) == 3


def test_a_copy_of_a_report_in_parts_takes_no_places(open_collection: Opener) -> None:
    chunking = ChunkingConfig(max_tokens=60, overlap_tokens=0)
    collection = open_collection(LibraryConfig(chunking=chunking, search=SearchConfig(merge_characters=5000)))
    report = " ".join(
        f"Pump {n} draws water from well {n} and heats house {n} of the street." for n in range(12)
    )
    copy = report.replace("and heats", "& heats")
    fill(collection, {"report.txt": report, "copy.txt": f"Cover\n\n{report}", "edited.txt": copy})
    answer = collection.ask("Which pump draws water?", k=5)
    assert len({locator for hit in answer.hits for locator in hit.also_in}) > 0
    spans = [
        (one.document_id, one.start, one.end)
        for hit in answer.hits
        for one in map(parse_locator, (hit.citation.locator, *hit.also_at, *hit.also_in))
    ]
    assert len(spans) == len(set(spans))


def test_parts_that_follow_each_other_are_one_place(collection: Collection) -> None:
    parts = [PUMP, WELL]
    copied = [PUMP.replace("through", "by"), WELL.replace("carries", "bears")]
    fill(collection, {"a.txt": "\n\n".join(parts), "b.txt": "\n\n".join(copied)})
    assert collection.archive.counts().passages == 4
    (hit,) = collection.ask("What does the heat pump do, and where is the well of the pump?").hits
    (other,) = hit.also_in
    assert sorted([hit.text, collection.archive.cite(other).quote]) == sorted(
        map("\n\n".join, (parts, copied))
    )


def test_a_part_that_another_document_has_too_is_quoted_once(collection: Collection) -> None:
    # The best passages are the pump of one document and the well of the other.
    fill(collection, {"a.txt": f"{PUMP}\n\n{WELL}", "b.txt": f"{WELL} The caretaker cleans it."})
    answer = collection.ask("the filter of the compressor that the caretaker cleans")
    assert documents(answer) == ["a.txt", "b.txt"]
    assert [hit.text.count("whoever draws") for hit in answer.hits] == [0, 1]


def test_few_of_many_places_are_named(collection: Collection) -> None:
    copies = {f"{n}.txt": PUMP.replace("cleans", f"cle{'a' * n}ns") for n in range(15)}
    fill(collection, copies)
    (hit,) = collection.ask(QUESTION).hits
    assert len(hit.also_in) == 10
    assert len(set(hit.also_in)) == 10


def test_repeated_sentences_take_no_place_either(collection: Collection) -> None:
    extra = "It was built by the town and painted green by the pupils of the school next to it. "
    fill(collection, {"a.txt": PUMP, "b.txt": extra + PUMP.split(". ")[1] + ". " + BOILER, "c.txt": BOILER})
    folded, kept = (
        collection.ask(QUESTION, extent="sentences", near_duplicates=one) for one in ("fold", "keep")
    )
    assert Counter(hit.text for hit in kept.hits).most_common(1)[0][1] > 1
    assert Counter(hit.text for hit in folded.hits).most_common(1)[0][1] == 1
    for hit in folded.hits:
        for locator in hit.also_in:
            assert collection.archive.cite(locator).quote == hit.text


def test_a_section_names_the_passages_that_its_own_repeat(collection: Collection) -> None:
    section = f"# Heating\n\n{BOILER}\n\nAnother matter is the roof, which leaks.\n"
    fill(collection, {"long.md": section, "short.txt": BOILER, "manual.md": f"# Spare\n\n{BOILER}"})
    for near in ("fold", "keep"):
        answer = collection.ask("What is the boiler the spare of?", extent="section", near_duplicates=near)
        for hit in answer.hits:
            for locator in (*hit.also_at, *hit.also_in):
                assert collection.archive.cite(locator).quote
            assert all(collection.archive.cite(one).quote == hit.text for one in hit.also_at)


def test_an_earlier_change_is_folded_by_what_it_had(collection: Collection) -> None:
    fill(collection, {"report.txt": PUMP, "draft.txt": DRAFT})
    change = collection.state.change
    fill(collection, {"draft.txt": "It was dropped.", "final.txt": FINAL})
    (then,) = collection.ask(QUESTION, as_of=change).hits
    assert {then.citation.document_id, *places(then)} == {"report.txt", "draft.txt"}
    now = collection.ask(QUESTION).hits[0]
    assert {now.citation.document_id, *places(now)} == {"report.txt", "final.txt"}


def test_a_reader_is_told_of_no_place_that_is_not_his(collection: Collection) -> None:
    fill(collection, {"report.txt": PUMP, "draft.txt": DRAFT})
    collection.put(Source("secret.txt", FINAL.encode(), groups=("staff",)))
    collection.embed_pending()
    for groups, seen in ((frozenset[str](), 2), (frozenset({"staff"}), 3)):
        (hit,) = collection.restrict_to(groups).ask(QUESTION).hits
        assert len({hit.citation.document_id, *places(hit)}) == seen


# At most so many of a document


@pytest.fixture
def chapters(open_collection: Opener) -> Collection:
    chunking = ChunkingConfig(max_tokens=40, overlap_tokens=0)
    collection = open_collection(LibraryConfig(chunking=chunking, search=SearchConfig(merge_characters=0)))
    sayings = ["turns", "hums", "leaks", "rests", "rusts", "shines"]
    manual = "\n\n".join(
        f"# Pump {word}\n\nThe pump {word} near the mill, {n} times." for n, word in enumerate(sayings)
    )
    fill(collection, {"manual.md": manual, "a.txt": "A pump is a machine.", "b.txt": "Some pump was sold."})
    return collection


@pytest.mark.parametrize("extent", ["sentences", "passage", "section"])
def test_a_document_has_no_more_passages_than_allowed(chapters: Collection, extent: Extent) -> None:
    question = "Where is the pump near the mill?"
    assert Counter(documents(chapters.ask(question, extent=extent)))["manual.md"] == 5
    for most in (1, 2):
        answer = chapters.ask(question, extent=extent, max_per_document=most)
        assert Counter(documents(answer)) == {"manual.md": most, "a.txt": 1, "b.txt": 1}
        assert documents(answer)[0] == "manual.md"
        assert [hit.rank for hit in answer.hits] == list(range(1, 3 + most))


def test_the_limit_counts_runs_of_sentences_of_one_passage(collection: Collection) -> None:
    fill(collection, {"a.txt": f"{WELL} The oven is cold. {PUMP}", "b.txt": "A pump hums."})
    question = "pump of the well"
    assert Counter(documents(collection.ask(question, extent="sentences")))["a.txt"] > 1
    answer = collection.ask(question, extent="sentences", max_per_document=1)
    assert Counter(documents(answer)) == {"a.txt": 1, "b.txt": 1}


def test_the_limit_goes_with_filters_and_earlier_changes(chapters: Collection) -> None:
    change = chapters.state.change
    fill(chapters, {"c.txt": "The pump of the mill."})
    assert len(chapters.ask("pump", max_per_document=1, as_of=change).hits) == 3
    assert len(chapters.ask("pump", max_per_document=1).hits) == 4


@pytest.mark.parametrize("most", [0, -1, 101])
def test_the_limit_has_limits(collection: Collection, most: int) -> None:
    with pytest.raises(InvalidLimit, match=r"max_per_document is .*1 to 100"):
        collection.ask(QUESTION, max_per_document=most)
