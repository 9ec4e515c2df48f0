"""File systems in memory, which only a privileged user can mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory


@cache
def can_mount() -> bool:
    """Check whether a file system can be mounted here."""
    with TemporaryDirectory() as folder:
        return _mount(Path(folder), "size=1m") and _unmount(Path(folder))


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """Mount a file system in memory at a new folder. Mark tests that use it with ``mount``."""
    folder.mkdir()
    assert _mount(folder, options)
    try:
        yield folder
    finally:
        assert _unmount(folder)


def remount(folder: Path, options: str) -> None:
    """Mount a file system again with other options, such as ``ro``."""
    assert _succeeds("mount", "-o", f"remount,{options}", str(folder))


def fill(folder: Path) -> Path:
    """Take all room of a file system by a file; returns its path."""
    ballast = folder / "fills"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        with suppress(OSError):
            while True:
                os.write(descriptor, bytes(4096))
    finally:
        os.close(descriptor)
    return ballast


def _mount(folder: Path, options: str) -> bool:
    return _succeeds("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))


def _unmount(folder: Path) -> bool:
    return _succeeds("umount", "--lazy", str(folder))


def _succeeds(program: str, *arguments: str) -> bool:
    path = which(program)
    return (
        path is not None
        and not subprocess.run([path, *arguments], capture_output=True, check=False).returncode
    )
