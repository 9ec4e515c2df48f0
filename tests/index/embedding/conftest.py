from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from index.config import EmbeddingConfig
from index.embedding import load_embedder
from tests.index.embedding.tiny import tiny_model


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model with random weights; no test changes it."""
    return tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session")
def converted(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of the tiny model converted for every backend, and the choice; no test changes it."""
    cache = tmp_path_factory.mktemp("converted") / "models"
    load_embedder(str(tiny), config=EmbeddingConfig(precision="float", cache=cache, device="cpu"))
    return cache


@pytest.fixture
def cache(converted: Path, tmp_path: Path) -> Path:
    """A copy of that cache, which a test may change."""
    return shutil.copytree(converted, tmp_path / "cache")
