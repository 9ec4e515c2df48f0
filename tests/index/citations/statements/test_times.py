"""Times of day in all forms in which sentences and tables write them."""

from __future__ import annotations

from itertools import product

import pytest

from index.search.tables.timetables import minutes_of
from tests.index.citations.statements.test_opposites import is_conflict

TIMES = (0, 30, 540, 570, 720, 750, 780, 1080, 1320)
FRAMES = (
    "The bar of the Swan hotel is closed from {} on.",
    "The Ely museum opens daily at {} for visitors.",
)


def forms(minutes: int, *, in_cells: bool = False) -> list[str]:
    """A time of day in its forms."""
    hour, rest = divmod(minutes, 60)
    half = "am" if hour < 12 else "pm"
    halves = (half, half.upper(), f"{half[0]}.m.", f"{half[0]}. m.", f"{half[0].upper()}.M.")
    of_half = [f"{hour % 12 or 12}{mark}{rest:02d} {one}" for mark, one in product(":.", halves)]
    found = [f"{hour:02d}:{rest:02d}", f"{hour}.{rest:02d} Uhr", *of_half, of_half[0].replace(" ", "")]
    if not rest:
        found += [f"{hour % 12 or 12} {one}" for one in halves] + [f"{hour} Uhr"]
    if not rest and not in_cells:
        found += [f"{hour % 12 or 12} o'clock {half}"]
        found += {0: ["midnight", "12 midnight"], 720: ["noon", "12 noon", "12:00 noon"]}.get(minutes, [])
    return found


@pytest.mark.parametrize("minutes", TIMES)
def test_cells(minutes: int) -> None:
    for form in forms(minutes, in_cells=True):
        assert minutes_of(form) == minutes, form


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("minutes", TIMES)
def test_one_time_in_two_forms_agrees(minutes: int, frame: str) -> None:
    for one, other in product(forms(minutes), forms(minutes)[:2]):
        assert not is_conflict(frame.format(one), frame.format(other)), (one, other)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize(("minutes", "later"), [(540, 570), (0, 720), (1080, 1320), (720, 780)])
def test_two_times_disagree(minutes: int, later: int, frame: str) -> None:
    pairs = [*product(forms(minutes), forms(later)[:2]), *product(forms(minutes)[:2], forms(later))]
    for one, other in pairs:
        assert is_conflict(frame.format(one), frame.format(other)), (one, other)


@pytest.mark.parametrize("to", [" to ", "-", " – ", " until "])
def test_openings_to_noon_and_to_midnight(to: str) -> None:
    frame = "The Ely museum is open daily from {} for visitors."
    for end, name in ((720, "12 noon"), (0, "midnight")):
        for one in forms(end):
            assert not is_conflict(frame.format(f"9 am{to}{one}"), frame.format(f"9:00{to}{name}")), one
            assert is_conflict(frame.format(f"9 am{to}{one}"), frame.format(f"9:00{to}1 pm")), one
