"""The bills of materials of the wheel and of the image."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scripts.bill import BILLS, ROOT, bill


def components(kind: str) -> dict[str, dict[str, Any]]:
    found = json.loads(bill(kind))
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert found["metadata"]["component"]["name"] == "loccit"
    listed = {one["purl"]: one for one in found["components"]}
    assert len(listed) == len(found["components"])
    depended = next(one["dependsOn"] for one in found["dependencies"] if one["ref"] == "loccit")
    assert set(depended) == set(listed)
    return listed


def test_the_wheel_has_all_locked_releases_with_their_hashes() -> None:
    listed = components("wheel")
    for lock in BILLS["wheel"]:
        text = (ROOT / lock).read_text()
        for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE):
            assert f"pkg:pypi/{name.lower()}@{version}".replace("_", "-") in {
                one.replace("%2B", "+") for one in listed
            }
    hashes = [one["value"] for one in listed["pkg:pypi/anyio@" + _version("anyio")]["properties"]]
    assert len(hashes) > 1
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes)


def test_the_image_has_its_clients_and_its_base_and_nothing_of_other_systems() -> None:
    listed = components("image")
    names = {one["name"] for one in listed.values()}
    assert names >= {"psycopg", "python", "torch"}
    assert not names & {"colorama", "pywin32"}
    (base,) = (one for one in listed.values() if one["type"] == "container")
    assert f"FROM {base['name']}:{base['version']} AS runtime" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("kind", BILLS)
def test_a_bill_says_under_which_conditions_a_library_is_there(kind: str) -> None:
    for one in components(kind).values():
        for property_ in one.get("properties", ()):
            assert property_["name"] in ("loccit:sha256", "loccit:only")


def _version(name: str) -> str:
    found = re.search(rf"^{name}==(\S+)", (ROOT / "locks/runtime.txt").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]
