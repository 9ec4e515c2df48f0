"""Put what a follow-up question refers to into its words, where the words of earlier questions tell it.

"And in Graz?" after "When is the concert in Vienna?" asks "When is the concert in Graz?", and "Does it have a
timer?" after "And the K60?" asks "Does the K60 have a timer?". Only what is sure is put in: one thing of the
same form in the question before, or the one name that the user gave last. All else is left to the context of
the search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex

from index.patterns import lazy_pattern
from index.search.question.things import ASKING, WORD, Form, Thing, ThingWords, form_of, things_in

_PART = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")
_LONGEST_THING = 4
"""Words of what is asked for next: a longer one is mostly a question of its own."""
_LONGEST = 300
"""Code points of a question that is read."""
_RECENT = 4
"""Questions in which the place or time is looked for that another one takes the place of."""
_ATTRIBUTES = frozenset(
    "guarantee warranty price prices cost costs fee fees charge weight size height width length depth "
    "duration colour color age name date time times hours number address location phone email voltage "
    "power noise speed range capacity deadline limit start end beginning reason".split()
)
"""Nouns that tell something of a thing, and are none: "it" goes on to mean the thing."""
_FOR = frozenset("for für pour para per voor".split())
_INDEFINITE = frozenset("a an ein eine einen einem einer eines un une una uma een".split())
_PLACED = frozenset("in at to".split())
_JOINING = frozenset("and or und oder".split())
_LIKE_PREPOSITIONS = (frozenset("in at on near".split()), frozenset("by with".split()))
_EXPLETIVE = lazy_pattern(
    r"\bgot it\b|\bwho (?:is|was) it\b|\b(?:is|was) it (?:possible|safe|necessary|true|allowed|ok|"
    r"okay|normal|better|worth|cold|"
    r"warm|hot|late|raining|snowing)\b|\b(?:is|was) it (?:\w+ )?\w+ (?:to|that)\b|\btime is it\b|"
    r"\bit is (?:not )?(?:possible|allowed|necessary)\b|\b(?:does|did|will) it (?:take|mean)\b(?=\s+\w)",
    regex.IGNORECASE,
)
_SAME_GENDER: Mapping[str, frozenset[str]] = {
    "der": frozenset(("der", "den", "dem", "einen")),
    "den": frozenset(("der", "den", "dem", "einen")),
    "dem": frozenset(("der", "den", "dem", "einen", "das")),
    "das": frozenset(("das", "dem")),
}
"""By the article of what a pronoun stands for, those that what was named may have had."""


@dataclass(frozen=True, slots=True)
class FollowUpQuestion:
    """A question with what it refers to put in; ``text`` is empty where that is not known.

    ``new`` are the words of what it asks for instead, those that the last one has not.
    """

    text: str
    new: str = ""


def resolve(question: str, earlier: Sequence[str]) -> FollowUpQuestion | None:
    """Put into a question what it refers to; None if it refers to nothing, or that is not sure.

    ``earlier`` are the questions before it, oldest first, as :func:`resolve_all` made them.
    """
    if not earlier or len(question) > _LONGEST:
        return None
    earlier = [one[:_LONGEST] for one in earlier]
    own, before = ThingWords.of(question), ThingWords.of(earlier[-1])
    for language in (before, own):
        if (asked := _asked_instead(question, language)) is not None:
            return _replace(asked, question, earlier, language)
    text = _with_place(question, earlier, before)
    text = _with_name(text or question, earlier, before) or text
    return None if text is None else FollowUpQuestion(text)


def resolve_all(questions: Sequence[str]) -> list[str]:
    """The questions of a conversation, oldest first, each with what it refers to, as far as that is sure."""
    found: list[str] = []
    for one in questions:
        resolved = resolve(one, found)
        found.append(resolved.text if resolved is not None and resolved.text else one)
    return found


def _asked_instead(question: str, language: ThingWords) -> Thing | None:
    """What a question without a verb asks about: "Graz" in "And in Graz?"; None for any other question."""
    words = list(WORD.finditer(question))
    plain = tuple([word[0].lower() for word in words])
    begin = next((len(one) for one in language.continues if plain[: len(one)] == one), 0)
    at = begin
    before = plain[at] if at < len(plain) and plain[at] in language.prepositions else ""
    at += bool(before)
    if not (begin or before):
        return None
    article = plain[at] if at < len(plain) and plain[at] in language.articles else ""
    first = at + bool(article)
    rest = plain[first:]
    # "children under six" is one thing, and "what does it cost" is none.
    if not rest or len(rest) > _LONGEST_THING or rest[0] in language.prepositions:
        return None
    asking = language.closing | language.it | language.there | ASKING | language.pronouns.keys()
    if any(word[0].lower() in asking and word[0] not in language.months for word in words[first:]):
        return None
    form = form_of([word[0] for word in words[first:]], language, is_first=first == 0)
    return Thing(words[at].start(), words[-1].end(), form, before, article, rest)


def _replace(
    asked: Thing, question: str, earlier: Sequence[str], language: ThingWords
) -> FollowUpQuestion | None:
    """The question before with what is asked now in place of the one thing of its form."""
    before, new = earlier[-1], question[asked.start : asked.end]
    things = things_in(before, language)
    same = _of_same_noun(asked, before, language) or _alike(asked, things)
    if not same and _may_be_added(asked, things, earlier, language):
        end = len(before.rstrip(" ?!."))
        added = f"{before[:end]} {asked.before} {new}{before[end:]}"
        return FollowUpQuestion(added, _new_words(asked, question, ()))
    if len(same) != 1 or not same[0].is_sure:
        is_told = asked.form in ("code", "name") or (asked.form == "noun" and asked.before in _FOR)
        return FollowUpQuestion("", _new_words(asked, question, ())) if is_told else None
    if same[0].words == asked.words:
        return None
    (old,) = same
    start, end = _replaced(asked, old, before)
    if asked.before and old.before and asked.before != old.before and asked.form == "noun":
        *_, preposition = WORD.finditer(before, 0, old.start)
        start, new = preposition.start(), f"{asked.before} {new}"
    return FollowUpQuestion(f"{before[:start]}{new}{before[end:]}", _new_words(asked, question, old.words))


def _replaced(asked: Thing, old: Thing, before: str) -> tuple[int, int]:
    """What of the question before is replaced: of a date the year goes on, and the unit of a bare number."""
    # Read again: the words of a thing are in small letters, which may be longer.
    words = list(WORD.finditer(before, old.start, old.end))
    bare = words[bool(old.article) :]
    first, last = (bare if old.article and not asked.article else words)[0], words[-1]
    if asked.form == "number" and old.form == "name":
        first = last
    elif asked.form in ("date", "number") and len(asked.words) < len(bare) and ":" not in asked.words[0]:
        last = bare[len(asked.words) - 1]
    return first.start(), last.end()


def _new_words(asked: Thing, question: str, old: Sequence[str]) -> str:
    """The words of a thing that the old one has not: "full" of "full-time staff", after "part-time staff".

    None of numbers and dates, which a range may have, and of what is told in many words, such as the price.
    """
    if asked.form in ("number", "date") or not _ATTRIBUTES.isdisjoint(asked.words):
        return ""
    said = {part for word in old for part in _PART.findall(word)}
    parts = _PART.findall(question[asked.start : asked.end])[bool(asked.article) :]
    return " ".join([part for part in parts if part.lower() not in said and not part.isdigit()])


def _alike(asked: Thing, things: Sequence[Thing]) -> list[Thing]:
    """The things in whose place one may be asked for: of its form, behind its preposition if it has one."""
    forms: Sequence[Form] = (asked.form,)
    if asked.article and asked.form in ("name", "noun"):
        forms = ("name", "noun")
    if asked.before:
        found = [one for one in things if one.before == asked.before and one.form in forms]
        found = [one for one in found if asked.form != "noun" or _kind(one.article) == _kind(asked.article)]
        if found:
            return found
        if asked.form == "noun":
            return _of_like_preposition(asked, things)
        if asked.form != "code":
            return []
    if asked.form == "number" and not asked.before and not any(one.form == "number" for one in things):
        return [one for one in things if one.form == "name" and one.words[-1][0].isdigit()]  # "Corda 4.2"
    if asked.form != "noun":
        return [one for one in things if one.form == asked.form]
    nouns = [one for one in things if one.form == "noun" and _kind(one.article) == _kind(asked.article)]
    is_plural = asked.words[-1].endswith("s")
    more = [one for one in nouns if asked.article or (is_plural and one.words[-1].endswith("s"))]
    return [one for one in nouns if not one.before] or more


def _of_like_preposition(asked: Thing, things: Sequence[Thing]) -> list[Thing]:
    """The things behind another preposition of place or means: "on the balcony" for "in the garden"."""
    nouns = [one for one in things if one.form == "noun" and _kind(one.article) == _kind(asked.article)]
    for alike in _LIKE_PREPOSITIONS:
        if asked.before in alike:
            found = [one for one in nouns if one.before in alike]
            return found or ([one for one in nouns if not one.before] if not asked.article else [])
    return [one for one in nouns if not one.before] if not asked.article else []


def _kind(article: str) -> str:
    return "indefinite" if article in _INDEFINITE else "definite" if article else ""


def _of_same_noun(asked: Thing, before: str, language: ThingWords) -> list[Thing]:
    """As many words before the same noun: "part-time staff" for "full-time staff"."""
    words = list(WORD.finditer(before))
    plain = [word[0].lower() for word in words]
    if asked.form != "noun" or len(asked.words) == 1 or plain.count(asked.words[-1]) != 1:
        return []
    last = plain.index(asked.words[-1])
    first = last - len(asked.words) + 1
    if first < 0 or any(word in language.stops for word in plain[first:last]):
        return []
    article = plain[first - 1] if first and plain[first - 1] in language.articles else ""
    start, end = words[first - bool(article)].start(), words[last].end()
    return [Thing(start, end, "noun", asked.before, article, tuple(plain[first : last + 1]))]


def _may_be_added(
    asked: Thing, things: Sequence[Thing], earlier: Sequence[str], language: ThingWords
) -> bool:
    """Whether the question before goes on with the place or time of one before that, which it lacks.

    "When is the concert in Graz?", "What do we wear?", "And in Vienna?"
    """
    if (
        asked.form not in ("name", "date")
        or not asked.before
        or any(one.form == asked.form for one in things)
    ):
        return False
    recent = [one for text in earlier[-_RECENT:-1] for one in things_in(text, language)]
    return any(one.form == asked.form and one.before == asked.before for one in recent)


def _with_name(question: str, earlier: Sequence[str], language: ThingWords) -> str | None:
    """The question with the name in place of the first "it" or "its"; None without, or if none is sure."""
    words, pronouns = list(WORD.finditer(question)), language.pronouns
    meant = (language.it - {"itself"}) | pronouns.keys()
    at = next((n for n, word in enumerate(words) if word[0].lower() in meant), None)
    if at is None or _is_expletive(words[at]):
        return None
    above = question[: words[at].start()]
    is_joined = at > 1 and words[at - 1][0].lower() in _JOINING
    if is_joined or "," in above or things_in(above, language):
        return None  # "If I borrow money, can I repay it?"
    pronoun = words[at][0].lower()
    article = pronouns.get(pronoun, "")
    name = _last_named(earlier, language, article)
    if name is None:
        return None
    own = f"{name}'s" if pronoun == "its" else name
    return f"{question[: words[at].start()]}{own}{question[words[at].end() :]}"


def _is_expletive(word: regex.Match[str]) -> bool:
    return any(one.start() <= word.start() < one.end() for one in _EXPLETIVE.finditer(word.string))


def _last_named(earlier: Sequence[str], language: ThingWords, article: str) -> str | None:
    """The one name or code that the user gave last, or "the tour", if the last question names that alone.

    With an ``article``, it is one of the same gender, and gets it: "der K60".
    """
    pending = ""
    for question in reversed(earlier):
        things = things_in(question, language)
        named = [one for one in things if one.form in ("code", "name") and _may_cling(one, language)]
        if article:
            named = [one for one in named if _article(one, language) in _SAME_GENDER[article]]
        if named:
            one = named[0]
            is_one = len({other.words for other in named}) == 1 and not pending
            if not is_one or not (one.is_sure or one.is_kind):
                return None
            said = question[one.start : one.end]
            bare = list(WORD.finditer(said))[bool(one.article)].start()
            return f"{article} {said[bare:]}" if article else said
        nouns = [one for one in things if one.form == "noun" and not one.before]
        nouns = [one for one in nouns if one.words[-1] not in _ATTRIBUTES]
        if any(_goes_on(one, things) for one in nouns):
            return None
        if len(nouns) > 1 or (nouns and nouns[0].article != "the"):
            return None
        for one in nouns:
            said = question[one.start : one.end]
            if one.is_sure:
                is_it = pending.lower().startswith(said.lower()) if pending else question == earlier[-1]
                return said if is_it else None
            pending = pending or said
    return None


def _goes_on(one: Thing, things: Sequence[Thing]) -> bool:
    """Whether what follows tells which one is meant: "the pier in Tveit"."""
    return any(other.before and 0 < other.start - one.end <= len(other.before) + 2 for other in things)


def _article(one: Thing, language: ThingWords) -> str:
    return "dem" if not one.article and one.before in language.contracted else one.article


def _may_cling(one: Thing, language: ThingWords) -> bool:
    return not one.before or one.before in language.clings


def _with_place(question: str, earlier: Sequence[str], language: ThingWords) -> str | None:
    """The question with the place in place of "there" at its end: "in Vienna"; None without one."""
    words = list(WORD.finditer(question))
    if len(words) < 2 or words[-1][0].lower() not in language.there:
        return None
    if any(one.form == "name" for one in things_in(question[: words[-1].start()], language)):
        return None
    places = [one for one in things_in(earlier[-1], language) if one.form == "name" and one.before in _PLACED]
    if len(places) != 1:
        return None
    (place,) = places
    put = earlier[-1][place.start : place.end]
    before = "in" if place.before == "to" else place.before
    return f"{question[: words[-1].start()]}{before} {put}{question[words[-1].end() :]}"
