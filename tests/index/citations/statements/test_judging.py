from __future__ import annotations

import pytest

from index.citations.statements.judging import (
    Judgement,
    judge,
    makes_claim,
    nearest,
    statements,
)
from index.citations.statements.sources import SentenceVectors, Source, unit
from index.citations.statements.support import FEATURES, load_fitted
from index.embedding import WordEmbedder
from index.text import Analyzer
from tests.index.citations.statements.embedders import CountingEmbedder

TERMS = Analyzer().terms
LAMPS = (
    "The lamp in the north tower was lit at dusk by 12 keepers. It burned all night, and ships saw it "
    "from afar. The bridge over the river was opened in the spring of 1912 by Queen Mary. Nobody was hurt."
)
DOGS = "A sleeping dog lies by the harbour door on warm stones. It never barks at ships."


def judged(claim: str, *passages: str, context: str = "") -> Judgement:
    embedder = WordEmbedder()
    (statement,) = statements([claim], TERMS, embedder)
    return judge(statement, [Source(text, context, TERMS, embedder) for text in passages])


@pytest.mark.parametrize(
    "claim",
    [
        "The lamp in the north tower was lit at dusk by 12 keepers.",
        "The lamp in the north tower was lit at dusk by twelve keepers.",
        "In the spring of 1912, Queen Mary opened the bridge over the river.",
        "The bridge was opened in 1912 by Queen Mary.",
    ],
)
def test_what_a_passage_says_is_supported_by_its_sentence(claim: str) -> None:
    found = judged(claim, DOGS, LAMPS)
    assert (found.status, found.source, found.conflicts, found.missing) == ("supported", 1, (), ())
    words = LAMPS[found.start : found.end]
    assert ("12 keepers" if "lamp" in claim else "Queen Mary") in words
    assert words in (
        LAMPS[: LAMPS.index(" It burned")],
        LAMPS[LAMPS.index("The bridge") : LAMPS.index(" Nobody")],
    )


@pytest.mark.parametrize(
    "claim", [LAMPS.partition(" It")[0], "The lamp was lit at dusk.", "Dogs bark at 12."]
)
def test_passages_that_cannot_be_nearest_are_not_embedded_which_changes_nothing(claim: str) -> None:
    embedder = CountingEmbedder()
    (statement,) = statements([claim], TERMS, embedder)
    passages = [DOGS, LAMPS, "Zinc threw its light nine miles out.", LAMPS.replace("dusk", "dawn")]
    sources = [Source(text, "", TERMS, embedder) for text in passages]
    each = [nearest(statement, [one]) for one in sources]
    best = max((one for one in each if one is not None), key=lambda one: one.rank)
    embedder.texts.clear()
    found = nearest(statement, [Source(text, "", TERMS, embedder) for text in passages])
    assert found is not None
    assert (found.rank, found.span, found.source) == (best.rank, best.span, each.index(best))
    assert (passages[2] in embedder.texts) == (claim == "Dogs bark at 12.")


def test_sentences_with_stored_vectors_are_not_embedded() -> None:
    embedder = CountingEmbedder()
    (statement,) = statements(["The lamp was lit at dusk."], TERMS, embedder)
    spans = Source(LAMPS, "", TERMS, embedder).spans
    (rows,) = embedder.embed_sentences([LAMPS], [spans])[1]
    stored = dict(zip(spans, unit(rows), strict=True))
    for known, is_embedded in ((stored, False), (dict(list(stored.items())[1:]), True)):
        embedder.texts.clear()
        found = judge(statement, [Source(LAMPS, "", TERMS, embedder, SentenceVectors(known))])
        assert found == judged("The lamp was lit at dusk.", LAMPS)
        assert bool(embedder.texts) == is_embedded


def test_one_word_in_the_place_of_a_name_is_not_supported() -> None:
    keepers = "Samuel Osgood lit the lamp at dusk."
    found = judged("Napoleon lit the lamp at dusk.", keepers)
    assert (found.status, found.missing) == ("unsupported", ("Napoleon",))
    for claim in (
        "Osgood lit the lamp at dusk.",  # a part of the name
        "Keepers lit the lamp at dusk.",  # a word in the plural needs no article
        "He lit the lamp at dusk.",
        "Later, Samuel Osgood lit the lamp at dusk.",
    ):
        assert judged(claim, keepers).status == "supported", claim


