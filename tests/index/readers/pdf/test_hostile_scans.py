"""Pictures made to harm the reader end in an error that says what to do, whichever engine reads."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import psutil
import pytest
from PIL import Image

from index.config import ReadingConfig
from index.errors import NoTextLayer, ReaderFailed
from index.readers import IsolatedReaders
from tests.patience import eventually
from tests.sizes import FULL, size

pytestmark = [pytest.mark.ocr, pytest.mark.processes]
_SIDE = 144
"""Points of a page."""
_READ = """
import sys
import numpy as np
from PIL import Image
from index.readers.pdf.ocr.tesseract import Tesseract

noise = np.random.default_rng(0).integers(0, 256, (4000, 4000), dtype=np.uint8)
print("begins", flush=True)
Tesseract().read(Image.fromarray(noise), "eng")
"""


def pdf(width: int, height: int, stream: bytes, how: str, *, bits: int = 1, pages: int = 1) -> bytes:
    """A file whose pages show one picture, which no library would write so."""
    shown = f"q {_SIDE} 0 0 {_SIDE} 0 0 cm /I Do Q".encode()
    kids = " ".join(f"{5 + at} 0 R" for at in range(pages))
    page = (
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {_SIDE} {_SIDE}]"
        "/Resources<</XObject<</I 3 0 R>>>>/Contents 4 0 R>>"
    ).encode()
    picture = (
        f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent {bits}"
        f"/ColorSpace/DeviceGray/Filter{how}/Length {len(stream)}>>"
    ).encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
        picture + b"stream\n" + stream + b"\nendstream",
        f"<</Length {len(shown)}>>".encode() + b"stream\n" + shown + b"\nendstream",
        *[page] * pages,
    ]
    out = io.BytesIO(b"%PDF-1.5\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number + one + b"\nendobj\n")
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, out.tell())
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end)
    return out.getvalue()


def noise(width: int, height: int) -> bytes:
    return np.random.default_rng(0).bytes(width * height // 8)


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.frombytes("L", (600, 600), noise(600, 8 * 600)).save(out, "JPEG")
    return out.getvalue()


def bomb() -> bytes:
    """A picture whose few bytes unpack to half a gigabyte of one colour."""
    side = size(60_000)
    packer = zlib.compressobj(9)
    rows = [packer.compress(bytes(side // 8)) for _ in range(side)]
    return pdf(side, side, b"".join(rows) + packer.flush(), "/FlateDecode")


SHAPES: dict[str, Callable[[], bytes]] = {
    "bomb": bomb,
    "wide": lambda: pdf(100_000, 96, zlib.compress(noise(100_000, 96)), "/FlateDecode"),
    "tall": lambda: pdf(96, 100_000, zlib.compress(noise(96, 100_000)), "/FlateDecode"),
    "of no size": lambda: pdf(0, 0, zlib.compress(b""), "/FlateDecode"),
    "said to be larger": lambda: pdf(50_000, 50_000, zlib.compress(noise(96, 96)), "/FlateDecode"),
    "cut JPEG": lambda: pdf(600, 600, jpeg()[:9_000], "/DCTDecode", bits=8),
    "JPEG of nonsense": lambda: pdf(600, 600, jpeg()[:300] + noise(400, 400), "/DCTDecode", bits=8),
}


@pytest.fixture(params=["tesseract", "rapidocr"])
def engine(request: pytest.FixtureRequest) -> str:
    installed = shutil.which("tesseract") if request.param == "tesseract" else find_spec("rapidocr")
    if not installed:
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


def readers(engine: str, seconds: float) -> Iterator[IsolatedReaders]:
    with_ocr = ReadingConfig(ocr_languages="eng", ocr_engine=engine, seconds=seconds)  # type: ignore[arg-type]
    made = IsolatedReaders(with_ocr)
    yield made
    made.close()


@pytest.fixture
def patient(engine: str) -> Iterator[IsolatedReaders]:
    yield from readers(engine, 300.0)


@pytest.fixture
def hurried(engine: str) -> Iterator[IsolatedReaders]:
    yield from readers(engine, 120.0 if FULL else 1.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_picture_is_refused_and_the_reason_says_what_to_do(
    patient: IsolatedReaders, shape: str
) -> None:
    with pytest.raises(NoTextLayer, match=r"Run OCR|recognised no text on them. If they show text, scan"):
        patient.read(SHAPES[shape](), name="a.pdf")


def test_pages_of_noise_end_with_the_time_for_a_file(hurried: IsolatedReaders) -> None:
    data = pdf(2048, 2048, zlib.compress(noise(2048, 2048)), "/FlateDecode", pages=size(1000))
    with pytest.raises(ReaderFailed, match="reading took longer than"):
        hurried.read(data, name="a.pdf")


def test_tesseract_ends_with_the_reader_that_is_killed() -> None:
    if not shutil.which("tesseract"):
        pytest.skip("tesseract is not installed")
    reader = subprocess.Popen([sys.executable, "-c", _READ], stdout=subprocess.PIPE)
    try:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"begins\n"
        (child,) = eventually(lambda: psutil.Process(reader.pid).children())
    finally:
        reader.kill()
        reader.communicate()
    eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
