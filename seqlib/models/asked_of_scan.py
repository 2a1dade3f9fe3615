"""What the parts of scan.py are asked before they run, around their lines, which are those of notebook 22."""

from __future__ import annotations

from seqlib import expect

METHODS = ("zero-order hold", "bilinear")


def pair(a, b) -> None:
    """a and b (B, T, …) of one shape, with at least one step."""
    shape = getattr(b, "shape", ())
    if len(shape) < 2 or not shape[1]:
        raise ValueError(f"b should have shape (B, T, …), got {expect.shown(b) if not shape else tuple(shape)}")
    expect.shape(a, "a", *shape)


def backwards(a, h, grad) -> None:
    pair(a, h)
    expect.shape(grad, "grad", *h.shape)


def state(a, b, h) -> None:
    """For `take_in`: the state (B, …) of the step before b."""
    pair(a, b)
    if h is not None:
        expect.shape(h, "h", len(b), *b.shape[2:])


def steps_of_two(first, second) -> None:
    """Two steps (a, b), one after the other."""
    for name, step in (("first", first), ("second", second)):
        if not isinstance(step, (tuple, list)) or len(step) != 2:
            raise ValueError(f"{name} should be a pair (a, b), got {expect.shown(step)}")


def convolution(x, kernel) -> None:
    _, steps, width = expect.shape(x, "x", "B*", "T", "D", kind="float")
    expect.shape(kernel, "kernel", steps, width, kind="float")


def gates(x, W_z, b_z, W_h, b_h) -> None:
    *_, width = expect.shape(x, "x", "B*", "T*", "D", kind="float")
    hidden_size = expect.shape(W_z, "W_z", width, "H")[1]
    expect.shape(W_h, "W_h", width, hidden_size)
    for name, bias in (("b_z", b_z), ("b_h", b_h)):
        expect.shape(bias, name, hidden_size)


def discretised(rates, step, method="zero-order hold") -> None:
    expect.one_of(method, "method", METHODS)
    if not hasattr(step, "shape"):
        expect.number(step, "step", above=0)


def loop(x, a, b, read, h=None) -> None:
    batch, _, width = expect.shape(x, "x", "B*", "T", "D")
    size = expect.shape(a, "a", width, "N")[1]
    expect.shape(b, "b", width, size)
    expect.shape(read, "read", width, size)
    if h is not None:
        expect.shape(h, "h", batch, width, size)


def selective(x, step, rates, write, read, skip, h=None) -> None:
    batch, steps, width = expect.shape(x, "x", "B*", "T", "D", kind="float")
    expect.shape(step, "step", batch, steps, width)
    size = expect.shape(rates, "rates", width, "N")[1]
    for name, part in (("write", write), ("read", read)):
        expect.shape(part, name, batch, steps, size)
    expect.shape(skip, "skip", width)
    if h is not None:
        expect.shape(h, "h", batch, width, size)


def heads(q, k, v, rate=None, S=None) -> None:
    """q, k (…, T, d_k), v (…, T, d_v), a rate (…, T) and a state S (…, d_k, d_v)."""
    *before, steps, d_k = expect.shape(q, "q", "…", "T", "d_k", kind="float")
    expect.shape(k, "k", *before, steps, d_k, kind="float")
    d_v = expect.shape(v, "v", *before, steps, "d_v", kind="float")[-1]
    if rate is not None:
        expect.shape(rate, "rate", *before, steps)
    if S is not None:
        expect.shape(S, "S", *before, d_k, d_v)


# -- layers ------------------------------------------------------------------------------------------------------------


def min_gru_sizes(layer, input_size, hidden_size, reach=1.0) -> None:
    expect.wholes(input_size=input_size, hidden_size=hidden_size)
    expect.number(reach, "reach", above=0)


def min_gru_reads(layer, x, h=None) -> None:
    batch = expect.shape(x, "x", "B*", "T", layer.W.in_features, kind="float")[0]
    if h is not None:
        expect.shape(h, "h", batch, layer.W.out_features // 2)


def ssm_sizes(layer, width, state_size=16) -> None:
    expect.wholes(width=width, state_size=state_size)


def ssm_reads(layer, x, state=None) -> None:
    width, size = layer.log_decay.shape
    batch = expect.shape(x, "x", "B*", "T", width, kind="float")[0]
    if state is not None:
        expect.shape(state, "state", batch, width, size)


def mamba_sizes(layer, width, state_size=16, expand=2, reach=4) -> None:
    expect.wholes(width=width, state_size=state_size, expand=expand, reach=reach)


def mamba_reads(layer, x, state=None) -> None:
    batch = expect.shape(x, "x", "B*", "T", layer.W_in.in_features, kind="float")[0]
    if state is None:
        return
    if not isinstance(state, (tuple, list)) or len(state) != 2:
        raise ValueError(f"state should be the last inputs and h, got {expect.shown(state)}")
    inner, size = layer.log_rates.shape
    expect.shape(state[0], "the last inputs", batch, layer.past, inner)
    if state[1] is not None:
        expect.shape(state[1], "h", batch, inner, size)
