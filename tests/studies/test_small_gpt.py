"""seqlib.studies.small_gpt: two optimisers as one, writing with a cache, copied text, repeated sequences."""

import math

import numpy as np
import pytest
import torch

from seqlib.models.generate import sample
from seqlib.models.gpt import GPT, GPTConfig
from seqlib.studies.small_gpt import (
    Recurrent,
    Together,
    by_position,
    copied,
    learn_to_look_up,
    muon,
    play_or_library,
    reader,
    repeated,
    second_copy,
    stepper,
    without_head,
)


def small(**change):
    torch.manual_seed(0)
    model = GPT(GPTConfig(32, context=10, width=16, layers=2, heads=4, positions="rotary", **change)).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.5)
    return model


def test_together_steps_every_part_with_its_own_rate():
    a, b = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    both = Together(torch.optim.SGD([a], lr=0.1), torch.optim.SGD([b], lr=0.5))
    both.zero_grad()
    (a.sum() + b.sum()).backward()
    both.step()
    assert torch.allclose(a, torch.full((2,), 0.9)) and torch.allclose(b, torch.full((2,), 0.5))
    both.param_groups[1]["lr"] = 0.0  # what a schedule does
    both.step()
    assert torch.allclose(a, torch.full((2,), 0.8)) and torch.allclose(b, torch.full((2,), 0.5))


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this PyTorch has no Muon")
def test_muon_gets_the_matrices_inside_and_adamw_all_the_rest():
    model = small(norm="layer")
    inside, rest = muon(model).parts
    chosen = [p for group in inside.param_groups for p in group["params"]]
    others = [p for group in rest.param_groups for p in group["params"]]
    assert isinstance(inside, torch.optim.Muon) and all(p.ndim == 2 for p in chosen)
    assert {id(p) for p in chosen + others} == {id(p) for p in model.parameters()}
    assert len(chosen) + len(others) == len(list(model.parameters()))
    assert any(p is model.tokens.weight for p in others)


def test_without_muon_adamw_does_everything(monkeypatch):
    monkeypatch.delattr(torch.optim, "Muon", raising=False)
    assert isinstance(muon(small()), torch.optim.AdamW)


def test_reader_and_stepper_agree_with_reading_at_once():
    model, idx = small(), torch.randint(32, (3, 9))
    read, step = reader(model), stepper(model)
    whole, _ = read(idx)
    logits, state = read(idx[:, :4])
    torch.testing.assert_close(logits, whole[:, :4], rtol=1e-10, atol=1e-10)
    for t in range(4, 9):
        logits, state = step(idx[:, t], state)
        torch.testing.assert_close(logits, whole[:, t], rtol=1e-10, atol=1e-10)


def test_a_full_context_loses_its_oldest_place_and_writing_never_ends():
    model, idx = small(), torch.randint(32, (2, 10))
    _, state = reader(model)(idx)
    for token in torch.randint(32, (5, 2)):
        _, state = stepper(model)(token, state)
    assert state[0][0].shape[2] == 10
    text = sample(stepper(model), state, 3, None, 25, generator=torch.Generator().manual_seed(0))
    assert text.shape == (2, 25)


def test_a_single_layer_with_a_full_context_sees_what_a_window_shows():
    torch.manual_seed(0)
    model = GPT(GPTConfig(32, context=5, width=16, layers=1, positions="rotary")).double()
    idx = torch.randint(32, (1, 9))
    _, state = reader(model)(idx[:, :5])
    for t in range(5, 9):
        logits, state = stepper(model)(idx[:, t], state)
    window, _ = reader(model)(idx[:, 4:9])
    torch.testing.assert_close(logits, window[:, -1], rtol=1e-5, atol=1e-6)


def test_by_position_is_the_mean_loss_of_each_place():
    ids = np.random.default_rng(0).integers(32, size=61)
    found = by_position(small(), ids, context=10)
    x, y = torch.from_numpy(ids[:60].reshape(6, 10)), torch.from_numpy(ids[1:61].reshape(6, 10))
    log_p = small()(x).log_softmax(dim=2)
    expected = -torch.stack([log_p[:, t].gather(1, y[:, t : t + 1]).mean() for t in range(10)])
    torch.testing.assert_close(found, expected.detach(), rtol=1e-10, atol=1e-10)


def test_copied_is_the_longest_piece_from_each_place():
    assert copied("abcxabq", "zzabczab", stride=1).tolist() == [3, 2, 1, 0, 2, 1, 0]
    assert copied("", "abc").tolist() == []


def test_repeated_says_everything_twice():
    tokens = repeated(3, batch=4, period=7)
    assert tokens.shape == (4, 14) and torch.equal(tokens[:, :7], tokens[:, 7:])
    assert 8 <= repeated(5).shape[1] // 2 <= 24 and torch.equal(repeated([1, 2]), repeated([1, 2]))


def test_the_second_copy_costs_nothing_to_whoever_looks_it_up_and_log_32_to_chance():
    def perfect(tokens):
        return 50.0 * torch.nn.functional.one_hot(tokens.roll(15, dims=1), 32).double()

    assert second_copy(perfect) < 1e-6
    assert second_copy(lambda tokens: (torch.zeros(*tokens.shape, 32), None)) == pytest.approx(math.log(32))


def test_a_silent_head_is_silent_until_its_hook_is_removed():
    model, idx = small(), torch.randint(32, (2, 9))
    before, other = model(idx), small()
    with torch.no_grad():
        other.blocks[1].attention.W_o.weight[:, 8:12] = 0.0
    hook = without_head(model, 1, 2)
    torch.testing.assert_close(model(idx), other(idx), rtol=1e-12, atol=1e-12)
    assert not torch.allclose(model(idx), before)
    hook.remove()
    assert torch.equal(model(idx), before)


def test_learning_to_look_up_reports_the_second_copy():
    torch.manual_seed(0)
    model = GPT(GPTConfig(32, width=16, layers=1, positions="rotary"))
    history = learn_to_look_up(
        model, torch.optim.AdamW(model.parameters(), 1e-2), 4, every=2, look=lambda m: {"a": 1.0}
    )
    steps, values = history.series("second copy")
    assert steps == [2, 4] and all(2 < value < 5 for value in values) and history.series("a")[1] == [1.0] * 2


def test_the_recurrent_rival_carries_its_state():
    torch.manual_seed(0)
    model, idx = Recurrent(32, width=6, hidden_size=8), torch.randint(32, (2, 9))
    whole, _ = model(idx)
    first, state = model(idx[:, :4])
    second, _ = model(idx[:, 4:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=1e-5, atol=1e-6)


def test_without_a_network_there_is_still_a_text(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SEQLIB_DATA", str(tmp_path))
    monkeypatch.setenv("SEQLIB_DATA_URL", "http://127.0.0.1:9/")
    text, name = play_or_library(1000)
    assert name == "Python's source" and len(text) == 1000 and "not available" in capsys.readouterr().out
