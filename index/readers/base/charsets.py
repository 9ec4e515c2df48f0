"""Map labels of character encodings to Python codecs, as browsers do.

Python knows most of the labels of the `Encoding Standard <https://encoding.spec.whatwg.org/>`_, but takes
some of them more literally than the web uses them: a page labelled ISO-8859-1 is Windows-1252, one labelled
GB2312 is GB18030.
"""

import codecs
import re

_SUPERSETS = {
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "shift_jis": "cp932",
    "tis-620": "cp874",
    "utf-16": "utf-16-le",
}
"""Python's codec for a label -> the codec that decodes what is found under that label in practice."""

_ALIASES = {
    "cn-big5": "big5hkscs",
    "cseuckr": "cp949",
    "cseucpkdfmtjapanese": "euc_jp",
    "csgb2312": "gb18030",
    "csisolatin9": "iso8859-15",
    "csksc56011987": "cp949",
    "csmacintosh": "mac-roman",
    "dos-874": "cp874",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-8859-6-e": "iso8859-6",
    "iso-8859-6-i": "iso8859-6",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-8-i": "iso8859-8",
    "iso-ir-149": "cp949",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "ks_c_5601-1989": "cp949",
    "ksc_5601": "cp949",
    "logical": "iso8859-8",
    "mac": "mac-roman",
    "sun_eu_greek": "iso8859-7",
    "unicode-1-1-utf-8": "utf-8",
    "visual": "iso8859-8",
    "windows-31j": "cp932",
    "windows-874": "cp874",
    "windows-949": "cp949",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "x-mac-ukrainian": "mac-cyrillic",
    "x-sjis": "cp932",
    "x-x-big5": "big5hkscs",
}
"""Labels that Python does not know. :func:`find_codec` recognises ``x-cp125?`` and ``iso8859??`` itself."""

_TEXT_CODECS = frozenset(
    "big5hkscs cp866 cp874 cp932 cp949 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 "
    "euc_jp gb18030 hz iso2022_jp iso2022_kr iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 "
    "iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-u mac-roman "
    "mac-cyrillic utf-8 utf-16-le utf-16-be".split()
)
"""Codecs that documents may be decoded with. Others, such as UTF-7, are unsafe or no text encodings."""

_DECLARATIONS = (
    re.compile(rb"""<meta\b[^<>]*?\bcharset\s*+=\s*+(?:["']\s*+)?([\w.:+-]+)""", re.IGNORECASE),
    re.compile(rb"""\A\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:+-]+)""", re.IGNORECASE),
)
_HEAD_BYTES = 1 << 16
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_BODY = re.compile(rb"<body\b", re.IGNORECASE)


def find_codec(label: str) -> str | None:
    """The Python codec for the label of an encoding; None for an unknown label."""
    key = label.strip().lower()
    if found := _ALIASES.get(key):
        return found
    key = re.sub(r"^x-cp(125\d)$", r"cp\1", key)
    key = re.sub(r"^iso8859(\d{1,2})$", r"iso8859-\1", key)
    try:
        name = codecs.lookup(key).name
    except (LookupError, ValueError):  # ValueError: a NUL in the label
        return None
    name = _SUPERSETS.get(name, name)
    return name if name in _TEXT_CODECS else None


def declared_charset(html: bytes) -> str | None:
    """The label in an HTML page's ``<meta>`` or XML declaration; None if it has neither.

    The standard requires it within the first 1024 bytes. Pages with a script before it are common and
    browsers accept them, so the whole head is searched.
    """
    head = html[:_HEAD_BYTES]
    if body := _BODY.search(head):
        head = head[: body.start()]
    head = _COMMENT.sub(b"", head)
    for pattern in _DECLARATIONS:
        if match := pattern.search(head):
            label = match[1].decode("ascii", "replace").lower()
            # The declaration was found by single bytes, so the page cannot be UTF-16.
            return "utf-8" if label.startswith("utf-16") else label
    return None
