"""Encoder and decoder, recurrent, without and with attention. Built in 10 and 11.

Throughout: source (B, S) and target (B, T) are token numbers, padded with PAD_ID, 0; a state is a tuple of tensors
(B, H): (h,) of an RNN or GRU, (h, c) of an LSTM. `begin` and `step` are what seqlib.models.generate asks for.
"""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlib import expect
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


# -- what these parts refuse, asked around the classes, whose lines are those of notebooks 10 and 11 ------------------


def _kinds(layer, **sizes):
    expect.wholes(**sizes)
    expect.one_of(layer, "layer", tuple(RECURRENT))


def _encoder(encoder, vocabulary_size, embedding_size, hidden_size, layer="gru", bidirectional=False):
    _kinds(layer, vocabulary_size=vocabulary_size, embedding_size=embedding_size, hidden_size=hidden_size)
    expect.flag(bidirectional, "bidirectional")


def _decoder(decoder, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
    sizes = {"vocabulary_size": vocabulary_size, "embedding_size": embedding_size, "hidden_size": hidden_size}
    _kinds(layer, **sizes, context_size=context_size)


def _attention_decoder(decoder, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
    sizes = {"vocabulary_size": vocabulary_size, "embedding_size": embedding_size, "hidden_size": hidden_size}
    _kinds(layer, **sizes, memory_size=memory_size)
    expect.function(score, "score")


def _modules(model, encoder, decoder, *sizes, **named):
    for name, part in (("encoder", encoder), ("decoder", decoder)):
        if not isinstance(part, nn.Module):
            raise ValueError(f"{name} should be a torch.nn.Module, got {expect.shown(part)}")


def _attending(model, encoder, decoder):
    _modules(model, encoder, decoder)
    _joined(model, encoder, decoder)


def _joined(model, encoder, decoder, context_size=None):
    _modules(model, encoder, decoder)
    size, wanted = getattr(encoder, "size", None), getattr(getattr(decoder, "from_context", None), "in_features", None)
    if context_size is not None:
        expect.whole(context_size, "context_size", 1, size)
    context = size if context_size is None else context_size
    if None not in (context, wanted) and context != wanted:
        raise ValueError(f"the decoder should begin from a context of {context} numbers, got one that takes {wanted}")


def _source(encoder, source):
    expect.tokens(source, "source", "B", "S")
    expect.padded_at_the_end(source, PAD_ID, "source", always=True)  # its lengths are read on the CPU in any case


def _why_source(encoder, source):
    expect.known(source, encoder.embedding.num_embeddings, "source")
    empty = (source == PAD_ID).all(dim=1).nonzero()
    if len(empty):
        raise ValueError(f"source should have a real token in every row, got padding alone in row {int(empty[0])}")


def _state(decoder, state, batch):
    """Hidden states (B, H), one for a GRU, two for an LSTM; PyTorch's own have one dimension more in front."""
    if not isinstance(state, (tuple, list)) or len(state) != decoder.parts:
        raise ValueError(f"the state should be a tuple of {decoder.parts} tensors (B, H), got {expect.shown(state)}")
    for part in state:
        expect.shape(part, "the state", batch, decoder.recurrent.hidden_size, kind="float")


def _writes(decoder, tokens, state):
    batch, _ = expect.tokens(tokens, "tokens", "B*", "T")
    _state(decoder, state, batch)


def _looks_back(decoder, tokens, state):
    batch, _ = expect.tokens(tokens, "tokens", "B*", "T")
    if not isinstance(state, (tuple, list)) or len(state) != 3:
        raise ValueError(f"the state should be (memory, mask, hidden), got {expect.shown(state)}")
    places = expect.shape(state[0], "memory", batch, "S", decoder.from_context.in_features, kind="float")[1]
    expect.shape(state[1], "mask", batch, places, kind="bool")
    _state(decoder, state[2], batch)


def _why_written(decoder, tokens, state):
    expect.known(tokens, decoder.embedding.num_embeddings, "tokens")


def _context(decoder, context):
    expect.shape(context, "context", "B*", decoder.from_context.in_features, kind="float")


def _translated(model, source, target_in):
    batch, _ = expect.tokens(source, "source", "B", "S")
    expect.tokens(target_in, "target_in", batch, "T")
    expect.padded_at_the_end(target_in, PAD_ID, "target_in")


def _next(model, tokens, state):
    expect.tokens(tokens, "tokens", "B*")


def _runs(layer, x, state):
    if not isinstance(layer, nn.RNNBase):
        raise ValueError(f"layer should be a recurrent layer of PyTorch's, got {expect.shown(layer)}")
    batch, *_ = expect.shape(x, "x", "B*", "T", layer.input_size, kind="float")
    if not isinstance(state, (tuple, list)):
        raise ValueError(f"state should be a tuple of tensors (B, H), got {expect.shown(state)}")
    for part in state:
        expect.shape(part, "the state", batch, layer.hidden_size)


run = expect.given(run, _runs)
Encoder.__init__ = expect.given(Encoder.__init__, _encoder)
Encoder.forward = expect.given(Encoder.forward, _source, _why_source)
Decoder.__init__, Decoder.begin = expect.given(Decoder.__init__, _decoder), expect.given(Decoder.begin, _context)
Decoder.forward = expect.given(Decoder.forward, _writes, _why_written)
Seq2Seq.__init__ = expect.given(Seq2Seq.__init__, _joined)
AttentionDecoder.__init__ = expect.given(AttentionDecoder.__init__, _attention_decoder)
AttentionDecoder.forward = expect.given(AttentionDecoder.forward, _looks_back, _why_written)
AttentionSeq2Seq.__init__ = expect.given(AttentionSeq2Seq.__init__, _attending)
for _kind in (Seq2Seq, AttentionSeq2Seq):
    _kind.step = expect.given(_kind.step, _next)
    _kind.forward = expect.given(_kind.forward, _translated)
AttentionSeq2Seq.weights = expect.given(AttentionSeq2Seq.weights, _translated)
