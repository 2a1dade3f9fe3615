"""Encoder and decoder, recurrent, without and with attention. Built in 10 and 11.

Throughout: source (B, S) and target (B, T) are token numbers, padded with PAD_ID, 0; a state is a tuple of tensors
(B, H): (h,) of an RNN or GRU, (h, c) of an LSTM. `begin` and `step` are what seqlib.models.generate asks for.
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlib.data.pairs import PAD_ID
from seqlib.models.attention import masked_softmax

__all__ = ["AttentionDecoder", "AttentionSeq2Seq", "Decoder", "Encoder", "RECURRENT", "Seq2Seq", "run"]

RECURRENT = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def run(layer: nn.Module, x: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple]:
    """torch's layer over x (B, T, D) from a state with the batch first: all h (B, T, H) and the last state."""
    first = tuple(part[None].contiguous() for part in state)
    states, last = layer(x, first if len(first) > 1 else first[0])
    return states, tuple(part[0] for part in (last if isinstance(last, tuple) else (last,)))


class Encoder(nn.Module):
    """Reads the source: every state (B, S, M), and the last one at a real token (B, M), M = H or 2H.

    Packing keeps the padding out of both directions. Source: Cho et al. 2014, §2.2. Written in 10.
    """

    def __init__(self, vocabulary_size, embedding_size, hidden_size, layer="gru", bidirectional=False):
        super().__init__()
        self.size = hidden_size * (1 + bidirectional)
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True, bidirectional=bidirectional)

    def forward(self, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        lengths = (source != PAD_ID).sum(dim=1).cpu()
        packed = pack_padded_sequence(self.embedding(source), lengths, batch_first=True, enforce_sorted=False)
        states, last = self.recurrent(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])
        h = last[0] if isinstance(last, tuple) else last
        return states, h.transpose(0, 1).flatten(1)


class Decoder(nn.Module):
    """Writes the target: a state that begins as tanh(context W + b), and the logits that it gives at each step.

    forward(tokens (B, T), state) → logits (B, T, V), state: T = 1 when it runs free, all of the target (shifted)
    under teacher forcing. Source: Sutskever et al. 2014, §2. Written in 10.
    """

    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context: torch.Tensor) -> tuple:
        return torch.tanh(self.from_context(context)).chunk(self.parts, dim=1)

    def forward(self, tokens: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple]:
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states), state


class Seq2Seq(nn.Module):
    """An encoder and a decoder, joined by one context vector: the first context_size numbers of the state, or all.

    forward(source, target_in) → logits (B, T, V). Written in 10.
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, context_size: int | None = None):
        super().__init__()
        self.encoder, self.decoder, self.context_size = encoder, decoder, context_size

    def begin(self, source: torch.Tensor) -> tuple:
        _, last = self.encoder(source)
        return self.decoder.begin(last[:, : self.context_size])

    def forward(self, source: torch.Tensor, target_in: torch.Tensor) -> torch.Tensor:
        return self.decoder(target_in, self.begin(source))[0]

    def step(self, tokens: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple]:
        logits, state = self.decoder(tokens[:, None], state)
        return logits[:, 0], state


class AttentionDecoder(nn.Module):
    """A decoder whose every step looks back at the whole memory (B, S, M) before it answers.

    h_t from the recurrent layer, weights = softmax(score(h_t, memory)), context = weights · memory, then
    tanh([context; h_t] W_c) gives the logits: all T steps at once, since no context enters the recurrence.
    The state is (memory, mask, hidden). forward returns logits, state and the weights (B, T, S).
    Source: Luong et al. 2015, §3.1, without input feeding (§3.3). Written in 11.
    """

    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory: torch.Tensor, mask: torch.Tensor, last: torch.Tensor) -> tuple:
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple, torch.Tensor]:
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        context = weights @ memory
        combined = torch.tanh(self.combine(torch.cat([context, states], dim=2)))
        return self.readout(combined), (memory, mask, hidden), weights


class AttentionSeq2Seq(nn.Module):
    """An encoder and a decoder that attends to all of the encoder's states.

    forward(source, target_in) → logits (B, T, V); weights(source, target_in) → (B, T, S). Written in 11.
    """

    def __init__(self, encoder: Encoder, decoder: AttentionDecoder):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def begin(self, source: torch.Tensor) -> tuple:
        states, last = self.encoder(source)
        return self.decoder.begin(states, source != PAD_ID, last)

    def forward(self, source: torch.Tensor, target_in: torch.Tensor) -> torch.Tensor:
        return self.decoder(target_in, self.begin(source))[0]

    def weights(self, source: torch.Tensor, target_in: torch.Tensor) -> torch.Tensor:
        return self.decoder(target_in, self.begin(source))[2]

    def step(self, tokens: torch.Tensor, state: tuple) -> tuple[torch.Tensor, tuple]:
        logits, state, _ = self.decoder(tokens[:, None], state)
        return logits[:, 0], state
