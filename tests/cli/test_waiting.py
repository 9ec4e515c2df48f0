"""What a command waits for is said on a terminal, and nowhere else."""

from pathlib import Path

import pytest

from cli.terminal.waiting import Waiting
from tests.cli.commands import TERMINAL, loccit


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def steps(clock: Clock, *seconds: float) -> Waiting:
    """Steps that took so many seconds, the last of which goes on."""
    waiting = Waiting(advice="Start a service.", clock=clock)
    for number, took in enumerate(seconds, 1):
        waiting.step(f"Step {number}")
        clock.seconds += took
    return waiting


def test_steps_that_took_long_are_summed_up() -> None:
    told = steps(Clock(), 2.0, 3.26, 0.0).summary()
    assert told == "5.3 s: Step 1 2.0 s, Step 2 3.3 s, Step 3 0.0 s. Start a service."


def test_steps_that_took_little_are_not_told() -> None:
    assert steps(Clock(), 2.0, 1.9).summary() == ""
    assert steps(Clock()).summary() == ""


def test_a_summary_is_printed_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**TERMINAL, "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    with steps(Clock(), 5.0):
        pass
    assert "5.0 s: Step 1 5.0 s. Start a service." in capsys.readouterr().err
    monkeypatch.delenv("TTY_COMPATIBLE")
    with steps(Clock(), 5.0):
        pass
    assert capsys.readouterr().err == ""


def test_a_failure_is_not_summed_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in TERMINAL.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="broken"), steps(Clock(), 5.0):
        raise ValueError("broken")
    assert "Step 1 5.0 s" not in capsys.readouterr().err


def test_ask_says_what_it_waits_for(tmp_path: Path) -> None:
    (tmp_path / "mars.txt").write_text("Mars has two moons, Phobos and Deimos.")
    loccit(tmp_path, "ingest", str(tmp_path / "mars.txt"))
    told = loccit(tmp_path, "ask", "Which moons has Mars?", **TERMINAL)
    assert "Asking …" in told.stderr
    assert "Phobos" in told.stdout
    assert loccit(tmp_path, "ask", "Which moons has Mars?").stderr == ""
