import json
import re
from dataclasses import replace
from datetime import date
from typing import Any, get_args
from urllib.parse import quote as percent_encode

import pytest
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from hypothesis import given, strategies as st
from markdown_it import MarkdownIt
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from index.answers import Citation, Selector
from index.citations.formats import FORMATS, Format, format_citation
from index.citations.references import News
from index.provenance import Provenance
from index.types import Metadata

QUOTE = 'He said: “50 % of {it} & *more*” – \\o/ $5_6^7 #1.\n\nIs "that" so? 😀 <b>Ja</b>~'
TEXT_SHA256 = "9f2c41aab3de" + "0" * 52
LOCATOR = "notes/a b.html@9f2c41aab3de:100-176"
METADATA: Metadata = {
    "author": "Doe, Jane; Smith and Sons",
    "date": "2019-10-05",
    "publisher": "R&D {Press}",
    "doi": "https://doi.org/10.1000/x_y%7B",
    "language": "en",
    "site": "The Site",
}


def citation(**changes: Any) -> Citation:
    return replace(
        Citation(
            locator=LOCATOR,
            quote=QUOTE,
            document_id="notes/a b.html",
            version=3,
            title="Was tun? *Über* {Katzen}",
            source="https://example.org/a page?x=1&y={2}",
            media_type="text/html",
            section=("Chapter 1", "Of [cats]"),
            pages=(3, 5),
            start=100,
            end=100 + len(QUOTE),
            text_sha256=TEXT_SHA256,
            source_sha256="1" * 64,
            selectors=(
                Selector("TextPositionSelector", start=100, end=100 + len(QUOTE)),
                Selector("TextQuoteSelector", exact=QUOTE, prefix="before ", suffix=" after"),
            ),
            links={
                "citation": "https://own.example/v1/citations/x",
                "text": "https://own.example/v1/documents/x/text?version=3",
                "view": "https://own.example/view/x#quote",
            },
        ),
        **changes,
    )


LINK = "https://example.org/a%20page?x=1&y=%7B2%7D"
BARE = citation(
    source="notes/a b.html",
    section=(),
    pages=None,
    links={},
    title="notes/a b.html",
    selectors=citation().selectors[:1],
)


def test_the_formats_are_sorted_and_all_made() -> None:
    assert list(FORMATS) == sorted(get_args(Format))
    for name in FORMATS:
        for one in (citation(), BARE):
            made = format_citation(one, name, provenance=Provenance({}, {}))
            assert json.loads(json.dumps(made)) == made


def test_w3c_annotation() -> None:
    assert format_citation(citation(), "w3c_annotation", provenance=Provenance(METADATA, {})) == {
        "@context": "http://www.w3.org/ns/anno.jsonld",
        "id": "https://own.example/v1/citations/x",
        "type": "Annotation",
        "motivation": "highlighting",
        "target": {
            "type": "SpecificResource",
            "source": "https://own.example/v1/documents/x/text?version=3",
            "selector": [
                {"type": "TextPositionSelector", "start": 100, "end": 100 + len(QUOTE)},
                {"type": "TextQuoteSelector", "exact": QUOTE, "prefix": "before ", "suffix": " after"},
            ],
            "dcterms:source": {"id": LINK},
        },
    }


@pytest.mark.parametrize("links", [{}, {"citation": "/v1/citations/x", "text": "/v1/documents/x/text"}])
def test_an_annotation_without_an_absolute_address_has_urns_for_ids(links: dict[str, str]) -> None:
    made: Any = format_citation(replace(BARE, links=links), "w3c_annotation", provenance=Provenance({}, {}))
    assert made["id"] == "urn:loccit:notes/a%20b.html%409f2c41aab3de%3A100-176"
    assert made["target"]["source"] == f"urn:loccit:notes/a%20b.html%40{TEXT_SHA256}"
    assert "dcterms:source" not in made["target"]


def test_anthropic_search_result() -> None:
    assert format_citation(citation(), "anthropic_search_result", provenance=Provenance(METADATA, {})) == {
        "type": "search_result",
        "source": LINK,
        "title": "Was tun? *Über* {Katzen}",
        "content": [
            {"type": "text", "text": "He said: “50 % of {it} & *more*” – \\o/ $5_6^7 #1."},
            {"type": "text", "text": 'Is "that" so?'},
            {"type": "text", "text": "😀 <b>Ja</b>~"},
        ],
        "citations": {"enabled": True},
    }
    made: Any = format_citation(BARE, "anthropic_search_result", provenance=Provenance({}, {}))
    assert made["source"] == LOCATOR


