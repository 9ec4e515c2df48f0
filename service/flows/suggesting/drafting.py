"""Draft questions from definitions, dates, labels and headings of a text. Nothing is written by a model.

A draft is a question with the place of the text that should answer it. Many drafts are poor: they are asked
before they are shown, and only those whose place answers are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.citations import sentences_of
from index.types import Block

_READ = 20_000
"""Code points of a document that are read for drafts."""
_MARKS = ("?", "？", "؟")
_ASKS = re.compile(
    r"(?:what|who|whom|whose|when|where|why|how|which|can|could|do|does|did|is|are|was|were|should|must|may|"
    r"will|has|have|wer|wie|wo|wann|warum|welche[rs]?|kann|ist|sind|qu|comment|pourquoi|où|quel|quand|est-ce)\b"
    r"|¿|[^\x00-\u024f]",
    re.IGNORECASE,
)
"""Beginnings of headings that are questions, and not titles of works."""
_LONGEST_NAME = 60
"""Code points of a name in a question."""
_LONGEST = 400
"""Code points of a sentence that is read."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A question, and the span of a document that should answer it. The best have the least ``order``."""

    question: str
    document_id: str
    start: int
    end: int
    order: int


def drafts_of(document_id: str, title: str, text: str, blocks: Sequence[Block]) -> Iterator[Draft]:
    """The drafts of a document, in the order of the text."""
    text = text[:_READ]
    has_labels = " the " in text  # their question is in English
    for block in blocks:
        if block.kind == "heading" and block.end < len(text):
            question = _of_heading(" ".join(block.title.split()))
            if question:
                # The section under the heading answers: its first sentences are lit, not the heading.
                yield Draft(question, document_id, block.end, block.end + _LONGEST, 0)
    headings = [(block.start, block.end) for block in blocks if block.kind in {"heading", "code", "table"}]
    for one in sentences_of(text):
        sentence = " ".join(text[one.start : one.end].split())
        is_running = not any(start < one.end and one.start < end for start, end in headings)
        if is_running and len(sentence) <= _LONGEST and one.end < max(len(text), 1) + 1:
            for order, question in _of_sentence(sentence, title, has_labels=has_labels):
                yield Draft(question, document_id, one.start, one.end, order)


def _of_heading(title: str) -> str:
    asks = title.endswith(_MARKS) and _ASKS.match(title)
    if asks and (len(title.split()) > 2 or (not title.isascii() and len(title) > 6)):
        return title
    if (how := re.fullmatch(r"(?i:how to) ([a-z].{3,80})", title)) and not _POINTS.search(how[1]):
        return f"How do I {how[1]}?"
    return ""


# What a sentence says of something that it names at its beginning.

