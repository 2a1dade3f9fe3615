# %% right 22.recurrence: a list, and the state kept by hand
def recurrence(a, b):
    h = 0
    out = []
    for t in range(a.shape[1]):
        h = a[:, t] * h + b[:, t]
        out.append(h)
    return torch.stack(out, 1)

# %% right 22.recurrence: filled into an empty tensor
def recurrence(a, b):
    out = torch.empty_like(b)
    h = torch.zeros_like(b[:, 0])
    for t in range(b.size(1)):
        h = torch.addcmul(b[:, t], a[:, t], h)
        out[:, t] = h
    return out

# %% wrong 22.recurrence: the loop runs over the batch, not over time
def recurrence(a, b):
    h = torch.zeros_like(b[0])
    out = []
    for a_t, b_t in zip(a, b):
        h = a_t * h + b_t
        out.append(h)
    return torch.stack(out)

# %% wrong 22.recurrence: blended, with 1 - a before b
def recurrence(a, b):
    h, out = torch.zeros_like(b[:, 0]), []
    for t in range(b.shape[1]):
        h = a[:, t] * h + (1 - a[:, t]) * b[:, t]
        out.append(h)
    return torch.stack(out, dim=1)

# %% wrong 22.recurrence: starts from b_0 and then adds it again
def recurrence(a, b):
    h = b[:, 0]
    out = []
    for t in range(b.shape[1]):
        h = h * a[:, t] + b[:, t]
        out.append(h)
    return torch.stack(out, dim=1)

# %% wrong 22.recurrence: appends before the update
def recurrence(a, b):
    h = torch.zeros(b.shape[0], b.shape[2], dtype=b.dtype)
    out = []
    for t in range(b.shape[1]):
        out.append(h)
        h = a[:, t] * h + b[:, t]
    return torch.stack(out, dim=1)

# %% wrong 22.recurrence: a tanh out of habit
def recurrence(a, b):
    h, out = torch.zeros_like(b[:, 0]), []
    for t in range(b.shape[1]):
        h = torch.tanh(a[:, t] * h + b[:, t])
        out.append(h)
    return torch.stack(out, dim=1)

# %% wrong 22.recurrence: stacked on axis 0, so that time comes first
def recurrence(a, b):
    h, out = torch.zeros_like(b[:, 0]), []
    for a_t, b_t in zip(a.unbind(1), b.unbind(1)):
        h = a_t * h + b_t
        out.append(h)
    return torch.stack(out)

# %% right 22.causal_fft: complex transforms of 2 T - 1
def causal_fft(x, kernel):
    T = x.shape[1]
    n = 2 * T - 1
    y = torch.fft.ifft(torch.fft.fft(x, n, dim=1) * torch.fft.fft(kernel, n, dim=0), dim=1)
    return y.real[:, :T]

# %% right 22.causal_fft: zeros put there by F.pad
def causal_fft(x, kernel):
    T = x.shape[1]
    x_long, k_long = F.pad(x, (0, 0, 0, T)), F.pad(kernel, (0, 0, 0, T))
    return torch.fft.irfft(torch.fft.rfft(x_long, dim=1) * torch.fft.rfft(k_long, dim=0), n=2 * T, dim=1)[:, :T]

# %% wrong 22.causal_fft: no zeros behind: circular
def causal_fft(x, kernel):
    T = x.shape[1]
    return torch.fft.irfft(torch.fft.rfft(x, dim=1) * torch.fft.rfft(kernel, dim=0), n=T, dim=1)

# %% wrong 22.causal_fft: only x is padded, the kernel's spectrum is of T and does not fit
def causal_fft(x, kernel):
    T = x.shape[1]
    return torch.fft.irfft(torch.fft.rfft(x, 2 * T, dim=1) * torch.fft.rfft(kernel, dim=0), 2 * T, dim=1)[:, :T]

# %% wrong 22.causal_fft: the kernel flipped, as for conv1d
def causal_fft(x, kernel):
    T = x.shape[1]
    f = torch.fft.rfft(x, 2 * T, dim=1) * torch.fft.rfft(kernel.flip(0), 2 * T, dim=0)
    return torch.fft.irfft(f, 2 * T, dim=1)[:, :T]

