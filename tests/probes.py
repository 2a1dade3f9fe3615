"""What the public parts of seqlib are asked that they cannot do, or that is easily done wrong: one line each.

REFUSED[part][what]() has to end in a ValueError of seqlib's own that says what was expected and what came.
RIGHT[part][what]() gives what was found and what is right, from PyTorch or by hand.
`outcome` tells the four ways in which such a call can end; benchmarks/probes.py counts them.
"""

import datetime
import math
import tempfile
import traceback
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from more_probes import MORE
from torch import nn
from torch.nn import functional as F

from seqlib import metrics, runtime
from seqlib.data import (
    bpe,
    corpora,
    dates,
    number_words,
    pairs,
    scenes,
    series,
    shakespeare,
    syntax,
    tagging,
    tunes,
    windows,
)
from seqlib.data.multi30k import detokenize
from seqlib.data.sentiment import negation_scope
from seqlib.models import attention as at
from seqlib.models import bidirectional, generate, gpt, layers, ngram, seq2seq, transformer
from seqlib.training import checkpoint, history, muon, recorded, train

rng = np.random.default_rng


def randn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def ids(*shape, below=9, low=1):
    return torch.randint(low, below, shape, generator=torch.Generator().manual_seed(1))


def config(**options):
    return gpt.GPTConfig(**({"vocabulary_size": 11, "context": 8, "width": 8, "layers": 2, "heads": 2} | options))


def model(**options):
    torch.manual_seed(0)
    return gpt.GPT(config(**options))


def step(logits):
    """A step for models.generate that always gives the same logits."""
    return lambda tokens, state: (torch.tensor(logits).expand(len(tokens), -1), state)


def fit(**options):
    """A run of `train` that would work but for the options."""
    torch.manual_seed(0)
    usual = {"model": nn.Linear(3, 4), "sampler": lambda k: (randn(5, 3, seed=k), torch.arange(5) % 4)}
    return train.train(**(usual | {"steps": 2, "name": None} | options))


def translator(kind="gru"):
    encoder = seq2seq.Encoder(9, 4, 5, kind, bidirectional=True)
    decoder = seq2seq.AttentionDecoder(9, 4, 6, 10, at.GeneralScore(6, 10), kind)
    return seq2seq.AttentionSeq2Seq(encoder, decoder)


LEFT = torch.tensor([[0, 0, 3, 4], [5, 6, 7, 8]])  # padding before what is real
HALF = {"dtype": torch.float16}
NAN = [0.0, math.nan, 1.0]


def gpt2(**change):
    """A public GPT-2 without weights of its own: names, shapes and options of transformers.GPT2LMHeadModel."""
    sizes = {"wte": (11, 8), "wpe": (8, 8), "ln_f": (8,), "h.0.ln_1": (8,), "h.0.ln_2": (8,)}
    sizes |= {"h.0.attn.c_attn": (8, 24), "h.0.attn.c_proj": (8, 8), "h.0.mlp.c_fc": (8, 32), "h.0.mlp.c_proj": (32, 8)}
    weights = {f"transformer.{name}.weight": randn(*size, seed=k) for k, (name, size) in enumerate(sizes.items())}
    biases = {f"transformer.{n}.bias": randn(s[-1], seed=9) for n, s in sizes.items() if n not in ("wte", "wpe")}
    asked = {"n_layer": 1, "n_head": 2, "layer_norm_epsilon": 1e-5} | {k: v for k, v in change.items() if k != "head"}
    head = change.get("head", weights["transformer.wte.weight"])
    return gpt.from_gpt2(weights | biases | {"lm_head.weight": head}, SimpleNamespace(**asked))


