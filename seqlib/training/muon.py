"""Muon for the matrices, AdamW for the rest, as one optimiser."""

from functools import wraps

import torch

from seqlib import expect
from seqlib.runtime import quick_type

__all__ = ["ByShape", "MuonByGate", "Together", "muon", "muon_by_gate", "orthogonalise"]


class Together(torch.optim.Optimizer):
    """Several optimisers that step as one, each parameter group at its own rate; its state is the states of all."""

    def __init__(self, *parts: torch.optim.Optimizer):
        if not parts or not all(isinstance(part, torch.optim.Optimizer) for part in parts):
            raise ValueError(f"parts should be optimisers, at least one, got {expect.shown(parts)}")
        self.parts = parts
        moved = [id(p) for part in parts for group in part.param_groups for p in group["params"]]
        if len(moved) != len(set(moved)):
            raise ValueError(
                f"parts should move each parameter once, got {len(moved)} for {len(set(moved))} parameters"
            )
        super().__init__([p for part in parts for group in part.param_groups for p in group["params"]], {})
        self._join()

    def _join(self) -> None:
        """The groups of the parts are those of the whole: the same objects, so that a schedule reaches."""
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def step(self, closure=None):
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict:
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict) -> None:
        """ValueError if it was saved by an optimiser of other parts."""
        states = state_dict.get("parts")
        if not isinstance(states, list) or len(states) != len(self.parts):
            raise ValueError(f"expected the state of {len(self.parts)} optimisers, got {expect.shown(states)}")
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)
        self._join()


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
    """Matrices (n, rows, columns) with their singular values near 1, in the type that the device multiplies fastest."""
    a, b, c = coefficients
    tall = X.shape[1] > X.shape[2]
    X = X.to(quick_type(X.device))
    X = X.mT if tall else X
    X = X / X.flatten(1).norm(dim=1).clamp(min=epsilon)[:, None, None]
    for _ in range(steps):
        S = X @ X.mT
        X = torch.baddbmm(X, torch.baddbmm(S, S, S, beta=b, alpha=c), X, beta=a)
    return X.mT if tall else X


def muon(model, inside: str = "blocks", lr: float = 0.03, lr_rest: float = 0.01) -> torch.optim.Optimizer:
    """Muon for the matrices whose names contain `inside`, AdamW for the rest; AdamW for all where there is no Muon.

    torch.optim.Muon came with PyTorch 2.9. Source: Jordan et al. 2024.
    """
    _asked(model, lr, lr_rest)
    expect.text(inside, "inside")
    if not hasattr(torch.optim, "Muon"):
        return torch.optim.AdamW(model.parameters(), lr / 10, betas=(0.9, 0.95))
    chosen = {name: p for name, p in model.named_parameters() if p.ndim == 2 and inside in name}
    _some(chosen, f"matrices whose names contain {inside!r}", model)
    return _with_the_rest(ByShape(chosen.values(), lr=float(lr), weight_decay=0.0), model, chosen, lr_rest)


def _asked(model, lr, lr_rest) -> None:
    if not isinstance(model, torch.nn.Module):
        raise ValueError(f"model should be a torch.nn.Module, got {expect.shown(model)}")
    expect.number(lr, "lr", 0)
    expect.number(lr_rest, "lr_rest", 0)


def _some(chosen: dict, what: str, model) -> None:
    """ValueError if there is nothing for Muon."""
    if not chosen:
        names = [name for name, _ in model.named_parameters()]
        raise ValueError(f"expected a model with {what}, got parameters called {', '.join(names[:5]) or 'nothing'}")


def _with_the_rest(first, model, chosen: dict, lr_rest: float) -> Together:
    """An optimiser for the chosen parameters and AdamW for the others, if there are any."""
    rest = [p for name, p in model.named_parameters() if name not in chosen]
    adamw = [torch.optim.AdamW(rest, lr=float(lr_rest), betas=(0.9, 0.95), weight_decay=0.0)] if rest else []
    return Together(first, *adamw)


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

    Nesterov momentum, then `orthogonalise` on each gate's H x H block, in bfloat16 where the device has it.
    Source: Jordan et al. 2024, whose Muon takes a weight as it is stored; one gate's gradient then drowns the others'.
    """

    def __init__(self, weights, lr: float = 0.02, momentum: float = 0.95):
        expect.number(lr, "lr", 0)
        expect.number(momentum, "momentum", 0, below=1)
        super().__init__(weights, {"lr": float(lr), "momentum": float(momentum)})
        for weight in (weight for group in self.param_groups for weight in group["params"]):
            if weight.ndim != 2 or weight.shape[0] % weight.shape[1]:
                raise ValueError(f"weights should have shape (k H, H), k gates of H x H, got {tuple(weight.shape)}")

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                kept = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                kept.lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(kept, group["momentum"])
                gates = ahead.unflatten(0, (-1, weight.shape[1])).to(quick_type(weight.device))
                weight.sub_(orthogonalise(gates).flatten(0, 1), alpha=group["lr"])


def muon_by_gate(model, lr: float = 0.02, lr_rest: float = 0.01) -> torch.optim.Optimizer:
    """Muon, gate by gate, for the weights from state to state (weight_hh_l0 and so on); AdamW for the rest."""
    _asked(model, lr, lr_rest)
    chosen = {name: p for name, p in model.named_parameters() if "weight_hh" in name}
    _some(chosen, "recurrent weights called weight_hh", model)
    return _with_the_rest(MuonByGate(chosen.values(), lr=lr), model, chosen, lr_rest)


def _zero_stays_zero(function):
    """Around `orthogonalise`, whose lines are notebook 09's: a matrix of zeros has no directions, and stays."""

    @wraps(function)
    def checked(G, steps=5):
        expect.shape(G, "G", "…", "m", "n", kind="float")
        expect.whole(steps, "steps", 0)
        return torch.where(G.square().sum(dim=(-2, -1), keepdim=True) > 0, function(G, steps), G)

    return checked


orthogonalise = _zero_stays_zero(orthogonalise)
