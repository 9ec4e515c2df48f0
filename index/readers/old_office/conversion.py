"""Convert a file with LibreOffice, in a process that may be killed at any time.

The file may be hostile. LibreOffice gets a new profile and an empty home for each file, so that no file
changes how another is read; nothing of this process' environment; the one import filter of the format, so
that it does not guess another; no macros, links or network. :mod:`index.readers.old_office.supervisor` limits
and ends it.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from index.errors import DocumentTooLarge, ReaderFailed
from index.readers.old_office import supervisor

_SECONDS = 600.0
"""Where no worker's limit is shorter."""
_MAX_OUTPUT = 256 << 20
_PATH = "/usr/local/bin:/usr/bin:/bin"

_SCRIPTING = "org.openoffice.Office.Common/Security/Scripting"
_INTERNET = "org.openoffice.Inet/Settings"
_SETTINGS: Mapping[tuple[str, str], str | int | bool] = {
    (_SCRIPTING, "DisableMacrosExecution"): True,
    (_SCRIPTING, "MacroSecurityLevel"): 3,
    (_SCRIPTING, "DisableActiveContent"): True,
    (_SCRIPTING, "DisablePythonRuntime"): True,
    (_SCRIPTING, "DisableOLEAutomation"): True,
    (_SCRIPTING, "BlockUntrustedRefererLinks"): True,
    ("org.openoffice.Office.Writer/Content/Update", "Link"): 0,
    ("org.openoffice.Office.Calc/Content/Update", "Link"): 2,
    # A proxy that does not answer, where the system does not let a process leave the network.
    (_INTERNET, "ooInetProxyType"): 2,
    (_INTERNET, "ooInetHTTPProxyName"): "127.0.0.1",
    (_INTERNET, "ooInetHTTPProxyPort"): 9,
    (_INTERNET, "ooInetHTTPSProxyName"): "127.0.0.1",
    (_INTERNET, "ooInetHTTPSProxyPort"): 9,
    (_INTERNET, "ooInetNoProxy"): "",
}
"""(Node, property) of LibreOffice's configuration -> value. 0 for Writer, 2 for Calc: never update links."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """From a suffix to another, with the names of LibreOffice's filters that read and write them."""

    source: str
    reads: str
    target: str
    writes: str


def find_libreoffice() -> str | None:
    """The path of LibreOffice's program ``soffice``; None if there is none on the PATH."""
    return shutil.which("soffice")


def convert(data: bytes, conversion: Conversion, *, program: str, name: str) -> bytes | None:
    """Convert a file; None if LibreOffice cannot open it.

    Raises :class:`index.errors.ReaderFailed` if it takes too long or is killed, and
    :class:`index.errors.DocumentTooLarge` for a result beyond 256 MiB.
    """
    with tempfile.TemporaryDirectory(prefix="loccit-office-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        source = folder / f"document.{conversion.source}"
        source.write_bytes(data)
        _write_profile(folder / "profile" / "user")
        code = _run(_command(program, conversion, folder), folder)
        result = folder / "converted" / f"document.{conversion.target}"
        # A file that LibreOffice was killed over may be half written; a link could lead out of the folder.
        if code == 0 and result.is_file() and not result.is_symlink():
            if result.stat().st_size >= _MAX_OUTPUT:
                raise DocumentTooLarge(
                    f"{name}: converted, it has more than {_MAX_OUTPUT:,} bytes. Split it."
                )
            return result.read_bytes()
        if code is None or code < 0:
            raise ReaderFailed(
                f"{name}: LibreOffice crashed on it, or exceeded a limit. The file may be damaged: save it "
                f"as .{conversion.target} with the program that made it."
            )
        return None


def _command(program: str, conversion: Conversion, folder: Path) -> list[str]:
    return [
        program,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        *("--headless", "--invisible", "--norestore", "--nologo", "--nolockcheck", "--nodefault"),
        f"--infilter={conversion.reads}",
        "--convert-to",
        f"{conversion.target}:{conversion.writes}",
        "--outdir",
        str(folder / "converted"),
        str(folder / f"document.{conversion.source}"),
    ]


def _run(command: list[str], folder: Path) -> int | None:
    """Run LibreOffice under the supervisor: its exit status, negative for a signal; None after the time."""
    ours = [sys.executable, "-I", "-S", supervisor.__file__, str(folder), str(_MAX_OUTPUT), *command]
    process = subprocess.Popen(  # noqa: S603 -- fixed words and paths of our own
        ours,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(folder, Path(command[0]).parent),
        cwd=folder,
    )
    try:
        return supervisor.to_signed_status(process.wait(timeout=_SECONDS))
    except subprocess.TimeoutExpired:
        return None
    finally:
        process.stdin.close()  # type: ignore[union-attr]
        process.wait()


def _environment(folder: Path, programs: Path) -> dict[str, str]:
    """No variable of ours, which may hold secrets."""
    return {
        "PATH": f"{programs}:{_PATH}",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
        "SAL_DISABLE_OPENCL": "1",
    }


def _write_profile(folder: Path) -> None:
    folder.mkdir(parents=True)
    items = "".join(_profile_items())
    (folder / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{items}</oor:items>\n",
        encoding="utf-8",
    )


def _profile_items() -> Iterator[str]:
    for (node, name), value in _SETTINGS.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield (
            f'<item oor:path={quoteattr(f"/{node}")}><prop oor:name="{name}" oor:op="fuse">'
            f"<value>{text}</value></prop></item>\n"
        )
