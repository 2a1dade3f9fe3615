"""Is this review in favour? Networks that read a sentence and give one answer, how they are trained, and counting.

Tokens are ids (B, T), 0 at the padding, which stands at the right. Masks (B, T): True = a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.data.windows import Vocabulary, pad_batch
from seqlib.models.bidirectional import Bidirectional
from seqlib.training.train import History, train

__all__ = [
    "POOLS", "Reviewer", "WordModel", "as_rows", "probability", "read_before", "similar_lengths", "train_reviews",
    "word_table",
]  # fmt: skip

UNKNOWN = 1


def _mean(states, mask, last):
    return (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)


def _largest(states, mask, last):
    return states.masked_fill(~mask[:, :, None], -torch.inf).amax(dim=1)


# What is kept of all states (B, T, H): pool(states, mask, last) -> (B, H); `last` is the state that has read it all.
POOLS: dict[str, Callable] = {"last": lambda states, mask, last: last, "mean": _mean, "max": _largest}


def as_rows(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> torch.Tensor:
    """Sentences as ids, int64 (N, T), padded with 0."""
    return torch.from_numpy(pad_batch([vocabulary.encode(sentence) for sentence in sentences])[0])


def similar_lengths(lengths, batch: int, seed: int = 0) -> Callable[[int], np.ndarray]:
    """Batches of rows of about the same length, so that little padding is read: a function from the step to rows.

    Each epoch has its own order, drawn from (seed, epoch), and each row comes once in it; no state is kept.
    """
    lengths = np.asarray(lengths)
    per_epoch = -(-len(lengths) // batch)

    def rows(step: int) -> np.ndarray:
        epoch, k = divmod(step, per_epoch)
        rng = np.random.default_rng([seed, epoch])
        order = np.argsort(lengths + rng.random(len(lengths)) * 3)  # lengths that differ by less may change places
        first = int(rng.permutation(per_epoch)[k]) * batch
        return order[first : first + batch]

    return rows


def word_table(size: int, width: int, scale: float) -> nn.Embedding:
    """A table of vectors that begin with a spread of `scale`; PyTorch's own is 1.

    In real text most words are rare: a vector that is met a few times stays near where it began, so it should begin
    small, or it is mostly noise.
    """
    table = nn.Embedding(size, width, padding_idx=0)
    with torch.no_grad():
        table.weight *= scale
    return table


class Reviewer(nn.Module):
    """Words, a recurrent layer (or one for each direction), what a pool keeps of its states, and a readout.

    forward(tokens (B, T)) -> logits (B, 2). `pools` names what is kept, or gives the functions; several stand side by
    side. `layer` is called with (width, hidden_size, batch_first=True).
    """

    def __init__(
        self, vocabulary_size, width, hidden_size, pools=("last",), two_way=False, dropout=0.0, layer=nn.LSTM,
        drop_words=0.0, scale=1.0,
    ):  # fmt: skip
        super().__init__()
        self.embedding = word_table(vocabulary_size, width, scale)
        self.ahead = layer(width, hidden_size, batch_first=True)
        self.back = layer(width, hidden_size, batch_first=True) if two_way else None
        self.pools = [POOLS.get(pool, pool) for pool in pools]
        self.dropout, self.drop_words = nn.Dropout(dropout), drop_words
        self.readout = nn.Linear(len(pools) * hidden_size * (1 + two_way), 2)

    def states(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Every state (B, T, H or 2H), and what has read everything (B, H or 2H)."""
        expect.tokens(tokens, "tokens", "B*", "T")
        expect.padded_at_the_end(tokens, 0, "tokens", empty=False)
        lengths = (tokens != 0).sum(dim=1)
        x = self.dropout(self.embedding(tokens))
        if self.back is not None:
            return Bidirectional(self.ahead, self.back)(x, lengths)
        states = self.ahead(x)[0]
        return states, states[torch.arange(len(x), device=x.device), lengths - 1]

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        mask = tokens != 0
        if self.training and self.drop_words:
            dropped = torch.rand(tokens.shape, device=tokens.device) < self.drop_words
            tokens = torch.where(mask & dropped, UNKNOWN, tokens)
        states, last = self.states(tokens)
        kept = torch.cat([pool(states, mask, last) for pool in self.pools], dim=1)
        return self.readout(self.dropout(kept))


def train_reviews(
    model: nn.Module, tokens: torch.Tensor, labels, steps: int, lr: float, seed: int = 0, batch: int = 32, name=None
) -> History:
    """Train with AdamW, the rate falling to zero along a line, gradients clipped at norm 1."""
    lengths, labels = (tokens != 0).sum(dim=1).numpy(), torch.as_tensor(labels)
    rows = similar_lengths(lengths, batch, seed)

    def sampler(step):
        chosen = rows(step)
        return tokens[chosen, : lengths[chosen].max()], labels[chosen]

    return train(model, sampler, steps, lr=lr, clip=1.0, schedule=lambda step: 1 - step / steps, name=name)


def probability(model: nn.Module, tokens: torch.Tensor, batch: int = 256) -> np.ndarray:
    """The chance of "positive" for each row, (N,), in evaluation mode."""
    training, where = model.training, next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        said = [
            model(part[:, : int((part != 0).sum(dim=1).max())].to(where)).softmax(dim=1)[:, 1].cpu()
            for part in tokens.split(batch)
        ]
    model.train(training)
    return torch.cat(said).double().numpy()


# -- a language model on the same text -------------------------------------------------------------------------------


class WordModel(nn.Module):
    """A language model in each direction, on a reviewer's own embedding and layers: what comes next, what came before?

    loss(tokens) is the mean of both directions' nats per word.
    """

    def __init__(self, reviewer: Reviewer, vocabulary_size: int):
        super().__init__()
        self.reviewer = reviewer
        sizes = reviewer.ahead.hidden_size, vocabulary_size
        self.next, self.before = nn.Linear(*sizes), nn.Linear(*sizes)

    def loss(self, tokens: torch.Tensor) -> torch.Tensor:
        reviewer, hidden = self.reviewer, self.reviewer.ahead.hidden_size
        states, _ = reviewer.states(tokens)
        ahead, back = reviewer.dropout(states).split(hidden, dim=2)
        real = tokens[:, 1:] != 0
        expect.some(real, "review of two words or more")
        nexts = F.cross_entropy(self.next(ahead[:, :-1][real]), tokens[:, 1:][real])
        befores = F.cross_entropy(self.before(back[:, 1:][real]), tokens[:, :-1][real])
        return (nexts + befores) / 2


def read_before(
    reviewer: Reviewer, tokens: torch.Tensor, steps: int, lr: float, seed: int = 0, batch: int = 32
) -> History:
    """Train a two-way reviewer's embedding and layers as language models; its readout stays as it is.

    Source: Dai and Le 2015, §2.2.
    """
    model = WordModel(reviewer, reviewer.embedding.num_embeddings)
    lengths = (tokens != 0).sum(dim=1).numpy()
    rows = similar_lengths(lengths, batch, seed + 1000)

    def sampler(step):
        chosen = rows(step)
        return (tokens[chosen, : lengths[chosen].max()],)

    return train(
        model, sampler, steps, lr=lr, clip=1.0, loss=lambda model, batch: model.loss(batch[0]),
        schedule=lambda step: 1 - step / steps, name=None,
    )  # fmt: skip