@given(st.text(min_size=1, max_size=200))
def test_the_blocks_of_a_search_result_are_the_quote(quote: str) -> None:
    made: Any = format_citation(
        citation(quote=quote), "anthropic_search_result", provenance=Provenance({}, {})
    )
    texts = [block["text"] for block in made["content"]]
    assert all(texts)
    assert "".join("".join(texts).split()) == "".join(quote.split())


def test_anthropic_char_location() -> None:
    assert format_citation(
        citation(), "anthropic_char_location", provenance=Provenance(METADATA, {}), index=2
    ) == {
        "type": "char_location",
        "cited_text": QUOTE,
        "document_index": 2,
        "document_title": "Was tun? *Über* {Katzen}",
        "start_char_index": 100,
        "end_char_index": 100 + len(QUOTE),
        "file_id": None,
    }


def test_openai_file_citation() -> None:
    assert format_citation(
        citation(), "openai_file_citation", provenance=Provenance(METADATA, {}), index=7
    ) == {
        "type": "file_citation",
        "index": 7,
        "file_id": "notes/a b.html",
        "filename": "a b.html",
        "quote": QUOTE,
        "locator": LOCATOR,
    }


def test_a_document_without_an_address_is_cited_with_that_of_the_service() -> None:
    view = "https://docs.example.org/view/notes/x@9f2c41aab3de:0-5#quote"
    one = replace(BARE, links={"view": view})
    for name in ("plain", "markdown_footnote"):
        assert f"{view} " in str(format_citation(one, name, provenance=Provenance({}, {}))).replace(">", "")
        own = replace(BARE, links={"view": "/view/x"})  # of a service that does not know its address
        assert "/view/" not in str(format_citation(own, name, provenance=Provenance({}, {})))


def test_an_ampersand_is_escaped_only_before_the_name_of_a_character() -> None:
    one = replace(BARE, title="Harrow & Pike &amp; Sons")
    written = str(format_citation(one, "markdown_footnote", provenance=Provenance({}, {})))
    assert "Harrow & Pike \\&amp; Sons" in written


def test_plain() -> None:
    assert format_citation(citation(), "plain", provenance=Provenance(METADATA, {})) == (
        "Doe, Jane; Smith and Sons. Was tun? *Über* {Katzen}. Chapter 1 › Of [cats], p. 3–5. "
        f"R&D {{Press}}, 2019-10-05. {LINK} [{LOCATOR}]"
    )
    assert format_citation(BARE, "plain", provenance=Provenance({}, {})) == f"notes/a b.html. [{LOCATOR}]"
    one_page = citation(pages=(4, 4), section=(), source="", title="What is it?")
    assert format_citation(one_page, "plain", provenance=Provenance({"url": "ftp://x"}, {})) == (
        f"What is it? p. 4. https://own.example/view/x#quote [{LOCATOR}]"
    )


def shown(markdown: str) -> tuple[str, list[str]]:
    """The text that a Markdown reader shows of a line, and its links."""
    (inline,) = [token for token in MarkdownIt().parse(markdown) if token.type == "inline"]
    children = inline.children or []
    assert {child.type for child in children} <= {"text", "link_open", "link_close", "text_special"}
    links = [str(child.attrs["href"]) for child in children if child.type == "link_open"]
    return "".join(child.content for child in children), links


def test_markdown_footnote() -> None:
    made = format_citation(
        citation(), "markdown_footnote", provenance=Provenance({"author": "Ann_O"}, {}), label="cats 1]"
    )
    assert isinstance(made, str)
    label, _, rest = made.partition(": ")
    assert label == "[^cats-1-]"
    text, links = shown(rest)
    assert text.startswith(f"“{' '.join(QUOTE.split())}” — Ann_O. Was tun? *Über* {{Katzen}}. Chapter 1")
    assert text.endswith(f"({LOCATOR})")
    assert links == [LINK]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_a_footnote_shows_the_quote(quote: str) -> None:
    made = str(
        format_citation(replace(BARE, quote=quote), "markdown_footnote", provenance=Provenance({}, {}))
    )
    assert "\n" not in made
    text, links = shown(made.partition(": ")[2])
    assert text == f"“{' '.join(quote.split())}” — notes/a b.html. ({LOCATOR})"
    assert links == []


