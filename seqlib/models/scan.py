"""Linear recurrences h_t = a_t h_{t-1} + b_t, all steps at once, and the layers made of them. Built in notebook 22.

Throughout: B batch, T steps, D width, H recurrent width, N state size, d_k per-head width. Time is axis 1 of a, b, x,
and the axis before the last of q, k, v. A layer is called as layer(x, state=None) -> (out, state), whole or in pieces.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.models import asked_of_scan as asked

__all__ = [
    "DiagonalSSM",
    "Mamba",
    "MinGRU",
    "ScanByHand",
    "causal_fft",
    "combine",
    "delta_rule",
    "delta_rule_parallel",
    "diagonal_loop",
    "discretise",
    "linear_attention",
    "linear_attention_loop",
    "log_scan",
    "min_gru",
    "recurrence",
    "scan",
    "scan_backward",
    "scan_doubling",
    "selective_scan",
    "take_in",
]


def recurrence(a, b):
    """Every state of h_t = a_t h_{t-1} + b_t, step by step from zeros: a and b (B, T, ...) -> (B, T, ...)."""
    h, states = torch.zeros_like(b[:, 0]), []
    for a_t, b_t in zip(a.unbind(dim=1), b.unbind(dim=1), strict=True):
        h = a_t * h + b_t
        states.append(h)
    return torch.stack(states, dim=1)


def causal_fft(x, kernel):
    """y_t = Σ_k kernel_k x_{t-k}, by Fourier transforms: x (B, T, D), kernel (T, D), both real -> (B, T, D)."""
    steps = x.shape[1]
    product = torch.fft.rfft(x, 2 * steps, dim=1) * torch.fft.rfft(kernel, 2 * steps, dim=0)
    return torch.fft.irfft(product, 2 * steps, dim=1)[:, :steps]


def combine(first, second):
    """The one step (a, b) that does what two do, one after the other; each is a pair (a, b): h becomes a h + b."""
    a_1, b_1 = first
    a_2, b_2 = second
    return a_1 * a_2, a_2 * b_1 + b_2


def scan_doubling(a, b):
    """The states of `recurrence` in log2 T rounds, each over all steps. Source: Hillis and Steele 1986, Figure 2."""
    reach = 1
    while reach < b.shape[1]:
        earlier, later = (a[:, :-reach], b[:, :-reach]), (a[:, reach:], b[:, reach:])
        a_joined, b_joined = combine(earlier, later)
        a = torch.cat([a[:, :reach], a_joined], dim=1)
        b = torch.cat([b[:, :reach], b_joined], dim=1)
        reach = 2 * reach
    return b


def scan(a, b):
    """The states of `recurrence` with work in step with T: join pairs, scan those, fill in what lies between.

    Any length of at least 1; a and b (B, T, ...) of one shape.
    Source: Blelloch 1990, §1.4; Martin and Cundy 2018, §2.2.
    """
    steps = b.shape[1]
    if steps == 1:
        return b
    first, second = slice(0, steps - 1, 2), slice(1, None, 2)
    ends = scan(*combine((a[:, first], b[:, first]), (a[:, second], b[:, second])))
    between = a[:, 2::2] * ends[:, : (steps - 1) // 2] + b[:, 2::2]
    h = torch.empty_like(b)
    h[:, 0], h[:, 1::2], h[:, 2::2] = b[:, 0], ends, between
    return h


def scan_backward(a, h, grad):
    """Gradients by a and by b, from those by every state, of real numbers: all (B, T, ...).

    What arrives at h_t is grad_t plus a_{t+1} times what arrives at h_{t+1}: the same recurrence, backwards in time.
    """
    later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1)
    arrived = scan(later.flip(1), grad.flip(1)).flip(1)
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], dim=1)
    return arrived * before, arrived


class ScanByHand(torch.autograd.Function):
    """`scan` of real numbers with `scan_backward` as its gradient: of all rounds it keeps a and h alone."""

    @staticmethod
    def forward(ctx, a, b):
        h = scan(a, b)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx, grad):
        return scan_backward(*ctx.saved_tensors, grad)


def take_in(a, b, h):
    """b (B, T, ...) whose first step has taken in the state h (B, ...) of the step before; h None: zeros."""
    if h is None:
        return b
    return torch.cat([b[:, :1] + a[:, :1] * h[:, None], b[:, 1:]], dim=1)


def log_scan(log_a, log_b):
    """The states of `recurrence`, from the logarithms of positive a and b (B, T, ...). Source: Heinsen 2023, eq. 6."""
    kept = log_a.cumsum(dim=1)
    return (kept + (log_b - kept).logcumsumexp(dim=1)).exp()


# -- gates that see the input alone ------------------------------------------------------------------------------------


def min_gru(x, W_z, b_z, W_h, b_h):
    """a and b of h_t = (1 - z_t) h_{t-1} + z_t n_t, with z_t = σ(x_t W_z + b_z) and n_t = x_t W_h + b_h.

    x (B, T, D), W_z and W_h (D, H), b_z and b_h (H,) -> two tensors (B, T, H). Source: Feng et al. 2024, §3.1.
    """
    z = torch.sigmoid(x @ W_z + b_z)
    return 1 - z, z * (x @ W_h + b_h)


class MinGRU(nn.Module):
    """A gated recurrence whose gate does not see the state: x (B, T, D) -> states (B, T, H), and the last (B, H).

    a_t = 1 - reach z_t lies between 1 - reach and 1: with a reach of 2 it can turn the state's sign.
    """

    def __init__(self, input_size, hidden_size, reach=1.0):
        super().__init__()
        self.W, self.reach = nn.Linear(input_size, 2 * hidden_size), reach

    def forward(self, x, h=None):
        gate, n = self.W(x).to(x.dtype).chunk(2, dim=-1)
        z = torch.sigmoid(gate)
        a = 1 - self.reach * z
        states = ScanByHand.apply(a, take_in(a, z * n, h))
        return states, states[:, -1]


# -- diagonal state spaces ---------------------------------------------------------------------------------------------


def discretise(rates, step, method="zero-order hold"):
    """(a, b) of h_t = a h_{t-1} + b x_t, which follows dh/dt = λ h + x in steps of Δ; "bilinear" is the other method.

    rates: λ, real or complex, nowhere 0; step: Δ, of a shape that fits. Source: Gu et al. 2022 (S4D), §2.1, eq. 3.
    """
    if method == "bilinear":
        half = step * rates / 2
        return (1 + half) / (1 - half), step / (1 - half)
    a = torch.exp(step * rates)
    return a, (a - 1) / rates


def diagonal_loop(x, a, b, read, h=None):
    """What is read of N complex states in each channel, step by step: (B, T, D), and the last state (B, D, N).

    x (B, T, D); a, b and read (D, N), complex; h: the state to begin with, zeros if None.
    """
    h, out = torch.zeros_like(a) if h is None else h, []
    for x_t in x.unbind(dim=1):
        h = a * h + b * x_t[..., None]
        out.append(2 * (read * h).sum(dim=-1).real)
    return torch.stack(out, dim=1), h


class DiagonalSSM(nn.Module):
    """D channels, each with N complex states that decay and turn at fixed rates: x (B, T, D) -> (B, T, D).

    forward reads all steps by a convolution, `recurrent` step by step from a state (B, D, N); both give the same.
    Source: Gu et al. 2022 (S4D), §3, with its linear initialisation λ_n = -1/2 + i π n.
    """

    def __init__(self, width, state_size=16):
        super().__init__()
        self.log_step = nn.Parameter(torch.empty(width).uniform_(-6.9, -2.3))  # steps of 0.001 to 0.1
        self.log_decay = nn.Parameter(torch.full((width, state_size), math.log(0.5)))
        turns = math.pi * torch.arange(float(state_size))
        self.frequency = nn.Parameter(turns.repeat(width, 1))
        self.read = nn.Parameter(torch.randn(width, state_size, 2) / state_size**0.5)
        self.skip = nn.Parameter(torch.ones(width))

    def discrete(self):
        """a and b of each state, and what is read of it: complex tensors (D, N)."""
        rates = torch.complex(-self.log_decay.exp(), self.frequency)
        a, b = discretise(rates, self.log_step.exp()[:, None])
        return a, b, torch.view_as_complex(self.read)

    def kernel(self, steps):
        """What one impulse leaves behind, step by step: (T, D)."""
        a, b, read = self.discrete()
        powers = a[..., None] ** torch.arange(steps, device=a.device)
        return 2 * torch.einsum("dn,dnt->td", read * b, powers).real

    def forward(self, x, state=None):
        if state is not None:
            return self.recurrent(x, state)
        return causal_fft(x, self.kernel(x.shape[1])) + self.skip * x, None

    def recurrent(self, x, state=None):
        """The same, one step after another: (B, T, D), and the last state (B, D, N)."""
        y, h = diagonal_loop(x, *self.discrete(), state)
        return y + self.skip * x, h


# -- selective state spaces --------------------------------------------------------------------------------------------


def selective_scan(x, step, rates, write, read, skip, h=None):
    """A state space whose step, write and read follow the input: y (B, T, D), and the last state (B, D, N).

    h_t = exp(Δ_t λ) h_{t-1} + Δ_t x_t β_t and y_t = h_t γ_t + skip x_t. x and step Δ (B, T, D), rates λ (D, N),
    write β and read γ (B, T, N), skip (D,); h (B, D, N) or None: zeros. Source: Gu and Dao 2023, §3.2, Algorithm 2.
    """
    a = torch.exp(step[..., None] * rates)
    b = (step * x)[..., None] * write[:, :, None]
    states = ScanByHand.apply(a, take_in(a, b, h))
    y = (states * read[:, :, None]).sum(dim=-1) + skip * x
    return y, states[:, -1]


class Mamba(nn.Module):
    """A selective state space with a short convolution before it and a gate behind: x (B, T, D) -> (B, T, D).

    state: the last inputs of the convolution (B, reach - 1, E) and h (B, E, N), with E = expand D.
    Source: Gu and Dao 2023, §3.4, Figure 3.
    """

    def __init__(self, width, state_size=16, expand=2, reach=4):
        super().__init__()
        inner, self.past = expand * width, reach - 1
        self.sizes = max(1, width // 16), state_size, state_size
        self.W_in = nn.Linear(width, 2 * inner, bias=False)
        self.conv = nn.Conv1d(inner, inner, reach, groups=inner)
        self.W_ssm = nn.Linear(inner, sum(self.sizes), bias=False)
        self.W_step = nn.Linear(self.sizes[0], inner)
        first = torch.empty(inner).uniform_(-6.9, -2.3).exp()  # steps of 0.001 to 0.1
        self.W_step.bias.data = first + torch.log(-torch.expm1(-first))  # softplus, undone
        rates = torch.arange(1.0, state_size + 1)
        self.log_rates = nn.Parameter(rates.log().repeat(inner, 1))
        self.skip = nn.Parameter(torch.ones(inner))
        self.W_out = nn.Linear(inner, width, bias=False)

    def forward(self, x, state=None):
        u, gate = self.W_in(x).to(x.dtype).chunk(2, dim=-1)
        before, h = state or (u.new_zeros(len(u), self.past, u.shape[-1]), None)
        u = torch.cat([before, u], dim=1)
        kept, u = u[:, x.shape[1] :], F.silu(self.conv(u.mT).mT.to(x.dtype))
        step, write, read = self.W_ssm(u).to(x.dtype).split(self.sizes, dim=-1)
        step = F.softplus(self.W_step(step).to(x.dtype))
        y, h = selective_scan(u, step, -self.log_rates.exp(), write, read, self.skip, h)
        return self.W_out(y * F.silu(gate)), (kept, h)


# -- a matrix for a state ----------------------------------------------------------------------------------------------


def linear_attention(q, k, v):
    """Attention without its softmax, all steps at once: q, k (..., T, d_k), v (..., T, d_v) -> (..., T, d_v).

    Source: Katharopoulos et al. 2020, §3.2 and §3.3, without the normaliser.
    """
    return (q @ k.mT).tril() @ v


def linear_attention_loop(q, k, v, S=None):
    """The same, step by step: a state S (..., d_k, d_v) that each k_tᵀ v_t is added to. Returns out and the last S."""
    S = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :]) if S is None else S
    out = []
    for q_t, k_t, v_t in zip(q.unbind(-2), k.unbind(-2), v.unbind(-2), strict=True):
        S = S + k_t[..., :, None] * v_t[..., None, :]
        out.append((q_t[..., None, :] @ S)[..., 0, :])
    return torch.stack(out, dim=-2), S


def delta_rule(q, k, v, rate, S=None):
    """Writes only what the state does not know: S_t = S_{t-1} + η_t k_tᵀ (v_t - k_t S_{t-1}), o_t = q_t S_t.

    q, k (..., T, d_k), v (..., T, d_v), rate η (..., T); returns out (..., T, d_v) and the last S (..., d_k, d_v).
    Source: Schlag et al. 2021, §4.2, eq. 24.
    """
    S = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :]) if S is None else S
    out = []
    for t in range(q.shape[-2]):
        k_t, known = k[..., t, :, None], k[..., t, None, :] @ S
        S = S + rate[..., t, None, None] * k_t * (v[..., t, None, :] - known)
        out.append((q[..., t, None, :] @ S)[..., 0, :])
    return torch.stack(out, dim=-2), S


def delta_rule_parallel(q, k, v, rate):
    """The out of `delta_rule`, all steps at once: what each step really writes solves a triangular system.

    Source: Yang et al. 2024, §3.2, eq. 7 to 11.
    """
    known = rate[..., None] * (k @ k.mT).tril(-1)
    one = torch.eye(q.shape[-2], dtype=q.dtype, device=q.device)
    given = rate[..., None] * v
    written = torch.linalg.solve_triangular(one + known, given, upper=False)
    return linear_attention(q, k, written)


# -- what these parts refuse (asked_of_scan.py), put around the definitions, whose lines are those of notebook 22 ------

recurrence = expect.given(recurrence, asked.pair)
causal_fft = expect.given(causal_fft, asked.convolution)
combine = expect.given(combine, asked.steps_of_two)
scan_doubling = expect.given(scan_doubling, asked.pair)
scan = expect.given(scan, asked.pair)
scan_backward = expect.given(scan_backward, asked.backwards)
take_in = expect.given(take_in, asked.state)
log_scan = expect.given(log_scan, asked.pair)
min_gru = expect.given(min_gru, asked.gates)
discretise = expect.given(discretise, asked.discretised)
diagonal_loop = expect.given(diagonal_loop, asked.loop)
selective_scan = expect.given(selective_scan, asked.selective)
linear_attention = expect.given(linear_attention, asked.heads)
linear_attention_loop = expect.given(linear_attention_loop, lambda q, k, v, S=None: asked.heads(q, k, v, None, S))
delta_rule = expect.given(delta_rule, asked.heads)
delta_rule_parallel = expect.given(delta_rule_parallel, asked.heads)
DiagonalSSM.kernel = expect.given(DiagonalSSM.kernel, lambda layer, steps: expect.whole(steps, "steps", 1))
DiagonalSSM.recurrent = expect.given(DiagonalSSM.recurrent, asked.ssm_reads)
for _kind, _makes, _reads in (
    (MinGRU, asked.min_gru_sizes, asked.min_gru_reads),
    (DiagonalSSM, asked.ssm_sizes, asked.ssm_reads),
    (Mamba, asked.mamba_sizes, asked.mamba_reads),
):
    _kind.__init__, _kind.forward = expect.given(_kind.__init__, _makes), expect.given(_kind.forward, _reads)
