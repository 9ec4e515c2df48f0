"""The address of a place for objects: a shared folder, or a bucket with a prefix."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, cast
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import url2pathname

AddressingStyle = Literal["auto", "path", "virtual"]
_STYLES = ("auto", "path", "virtual")
_OPTIONS = ("endpoint_url", "region", "addressing_style")
_FORM = "Write it like s3://bucket/prefix?endpoint_url=https://s3.example.org or file:///shared/folder."


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket of an S3-compatible store. ``prefix`` ends in a slash unless it is empty."""

    bucket: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = ""
    addressing_style: AddressingStyle = "auto"


ObjectsPlace: TypeAlias = Path | BucketAddress | None
"""Where objects are: a shared folder, a bucket, or None for the data folder."""


def parse_objects(address: str) -> ObjectsPlace:
    """Read an address; an empty one is the data folder. Raises ValueError, without the address.

    The address may hold a secret by mistake, and is therefore in no message.
    """
    if not address:
        return None
    parts = urlsplit(address)
    if parts.scheme == "file":
        return _folder(parts.netloc, parts.path)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"is not an address of a folder or bucket. {_FORM}")
    if "@" in parts.netloc:
        raise ValueError(
            "has a user name or password. Give credentials as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or in any other way in which botocore finds them."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - set(_OPTIONS)):
        raise ValueError(f"has the option {unknown[0]!r}. There are {', '.join(_OPTIONS)}.")
    style = options.get("addressing_style", "auto")
    if style not in _STYLES:
        raise ValueError(f"has an addressing_style that is none of {', '.join(_STYLES)}.")
    endpoint = options.get("endpoint_url", "")
    if endpoint and not _is_web_address(endpoint):
        raise ValueError("has an endpoint_url that is not an http or https address without credentials.")
    prefix = unquote(parts.path).strip("/")
    return BucketAddress(
        parts.netloc,
        f"{prefix}/" if prefix else "",
        endpoint,
        options.get("region", ""),
        cast(AddressingStyle, style),
    )


def _folder(host: str, path: str) -> Path:
    folder = Path(url2pathname(path))
    if host or not folder.is_absolute() or folder == Path(folder.anchor):
        raise ValueError(f"does not name a folder by its whole path. {_FORM}")
    return folder


def _is_web_address(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
