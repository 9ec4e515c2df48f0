"""Write bills of materials (CycloneDX) of the wheel and of the image, from the locks: ``make bill``.

That of the wheel has what `pip install loccit` brings, that of the image also its clients of stores and the
image that it is built from. Hashes are those of the locks: of all files of a release, for all platforms.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build" / "bill"
BILLS = {
    "wheel": ("locks/runtime.txt", "locks/torch.txt"),
    "image": ("locks/image.txt", "locks/torch.txt"),
}
"""The locks that each bill lists."""
_RELEASE = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\\n]+))?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_BASE = re.compile(r"^FROM (\S+):(\S+) AS runtime$", re.MULTILINE)


_IMAGE = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
"""The platform of the image, as markers of dependencies name it."""


def locked(lock: str, platform: dict[str, str] | None = None) -> Iterator[Component]:
    """The releases that a lock names, with the hashes of their files: all, or those of a platform."""
    for entry in re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8")):
        if match := _RELEASE.match(entry):
            name, version, condition = match[1].lower().replace("_", "-"), match[2], (match[3] or "").strip()
            if platform and condition and not Marker(condition).evaluate(dict(platform)):
                continue
            address = PackageURL("pypi", name=name, version=version)
            yield Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                purl=address,
                bom_ref=address.to_string(),
                properties=[
                    *(Property(name="loccit:sha256", value=one) for one in _HASH.findall(entry)),
                    *([Property(name="loccit:only", value=condition)] if condition else ()),
                ],
            )


def base_image() -> Component:
    """The image that the service's image is built from."""
    match = _BASE.search((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    if match is None:
        raise SystemExit("Dockerfile: no line 'FROM image:tag AS runtime'. Change scripts/bill.py with it.")
    address = PackageURL("docker", name=match[1], version=match[2])
    return Component(
        name=match[1],
        version=match[2],
        type=ComponentType.CONTAINER,
        purl=address,
        bom_ref=address.to_string(),
    )


def bill(kind: str) -> str:
    """The bill of the ``wheel`` or the ``image`` as JSON."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = PackageURL("pypi", name=project["name"], version=project["version"])
    about = ComponentType.CONTAINER if kind == "image" else ComponentType.LIBRARY
    root = Component(
        name=project["name"], version=project["version"], type=about, purl=address, bom_ref="loccit"
    )
    platform = _IMAGE if kind == "image" else None
    parts = _once(one for lock in BILLS[kind] for one in locked(lock, platform))
    if kind == "image":
        parts.append(base_image())
    made = Bom(components=parts)
    made.metadata.component = root
    made.register_dependency(root, parts)
    return str(JsonV1Dot6(made).output_as_string(indent=2)) + "\n"


def _once(components: Iterable[Component]) -> list[Component]:
    return list({one.bom_ref.value: one for one in components}.values())


def main() -> None:
    """Write both bills."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for kind in BILLS:
        path = TARGET / f"{kind}.cdx.json"
        path.write_text(bill(kind), encoding="utf-8")
        print(path.relative_to(ROOT))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