# %% wrong 22.causal_fft: the last T, as after a convolution with padding in front
def causal_fft(x, kernel):
    T = x.shape[1]
    f = torch.fft.rfft(x, 2 * T, dim=1) * torch.fft.rfft(kernel, 2 * T, dim=0)
    return torch.fft.irfft(f, 2 * T, dim=1)[:, -T:]

# %% wrong 22.causal_fft: cross-correlation (conjugate)
def causal_fft(x, kernel):
    T = x.shape[1]
    f = torch.fft.rfft(x, 2 * T, dim=1) * torch.conj(torch.fft.rfft(kernel, 2 * T, dim=0))
    return torch.fft.irfft(f, 2 * T, dim=1)[:, :T]

# %% wrong 22.causal_fft: the default axis, the last, which is the channels
def causal_fft(x, kernel):
    D = x.shape[-1]
    return torch.fft.irfft(torch.fft.rfft(x, 2 * D) * torch.fft.rfft(kernel, 2 * D), 2 * D)[..., :D]

# %% right 22.combine: with names
def combine(first, second):
    return second[0] * first[0], second[0] * first[1] + second[1]

# %% right 22.combine: written as what happens to h
def combine(p, q):
    (a, b), (c, d) = p, q
    return c * a, c * b + d

# %% wrong 22.combine: order exchanged
def combine(first, second):
    a_1, b_1 = first
    a_2, b_2 = second
    return a_1 * a_2, a_1 * b_2 + b_1

# %% wrong 22.combine: both multiplied, componentwise
def combine(first, second):
    return first[0] * second[0], first[1] * second[1]

# %% wrong 22.combine: b's simply added
def combine(first, second):
    return first[0] * second[0], first[1] + second[1]

# %% wrong 22.combine: the second's b goes through its own factor too
def combine(first, second):
    a1, b1 = first
    a2, b2 = second
    return a1 * a2, a2 * (b1 + b2)

# %% wrong 22.combine: factors added
def combine(first, second):
    a1, b1 = first
    a2, b2 = second
    return a1 + a2, a2 * b1 + b2

# %% wrong 22.combine: returned as (b, a)
def combine(first, second):
    a1, b1 = first
    a2, b2 = second
    return a2 * b1 + b2, a1 * a2

# %% wrong 22.combine: a pair stacked to one tensor, first of it lost
def combine(first, second):
    a1, b1 = first
    a2, b2 = second
    return a2 * b1 + b2

# %% right 22.scan_doubling: padded with the step that changes nothing
def scan_doubling(a, b):
    T = b.shape[1]
    r = 1
    while r < T:
        a_before = torch.cat([torch.ones_like(a[:, :r]), a[:, :-r]], 1)
        b_before = torch.cat([torch.zeros_like(b[:, :r]), b[:, :-r]], 1)
        b = a * b_before + b
        a = a * a_before
        r *= 2
    return b

# %% right 22.scan_doubling: in place on copies, with math.log2
def scan_doubling(a, b):
    a, b = a.clone(), b.clone()
    for k in range(math.ceil(math.log2(b.shape[1])) if b.shape[1] > 1 else 0):
        r = 2**k
        new_b = a[:, r:] * b[:, :-r] + b[:, r:]
        new_a = a[:, r:] * a[:, :-r]
        b = torch.cat([b[:, :r], new_b], 1)
        a = torch.cat([a[:, :r], new_a], 1)
    return b

# %% wrong 22.scan_doubling: a updated before b uses it
def scan_doubling(a, b):
    r = 1
    while r < b.shape[1]:
        a = torch.cat([a[:, :r], a[:, r:] * a[:, :-r]], 1)
        b = torch.cat([b[:, :r], a[:, r:] * b[:, :-r] + b[:, r:]], 1)
        r *= 2
    return b

# %% wrong 22.scan_doubling: reach + 1
def scan_doubling(a, b):
    r = 1
    while r < b.shape[1]:
        aj, bj = combine((a[:, :-r], b[:, :-r]), (a[:, r:], b[:, r:]))
        a, b = torch.cat([a[:, :r], aj], 1), torch.cat([b[:, :r], bj], 1)
        r += 1
    return b

# %% wrong 22.scan_doubling: earlier and later exchanged
def scan_doubling(a, b):
    r = 1
    while r < b.shape[1]:
        aj, bj = combine((a[:, r:], b[:, r:]), (a[:, :-r], b[:, :-r]))
        a, b = torch.cat([a[:, :r], aj], 1), torch.cat([b[:, :r], bj], 1)
        r *= 2
    return b

