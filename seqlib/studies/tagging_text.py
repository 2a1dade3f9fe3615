"""A class for every word: networks that read words and their letters, and a bigram model to beat.

Every kind of word has a number of its own, also those that only the test part holds: a number leads to the word's
spelling, and to its row in the table of embeddings, which is that of <unk> for a word that was never trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.data.windows import Vocabulary, pad_batch
from seqlib.models.bidirectional import Bidirectional
from seqlib.studies.judging_reviews import similar_lengths, word_table
from seqlib.training.train import History, train

__all__ = ["Lexicon", "Letters", "SpelledWords", "Tagger", "say_tags", "train_tagger"]

IGNORE, UNKNOWN, LETTERS = -100, 1, 16  # letters read of each word: the first and the last eight of a longer one


@dataclass(frozen=True)
class Lexicon:
    """Words by number: `kinds` numbers every word there is, `words` those of the training part, `letters` theirs.

    rows (K,) is the word's id in `words`, spelling (K, LETTERS) its letters' ids, counts (V,) how often each of
    `words` stands in the training part; number 0 is the padding.
    """

    kinds: Vocabulary
    words: Vocabulary
    letters: Vocabulary
    tags: Vocabulary
    rows: torch.Tensor
    spelling: torch.Tensor
    counts: torch.Tensor

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], tags: Sequence[str], also: Sequence[Sequence[str]] = ()) -> Lexicon:
        """From the training sentences; `also` gives more words a number (and a spelling), and nothing else."""
        counts = Counter(word for sentence in sentences for word in sentence)
        words, letters = Vocabulary.build(sentences), Vocabulary.build(counts)
        kinds = Vocabulary(dict.fromkeys(["<pad>", *counts, *(word for sentence in also for word in sentence)]))
        short = [w if len(w) <= LETTERS else w[: LETTERS // 2] + w[-LETTERS // 2 :] for w in kinds.tokens[1:]]
        spelling = pad_batch([[0], *(letters.encode(word) for word in short)], length=LETTERS)[0]
        rows = np.concatenate([[0], words.encode(kinds.tokens[1:])])
        often = [counts.get(word, 0) for word in words.tokens]
        tables = (torch.from_numpy(rows), torch.from_numpy(spelling), torch.tensor(often))
        return cls(kinds, words, letters, Vocabulary(tags), *tables)

    def encode(self, sentences: Sequence[Sequence[str]]) -> torch.Tensor:
        """Numbers, int64 (N, T), 0 at the padding."""
        return torch.from_numpy(pad_batch([self.kinds.encode(sentence) for sentence in sentences])[0])

    def encode_tags(self, tags: Sequence[Sequence[str]]) -> torch.Tensor:
        """Classes, int64 (N, T), -100 at the padding."""
        return torch.from_numpy(pad_batch([self.tags.encode(row) for row in tags], pad=IGNORE)[0])


class Letters(nn.Module):
    """What the letters of words say: numbers (B, T) -> (B, T, F), each kind of word in the batch read once.

    spelling (K, LETTERS) are the letters' ids of every kind of word, 0 where there is none. A convolution reads three
    letters at a time and keeps, of each filter, the largest response. Source: dos Santos and Zadrozny 2014, §2.1.
    """

    def __init__(self, spelling: torch.Tensor, count: int, filters: int, width: int = 24, dropout: float = 0.33):
        super().__init__()
        self.table = nn.Embedding(count, width, padding_idx=0)
        self.filter = nn.Conv1d(width, filters, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("spelling", spelling, persistent=False)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        kinds, places = numbers.unique(return_inverse=True)
        letters = self.spelling[kinds]
        letters = letters[:, : int((letters != 0).sum(dim=1).max().clamp(min=1))]
        found = self.filter(self.dropout(self.table(letters)).transpose(1, 2)).relu()
        return found.masked_fill((letters == 0)[:, None], 0).amax(dim=2)[places]


def sometimes_unknown(rows: torch.Tensor, counts: torch.Tensor, drop: float, unknown: int = UNKNOWN) -> torch.Tensor:
    """Words made <unk> with the chance drop / (drop + count), padding never. Kiperwasser and Goldberg 2016, §4."""
    chance = drop / (drop + counts[rows])
    return torch.where((torch.rand(rows.shape, device=rows.device) < chance) & (rows > 0), unknown, rows)


class SpelledWords(nn.Embedding):
    """A table of words that reads their letters too: numbers (B, T) of kinds of words -> vectors (B, T, D).

    rows (K,) is each kind's row in the table, spelling (K, LETTERS) its letters, counts (V,) how often a row's word
    stands in the training part. Any encoder's table can be changed for one; `weight` (V, D) stays the words' alone.
    """

    def __init__(self, rows, spelling, counts, count, width, filters=96, drop=0.25, dropout=0.33, unknown=UNKNOWN):
        super().__init__(len(counts), width, padding_idx=0)
        self.letters = Letters(spelling, count, filters, dropout=dropout)
        self.join, self.drop, self.unknown = nn.Linear(filters, width, bias=False), drop, unknown
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("counts", counts, persistent=False)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        rows = self.rows[numbers]
        if self.training and self.drop:
            rows = sometimes_unknown(rows, self.counts, self.drop, self.unknown)
        return super().forward(rows) + self.join(self.letters(numbers))


class Tagger(nn.Module):
    """Words and, if wanted, letters through a convolution; a recurrent layer one way or both; a readout at each word.

    forward(numbers (B, T)) -> logits (B, T, C). In training a rare word becomes <unk> now and then; its letters stay.
    """

    def __init__(
        self, lexicon: Lexicon, width=64, hidden_size=128, filters=96, two_way=True, dropout=0.33, drop=0.25,
        letter_width=24, scale=1.0,
    ):  # fmt: skip
        super().__init__()
        self.embedding = word_table(len(lexicon.words), width, scale)
        letters = (lexicon.spelling, len(lexicon.letters), filters, letter_width, dropout)
        self.letters = Letters(*letters) if filters else None
        size = width + filters
        self.ahead = nn.LSTM(size, hidden_size, batch_first=True)
        self.back = nn.LSTM(size, hidden_size, batch_first=True) if two_way else None
        self.readout = nn.Linear(hidden_size * (1 + two_way), len(lexicon.tags))
        self.dropout, self.drop = nn.Dropout(dropout), drop
        for name in ("rows", "counts"):
            self.register_buffer(name, getattr(lexicon, name), persistent=False)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        expect.tokens(numbers, "numbers", "B*", "T")
        expect.padded_at_the_end(numbers, 0, "numbers")
        rows = self.rows[numbers]
        if self.training and self.drop:
            rows = sometimes_unknown(rows, self.counts, self.drop)
        parts = [self.embedding(rows)] + ([self.letters(numbers)] if self.letters is not None else [])
        x = self.dropout(torch.cat(parts, dim=2))
        lengths = (numbers != 0).sum(dim=1)
        states = self.ahead(x)[0] if self.back is None else Bidirectional(self.ahead, self.back)(x, lengths)[0]
        return self.readout(self.dropout(states))


def train_tagger(
    model: nn.Module, numbers: torch.Tensor, tags: torch.Tensor, steps: int, lr: float = 4e-3, seed: int = 0,
    batch: int = 32, name: str | None = None, **options,
) -> History:  # fmt: skip
    """Train with AdamW, the rate falling to zero along a line, gradients clipped at norm 1; nats per word."""
    lengths = (numbers != 0).sum(dim=1).numpy()
    rows = similar_lengths(lengths, batch, seed)

    def sampler(step):
        chosen = rows(step)
        longest = lengths[chosen].max()
        return numbers[chosen, :longest], tags[chosen, :longest]

    def loss(model, batch):
        expect.some(batch[1] != IGNORE)
        return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten(), ignore_index=IGNORE)

    return train(
        model, sampler, steps, lr=lr, clip=1.0, loss=loss, schedule=lambda step: 1 - step / steps, name=name, **options
    )


def say_tags(model: nn.Module, numbers: torch.Tensor, batch: int = 128) -> torch.Tensor:
    """The likeliest class of each word, int64 (N, T), in evaluation mode; what stands at the padding means nothing."""
    training, said = model.training, torch.zeros_like(numbers)
    lengths, where = (numbers != 0).sum(dim=1), next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        for rows in lengths.argsort().split(batch):
            longest = int(lengths[rows].max())
            said[rows, :longest] = model(numbers[rows, :longest].to(where)).argmax(dim=2).to(said.device)
    model.train(training)
    return said
