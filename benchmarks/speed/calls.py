"""Count the Python calls of a question in process: ``python -m benchmarks.speed.calls [--read] [--most N]``.

Unlike times, calls are the same on every machine, however busy it is. Those of the project's own functions
are counted, comprehensions and each step of a generator among them, on the first time that a question is
asked: the mean of 20 questions after 20 others, on SciFact. ``--most N`` also prints the functions that are
called most. ``--read`` lets the cross-encoder read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import FrameType

from benchmarks.sets import SCIFACT
from benchmarks.speed.peers import Job
from index.collection import Collection
from index.ingest import Source
from index.search import Question
from index.sources import put_all
from service.settings import load_settings
from service.state.library import open_library

ROOT = Path(__file__).parents[2]
_QUESTIONS = 20
Calls = Counter[tuple[str, str]]
"""Calls of each function, by its file and its name."""


def counted(call: Callable[[], object], root: Path = ROOT) -> Calls:
    """Count the calls of functions below a folder that a call makes in this thread, libraries left out."""
    found: Calls = Counter()
    beginning, libraries = f"{root}/", f"{sys.prefix}/"  # an environment may be in the project's folder

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_own = code.co_filename.startswith(beginning) and not code.co_filename.startswith(libraries)
        if event == "call" and is_own:
            found[code.co_filename.removeprefix(beginning), code.co_qualname] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(before)
    return found


def of_questions(collection: Collection, questions: Iterable[str], *, read: bool = False) -> Calls:
    """Count the calls of answering questions."""
    asked = [replace(Question.validate(one), read=read) for one in questions]
    found: Calls = Counter()
    for one in asked:
        found.update(counted(lambda one=one: collection.questions.answer(one)))  # type: ignore[misc]
    return found


def main() -> None:
    """Print the calls of a question, and the functions and files that they are of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--most", type=int, default=0, help="functions to print")
    parser.add_argument("--read", action="store_true", help="let the cross-encoder read")
    options = parser.parse_args()
    job = Job.of(SCIFACT, options.documents)
    questions = [one.text for one in job.asked]
    with tempfile.TemporaryDirectory() as folder, open_library(load_settings(data=Path(folder))) as library:
        collection = library.open("default", create=True)
        for _ in put_all(
            collection,
            [
                Source(id_, text.encode(), media_type="text/plain", title=title)
                for id_, title, text in job.documents
            ],
        ):
            pass
        of_questions(collection, questions[:_QUESTIONS], read=options.read)
        found = of_questions(collection, questions[_QUESTIONS : 2 * _QUESTIONS], read=options.read)
    files = {file for file, _ in found}
    print(f"{found.total() / _QUESTIONS:.0f} calls of {len(found)} functions in {len(files)} files")
    for (file, name), count in found.most_common(options.most):
        print(f"{count / _QUESTIONS:7.1f} {file}:{name}")


if __name__ == "__main__":
    main()
