from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from starlette.testclient import TestClient

from tests.service.faces.api.routes.documents.versions.lamps import diff
from tests.service.http_service import assert_error
from tests.sizes import examples


def sides(hunk: dict[str, Any]) -> tuple[str, str]:
    """The old and the new lines of a hunk."""
    lines = hunk["lines"]
    old = "".join(line["text"] for line in lines if line["kind"] != "insert")
    new = "".join(line["text"] for line in lines if line["kind"] != "delete")
    return old, new


def assert_makes_one_of_the_other(told: dict[str, Any], old: str, new: str) -> None:
    made, at = [], 0
    for hunk in told["hunks"]:
        before, after = sides(hunk)
        assert before == old[hunk["old_start"] : hunk["old_end"]]
        assert after == new[hunk["new_start"] : hunk["new_end"]]
        made += [old[at : hunk["old_start"]], after]
        at = hunk["old_end"]
        for line in hunk["lines"]:
            if line["edits"]:
                assert "".join(edit["text"] for edit in line["edits"]) == line["text"]
                assert {edit["kind"] for edit in line["edits"]} <= {"equal", line["kind"]}
    assert "".join(made) + old[at:] == new


def test_a_difference_has_the_lines_and_words_that_changed(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    told = diff(client, "house/lamps.md", old=1, new=2)
    assert (told["document_id"], told["old"]["version"], told["new"]["version"]) == ("house/lamps.md", 1, 2)
    (hunk,) = told["hunks"]
    changed = {line["kind"]: line for line in hunk["lines"] if line["kind"] != "equal"}
    assert changed["delete"]["text"] == "The lamp was lit at dusk.\n"
    assert changed["insert"]["text"] == "The lamp was lit at dawn.\n"
    assert [edit["text"] for edit in changed["delete"]["edits"] if edit["kind"] == "delete"] == ["dusk"]
    assert [edit["text"] for edit in changed["insert"]["edits"] if edit["kind"] == "insert"] == ["dawn"]
    old, new = (client.get(told[side]["links"]["text"]).text for side in ("old", "new"))
    assert_makes_one_of_the_other(told, old, new)


def test_the_newest_version_is_the_other_when_none_is_named(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    told = diff(client, "house/lamps.md", old=1)
    assert told["new"]["version"] == 3
    assert told == diff(client, "house/lamps.md", old=1, new=3)


def test_differences_go_backwards_too_and_equal_texts_have_none(
    client: TestClient, records: list[dict[str, Any]]
) -> None:
    back = diff(client, "house/lamps.md", old=3, new=1)
    old, new = (client.get(back[side]["links"]["text"]).text for side in ("old", "new"))
    assert_makes_one_of_the_other(back, old, new)
    assert diff(client, "house/lamps.md", old=2, new=2)["hunks"] == []


@pytest.mark.parametrize(
    "query", ["", "old=0", "old=x", "old=1&new=0", "old=-1", "old=1&new=9999999999999", "new=1"]
)
def test_versions_to_compare_are_numbers_from_1(
    client: TestClient, records: list[dict[str, Any]], query: str
) -> None:
    response = client.get(f"/v1/documents/house/lamps.md/diff?{query}")
    message = assert_error(response, 422, "invalid_request")
    assert message.startswith("new: " if "&new" in query else "old: ")


@pytest.mark.parametrize("query", ["old=4", "old=1&new=4", "old=2147483647", "old=4&new=1"])
def test_a_version_that_is_not_there_is_told(
    client: TestClient, records: list[dict[str, Any]], query: str
) -> None:
    message = assert_error(client.get(f"/v1/documents/house/lamps.md/diff?{query}"), 404, "version_not_found")
    assert "4" in message


LINES = st.lists(
    st.one_of(st.sampled_from(["a lamp", "b 👩‍🚒", "", "c e\u0301"]), st.text("abÄ 𝔡.\t", max_size=12)),
    max_size=12,
).map("\n".join)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=LINES, new=LINES)
def test_whatever_the_texts_the_hunks_make_one_of_the_other(client: TestClient, old: str, new: str) -> None:
    client.delete("/v1/documents/any.txt")
    for text in (old, new):
        client.put("/v1/documents/any.txt", json={"text": f"x{text}"})
    # Numbers go on where those of the document that was deleted ended.
    first = client.get("/v1/documents/any.txt/versions").json()["versions"][-1]["version"]
    told = diff(client, "any.txt", old=first)
    before, after = (client.get(told[side]["links"]["text"]).content.decode() for side in ("old", "new"))
    assert_makes_one_of_the_other(told, before, after)
    assert (told["hunks"] == []) == (before == after)
