from __future__ import annotations

import bz2
import random
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from index.errors import (
    CorruptDocument,
    DocumentTooLarge,
    EncryptedDocument,
    EncryptionNotSupported,
    InvalidMetadata,
    Unreadable,
    UnsupportedFormat,
)
from service.state.jobs.zip_folder import ZipFolder
from tests.service.state.jobs.zip_files import (
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
from tests.sizes import size

MOST = 1_000_000
RIGHT = "pass…"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "000001"


def folder(path: Path, data: bytes) -> ZipFolder:
    path.write_bytes(data)
    return ZipFolder(path.open("rb"), name="folder.zip")


def test_files_are_listed_and_read(path: Path) -> None:
    with folder(path, zipped({"a/one.md": "One.", "two.txt": "Two…", "a/": "", "empty": ""})) as opened:
        assert list(opened.names()) == [("a/one.md", 4), ("two.txt", 6), ("empty", 0)]
        assert opened.read("two.txt", max_bytes=6) == "Two…".encode()
        assert opened.read("empty", max_bytes=6) == b""
        with pytest.raises(DocumentTooLarge, match=r"^two.txt: 6 bytes; at most 5"):
            opened.read("two.txt", max_bytes=5)
        with pytest.raises(CorruptDocument, match=r"^gone: .*folder.zip.*Send it again"):
            opened.read("gone", max_bytes=MOST)


def test_hidden_files_and_sidecars_are_not_listed(path: Path) -> None:
    names = (".DS_Store", "a/.git/config", "__MACOSX/a.md", "a.md.meta.json", "b.md.META.YML", "a.md", "x..y")
    with folder(path, zipped(dict.fromkeys(names, "x"))) as opened:
        assert [name for name, _ in opened.names()] == ["a.md", "x..y"]


def test_names_that_leave_the_folder_are_listed_unchanged(path: Path) -> None:
    names = ("../evil.md", "/abs.md", "a/../../b.md", "C:\\x.md")
    with folder(path, zipped(dict.fromkeys(names, "x"))) as opened:
        # Nothing is written under these names, and document ids are checked elsewhere.
        assert [name for name, _ in opened.names()] == list(names)
        assert opened.read("../evil.md", max_bytes=9) == b"x"


def test_links_are_not_followed(path: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("The password is swordfish.")
    packed = tmp_path / "links.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for name, target in (("out.txt", str(tmp_path / "secret.txt")), ("in.txt", "one.txt")):
            link = zipfile.ZipInfo(name)
            link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            file.writestr(link, target)
        file.writestr("one.txt", "One.")
    with folder(path, packed.read_bytes()) as opened:
        for name in ("out.txt", "in.txt"):
            with pytest.raises(UnsupportedFormat, match=rf"{name}: a symbolic link in folder\.zip"):
                opened.read(name, max_bytes=MOST)
        assert opened.read("one.txt", max_bytes=MOST) == b"One."


def test_sidecar_is_read_for_its_member(path: Path) -> None:
    sidecars = {"a.md.meta.json": '{"title": "T"}', "b.md.meta.yaml": "source: S", "c.md.meta.yml": "- 1"}
    with folder(path, zipped({"a.md": "x", **sidecars, "d.md.meta.json": " " * 200_000})) as opened:
        assert opened.sidecar("a.md").title == "T"
        assert opened.sidecar("b.md").source == "S"
        assert opened.sidecar("other.md").metadata == {}
        with pytest.raises(InvalidMetadata, match=r"^c.md.meta.yml:"):
            opened.sidecar("c.md")
        with pytest.raises(DocumentTooLarge, match=r"^d.md.meta.json:"):
            opened.sidecar("d.md")


def test_encrypted_member_needs_its_password(path: Path) -> None:
    data = b"The lamp was lit at dusk."
    members = [encrypted("a.md", data, RIGHT), Member("open.md", b"x", b"x")]
    with folder(path, written(members)) as opened:
        assert opened.read("a.md", max_bytes=MOST, password=RIGHT) == data
        assert opened.read("open.md", max_bytes=MOST, password=RIGHT) == b"x"
        with pytest.raises(EncryptedDocument, match=r"^a.md: folder.zip is encrypted. Give its password"):
            opened.read("a.md", max_bytes=MOST)
        # One in 256 wrong passwords passes zipfile's check of one byte.
        for number in range(300):
            with pytest.raises(EncryptedDocument, match=r"^a.md: the password of folder.zip is wrong"):
                opened.read("a.md", max_bytes=MOST, password=f"wrong{number}")


@pytest.mark.parametrize("method", [BZIP2, LZMA, 77])
def test_unsupported_compression_is_refused(path: Path, method: int) -> None:
    member = Member("a.md", b"xxxx", b"x", method=method)
    message = r"^a.md: compressed in folder.zip by a method .*Deflate"
    with folder(path, written([member])) as opened, pytest.raises(UnsupportedFormat, match=message):
        opened.read("a.md", max_bytes=MOST)


def test_aes_encryption_is_refused(path: Path) -> None:
    member = Member("a.md", b"xxxx", b"x", method=AES, flags=1)
    message = r"^a.md: folder.zip is encrypted with AES, .*ZipCrypto"
    with folder(path, written([member])) as opened, pytest.raises(EncryptionNotSupported, match=message):
        opened.read("a.md", max_bytes=MOST, password=RIGHT)


def test_bomb_with_a_true_size_is_refused_before_it_is_read(path: Path) -> None:
    packed = deflated(bytes(1_000_000))
    bombs = [Member(name, packed, method=DEFLATED, size=4_000_000_000) for name in "abc"]
    with pytest.raises(DocumentTooLarge, match=r"^folder.zip: unpacks to 12,000,000,000 bytes"):
        folder(path, written(bombs))


def test_bomb_with_a_false_size_is_unpacked_up_to_that_size(path: Path) -> None:
    zeros = bytes(size(200_000_000))
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
                opened.read(member.name, max_bytes=MOST)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
        tracemalloc.stop()


def test_member_that_contradicts_its_size_or_checksum_is_damaged(path: Path) -> None:
    members = [
        Member("short", deflated(b"abc"), b"abc", method=DEFLATED, size=2),
        Member("long", deflated(b"abc"), b"abc", method=DEFLATED, size=400),
        Member("stored", b"abc", b"abc", size=400),
        Member("wrong", b"abc", b"abd"),
    ]
    with folder(path, written(members)) as opened:
        for member in members:
            # zipfile accepts a member that ends early if its checksum is right.
            if member.name in ("long", "stored"):
                continue
            with pytest.raises(CorruptDocument, match=rf"^{member.name}: damaged in folder.zip"):
                opened.read(member.name, max_bytes=MOST)


@pytest.mark.parametrize(
    "tail",
    [
        end(1, 2**31, 0),
        end64(1, 2**40, 0, 100_000_000) + end(1, 0xFFFFFFFF, 0xFFFFFFFF),
        # zipfile uses the sizes of a ZIP64 record even if the other record has valid ones.
        end64(1, 70_000_000, 0, 100_000_000) + end(1, 46, 0),
        # The comment looks like a second end record.
        end(1, 70_000_000, 30_000_000, end(1, 46, 0)),
        # Its length has the bytes of an end record's signature.
        end(1, 0x06054B50, 0),
    ],
    ids=["length", "zip64", "hidden zip64", "two ends", "end in end"],
)
def test_too_large_directory_is_refused_unread(path: Path, tail: bytes) -> None:
    with path.open("wb") as file:
        file.truncate(100_000_000)
        file.seek(0, 2)
        file.write(tail)
    tracemalloc.start()
    with pytest.raises(Unreadable, match=r"^folder.zip: "):
        ZipFolder(path.open("rb"), name="folder.zip")
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_too_many_files_are_refused(path: Path) -> None:
    entry = b"PK\1\2\x14\0" + Member("", b"").fields() + bytes(14)
    directory = entry * 100_001
    tracemalloc.start()
    with pytest.raises(DocumentTooLarge, match=r"^folder.zip: 100,001 files; at most 100,000.*Split it"):
        folder(path, directory + end(1, len(directory), 0))
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("data", [b"", b"zzz", b"PK\5\6", b"%PDF-1.4 " * 99, zipped({"a": "x"})[:-9]])
def test_other_data_is_not_a_zip_file(path: Path, data: bytes) -> None:
    with pytest.raises(CorruptDocument, match=r"^folder.zip: not a ZIP file"):
        folder(path, data)


def test_random_damage_raises_only_reader_errors(path: Path) -> None:
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
                    opened.read(name, max_bytes=MOST, password=RIGHT)
        except (Unreadable, InvalidMetadata):
            refused += 1
    assert 100 < refused < 600
