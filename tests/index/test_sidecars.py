from __future__ import annotations

import pytest

from index.errors import InvalidMetadata
from index.sidecars import MOST_BYTES, Sidecar, is_sidecar, parse_sidecar


@pytest.mark.parametrize(
    ("name", "tells"),
    [
        ("plan.pdf.meta.json", True),
        ("a/plan.pdf.META.YAML", True),
        ("plan.pdf.meta.yml", True),
        ("meta.json", False),
        ("plan.meta.jsonl", False),
        ("plan.json", False),
    ],
)
def test_it_is_told_by_its_name(name: str, tells: bool) -> None:
    assert is_sidecar(name) is tells


JSON = b"""{"title": "Of l\\u00e4mps", "source": "https://example.org",
 "metadata": {"year": 1859, "tags": ["a", 2]}}"""
YAML = """
title: Of lämps
source: https://example.org
metadata:
  year: 1859
  tags: [a, 2]
""".encode()


@pytest.mark.parametrize("data", [JSON, YAML, b"\xef\xbb\xbf" + YAML])
def test_json_and_yaml_say_the_same(data: bytes) -> None:
    assert parse_sidecar(data, name="a.meta.json") == Sidecar(
        "Of lämps", "https://example.org", {"year": 1859, "tags": ["a", 2]}
    )


@pytest.mark.parametrize("data", [b"{}", b"title:", b'{"metadata": null}', b"title: ''\nsource: null"])
def test_everything_may_be_left_out(data: bytes) -> None:
    assert parse_sidecar(data, name="a.meta.json") == Sidecar()


def test_dates_become_strings() -> None:
    data = b"metadata: {on: 2020-02-29, at: 2020-02-29 12:30:00, days: [2020-01-01]}"
    assert parse_sidecar(data, name="a.meta.yaml").metadata == {
        True: "2020-02-29",  # YAML 1.1 reads the word on so; whoever checks the metadata refuses it
        "at": "2020-02-29T12:30:00",
        "days": ["2020-01-01"],
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"- title",
        b"[1, 2]",
        b"{",
        b"title: [",
        b"\xff\xfe\x00\xd8",
        b"titel: x",
        b"{1: 2}",
        b"? [a]\n: b",
        b"title: 5",
        b"title: [a]",
        b"source: {a: b}",
        b"metadata: x",
        b"metadata: [x]",
        b"metadata: {d: 2020-99-01}",
        b"metadata: {n: " + b"1" * 5000 + b"}",
        b"--- {}\n--- {}",
        b"title: !!python/object/apply:os.system [ls]",
        b'{"title": "\\ud800"}',
        b'{"metadata": {"a": ["\\udfff"]}}',
        b'{"metadata": {"\\ud800": 1}}',
        b"[" * 5000,
        b"metadata: {n: 0x" + b"f" * 5000 + b"}",
        b"metadata: {n: [-0b" + b"1" * 5000 + b"]}",
        b"metadata: {0x" + b"f" * 5000 + b": 1}",
        b"metadata: {n: " + b"1:" * 5000 + b"1.5}",
        b"metadata: {n: !!int ''}",
        b"metadata: {n: !!float x}",
        b"metadata: {n: !!bool x}",
        b"metadata: {n: !!timestamp x}",
        b"metadata: {n: !!int {a: 1}}",
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(data: bytes) -> None:
    with pytest.raises(InvalidMetadata, match=r"^a\.meta\.json: .*\.$"):
        parse_sidecar(data, name="a.meta.json")


@pytest.mark.timeout(50)
def test_few_bytes_do_not_stand_for_many() -> None:
    laughs = ["  a0: &a0 {k: v}"]
    for number in range(1, 12):
        aliases = ", ".join([f"*a{number - 1}"] * 9)
        laughs.append(f"  a{number}: &a{number} {{<<: [{aliases}]}}")
    with pytest.raises(InvalidMetadata, match="neither JSON nor YAML"):
        parse_sidecar("\n".join(["metadata:", *laughs]).encode(), name="a.meta.yaml")
    with pytest.raises(InvalidMetadata):
        parse_sidecar(b"metadata: {a: &a [x], b: *a}", name="a.meta.yaml")


@pytest.mark.timeout(50)
def test_few_bytes_do_not_take_long() -> None:
    with pytest.raises(InvalidMetadata, match="neither JSON nor YAML"):
        parse_sidecar(b"metadata: {n: " + b"1:" * 60_000 + b"1}", name="a.meta.yaml")


def test_it_may_be_so_large_and_no_larger() -> None:
    data = b'{"title": "%s"}' % (b"x" * (MOST_BYTES - 13))
    assert len(data) == MOST_BYTES
    assert len(parse_sidecar(data, name="a.meta.json").title) == MOST_BYTES - 13
    with pytest.raises(InvalidMetadata, match=r"^a.meta.json: 131,073 bytes .* at most 131,072"):
        parse_sidecar(data + b" ", name="a.meta.json")
