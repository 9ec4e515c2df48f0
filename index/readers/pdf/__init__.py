"""Read PDF files that have a text layer.

Lines are put in reading order and joined to paragraphs. Running headers, footers, page numbers and tables of
contents with dot leaders are dropped; the number that a page bears is kept as its label. Headings come from
the file's outline or, without one, from larger type. A paragraph that continues on the next page is divided
there. Text outside the visible page is left out.
Damaged pages are listed in the metadata, under ``damaged_pages``, and pages that show something but have no
text, such as scans, under ``pages_without_text``.
"""

from dataclasses import replace

from index.config import NO_OCR, OcrOptions
from index.errors import CorruptDocument, DocumentTooLarge, NoTextLayer
from index.page_labels import pack_labels
from index.readers.base.builder import assemble
from index.readers.pdf.contents import drop_contents_tables
from index.readers.pdf.drafts import layout_entries
from index.readers.pdf.figures import find_figures
from index.readers.pdf.file import PdfFile, open_pdf
from index.readers.pdf.headings import mark_headings
from index.readers.pdf.ocr import Recognition, recognise
from index.readers.pdf.order import merge_rows, reading_order
from index.readers.pdf.page import Page, read_page
from index.readers.pdf.page_numbers import printed_numbers
from index.readers.pdf.paragraphs import find_drafts
from index.readers.pdf.running import drop_running_lines
from index.readers.pdf.streams import refuse_long_streams
from index.text.figures import pack_figures
from index.text.layout import Layout
from index.types import Extract, Figure

__all__ = [
    "Page",
    "drop_contents_tables",
    "drop_running_lines",
    "open_pdf",
    "read_page",
    "read_pdf",
    "read_pdf_with_layout",
]

READER = "pdf/4"
MEDIA_TYPE = "application/pdf"
MAX_WORDS = 5_000_000


def read_pdf(
    data: bytes, *, name: str, charset: str | None = None, password: str = "", ocr: OcrOptions = NO_OCR
) -> Extract:
    """Extract the text of a PDF file with its headings, paragraphs, lists, tables and pages.

    ``charset`` is ignored: the format defines its characters itself. If ``ocr`` names languages, OCR reads
    pages without text and pictures on others; the metadata list these pages under ``recognised_pages``, and
    those of which it is not sure under ``uncertain_pages``. The engine's version is then in ``reader``.

    Raises :class:`index.errors.EncryptedDocument` if ``password`` does not open the file,
    :class:`index.errors.CorruptDocument`, :class:`index.errors.NoTextLayer` if no page has text, and
    :class:`index.errors.DocumentTooLarge`.
    """
    return read_pdf_with_layout(data, name=name, password=password, ocr=ocr)[0]


def read_pdf_with_layout(
    data: bytes, *, name: str, password: str = "", ocr: OcrOptions = NO_OCR
) -> tuple[Extract, Layout]:
    """Extract the text as :func:`read_pdf` does, with the box of each word on its page."""
    refuse_long_streams(data, name=name)
    with open_pdf(data, name=name, password=password) as file:
        pages = _read_pages(file)
        recognition = recognise(file, pages, ocr)
        outline, labels = file.outline(), file.labels()
        figures = find_figures(file, pages)
        title, metadata = file.title(), file.metadata()
    _require_text(pages, name=name, engine=recognition.version)
    metadata |= _faults(pages, recognition)
    sizes = [(page.width, page.height) for page in pages]
    skews = {page.number: page.skew for page in pages if page.skew}
    printed = printed_numbers(pages, labels)
    drop_running_lines(pages)
    drop_contents_tables(pages)
    shown_title = mark_headings(pages, outline)
    drafts = list(find_drafts(pages, figures))
    if continued := sorted({draft.page for draft in drafts if draft.continued}):
        metadata["continued_tables"] = _format_ranges(continued)
    extract = assemble(
        (draft.draft() for draft in drafts),
        name=name,
        media_type=MEDIA_TYPE,
        reader=f"{READER}+{recognition.version}" if recognition.version else READER,
        title=title or shown_title,
        metadata=metadata,
        page_count=len(pages),
    )
    boxes = list(layout_entries(drafts, (block.start for block in extract.blocks), skews))
    layout = Layout.of(boxes, sizes)
    pictures = [
        Figure(block.start, block.end, draft.page, *draft.picture)
        for draft, block in zip(drafts, extract.blocks, strict=True)
        if draft.picture
    ]
    kept = replace(extract, page_labels=pack_labels(printed), figures=pack_figures(pictures))
    return replace(kept, layout=layout.to_bytes()), layout


def _read_pages(file: PdfFile) -> list[Page]:
    pages: list[Page] = []
    words = 0
    for number in range(1, file.page_count + 1):
        page = read_page(file, number)
        words += page.hidden + sum(len(line.words) for line in page.lines)
        if words > MAX_WORDS:
            raise DocumentTooLarge(
                f"{file.name}: the first {number:,} of its {file.page_count:,} pages have more than "
                f"{MAX_WORDS:,} words, the limit. Split it into parts."
            )
        page.lines = reading_order(merge_rows(page.lines), width=page.width)
        pages.append(page)
    return pages


def _faults(pages: list[Page], recognition: Recognition) -> dict[str, str]:
    """The numbers of pages whose text is missing, or may have errors, by the names of metadata."""
    numbers = {
        "damaged_pages": [page.number for page in pages if page.damaged],
        "pages_without_text": [
            page.number for page in pages if not (page.lines or page.damaged or page.blank)
        ],
        "recognised_pages": recognition.pages,
        "uncertain_pages": recognition.uncertain,
    }
    return {name: _format_ranges(some) for name, some in numbers.items() if some}


def _format_ranges(numbers: list[int]) -> str:
    """Format ``[2, 3, 4, 8]`` as ``2-4, 8``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _require_text(pages: list[Page], *, name: str, engine: str) -> None:
    if any(page.lines for page in pages):
        return
    if all(page.damaged for page in pages):
        raise CorruptDocument(
            f"{name}: the PDF file is damaged, none of its pages can be opened. Open it in a PDF program and "
            "save it again, or send it again."
        )
    if any(page.hidden for page in pages):
        raise NoTextLayer(
            f"{name}: its text cannot be read, because its fonts do not define their characters, or because "
            "it is outside the pages. Run OCR (optical character recognition) on it and send the result."
        )
    if engine:
        raise NoTextLayer(
            f"{name}: no page of it has a text layer, and OCR ({engine}) recognised no text on them. If they "
            "show text, scan them again, larger and with more contrast, or check the languages of OCR."
        )
    raise NoTextLayer(
        f"{name}: no page of it has a text layer; they are pictures, drawings, forms or empty. Run OCR "
        "(optical character recognition) on it and send the result."
    )
