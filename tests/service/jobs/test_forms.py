from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.errors import InvalidDocumentId
from index.naming import checked_document_id
from service.errors import InvalidRequest, SpoolFull
from service.jobs.forms import Form, FormLimits
from service.jobs.spool import Spool
from service.jobs.uploads import Upload

TYPE = "multipart/form-data; boundary=edge"
LIMITS = FormLimits(files=3, fields={"metadata": 2048, "password": 1024})


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", most=100_000)


@pytest.fixture
def upload(spool: Spool) -> Iterator[Upload]:
    upload = Upload(spool)
    yield upload
    upload.close()
    assert list(spool.path("", "").glob("*")) == []
    assert spool.quota.used == 0


def part(data: bytes, name: str = "files", *, file: str | None = "a.md", more: bytes = b"") -> bytes:
    said = f'form-data; name="{name}"' + ("" if file is None else f'; filename="{file}"')
    return b"--edge\r\nContent-Disposition: " + said.encode() + b"\r\n" + more + b"\r\n" + data + b"\r\n"


def field(name: str, value: str | bytes) -> bytes:
    return part(value.encode() if isinstance(value, str) else value, name, file=None)


END = b"--edge--\r\n"


def read(upload: Upload, body: bytes, *, by: int = 10**9, content_type: str = TYPE) -> Form:
    """The form, when it is read in pieces of so many bytes."""
    form = Form(content_type, upload, LIMITS, check=checked_document_id)
    for start in range(0, len(body), by):
        form.feed(body[start : start + by])
    form.end()
    return form


def kept(spool: Spool, upload: Upload, form: Form) -> list[tuple[str, bytes]]:
    found = [(one.name, spool.path(upload.job_id, one.spooled).read_bytes()) for one in form.files]
    assert [one.bytes for one in form.files] == [len(data) for _, data in found]
    assert len(list(spool.path(upload.job_id, "").iterdir())) == len(found)
    return found


@pytest.mark.parametrize("by", [1, 2, 7, 64, 10**9])
def test_a_form_is_the_same_however_it_is_cut(spool: Spool, upload: Upload, by: int) -> None:
    almost = b"\r\n--edg\r\n--edgE\r\r\n-\r\n--edge"[:-4] + b"\r"
    body = (
        part(b"The lamp.")
        + field("metadata", '{"jahr": "früh"}')
        + part(almost, "other", file="b/c.md")
        + part(b"", file="empty.md", more=b"Content-Type: text/markdown\r\nX-Other: 1\r\n")
        + field("password", "")
        + END
    )
    form = read(upload, body, by=by)
    assert kept(spool, upload, form) == [("a.md", b"The lamp."), ("b/c.md", almost), ("empty.md", b"")]
    assert form.fields == {"metadata": '{"jahr": "früh"}', "password": ""}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--edge", b"edge", b"x"]), max_size=12), st.integers(1, 9)
)
def test_whatever_a_file_holds_it_is_kept_so(tmp_path: Path, pieces: list[bytes], by: int) -> None:
    data = b"".join(pieces)
    if b"\r\n--edge" in b"\r\n" + data:
        return  # that is a boundary
    spool = Spool(tmp_path / "spool")
    upload = Upload(spool)
    form = read(upload, part(data) + END, by=by)
    assert kept(spool, upload, form) == [("a.md", data)]
    upload.close()


def test_a_file_is_on_disk_before_the_form_ends(spool: Spool, upload: Upload) -> None:
    form = Form(TYPE, upload, LIMITS, check=checked_document_id)
    form.feed(part(b"x" * 50_000)[:-2])
    form.feed(b"y" * 20_000)
    (file,) = spool.path(upload.job_id, "").iterdir()
    assert file.stat().st_size >= 60_000
    assert form.files == []


def test_what_is_before_and_after_the_form_is_passed_over(spool: Spool, upload: Upload) -> None:
    form = read(upload, b"\r\n" + part(b"The lamp.") + END + b"epilogue" * 9)
    assert kept(spool, upload, form) == [("a.md", b"The lamp.")]


