"""Losses, samplers, decoders and scores where a GPU is played: see devices.py."""

import numpy as np
import pytest
import torch
from devices import GPU, TwoPlaces, place, put
from torch.nn import functional as F

from seqlib import metrics
from seqlib.data import carried_sampler, sampler, text_sampler
from seqlib.models import attention, bidirectional, generate, gpt, layers, scan, seq2seq, transformer
from seqlib.studies import (
    colouring_python,
    hearing_digits,
    how_a_protein_folds,
    how_far_ahead,
    how_far_back,
    how_sure,
    judging_reviews,
    likely_numbers,
    looking_up,
    reading_with_a_cache,
    seven_tasks,
    tagging_text,
    translating_better,
    translating_numbers,
    what_a_state_holds,
    what_sounds_next,
    where_the_motif_is,
    which_junction,
    writing_characters,
)
from seqlib.training import muon
from seqlib.training.train import train

SOURCE = torch.tensor([[3, 4, 5, 2, 0], [6, 2, 0, 0, 0], [7, 8, 9, 9, 2]])


def on_gpu(*values):
    """Values as a GPU's; one alone by itself."""
    put(values, GPU)
    return values if len(values) > 1 else values[0]


def translators():
    def recurrent(layer, score=None):
        encoder = seq2seq.Encoder(11, 6, 7, layer, bidirectional=True)
        if score is None:
            return seq2seq.Seq2Seq(encoder, seq2seq.Decoder(12, 6, 7, 14, layer))
        return seq2seq.AttentionSeq2Seq(encoder, seq2seq.AttentionDecoder(12, 6, 7, 14, score, layer))

    return {
        "GRU": lambda: recurrent("gru"),
        "LSTM": lambda: recurrent("lstm"),
        "attention": lambda: recurrent("gru", attention.AdditiveScore(7, 14, 5)),
        "attention, LSTM": lambda: recurrent("lstm", attention.GeneralScore(7, 14)),
        "Transformer": lambda: transformer.Transformer(11, 12, 8, 2, 1),
    }


DECODERS = {
    "greedy": generate.greedy,
    "beam": generate.beam_search,
    "beam, by length": lambda *given: generate.beam_search(*given, width=3, length_power=0.7),
    "draws": generate.sample,
    "few, many": lambda *given: generate.sample(*given, temperature=0.7, top_k=5, top_p=0.9),
}


@pytest.mark.parametrize("how", DECODERS)
@pytest.mark.parametrize("name", translators())
def test_decoders(name, how):
    torch.manual_seed(0)
    model, source = put(translators()[name]().eval(), GPU), on_gpu(SOURCE.clone())
    with TwoPlaces():
        found = DECODERS[how](model.step, model.begin(source), 1, 2, 4)
        assert all(place(part) in (GPU, None) for part in (found if isinstance(found, tuple) else (found,)))


@pytest.mark.parametrize(
    "parts", [{}, {"positions": "rotary", "norm": "rms", "kv_heads": 1}], ids=["learned", "rotary"]
)
def test_gpt_with_a_cache(parts):
    model = put(gpt.GPT(gpt.GPTConfig(11, context=9, width=8, layers=2, heads=2, **parts)).eval(), GPU)
    idx = on_gpu(torch.randint(11, (2, 6)))
    with TwoPlaces():
        _, cache = model(idx[:, :4], ())
        logits, cache = model(idx[:, 4:], cache)
        assert place(logits) == place(cache[0][0]) == GPU
        if "positions" in parts:
            step = reading_with_a_cache.stepper(model)
            generate.greedy(step, cache, 1, 10, 3)


