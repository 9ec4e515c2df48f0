from __future__ import annotations

import ast
import logging
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

import index
import service
from index.config import MAX_K, LibraryConfig, SearchConfig, VectorsConfig
from index.processors import processors
from service.errors import InvalidSettings
from service.faces.api.requests import cited_spans
from service.faces.others import cohere
from service.flows.ask import batching, planning
from service.flows.ingest import forms
from service.flows.ingest.jobs import finishing, jobs
from service.monitoring import audit
from service.settings import MAX_ANSWER_CHARACTERS, REMOVED, Settings, hand_down, load_settings
from service.state.identity import sessions


def test_the_defaults_are_those_of_the_library() -> None:
    settings = load_settings()
    assert settings.data == Path("data")
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.library_config() == LibraryConfig()


def test_the_environment_is_read_and_what_is_given_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_PORT", "9000")
    monkeypatch.setenv("LOCCIT_LOG_LEVEL", "WARNING")
    monkeypatch.setenv("LOCCIT_CHUNK_MAX_TOKENS", "128")
    settings = load_settings(data=Path("elsewhere"), port=9001)
    assert (settings.port, settings.log_level, settings.data) == (9001, "warning", Path("elsewhere"))
    assert load_settings().port == 9000
    assert settings.library_config().chunking.max_tokens == 128


def test_the_public_address_ends_without_a_slash() -> None:
    assert load_settings(public_url="https://docs.example.org/loccit/").public_url == (
        "https://docs.example.org/loccit"
    )


def test_workers_share_the_processors_unless_the_threads_are_given() -> None:
    assert load_settings().embedding_config(processes=1).threads == processors()
    assert load_settings().embedding_config(processes=2).threads == max(1, processors() // 2)
    assert load_settings().embedding_config(processes=10_000).threads == 1
    assert load_settings(threads=3).embedding_config(processes=2).threads == 3


def test_settings_are_handed_down_to_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_PORT", "9000")
    monkeypatch.setenv("LOCCIT_WORKERS", "1")
    settings = load_settings(data=Path("elsewhere"), workers=4)
    with monkeypatch.context() as handed:
        for name in ("DATA", "PORT", "WORKERS"):  # put back afterwards
            handed.setenv(f"LOCCIT_{name}", "")
        hand_down(settings, ("data", "port", "workers"))
        assert load_settings() == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCCIT_PORT", "http"),
        ("LOCCIT_PORT", "tcp://10.0.0.1:8000"),
        ("LOCCIT_PORT", "70000"),
        ("LOCCIT_PUBLIC_URL", "docs.example.org"),
        ("LOCCIT_PUBLIC_URL", "https://docs.example.org/?a=b"),
        ("LOCCIT_DENSE_WEIGHT", "1.5"),
        ("LOCCIT_LOG_LEVEL", "loud"),
        ("LOCCIT_MODEL", ""),
        ("LOCCIT_API_KEY", ""),
        ("LOCCIT_API_KEY", "two words"),
        ("LOCCIT_API_KEY", "schlüssel"),
        ("LOCCIT_WRITER_KEY", "two\nlines"),
        ("LOCCIT_WRITER_URL", "ftp://127.0.0.1/v1"),
        ("LOCCIT_WRITER_URL", "http://:secret@127.0.0.1/v1"),
        ("LOCCIT_WRITER_URL", "http://127.0.0.1/v1?key=secret"),
        ("LOCCIT_WRITER_URL", "http://127.0.0.1:99999/v1"),
        ("LOCCIT_WRITER_URL", "http://the model/v1"),
        ("LOCCIT_WRITER_PARAMETERS", '{"temperature": NaN}'),
        ("LOCCIT_WRITER_PARAMETERS", "[1]"),
        ("LOCCIT_WRITER_SECONDS", "inf"),
        ("LOCCIT_WRITER_SECONDS", "0"),
        ("LOCCIT_WRITER_SECONDS", "nan"),
        ("LOCCIT_MAX_QUEUE", "0"),
        ("LOCCIT_PRECISION", "int4"),
        ("LOCCIT_WRITER_CHARACTERS", "1000000000000"),
    ],
)
def test_a_bad_value_is_told_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("LOCCIT_WRITER_MODEL", "small")
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert caught.value.message.startswith(f"{name}: ")
    if value and name in ("LOCCIT_API_KEY", "LOCCIT_WRITER_KEY", "LOCCIT_WRITER_URL"):
        assert value not in caught.value.message
        assert "secret" not in caught.value.message


