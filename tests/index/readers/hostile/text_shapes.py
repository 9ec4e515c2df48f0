"""Hostile shapes of the formats that are text."""

from __future__ import annotations

from collections.abc import Iterator

from tests.index.readers.hostile.shapes import Pieces, Shape, shapes_of

MARKDOWN = Pieces(
    single=(
        "[", "]", "![", "*a_ ", "[a](b", "[a](<b", "[a][", "`", "<", "<a ", "<!--", "&", "\\", "~", "**", "_", "> ", "- ",
        "1. ", "|", "#", "\n", "\t", "a", "](", "(", ")", '"', "'", "<a href='", "<?", "<![CDATA[", "http://", "[a]: b\n", "[^1]",
        "é", "a|b\n", "```\n", "    a\n", "---\n", "$", ":", "<!A ", "</a", "![a](b", "~~a", "a\\\n", "a  \n", "<p>\n", "[a]: ",
    ),
    pairs=(("[", "](a)"), ("![", "](a)"), ("*", "*"), ("**", "**"), ("*a **a ", "** a*"), ("<b>", "</b>"), ("(", ")"), ("~~", "~~")),
    counted=("[a{i}]: b\n", "[a{i}]", "- a{i}\n", "a{i}|b\n", "<a{i}>", "&a{i};", "# a{i}\n", "1. a{i}\n", "[^{i}]: a\n\n", "`a{i}`` "),
    used=(("[a{i}]: b\n", "[a{i}] "), ("a{i}|", "\n-|"), ("[", "](a{i})"), ("*a{i} ", "_b{i} "), ("[a{i}]: b\n", "[a{i}][a{i}]\n")),
    rising=("`", "*", "_", "~", "[", "> ", "- ", " ", "#", "\n", "|", "&", "\\", "<", "(", "]"),
)  # fmt: skip
HTML = Pieces(
    single=("<", "<a ", "<p>", "<div>", "&", "<!--", "-->", "<b>", "a", "</p>", "<td>", "<li>", "<a href=x>", "é", "<br>", "\n", '"', "<script>",
            "</div>", "<table>", "<h1>", "<title>", "]]>", "<![CDATA[", "<span class='page num' >1", "<pre>", "<svg>", "<select>",
            "<form>", "<tr>", "<ul>", "<!DOCTYPE", "<font>", "x. ", "&#1;", "<i>x</i>", "<meta charset=", "<?xml", "<dl><dt>", "<p class='a'>x"),
    pairs=tuple((f"<{tag}>", f"</{tag}>") for tag in
                ("div", "p", "a", "b", "i", "span", "ul", "ol", "li", "ul><li", "table", "table><tr><td", "td", "tr", "h1", "section", "article", "header", "footer",
                 "blockquote", "pre", "code", "dl", "dt", "dd", "form", "font", "em", "strong", "main", "details", "figure", "svg", "nav", "table><caption", "q", "sub",
                 "p><b><i", "header><div", "li><p", "h1><span", "noscript", "label", "button", "object", "ruby", "center", "u", "tt", "del", "aside")),
    counted=("<a{i}>", "<p id='a{i}'>x</p>", "<a href='#{i}'>x</a>", "<p a{i}=b>", "<div a{i}>", "<h1>a{i}</h1>", "<td>{i}", "<li>a{i}</li>", "<a a{i}='' ",
             "<meta name='a{i}' content='b'>", "<meta property='og:title' content='{i}'>", "<script type='application/ld+json'>{\"@type\":\"{i}\"}</script>",
             "<time>2020-01-{i}</time>", "<link rel=a href=b{i}>", "<p>a{i}.</p>", "<h2>{i}</h2><p>Some words of prose that say {i} more than once or so.</p>",
             "<tr><td>{i}</td><td>a</td></tr>", "<title>{i}</title>", "<span itemprop='author'>a{i}</span>", "<div class='author'>a{i}</div>", "<b>{i}</b><br>"),
    used=(("<b>", "</i>"), ("<a href='#{i}'>", "<p id='{i}'>"), ("<p>", "</div>"), ("<table>", "<p>{i}"), ("<b>{i}", "<p>{i}"), ("<i>", "<div>")),
    rising=("<b>", "<p>", "<div>", "&amp;", "<td>", "<ul><li>", "<!-- -->", "<i a='b'>", "</b>"),
    neighbours=False,
)  # fmt: skip
TABLES = Pieces(
    single=("a,", ",", '"', '""', "a\n", '"a",', "a;", "\t", "|", "a", '",', "é,", '"\n', "1,", "a,b\n", '"a\n', ",\n", "=", "sep=", " ", "'", "1.2,"),
    counted=("a{i},", "a{i},b\n", "{i};", '"a{i}",', "{i}\t", "a{i}\n"),
    used=(("a{i},", "\nb{i}"), ("a{i},", "\n{i},{i}"), ("a{i},", "{i},")),
    rising=("a,", ",", '"', "a;", "\t"),
)  # fmt: skip
JSON = Pieces(
    single=('{"a":', "[", '"', "1,", '"a":', "{", "]", "\\u0041", "[1,", '[{"a":', "null,", "1", "-", "e", " "),
    pairs=(("[", "]"), ('{"a":', "}"), ('{"text":', "}"), ('[{"a":', "}]"), ('{"a":[', "]}")),
    counted=("[{i},", '{"a{i}":'),
)  # fmt: skip
MAIL = Pieces(
    single=("a: b\n", " a\n", "=?utf-8?q?a?= ", "=?", "?=", "--a\n", "From a b\n\nA: b\n", "\n", "\r", "a=b;", '"', "(", "<", "@", ",", "a", ">From \n",
            "To: a\n", "Content-Type: multipart/mixed; boundary=a\n\n--a\n", "--a\nContent-Type: text/plain\n\nx\n", "--a--\n", "=20", "boundary=",
            "Content-Type: message/rfc822\n\nSubject: a\n", "> a\n", "\\", "é", "%C3", "*0=a;", "begin 644 a\n", "-- \n", "1. a\n"),
    pairs=(("(", ")"), ('"', '"'), ("<", ">"), ("=?utf-8?b?", "?="), ("> ", "\n")),
    counted=("a{i}: b\n", "a{i}=b; ", "a*{i}=b; ", "--a{i}\n", "X: {i}\n", "name*{i}*=a;", "To: a{i}@b\n", "--a\nContent-Disposition: attachment; filename=f{i}\n\nx\n",
             "--a\nContent-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\nx\n", "--a\nContent-Type: text/html\n\n<p>{i}\n"),
    rising=("-", "=?", "(", "> ", "\n"),
    neighbours=False,
)  # fmt: skip
RTF = Pieces(
    single=("{", "}", "\\par ", "\\b ", "\\cell ", "\\row ", "\\'e9", "\\u233?", "a", "\\*", "\\intbl ", "\\footnote ", "{\\footnote a}", "\\trowd ", "{\\listtext 1.}a\\par ",
            "\\bin", "\\", "\n", "{\\*\\shptxt a\\par}", "\\s1 ", "\\ilvl3 ", "{\\header a}", "\\u-10000?", "\\f1 ", "\\fcharset2 ", "\\pard ", "\\cell", "a\\cell\\row ", "\\tab ",
            "a\\intbl\\par ", "{\\pntext a}", "\\uc8 ", "\\page ", "\\v ", "\\plain "),
    pairs=(("{", "}"), ("{\\b ", "}"), ("{\\footnote ", "}"), ("{\\*\\a ", "}"), ("{\\shptxt ", "}"), ("{\\info{\\title ", "}}"), ("{\\upr{\\ud ", "}}")),
    counted=("\\f{i} ", "\\s{i} ", "\\u{i}?", "{\\fonttbl{\\f{i} a;}}", "{\\stylesheet{\\s{i} heading 1;}}", "a{i}\\par ", "a{i}\\cell ", "\\a{i} ", "{\\header a{i}\\par}"),
    rising=("\\cell ", "\\par ", "{\\b a}", "\\row "),
)  # fmt: skip
RST = Pieces(
    single=("*", "`", "``", "|", "_", "[", ":a:", ".. ", "- ", "a", "\n", "\\", "* a\n", "  a\n", "=", "===\n", "+---+\n", "| a\n", "a::\n\n", ">>> a\n", "`a`_ ", "a_ ", "__ ",
            "[1]_ ", ":a:`b` ", "*a ", "**a ", "|a ", "<a@", "http://", "a=\n", "-a\n", "1. ", ".. a::\n\n   ", "::", "é", "(", "'", '"*', "\t", ".. [1] a\n", ".. _a: b\n", ".. |a| b\n",
            "a\n=\n", ":a: b\n", "--a  b\n", "==  ==\n"),
    counted=(".. _a{i}: b\n", "a{i}_ ", "`a{i}`_ ", "[{i}]_ ", ".. [{i}] a\n", ".. |a{i}| replace:: b\n", "|a{i}| ", "a{i}\n==\n\n", ":a{i}: b\n", "- a{i}\n\n", "{i}. a\n", ".. a{i}::\n\n",
             ":a{i}:`b` ", "a{i}\n  b\n", "[#a{i}]_ ", "[#]_ ", "__ a{i}\n", ".. role:: a{i}\n\n", "`a{i} <b>`_ "),
    used=((".. _a{i}: b\n", "\na{i}_"), ("a{i}_ ", "\n.. _a{i}: b\n"), ("[#]_ ", "\n.. [#] a{i}\n")),
    rising=("*", "`", "|", "_", "- ", "  ", "=", "\n", ":", "[", "> "),
    neighbours=False,
)  # fmt: skip
SUBTITLES = Pieces(
    single=("00:00:01,000 --> 00:00:02,000\na\n\n", "-->", "<v ", "<", "{\\", "<a>", "&", "NOTE\n", "\n", "a\n", "1\n", "0:0:1.0 -->", " ", "00:", "\t", "99:00:01,000 --> 99:00:02,000\na\n\n"),
    counted=("{i}\n00:00:01,000 --> 00:00:02,000\na{i}\n\n", "00:{i}:01.000 --> 00:{i}:02.000\na\n\n"),
    rising=("<", "a ", "00:"),
)  # fmt: skip
PLAIN = Pieces(
    single=("=", "-", "*", "#", "1", "1.", "1. ", ".", " ", "\n", "\t", "a", "a b ", "== a ==\n", "a\n---\n", "(", "•", "1.1 A\n\n", "é", "中", "a\n\n", "- a\n", "、", "chapter ", "1 ", "\u0301a", "! ", "a.\n", "A. ", "e.g. ",
            "“", "🇩🇪", "|", " | ", "a\t", ",", "' ", "\u200d", "ก", "க", "។", "1:", "x\n \n", "Ab ", "?", "! A", "۔"),
    counted=("{i}. A\n\n", "1.{i} A\n\nb\n\n", "== {i} ==\n", "a{i} ", "{i}.{i} A\n\n", "Chapter {i} A\n\nb\n\n", "a{i}\n"),
    rising=(".", "=", "a", "1.", " ", "\n", "- ", "中"),
)  # fmt: skip
CODE = Pieces(
    single=("def a():\n", "    def a():\n", "\n", "}", "{\n", "#", "//", " ", "public ", "\tstatic ", "a\n\n", "@a\n", "coding:", '"', "\n \n", "public static ", " public"),
    counted=("def a{i}():\n    pass\n\n",),
    rising=("    ", "\n", "{"),
)  # fmt: skip
FRONT = Pieces(
    single=("a: b\n", "- ", "[", "{", "a: ", "&a ", "*a ", "? ", ": ", "!", "| ", "> ", '"', "'", "#", "[a, ", "{a: ", "\\", "- a\n", "1_", "0x", "1:1"),
    pairs=(("[", "]"), ("{a: ", "}")),
    counted=("a{i}: b\n", "- a{i}\n", "&a{i} [", "1:{i}"),
    rising=(" a:\n", "- "),
    neighbours=False,
)  # fmt: skip

