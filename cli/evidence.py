"""``loccit evidence``: make, verify and sign evidence packs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.instances import Instance, Place, Question, open_instance
from cli.options import CollectionName, Data, FilterJson, Json, Key, PassageCount, Server, read_settings
from cli.questions import parse_where, read_quotes
from cli.terminal.consoles import stderr, stdout
from cli.terminal.output import print_json
from index.errors import LoccitError
from service.flows.evidence_packs.pack import verify_pack

if TYPE_CHECKING:
    from service.flows.evidence_packs.signing import Signer

app = typer.Typer(
    help="Sign answers and verdicts as files that anybody can verify.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Out = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="New file to write the pack to.", show_default="standard output"),
]
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
    _require_new(out)
    with open_instance(Place(collection, data, server, key)) as instance:
        pack = instance.sign_answer(Question(question, k=k, where=parse_where(where)))
    _write(pack, out)


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
    _require_new(out)
    (words,) = read_quotes(text, lines=False)
    with open_instance(Place(collection, data, server, key)) as instance:
        pack = instance.sign_verification(words, cited or [])
    _write(pack, out)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An evidence pack.")],
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
    verified = verify_pack(file.read_bytes())
    problems = {"file": [verified.signature] if verified.signature else [], "quotes": [*verified.quotes]}
    evidence = verified.evidence
    if evidence is not None:
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

    with _signer(data) as signer:
        made = signer.rotate()
    record_command(read_settings(data), "evidence rotate", of=made.id)
    stderr().print(f"Evidence is signed by the key {made.id} from now on. Its public key:", highlight=False)
    typer.echo(made.public_key)


@contextmanager
def _signer(data: Data) -> Iterator[Signer]:
    from service.flows.evidence_packs.signing import open_signer

    with open_signer(read_settings(data)) as signer:
        yield signer


def _require_new(out: Path | None) -> None:
    if out is not None and out.exists():
        raise typer.BadParameter(f"--out: {out} exists already. Give a new name to each pack.")


def _write(pack: Mapping[str, Any], out: Path | None) -> None:
    """Write a pack to a new file, or to standard output."""
    if out is None:
        print_json(pack)
        return
    text = json.dumps(pack, ensure_ascii=False, indent=2)
    with out.open("x", encoding="utf-8", newline="\n") as file:
        file.write(f"{text}\n")
    evidence = pack["evidence"]
    told = f"signed by the key {evidence['key']['id']}, with {len(evidence['quotes'])} quotes"
    stderr().print(f"Wrote {out}, {told}.", markup=False, highlight=False, soft_wrap=True)


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
    "file": "the signature holds: the file is as it was signed",
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
    stdout().print(f"{name:11}{shown}", style=colour, markup=False, highlight=False, soft_wrap=True)
