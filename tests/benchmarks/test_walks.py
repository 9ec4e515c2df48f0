"""Walks through the code are counted as they were made."""

import importlib.util
import threading
from pathlib import Path

import pytest

from benchmarks.walks.recording import Call, Recorder, Walk

_CODE = """
import threading

def outer():
    thread = threading.Thread(target=inner, name={name!r})
    thread.start()
    thread.join()

def inner():
    pass
"""


def _walk(*files: str) -> Walk:
    return Walk([Call(file, "function", 1) for file in files])


def test_a_return_is_an_entry_into_a_room_that_was_left() -> None:
    walk = _walk("index/search/a.py", "index/search/part/b.py", "index/naming.py", "index/search/a.py")
    assert list(walk.returns()) == [("index", "index/search")]
    assert walk.figures() == {"calls": 4, "functions": 3, "files": 3, "returns": 1}


def test_the_first_entry_into_a_room_is_no_return() -> None:
    assert not list(_walk("service/http/a.py", "service/faces/b.py", "index/search/c.py").returns())
    assert not list(_walk().returns())


def test_pairs_count_where_a_walk_goes_back_and_forth() -> None:
    walk = _walk(*["index/search/a.py", "index/citations/b.py"] * 3)
    assert walk.pairs() == {
        ("index/citations", "index/search"): 2,
        ("index/search", "index/citations"): 2,
    }


@pytest.mark.parametrize(("thread", "recorded"), [("any", ["outer", "inner"]), ("loccit-jobs", ["outer"])])
def test_calls_are_recorded_in_all_threads_but_those_of_the_background(
    tmp_path: Path, thread: str, recorded: list[str]
) -> None:
    file = tmp_path / "index" / "part" / "module.py"
    file.parent.mkdir(parents=True)
    file.write_text(_CODE.format(name=thread))
    spec = importlib.util.spec_from_file_location("walked_module", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recorder = Recorder(tmp_path)
    before = threading.getprofile()
    with recorder.installed():
        module.outer()
        with recorder.recorded() as calls:
            module.outer()
        module.outer()
    assert [one.function for one in calls] == recorded
    assert {one.file for one in calls} == {"index/part/module.py"}
    assert threading.getprofile() is before
