"""Run drills, print what each has shown, and keep it: ``python -m tests.drills [NAME...] [--write]``.

The exit status is 1 if an acknowledged write was lost, an answer was wrong, or `loccit check` finds damage.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.drills import COLUMNS, Drill, keep
from tests.cli.commands import ROOT, environment
from tests.crash.traffic import WRONG, Traffic, failed
from tests.drills.parts import Installation, installed
from tests.patience import PATIENCE, eventually
from tests.postgresql import dumped, restore

_WRITES = 10
"""Writes that are acknowledged before and after each fault."""
_TIMEOUT = 10.0
"""Seconds after which a client gives up."""
_EXPECTED = ("disk_almost_full", "file_unused")
"""Disks of drills are small, and writes that were refused leave files for a day."""
_UPGRADE, _RESTORE = "services: upgraded one by one", "database: brought back to a dump"
_FAULTS = {"killed": "kill", "hangs": "hang", "disk full": "fill"}


def all_drills(installation: Installation) -> dict[str, Callable[[], Drill]]:
    """What is done to an installation, the loss of the primary last."""
    faults: dict[str, Callable[[], None]] = {_UPGRADE: installation.upgrade}
    for name, part in installation.parts.items():
        faults |= {f"{name}: {fault}": getattr(part, method) for fault, method in _FAULTS.items()}
    drills = {name: partial(under_load, installation, name, fault) for name, fault in faults.items()}
    takeover = "primary: killed for good, the standby takes over"
    return {
        **drills,
        _RESTORE: partial(restored, installation),
        takeover: partial(under_load, installation, takeover, installation.lose_primary),
    }


def under_load(installation: Installation, name: str, fault: Callable[[], None]) -> Drill:
    """Let a fault happen between two times of load."""
    with _traffic(installation, name) as traffic:
        traffic.await_writes(_WRITES)
        fault()
        traffic.await_writes(_WRITES)
    return _summary(name, traffic, list(traffic.unexpected(installation.address).values()))


def restored(installation: Installation) -> Drill:
    """Bring the database back to a dump: what was stored is there, what was erased since stays erased."""
    erased, servers = "/v1/documents/erased.txt", installation.servers
    with _traffic(installation, "restored") as traffic:
        traffic.await_writes(_WRITES)
    with httpx.Client(base_url=installation.address, timeout=PATIENCE) as client:
        client.put(erased, json={"text": "Erase me."}).raise_for_status()
        dump = dumped(servers.primary_url)
        client.delete(erased).raise_for_status()
        with installation.stopped():
            restore(servers.primary_url, dump)
            installation.remove_indexes()
        eventually(lambda: client.get("/readyz").is_success)
        is_back = client.get(erased).status_code != httpx.codes.NOT_FOUND
    return _summary(
        _RESTORE, traffic, [*traffic.unexpected(installation.address).values(), *["Erase me."] * is_back]
    )


def _traffic(installation: Installation, name: str) -> Traffic:
    label = "".join(one if one.isalnum() else "-" for one in name)
    return Traffic([installation.address], label=label, timeout=_TIMEOUT)


def _summary(name: str, traffic: Traffic, unexpected: list[str | None]) -> Drill:
    overtaken = [one for one in unexpected if one in traffic.abandoned]
    refused, unanswered = failed(traffic.writes), failed(traffic.questions)
    wrong = unanswered.pop(WRONG, 0)
    return Drill(
        name=name,
        acknowledged=len(traffic.writes) - sum(refused.values()),
        lost=len(unexpected) - len(overtaken),
        overtaken=len(overtaken),
        refused=refused,
        answers=len(traffic.questions) - sum(unanswered.values()) - wrong,
        wrong=wrong,
        unanswered=unanswered,
        seconds_without_writes=round(traffic.seconds_without_writes(), 1),
        seconds_without_answers=round(traffic.seconds_without_answers(), 1),
        load=round(os.getloadavg()[0] / (os.cpu_count() or 1), 1),
    )


def earlier(folder: Path) -> Path:
    """The code of a day before the last commit, in a folder."""
    git = ["git", "-C", str(ROOT)]
    last = int(subprocess.check_output([*git, "log", "-1", "--format=%ct"]))
    commit = subprocess.check_output([*git, "rev-list", "-1", f"--before={last - 86400}", "HEAD"], text=True)
    archive = subprocess.check_output([*git, "archive", commit.strip()])
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def problems(installation: Installation) -> list[Any]:
    """What ``loccit check`` finds."""
    data = installation.disks / "replica-1" / "data"
    settings = environment(installation.folder, **installation.settings()) | {"LOCCIT_DATA": str(data)}
    command = [sys.executable, "-m", "cli", "check", "--json"]
    checked = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, check=False)
    told = [one["problem"] for one in json.loads(checked.stdout)["problems"]]
    return [one for one in told if one["code"] not in _EXPECTED]


def run(folder: Path, names: list[str]) -> Iterator[Drill]:
    """Run the drills whose names contain any of these; all without one."""

    def is_wanted(name: str) -> bool:
        return not names or any(one in name for one in names)

    root = earlier(folder / "earlier") if is_wanted(_UPGRADE) else ROOT
    with installed(folder, root) as installation:
        for name, drill in all_drills(installation).items():
            if is_wanted(name):
                yield drill()
        if found := problems(installation):
            sys.exit(f"`loccit check` found {len(found)} problems: {found}")


def main() -> int:
    """Run drills; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names; all drills without one")
    parser.add_argument("--write", action="store_true", help="keep the results in benchmarks/drills.json")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="loccit-drills-", dir="/tmp"))
    folder.chmod(0o755)
    print(" | ".join(COLUMNS))  # noqa: T201 -- what the command is for
    is_passed = True
    for drill in run(folder, options.names):
        print(" | ".join(drill.row()), flush=True)  # noqa: T201
        is_passed &= drill.is_passed
        if options.write:
            keep(drill)
    if is_passed:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if is_passed else 1


if __name__ == "__main__":
    sys.exit(main())
