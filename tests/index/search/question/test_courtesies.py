from __future__ import annotations

import pytest

from index.search.question.courtesies import Courtesy, courtesy_of, is_courtesy


@pytest.mark.parametrize(
    ("text", "kind", "language"),
    [
        ("Thanks!", "thanks", "english"),
        ("ta", "thanks", "english"),
        ("Ok, that's great, thanks for your help", "thanks", "english"),
        ("That’s exactly what I needed", "thanks", "english"),
        ("super", "thanks", ""),
        ("Danke schön!", "thanks", "german"),
        ("das hilft mir weiter", "thanks", "german"),
        ("Merci beaucoup !", "thanks", "french"),
        ("muchisimas gracias", "thanks", "spanish"),
        ("谢谢你，再见", "thanks", "chinese"),
        ("ありがとうございます！", "thanks", "japanese"),
        ("got it", "agreement", "english"),
        ("alles klar", "agreement", "german"),
        ("Yes, please", "agreement", "english"),
        ("ok bye", "farewell", "english"),
        ("Tschüss", "farewell", "german"),
        ("Hello 👋", "greeting", "english"),
        ("How are you?", "greeting", "english"),
        ("", "greeting", ""),
        ("?!", "greeting", ""),
    ],
)
def test_a_courtesy_has_a_kind_and_mostly_a_language(text: str, kind: str, language: str) -> None:
    found = courtesy_of(text)
    assert found == Courtesy(kind, language)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "Hello, what is BM25?",
        "thanks, and how much is it?",
        "ok so when does it start",
        "how much?",
        "so?",
        "really?",
        "Who said thanks?",
        "no, the K60",
        "danke, und wie lange?",
        "明白吗？",
        "42",
        "thanks " * 40,
    ],
)
def test_a_question_is_no_courtesy(text: str) -> None:
    assert not is_courtesy(text)


@pytest.mark.parametrize("text", ["行不行?", "Right?", "Clear?", "大丈夫？"])
def test_an_agreement_with_a_question_mark_asks(text: str) -> None:
    assert courtesy_of(text) is None
