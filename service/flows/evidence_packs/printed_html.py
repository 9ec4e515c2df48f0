"""Write a report as one HTML file for print: no scripts, nothing from elsewhere."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256

from markupsafe import Markup

from service.flows.evidence_packs.characters import shown
from service.flows.evidence_packs.report import Block, Entries, Heading, Note, Paragraph, Piece, Report

BEFORE, AFTER = Markup('<script type="application/json" id="evidence">'), Markup("</script>")
"""The marks around the evidence, which is JSON without angle brackets."""


def write_html(report: Report, language: str, evidence: str) -> bytes:
    """The file. ``evidence`` is the pack as JSON in ASCII."""
    notes: list[Note] = []
    body = Markup("\n").join(_block(block, notes) for block in report.blocks)
    listed = Markup("\n").join(_note(number, note) for number, note in enumerate(notes, 1))
    page = _PAGE.format(
        language=language,
        policy=_POLICY,
        title=shown(report.title),
        style=_STYLE,
        body=body,
        notes=Markup('<ol class="notes">\n{}\n</ol>').format(listed) if notes else "",
        evidence=BEFORE + _as_script(evidence) + AFTER,
    )
    return page.encode()


def _as_script(evidence: str) -> Markup:
    """JSON in which nothing ends a script."""
    return Markup(evidence.replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 -- no tags in it


def _block(block: Block, notes: list[Note]) -> Markup:
    """A block. Adds its notes to ``notes``, which are numbered from 1."""
    match block:
        case Heading(text):
            return Markup('<h2 dir="auto">{}</h2>').format(shown(text))
        case Paragraph(pieces):
            return Markup('<p dir="auto">{}</p>').format(Markup().join(_pieces(pieces, notes)))
        case Entries(entries):
            rows = Markup().join(_ROW.format(shown(name), shown(value)) for name, value in entries)
            return Markup("<table>{}</table>").format(rows)


def _pieces(pieces: Sequence[Piece], notes: list[Note]) -> Iterator[Markup]:
    for piece in pieces:
        words = shown(piece.text)
        yield (
            Markup('<span class="{}">{}</span>').format(piece.state, words)
            if piece.state
            else _TEXT.format(words)
        )
        for note in piece.notes:
            notes.append(note)
            yield _REFERENCE.format(number=len(notes))


def _note(number: int, note: Note) -> Markup:
    words = [note.verdict, f"“{note.quote}”" if note.quote else "", note.place]
    parts = Markup(" ").join(Markup("<bdi>{}</bdi>").format(shown(one)) for one in words if one)
    return _NOTE.format(number=number, words=parts)


_TEXT = Markup("{}")
_REFERENCE = Markup('<sup><a href="#note{number}" id="at{number}">{number}</a></sup>')
_NOTE = Markup('<li id="note{number}">{words} <a href="#at{number}">↩</a></li>')
_ROW = Markup('<tr><th scope="row">{}</th><td dir="auto">{}</td></tr>')
_STYLE = Markup("""
@page { margin: 2cm }
body { font: 11pt/1.45 Georgia, serif; max-width: 42em; margin: 2em auto; padding: 0 1em }
body { color: #000; background: #fff }
h1, h2, th { font-family: system-ui, sans-serif }
h1 { font-size: 1.5em } h2 { font-size: 1.1em; margin-top: 1.6em }
h1, h2 { break-after: avoid } p { white-space: pre-wrap } h1, h2, p, li, td { overflow-wrap: anywhere }
a { color: inherit } sup { line-height: 0 } sup a { text-decoration: none; padding: 0 .1em }
.warn { text-decoration: underline dotted } .bad { color: #a4000f; text-decoration: underline wavy }
table { font-size: .75em; border-collapse: collapse; break-inside: avoid } table + p { margin-top: 1.5em }
th { text-align: left; font-weight: 600; white-space: nowrap }
th, td { vertical-align: top; padding: .1em .8em .1em 0 }
.notes { font-size: .85em; border-top: 1px solid; padding-top: .8em } li { break-inside: avoid }
@media print { body { margin: 0; max-width: none; padding: 0 } li > a { display: none } }
""")
_POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
_PAGE = Markup(
    """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1 dir="auto">{title}</h1>
{body}
{notes}
{evidence}
</body>
</html>
"""
)
