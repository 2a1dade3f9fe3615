"""seqlib.training.muon: two optimisers as one, and who gets which."""

import pytest
import torch

from seqlib.models.gpt import GPT, GPTConfig
from seqlib.training.muon import Together, muon


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