@pytest.mark.parametrize("name", ["plain", "markdown_footnote", "anthropic_search_result"])
def test_a_link_that_opens_at_the_quote_is_given_to_those_who_follow_it(name: Format) -> None:
    deep = "https://example.org/a#:~:text=He%20said"
    assert deep in json.dumps(
        format_citation(citation(links={"source": deep}), name, provenance=Provenance({}, {}))
    )


CSL_TYPES = {
    "id": str, "type": str, "title": str, "author": list, "issued": dict, "publisher": str,
    "container-title": str, "section": str, "page": str, "DOI": str, "URL": str, "language": str,
    "version": str, "note": str, "annote": str,
}  # fmt: skip
"""Properties of an item in the JSON schema of CSL 1.0.2, with their types."""


def test_csl_json() -> None:
    made: Any = format_citation(citation(), "csl_json", provenance=Provenance(METADATA, {}))
    assert {key: type(value) for key, value in made.items()} == CSL_TYPES
    assert made["type"] == "webpage"
    assert made["author"] == [{"family": "Doe", "given": "Jane"}, {"literal": "Smith and Sons"}]
    assert made["issued"] == {"date-parts": [[2019, 10, 5]]}
    assert (made["DOI"], made["URL"], made["page"]) == ("10.1000/x_y%7B", LINK, "3-5")
    assert (made["note"], made["annote"], made["version"]) == (LOCATOR, QUOTE, "3")


def test_csl_json_of_a_file() -> None:
    made = format_citation(BARE, "csl_json", provenance=Provenance({}, {}))
    assert made == {
        "id": LOCATOR, "type": "document", "title": "notes/a b.html", "version": "3", "note": LOCATOR,
        "annote": QUOTE, "source": "notes/a b.html",
    }  # fmt: skip


OWN = {"view": "https://own.example/view/a%20b#quote"}


def test_reference_managers_get_address_day_file_and_page() -> None:
    day = date(2026, 3, 4)
    one = replace(BARE, source="papers; drafts/C:a_b.pdf", pages=(3, 3), links=OWN)
    csl: Any = format_citation(one, "csl_json", provenance=Provenance({}, {}), accessed=day)
    assert (csl["URL"], csl["accessed"]) == (OWN["view"], {"date-parts": [[2026, 3, 4]]})
    assert (csl["source"], csl["page"]) == ("papers; drafts/C:a_b.pdf", "3")
    bibtex = format_citation(one, "bibtex", provenance=Provenance({}, {}), accessed=day)
    _, _, fields = parsed(bibtex)
    assert (fields["url"], fields["urldate"]) == (OWN["view"], "2026-03-04")
    assert (fields["file"], fields["pages"]) == ("papers- drafts/C-a_b.pdf", "3")


def test_a_document_from_the_web_has_its_own_address_and_no_file() -> None:
    one = citation(links=OWN)
    csl: Any = format_citation(one, "csl_json", provenance=Provenance({}, {}), accessed=date(2026, 3, 4))
    assert csl["URL"] == LINK
    assert "source" not in csl
    assert "file" not in parsed(format_citation(one, "bibtex", provenance=Provenance({}, {})))[2]


@pytest.mark.parametrize("links", [{}, {"view": "/view/a"}])
def test_without_an_address_there_is_no_day_of_access(links: dict[str, str]) -> None:
    one = replace(BARE, links=links)
    csl: Any = format_citation(one, "csl_json", provenance=Provenance({}, {}), accessed=date(2026, 3, 4))
    assert {"URL", "accessed"}.isdisjoint(csl)
    fields = parsed(format_citation(one, "bibtex", provenance=Provenance({}, {}), accessed=date(2026, 3, 4)))[
        2
    ]
    assert {"url", "urldate"}.isdisjoint(fields)