_MESSAGE = "Subject: a\nContent-Type: multipart/mixed; boundary=a\n\n"
_BOX = "From a b\nSubject: a\n\n"


def text_shapes() -> Iterator[Shape]:
    """The shapes of all formats that are text."""
    yield from shapes_of(".md", MARKDOWN)
    yield from shapes_of(".md", FRONT, lambda content: f"---\n{content}\n---\nx\n".encode())
    yield from shapes_of(".html", HTML)
    yield from shapes_of(
        ".html", HTML, lambda content: f"<html><head><title>a</title>{content}</head><body><p>x".encode()
    )
    for suffix in (".csv", ".tsv"):
        yield from shapes_of(suffix, TABLES)
    yield from shapes_of(".json", JSON)
    yield from shapes_of(".json", JSON, lambda content: f"[{content}1]".encode())
    yield from shapes_of(".jsonl", JSON, lambda content: f"[1]\n{content}\n".encode())
    yield from shapes_of(".eml", MAIL, lambda content: f"Subject: a\n{content}\n\nx".encode())
    yield from shapes_of(".eml", MAIL, lambda content: f"Subject: a\n\n{content}".encode())
    yield from shapes_of(".eml", MAIL, lambda content: f"Subject: {content}\n\nx".encode())
    yield from shapes_of(".eml", MAIL, lambda content: f"{_MESSAGE}{content}".encode())
    yield from shapes_of(
        ".eml", MAIL, lambda content: f"Subject: a\nContent-Type: text/plain; {content}\n\nx".encode()
    )
    yield from shapes_of(
        ".eml", HTML, lambda content: f"Subject: a\nContent-Type: text/html\n\n{content}".encode()
    )
    yield from shapes_of(".mbox", MAIL, lambda content: f"{_BOX}{content}".encode())
    yield from shapes_of(".rtf", RTF, lambda content: f"{{\\rtf1 {content}x}}".encode())
    yield from shapes_of(".rst", RST)
    yield from shapes_of(".srt", SUBTITLES)
    yield from shapes_of(".vtt", SUBTITLES, lambda content: f"WEBVTT\n\n{content}".encode())
    yield from shapes_of(".txt", PLAIN)
    yield from shapes_of(".py", CODE)
