"""Settings are derived from the config classes of the library, which declare each of them once."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import pytest
from pydantic import Field, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_settings import BaseSettings, SettingsConfigDict

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
from service.settings.library import with_fields_of
from service.state.library import open_models


@dataclass(frozen=True, slots=True)
class Inner:
    title_weight: float = Field(default=0.2, ge=0.0, description="What a match in the title counts.")
    seconds: float = Field(default=9.0, validation_alias="search_seconds", description="Longest search.")
    block: int = 512


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner = Inner()
    level: Annotated[int, Field(le=9, description="How thorough to be.")] = 3


@with_fields_of(Outer)
class Derived(BaseSettings):
    """What is declared beside them stays."""

    model_config = SettingsConfigDict(env_prefix="LOCCIT_")

    own: str = Field("x", description="Declared by itself.")


def test_a_described_field_of_a_config_is_a_setting() -> None:
    assert list(Derived.model_fields) == ["own", "title_weight", "search_seconds", "level"]
    assert Derived().model_dump() == {"own": "x", "title_weight": 0.2, "search_seconds": 9.0, "level": 3}
    assert Derived.model_fields["title_weight"].description == "What a match in the title counts."


def test_it_is_read_from_the_environment_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_TITLE_WEIGHT", "0.7")
    monkeypatch.setenv("LOCCIT_SEARCH_SECONDS", "2")
    assert Derived().model_dump() == {"own": "x", "title_weight": 0.7, "search_seconds": 2.0, "level": 3}
    monkeypatch.setenv("LOCCIT_TITLE_WEIGHT", "-1")
    monkeypatch.setenv("LOCCIT_LEVEL", "10")
    with pytest.raises(ValidationError, match=r"(?s)title_weight.*greater than.*level.*less than"):
        Derived()


def test_it_is_in_the_table_of_the_docs() -> None:
    assert table_of_settings(Derived).splitlines()[2:] == [
        "| `LOCCIT_OWN` | `x` | Declared by itself. |",
        "| `LOCCIT_TITLE_WEIGHT` | `0.2` | What a match in the title counts. |",
        "| `LOCCIT_SEARCH_SECONDS` | `9.0` | Longest search. |",
        "| `LOCCIT_LEVEL` | `3` | How thorough to be. |",
    ]


@pytest.mark.parametrize("name", ["level", "own"])
def test_two_settings_of_one_name_are_refused(name: str) -> None:
    @dataclass
    class Other:
        field: int = Field(default=1, validation_alias=name, description="The same name again.")

    with pytest.raises(TypeError, match=f"Two settings are called {name}"):
        with_fields_of(Outer, Other)(Derived.__base__ or Derived)


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
        (IngestConfig, {"max_body_bytes": 1}),
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
