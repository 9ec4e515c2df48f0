"""A cross-encoder whose tokens are words, and which says that windows with a certain word answer."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import BertProcessing

from index.search.cross_encoder.encoding import Encoder
from index.search.cross_encoder.model import CrossEncoder

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
YES, NO = 5.0, -5.0


def tokenizer(texts: Iterable[str]) -> Tokenizer:
    """A tokenizer that knows the words of these texts."""
    splitter = Whitespace()
    known = {word.lower(): None for text in texts for word, _ in splitter.pre_tokenize_str(text)}
    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *known))}
    made = Tokenizer(WordLevel(vocabulary, unk_token=SPECIAL[1]))
    made.normalizer = Lowercase()  # type: ignore[assignment]
    made.pre_tokenizer = splitter  # type: ignore[assignment]
    made.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))  # type: ignore[assignment]
    return made


class WordRuntime:
    """Says yes to windows, and to tokens, that are a certain word behind the question; counts its runs."""

    def __init__(self, word: int) -> None:
        self._word = word
        self.batches: list[int] = []

    def run(self, inputs: dict[str, NDArray[np.int64]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        ids, types = inputs["input_ids"], inputs["token_type_ids"]
        self.batches.append(len(ids))
        has = (ids == self._word) & (types == 1)
        windows = np.zeros((len(ids), 4), np.float32)
        windows[:, 0] = np.where(has.any(axis=1), YES, NO)
        tokens = np.zeros((*ids.shape, 3), np.float32)
        tokens[:, :, 0] = np.where(has, 50.0, NO)
        return windows, tokens


def cross_encoder(word: str, texts: Iterable[str], *, max_tokens: int = 192) -> CrossEncoder:
    """A cross-encoder that says yes to what has this word."""
    made = tokenizer([word, *texts])
    runtime = WordRuntime(made.token_to_id(word.lower()))
    return CrossEncoder(f"toy:{zlib.crc32(word.encode())}", Encoder(made, max_tokens), runtime, "fp32")
