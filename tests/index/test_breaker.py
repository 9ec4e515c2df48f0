"""The breaker opens when nothing is answered any more, and for no other reason. Time and probes are given."""

from __future__ import annotations

import pytest

from index.postgresql.breaker import ANSWER_SECONDS, HANGS, STEP_SECONDS, Breaker

ANSWERED, REFUSED = "", "connection refused"
LONG = round(60 / STEP_SECONDS)
"""Steps in a minute."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Probe:
    """Ends each probe as it is told; None leaves it under way."""

    def __init__(self) -> None:
        self.end: str | None = ANSWERED
        self.begun = self.abandoned = 0

    def begin(self) -> None:
        self.begun += 1

    def outcome(self) -> str | None:
        return self.end

    def abandon(self) -> None:
        self.abandoned += 1


class Bench:
    """A breaker with a clock and a probe, and what it told."""

    def __init__(self) -> None:
        self.clock, self.probe, self.told = Clock(), Probe(), list[str]()
        self.breaker = Breaker(self.probe, lambda: self.told.append(self.breaker.reason), clock=self.clock)

    def steps(self, count: int, *, apart: float = STEP_SECONDS) -> None:
        for _ in range(count):
            self.clock.now += apart
            self.breaker.step()

    def open(self, end: str | None = REFUSED) -> None:
        self.probe.end = end
        self.breaker.suspect()
        self.steps(round(2 * ANSWER_SECONDS / STEP_SECONDS))
        assert self.breaker.reason


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_nothing_is_asked_unless_something_is_suspected(bench: Bench) -> None:
    bench.steps(LONG)
    assert (bench.probe.begun, bench.told, bench.breaker.is_settled) == (0, [], True)


def test_a_suspicion_that_a_probe_refutes_changes_nothing(bench: Bench) -> None:
    for _ in range(LONG):  # as while statements wait for a lock, or a pool is full
        bench.breaker.suspect()
        bench.steps(1)
    begun = bench.probe.begun
    bench.steps(round(1 / STEP_SECONDS))
    assert (bench.told, bench.breaker.reason) == ([], "")
    assert bench.breaker.wait(0)
    assert 60 < begun <= 60 / 0.25 + 1, "probes have pauses"


def test_it_opens_as_soon_as_a_probe_fails(bench: Bench) -> None:
    bench.probe.end = REFUSED
    bench.breaker.suspect()
    assert not bench.breaker.wait(0)
    bench.steps(1)
    assert bench.told == [REFUSED]
    assert bench.breaker.wait(0)


def test_it_opens_when_a_probe_is_not_answered_in_time(bench: Bench) -> None:
    bench.probe.end = None
    bench.breaker.suspect()
    bench.steps(round(ANSWER_SECONDS / STEP_SECONDS))
    assert bench.told == []
    bench.steps(2)
    assert bench.told == [HANGS]


def test_other_answers_show_that_the_server_does_not_hang(bench: Bench) -> None:
    bench.probe.end = None
    bench.breaker.suspect()
    for _ in range(LONG):
        bench.breaker.note_answer()
        bench.steps(1)
    assert bench.told == []
    bench.probe.end = "sorry, too many clients already"
    bench.breaker.note_answer()
    bench.steps(1)
    assert bench.told == []


def test_seconds_in_which_this_machine_stands_still_do_not_count(bench: Bench) -> None:
    bench.probe.end = None
    bench.breaker.suspect()
    bench.steps(3, apart=100.0)
    assert bench.told == []


@pytest.mark.parametrize("end", [REFUSED, None])
def test_the_first_probe_that_is_answered_closes_it(bench: Bench, end: str | None) -> None:
    bench.open(end)
    before = bench.probe.begun
    bench.steps(LONG)
    assert len(bench.told) == 1
    if end is None:
        assert bench.probe.abandoned >= 1, "another connection is tried"
    else:
        assert 100 < bench.probe.begun - before <= 240, "probes go on, with pauses"
    bench.breaker.note_answer()  # of work that began before
    bench.steps(1)
    assert bench.breaker.reason
    bench.probe.end = ANSWERED
    bench.steps(round(1 / STEP_SECONDS))
    assert bench.told[1:] == [""]
    assert bench.breaker.is_settled
    bench.open()
    assert len(bench.told) == 3


def test_what_fails_as_it_closes_is_tried_again_with_the_next_probe() -> None:
    failing = True

    def changed() -> None:
        if failing and not breaker.reason:
            raise RuntimeError("can't start new thread")

    clock, probe = Clock(), Probe()
    breaker = Breaker(probe, changed, clock=clock)
    bench = Bench()
    bench.clock, bench.probe, bench.breaker = clock, probe, breaker
    bench.open()
    probe.end = ANSWERED
    with pytest.raises(RuntimeError):
        bench.steps(LONG)
    assert breaker.reason
    failing = False
    bench.steps(LONG)
    assert breaker.is_settled
