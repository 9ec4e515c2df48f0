import pytest

from index.config import ReadingConfig
from index.languages import language_of
from index.reading import ReadingHere

GERMAN = (
    "Der Leuchtturm steht seit hundert Jahren auf dem Felsen, und jeden Abend zündet der Wärter die Lampe. "
    "Niemand weiß, wie lange er noch bleiben wird."
)
HINDI = (
    "दीपस्तंभ सौ साल से चट्टान पर खड़ा है और हर शाम रखवाला दीपक जलाता है। कोई नहीं जानता कि वह कब तक वहाँ रहेगा, "
    "क्योंकि समुद्र हर साल थोड़ा और पास आ जाता है।"
)


@pytest.mark.parametrize(("text", "language"), [(GERMAN, "de"), (HINDI, "hi")])
def test_a_language_is_told_by_its_letters(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "A lamp.", "12 | 13 | 14\n" * 50, "x = y[1] + {2}; " * 40])
def test_what_is_short_or_no_prose_has_none(text: str) -> None:
    assert language_of(text) == ""


def test_what_the_file_says_goes_first() -> None:
    reading = ReadingHere(ReadingConfig())
    assert reading.read(GERMAN.encode(), name="a.txt").metadata["language"] == "de"
    page = f'<html lang="nds"><body><h1>L</h1><p>{GERMAN}</p></body></html>'
    assert reading.read(page.encode(), name="a.html").metadata["language"] == "nds"
    assert "language" not in reading.read(b"A lamp.", name="a.txt").metadata


def test_a_long_text_is_looked_at_in_several_places() -> None:
    german = "Der Leuchtturm steht seit vielen Jahren auf der Klippe und weist den Schiffen den Weg. " * 40
    assert language_of("Lorem 1 2 3 4 5 6 7 8 9. " * 10 + german) == "de"
    assert language_of("0 1 2 3 4 5 6 7 8 9 " * 500 + "A line.") == ""
