"""The packaged models by name, and the folder with the files of any model.

To package another model, add a line to :data:`PACKAGED`: its name, and a function that returns the folder
with its files, of a sentence-transformers model or of a converted one. The function gets the folder for
converted models, if there is one, in case the model has to be unpacked first.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from index.embedding.model_files import BUNDLED_MODEL, MODEL_FILES, bundled_folder
from index.errors import ModelNotFound

DEFAULT_MODEL = BUNDLED_MODEL
MULTILINGUAL_MODEL = "multilingual-e5-small"
WORDS_MODEL = "words"
"""The test double, which has no files."""


def _multilingual_folder(unpacked: Path | None) -> Path:
    # Not earlier: the module imports tokenizers, which takes long.
    from index.embedding.nano_e5 import multilingual_folder

    return multilingual_folder(MULTILINGUAL_MODEL, unpacked)


PACKAGED: Mapping[str, Callable[[Path | None], Path]] = MappingProxyType(
    {BUNDLED_MODEL: lambda _: bundled_folder(), MULTILINGUAL_MODEL: _multilingual_folder}
)
"""Models that Python packages bring: each is opened by its name, without a download."""


def model_folder(model: str, *, download: bool = False, unpacked: Path | None = None) -> Path:
    """Find the folder with a model's files: a packaged one, a folder, or one on the model hub.

    ``unpacked`` is the folder for converted models, where packaged models are unpacked that need it.
    Raises :class:`ModelNotFound` if they are not on this machine and downloads are not allowed, and what the
    function of a packaged model raises.
    """
    if (packaged := PACKAGED.get(model)) is not None:
        return packaged(unpacked)
    if any((Path(model) / name).is_file() for name in MODEL_FILES):
        return Path(model)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=not download))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        reason = "cannot be downloaded" if download else "downloads are not allowed"
        raise ModelNotFound(
            f"The model {model!r} is neither a folder with a sentence-transformers model nor in the model "
            f"cache of this machine, and {reason}. Check the name, or give a folder."
        ) from error
