from __future__ import annotations

import bz2
import random
import tracemalloc
from pathlib import Path

import pytest

from index.errors import (
    CorruptDocument,
    DocumentTooLarge,
    EncryptedDocument,
    InvalidMetadata,
    Unreadable,
    UnsupportedFormat,
)
from service.jobs.zip_folder import ZipFolder
from tests.service.jobs.zip_files import (
    AES,
    BZIP2,
    DEFLATED,
    LZMA,
    Member,
    deflated,
    encrypted,
    end,
    end64,
    written,
    zipped,
)

MOST = 1_000_000
RIGHT = "pass…"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "000001"


def folder(path: Path, data: bytes) -> ZipFolder:
    path.write_bytes(data)
    return ZipFolder(path, name="folder.zip")


def test_files_are_listed_and_read(path: Path) -> None:
    with folder(path, zipped({"a/one.md": "One.", "two.txt": "Two…", "a/": "", "empty": ""})) as opened:
        assert list(opened.names()) == [("a/one.md", 4), ("two.txt", 6), ("empty", 0)]
        assert opened.read("two.txt", most=6) == "Two…".encode()
        assert opened.read("empty", most=6) == b""
        with pytest.raises(DocumentTooLarge, match=r"^two.txt: 6 bytes; at most 5"):
            opened.read("two.txt", most=5)
        with pytest.raises(CorruptDocument, match=r"^gone: .*folder.zip.*Send it again"):
            opened.read("gone", most=MOST)


def test_what_is_no_document_is_left_out(path: Path) -> None:
    names = (".DS_Store", "a/.git/config", "__MACOSX/a.md", "a.md.meta.json", "b.md.META.YML", "a.md", "x..y")
    with folder(path, zipped(dict.fromkeys(names, "x"))) as opened:
        assert [name for name, _ in opened.names()] == ["a.md", "x..y"]


def test_names_that_lead_elsewhere_are_names_like_others(path: Path) -> None:
    names = ("../evil.md", "/abs.md", "a/../../b.md", "C:\\x.md")
    with folder(path, zipped(dict.fromkeys(names, "x"))) as opened:
        # Nothing is written under these names: whoever takes them for ids refuses them.
        assert [name for name, _ in opened.names()] == list(names)
        assert opened.read("../evil.md", most=9) == b"x"


def test_a_file_beside_another_tells_of_it(path: Path) -> None:
    beside = {"a.md.meta.json": '{"title": "T"}', "b.md.meta.yaml": "source: S", "c.md.meta.yml": "- 1"}
    with folder(path, zipped({"a.md": "x", **beside, "d.md.meta.json": " " * 200_000})) as opened:
        assert opened.sidecar("a.md").title == "T"
        assert opened.sidecar("b.md").source == "S"
        assert opened.sidecar("other.md").metadata == {}
        with pytest.raises(InvalidMetadata, match=r"^c.md.meta.yml:"):
            opened.sidecar("c.md")
        with pytest.raises(DocumentTooLarge, match=r"^d.md.meta.json:"):
            opened.sidecar("d.md")


def test_an_encrypted_file_wants_its_password(path: Path) -> None:
    data = b"The lamp was lit at dusk."
    members = [encrypted("a.md", data, RIGHT), Member("open.md", b"x", b"x")]
    with folder(path, written(members)) as opened:
        assert opened.read("a.md", most=MOST, password=RIGHT) == data
        assert opened.read("open.md", most=MOST, password=RIGHT) == b"x"
        with pytest.raises(EncryptedDocument, match=r"^a.md: folder.zip is encrypted. Give its password"):
            opened.read("a.md", most=MOST)
        # One in 256 wrong passwords passes the check of its first byte.
        for number in range(300):
            with pytest.raises(EncryptedDocument, match=r"^a.md: the password of folder.zip is wrong"):
                opened.read("a.md", most=MOST, password=f"wrong{number}")


@pytest.mark.parametrize("method", [BZIP2, LZMA, 77])
def test_a_method_that_is_not_known(path: Path, method: int) -> None:
    member = Member("a.md", b"xxxx", b"x", method=method)
    message = r"^a.md: compressed in folder.zip by a method .*Deflate"
    with folder(path, written([member])) as opened, pytest.raises(UnsupportedFormat, match=message):
        opened.read("a.md", most=MOST)


