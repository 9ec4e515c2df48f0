"""Look for known vulnerabilities of the locked libraries: a part of ``make check``.

Asks the OSV database, by pip-audit. Where it cannot be reached, it says so and succeeds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("locks/dev.txt", "locks/torch.txt")
OSV = "https://api.osv.dev/v1/query"
KNOWN = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}
"""A release with known vulnerabilities: a database that knows none of them is none."""
ACCEPTED: Mapping[str, str] = {}
"""Advisories that do not concern this project, with the reason."""
_SECONDS = 10.0


def unreachable(url: str) -> str:
    """Return the reason why the database cannot be reached; empty if it can."""
    try:
        response = httpx.post(url, json=KNOWN, timeout=_SECONDS)
        response.raise_for_status()
        return "" if response.json().get("vulns") else "it does not know what everyone knows"
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        return str(error) or type(error).__name__


def main() -> int:
    """Return the exit status: 1 when a locked library has a known vulnerability."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--osv-url", default=OSV)
    url = parser.parse_args().osv_url
    if problem := unreachable(url):
        told = f"NOT AUDITED: {url} cannot be asked for known vulnerabilities: {problem}"
        print(f"\n{'!' * 100}\n{told}\n{'!' * 100}\n", file=sys.stderr)  # noqa: T201
        return 0
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service=osv", f"--osv-url={url}"]
    command += ["--disable-pip", "--no-deps", "--strict", "--progress-spinner=off"]
    command += [f"--ignore-vuln={advisory}" for advisory in ACCEPTED]
    command += [f"--requirement={lock}" for lock in LOCKS]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
