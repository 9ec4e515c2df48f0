from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings, strategies as st

from index.errors import EmptyDocument, UndecodableText
from index.readers.plain.source_code import read_source_code
from index.types import Extract
from tests.index.readers.laws import assert_laws, extract_or_refusal, shown
from tests.sizes import examples, size


def read(text: str) -> Extract:
    extract = read_source_code(text.encode(), name="a.py")
    assert_laws(extract)
    return extract


def first_lines(text: str) -> list[str]:
    return [what.split("\n")[0] for _, what in shown(read(textwrap.dedent(text)))]


def test_the_text_is_the_file() -> None:
    text = "\n\tdef f():\n\n\n        return  1   \n"
    assert read(text).text == text
    assert shown(read(text)) == [("code", "def f():\n\n\n        return  1")]


def test_python_is_divided_at_definitions() -> None:
    text = '''
        """A module."""

        import os

        # Said of f.
        @cache
        def f(x):
            a = 1

            return a


        class C:
            """Words.

            More words.
            """

            x = 1

            # Said of g.
            def g(self):
                def inner():
                    pass

                return inner

            @property
            async def h(self):
                pass

        if __name__ == "__main__":
            f(1)
        '''
    assert first_lines(text) == [
        '"""A module."""',
        "import os",
        "# Said of f.",
        "class C:",
        "# Said of g.",
        "@property",
        'if __name__ == "__main__":',
    ]


def test_languages_with_braces() -> None:
    text = """
        package main;

        public class Main {
            private int x;

            /** Said of f. */
            public static void f() {
                int a = 1;

                return;
            }

            protected abstract int g();

        }

        func (t *T) Go() error {

            return nil
        }
        """
    assert first_lines(text) == [
        "package main;",
        "public class Main {",
        "/** Said of f. */",
        "protected abstract int g();",
        "func (t *T) Go() error {",
    ]


def test_a_python_file_declares_its_encoding() -> None:
    data = "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nname = 'Zürich'\n".encode("latin-1")
    assert "Zürich" in read_source_code(data, name="a.py").text
    with pytest.raises(UndecodableText, match=r"^a\.py: byte"):
        read_source_code(b"\n\n" + data, name="a.py")


def test_empty_and_binary_files_are_refused() -> None:
    with pytest.raises(EmptyDocument, match=r"^a\.py: "):
        read(" \n\n")
    with pytest.raises(UndecodableText, match=r"^a\.py: "):
        read_source_code(b"\x7fELF\x00\x00", name="a.py")


PIECES = st.sampled_from(
    ["\n", "\n\n", " ", "    ", "\t", "def f():", "}", "@x", "#", "class C", "é", "\x0c", "\x00", "end"]
)


@settings(max_examples=examples(500))
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_keeps_the_laws(text: str) -> None:
    extract_or_refusal(lambda: read_source_code(text.encode(), name="a.py"), "a.py")


@settings(max_examples=examples(200))
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    extract_or_refusal(lambda: read_source_code(data, name="a.py"), "a.py")


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit", ["\n", " \n", "a\n\n", "    public ", "\n\n    public ", "x" * 10, "# coding", "\n\n  "]
)
def test_huge_files_take_bounded_time(unit: str) -> None:
    extract_or_refusal(lambda: read(unit * size(500_000)), "a.py")
