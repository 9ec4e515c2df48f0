"""What the page shows of an answer: sentences, citations and their standing, filters, follow-ups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from lxml.html import HtmlElement
from starlette.testclient import TestClient

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.pages.pages import HOSTILE, LAMP, page, squeezed, told, words
from tests.service.http_service import put, served

SHIFTED = r"The words that it cites are the same today\. \d of its \d sources ha(s|ve) the same words"
ASKED = "Who lit the lamp in the north tower?"
OTHER = "The harbour has a crane of iron, which lifts the boats in autumn."


@pytest.fixture(autouse=True)
def lamps(client: TestClient) -> dict[str, Any]:
    put(client, "notes/harbour.md", f"# Harbour\n\n{OTHER}\n")
    return put(client, "lamps.md", f"# Lamps\n\nThe tower is old.\n\n{LAMP} He slept until noon.\n")


def sentences(html: HtmlElement) -> list[str]:
    return [words(one).rsplit("[", 1)[0].strip() for one in html.xpath("//p[@class='sentence']")]


def badges(html: HtmlElement) -> list[str]:
    return [
        " ".join(words(one).split())
        for one in html.xpath("//li[@data-number]//span[contains(@class, 'badge')]")
    ]


def test_the_answer_is_the_sentences_of_the_api_and_each_opens_at_its_words(client: TestClient) -> None:
    answer = client.post("/v1/answer", json={"question": ASKED}).json()
    html = page(client, "/", q=ASKED)
    assert sentences(html) == [one["text"] for one in answer["sentences"]]
    assert not answer["declined"]
    for mark in html.xpath("//p[@class='sentence']/a"):
        assert mark.get("aria-label").startswith("Source 1: ")
        viewer = page(client, mark.get("href"))
        shown = "".join(words(one) for one in viewer.xpath("//mark[@class='evidence']"))
        assert shown in sentences(html)
    lit = [words(one) for one in html.xpath("//blockquote/mark")]
    assert set(sentences(html)) <= set(lit)


def test_where_the_documents_do_not_say_the_page_says_that_first(client: TestClient) -> None:
    html = page(client, "/", q="Which elephant sang in Paris?")
    assert client.post("/v1/answer", json={"question": "Which elephant sang in Paris?"}).json()["declined"]
    (declined,) = html.xpath("//section[contains(@class, 'answer')]/p[@class='declined']")
    assert words(declined) == "The documents probably do not say."
    assert not sentences(html)
    assert words(html.find(".//section[@class='sources']/h2")).strip() == "The nearest passages"


def test_the_marks_name_the_passages_that_the_sentences_stand_in(client: TestClient) -> None:
    html = page(client, "/", q=f"{ASKED} And what does the harbour crane lift in autumn?")
    assert len(sentences(html)) == 2
    for sentence in html.xpath("//p[@class='sentence']"):
        number = sentence.find("a").get("data-number")
        (source,) = html.xpath("//li[@data-number=$number]", number=number)
        quoted = words(source.find("blockquote")) if source.find("blockquote") is not None else ""
        assert squeezed(words(sentence).rsplit("[", 1)[0]) in squeezed(quoted)


def test_a_part_that_nothing_answers_is_named(client: TestClient) -> None:
    question = f"{ASKED} And which zebras quarrelled with giraffes?"
    answer = client.post("/v1/answer", json={"question": question}).json()
    assert answer["unanswered"] == [1]
    assert f"No answer was found to: {answer['parts'][1]}" in told(page(client, "/", q=question))


@pytest.mark.parametrize(
    ("text", "standing", "tone"),
    [
        (f"# Lamps\n\nA word before.\n\nThe tower is old.\n\n{LAMP} He slept until noon.\n", "moved", ""),
        (f"# Lamps\n\nThe tower is old.\n\n{LAMP.replace('keeper', 'night guard')} He slept until noon.\n",
         "changed since", "warn"),
        ("# Ships\n\nNothing of that is said any more: ships sail by day.\n", "gone", "bad"),
    ],
)  # fmt: skip
def test_a_link_to_an_earlier_answer_says_what_its_citations_are_today(
    client: TestClient, text: str, standing: str, tone: str
) -> None:
    first = page(client, "/", q=ASKED)
    assert not badges(first)
    (link,) = first.xpath("//a[@class='permanent']/@href")
    put(client, "lamps.md", text)
    html = page(client, link)
    assert sentences(html) == sentences(first)
    assert [words(one) for one in html.xpath("//blockquote")] == [
        words(one) for one in first.xpath("//blockquote")
    ]
    (item,) = html.xpath("//li[@data-number='1']")
    assert badges(html)[0].startswith(standing)
    assert item.xpath(".//span[contains(@class, 'badge')]/@class")[0].split() == [
        "badge",
        *([tone] if tone else []),
    ]
    assert bool(item.get("data-standing")) == bool(tone)
    assert bool(item.xpath("p[@class='diff']//ins[contains(., 'night')]")) == (tone == "warn")
    assert "Nothing that it cites has changed since." not in told(html)
    assert bool(re.search(SHIFTED, told(html))) == (tone == "")
    for now in item.xpath(".//a[@class='now']/@href"):
        page(client, now)
    assert len(item.xpath(".//a[@class='now']")) == (standing != "gone")


def test_an_earlier_answer_of_unchanged_documents_says_so(client: TestClient) -> None:
    (link,) = page(client, "/", q=ASKED).xpath("//a[@class='permanent']/@href")
    html = page(client, link)
    assert "Nothing that it cites has changed since." in told(html)
    assert set(badges(html)) == {"the same today"}
    assert not html.xpath("//a[@class='permanent']")


def test_a_retired_document_is_gone_since_a_day(client: TestClient, library: Library) -> None:
    (link,) = page(client, "/", q=ASKED).xpath("//a[@class='permanent']/@href")
    library.open("default").editor.retire(["lamps.md"])
    assert any(one.startswith("gone since 20") for one in badges(page(client, link)))


def test_a_follow_up_question_knows_the_ones_before(client: TestClient) -> None:
    html = page(client, "/", q=ASKED, kind="text")
    (form,) = html.xpath("//form[@class='follow']")
    fields = {one.get("name"): one.get("value") for one in form.xpath(".//input[@type='hidden']")}
    assert fields == {"turn": ASKED, "said": " ".join(sentences(html)), "kind": "text"}
    after = page(client, "/", **{**fields, "q": "How long did he sleep?"})
    (earlier,) = after.xpath("//ol[@class='trail']/li/a")
    assert words(earlier) == ASKED
    assert earlier.get("href").startswith("/?q=Who+lit")
    turns = [{"role": "user", "text": ASKED}, {"role": "assistant", "text": fields["said"]}]
    api = client.post("/v1/answer", json={"question": "How long did he sleep?", "turns": turns}).json()
    assert sentences(after) == [one["text"] for one in api["sentences"]]
    hidden = after.xpath("//form[@class='follow']//input[@name='turn']/@value")
    assert hidden == [ASKED, "How long did he sleep?"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"kind": "text"}, {"lamps.md", "notes/harbour.md"}),
        ({"kind": "pdf"}, set()),
        ({"folder": "notes"}, {"notes/harbour.md"}),
        ({"folder": "/notes/"}, {"notes/harbour.md"}),
        ({"folder": "note"}, set()),
        ({"since": "2024-05-01"}, {"dated.md"}),
        ({"until": "2024-05-01"}, {"dated.md"}),
        ({"until": "2024-04-30"}, set()),
        ({"language": "pt"}, {"dated.md"}),
        ({"language": "pt-BR"}, {"dated.md"}),
    ],
)
def test_the_filters_choose_the_documents(
    client: TestClient, fields: dict[str, str], found: set[str]
) -> None:
    dated = {"date": "2024-05-01T10:00:00", "language": "pt-BR"}
    put(client, "dated.md", f"{LAMP} The crane of the harbour is new.", metadata=dated)
    html = page(client, "/", q="lamp tower harbour crane iron", **fields)  # type: ignore[arg-type]
    ids = {one.rpartition("@")[0] for one in html.xpath("//li/@data-locator")}
    assert ids - ({"dated.md"} if "kind" in fields else set()) == found
    assert html.xpath("//details[@class='filters']/@open")
    assert page(client, html.xpath("//a[@class='clear']/@href")[0]).xpath("//li/@data-locator")


def test_a_date_that_is_none_is_told_on_the_page(client: TestClient) -> None:
    html = page(client, "/", status=422, q=ASKED, since="May")
    assert "since: a date has the form" in words(html.xpath("//*[@role='alert']")[0])


def test_the_marked_sentence_is_cited_in_every_format_and_the_passage_too(client: TestClient) -> None:
    html = page(client, "/", q=ASKED)
    (cite,) = html.xpath("//li[@data-number='1']//details[@class='cite']")
    sentence, passage = cite.xpath("ul")
    programs = cite.xpath("details/ul")[0]
    names = ["Link", "Plain text", "Markdown", "BibTeX", "CSL JSON", "RIS"]
    assert [[words(one) for one in some.iter("a")] for some in (sentence, passage)] == [names, names]
    assert len(list(programs.iter("a"))) == 4
    for link in cite.xpath(".//a[@data-format!='link']"):
        reply = client.get(link.get("href"))
        assert reply.status_code == 200
        assert "lamps.md" in reply.text or "Lamps" in reply.text
    for some, expected in ((sentence, LAMP), (passage, None)):
        viewer = page(client, some.xpath(".//a[@data-format='link']/@href")[0])
        quoted = squeezed("".join(words(one) for one in viewer.xpath("//div[@class='text']//mark")))
        assert quoted == squeezed(expected or words(html.xpath("//li[@data-number='1']/blockquote")[0]))
    plain, markdown = (
        client.get(sentence.xpath(f".//a[@data-format='{one}']/@href")[0]).text
        for one in ("plain", "markdown_footnote")
    )
    assert "http://testserver/view/lamps.md@" in plain
    assert f"“{LAMP}”" in markdown
    assert "<http://testserver/view/lamps.md@" in markdown


def test_why_a_passage_is_there_is_told(client: TestClient) -> None:
    html = page(client, "/", q=ASKED)
    passage = client.post("/v1/ask", json={"question": ASKED}).json()["passages"][0]
    told_terms = html.xpath("//li[@data-number='1']//bdi[@class='term']/text()")
    assert told_terms == passage["explain"]["lexical"]["terms"]
    assert "place 1" in words(html.xpath("//li[@data-number='1']//details[@class='why']")[0])
    assert html.xpath("//details[@class='timings']//th[text()='total']")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_words_of_earlier_versions_and_of_addresses_are_shown(
    client: TestClient, hostile: str
) -> None:
    put(client, "lamps.md", f"# Lamps\n\n{LAMP} {hostile}\n", title=hostile)
    first = page(client, "/", q=ASKED, turn=hostile, folder=hostile, language=hostile[:30], said=hostile)
    assert hostile in words(first.xpath("//ol[@class='trail']")[0])
    (link,) = page(client, "/", q=ASKED).xpath("//a[@class='permanent']/@href")
    put(client, "lamps.md", f"# Lamps\n\n{LAMP.replace('dusk', f'dawn {hostile}')} {hostile}\n")
    assert badges(page(client, link))


# Who may see what


@pytest.fixture
def asking(library: Library) -> Iterator[TestClient]:
    with served(library, api_key="correct-horse") as client:
        token, key = new_key("a page", Scope.ASK, KeyOptions())
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
        client.headers["x-api-key"] = token
        yield client


def test_a_key_to_ask_gets_links_with_proofs_and_nothing_more(asking: TestClient) -> None:
    html = page(asking, "/", q=ASKED)
    links = html.xpath("//section[@class='answer' or @class='sources']//a/@href")
    assert len(links) > 2
    for link in links:
        assert "proof=" in link, link
        assert asking.get(link).status_code == 200
    assert not html.xpath("//a[@class='permanent']")
    assert not page(asking, "/").xpath("//section[@class='suggested']")
    assert asking.get("/", params={"q": ASKED, "as_of": 1}).status_code == 403


def test_a_sentence_of_a_superseded_document_names_what_supersedes_it(client: TestClient) -> None:
    put(client, "lamps-2.md", "The harbour master buys oil.\n", metadata={"supersedes": "lamps.md"})
    html = page(client, "/", q=ASKED)
    (sentence,) = html.xpath("//section[contains(@class, 'answer')]/p[@class='sentence']")
    note = sentence.getnext()
    assert words(note).split() == ["Superseded", "by", "lamps-2.md"]
    assert "lamps-2.md" in words(page(client, note.find("a").get("href")).find(".//h1"))
