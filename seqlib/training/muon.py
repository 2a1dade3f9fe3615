"""Muon for the matrices, AdamW for the rest, as one optimiser."""

import torch

__all__ = ["Together", "muon"]


class Together(torch.optim.Optimizer):
    """Several optimisers that step as one, each parameter group at its own rate. Not for training that resumes."""

    def __init__(self, *parts: torch.optim.Optimizer):
        super().__init__([p for part in parts for group in part.param_groups for p in group["params"]], {})
        self.parts, self.param_groups = parts, [group for part in parts for group in part.param_groups]

    def step(self, closure=None):
        for part in self.parts:
            part.step()


def muon(model, inside: str = "blocks", lr: float = 0.03, lr_rest: float = 0.01) -> torch.optim.Optimizer:
    """Muon for the matrices whose names contain `inside`, AdamW for the rest; AdamW for all where there is no Muon.

    torch.optim.Muon came with PyTorch 2.9. Source: Jordan et al. 2024.
    """
    if not hasattr(torch.optim, "Muon"):
        return torch.optim.AdamW(model.parameters(), lr / 10, betas=(0.9, 0.95))
    chosen = {name: p for name, p in model.named_parameters() if p.ndim == 2 and inside in name}
    rest = [p for name, p in model.named_parameters() if name not in chosen]
    return Together(
        torch.optim.Muon(chosen.values(), lr=lr, weight_decay=0.0),
        torch.optim.AdamW(rest, lr=lr_rest, betas=(0.9, 0.95), weight_decay=0.0),
    )