def test_an_encryption_that_is_not_known(path: Path) -> None:
    member = Member("a.md", b"xxxx", b"x", method=AES, flags=1)
    message = r"^a.md: folder.zip is encrypted with AES, .*ZipCrypto"
    with folder(path, written([member])) as opened, pytest.raises(EncryptedDocument, match=message):
        opened.read("a.md", most=MOST, password=RIGHT)


def test_a_bomb_that_tells_its_size_is_refused_before_it_is_read(path: Path) -> None:
    packed = deflated(bytes(1_000_000))
    bombs = [Member(name, packed, method=DEFLATED, size=4_000_000_000) for name in "abc"]
    with pytest.raises(DocumentTooLarge, match=r"^folder.zip: unpacks to 12,000,000,000 bytes"):
        folder(path, written(bombs))


def test_bombs_that_lie_are_unpacked_no_further_than_they_say(path: Path) -> None:
    zeros = bytes(200_000_000)
    members = [
        Member("deflated", deflated(zeros), method=DEFLATED, size=10, crc=0),
        Member("bzip2", bz2.compress(zeros), method=BZIP2, size=10, crc=0),
    ]
    data = written(members)
    del zeros
    with folder(path, data) as opened:
        tracemalloc.start()
        for member in members:
            with pytest.raises(Unreadable, match=f"^{member.name}:"):
                opened.read(member.name, most=MOST)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
        tracemalloc.stop()


def test_a_size_that_is_too_small_or_too_large_is_damage(path: Path) -> None:
    members = [
        Member("short", deflated(b"abc"), b"abc", method=DEFLATED, size=2),
        Member("long", deflated(b"abc"), b"abc", method=DEFLATED, size=400),
        Member("stored", b"abc", b"abc", size=400),
        Member("wrong", b"abc", b"abd"),
    ]
    with folder(path, written(members)) as opened:
        for member in members:
            # One that ends before its announced size is what it is: its checksum tells that it is whole.
            if member.name in ("long", "stored"):
                continue
            with pytest.raises(CorruptDocument, match=rf"^{member.name}: damaged in folder.zip"):
                opened.read(member.name, most=MOST)


@pytest.mark.parametrize(
    "tail",
    [
        end(1, 2**31, 0),
        end64(1, 2**40, 0, 100_000_000) + end(1, 0xFFFFFFFF, 0xFFFFFFFF),
        # The sizes of the ZIP64 record hold even where those of the other do not ask for it.
        end64(1, 70_000_000, 0, 100_000_000) + end(1, 46, 0),
        # The comment is taken for an end by whoever looks for the last one.
        end(1, 70_000_000, 30_000_000, end(1, 46, 0)),
        # Its own length reads as the signature of another end.
        end(1, 0x06054B50, 0),
    ],
    ids=["length", "zip64", "hidden zip64", "two ends", "end in end"],
)
def test_a_list_of_files_that_does_not_fit_in_memory(path: Path, tail: bytes) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)
        file.seek(0, 2)
        file.write(tail)
    tracemalloc.start()
    with pytest.raises(Unreadable, match=r"^folder.zip: "):
        ZipFolder(path, name="folder.zip")
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_more_files_than_are_taken(path: Path) -> None:
    entry = b"PK\1\2\x14\0" + Member("", b"").fields() + bytes(14)
    directory = entry * 100_001
    tracemalloc.start()
    with pytest.raises(DocumentTooLarge, match=r"^folder.zip: 100,001 files; at most 100,000.*Split it"):
        folder(path, directory + end(1, len(directory), 0))
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("data", [b"", b"zzz", b"PK\5\6", b"%PDF-1.4 " * 99, zipped({"a": "x"})[:-9]])
def test_what_is_no_zip_file(path: Path, data: bytes) -> None:
    with pytest.raises(CorruptDocument, match=r"^folder.zip: not a ZIP file"):
        folder(path, data)


def test_whatever_is_damaged_the_error_is_one_of_the_readers(path: Path) -> None:
    honest = bytearray(zipped({"a/one.md": "One. " * 50, "two.txt": "Two", "two.txt.meta.json": "{}"}))
    numbers = random.Random(7)
    refused = 0
    for _ in range(600):
        data = bytearray(honest)
        for _ in range(numbers.randint(1, 4)):
            data[numbers.randrange(len(data))] = numbers.choice((0, 1, 8, 255, numbers.randrange(256)))
        try:
            with folder(path, bytes(data)) as opened:
                for name, _ in opened.names():
                    opened.sidecar(name, password=RIGHT)
                    opened.read(name, most=MOST, password=RIGHT)
        except (Unreadable, InvalidMetadata):
            refused += 1
    assert 100 < refused < 600