def test_all_bad_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_PORT", "x")
    monkeypatch.setenv("LOCCIT_MAX_QUEUE", "x")
    with pytest.raises(InvalidSettings, match=r"LOCCIT_PORT: .* LOCCIT_MAX_QUEUE: "):
        load_settings()


def test_a_name_that_is_no_setting_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOCCIT_APIKEY", "k")
    with caplog.at_level(logging.WARNING):
        load_settings()
    assert "LOCCIT_APIKEY" in caplog.text
    with pytest.raises(InvalidSettings, match="LOCCIT_APIKEY"):
        load_settings(apikey="k")


@pytest.mark.parametrize("name", [name for name, removed in REMOVED.items() if not removed.stops])
def test_a_setting_of_an_earlier_version_is_told(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(f"LOCCIT_{name}", "1")
    load_settings()
    (told,) = caplog.messages
    assert told == f"LOCCIT_{name} is no longer a setting: {REMOVED[name].now} Unset it."


def test_a_bound_that_is_set_to_nothing_only_warns(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOCCIT_MAX_K", "")
    load_settings()
    assert [one.startswith("LOCCIT_MAX_K is no longer a setting") for one in caplog.messages] == [True]


@pytest.mark.parametrize("name", [name for name, removed in REMOVED.items() if removed.stops])
def test_nothing_starts_with_a_bound_that_is_no_longer_a_setting(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"LOCCIT_{name}", "1")
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert caught.value.message == f"LOCCIT_{name} is no longer a setting. {REMOVED[name].now} Unset it."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASK_MAX_K", planning.ASK_MAX_K),
        ("AUDIT_BYTES", audit.FILE_BYTES >> 20),
        ("CANDIDATES", SearchConfig().candidates),
        ("INDEX_RECALL", VectorsConfig().recall),
        ("KEEP_JOBS_DAYS", round(finishing.KEEP_DAYS)),
        ("MAX_ANSWER_CHARACTERS", MAX_ANSWER_CHARACTERS),
        ("MAX_BATCH", batching.MAX_BATCH),
        ("MAX_FILES", forms.MAX_FILES),
        ("MAX_JOBS", jobs.MAX_JOBS),
        ("MAX_K", MAX_K),
        ("MAX_QUESTIONS", planning.MAX_QUESTIONS),
        ("MAX_QUESTION_CHARACTERS", planning.MAX_QUESTION_CHARACTERS),
        ("MAX_QUOTES", cited_spans.MAX_QUOTES),
        ("MAX_QUOTES_CHARACTERS", cited_spans.MAX_QUOTES_CHARACTERS),
        ("MAX_QUOTE_CHARACTERS", cited_spans.MAX_QUOTE_CHARACTERS),
        ("MAX_RERANK_CHARACTERS", cohere.MAX_CHARACTERS),
        ("MAX_RERANK_DOCUMENTS", cohere.MAX_DOCUMENTS),
        ("MAX_TURNS", planning.MAX_TURNS),
        ("MERGE_CHARACTERS", SearchConfig().merge_characters),
        ("QUESTION_CACHE", batching.CACHED_QUESTIONS),
        ("RERANK", SearchConfig().rerank),
        ("SECOND_LOOK", SearchConfig().second_look),
        ("SECTION_CHARACTERS", SearchConfig().section_characters),
        ("SESSION_HOURS", sessions.HOURS),
        ("SPELT_WEIGHT", SearchConfig().spelt_weight),
    ],
)
def test_a_removed_setting_says_what_is_fixed_in_its_place(name: str, value: float) -> None:
    assert f" {value:,}" in REMOVED[name].now


def test_a_removed_setting_names_settings_that_there_are() -> None:
    assert not {name.lower() for name in REMOVED} & Settings.model_fields.keys()
    for removed in REMOVED.values():
        assert {name.lower() for name in re.findall("LOCCIT_([A-Z_]+)", removed.now)} <= set(
            Settings.model_fields
        )


def test_the_key_is_never_shown() -> None:
    settings = Settings(api_key="hunter2")  # type: ignore[arg-type]
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_nothing_else_reads_the_environment() -> None:
    readers = {
        path.name
        for package in (index, service)
        for path in Path(str(package.__file__)).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    assert readers == {"environment.py"}
