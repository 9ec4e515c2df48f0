"""``loccit convert`` and ``loccit quantize``: write the model in another form."""

from pathlib import Path

import typer

from cli.terminal.consoles import stdout
from index.collection import Collection
from index.embedding import convert_model, quantize_model
from service.settings import Settings

_TEXTS = 1000
"""Number of passages to calibrate and measure on."""


def convert_to(folder: Path, settings: Settings) -> None:
    """Write the model as graphs to a new or empty folder, and print how to use it."""
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise typer.BadParameter(f"{folder} is not an empty folder. Give one that is empty or new.")
    console = stdout()
    with console.status("converting the model; this takes some seconds"):
        convert_model(settings.model, folder, download=settings.model_download)
    console.print(
        f"Wrote the graphs of {settings.model} to {folder}. Set LOCCIT_MODEL={folder} to use them.",
        highlight=False,
    )


def quantize_with(collection: Collection, settings: Settings) -> None:
    """Quantize the model on passages of a collection, and print how its vectors differ from fp32."""
    console = stdout()
    with console.status("calibrating on passages of the collection; this takes about a minute"):
        loss = quantize_model(
            settings.model,
            collection.sample_texts(_TEXTS),
            download=settings.model_download,
            config=settings.embedding_config(),
        )
    console.print(
        f"On {loss.texts} other passages: cosine with fp32 {loss.mean_cosine:.4f} on average, "
        f"{loss.least_cosine:.4f} at least; {loss.neighbours_kept:.1%} of the ten nearest passages of each "
        "stay among them.\n"
        "Set LOCCIT_PRECISION=int8 and ingest the documents into a new collection to use it.",
        highlight=False,
    )
