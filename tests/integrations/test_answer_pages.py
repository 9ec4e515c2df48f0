"""The programs of the pages about answers, run as they stand there, but for addresses and keys."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from index.library import Library
from tests.service.flows.answer.writing.stand_in import stand_in
from tests.service.http_service import GatedEmbedder, app_of, live

DOCS = Path(__file__).parents[2] / "docs"
TEXT = "The tower was built in 1819. It has 199 steps of granite."


def program(page: str) -> str:
    (found,) = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return str(found)


def run(script: str, typed: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def service(tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        Library(tmp_path, embedder=GatedEmbedder()) as library,
        live(app_of(library, api_key="KEY", min_answerability=0)) as client,
    ):
        client.headers["authorization"] = "Bearer KEY"
        put = client.put("/v1/documents/tower.txt?wait=true", json={"text": TEXT})
        assert put.status_code == 201, put.text
        yield client


def address(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


@pytest.mark.processes
def test_the_support_bot_answers_and_shows_where(service: httpx.Client) -> None:
    script = program("integrations/support-bot.md").replace("http://127.0.0.1:8000", address(service))
    shown = run(script, "When was the tower built?\nAnd how many steps has it?\n\n")
    assert "The tower was built in 1819. [1]" in shown
    assert "It has 199 steps of granite." in shown
    (link, *_) = re.findall(r"\[1\] tower\.txt: (\S+)", shown)
    assert service.get(link).status_code == 200


@pytest.mark.processes
def test_what_a_model_wrote_is_checked(service: httpx.Client) -> None:
    said = "The tower was built in 1819 [1]. It has 299 steps of granite [1]."
    with stand_in(said, streams=False) as model:
        script = program("integrations/check-a-model.md")
        script = script.replace("http://127.0.0.1:8000", address(service))
        shown = run(script.replace("http://127.0.0.1:11434/v1", model.url))
    assert "supported: The tower was built in 1819" in shown
    assert "contradicted: It has 299 steps of granite" in shown


@pytest.mark.processes
def test_the_page_about_answers_has_a_client_that_works(service: httpx.Client) -> None:
    assert run(program("answers.md").replace("http://127.0.0.1:8000", address(service))).strip()


def test_a_bot_that_declines_shows_the_links_of_its_text_only(service: httpx.Client) -> None:
    for name in ("steps", "bells", "lamps", "doors", "floors"):
        text = f"About {name}: the tower has some."
        assert service.put(f"/v1/documents/{name}.txt?wait=true", json={"text": text}).status_code == 201
    asked = {
        "model": "loccit",
        "messages": [{"role": "user", "content": "Who is the mayor of the tower?"}],
        "loccit": {"min_answerability": 1.0},
    }
    reply = service.post("/v1/chat/completions", json=asked).json()
    text = reply["choices"][0]["message"]["content"]
    assert reply["loccit"]["declined"]
    named = re.findall(r"\[(\d+)\]", text)
    assert 0 < len(named) < 5
    assert named == [str(mark) for mark in range(1, len(reply["citations"]) + 1)]
