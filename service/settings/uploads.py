"""Limits of requests: bodies, uploads, jobs, and addresses to fetch."""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from service.settings.values import require_networks


class UploadSettings(BaseSettings):
    """Limits of bodies, uploads and jobs."""

    max_upload_bytes: int = Field(
        1024 * 1024 * 1024,
        ge=1024,
        description="Largest body of `POST /v1/ingest` and `POST /v1/files`, which is written to disk. Each "
        "file in it is limited by LOCCIT_MAX_BODY_BYTES.",
    )
    max_spool_bytes: int = Field(
        20 * 1024 * 1024 * 1024,
        ge=0,
        description="Disk space, in bytes, for uploaded files that are not ingested yet or were refused and "
        "can be retried. Uploads beyond it are refused with 507. 0 is no limit, except that 512 MiB of the "
        "disk stay free.",
    )
    max_bodies_bytes: int = Field(
        512 * 1024 * 1024,
        ge=1024,
        description="Memory, in bytes, for the bodies of all requests that are being served. What is beyond "
        "it is refused with 429. One body of LOCCIT_MAX_BODY_BYTES is always accepted.",
    )
    header_seconds: float = Field(
        20.0,
        gt=0,
        description="Time, in seconds, for the head of a request to arrive, from the connection or from the "
        "first byte. Then the connection is closed.",
    )
    body_idle_seconds: float = Field(
        30.0,
        gt=0,
        description="Longest pause, in seconds, while a body arrives. Then the request is refused with 408.",
    )
    body_seconds: float = Field(
        60.0,
        gt=0,
        description="Time, in seconds, for each MiB of a body to arrive, and for a smaller body. Then the "
        "request is refused with 408.",
    )
    max_files: int = Field(10_000, ge=1, description="Most files in one form. For more, send a ZIP file.")
    max_jobs: int = Field(
        256,
        ge=1,
        description="Most jobs that wait or run. Further ones are refused with 429 until some are done.",
    )
    keep_jobs_days: float = Field(
        7.0,
        ge=0,
        description="Days for which a finished job can be looked up. Only time in which the service runs "
        "counts.",
    )
    web_networks: str = Field(
        "",
        description="Comma-separated networks, besides the public internet, from which documents may be "
        "fetched: `10.1.0.0/16, 192.168.7.0/24`. Anyone who may send documents can read what hosts there "
        "answer.",
    )

    @field_validator("web_networks")
    @classmethod
    def _check_networks(cls, networks: str) -> str:
        require_networks(networks)
        return networks
