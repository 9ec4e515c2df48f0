"""Converted models on disk: a folder each, there as a whole or not at all."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from tokenizers import Tokenizer

from index.embedding.graph import Description
from index.types import Vectors

log = logging.getLogger("loccit.embedding")

FORMAT = 1
_CONTENT, _TOKENIZER, _PROBE = "converted.json", "tokenizer.json", "probe.npy"
_MADE_WITH = ("torch", "transformers", "sentence-transformers")


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A converted model.

    ``graphs`` are the files of the backends that can run it, ``tried`` are all that it was to be converted
    for. ``expected`` are the vectors of the probe by torch in fp32, which took ``seconds``.
    """

    description: Description
    graphs: Mapping[str, Path]
    tried: Sequence[str]
    tokenizer: Tokenizer
    expected: Vectors
    seconds: float


def read_converted(folder: Path) -> Converted | None:
    """The model that was written there, None where nothing usable is."""
    try:
        content = json.loads((folder / _CONTENT).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            return None
        described = content["description"]
        return Converted(
            Description(**{**described, "inputs": tuple(described["inputs"])}),
            {name: folder / file for name, file in content["graphs"].items()},
            tuple(content["tried"]),
            Tokenizer.from_file(str(folder / _TOKENIZER)),
            np.load(folder / _PROBE, allow_pickle=False),
            float(content["seconds"]),
        )
    except FileNotFoundError:
        return None
    except Exception as error:  # the tokenizers' own kinds have no base but this
        log.warning("The converted model in %s is not usable (%s); it is made anew.", folder, error)
        return None


def write_converted(folder: Path, converted: Converted) -> None:
    """Write all but the graphs, which are in this folder already."""
    converted.tokenizer.save(str(folder / _TOKENIZER))
    np.save(folder / _PROBE, converted.expected, allow_pickle=False)
    content = {
        "format": FORMAT,
        "description": asdict(converted.description),
        "graphs": {name: path.name for name, path in converted.graphs.items()},
        "tried": list(converted.tried),
        "seconds": round(converted.seconds, 4),
        "made_with": {name: version(name) for name in _MADE_WITH},
    }
    (folder / _CONTENT).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A folder to write to, which takes the place of this one when all has gone well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield unfinished
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
