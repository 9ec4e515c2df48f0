"""Run tests with OpenVINO restricted to the instructions of an older processor."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

AVX2_ONLY = {"OV_CPU_MAX_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
"""Environment variables that restrict OpenVINO's kernels and those of oneDNN, if set before it is loaded.

Without VNNI, sums of products of 8-bit integers overflow. Only x86 has an effect.
"""
RESTRICTED_TO_AVX2 = os.environ.items() >= AVX2_ONLY.items()

not_restricted_to_avx2 = pytest.mark.skipif(
    RESTRICTED_TO_AVX2 or platform.machine().lower() not in {"x86_64", "amd64"},
    reason="runs the other tests restricted to AVX2, on x86",
)


def run_tests_with_avx2_only(file: str) -> None:
    """Run a file's tests in a child process; the one that calls this is skipped there."""
    # The test that calls this may be skipped there, also where nothing else may.
    dropped = ("PYTEST", "LOCCIT_TESTS_SKIP_NOTHING")
    environment = {
        name: value for name, value in os.environ.items() if not any(one in name for one in dropped)
    }
    # Without faulthandler, so that all this can itself be held to AVX2 (benchmarks/avx2) by SIGSEGV.
    plugins = [word for name in ("cacheprovider", "faulthandler", "xdist") for word in ("-p", f"no:{name}")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, file],
        capture_output=True,
        text=True,
        check=False,
        env=environment | AVX2_ONLY,
    )
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