_WORD = r"[A-Z0-9][\w'’&./+-]*"
_PROPER = rf"(?:(?:The|the) )?{_WORD}(?: (?:(?:of|and|for|de|von|der|la|du|in) (?:the )?)?{_WORD}){{0,5}}"
_COMMON = r"(?:The|An?|Each) (?:[\w'’-]+ ){0,3}[\w'’-]+"
_ASIDE = r"(?: ?[(\[（][^()\[\]（）]{1,120}[)\]）])?(?:, [^,]{1,60},)?"
_NAME = rf"(?P<name>{_PROPER}|{_COMMON}){_ASIDE}"
_NUMBER = r"(?:[\d,]+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_YEAR = r"(?:[^.;]{0,20})\b\d{3,4}\b"
_NOT_A_NAME = frozenset(
    "it this that he she they there these those we i you here what which who his her its our my their one "
    "each such some another in on at for from with by as if when while although because after before since "
    "and but "
    "or so most many several few all both other others figure table note example section chapter see however "
    "then today thus also first second third finally "
    "sein seine ihr ihre dieser diese dieses strenggenommen allerdings jedoch".split()
)
_ARTICLES = frozenset("the a an each der die das ein eine".split())
_TWICE = re.compile(r"(?P<name>.+) (?:(?:The|the) )?(?P=name)")
_SMALL = frozenset("of and for de von der la du in the".split())
_POINTS = re.compile(
    r"\b(?:it|they|them|this|that|these|those|here|there|additional|more|other|you|our|us|correct)\b"
    r"|\b(?:interact|work|deal|comply|connect|communicate|start|begin)$"
    r"|^(?:ensure|help|lose|avoid|get answers|learn|find out|make sure)\b"
)
"""What a task says that is understood only beside the text before it, or that nobody asks for."""
_SAYS_LITTLE = re.compile(
    r"\b(?:critical|important|essential|significant|crucial|great|good|major|common|popular|powerful|perfect|"
    r"key|component|aspect|part|reason|way|example|step|must|revelation|challenge|success|grund|aspekt|teil|"
    r"bestandteil)$",
    re.IGNORECASE,
)
"""Kinds that say something of a thing, and not what it is."""
_POINTS_ON = re.compile(
    r"(?:an?|the) (?:tool|thing|place|time|way) (?:that|which)\b|the (?:first|last|only) to\b"
)
"""Beginnings of what is said of a thing that is of a kind in nothing but name."""
_FURTHER = re.compile(r" (?:who|that|which|of|from|in|for|by|aged|der|des|von|bei|zu[rm]?|dafür)\b|,")
"""Where what is said of a thing goes on after its kind."""
_PEOPLE = re.compile(
    r"\b(actor|actress|politician|singer|songwriter|writer|author|novelist|player|footballer|musician|composer|"
    r"poet|philosopher|physicist|chemist|scientist|biologist|mathematician|king|queen|emperor|president|"
    r"minister|director|producer|painter|artist|engineer|lawyer|general|officer|explorer|inventor|economist|"
    r"historian|journalist|rapper|comedian|wrestler|boxer|coach|quarterback|character|student|leader|founder|"
    r"professor|teacher|soldier|son|daughter|brother|wife|man|woman|band|group|physician|nurse|theologian|"
    r"monk|member|editor|couple|widow|goldsmith|printer|duke|duchess|prince|princess|knight|merchant|farmer|"
    r"pastor|reverend|senator|bishop|pope|saint|businessman|businesswoman|entrepreneur|astronaut|pilot|"
    r"architect|sculptor|dancer)$",
    re.IGNORECASE,
)
_IS_PERSON = re.compile(r"\( ?born|\b(?:Rev|Dr|Mr|Mrs|Ms|Prof|Rep|Sen|Sir)\.? [A-Z]")
_CHINESE_PEOPLE = re.compile(
    "一名|一位|球员|运动员|政治家|演员|歌手|导演|作家|诗人|画家|科学家|教授|将领|皇帝"
)
_BASES = {
    "began": "begin", "started": "start", "ended": "end", "opened": "open", "closed": "close", "died": "die",
    "has": "does", "have": "do", "had": "did",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Form:
    """Sentences of a form, and the question that one answers. ``named``: only if it has a name of its own."""

    pattern: re.Pattern[str]
    question: str
    order: int = 1
    named: bool = True
    of_title: bool = False
    """Only if the name is in the title: without capitals, any words before "is" look like a name."""


_FORMS = (
    _Form(
        re.compile(
            rf"{_NAME} (?P<verb>was|were) (?:\w+ )?(?P<done>founded|built|opened|established|signed|born|"
            r"published|released|created|invented|introduced|discovered|launched|completed|elected|appointed|"
            rf"approved|renamed|abolished|crowned|adopted|ratified) (?:[^.;]{{0,60}} )?(?:in|on|at) {_YEAR}"
        ),
        "When {verb} {name} {done}?",
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?P<verb>was|were) (?:\w+ )?(?P<done>written|directed|founded|designed|built|invented|"
            r"painted|composed|produced|discovered|signed|developed) (?:[^.;,]{0,40} )?by [A-Z]"
        ),
        "Who {verb} {name} {done} by?",
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?P<verb>is|was|are) (?P<done>located|situated|headquartered|held) "
            r"(?:in|on|at|near|between)\b"
        ),
        "Where {verb} {name} {done}?",
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?P<verb>is|was|are|were) (?P<kind>(?:an?|the|one of the) "
            r"(?!key|same|case|reason|problem|point|thing|only|best|worst|most)[^.;]{3,})"
        ),
        "{asked} {verb} {name}?",
    ),
    _Form(
        re.compile(rf"{_NAME} (?P<done>began|started|ended|opened|closed|died) (?:in|on) {_YEAR}"),
        "When did {name} {base}?",
    ),
    _Form(
        re.compile(rf"{_NAME} (?P<done>stands|consists|refers) (?P<to>for|of|to) [^.;]{{3,}}"),
        "What does {name} {stem} {to}?",
        2,
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?P<done>has|have|had) (?:\w+ )?{_NUMBER} (?P<what>[a-z]+s)\b"
            r"(?! (?:where|that|which|who|whose|for)\b)"
        ),
        "How many {what} {base} {name} have?",
        2,
    ),
    _Form(
        re.compile(
            rf"There (?P<verb>are|were) (?:[\w-]+ )?{_NUMBER} (?P<what>(?:[a-z-]+ )?[a-z]+s) "
            r"(?P<where>(?:in|on|at|of) [^.,;]{3,50})[.,;]"
        ),
        "How many {what} {verb} there {where}?",
        2,
        named=False,
    ),
    _Form(
        re.compile(
            r"To (?P<do>[a-z]{3,} [^.,;:()]{4,60}), "
            r"(?:you can|use|click|run|select|go|open|type|press|set|add)\b"
        ),
        "How do I {do}?",
        2,
        named=False,
    ),
    _Form(
        re.compile(
            r"You can (?:(?:also|only|even|easily|sometimes|always|then|now|still) )*"
            r"(?P<do>[a-z]{3,} [^.,;:()]{4,60}?) (?:by|with|using) "
        ),
        "How do I {do}?",
        2,
        named=False,
    ),
    # German, French, Spanish, Chinese, Japanese: what is defined stands first.
    _Form(
        re.compile(
            rf"(?P<name>(?:(?:Der|Die|Das|Eine?) )?{_WORD}(?: {_WORD}){{0,4}}){_ASIDE} (?P<verb>ist|war) "
            r"(?P<kind>(?:ein|eine|der|die|das) [^.;]{3,})"
        ),
        "Was {verb} {name}?",
    ),
    _Form(
        re.compile(
            rf"(?P<name>(?:L[ea] |L’|L')?{_WORD}(?: (?:de |du )?{_WORD}){{0,4}}){_ASIDE} (?:est|était) "
            r"(?:un|une|le|la|l’|l')\b[^.;]{3,}"
        ),
        "Qu’est-ce que {name} ?",
    ),
    _Form(
        re.compile(
            rf"(?P<name>(?:El |La )?{_WORD}(?: (?:de |del )?{_WORD}){{0,4}}){_ASIDE} (?P<verb>es|era|fue) "
            r"(?:un|una|el|la)\b[^.;]{3,}"
        ),
        "¿Qué {verb} {name}?",
    ),
    _Form(
        re.compile(
            r"(?P<name>[《“]?(?:(?![的了就也都而或认在])[\u4e00-\u9fff·A-Za-z0-9]){2,14}[》”]?)"
            r"(?:（[^（）]{0,80}）)?[，,]?(?P<kind>(?:是|指)[^。]{4,})"
        ),
        "{name}{asked}？",
        named=False,
        of_title=True,
    ),
    _Form(
        re.compile(
            r"(?P<name>[\u30a0-\u30ff\u4e00-\u9fffA-Za-z0-9・ー]{2,20})(?:（[^（）]{1,80}）)?(?:とは|は)、?"
            r"[^。]{4,80}(?:である|です|こと)。?"
        ),
        "{name}とは何ですか？",
        named=False,
        of_title=True,
    ),
)
_LABEL = re.compile(r"(?P<label>[A-Z][a-z]+(?: [a-z]{2,}){0,3}): (?P<value>[^:\n]{3,160})")
_NO_LABEL = frozenset(
    "note context common example examples warning figure table source see tip author authors date title "
    "step steps question answer caution important keywords abstract background conclusion conclusions "
    "results methods objective objectives introduction summary contents contact email phone fax address "
    "website url image photo copyright updated published category tags related update edit subject from "
    "to cc sent attachment warnings hint must be is are was were can should will do not purpose design "
    "setting participants methodology findings interpretation significance aim aims".split()
)