# %% wrong 22.scan_doubling: a not updated
def scan_doubling(a, b):
    r = 1
    while r < b.shape[1]:
        b = torch.cat([b[:, :r], a[:, r:] * b[:, :-r] + b[:, r:]], 1)
        r *= 2
    return b

# %% wrong 22.scan_doubling: stops one round early (floor of log2)
def scan_doubling(a, b):
    for k in range(int(math.log2(b.shape[1]))):
        r = 2**k
        aj, bj = combine((a[:, :-r], b[:, :-r]), (a[:, r:], b[:, r:]))
        a, b = torch.cat([a[:, :r], aj], 1), torch.cat([b[:, :r], bj], 1)
    return b

# %% wrong 22.scan_doubling: the shift goes round the end (roll)
def scan_doubling(a, b):
    r = 1
    while r < b.shape[1]:
        a, b = combine((a.roll(r, 1), b.roll(r, 1)), (a, b))
        r *= 2
    return b

# %% right 22.scan: even and odd, the last one carried apart
def scan(a, b):
    T = b.shape[1]
    if T == 1:
        return b
    n = T // 2 * 2
    a1, a2, b1, b2 = a[:, 0:n:2], a[:, 1:n:2], b[:, 0:n:2], b[:, 1:n:2]
    odd = scan(a1 * a2, a2 * b1 + b2)
    even = torch.cat([b1[:, :1], a1[:, 1:] * odd[:, :-1] + b1[:, 1:]], 1)
    both = torch.stack([even, odd], 2).flatten(1, 2)
    if T % 2:
        both = torch.cat([both, a[:, -1:] * odd[:, -1:] + b[:, -1:]], 1)
    return both

# %% right 22.scan: two halves, the second carried on from the first
def scan(a, b):
    T = b.shape[1]
    if T == 1:
        return b
    m = T // 2
    left, right = scan(a[:, :m], b[:, :m]), scan(a[:, m:], b[:, m:])
    return torch.cat([left, right + torch.cumprod(a[:, m:], 1) * left[:, m - 1 : m]], 1)

# %% wrong 22.scan: the odd last step is dropped
def scan(a, b):
    T = b.shape[1] // 2 * 2
    if b.shape[1] == 1:
        return b
    ends = scan(a[:, 0:T:2] * a[:, 1:T:2], a[:, 1:T:2] * b[:, 0:T:2] + b[:, 1:T:2])
    h = torch.empty_like(b[:, :T])
    h[:, 0], h[:, 1::2], h[:, 2::2] = b[:, 0], ends, a[:, 2:T:2] * ends[:, :-1] + b[:, 2:T:2]
    return h

# %% wrong 22.scan: in between, the factor is forgotten
def scan(a, b):
    T = b.shape[1]
    if T == 1:
        return b
    ends = scan(*combine((a[:, : T - 1 : 2], b[:, : T - 1 : 2]), (a[:, 1::2], b[:, 1::2])))
    h = b.clone()
    h[:, 1::2] = ends
    h[:, 2::2] += ends[:, : (T - 1) // 2]
    return h

# %% wrong 22.scan: pairs combined the wrong way round
def scan(a, b):
    T = b.shape[1]
    if T == 1:
        return b
    ends = scan(*combine((a[:, 1::2], b[:, 1::2]), (a[:, : T - 1 : 2], b[:, : T - 1 : 2])))
    h = torch.empty_like(b)
    h[:, 0], h[:, 1::2] = b[:, 0], ends
    h[:, 2::2] = a[:, 2::2] * ends[:, : (T - 1) // 2] + b[:, 2::2]
    return h

# %% wrong 22.scan: the states of the pairs land on the even places
def scan(a, b):
    T = b.shape[1]
    if T == 1:
        return b
    ends = scan(*combine((a[:, : T - 1 : 2], b[:, : T - 1 : 2]), (a[:, 1::2], b[:, 1::2])))
    h = b.clone()
    h[:, : T - 1 : 2] = ends
    return h

# %% wrong 22.scan: cumprod and cumsum with a product that includes the own factor
def scan(a, b):
    p = torch.cumprod(a, 1)
    return p * torch.cumsum(b, 1)

# %% wrong 22.scan: between left as b
def scan(a, b):
    T = b.shape[1]
    if T == 1:
        return b
    ends = scan(*combine((a[:, : T - 1 : 2], b[:, : T - 1 : 2]), (a[:, 1::2], b[:, 1::2])))
    h = b.clone()
    h[:, 1::2] = ends
    return h

# %% right 22.scan_backward: autograd's own rule in a loop, from the end
def scan_backward(a, h, grad):
    g = torch.zeros_like(grad)
    carried = torch.zeros_like(grad[:, 0])
    for t in reversed(range(grad.shape[1])):
        carried = grad[:, t] + carried
        g[:, t] = carried
        carried = carried * a[:, t]
    before = F.pad(h, (0, 0, 1, 0))[:, :-1]
    return g * before, g

# %% right 22.scan_backward: rolled factors with the last set to anything
def scan_backward(a, h, grad):
    factors = a.roll(-1, 1)
    g = scan(factors.flip(1), grad.flip(1)).flip(1)
    by_a = torch.zeros_like(a)
    by_a[:, 1:] = g[:, 1:] * h[:, :-1]
    return by_a, g

# %% wrong 22.scan_backward: the factors are not shifted
def scan_backward(a, h, grad):
    g = scan(a.flip(1), grad.flip(1)).flip(1)
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
    return g * before, g

# %% wrong 22.scan_backward: h of the same step for the gradient by a
def scan_backward(a, h, grad):
    later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1)
    g = scan(later.flip(1), grad.flip(1)).flip(1)
    return g * h, g

# %% wrong 22.scan_backward: not flipped back
def scan_backward(a, h, grad):
    later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1)
    g = scan(later.flip(1), grad.flip(1))
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
    return g * before, g

