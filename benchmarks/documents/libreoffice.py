"""What LibreOffice reads of office files: the words that their readers here are compared with.

Text documents and presentations become OpenDocument files, whose text is taken from their XML without the
readers of this project; sheets become CSV files, with the values that their cells show.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lxml import etree

_CSV = "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,true,true,false,false,-1"
"""UTF-8, a tab between cells, each sheet in a file of its own, values as they are shown."""
CONVERSIONS: Mapping[str, str] = {".docx": "odt", ".rtf": "odt", ".pptx": "odp", ".xlsx": _CSV}
"""Suffix of a file -> what LibreOffice converts it to."""
_SECONDS = 600
_ALONE_SECONDS = 60
_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _OFFICE, _STYLE, _SVG = (_NAMESPACE % name for name in ("text", "office", "style", "svg-compatible"))
_SKIPPED = {
    *(_TEXT + name for name in ("tracked-changes", "page-number", "page-count", "date", "time")),
    _OFFICE + "annotation",
    "{http://openoffice.org/2009/office}annotation",
    _SVG + "title",
    _SVG + "desc",
}
"""Elements that no reader here takes for text: deleted words, remarks, fields, descriptions of pictures."""
_APART = {_TEXT + name for name in ("p", "h", "s", "tab", "line-break")}
_OBJECT = re.compile(r"Object \d+/content\.xml")
_HIDDEN = re.compile(r'<sheet [^>]*state="(?:hidden|veryHidden)"[^>]*>')
_NAME = re.compile(r'name="([^"]*)"')


def texts(files: Sequence[Path]) -> dict[Path, str]:
    """What LibreOffice reads of each file; those that it cannot load are left out.

    Raises RuntimeError if LibreOffice is not installed.
    """
    program = shutil.which("soffice")
    if program is None:
        raise RuntimeError("LibreOffice is not installed: apt-get install libreoffice-writer-nogui ...")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        names = _numbered(files, Path(folder))
        for suffix, kind in CONVERSIONS.items():
            some = [copy for copy in names if copy.suffix == suffix]
            run_libreoffice(program, some, kind, seconds=_SECONDS)
            for copy in some:
                if not _results(copy):  # it may have ended with a file before this one
                    run_libreoffice(program, [copy], kind, seconds=_ALONE_SECONDS)
        for copy, file in names.items():
            if results := _results(copy):
                found[file] = _text(file, results)
    return found


def _numbered(files: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Copies with names of their own, so that no result overwrites that of another file."""
    copies = {}
    for at, file in enumerate(files):
        copy = folder / f"{at:05}{file.suffix.lower()}"
        shutil.copy(file, copy)
        copies[copy] = file
    return copies


def run_libreoffice(program: str, files: Sequence[Path], kind: str, *, seconds: int) -> None:
    """Convert files of a folder to what they are beside; those that cannot be opened have no result."""
    if not files:
        return
    folder = files[0].parent
    command = [program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
    command += ["--convert-to", kind, "--outdir", str(folder), *map(str, files)]
    try:
        subprocess.run(command, check=False, capture_output=True, timeout=seconds)  # noqa: S603 -- fixed words
    except subprocess.TimeoutExpired:
        print(f"LibreOffice was stopped after {seconds} s: {len(files)} files of {files[0].suffix}")


def _results(copy: Path) -> list[Path]:
    """The files that LibreOffice made of a file: one, or one for each sheet."""
    return sorted(file for file in copy.parent.glob(f"{copy.stem}[-.]*") if file != copy)


def _text(file: Path, results: Sequence[Path]) -> str:
    if file.suffix.lower() != ".xlsx":
        return "".join(_opendocument_text(results[0])).replace("\N{SOFT HYPHEN}", "")
    hidden, parts = _hidden_sheets(file), []
    for result in results:
        sheet, text = result.stem.partition("-")[2], result.read_text(encoding="utf-8")
        if sheet not in hidden and text.strip():
            parts += [sheet, text]
    return "\n".join(parts)


def _hidden_sheets(file: Path) -> set[str]:
    """The names of sheets that the reader here leaves out, as it says in its documentation."""
    if not zipfile.is_zipfile(file):
        return set()
    with zipfile.ZipFile(file) as package:
        listed = package.read("xl/workbook.xml").decode("utf-8", "replace")
    return {name[1] for tag in _HIDDEN.findall(listed) if (name := _NAME.search(tag))}


def _opendocument_text(file: Path) -> Iterator[str]:
    """The text of the body, of embedded charts, and each line of page headers and footers once."""
    with zipfile.ZipFile(file) as package:
        for name in package.namelist():
            if name == "content.xml" or _OBJECT.fullmatch(name):
                body = _parsed(package, name).find(_OFFICE + "body")
                yield "" if body is None else "".join(_walk(body))
        if file.suffix == ".odt":
            pages = _parsed(package, "styles.xml").iter(_STYLE + "master-page")
            lines = "\n".join("".join(_walk(page)) for page in pages).split("\n")
            yield "\n".join(dict.fromkeys(lines))


def _parsed(package: zipfile.ZipFile, name: str) -> etree._Element:
    return etree.fromstring(package.read(name), etree.XMLParser(huge_tree=True, resolve_entities=False))


def _walk(element: etree._Element) -> Iterator[str]:
    if isinstance(element.tag, str) and element.tag not in _SKIPPED:
        yield "\n" if element.tag in _APART else ""
        yield element.text or ""
        for child in element:
            yield from _walk(child)
            yield child.tail or ""
        yield "\n" if element.tag in _APART else ""
