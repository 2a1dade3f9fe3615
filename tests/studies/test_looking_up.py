"""seqlib.studies.looking_up: random tokens read twice, a head silenced, a recurrent rival."""

import math

import pytest
import torch

from seqlib.models.gpt import GPT, GPTConfig
from seqlib.studies.looking_up import Recurrent, learn_to_look_up, repeated, second_copy, without_head


def small(**change):
    torch.manual_seed(0)
    model = GPT(GPTConfig(32, context=10, width=16, layers=2, heads=4, positions="rotary", **change)).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.5)
    return model


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
