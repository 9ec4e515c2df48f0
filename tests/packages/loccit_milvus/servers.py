"""Milvus for tests: milvus-lite in this process, and a standalone server of this process's own.

The server is Milvus 2.3.5 as PyPI has it, which has no sparse vectors: it tests the dense side. It is started
when a test first needs it, and ends with this process, however that ends.
"""

from __future__ import annotations

import atexit
import lzma
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path

import pytest
from loccit_milvus import MilvusConfig
from pydantic import SecretStr

from index.config import EngineConfig, LibraryConfig
from tests.patience import eventually
from tests.ports import free_ports

INSTALLED = Path(__file__).parents[3] / "build" / "milvus" / "milvus" / "data"
"""Where `pip install --target build/milvus --no-deps milvus==2.3.5` has put the server, packed."""
_PROGRAMS = INSTALLED / "programs"
_PAUSES = [
    f"  {name}: {milliseconds}\n"
    for name, milliseconds in (("checkSegmentInterval", 50), ("checkChannelInterval", 50))
]
"""Milliseconds between two steps of loading a collection."""
# SIGTERM does not stop it. It is killed when the other end of the standard input is closed: with this process
# at the latest.
_SERVE = '"$@" > log 2>&1 & server=$!; cat > /dev/null; kill -KILL $server; wait $server; rm -rf "$PWD"'


def lite(folder: Path) -> MilvusConfig:
    """Settings of an engine on milvus-lite, in a file of a folder."""
    return MilvusConfig(uri=str(folder / "lite.db"))


def standalone() -> MilvusConfig:
    """Settings of an engine on the server. Skips the test if none is installed.

    It searches by meaning alone.
    """
    if not INSTALLED.is_dir():
        pytest.skip(f"Milvus is not installed: pip install --target {INSTALLED.parents[1]} milvus==2.3.5")
    return MilvusConfig(uri=_start(), words="none")


def library_config(settings: MilvusConfig) -> LibraryConfig:
    """The config of a library whose engine has these settings."""
    options = {
        name: value if isinstance(value, SecretStr) else SecretStr(str(value))
        for name, value in asdict(settings).items()
    }
    return LibraryConfig(engine=EngineConfig(kind="milvus", options=options))


def programs() -> Path:
    """The folder of the server's programs, which are unpacked once, also if several processes begin."""
    if not _PROGRAMS.exists():
        _unpack()
    return _PROGRAMS


def _unpack() -> None:
    unpacked = Path(tempfile.mkdtemp(dir=INSTALLED))
    for packed in (INSTALLED / "bin").glob("*.lzma"):
        with lzma.open(packed) as source, (unpacked / packed.stem).open("wb") as target:
            shutil.copyfileobj(source, target)
        (unpacked / packed.stem).chmod(0o755)
    with suppress(OSError):
        unpacked.rename(_PROGRAMS)


@cache
def _start() -> str:
    folder = Path(tempfile.mkdtemp(prefix="loccit-milvus-"))
    (folder / "configs").mkdir()
    names = list(dict.fromkeys(("etcd_port", "peers", "metrics", *_configured_ports())))
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    (folder / "etcd.yaml").write_text(_etcd(folder, ports["etcd_port"], ports["peers"]))
    (folder / "configs" / "milvus.yaml").write_text(_configuration(folder, ports))
    shutil.copy(INSTALLED / "glog.conf", folder / "configs")
    environment = {
        **os.environ,
        "DEPLOY_MODE": "STANDALONE",
        "METRICS_PORT": str(ports["metrics"]),
        "LD_LIBRARY_PATH": str(programs()),
        "MILVUSCONF": str(folder / "configs"),
        "MILVUS_RUN_DIR": str(folder),
    }
    command = ["/bin/sh", "-c", _SERVE, "sh", programs() / "milvus", "run", "standalone"]
    server = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.PIPE)
    atexit.register(server.communicate)
    health = f"http://127.0.0.1:{ports['metrics']}/healthz"
    eventually(lambda: server.poll() is not None or _is_healthy(health))
    assert server.poll() is None, (folder / "log").read_text()
    return f"http://127.0.0.1:{ports['proxy_port']}"


def _template() -> str:
    return (INSTALLED / "config.yaml.template").read_text()


def _configured_ports() -> list[str]:
    return re.findall(r"\{\{ (\w+_port)", _template())


def _configuration(folder: Path, ports: dict[str, int]) -> str:
    """The wheel's template with our ports and folders, the loopback address, and short pauses."""
    given = {
        **{name: str(port) for name, port in ports.items()},
        "etcd_data_dir": str(folder / "etcd"),
        "etcd_log_path": str(folder / "etcd.log"),
        "local_storage_dir": str(folder / "data"),
        "rocksmq_data_dir": str(folder / "rocksmq"),
        "system_log_path": str(folder / "logs"),
    }

    def filled(match: re.Match[str]) -> str:
        name, _, default = match[1].partition(":")
        return given.get(name.split("(")[0].strip(), default.strip())

    text = re.sub(r"\{\{(.*?)\}\}", filled, _template())
    text = re.sub(r"(?m)^(  ip:).*$", r"\1 127.0.0.1", text)
    text = re.sub(r"(?m)^  (checkInterval|distPullInterval):.*$", r"  \1: 50", text)
    text = text.replace("    embed: true", f"    embed: true\n  config:\n    path: {folder / 'etcd.yaml'}")
    return text.replace("\nqueryCoord:\n", "\nqueryCoord:\n" + "".join(_PAUSES))


def _etcd(folder: Path, clients: int, peers: int) -> str:
    urls = {
        "client": f"http://127.0.0.1:{clients}",
        "peer": f"http://127.0.0.1:{peers}",
    }
    listening = "".join(f"listen-{name}-urls: {url}\n" for name, url in urls.items())
    return (
        f"name: default\ndata-dir: {folder / 'etcd'}\n{listening}advertise-client-urls: {urls['client']}\n"
        f"initial-advertise-peer-urls: {urls['peer']}\ninitial-cluster: default={urls['peer']}\n"
    )


def _is_healthy(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310
        return b"OK" in response.read()
    return False
