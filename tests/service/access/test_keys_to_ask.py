"""What a key with the scope ask may do, beyond asking."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from service.flows.evidence_packs.documents import carried
from tests.service.access.place import COLLECTION, DOCUMENT, PDF, QUESTION, Place, assert_tells_nothing
from tests.service.access.probes import MCP_HEADERS, MESSAGE


def test_a_key_to_ask_looks_up_the_citations_of_its_answers_and_no_others(place: Place) -> None:
    place.restore()
    body = {"question": QUESTION, "collection": COLLECTION}
    (passage, *_) = place.send("POST", "/v1/ask", "ask", json=body).json()["passages"]
    links = passage["citation"]["links"]
    assert links.keys() == {"citation", "view"}
    found = place.send("GET", links["citation"], "ask")
    assert found.status_code == 200
    assert found.json()["quote"] == passage["text"]
    again = found.json()["links"]
    assert again == links
    standing = found.json()["standing"]["citation"]["links"]
    assert place.send("GET", standing["citation"], "ask").status_code == 200
    shorter = links["citation"].replace("-46", "-45")
    assert shorter != links["citation"]
    for forbidden in (
        shorter,
        f"{links['citation']}&around=301",
        links["citation"].replace("proof=", "proof=x"),
    ):
        assert place.send("GET", forbidden, "ask").status_code == 403
    assert place.send("GET", f"{links['citation']}&format=plain", "ask").status_code == 200


def test_a_key_to_ask_gets_its_answers_signed_and_no_verification(place: Place) -> None:
    place.restore()
    where = {"collection": COLLECTION}
    signed = place.send("POST", "/v1/evidence", "ask", json={"question": QUESTION, **where})
    assert signed.status_code == 200
    assert "proof=" not in signed.text
    page = place.send("GET", "/", "ask", params={"q": QUESTION, **where}).text
    links = re.findall(r'href="(/evidence[^"]+)"', page)
    assert len(links) == 3
    for link in links:
        assert "as_of" not in link
        pack = json.loads(carried(place.send("GET", unescape(link), "ask").content).pack)
        assert pack["evidence"]["quotes"] == signed.json()["evidence"]["quotes"]
    for body in ({"quotes": ["The quagga grazes near"]}, {"answer": {"text": "It grazes at dusk."}}):
        refused = place.send("POST", "/v1/evidence", "ask", json={**body, **where})
        assert refused.status_code == 403
        assert refused.json()["error"]["code"] == "forbidden"
        assert_tells_nothing(refused)


def test_a_key_to_ask_sees_the_quote_and_not_the_whole_document(place: Place) -> None:
    place.restore()
    first, last = (
        "\n\n".join(f"Paragraph {number} has other words." for number in range(start, start + 200))
        for start in (0, 200)
    )
    place.as_admin(
        "PUT",
        "/v1/documents/long.txt",
        json={"text": f"{first}\n\nThe platypus swims.\n\n{last}"},
        params={"collection": COLLECTION},
    )
    query = {"q": "platypus", "collection": COLLECTION}
    page = place.send("GET", "/", "ask", params=query).text
    links = [part.partition('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]]
    # Passages without the word follow the first one when their vectors are there already.
    link, *_ = [one for one in links if one.startswith("/view/long.txt")]
    shown = place.send("GET", link, "ask")
    assert shown.status_code == 200
    assert "platypus" in shown.text
    assert len(shown.text) < len(first)
    assert "Paragraph 1 " not in shown.text
    assert "Later part" not in shown.text
    assert "/v1/documents/" not in shown.text
    assert "Paragraph 1 " in place.send("GET", link, "read").text


def test_a_key_to_ask_sees_no_drawn_page(place: Place) -> None:
    place.restore()
    place.restore_pdf()
    query = {"q": "ledger", "collection": COLLECTION}
    page = place.send("GET", "/", "ask", params=query).text
    links = [part.partition('"')[0].replace("&amp;", "&") for part in page.split('href="')[1:]]
    link, *_ = [one for one in links if one.startswith(f"/view/{PDF}")]
    for address in (link, link.replace("?", "?page=1&", 1)):
        shown = place.send("GET", address, "ask").text
        assert "A page of a ledger." in shown
        assert "<img" not in shown
        assert "/v1/documents/" not in shown
        assert "its original" not in shown
    assert "page.png" in place.send("GET", link, "read").text


def test_a_key_to_ask_is_bounded(place: Place) -> None:
    place.restore()
    body = {"question": QUESTION, "collection": COLLECTION}
    assert place.send("POST", "/v1/ask", "ask", json={**body, "k": 10}).status_code == 200
    assert place.send("POST", "/v1/ask", "ask", json={**body, "k": 11}).status_code == 422
    assert place.send("POST", "/v1/ask", "read", json={**body, "k": 11}).status_code == 200
    for most, status in ((10, 200), (11, 422)):
        sent = place.send("POST", "/v1/ask", "ask", json={**body, "max_per_document": most})
        assert sent.status_code == status
    assert place.send("POST", "/v1/ask", "ask", json={**body, "as_of": 1}).status_code == 403
    for route in ("/v1/ask", "/v1/answer"):
        assert place.send("POST", route, "ask", json={**body, "conflicts": True}).status_code == 403
    assert place.send("POST", "/v1/ask", "ask", json={**body, "extent": "section"}).status_code == 403
    assert place.send("POST", "/v1/ask", "ask", json={**body, "extent": "sentences"}).status_code == 200
    assert place.send("POST", "/v1/ask", "read", json={**body, "extent": "section"}).status_code == 200


def test_a_key_to_ask_fetches_the_surroundings_of_its_results_and_nothing_else(place: Place) -> None:
    place.restore()
    first, last = ("\n\n".join(f"Paragraph {number} has other words." for number in range(200)) for _ in "ab")
    text = f"{first}\n\nThe platypus swims.\n\n{last}"
    where = {"collection": COLLECTION}
    place.as_admin("PUT", "/v1/documents/long.txt", json={"text": text}, params=where)

    def call(tool: str, key: str, **arguments: Any) -> Any:
        return place.send("POST", f"/tools/{tool}", key, json=arguments, params=where)

    results = call("search", "ask", query="platypus").json()["results"]
    (found,) = [one for one in results if "platypus" in one["text"]]
    fetched = call("fetch", "ask", id=found["id"]).json()
    assert found["text"] in fetched["text"] in text
    assert len(fetched["text"]) <= len(found["text"]) + 600
    assert fetched["metadata"]["next"] is None
    assert place.send("GET", found["url"].removeprefix("http://testserver"), "ask").status_code == 200
    assert call("cite", "ask", locator=found["id"]).json()["quote"] == found["text"]
    locator = found["id"].partition("?")[0]
    other = found["id"].replace("long.txt", "other.txt")
    for forbidden in (locator, f"{locator}?proof=x", "long.txt", other):
        assert call("fetch", "ask", id=forbidden).status_code == 403
    assert call("cite", "ask", locator=locator).status_code == 403
    assert call("fetch", "read", id=locator).json()["text"] == text


def test_a_key_is_offered_the_tools_that_it_may_use(place: Place) -> None:
    everything = ["search", "fetch", "ask", "verify", "cite", "list_documents"]
    for key, names in (("ask", ["search", "fetch", "ask", "cite"]), ("read", everything)):
        message = {**MESSAGE, "method": "tools/list", "params": {}}
        reply = place.send("POST", "/mcp", key, json=message, headers=MCP_HEADERS).json()
        assert [tool["name"] for tool in reply["result"]["tools"]] == names
        paths = place.send("GET", "/tools/openapi.json", key).json()["paths"]
        assert list(paths) == [f"/{name}" for name in names]


def test_a_key_to_ask_calls_no_other_tools(place: Place) -> None:
    for tool in ("verify", "list_documents"):
        message = {**MESSAGE, "params": {"name": tool, "arguments": {}}}
        refused = place.send("POST", "/mcp", "ask", json=message, headers=MCP_HEADERS).json()["result"]
        assert refused["isError"]
        assert "scope read" in refused["content"][0]["text"]


def test_a_key_to_ask_reads_no_resources(place: Place) -> None:
    for method, params in (
        ("resources/list", {}),
        ("resources/read", {"uri": f"loccit://documents/{COLLECTION}/{DOCUMENT}"}),
        ("resources/read", {"uri": f"loccit://citations/{COLLECTION}/{place.locator}"}),
    ):
        message = {**MESSAGE, "method": method, "params": params}
        refused = place.send("POST", "/mcp", "ask", json=message, headers=MCP_HEADERS)
        assert "scope read" in refused.json()["error"]["message"]
        assert_tells_nothing(refused)
        other = "read of another collection"
        assert_tells_nothing(place.send("POST", "/mcp", other, json=message, headers=MCP_HEADERS))