# %% wrong 22.scan_backward: forwards
def scan_backward(a, h, grad):
    g = scan(a, grad)
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
    return g * before, g

# %% wrong 22.scan_backward: order of results
def scan_backward(a, h, grad):
    later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1)
    g = scan(later.flip(1), grad.flip(1)).flip(1)
    before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
    return g, g * before

# %% wrong 22.scan_backward: the states before go round the end
def scan_backward(a, h, grad):
    later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1)
    g = scan(later.flip(1), grad.flip(1)).flip(1)
    return g * h.roll(1, 1), g

# %% right 22.discretise: expm1
def discretise(rates, step, method="zero-order hold"):
    if method == "bilinear":
        below = 1 - step * rates / 2
        return (2 - below) / below, step / below
    return torch.exp(rates * step), torch.expm1(rates * step) / rates

# %% right 22.discretise: through the inverse of the step
def discretise(rates, step, method="zero-order hold"):
    if method == "bilinear":
        return (2 / step + rates) / (2 / step - rates), 2 / (2 / step - rates)
    a = (step * rates).exp()
    return a, (1 - a) / -rates

# %% wrong 22.discretise: Euler for b
def discretise(rates, step, method="zero-order hold"):
    if method == "bilinear":
        return (1 + step * rates / 2) / (1 - step * rates / 2), step / (1 - step * rates / 2)
    return torch.exp(step * rates), step.expand_as(rates)

# %% wrong 22.discretise: divided by step * rates
def discretise(rates, step, method="zero-order hold"):
    z = step * rates
    if method == "bilinear":
        return (1 + z / 2) / (1 - z / 2), step / (1 - z / 2)
    return torch.exp(z), (torch.exp(z) - 1) / z

# %% wrong 22.discretise: exp(-step * rates)
def discretise(rates, step, method="zero-order hold"):
    if method == "bilinear":
        return (1 + step * rates / 2) / (1 - step * rates / 2), step / (1 - step * rates / 2)
    a = torch.exp(-step * rates)
    return a, (a - 1) / rates

# %% wrong 22.discretise: bilinear upside down
def discretise(rates, step, method="zero-order hold"):
    if method == "bilinear":
        return (1 - step * rates / 2) / (1 + step * rates / 2), step / (1 + step * rates / 2)
    a = torch.exp(step * rates)
    return a, (a - 1) / rates

# %% wrong 22.discretise: bilinear b without its division
def discretise(rates, step, method="zero-order hold"):
    if method == "bilinear":
        return (1 + step * rates / 2) / (1 - step * rates / 2), step + 0 * rates
    a = torch.exp(step * rates)
    return a, (a - 1) / rates

# %% wrong 22.discretise: method ignored
def discretise(rates, step, method="zero-order hold"):
    a = torch.exp(step * rates)
    return a, (a - 1) / rates

