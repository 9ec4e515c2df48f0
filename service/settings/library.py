"""Settings of the library: data, models, ranking, passages and readers.

Only the settings that open a library are declared here. The others are derived from the classes of
:mod:`index.config`, which declare type, default, bounds and help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, SecretStr, create_model
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from index.config import EmbeddingConfig, LibraryConfig
from index.embedding import DEFAULT_MODEL
from index.processors import threads

ConfigT = TypeVar("ConfigT")
SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def with_fields_of(*configs: type) -> Callable[[type[SettingsT]], type[SettingsT]]:
    """Return a class decorator that adds a setting for each described field of these config classes."""

    def derive(settings: type[SettingsT]) -> type[SettingsT]:
        derived: dict[str, Any] = {}
        for config in configs:
            for name, field in _described_fields(config):
                if name in derived or name in settings.model_fields:
                    raise TypeError(
                        f"Two settings are called {name}: give one of them another validation_alias."
                    )
                metadata = (*field.metadata, Field(description=field.description))
                derived[name] = (Annotated[(field.annotation, *metadata)], field.default)
        return create_model(
            settings.__name__,
            __base__=settings,
            __module__=settings.__module__,
            __doc__=settings.__doc__,
            **derived,
        )

    return derive


def _described_fields(config: Any) -> Iterator[tuple[str, FieldInfo]]:
    """Yield setting name and declaration of each described field, including those of nested configs."""
    for name, field in config.__pydantic_fields__.items():
        if is_dataclass(field.annotation):
            yield from _described_fields(field.annotation)
        elif field.description:
            yield _setting_name(name, field), field


def _setting_name(name: str, field: FieldInfo) -> str:
    return str(field.validation_alias or name)


@with_fields_of(EmbeddingConfig, LibraryConfig)
class LibrarySettings(BaseSettings):
    """Settings of the library, which :class:`service.settings.Settings` reads from the environment.

    Code reads derived settings through :meth:`embedding_config` and :meth:`library_config`, which are typed.
    """

    model_config = SettingsConfigDict(frozen=True, protected_namespaces=())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments and the environment alone: other places have nothing, and are as slow to look in."""
        return init_settings, env_settings

    data: Path = Field(Path("data"), description="Folder of the collections. It holds all state: back it up.")
    model: str = Field(
        DEFAULT_MODEL,
        min_length=1,
        description="Model of new collections: name or folder of a sentence-transformers model. A "
        "collection keeps the model it was made with until it is upgraded. For documents in other "
        "languages, or with words of their own.",
    )
    model_download: bool = Field(
        False,
        description="Whether a model that is not on this machine may be downloaded from the model hub. For "
        "those who name a model.",
    )
    allowed_models: str = Field(
        "",
        description="Comma-separated models, names or folders, that callers of the API may choose for a "
        "collection, besides that of LOCCIT_MODEL and those that are packaged. For those with documents of "
        "several kinds: each process loads four models, and one more for each that is listed.",
    )
    reranker: str = Field(
        "",
        description="Name or folder of a sentence-transformers cross-encoder that ranks the best passages "
        "again; empty for none. On a CPU it takes about a second a question. For those with a GPU.",
    )

    cross_encoder: str = Field(
        "auto",
        min_length=1,
        description="What reads the first passages together with the question, to tell which answer it: "
        "`auto` takes the installed weights where the processor computes in bf16, and nothing elsewhere; "
        "`on` takes them on every processor; `off` reads nothing; or a folder with other weights. For those "
        "whose answers must come sooner, or who have trained weights.",
    )

    engine_options: Mapping[str, SecretStr] = Field(
        {},
        description="Settings of an engine that a package brings, as a JSON object. Each is also a variable "
        "of its own: LOCCIT_MILVUS_URI is `uri` of the engine milvus. For programs that start Loccit.",
    )

    def embedding_config(self, *, processes: int = 1) -> EmbeddingConfig:
        """Return how each of ``processes`` processes on this machine runs the model."""
        config = self._config(EmbeddingConfig)
        return replace(
            config,
            cache=config.cache or self.data / "models",
            threads=config.threads or threads(processes),
        )

    def library_config(self) -> LibraryConfig:
        """Return the config of the library."""
        config = self._config(LibraryConfig)
        return replace(config, engine=replace(config.engine, options=self.engine_options))

    def _config(self, config: type[ConfigT]) -> ConfigT:
        values: dict[str, object] = {}
        declared: dict[str, FieldInfo] = config.__pydantic_fields__  # type: ignore[attr-defined]
        for name, field in declared.items():
            if isinstance(field.annotation, type) and is_dataclass(field.annotation):
                values[name] = self._config(field.annotation)
            elif field.description:
                values[name] = getattr(self, _setting_name(name, field))
        return config(**values)