LAYERS = {
    "RNN": lambda: layers.RNN(8, 6),
    "GRU": lambda: layers.GRU(8, 6),
    "LSTM": lambda: layers.LSTM(8, 6),
    "minGRU": lambda: scan.MinGRU(8, 6),
    "Mamba": lambda: scan.Mamba(8, 3),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_goes_on_from_its_state(name):
    layer, x = put(LAYERS[name](), GPU), on_gpu(torch.randn(2, 5, 8))
    with TwoPlaces():
        _, state = layer(x[:, :3])
        assert place(layer(x[:, 3:], state)[0]) in (GPU, None)


def test_diagonal_states_go_on():
    layer, x = put(scan.DiagonalSSM(8, 3), GPU), on_gpu(torch.randn(2, 5, 8))
    with TwoPlaces():
        _, state = layer.recurrent(x[:, :3])
        layer(x[:, 3:], state)


def test_functions_of_scan():
    a, q = on_gpu(torch.rand(2, 7, 4), torch.rand(2, 7, 4))
    with TwoPlaces():
        for states in (scan.recurrence, scan.scan, scan.scan_doubling, scan.log_scan):
            assert place(states(a, a)) == GPU
        for read in (scan.linear_attention_loop(q, q, q)[0], scan.linear_attention(q, q, q),
                     scan.delta_rule(q, q, q, q[..., 0])[0], scan.delta_rule_parallel(q, q, q, q[..., 0])):  # fmt: skip
            assert place(read) == GPU


def test_lengths_from_the_host_are_moved():
    """The lengths of a row may come from the data, which lies on the host."""
    x, host = on_gpu(torch.randn(3, 5, 8)), put(torch.tensor([5, 2, 4]), torch.device("cpu"))
    layer = put(bidirectional.Bidirectional(layers.GRU(8, 6), layers.GRU(8, 6)), GPU)
    with TwoPlaces():
        assert place(layer(x, host)[0]) == GPU
        assert place(bidirectional.reverse_padded(x, host)) == GPU


# -- losses ------------------------------------------------------------------------------------------------------------


def pairs():
    return on_gpu(SOURCE.clone(), SOURCE.clone(), SOURCE.clone())


def calls():
    x, targets, evenly = (
        torch.randn(3, 9, hearing_digits.BANDS),
        torch.randint(1, 10, (3, 3)),
        torch.randint(10, (3, 9)),
    )
    return on_gpu(x, targets, torch.tensor([3, 1, 2]), evenly)


def windows():
    return on_gpu(torch.randint(11, (3, 5)), torch.randint(11, (3, 5)), torch.zeros(3, dtype=torch.bool))


def carried():
    """Two batches: the second goes on from the state of the first."""
    loss = writing_characters.carried_loss()

    def both(model, batch):
        return loss(model, batch) + loss(model, batch)

    return both


LOSSES = {
    "forced": (translators()["GRU"], pairs, translating_numbers.forced_loss),
    "smoothed": (translators()["Transformer"], pairs, translating_better.smoothed_loss),
    "CTC": (lambda: hearing_digits.Listener(5), calls, hearing_digits.ctc_loss),
    "even": (lambda: hearing_digits.Listener(5), calls, hearing_digits.even_loss),
    "heard with attention": (lambda: hearing_digits.AttentionListener(5), calls, hearing_digits.attention_loss),
    "carried": (lambda: writing_characters.CharacterLSTM(11, 5, 6), windows, carried()),
    "free": (lambda: layers.RNN(1, 1), lambda: on_gpu(*how_far_ahead.balls([0], 3)), how_far_ahead.free_loss),
    "frames": (
        lambda: what_sounds_next.FrameModel(hidden_size=5),
        lambda: on_gpu(*what_sounds_next.padded([np.ones((k, 88), np.float32) for k in (4, 6)])),
        lambda model, batch: what_sounds_next._frames(model, *batch).mean(),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    make, batch, loss = LOSSES[name]
    torch.manual_seed(0)
    model, batch = put(make(), GPU), batch()
    with TwoPlaces():
        loss(model, batch).backward()


def test_quantile_levels_are_moved():
    """The levels are constants of the host; target and quantiles come from the model."""
    model, values = put(how_sure.QuantileForecaster(5), GPU), np.sin(np.arange(400.0))
    with TwoPlaces():
        how_sure.train_quantiles(model, values, how_sure.pinball, 2, 1e-3)


# -- a training, and what is measured after it -------------------------------------------------------------------------

IDS = np.tile(np.arange(11), 30)
SAMPLERS = {
    "text": text_sampler(IDS, 5, 3),
    "carried": carried_sampler(IDS, 5, 3),
    "rows": sampler(torch.randint(11, (9, 5)), torch.randint(11, (9, 5)), batch_size=3),
}
OPTIMIZERS = {
    "AdamW": None,
    "muon": lambda model: muon.muon(model, inside="layer"),
    "muon by gate": lambda model: muon.muon_by_gate(model),
}


@pytest.mark.parametrize("kind", SAMPLERS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_train_moves_what_a_sampler_gives(kind, optimizer):
    model = put(writing_characters.CharacterLSTM(11, 5, 6), GPU)
    made = OPTIMIZERS[optimizer] and OPTIMIZERS[optimizer](model)
    with TwoPlaces():
        history = train(model, SAMPLERS[kind], 3, optimizer=made, clip=1.0, name=None)
    assert len(history.losses) == 3


def characters():
    return put(writing_characters.CharacterLSTM(11, 5, 6), GPU)


def listener():
    return put(hearing_digits.Listener(5), GPU)


def tagger():
    lexicon = tagging_text.Lexicon.of([["a", "bee"], ["a", "tree"]], ["D", "N"])
    return put(tagging_text.Tagger(lexicon, 6, 5, 4), GPU)


def chord():
    return np.ones((4, 88), np.float32)


def attentive():
    return put(hearing_digits.AttentionListener(5), GPU)


def junctions():
    return put(which_junction.JunctionReader(5), GPU)


def rolling():
    model = put(layers.RNN(1, 1), GPU)
    return lambda seen: how_far_ahead.rolled(model, seen.to(GPU), how_far_ahead.AHEAD)


def python_source():
    zeros = np.zeros(400, int)
    return colouring_python.Source(("made up",), zeros, zeros, zeros, zeros[:1])


MEASURES = {
    "nll": lambda: metrics.nll(characters(), [SAMPLERS["text"](0)]),
    "held out": lambda: writing_characters.held_out(characters(), IDS, 2),
    "in windows": lambda: writing_characters.in_windows(characters(), IDS, 6),
    "second copy": lambda: looking_up.second_copy(put(looking_up.Recurrent(32, width=6, hidden_size=5), GPU), 6),
    "said by": lambda: how_sure.said_by(put(how_sure.QuantileForecaster(5), GPU), np.ones((3, 9))),
    "squared error": lambda: how_far_ahead.squared_error(
        put(how_far_ahead.DLinear(), GPU), np.ones((3, how_far_ahead.READ)), np.ones((3, how_far_ahead.SAY))
    ),
    "frames": lambda: what_sounds_next.mean_nll(put(what_sounds_next.FrameModel(hidden_size=5), GPU), [chord()]),
    "sampled frames": lambda: what_sounds_next.sample_frames(
        put(what_sounds_next.FrameModel(hidden_size=5), GPU), chord(), 2
    ),
    "tags": lambda: tagging_text.say_tags(tagger(), torch.tensor([[1, 2, 0], [1, 3, 2]])),
    "reviews": lambda: judging_reviews.probability(
        put(judging_reviews.Reviewer(11, 6, 5, ("last", "max")), GPU), SOURCE
    ),
    "places": lambda: reading_with_a_cache.by_position(
        put(gpt.GPT(gpt.GPTConfig(11, context=6, width=8, layers=1, heads=2)), GPU), IDS, 6
    ),
    "gradients": lambda: how_far_back.gradient_norm_by_lag(put(layers.LSTM(8, 6), GPU), on_gpu(torch.randn(2, 4, 8))),
    "right": lambda: seven_tasks.right(lambda x: F.one_hot(x, 11).float(), on_gpu(SOURCE.clone(), SOURCE.clone())),
    "folds": lambda: how_a_protein_folds.say_folds(put(how_a_protein_folds.FoldReader(5), GPU), SOURCE),
    "motif": lambda: where_the_motif_is.percent_right(
        put(where_the_motif_is.MotifReader(4, 3, 5), GPU), *where_the_motif_is.new_sequences(3)[:2]
    ),
    "junctions": lambda: which_junction.said(junctions(), np.ones((3, 8, 4), np.float32)),
    "hidden letters": lambda: which_junction.nats(junctions(), np.ones((3, 8, 4), np.float32)),
    "ahead": lambda: how_far_ahead.errors_ahead(rolling(), 3),
    "towns": lambda: likely_numbers._heard(listener(), hearing_digits.held_out("0 dB", 2)),
    "colours": lambda: colouring_python.read_through(put(colouring_python.Window(5), GPU), python_source(), 2, 40),
    "a state's text": lambda: what_a_state_holds.held_out(
        put(what_a_state_holds.Stack(11, lambda width: scan.Mamba(width, 3), 8), GPU), IDS, 2, 20
    ),
    "heard with attention": lambda: hearing_digits.scored("attention", attentive(), 2),
    "heard": lambda: hearing_digits.scored("CTC", listener(), 2),
}


@pytest.mark.parametrize("name", MEASURES)
def test_measures(name):
    torch.manual_seed(0)
    with TwoPlaces():
        MEASURES[name]()


# -- the two devices themselves ----------------------------------------------------------------------------------------


def test_the_play_notices():
    """Each of these fails on a GPU; a scalar of the host and a move do not."""
    x, host = on_gpu(torch.randn(2, 3)), put(torch.ones(2, 3), torch.device("cpu"))
    with TwoPlaces():
        wrong = (
            lambda: x + torch.ones(3),
            lambda: x @ torch.ones(3, 2),
            lambda: torch.cat([x, host]),
            lambda: x.masked_fill(host > 0, 0.0),
            lambda: x.numpy(),
            lambda: torch.bernoulli(x.sigmoid(), generator=torch.Generator()),
        )
        for slip in wrong:
            with pytest.raises(ValueError, match=r"host|GPU"):
                slip()
        assert place(x + torch.tensor(1.0)) == place(x + host.to(x.device)) == place(x * torch.ones_like(x)) == GPU
        assert place(x.cpu() + host) == torch.device("cpu") and place(x) == GPU
