"""What every runner measures, in whichever environment it runs: nothing but the standard library is needed.

A job comes on standard input as a JSON object: ``model`` (a folder), ``folder`` (empty, for files),
``documents`` (lists of id, title and text) and ``questions``. The result goes to the last line of standard
output.
"""

import contextlib
import json
import sys
import time

K = 5
"""Passages or documents asked for."""
_WARM = 10


def measure(make, packages):
    """Run the job with ``make(model, folder)`` and print what it took.

    What it makes has ``index(documents)``, which returns the number of passages when all can be found, and
    ``ask(question)``, which returns the ids of documents, best first. Loading the model is timed by itself.
    """
    job = json.load(sys.stdin)
    # Libraries print progress; only the last line is ours.
    with contextlib.redirect_stdout(sys.stderr):
        loading, peer = _timed(lambda: make(job["model"], job["folder"]))
        indexing, passages = _timed(lambda: peer.index(job["documents"]))
        for question in job["questions"][:_WARM]:
            peer.ask(question)
        answers = [_timed(lambda asked=question: peer.ask(asked)) for question in job["questions"]]
    told = {
        "versions": _versions(packages),
        "documents": len(job["documents"]),
        "passages": passages,
        "loading_seconds": loading,
        "indexing_seconds": indexing,
        "question_ms": [1000 * seconds for seconds, _ in answers],
        "found": [ids for _, ids in answers],
    }
    print(json.dumps(told))


def whole(title, text):
    """A document as one text, as BEIR's own code joins them."""
    return f"{title} {text}".strip()


def _timed(work):
    begin = time.perf_counter()
    made = work()
    return time.perf_counter() - begin, made


def _versions(packages):
    from importlib.metadata import version

    return {name: version(name) for name in packages}
