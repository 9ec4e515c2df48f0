"""The variables ``LOCCIT_MILVUS_...``."""

import logging

import pytest
from loccit_milvus import MilvusConfig

from service.errors import InvalidSettings
from service.settings import load_settings

ADDRESS = "http://milvus.example.org:19530"


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_ENGINE", "milvus")


def loaded() -> MilvusConfig:
    return MilvusConfig.of(load_settings().library_config().engine)


def test_they_reach_the_engine(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    assert loaded() == MilvusConfig()
    monkeypatch.setenv("LOCCIT_MILVUS_URI", ADDRESS)
    monkeypatch.setenv("loccit_milvus_replicas", "2")
    monkeypatch.setenv("LOCCIT_MILVUS_TOKEN", "user:password")
    found = loaded()
    assert (found.uri, found.replicas, found.token.get_secret_value()) == (ADDRESS, 2, "user:password")
    assert "MILVUS" not in caplog.text.upper()
    settings = load_settings(engine_options={"prefix": "own"})
    assert MilvusConfig.of(settings.library_config().engine).prefix == "own"
    assert "password" not in repr(settings) + settings.model_dump_json() + repr(settings.library_config())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCCIT_MILVUS_URI", ""),
        ("LOCCIT_MILVUS_URI", "milvus.example.org:19530"),
        ("LOCCIT_MILVUS_URI", "htp://milvus.example.org:19530"),
        ("LOCCIT_MILVUS_REPLICAS", "0"),
        ("LOCCIT_MILVUS_WORDS", "some"),
        ("LOCCIT_MILVUS_DATABASE", "own"),
    ],
)
def test_a_bad_value_is_told_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert caught.value.message.startswith(f"{name}: ")


def test_a_database_that_is_set_to_nothing_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_MILVUS_DATABASE", "")
    assert loaded() == MilvusConfig()


def test_a_name_that_is_no_setting_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOCCIT_MILVUS_URL", ADDRESS)
    with caplog.at_level(logging.WARNING):
        load_settings()
    assert "LOCCIT_MILVUS_URL is not a setting" in caplog.text
