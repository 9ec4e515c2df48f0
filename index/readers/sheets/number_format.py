"""Format numbers of a spreadsheet as its cells show them (format codes of ECMA-376, part 1, 18.8.31).

What changes the meaning is followed: decimals, thousands, percent, signs, units, leading zeros, conditions.
Dates are written as ISO 8601, as precisely as the code shows them, because their order depends on a country
that the file does not always name.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

BUILTIN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss",
    48: "0.0E+0",
    49: "@",
}
"""Codes that files refer to by number. 14 and 22 are localised in spreadsheet programs."""

_MAX_CODE = 256
_MAX_DIGITS = 30
_TOKEN = re.compile(
    r"""(?P<skipped>_.|\*.)
    | "(?P<quoted>[^"]*)"?
    | \\(?P<escaped>.)
    | \[\$(?P<currency>[^\]\-]*)[^\]]*\]
    | \[(?P<elapsed>h+|m+|s+)\]
    | \[\s*(?P<condition>(?:<=|>=|<>|<|>|=)\s*-?\d+(?:\.\d*)?)\s*\]
    | \[[^\]]*\]
    | (?P<general>General)
    | (?P<exponent>E[+-][0#?]+)
    | (?P<digits>[0#?.,]+)
    | (?P<percent>%)
    | (?P<meridiem>AM/PM|A/P)
    | (?P<date>[dmyhs]+)
    | (?P<at>@)
    | (?P<literal>.)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SECTION = re.compile(
    r'(?:"[^"]*"?|\\.|\[[^\]]*\]|[^;"\\\[]|[\[\\])+|(?<=;)(?=;)|\A(?=;)|(?<=;)\Z', re.DOTALL
)
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
_DAYS_1904 = 1462
_MAX_SERIAL = 2_958_466
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 -- times in a sheet have no time zone


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a format code: for positive numbers, negative numbers, or zero.

    ``condition`` such as ``>999`` says instead for which numbers it is; empty without one.
    """

    before: str = ""
    after: str = ""
    digits: str = ""
    kind: str = "text"
    dates: str = ""
    condition: str = ""

    def covers(self, value: float) -> bool:
        """Whether the condition holds for a number, or there is none."""
        sign = self.condition.rstrip("-.0123456789 ")
        return not sign or _COMPARISONS[sign](value, float(self.condition[len(sign) :]))


_PLAIN = _Section(kind="general")


def format_number(value: float, code: str, *, date1904: bool = False) -> str:
    """Format a number by a format code. Codes that are not supported give the plain number."""
    value = float(value)
    if not math.isfinite(value):
        return plain_number(value)
    section, value = _choose(_sections(code[:_MAX_CODE]), value)
    match section.kind:
        case "date":
            return _date(value + (_DAYS_1904 if date1904 else 0), section.dates) or plain_number(value)
        case "digits":
            sign = "-" if value < 0 else ""
            number = _number(abs(value), section)
            return f"{sign}{section.before}{number}{section.after}".strip()
        case "text":
            return section.before.strip()
        case _:
            return plain_number(value)


def _choose(sections: Sequence[_Section], value: float) -> tuple[_Section, float]:
    """The section for a number, and the number without the sign that the section itself writes."""
    if any(section.condition for section in sections):
        section = next((one for one in sections if one.covers(value)), _PLAIN)
        has_sign = value < 0 and section.before.strip().startswith(("-", "("))
        return section, -value if has_sign else value
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    return sections[2 if value == 0 and len(sections) > 2 else 0], value


def plain_number(value: float) -> str:
    """A number in the format General: ten significant digits if it is not an integer."""
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}" if abs(value) < 1e10 else f"{value:.15g}"
    return text.upper()


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    parts = [match[0] for match in _SECTION.finditer(code)] or [""]
    return tuple(_section(part) if part else _Section() for part in parts[:3])


def _section(code: str) -> _Section:
    before: list[str] = []
    after: list[str] = []
    digits: list[str] = []
    dates: list[str] = []
    condition = ""
    kinds = set()
    for match in _TOKEN.finditer(code):
        kind, text = match.lastgroup, match[match.lastgroup or 0]
        if kind in ("digits", "exponent") and not dates:
            digits.append(text)
        elif kind in ("date", "elapsed", "meridiem"):
            dates.append(f"[{text.lower()}]" if kind == "elapsed" else text.lower())
        elif kind in ("quoted", "escaped", "currency", "literal", "percent"):
            (after if digits else before).append(text)
        elif kind == "condition":
            condition = text
        if kind is not None:
            kinds.add(kind)
    return _Section(
        "".join(before),
        "".join(after),
        "".join(digits),
        _kind(kinds, digits),
        "".join(dates),
        condition,
    )


def _kind(kinds: set[str], digits: list[str]) -> str:
    if "general" in kinds or "at" in kinds:
        return "general"
    if kinds & {"date", "elapsed"}:
        return "date"
    if not digits:
        return "text"
    # Several groups of digits are fractions, telephone numbers and the like.
    exponent = len(digits) == 2 and digits[1][:1] in "Ee"
    return "digits" if len(digits) == 1 or exponent else "general"


def _number(value: float, section: _Section) -> str:
    """Format an absolute value, applying percent signs and scaling by thousands."""
    digits, _, exponent = section.digits.upper().partition("E")
    whole, _, decimals = digits.rstrip(",").partition(".")
    percents = (section.before + section.after).count("%")
    value *= 100.0**percents / 1000.0 ** (len(digits) - len(digits.rstrip(",")))
    places = min(_MAX_DIGITS, sum(character in "0#?" for character in decimals))
    least = min(_MAX_DIGITS, decimals.count("0"))
    if exponent:
        return f"{value:.{places}E}"
    if value >= 1e15:
        return plain_number(value)
    comma = "," if "," in whole else ""
    text = f"{_nudge_up(value, places):{comma}.{places}f}"
    front, point, back = text.partition(".")
    back = back[:least] + back[least:].rstrip("0")
    front = front.rjust(min(_MAX_DIGITS, whole.count("0")), "0")
    if front == "0" and back and "0" not in whole:
        front = ""
    return f"{front}{point}{back}" if back else front


def _nudge_up(value: float, places: int) -> float:
    """Add a little, so that 2.675 is rounded to 2.68 although the float is slightly smaller."""
    return value + math.ulp(value) * 4 if places <= 15 else value


def _date(serial: float, code: str) -> str:
    """Date, time or both, as the code shows them; empty if the number is no date."""
    if not 0 <= serial < _MAX_SERIAL:
        return ""
    if code.startswith("["):
        return _format_elapsed(serial, code)
    # Day 60 is 29 February 1900, which did not exist.
    moment = _EPOCH + timedelta(days=int(serial) + (1 if 0 < serial < 60 else 0))
    moment += timedelta(seconds=round((serial - int(serial)) * 86_400))
    parts = []
    clock = any(letter in code for letter in "hs")
    months = "m" in code and (not clock or any(letter in code for letter in "yd"))
    if "d" in code or (months and "y" not in code):
        parts.append(f"{moment:%Y-%m-%d}" if moment.year >= 1000 else "")
    elif "y" in code:
        parts.append(f"{moment:%Y-%m}" if months else f"{moment:%Y}")
    if clock:
        parts.append(f"{moment:%H:%M:%S}" if "s" in code else f"{moment:%H:%M}")
    return " ".join(parts)


def _format_elapsed(serial: float, code: str) -> str:
    seconds = round(serial * 86_400)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if "s" in code else f"{hours}:{minutes:02}"
