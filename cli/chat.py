"""``loccit chat``: ask one question after another, each in the context of the one before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import typer
from rich.text import Text

from cli.consoles import stderr, stdout
from cli.instances import Instance, Json, Place, Question, open_instance
from cli.options import CollectionName, Data, Key, Server
from cli.output import print_citation, print_locator
from cli.questions import parse_where
from index.errors import LoccitError

_HELP = "Ask a question; a number shows that citation in its document; Ctrl-D ends."
_UNLIKELY = 0.5
"""Below this probability the passages are shown as those that come nearest."""


def chat(
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    k: Annotated[int, typer.Option("-k", help="Number of quotes in an answer.")] = 3,
    where: Annotated[str, typer.Option("--filter", help="A metadata filter, as JSON.")] = "",
) -> None:
    """Ask in a conversation: answers are quotes with their citations.

    A follow-up question is understood in the context of the last question and answer.
    """
    condition = parse_where(where)
    with open_instance(Place(collection, data, server, key)) as instance:
        conversation = Conversation(instance)
        if sys.stdin.isatty():
            stderr().print(_HELP)
        for line in _lines():
            try:
                conversation.take(line, Question("", k=k, where=condition, extent="sentences"))
            except LoccitError as error:  # the conversation goes on
                stderr().print(Text.assemble(("error", "bold red"), f": {error.message}"))


class Conversation:
    """Answers one line after another, and remembers the last exchange and its citations."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._turns: list[dict[str, str]] = []
        self._locators: list[str] = []

    def take(self, line: str, settings: Question) -> None:
        """Answer a question, or show the citation that a number names."""
        if line.isdigit():
            self._show(int(line))
            return
        answer = self._instance.ask(replace(settings, text=line, turns=self._turns))
        passages = answer["passages"]
        self._locators = [passage["citation"]["locator"] for passage in passages]
        said = " ".join(passage["text"] for passage in passages)
        # Only the last exchange is used.
        self._turns = [{"role": "user", "text": line}, {"role": "assistant", "text": said}] if said else []
        _print_quotes(answer)

    def _show(self, number: int) -> None:
        if not 1 <= number <= len(self._locators):
            stderr().print(f"The last answer has no citation {number}.", highlight=False)
            return
        print_citation(self._instance.cite(self._locators[number - 1]), as_json=False)


def _lines() -> Iterator[str]:
    """The lines of standard input that are not empty; on a terminal with a prompt."""
    while True:
        try:
            line = stdout().input("> ") if sys.stdin.isatty() else _read_line()
        except EOFError:
            return
        if line.strip():
            yield line.strip()


def _read_line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _print_quotes(answer: Json) -> None:
    """Print the quotes of an answer, each with its number and locator."""
    console = stdout()
    if answer["answerability"] < _UNLIKELY:
        nearest = ". These come nearest:" if answer["passages"] else "."
        console.print(f"The documents do not seem to say{nearest}", highlight=False)
    for number, passage in enumerate(answer["passages"], 1):
        console.print(Text.assemble(passage["text"], (f" [{number}]", "cyan")))
    console.print()
    for number, passage in enumerate(answer["passages"], 1):
        print_locator(passage["citation"]["locator"], indent=f"\\[{number}] ")
    console.print(f"Probability that this answers: {answer['answerability']:.2f}\n", highlight=False)
