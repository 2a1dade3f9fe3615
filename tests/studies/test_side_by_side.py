"""seqlib.studies.side_by_side and recall_ladder: each network learns what it would have learned alone."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from seqlib.models.layers import GRU, LSTM, RNN
from seqlib.studies.how_far_back import recall_batch
from seqlib.studies.recall_ladder import Recaller, at_best_rate, at_delay, climb, reach, reaches
from seqlib.studies.side_by_side import train_side_by_side

RATES = (1e-3, 3e-2, 1e-2)


def entropy(model, batch):
    return F.cross_entropy(model(batch[0]), batch[1])


@pytest.mark.parametrize("layer", [RNN, LSTM, GRU])
@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.AdamW])
def test_together_is_as_alone(layer, optimizer):
    torch.manual_seed(0)
    models = [Recaller(layer(10, 5)).double() for _ in RATES]
    alone = deepcopy(models)
    drawn = [[recall_batch(np.random.default_rng([n, step]), 4, 3) for n in range(3)] for step in range(8)]
    drawn = [[(x.double(), y) for x, y in step] for step in drawn]
    losses = train_side_by_side(
        models,
        lambda step: tuple(torch.stack(parts) for parts in zip(*drawn[step], strict=True)),
        8,
        RATES,
        loss=entropy,
        optimizer=optimizer,
        clip=0.05,
    )
    for n, (model, rate) in enumerate(zip(alone, RATES, strict=True)):
        update = optimizer(model.parameters(), lr=rate)
        for step in range(8):
            value = entropy(model, drawn[step][n])
            assert losses[step, n].item() == pytest.approx(value.item(), rel=1e-6)
            update.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            update.step()
        for p, q in zip(model.parameters(), models[n].parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-7)


def test_a_network_that_diverges_harms_no_other():
    torch.manual_seed(0)
    models = [Recaller(RNN(10, 5)) for _ in range(2)]
    with torch.no_grad():
        models[0].layer.W_hh.fill_(float("nan"))
    batch = recall_batch(np.random.default_rng(0), 4, 3)
    losses = train_side_by_side(
        models, lambda step: tuple(p.expand(2, *p.shape) for p in batch), 3, [0.1, 0.1], loss=entropy
    )
    assert losses[:, 0].isnan().all() and losses[:, 1].isfinite().all()


def test_a_rate_for_each_model():
    with pytest.raises(ValueError, match="a rate for each model"):
        train_side_by_side([], lambda step: (), 1, [], loss=entropy)


def test_a_ladder_says_what_each_seed_recalls_and_stops_where_nothing_is_learned():
    results = climb("net", lambda seed, delay: RNN(10, 8), (1e-4, 1e-3), delays=(1, 2), seeds=(0, 1, 2), steps=2)
    assert set(results) == {
        f"net, delay {delay}{rest}"
        for delay in (1, 2)
        for rest in ("", *(f", rate {rate}{end}" for rate in ("0.0001", "0.001") for end in ("", ", loss")))
        if f"net, delay {delay}" in results
    }
    assert all(len(seeds) == 3 for seeds in results.values())


LADDER = {
    "net, delay 20, rate 0.001": [1.0, 0.5, 1.0],
    "net, delay 20, rate 0.001, loss": [0.1, 1.0, 0.1],
    "net, delay 20, rate 0.003": [1.0, 1.0, 1.0],
    "net, delay 20, rate 0.003, loss": [0.0, 0.0, 0.0],
    "net, delay 20, rate 0.01": [0.1, 1.0, 1.0],
    "net, delay 20, rate 0.01, loss": [2.0, 0.1, 0.1],
    "net, delay 40, rate 0.001": [0.1, 0.1, 0.1],
    "net, delay 40, rate 0.001, loss": [2.0, 2.0, 2.0],
    "net, delay 40, rate 0.003": [1.0, 0.2, 1.0],
    "net, delay 40, rate 0.003, loss": [0.1, 2.0, 0.1],
    "net, delay 40, rate 0.01": [1.0, 0.1, 0.1],
    "net, delay 40, rate 0.01, loss": [0.1, 2.0, 2.0],
}


def test_reach_counts_delays_in_a_row():
    found = reaches(LADDER, "net")
    assert found[0.001].tolist() == [20, 0, 20]
    assert found[0.003].tolist() == [40, 20, 40]
    assert found[0.01].tolist() == [0, 20, 20]


def test_the_best_rate_is_bracketed_or_not():
    seeds, rate, inside = reach(LADDER, "net")
    assert seeds.tolist() == [40, 20, 40] and rate == 0.003 and inside
    worse = LADDER | {"net, delay 20, rate 0.003": [0.1] * 3, "net, delay 40, rate 0.003": [0.1] * 3}
    assert not reach(worse, "net")[2]
    assert at_best_rate(LADDER, "net")[40][0] == 0.003
    seeds, rate, inside = at_delay(LADDER, "net", 40)
    assert seeds.tolist() == [1.0, 0.2, 1.0] and rate == 0.003 and inside
    edge = LADDER | {"net, delay 40, rate 0.01, loss": [0.0] * 3}
    assert at_delay(edge, "net", 40)[1:] == (0.01, False)
    sure = edge | {"net, delay 40, rate 0.01": [1.0] * 3}
    assert at_delay(sure, "net", 40)[1:] == (0.01, True)


def test_an_unknown_network_is_named():
    with pytest.raises(ValueError, match="'nobody'"):
        reach(LADDER, "nobody")
