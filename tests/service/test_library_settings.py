"""Settings of the library have default, bounds and help from its config classes, which declare them once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from index.config import (
    LOADED_MODELS,
    ChunkingConfig,
    EmbeddingConfig,
    IngestConfig,
    LibraryConfig,
    SearchConfig,
)
from scripts.build_docs import settings as table_of_settings
from service.settings import Settings
from service.state.library import open_models


def described(config: Any) -> Iterator[tuple[type, str, FieldInfo]]:
    for name, field in config.__pydantic_fields__.items():
        if is_dataclass(field.annotation):
            yield from described(field.annotation)
        elif field.description:
            yield config, name, field


@pytest.mark.parametrize("config", [EmbeddingConfig, LibraryConfig])
def test_every_described_field_of_a_config_is_a_setting_with_its_default_bounds_and_help(
    config: type,
) -> None:
    by_help = {one.description: one for one in Settings.model_fields.values()}
    for owner, name, field in described(config):
        setting = by_help[field.description]
        assert (setting.default, setting.annotation) == (field.default, field.annotation), (owner, name)
        assert [one for one in field.metadata if one not in setting.metadata] == [], (owner, name)


def test_a_setting_is_read_from_the_environment_within_the_bounds_of_its_field(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCCIT_DENSE_WEIGHT", "0.7")
    monkeypatch.setenv("LOCCIT_READER_SECONDS", "2")
    assert (Settings().dense_weight, Settings().reader_seconds) == (0.7, 2.0)
    monkeypatch.setenv("LOCCIT_DENSE_WEIGHT", "-1")
    monkeypatch.setenv("LOCCIT_THREADS", "5000")
    with pytest.raises(ValidationError, match=r"(?s)threads.*less than.*dense_weight.*greater than"):
        Settings()


def test_it_is_in_the_table_of_the_docs() -> None:
    rows = table_of_settings().splitlines()[2:]
    help_ = SearchConfig.__pydantic_fields__["dense_weight"].description  # type: ignore[attr-defined]
    assert f"| `LOCCIT_DENSE_WEIGHT` | `0.45` | {help_} |" in rows
    assert len(rows) == len(Settings.model_fields)


def test_values_reach_the_configs() -> None:
    given = {"as_of_passages": 7, "index_megabytes": 8, "reader_seconds": 9.0, "max_body_bytes": 2048}
    settings = Settings(**given, device="cpu", models="kept")
    library, embedding = settings.library_config(), settings.embedding_config()
    assert (library.search.as_of_passages, library.vectors.megabytes, library.reading.seconds) == (7, 8, 9.0)
    assert library.ingest.max_document_bytes == 2048
    assert (embedding.device, str(embedding.cache)) == ("cpu", "kept")


@pytest.mark.parametrize(
    ("config", "values"),
    [
        (SearchConfig, {"dense_weight": 1.1}),
        (ChunkingConfig, {"max_tokens": -1}),
        (EmbeddingConfig, {"backend": "other"}),
        (IngestConfig, {"max_document_bytes": 1}),
        (LibraryConfig, {"unknown": 1}),
    ],
)
def test_bounds_hold_for_configs_that_are_made_directly(config: type, values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        config(**values)


def test_names_of_chunking_fields_stay_for_collections_that_were_built_before() -> None:
    assert {field.name for field in fields(ChunkingConfig)} == {
        "max_tokens",
        "overlap_tokens",
        "max_characters",
    }


def test_as_many_more_models_are_loaded_as_are_allowed() -> None:
    assert open_models(Settings()).most == LOADED_MODELS
    assert open_models(Settings(allowed_models="a, b")).most == LOADED_MODELS + 2
