"""The index of the site's search: the sections of the pages, with their anchors, and the synonyms.

The browser ranks them (``docs/theme/loccit/static/search.js``). The index is a script, so that the search
works from a folder as well as from a server.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

SYNONYMS = Path(__file__).resolve().parents[1] / "docs" / "theme" / "synonyms.txt"
_HEADING = re.compile(r"(#{1,4}) (.+)")
_FENCE = re.compile(r" *```")
_REFERENCE = ("reference/", "index-format")
_LEAST = ("changelog", "contributing", "architecture", "evaluation")


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a page: its address, the headings above it, its own first, and its text."""

    address: str
    headings: tuple[str, ...]
    text: str
    weight: float


def sections(page: PurePosixPath, text: str) -> Iterator[Section]:
    """The sections of a page, each from its heading to the next."""
    used = Counter[str]()
    path: list[tuple[int, str]] = []
    anchor, lines, in_code = "", [], False
    address = page.with_suffix(".html").as_posix()

    def section() -> Section:
        headings = tuple(heading for _, heading in reversed(path))
        where = f"{address}#{anchor}" if len(path) > 1 else address
        return Section(where, headings, _plain("\n".join(lines)), weight(page))

    for line in text.splitlines():
        in_code ^= bool(_FENCE.match(line))
        found = None if in_code else _HEADING.fullmatch(line)
        if found is None:
            lines.append(line)
            continue
        if path:
            yield section()
        level, heading = len(found[1]), _plain(found[2])
        path = [one for one in path if one[0] < level] + [(level, heading)]
        anchor, lines = _anchor(found[2], used), []
    if path:
        yield section()


def weight(page: PurePosixPath) -> float:
    """The weight of a page in the ranking, 0.35 to 1: references weigh less than pages that explain."""
    name = page.as_posix()
    if name.startswith(_REFERENCE):
        return 0.7
    return 0.35 if name.startswith(_LEAST) else 1.0


def _anchor(heading: str, used: Counter[str]) -> str:
    """The anchor of a heading as MyST makes it: that of GitHub, numbered from the second of a name on."""
    name = re.sub(r"[^\w\- ]", "", _plain(heading).lower()).replace(" ", "-")
    used[name] += 1
    return name if used[name] == 1 else f"{name}-{used[name] - 1}"


def _plain(text: str) -> str:
    """Text without the marks of Markdown."""
    text = re.sub(r"<!--.*?-->|^ *```\w*$|^\|[ :|-]+\|$", " ", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)\s]*\)", r"\1", text)
    return " ".join(re.sub(r"[`*|]+", " ", text).split())


def synonyms() -> dict[str, str]:
    """The words of the pages by the words that readers type instead."""
    lines = SYNONYMS.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(":") for line in lines if line and not line.startswith("#")]
    return {typed.strip(): words.strip() for typed, _, words in pairs}


def script(source: Path) -> str:
    """The index of the pages in a folder, as a script."""
    found = [
        [one.address, list(one.headings), one.text, one.weight]
        for path in sorted(source.rglob("*.md"))
        for one in sections(
            PurePosixPath(path.relative_to(source).as_posix()),
            re.sub(r"```{toctree}.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL),
        )
    ]
    content = json.dumps({"sections": found, "synonyms": synonyms()}, ensure_ascii=False)
    return f"window.loccitPages = {content};\n"