def _of_sentence(sentence: str, title: str, *, has_labels: bool) -> Iterator[tuple[int, str]]:
    """The questions that a sentence answers, each with its order."""
    if sentence.endswith(":"):  # what follows answers
        return
    for form in _FORMS:
        found = form.pattern.match(sentence)
        if found and _suits(form, found, title):
            is_of_title = not form.named or _words(found["name"]) <= _words(title)
            yield form.order + (not is_of_title), form.question.format(**_fields(found))
    label = _LABEL.fullmatch(sentence) if has_labels else None
    if label and not (_NO_LABEL | _NOT_A_NAME | _ARTICLES).intersection(label["label"].lower().split()):
        named = label["label"][:1].lower() + label["label"][1:]
        yield 2, f"What {'are' if re.search(r'[^sui]s$', named) else 'is'} the {named}?"


def _suits(form: _Form, found: re.Match[str], title: str) -> bool:
    """Tell whether a sentence of a form is understood, and answers, without the text around it."""
    fields = found.groupdict()
    if "do" in fields:
        # "Run the command" and "see here" point to what stands below, or to a link.
        points = re.search(r"\b(?:commands?|here|below|following)[.:]?$", found.string)
        return not (points or _POINTS.search(fields["do"]))
    if form.named and not _is_named(fields["name"], title):
        return False
    if form.of_title and fields["name"].strip("《》“”") not in title:
        return False
    if form.named and " and " in fields["name"] and not _words(fields["name"]) <= _words(title):
        return False  # two people, and no thing of that name
    kind = fields.get("kind") or ""
    return not (_SAYS_LITTLE.search(_kind(kind)) or _POINTS_ON.match(kind))