def with_file(write, read):
    """What `read(path)` makes of a file that `write(path)` wrote."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return read(path)


REFUSED = {
    "layers": {
        "RNN: input without a batch": lambda: layers.RNN(4, 5)(randn(7, 4)),
        "GRU: input without a batch": lambda: layers.GRU(4, 5)(randn(7, 4)),
        "LSTM: input without a batch": lambda: layers.LSTM(4, 5)(randn(7, 4)),
        "RNN: a state (1, B, H)": lambda: layers.RNN(4, 5)(randn(3, 7, 4), randn(1, 3, 5)),
        "GRU: a state (1, B, H)": lambda: layers.GRU(4, 5)(randn(3, 7, 4), randn(1, 3, 5)),
        "LSTM: states (1, B, H)": lambda: layers.LSTM(4, 5)(randn(3, 7, 4), (randn(1, 3, 5), randn(1, 3, 5))),
        "LSTM: one tensor (B, H) as the state": lambda: layers.LSTM(4, 5)(randn(2, 7, 4), randn(2, 5)),
        "RNN: a state of another batch": lambda: layers.RNN(4, 5)(randn(3, 7, 4), randn(1, 5)),
        "RNN: a state without a batch": lambda: layers.RNN(4, 5)(randn(3, 7, 4), randn(5)),
        "GRU: a state of another batch": lambda: layers.GRU(4, 5)(randn(3, 7, 4), randn(1, 5)),
        "RNN: no steps": lambda: layers.RNN(4, 5)(randn(3, 0, 4)),
        "GRU: no steps": lambda: layers.GRU(4, 5)(randn(3, 0, 4)),
        "LSTM: no steps": lambda: layers.LSTM(4, 5)(randn(3, 0, 4)),
        "RNN: another input size": lambda: layers.RNN(4, 5)(randn(3, 7, 6)),
        "LSTM: token numbers": lambda: layers.LSTM(4, 5)(ids(3, 7, 4)),
        "GRU: float64 into float32": lambda: layers.GRU(4, 5)(randn(3, 7, 4, dtype=torch.float64)),
        "RNN: a list": lambda: layers.RNN(4, 5)([[[1.0, 2.0, 3.0, 4.0]]]),
        "RNN: no units": lambda: layers.RNN(4, 0),
        "GRU: a negative size": lambda: layers.GRU(-4, 5),
        "LSTM: a size with a fraction": lambda: layers.LSTM(4, 5.5),
        "LSTM: a forget bias of nan": lambda: layers.LSTM(4, 5, math.nan),
        "RNN: an activation by name": lambda: layers.RNN(4, 5, "relu"),
        "remember_for: no steps": lambda: layers.remember_for(layers.LSTM(4, 5), 0),
        "remember_for: PyTorch's layer": lambda: layers.remember_for(nn.LSTM(4, 5), 10),
    },
    "bidirectional": {
        "a length of 0": lambda: both_ways()(randn(2, 4, 3), torch.tensor([0, 4])),
        "a length past the end": lambda: both_ways()(randn(2, 4, 3), torch.tensor([5, 4])),
        "a negative length": lambda: bidirectional.reverse_padded(randn(2, 4, 3), torch.tensor([-1, 4])),
        "a length for one row only": lambda: both_ways()(randn(2, 4, 3), torch.tensor([4])),
        "a length past the end, reversed": lambda: bidirectional.reverse_padded(randn(1, 4, 3), torch.tensor([6])),
        "lengths with fractions": lambda: bidirectional.reverse_padded(randn(2, 4, 3), torch.tensor([1.5, 4.0])),
        "input without a batch": lambda: both_ways()(randn(4, 3)),
        "no steps": lambda: both_ways()(randn(2, 0, 3)),
        "padding at the beginning": lambda: bidirectional.BidirectionalEncoder(9, 4, 5)(LEFT),
        "a row of padding": lambda: bidirectional.BidirectionalEncoder(9, 4, 5)(torch.tensor([[0, 0], [1, 2]])),
        "a token out of range": lambda: bidirectional.BidirectionalEncoder(9, 4, 5)(torch.tensor([[1, 9]])),
        "tokens without a batch": lambda: bidirectional.BidirectionalEncoder(9, 4, 5)(ids(5)),
        "no layers": lambda: bidirectional.BidirectionalEncoder(9, 4, 5, layers=0),
        "another layer": lambda: bidirectional.BidirectionalEncoder(9, 4, 5, layer="LSTM"),
        "no units": lambda: bidirectional.BidirectionalEncoder(9, 4, 0),
        "a padding past the vocabulary": lambda: bidirectional.BidirectionalEncoder(9, 4, 5, pad=9),
    },
    "attention": {
        "a mask of numbers": lambda: at.masked_softmax(randn(2, 3), torch.ones(2, 3)),
        "a mask of whole numbers": lambda: at.masked_softmax(randn(2, 3), torch.ones(2, 3, dtype=torch.long)),
        "a mask of another shape": lambda: at.masked_softmax(randn(2, 3), torch.ones(2, 4, dtype=torch.bool)),
        "a mask larger than the scores": lambda: at.masked_softmax(randn(2, 3), torch.ones(5, 2, 3, dtype=torch.bool)),
        "scores of whole numbers": lambda: at.masked_softmax(ids(2, 3)),
        "keys of another width": lambda: at.attention(randn(3, 4), randn(5, 6), randn(5, 4)),
        "fewer values than keys": lambda: at.attention(randn(3, 4), randn(5, 4), randn(1, 4)),
        "a query that is a vector": lambda: at.attention(randn(4), randn(5, 4), randn(5, 4)),
        "two dtypes": lambda: at.attention(randn(3, 4, **HALF), randn(5, 4), randn(5, 4)),
        "other batches": lambda: at.attention(randn(2, 3, 4), randn(3, 5, 4), randn(3, 5, 4)),
        "no width": lambda: at.attention(randn(3, 0), randn(5, 0), randn(5, 4)),
        "causal_mask: negative": lambda: at.causal_mask(-1),
        "causal_mask: a fraction": lambda: at.causal_mask(2.5),
        "padding_mask: no batch": lambda: at.padding_mask(ids(5)),
        "padding_mask: numbers": lambda: at.padding_mask(randn(2, 5)),
        "sinusoidal_positions: no width": lambda: at.sinusoidal_positions(4, 0),
        "sinusoidal_positions: a negative length": lambda: at.sinusoidal_positions(-4, 6),
        "rotary: an odd width": lambda: at.rotary(randn(2, 3, 5), torch.arange(3)),
        "rotary: a width of 1": lambda: at.rotary(randn(2, 3, 1), torch.arange(3)),
        "rotary: positions for one step": lambda: at.rotary(randn(2, 3, 4), torch.arange(1)),
        "rotary: a base of 0": lambda: at.rotary(randn(2, 3, 4), torch.arange(3), 0.0),
        "rotary: whole numbers": lambda: at.rotary(ids(2, 3, 4), torch.arange(3)),
        "no heads": lambda: at.MultiHeadAttention(8, 0),
        "a negative number of heads": lambda: at.MultiHeadAttention(8, -2),
        "heads that do not divide": lambda: at.MultiHeadAttention(10, 4),
        "rotary heads of an odd width": lambda: at.MultiHeadAttention(6, 2, use_rotary=True),
        "several heads, no batch": lambda: at.MultiHeadAttention(8, 2)(randn(5, 8)),
        "several heads, another width": lambda: at.MultiHeadAttention(8, 2)(randn(2, 5, 6)),
        "several heads, a memory of one row": lambda: at.MultiHeadAttention(8, 2)(randn(3, 5, 8), randn(1, 4, 8)),
        "several heads, a mask (B, S)": lambda: at.MultiHeadAttention(8, 2)(
            randn(3, 5, 8), mask=torch.ones(3, 5, dtype=torch.bool)
        ),
        "several heads, a mask for each head": lambda: at.MultiHeadAttention(8, 2)(
            randn(3, 5, 8), mask=torch.ones(3, 2, 5, 5, dtype=torch.bool)
        ),
        "AdditiveScore: another width": lambda: at.AdditiveScore(4, 5, 6)(randn(2, 3, 5), randn(2, 7, 5)),
        "AdditiveScore: one batch of keys": lambda: at.AdditiveScore(4, 5, 6)(randn(2, 3, 4), randn(1, 7, 5)),
        "DotScore: two widths": lambda: at.DotScore()(randn(2, 3, 5), randn(2, 7, 4)),
        "DotScore: no batch": lambda: at.DotScore()(randn(3, 5), randn(7, 5)),
        "GeneralScore: no keys' width": lambda: at.GeneralScore(4, 0),
    },
    "seq2seq": {
        "another layer": lambda: seq2seq.Encoder(9, 4, 5, "GRU"),
        "a decoder with another layer": lambda: seq2seq.Decoder(9, 4, 5, 5, layer="transformer"),
        "an encoder without units": lambda: seq2seq.Encoder(9, 4, 0),
        "a decoder without a vocabulary": lambda: seq2seq.Decoder(0, 4, 5, 5),
        "a score that is no function": lambda: seq2seq.AttentionDecoder(9, 4, 5, 5, "dot"),
        "padding at the beginning": lambda: seq2seq.Encoder(9, 4, 5)(LEFT),
        "padding in the middle": lambda: seq2seq.Encoder(9, 4, 5)(torch.tensor([[1, 0, 2]])),
        "a row of padding": lambda: seq2seq.Encoder(9, 4, 5)(torch.tensor([[0, 0], [1, 2]])),
        "no steps": lambda: seq2seq.Encoder(9, 4, 5)(torch.zeros(2, 0, dtype=torch.long)),
        "no rows": lambda: seq2seq.Encoder(9, 4, 5)(torch.zeros(0, 3, dtype=torch.long)),
        "a source without a batch": lambda: seq2seq.Encoder(9, 4, 5)(ids(5)),
        "a token out of range": lambda: seq2seq.Encoder(9, 4, 5)(torch.tensor([[1, 9]])),
        "a source of numbers": lambda: seq2seq.Encoder(9, 4, 5)(randn(2, 3)),
        "a state (1, B, H)": lambda: seq2seq.Decoder(9, 4, 5, 5)(ids(3, 2), (randn(1, 3, 5),)),
        "one state for an LSTM": lambda: seq2seq.Decoder(9, 4, 5, 5, "lstm")(ids(3, 2), (randn(3, 5),)),
        "a state that is no tuple": lambda: seq2seq.Decoder(9, 4, 5, 5)(ids(1, 2), randn(1, 5)),
        "a context of another size": lambda: seq2seq.Decoder(9, 4, 5, 5).begin(randn(3, 6)),
        "target tokens out of range": lambda: seq2seq.Decoder(9, 4, 5, 5)(torch.tensor([[9]]), (randn(1, 5),)),
        "encoder and decoder that do not fit": lambda: seq2seq.Seq2Seq(
            seq2seq.Encoder(9, 4, 5), seq2seq.Decoder(9, 4, 5, 6)
        ),
        "a context of 0": lambda: seq2seq.Seq2Seq(seq2seq.Encoder(9, 4, 5), seq2seq.Decoder(9, 4, 5, 5), 0),
        "a target padded at the beginning": lambda: translator()(ids(2, 4), LEFT),
        "a target of another batch": lambda: translator()(ids(2, 4), ids(3, 4)),
        "attention to a memory without its mask": lambda: translator().decoder(
            ids(2, 3), (randn(2, 4, 10), torch.ones(2, 4), (randn(2, 6),))
        ),
        "run: a state (1, B, H)": lambda: seq2seq.run(
            nn.GRU(4, 5, batch_first=True), randn(3, 2, 4), (randn(1, 3, 5),)
        ),
    },
    "transformer": {
        "heads that do not divide": lambda: transformer.TransformerConfig(10, 4, 2),
        "no heads": lambda: transformer.TransformerEncoder(9, 8, 0, 1),
        "no layers": lambda: transformer.TransformerEncoder(9, 8, 2, 0),
        "other positions": lambda: transformer.TransformerEncoder(9, 8, 2, 1, positions="rotary"),
        "positions in capitals": lambda: transformer.TransformerConfig(8, 2, 1, positions="Learned"),
        "an option that is none": lambda: transformer.Transformer(9, 9, 8, 2, 1, norm="rms"),
        "a dropout of 2": lambda: transformer.TransformerConfig(8, 2, 1, dropout=2.0),
        "a feed-forward width of 0": lambda: transformer.TransformerConfig(8, 2, 1, feed_forward=0),
        "pre_norm as a text": lambda: transformer.TransformerConfig(8, 2, 1, pre_norm="no"),
        "a max_length of 0": lambda: transformer.TransformerConfig(8, 2, 1, max_length=0),
        "a padding past the vocabulary": lambda: transformer.TransformerEncoder(9, 8, 2, 1, pad=9),
        "more tokens than max_length": lambda: transformer.TransformerEncoder(9, 8, 2, 1, max_length=4)(ids(2, 5)),
        "a token out of range": lambda: transformer.TransformerEncoder(9, 8, 2, 1)(torch.tensor([[1, 9]])),
        "a negative token": lambda: transformer.TransformerEncoder(9, 8, 2, 1)(torch.tensor([[1, -1]])),
        "tokens without a batch": lambda: transformer.TransformerEncoder(9, 8, 2, 1)(ids(5)),
        "tokens that are numbers": lambda: transformer.TransformerEncoder(9, 8, 2, 1)(randn(2, 5)),
        "a target padded at the beginning": lambda: transformer.Transformer(9, 9, 8, 2, 1)(ids(2, 4), LEFT),
        "a target of another batch": lambda: transformer.Transformer(9, 9, 8, 2, 1)(ids(2, 4), ids(1, 4)),
        "FeedForward: another width": lambda: transformer.FeedForward(8, 16)(randn(2, 3, 6)),
        "FeedForward: a negative dropout": lambda: transformer.FeedForward(8, 16, dropout=-0.1),
        "EncoderBlock: heads that do not divide": lambda: transformer.EncoderBlock(10, 4, 16),
        "EncoderBlock: no batch": lambda: transformer.EncoderBlock(8, 2, 16)(randn(5, 8)),
        "DecoderBlock: a memory of another width": lambda: transformer.DecoderBlock(8, 2, 16)(
            randn(2, 3, 8), randn(2, 4, 6)
        ),
    },
    "gpt": {
        "heads that do not divide": lambda: config(width=10, heads=4),
        "kv_heads that do not divide": lambda: config(heads=4, kv_heads=3),
        "kv_heads of 0": lambda: config(kv_heads=0),
        "a norm in capitals": lambda: config(norm="RMS"),
        "a feed-forward layer in capitals": lambda: config(feed_forward="SwiGLU"),
        "positions by another name": lambda: config(positions="rope"),
        "rotary heads of an odd width": lambda: config(width=6, heads=2, positions="rotary"),
        "no layers": lambda: config(layers=0),
        "no context": lambda: config(context=0),
        "a hidden size of 0": lambda: config(hidden_size=0),
        "a width with a fraction": lambda: config(width=8.5),
        "a dropout of 1.5": lambda: config(dropout=1.5),
        "an epsilon below 0": lambda: config(epsilon=-1.0),
        "tied as a text": lambda: config(tied="no"),
        "no config": lambda: gpt.GPT({"width": 8}),
        "learned places past the context": lambda: model()(ids(2, 9)),
        "learned places past the context, cached": lambda: (m := model()) and m(ids(2, 1), m(ids(2, 8), ())[1]),
        "a token out of range": lambda: model()(torch.tensor([[3, 11]])),
        "a negative token": lambda: model()(torch.tensor([[3, -1]])),
        "tokens without a batch": lambda: model()(ids(5)),
        "tokens that are numbers": lambda: model()(randn(2, 5)),
        "a cache of another depth": lambda: model()(ids(2, 1), model(layers=1)(ids(2, 3), ())[1]),
        "a cache of another batch": lambda: model()(ids(2, 1), model()(ids(1, 3), ())[1]),
        "rms_norm: a scale of another width": lambda: gpt.rms_norm(randn(2, 6), torch.ones(1)),
        "rms_norm: whole numbers": lambda: gpt.rms_norm(ids(2, 6), torch.ones(6)),
        "swiglu: matrices of two widths": lambda: gpt.swiglu(randn(2, 6), randn(6, 4), randn(6, 1), randn(4, 6)),
        "repeat_heads: 3 into 4": lambda: gpt.repeat_heads(randn(2, 3, 5, 4), 4),
        "repeat_heads: no batch": lambda: gpt.repeat_heads(randn(3, 5, 4), 6),
        "cached_mask: more new than all": lambda: gpt.cached_mask(5, 3),
        "attend: keys of another length": lambda: gpt.attend(randn(1, 2, 3, 4), randn(1, 2, 3, 4), randn(1, 2, 1, 4)),
        "attend: heads that do not divide": lambda: gpt.attend(randn(1, 4, 3, 4), randn(1, 3, 3, 4), randn(1, 3, 3, 4)),
        "RMSNorm: no width": lambda: gpt.RMSNorm(0),
        "Block: no batch": lambda: gpt.Block(config())(randn(5, 8)),
        "from_gpt2: a head of its own": lambda: gpt2(head=randn(11, 8, seed=5)),
        "from_gpt2: another activation": lambda: gpt2(activation_function="relu"),
        "from_gpt2: exact gelu": lambda: gpt2(activation_function="gelu"),
        "from_gpt2: scores not scaled": lambda: gpt2(scale_attn_weights=False),
        "from_gpt2: scores scaled by the layer": lambda: gpt2(scale_attn_by_inverse_layer_idx=True),
        "from_gpt2: more layers than there are": lambda: gpt2(n_layer=2),
        "from_gpt2: heads that do not divide": lambda: gpt2(n_head=3),
        "from_gpt2: no weights": lambda: gpt.from_gpt2({}, SimpleNamespace(n_layer=1, n_head=1)),
    },
    "generate": {
        "a temperature of 0": lambda: generate.filtered(randn(2, 5), temperature=0.0),
        "a negative temperature": lambda: generate.filtered(randn(2, 5), temperature=-1.0),
        "a temperature of nan": lambda: generate.filtered(randn(2, 5), temperature=math.nan),
        "a temperature as a text": lambda: generate.filtered(randn(2, 5), temperature="low"),
        "top_k 0": lambda: generate.filtered(randn(2, 5), top_k=0),
        "top_k -1": lambda: generate.filtered(randn(2, 5), top_k=-1),
        "top_k 2.5": lambda: generate.filtered(randn(2, 5), top_k=2.5),
        "top_p 0": lambda: generate.filtered(randn(2, 5), top_p=0.0),
        "top_p 1.5": lambda: generate.filtered(randn(2, 5), top_p=1.5),
        "top_p below 0": lambda: generate.filtered(randn(2, 5), top_p=-0.5),
        "logits of nan": lambda: generate.filtered(torch.tensor([NAN])),
        "logits of inf": lambda: generate.filtered(torch.tensor([[0.0, math.inf]])),
        "logits all -inf": lambda: generate.filtered(torch.full((1, 3), -math.inf)),
        "logits without a batch": lambda: generate.filtered(randn(5)),
        "greedy: logits of nan": lambda: generate.greedy(step(NAN), randn(2, 1), 0, 2, 3),
        "greedy: no steps": lambda: generate.greedy(step([0.0, 1.0]), randn(2, 1), 0, 1, 0),
        "greedy: a negative number of steps": lambda: generate.greedy(step([0.0, 1.0]), randn(2, 1), 0, 1, -1),
        "greedy: no state": lambda: generate.greedy(step([0.0, 1.0]), None, 0, 1, 3),
        "greedy: an empty state": lambda: generate.greedy(step([0.0, 1.0]), (), 0, 1, 3),
        "greedy: a start below 0": lambda: generate.greedy(step([0.0, 1.0]), randn(2, 1), -1, 1, 3),
        "greedy: logits (B, 1, V)": lambda: generate.greedy(
            lambda tokens, state: (randn(len(tokens), 1, 4), state), randn(2, 1), 0, 1, 3
        ),
        "beam_search: logits of nan": lambda: generate.beam_search(step(NAN), randn(2, 1), 0, 2, 3),
        "beam_search: no steps": lambda: generate.beam_search(step([0.0, 1.0]), randn(2, 1), 0, 1, 0),
        "beam_search: a width of 0": lambda: generate.beam_search(step([0.0, 1.0]), randn(2, 1), 0, 1, 3, width=0),
        "beam_search: a power of nan": lambda: generate.beam_search(
            step([0.0, 1.0]), randn(2, 1), 0, 1, 3, length_power=math.nan
        ),
        "beam_search: an end past the vocabulary": lambda: generate.beam_search(step([0.0, 1.0]), randn(2, 1), 0, 2, 3),
        "sample: no steps": lambda: generate.sample(step([0.0, 1.0]), randn(2, 1), 0, None, 0),
        "sample: logits of nan": lambda: generate.sample(step(NAN), randn(2, 1), 0, None, 3),
        "sample: a temperature of 0": lambda: generate.sample(step([0.0, 1.0]), randn(2, 1), 0, None, 3, 0.0),
        "until_end: no batch": lambda: generate.until_end(ids(5), 3),
        "select: a row past the end": lambda: generate.select(randn(2, 3), torch.tensor([2])),
        "select: no state": lambda: generate.select(None, torch.tensor([0])),
    },
    "ngram": {
        "an order of 0": lambda: ngram.NGram(0, 5),
        "an order with a fraction": lambda: ngram.NGram(2.5, 5),
        "a vocabulary with a fraction": lambda: ngram.NGram(2, 5.5),
        "k of 0": lambda: ngram.NGram(2, 5, "add", 0.0),
        "k of inf": lambda: ngram.NGram(2, 5, "add", math.inf),
        "k of nan": lambda: ngram.NGram(2, 5, "add", math.nan),
        "another smoothing": lambda: ngram.NGram(2, 5, "laplace"),
        "a text of words": lambda: ngram.NGram(2, 5).fit(["the", "film"]),
        "a text": lambda: ngram.NGram(2, 5).fit("the film"),
        "ids with fractions": lambda: ngram.NGram(2, 5).fit([0.5, 1.5]),
        "an id out of range": lambda: ngram.NGram(2, 5).fit([0, 5]),
        "nothing to count": lambda: ngram.NGram(2, 5).fit([]),
        "nothing to score": lambda: ngram.NGram(2, 5).fit([0, 1]).nll([]),
        "not fitted": lambda: ngram.NGram(2, 5).next([1]),
        "a context with fractions": lambda: ngram.NGram(2, 5).fit([0, 1, 2]).next([1.7]),
        "a context of words": lambda: ngram.NGram(2, 5).fit([0, 1, 2]).next(["a"]),
        "sample: a context with fractions": lambda: ngram.NGram(2, 5).fit([0, 1, 2]).sample(3, rng(0), [1.7]),
        "sample: a negative length": lambda: ngram.NGram(2, 5).fit([0, 1, 2]).sample(-3, rng(0)),
        "sample: a seed for a generator": lambda: ngram.NGram(2, 5).fit([0, 1, 2]).sample(3, 0),
        "uneven pieces": lambda: ngram.NGram(2, 5).fit([0, [1, 2]]),
    },
    "metrics": {
        "a target out of range": lambda: metrics.nll_sum(randn(2, 3), torch.tensor([0, 3])),
        "a target below 0": lambda: metrics.nll_sum(randn(2, 3), torch.tensor([0, -1])),
        "targets with fractions": lambda: metrics.nll_sum(randn(2, 3), torch.tensor([0.5, 1.7])),
        "targets of another shape": lambda: metrics.nll_sum(randn(2, 3), torch.tensor([0])),
        "a mask of weights": lambda: metrics.nll_sum(randn(2, 3), torch.tensor([0, 1]), torch.tensor([0.5, 1.0])),
        "a mask of another shape": lambda: metrics.nll_sum(randn(2, 3), torch.tensor([0, 1]), torch.ones(3)),
        "logits as a text": lambda: metrics.nll_sum("abc", torch.tensor([0])),
        "a batch that is one tensor": lambda: metrics.nll(nn.Linear(3, 4), [randn(2, 3)]),
        "a mean over no target": lambda: metrics.nll(nn.Linear(3, 4), [(randn(2, 3), torch.tensor([-100, -100]))]),
        "a mean over no batch": lambda: metrics.nll(nn.Linear(3, 4), []),
        "perplexity of a text": lambda: metrics.perplexity("1.5"),
        "no characters in a token": lambda: metrics.bits_per_char(1.0, 0.0),
        "nan characters in a token": lambda: metrics.bits_per_char(1.0, math.nan),
        "accuracy of words": lambda: metrics.accuracy(["a"], ["a"]),
        "accuracy of scores": lambda: metrics.accuracy([0.2, 0.8], [0, 1]),
        "accuracy over nothing": lambda: metrics.accuracy([1], [-100]),
        "accuracy of two lengths": lambda: metrics.accuracy([1, 2], [1]),
        "accuracy with a mask of weights": lambda: metrics.accuracy([1, 2], [1, 2], mask=[0.5, 1.0]),
        "accuracy of a class below 0": lambda: metrics.accuracy([-1, 2], [1, 2]),
        "macro_f1 over nothing": lambda: metrics.macro_f1([], []),
        "more classes than said": lambda: metrics.confusion([0, 2], [0, 1], classes=2),
        "classes with a fraction": lambda: metrics.confusion([0, 1], [0, 1], classes=2.5),
        "classes of 0": lambda: metrics.macro_f1([0, 1], [0, 1], classes=0),
        "nll of a function": lambda: metrics.nll(lambda x: x, [(randn(2, 3), torch.tensor([0, 1]))]),
        "rows of two lengths": lambda: metrics.accuracy([[1], [1, 2]], [[1], [1, 2]]),
    },
    "windows": {
        "a vocabulary of numbers in lists": lambda: windows.Vocabulary([["a"], ["b"]]),
        "a vocabulary of nothing iterable": lambda: windows.Vocabulary(3),
        "a vocabulary built from one text": lambda: windows.Vocabulary.build("the film"),
        "a text where words are meant": lambda: windows.Vocabulary.build([["the", "film"]]).encode("the film"),
        "an unknown token without <unk>": lambda: windows.Vocabulary(["a"]).encode(["b"]),
        "ids with fractions decoded": lambda: windows.Vocabulary(["a", "b"]).decode([0.7]),
        "an id past the end": lambda: windows.Vocabulary(["a", "b"]).decode([2]),
        "a negative id": lambda: windows.Vocabulary(["a", "b"]).decode([-1]),
        "a negative gap": lambda: windows.split_in_time(range(100), (0.5, 0.5), gap=-10),
        "a gap with a fraction": lambda: windows.split_in_time(range(100), (0.5, 0.5), gap=2.5),
        "fractions of more than one": lambda: windows.split_in_time(range(100), (0.9, 0.9)),
        "fractions as texts": lambda: windows.split_in_time(range(100), ("a", "b")),
        "a fraction alone": lambda: windows.split_in_time(range(100), 0.9),
        "fractions of nan": lambda: windows.split_in_time(range(100), (math.nan, math.nan)),
        "groups of another length": lambda: windows.split_groups("abc", (0.5, 0.5), rng(0), groups=[1]),
        "windows of length 0": lambda: windows.shifted_windows(np.arange(9), 0),
        "windows of half a step": lambda: windows.shifted_windows(np.arange(9), 2.5),
        "windows that stand still": lambda: windows.shifted_windows(np.arange(9), 2, stride=0),
        "windows of too short a text": lambda: windows.shifted_windows(np.arange(2), 2),
        "padding what has fractions": lambda: windows.pad_batch([[1.5, 2.5], [3.5]]),
        "padding texts": lambda: windows.pad_batch(["ab", "c"]),
        "padding with a fraction": lambda: windows.pad_batch([[1, 2], [3]], pad=0.5),
        "padding numbers": lambda: windows.pad_batch([1, 2]),
        "padding to a length that is too short": lambda: windows.pad_batch([[1, 2], [3]], length=1),
        "padding nothing": lambda: windows.pad_batch([]),
        "batches of 0": lambda: list(windows.batches(np.arange(4), batch_size=0)),
        "batches of 2.5": lambda: list(windows.batches(np.arange(4), batch_size=2.5)),
        "batches of words": lambda: list(windows.batches(["a", "b"], batch_size=1)),
        "arrays of two lengths": lambda: windows.sampler(np.arange(4), np.arange(5), batch_size=2),
        "sampler: batches of 1.5": lambda: windows.sampler(np.arange(4), batch_size=1.5)(0),
        "sampler: a seed below 0": lambda: windows.sampler(np.arange(4), batch_size=2, seed=-1),
        "text_sampler: ids with fractions": lambda: windows.text_sampler(np.arange(9) + 0.7, 3, 2),
        "text_sampler: a text": lambda: windows.text_sampler("to be or not", 3, 2),
        "text_sampler: a text too short": lambda: windows.text_sampler(np.arange(3), 3, 2),
        "text_sampler: batches of 1.5": lambda: windows.text_sampler(np.arange(9), 3, 1.5)(0),
        "carried_sampler: ids with fractions": lambda: windows.carried_sampler(np.arange(9) + 0.7, 2, 2),
        "carried_sampler: a length of 0": lambda: windows.carried_sampler(np.arange(9), 0, 2),
        "a pair of three": lambda: pairs.pair_vocabularies([("a", "b", "c")]),
        "no pairs": lambda: pairs.pair_vocabularies([]),
        "a batch of no pairs": lambda: pairs.pair_batch([], windows.Vocabulary("ab"), windows.Vocabulary("ab")),
        "a token that is a list": lambda: windows.Vocabulary(["a", "<unk>"]).id(["a"]),
        "a sequence that is none": lambda: windows.Vocabulary(["a", "<unk>"]).encode(3),
        "sequences that are none": lambda: windows.Vocabulary.build([1, 2]),
        "a seed for a generator": lambda: windows.split_groups("abc", (0.5, 0.5), 0),
        "sampler: a step below 0": lambda: windows.sampler(np.arange(4), batch_size=2)(-1),
        "sampler: half a step": lambda: windows.sampler(np.arange(4), batch_size=2)(0.5),
        "text_sampler: a step below 0": lambda: windows.text_sampler(np.arange(9), 3, 2)(-1),
        "encode_chars: no text": lambda: windows.encode_chars(None),
    },
    "tokenisation": {
        "a vocabulary below the bytes": lambda: bpe.BytePairEncoding.train("aa", 100),
        "a vocabulary with a fraction": lambda: bpe.BytePairEncoding.train("aa", 260.5),
        "training on no text": lambda: bpe.BytePairEncoding.train(None, 260),
        "training with least 0": lambda: bpe.BytePairEncoding.train("aaaa", 260, least=0),
        "encoding a number": lambda: bpe.BytePairEncoding().encode(3),
        "encoding a list of words": lambda: bpe.BytePairEncoding().encode(["a", "b"]),
        "a lone surrogate": lambda: bpe.BytePairEncoding().encode("\ud800"),
        "decoding fractions": lambda: bpe.BytePairEncoding().decode([64.7]),
        "decoding a text": lambda: bpe.BytePairEncoding().decode("64"),
        "decoding an unknown id": lambda: bpe.BytePairEncoding().decode([256]),
        "a merge with a fraction": lambda: bpe.BytePairEncoding([(64.5, 65)]),
        "a merge of three": lambda: bpe.BytePairEncoding([(64, 65, 66)]),
        "a merge of what is not there": lambda: bpe.BytePairEncoding([(64, 300)]),
        "a pattern that is none": lambda: bpe.BytePairEncoding.train("aa", 260, pattern="("),
        "a file of something else": lambda: with_file(lambda p: p.write_text("{}"), bpe.BytePairEncoding.load),
        "a file that is not there": lambda: bpe.BytePairEncoding.load("/nowhere/at/all.json"),
        "first: a size with a fraction": lambda: bpe.BytePairEncoding([(64, 65)]).first(256.5),
    },
    "data": {
        "an odd number of twins": lambda: corpora.negation_grammar(rng(0), 3),
        "half a sentence": lambda: corpora.negation_grammar(rng(0), 2.5),
        "distances of nan": lambda: corpora.negation_grammar(rng(0), 2, distances=(math.nan, 1.0)),
        "no generator": lambda: corpora.negation_grammar(0, 2),
        "balls faster than the box": lambda: corpora.ball(rng(0), 2, 3, speed=(0.5, 1.5)),
        "balls for 2.5 frames": lambda: corpora.ball(rng(0), 2, 2.5),
        "a noise of nan": lambda: corpora.ball(rng(0), 2, 3, noise=math.nan),
        "a speed that is one number": lambda: corpora.ball(rng(0), 2, 3, speed=0.1),
        "-1 characters": lambda: corpora.stdlib_text(-1),
        "2.5 characters": lambda: corpora.stdlib_text(2.5),
        "a number with a fraction in words": lambda: number_words.spell(3.7),
        "a number as a text": lambda: number_words.spell("3"),
        "a number of another language": lambda: number_words.spell(3, "it"),
        "a number too big": lambda: number_words.spell(1_000_000),
        "-1 pairs of numbers": lambda: number_words.number_pairs(-1),
        "numbers with fractions in a pair": lambda: number_words.number_pair([3.7]),
        "too many pairs": lambda: number_words.number_pairs(50, (1, 1), below=3),
        "-1 dates": lambda: dates.date_pairs(-1),
        "dates in Latin": lambda: dates.date_pairs(2, locales=["la"]),
        "a date without a year read": lambda: dates.read_without_learning("5 March", rng(0)),
        "-1 scenes": lambda: scenes.draw_scenes(-1),
        "scenes of another part": lambda: scenes.draw_scenes(2, "valid"),
        "scenes of 5 digits": lambda: scenes.draw_scenes(2, digits=(5,)),
        "no scenes drawn": lambda: scenes.pictures([]),
        "-1 hours of load": lambda: series.load(rng(0), -1),
        "no heartbeats": lambda: series.ecg(rng(0), 0),
        "a share of odd beats of 2": lambda: series.ecg(rng(0), 3, odd=2.0),
        "a part of ECG200 in small letters": lambda: series.ecg200("train"),
        "-1 sentences to tag": lambda: tagging.tagging_grammar(rng(0), -1),
        "1.5 sentences that agree": lambda: tagging.agreement_sentences(rng(0), 1.5),
        "tags for texts": lambda: tagging.most_frequent_tags(["the film"], [["DET", "NOUN"]], [["the"]]),
        "tags for a new text": lambda: tagging.most_frequent_tags([["the"]], [["DET"]], ["the film"]),
        "fewer tags than words": lambda: tagging.most_frequent_tags([["the", "film"]], [["DET"]], [["the"]]),
        "tags from nothing": lambda: tagging.most_frequent_tags([], [], [["the"]]),
        "a date in another form": lambda: dates.write_date(datetime.date(2021, 3, 5), "en", "short"),
        "a date that is a text": lambda: dates.write_date("2021-03-05", "en"),
        "a digit of two": lambda: scenes.named(10),
        "a tune without a key": lambda: tunes.melody("abc|"),
        "tunes of nothing": lambda: tunes.plain_tunes(None),
        "bars of nothing": lambda: tunes.bars(None),
        "a source that is none": lambda: syntax.colour(3),
        "half a line of Python": lambda: syntax.colour("x = ("),
        "a character below 0": lambda: syntax.decode([-1]),
        "a character past the end": lambda: syntax.decode([500]),
        "one module's letters": lambda: syntax.read_modules("json"),
        "a test of all modules": lambda: syntax.python_source(rng(0), test=1.0),
        "all but one character of a play": lambda: shakespeare.play_or_library(-1),
        "a text detokenised": lambda: detokenize("the film"),
        "the scope in a text": lambda: negation_scope("the film was not good"),
    },
    "training": {
        "lr below 0": lambda: fit(lr=-0.1),
        "lr of nan": lambda: fit(lr=math.nan),
        "lr as a text": lambda: fit(lr="small"),
        "clip below 0": lambda: fit(clip=-1),
        "clip of 0": lambda: fit(clip=0.0),
        "clip of nan": lambda: fit(clip=math.nan),
        "every -3": lambda: fit(every=-3, evaluate=lambda m: {"a": 1.0}),
        "every 1.5": lambda: fit(every=1.5, evaluate=lambda m: {"a": 1.0}),
        "no steps": lambda: fit(steps=0),
        "steps as a text": lambda: fit(steps="10"),
        "steps of nan": lambda: fit(steps=math.nan),
        "no model": lambda: fit(model=lambda x: x),
        "an optimiser over another model": lambda: fit(optimizer=torch.optim.SGD(nn.Linear(3, 4).parameters(), 0.1)),
        "an optimiser going backwards": lambda: fit(optimizer=backwards),
        "a schedule that gives a text": lambda: fit(schedule=lambda k: "half"),
        "a schedule below 0": lambda: fit(schedule=lambda k: -1.0),
        "a schedule of nan": lambda: fit(schedule=lambda k: math.nan),
        "an evaluation that gives texts": lambda: fit(evaluate=lambda m: {"a": "good"}),
        "a name that is a number": lambda: fit(name=3),
        "a checkpoint that is a number": lambda: fit(checkpoint=3),
        "amp as a text": lambda: fit(amp="no"),
        "a batch that is one tensor": lambda: fit(sampler=lambda k: randn(5, 3)),
        "a target out of range": lambda: fit(sampler=lambda k: (randn(5, 3), torch.full((5,), 4))),
        "warm-up for 0 steps": lambda: train.warmup_cosine(0),
        "a warm-up longer than the run": lambda: train.warmup_cosine(10, 20),
        "a floor below 0": lambda: train.warmup_cosine(10, 2, -0.5),
        "a floor of nan": lambda: train.warmup_cosine(10, 2, math.nan),
        "the last 0 losses": lambda: history.History(losses=[1.0, 2.0]).last(0),
        "the last -1 losses": lambda: history.History(losses=[1.0, 2.0]).last(-1),
        "a series that was not evaluated": lambda: history.History().series("loss"),
        "muon: a rate below 0": lambda: muon.muon(model(), lr=-0.1),
        "muon: nothing to move": lambda: muon.muon(nn.Linear(3, 4)),
        "muon_by_gate: nothing to move": lambda: muon.muon_by_gate(nn.Linear(3, 4)),
        "muon_by_gate: a rate of nan": lambda: muon.muon_by_gate(nn.LSTM(3, 4), lr=math.nan),
        "MuonByGate: weights that are no gates": lambda: muon.MuonByGate([nn.Parameter(randn(5, 3))]),
        "orthogonalise: a vector": lambda: muon.orthogonalise(randn(5)),
        "Together: nothing": lambda: muon.Together(),
        "a recorded run that is not there": lambda: recorded.load("nothing_of_this_name"),
        "a recorded run that is a number": lambda: recorded.load(3),
        "a checkpoint's name with a slash": lambda: checkpoint.path_for("a/b"),
    },
    "runtime": {
        "a seed below 0": lambda: runtime.seed_everything(-1),
        "a seed with a fraction": lambda: runtime.seed_everything(1.5),
        "a seed as a text": lambda: runtime.seed_everything("1"),
        "a budget as a text": lambda: runtime.budget(cpu="800"),
        "a budget of nan": lambda: runtime.budget(cpu=math.nan),
    },
}


for _part, _calls in MORE.items():
    REFUSED.setdefault(_part, {}).update(_calls)


def backwards(parameters):
    made = torch.optim.SGD(parameters, 0.1)
    made.param_groups[0]["lr"] = -0.1
    return made


def both_ways():
    torch.manual_seed(0)
    return bidirectional.Bidirectional(*(nn.GRU(3, 5, batch_first=True) for _ in range(2)))


def attention_in_half():
    q, k, v = (50 * torch.sign(randn(2, 3, 64, seed=s)) for s in range(3))
    found = at.attention(q.half(), k.half(), v.half())[0]
    return found.float(), F.scaled_dot_product_attention(q, k, v)


def places_after_left_padding():
    """A Transformer's encoder leaves padding out wherever it stands."""
    torch.manual_seed(0)
    encoder = transformer.TransformerEncoder(9, 8, 2, 2, positions="none").eval()
    return encoder(LEFT)[0, 2:], encoder(LEFT[:1, 2:])[0]


