"""The viewer leads from one citation of an answer to the next."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, strategies as st
from starlette.testclient import TestClient

from index.errors import InvalidLocator
from service.http.links import CitedWith, in_collection, view_address
from tests.service.faces.pages.pages import LAMP, locator_of, marked, page, told, view, words
from tests.service.http_service import put


@pytest.fixture
def three(client: TestClient) -> list[str]:
    """Citations of an answer: of two documents, the middle one with evidence."""
    lamps = put(client, "lamps & co/1.txt", f"{LAMP}\n\nOil lamps need a wick.\n")
    dogs = put(client, "dogs.txt", "A dog sleeps by the lamp.")
    return [
        locator_of(lamps, 0, len(LAMP)),
        f"{locator_of(lamps, len(LAMP) + 2, len(LAMP) + 24)}|{len(LAMP) + 2}-{len(LAMP) + 11}",
        locator_of(dogs, 0, 5),
    ]


def test_the_viewer_leads_from_one_citation_to_the_next(client: TestClient, three: list[str]) -> None:
    quotes = []
    html = view(client, three[0], of=three)
    assert not html.xpath("//a[@rel='prev']")
    while True:
        quotes.append(marked(html))
        assert f"{len(quotes)} of 3" in told(html)
        following = html.xpath("//nav[@class='steps']//a[@rel='next']/@href")
        if not following:
            break
        html = page(client, following[0])
    assert quotes == [LAMP, "Oil lamps need a wick.", "A dog"]
    (back,) = html.xpath("//nav[@class='steps']//a[@rel='prev']/@href")
    html = page(client, back)
    assert marked(html) == "Oil lamps need a wick."
    assert marked(html, "//mark[@class='evidence']") == "Oil lamps"
    (back,) = html.xpath("//a[@rel='prev']/@href")
    assert marked(page(client, back)) == LAMP
    assert back.endswith("#quote")


def test_a_citation_of_no_answer_leads_nowhere(client: TestClient, three: list[str]) -> None:
    assert not view(client, three[0]).xpath("//nav[@class='steps']")
    assert not view(client, three[0], of=three[2:]).xpath("//nav[@class='steps']")
    assert not view(client, three[0], of=three[:1]).xpath("//nav[@class='steps']")


@pytest.mark.parametrize(
    "of", ["x", "", "a@9f2c41aab3de:2-1", "a@9f2c41aab3de:1-2|", "a@9f2c41aab3de:1-2|3", "|1-2", "<script>"]
)
def test_an_answer_that_cannot_be_is_refused_on_a_page(client: TestClient, three: list[str], of: str) -> None:
    html = page(client, f"/view/{three[0]}", status=422, of=[*three, of])
    (alert,) = html.xpath("//*[@role='alert']")
    assert words(alert).startswith("of: ")


def test_an_answer_has_at_most_a_hundred_citations(client: TestClient, three: list[str]) -> None:
    assert view(client, three[0], of=[three[0]] * 100) is not None
    page(client, f"/view/{three[0]}", status=422, of=[three[0]] * 101)


def test_citations_of_an_answer_need_not_be_there(client: TestClient, three: list[str]) -> None:
    html = view(client, three[0], of=[three[0], "nothing.txt@000000000000:0-5"])
    (following,) = html.xpath("//a[@rel='next']/@href")
    assert "nothing.txt" in told(page(client, following, status=404))


LOCATORS = st.builds(
    "{}@{}:{}-{}".format,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    st.text("0123456789abcdef", min_size=12, max_size=12),
    st.integers(0, 999),
    st.integers(1000, 10**12 - 1),
)
SPANS = st.tuples(st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1))


@given(locator=LOCATORS, evidence=st.lists(SPANS, max_size=5))
def test_a_citation_with_its_evidence_is_read_as_it_was_written(
    locator: str, evidence: list[tuple[int, int]]
) -> None:
    one = CitedWith(locator, tuple(evidence))
    assert CitedWith.parse(str(one)) == one


@given(written=st.one_of(st.text(max_size=40), st.text("a@09f:|-", max_size=40)))
def test_what_is_no_citation_is_refused_and_what_is_comes_back(written: str) -> None:
    try:
        parsed = CitedWith.parse(written)
    except InvalidLocator:
        return
    assert CitedWith.parse(str(parsed)) == parsed


def test_an_id_with_evidence_in_it_is_not_taken_for_evidence() -> None:
    locator = "a|1-2@9f2c41aab3de:3-4|5-6@0f2c41aab3de:7-8"
    assert CitedWith.parse(locator) == CitedWith(locator)
    assert CitedWith.parse(f"{locator}|9-10") == CitedWith(locator, ((9, 10),))


@given(locator=LOCATORS, others=st.lists(st.builds(CitedWith, LOCATORS), max_size=3))
def test_the_address_of_a_citation_names_it_and_all_of_its_answer(
    locator: str, others: list[CitedWith]
) -> None:
    cited = [CitedWith(locator, ((1, 2),)), *others]
    parts = urlsplit(view_address(locator, cited, "other"))
    assert unquote(parts.path) == f"/view/{locator}"
    assert parse_qsl(parts.query, strict_parsing=True) == [
        *(("of", str(one)) for one in cited),
        ("collection", "other"),
    ]
    assert parts.fragment == "quote"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a", "/a?collection=b"),
        ("/a?c=d", "/a?c=d&collection=b"),
        ("/a#e", "/a?collection=b#e"),
        ("/a?c=d#e", "/a?c=d&collection=b#e"),
        ("", "?collection=b"),
    ],
)
def test_a_collection_goes_into_the_query(path: str, expected: str) -> None:
    assert in_collection(path, "b") == expected
    assert in_collection(path, "default") == path
