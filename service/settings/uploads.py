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
        "file in it is limited by LOCCIT_MAX_BODY_BYTES. For those who send larger archives.",
    )
    max_spool_bytes: int = Field(
        20 * 1024 * 1024 * 1024,
        ge=0,
        description="Disk space, in bytes, for uploaded files that are not ingested yet or were refused and "
        "can be retried. Uploads beyond it are refused with 507. 0 is no limit, except that 512 MiB of the "
        "disk stay free. For those with little disk space, or much to ingest.",
    )
    body_seconds: float = Field(
        60.0,
        gt=0,
        description="Time, in seconds, for each MiB of a body to arrive, and for a smaller body; then the "
        "request is refused with 408. A pause may take half of it, and the head of a request a third; then "
        "the connection is closed. For those whose clients have slow connections.",
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
