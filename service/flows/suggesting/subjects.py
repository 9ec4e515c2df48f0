"""Names at the beginning of sentences, and whether a document is about what they name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from service.flows.suggesting.headings import without_number

_LONGEST_NAME = 60
_BEGINNING = 40
"""Code points by which a sentence is found in its text."""
_MENTIONS = 3
"""Mentions of a name that make it a subject of a document."""
_NOT_A_NAME = frozenset(
    "it this that he she they there these those we i you here what which who whom whose his her its our my "
    "their one each such some another in on at for from with by as if when while although because after "
    "before since and but or so most many several few all both other others figure table note example "
    "section chapter see however then today thus also first second third finally now north south east west "
    "every whereas thereby therefore within into under over between among during through against about "
    "around near above below behind beyond inside outside upon again ensure still even only just once "
    "perhaps often sometimes usually make let "
    "is are was were do does did can how why where version release step phase stage part article volume "
    "book season episode option item appendix question answer point no yes not new another unlike like "
    "das dies dabei wo es sein seine ihr ihre dieser diese dieses esta este esto ella ello él ellos "
    "ésta éste elle il ils elles ce cette ces background objective results conclusion abstract".split()
)
_ARTICLES = frozenset("the a an der die das ein eine el la le les los las".split())
_TWICE = re.compile(r"(?P<first>.+) (?P<name>(?:(?:The|the) )?(?P=first))")
_SMALL = frozenset("of and for de von der la du in the".split())
_SAYS_LITTLE = re.compile(
    r"\b(?:new|latest|newest|next|previous|similar|different|certain|particular|further|additional|"
    r"good|great|nice|recogni[sz]ed|global|leading|famous|renowned|notable|perfect|ideal|popular|common|major|main|key|vital|critical|important|essential|"
    r"significant|crucial|powerful|useful|simple|easy|big|large|small|huge|frequent|typical|classic|"
    r"more|most|less|least|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|only|"
    r"icon|outlier|enigma|mystery|controversial|disputed|primary|power|single|very|handy|optional|especially|particularly|rapidly|recurrent|theme|segment|"
    r"ambiguous|older|newer|alternative|"
    r"effective|cheap|safe|valuable|promising|highly|relatively|strong|contributing|cause|risk|means|conscious|"
    r"component|aspect|part|reason|way|thing|example|step|must|challenge|success|feature|factor|result|"
    r"source|home|place|time|landmark|winner|recipient|member|matter|problem|issue|point|choice|option|fact|"
    r"case|difference|bit|lot|sign|symbol|mix|mixture|great|combination|[\d,.]+|\d+\w+)\b"
    r"|\b(?!(?:fore|te|harve|inte|reque|conte|prote|gue|re|ne|we|que|che|pe|mode|hon|manif|dig|prie)st\b)"
    r"\w{2,}est\b|[\"“”‘‹«]",
    re.IGNORECASE,
)
"""Words of a kind that say a rank, a status or an opinion, and not what a thing is."""
_IN_A_ROW = re.compile(
    r"\b(?:older|newer|new|alternative|other|next|previous|first|second|third|last|latest|main|only|immediate)\b"
)
"""Words of a name that mean one of a row."""


@dataclass(frozen=True)
class Subjects:
    """What a document is about: its title and its headings name it, or its text often mentions it."""

    title: str
    headings: Sequence[str]
    text: str

    @cached_property
    def titles(self) -> frozenset[str]:
        """Its title, and the beginning of it, folded."""
        return frozenset(map(folded, (self.title, re.split(r"[,(:（]| [–—-] ", self.title)[0]))) - {""}

    @cached_property
    def names(self) -> frozenset[str]:
        """What its title and its headings name, folded."""
        return self.titles | frozenset(map(folded, self.headings)) - {""}

    def have(self, name: str, *, is_first: bool, aside: str) -> bool:
        """Tell whether it is about what has a name: a title, a defined term, or what it often mentions."""
        bare = bare_name(name)
        if folded(name) in self.names:
            return True
        if is_proper(name) and set(folded(name).split()) <= set(folded(self.title).split()):
            return self.text.count(bare) >= _MENTIONS
        if small := self.as_word(bare):
            return len(re.findall(rf"(?<!\w){re.escape(small)}(?!\w)", self.text)) >= _MENTIONS
        if not is_proper(name):
            return False
        is_defined = is_first or re.search(r"\( ?[A-Z]{2,8} ?\)", aside)
        is_strange = " " in bare or bool(re.search(r"\w[A-Z]", bare))  # no word that begins a sentence
        mentions = len(re.findall(rf"(?<!\w){re.escape(bare)}(?!\w)", self.text))
        if is_strange:
            return bool(is_defined) or mentions > 1
        return (
            bool(re.search(rf"[^\W\d_]['’)]? {re.escape(bare)}(?!\w)", self.text)) and mentions >= _MENTIONS
        )

    def are_named_before(self, name: str, sentence: str) -> bool:
        """Tell whether running text before a sentence has a name already."""
        before = self.text[: max(0, self.text.find(sentence[:_BEGINNING]))]
        above = {self.title, *self.headings}
        return any(name in line and line.strip("# ") not in above for line in before.splitlines())

    def is_ambiguous(self, name: str) -> bool:
        """Tell whether the title says in brackets which of the things with this name it means."""
        return folded(name) in self.titles and bool(re.search(r" ?[(（][^()（）]+[)）]$", self.title))

    def counts(self, name: str) -> bool:
        """Tell whether it speaks of one of a kind of the name: "Form" is no name beside "a form"."""
        small = re.escape(name[:1].lower() + name[1:])
        after = r"(?:[.,;]| (?:is|of|for|in|to|with|that|and|from|as)\b)"
        return bool(re.search(rf"\b(?:an?|each|every|the|this) {small}{after}", self.text))

    def as_word(self, bare: str) -> str:
        """A name in small letters, if it stands so amid a sentence, or is no name by its other words."""
        small = bare[:1].lower() + bare[1:]
        if small == bare or re.match(r"\w*[A-Z0-9]", bare[1:]):
            return ""
        first, *others = bare.split()
        if first.endswith(("'s", "’s")):
            return ""
        if others and any(one[:1].islower() and one not in _SMALL for one in others):
            # "Hirschsprung disease" keeps its capital; "Star formation" if it is said nowhere else.
            is_name = re.search(rf"[a-z,;] {re.escape(first)}(?!\w)", self.text)
            is_said = re.search(rf"(?<!\w){re.escape(first[:1].lower() + first[1:])}(?!\w)", self.text)
            return small if is_said and not is_name else ""
        return small if re.search(rf"[a-z,;] {re.escape(small)}(?!\w)", self.text) else ""


def folded(name: str) -> str:
    """A name without article and marks, in small letters."""
    words = re.findall(r"\w+", without_number(name.strip()).lower())
    return " ".join(one for at, one in enumerate(words) if at or one not in _ARTICLES)


def bare_name(name: str) -> str:
    """A name without its article."""
    first, _, rest = name.partition(" ")
    return rest if first.lower() in _ARTICLES and rest else name


def is_proper(name: str) -> bool:
    """Tell whether all words of a name have capitals, and none of them points elsewhere."""
    return all(one[:1].isupper() or one[:1].isdigit() or one in _SMALL for one in bare_name(name).split())


def says_little(kind: str) -> bool:
    """Tell whether a kind says a rank, a status or an opinion, and not what a thing is."""
    return bool(_SAYS_LITTLE.search(kind))


def as_asked(name: str, subjects: Subjects) -> str:
    """A name as a question has it; empty if it does not say by itself what it names."""
    if twice := _TWICE.fullmatch(name):  # a title, and the sentence that begins with it
        name = twice["name"]
    name = name.rstrip(" '’")
    name = re.sub(r" (?=['’]s\b)|(?<=\w) (?=- \w)|(?<=\w -) (?=\w)", "", name)
    if not _begins_well(name) or (folded(name) not in subjects.names and _is_unclear(name)):
        return ""
    if name != bare_name(name):
        if name.startswith(("A ", "An ")) and is_proper(name) and folded(name) in subjects.titles:
            return name  # the title of a work
        return name[:1].lower() + name[1:]
    small = subjects.as_word(name)
    return name if not small or re.search(r"[^sui]s$", name) else small


def _begins_well(name: str) -> bool:
    """Tell whether a name begins with a word that can begin one: no number, letter, article or label."""
    if not (words := bare_name(name).split()) or len(name) > _LONGEST_NAME:
        return False
    first = words[0]
    is_label = len(words) > 1 and first.isupper() and len(first) > 4
    return len(first) > 1 and not first[0].isdigit() and first.lower() not in _ARTICLES and not is_label


def _is_unclear(name: str) -> bool:
    """Tell whether a name says nothing alone: a pronoun, two things, or one of a kind ("the Query")."""
    first, *others = bare_name(name).split()
    if first.lower() in _NOT_A_NAME or re.search(r" (?:and|or) |--|[_`]|[a-z]The\b", name):
        return True
    if not is_proper(name) and _IN_A_ROW.search(name):
        return True
    return name != first and not others and first in {first.capitalize(), first.upper()}
