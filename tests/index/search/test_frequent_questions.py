"""Questions of a FAQ, in whatever form, are answered by what stands below them."""

from __future__ import annotations

import pytest

from index.answers import Hit
from index.collection import Collection
from index.ingest import Source
from index.search.extraction import divide_question, extract_answer

FAQ = {
    "Who may borrow a bicycle?": "Anybody over sixteen who lives in the district. Visitors need a guarantor.",
    "How old must riders be?": "Twelve. Ask at the desk for exceptions to the age of riders.",
    "Is a helmet provided?": "Yes, in three sizes. Gloves and lights are yours to bring.",
    "May I paint the bicycle?": "Please do not. Stickers on the bicycle are fine.",
}
FORMS = {
    "bold.md": "\n\n".join(f"**{question}**\n{answer}" for question, answer in FAQ.items()),
    "strong.html": "".join(
        f"<p><strong>{question}</strong><br>{answer}</p>" for question, answer in FAQ.items()
    ),
    "labels.txt": "\n\n".join(f"Q: {question}\nA: {answer}" for question, answer in FAQ.items()),
    "lines.txt": "\n\n".join(f"{question}\n{answer}" for question, answer in FAQ.items()),
    "dense.txt": "\n".join(f"{question}\n{answer}" for question, answer in FAQ.items()),
    "headings.md": "\n\n".join(f"## {question}\n\n{answer}" for question, answer in FAQ.items()),
}
RULES = """4. What may be kept

4.1 Boats. Every member has one berth. A second berth costs double.

4.2 Ducks. Up to six may be fed from the pontoon. Bread is bad for their health.

4.3 Stoves and grills. Gas stoves are allowed below deck."""


def ask(collection: Collection, question: str) -> tuple[list[str], list[str]]:
    """The sentences that are quoted, and those that are lit."""
    answer = collection.ask(question)
    with collection.archive.resolution() as resolution:
        extract = extract_answer(resolution, divide_question(question), [answer], most=3, least=0.0)
    return [one.citation.quote for one in extract.sentences], [one for hit in answer.hits for one in lit(hit)]


def lit(hit: Hit) -> list[str]:
    at = hit.citation.start
    return [hit.text[one.start - at : one.end - at] for one in hit.evidence]


@pytest.mark.parametrize("form", FORMS)
def test_the_first_sentence_of_the_answer_is_quoted(collection: Collection, form: str) -> None:
    collection.put(Source(form, FORMS[form].encode()))
    collection.embed_pending()
    for question, answer in FAQ.items():
        quotes, evidence = ask(collection, question)
        first = answer[: answer.index(".") + 1]
        assert quotes[0].endswith(first), (question, quotes)
        assert not any(one.endswith("?") for one in evidence), (question, evidence)
        if len(first.split()) < 6:
            assert question in quotes[0]


def test_a_further_sentence_with_what_is_asked_for_is_quoted_alone(collection: Collection) -> None:
    collection.put(Source("lines.txt", FORMS["lines.txt"].encode()))
    collection.embed_pending()
    quotes, _ = ask(collection, "Can I put stickers on the bicycle?")
    assert quotes[0] == "Stickers on the bicycle are fine."


def test_a_heading_in_the_line_is_quoted_with_its_sentence(collection: Collection) -> None:
    collection.put(Source("rules.txt", RULES.encode()))
    collection.embed_pending()
    quotes, evidence = ask(collection, "How many ducks may be fed?")
    assert quotes[0] == "4.2 Ducks. Up to six may be fed from the pontoon."
    assert "4.2 Ducks." not in evidence


def test_a_question_without_an_answer_is_none(collection: Collection) -> None:
    collection.put(Source("open.txt", b"Will the roof of the boathouse be repaired?"))
    collection.put(Source("notes.txt", b"Mrs Orme asked whether the roof leaks. The roof is made of tin."))
    collection.embed_pending()
    _, evidence = ask(collection, "Will the roof of the boathouse be repaired?")
    assert not any(one.endswith("?") for one in evidence)
    assert collection.ask("Will the roof of the boathouse be repaired?").answerability < 0.5


def test_a_questionnaire_has_its_questions(collection: Collection) -> None:
    text = "Do you row?\n\nHow many glasses of wine do you drink?\n\nDo you sail?\n"
    collection.put(Source("questionnaire.txt", text.encode()))
    collection.embed_pending()
    _, evidence = ask(collection, "How many glasses of wine?")
    assert "How many glasses of wine do you drink?" in evidence


LETTER = """Dear Ms Aldous,

{asked} whether you could be moved to a fixed tariff without a meter.
Since 2021 all households pay for what they use.

{asked} why the water was brown in May. Iron comes off old pipes when the pressure changes.

Yours sincerely, the water company"""


@pytest.mark.parametrize("asked", ["You asked", "You wished to know", "In your letter you enquire"])
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "Can I be moved to a fixed tariff without a meter?",
            "Since 2021 all households pay for what they use.",
        ),
        ("Why was the water brown in May?", "Iron comes off old pipes when the pressure changes."),
    ],
)
def test_what_follows_a_question_that_is_told_of_is_quoted(
    collection: Collection, asked: str, question: str, answer: str
) -> None:
    collection.put(Source("letter.txt", LETTER.replace("{asked}", asked).encode()))
    collection.embed_pending()
    quotes, _ = ask(collection, question)
    assert quotes[0].endswith(answer)


def test_who_asked_is_answered_by_the_sentence_that_tells_it(collection: Collection) -> None:
    text = "Leonard Fitch asked why water had cost so much. A pipe had burst below plot 57."
    collection.put(Source("minutes.txt", text.encode()))
    collection.embed_pending()
    assert ask(collection, "Who asked why water had cost so much?")[0][0].startswith("Leonard Fitch")
    assert ask(collection, "Why had water cost so much?")[0][0].startswith("A pipe")
