"""Slips of a device, found on a machine that has only one: see devices.py."""

import importlib
import inspect
import pkgutil

import pytest
import torch
from devices import GPU, OneDevice, TwoPlaces, place, put
from torch import nn

import seqlib.models
import seqlib.studies
from seqlib.models import attention, bidirectional, gpt, layers, scan, seq2seq, transformer
from seqlib.studies import (
    capstone_leaders,
    colouring_python,
    every_family,
    hearing_digits,
    how_a_protein_folds,
    how_far_ahead,
    how_far_back,
    how_sure,
    judging_reviews,
    learning_to_add,
    looking_up,
    reading_both_strands,
    reading_digits,
    recall_ladder,
    tagging_text,
    what_a_remedy_buys,
    what_a_state_holds,
    what_each_part_does,
    what_length_costs,
    what_sounds_next,
    where_the_motif_is,
    which_junction,
    writing_characters,
)

SMALL = gpt.GPTConfig(11, context=9, width=8, layers=2, heads=2)
MODERN = gpt.GPTConfig(
    11, context=9, width=8, layers=2, heads=2, kv_heads=1, norm="rms", positions="rotary", feed_forward="swiglu",
    qk_norm=True,
)  # fmt: skip
FAMILIES = ("RNN", "LSTM", "GRU", "convolution", "minGRU", "Transformer")


def x(*shape):
    return torch.randn(*(shape or (3, 5, 8)))


def ids(high=11, shape=(3, 5)):
    """Token numbers; none is 0, the padding."""
    return torch.randint(1, high, shape)


def lengths():
    return torch.tensor([5, 2, 4])


def padded(high=11):
    return torch.where(torch.arange(5) < lengths()[:, None], ids(high), 0)


def mask():
    return torch.ones(5, 5, dtype=torch.bool).tril()


def translator(layer="gru", score=None):
    """With attention where there is a score."""
    encoder = seq2seq.Encoder(11, 6, 7, layer, bidirectional=True)
    if score is None:
        return seq2seq.Seq2Seq(encoder, seq2seq.Decoder(12, 6, 7, 14, layer))
    return seq2seq.AttentionSeq2Seq(encoder, seq2seq.AttentionDecoder(12, 6, 7, 14, score, layer))


def lexicon():
    return tagging_text.Lexicon.of([["a", "bee", "sees"], ["a", "tree"]], ["D", "N", "V"], [["trees"]])


def reader(family, both):
    return every_family.Reader(family, 8, 11, 4, both=both)


def by_loss(model):
    """A model that is called for its loss alone."""
    model.forward = model.loss
    return model


def each(*kinds):
    """The classes of a module that a row is about, so that none is forgotten."""
    return kinds


