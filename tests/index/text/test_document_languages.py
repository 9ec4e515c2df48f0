import pytest

from index.text.document_languages import DocumentLanguages

ENGLISH = "The treaty was signed in the harbour by both of the towns, and it is about the fish."
GERMAN = "Der Vertrag wurde im Hafen von beiden Städten unterzeichnet, und er ist über den Fisch."
CHINESE = "条约由两座城市在港口签署，内容是关于捕鱼的。"
RUSSIAN = "Договор был подписан в порту обоими городами, и он о рыбе."


@pytest.mark.parametrize(
    ("texts", "are_mostly_other"),
    [
        ([GERMAN, CHINESE, ENGLISH], True),
        ([RUSSIAN, RUSSIAN], True),
        ([GERMAN], False),
        ([CHINESE, ENGLISH, ENGLISH], False),
        ([GERMAN, CHINESE, ENGLISH, ENGLISH], False),
        ([GERMAN, "12 34", "", "--"], False),
        ([], False),
    ],
)
def test_most_of_several_documents_decide(texts: list[str], *, are_mostly_other: bool) -> None:
    assert DocumentLanguages.of(texts).are_mostly_other is are_mostly_other


def test_texts_without_letters_are_not_counted() -> None:
    assert DocumentLanguages.of([GERMAN, "1, 2, 3"]) == DocumentLanguages(1, 1)
