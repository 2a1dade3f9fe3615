"""More of what tests/probes.py asks: scan.py, pictures.py, options, and other arguments of the same kinds."""

import math

import numpy as np
import torch
from torch import nn

from seqlib import metrics
from seqlib.data import bpe, windows
from seqlib.models import attention as at
from seqlib.models import bidirectional, generate, gpt, layers, pictures, scan, seq2seq, transformer
from seqlib.training import muon, train


def randn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def ids(*rows):
    return torch.tensor(rows)


def step(logits):
    return lambda tokens, state: (torch.tensor(logits).expand(len(tokens), -1), state)


def config(**options):
    return gpt.GPTConfig(**({"vocabulary_size": 11, "context": 8, "width": 8, "layers": 2, "heads": 2} | options))


def model(**options):
    return gpt.GPT(config(**options))


def both(*layers):
    return bidirectional.Bidirectional(*layers)


def written(kind, tokens, state=None):
    model = {
        "gru": lambda: seq2seq.Seq2Seq(seq2seq.Encoder(9, 4, 5), seq2seq.Decoder(9, 4, 5, 5)),
        "transformer": lambda: transformer.Transformer(9, 9, 8, 2, 1),
    }[kind]()
    return model.step(tokens, model.begin(ids([1, 2])) if state is None else state)


def twice():
    weight = nn.Parameter(randn(2))
    return muon.Together(torch.optim.SGD([weight], 0.1), torch.optim.SGD([weight], 0.1))