@pytest.mark.parametrize(
    "content_type", ['multipart/form-data; boundary="edge"', "Multipart/Form-Data;BOUNDARY=edge"]
)
def test_boundaries_are_written_in_several_ways(upload: Upload, content_type: str) -> None:
    assert len(read(upload, part(b"The lamp.") + END, content_type=content_type).files) == 1


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "x" * 300,
        "multipart/form-data; boundary=other",
    ],
)
def test_a_boundary_that_is_none(upload: Upload, content_type: str) -> None:
    with pytest.raises(InvalidRequest, match=r"The form could not be read: .+\."):
        read(upload, part(b"The lamp.") + END, content_type=content_type)


WHOLE = part(b"The lamp.") + END


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "last boundary"),
        (WHOLE[:-4], "last boundary"),
        (part(b"The lamp."), "last boundary"),
        (part(b"The lamp.")[:-10], "last boundary"),
        (b"prose" + WHOLE, "could not be read"),
        (WHOLE.replace(b"\r\n", b"\n"), "could not be read"),
        (part(b"x", more=b"Broken header\r\n") + END, "could not be read"),
        (b"--edge\r\n\r\nThe lamp.\r\n" + END, "no name"),
        (b"--edge\r\nContent-Disposition: form-data; filename=a.md\r\n\r\nx\r\n" + END, "no name"),
        (part(b"x", "") + END, "no name"),
        (part(b"x", file=None) + END, "files: there is no such field.*needs a filename"),
        (part(b"x", file="") + END, "files: .*empty filename"),
        (part(b"x", more=b"Content-Transfer-Encoding: base64\r\n") + END, "base64"),
        (part(b"x", more=b"Content-Disposition: form-data; name=files\r\n") + END, "one twice"),
        (part(b"x", more=b"".join(b"X-%d: 1\r\n" % n for n in range(9))) + END, "header"),
        (part(b"x", more=b"X-Long: " + b"x" * 5000 + b"\r\n") + END, "header"),
        (part(b"x", more=b"X" * 5000 + b": 1\r\n") + END, "header"),
        (field("other", "x") + END, "other: there is no such field.*metadata and password"),
        (field("metadata", "{}") * 2 + END, "metadata: .*twice"),
        (field("metadata", "{}") + field("password", "") * 2 + END, "password: .*twice"),
        (field("password", "x" * 1025) + END, "password: more than 1KB"),
        (field("metadata", "x" * 2049) + END, "metadata: more than 2KB"),
        (field("metadata", b"\xff") + END, "metadata: not in UTF-8"),
        (part(b"{}", "metadata") + END, "metadata: it was sent as a file"),
        (part(b"sesame", "password") + END, "password: it was sent as a file"),
        (part(b"x") * 4 + END, "Too many files: at most 3"),
        (part(b"", file="") * 4 + END, "Too many files: at most 3"),
    ],
)
@pytest.mark.parametrize("by", [3, 10**9])
def test_a_form_that_is_wrong(upload: Upload, body: bytes, words: str, by: int) -> None:
    with pytest.raises(InvalidRequest, match=words) as told:
        read(upload, body, by=by)
    assert told.value.message.endswith(".")
    assert "sesame" not in told.value.message


def test_fields_may_have_as_much_as_they_may(upload: Upload) -> None:
    form = read(upload, field("metadata", "x" * 2048) + field("password", "ü" * 512) + END)
    assert [len(value.encode()) for value in form.fields.values()] == [2048, 1024]


def test_a_field_in_which_no_file_was_chosen(spool: Spool, upload: Upload) -> None:
    form = read(upload, part(b"", file="") + part(b"The lamp.") + END)
    assert kept(spool, upload, form) == [("a.md", b"The lamp.")]


def test_files_of_one_name_are_all_kept(spool: Spool, upload: Upload) -> None:
    form = read(upload, part(b"One.") + part(b"Two.") + END)
    assert kept(spool, upload, form) == [("a.md", b"One."), ("a.md", b"Two.")]


def test_a_name_is_checked_before_the_file_is_kept(spool: Spool, upload: Upload) -> None:
    form = Form(TYPE, upload, LIMITS, check=checked_document_id)
    with pytest.raises(InvalidDocumentId):
        form.feed(part(b"x" * 1000, file="../evil.md"))
    assert not spool.path(upload.job_id, "").exists()


def test_a_form_for_which_there_is_no_room(upload: Upload) -> None:
    form = Form(TYPE, upload, LIMITS, check=checked_document_id)
    form.feed(part(b"x" * 90_000))
    with pytest.raises(SpoolFull, match="LOCCIT_MAX_SPOOL_BYTES"):
        form.feed(part(b"x" * 20_000))
