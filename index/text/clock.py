"""Times of day: what their hour, minute and half of the day are, and how many minutes these are."""

from __future__ import annotations

import regex

HOUR, MINUTE = r"(?P<hour>[01]?\d|2[0-4])", r"(?P<minute>[0-5]\d)"
HALF = r"(?:o['’]clock\s)?(?P<half>[ap])(?:\s?m\b|\.\s?m\b\.?)"
"""The half of the day: "am", "p.m.", "a. m."."""
NOON = 720
"""Minutes from midnight to noon."""


def minutes_at(match: regex.Match[str]) -> int | None:
    """The minutes from midnight to the time of a match of these patterns; None for "13 pm"."""
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    if half:
        if hour > 12:
            return None
        hour = hour % 12 + 12 * (half == "p")
    return 60 * hour + int(match["minute"] or 0)
