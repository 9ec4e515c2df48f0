"""Questions of sentences that define, date, place or count something that they name at their beginning."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from service.flows.suggesting.subjects import Subjects, as_asked, bare_name, folded, is_proper, says_little
from service.flows.suggesting.tasks import COUNT

_WORD = r"[A-Z0-9][\w'’&./+-]*"
_PROPER = rf"(?:(?:The|the) )?{_WORD}(?: (?:(?:of|and|for|de|von|der|la|du|in|the) (?:the )?)?{_WORD}){{0,5}}"
_COMMON = r"(?:The |An? )?(?:[\w'’-]+ ){0,3}[\w'’-]+"
_ASIDE = r"(?P<aside>(?: ?[(\[（][^()\[\]（）]{1,120}[)\]）])?(?:,[^,]{1,60},)?)"
_NAME = rf"(?P<name>{_PROPER}|{_COMMON}){_ASIDE}"
_BIG = rf"(?P<name>{_PROPER}){_ASIDE}"
_YEAR = r"(?:[^.;]{0,20})\b\d{3,4}\b"
_AROUND = 400
"""Code points of a text around a name that tell of a person."""
_INSIDE = frozenset(
    "there the a an we you it in on at for with by from to is are that which our your their".split()
)
"""Words that a notion's name does not have."""
_FURTHER = re.compile(
    r" (?:who|that|which|of|from|in|for|by|on|with|to|at|aged|where|used|designed)\b|[,;(–—:]"
)
"""Where what is said of a thing goes on after its kind."""
_DEFINES = re.compile(
    r" (?:that|which|who|whose|where|of|for|used|designed|characteri[sz]ed|caused|based|developed|published|"
    r"owned|created|headquartered|seen|made|written|directed|measured|involving|containing|consisting|located)\b"
)
"""What a definition has after the kind: it says which of the kind."""
_UNDEFINED = re.compile(
    r"^an? (?:[a-z-]+ ){0,2}[a-z-]+,? (?:but|although|though|yet|while|whereas)\b"
    r"|^an? [a-z-]+ (?:that|which) (?:is|are) (?:essential|important|critical|crucial|necessary|common)\b"
    r"|\b(?:these|those|above|below|here)\b|\b(?:that|this)(?= (?:on|in|for|by|with|and|to)\b|[.,])"
    r"|^an? (?:[a-z-]+ ){0,3}(?:enigma|mystery|puzzle|challenge|problem|issue|question|concern|debate)\b"
    r"|^an? (?:[a-z-]+ )?(?:controversial|essential|important|crucial|critical|vital|key|central|major) "
    r"(?:concept|part|role|factor|process|step|element|aspect|component|resource|tool|feature|cause)\b"
    r"|^(?:[a-z-]+ )+(?:which|that) (?:is|are) (?:essential|important|crucial|critical|vital|common)\b"
)
"""A kind alone ("a rare condition, although"), what only the text before explains, or an opinion."""
_UNCOUNTED = re.compile(
    r"(?:[st]ion|ness|ism|ity|ing|ia|[iy]sis|itis|oma|ology|ics|ance|ence|ency|uria|y theory|"
    r"disease|cancer|acid|pain|therapy|treatment|software|data|care|law|water|energy|power|"
    r"research|management|[a-z] \d+)$"
)
"""Ends of notions that take no article."""
_OF_CODE = re.compile(
    r"\b(?:class|function|object|parameter|instance|model|variable|field|attribute|module)$"
)
_NOUN_OF = (
    r"(?:[a-z-]+ ){0,2}(?:process|act|study|practice|science|art|amount|ability|system|method|rate|ratio|"
    r"degree|branch|theory|field|property|state|condition|sport|capital|office|agency|body|unit)"
)
_ATTRIBUTES = (
    r"(?:[Mm]ain |[Mm]ost common |[Oo]fficial |[Ee]arly |[Tt]otal )?(?:[Cc]apital|[Pp]opulation|[Aa]rea|"
    r"[Pp]urpose|[Aa]im|[Gg]oal|[Mm]otto|[Cc]urrency|[Ll]anguages?|[Ll]ength|[Hh]eight|[Dd]epth|[Dd]iameter|"
    r"[Ss]ymptoms?|[Cc]auses?|[Ss]igns|[Pp]revalence|[Ii]ncidence|[Cc]omplications|[Tt]reatments?|"
    r"[Cc]hemical formula|[Ii]ngredients)"
)
"""What of a thing a sentence tells that begins with it: "The capital of ..."."""
_UNKNOWN = re.compile(r"\b(?:unknown|obscure|unclear|not (?:\w+ ){0,2}(?:known|established|understood))\b")
_PEOPLE = re.compile(
    r"\b(?:actor|actress|politician|singer|songwriter|writer|author|novelist|player|footballer|musician|"
    r"composer|poet|philosopher|physicist|chemist|scientist|biologist|mathematician|king|queen|emperor|"
    r"president|minister|director|producer|painter|artist|engineer|lawyer|general|officer|explorer|inventor|"
    r"economist|historian|journalist|rapper|comedian|wrestler|boxer|coach|quarterback|character|leader|"
    r"founder|professor|teacher|soldier|physician|nurse|theologian|monk|editor|duke|duchess|prince|princess|"
    r"knight|merchant|pastor|senator|bishop|pope|saint|businessman|businesswoman|entrepreneur|astronaut|"
    r"pilot|architect|sculptor|dancer|guitarist|drummer|pianist|astronomer|activist|judge|statesman)s?\b",
    re.IGNORECASE,
)
_OF_PERSONS = re.compile(
    r"\b(?:born|née|geb|geboren|nacid[oa]|né|son|daughter|brother|sister|wife|husband|widow|widower|man|woman|"
    r"girl|boy|aged|couple|student|patient)\b|[*†]",
    re.IGNORECASE,
)
_AGENT = re.compile(r"(?:er|or|ist|ian|ant)$")
"""Ends of the words for who does something: "garage owner"."""
_PRONOUN = re.compile(r"\b(?:he|she|his|her)\b", re.IGNORECASE)
_CHINESE_PEOPLE = re.compile(
    r"[^，。]{0,30}(?:一名|一位(?!于|於))|[^。]{0,60}(?:球[员員]|[运運][动動][员員]|政治家|演[员員]|歌手|[导導]演|作家|"
    r"[诗詩]人|[画畫]家|[学學]家|思想家|[军軍]事家|教授|[将將][领領军軍]|皇帝|皇后|公主|王子|太子|人物|人士|官[员員]|"
    r"大臣|[国國]王|首[领領]|[传傳]教士|主教|教宗|教皇|企[业業]家|[记記]者|[选選]手|[总總][统統理]|主席|[长長一二三四五六七八九十次幼][子女])"
    r"(?:[，。、和兼及]|$)"
)
_IS_PART = re.compile(
    r"[，,]?(?:是|[為为])[^，。]{0,12}(?:反向|部分)(?:[，。]|$)|^[，,]?(?:是|[為为])[^。]*(?:之一|成[员員][国國]?)。?$"
)
"""What is said of a thing that is told by another one: "the reverse of"."""
_TRADITIONAL = re.compile("[這個們時為國會來對學發說]")
"""Characters of Chinese in traditional writing."""
_JAPANESE_PEOPLE = re.compile(
    "選手|俳優|女優|政治家|監督|学者|声優|漫画家|作家|歌手|人物|タレント|武将|\\d年\\d+月\\d+日"
    "|(?:家|者|手|人|師|員|王|帝|公|卿|官|将|族|女|子|娘)(?:である|です|だ)?(?:[、。]|$)"
)
_BASES = {
    "began": "begin",
    "started": "start",
    "ended": "end",
    "opened": "open",
    "closed": "close",
    "died": "die",
}
_ACTIVE = {
    "written": "wrote", "directed": "directed", "founded": "founded", "designed": "designed",
    "built": "built", "invented": "invented", "painted": "painted", "composed": "composed",
    "discovered": "discovered",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Said:
    """What a sentence of a form says, and the name of its subject as a question has it.

    ``is_main``: the document is about it, by its title or because it begins so; ``is_subject``: it speaks
    of it further.
    """

    match: re.Match[str]
    name: str
    subjects: Subjects
    is_main: bool
    is_subject: bool

    def __getitem__(self, group: str) -> str:
        return self.match[group] or ""


@dataclass(frozen=True, slots=True)
class _Form:
    """Sentences of a form, and the question that one answers; an empty one if it answers none."""

    pattern: re.Pattern[str]
    ask: Callable[[_Said], str]
    of_title: bool = False
    """Only if the name is the title: without capitals, any words look like a name."""
    in_passing: bool = False
    """Also of what the document is not about."""
    defines: bool = False
    """Only if nothing before it names the thing: what a text says first of a thing says what it is."""


def _is_named(said: _Said) -> bool:
    """Tell whether a name says alone which thing it is."""
    return (
        is_proper(said.name)
        and not said.name.startswith(("a ", "an "))
        and (said.is_subject or " " in bare_name(said.name))
    )


def _ask_what(said: _Said) -> str:
    """What a thing, or who a person is; of persons only those that the document is about."""
    name, verb = said.name, said["verb"]
    kind = _FURTHER.split(said["kind"], maxsplit=1)[0]
    if not (_is_definition(said, kind) and (verb != "are" or re.search(r"[^s]s$|ia$|people$", name))):
        return ""
    if _PEOPLE.search(kind):
        return f"Who {verb} {name}?" if said.is_main and verb in {"is", "was"} and " " in name else ""
    if _may_be_person(said, kind):
        return ""
    if _is_bare(name) and " " in name and not _UNCOUNTED.search(name) and verb == "is":
        return f"What is meant by “{name}”?"  # whether it takes an article is not known
    return f"What {verb} {(verb == 'are' and said.subjects.as_word(name)) or name}?"


def _ask_what_many(said: _Said) -> str:
    """What things of a kind are, that the document is about."""
    name, kind = said.subjects.as_word(said.name) or said.name, _FURTHER.split(said["kind"], maxsplit=1)[0]
    is_of_things = said.is_main and re.search(r"[^s]s$", name) and not _PEOPLE.search(kind)
    return f"What {said['verb']} {name}?" if is_of_things and not says_little(kind) else ""


def _ask_attribute(said: _Said) -> str:
    """The question for what a thing has, such as its capital."""
    verb = {"include": "are", "includes": "is"}.get(said["verb"], said["verb"])
    if _UNKNOWN.search(said.match[0]):
        return ""
    return (
        f"What {verb} the {said['what'].lower()} of {said.name}?" if _is_named(said) or said.is_main else ""
    )


def _is_definition(said: _Said, kind: str) -> bool:
    """Tell whether a sentence says what its subject is, and the name says which subject."""
    name = said.name
    if says_little(kind) or len(said["kind"].split()) < (3 if _PEOPLE.search(kind) else 5):
        return False
    if _UNDEFINED.search(said["kind"]) or said.subjects.is_ambiguous(name):
        return False
    if _repeats(name, kind) or (_OF_CODE.search(kind) and name[:1].islower() and " " not in name):
        return False  # "The Tay Bridge is a bridge"; and "Form is a class" is not of any form
    if _is_bare(name) and (said.subjects.counts(name) or not _can_be_defined(name)):
        return False  # an article is missing
    if said.is_subject:
        return True
    is_word = is_proper(name) and not re.search(r" |\w[A-Z\d]", name)
    is_unknown = (is_word and not said.is_main) or re.search(r"['’]s [a-z]", name)
    return not is_unknown and bool(_DEFINES.search(said["kind"])) and _can_be_defined(name)


def _is_bare(name: str) -> bool:
    """Tell whether a name has no article, and may need one."""
    return name == bare_name(name) and (" " not in name or not is_proper(name))


def _repeats(name: str, kind: str) -> bool:
    own, last = set(bare_name(name).lower().split()), kind.lower().split()[1:][-2:]
    return last[-1:] != [] and (last[-1] in own if is_proper(name) else len(last) > 1 and own >= set(last))


def _may_be_person(said: _Said, kind: str) -> bool:
    """Tell whether a name may be a person's of whom another thing is said than what is in the list."""
    if _OF_PERSONS.search(said["aside"]) or _OF_PERSONS.search(kind):
        return True
    is_full = " " in said.name and said.name == bare_name(said.name) and is_proper(said.name)
    if is_full and _AGENT.search(kind):
        return True
    start = max(said.subjects.text.find(said.match[0][:40]), 0)
    around = len(said.match[0]) + (_AROUND // 4 if said.is_main else _AROUND)
    return is_proper(said.name) and bool(_PRONOUN.search(said.subjects.text[start : start + around]))


def _can_be_defined(name: str) -> bool:
    """Tell whether a name may be a notion's: no "the", and nothing that is done somewhere."""
    words = bare_name(name).lower().split()
    is_done = len(words) > 1 and words[0].endswith("ing")
    return not (name.startswith("the ") or is_done or _INSIDE.intersection(words))


def _ask_for(question: str) -> Callable[[_Said], str]:
    """Asks for things in another language; whoever might be a person is left out."""

    def ask(said: _Said) -> str:
        is_person = re.search(r"\d", said["aside"]) or _OF_PERSONS.search(said["aside"])
        may_be_person = " " in said.name and all(one[:1].isupper() for one in said.name.split())
        return "" if is_person or may_be_person else question.format(said.name)

    return ask


def _ask_chinese(said: _Said) -> str:
    is_said = said.match[0][said.match.end("aside") :]
    if said.subjects.is_ambiguous(said.name) or _IS_PART.match(is_said):
        return ""
    is_person = _CHINESE_PEOPLE.match(is_said.lstrip("，,"))
    who, what = ("誰", "什麼") if _TRADITIONAL.search(said.subjects.text) else ("谁", "什么")
    return f"{said.name}是{who if is_person else what}？"


def _ask_japanese(said: _Said) -> str:
    is_person = _JAPANESE_PEOPLE.search(said.match[0])
    return "" if is_person or said.subjects.is_ambiguous(said.name) else f"{said.name}とは何ですか？"


_FORMS = (
    _Form(
        re.compile(
            rf"{_BIG} (?P<verb>was|were) (?:\w+ )?(?P<done>founded|built|opened|established|signed|"
            r"published|released|created|invented|introduced|discovered|launched|completed|"
            rf"renamed|abolished|adopted|ratified) (?:[^.;]{{0,60}} )?(?:in|on) {_YEAR}"
        ),
        lambda said: f"When {said['verb']} {said.name} {said['done']}?" if _is_named(said) else "",
        in_passing=True,
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?:was|were) (?:\w+ )?(?P<done>{'|'.join(_ACTIVE)}) (?:[^.;,]{{0,40}} )?by [A-Z]"
        ),
        lambda said: f"Who {_ACTIVE[said['done']]} {said.name}?",
    ),
    _Form(
        re.compile(
            rf"{_BIG} (?P<verb>is|was) (?P<done>located|situated|headquartered) (?:in|on|at|near|between)\b"
        ),
        lambda said: f"Where {said['verb']} {said.name} {said['done']}?" if _is_named(said) else "",
        in_passing=True,
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?P<verb>is|was|are) (?P<kind>(?:an? (?!(?:lot|number|kind|type)\b)"
            rf"|the (?={_NOUN_OF} (?:of|by|that|for)\b))[^;]{{3,}})"
        ),
        _ask_what,
        defines=True,
        in_passing=True,
    ),
    _Form(
        re.compile(rf"{_BIG} (?P<done>began|started|ended|opened|closed|died) (?:in|on) {_YEAR}"),
        lambda said: f"When did {said.name} {_BASES[said['done']]}?" if _is_named(said) else "",
        in_passing=True,
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?P<verb>are|were) (?P<kind>(?!(?:also|al|some|used))(?:[a-z-]+ ){{0,3}}[a-z-]+s "
            r"(?:that|which|who|used|made|caused|designed|produced|found) [^;]{8,})"
        ),
        _ask_what_many,
        defines=True,
    ),
    _Form(
        re.compile(rf"{_NAME} (?P<verb>is|are) (?:(?:usually|often|mainly|mostly) )?caused by [^;]{{6,}}"),
        lambda said: f"What causes {said.name}?" if said.is_main else "",
    ),
    _Form(
        re.compile(
            rf"{_NAME} (?P<verb>is|are) (?:(?:commonly|often|mainly|mostly|widely) )?used (?:to|for|as) "
            r"[^;]{8,}"
        ),
        lambda said: f"What {said['verb']} {said.name} used for?" if said.is_main else "",
    ),
    _Form(
        re.compile(
            rf"(?:The )?(?P<what>{_ATTRIBUTES}) of {_NAME} (?P<verb>is|was|are|were|includes?) [^;]{{3,}}"
        ),
        _ask_attribute,
    ),
    _Form(
        re.compile(rf"{_BIG} was born (?:[^.;]{{0,40}} )?(?:in|on) {_YEAR}"),
        lambda said: f"When was {said.name} born?" if " " in said.name and is_proper(said.name) else "",
        in_passing=True,
    ),
    _Form(
        re.compile(r"(?P<name>[A-Z][A-Z0-9-]+)(?P<aside>) stands for [^;]{5,}"),
        lambda said: f"What does {said.name} stand for?",
    ),
    _Form(
        re.compile(
            rf"{_NAME} has (?:about |over )?{COUNT} (?P<what>[a-z]+s)\b"
            r"(?! (?:where|that|which|who|whose|for|old|of)\b)"
        ),
        lambda said: f"How many {said['what']} does {said.name} have?",
    ),
    # German, French, Spanish, Chinese, Japanese: what is defined stands first.
    _Form(
        re.compile(
            rf"(?P<name>(?:(?:Der|Die|Das|Eine?) )?{_WORD}(?: {_WORD}){{0,4}}){_ASIDE} ist eine? [^.;]{{12,}}"
        ),
        _ask_for("Was ist {}?"),
        defines=True,
    ),
    _Form(
        re.compile(
            rf"(?P<name>(?:L[ea] |L’|L')?{_WORD}(?: (?:de |du )?\w+){{0,3}}){_ASIDE} est une? [^.;]{{12,}}"
        ),
        _ask_for("Qu’est-ce que {} ?"),
        defines=True,
    ),
    _Form(
        re.compile(
            rf"(?P<name>(?:El |La )?{_WORD}(?: (?:de |del )?\w+){{0,3}}){_ASIDE} es una? [^.;]{{12,}}"
        ),
        _ask_for("¿Qué es {}?"),
        defines=True,
    ),
    _Form(
        re.compile(
            r"(?P<name>[《“]?(?:(?![的了就也都而或认在])[\u4e00-\u9fff·A-Za-z0-9]){2,18}[》”]?)"
            r"(?P<aside>(?:[（(][^（）()]{0,80}[）)])?)[，,]?(?:是|指|[為为]一)[^。]{8,}"
        ),
        _ask_chinese,
        of_title=True,
        defines=True,
    ),
    _Form(
        re.compile(
            r"(?P<name>[『「]?[\u3040-\u30ff\u4e00-\u9fffA-Za-z0-9・ー]{2,24}?[』」]?)"
            r"(?P<aside>(?:[（(][^（）()]{1,120}[）)])?)"
            r"と?は、?[^。]{12,160}(?:である|です|だ|こと|[\u4e00-\u9fff\u30a0-\u30ff])。?$"
        ),
        _ask_japanese,
        of_title=True,
        defines=True,
    ),
)


def questions_of_statement(
    sentence: str, subjects: Subjects, *, is_first: bool
) -> Iterator[tuple[bool, str]]:
    """The questions that a sentence answers, each with whether the document is about what it asks for."""
    for form in _FORMS:
        if found := form.pattern.match(sentence):
            name = as_asked(found["name"], subjects)
            if not name:
                continue
            is_title = folded(name) in subjects.names
            is_subject = subjects.have(name, is_first=is_first, aside=found["aside"])
            said = _Said(found, name, subjects, is_title or is_first, is_subject)
            if form.defines and subjects.are_named_before(bare_name(found["name"]), sentence):
                continue
            if (folded(name) in subjects.titles if form.of_title else is_subject or form.in_passing) and (
                question := form.ask(said)
            ):
                yield said.is_main, question
