"""Who may read what a source brings: in force after one run, and never wider than the application says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from index.errors import InvalidGroup, InvalidSource
from index.sources.applications import Source, validate_source
from index.sources.folder_rights import FolderRights
from tests.index.conftest import Opener
from tests.index.sources.applications.fakes import (
    FakeGitHub,
    FakeRepository,
    FakeSharePoint,
    FakeZendesk,
    Item,
    changed,
)
from tests.index.sources.applications.test_synchronizing import Runs, status

pytest.importorskip("oikb")


def groups_of(runs: Runs) -> dict[str, tuple[str, ...]]:
    with runs.opener() as collection:
        return {one.id: one.groups for one in collection.archive.documents(limit=1000)}


def granted(*groups: str, roles: tuple[str, ...] = ("read",)) -> list[dict[str, Any]]:
    return [{"roles": list(roles), "grantedToV2": {"group": {"id": one}}} for one in groups]


def test_groups_of_a_source_and_of_the_longest_prefix(open_collection: Opener) -> None:
    runs = Runs(FakeGitHub(), open_collection)
    runs.fake.items["deep"] = Item("birds/rare", "owl", "An owl.")
    runs.fake.items["beside"] = Item("birds-of-prey", "kite", "A kite.")
    source = replace(
        runs.fake.source, groups=("staff",), group_prefixes={"birds": ("keepers",), "birds/rare": ("board",)}
    )
    runs.run(source)
    found = groups_of(runs)
    assert found["things/note2.txt"] == ("staff",)
    assert found["things/birds/note3.txt"] == ("keepers",)
    assert found["things/birds/rare/owl.txt"] == ("board",)
    assert found["things/birds-of-prey/kite.txt"] == ("staff",)


def test_a_right_withdrawn_is_in_force_after_one_run_and_nothing_is_read_again(
    open_collection: Opener,
) -> None:
    runs = Runs(FakeGitHub(), open_collection)
    runs.run(replace(runs.fake.source, groups=("staff", "guests")))
    runs.fake.requests.clear()
    report = runs.run(replace(runs.fake.source, groups=("staff",)))
    assert set(groups_of(runs).values()) == {("staff",)}
    assert (report.embedded, [one for one in runs.fake.requests if runs.fake.is_reading(one)]) == (0, [])


def test_readers_of_sharepoint_and_the_owner_for_what_is_unknown(open_collection: Opener) -> None:
    fake = FakeSharePoint()
    fake.permissions = {
        "01ITEM0": granted("g-1", "g-2"),
        "01ITEM2": granted("g-1", roles=("write",)),
        "01ITEM4": [{"roles": ["read"], "grantedToV2": {"user": {"id": "u-1"}}}],
        "01ITEM6": [{"roles": ["read"], "link": {"scope": "anonymous"}}],
        "01ITEM8": granted("g-3", roles=("restrictedView",)),
    }
    runs = Runs(fake, open_collection)
    source = replace(fake.source, takes_readers=True, owner="keepers")
    runs.run(source)
    found = groups_of(runs)
    assert found["things/note0.txt"] == ("g-1", "g-2")
    assert found["things/note2.txt"] == ("g-1",)
    assert {found[f"things/note{number}.txt"] for number in (4, 6, 8)} == {("keepers",)}
    fake.permissions["01ITEM0"] = granted("g-2")
    fake.permissions["01ITEM2"] = []
    runs.run(source)
    found = groups_of(runs)
    assert (found["things/note0.txt"], found["things/note2.txt"]) == (("g-2",), ("keepers",))
    fake.answer = lambda request: status(500) if request.url.path.endswith("/permissions") else None
    runs.run(source)
    assert set(groups_of(runs).values()) == {("keepers",)}


def test_readers_need_an_owner() -> None:
    with pytest.raises(InvalidSource, match="owner"):
        validate_source(replace(FakeSharePoint().source, takes_readers=True))
    with pytest.raises(InvalidGroup):
        validate_source(Source("a", "github", "org/manual", groups=("a,b",)))


def test_restricted_articles_of_zendesk_are_for_the_owner_and_drafts_for_nobody(
    open_collection: Opener,
) -> None:
    fake = FakeZendesk()
    given = fake.article
    special: dict[str, dict[str, Any]] = {"102": {"user_segment_id": 7}, "104": {"draft": True}}
    fake.article = lambda key: {**given(key), **special.get(key, {})}  # type: ignore[method-assign]
    runs = Runs(fake, open_collection)
    report = runs.run()
    assert [one.path for one in report.skipped] == ["102_note2.txt"]
    assert len(groups_of(runs)) == 8
    runs.run(replace(fake.source, owner="keepers"))
    assert groups_of(runs)["things/102_note2.txt"] == ("keepers",)
    special["103"] = {"user_segment_id": 8}  # it was for everybody
    report = runs.run()
    assert {*report.retired} == {"things/102_note2.txt", "things/103_note3.txt"}


def rights(*groups: str) -> str:
    return f"groups: [{', '.join(groups)}]"


def test_rights_of_folders_hold_for_what_is_below(open_collection: Opener) -> None:
    fake = FakeRepository()
    fake.items = {
        "1": Item("", "all.txt", "For all."),
        "2": Item("board", "minutes.txt", "Minutes."),
        "3": Item("board/pay", "pay.txt", "Pay."),
        "4": Item("board", ".loccit.yaml", rights("board")),
        "5": Item("board/pay", ".loccit.yaml", rights("pay")),
    }
    runs = Runs(fake, open_collection)
    runs.run(replace(fake.source, groups=("staff",)))
    assert groups_of(runs) == {
        "things/all.txt": ("staff",),
        "things/board/minutes.txt": ("board",),
        "things/board/pay/pay.txt": ("pay",),
    }
    fake.items["5"] = changed(fake.items["5"], text=rights("directors"))
    assert runs.run(replace(fake.source, groups=("staff",))).embedded == 0
    assert groups_of(runs)["things/board/pay/pay.txt"] == ("directors",)


@pytest.mark.parametrize("text", ["groups: []", "groups: board", "{", "group: [board]", "groups: ['a,b']"])
def test_rights_that_cannot_be_read_let_nobody_read(text: str, open_collection: Opener) -> None:
    fake = FakeRepository()
    fake.items = {
        "1": Item("", "all.txt", "For all."),
        "2": Item("board", "minutes.txt", "Minutes."),
        "4": Item("board", ".loccit.yaml", rights("board")),
    }
    runs = Runs(fake, open_collection)
    runs.run()
    fake.items["4"] = changed(fake.items["4"], text=text)
    report = runs.run()
    assert report.retired == ["things/board/minutes.txt"]
    assert {one.path for one in report.skipped} == {"board/.loccit.yaml", "board/minutes.txt"}
    fake.items["4"] = changed(fake.items["4"], text=rights("board"))
    runs.run()
    assert groups_of(runs)["things/board/minutes.txt"] == ("board",)


def test_the_nearest_folder_above_has_the_rights() -> None:
    found = FolderRights()
    assert found.groups("a/b.txt") is None
    found.add("", b"groups: [all]", name="x")
    found.add("a/c", b"groups: [some]", name="x")
    assert [found.groups(one) for one in ("x.txt", "a/b.txt", "a/c/d/e.txt", "a/cc/d.txt")] == [
        ("all",), ("all",), ("some",), ("all",)
    ]  # fmt: skip
    found.close("a")
    assert found.groups("a/b.txt") == ()
