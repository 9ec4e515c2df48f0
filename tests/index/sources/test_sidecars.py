from __future__ import annotations

import pytest

from index.errors import InvalidMetadata
from index.sources.sidecars import MAX_SIDECAR_BYTES, Sidecar, is_sidecar, parse_sidecar


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
def test_a_sidecar_is_recognised_by_its_name(name: str, tells: bool) -> None:
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
def test_json_and_yaml_give_the_same_sidecar(data: bytes) -> None:
    assert parse_sidecar(data, name="a.meta.json") == Sidecar(
        "Of lämps", "https://example.org", {"year": 1859, "tags": ["a", 2]}
    )


@pytest.mark.parametrize("data", [b"{}", b"title:", b'{"metadata": null}', b"title: ''\nsource: null"])
def test_every_key_is_optional(data: bytes) -> None:
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
def test_invalid_sidecars_are_refused_with_their_name(data: bytes) -> None:
    with pytest.raises(InvalidMetadata, match=r"^a\.meta\.json: .*\.$"):
        parse_sidecar(data, name="a.meta.json")


@pytest.mark.timeout(50)
def test_a_small_file_cannot_expand_to_a_large_value() -> None:
    laughs = ["  a0: &a0 {k: v}"]
    for number in range(1, 12):
        aliases = ", ".join([f"*a{number - 1}"] * 9)
        laughs.append(f"  a{number}: &a{number} {{<<: [{aliases}]}}")
    with pytest.raises(InvalidMetadata, match="neither JSON nor YAML"):
        parse_sidecar("\n".join(["metadata:", *laughs]).encode(), name="a.meta.yaml")
    with pytest.raises(InvalidMetadata):
        parse_sidecar(b"metadata: {a: &a [x], b: *a}", name="a.meta.yaml")


@pytest.mark.timeout(50)
def test_a_small_file_cannot_take_long() -> None:
    with pytest.raises(InvalidMetadata, match="neither JSON nor YAML"):
        parse_sidecar(b"metadata: {n: " + b"1:" * 60_000 + b"1}", name="a.meta.yaml")


def test_the_size_limit_is_exact() -> None:
    data = b'{"title": "%s"}' % (b"x" * (MAX_SIDECAR_BYTES - 13))
    assert len(data) == MAX_SIDECAR_BYTES
    assert len(parse_sidecar(data, name="a.meta.json").title) == MAX_SIDECAR_BYTES - 13
    with pytest.raises(InvalidMetadata, match=r"^a.meta.json: 131,073 bytes .* at most 131,072"):
        parse_sidecar(data + b" ", name="a.meta.json")
