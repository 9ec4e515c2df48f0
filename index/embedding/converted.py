"""Converted models on disk: one folder each, written completely or not at all."""

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from tokenizers import Tokenizer

from index.embedding.graph import Description
from index.types import Vectors

log = logging.getLogger("loccit.embedding")

FORMAT = 1
_CONTENT, _TOKENIZER, _PROBE = "converted.json", "tokenizer.json", "probe.npy"
_SPANS = 2
"""How tokens are assigned to sentences; 1 counted one that begins with a space for the sentence before it."""
_MADE_WITH = ("torch", "transformers", "sentence-transformers")


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A converted model.

    ``graphs`` are the graph files by backend; ``tried`` names all backends that conversion was tried for.
    ``expected`` are the expected vectors of the probe: those of torch in fp32, which took ``seconds``, or, if
    ``reference`` is ``int8``, those of the quantized model emulated in fp32. Models that older versions
    quantized have those of torch.
    """

    description: Description
    graphs: Mapping[str, Path]
    tried: Sequence[str]
    tokenizer: Tokenizer
    expected: Vectors
    seconds: float
    reference: str = "fp32"


def is_converted(folder: Path) -> bool:
    """Check whether a folder holds a converted model, which may be damaged."""
    return (folder / _CONTENT).is_file()


def read_converted(folder: Path) -> Converted | None:
    """Read a converted model; None, which is logged for a damaged one, if there is none to use.

    There is none to use where an earlier version made its probe's vectors by other spans.
    """
    try:
        content = json.loads((folder / _CONTENT).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            return None
        described = content["description"]
        tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER))
        if content.get("spans", 1) != _SPANS and _begins_words_with_space(tokenizer):
            return None
        return Converted(
            Description(**{**described, "inputs": tuple(described["inputs"])}),
            {name: folder / file for name, file in content["graphs"].items()},
            tuple(content["tried"]),
            tokenizer,
            np.load(folder / _PROBE, allow_pickle=False),
            float(content["seconds"]),
            str(content.get("reference", "fp32")),
        )
    except FileNotFoundError:
        return None
    except Exception as error:  # tokenizers raises errors without a base class of their own
        log.warning("The converted model in %s cannot be read (%s).", folder, error)
        return None


def read_installed(folder: Path, weights: str) -> Converted | None:
    """Read a model that was converted at installation; None unless weights and libraries are the same.

    ``weights`` is the beginning of its fingerprint.
    """
    found = read_converted(folder)
    if found is None or not str(found.description.fingerprint).startswith(weights):
        return None
    content = json.loads((folder / _CONTENT).read_text(encoding="utf-8"))
    sizes = content.get("sizes")
    if not sizes or any(_size(folder / name) != size for name, size in sizes.items()):
        log.warning("The converted model in %s is not whole. Another one is made.", folder)
        return None
    try:
        return found if content.get("made_with") == _libraries() else None
    except PackageNotFoundError:
        return None


def write_converted(folder: Path, converted: Converted) -> None:
    """Write everything except the graphs, which are already in the folder."""
    converted.tokenizer.save(str(folder / _TOKENIZER))
    np.save(folder / _PROBE, converted.expected, allow_pickle=False)
    content = {
        "format": FORMAT,
        "spans": _SPANS,
        "description": asdict(converted.description),
        "graphs": {name: path.name for name, path in converted.graphs.items()},
        "tried": list(converted.tried),
        "seconds": round(converted.seconds, 4),
        "reference": converted.reference,
        "made_with": _libraries(),
        "sizes": {one.name: _size(one) for one in sorted(folder.iterdir()) if one.name != _CONTENT},
    }
    (folder / _CONTENT).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _begins_words_with_space(tokenizer: Tokenizer) -> bool:
    return bool(tokenizer.encode("a a", add_special_tokens=False).offsets[-1][0] == 1)


def _size(path: Path) -> int | None:
    """The bytes of a file; None if there is none."""
    return path.stat().st_size if path.is_file() else None


def _libraries() -> dict[str, str]:
    """The versions of the libraries by which models are converted."""
    return {name: version(name) for name in _MADE_WITH}


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that replaces ``folder`` if the block succeeds, and is deleted otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield unfinished
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
