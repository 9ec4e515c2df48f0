"""Build the documentation as a site that works offline: ``make site``.

Sphinx reads Markdown by MyST, and checks every link and heading that a link names. The search runs in the
browser (``site_search.py``). Pages of docs/ are copied first: links to files that are no pages become plain
text, and the table of docs/index.md becomes the navigation.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from scripts import site_search

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
ELSEWHERE: Mapping[str, str] = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Files outside docs/ that are pages of the site, with the names of these pages."""
CONFIGURATION: Mapping[str, object] = {
    "project": "Loccit",
    "extensions": ["myst_parser"],
    "myst_heading_anchors": 4,
    "smartquotes": False,
    "html_theme": "loccit",
    "html_theme_path": [str(DOCS / "theme")],
    "html_favicon": "icon.svg",
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_use_index": False,
    "html_title": "Loccit",
    # JSON with … in it, and the like: shown without colours.
    "suppress_warnings": ["misc.highlighting_failure"],
}
_FENCED = re.compile(r"(^ *```.*?^ *```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_ROW = re.compile(r"^\| \*\*(.+?)\*\* \| (.+) \|$", re.MULTILINE)


def pages() -> Iterator[tuple[Path, PurePosixPath]]:
    """Each file that becomes a page, and where it is below the site's source."""
    for path in sorted(DOCS.rglob("*.md")):
        yield path, PurePosixPath(path.relative_to(DOCS).as_posix())
    for name, page in ELSEWHERE.items():
        if page != "index.md":
            yield ROOT / name, PurePosixPath(page)


def with_links(text: str, path: Path, place: PurePosixPath) -> str:
    """The text of a page, whose links lead to the pages as they are in the site."""

    def link(found: re.Match[str]) -> str:
        sign, words, target, anchor = found[1], found[2], found[3], found[4] or ""
        if not target or re.match(r"[a-z]+:", target):
            return found[0]
        moved = _site_path((path.parent / target).resolve())
        if moved is None:
            return words
        up = "../" * len(place.parent.parts)
        return f"{sign}[{words}]({up}{moved}{anchor})"

    parts = _FENCED.split(text)
    return "".join(part if at % 2 else _LINK.sub(link, part) for at, part in enumerate(parts))


def _site_path(file: Path) -> str | None:
    """Return the path of a file below the site's source; None for one that the site does not have."""
    if file.is_relative_to(DOCS):
        return file.relative_to(DOCS).as_posix()
    return ELSEWHERE.get(file.relative_to(ROOT).as_posix()) if file.is_relative_to(ROOT) else None


def navigation(index: str) -> str:
    """The lists of pages that Sphinx reads, from the table of the first page."""
    parts = []
    for caption, row in _ROW.findall(index):
        names = [target.removesuffix(".md") for _, _, target, anchor in _LINK.findall(row) if not anchor]
        parts.append("\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```"]))
    return "\n\n".join(parts)


def stage(folder: Path) -> None:
    """Write the source of the site into a folder, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS / "images", folder / "images")
    shutil.copy(ROOT / "service" / "faces" / "pages" / "static" / "icon.svg", folder)
    for path, place in pages():
        text = with_links(path.read_text(encoding="utf-8"), path, place)
        if place.name == "index.md":
            text = f"{text}\n{navigation(text)}\n"
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def build(source: Path, site: Path) -> int:
    """Build the site; returns the number of warnings, each of which names a link or a page that is wrong."""
    from sphinx.application import Sphinx

    shutil.rmtree(site, ignore_errors=True)
    state = source.parent / f"{source.name}-state"
    app = Sphinx(
        source,
        None,
        site,
        state,
        "html",
        confoverrides=dict(CONFIGURATION),
        status=None,
        freshenv=True,
        exception_on_warning=False,
    )
    app.build()
    (site / "_static" / "pages.js").write_text(site_search.script(source), encoding="utf-8")
    for unused in (".buildinfo", "searchindex.js", "_static/searchtools.js", "_static/language_data.js"):
        (site / unused).unlink(missing_ok=True)
    return app._warncount


def main() -> int:
    """Build build/site, or the folder that the command line names."""
    site = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    source = ROOT / "build" / "site-source"
    stage(source)
    warnings = build(source, site.resolve())
    print(f"{site}: {sum(1 for _ in site.rglob('*.html'))} pages, {warnings} warnings", file=sys.stderr)  # noqa: T201
    return 1 if warnings else 0


if __name__ == "__main__":
    sys.exit(main())
