"""Read subtitles: SubRip (.srt) and WebVTT (.vtt, https://www.w3.org/TR/webvtt1/).

The text of cues is joined to paragraphs of prose. **A page is a minute**, counted from 1: page 5 is what is
said from 4:00 to 4:59, so the pages of a citation give its time. A paragraph begins in the minute of its
page; to complete its last sentence it may continue for up to ten seconds of the next.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from index.errors import CorruptDocument
from index.readers.base.bounds import limit_text
from index.readers.base.builder import Draft, assemble
from index.readers.base.normalisation import decode, normalise, one_line, require_text
from index.types import Extract

READER = "subtitles/1"
MEDIA_TYPE = "application/x-subrip"
WEBVTT_MEDIA_TYPE = "text/vtt"

_TIMES = re.compile(
    r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
)
_TAG = re.compile(r"<[^<>\n]*>|\{\\[^{}\n]*\}")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^<>\n]+)>", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…。！？؟।♪][\"'”’»)\]]*\Z")
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uff9f]"
)
"""Scripts that are written without spaces between words."""
_LANGUAGE = re.compile(r"Language:\s*([\w-]{1,35})\s*\Z", re.IGNORECASE)
_COMMENTS = ("NOTE", "STYLE", "REGION")
_MINUTE = 60.0
_PAUSE = 3.0
_TOLERANCE = 10.0
"""Seconds into a new minute after which a paragraph ends even inside a sentence."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A text that is shown from ``start`` to ``end``, in seconds; ``voice`` is the speaker, if marked."""

    start: float
    end: float
    text: str
    voice: str = ""

    @property
    def page(self) -> int:
        """The minute in which it starts, counted from 1."""
        return int(self.start // _MINUTE) + 1


def read_subtitles(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the spoken text, in paragraphs on pages of a minute.

    Raises :class:`index.errors.CorruptDocument` if there are no cues.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    header = text.partition("\n\n")[0].split("\n") if text.startswith("WEBVTT") else []
    cues = list(_cues(text, webvtt=bool(header)))
    if not cues:
        raise CorruptDocument(
            f"{name}: there are no subtitles in it: no line '00:00:01,000 --> 00:00:02,000' above a line of "
            "text. Send other text as .txt."
        )
    language = next((match[1] for line in header if (match := _LANGUAGE.match(line))), "")
    return assemble(
        limit_text(_paragraphs(_without_rolled_lines(cues)), name=name),
        name=name,
        media_type=WEBVTT_MEDIA_TYPE if header else MEDIA_TYPE,
        reader=READER,
        title=one_line(header[0].removeprefix("WEBVTT").strip(" -\t")) if header else "",
        metadata={"language": language} if language else {},
        page_count=max(cue.page for cue in cues),
    )


def _cues(text: str, *, webvtt: bool) -> Iterator[Cue]:
    """The cues of a file. A line of times begins a cue; the number or name above it is not its text."""
    times: re.Match[str] | None = None
    lines: list[str] = []
    commented = False
    for line in [*text.split("\n"), ""]:
        found = _TIMES.match(line.strip()) if "-->" in line else None
        if found:
            # If there was no blank line, the last line is the number of this cue.
            yield from _cue(times, lines[:-1], webvtt=webvtt)
            times, lines, commented = found, [], False
        elif not line.strip():
            yield from _cue(times, lines, webvtt=webvtt)
            # SubRip files often have blank lines inside the text of a cue.
            times, lines, commented = (times if not webvtt and not lines else None), [], False
        elif not lines and times is None and webvtt and line.startswith(_COMMENTS):
            commented = True
        elif not commented:
            lines.append(line)


def _cue(times: re.Match[str] | None, lines: list[str], *, webvtt: bool) -> Iterator[Cue]:
    if times is None:
        return
    text = "\n".join(lines)
    voice = _VOICE.search(text) if webvtt else None
    text = _TAG.sub("", text)
    text = html.unescape(text) if webvtt else text
    if text.strip():
        yield Cue(_seconds(times, 1), _seconds(times, 5), text, voice[1].strip() if voice else "")


def _seconds(times: re.Match[str], first: int) -> float:
    hours, minutes, seconds, fraction = (times[first + at] or "0" for at in range(4))
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")


def _without_rolled_lines(cues: Iterable[Cue]) -> Iterator[Cue]:
    """The cues without roll-up lines: the last line of a cue, shown again above the next one."""
    before, end = "", -1.0
    for cue in cues:
        lines = [" ".join(line.split()) for line in cue.text.split("\n") if line.strip()]
        rolled = lines and lines[0] == before and cue.start <= end + 0.1
        before, end = (lines[-1] if lines else ""), cue.end
        if rolled:
            lines = lines[1:]
        if lines:
            yield Cue(cue.start, cue.end, _join_lines(lines), cue.voice)


def _paragraphs(cues: Iterable[Cue]) -> Iterator[Draft]:
    texts: list[str] = []
    first = last = None
    for cue in cues:
        if first is not None and last is not None and _begins_paragraph(first, last, cue):
            yield _paragraph(first, texts)
            first, texts = None, []
        first, last = first or cue, cue
        texts.append(cue.text)
    if first is not None:
        yield _paragraph(first, texts)


def _begins_paragraph(first: Cue, last: Cue, cue: Cue) -> bool:
    """Whether a cue begins a paragraph: after a pause, with another voice, or in a new minute."""
    if cue.voice != last.voice or cue.start - last.end > _PAUSE or cue.page < first.page:
        return True
    late = cue.start - first.page * _MINUTE >= _TOLERANCE
    return cue.page > first.page and (late or _SENTENCE_END.search(last.text[-8:]) is not None)


def _paragraph(first: Cue, texts: list[str]) -> Draft:
    text = _join_lines(texts)
    return Draft("paragraph", f"{first.voice}: {text}" if first.voice else text, page=first.page)


def _join_lines(lines: list[str]) -> str:
    """Join lines to one; a line that begins with a hyphen is said by another person and stays separate."""
    parts: list[str] = []
    for line in lines:
        if parts:
            unspaced = _UNSPACED.match(line) and _UNSPACED.match(parts[-1][-1:])
            parts.append("\n" if line.startswith(("-", "–", "—")) else "" if unspaced else " ")
        parts.append(line)
    return "".join(parts)
