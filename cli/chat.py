"""``loccit chat``: ask one question after another; a follow-up is understood by those before it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from rich.text import Text

from cli.instances import Instance, Json, Place, Question, open_instance
from cli.options import CollectionName, Data, FilterJson, Key, PassageCount, Server
from cli.questions import parse_where
from cli.terminal.consoles import stderr, stdout
from cli.terminal.output import print_citation, print_computed, print_locator, print_missing, print_notes
from index.errors import LoccitError

_HELP = "Ask a question; a number shows that citation in its document; Ctrl-D ends."
_NEAREST = 3
"""Passages that are shown where the documents do not say."""
_MOST_TURNS = 12
"""Earlier messages that are sent with a question."""
_COLOURS = {"contradicted": "red", "unsupported": "yellow", "unchecked": "yellow"}


def chat(
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    k: PassageCount = 5,
    where: FilterJson = "",
) -> None:
    """Ask in a conversation: answers are sentences of the documents, with their citations.

    A follow-up question is understood by the questions before it and by what the last answer quotes. A
    service with a model that writes answers with it; what the documents do not say is marked.
    """
    condition = parse_where(where)
    with open_instance(Place(collection, data, server, key)) as instance:
        conversation = Conversation(instance)
        if sys.stdin.isatty():
            stderr().print(_HELP)
        for line in _input_lines():
            try:
                conversation.take(line, Question("", k=k, where=condition))
            except LoccitError as error:  # the conversation goes on
                stderr().print(Text.assemble(("error", "bold red"), f": {error.message}"))


class Conversation:
    """Answers one line after another, and remembers the last messages and the last citations."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._turns: list[Mapping[str, str]] = []
        self._citations: list[Json] = []

    def take(self, line: str, settings: Question) -> None:
        """Answer a question, or show the citation that a number names."""
        if line.isdecimal():
            self._show(int(line))
            return
        answer = self._instance.answer(replace(settings, text=line, turns=self._turns))
        shown = answer["sources"][:_NEAREST] if answer["declined"] else answer["sources"]
        self._citations = shown
        said = " ".join(sentence["text"] for sentence in answer["sentences"])
        exchange = [{"role": "user", "text": line}, *[{"role": "assistant", "text": said}] * bool(said)]
        self.remember(exchange)
        _print_answer(answer, [citation["locator"] for citation in shown])

    def remember(self, turns: Sequence[Mapping[str, str]]) -> None:
        """Add earlier messages to the conversation."""
        self._turns = [*self._turns, *turns][-_MOST_TURNS:]

    def _show(self, number: int) -> None:
        if not 1 <= number <= len(self._citations):
            stderr().print(f"The last answer has no citation {number}.", highlight=False)
            return
        citation = self._citations[number - 1]
        print_citation(self._instance.cite(citation["locator"], _proof_of(citation)), as_json=False)


def _proof_of(citation: Json) -> str:
    """The proof in a citation's link, which a key that may only ask needs to read it; empty without one."""
    query = urlsplit(citation["links"].get("citation", "")).query
    return "".join(parse_qs(query).get("proof", ()))


def _input_lines() -> Iterator[str]:
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


def _print_answer(answer: Json, locators: Sequence[str]) -> None:
    """Print an answer, what is wrong with it, and its citations by their marks."""
    console = stdout()
    console.print(answer["answer"], markup=False, highlight=False)
    if answer.get("computed"):
        print_computed(answer["computed"])
    if answer["declined"] and locators:
        console.print("These passages come nearest:", highlight=False)
        for number, passage in enumerate(answer["passages"][: len(locators)], 1):
            console.print(Text.assemble(passage["text"], (f" [{number}]", "cyan")))
    for sentence in answer["sentences"]:
        # What claims nothing has no reason; what could not be checked has one.
        if (status := sentence["status"]) in _COLOURS and sentence["reason"]:
            told = f"  {sentence['text']}: {sentence['reason']}"
            console.print(Text.assemble((status, _COLOURS[status]), told))
    console.print()
    for number, locator in enumerate(locators, 1):
        print_locator(locator, indent=f"\\[{number}] ")
    print_missing(answer)
    print_notes(answer)
    console.print(f"Probability that the documents answer: {answer['answerability']:.2f}\n", highlight=False)
