"""Settings of the engine on Milvus: the variables ``LOCCIT_MILVUS_...``."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, SecretStr
from pydantic.dataclasses import dataclass

from index.config import EngineConfig

_ADDRESS = re.compile(r"(https?|tcp|unix)://.+|.+\.db")
"""Addresses that the client of Milvus accepts, and files of milvus-lite."""


def _validate_address(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise ValueError(
            "is not an address of Milvus. Write it like http://milvus.example.org:19530, or name a file that "
            "ends in .db, for milvus-lite."
        )
    return address


def _refuse_database(database: str) -> str:
    if database.strip():
        raise ValueError(
            "is no longer a setting. Append the database to `LOCCIT_MILVUS_URI`: "
            "`http://milvus.example.org:19530/database`. Unset it."
        )
    return ""


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class MilvusConfig:
    """Where Milvus is, and what it keeps."""

    uri: Annotated[str, AfterValidator(_validate_address)] = Field(
        default="http://127.0.0.1:19530",
        description="Address of Milvus, with the database as its path unless it is the default one: "
        "`http://milvus.example.org:19530/database`; or a file that ends in `.db`, for trying it with "
        "milvus-lite.",
    )
    token: SecretStr = Field(
        default=SecretStr(""),
        description="Token of Milvus, such as `user:password`, if it needs one.",
    )
    prefix: str = Field(
        default="loccit",
        pattern="^[A-Za-z][A-Za-z0-9]{0,31}$",
        description="What the names of collections in Milvus begin with: letters and digits. For services "
        "that share a database of Milvus.",
    )
    replicas: int = Field(
        default=1,
        ge=1,
        description="How many query nodes of Milvus hold each passage. With 2, searches go on when one of "
        "them is gone; Milvus needs at least as many. It takes effect when Milvus loads a collection.",
    )
    words: Literal["milvus", "none"] = Field(
        default="milvus",
        description="Whether Milvus also searches by words, which needs Milvus 2.4 or later. none searches "
        "by meaning alone: names, numbers and rare words are found less well. For older servers.",
    )
    database: Annotated[str, AfterValidator(_refuse_database)] = ""
    """A setting of earlier versions, whose loss would choose another place."""

    @classmethod
    def of(cls, config: EngineConfig) -> Self:
        """The settings that the options of an engine are."""
        return cls(**config.values())  # type: ignore[arg-type]
