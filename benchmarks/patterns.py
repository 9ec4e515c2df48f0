"""Look for patterns of the packages that take more than time in proportion to a text, however it is made.

    python -m benchmarks.patterns

Each is timed against itself, on a text and on one four times as long, and the more so the more it seems to
grow: how fast the machine is makes no difference, but other work on it does.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import thread_time
from typing import Any

import regex

from index.patterns import LazyPattern

ROOT = Path(__file__).parents[1]
PACKAGES = ("index", "service")
AT_ONE_PLACE = frozenset(("match", "fullmatch"))
METHODS = AT_ONE_PLACE | frozenset(("search", "finditer", "findall", "sub", "subn", "split", "splititer"))
PUMPS = (
    *"1 aA-([\n\t'\"“«#*/:<&_é=`\\@的\u0301٣…?\u00a0—{+^$~",
    *(
        "Ab ",
        "a ",
        "A ",
        "1.",
        "1,",
        "1 ",
        "a.",
        "a. ",
        ". ",
        "- ",
        "(a ",
        "\n ",
        "a\n",
        "| ",
        "|a",
        "a-",
        "a'",
        "a/",
    ),
    *("a:", "1:", "<a ", "a@", "a, ", "A. ", "1a", "?!", "; ", "% ", "€ ", "> ", "1–"),
)
"""What is repeated; some words of a pattern are, too."""
BEFORE = ("", "1", "(", "A ")
END = "\0"
MOST_WORDS = 6
SHORT, TIMES = 100, 4
SHORTEST = 12
"""Repetitions after which twice as many take a hundred times as long only where all ways are tried."""
MOST_GROWTH = 9
"""Of the time when a text is four times as long: 4 is linear, 16 quadratic."""
LEAST, PATIENCE = 5e-4, 0.2
"""Seconds from which growth is measured, as the clock tells too little below, and to which it is thrice."""
TICK = 1e-6
BOUNDED = {
    "index.citations.carried._QUOTATIONS": "6000 code points of an entry",
    "index.citations.statements.disagreements._NAMED": "30 code points before a number",
    "index.readers.pdf.drafts._WORD_END": "the last syllables of a line",
    "index.readers.pdf.page_numbers._ALONE": "200 code points of a row",
    "index.readers.pdf.paragraphs._LEADERS": "40 code points of a line",
    "index.readers.sheets.number_format._SECTION": "a code of 256 code points",
    "index.readers.sheets.number_format._TOKEN": "a code of 256 code points",
    "index.search.question.definitions._ASKS": "a question of 150 code points",
    "index.search.question.definitions._SENTENCE_BEGINNINGS": "a sentence of 600 code points",
    "index.search.question.definitions._SENTENCE_ENDS": "a sentence of 600 code points",
    "index.search.question.siblings._OPENS": "60 code points before a name",
    "index.search.ranges._NAME_BEFORE": "60 code points before a number",
    "index.search.ranges._OF": "60 code points before a number",
}
"""Patterns that grow faster, and the longest text that they are used on."""


@dataclass(frozen=True)
class Used:
    """A pattern of a module, and the methods by which the packages use it."""

    name: str
    pattern: Any
    methods: frozenset[str]

    def look(self, text: str) -> None:
        """Use it on a text by all its methods."""
        given = text.encode() if isinstance(self.pattern.pattern, bytes) else text
        for method in self.methods & AT_ONE_PLACE:
            getattr(self.pattern, method)(given)
        if self.methods - AT_ONE_PLACE:
            for _ in self.pattern.finditer(given):
                pass

    def seconds(self, text: str, *, tries: int = 1) -> float:
        """The least processor time of some tries."""
        found = []
        for _ in range(tries):
            began = thread_time()
            self.look(text)
            found.append(max(thread_time() - began, TICK))
        return min(found)


def patterns_in(value: object) -> Iterator[Any]:
    """The patterns that a value is, or has in it."""
    if isinstance(value, (re.Pattern, regex.Pattern, LazyPattern)):
        yield value
    elif isinstance(value, dict):
        yield from patterns_in([*value.items()])
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from patterns_in(one)


def modules() -> Iterator[tuple[str, Path]]:
    """The modules that compile patterns."""
    for file in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        path = file.relative_to(ROOT).with_suffix("")
        text = file.read_text(encoding="utf-8")
        if "compile(" in text or "lazy_pattern(" in text:
            yield ".".join(path.parts[:-1] if path.name == "__init__" else path.parts), file


def methods_in(file: Path) -> dict[str, frozenset[str]]:
    """The methods of patterns that a module calls, by the names of what they are called on."""
    found: dict[str, frozenset[str]] = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
            found[node.value.id] = found.get(node.value.id, frozenset()) | {node.attr}
    return found


def used_patterns() -> Sequence[Used]:
    """All patterns that modules of the packages have by a name."""
    own = {name: methods_in(file) for name, file in modules()}
    found: list[Used] = []
    for module, methods in own.items():
        for name, value in vars(importlib.import_module(module)).items():
            elsewhere = (some[name] for some in own.values() if name in some)
            used = methods.get(name) or next(elsewhere, frozenset(["search"]))
            found += [Used(f"{module}.{name}", pattern, used) for pattern in patterns_in(value)]
    return found


def texts(one: Used) -> Iterator[tuple[str, str, str]]:
    """What stands at the beginning of a text, what is repeated behind it, and its end.

    All words of the pattern are in the end: some texts are not looked through if they lack one.
    """
    written = one.pattern.pattern
    written = written.decode("latin-1") if isinstance(written, bytes) else written
    plain = regex.sub(r"\\[pPN]\{[^}]*\}|\(\?P<\w+>|\\.", " ", written)
    all_words = list(dict.fromkeys(regex.findall(r"[^\W\d_]+", plain)))
    long = [word for word in all_words if len(word) > 1]
    words = [*long[: MOST_WORDS // 2], *long[-MOST_WORDS // 2 :]]
    before = (*BEFORE, *words[:2]) if one.methods <= AT_ONE_PLACE else ("",)
    for pump in (*PUMPS, *(f"{word} " for word in words)):
        yield from ((start, pump, f"{END} {' '.join(all_words)}") for start in before)


def grows_fast(one: Used, before: str, pump: str, end: str) -> bool:
    """Whether it takes far more than four times as long for a text four times as long."""

    def seconds(length: int, *, tries: int = 1) -> float:
        return one.seconds(before + pump * (length // len(pump)) + end, tries=tries)

    def explodes(tries: int) -> bool:
        few, twice = (one.seconds(before + pump * n + end, tries=tries) for n in (SHORTEST, 2 * SHORTEST))
        return twice > LEAST and twice > 100 * few

    # Once may have been the garbage collector.
    if explodes(1) and explodes(5):
        return True
    last = seconds(SHORT)
    for length in (SHORT * TIMES, SHORT * TIMES**2):
        found = seconds(length)
        if found > LEAST and found > last * MOST_GROWTH:
            # It may have been a pause of the machine.
            lengths = [length // TIMES, length, length * TIMES][: 2 if found > PATIENCE else 3]
            again = [seconds(one, tries=5) for one in lengths]
            return all(that > one * MOST_GROWTH for one, that in pairwise(again))
        last = found
    return False


def is_linear(one: Used) -> bool:
    """Whether a pattern takes time in proportion to each text."""
    return not any(grows_fast(one, *parts) for parts in texts(one))


def main() -> None:
    """Print the patterns that take far longer for a longer text; exit with 1 if there are some."""
    slow = [one for one in used_patterns() if one.name not in BOUNDED and not is_linear(one)]
    for one in slow:
        print(f"{one.name}: {one.pattern.pattern}")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
