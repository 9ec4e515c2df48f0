"""Convert characters of symbol fonts, which draw other signs for letters, to Unicode."""

import re

_LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GREEK = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ"
_HEX = re.compile(r"[0-9A-Fa-f]{1,4}\Z")
_SYMBOLS = dict(zip(map(ord, _LATIN), _GREEK, strict=True))


def symbol_character(code: int, *, greek: bool) -> str:
    """The Unicode character for a code of a symbol font, empty if unknown; ``greek`` for the font Symbol."""
    if code == 0xB7:
        return "•"
    if greek:
        return _SYMBOLS.get(code, chr(code) if code < 0x7F else "")
    return " " if code == 0x20 else ""


def symbol_from_hex(digits: str, *, font: str) -> str:
    """The Unicode character for a hexadecimal code in ``font``; empty if unknown."""
    if not _HEX.match(digits):
        return ""
    code = int(digits, 16)
    return symbol_character(code - 0xF000, greek=font == "Symbol") if 0xF000 <= code <= 0xF0FF else chr(code)
