"""seqlib.models.generate against enumeration: greedy, beam, filtered draws."""

import itertools

import pytest
import torch
from torch import nn

from seqlib.models.generate import beam_search, filtered, greedy, sample, select, until_end

START, END, V = 0, 1, 4


def model(seed, batch=3, size=6):
    """A random recurrent writer over a tiny vocabulary: step and a state of two tensors, batch first."""
    torch.manual_seed(seed)
    table, turn, read = nn.Embedding(V, size).double(), nn.Linear(2 * size, size).double(), nn.Linear(size, V).double()

    def step(tokens, state):
        h, (count,) = state
        h = torch.tanh(2 * turn(torch.cat([h, table(tokens)], dim=1)))
        return 2 * read(h), (h, (count + 1,))

    return step, (torch.randn(batch, size, dtype=torch.float64), (torch.zeros(batch),))


def log_p(step, state, row, tokens) -> float:
    """Log-probability of one sequence, step by step."""
    state, last, total = select(state, torch.tensor([row])), START, 0.0
    for token in tokens:
        logits, state = step(torch.tensor([last]), state)
        total += float(logits.log_softmax(dim=1)[0, token].detach())
        last = token
    return total


def sequences(steps):
    """Every sequence of at most `steps` tokens: ended, or cut off at the last step."""
    inner = [t for t in range(V) if t != END]
    for length in range(1, steps + 1):
        yield from ([*body, END] for body in itertools.product(inner, repeat=length - 1))
    yield from (list(body) for body in itertools.product(inner, repeat=steps))


@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_one_is_greedy(seed):
    step, state = model(seed)
    tokens, scores = beam_search(step, state, START, END, 9, width=1)
    assert torch.equal(tokens, greedy(step, state, START, END, 9))
    for row, found in enumerate(until_end(tokens, END)):
        whole = [*found, END] if END in tokens[row] else found
        assert float(scores[row]) == pytest.approx(log_p(step, state, row, whole), abs=1e-10)


@pytest.mark.parametrize("length_power", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_wide_beam_is_exhaustive_search(seed, length_power):
    steps, (step, state) = 4, model(seed)
    tokens, scores = beam_search(step, state, START, END, steps, width=V**steps, length_power=length_power)
    for row in range(3):
        best = max(sequences(steps), key=lambda s: log_p(step, state, row, s) / len(s) ** length_power)  # noqa: B023
        assert until_end(tokens[row : row + 1], END)[0] == [t for t in best if t != END]
        assert float(scores[row]) == pytest.approx(log_p(step, state, row, best) / len(best) ** length_power)


def test_a_beam_needs_no_neighbours():
    step, state = model(7)
    together, scores = beam_search(step, state, START, END, 8, width=3)
    for row in range(3):
        alone, score = beam_search(step, select(state, torch.tensor([row])), START, END, 8, width=3)
        assert until_end(alone, END) == until_end(together[row : row + 1], END)
        assert float(score) == pytest.approx(float(scores[row]))


def test_greedy_repeats_the_end_mark_once_a_sequence_has_ended():
    logits = {START: [0.0, 0.0, 5.0, 0.0], 2: [0.0, 5.0, 0.0, 0.0], 3: [0.0, 0.0, 0.0, 5.0], END: [5.0, 0.0, 0.0, 0.0]}

    def step(tokens, state):
        return torch.tensor([logits[int(t)] for t in tokens]) + state, state

    push = torch.tensor([[0.0] * 4, [0.0, 0.0, 0.0, 9.0]])  # the second never ends
    tokens = greedy(step, push, START, END, 5)
    assert tokens.tolist() == [[2, END, END, END, END], [3, 3, 3, 3, 3]]
    assert until_end(tokens, END) == [[2], [3, 3, 3, 3, 3]]


def test_filtered_keeps_what_it_says():
    p = torch.tensor([[0.5, 0.25, 0.15, 0.1]])
    assert filtered(p.log())[0].tolist() == pytest.approx(p[0].tolist())
    assert filtered(p.log(), top_k=2)[0].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert filtered(p.log(), top_p=0.75)[0].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert filtered(p.log(), top_p=0.76)[0].tolist() == pytest.approx([5 / 9, 2.5 / 9, 1.5 / 9, 0])
    assert filtered(p.log(), top_p=0.1)[0].tolist() == pytest.approx([1, 0, 0, 0])
    cold = (p**2 / (p**2).sum())[0].tolist()
    assert filtered(p.log(), temperature=0.5)[0].tolist() == pytest.approx(cold)


def test_samples_follow_the_probabilities_and_the_generator():
    p = torch.tensor([0.1, 0.2, 0.3, 0.4])

    def step(tokens, state):
        return p.log().expand(len(tokens), 4), state

    def draw(seed):
        made = torch.Generator().manual_seed(seed)
        return sample(step, torch.zeros(4000, 1), START, None, 3, generator=made)

    tokens = draw(0)
    assert tokens.shape == (4000, 3) and torch.equal(tokens, draw(0)) and not torch.equal(tokens, draw(1))
    shares = torch.bincount(tokens.flatten(), minlength=4) / tokens.numel()
    assert torch.allclose(shares, p, atol=0.02)
    ended = sample(step, torch.zeros(50, 1), START, END, 40, generator=torch.Generator().manual_seed(2))
    for row in ended.tolist():
        assert END not in row or set(row[row.index(END) :]) == {END}