def large_logits():
    logits = torch.tensor([[1000.0, 0.0, -1000.0]])
    return torch.tensor(metrics.nll_sum(logits, torch.tensor([1]))[0]), torch.tensor(1000.0)


def many_classes():
    said, true = np.arange(200) % 7 + 49_990, np.arange(200) % 5 + 49_990
    return np.array(metrics.accuracy(said, true)), np.array(np.mean(said == true))


def many_classes_f1():
    from sklearn.metrics import f1_score

    said, true = np.arange(200) % 7 + 49_990, np.arange(200) % 5 + 49_990
    return np.array(metrics.macro_f1(said, true)), np.array(f1_score(true, said, average="macro"))


def ngram_of_a_short_text():
    from_one = ngram.NGram(4, 3).fit([1]).next([0, 2, 1])
    return from_one, ngram.NGram(1, 3).fit([1]).next()


def ngram_of_a_short_text_scored():
    return ngram.NGram(5, 3).fit([1, 2]).log_prob([0, 1, 2, 0, 1]), ngram.NGram(2, 3).fit([1, 2]).log_prob(
        [0, 1, 2, 0, 1]
    )


def equal_logits():
    logits = [1.0, 1.0, 1.0, 0.5, 1.0]
    taken = generate.greedy(step(logits), randn(3, 1), 0, 4, 6)
    return generate.beam_search(step(logits), randn(3, 1), 0, 4, 6, width=1)[0], taken


