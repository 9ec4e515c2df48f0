"""The cross-encoder: four heads on a small BERT, and its loss."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from training.cross_encoder.encoding import UNKNOWN, Batch

CLAIM_LABELS = 3
_SENTENCE, _START, _END = range(3)
_FEWEST = -1e4


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each head's loss counts."""

    answers: float = 1.0
    sentences: float = 0.6
    span: float = 0.25
    claims: float = 0.6


@dataclass(slots=True)
class Scores:
    """What the model says of a batch, as logits."""

    answers: Tensor
    claims: Tensor
    tokens: Tensor
    """For each token: does its sentence answer, does the answer start here, does it end here."""


class CrossEncoder(nn.Module):
    """Reads a question and a window, and says whether and where the window answers.

    A sentence's logit is the mean of its tokens' logits, so that the exported graph needs no sentences.
    """

    def __init__(self, encoder: nn.Module, size: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.pooled = nn.Linear(size, size)
        self.answers = nn.Linear(size, 1)
        self.claims = nn.Linear(size, CLAIM_LABELS)
        self.tokens = nn.Linear(size, 3)

    @classmethod
    def from_folder(cls, folder: Path, *, layers: int = 0) -> CrossEncoder:
        """Start from an embedding model; ``layers`` keeps only its first ones."""
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        config.attention_probs_dropout_prob = 0.0
        config.hidden_dropout_prob = 0.0
        if layers:
            config.num_hidden_layers = layers
        encoder = AutoModel.from_pretrained(
            folder, config=config, attn_implementation="eager", add_pooling_layer=False, local_files_only=True
        )
        return cls(encoder, int(config.hidden_size))

    def freeze_words(self) -> None:
        """Keep the vectors of words as they are, so that rare words keep their place."""
        embeddings: Any = self.encoder.embeddings
        embeddings.word_embeddings.weight.requires_grad = False

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Scores:
        """Compute the logits of each head."""
        return self.read(self.words(ids), types, mask)

    def words(self, ids: Tensor) -> Tensor:
        """The vectors of tokens, without those of their positions and types."""
        embeddings: Any = self.encoder.embeddings
        found: Tensor = embeddings.word_embeddings(ids)
        return found

    def read(self, words: Tensor, types: Tensor, mask: Tensor) -> Scores:
        """Compute the logits of each head from the vectors of tokens."""
        hidden = self.encoder(
            inputs_embeds=words, token_type_ids=types, attention_mask=mask
        ).last_hidden_state
        pooled = torch.tanh(self.pooled(hidden[:, 0]))
        return Scores(self.answers(pooled)[:, 0], self.claims(pooled), self.tokens(hidden))


def sentence_logits(scores: Scores, batch: Batch) -> Tensor:
    """The mean of the logits of each sentence's tokens, of shape (samples, sentences)."""
    count, most = batch.sentence_labels.shape
    number = torch.from_numpy(batch.sentence_of)
    slots = torch.where(number < 0, most, number)
    logits = scores.tokens[:, :, _SENTENCE].float()
    zeros = torch.zeros(count, most + 1)
    total = zeros.scatter_add(1, slots, logits)
    tokens = zeros.scatter_add(1, slots, torch.ones_like(logits))
    return (total / tokens.clamp(min=1))[:, :most]


def span_logits(scores: Scores, batch: Batch) -> tuple[Tensor, Tensor]:
    """The logits of first and last token of an answer, among the tokens of sentences and [CLS] for none."""
    allowed = torch.from_numpy(batch.sentence_of >= 0)
    allowed[:, 0] = True
    logits = scores.tokens[:, :, _START:].float().masked_fill(~allowed[:, :, None], _FEWEST)
    return logits[:, :, 0], logits[:, :, 1]


def losses(scores: Scores, batch: Batch, weights: Weights) -> dict[str, Tensor]:
    """The loss of each head, weighted; a head without labels in the batch has none."""
    found: dict[str, Tensor] = {}
    answers = torch.from_numpy(batch.answers)
    if (known := answers != UNKNOWN).any():
        found["answers"] = weights.answers * nn.functional.binary_cross_entropy_with_logits(
            scores.answers.float()[known], answers[known].float()
        )
    labels = torch.from_numpy(batch.sentence_labels)
    if (known := labels != UNKNOWN).any():
        found["sentences"] = weights.sentences * nn.functional.binary_cross_entropy_with_logits(
            sentence_logits(scores, batch)[known], labels[known].float()
        )
    if (batch.starts != UNKNOWN).any():
        starts, ends = span_logits(scores, batch)
        first, last = (
            nn.functional.cross_entropy(logits, torch.from_numpy(wanted), ignore_index=UNKNOWN)
            for logits, wanted in ((starts, batch.starts), (ends, batch.ends))
        )
        found["span"] = weights.span * (first + last)
    if (batch.claims != UNKNOWN).any():
        found["claims"] = weights.claims * nn.functional.cross_entropy(
            scores.claims.float(), torch.from_numpy(batch.claims), ignore_index=UNKNOWN
        )
    return found


def inputs(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """The tensors that the model reads."""
    return torch.from_numpy(batch.ids), torch.from_numpy(batch.types), torch.from_numpy(batch.mask)