@pytest.mark.parametrize(
    ("metadata", "issued"),
    [
        ({"year": 1998}, {"date-parts": [[1998]]}),
        ({"published": "2020-02"}, {"date-parts": [[2020, 2]]}),
        ({"date": "2020-02-03T10:00:00Z", "year": 1}, {"date-parts": [[2020, 2, 3]]}),
        ({"date": "2020-13-01"}, {"date-parts": [[2020]]}),
        ({"date": "2020-12-41"}, {"date-parts": [[2020, 12]]}),
        ({"date": "spring 2020"}, {"raw": "spring 2020"}),
        ({"date": "20200102"}, {"raw": "20200102"}),
    ],
)
def test_dates(metadata: Metadata, issued: dict[str, object]) -> None:
    made: Any = format_citation(citation(), "csl_json", provenance=Provenance(metadata, {}))
    assert made["issued"] == issued


def parsed(bibtex: object) -> tuple[str, str, dict[str, str]]:
    """Type, key and fields of an entry as it was written, LaTeX decoded."""
    context = get_default_latex_context_db()
    macros = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}  # it knows others
    context.add_context_category(
        "text", prepend=True, macros=[MacroTextSpec(name, character) for name, character in macros.items()]
    )
    decoder = LatexNodes2Text(latex_context=context, keep_comments=True)
    library = parse_string(str(bibtex), append_middleware=[LatexDecodingMiddleware(decoder=decoder)])
    assert not library.failed_blocks
    (entry,) = library.entries
    return entry.entry_type, entry.key, {field.key: str(field.value) for field in entry.fields}


def test_bibtex() -> None:
    made = format_citation(citation(), "bibtex", provenance=Provenance(METADATA, {}))
    kind, key, fields = parsed(made)
    assert (kind, key) == ("misc", f"notes-a-b-html-9f2c41aab3de-100-{100 + len(QUOTE)}")
    assert fields["annote"] == " ".join(QUOTE.split())
    assert fields["note"] == LOCATOR
    assert fields["title"] == "Was tun? *Über* {Katzen}"
    assert fields["publisher"] == "R&D {Press}"
    assert (fields["year"], fields["pages"], fields["language"]) == ("2019", "3–5", "en")
    assert "author = {Doe, Jane and {Smith and Sons}}" in str(made)
    assert "month = oct" in str(made)
    assert f"url = {{{LINK}}}" in str(made)
    assert "doi = {10.1000/x_y%7B}" in str(made)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_bibtex_is_read_as_it_was_meant(quote: str) -> None:
    made = str(
        format_citation(
            replace(BARE, quote=quote),
            "bibtex",
            provenance=Provenance({"author": [quote, "B"], "year": quote}, {}),
        )
    )
    depth = 0
    for brace in re.findall(r"[{}]", made):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0
    kind, _, fields = parsed(made)
    assert kind == "misc"
    assert fields["title"] == "notes/a b.html"


PRINTED = {"media_type": "application/pdf", "pages": (219, 219), "printed_pages": ("217", "217")}


@pytest.mark.parametrize(
    ("changes", "plain", "csl", "bibtex", "ris"),
    [
        ({}, "p. 217 (219 of the file)", ("217", "219"), ("217", "219"), ("217", "217", "219")),
        (
            {"pages": (12, 14), "printed_pages": ("xii", "2")},
            "p. xii–2 (12–14 of the file)",
            ("xii-2", "12-14"),
            ("xii–2", "12–14"),
            ("xii", "2", "12-14"),
        ),
        ({"printed_pages": ("219", "219")}, "p. 219.", ("219", None), ("219", None), ("219", "219", None)),
        ({"printed_pages": None}, "p. 219.", ("219", None), ("219", None), ("219", "219", None)),
        (
            {"media_type": "application/epub+zip"},
            "p. 217.",
            ("217", None),
            ("217", None),
            ("217", "217", None),
        ),
        (
            {"printed_pages": ("A_1", "A_1")},
            "p. A_1 (219 of",
            ("A_1", "219"),
            ("A_1", "219"),
            ("A_1", "A_1", "219"),
        ),
    ],
)
def test_the_page_is_the_number_that_it_bears(
    changes: dict[str, Any], plain: str, csl: tuple[str, ...], bibtex: tuple[str, ...], ris: tuple[str, ...]
) -> None:
    def made(name: Format) -> Any:
        return format_citation(citation(**{**PRINTED, **changes}), name, provenance=Provenance({}, {}))

    assert plain in made("plain")
    assert plain.partition(" (")[0].replace("_", "\\_") in made("markdown_footnote")
    page, in_file = csl
    assert (made("csl_json")["page"], made("csl_json").get("custom", {}).get("file_page")) == (page, in_file)
    fields = parsed(made("bibtex"))[2]
    assert (fields["pages"], fields.get("filepages")) == bibtex
    lines = made("ris").splitlines()
    first, last, in_file = ris
    assert f"SP  - {first}" in lines
    assert f"EP  - {last}" in lines
    assert [f"(p. {in_file} of the file)" in line for line in lines if line[:2] == "N1"] == [
        in_file is not None
    ]


