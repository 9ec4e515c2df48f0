"""``loccit quantize``."""

from __future__ import annotations

from rich.console import Console

from index.collection import Collection
from index.embedding import quantize_model
from service.settings import Settings

console = Console()

_TEXTS = 1000
"""Passages that are calibrated and measured on."""


def quantized(collection: Collection, settings: Settings) -> None:
    """Make the model one of 8-bit integers, by passages of a collection; print what that costs."""
    with console.status("calibrating on passages of the collection; this takes about a minute"):
        loss = quantize_model(
            settings.model,
            collection.sample_texts(_TEXTS),
            download=settings.model_download,
            config=settings.embedding_config(),
        )
    console.print(
        f"On {loss.texts} other passages: cosine with fp32 {loss.mean_cosine:.4f} on average, "
        f"{loss.least_cosine:.4f} at least; {loss.kept:.1%} of the ten nearest passages of each stay among "
        "them.\nSet LOCCIT_PRECISION=int8 and take the documents into a new collection to use it.",
        highlight=False,
    )
