"""The interface in other languages: every message is translated, and no translation is left over."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel.core import Locale

import service.faces.pages
import service.flows.evidence_packs.report
from service.faces.pages.error_pages import _HEADINGS
from service.faces.pages.languages import (
    ENGLISH,
    LANGUAGES,
    Language,
    Translation,
    choose_language,
    read_languages,
)
from service.faces.pages.navigation import PLACES

ROOM = Path(service.faces.pages.__file__).parent
REPORT = Path(service.flows.evidence_packs.report.__file__)
"""What evidence says to people, in the language of the page that it was downloaded from."""
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
    return messages_of("*.jinja") | messages_of("*.py") | {*called(REPORT.read_text())} | named


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.tag)
def test_every_message_is_translated_and_none_is_left_over(language: Language) -> None:
    assert set(language.messages) == on_pages()
    assert set(language.scripts) == messages_of("*.js")


def forms(translation: Translation) -> Mapping[str, str]:
    return {"other": translation} if isinstance(translation, str) else translation


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.tag)
def test_translations_have_the_fields_of_their_messages(language: Language) -> None:
    for message, translation in {**language.messages, **language.scripts}.items():
        for form in forms(translation).values():
            assert set(_FIELD.findall(message)) >= set(_FIELD.findall(form)), message
            assert form.strip(), message


@pytest.mark.parametrize("language", TRANSLATED, ids=lambda one: one.tag)
def test_translations_have_the_plural_forms_of_their_language(language: Language) -> None:
    categories = Locale.parse(language.tag, sep="-").plural_form.tags | {"other"}
    for message, translation in {**language.messages, **language.scripts}.items():
        assert isinstance(translation, str) or translation.keys() == categories, message


def test_a_message_with_html_escapes_its_values() -> None:
    assert ENGLISH.th("<b>{name}</b>", name="<i>") == "<b>&lt;i&gt;</b>"


def test_english_numbers_choose_the_form() -> None:
    assert ENGLISH.tn("{count} page", "{count} pages", 1) == "1 page"
    assert [ENGLISH.tn("{count} page", "{count} pages", count) for count in (0, 2)] == ["0 pages", "2 pages"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_one_text_is_for_all_numbers(count: int) -> None:
    language = Language("zh", "X", {"{count} pages": "{count} X"})
    assert language.tn("{count} page", "{count} pages", count) == f"{count} X"


def write_catalogue(folder: Path, tag: str, translation: Mapping[str, str]) -> None:
    catalogue = {"name": tag, "messages": {"{count} documents": translation, "Help": "?"}, "scripts": {}}
    (folder / f"{tag}.json").write_text(json.dumps(catalogue), encoding="utf-8")


RUSSIAN = {
    "one": "{count} документ",
    "few": "{count} документа",
    "many": "{count} документов",
    "other": "{count} документа",
}
ARABIC = {
    "zero": "لا مستندات",
    "one": "مستند واحد",
    "two": "مستندان",
    "few": "{count} مستندات",
    "many": "{count} مستندًا",
    "other": "{count} مستند",
}


@pytest.mark.parametrize(
    ("tag", "translation", "expected"),
    [
        ("ru", RUSSIAN, {1: "one", 2: "few", 5: "many", 11: "many", 21: "one", 22: "few", 25: "many"}),
        ("ar", ARABIC, {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other"}),
    ],
)
def test_a_language_is_a_file_with_its_plural_forms(
    tmp_path: Path, tag: str, translation: Mapping[str, str], expected: Mapping[int, str]
) -> None:
    write_catalogue(tmp_path, tag, translation)
    languages = read_languages(tmp_path)
    assert set(languages) == {"en", tag}
    language = languages[tag]
    told = {count: language.tn("{count} document", "{count} documents", count) for count in expected}
    assert told == {count: translation[one].format(count=count) for count, one in expected.items()}
    assert language.is_right_to_left == (tag == "ar")
    assert language.t("Help") == "?"
    assert language.t("Not translated") == "Not translated"


def test_a_form_that_is_missing_is_the_general_one(tmp_path: Path) -> None:
    write_catalogue(tmp_path, "ru", {"other": "документов: {count}"})
    russian = read_languages(tmp_path)["ru"]
    assert russian.tn("", "{count} documents", 1) == "документов: 1"
    assert russian.t("{count} documents", count=2) == "документов: 2"


@pytest.mark.parametrize(
    ("tag", "accepted", "expected"),
    [
        ("", "", "en"), ("zh", "en", "zh"), ("xx", "zh-TW", "zh"), ("", "fr, zh;q=0.2, en;q=0.1", "zh"),
        ("", "zh;q=0, en;q=0.1", "en"), ("", "zh;q=x,,;;", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_chosen_one_or_the_first_accepted(tag: str, accepted: str, expected: str) -> None:
    assert choose_language(tag, accepted).tag == expected
