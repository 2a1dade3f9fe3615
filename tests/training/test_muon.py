"""seqlib.training.muon: two optimisers as one, and who gets which."""

import pytest
import torch

from seqlib.models.gpt import GPT, GPTConfig
from seqlib.runtime import quick_type
from seqlib.training.muon import ByShape, MuonByGate, Together, muon, muon_by_gate, orthogonalise


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


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this PyTorch has no Muon")
@pytest.mark.parametrize("options", [{"weight_decay": 0.0}, {"weight_decay": 0.1, "momentum": 0.8, "ns_steps": 3}])
@pytest.mark.parametrize("kind, near", [(torch.bfloat16, 1.5e-3), (torch.float32, 6e-3)])
def test_matrices_of_one_shape_together_take_the_steps_of_pytorchs_muon(options, kind, near, monkeypatch):
    monkeypatch.setattr("seqlib.training.muon.quick_type", lambda device: kind)
    shapes = [(12, 20), (12, 20), (20, 12), (8, 8), (12, 20), (20, 12), (5, 30)]
    ours, theirs = ([torch.nn.Parameter(torch.ones(shape)) for shape in shapes] for _ in range(2))
    both = ByShape(ours, lr=0.03, **options), torch.optim.Muon(theirs, lr=0.03, **options)
    random = torch.Generator().manual_seed(1)
    for step in range(5):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn(mine.shape, generator=random)
            other.grad = mine.grad.clone()
        ours[3].grad = theirs[3].grad = None  # nothing flows through it: it stays
        for optimizer in both:
            optimizer.param_groups[0]["lr"] = 0.03 / (step + 1)  # what a schedule does
            optimizer.step()
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.allclose(mine, other, rtol=0, atol=near)
    assert torch.equal(ours[3], torch.ones(8, 8)) and not torch.allclose(ours[0], torch.ones(12, 20), atol=0.01)
    singular = torch.linalg.svdvals(_step_of(ByShape))
    assert 0.5 < singular.min() and singular.max() < 1.5


def _step_of(kind):
    """What one step takes from a matrix, at rate 1."""
    weight = torch.nn.Parameter(torch.zeros(9, 14))
    weight.grad = torch.randn(9, 14, generator=torch.Generator().manual_seed(2))
    kind([weight], lr=1.0, weight_decay=0.0).step()
    return weight.detach()


def test_without_muon_adamw_does_everything(monkeypatch):
    monkeypatch.delattr(torch.optim, "Muon", raising=False)
    assert isinstance(muon(small()), torch.optim.AdamW)


def test_orthogonalise_acts_on_singular_values_alone():
    torch.manual_seed(1)
    G = torch.randn(2, 5, 8, dtype=torch.float64) * 30
    U, S, Vh = torch.linalg.svd(G, full_matrices=False)
    S = S / S.square().sum(dim=1, keepdim=True).sqrt()
    for _ in range(5):
        S = 3.4445 * S - 4.775 * S**3 + 2.0315 * S**5
    assert torch.allclose(orthogonalise(G), (U * S[:, None]) @ Vh, atol=1e-9)
    assert 0.6 < S.min() and S.max() < 1.3


def test_by_gate_each_gate_is_a_matrix_of_its_own():
    torch.manual_seed(2)
    weight = torch.nn.Parameter(torch.zeros(4 * 16, 16))
    weight.grad = torch.cat([torch.randn(16, 16) * size for size in (1e-3, 1.0, 10.0, 1e-2)])
    MuonByGate([weight], lr=1.0).step()
    for gate in weight.detach().chunk(4):
        values = torch.linalg.svdvals(gate.float())
        assert 0.5 < values[:12].min() and values.max() < 1.3, "a faint gate moves as far as a strong one"


def test_by_gate_the_momentum_is_nesterovs():
    weight = torch.nn.Parameter(torch.zeros(4, 2))
    optimizer, kept = MuonByGate([weight], lr=0.1, momentum=0.5), torch.zeros(4, 2)
    for step in range(3):
        weight.grad = torch.randn(4, 2, generator=torch.Generator().manual_seed(step))
        kept = 0.5 * kept + 0.5 * weight.grad
        ahead = (0.5 * weight.grad + 0.5 * kept).unflatten(0, (2, 2)).to(quick_type())
        expected = weight.detach() - 0.1 * orthogonalise(ahead).flatten(0, 1)
        optimizer.step()
        assert torch.allclose(weight, expected, atol=1e-3)


def test_by_gate_takes_the_weights_from_state_to_state_alone():
    model = torch.nn.LSTM(5, 6, num_layers=2)
    gates, rest = muon_by_gate(model).parts
    chosen = {id(p) for group in gates.param_groups for p in group["params"]}
    assert chosen == {id(model.weight_hh_l0), id(model.weight_hh_l1)}
    assert len(rest.param_groups[0]["params"]) == 6
