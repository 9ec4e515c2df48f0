"""The address of a place for objects."""

from pathlib import Path

import pytest

from index.objects import BucketAddress, parse_objects
from service.errors import InvalidSettings
from service.settings import load_settings


def test_addresses_of_folders_and_buckets() -> None:
    assert parse_objects("") is None
    assert parse_objects("file:///shared/a%20folder") == Path("/shared/a folder")
    assert parse_objects("s3://bucket") == BucketAddress("bucket")
    address = "s3://bucket/a/b/?endpoint_url=http://127.0.0.1:9&region=x&addressing_style=virtual"
    assert parse_objects(address) == BucketAddress("bucket", "a/b/", "http://127.0.0.1:9", "x", "virtual")


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("bucket", "is not an address"),
        ("s3:///prefix", "is not an address"),
        ("gs://bucket", "is not an address"),
        ("file://host/folder", "does not name a folder by its whole path"),
        ("file:///", "does not name a folder by its whole path"),
        ("s3://key:zq-secret@bucket", "has a user name or password"),
        ("s3://bucket?secret=zq-secret", "has the option 'secret'"),
        ("s3://bucket?endpoint_url=//zq-secret", "has an endpoint_url"),
        ("s3://bucket?endpoint_url=http://key:zq-secret@host", "has an endpoint_url"),
        ("s3://bucket?addressing_style=zq-secret", "has an addressing_style"),
    ],
)
def test_a_wrong_address_is_refused_without_repeating_it(address: str, problem: str) -> None:
    with pytest.raises(InvalidSettings, match=f"LOCCIT_OBJECTS: {problem}") as caught:
        load_settings(objects=address)
    assert "zq-secret" not in str(caught.value)