# %% right 22.min_gru: lerp thinking, gate by 1/(1+exp)
def min_gru(x, W_z, b_z, W_h, b_h):
    z = 1 / (1 + torch.exp(-(x @ W_z + b_z)))
    return 1 - z, z * (x @ W_h + b_h)

# %% right 22.min_gru: F.linear
def min_gru(x, W_z, b_z, W_h, b_h):
    gate = F.linear(x, W_z.T, b_z)
    return torch.sigmoid(-gate), torch.sigmoid(gate) * F.linear(x, W_h.T, b_h)

# %% wrong 22.min_gru: as in PyTorch, z keeps
def min_gru(x, W_z, b_z, W_h, b_h):
    z = torch.sigmoid(x @ W_z + b_z)
    n = x @ W_h + b_h
    return z, (1 - z) * n

# %% wrong 22.min_gru: tanh candidate
def min_gru(x, W_z, b_z, W_h, b_h):
    z = torch.sigmoid(x @ W_z + b_z)
    return 1 - z, z * torch.tanh(x @ W_h + b_h)

# %% wrong 22.min_gru: candidate not gated
def min_gru(x, W_z, b_z, W_h, b_h):
    z = torch.sigmoid(x @ W_z + b_z)
    return 1 - z, x @ W_h + b_h

# %% wrong 22.min_gru: a = z
def min_gru(x, W_z, b_z, W_h, b_h):
    z = torch.sigmoid(x @ W_z + b_z)
    return z, z * (x @ W_h + b_h)

# %% wrong 22.min_gru: no sigmoid
def min_gru(x, W_z, b_z, W_h, b_h):
    z = x @ W_z + b_z
    return 1 - z, z * (x @ W_h + b_h)

# %% wrong 22.min_gru: gate and candidate weights exchanged
def min_gru(x, W_z, b_z, W_h, b_h):
    z = torch.sigmoid(x @ W_h + b_h)
    return 1 - z, z * (x @ W_z + b_z)

# %% right 22.log_scan: logaddexp in a loop
def log_scan(log_a, log_b):
    h = log_b[:, 0]
    out = [h]
    for t in range(1, log_b.shape[1]):
        h = torch.logaddexp(log_a[:, t] + h, log_b[:, t])
        out.append(h)
    return torch.stack(out, 1).exp()

# %% right 22.log_scan: torch.cumsum and torch.logcumsumexp
def log_scan(log_a, log_b):
    A = torch.cumsum(log_a, dim=1)
    return torch.exp(A + torch.logcumsumexp(log_b - A, dim=1))

# %% wrong 22.log_scan: forgets to add A back
def log_scan(log_a, log_b):
    A = torch.cumsum(log_a, dim=1)
    return torch.exp(torch.logcumsumexp(log_b - A, dim=1))

# %% wrong 22.log_scan: stays in logarithms
def log_scan(log_a, log_b):
    A = torch.cumsum(log_a, dim=1)
    return A + torch.logcumsumexp(log_b - A, dim=1)

# %% wrong 22.log_scan: plus A inside
def log_scan(log_a, log_b):
    A = log_a.cumsum(1)
    return torch.exp(A + torch.logcumsumexp(log_b + A, dim=1))

# %% wrong 22.log_scan: exp, cumsum, log: overflows
def log_scan(log_a, log_b):
    A = log_a.cumsum(1)
    return A.exp() * (log_b - A).exp().cumsum(1)

# %% wrong 22.log_scan: logsumexp over everything
def log_scan(log_a, log_b):
    A = log_a.cumsum(1)
    return (A + (log_b - A).logsumexp(1, keepdim=True)).exp()

# %% wrong 22.log_scan: cumsum over the batch
def log_scan(log_a, log_b):
    A = log_a.cumsum(0)
    return (A + (log_b - A).logcumsumexp(0)).exp()

# %% right 22.selective_scan: einsum and recurrence
def selective_scan(x, step, rates, write, read, skip, h=None):
    a = torch.exp(torch.einsum("btd,dn->btdn", step, rates))
    b = torch.einsum("btd,btn->btdn", step * x, write)
    if h is not None:
        b = b.clone()
        b[:, 0] = b[:, 0] + a[:, 0] * h
    states = recurrence(a, b)
    return torch.einsum("btdn,btn->btd", states, read) + skip * x, states[:, -1]

