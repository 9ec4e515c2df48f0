"""The kinds of files that can be read, by the registry of the readers."""

from __future__ import annotations

from index.readers import MEDIA_TYPES
from service.faces.pages.asking.form import KINDS, kinds
from service.faces.pages.languages import Language


def readable_kinds(language: Language) -> list[tuple[str, str]]:
    """Names of kinds of files, each with its suffixes."""
    shown = [(label, _suffixes(*KINDS[kind])) for kind, label in kinds(language).items() if kind]
    known = {media_type for each in KINDS.values() for media_type in each}
    others = _suffixes(*(set(MEDIA_TYPES.values()) - known))
    return [*shown, (language.t("Subtitles and others"), others), (language.t("Folders as one file"), ".zip")]


def _suffixes(*media_types: str) -> str:
    return " ".join(suffix for suffix, media_type in MEDIA_TYPES.items() if media_type in media_types)