# {what: (the classes it is about, how to make it, what it reads)}
ROWS = {
    "RNN": (each(layers.RNN), lambda: layers.RNN(8, 6), lambda: [x()]),
    "GRU": (each(layers.GRU), lambda: layers.GRU(8, 6), lambda: [x()]),
    "LSTM": (each(layers.LSTM), lambda: layers.remember_for(layers.LSTM(8, 6), 9), lambda: [x()]),
    "additive score": (each(attention.AdditiveScore), lambda: attention.AdditiveScore(8, 8, 6), lambda: [x(), x()]),
    "general score": (each(attention.GeneralScore), lambda: attention.GeneralScore(8, 8), lambda: [x(), x()]),
    "heads": (each(attention.MultiHeadAttention), lambda: attention.MultiHeadAttention(8, 2), lambda: [x(), x()]),
    "heads, rotary": ((), lambda: attention.MultiHeadAttention(8, 2, True), lambda: [x(), x(), mask()]),
    "both ways": (
        each(bidirectional.Bidirectional),
        lambda: bidirectional.Bidirectional(layers.GRU(8, 6), layers.GRU(8, 6)),
        lambda: [x(), lengths()],
    ),
    "both ways, all steps": (
        (), lambda: bidirectional.Bidirectional(layers.LSTM(8, 6), layers.LSTM(8, 6)), lambda: [x()]),
    "encoder both ways": (
        each(bidirectional.BidirectionalEncoder),
        lambda: bidirectional.BidirectionalEncoder(11, 6, 5, layers=2, dropout=0.2),
        lambda: [padded()],
    ),
    "GPT": (each(*(getattr(gpt, n) for n in ("GPT", "Block", "CausalAttention", "MLP"))),
            lambda: gpt.GPT(SMALL), lambda: [ids()]),
    "GPT, modern": (each(gpt.RMSNorm), lambda: gpt.GPT(MODERN), lambda: [ids()]),
    "Transformer": (
        each(*(getattr(transformer, n) for n in ("Transformer", "TransformerEncoder", "TransformerDecoder", "Embedding",
                                                 "EncoderBlock", "DecoderBlock", "Residual", "FeedForward"))),
        lambda: transformer.Transformer(11, 12, 8, 2, 2, dropout=0.1),
        lambda: [padded(), padded()],
    ),
    "Transformer, learned places": (
        (), lambda: transformer.Transformer(11, 12, 8, 2, 1, positions="learned"), lambda: [ids(), ids()]),
    "encoder, causal": (
        (), lambda: transformer.TransformerEncoder(11, 8, 2, 1, positions="none"), lambda: [ids(), True]),
    "minGRU": (each(scan.MinGRU), lambda: scan.MinGRU(8, 6), lambda: [x()]),
    "diagonal": (each(scan.DiagonalSSM), lambda: scan.DiagonalSSM(8, 3), lambda: [x()]),
    "Mamba": (each(scan.Mamba), lambda: scan.Mamba(8, 3), lambda: [x()]),
    "seq2seq": (each(seq2seq.Seq2Seq, seq2seq.Encoder, seq2seq.Decoder), translator, lambda: [padded(), padded()]),
    "seq2seq, LSTM": ((), lambda: translator("lstm"), lambda: [padded(), padded()]),
    "seq2seq with attention": (
        each(seq2seq.AttentionSeq2Seq, seq2seq.AttentionDecoder, attention.DotScore),
        lambda: translator(score=attention.AdditiveScore(7, 14, 5)),
        lambda: [padded(), padded()],
    ),
    "tagger": (each(tagging_text.Tagger), lambda: tagging_text.Tagger(lexicon(), 6, 5, 4, drop=0.3),
               lambda: [padded(4)]),
    "letters": (
        each(tagging_text.Letters),
        lambda: tagging_text.Letters(lexicon().spelling, len(lexicon().letters), 4),
        lambda: [padded(4)],
    ),
    "words with letters": (
        each(tagging_text.SpelledWords),
        lambda: tagging_text.SpelledWords(
            lexicon().rows, lexicon().spelling, lexicon().counts, len(lexicon().letters), 6, 4, drop=0.3
        ),
        lambda: [padded(4)],
    ),
    "motif": (each(where_the_motif_is.MotifReader), lambda: where_the_motif_is.MotifReader(4, 3, 5),
              lambda: [x(3, 20, 4)]),
    "fold": (each(how_a_protein_folds.FoldReader),
             lambda: how_a_protein_folds.FoldReader(5, layers=2), lambda: [ids()]),
    "fold window": (each(how_a_protein_folds.WindowReader), how_a_protein_folds.WindowReader, lambda: [ids()]),
    "finder": (each(capstone_leaders._Finder), lambda: capstone_leaders._Finder(4), lambda: [ids(4, (3, 40))]),
    "colourer": (each(colouring_python.Colourer), lambda: colouring_python.Colourer(
        layers.LSTM(len(colouring_python.CHARACTERS), 5)), lambda: [ids()]),
    "colouring window": (each(colouring_python.Window), lambda: colouring_python.Window(5), lambda: [ids(), True]),
    "silent": (each(what_each_part_does.Silent), lambda: nn.Sequential(nn.Linear(8, 8), what_each_part_does.Silent()),
               lambda: [x()]),
    "unmasked": (each(what_each_part_does.Unmasked),
                 lambda: what_each_part_does.Unmasked(attention.MultiHeadAttention(8, 2)), lambda: [x()]),
    "quantiles": (each(how_sure.QuantileForecaster), lambda: how_sure.QuantileForecaster(5), lambda: [x(3, 9, 1)]),
    "convolutions": (each(reading_digits.ConvNet), lambda: reading_digits.ConvNet(4), lambda: [x(3, 8, 8)]),
    "picture": (each(reading_digits.PictureGRU), lambda: reading_digits.PictureGRU(8, list(range(63, -1, -1)), 5),
                lambda: [x(3, 8, 8)]),
    "frames": (each(what_sounds_next.FrameModel), lambda: what_sounds_next.FrameModel(hidden_size=5, keys=8),
               lambda: [x()]),
    "one before": (each(what_sounds_next.OneBefore), lambda: what_sounds_next.OneBefore(8), lambda: [x()]),
    "junction": (each(which_junction.JunctionReader), lambda: which_junction.JunctionReader(5), lambda: [x(3, 12, 4)]),
    "junction filters": (each(which_junction.JunctionFilters), lambda: which_junction.JunctionFilters(12, 4),
                         lambda: [x(3, 12, 4)]),
    "recaller": (each(recall_ladder.Recaller), lambda: recall_ladder.Recaller(layers.GRU(8, 6)), lambda: [x()]),
    "recall": (each(how_far_back._Recall), lambda: how_far_back._Recall(layers.RNN(8, 6), x(), 4), lambda: [x()]),
    "reviewer": (each(judging_reviews.Reviewer), lambda: judging_reviews.Reviewer(
        11, 6, 5, ("last", "mean", "max"), drop_words=0.3), lambda: [padded()]),
    "reviewer, both ways": (
        (), lambda: judging_reviews.Reviewer(11, 6, 5, ("last", "max"), two_way=True), lambda: [padded()]),
    "words, both ways": (each(judging_reviews.WordModel), lambda: by_loss(judging_reviews.WordModel(
        judging_reviews.Reviewer(11, 6, 5, two_way=True), 11)), lambda: [padded()]),
    "adder": (each(learning_to_add.Adder), lambda: learning_to_add.Adder(11, 6), lambda: [ids()]),
    "checkpointed": (each(what_a_remedy_buys.Checkpointed), lambda: what_a_remedy_buys.checkpointed(gpt.GPT(SMALL)),
                     lambda: [ids()]),
    "DLinear": (each(how_far_ahead.DLinear), how_far_ahead.DLinear, lambda: [x(3, how_far_ahead.READ)]),
    "GRU by days": (each(how_far_ahead.GruByDays), lambda: how_far_ahead.GruByDays(5),
                    lambda: [x(3, how_far_ahead.READ)]),
    "fused": (each(what_length_costs.Attention), lambda: what_length_costs.Attention(8, 2, True), lambda: [x()]),
    "written out": ((), lambda: what_length_costs.Attention(8, 2, False), lambda: [x()]),
    "listener": (each(hearing_digits.Listener), lambda: hearing_digits.Listener(5),
                 lambda: [x(3, 9, hearing_digits.BANDS)]),
    "listener with attention": (each(hearing_digits.AttentionListener), lambda: hearing_digits.AttentionListener(5),
                                lambda: [x(3, 9, hearing_digits.BANDS), ids()]),
    "recurrent rival": (each(looking_up.Recurrent), lambda: looking_up.Recurrent(11, width=6, hidden_size=5),
                        lambda: [ids()]),
    "characters": (each(writing_characters.CharacterLSTM), lambda: writing_characters.CharacterLSTM(11, 5, 6),
                   lambda: [ids()]),
    "strands": (each(reading_both_strands.StrandReader), lambda: reading_both_strands.StrandReader(True),
                lambda: [x(3, 12, 4)]),
    "associating": (
        each(what_a_state_holds.Associating, what_a_state_holds.Gated),
        lambda: what_a_state_holds.Associating(what_a_state_holds.Gated(8, 6), 8, 11),
        lambda: [ids(11, (3, 5, 2))],
    ),
    "tracking": (each(what_a_state_holds.Tracking), lambda: what_a_state_holds.Tracking(layers.RNN(8, 6), 8, 6),
                 lambda: [ids(3)]),
    "stack": (
        each(what_a_state_holds.Stack),
        lambda: what_a_state_holds.Stack(11, lambda width: scan.Mamba(width, 3), 8, positions=9),
        lambda: [ids()],
    ),
    **{
        f"attending, {kind}": (each(what_a_state_holds.Attending),
                               lambda kind=kind: what_a_state_holds.Attending(8, 4, kind), lambda: [x()])
        for kind in ("softmax", "linear", "delta")
    },
    **{
        f"{family}, one way": (
            each(every_family.Reader, every_family._Recurrent, every_family._Conv, every_family._Scanned,
                 every_family._Stack),
            lambda family=family: reader(family, False), lambda: [ids()])
        for family in FAMILIES
    },
    **{
        f"{family}, both ways": (each(every_family._BothWays), lambda family=family: reader(family, True),
                                 lambda: [padded(), lengths()])
        for family in FAMILIES
    },
}  # fmt: skip
# Packing, `unique` and a choice of rows read numbers off their tensors, which meta does not have.
NEEDS_NUMBERS = ("seq2seq", "tagger", "words", "letters")


