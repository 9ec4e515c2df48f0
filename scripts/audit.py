"""Look for known vulnerabilities of the locked libraries: a part of ``make check``.

Asks by pip-audit the OSV database, or the advisories of PyPI where that cannot be reached. Where neither can
be, it says so and succeeds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("locks/dev.txt", "locks/torch.txt")
OSV = "https://api.osv.dev/v1/query"
KNOWN = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}
"""A release with known vulnerabilities: a database that knows none of them is none."""
PYPI = "https://pypi.org/pypi/jinja2/2.4.1/json"
"""The reply of PyPI about that release. pip-audit asks for all others at the same place."""
ACCEPTED: Mapping[str, str] = {}
"""Advisories that do not concern this project, with the reason."""
_SECONDS = 10.0


def osv_problem(url: str) -> str:
    """Return the reason why the OSV database cannot be reached; empty if it can."""
    return _problem(lambda: httpx.post(url, json=KNOWN, timeout=_SECONDS), "vulns")


def pypi_problem(url: str) -> str:
    """Return the reason why PyPI cannot be asked for vulnerabilities; empty if it can."""
    return _problem(lambda: httpx.get(url, timeout=_SECONDS), "vulnerabilities")


def _problem(ask: Callable[[], httpx.Response], field: str) -> str:
    try:
        response = ask().raise_for_status()
        return "" if response.json().get(field) else "it does not know what everyone knows"
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        return str(error) or type(error).__name__


def command(*service: str) -> list[str]:
    """Return the command that audits the locks with a service."""
    options = ["--disable-pip", "--no-deps", "--strict", "--progress-spinner=off"]
    options += [f"--ignore-vuln={advisory}" for advisory in ACCEPTED]
    options += [f"--requirement={lock}" for lock in LOCKS]
    return [sys.executable, "-m", "pip_audit", *service, *options]


def main() -> int:
    """Return the exit status: 1 when a locked library has a known vulnerability."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--osv-url", default=OSV)
    parser.add_argument("--pypi-url", default=PYPI, help="what to ask PyPI to see whether it can be reached")
    given = parser.parse_args()
    service = ["--vulnerability-service=osv", f"--osv-url={given.osv_url}"]
    if problem := osv_problem(given.osv_url):
        told = f"{given.osv_url} cannot be asked for known vulnerabilities: {problem}"
        if other := pypi_problem(given.pypi_url):
            _say(f"NOT AUDITED: {told}\nAnd {given.pypi_url} cannot be asked: {other}")
            return 0
        _say(f"{told}\nPyPI is asked instead.")
        service = ["--vulnerability-service=pypi"]
    return subprocess.run(command(*service), cwd=ROOT, check=False).returncode  # noqa: S603


def _say(told: str) -> None:
    print(f"\n{'!' * 100}\n{told}\n{'!' * 100}\n", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
