from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from index.errors import CorruptDocument, DocumentTooLarge, EmptyDocument, UndecodableText
from index.readers.plain.rst import read_rst
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size


def read(text: str) -> Extract:
    extract = read_rst(textwrap.dedent(text).encode(), name="a.rst")
    assert_laws(extract)
    return extract


def blocks(text: str) -> list[tuple[str | int, str]]:
    return shown(read(text))


def test_headings_paragraphs_and_metadata() -> None:
    text = """
        Rivers
        ======

        :Author: Ada
        :Date: 2024-03-05

        It *rises* in the **hills**
        of ``Bern`` (`map <https://example.org>`_).

        Levels
        ------

        High.

        Floods
        ~~~~~~

        Low.
        """
    extract = read(text)
    assert shown(extract) == [
        (1, "Rivers"),
        ("list", "- Author: Ada\n- Date: 2024-03-05"),
        ("paragraph", "It rises in the hills\nof Bern (map)."),
        (2, "Levels"),
        ("paragraph", "High."),
        (3, "Floods"),
        ("paragraph", "Low."),
    ]
    assert extract.title == "Rivers"
    assert extract.metadata == {"author": "Ada", "date": "2024-03-05"}


def test_lists_tables_code_and_notes() -> None:
    text = """
        - Aare

          3. upper
          4. lower

        river
            Flowing *water*.

        ==== ======
        Name Length
        ==== ======
        Aare 288
        ==== ======

        Code::

            def f():
                return 1

        .. code-block:: python
           :caption: a.py

           x = 1

        .. note:: Be careful.

        See [1]_ and |sub|.

        .. [1] A *footnote*.
        .. |sub| replace:: that *text*
        .. image:: a.png
           :alt: A river
        .. a comment

        | line
        | block
        """
    assert blocks(text) == [
        ("list", "- Aare\n  3. upper\n  4. lower"),
        ("list", "- river\n  Flowing water."),
        ("table", "Name | Length\nAare | 288"),
        ("paragraph", "Code:"),
        ("code", "def f():\n    return 1"),
        ("code", "x = 1"),
        ("paragraph", "Be careful."),
        ("paragraph", "See [1] and that text."),
        ("paragraph", "[1] A footnote."),
        ("paragraph", "A river"),
        ("paragraph", "line\nblock"),
    ]


def test_roles_and_directives_of_sphinx_are_read_for_their_text() -> None:
    text = """
        See :ref:`the levels <levels>`, :py:func:`~a.b.rise` and `x`:foo:.

        .. toctree::
           :maxdepth: 2

           a

        .. py:class:: River(name)

           A river.

           .. py:method:: rise()
              :async:

              It *rises*.

              .. versionadded:: 1.2
                 And falls.

        .. automodule:: rivers
        """
    assert [what for _, what in blocks(text)] == [
        "See the levels, rise and x.",
        "River(name)",
        "A river.",
        "rise()",
        "It rises.",
        "1.2",
        "And falls.",
    ]


def test_no_other_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret words")
    text = f"""
        Words.

        .. include:: {secret}
        .. literalinclude:: {secret}
        .. csv-table:: t
           :file: {secret}
        .. raw:: html
           :file: {secret}

        .. |now| date::

        Today is |now|.
        """
    assert [what for _, what in blocks(text) if "secret.txt" not in what] == ["Words.", "t", "Today is now."]
    assert "secret words" not in read(text).text


def test_malformed_markup_is_kept() -> None:
    text = """
        Words with *an open end.

        ==== ====
        A    B
        ==== ====
        much-too-long cell
        ==== ====

            Inside
            ------

            More.
        """
    found = read(text).text
    for words in ("Words with *an open end.", "much-too-long cell", "Inside", "More."):
        assert found.count(words) == 1


def test_markup_with_a_warning_is_read_once() -> None:
    assert blocks("Long title\n=====\n\nWords.\n") == [(1, "Long title"), ("paragraph", "Words.")]


def test_roles_of_one_file_do_not_affect_the_next() -> None:
    read(".. role:: own\n\n:own:`a <b>`\n")
    assert read(":own:`a <b>`\n").text == "a"


@pytest.mark.parametrize("text", ["", ".. comment\n", ".. toctree::\n\n   a\n"])
def test_files_without_words_are_refused(text: str) -> None:
    with pytest.raises(EmptyDocument, match=r"^a\.rst: "):
        read(text)


def test_encodings_are_declared_or_utf_8() -> None:
    data = "Flüsse\n======\n\nRhein\n".encode("latin-1")
    with pytest.raises(UndecodableText, match=r"^a\.rst: byte"):
        read_rst(data, name="a.rst")
    assert read_rst(data, name="a.rst", charset="latin-1").title == "Flüsse"


PIECES = st.sampled_from(
    (
        "a~b~\n~\n\n~ ~   ~=~===~---~- ~* ~1. ~.. ~::~:x:~|a|~`~``~*~**~_~[1]_~.. |a| replace:: |a|~"
        ".. note::~.. table::~.. list-table::~.. csv-table::~.. role:: r~.. default-role:: r~.. math::~"
        ".. unknown::~.. _t:~__~:field: ~| ~+---+\n~>>> ~é~e\u0301~\x00~<~>~\\~.. figure:: a~.. image::~"
        ".. unicode:: 0x~.. class::~.. include:: a~.. raw:: html~.. parsed-literal::~.. contents::~"
        ".. |x| date::~.. [#]~.. title:: "
    ).split("~")
)


@settings(max_examples=examples(500))
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_keeps_the_laws(text: str) -> None:
    extract_or_refusal(lambda: read_rst(text.encode(), name="a.rst"), "a.rst")


@settings(max_examples=examples(200))
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    extract_or_refusal(lambda: read_rst(data, name="a.rst"), "a.rst")


def indented(unit: str) -> str:
    return "".join(f"{' ' * (2 * depth)}{unit}\n\n" for depth in range(size(400)))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("unit", ["a", "- a", "| a", ".. note::", ".. unknown::", "(", "a\n b"])
def test_deep_nesting_is_read_or_refused(unit: str) -> None:
    found = extract_or_refusal(lambda: read_rst(indented(unit).encode(), name="a.rst"), "a.rst")
    assert isinstance(found, Extract | CorruptDocument | EmptyDocument)


@pytest.mark.timeout(50)
@pytest.mark.parametrize("unit", ["*a ", "`a ", "|a ", "a_ ", "[1]_ ", ":a:`b` ", "\n"])
def test_endless_markup_is_refused(unit: str) -> None:
    found = extract_or_refusal(lambda: read_rst((unit * 20_000).encode(), name="a.rst"), "a.rst")
    assert isinstance(found, DocumentTooLarge | EmptyDocument)
    with pytest.raises(DocumentTooLarge, match=r"^a\.rst: more than"):
        read_rst(b"x" * 100_000, name="a.rst")


def test_substitutions_cannot_fill_memory() -> None:
    text = f".. |a| replace:: {'x' * 5000}\n\n" + "|a| |a| |a|\n\n" * 100
    assert len(read_rst(text.encode(), name="a.rst").text) < 3000
