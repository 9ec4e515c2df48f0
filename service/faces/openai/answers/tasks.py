"""Tasks of chat pages beside the question: a title, tags, follow-ups. They send it as a question.

Open WebUI begins such a prompt with "### Task:", names the JSON that it expects, and appends the
conversation. Answered with what is in the conversation, or with an empty list, because no document says it.
Greetings, thanks and leave are no question either: a search for them finds what nobody asked for.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from index.search.question import Courtesy, courtesy_of

# A prompt may be as long as a body: each pattern reads it once, and sections are found without one.
_TASK = re.compile(r"\s*### Task:\s*\n(?P<first>[^\n]*)")
_OUTPUT = "### Output:"
_KEY = re.compile(r"\{\s*\"(?P<key>\w+)\"\s*:")
_HISTORY = ("<chat_history>", "</chat_history>")
_USER = re.compile(r"^USER: (.*?)(?=^(?:ASSISTANT|SYSTEM|USER):(?: |$)|\Z)", re.DOTALL | re.MULTILINE)
_LONGEST_TITLE = 60
_COURTESIES: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("courtesy_replies.json").read_text(encoding="utf-8")
)
"""Replies to courtesies, by language and kind."""


def task_reply(prompt: str) -> str | None:
    """The reply to a task of a chat page, or to a courtesy; None for anything else, which is a question."""
    task = _TASK.match(prompt)
    if task is None:
        courtesy = courtesy_of(prompt)
        return None if courtesy is None else courtesy_reply(courtesy)
    begin, end = _HISTORY
    history, closed, _ = prompt.partition(begin)[2].partition(end)
    if not closed:
        return None
    questions = [one.strip() for one in _USER.findall(history) if one.strip()]
    expected = _KEY.search(prompt.partition(_OUTPUT)[2])
    if expected is None:
        return _title(questions) if "title" in task["first"] else None
    reply = _REPLIES.get(expected["key"])
    return None if reply is None else json.dumps({expected["key"]: reply(questions)}, ensure_ascii=False)


def courtesy_reply(courtesy: Courtesy) -> str:
    """The reply to a greeting, thanks and the like, in the language of the message where that is known."""
    return _COURTESIES.get(courtesy.language, _COURTESIES["english"])[courtesy.kind]


def _title(questions: list[str]) -> str:
    """The beginning of the first question, whole words of it."""
    title = " ".join(questions[0].split()) if questions else ""
    if len(title) <= _LONGEST_TITLE:
        return title
    return f"{title[:_LONGEST_TITLE].rpartition(' ')[0] or title[:_LONGEST_TITLE]}…"


_REPLIES: Mapping[str, Callable[[list[str]], object]] = {
    "title": _title,
    "tags": lambda _: [],
    "follow_ups": lambda _: [],
    "queries": lambda questions: questions[-1:],
    "text": lambda _: "",
    "prompt": lambda _: "",
}
"""By the field that a task expects."""
