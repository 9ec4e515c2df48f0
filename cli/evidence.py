"""``loccit evidence``: make, verify and sign evidence packs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.instances import Instance, Place, Question, open_instance
from cli.options import CollectionName, Data, FilterJson, Json, Key, PassageCount, Server, read_settings
from cli.questions import parse_where, read_quotes
from cli.terminal.consoles import print_line, stderr
from cli.terminal.output import print_json
from index.errors import LoccitError, Unreadable
from service.flows.evidence_packs.documents import Carried, Form, carried, is_shown, write_document
from service.flows.evidence_packs.pack import verify_pack

app = typer.Typer(
    help="Sign answers and verdicts as files that anybody can verify.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

_OUT = "New file: .docx is a Word document, .html a page to print, any other name the pack as JSON."
_FILE = "An evidence pack, or a document that carries one."
Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=_OUT, show_default="standard output"),
]
_OTHER_WORDS = (
    "The document is not as it was written: what it shows may not be what was signed. To see that, make it "
    "anew: loccit evidence convert FILE --out NEW"
)
_STRANGER = "Another key has signed than those to compare with."
_GONE = ("citation_not_found", "collection_not_found")
"""Codes of a quote that does not resolve."""


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="A question in plain words.")],
    out: Out = None,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
    k: PassageCount = 5,
    where: FilterJson = "",
) -> None:
    """Answer a question, and sign the answer with all its quotes."""
    form = _form_of(out)
    with open_instance(Place(collection, data, server, key)) as instance:
        pack = instance.sign_answer(Question(question, k=k, where=parse_where(where)))
    _write(pack, out, form)


@app.command()
def check(
    text: Annotated[str, typer.Argument(help="A text with quotes and claims; - is standard input.")] = "-",
    cited: Annotated[
        list[str] | None,
        typer.Option("--cites", help="Locator of a passage that the text cites: [1] is the first."),
    ] = None,
    out: Out = None,
    collection: CollectionName = "default",
    data: Data = None,
    server: Server = "",
    key: Key = "",
) -> None:
    """Verify the quotes and claims of a text, and sign the verdicts with all quotes."""
    form = _form_of(out)
    (words,) = read_quotes(text, lines=False)
    with open_instance(Place(collection, data, server, key)) as instance:
        pack = instance.sign_verification(words, cited or [])
    _write(pack, out, form)


@app.command()
def convert(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=_FILE)],
    out: Annotated[Path, typer.Option(metavar="FILE", help=_OUT)],
) -> None:
    """Write a pack as a document to read or print, or the pack that such a document carries.

    No data is needed. What is not as it was signed is not written.
    """
    form = _form_of(out)
    found = carried(file.read_bytes())
    verified = verify_pack(found.pack)
    if not verified.holds:
        raise Unreadable(f"{file}: {verified.signature or verified.quotes[0]}")
    _write(json.loads(found.pack), out, form)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=_FILE)],
    public_keys: Annotated[
        list[str] | None,
        typer.Option("--public-key", metavar="HEX", help="Accept only packs that this key signed."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Data folder in which the key and the quotes must be."),
    ] = None,
    server: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Running service at which the key and the quotes must be."),
    ] = "",
    key: Key = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Verify the signature of a pack, and what its quotes say of themselves: no data is needed.

    Exits with status 1 if anything does not hold.
    """
    written = file.read_bytes()
    found = carried(written)
    verified = verify_pack(found.pack)
    problems = {"file": [verified.signature] if verified.signature else [], "quotes": [*verified.quotes]}
    evidence = verified.evidence
    if evidence is not None:
        if found.form != "json":
            problems["shown"] = [] if _is_shown(written, found) else [_OTHER_WORDS]
        trusted = [set(public_keys)] if public_keys else []
        if data is not None or server:
            collection = str(evidence.get("collection") or "default")
            with open_instance(Place(collection, data, server, key)) as instance:
                trusted.append({one["public_key"] for one in instance.evidence_keys()})
                problems["resolved"] = list(_unresolved(instance, evidence))
        if trusted:
            is_trusted = all(evidence["key"]["public_key"] in keys for keys in trusted)
            problems["signer"] = [] if is_trusted else [_STRANGER]
    if as_json:
        print_json({"holds": not any(problems.values()), "problems": problems, "evidence": evidence})
    else:
        _print_findings(evidence, problems)
    if any(problems.values()):
        raise typer.Exit(1)


