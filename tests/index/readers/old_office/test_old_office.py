"""Old Office files, through LibreOffice itself."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest

from benchmarks.documents.libreoffice import run_libreoffice
from index.config import ReadingConfig
from index.errors import CorruptDocument
from index.readers import IsolatedReaders, read
from tests.index.readers.laws import assert_laws, shown

LINKED = """<?xml version="1.0"?>
<office:document
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
<text:p>Words<draw:frame text:anchor-type="as-char" svg:width="2cm" svg:height="2cm">
<draw:image xlink:href="ADDRESS" xlink:type="simple"/></draw:frame></text:p>
</office:text></office:body></office:document>"""


@pytest.fixture
def old(soffice: str, tmp_path: Path) -> Path:
    """A folder with an old file of each format."""
    document, book, presentation = docx.Document(), openpyxl.Workbook(), pptx.Presentation()
    document.add_heading("Rivers", 1)
    document.add_paragraph("Water flows.")
    document.save(str(tmp_path / "a.docx"))
    book.active.title = "Lengths"
    for row in (["River", "Length"], ["Aare", 288], ["Rhine", 1233]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "Lakes", "Water stands."
    presentation.save(str(tmp_path / "a.pptx"))
    for suffix in ("doc", "xls", "ppt"):
        run_libreoffice(soffice, [tmp_path / f"a.{suffix}x"], suffix, seconds=120)
    return tmp_path


def test_structure_is_kept(old: Path) -> None:
    readers = IsolatedReaders(ReadingConfig())
    try:
        found = {
            name: readers.read((old / name).read_bytes(), name=name) for name in ("a.doc", "a.xls", "a.ppt")
        }
    finally:
        readers.close()
    for extract in found.values():
        assert_laws(extract)
    assert [(one.reader, one.media_type) for one in found.values()] == [
        ("doc/1", "application/msword"),
        ("xls/2", "application/vnd.ms-excel"),
        ("ppt/1", "application/vnd.ms-powerpoint"),
    ]
    assert shown(found["a.doc"]) == [(1, "Rivers"), ("paragraph", "Water flows.")]
    assert found["a.xls"].text.split("\n\n")[0] == "Lengths"
    assert "River: Aare; Length: 288" in found["a.xls"].text
    assert shown(found["a.ppt"]) == [(1, "Lakes"), ("list", "- Water stands.")]
    assert found["a.ppt"].pages == (0,)


def test_what_libreoffice_cannot_open_is_damaged(old: Path) -> None:
    data = (old / "a.doc").read_bytes()
    with pytest.raises(CorruptDocument, match=r"\Aa\.doc: LibreOffice cannot open it"):
        read(data[:512] + bytes(len(data) - 1024) + "WordDocument".encode("utf-16-le"), name="a.doc")


def test_no_link_is_followed(soffice: str, tmp_path: Path) -> None:
    asked: list[str] = []

    class Pictures(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_GET  # noqa: N815 -- the names are those of the methods

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pictures) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = tmp_path / "a.fodt"
        source.write_text(LINKED.replace("ADDRESS", f"http://127.0.0.1:{server.server_port}/a.png"))
        run_libreoffice(soffice, [source], "doc", seconds=120)
        asked.clear()  # LibreOffice 25 follows the link if it may, and 26 does not
        assert read((tmp_path / "a.doc").read_bytes(), name="a.doc").text == "Words"
        server.shutdown()
    assert asked == []
