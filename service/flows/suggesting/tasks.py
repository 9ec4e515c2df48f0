"""Questions of what a text tells to do, and of its rules that count: "To reset your password, open ..."."""

import re

COUNT = r"(?:[\d,]+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_POINTS = re.compile(
    r"\b(?:it|its|they|their|them|this|that|these|those|he|she|his|her|here|there(?! (?:a|an|any)\b)|"
    r"additional|further|more|other|others|another|some|several|certain|various|following|above|below|previous|next|"
    r"you|yours?|our|us|we|correct|same|such|else|something|anything|now|es|sie|diese[rsmn]?|cela|ça|ce|"
    r"cette|esto|esta|este|eso|"
    r"the (?:service|system|product|program|site|company|app|text|author|passage))\b|这|那|它|他们|これ|それ",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"^(?:use|ensure|help|lose|avoid|get|learn|find out|make|begin|start|work|deal|see|be|have|do|illustrate|"
    r"understand|summarize|this|address|achieve|improve)\b|[/|]|\bwith$|"
    r"\b(?:many|much|most|some) of\b|\b(?:etc|e\.g)\b|\?"
)
_NO_CONTENT = frozenset(
    "about after all also and any are before both can each first for from has have into its may more most "
    "new not only one own same than that the then thing things this time two type used using way when which "
    "while with your custom document documents data value values item items option options specific default "
    "existing current different multiple list create single number information service right name file files "
    "page user users object change command commands version add result results tool system".split()
)
_TASKS = (
    re.compile(
        r"To (?P<do>[a-z]{3,} [^.,;:()]{4,70}), (?:you can )?"
        r"(?:use|click|run|select|go to|open|type|press|set|choose|enter|call)\b (?P<by>[^:]{8,})"
    ),
    re.compile(
        r"You can (?:also )?(?P<do>[a-z]{3,} [^.,;:()]{4,70}?) "
        r"(?P<by>(?:by [a-z]+ing|using) (?:[^ :]+ ){3,}[^:]+)"
    ),
)
"""Sentences that tell how something is done."""
_SAYS_NOT_HOW = re.compile(
    r"\b(?:the|these|this) following\b|\b(?:below|here|above|these steps)\b|:$|\bthe commands?\.?$"
)
_EVERYBODY = re.compile(
    r"(?P<who>(?:Every|Each) (?:[a-z-]+ ){0,2}[a-z]+) (?P<verb>has|gets|receives|must take|is entitled to) "
    rf"(?:at least )?{COUNT} (?P<what>[a-z]+s(?: of [a-z]+(?: [a-z]+)??)?)"
    r"(?P<rest>(?: (?:an?|per|each|every|in) (?:[a-z]+ )?[a-z]+)?)\."
)
_DEADLINE = re.compile(
    r"(?P<who>(?:The |All |Every |Each )?[A-Za-z][a-z]+(?: [a-z]+){0,4}) must be "
    r"(?P<done>[a-z]+ed|paid|sent|made|given|told)(?P<rest>(?: (?!within)[a-z]+){0,6}) "
    rf"within {COUNT} (?P<what>days|weeks|months|years|hours|minutes)\b"
)
"""Rules that count: of an own handbook or contract."""


def points_elsewhere(text: str) -> bool:
    """Tell whether a text has words that are understood only beside the text before it."""
    return bool(_POINTS.search(text))


def question_of_task(do: str) -> str:
    """The question how to do what is told to do; empty if it does not say alone what, and of which kind."""
    do = re.sub(r"\byour\b", "my", do)
    if points_elsewhere(do) or _VAGUE.search(do):
        return ""
    said = [one for one in re.findall(r"[\w'’.-]{3,}", do)[1:] if one.lower() not in _NO_CONTENT]
    count = sum(2 if re.search(r"[A-Z]", one) else 1 for one in said)
    return f"How do I {do}?" if count > 1 else ""


def question_of_instruction(sentence: str) -> str:
    """The question that a sentence answers which tells how to do something; empty for others."""
    for task in _TASKS:
        found = task.match(sentence)
        if found and not _SAYS_NOT_HOW.search(found["by"]):
            return question_of_task(found["do"])
    return ""


def question_of_rule(sentence: str) -> str:
    """The question that a rule with a number answers; empty for other sentences."""
    if (found := _EVERYBODY.fullmatch(sentence)) and not points_elsewhere(found["who"]):
        asked = {"has": "does {} have", "is entitled to": "is {} entitled to", "must take": "must {} take"}
        verb = asked.get(found["verb"], "does {} " + found["verb"].removesuffix("s"))
        return f"How many {found['what']} {verb.format(_begun(found['who']))}{found['rest']}?"
    found = _DEADLINE.match(sentence)
    if not found or " " not in found["who"] or points_elsewhere(found["who"] + found["rest"]):
        return ""
    who, done = _begun(found["who"]), f"{found['done']}{found['rest']}"
    return f"Within how many {found['what']} must {who} be {done}?"


def _begun(name: str) -> str:
    """The words of a sentence's beginning as they stand amid one."""
    return name[:1].lower() + name[1:]
