"""What 19 shares with its recording: features, losses, decoders, scores, and the rule of its verdicts."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.data.tones import RATE, calls
from seqlib.exercises.nb19_speech_ctc import (
    _collapse,
    _enumerate,
    _forward,
    _frames,
    _gradient,
    _grow,
    _mel,
    _rate,
    _spectrum,
)
from seqlib.studies.hearing_digits import (
    BANDS,
    HOP,
    SIZE,
    TESTS,
    AttentionListener,
    Listener,
    attention_loss,
    batch_of,
    bracketed,
    by_threshold,
    collapsed,
    ctc_loss,
    cut_evenly,
    digit_errors,
    distance,
    drawn,
    even_loss,
    features,
    held_out,
    on_record,
    rates_tried,
    shares,
    spelled,
    spikes,
    strings_of,
    targets_of,
    threshold_errors,
    tone_batch,
    train_listener,
    tune_threshold,
    verdicts,
)
from seqlib.training import recorded


def test_features_are_the_notebooks_three_steps():
    signal = np.random.default_rng(0).normal(size=3000)
    mine = (np.log(_spectrum(_frames(signal, SIZE, HOP)) @ _mel(BANDS, SIZE, RATE) + 1) - 6) / 2
    assert np.allclose(features(signal[None])[0], mine, atol=1e-4)


def test_the_spectrum_is_that_of_torch_and_of_scipy():
    signal = np.random.default_rng(1).normal(size=1000)
    power = _spectrum(_frames(signal, 64, 16))
    window = torch.hann_window(64, dtype=torch.float64)
    theirs = torch.stft(torch.as_tensor(signal), 64, 16, window=window, center=False, return_complex=True)
    assert np.allclose(theirs.abs().square().T, power)
    scipy = pytest.importorskip("scipy.signal")
    _, _, found = scipy.stft(signal, window="hann", nperseg=64, noverlap=48, boundary=None, padded=False)
    assert np.allclose(np.abs(found.T) ** 2 * 32**2, power)  # theirs is divided by the window's sum


def test_mel_filters_are_those_of_a_well_kept_library():
    audio = pytest.importorskip("transformers.audio_utils")
    for count, size, rate in ((40, 256, 8000), (13, 512, 16000), (5, 128, 11025)):
        theirs = audio.mel_filter_bank(size // 2 + 1, count, 0.0, rate / 2, rate, norm=None, mel_scale="htk")
        # It writes the same scale with a logarithm of base 10 and 2595, which is 1127 ln to four digits.
        assert np.abs(theirs - _mel(count, size, rate)).max() < 5e-3


@pytest.mark.parametrize("target", [[1, 2], [2, 2, 1], [], [1, 1, 1]])
def test_ctc_by_hand_is_enumeration_and_torch(target):
    logits = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    log_p = logits.log_softmax(dim=1)
    lengths = torch.tensor([6]), torch.tensor([len(target)])
    loss = nn.CTCLoss(reduction="sum")(log_p[:, None], torch.tensor([target], dtype=torch.long), *lengths)
    loss.backward()
    mine = log_p.detach().numpy()
    assert _forward(mine, target)[1] == pytest.approx(-loss.item())
    assert _enumerate(np.exp(mine), target) == pytest.approx(np.exp(-loss.item()))
    assert np.allclose(_gradient(mine, target), logits.grad.numpy())


def test_a_wide_prefix_beam_is_enumeration():
    log_p = torch.randn(5, 3, dtype=torch.float64).log_softmax(dim=1).numpy()
    beams = {(): (0.0, -np.inf)}
    for frame in log_p:
        beams = _grow(beams, frame, np.zeros((3, 3)))
    sums = {}
    for path in itertools.product(range(3), repeat=5):
        sums.setdefault(tuple(_collapse(path)), []).append(log_p[range(5), path].sum())
    assert {
        said: float(np.logaddexp(*pair)) for said, pair in beams.items() if np.logaddexp(*pair) > -np.inf
    } == pytest.approx({said: float(np.logaddexp.reduce(each)) for said, each in sums.items()})


def test_batches_targets_and_strings_fit():
    x, targets, lengths, labels = tone_batch([3, 1], size=6)
    assert x.shape[0] == 6 and x.shape[2] == BANDS and labels.shape == x.shape[:2]
    strings = strings_of((x, targets, lengths))
    assert [len(s) for s in strings] == lengths.tolist() and targets_of(strings)[0].equal(targets)
    merged = ["".join(k for k, _ in itertools.groupby(s)) for s in strings]
    assert [spelled(collapsed(row)) for row in labels.tolist()] == merged
    assert tone_batch([3, 1], size=6)[0].equal(x)
    assert cut_evenly(torch.tensor([[5, 6, 0], [1, 2, 3]]), torch.tensor([2, 3]), 6).tolist() == [
        [5, 5, 5, 6, 6, 6],
        [1, 1, 2, 2, 3, 3],
    ]


def test_distance_and_errors_are_the_notebooks():
    pairs = [("123", "1235"), ("", "77"), ("4444", "44"), ("98765", "87654")]
    said, true = map(list, zip(*pairs, strict=True))
    assert digit_errors(said, true) == pytest.approx(_rate(said, true)) == sum(map(distance, said, true)) / 13


def test_the_causal_listener_knows_nothing_of_the_future_and_goes_on_from_its_state():
    torch.manual_seed(0)
    x = torch.randn(2, 20, BANDS)
    model, later = Listener(8, two_way=False), x.clone()
    later[:, 12:] += 1
    with torch.no_grad():
        whole = model(x)
        assert whole[:, :12].equal(model(later)[:, :12])
        first = model(x[:, :7])
        assert torch.allclose(torch.cat([first, model(x[:, 7:], model.state)], 1), whole, atol=1e-6)
        assert not Listener(8)(x)[:, :12].allclose(Listener(8)(later)[:, :12])


def test_every_loss_goes_down():
    for make, loss in ((Listener, ctc_loss), (Listener, even_loss), (AttentionListener, attention_loss)):
        torch.manual_seed(0)
        model, batch = make(16), tone_batch([5, 5], size=4, lengths=(2, 3))
        before = loss(model, batch).item()
        train_listener(model, 12, lr=1e-2, loss=loss, sampler=lambda step, b=batch: b, name=None)
        assert loss(model, batch).item() < before
        assert all(set(said) <= set("0123456789") for said in model.transcribe(batch[0]))


def test_the_loss_of_attention_counts_each_digit_and_one_end():
    torch.manual_seed(0)
    model, (x, targets, lengths, _) = AttentionListener(8), tone_batch([6, 6], size=3, lengths=(2, 5))
    one_by_one = [
        attention_loss(model, (x[b : b + 1], targets[b : b + 1, : lengths[b]], lengths[b : b + 1])) * (lengths[b] + 1)
        for b in range(3)
    ]
    assert attention_loss(model, (x, targets, lengths)).item() == pytest.approx(
        float(sum(one_by_one) / (lengths + 1).sum()), rel=1e-5
    )


def test_a_threshold_hears_clear_calls():
    made = calls(np.random.default_rng(8), ["40717", "2255", "9081"], 30.0, talking=False)
    chosen = tune_threshold(made)
    assert [by_threshold(*shares(c.signal), *chosen) for c in made] == [c.digits for c in made]
    keys, share = np.array(list("1122 2")), np.array([0.9, 0.8, 0.9, 0.1, 0.9, 0.9])
    assert by_threshold(keys, share, 0.5, 1) == "122" and by_threshold(keys, share, 0.5, 2) == "1"


def test_a_delay_is_counted_to_the_end_of_the_frame():
    made = calls(np.random.default_rng(9), ["31"], 20.0)

    class Knowing(Listener):
        def forward(self, x):
            log_p = torch.full((*x.shape[:2], 11), -5.0)
            log_p[..., 0] = -1.0
            for digit, start in zip(made[0].digits, made[0].starts, strict=True):
                log_p[0, start // HOP + 2, int(digit) + 1] = 0.0
            return log_p

    wanted = [((start // HOP + 2) * HOP + SIZE - start) / RATE for start in made[0].starts]
    assert spikes(Knowing(4), made).tolist() == pytest.approx(wanted)


RATES = dict(net={"0 dB": [0.01, 0.02], "-5 dB": [0.1, 0.12]},
             tuned={"0 dB": [0.05], "-5 dB": [0.4, 0.41]}, evenly=[0.8, 0.7], aligned=[0.01, 0.02], short=[0.05, 0.06],
             long=[0.6, 0.5], long_ctc=[0.02, 0.03], late=[0.2, 0.3], late_clear=[0.1, 0.2], sounding=[0.5],
             saying=[0.1, 0.12], takes=[0.02, 0.03], people=[0.3, 0.1])  # fmt: skip


def test_verdicts_follow_from_the_numbers_and_can_turn():
    assert set(verdicts(**RATES).values()) == {"holds"}
    turned = {
        "learned": {"net": {"0 dB": [0.1], "-5 dB": [0.5, 0.6]}}, "aligned": {"evenly": [0.001], "aligned": [0.1, 0.2]},
        "spikes": {"saying": [0.6]}, "longer": {"long": [0.06]}, "causal": {"late": [0.05]},
        "speaker": {"people": [0.001]},
    }  # fmt: skip
    for claim, change in turned.items():
        assert verdicts(**RATES | change)[claim] == "fails", claim
    # One seed, or one speaker, on the other side is enough for a doubt.
    doubts = {
        "learned": {"tuned": {"0 dB": [0.05], "-5 dB": [0.01]}}, "aligned": {"evenly": [0.8, 0.02]},
        "spikes": {"saying": [0.1, 0.4]}, "longer": {"long_ctc": [0.02, 0.6]}, "causal": {"late": [0.3, 0.11]},
        "speaker": {"people": [0.3, 0.03]},
    }  # fmt: skip
    for claim, change in doubts.items():
        assert verdicts(**RATES | change)[claim] == "depends", claim


def test_a_network_that_has_not_learned_decides_nothing():
    untrained = verdicts(**RATES | {"aligned": [0.6, 0.7], "takes": [0.5]})
    assert set(untrained.values()) == {"not tested"}
    assert verdicts(**RATES | {"short": [0.4, 0.5]})["longer"] == "not tested"
    assert verdicts(**RATES | {"late_clear": [0.4, 0.2]})["causal"] == "not tested"


def test_what_is_not_recorded_is_not_tested():
    nothing = [float("nan")]
    missing = {"evenly": "aligned", "saying": "spikes", "long": "longer", "late": "causal",
               "people": "speaker"}  # fmt: skip
    for value, claim in missing.items():
        assert verdicts(**RATES | {value: nothing})[claim] == "not tested"
    assert verdicts(**RATES | {"net": {"0 dB": nothing, "-5 dB": nothing}})["learned"] == "not tested"
    assert verdicts(**RATES | {"people": nothing})["learned"] == "holds"
    found, words = on_record("19_nobody")
    assert found == {} and "record_runs.py 19_nobody" in words
    found, words = on_record("05_adding")
    assert found and "Recorded on" in words


def test_everything_is_tested_on_the_same_calls():
    for name, (lengths, _) in TESTS.items():
        made = held_out(name, 6)
        assert [c.digits for c in made] == [c.digits for c in held_out(name, 6)]
        assert all(lengths[0] <= len(c.digits) <= lengths[1] for c in made)
        assert strings_of(batch_of(made)) == [c.digits for c in made]
    trained_on = {c.digits for seed in range(3) for c in drawn([seed, 0])}
    assert not trained_on & {c.digits for c in held_out("12 digits", 8)}
    assert threshold_errors("5 dB", size=6, talking=False) < 0.2 < threshold_errors("-10 dB", size=6)


def test_a_best_rate_at_the_edge_of_those_tried_is_noticed():
    def results(*errors):
        return {f"x, seed 0 at rate {rate:g}": [e] for rate, e in zip((0.003, 0.01, 0.03), errors, strict=True)}

    assert bracketed(results(0.3, 0.2, 0.4), "x")
    assert not bracketed(results(0.1, 0.2, 0.4), "x") and not bracketed(results(0.3, 0.2, 0.1), "x")
    assert not bracketed({}, "x") and not bracketed(results(0.3, 0.2, 0.4), "y")
    assert rates_tried(results(0.3, 0.2, 0.4), "x") == {0.003: 0.3, 0.01: 0.2, 0.03: 0.4}


def test_the_rate_of_the_spoken_digits_is_the_best_of_a_sweep():
    results = recorded.load("19_takes")["results"]
    assert bracketed(results, "takes 0 to 4")
    tried = rates_tried(results, "takes 0 to 4")
    assert results["takes 0 to 4, rate"][0] == min(tried, key=tried.get)