def lowest_temperature():
    return generate.filtered(torch.tensor([[1.0, 3.0, 2.0]]), 1e-44), torch.tensor([[0.0, 1.0, 0.0]])


def all_of_the_tail():
    logits = randn(4, 500)
    return generate.filtered(logits, top_p=1.0), logits.softmax(dim=1)


RIGHT = {
    "attention": {"float16 at |q| = 50": attention_in_half},
    "transformer": {"padding before what is real": places_after_left_padding},
    "gpt": {
        "rms_norm of 1e4 in float16": lambda: (
            gpt.rms_norm(torch.full((2, 8), 1e4).half(), torch.ones(8).half()).float(),
            F.rms_norm(torch.full((2, 8), 1e4), (8,)),
        ),
        "rms_norm in bfloat16": lambda: (
            gpt.rms_norm(randn(3, 8, dtype=torch.bfloat16), torch.ones(8, dtype=torch.bfloat16)),
            F.rms_norm(randn(3, 8, dtype=torch.bfloat16), (8,), eps=1e-5),
        ),
    },
    "generate": {
        "equal logits, greedy and beam": equal_logits,
        "the lowest temperature": lowest_temperature,
        "top_p 1 keeps the tail": all_of_the_tail,
        "top_k above V": lambda: (generate.filtered(randn(2, 5), top_k=9), randn(2, 5).softmax(dim=1)),
    },
    "ngram": {
        "a text shorter than the order": ngram_of_a_short_text,
        "a text shorter than the order, scored": ngram_of_a_short_text_scored,
    },
    "metrics": {
        "logits of 1000": large_logits,
        "accuracy over 50,000 classes": many_classes,
        "macro F1 over 50,000 classes": many_classes_f1,
        "perplexity of inf": lambda: (np.array(metrics.perplexity(math.inf)), np.array(math.inf)),
    },
    "training": {
        "Muon of a matrix of zeros": lambda: (muon.orthogonalise(torch.zeros(2, 3, 3)), torch.zeros(2, 3, 3)),
    },
}