@pytest.mark.parametrize(
    ("claim", "kind", "claimed", "stated"),
    [
        ("The lamp in the north tower was lit at dusk by 14 keepers.", "number", "14", "12"),
        ("The bridge was not opened in the spring of 1912 by Queen Mary.", "negation", "not", ""),
        ("The bridge over the river was opened in the spring of 1921.", "number", "1921", "1912"),
        ("The bridge over the river was opened in 1912 by Queen Anne.", "name", "Anne", "Mary"),
        ("The lamp in the south tower was lit at dusk by 12 keepers.", "direction", "south", "north"),
        ("A sleeping dog lies by the harbour door, and barks at ships.", "negation", "", "never"),
    ],
)
def test_a_fact_that_differs_contradicts(claim: str, kind: str, claimed: str, stated: str) -> None:
    found = judged(claim, LAMPS, DOGS)
    assert found.status == "contradicted"
    ((one),) = found.conflicts
    assert (one.kind, one.claimed, one.stated) == (kind, claimed, stated)
    assert claim[one.start : one.end] == claimed
    assert found.source is not None
    assert (LAMPS, DOGS)[found.source][one.at : one.to] == stated


@pytest.mark.parametrize("ban", ["Do not use", "Never use", "You must not use"])
@pytest.mark.parametrize("mark", ["1.", "2)", "-", "*", "(a)"])
def test_a_ban_in_a_later_sentence_of_an_item_is_not_support_for_what_it_bans(mark: str, ban: str) -> None:
    steps = f"{mark} Clean the hull with isopropyl alcohol. {ban} acetone, it melts it.\n{mark} Drill a hole."
    assert judged("Clean the hull with acetone.", steps).status == "unsupported"
    assert judged("Clean the hull with isopropyl alcohol.", steps).status == "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "Penguins live in the Antarctic in large colonies.",
        "The lamp was made of brass and glass in a factory.",
    ],
)
def test_what_no_passage_says_is_unsupported(claim: str) -> None:
    found = judged(claim, LAMPS, DOGS)
    assert (found.status, found.conflicts) == ("unsupported", ())
    assert found.probability < 0.5


def test_without_passages_nothing_is_supported() -> None:
    for passages in ((), ("",), ("?!",)):
        found = judged("The lamp was lit at dusk.", *passages)
        assert (found.status, found.probability, found.source) == ("unsupported", 0.0, None)


def test_a_number_or_name_that_no_passage_has_is_not_supported() -> None:
    found = judged("The bridge over the river was opened in spring by Queen Mary for Joseph Haydn.", LAMPS)
    assert (found.status, found.missing) == ("unsupported", ("Joseph", "Haydn"))


def test_the_title_supports_a_name() -> None:
    claim = "The bridge of Northport was opened in the spring of 1912 by Queen Mary."
    assert judged(claim, LAMPS).missing == ("Northport",)
    assert judged(claim, LAMPS, context="Northport").status == "supported"


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("The lamp was lit.", True),
        ("Was the lamp lit?", False),
        ("Yes.", False),
        ("Here it is:", False),
        ("", False),
    ],
)
def test_questions_and_short_sentences_claim_nothing(sentence: str, claims: bool) -> None:
    assert makes_claim(sentence, TERMS) == claims


def test_the_weights_have_their_provenance() -> None:
    support = load_fitted()
    assert set(support.weights) == set(FEATURES)
    assert {"source", "examples", "command"} <= set(support.provenance)


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        (
            "The keeper may not sell any lamp of the harbour.",
            "The harbour shall pay the keeper, who may sell fish, for work and for each lamp that he lit.",
        ),
        (
            "In 1912 ships of the harbour brought coal and 40 lamps.",
            "The lamps were 12, and the harbour, where coal was sold, saw ships. They brought fish in 1912.",
        ),
    ],
)
def test_a_fact_of_something_else_does_not_contradict(claim: str, source: str) -> None:
    assert judged(claim, source).status == "unsupported"


def test_a_fact_at_the_end_of_a_long_text_is_found() -> None:
    calm = " ".join(f"On day {day} the sea was calm, and the wind came from the west." for day in range(3000))
    assert len(calm) > 100_000
    text = f"{calm} {LAMPS}"
    found = judged("The bridge over the river was opened in the spring of 1912 by Queen Mary.", text)
    assert found.status == "supported"
    assert text[found.start : found.end].startswith("The bridge over the river")
