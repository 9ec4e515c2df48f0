"""An engine of a package that Loccit does not know: found by its entry point, and configured by variables."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from index.engine import engine_names, installed_engine
from index.errors import EngineUnsuitable
from index.ingest import Source
from service.errors import InvalidSettings
from service.flows.upkeep import check
from service.settings import load_settings
from service.state.library import open_library

MODULE = """
from pydantic import Field
from pydantic.dataclasses import dataclass

from index.engine.exact import ExactEngine

opened, removed = [], []


@dataclass(frozen=True)
class TinySettings:
    colour: str = Field("red", pattern="^[a-z]+$", description="Nothing depends on it.")


class Tiny:
    settings = TinySettings

    def open(self, name, store, description, config, *, generation):
        opened.append((name, TinySettings(**config.engine.values()).colour))
        return ExactEngine(store, description.analyzer(), description.dimension)

    def problems(self, store, description, config):
        return []

    def remove(self, store, config, *, but):
        removed.append(but)


tiny = Tiny()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the module of a distribution in a temporary folder."""
    site = tmp_path / "site"
    described = site / "a_tiny_engine-0.1.dist-info"
    described.mkdir(parents=True)
    (site / "a_tiny_engine.py").write_text(MODULE)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: a-tiny-engine\nVersion: 0.1\n")
    (described / "entry_points.txt").write_text("[loccit.engines]\ntiny = a_tiny_engine:tiny\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "a_tiny_engine", raising=False)
    return "a_tiny_engine"


def test_it_is_searched_checked_and_removed(
    installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LOCCIT_TINY_COLOUR", "blue")
    settings = load_settings(data=tmp_path / "data", model="words", engine="tiny")
    with open_library(settings) as library:
        collection = library.open("default", create=True)
        collection.put(Source("lamp.txt", b"The lamp was lit at dusk."))
        collection.embed_pending()
        (hit,) = collection.ask("When was the lamp lit?").hits
        assert hit.citation.quote == "The lamp was lit at dusk."
        assert list(check(library.data, settings.library_config())) == []
        library.delete("default")
    module = sys.modules[installed]
    assert (set(module.opened), module.removed) == ({("default", "blue")}, [None])
    assert "LOCCIT_TINY_COLOUR" not in caplog.text


def test_its_settings_are_validated_at_the_start(installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "tiny" in engine_names()
    monkeypatch.setenv("LOCCIT_TINY_COLOUR", "Blue")
    load_settings()  # another engine is in use
    with pytest.raises(InvalidSettings, match=r"^LOCCIT_TINY_COLOUR: "):
        load_settings(engine="tiny")


def test_an_engine_that_is_not_installed_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidSettings, match=r"^LOCCIT_ENGINE: .*'tiny'.* embedded.*pip install") as caught:
        load_settings(engine="tiny")
    assert "./packages/loccit-milvus" in caught.value.message
    with pytest.raises(EngineUnsuitable, match="tiny"):
        installed_engine("tiny")


def test_an_engine_whose_dependency_is_missing_names_it(
    installed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, installed, None)
    with pytest.raises(InvalidSettings, match=f"^LOCCIT_ENGINE: .*{installed}"):
        load_settings(engine="tiny")


def test_options_that_are_no_json_are_refused_without_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCCIT_ENGINE_OPTIONS", "token: secret-of-mine")
    with pytest.raises(InvalidSettings, match=r"^LOCCIT_ENGINE_OPTIONS: write it as JSON") as raised:
        load_settings()
    assert "secret-of-mine" not in str(raised.value)
