from __future__ import annotations

import random
import threading
from collections import Counter

from index.text.cache import TextCache
from tests.patience import PATIENCE


class Maker:
    """Makes a text as long as the first byte of its name says; counts the calls."""

    def __init__(self) -> None:
        self.made: Counter[bytes] = Counter()

    def __call__(self, sha256: bytes) -> str:
        self.made[sha256] += 1
        return "x" * sha256[0]


def name(length: int, number: int = 0) -> bytes:
    return bytes([length, number])


def test_a_cached_value_is_made_once() -> None:
    cache, make = TextCache[str](10, len), Maker()
    first = cache.get(name(5), make)
    assert cache.get(name(5), make) is first
    assert first == "xxxxx"
    assert make.made[name(5)] == 1


def test_a_value_longer_than_half_the_limit_is_not_cached() -> None:
    cache, make = TextCache[str](10, len), Maker()
    for length in (5, 6, 20):
        assert cache.get(name(length), make) == cache.get(name(length), make) == "x" * length
    assert make.made == {name(5): 1, name(6): 2, name(20): 2}


def test_the_least_recently_used_is_dropped_first() -> None:
    cache, make = TextCache[str](10, len), Maker()
    for number in (1, 2, 3):
        cache.get(name(3, number), make)
    cache.get(name(3, 1), make)
    cache.get(name(4), make)  # too many: 2 goes
    for number in (1, 3):
        cache.get(name(3, number), make)
    assert make.made == {name(3, 1): 1, name(3, 2): 1, name(3, 3): 1, name(4): 1}
    cache.get(name(3, 2), make)
    assert make.made[name(3, 2)] == 2


def test_no_more_values_are_dropped_than_necessary() -> None:
    cache, make = TextCache[str](10, len), Maker()
    for number in range(10):
        cache.get(name(1, number), make)
    cache.get(name(5), make)
    for number in range(5, 10):
        cache.get(name(1, number), make)
    assert set(make.made.values()) == {1}
    cache.get(name(1, 4), make)
    assert make.made[name(1, 4)] == 2


def test_empty_values_take_no_space() -> None:
    cache, make = TextCache[str](0, len), Maker()
    for number in range(5):
        cache.get(name(0, number), make)
        assert cache.get(name(0, number), make) == ""
    assert set(make.made.values()) == {1}


def test_clear_drops_all_values_and_resets_the_length() -> None:
    cache, make = TextCache[str](10, len), Maker()
    for number in (1, 2):
        cache.get(name(5, number), make)
    cache.clear()
    for _ in range(2):
        for number in (1, 2):
            cache.get(name(5, number), make)
    assert make.made == {name(5, 1): 2, name(5, 2): 2}


def test_a_value_made_during_a_clear_is_returned_but_not_cached() -> None:
    cache, make = TextCache[str](10, len), Maker()

    def make_meanwhile(sha256: bytes) -> str:
        cache.clear()
        return make(sha256)

    assert cache.get(name(5), make_meanwhile) == "xxxxx"
    cache.get(name(5), make)
    cache.get(name(5), make)
    assert make.made[name(5)] == 2


def test_an_error_is_raised_and_nothing_is_cached() -> None:
    cache, make = TextCache[str](10, len), Maker()
    try:
        cache.get(b"", make)
    except IndexError:
        pass
    else:
        raise AssertionError("the error of make() is not raised")
    assert cache.get(name(5), make) == "xxxxx"


def test_two_threads_that_make_the_same_value_cache_it_once() -> None:
    cache, together = TextCache[str](10, len), threading.Barrier(2)
    got: list[str] = []

    def make(sha256: bytes) -> str:
        together.wait(PATIENCE)
        return "x" * sha256[0]

    threads = [threading.Thread(target=lambda: got.append(cache.get(name(4), make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["xxxx", "xxxx"]
    # Counted twice, it would leave no room for another of 5.
    again = Maker()
    cache.get(name(5), again)
    cache.get(name(4), again)
    cache.get(name(5), again)
    assert again.made == {name(5): 1}


def test_threads_get_the_values_they_ask_for() -> None:
    cache = TextCache[str](60, len)
    wrong: list[object] = []

    def read(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(2000):
            wanted = name(chosen.randrange(40), chosen.randrange(3))
            try:
                if cache.get(wanted, Maker()) != "x" * wanted[0]:
                    wrong.append(wanted)
                if chosen.random() < 0.02:
                    cache.clear()
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    # The length was counted correctly: everything that fits is cached.
    cache.clear()
    make = Maker()
    for _ in range(2):
        for number in range(3):
            cache.get(name(20, number), make)
    assert set(make.made.values()) == {1}
