"""Bytes under names in a folder or an S3-compatible store, for originals and uploads that machines share."""

from index.objects.address import BucketAddress, ObjectsPlace, parse_objects
from index.objects.bucket import Bucket, ObjectEntry, ObjectWriter, open_bucket
from index.objects.folder import Folder, Objects, open_objects
from index.objects.reading import RangeReader
from index.objects.shared_files import OwnedFolder, Owner, SharedFiles

__all__ = [
    "Bucket",
    "BucketAddress",
    "Folder",
    "ObjectEntry",
    "ObjectWriter",
    "Objects",
    "ObjectsPlace",
    "OwnedFolder",
    "Owner",
    "RangeReader",
    "SharedFiles",
    "open_bucket",
    "open_objects",
    "parse_objects",
]
