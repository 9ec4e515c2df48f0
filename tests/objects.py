"""An S3-compatible server for the tests of this process, started when a test first needs it.

It is SeaweedFS, from PyPI, and ends with the process, however that ends.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session

from index.objects import Bucket, open_bucket, parse_objects
from index.objects.address import BucketAddress
from tests.patience import eventually
from tests.ports import free_ports

KEY, SECRET = "test-key", "zq-objects-secret"
BUCKET = "documents"
_SERVERS = ("master", "volume", "filer", "s3", "admin")
_OPTIONS = (
    *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=data", "-s3.config=s3.json", "-master.telemetry=false"),
    *(
        "-webdav=false",
        "-admin.ui=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
    ),
    *("-master.volumeSizeLimitMB=64", "-volume.max=8"),
)
_ONCE = Config(connect_timeout=1, read_timeout=10, retries={"total_max_attempts": 1})
_ATTEMPTS = 3
"""A port may be taken between its choice and its use."""
# The server ends when the other end of the standard input is closed: with this process at the latest.
_SERVE = """
"$@" > log 2>&1 & server=$!
cat > /dev/null
kill -KILL $server; wait $server
rm -rf "$PWD" /tmp/seaweedfs-*-grpc-"$GRPC".sock
"""


def objects_url(prefix: str = "") -> str:
    """The address of a new, empty prefix of a bucket. Skips the test where the server is not installed."""
    endpoint = server()
    return f"s3://{BUCKET}/{prefix or uuid.uuid4().hex}?endpoint_url={quote(endpoint)}&region=us-east-1"


def bucket_at(url: str) -> Bucket:
    """The bucket at an address."""
    place = parse_objects(url)
    assert isinstance(place, BucketAddress)
    return open_bucket(place)


def server() -> str:
    """The address of the running server; its credentials are in the environment from now on.

    Skips the test where it is not installed.
    """
    return _start(program())


def program() -> str:
    """The server's program. Skips the test where it is not installed."""
    found = shutil.which("weed") or shutil.which("weed", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("SeaweedFS (weed) is not installed")
    return found


@cache
def _start(weed: str) -> str:
    os.environ |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    for _ in range(_ATTEMPTS):
        if endpoint := _attempt(weed):
            return endpoint
    raise AssertionError("SeaweedFS does not start")


def _attempt(weed: str) -> str:
    """Start the server; returns its address, or nothing if it ends at once."""
    folder = Path(tempfile.mkdtemp(prefix="loccit-s3-"))
    ports, options = prepare(folder)
    server = subprocess.Popen(
        ["/bin/sh", "-c", _SERVE, "sh", weed, *options],
        cwd=folder,
        stdin=subprocess.PIPE,
        env={**os.environ, "GRPC": str(ports["s3.port.grpc"])},
    )
    atexit.register(server.communicate)
    endpoint = f"http://127.0.0.1:{ports['s3.port']}"
    eventually(lambda: server.poll() is not None or has_bucket(endpoint) or _has_failed(folder))
    return "" if _has_failed(folder) else endpoint


def prepare(folder: Path) -> tuple[dict[str, int], list[str]]:
    """Make what a server needs in a folder; returns its ports, and the arguments to run it there."""
    (folder / "data").mkdir(exist_ok=True)
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    names = [f"{one}.port{kind}" for one in _SERVERS for kind in ("", ".grpc")]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    own = [f"-{name}={port}" for name, port in ports.items()]
    return ports, ["-logtostderr=true", "mini", *_OPTIONS, *own]


def has_bucket(endpoint: str) -> bool:
    """Make the bucket unless it is there, if the server can do that yet."""
    client = get_session().create_client("s3", endpoint_url=endpoint, region_name="us-east-1", config=_ONCE)
    try:
        client.create_bucket(Bucket=BUCKET)
    except BotoCoreError:
        return False
    except ClientError as error:
        return bool(error.response["Error"]["Code"].startswith("BucketAlready"))
    finally:
        client.close()
    return True


def _has_failed(folder: Path) -> bool:
    return "\nF" in (folder / "log").read_text()