def tensors(value):
    return value if isinstance(value, torch.Tensor) else tensors(next(iter(value)))


def learns(model, inputs, lies_there):
    """Forward, loss, backward and an update: the step of a training."""
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-3)
    out = tensors(model(*inputs))
    assert lies_there(out)
    out.square().mean().backward()
    optimizer.step()


def test_every_model_has_a_row():
    found, twins = set(), "seqlib.models.fused"  # its layers stand for others, which have rows
    for package in (seqlib.models, seqlib.studies):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if module.name == twins:
                continue
            members = vars(importlib.import_module(module.name)).values()
            found |= {c for c in members if inspect.isclass(c) and issubclass(c, nn.Module)
                      and c.__module__ == module.name}  # fmt: skip
    assert found == {kind for kinds, _, _ in ROWS.values() for kind in kinds}


@pytest.mark.parametrize("name", [name for name in ROWS if not name.startswith(NEEDS_NUMBERS)])
def test_learns_on_the_meta_device(name):
    _, make, read = ROWS[name]
    inputs = read()
    with torch.device("meta"):
        model = make()
    with OneDevice():
        inputs = [part.to("meta") if isinstance(part, torch.Tensor) else part for part in inputs]
        learns(model, inputs, lambda out: out.device.type == "meta")


@pytest.mark.parametrize("name", ROWS)
def test_learns_where_a_gpu_is_played(name):
    _, make, read = ROWS[name]
    torch.manual_seed(0)
    model, inputs = put(make(), GPU), put(read(), GPU)
    with TwoPlaces():
        learns(model, inputs, lambda out: place(out) in (GPU, None))
