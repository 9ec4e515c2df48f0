"""Questions are drafted from what sentences say of something that they name."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.types import Block
from service.flows.suggesting import drafts_of


def questions(text: str, title: str = "", *blocks: Block) -> list[str]:
    return [one.question for one in drafts_of("a.md", title, text, blocks)]


TITLED = [
    ("The Dead Sea is a salt lake between Jordan and Israel.", "Dead Sea", "What is the Dead Sea?"),
    ("A morpheme is the smallest unit of a language.", "Morpheme", ""),
    ("A morpheme is a unit of a language that has a meaning.", "Morpheme", "What is a morpheme?"),
    ("Ada Lovelace (born 1815) was an English mathematician.", "Ada Lovelace", "Who was Ada Lovelace?"),
    ("Saturn has 83 moons with confirmed orbits.", "Saturn", "How many moons does Saturn have?"),
    ("World War I began on 28 July 1914.", "World War I", "When did World War I begin?"),
    (
        "Der Kearney Boulevard ist eine Straße in Fresno.",
        "Kearney Boulevard",
        "Was ist der Kearney Boulevard?",
    ),
    ("No Man 's Sky is a game that was made in Guildford.", "No Man's Sky", "What is No Man's Sky?"),
    ("Sky is a word that has three letters.", "Sky (word)", ""),
    ("Gallstones are hard particles that form in the gallbladder.", "Gallstones", "What are Gallstones?"),
    ("A Doll's House is a play in three acts by Ibsen.", "A Doll's House", "What is A Doll's House?"),
    ("Islamism is a controversial concept of modern politics.", "Islamism", ""),
    ("Migration is a process which is essential for embryos.", "Migration", ""),
    ("Club drugs are also drugs that are sold at night.", "Club drugs", ""),
    ("Asthma is caused by inflamed airways.", "Asthma", "What causes Asthma?"),
    ("Barth syndrome is a rare condition, although nobody counts it.", "Barth syndrome", ""),
    ("Signs of scurvy include bleeding gums.", "Scurvy", "What are the signs of scurvy?"),
    ("The cause of scurvy was unknown for long.", "Scurvy", ""),
    ("Aspirin is commonly used to reduce fever.", "Aspirin", "What is Aspirin used for?"),
    ("朱椿是明太祖朱元璋第十一子，母郭惠妃。", "朱椿", "朱椿是谁？"),
    ("梵文是印歐語系的一種語言，這是其名。", "梵文", "梵文是什麼？"),
    ("盧安達是聯合國和非洲聯盟的成員國。", "盧安達", ""),
    ("逆渗透是正渗透的反向，耗费更多的能量。", "逆渗透", ""),
    ("小渋川(こしぶがわ)は、天竜川の主要な支流のひとつだ。", "小渋川", "小渋川とは何ですか？"),
    ("藤山一郎(ふじやま)は、日本の歌手・作曲家・指揮者。", "藤山一郎", ""),
    ("Asthma is a disease that narrows the lungs; much asthma is mild.", "Asthma", "What is asthma?"),
    ("佩特里奇，是一名克罗地亚足球运动员。", "佩特里奇", "佩特里奇是谁？"),
    ("博落回是罂粟科博落回属的一种多年生草本植物。", "博落回", "博落回是什么？"),
    ("米泽是奥羽本线与米坂线的交会车站和主车站。", "米泽车站", ""),
    ("盧安達是聯合國、非洲聯盟、東非共同體和大英國協的成員國。", "盧安達", ""),
    ("Cell migration is a process which is essential for growth.", "Cell migration", ""),
    ("Male infertility is a long-standing enigma of medical concern.", "Male infertility", ""),
    ("Islamism is a controversial concept of the twentieth century.", "Islamism", ""),
]


@pytest.mark.parametrize(("sentence", "title", "question"), TITLED)
def test_the_subject_of_a_title_is_asked_for(sentence: str, title: str, question: str) -> None:
    assert questions(sentence, title)[:1] == ([question] if question else [])


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The Dead Sea was discovered in March 1848.", "When was the Dead Sea discovered?"),
        ("The Eiffel Tower was designed by Gustave Eiffel.", "Who designed the Eiffel Tower?"),
        ("Marble Falls is located in southern Burnet County.", "Where is Marble Falls located?"),
        (
            "The capital of the Northern Territory is Darwin.",
            "What is the capital of the Northern Territory?",
        ),
        ("Ada Lovelace was born in London in 1815.", "When was Ada Lovelace born?"),
        ("NATO stands for North Atlantic Treaty Organization.", "What does NATO stand for?"),
        ("A stop word is a word that says little of a text.", "What is a stop word?"),
        ("Snake River The Snake River is a waterway of four states.", "What is the Snake River?"),
        (
            "BACKGROUND Ulcerative colitis (UC) is an inflammation of the colon.",
            "What is Ulcerative colitis?",
        ),
        (
            "Digital signature is a process that proves who wrote a text.",
            "What is meant by “Digital signature”?",
        ),
        (
            "Every employee has 30 days of leave a year.",
            "How many days of leave does every employee have a year?",
        ),
        (
            "Travel expenses must be claimed within 14 days.",
            "Within how many days must travel expenses be claimed?",
        ),
        ("To reset your login password, open the page of settings.", "How do I reset my login password?"),
        (
            "You can light the keeper's oil lamp by holding a match to the wick.",
            "How do I light the keeper's oil lamp?",
        ),
    ],
)
def test_a_sentence_that_is_understood_alone_gives_its_question(sentence: str, question: str) -> None:
    assert question in questions(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It is a salt lake that has no fish.",
        "However, the lamp is a thing that shines.",
        "Seine Bahn ist eine gerade Linie über dem Meer.",
        "Esta es una razón de que todos los países lo hagan.",
        "Das ist eine bewährte Größe für jede Sprache.",
        "Now Lamp is a set of tools that burn oil.",
        "North of Greater Los Angeles are the areas of Santa Barbara.",
        "Within the ampulla is a mound of hair that is small.",
        # Ranks, states and opinions.
        "India is the third largest hub in the world.",
        "Reggie Smith was the last Cardinal to hit a home run.",
        "PowerShell Seven is the latest version of the shell.",
        "Vicis Helmets is a new company that makes helmets.",
        "Patience is the closest to perfection.",
        "The Duchy of Cornwall is a similar estate that is held in trust.",
        "Log Monitoring is a critical component of each service.",
        "The Tay Bridge is a bridge of two miles.",
        'Cookie is a "sister" class of Path and Query.',
        "Version 6.15.0 was released on 2023-07-11.",
        # Persons of whom only something is said in passing.
        "Mary is a widow aged 69, with a pension of her own.",
        "Lorna and Paul are a couple from Leeds.",
        "Lionel Meadows is a garage owner who deals in stolen cars.",
        # What does not say which, or how.
        "The project is a plan that serves all of them.",
        "Notice period: three months to the end of the quarter.",
        "To create a document, choose the button.",
        "To change the state of an account, use the following example.",
        "You can use the oil lamp of the keeper by lighting it.",
        "You can start the oil lamp of the keeper with a match.",
        "To show the target of the lamp, run the command.",
        "It must be paid within 14 days.",
    ],
)
def test_what_nobody_would_ask_gives_none(sentence: str) -> None:
    assert questions(sentence) == []


def test_what_a_thing_is_is_asked_only_of_the_sentence_that_first_names_it() -> None:
    defining, later = (
        "The wombat is a marsupial that digs burrows.",
        "The wombat is an animal that sleeps by day.",
    )
    assert questions(f"{defining} {later}", "Wombat") == ["What is the wombat?"]
    (draft,) = drafts_of("a.md", "Wombat", f"# Wombat\n\n{defining} {later}", ())
    assert draft.start == 10
    assert questions(f"Burrows of the wombat are deep. {later}", "Wombat") == []
    assert questions("本篤十六世是第265任教宗，在2005年當選。", "本篤十六世") == ["本篤十六世是谁？"]


def test_a_name_in_passing_is_asked_for_if_the_document_returns_to_it() -> None:
    said = "Tymnet was an early network between computers."
    assert questions(said, "Packets") == []
    again = f"{said} Firms used Tymnet at night. The clerks of Tymnet slept by day."
    assert questions(again, "Packets") == ["What was Tymnet?"]


def headings(*titles: str, below: str = "The keeper did so at dusk.") -> list[str]:
    text = "".join(f"{title}\n\n{below}\n\n" for title in titles)
    blocks = [
        Block("heading", start, start + len(title), 2, title)
        for title in titles
        for start in [text.index(title)]
    ]
    return questions(text, "", *blocks)


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Who lit the oil lamp?", "Who lit the oil lamp?"),
        ("7.5. What is a Debian conffile?", "What is a Debian conffile?"),
        ("Q: Can I light the lamp at noon?", "Can I light the lamp at noon?"),
        ("How to light the oil lamp of the keeper", "How do I light the oil lamp of the keeper?"),
        ("并发比并行好吗？", "并发比并行好吗？"),
        ("Who lit it?", ""),
        ("When to use the callback?", ""),
        ("What does this mean for others?", ""),
        ("Why is the lamp lit at dusk?", ""),
        ("What is the main point of your essay?", ""),
        ("Which of the lamps is better for me?", ""),
        ("O Brother, Where Art Thou?", ""),
        ("Do Parties Or Voters Choose Presidential Nominees?", ""),
    ],
)
def test_headings_that_ask_and_are_understood_alone_are_questions(heading: str, question: str) -> None:
    assert headings(heading) == ([question] if question else [])


def test_a_line_that_asks_is_a_heading_unless_it_is_one_of_a_list() -> None:
    answer = "The keeper lit the lamp at dusk, on every day of the year."
    assert questions(f"Who lit the oil lamp?\n{answer}\n") == ["Who lit the oil lamp?"]
    assert questions("Who lit the oil lamp of the harbour?\nWho put out the oil lamp of the harbour?\n") == []


@given(st.text(), st.text())
def test_any_text_gives_drafts_inside_it(text: str, title: str) -> None:
    for one in drafts_of("a", title, text, ()):
        assert 0 <= one.start < one.end <= len(text)
        assert one.question
