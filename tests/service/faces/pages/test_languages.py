"""The interface in other languages: every message is translated, and no translation is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import service.faces.pages
from service.faces.pages.error_pages import _HEADINGS
from service.faces.pages.languages import ENGLISH, LANGUAGES, Language, choose_language
from service.faces.pages.navigation import PLACES

ROOM = Path(service.faces.pages.__file__).parent
_CALL = re.compile(r"""\b(t|th|tn)\(\s*("(?:[^"\\\\]|\\\\.)*")(?:,\s*("(?:[^"\\\\]|\\\\.)*"))?""")
_FIELD = re.compile(r"\{(\w+)\}")
TRANSLATED = [one for one in LANGUAGES.values() if one is not ENGLISH]


def called(source: str) -> Iterator[str]:
    """The messages of the calls in a source; of a message with a plural, the plural."""
    for function, first, second in _CALL.findall(source):
        yield ast.literal_eval(second if function == "tn" else first)


def messages_of(pattern: str) -> set[str]:
    return {one for path in ROOM.rglob(pattern) for one in called(path.read_text())}


def on_pages() -> set[str]:
    named = {*_HEADINGS.values(), "That did not work", *(place.name for place in PLACES)}
    return messages_of("*.jinja") | messages_of("*.py") | named


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.tag)
def test_every_message_is_translated_and_none_is_left_over(language: Language) -> None:
    assert set(language.messages) == on_pages()
    assert set(language.scripts) == messages_of("*.js")


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.tag)
def test_translations_have_the_fields_of_their_messages(language: Language) -> None:
    for message, translation in {**language.messages, **language.scripts}.items():
        assert set(_FIELD.findall(message)) >= set(_FIELD.findall(translation)), message
        assert translation.strip(), message


def test_a_message_with_html_escapes_its_values() -> None:
    assert ENGLISH.th("<b>{name}</b>", name="<i>") == "<b>&lt;i&gt;</b>"


def test_numbers_choose_the_form() -> None:
    assert ENGLISH.tn("{count} page", "{count} pages", 1) == "1 page"
    assert ENGLISH.tn("{count} page", "{count} pages", 2) == "2 pages"
    one_form = Language("xx", "X", {"{count} pages": "{count} X"}, one_form=True)
    assert one_form.tn("{count} page", "{count} pages", 1) == "1 X"


@pytest.mark.parametrize(
    ("tag", "accepted", "expected"),
    [
        ("", "", "en"), ("zh", "en", "zh"), ("xx", "zh-TW", "zh"), ("", "fr, zh;q=0.2, en;q=0.1", "zh"),
        ("", "zh;q=0, en;q=0.1", "en"), ("", "zh;q=x,,;;", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_chosen_one_or_the_first_accepted(tag: str, accepted: str, expected: str) -> None:
    assert choose_language(tag, accepted).tag == expected
