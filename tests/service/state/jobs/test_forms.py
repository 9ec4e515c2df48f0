from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from index.errors import InvalidDocumentId
from index.naming import validate_document_id
from service.errors import InvalidRequest, SpoolFull
from service.flows.ingest.forms import Form, FormLimits
from service.state.jobs.checksums import ENDING
from service.state.jobs.spool.folder import FolderSpool
from service.state.jobs.uploads import Upload
from tests.sizes import examples

TYPE = "multipart/form-data; boundary=edge"
LIMITS = FormLimits(files=3, fields={"metadata": 2048, "password": 1024})


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    return FolderSpool(tmp_path / "spool", max_bytes=100_000)


@pytest.fixture
def upload(spool: FolderSpool) -> Iterator[Upload]:
    upload = Upload(spool)
    yield upload
    upload.close()
    assert list(spool.path("", "").glob("*")) == []
    assert spool.quota.used == 0


def part(data: bytes, name: str = "files", *, file: str | None = "a.md", more: bytes = b"") -> bytes:
    header = f'form-data; name="{name}"' + ("" if file is None else f'; filename="{file}"')
    return b"--edge\r\nContent-Disposition: " + header.encode() + b"\r\n" + more + b"\r\n" + data + b"\r\n"


def field(name: str, value: str | bytes) -> bytes:
    return part(value.encode() if isinstance(value, str) else value, name, file=None)


END = b"--edge--\r\n"


def read(upload: Upload, body: bytes, *, by: int = 10**9, content_type: str = TYPE) -> Form:
    """Parse a form in chunks of ``by`` bytes."""
    form = Form(content_type, upload, LIMITS, check=validate_document_id)
    for start in range(0, len(body), by):
        form.feed(body[start : start + by])
    form.end()
    return form


def stored_files(spool: FolderSpool, upload: Upload, form: Form) -> list[tuple[str, bytes]]:
    found = [(one.name, spool.path(upload.job_id, one.spooled).read_bytes()) for one in form.files]
    assert [one.bytes for one in form.files] == [len(data) for _, data in found]
    assert len([path for path in spool.path(upload.job_id, "").iterdir() if path.suffix != ENDING]) == len(
        found
    )
    return found


@pytest.mark.parametrize("by", [1, 2, 7, 64, 10**9])
def test_form_is_parsed_the_same_in_chunks_of_any_size(spool: FolderSpool, upload: Upload, by: int) -> None:
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
    assert stored_files(spool, upload, form) == [
        ("a.md", b"The lamp."),
        ("b/c.md", almost),
        ("empty.md", b""),
    ]
    assert form.fields == {"metadata": '{"jahr": "früh"}', "password": ""}


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--edge", b"edge", b"x"]), max_size=12), st.integers(1, 9)
)
def test_file_data_survives_any_bytes_that_resemble_a_boundary(
    tmp_path: Path, pieces: list[bytes], by: int
) -> None:
    data = b"".join(pieces)
    if b"\r\n--edge" in b"\r\n" + data:
        return  # a real boundary
    spool = FolderSpool(tmp_path / "spool")
    upload = Upload(spool)
    form = read(upload, part(data) + END, by=by)
    assert stored_files(spool, upload, form) == [("a.md", data)]
    upload.close()


def test_file_is_written_to_disk_before_the_form_ends(spool: FolderSpool, upload: Upload) -> None:
    form = Form(TYPE, upload, LIMITS, check=validate_document_id)
    form.feed(part(b"x" * 50_000)[:-2])
    form.feed(b"y" * 20_000)
    (file,) = spool.path(upload.job_id, "").iterdir()
    assert file.stat().st_size >= 60_000
    assert form.files == []


def test_preamble_and_epilogue_are_skipped(spool: FolderSpool, upload: Upload) -> None:
    form = read(upload, b"\r\n" + part(b"The lamp.") + END + b"epilogue" * 9)
    assert stored_files(spool, upload, form) == [("a.md", b"The lamp.")]


@pytest.mark.parametrize(
    "content_type", ['multipart/form-data; boundary="edge"', "Multipart/Form-Data;BOUNDARY=edge"]
)
def test_boundary_may_be_quoted_and_in_any_case(upload: Upload, content_type: str) -> None:
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
def test_missing_or_invalid_boundary_is_refused(upload: Upload, content_type: str) -> None:
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
def test_malformed_form_is_refused_with_its_reason(upload: Upload, body: bytes, words: str, by: int) -> None:
    with pytest.raises(InvalidRequest, match=words) as told:
        read(upload, body, by=by)
    assert told.value.message.endswith(".")
    assert "sesame" not in told.value.message


def test_fields_of_exactly_the_limit_are_accepted(upload: Upload) -> None:
    form = read(upload, field("metadata", "x" * 2048) + field("password", "ü" * 512) + END)
    assert [len(value.encode()) for value in form.fields.values()] == [2048, 1024]


def test_file_field_without_a_file_is_skipped(spool: FolderSpool, upload: Upload) -> None:
    form = read(upload, part(b"", file="") + part(b"The lamp.") + END)
    assert stored_files(spool, upload, form) == [("a.md", b"The lamp.")]


def test_files_of_the_same_name_are_all_stored_files(spool: FolderSpool, upload: Upload) -> None:
    form = read(upload, part(b"One.") + part(b"Two.") + END)
    assert stored_files(spool, upload, form) == [("a.md", b"One."), ("a.md", b"Two.")]


def test_file_name_is_checked_before_the_file_is_written(spool: FolderSpool, upload: Upload) -> None:
    form = Form(TYPE, upload, LIMITS, check=validate_document_id)
    with pytest.raises(InvalidDocumentId):
        form.feed(part(b"x" * 1000, file="../evil.md"))
    assert not spool.path(upload.job_id, "").exists()


def test_full_spool_stops_the_form(upload: Upload) -> None:
    form = Form(TYPE, upload, LIMITS, check=validate_document_id)
    form.feed(part(b"x" * 90_000))
    with pytest.raises(SpoolFull, match="LOCCIT_MAX_SPOOL_BYTES"):
        form.feed(part(b"x" * 20_000))
