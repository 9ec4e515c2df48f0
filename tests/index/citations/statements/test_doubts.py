from __future__ import annotations

import pytest

from index.citations.statements.alignment import align
from index.citations.statements.clauses import clauses
from index.citations.statements.doubts import find_doubts
from index.citations.statements.english import negated_base
from index.citations.statements.words import words_of
from index.text import Analyzer

TERMS = Analyzer().terms


def kinds(claim: str, source: str) -> list[str]:
    """The kinds of the reasons to doubt that the source says the claim."""
    found = find_doubts(align(words_of(claim, TERMS), words_of(source, TERMS)), 0.5, frozenset())
    return list(dict.fromkeys(one.kind for one in found))


@pytest.mark.parametrize(
    ("kind", "true", "false", "source"),
    [
        (
            "denied",
            "The kettle is made of steel.",
            "The kettle is not made of steel.",
            "It is made of steel.",
        ),
        ("denied", "Ann never rowed.", "Ann rowed.", "She never rowed."),
        (
            "denied",
            "The union rejected the plan.",
            "The union liked the plan.",
            "The union rejected the plan.",
        ),
        (
            "denied",
            "She found no proof that the engine earns its cost.",
            "She found that the engine earns its cost.",
            "She found no proof that the engine earns its cost.",
        ),
        (
            "denied",
            "The town bought buses instead of trams.",
            "The town bought trams.",
            "Instead of trams the town bought buses.",
        ),
        (
            "denied",
            "The annex was not signed by the tenant.",
            "The annex was signed by the tenant.",
            "The tenant refused to sign the annex.",
        ),
        (
            "planned",
            "Hal offered to buy the mill for 900 pounds.",
            "Hal bought the mill for 900 pounds.",
            "Hal offered to buy the mill for 900 pounds.",
        ),
        ("planned", "The drug may harm cats.", "The drug harms cats.", "The drug may harm cats."),
        ("word", "The water is safe.", "The water is unsafe.", "The water is safe."),
        ("word", "The tunnel is not lit.", "The tunnel is lit.", "The tunnel is unlit."),
        ("word", "Ann was the second keeper.", "Ann was the first keeper.", "The second keeper was Ann."),
        (
            "moved",
            "The maker replaces the kettle.",
            "The maker repairs the kettle.",
            "The dealer repairs the kettle and the maker replaces it.",
        ),
        (
            "moved",
            "In 2021 the ferry carried 4 million people.",
            "In 2021 the ferry carried 31 million people.",
            "In 2021 it carried 31 million people, and the ferry carried 4 million.",
        ),
        (
            "roles",
            "The town lent two engines to the museum.",
            "The museum lent two engines to the town.",
            "The town lent two engines to the museum.",
        ),
        (
            "number",
            "Pain went in 48 patients on the drug and in 19 on the placebo.",
            "Pain went in 19 patients on the drug and in 48 on the placebo.",
            "Pain went in 48 patients on the drug and in 19 on the placebo.",
        ),
        (
            "number",
            "Nausea came to 14 patients on the placebo.",
            "Nausea came to 9 patients on the placebo.",
            "Nausea came to 9 patients on the drug and to 14 on the placebo.",
        ),
        (
            "quantity",
            "Most of the seed came from Ghent.",
            "All of the seed came from Ghent.",
            "Most of the seed came from Ghent.",
        ),
        (
            "word",
            "The light goes out when the water boils.",
            "The light goes out before the water boils.",
            "The light goes out when the water boils.",
        ),
    ],
)
def test_a_false_claim_is_doubted_and_its_true_twin_is_not(
    kind: str, true: str, false: str, source: str
) -> None:
    assert kind in kinds(false, source)
    assert kinds(true, source) == []


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Queen Mary opened the bridge in 1912.", "The bridge was opened in 1912 by Queen Mary."),
        (
            "The doors and windows were replaced.",
            "The roof, the doors and the windows were replaced in 2019.",
        ),
        ("He mended the windows.", "He mended the roof, the doors and the windows."),
        ("Trains do not run on Sundays.", "No trains run on Sundays."),
        ("The capital of France is Paris.", "Paris is the capital of France."),
        ("Paris is France's capital.", "The capital of France is Paris."),
        ("Drought killed the figs; frost did not.", "Frost did not kill the figs; drought killed the figs."),
        ("Frost was not what killed the figs.", "The figs did not die of frost."),
    ],
)
def test_the_same_in_other_words_is_not_doubted(claim: str, source: str) -> None:
    assert kinds(claim, source) == []


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("unsafe", "safe"), ("infertile", "fertile"), ("impossible", "possible"), ("dishonest", "honest"),
        ("nonlinear", "linear"), ("painless", "pain"), ("under", ""), ("income", ""), ("display", ""),
        ("important", ""), ("regardless", ""), ("unit", ""),
    ],
)  # fmt: skip
def test_affixes_that_deny(word: str, base: str) -> None:
    assert negated_base(word) == base


def test_clauses_have_their_own_subject_and_verb() -> None:
    words = words_of("In 1912, Ann pays the rent and the estate repairs the weir, but who asks?", TERMS)
    assert [" ".join(words[at].text for at in clause) for clause in clauses(words)] == [
        "In 1912 Ann pays the rent", "and the estate repairs the weir", "but", "who asks",
    ]  # fmt: skip


@pytest.mark.timeout(60)
def test_a_long_table_in_one_sentence_is_compared_in_bounded_time() -> None:
    rows = ", ".join(f"item{number} cost {7 * number + 3} pounds" for number in range(300))
    assert kinds(f"{rows}.", f"{rows}.") == []
