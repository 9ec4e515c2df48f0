"""Jobs."""

from typing import Literal

from pydantic import ConfigDict, Field, SecretStr, field_validator

from service.flows.ingest.requests import MAX_PASSWORD_BYTES
from service.http.request_models import Request


class JobsQuery(Request):
    """The page of jobs to list."""

    collection: str = Field("", description="List only jobs of this collection.")
    limit: int = Field(20, ge=1, le=100, description="Maximum number of jobs in the page.")
    before: str = Field("", description="`next` of the previous page.")


class JobFilesQuery(Request):
    """The page of a job's files to list."""

    state: Literal["waiting", "added", "replaced", "unchanged", "refused", "cancelled"] | None = Field(
        None, description="List only files in this state."
    )
    limit: int = Field(100, ge=1, le=1000, description="Maximum number of files in the page.")
    after: int = Field(0, ge=0, le=2**31, description="`next` of the previous page.")


class RetryRequest(Request):
    """Options of a retry."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"password": "sesame"}]})

    password: SecretStr = Field(
        default=SecretStr(""),
        description="Password for files that were refused as `encrypted_document`; replaces the one sent "
        f"with them. At most {MAX_PASSWORD_BYTES:,} bytes. It is stored with a file until the file is "
        "ingested or refused as encrypted again, and never returned.",
    )

    same_bytes: bool = Field(
        False,
        strict=True,
        description="Add files that were left out as `same_bytes`, although a document has their bytes.",
    )

    @field_validator("password")
    @classmethod
    def _check_length(cls, password: SecretStr) -> SecretStr:
        if len(password.get_secret_value().encode()) > MAX_PASSWORD_BYTES:
            raise ValueError(f"is longer than {MAX_PASSWORD_BYTES:,} bytes.")
        return password