NAN = math.nan
MORE = {
    "attention": {
        "an array": lambda: at.attention(*(np.zeros((3, 4), np.float32),) * 3),
        "padding_mask: a padding that is a text": lambda: at.padding_mask(ids([1, 2]), "0"),
        "padding_mask: half a token": lambda: at.padding_mask(ids([1, 2]), 0.5),
        "rotary: a base that is a text": lambda: at.rotary(randn(3, 4), torch.arange(3), "x"),
        "a dropout of 1.5": lambda: at.attention(*(randn(3, 4),) * 3, dropout=1.5),
        "several heads, a dropout of nan": lambda: at.MultiHeadAttention(8, 2, dropout=NAN),
        "several heads, a bias that is a text": lambda: at.MultiHeadAttention(8, 2, bias="no"),
        "several heads, a base that turns nothing": lambda: at.MultiHeadAttention(8, 2, rotary_base=500.0),
        "several heads, a base of 0": lambda: at.MultiHeadAttention(8, 2, True, rotary_base=0),
    },
    "layers": {"RNN: an array": lambda: layers.RNN(4, 5)(np.zeros((2, 3, 4), np.float32))},
    "bidirectional": {
        "layers that do not read the batch first": lambda: both(nn.GRU(3, 4), nn.GRU(3, 4)),
        "two layers in one": lambda: both(nn.GRU(3, 4, 2, batch_first=True), nn.GRU(3, 4, batch_first=True)),
        "no layers at all": lambda: both(None, None),
        "layers that read two sizes": lambda: both(nn.GRU(3, 4, batch_first=True), nn.GRU(5, 4, batch_first=True)),
    },
    "seq2seq": {
        "no encoder": lambda: seq2seq.Seq2Seq(None, None),
        "a memory of another size": lambda: seq2seq.AttentionSeq2Seq(
            seq2seq.Encoder(9, 4, 5), seq2seq.AttentionDecoder(9, 4, 6, 10, at.GeneralScore(6, 10))
        ),
        "a step of tokens (B, 1)": lambda: written("gru", ids([1])),
        "run: no layer": lambda: seq2seq.run(None, randn(1, 2, 3), (randn(1, 3),)),
    },
    "transformer": {
        "causal as a text": lambda: transformer.TransformerEncoder(9, 8, 2, 1)(ids([1]), causal="no"),
        "a step of tokens (B, 1)": lambda: written("transformer", ids([1])),
        "a step without a state": lambda: written("transformer", torch.tensor([1]), (None,)),
        "Residual: another width": lambda: transformer.Residual(8)(randn(1, 2, 6), lambda u: u),
        "Residual: a part that is no function": lambda: transformer.Residual(8)(randn(1, 2, 8), 3),
        "an attention's dropout below 0": lambda: transformer.TransformerConfig(8, 2, 1, attention_dropout=-0.1),
        "an attention's bias that is a text": lambda: transformer.Transformer(9, 9, 8, 2, 1, attention_bias="no"),
    },
    "gpt": {
        "a cache that is a dict": lambda: model()(ids([1]), {}),
        "a cache of numbers": lambda: model()(ids([1]), (1, 2)),
        "rms_norm: an epsilon of nan": lambda: gpt.rms_norm(randn(2, 4), torch.ones(4), NAN),
        "RMSNorm: an epsilon below 0": lambda: gpt.RMSNorm(8, -1.0),
        "norm_of nothing": lambda: gpt.norm_of(None),
        "attend: turn as a text": lambda: gpt.attend(*(randn(1, 1, 3, 4),) * 3, turn="no"),
        "a base with learned places": lambda: config(rotary_base=500.0),
        "a base below 0": lambda: config(positions="rotary", rotary_base=-1.0),
        "an attention's dropout of 2": lambda: config(attention_dropout=2.0),
        "from_gpt2: a list": lambda: gpt.from_gpt2([], config()),
    },
    "generate": {
        "greedy: an end past the vocabulary": lambda: generate.greedy(step([0.0, 1.0]), randn(2, 1), 0, 2, 3),
        "sample: an end past the vocabulary": lambda: generate.sample(step([0.0, 1.0]), randn(2, 1), 0, 5, 3),
        "sample: a seed for a generator": lambda: generate.sample(
            step([0.0, 1.0]), randn(2, 1), 0, None, 3, generator=3
        ),
        "greedy: a step that gives a number": lambda: generate.greedy(lambda t, s: 3, randn(2, 1), 0, 1, 3),
        "best_beams: ended as numbers": lambda: generate.best_beams(
            randn(1, 2, 3), randn(1, 2), torch.ones(1, 2), torch.zeros(1, 2), 2
        ),
    },
    "metrics": {
        "a table of 50,000 classes": lambda: metrics.confusion([49_999], [49_999]),
        "no batches": lambda: metrics.nll(nn.Linear(3, 4), None),
    },
    "windows": {
        "padding None": lambda: windows.pad_batch(None),
        "groups of nothing": lambda: windows.split_groups(None, (0.5, 0.5), np.random.default_rng(0)),
    },
    "tokenisation": {
        "a merge that stands twice": lambda: bpe.BytePairEncoding([(64, 65), (64, 65)]),
        "a file that is None": lambda: bpe.BytePairEncoding.load(None),
    },
    "training": {
        "a loss over no target": lambda: train.cross_entropy(
            nn.Linear(3, 4), (randn(2, 3), torch.tensor([-100, -100]))
        ),
        "a loss of arrays": lambda: train.cross_entropy(nn.Linear(3, 4), (np.zeros((2, 3)), np.zeros(2, int))),
        "a floor of 2": lambda: train.warmup_cosine(10, 2, 2.0),
        "muon: no model": lambda: muon.muon(3),
        "muon: a part called 3": lambda: muon.muon(model(), inside=3),
        "Together: a parameter twice": twice,
    },
    "pictures": {
        "patches that do not divide": lambda: pictures.patches(randn(2, 5, 6), 2),
        "patches of 0": lambda: pictures.patches(randn(2, 4, 6), 0),
        "one picture without a batch": lambda: pictures.patches(randn(4, 6), 2),
    },
    "scan": {
        "recurrence: two lengths": lambda: scan.recurrence(randn(2, 3, 4), randn(2, 5, 4)),
        "recurrence: no steps": lambda: scan.recurrence(randn(4), randn(4)),
        "scan: one step of a": lambda: scan.scan(randn(2, 1, 4), randn(2, 3, 4)),
        "scan: no steps": lambda: scan.scan(torch.zeros(2, 0, 4), torch.zeros(2, 0, 4)),
        "scan_doubling: two lengths": lambda: scan.scan_doubling(randn(2, 3, 4), randn(2, 5, 4)),
        "scan_backward: a gradient of one step": lambda: scan.scan_backward(*(randn(2, 3, 4),) * 2, randn(2, 1, 4)),
        "ScanByHand: two widths": lambda: scan.ScanByHand.apply(randn(2, 3, 1), randn(2, 3, 4)),
        "log_scan: two lengths": lambda: scan.log_scan(randn(2, 3, 4), randn(2, 5, 4)),
        "take_in: the state of another batch": lambda: scan.take_in(*(randn(2, 3, 4),) * 2, randn(1, 4)),
        "combine: one number": lambda: scan.combine(3, (1.0, 2.0)),
        "causal_fft: a kernel of another length": lambda: scan.causal_fft(randn(2, 5, 3), randn(7, 3)),
        "causal_fft: whole numbers": lambda: scan.causal_fft(torch.ones(2, 5, 3, dtype=torch.long), randn(5, 3)),
        "min_gru: weights of another width": lambda: scan.min_gru(
            randn(2, 3, 4), randn(4, 5), randn(5), randn(3, 5), randn(5)
        ),
        "MinGRU: no units": lambda: scan.MinGRU(4, 0),
        "MinGRU: a size with a fraction": lambda: scan.MinGRU(2.5, 3),
        "MinGRU: a reach of 0": lambda: scan.MinGRU(4, 3, reach=0),
        "MinGRU: no batch": lambda: scan.MinGRU(4, 3)(randn(5, 4)),
        "MinGRU: no steps": lambda: scan.MinGRU(4, 3)(torch.zeros(2, 0, 4)),
        "MinGRU: another width": lambda: scan.MinGRU(4, 3)(randn(2, 5, 6)),
        "MinGRU: a state (1, B, H)": lambda: scan.MinGRU(4, 3)(randn(2, 5, 4), randn(1, 2, 3)),
        "discretise: another method": lambda: scan.discretise(-torch.ones(3), 0.1, "euler"),
        "discretise: a step below 0": lambda: scan.discretise(-torch.ones(3), -0.1),
        "DiagonalSSM: no states": lambda: scan.DiagonalSSM(4, 0),
        "DiagonalSSM: no batch": lambda: scan.DiagonalSSM(4)(randn(5, 4)),
        "DiagonalSSM: another width": lambda: scan.DiagonalSSM(4)(randn(2, 5, 3)),
        "DiagonalSSM: a state without a batch": lambda: scan.DiagonalSSM(4, 2)(randn(2, 5, 4), randn(4, 2)),
        "DiagonalSSM: a kernel of 2.5 steps": lambda: scan.DiagonalSSM(4).kernel(2.5),
        "Mamba: no width": lambda: scan.Mamba(0),
        "Mamba: a reach of 0": lambda: scan.Mamba(4, reach=0),
        "Mamba: no batch": lambda: scan.Mamba(4)(randn(5, 4)),
        "Mamba: another width": lambda: scan.Mamba(4)(randn(2, 5, 3)),
        "Mamba: a state that is a number": lambda: scan.Mamba(4)(randn(2, 5, 4), 3),
        "selective_scan: what is written at two sizes": lambda: scan.selective_scan(
            randn(2, 3, 4), randn(2, 3, 4), randn(4, 2), randn(2, 3, 2), randn(2, 3, 3), randn(4)
        ),
        "diagonal_loop: another width": lambda: scan.diagonal_loop(randn(2, 3, 4), *(randn(4, 2),) * 2, randn(3, 2)),
        "linear_attention: queries of another length": lambda: scan.linear_attention(
            randn(2, 3, 4), randn(2, 5, 4), randn(2, 5, 4)
        ),
        "linear_attention_loop: a state of another size": lambda: scan.linear_attention_loop(
            *(randn(2, 3, 4),) * 2, randn(2, 3, 5), randn(4, 4)
        ),
        "delta_rule: rates of another length": lambda: scan.delta_rule(
            *(randn(2, 3, 4),) * 2, randn(2, 3, 5), randn(2, 4)
        ),
        "delta_rule_parallel: one rate a row": lambda: scan.delta_rule_parallel(
            *(randn(2, 3, 4),) * 2, randn(2, 3, 5), randn(2, 1)
        ),
    },
}
