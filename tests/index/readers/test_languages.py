import pytest

from index.config import ReadingConfig
from index.readers import InProcessReaders
from index.readers.languages import detect_language

GERMAN = (
    "Der Leuchtturm steht seit hundert Jahren auf dem Felsen, und jeden Abend zündet der Wärter die Lampe. "
    "Niemand weiß, wie lange er noch bleiben wird."
)
HINDI = (
    "दीपस्तंभ सौ साल से चट्टान पर खड़ा है और हर शाम रखवाला दीपक जलाता है। कोई नहीं जानता कि वह कब तक वहाँ रहेगा, "
    "क्योंकि समुद्र हर साल थोड़ा और पास आ जाता है।"
)


@pytest.mark.parametrize(("text", "language"), [(GERMAN, "de"), (HINDI, "hi")])
def test_the_language_of_a_text_is_detected(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "A lamp.", "12 | 13 | 14\n" * 50, "x = y[1] + {2}; " * 40])
def test_short_texts_and_other_than_prose_have_no_language(text: str) -> None:
    assert detect_language(text) == ""


NAMES = ["John Smith", "Mary Johnson", "Elizabeth Taylor", "Christopher Nolan", "Jennifer Lawrence"]


@pytest.mark.parametrize(
    ("clauses", "language"),
    [
        (
            ["出生于伦敦，", "后来移居纽约，", "在剧中饰演医生，", "获得最佳导演奖，", "与妻子住在乡间。"],
            "zh",
        ),
        (["родился в Лондоне, ", "написал книгу о море, ", "получил награду. "], "ru"),
        (["はロンドンで生まれた。", "は映画に出演した。", "は本を書いた。"], "ja"),
    ],
)
def test_names_in_latin_letters_do_not_hide_a_language(clauses: list[str], language: str) -> None:
    text = "".join(f"{NAMES[at % 5]} (b. 19{at:02}){clauses[at % len(clauses)]}" for at in range(40))
    assert detect_language(text) == language


def test_single_words_of_another_script_do_not_decide() -> None:
    assert detect_language(f"{GERMAN} 燈塔 {GERMAN}") == "de"
    assert detect_language("x1 = foo(bar, baz); 燈塔 " * 30) == ""


def test_the_language_of_the_file_takes_precedence() -> None:
    readers = InProcessReaders(ReadingConfig())
    assert readers.read(GERMAN.encode(), name="a.txt").metadata["language"] == "de"
    page = f'<html lang="nds"><body><h1>L</h1><p>{GERMAN}</p></body></html>'
    assert readers.read(page.encode(), name="a.html").metadata["language"] == "nds"
    assert "language" not in readers.read(b"A lamp.", name="a.txt").metadata


def test_several_samples_of_a_long_text_are_used() -> None:
    german = "Der Leuchtturm steht seit vielen Jahren auf der Klippe und weist den Schiffen den Weg. " * 40
    assert detect_language("Lorem 1 2 3 4 5 6 7 8 9. " * 10 + german) == "de"
    assert detect_language("0 1 2 3 4 5 6 7 8 9 " * 500 + "A line.") == ""
