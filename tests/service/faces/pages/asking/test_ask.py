"""The page to ask on."""

from __future__ import annotations

from math import log
from typing import Any

import lxml.html
import pytest
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from index.naming import CALIBRATION_FILE
from index.search import FEATURES, Answerability, Regression, load_answerability
from tests.service.faces.pages.pages import LAMP, MARKDOWN, marked, page, squeezed, told, told_evidence, words
from tests.service.http_service import GatedEmbedder, put, served


def test_the_page_to_ask_on_says_how_much_there_is_to_ask(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    html = page(client, "/")
    (field,) = html.xpath("//form[@action='/' and @method='get']//input[@name='q']")
    assert field.get("maxlength") == "2000"
    assert html.xpath("//label[@for=$id]", id=field.get("id"))
    assert field.get("autofocus") is not None
    assert "1 document to ask" in told(html)
    put(client, "b.txt", LAMP)
    assert "2 documents to ask" in told(page(client, "/"))
    assert not html.xpath("//select[@name='collection']")


def test_before_anything_is_put_in_the_page_says_how_to(client: TestClient) -> None:
    assert "loccit ingest" in told(page(client, "/"))
    client.put("/v1/collections/default")
    assert "loccit ingest" in told(page(client, "/"))


def test_who_asks_before_anything_is_put_in_is_told_so(client: TestClient) -> None:
    assert "loccit ingest" in told(page(client, "/", q="Who lit the lamp?"))


def test_what_was_asked_is_answered_with_passages_that_lead_to_their_place(client: TestClient) -> None:
    put(client, "lamps.md", MARKDOWN)
    put(client, "more.txt", "A lamp needs oil.", title="More <of> lamps")
    html = page(client, "/", q="Who lit the lamp in the north tower?")
    (field,) = html.xpath("//input[@id='q']")
    assert field.get("value") == "Who lit the lamp in the north tower?"
    assert html.findtext(".//title") == "Who lit the lamp in the north tower? – Loccit"
    passages = client.post("/v1/ask", json={"question": "Who lit the lamp in the north tower?"}).json()
    shown = html.xpath("//ol[@class='passages']/li")
    assert len(shown) == len(passages["passages"]) > 1
    for number, (item, passage) in enumerate(zip(shown, passages["passages"], strict=True), 1):
        (chip,) = item.xpath(".//a[@class='chip']")
        assert words(chip) == f"{number} {passage['citation']['title']}"
        assert words(item.find("blockquote")).strip() == passage["text"]
        evidence = [squeezed(words(one)) for one in item.xpath(".//mark")]
        is_lit = number == 1 or passage["probability"] >= 0.2
        assert squeezed("".join(evidence)) == (squeezed(told_evidence(passage, 1)) if is_lit else "")
        viewer = page(client, chip.get("href"))
        assert squeezed(marked(viewer)) == squeezed(passage["text"])
        assert squeezed(marked(viewer, "//mark[@class='evidence']")) == squeezed(told_evidence(passage, 1))


@pytest.mark.parametrize(
    ("probability", "tone", "said", "per_cent", "declined"),
    [
        (0.97, "good", "is very probably in these passages", "97 %", ""),
        (0.79, "", "is probably in these passages", "79 %", ""),
        (0.65, "", "is probably in these passages", "65 %", ""),
        (0.55, "", "may or may not be in these passages", "55 %", ""),
        (0.499, "", "may or may not be in these passages", "50 %", "may not say."),
        (0.35, "", "may or may not be in these passages", "35 %", "may not say."),
        (0.3, "warn", "may not be in these passages", "30 %", "may not say."),
        (0.2, "warn", "may not be in these passages", "20 %", "may not say."),
        (0.19, "bad", "probably do not contain the answer", "19 %", "probably do not say."),
        (0.004, "bad", "probably do not contain the answer", "less than 1 %", "probably do not say."),
    ],
)
def test_the_probability_is_told_in_words(
    library: Library, probability: float, tone: str, said: str, per_cent: str, declined: str
) -> None:
    with Library(library.data, embedder=WordEmbedder()) as calibrating:
        folder = calibrating.open("default", create=True).folder
    # A collection may have numbers of its own: these say the same of every question.
    always = log(probability / (1 - probability))
    one = Regression.plain(dict.fromkeys(FEATURES, 0.0), always)
    load_answerability().with_question(known=one, spelt=one, read=one, provenance={}).save(
        folder / CALIBRATION_FILE
    )
    with served(library) as client:
        put(client, "a.txt", LAMP)
        html = page(client, "/", q="Who lit the lamp?")
    (status,) = html.xpath("//*[@role='status']")
    assert status.get("class").split() == ["note", *([tone] if tone else []), "verdict"]
    assert said in words(status)
    assert words(status).strip().endswith(f"Probability that they answer: {per_cent}")
    assert [words(one) for one in html.xpath("//p[@class='declined']")] == (
        [f"The documents {declined}"] if declined else []
    )
    nearest = [" ".join(words(one).split()) for one in html.xpath("//p[@class='nearest']")]
    assert nearest == ([f"The nearest sentence: {LAMP} [1]"] if declined == "may not say." else [])


@pytest.mark.parametrize(
    ("probability", "question", "said"),
    [
        (0.3, "Did Hannah light the lamp in 1820?", ["The nearest sentences mention 1820, but not Hannah."]),
        (0.3, "Did Hannah light the lamp?", ["The nearest sentences do not mention Hannah."]),
        (0.3, "Who lit the lamp in 1820?", []),
        (0.9, "Did Hannah light the lamp in 1820?", ["The nearest sentences mention 1820, but not Hannah."]),
        (0.9, "Who lit the lamp in 1820?", []),
    ],
)
def test_what_the_nearest_sentences_do_not_mention_is_said_instead_of_green(
    library: Library, probability: float, question: str, said: list[str]
) -> None:
    with Library(library.data, embedder=WordEmbedder()) as calibrating:
        folder = calibrating.open("default", create=True).folder
    one = Regression.plain({"lacks_name": 0.0}, log(probability / (1 - probability)))
    load_answerability().with_question(known=one, spelt=one, read=one, provenance={}).save(
        folder / CALIBRATION_FILE
    )
    with served(library) as client:
        put(client, "a.txt", f"{LAMP[:-1]} in 1820.")
        html = page(client, "/", q=question)
    assert [words(one) for one in html.xpath("//p[contains(@class, 'lacks')]")] == said


def test_passages_that_probably_do_not_answer_are_neither_lit_nor_in_the_way(library: Library) -> None:
    with Library(library.data, embedder=WordEmbedder()) as calibrating:
        folder = calibrating.open("default", create=True).folder
    # Numbers by which a passage's rank decides: 0.88, 0.32, 0.08, 0.03.
    one = Regression.plain({"nearest": 0.0}, 3.0)
    by_rank = Regression.plain({"rank": -4.0}, 2.0)
    Answerability(one, one, by_rank, one, by_rank, {}).save(folder / CALIBRATION_FILE)
    with served(library) as client:
        for number in range(4):
            put(
                client,
                f"{number}.txt",
                f"The lamp number {number} was lit {'by the keeper ' * number}at dusk.",
            )
        html = page(client, "/", q="Who lit the lamp?")
    shown, folded = html.xpath("//section/ol[@class='passages']/li"), html.xpath("//section/details/ol/li")
    assert [len(item.xpath(".//mark")) > 0 for item in (*shown, *folded)] == [True, True, False, False]
    assert (len(shown), len(folded)) == (3, 1)
    assert (
        words(html.find(".//details[@class='others']/summary")).split()
        == "1 more passage, which probably does not answer".split()
    )
    assert words(folded[0].xpath(".//a[@class='chip']/b")[0]) == "4"
    assert "32 %" in words(shown[1])


def test_a_question_to_an_empty_collection_gets_no_passages(client: TestClient) -> None:
    client.put("/v1/collections/default")
    html = page(client, "/", q="Who lit the lamp?")
    assert "There are no documents here yet. Add some in the library" in told(html)
    assert "No document was asked." in told(html)
    assert not html.xpath("//section[@class='sources']")
    assert "Probability" not in told(html)


def test_a_question_of_a_time_without_documents_is_not_told_to_add_some(client: TestClient) -> None:
    put(client, "a.txt", LAMP)
    shown = told(page(client, "/", q="Who lit the lamp?", moment="2001-01-01T02:00+02:00"))
    assert "There were no documents at that time." in shown
    assert "Add some" not in shown
    assert "stood on 2001-01-01 00:00 UTC" in shown
    body = {"question": "Who lit the lamp?", "as_of": "2001-01-01T00:00:00Z"}
    (note,) = client.post("/v1/ask", json=body).json()["notes"]
    assert note == {"code": "no_documents", "message": "There were no documents at that time."}


def test_a_filter_that_leaves_no_document_is_told(client: TestClient) -> None:
    put(client, "manuals/a.txt", LAMP)
    html = page(client, "/", q="Who lit the lamp?", folder="manual")
    assert "No document passes the filters." in told(html)
    assert "The documents do not say." not in told(html)
    assert "No document passes" not in told(page(client, "/", q="Who lit the lamp?", folder="manuals"))


def test_the_form_offers_the_folders_of_the_documents(client: TestClient) -> None:
    for name in ("a.txt", "b/1.txt", "b/2.txt", "b/c/d/3.txt", "b0/4.txt", "z.txt", "é é/5.txt"):
        put(client, name, f"{LAMP} {name}")
    html = page(client, "/")
    offered = html.xpath("//datalist[@id=//input[@name='folder']/@list]/option/@value")
    assert offered == ["b", "b/c", "b0", "é é"]


@pytest.mark.parametrize(("question", "words_of_it"), [("?!", "question"), ("a" * 2001, "2001 characters")])
def test_a_question_that_cannot_be_asked_is_told_on_the_page(
    client: TestClient, question: str, words_of_it: str
) -> None:
    put(client, "a.txt", LAMP)
    html = page(client, "/", status=422, q=question)
    (alert,) = html.xpath("//*[@role='alert']")
    assert words_of_it in words(alert)
    assert html.xpath("//input[@id='q']")[0].get("value") == question
    assert not html.xpath("//ol")


@pytest.mark.parametrize("question", ["", "   ", "\n"])
def test_an_empty_question_is_no_mistake(client: TestClient, question: str) -> None:
    put(client, "a.txt", LAMP)
    assert "1 document to ask" in told(page(client, "/", q=question))


def test_the_page_quotes_as_much_as_chosen(client: TestClient) -> None:
    text = "# Lamps\n\nThe lamp was lit at dusk. The keeper slept until noon.\n"
    client.put("/v1/documents/lamps.md?wait=true", json={"text": text})
    for extent, quote in (
        ("sentences", "The lamp was lit at dusk."),
        ("passage", "The lamp was lit at dusk. The keeper slept until noon."),
        ("section", "Lamps\n\nThe lamp was lit at dusk. The keeper slept until noon."),
    ):
        page = lxml.html.fromstring(
            client.get("/", params={"q": "When was the lamp lit?", "extent": extent}).text
        )
        assert page.xpath("//blockquote")[0].text_content().strip() == quote
        assert page.xpath("//select[@name='extent']/option[@selected]/@value") == [extent]


def test_other_documents_with_the_words_are_named_once(client: TestClient) -> None:
    text = "The keeper lit the lamp at dusk, when the last ship had gone, and let it burn until the day came."
    for name in ("a.txt", "b.txt", "c & d.txt"):
        put(client, name, text)
    put(client, "e.txt", f"and {text}")
    html = page(client, "/", q="When was the lamp lit?")
    (named,) = html.xpath("//li/p[contains(@class, 'also')]")
    (shown,) = html.xpath("//a[@class='chip']//bdi")
    links = named.xpath("a")
    assert len(links) == 3
    assert shown.text_content() not in {link.text_content() for link in links}
    for link in links:
        assert words(link) in told(page(client, link.get("href")))


def test_among_several_collections_one_is_chosen(client: TestClient) -> None:
    client.put("/v1/collections/other")
    put(client, "a.txt", LAMP)
    put(client, "b.txt", "The lamp of the other one.", collection="other")
    for params, chosen in (({}, "default"), ({"collection": "other"}, "other")):
        html = page(client, "/", q="lamp", **params)
        (select,) = html.xpath("//form//select[@name='collection']")
        assert [one.text for one in select] == ["default", "other"]
        assert [one.text for one in select if one.get("selected") is not None] == [chosen]
        assert select.get("aria-label")
    (chip,) = html.xpath("//a[@class='chip']")
    viewer = page(client, chip.get("href"))
    assert squeezed(marked(viewer)) == squeezed("The lamp of the other one.")
    for link in viewer.xpath("//footer//a/@href | //a[@class='name']/@href"):
        assert "collection=other" in link
        assert client.get(link).status_code == 200


def test_a_collection_that_is_not_the_default_one_can_be_chosen_when_it_is_alone(client: TestClient) -> None:
    client.put("/v1/collections/other")
    put(client, "b.txt", LAMP, collection="other")
    html = page(client, "/")
    assert html.xpath("//select[@name='collection']/option[text()='other']")


def test_documents_that_cannot_be_found_by_meaning_yet_are_told(
    library: Library, embedder: GatedEmbedder
) -> None:
    with served(library) as client:
        put(client, "a.txt", LAMP)
        app_of_client: Any = client.app
        app_of_client.state.runtime.worker.stop()
        client.put("/v1/documents/b.txt", json={"text": "The lamp of another."})
        assert "Documents are still being prepared: 50 %" in told(page(client, "/", q="lamp"))