def _kind(text: str) -> str:
    """The kind of a thing, without what is said of it further."""
    return _FURTHER.split(text, maxsplit=1)[0].strip()


def _fields(found: re.Match[str]) -> dict[str, str]:
    """The fields of a question."""
    fields = {name: value or "" for name, value in found.groupdict().items()}
    done = fields.get("done", "")
    is_person = _IS_PERSON.search(found[0][: 2 * _LONGEST_NAME])
    kind = "character" if is_person else _kind(fields.get("kind", ""))
    name = fields.get("name", "")
    if twice := _TWICE.fullmatch(name):  # a title, and the sentence that begins with it
        name = fields["name"] = twice["name"]
    if name.split()[:1] and name.split()[0].lower() in _ARTICLES:
        fields["name"] = name[:1].lower() + name[1:]
    if "do" in fields:
        fields["do"] = re.sub(r"\byour\b", "my", fields["do"])
    return {
        **fields,
        "asked": _asked(kind),
        "base": _BASES.get(done, ""),
        "stem": done.removesuffix("s"),
    }


def _asked(kind: str) -> str:
    """The word that asks for a thing or a person of a kind."""
    if kind.startswith(("是", "指")):
        return "是谁" if _CHINESE_PEOPLE.search(kind) else "是什么"
    return "Who" if _PEOPLE.search(kind) else "What"


def _is_named(name: str, title: str) -> bool:
    """Tell whether a name says by itself what it names, without the text before it."""
    words = [one for one in name.split() if one.lower() not in _ARTICLES]
    if not words or words[0].lower() in _NOT_A_NAME or len(name) > _LONGEST_NAME:
        return False
    if words[0][0].isdigit():  # the number of a list or a heading
        return False
    if len(words[0]) < 2 or (words[0].isupper() and words[0].lower() in _NO_LABEL):  # a legend, a label
        return False
    has_article = len(words) < len(name.split())
    is_proper = all(word[:1].isupper() or word[:1].isdigit() or word in _SMALL for word in words)
    if has_article and len(words) == 1 and not is_proper:  # "the helmet": which one the text before says
        return _words(name) == _words(title)
    return _words(name) <= _words(title) or (is_proper and (len(words) > 1 or not has_article))


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.lower())) - _ARTICLES
