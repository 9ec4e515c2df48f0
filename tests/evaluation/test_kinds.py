import pytest

from evaluation.harness import kind_of
from index.readers import MEDIA_TYPES, read
from index.readers.plain.subtitles import WEBVTT_MEDIA_TYPE


@pytest.mark.parametrize("media_type", sorted({*MEDIA_TYPES.values(), WEBVTT_MEDIA_TYPE}))
def test_every_format_has_a_kind(media_type: str) -> None:
    assert kind_of(media_type) != media_type
    assert "/" not in kind_of(media_type)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.md", b"# Lamps", "Markdown"),
        ("a.tsv", b"Lamp\tYear\nArgand\t1780\n", "CSV"),
        ("a.jsonl", b'{"title": "Lamps"}', "JSON"),
        ("a.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nLamps\n", "subtitles"),
        ("a.eml", b"From: ada@example.org\nSubject: Lamps\n\nLit.\n", "mail"),
        ("a.py", b"lamp = 1\n", "source code"),
    ],
)
def test_what_readers_store_has_a_kind(name: str, content: bytes, kind: str) -> None:
    assert kind_of(read(content, name=name).media_type) == kind


def test_an_unknown_media_type_is_its_own_kind() -> None:
    assert kind_of("chemical/x-pdb") == "chemical/x-pdb"
