from __future__ import annotations

import json

import pytest

from index.sealed import damaged_lines, is_intact, sealed

ENTRY = {"key": "é\n", "crc": "of its own", "number": 7}


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_line_is_json_with_a_checksum_and_no_bit_of_it_may_change(*, ascii_only: bool) -> None:
    line = sealed({"key": "é"}, ascii_only=ascii_only).encode()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"key": "é", "crc": json.loads(line)["crc"]}
    assert is_intact(line)
    assert is_intact(line.strip())
    for at in range(len(line) - 1):
        for bit in range(8):
            changed = bytearray(line)
            changed[at] ^= 1 << bit
            is_same = _says(changed) == _says(line)  # the name of the checksum was changed, or its case
            assert is_same or not is_intact(bytes(changed)), (at, bit)


def _says(line: bytes | bytearray) -> object:
    try:
        return {key: value for key, value in json.loads(bytes(line)).items() if key == "key"}
    except ValueError:
        return None


def test_lines_of_earlier_versions_are_entries_without_a_checksum() -> None:
    assert is_intact(b'{"a": 1}\n')
    assert is_intact(b"\n")
    for line in (b'{"a": 1', b"[]\n", b"7", b'{"a": "\xff"}'):
        assert not is_intact(line)


def test_the_numbers_of_damaged_lines_are_told() -> None:
    lines = [sealed(ENTRY).encode(), b"{", b'{"a": 1}', sealed({}).encode().replace(b"0", b"1"), b"x"]
    assert list(damaged_lines(lines))[:1] == [2]
    assert list(damaged_lines(lines))[-1:] == [5]