# %% right 22.selective_scan: a loop over time
def selective_scan(x, step, rates, write, read, skip, h=None):
    B, T, D = x.shape
    if h is None:
        h = torch.zeros(B, D, rates.shape[1], dtype=x.dtype)
    ys = []
    for t in range(T):
        d = step[:, t].unsqueeze(-1)
        h = torch.exp(d * rates) * h + d * write[:, t].unsqueeze(1) * x[:, t].unsqueeze(-1)
        ys.append((h @ read[:, t].unsqueeze(-1)).squeeze(-1) + skip * x[:, t])
    return torch.stack(ys, 1), h

# %% wrong 22.selective_scan: no step in what is written
def selective_scan(x, step, rates, write, read, skip, h=None):
    a = torch.exp(step[..., None] * rates)
    b = x[..., None] * write[:, :, None]
    states = scan(a, take_in(a, b, h))
    return (states * read[:, :, None]).sum(-1) + skip * x, states[:, -1]

# %% wrong 22.selective_scan: skip forgotten
def selective_scan(x, step, rates, write, read, skip, h=None):
    a = torch.exp(step[..., None] * rates)
    b = (step * x)[..., None] * write[:, :, None]
    states = scan(a, take_in(a, b, h))
    return (states * read[:, :, None]).sum(-1), states[:, -1]

# %% wrong 22.selective_scan: h ignored
def selective_scan(x, step, rates, write, read, skip, h=None):
    a = torch.exp(step[..., None] * rates)
    b = (step * x)[..., None] * write[:, :, None]
    states = scan(a, b)
    return (states * read[:, :, None]).sum(-1) + skip * x, states[:, -1]

# %% wrong 22.selective_scan: exact hold in b, as in (22.6)
def selective_scan(x, step, rates, write, read, skip, h=None):
    a, b = discretise(rates, step[..., None])
    b = b * x[..., None] * write[:, :, None]
    states = scan(a, take_in(a, b, h))
    return (states * read[:, :, None]).sum(-1) + skip * x, states[:, -1]

# %% wrong 22.selective_scan: read and write exchanged
def selective_scan(x, step, rates, write, read, skip, h=None):
    a = torch.exp(step[..., None] * rates)
    b = (step * x)[..., None] * read[:, :, None]
    states = scan(a, take_in(a, b, h))
    return (states * write[:, :, None]).sum(-1) + skip * x, states[:, -1]

# %% wrong 22.selective_scan: no exponential
def selective_scan(x, step, rates, write, read, skip, h=None):
    a = step[..., None] * rates
    b = (step * x)[..., None] * write[:, :, None]
    states = scan(a, take_in(a, b, h))
    return (states * read[:, :, None]).sum(-1) + skip * x, states[:, -1]

# %% wrong 22.selective_scan: all states given back
def selective_scan(x, step, rates, write, read, skip, h=None):
    a = torch.exp(step[..., None] * rates)
    b = (step * x)[..., None] * write[:, :, None]
    states = scan(a, take_in(a, b, h))
    return (states * read[:, :, None]).sum(-1) + skip * x, states

# %% right 22.linear_attention_loop: einsum
def linear_attention_loop(q, k, v, S=None):
    out = []
    S = 0 if S is None else S
    for t in range(k.shape[-2]):
        S = S + torch.einsum("...d,...e->...de", k[..., t, :], v[..., t, :])
        out.append(torch.einsum("...d,...de->...e", q[..., t, :], S))
    return torch.stack(out, -2), S

# %% right 22.linear_attention_loop: matmuls of columns and rows
def linear_attention_loop(q, k, v, S=None):
    T = q.shape[-2]
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    rows = []
    for t in range(T):
        S = S + k[..., t : t + 1, :].mT @ v[..., t : t + 1, :]
        rows.append(q[..., t : t + 1, :] @ S)
    return torch.cat(rows, dim=-2), S

