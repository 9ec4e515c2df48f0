"""How far answers are behind the record."""

from index.lag import Lag, LagWatch


class Clock:
    """Stands still unless it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_lag_counts_from_the_last_look_that_did_not_find_the_change() -> None:
    clock = Clock()
    watch = LagWatch(clock)
    watch.observe(7, applied=7)
    assert watch.lag(7) == Lag()
    clock.now = 103.0
    watch.observe(9, applied=7)
    clock.now = 104.0
    watch.observe(12, applied=7)
    clock.now = 105.0
    assert watch.lag(7) == Lag(5, 5.0)
    assert watch.lag(9) == Lag(3, 2.0)
    assert watch.lag(12) == Lag()


def test_the_first_look_has_none_before_it() -> None:
    clock = Clock()
    watch = LagWatch(clock)
    watch.observe(3, applied=0)
    clock.now = 102.0
    assert watch.lag(0) == Lag(3, 2.0)


def test_a_change_of_this_process_is_no_lag_once_it_is_applied() -> None:
    watch = LagWatch(Clock())
    watch.observe(3, applied=3)
    watch.observe(4, applied=4)
    assert watch.lag(4) == Lag()


def test_what_the_record_has_is_not_known_while_it_cannot_be_asked() -> None:
    clock = Clock()
    watch = LagWatch(clock)
    watch.observe(3, applied=1)
    watch.note_unreachable()
    clock.now = 130.0
    assert watch.lag(1) == Lag()
    watch.observe(3, applied=1)
    clock.now = 131.0
    assert watch.lag(1) == Lag(2, 31.0)


def test_a_change_that_was_told_is_not_older_than_that() -> None:
    clock = Clock()
    watch = LagWatch(clock)
    watch.observe(7, applied=7)
    clock.now = 130.0
    watch.note_change()
    clock.now = 131.0
    watch.note_change()
    watch.observe(9, applied=7)
    clock.now = 132.0
    assert watch.lag(7) == Lag(2, 2.0)
    watch.observe(10, applied=9)  # of this one nothing was told
    clock.now = 135.0
    assert watch.lag(9) == Lag(1, 4.0)
