"""Muon for the matrices, AdamW for the rest, as one optimiser."""

import torch

__all__ = ["ByShape", "MuonByGate", "Together", "muon", "muon_by_gate", "orthogonalise"]


class Together(torch.optim.Optimizer):
    """Several optimisers that step as one, each parameter group at its own rate. Not for training that resumes."""

    def __init__(self, *parts: torch.optim.Optimizer):
        super().__init__([p for part in parts for group in part.param_groups for p in group["params"]], {})
        self.parts, self.param_groups = parts, [group for part in parts for group in part.param_groups]

    def step(self, closure=None):
        for part in self.parts:
            part.step()


class ByShape(getattr(torch.optim, "Muon", torch.optim.Optimizer)):
    """PyTorch's Muon, with the matrices of one shape made orthogonal together: the same steps in half the time.

    A small model on a CPU spends a fifth of a step on these products, each too small to be worth its call. Newton and
    Schulz's iteration X ← a X + (b S + c S²) X with S = X Xᵀ moves every singular value of X, at most 1 at first,
    to near 1. Source: Jordan et al. 2024.
    """

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            shapes = {}
            for weight in group["params"]:
                if weight.grad is not None:
                    shapes.setdefault(weight.shape, []).append(weight)
            for (rows, columns), weights in shapes.items():
                gradients = [weight.grad for weight in weights]
                kept = [self.state[w].setdefault("momentum_buffer", torch.zeros_like(w)) for w in weights]
                torch._foreach_lerp_(kept, gradients, 1 - group["momentum"])
                ahead = torch.stack(torch._foreach_lerp(gradients, kept, group["momentum"]))
                moves = _orthogonal(ahead, group["ns_coefficients"], group["ns_steps"], group["eps"])
                lr = group["lr"] * max(1, rows / columns) ** 0.5
                torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
                torch._foreach_add_(weights, list(moves.to(ahead)), alpha=-lr)


def _orthogonal(X, coefficients, steps, epsilon):
    """Matrices (n, rows, columns) with their singular values near 1, in bfloat16."""
    a, b, c = coefficients
    tall = X.shape[1] > X.shape[2]
    X = X.bfloat16().mT if tall else X.bfloat16()
    X = X / X.flatten(1).norm(dim=1).clamp(min=epsilon)[:, None, None]
    for _ in range(steps):
        S = X @ X.mT
        X = torch.baddbmm(X, torch.baddbmm(S, S, S, beta=b, alpha=c), X, beta=a)
    return X.mT if tall else X


def muon(model, inside: str = "blocks", lr: float = 0.03, lr_rest: float = 0.01) -> torch.optim.Optimizer:
    """Muon for the matrices whose names contain `inside`, AdamW for the rest; AdamW for all where there is no Muon.

    torch.optim.Muon came with PyTorch 2.9. Source: Jordan et al. 2024.
    """
    if not hasattr(torch.optim, "Muon"):
        return torch.optim.AdamW(model.parameters(), lr / 10, betas=(0.9, 0.95))
    chosen = {name: p for name, p in model.named_parameters() if p.ndim == 2 and inside in name}
    rest = [p for name, p in model.named_parameters() if name not in chosen]
    return Together(
        ByShape(chosen.values(), lr=lr, weight_decay=0.0),
        torch.optim.AdamW(rest, lr=lr_rest, betas=(0.9, 0.95), weight_decay=0.0),
    )


def orthogonalise(G, steps=5):
    """G (..., m, n) with all its singular values brought near 1, by Newton and Schulz's iteration.

    Nothing but products: X <- a X + (b A + c A A) X with A = X X^T, from G divided by its Frobenius norm; five steps
    take singular values from 0.01 upwards into about 0.7 … 1.2. Written in 09. Source: Jordan et al. 2024.
    """
    X = G / G.square().sum(dim=(-2, -1), keepdim=True).sqrt()
    for _ in range(steps):
        A = X @ X.mT
        X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X
    return X


class MuonByGate(torch.optim.Optimizer):
    """Muon for recurrent weights (k H, H): the k gates lie one below another, and each is a matrix of its own.

    Nesterov momentum, then `orthogonalise` in bfloat16 on each gate's H x H block. Source: Jordan et al. 2024, whose
    Muon takes a weight as it is stored; one gate's gradient then drowns the others'.
    """

    def __init__(self, weights, lr: float = 0.02, momentum: float = 0.95):
        super().__init__(weights, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for weight in group["params"]:
                kept = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                kept.lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(kept, group["momentum"])
                gates = ahead.unflatten(0, (-1, weight.shape[1])).bfloat16()
                weight.sub_(orthogonalise(gates).flatten(0, 1), alpha=group["lr"])


def muon_by_gate(model, lr: float = 0.02, lr_rest: float = 0.01) -> torch.optim.Optimizer:
    """Muon, gate by gate, for the weights from state to state (weight_hh_l0 and so on); AdamW for the rest."""
    chosen = {name: p for name, p in model.named_parameters() if "weight_hh" in name}
    rest = [p for name, p in model.named_parameters() if name not in chosen]
    return Together(
        MuonByGate(chosen.values(), lr=lr),
        torch.optim.AdamW(rest, lr=lr_rest, betas=(0.9, 0.95), weight_decay=0.0),
    )