def test_ris() -> None:
    made = format_citation(citation(), "ris", provenance=Provenance(METADATA, {}), accessed=date(2026, 3, 4))
    lines = [line.split("  - ", 1) for line in str(made).splitlines()]
    assert lines[0] == ["TY", "ELEC"]
    assert lines[-1] == ["ER", ""]
    values = dict(lines)
    assert [value for tag, value in lines if tag == "AU"] == ["Doe, Jane", "Smith and Sons"]
    assert (values["PY"], values["DA"], values["Y2"]) == ("2019", "2019/10/05", "2026/03/04")
    assert (values["PB"], values["DO"], values["N1"]) == ("R&D {Press}", "10.1000/x_y%7B", LOCATOR)
    assert values["AB"] == " ".join(QUOTE.split())
    bare = str(format_citation(BARE, "ris", provenance=Provenance({}, {})))
    assert bare.startswith("TY  - GEN\n")


FORGED = [
    "A\n@article{forged,\n  title = {Forged}\n}\n",
    "A\r@article{forged, title = {x}}",
    "A\u2028@string{x = 1}",
    "A\x0b\x0c\x1e\x85\x00\x1b[31m@comment{x}",
    "A} ,\n@book{forged, note = {",
    "A\\}\n@book{forged",
    "A % hidden\n@misc{forged",
    "A\nTY  - JOUR\nER  - ",
    "A <script>alert(1)</script>\n\n[^1]: forged",
    "others and\nothers",
]


@pytest.mark.parametrize("forged", FORGED, ids=map(ascii, FORGED))
@pytest.mark.parametrize("name", FORMATS)
def test_no_value_begins_a_line_or_leaves_its_field(name: Format, forged: str) -> None:
    names = "author publisher date year site doi url language".split()
    for field in (*names, "title", "quote", "source", "section"):
        metadata: Metadata = {**METADATA, **({field: forged} if field in names else {})}
        changed: dict[str, Any] = {}
        if field not in names:
            changed[field] = (forged,) if field == "section" else forged
        said = {field: forged} if field in names else {}
        made = format_citation(citation(**changed), name, provenance=Provenance(metadata, said))
        if not isinstance(made, str):
            json.dumps(made, allow_nan=False)
            continue
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", made), field
        if name == "ris":
            assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in made.splitlines()), field
            assert [line[:2] for line in made.splitlines()].count("TY") == 1
            continue
        if name != "bibtex":
            assert "\n" not in made.rstrip("\n"), field
            continue
        first, *lines, last, end = made.split("\n")
        assert (first[:6], last, end) == ("@misc{", "}", ""), field
        assert all(re.match(r"  [a-z]+ = ", line) for line in lines), field
        assert parsed(made)[0] == "misc"


def test_others_is_a_name() -> None:
    known = Provenance({"authors": ["Doe, Jane", "others"]}, {})
    made = str(format_citation(citation(), "bibtex", provenance=known))
    assert "author = {Doe, Jane and {others}}" in made


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_line_of_bibtex_is_a_field(title: str, name: str) -> None:
    changed = citation(title=title, quote=f"a{title}")
    known = Provenance({"author": name, "publisher": title}, {"site": title})
    lines = str(format_citation(changed, "bibtex", provenance=known)).split("\n")
    assert all(re.match(r"  [a-z]+ = ", line) for line in lines[1:-2])


@given(
    st.dictionaries(
        st.sampled_from("author authors date published year publisher site doi url language other".split()),
        st.one_of(
            st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.lists(st.text(max_size=9))
        ),
    ),
    st.sampled_from(FORMATS),
)
def test_any_metadata_does(metadata: dict[str, Any], name: Format) -> None:
    made = format_citation(citation(), name, provenance=Provenance(metadata, {}))
    json.dumps(made, allow_nan=False)
    if name in ("plain", "markdown_footnote"):
        assert len(str(made).splitlines()) == 1


