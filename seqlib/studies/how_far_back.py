"""How far back a network can remember: two tasks with a known answer, and the gradient that reaches each lag.

Throughout: batch first, x (B, T, D), states (B, T, H). Tensors are float32 and int64 unless said otherwise.
"""

import numpy as np
import torch

from seqlib.training.train import train

__all__ = ["adding_batch", "gradient_norm_by_lag", "learn_recall", "recall_batch"]


def recall_batch(rng: np.random.Generator, batch: int, delay: int, symbols: int = 8):
    """Which symbol came first? One symbol, `delay` blanks, then a signal to answer.

    Returns x (B, delay+2, symbols+2), one-hot over the symbols, the blank and the signal, and y (B,), the symbol.
    Whoever has forgotten is right one time in `symbols`. After Hochreiter and Schmidhuber 1997, §5.2.
    """
    if batch < 1 or delay < 0 or symbols < 2:
        raise ValueError(f"expected batch >= 1, delay >= 0, symbols >= 2; got {batch}, {delay}, {symbols}")
    y = torch.from_numpy(rng.integers(symbols, size=batch))
    blank, go = symbols, symbols + 1
    tokens = torch.full((batch, delay + 2), blank)
    tokens[:, 0], tokens[:, -1] = y, go
    return torch.nn.functional.one_hot(tokens, symbols + 2).float(), y


def adding_batch(rng: np.random.Generator, batch: int, length: int):
    """The adding problem: of `length` numbers, two are marked, one in each half; answer their sum.

    Returns x (B, T, 2): a number uniform in [0, 1) and its mark, 0 or 1; and y (B,), the sum of the marked two.
    Whoever always answers 1.0 has a mean squared error of 1/6. After Le et al. 2015, §4.1.
    """
    if batch < 1 or length < 2:
        raise ValueError(f"expected batch >= 1 and length >= 2; got {batch} and {length}")
    numbers, marks = rng.random((batch, length), dtype=np.float32), np.zeros((batch, length), np.float32)
    rows = np.arange(batch)
    marks[rows, rng.integers(length // 2, size=batch)] = 1
    marks[rows, rng.integers(length // 2, length, size=batch)] = 1
    x = np.stack([numbers, marks], axis=2)
    return torch.from_numpy(x), torch.from_numpy((numbers * marks).sum(axis=1))


def learn_recall(layer, delay: int, *, steps: int, lr: float = 1e-3, seed: int = 0, batch: int = 32, symbols: int = 8):
    """Train layer and a readout of its last state on `recall_batch`: (accuracy on 1000 new sequences, losses).

    layer(x) must return (states, …) and take inputs of symbols + 2 numbers. Adam, global gradient norm clipped
    at 1; `seed` draws the readout and the batches. Losses are in nats; chance is log(symbols).
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    test, answers = recall_batch(np.random.default_rng(10**6 + seed), 1000, delay, symbols)
    model = _Recall(layer, test[:1], symbols)
    history = train(
        model,
        lambda step: recall_batch(rng, batch, delay, symbols),
        steps,
        optimizer=lambda parameters: torch.optim.Adam(parameters, lr),
        clip=1.0,
        name=None,
    )
    with torch.no_grad():
        right = model(test.to(model.readout.weight)).argmax(dim=1).cpu() == answers
    return right.float().mean().item(), history.losses


class _Recall(torch.nn.Module):
    """A layer and a readout of its last state: x (B, T, D) -> logits (B, symbols)."""

    def __init__(self, layer, example, symbols: int):
        super().__init__()
        with torch.no_grad():
            width = layer(example)[0].shape[-1]
        self.layer, self.readout = layer, torch.nn.Linear(width, symbols)

    def forward(self, x):
        return self.readout(self.layer(x)[0][:, -1])


@torch.enable_grad()
def gradient_norm_by_lag(layer, x: torch.Tensor, seed: int = 0) -> np.ndarray:
    """How much of a gradient at the last state arrives k steps earlier: (T,) for lags k = 0 … T-1.

    Each sequence of x (B, T, D) gets its own random unit vector v at h_T; what arrives is v · ∂h_T/∂h_{T-k}, and
    its norm is averaged over the batch, so lag 0 is 1. layer(x, state) must return (states, state) and take up
    where it left off. A state in several parts, such as an LSTM's (h, c), counts as one long vector.
    """
    carried, kept = None, []
    for x_t in x.split(1, dim=1):
        states, carried = layer(x_t, carried)
        carried = _copies(carried)
        kept.append(carried if isinstance(carried, tuple) else (carried,))
    v = torch.randn(states[:, -1].shape, generator=torch.Generator().manual_seed(seed)).to(states)
    v = v / v.norm(dim=1, keepdim=True)
    earlier = [part for parts in kept[:-1] for part in parts]
    grads = iter(torch.autograd.grad((states[:, -1] * v).sum(), earlier) if earlier else ())
    norms = [_norm([next(grads) for _ in parts]) for parts in kept[:-1]]
    return np.array([1.0, *reversed(norms)])


def _copies(state):
    """The state as new nodes of the graph: c_t also feeds h_t, and only its way into the next step counts."""
    if isinstance(state, (tuple, list)):
        return tuple(_copies(part) for part in state)
    copy = state.clone()
    return copy if copy.requires_grad else copy.requires_grad_()


def _norm(parts) -> float:
    """Norm per sequence of a gradient in parts of shape (B, H) or (layers, B, H), averaged over the batch."""
    squares = sum(part.reshape(-1, *part.shape[-2:]).square().sum(dim=(0, 2)) for part in parts)
    return squares.sqrt().mean().item()
