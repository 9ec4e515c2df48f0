"""Files of words that another machine takes over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.engine.lexical import TantivyIndex, sharing
from index.errors import StoreDamaged
from index.records import Mark
from index.sealed import seal, unseal
from index.text.analysis import Analyzer
from index.types import IndexedPassage

MARK = Mark(7, "store", "epoch", "token")


@pytest.fixture
def index(tmp_path: Path) -> TantivyIndex:
    made = TantivyIndex.open(tmp_path / "maker", Analyzer())
    texts = ["the lamp burns", "the keeper sleeps", "a storm rises"]
    passages = [IndexedPassage(number, number, text) for number, text in enumerate(texts, 1)]
    made.update(Mark(6), added=passages, removed=np.empty(0, np.int64))
    made.update(MARK, added=[], removed=np.array([3]))
    return made


def fetched_from(folder: Path, manifest: str) -> Callable[[str, Path], None]:
    names = sharing.hashes_of(manifest)
    return lambda sha256, path: shutil.copyfile(folder / names[sha256], path)


def test_linked_files_stay_as_they_are_and_can_be_installed(index: TantivyIndex, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    assert index.link(linked) == MARK
    manifest = sharing.describe(linked, MARK, {})
    assert sharing.mark_of(manifest) == MARK
    assert sharing.has_removed(manifest)
    index.update(Mark(8), added=[], removed=np.array([1, 2]))
    other = TantivyIndex.open(tmp_path / "other", Analyzer())
    other.install(manifest, fetched_from(linked, manifest))
    assert (other.mark, len(other)) == (MARK, 2)
    assert other.search("keeper", 3).ids.tolist() == [2]
    other.update(Mark(8), added=[IndexedPassage(4, 4, "keeper")], removed=np.array([2]))
    again = TantivyIndex.open(tmp_path / "other", Analyzer())
    assert again.search("keeper lamp", 3).ids.tolist() == other.search("keeper lamp", 3).ids.tolist()
    assert again.change == 8
    assert len(list((tmp_path / "other").glob("segments-*"))) == 1


def test_an_empty_index_has_nothing_to_link(tmp_path: Path) -> None:
    assert TantivyIndex.open(tmp_path / "none", Analyzer()).link(tmp_path / "linked") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(format=99),
        lambda content: next(iter(content["files"].values())).update(name="../elsewhere"),
        lambda content: next(iter(content["files"].values())).update(sha256="0" * 64),
        lambda content: content["files"].pop("meta.json"),
    ],
    ids=["format", "name", "hash", "incomplete"],
)
def test_nothing_is_installed_but_what_the_manifest_may_name(
    index: TantivyIndex, tmp_path: Path, change: Callable[[dict[str, object]], object]
) -> None:
    linked = tmp_path / "linked"
    index.link(linked)
    manifest = sharing.describe(linked, MARK, {})
    content = unseal(manifest)
    change(content)
    names = {sha256: linked / name for sha256, name in sharing.hashes_of(manifest).items()}
    fallback = linked / "meta.json"
    other = TantivyIndex.open(tmp_path / "other", Analyzer())
    with pytest.raises((ValueError, OSError, StoreDamaged)):
        other.install(seal(content), lambda sha256, path: shutil.copyfile(names.get(sha256, fallback), path))
    assert (other.change, len(other)) == (0, 0)
    assert not list((tmp_path / "other").glob("segments-*"))


def test_files_that_are_gone_are_no_damage_and_those_that_differ_are(
    index: TantivyIndex, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    index.link(linked)
    part = next(linked.glob("*.term"))
    data = part.read_bytes()
    part.unlink()
    with pytest.raises(FileNotFoundError):
        sharing.describe(linked, MARK, {})
    part.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    with pytest.raises(StoreDamaged):
        sharing.describe(linked, MARK, {})
