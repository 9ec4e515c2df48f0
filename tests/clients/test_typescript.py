"""The TypeScript client is built, packed, installed, and run on Node against a running service."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.clients.conftest import TYPESCRIPT, Service, run

pytestmark = pytest.mark.node

EXAMPLE = """
import { Client, slice } from "loccit-client";
const { passages } = await new Client({ url: process.env.LOCCIT_URL }).ask("Who lit the lamp?");
console.log(passages[0].citation.document_id, slice("a😀b", 2, 3));
"""


def test_it_asks_a_running_service(package: Path, service: Service) -> None:
    assert "# fail 0" in run(package, "node", "--test", "test/client.test.mjs", LOCCIT_URL=service.url)


def test_it_is_packed_and_installed_in_an_empty_folder(
    package: Path, service: Service, tmp_path: Path
) -> None:
    run(package, "npm", "pack", "--pack-destination", str(tmp_path))
    (archive,) = tmp_path.glob("*.tgz")
    modules = tmp_path / "node_modules"
    modules.mkdir()
    run(tmp_path, "tar", "-xzf", str(archive))
    (tmp_path / "package").rename(modules / "loccit-client")
    for name in json.loads((TYPESCRIPT / "package.json").read_text())["dependencies"]:
        shutil.copytree(TYPESCRIPT / "node_modules" / name, modules / name)
    shutil.copytree(
        TYPESCRIPT / "node_modules" / "openapi-typescript-helpers", modules / "openapi-typescript-helpers"
    )
    assert (modules / "loccit-client" / "LICENSE").is_file()
    (tmp_path / "example.mjs").write_text(EXAMPLE)
    assert run(tmp_path, "node", "example.mjs", LOCCIT_URL=service.url) == "lamps/north.md b\n"