# %% wrong 22.linear_attention_loop: reads before it writes
def linear_attention_loop(q, k, v, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(q.shape[-2]):
        out.append((q[..., t, None, :] @ S)[..., 0, :])
        S = S + k[..., t, :, None] * v[..., t, None, :]
    return torch.stack(out, -2), S

# %% wrong 22.linear_attention_loop: overwritten
def linear_attention_loop(q, k, v, S=None):
    out = []
    for t in range(q.shape[-2]):
        S = k[..., t, :, None] * v[..., t, None, :]
        out.append((q[..., t, None, :] @ S)[..., 0, :])
    return torch.stack(out, -2), S

# %% wrong 22.linear_attention_loop: scaled by the root of d_k
def linear_attention_loop(q, k, v, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(q.shape[-2]):
        S = S + k[..., t, :, None] * v[..., t, None, :]
        out.append((q[..., t, None, :] @ S)[..., 0, :] / math.sqrt(k.shape[-1]))
    return torch.stack(out, -2), S

# %% wrong 22.linear_attention_loop: transposed state
def linear_attention_loop(q, k, v, S=None):
    S = torch.zeros(*k.shape[:-2], v.shape[-1], k.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(q.shape[-2]):
        S = S + v[..., t, :, None] * k[..., t, None, :]
        out.append((S @ q[..., t, :, None])[..., 0])
    return torch.stack(out, -2), S

# %% wrong 22.linear_attention_loop: only the output
def linear_attention_loop(q, k, v, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(q.shape[-2]):
        S = S + k[..., t, :, None] * v[..., t, None, :]
        out.append((q[..., t, None, :] @ S)[..., 0, :])
    return torch.stack(out, -2)

# %% wrong 22.linear_attention_loop: the average of the values so far
def linear_attention_loop(q, k, v, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(q.shape[-2]):
        S = S + k[..., t, :, None] * v[..., t, None, :]
        out.append((q[..., t, None, :] @ S)[..., 0, :] / (t + 1))
    return torch.stack(out, -2), S

# %% right 22.delta_rule: (I - rate k k^T) S + rate k v
def delta_rule(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out, I = [], torch.eye(k.shape[-1], dtype=k.dtype)
    for t in range(k.shape[-2]):
        K, V, r = k[..., t, :, None], v[..., t, None, :], rate[..., t, None, None]
        S = (I - r * K @ K.mT) @ S + r * K @ V
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, -2), S

# %% right 22.delta_rule: known with einsum
def delta_rule(q, k, v, rate, S=None):
    if S is None:
        S = k.new_zeros(*k.shape[:-2], k.shape[-1], v.shape[-1])
    out = []
    for t in range(k.shape[-2]):
        known = torch.einsum("...d,...de->...e", k[..., t, :], S)
        write = rate[..., t, None] * (v[..., t, :] - known)
        S = S + torch.einsum("...d,...e->...de", k[..., t, :], write)
        out.append(torch.einsum("...d,...de->...e", q[..., t, :], S))
    return torch.stack(out, -2), S

# %% wrong 22.delta_rule: known not taken off
def delta_rule(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(k.shape[-2]):
        S = S + rate[..., t, None, None] * k[..., t, :, None] * v[..., t, None, :]
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, -2), S

# %% wrong 22.delta_rule: rate left out
def delta_rule(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(k.shape[-2]):
        S = S + k[..., t, :, None] * (v[..., t, None, :] - k[..., t, None, :] @ S)
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, -2), S

# %% wrong 22.delta_rule: the state asked with the query
def delta_rule(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(k.shape[-2]):
        known = q[..., t, None, :] @ S
        S = S + rate[..., t, None, None] * k[..., t, :, None] * (v[..., t, None, :] - known)
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, -2), S

# %% wrong 22.delta_rule: out before the write
def delta_rule(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(k.shape[-2]):
        out.append((q[..., t, None, :] @ S).squeeze(-2))
        S = S + rate[..., t, None, None] * k[..., t, :, None] * (v[..., t, None, :] - k[..., t, None, :] @ S)
    return torch.stack(out, -2), S

# %% wrong 22.delta_rule: the whole state decays by 1 - rate
def delta_rule(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(k.shape[-2]):
        r = rate[..., t, None, None]
        S = (1 - r) * S + r * k[..., t, :, None] * v[..., t, None, :]
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, -2), S

# %% wrong 22.delta_rule: sign of the error
def delta_rule(q, k, v, rate, S=None):
    S = torch.zeros(*k.shape[:-2], k.shape[-1], v.shape[-1], dtype=v.dtype) if S is None else S
    out = []
    for t in range(k.shape[-2]):
        S = S + rate[..., t, None, None] * k[..., t, :, None] * (k[..., t, None, :] @ S - v[..., t, None, :])
        out.append((q[..., t, None, :] @ S).squeeze(-2))
    return torch.stack(out, -2), S