@pytest.mark.parametrize("links", [{}, {"source": "http://x.example/a> <script>b</script>\n[^2]: forged"}])
@pytest.mark.parametrize("name", ["plain", "markdown_footnote", "bibtex"])
def test_a_source_adds_no_markup(links: dict[str, str], name: Format) -> None:
    forged = "http://x.example/a> <script>b</script>\n[^2]: forged"
    made = str(format_citation(citation(source=forged, links=links), name, provenance=Provenance({}, {})))
    assert "<script>" not in made
    assert "\n[^2]" not in made
    assert "http://x.example/a%3E%20%3Cscript%3Eb%3C/script%3E%20[%5E2]:%20forged" in made


SAID: Metadata = {
    "title": "Rates",
    "author": "Bank {of} & Example",
    "site": "bank.example",
    "publisher": "Bank",
    "url": "https://bank.example/",
    "doi": "10.1/bank",
    "date": "2020",
    "description": "not shown",
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_document_says_of_itself_names_no_author_publisher_or_address(name: Format) -> None:
    plain: Any = format_citation(BARE, name, provenance=Provenance({}, {}))
    said: Any = format_citation(BARE, name, provenance=Provenance({}, SAID))
    if name == "csl_json":
        assert said.pop("custom")["says_of_itself"]["author"] == "Bank {of} & Example"
        assert said == plain
    elif name == "bibtex":
        without = re.sub(r",\n  saysofitself = .*", "", said)
        assert without == plain
        assert "saysofitself = {title: Rates; author: Bank" in said
    elif name == "ris":
        assert re.sub(r"N1  - Says of itself: .*\n", "", said) == plain
        assert (
            "N1  - Says of itself: title Rates; author Bank"
            in said.replace("Says of itself: author", "author")
            or 1
        )
    elif name in ("plain", "markdown_footnote"):
        assert "Says of itself: author Bank" in said
        assert "bank.example" not in said.partition("Says of itself")[0]
    else:
        assert said == plain


def test_what_is_known_is_not_replaced_by_what_a_document_says() -> None:
    made: Any = format_citation(BARE, "csl_json", provenance=Provenance({"author": "Ann"}, SAID))
    assert made["author"] == [{"literal": "Ann"}]
    assert "publisher" not in made
    assert "URL" not in made


NOTHING_NEW = News("moved", 3, LOCATOR)
CHANGED = News("changed", 4, "notes/a b.html@0123456789ab:5-9", ("new.md",))


def carried(name: Format, news: News | None) -> Any:
    return format_citation(citation(), name, provenance=Provenance({}, {}), news=news)


def test_an_annotation_says_what_became_of_the_quote() -> None:
    assert "body" not in carried("w3c_annotation", None)
    body = {"type": "TextualBody", "purpose": "assessing"}
    assert carried("w3c_annotation", NOTHING_NEW)["body"] == {
        **body,
        "value": "moved",
        "dcterms:isReplacedBy": [{"id": f"urn:loccit:{percent_encode(LOCATOR)}"}],
    }
    assert carried("w3c_annotation", CHANGED)["body"] == {
        **body,
        "value": "changed; these words have changed in version 4; superseded by new.md",
        "dcterms:isReplacedBy": [
            {"id": "urn:loccit:notes/a%20b.html%400123456789ab%3A5-9"},
            {"id": "urn:loccit:new.md"},
        ],
    }


@pytest.mark.parametrize(
    ("name", "key"), [("anthropic_search_result", "title"), ("anthropic_char_location", "document_title")]
)
def test_the_title_says_it_where_a_shape_has_no_place_for_it(name: Format, key: str) -> None:
    plain = carried(name, None)
    assert carried(name, NOTHING_NEW) == plain
    told = carried(name, CHANGED)
    expected = "these words have changed in version 4; superseded by new.md"
    assert told[key] == f"{plain[key]} ({expected})"
    assert {**told, key: plain[key]} == plain
    assert carried(name, News("gone", 4))[key].endswith("(these words are gone in version 4)")


def test_a_file_citation_has_the_standing() -> None:
    assert "standing" not in carried("openai_file_citation", None)
    assert carried("openai_file_citation", CHANGED)["standing"] == {
        "status": "changed",
        "version": 4,
        "locator": "notes/a b.html@0123456789ab:5-9",
        "superseded_by": ["new.md"],
    }
