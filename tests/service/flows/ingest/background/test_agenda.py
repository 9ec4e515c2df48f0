"""Which collections have the next turn, and when."""

from __future__ import annotations

import pytest

from service.flows.ingest.background.agenda import Agenda

LONG = 600.0


def begun(agenda: Agenda) -> Agenda:
    """After a first turn, which is that of all collections."""
    assert agenda.pause() == 0
    with agenda.turn() as turn:
        assert turn.is_of_all
    assert agenda.pause() > LONG / 2
    return agenda


def test_what_is_announced_has_the_next_turn_and_only_that() -> None:
    agenda = begun(Agenda(every=LONG))
    agenda.add("a")
    agenda.add("b", urgent=True)
    assert agenda.pause() == 0
    with agenda.turn() as turn:
        assert (turn.is_of_all, turn.names) == (False, {"a", "b"})
        assert [turn.has_passages(name) for name in "abc"] == [False, True, False]
        agenda.add("c")
    with agenda.turn() as turn:
        assert turn.names == {"c"}
    assert agenda.pause() > LONG / 2


@pytest.mark.parametrize("urgent", [True, False])
def test_all_have_a_turn_when_any_may_have_changed(urgent: bool) -> None:
    agenda = begun(Agenda(every=LONG))
    agenda.add(None, urgent=urgent)
    assert agenda.pause() == 0
    with agenda.turn() as turn:
        assert turn.is_of_all
        assert turn.has_passages("a") is urgent


def test_changes_that_follow_each_other_wait_and_passages_do_not() -> None:
    agenda = begun(Agenda(every=2 * LONG, least=LONG))
    agenda.add("a")
    assert LONG / 2 < agenda.pause() <= LONG
    agenda.add("a", urgent=True)
    assert agenda.pause() == 0


def test_after_a_failure_all_have_a_turn_soon() -> None:
    agenda = begun(Agenda(every=LONG))
    agenda.add("a")
    with agenda.turn() as turn:
        turn.has_failed = True
    assert agenda.pause() == 0
    with pytest.raises(ZeroDivisionError), agenda.turn():
        raise ZeroDivisionError
    with agenda.turn() as turn:
        assert turn.is_of_all
