"""Tokenize RTF, and map its code pages to codecs (RTF specification 1.9.1)."""

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)",
    re.DOTALL,
)
CODE_PAGES = MappingProxyType(
    {
        0: "cp1252",
        1: "",
        2: "symbol",
        77: "mac-roman",
        128: "cp932",
        129: "cp949",
        130: "johab",
        134: "gb18030",
    }
    | {136: "big5hkscs", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256"}
    | {186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850"}
)
"""``\\fcharset`` -> the codec of a font; empty for the document's own."""
CHARACTERS = MappingProxyType(
    {
        "tab": "\t",
        "line": "\n",
        "lbr": "\n",
        "emdash": "—",
        "endash": "–",
        "emspace": " ",
        "enspace": " ",
        "qmspace": " ",
        "bullet": "•",
        "lquote": "‘",
        "rquote": "’",
        "ldblquote": "“",
        "rdblquote": "”",
        "~": "\xa0",
        "_": "-",
        "{": "{",
        "}": "}",
        "\\": "\\",
        "\t": "\t",
    }
)
"""Control words and symbols that stand for characters."""
DESTINATIONS = frozenset(
    "aftncn aftnsep aftnsepc annotation atnauthor atndate atnicn atnid atnparent atnref atntime atrfend "
    "atrfstart author bkmkend bkmkstart buptim category colortbl comment company creatim doccomm "
    "falt fldinst filetbl fonttbl fontemb fontfile footer footerf footerl footerr formfield ftncn ftnsep "
    "ftnsepc generator header headerf headerl headerr hlinkbase info keywords listtable listoverridetable "
    "manager nextfile nonesttables objclass objdata objname operator panose pict printim private rxe "
    "revtbl revtim rsidtbl sn stylesheet subject sv tc template title txe xe".split()
)
"""Groups whose text is not part of the document. Those with ``\\*`` need not be listed."""


class Token(NamedTuple):
    """A piece of the source: ``{``, ``}``, a control word or symbol, or text as bytes."""

    kind: str
    """``{``, ``}``, ``word``, ``symbol`` or ``text``."""
    word: str = ""
    number: int | None = None
    text: bytes = b""


def tokenize(data: bytes) -> Iterator[Token]:
    r"""Split a file into tokens, skipping binary data (``\bin``)."""
    at = 0
    while match := _TOKEN.match(data, at):
        at = match.end()
        word, number, code, symbol, brace, text = match.groups()
        if text is not None:
            yield Token("text", text=text)
        elif word == b"bin":
            at += max(0, int(number or 0))
        elif word is not None:
            yield Token("word", word.decode("ascii"), None if number is None else int(number))
        elif code is not None:
            yield Token("text", text=bytes.fromhex(code.decode("ascii")))
        elif symbol is not None:
            yield Token("symbol", symbol.decode("latin-1"))
        elif brace is not None:
            yield Token(brace.decode("ascii"))


def code_page(number: int | None) -> str:
    r"""The codec that ``\ansicpg`` names."""
    known = {932: "cp932", 936: "gb18030", 949: "cp949", 950: "big5hkscs", 10000: "mac-roman", 65001: "utf-8"}
    known |= {
        one: f"cp{one}" for one in (437, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 874)
    }
    known |= {one: f"cp{one}" for one in range(1250, 1259)}
    return known.get(number or 0, "cp1252")
