"""Fonts whose letters are drawn as other signs, from before Unicode had those."""

from __future__ import annotations

import re

_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GREEK = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ"
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}\Z")
_SYMBOLS = dict(zip(map(ord, _LATIN), _GREEK, strict=True))


def symbol(code: int, *, greek: bool) -> str:
    """A character of a font of symbols: letters are those of the font Symbol if ``greek``, else none."""
    if code == 0xB7:
        return "•"
    if greek:
        return _SYMBOLS.get(code, chr(code) if code < 0x7F else "")
    return " " if code == 0x20 else ""


def symbol_of(digits: str, *, font: str) -> str:
    """The character of ``font`` whose code is given in hexadecimal; empty if it has no meaning without it."""
    if not _HEX.match(digits):
        return ""
    code = int(digits, 16)
    return symbol(code - 0xF000, greek=font == "Symbol") if 0xF000 <= code <= 0xF0FF else chr(code)
