import json

import pytest

from service.faces.openai.answers.tasks import task_reply

HISTORY = (
    "### Chat History:\n<chat_history>\nUSER: When was the tower\nbuilt?\nASSISTANT: In 1819.\n"
    "USER: And who built it?\n</chat_history>"
)


def prompt(first: str, output: str) -> str:
    return f"### Task:\n{first}\n### Guidelines:\n- Be short.\n### Output:\n{output}\n{HISTORY}"


@pytest.mark.parametrize(
    ("key", "reply"),
    [
        ("title", "When was the tower built?"),
        ("tags", []),
        ("follow_ups", []),
        ("queries", ["And who built it?"]),
        ("text", ""),
        ("prompt", ""),
    ],
)
def test_each_task_gets_the_json_that_it_expects(key: str, reply: object) -> None:
    asked = prompt("Generate something.", f'JSON format: {{ "{key}": ["..."] }}')
    assert json.loads(task_reply(asked) or "") == {key: reply}


def test_a_title_may_be_asked_for_as_plain_text() -> None:
    asked = prompt("Generate a concise title summarizing the chat history.", "Return ONLY the title text.")
    assert task_reply(asked) == "When was the tower built?"


def test_a_long_title_ends_after_a_whole_word() -> None:
    history = HISTORY.replace("When was the tower\nbuilt?", "word " * 40)
    asked = f'### Task:\nGenerate a title.\n### Output:\nJSON format: {{ "title": "..." }}\n{history}'
    title = json.loads(task_reply(asked) or "")["title"]
    assert title.endswith("word…")
    assert len(title) <= 61


@pytest.mark.parametrize(
    "question",
    [
        "When was the tower built?",
        "### Task:\nAnswer the question from the context.\n<context>The tower</context>",
        prompt("Generate something.", 'JSON format: { "poem": "..." }'),
        prompt("Summarize the chat history.", "Return the text."),
    ],
)
def test_anything_else_is_a_question(question: str) -> None:
    assert task_reply(question) is None


def test_a_history_without_a_question_has_no_title() -> None:
    empty = '### Task:\nGenerate.\n### Output:\n{ "title": "" }\n<chat_history>\n</chat_history>'
    assert json.loads(task_reply(empty) or "") == {"title": ""}


def test_a_message_without_a_text_belongs_to_no_question() -> None:
    asked = prompt("Generate a title.", '{ "title": "..." }').replace(
        "ASSISTANT: In 1819.\nUSER: And who built it?", "ASSISTANT:"
    )
    assert task_reply(asked) == '{"title": "When was the tower built?"}'


@pytest.mark.parametrize(
    "rest",
    [" " * 10**6, "<chat_history>" * 10**5, "<chat_history></chat_history>" + "### Output:" * 10**5],
    ids=["spaces", "histories", "outputs"],
)
def test_a_prompt_is_read_once(rest: str) -> None:
    """One of patterns that go back and forth would take hours, in which nobody is answered."""
    assert task_reply(f"### Task:\nTag it.\n<chat_history>{rest}") is None


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("Hello", "Hello. Ask a question"),
        ("Guten Tag!", "Guten Tag. Stellen Sie"),
        ("?!", "Hello."),
        ("Thank you very much!", "You are welcome. You can go on"),
        ("cheers", "You are welcome."),
        ("Perfect, that helps", "You are welcome."),
        ("👍", "You are welcome."),
        ("Danke, bis bald", "Gern geschehen."),
        ("谢谢", "不客气。"),
        ("ok", "All right."),
        ("that’s all", "All right."),
        ("au revoir", "Au revoir."),
        ("Ok, bye", "Goodbye."),
    ],
)
def test_courtesies_are_returned_and_not_searched(text: str, begins: str) -> None:
    assert (task_reply(text) or "").startswith(begins)


@pytest.mark.parametrize(
    "text", ["Hello, when was the tower built?", "thanks, and how much is it?", "ok so when does it start"]
)
def test_a_courtesy_before_a_question_is_a_question(text: str) -> None:
    assert task_reply(text) is None