@app.command()
def keys(data: Data = None, server: Server = "", key: Key = "", as_json: Json = False) -> None:
    """List the public keys that sign evidence, or did so."""
    with open_instance(Place("default", data, server, key)) as instance:
        known = instance.evidence_keys()
    if as_json:
        print_json({"keys": known})
        return
    for one in known:
        state = f"retired {one['retired']}" if one["retired"] else "in use"
        typer.echo(f"{one['public_key']}  {one['id']}  created {one['created']}  {state}")


@app.command()
def rotate(data: Data = None) -> None:
    """Sign with a new key from now on. What earlier keys have signed still verifies."""
    from cli.auditing import record_command
    from service.flows.evidence_packs.signing import open_signer

    with open_signer(read_settings(data)) as signer:
        made = signer.rotate()
    record_command(read_settings(data), "evidence rotate", of=made.id)
    stderr().print(f"Evidence is signed by the key {made.id} from now on. Its public key:", highlight=False)
    typer.echo(made.public_key)


def _form_of(out: Path | None) -> Form:
    """The form that the name of a new file asks for."""
    if out is not None and out.exists():
        raise typer.BadParameter(f"--out: {out} exists already. Give a new name to each pack.")
    forms: Mapping[str, Form] = {".docx": "word", ".html": "html", ".htm": "html"}
    return "json" if out is None else forms.get(out.suffix.lower(), "json")


def _write(pack: Mapping[str, Any], out: Path | None, form: Form) -> None:
    """Write a pack to a new file, or to standard output."""
    if out is None:
        print_json(pack)
        return
    written = write_document(dict(pack), form)
    with out.open("xb") as file:
        file.write(written)
    evidence = pack["evidence"]
    told = f"signed by the key {evidence['key']['id']}, with {len(evidence['quotes'])} quotes"
    stderr().print(f"Wrote {out}, {told}.", markup=False, highlight=False, soft_wrap=True)


def _is_shown(written: bytes, found: Carried) -> bool:
    """Tell whether a document shows what its pack says, in the language that it names."""
    from service.faces.pages.languages import ENGLISH, LANGUAGES

    language = LANGUAGES.get(found.language, ENGLISH)
    return is_shown(written, found, json.loads(found.pack), language.t)


def _unresolved(instance: Instance, evidence: Mapping[str, Any]) -> Iterator[str]:
    """The quotes that do not resolve, or not to the same words, with the reason."""
    for quote in evidence["quotes"]:
        try:
            found = instance.cite(quote["locator"])
        except LoccitError as error:
            if error.code not in _GONE:
                raise
            yield f"{quote['locator']}: {error.code}"
        else:
            if found["quote"] != quote["quote"] or found["text_sha256"] != quote["text_sha256"]:
                yield f"{quote['locator']}: other words stand there"


_MEANING = {
    "file": "the signature holds: the evidence is as it was signed",
    "shown": "the document shows what the evidence says",
    "signer": "the key is one of those to compare with",
    "quotes": "each quote has the hash, the length and the locator that the pack states",
    "resolved": "each quote resolves to the same words",
}


def _print_findings(evidence: Mapping[str, Any] | None, problems: Mapping[str, Sequence[str]]) -> None:
    for name, meaning in _MEANING.items():
        for line in problems.get(name, ()):
            _print_line("failed", line, "red")
        if problems.get(name) == [] and evidence is not None:
            _print_line("holds", meaning, "green")
    if evidence is None:
        return
    if "signer" not in problems:
        _print_line("unknown", "who signed: give --public-key, --server or --data to compare", "yellow")
    for name, value in (
        ("key", evidence["key"]["public_key"]),
        ("created", evidence.get("created")),
        ("loccit", evidence.get("loccit")),
        ("collection", evidence.get("collection")),
        ("question", _member(evidence.get("answer"), "question")),
        ("text", _member(evidence.get("verification"), "text")),
        ("quotes", len(evidence["quotes"])),
    ):
        if value is not None:
            _print_line(name, value)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _print_line(name: str, value: object, colour: str = "") -> None:
    """Print a value of a file that anybody may have made, without what a terminal would obey."""
    shown = value if isinstance(value, str) and value.isprintable() else repr(value)
    print_line(f"{name:11}{shown}", style=colour)
