"""Objects in an S3-compatible store: bytes under names, for originals and uploads that machines share."""

from index.objects.address import BucketAddress, ObjectsPlace, parse_objects
from index.objects.bucket import Bucket, open_bucket
from index.objects.ownership import OwnedFolder, Owner
from index.objects.reading import RangeReader, blocks
from index.objects.shared_files import SharedFiles
from index.objects.writing import ObjectWriter

__all__ = [
    "Bucket",
    "BucketAddress",
    "ObjectWriter",
    "ObjectsPlace",
    "OwnedFolder",
    "Owner",
    "RangeReader",
    "SharedFiles",
    "blocks",
    "open_bucket",
    "parse_objects",
]
