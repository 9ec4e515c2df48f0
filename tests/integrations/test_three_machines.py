"""The page that leads from one machine to three, run as an operator does, with a folder for each machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import ROOT, environment, started
from tests.deploy.programs import CADDY, DEPLOY
from tests.deploy.test_replicas import kept_port
from tests.integrations.test_page_examples import OF_MACHINES, blocks, programs, run
from tests.patience import PATIENCE, eventually

_STORE = "postgresql://loccit:password@db.example.org:5432/loccit?sslmode=verify-full"
_OBJECTS = "s3://documents/loccit?endpoint_url=https://s3.example.org&region=eu-central-1"


@dataclass(frozen=True)
class Step:
    """A block of the page: its machine, whether it runs until it is stopped, and its commands."""

    machine: str
    serves: bool
    code: str


def steps() -> Iterator[Step]:
    for language, code in blocks(OF_MACHINES):
        told = re.match(r"# on (\w+)(, until it is stopped)?\n", code)
        assert language == "sh"
        assert told, code
        yield Step(told[1], bool(told[2]), code)


class Machines:
    """A folder for each machine, and what stands here for the addresses of the page."""

    def __init__(self, folder: Path, addresses: dict[str, str]) -> None:
        self.folder = folder
        self.addresses = addresses
        path = programs(folder / "bin")
        (folder / "bin" / "caddy").symlink_to(CADDY)
        own = environment(folder, PATH=path, PYTHONPATH=str(ROOT), HOME=str(folder))
        own["CADDY_ADMIN"] = f"unix/{folder / 'admin.sock'}"
        self._variables = {name: value for name, value in own.items() if name != "LOCCIT_DATA"}
        for name in ("one", "two", "three"):
            (folder / name).mkdir()
            (folder / name / "deploy").symlink_to(DEPLOY)

    def here(self, code: str) -> str:
        for there, here in self.addresses.items():
            code = code.replace(there, here)
        return code

    def run(self, step: Step) -> str:
        return run("sh", self.here(step.code), self.folder / step.machine, self._variables)

    @contextmanager
    def serving(self, step: Step, address: str = "") -> Iterator[str]:
        """Run what serves until the ``with`` block ends; yields its address when it is ready.

        That is in its log unless it is given.
        """
        log = self.folder / f"{step.machine}-{len(list(self.folder.glob('*.log')))}.log"
        with log.open("w") as written:
            process = subprocess.Popen(
                ["/bin/bash", "-euo", "pipefail", "-c", self.here(step.code)],
                cwd=self.folder / step.machine,
                env=self._variables,
                stdout=written,
                stderr=written,
                start_new_session=True,
            )
            try:
                eventually(lambda: process.poll() is not None or _ready(address or _address(log)))
                assert process.poll() is None, log.read_text()
                yield address or _address(log)
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(PATIENCE)


def _address(log: Path) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
    return found[0] if found else ""


def _ready(address: str) -> bool:
    try:
        return bool(address) and httpx.get(f"{address}/readyz", timeout=PATIENCE).status_code == 200
    except httpx.TransportError:
        return False


def first(reply: str) -> str:
    return str(json.loads(reply)["passages"][0]["citation"]["document_id"])


@pytest.mark.processes
@pytest.mark.slow
def test_one_machine_becomes_three_and_one_again(tmp_path: Path, postgresql_url: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (tmp_path / "objects").mkdir()
    machines = Machines(
        tmp_path,
        {
            _STORE: postgresql_url,
            _OBJECTS: (tmp_path / "objects").as_uri(),
            "--host 10.0.0.11 --port 8000": "--port 0",
            "--host 10.0.0.12 --port 8000": "--port 0",
            "--health-port 8001": "--health-port 0",
        },
    )
    write, plan, copy, copy_rest, *rest = steps()
    serve_one, check_one, serve_two, serve_worker, check_two, serve_proxy, check_proxy, *rest = rest
    check_all, go_back, serve_back = rest
    at_once = {"LOCCIT_DATA": str(tmp_path / "one" / "data")}
    with started(tmp_path, **at_once) as (_, client):
        put = client.put("/v1/documents/ferry.txt", json={"text": "The ferry leaves at nine."})
        assert put.status_code == 201
        assert machines.run(write) == ""
        assert "default" in machines.run(plan)
        machines.run(copy)
        text = {"text": "The bus leaves at eight."}
        assert client.put("/v1/documents/bus.txt", json=text).status_code == 201
    machines.run(copy_rest)
    key = {"Authorization": f"Bearer {(tmp_path / 'one' / 'operator.key').read_text().strip()}"}
    for name in ("shared.env", "operator.key"):
        for machine in ("two", "three"):
            shutil.copy(tmp_path / "one" / name, tmp_path / machine)
    with ExitStack() as stack:
        port = stack.enter_context(kept_port())
        with machines.serving(serve_one) as one:
            machines.addresses |= {"http://10.0.0.11:8000": one}
            ready, _, answer = machines.run(check_one).partition("}")
            assert '"ready"' in ready
            assert first(answer) == "ferry.txt"
            two = stack.enter_context(machines.serving(serve_two))
            stack.enter_context(machines.serving(serve_worker))
            machines.addresses |= {"http://10.0.0.12:8000": two}
            assert '"embedded":1' in machines.run(check_two).replace(" ", "")
            proxy = f"http://127.0.0.1:{port}"
            hosts = f"{one} {two}".replace("http://", "")
            machines.addresses |= {"10.0.0.11:8000 10.0.0.12:8000": hosts}
            machines.addresses |= {
                "https://docs.example.org": proxy,
                "DOMAIN=docs.example.org": f"DOMAIN={proxy}",
            }
            stack.enter_context(machines.serving(serve_proxy, proxy))
            assert first(machines.run(check_proxy)) == "night.txt"
            machines.run(check_all)
            machines.run(go_back)
        assert first(machines.run(check_proxy)) == "night.txt"
    machines.run(go_back)
    with machines.serving(serve_back) as back:
        for document, words in {"bus.txt": "bus", "night.txt": "night ferry"}.items():
            asked = {"question": f"When does the {words} leave?", "k": 1}
            assert first(httpx.post(f"{back}/v1/ask", json=asked, headers=key).text) == document