def outcome(call, right: bool) -> str:
    """ "right", "clear error", "bare error" or "wrong": an answer where none can be given, or another one."""
    torch.manual_seed(0)
    try:
        found = call()
    except ValueError as problem:
        last = traceback.extract_tb(problem.__traceback__)[-1].filename
        says = any(word in str(problem) for word in ("expected", "should", "got", "is not in", "too few", "end at"))
        return "clear error" if not right and says and "seqlib" in last else "bare error"
    except Exception:
        return "bare error"
    if not right:
        return "wrong"
    found, wanted = (torch.as_tensor(part) for part in found)
    return "right" if found.shape == wanted.shape and close(found, wanted) else "wrong"


def close(found, wanted) -> bool:
    kind = 2e-2 if found.dtype == torch.bfloat16 else 2e-3 if found.abs().max() > 30 else 1e-4
    return torch.allclose(found.double(), wanted.double(), rtol=kind, atol=1e-4)


def every() -> list[tuple[str, str, bool]]:
    """(part, what, whether it has a right answer) of all probes."""
    tables = ((False, REFUSED), (True, RIGHT))
    return [(part, what, right) for right, table in tables for part in table for what in table[part]]


def look(part: str, what: str, right: bool) -> str:
    return outcome((RIGHT if right else REFUSED)[part][what], right)
