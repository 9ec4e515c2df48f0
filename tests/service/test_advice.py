"""The library knows no routes, settings and commands; the layers that do add advice to its errors."""

import re
from copy import copy
from pathlib import Path

import pytest
from typer.main import get_command

import index
from cli.advice import ADVICE as COMMAND_ADVICE
from cli.main import app
from evaluation.questions import MissingDocuments, MissingQuotes
from index import errors
from index.errors import LoccitError
from service.advice import ADVICE, LIMITS, Advice, message_with_advice
from service.app import create_app
from service.http.openapi import describe
from service.settings import PREFIX, Settings

INDEX = Path(str(index.__file__)).parent
COMMANDS = "|".join(get_command(app).list_commands(None))  # type: ignore[attr-defined]
OUTSIDE = re.compile(rf"LOCCIT_|\b(GET|PUT|POST|DELETE|PATCH) /|/v1/|/view/|\bloccit ({COMMANDS})\b")


def test_the_library_names_no_setting_route_or_command() -> None:
    files = list(INDEX.rglob("*.py"))
    assert len(files) > 100
    found = {
        f"{path.relative_to(INDEX)}:{number}": line
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if OUTSIDE.search(line)
    }
    assert found == {}


def sentences(table: Advice) -> str:
    made = []
    for kind, advice in table.items():
        missing = next((one for one in (MissingQuotes, MissingDocuments) if one is kind), None)
        error = missing([], of=1) if missing else kind("It failed.")
        for limit in LIMITS:
            if hasattr(error, "limit"):
                error.limit = limit
            made.append(message_with_advice(error, {kind: advice}))
    return " ".join(made)


@pytest.mark.parametrize("table", [ADVICE, COMMAND_ADVICE], ids=["service", "cli"])
def test_advice_names_settings_that_there_are(table: Advice) -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", sentences(table)))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


def test_advice_of_the_service_names_routes_that_there_are(tmp_path: Path) -> None:
    paths = describe(create_app(Settings(data=tmp_path)))["paths"]
    served = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    named = set(re.findall(r"(GET|PUT|POST|DELETE|PATCH) (/[\w/{}]+)", sentences(ADVICE)))
    assert named
    assert {(method, path.replace("NAME", "{name}")) for method, path in named} <= served


def test_advice_follows_the_message() -> None:
    missing = errors.CollectionNotFound("There is no collection 'moons'.", name="moons")
    told = message_with_advice(missing)
    assert told.startswith("There is no collection 'moons'. Create it with PUT /v1/collections/moons")
    assert "loccit ingest FOLDER --collection moons" in message_with_advice(missing, COMMAND_ADVICE)
    assert message_with_advice(LoccitError("It failed.")) == "It failed."


def test_the_setting_of_a_limit_is_named_only_where_it_is_one() -> None:
    large = errors.DocumentTooLarge("Too large.", limit="document_bytes")
    assert message_with_advice(large) == "Too large. The limit is the setting LOCCIT_MAX_BODY_BYTES."
    assert message_with_advice(errors.DocumentTooLarge("Too large.")) == "Too large."
    many = errors.InvalidLimit("Too much.", limit="reading_characters")
    assert message_with_advice(many).endswith("LOCCIT_MAX_READING_CHARACTERS.")
    assert message_with_advice(errors.InvalidLimit("k is 0.")) == "k is 0."


def test_every_limit_is_a_setting() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert set(LIMITS.values()) <= known


def test_a_copied_error_carries_the_same() -> None:
    copied = copy(errors.CollectionNotFound("There is none.", name="moons"))
    assert (copied.message, str(copied), copied.name) == ("There is none.", "There is none.", "moons")
