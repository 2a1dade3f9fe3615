"""seqlib.studies.reading_with_a_cache: reading in pieces, writing on, the loss by position."""

import numpy as np
import torch

from seqlib.models.generate import sample
from seqlib.models.gpt import GPT, GPTConfig
from seqlib.studies.reading_with_a_cache import by_position, reader, stepper


def small(**change):
    torch.manual_seed(0)
    model = GPT(GPTConfig(32, context=10, width=16, layers=2, heads=4, positions="rotary", **change)).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.5)
    return model


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
