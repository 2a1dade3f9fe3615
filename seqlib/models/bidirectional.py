"""Reading from both ends: a recurrent layer for each direction, side by side, with padding at the right.

Throughout: batch first, x (B, T, D), lengths (B,) of real steps, states (B, T, 2H). Padding changes no number.
"""

import torch
from torch import nn

from seqlib import expect

__all__ = ["Bidirectional", "BidirectionalEncoder", "reverse_padded"]

LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def reverse_padded(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The first lengths[b] steps of each row in the opposite order; the padding after them stays where it is.

    x (B, T, ...), lengths (B,). Turning the whole row round would put the padding first, and the layer would read it.
    """
    lengths = _lengths(x, lengths)[:, None]
    steps = torch.arange(x.shape[1], device=x.device)
    places = torch.where(steps < lengths, lengths - 1 - steps, steps)
    return x[torch.arange(len(x), device=x.device)[:, None], places]


def _lengths(x: torch.Tensor, lengths) -> torch.Tensor:
    """The lengths (B,) on the device of x, 1 to T; their numbers are looked at on the CPU only: a GPU would wait."""
    batch, steps, *_ = expect.shape(x, "x", "B*", "T", *("…" for _ in range(max(0, getattr(x, "ndim", 2) - 2))))
    lengths = torch.as_tensor(lengths)
    expect.shape(lengths, "lengths", batch, kind="whole")
    if lengths.device.type == "cpu" and batch and not 1 <= int(lengths.min()) <= int(lengths.max()) <= steps:
        raise ValueError(f"lengths should lie between 1 and {steps}, the steps of x, got {lengths.tolist()}")
    return lengths.to(x.device)


def _one_way(layer, name: str) -> None:
    """A recurrent layer for one direction: of PyTorch's, which can do more, one that reads the batch first."""
    expect.function(layer, name)
    if isinstance(layer, nn.RNNBase) and (not layer.batch_first or layer.bidirectional or layer.num_layers != 1):
        found = f"batch_first={layer.batch_first}, bidirectional={layer.bidirectional}, num_layers={layer.num_layers}"
        raise ValueError(f"{name} should read the batch first, one way, in one layer, got {found}")


class Bidirectional(nn.Module):
    """Two recurrent layers, one for each direction; the states of both at every step, side by side.

    Each layer is called with x (B, T, D) and gives its states (B, T, H) first: those of models.layers do, and so does
    nn.LSTM(D, H, batch_first=True). forward(x, lengths=None) -> states (B, T, 2H), zero at the padding, and last
    (B, 2H): the forward layer's state at the last real step beside the backward layer's at the first, each of which
    has read everything. Equal to nn.LSTM(..., bidirectional=True) on a packed sequence.
    Source: Schuster and Paliwal 1997, §II; Graves and Schmidhuber 2005, §2.
    """

    def __init__(self, ahead: nn.Module, back: nn.Module):
        super().__init__()
        for name, layer in (("ahead", ahead), ("back", back)):
            _one_way(layer, name)
        sizes = getattr(ahead, "input_size", None), getattr(back, "input_size", None)
        if sizes[0] != sizes[1] and None not in sizes:
            raise ValueError(f"ahead and back should read the same size, got {sizes[0]} and {sizes[1]}")
        self.ahead, self.back = ahead, back

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        batch, steps, _ = expect.shape(x, "x", "B*", "T", "D", kind="float")
        lengths = torch.full((batch,), steps, device=x.device) if lengths is None else _lengths(x, lengths)
        ahead = self.ahead(x)[0]
        back = reverse_padded(self.back(reverse_padded(x, lengths))[0], lengths)
        real = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        states = torch.cat([ahead, back], dim=2) * real[:, :, None]
        last = ahead[torch.arange(len(x), device=x.device), lengths - 1]
        return states, torch.cat([last, back[:, 0]], dim=1)


class BidirectionalEncoder(nn.Module):
    """Tokens to states that know both sides: an embedding, then `layers` bidirectional layers.

    forward(tokens (B, T)) -> states (B, T, 2H); `pad` marks padding, at the right of each row only.
    `layer` is "rnn", "gru" or "lstm". The same call as a Transformer's encoder, so that either fits the same heads.
    """

    def __init__(
        self,
        vocabulary_size: int,
        embedding_size: int,
        hidden_size: int,
        layers: int = 1,
        layer: str = "lstm",
        dropout: float = 0.0,
        pad: int = 0,
    ):
        super().__init__()
        expect.one_of(layer, "layer", tuple(LAYERS))
        expect.wholes(vocabulary_size=vocabulary_size, embedding_size=embedding_size, hidden_size=hidden_size)
        expect.whole(layers, "layers", 1)
        expect.whole(pad, "pad", 0, vocabulary_size - 1)
        expect.probability(dropout, "dropout")
        sizes = [embedding_size] + [2 * hidden_size] * (layers - 1)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=pad)
        self.layers = nn.ModuleList(
            Bidirectional(*(LAYERS[layer](size, hidden_size, batch_first=True) for _ in range(2))) for size in sizes
        )
        self.dropout, self.pad = nn.Dropout(dropout), pad

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        expect.tokens(tokens, "tokens", "B*", "T")
        expect.padded_at_the_end(tokens, self.pad, "tokens")
        lengths = (tokens != self.pad).sum(dim=1)
        x = self._embedded(tokens)
        for layer in self.layers:
            x, _ = layer(self.dropout(x), lengths)
        return x

    def _embedded(self, tokens: torch.Tensor) -> torch.Tensor:
        try:
            return self.embedding(tokens)
        except IndexError:
            expect.known(tokens, self.embedding.num_embeddings, "tokens")
            raise
