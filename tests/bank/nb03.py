# %% right 03.logits_gradient: one-hot by np.eye
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    return (softmax(logits) - np.eye(V)[targets]) / (B * T)

# %% right 03.logits_gradient: one subtracted at the targets
def logits_gradient(logits, targets):
    dz = softmax(logits)
    B, T = targets.shape
    dz[np.arange(B)[:, None], np.arange(T), targets] -= 1
    return dz / targets.size

# %% right 03.logits_gradient: loops
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    dz = np.zeros((B, T, V))
    for b in range(B):
        for t in range(T):
            e = np.exp(logits[b, t] - logits[b, t].max())
            p = e / e.sum()
            for v in range(V):
                dz[b, t, v] = (p[v] - (1.0 if v == targets[b, t] else 0.0)) / (B * T)
    return dz

# %% right 03.logits_gradient: one-hot by comparison
def logits_gradient(z, y):
    onehot = y[..., None] == np.arange(z.shape[-1])
    return (softmax(z) - onehot) / np.prod(y.shape)

# %% right 03.logits_gradient: put_along_axis
def logits_gradient(logits, targets):
    hot = np.zeros(logits.shape)
    np.put_along_axis(hot, targets[..., None], 1.0, axis=-1)
    return np.subtract(softmax(logits), hot) / (targets.shape[0] * targets.shape[1])

# %% wrong 03.logits_gradient: PyTorch's autograd asked for it, which the page forbids
def logits_gradient(logits, targets):
    z = torch.tensor(logits, requires_grad=True)
    torch.nn.functional.cross_entropy(z.flatten(0, 1), torch.as_tensor(targets).flatten().long()).backward()
    return z.grad.numpy()

# %% wrong 03.logits_gradient: not divided by B·T
def logits_gradient(logits, targets):
    return softmax(logits) - np.eye(logits.shape[-1])[targets]

# %% wrong 03.logits_gradient: divided by the batch only (len of the targets)
def logits_gradient(logits, targets):
    return (softmax(logits) - np.eye(logits.shape[-1])[targets]) / len(targets)

# %% wrong 03.logits_gradient: divided by the number of steps only
def logits_gradient(logits, targets):
    return (softmax(logits) - np.eye(logits.shape[-1])[targets]) / targets.shape[1]

# %% wrong 03.logits_gradient: divided by B·T·V, the size of the logits
def logits_gradient(logits, targets):
    return (softmax(logits) - np.eye(logits.shape[-1])[targets]) / logits.size

# %% wrong 03.logits_gradient: sign turned round
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    return (np.eye(V)[targets] - softmax(logits)) / (B * T)

# %% wrong 03.logits_gradient: softmax forgotten
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    return (logits - np.eye(V)[targets]) / (B * T)

# %% wrong 03.logits_gradient: softmax over time instead of over the letters
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return (p - np.eye(V)[targets]) / (B * T)

# %% wrong 03.logits_gradient: gradient at the target only, zero elsewhere
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    hot = np.eye(V)[targets]
    return hot * (softmax(logits) - 1) / (B * T)

# %% wrong 03.logits_gradient: one subtracted from p[..., targets], every target for every place
def logits_gradient(logits, targets):
    p = softmax(logits)
    p[..., targets] -= 1
    return p / targets.size

# %% wrong 03.logits_gradient: index arrays of B and of T that do not broadcast (crashes)
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    p = softmax(logits)
    p[np.arange(B), np.arange(T), targets] -= 1
    return p / (B * T)

# %% wrong 03.logits_gradient: targets shifted by one step, though they are one ahead already
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    return (softmax(logits) - np.eye(V)[np.roll(targets, -1, axis=1)]) / (B * T)

# %% wrong 03.logits_gradient: softmax's own slope p(1 - p) multiplied in as well
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    p = softmax(logits)
    return (p - np.eye(V)[targets]) * p * (1 - p) / (B * T)

# %% wrong 03.logits_gradient: softmax taken twice
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    return (softmax(softmax(logits)) - np.eye(V)[targets]) / (B * T)

# %% wrong 03.logits_gradient: brackets missing, only the one-hot is divided
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    return softmax(logits) - np.eye(V)[targets] / (B * T)

# %% wrong 03.logits_gradient: gradient at the probabilities (-1/p) instead of at the logits
def logits_gradient(logits, targets):
    B, T, V = logits.shape
    return -np.eye(V)[targets] / softmax(logits) / (B * T)

# %% right 03.tanh_gradient: equation (3.6)
def tanh_gradient(dh, h):
    return dh * (1 - h**2)

# %% right 03.tanh_gradient: factored, and numpy functions
def tanh_gradient(dh, h):
    return np.multiply(dh, (1 - h) * (1 + h))

# %% right 03.tanh_gradient: multiplied out
def tanh_gradient(grad, out):
    return grad - grad * np.square(out)

# %% right 03.tanh_gradient: element by element
def tanh_gradient(dh, h):
    slope = np.empty(np.shape(h))
    for i in np.ndindex(slope.shape):
        slope[i] = 1.0 - h[i] * h[i]
    return slope * dh

# %% right 03.tanh_gradient: einsum of three factors
def tanh_gradient(dh, h):
    return dh - np.einsum("...,...,...->...", dh, h, h)

# %% wrong 03.tanh_gradient: tanh taken once more of h
def tanh_gradient(dh, h):
    return dh * (1 - np.tanh(h) ** 2)

# %% wrong 03.tanh_gradient: the square forgotten
def tanh_gradient(dh, h):
    return dh * (1 - h)

# %% wrong 03.tanh_gradient: the sigmoid's slope
def tanh_gradient(dh, h):
    return dh * h * (1 - h)

# %% wrong 03.tanh_gradient: the slope alone, without dh
def tanh_gradient(dh, h):
    return 1 - h**2

# %% wrong 03.tanh_gradient: dh and h changed places
def tanh_gradient(dh, h):
    return h * (1 - dh**2)

# %% wrong 03.tanh_gradient: plus instead of minus
def tanh_gradient(dh, h):
    return dh * (1 + h**2)

# %% wrong 03.tanh_gradient: brackets missing, dh times one less h squared
def tanh_gradient(dh, h):
    return dh * 1 - h**2

# %% wrong 03.tanh_gradient: the square around the whole bracket
def tanh_gradient(dh, h):
    return dh * (1 - h) ** 2

# %% wrong 03.tanh_gradient: one minus left out, dh times h squared
def tanh_gradient(dh, h):
    return dh * h**2

# %% wrong 03.tanh_gradient: divided by the slope
def tanh_gradient(dh, h):
    return dh / (1 - h**2)

# %% wrong 03.tanh_gradient: right value, but the caller's dh is changed in place
def tanh_gradient(dh, h):
    dh *= 1 - h**2
    return dh

# %% wrong 03.tanh_gradient: summed over the units
def tanh_gradient(dh, h):
    return (dh * (1 - h**2)).sum(axis=-1, keepdims=True)

# %% wrong 03.tanh_gradient: ReLU's gradient
def tanh_gradient(dh, h):
    return dh * (h > 0)

# %% wrong 03.tanh_gradient: adds the gradient and the slope instead of multiplying
def tanh_gradient(dh, h):
    return dh + (1 - h**2)

# %% right 03.step_backward: equations (3.6) to (3.8)
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% right 03.step_backward: einsum throughout
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = dh_t * (1 - h_t * h_t)
    dx = np.einsum("bh,dh->bd", da, W_xh)
    dh_prev = np.einsum("bh,kh->bk", da, W_hh)
    dW_xh = np.einsum("bd,bh->dh", x_t, da)
    dW_hh = np.einsum("bk,bh->kh", h_prev, da)
    return dx, dh_prev, dW_xh, dW_hh, np.einsum("bh->h", da)

# %% right 03.step_backward: outer products summed over the batch in a loop
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    dW_xh, dW_hh, db = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(W_hh.shape[0])
    dx, dh = [], []
    for b in range(len(da)):
        dW_xh += np.outer(x_t[b], da[b])
        dW_hh += np.outer(h_prev[b], da[b])
        db += da[b]
        dx.append(W_xh @ da[b])
        dh.append(W_hh @ da[b])
    return np.array(dx), np.array(dh), dW_xh, dW_hh, db

# %% right 03.step_backward: bias as a row of ones times da
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da_t = (1 - h_t**2) * dh_t
    dx_t, dh_prev = np.dot(da_t, W_xh.T), np.dot(da_t, W_hh.T)
    dW_xh, dW_hh = np.dot(x_t.T, da_t), np.dot(h_prev.T, da_t)
    db_h = np.ones(len(da_t)) @ da_t
    return dx_t, dh_prev, dW_xh, dW_hh, db_h

# %% right 03.step_backward: input and state side by side, split at the end
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    D = x_t.shape[1]
    da = tanh_gradient(dh_t, h_t)
    both = np.hstack([x_t, h_prev])
    d_both, dW = da @ np.vstack([W_xh, W_hh]).T, both.T @ da
    return d_both[:, :D], d_both[:, D:], dW[:D], dW[D:], da.sum(0)

# %% wrong 03.step_backward: W_hh not transposed
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: slope of tanh taken from h_prev
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_prev)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: tanh forgotten on the way back
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = dh_t
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: dW_hh from h_t instead of h_prev
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_t.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: bias not summed over the batch
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da

# %% wrong 03.step_backward: bias averaged over the batch
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.mean(axis=0)

# %% wrong 03.step_backward: bias summed over the units instead of the batch
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=1)

# %% wrong 03.step_backward: dW_hh transposed
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, da.T @ h_prev, da.sum(axis=0)

# %% wrong 03.step_backward: bias from dh_t instead of da
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, dh_t.sum(axis=0)

# %% wrong 03.step_backward: dh_prev without the slope of tanh, the rest with it
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, dh_t @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: dh_prev multiplied by h_prev's slope too, which the next step does again
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    dh_prev = tanh_gradient(da @ W_hh.T, h_prev)
    return da @ W_xh.T, dh_prev, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: dh_prev and dx in the wrong order
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_hh.T, da @ W_xh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: weight gradients divided by the batch
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    B = len(da)
    return da @ W_xh.T, da @ W_hh.T, x_t.T @ da / B, h_prev.T @ da / B, da.sum(axis=0) / B

# %% wrong 03.step_backward: dh_t added to dh_prev, as if the state also went on unchanged
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, dh_t + da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: outer product of the first sequence alone, right for a batch of one
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh.T, da @ W_hh.T, np.outer(x_t[0], da[0]), np.outer(h_prev[0], da[0]), da[0]

# %% wrong 03.step_backward: W_xh not transposed (crashes)
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return da @ W_xh, da @ W_hh.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% wrong 03.step_backward: right values, but dh_t is changed in place
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    dh_t *= 1 - h_t**2
    return dh_t @ W_xh.T, dh_t @ W_hh.T, x_t.T @ dh_t, h_prev.T @ dh_t, dh_t.sum(axis=0)

# %% wrong 03.step_backward: only the three weight gradients are returned
def step_backward(dh_t, x_t, h_prev, h_t, W_xh, W_hh):
    da = tanh_gradient(dh_t, h_t)
    return x_t.T @ da, h_prev.T @ da, da.sum(axis=0)

# %% right 03.bptt: states in a list, step_backward from the end
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        _, later, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh += g_xh
        dW_hh += g_hh
        db_h += g_b
    return dW_xh, dW_hh, db_h, later

# %% right 03.bptt: all da kept, weights by einsum after the loop
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    B, T, D = x.shape
    h = np.empty((B, T + 1, h_0.shape[1]))
    h[:, 0] = h_0
    for t in range(T):
        h[:, t + 1] = np.tanh(x[:, t] @ W_xh + h[:, t] @ W_hh + b_h)
    da, carried = np.empty_like(h[:, 1:]), 0.0
    for t in range(T - 1, -1, -1):
        da[:, t] = tanh_gradient(dh[:, t] + carried, h[:, t + 1])
        carried = da[:, t] @ W_hh.T
    return (np.einsum("btd,bth->dh", x, da), np.einsum("btk,bth->kh", h[:, :-1], da), da.sum(axis=(0, 1)), carried)

# %% right 03.bptt: recursion, the way back on the return from each step
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    def go(t, h_prev):
        if t == x.shape[1]:
            return 0.0, 0.0, 0.0, np.zeros_like(h_prev)
        h_t = np.tanh(x[:, t] @ W_xh + h_prev @ W_hh + b_h)
        a, b, c, future = go(t + 1, h_t)
        _, back, g_a, g_b, g_c = step_backward(dh[:, t] + future, x[:, t], h_prev, h_t, W_xh, W_hh)
        return a + g_a, b + g_b, c + g_c, back

    return go(0, h_0)

# %% right 03.bptt: weight gradients of the steps in lists, summed at the end
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    steps = range(x.shape[1])
    states = {-1: h_0}
    for t in steps:
        states[t] = np.tanh(x[:, t] @ W_xh + states[t - 1] @ W_hh + b_h)
    parts, dh_next = [], np.zeros(h_0.shape)
    for t in steps[::-1]:
        dx, dh_next, *grads = step_backward(dh[:, t] + dh_next, x[:, t], states[t - 1], states[t], W_xh, W_hh)
        parts.append(grads)
    dW_xh, dW_hh, db_h = (np.sum(g, axis=0) for g in zip(*parts))
    return dW_xh, dW_hh, db_h, dh_next

# %% wrong 03.bptt: autograd does it, a sum of states times dh as the loss, which the page forbids
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    leaves = [torch.tensor(a, requires_grad=True) for a in (W_xh, W_hh, b_h, h_0)]
    w, u, b, h = leaves
    loss = 0
    for t in range(x.shape[1]):
        h = torch.tanh(torch.tensor(x[:, t]) @ w + h @ u + b)
        loss = loss + (h * torch.tensor(dh[:, t])).sum()
    return tuple(g.numpy() for g in torch.autograd.grad(loss, leaves))

# %% wrong 03.bptt: the gradient from the future is not added
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    for t in reversed(range(x.shape[1])):
        _, dh_prev, g_xh, g_hh, g_b = step_backward(dh[:, t], x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh += g_xh
        dW_hh += g_hh
        db_h += g_b
    return dW_xh, dW_hh, db_h, dh_prev

# %% wrong 03.bptt: only the last step's own gradient goes back, dh of the others ignored
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    g = dh[:, -1]
    for t in reversed(range(x.shape[1])):
        _, g, g_xh, g_hh, g_b = step_backward(g, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh += g_xh
        dW_hh += g_hh
        db_h += g_b
    return dW_xh, dW_hh, db_h, g

# %% wrong 03.bptt: weights hold the first step's gradient only, = instead of +=
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    later = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        _, later, dW_xh, dW_hh, db_h = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
    return dW_xh, dW_hh, db_h, later

# %% wrong 03.bptt: walks from the first step to the last
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in range(x.shape[1]):
        _, later, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, later

# %% wrong 03.bptt: h_0 ignored on the way forward, states begin from zeros
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [np.zeros_like(h_0)]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        _, later, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, later

# %% wrong 03.bptt: stops one step early, the first step gives nothing
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    T = x.shape[1]
    h = [h_0]
    for t in range(T):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in range(T - 1, 0, -1):
        _, later, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, later

# %% wrong 03.bptt: dh_0 is the gradient at the first state, not at h_0
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        here = dh[:, t] + later
        _, later, g_xh, g_hh, g_b = step_backward(here, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, here

# %% wrong 03.bptt: the future counted twice, carried = dh_t + dh_prev
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        _, back, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        later = later + back
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, back

# %% wrong 03.bptt: weight gradients averaged over the steps instead of summed
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    T, h = x.shape[1], [h_0]
    for t in range(T):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in reversed(range(T)):
        _, later, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + g_xh / T, dW_hh + g_hh / T, db_h + g_b / T
    return dW_xh, dW_hh, db_h, later

# %% wrong 03.bptt: right values, but the future is added into the caller's dh
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    T, h = x.shape[1], [h_0]
    for t in range(T):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    for t in reversed(range(T)):
        _, back, g_xh, g_hh, g_b = step_backward(dh[:, t], x[:, t], h[t], h[t + 1], W_xh, W_hh)
        if t > 0:
            dh[:, t - 1] += back
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, back

# %% wrong 03.bptt: the bias left out on the way forward
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        _, later, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, later

# %% wrong 03.bptt: places off by one, h[t] and h[t - 1] in a list that begins with h_0
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    later = np.zeros_like(h_0)
    for t in reversed(range(x.shape[1])):
        _, later, g_xh, g_hh, g_b = step_backward(dh[:, t] + later, x[:, t], h[t - 1], h[t], W_xh, W_hh)
        dW_xh, dW_hh, db_h = dW_xh + g_xh, dW_hh + g_hh, db_h + g_b
    return dW_xh, dW_hh, db_h, later

# %% wrong 03.bptt: dh_0 summed over the batch, (H,)
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    total, later = [0.0, 0.0, 0.0], 0.0
    for t in reversed(range(x.shape[1])):
        _, later, *g = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        total = [a + b for a, b in zip(total, g)]
    return (*total, later.sum(axis=0))

# %% wrong 03.bptt: dh_0 not returned
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    total, later = [0.0, 0.0, 0.0], 0.0
    for t in reversed(range(x.shape[1])):
        _, later, *g = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        total = [a + b for a, b in zip(total, g)]
    return tuple(total)

# %% wrong 03.bptt: dx carried back instead of dh_prev (crashes unless D = H)
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    h = [h_0]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    total, later = [0.0, 0.0, 0.0], 0.0
    for t in reversed(range(x.shape[1])):
        later, _, *g = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        total = [a + b for a, b in zip(total, g)]
    return (*total, later)

# %% wrong 03.bptt: one step back only, the future's own future is dropped
def bptt(dh, x, h_0, W_xh, W_hh, b_h):
    T, h = x.shape[1], [h_0]
    for t in range(T):
        h.append(np.tanh(x[:, t] @ W_xh + h[-1] @ W_hh + b_h))
    total, later = [0.0, 0.0, 0.0], np.zeros_like(h_0)
    for t in reversed(range(T)):
        _, _, *g = step_backward(dh[:, t] + later, x[:, t], h[t], h[t + 1], W_xh, W_hh)
        later = step_backward(dh[:, t], x[:, t], h[t], h[t + 1], W_xh, W_hh)[1]
        total = [a + b for a, b in zip(total, g)]
    return (*total, later)

# %% right 03.relative_error: largest over largest, a case for zero
def relative_error(found, right):
    largest = max(np.abs(found).max(), np.abs(right).max())
    return np.abs(found - right).max() / largest if largest > 0 else 0.0

# %% right 03.relative_error: both arrays in one, early return when there is no difference
def relative_error(found, right):
    found, right = np.asarray(found, dtype=float), np.asarray(right, dtype=float)
    difference = np.max(np.abs(found - right))
    if difference == 0:
        return 0.0
    return difference / np.max(np.abs(np.stack([found, right])))

# %% right 03.relative_error: pure Python over the flat arrays
def relative_error(found, right):
    a, b = np.ravel(found).tolist(), np.ravel(right).tolist()
    top = max(abs(p - q) for p, q in zip(a, b))
    bottom = max(abs(v) for v in a + b)
    return 0.0 if bottom == 0 else top / bottom

# %% right 03.relative_error: the infinity norm of the flat arrays
def relative_error(found, right):
    norm = lambda v: np.linalg.norm(np.ravel(v), ord=np.inf)
    size = np.maximum(norm(found), norm(right))
    return float(norm(np.subtract(found, right)) / size) if size else 0.0

# %% right 03.relative_error: 0/0 turned into 0 by nan_to_num (reading: NaN in the arrays themselves is not asked about)
def relative_error(found, right):
    with np.errstate(all="ignore"):
        ratio = np.abs(found - right).max() / max(np.abs(found).max(), np.abs(right).max())
    return float(np.nan_to_num(ratio))

# %% wrong 03.relative_error: divided by the largest of `right` alone
def relative_error(found, right):
    largest = np.abs(right).max()
    return np.abs(found - right).max() / largest if largest > 0 else 0.0

# %% wrong 03.relative_error: divided by the largest of `found` alone
def relative_error(found, right):
    largest = np.abs(found).max()
    return np.abs(found - right).max() / largest if largest > 0 else 0.0

# %% wrong 03.relative_error: the sum of the two largest values below
def relative_error(found, right):
    below = np.abs(found).max() + np.abs(right).max()
    return np.abs(found - right).max() / below if below > 0 else 0.0

# %% wrong 03.relative_error: the mean difference instead of the largest
def relative_error(found, right):
    largest = max(np.abs(found).max(), np.abs(right).max())
    return np.abs(found - right).mean() / largest if largest > 0 else 0.0

# %% wrong 03.relative_error: sign of the difference kept, negative errors unseen
def relative_error(found, right):
    largest = max(np.abs(found).max(), np.abs(right).max())
    return (found - right).max() / largest if largest > 0 else 0.0

# %% wrong 03.relative_error: no case for zero, 0/0 is NaN
def relative_error(found, right):
    with np.errstate(all="ignore"):
        return np.abs(found - right).max() / np.maximum(np.abs(found).max(), np.abs(right).max())

# %% wrong 03.relative_error: entry by entry, then the largest of the ratios
def relative_error(found, right):
    below = np.maximum(np.abs(found), np.abs(right))
    ratio = np.abs(found - right) / np.where(below > 0, below, 1)
    return ratio.max()

# %% wrong 03.relative_error: absolute value forgotten below
def relative_error(found, right):
    largest = max(found.max(), right.max())
    return np.abs(found - right).max() / largest if largest != 0 else 0.0

# %% wrong 03.relative_error: 1e-8 added below, which hides errors of small gradients
def relative_error(found, right):
    return np.abs(found - right).max() / (max(np.abs(found).max(), np.abs(right).max()) + 1e-8)

# %% wrong 03.relative_error: never divided by less than one, so it is absolute for small arrays
def relative_error(found, right):
    return np.abs(found - right).max() / max(1.0, np.abs(found).max(), np.abs(right).max())

# %% wrong 03.relative_error: zero as soon as one of the arrays is all zero
def relative_error(found, right):
    if not np.any(found) or not np.any(right):
        return 0.0
    return np.abs(found - right).max() / max(np.abs(found).max(), np.abs(right).max())

# %% wrong 03.relative_error: difference of the largest values instead of largest difference
def relative_error(found, right):
    a, b = np.abs(found).max(), np.abs(right).max()
    return abs(a - b) / max(a, b) if max(a, b) > 0 else 0.0

# %% wrong 03.relative_error: Euclidean norms instead of largest values
def relative_error(found, right):
    below = max(np.linalg.norm(found), np.linalg.norm(right))
    return np.linalg.norm(found - right) / below if below > 0 else 0.0

# %% wrong 03.relative_error: the smaller of the two below
def relative_error(found, right):
    below = min(np.abs(found).max(), np.abs(right).max())
    return np.abs(found - right).max() / below if below > 0 else 0.0

# %% wrong 03.relative_error: absolute difference, not in proportion
def relative_error(found, right):
    return float(np.max(np.abs(np.asarray(found) - np.asarray(right))))

# %% wrong 03.relative_error: in percent
def relative_error(found, right):
    largest = max(np.abs(found).max(), np.abs(right).max())
    return 100 * np.abs(found - right).max() / largest if largest > 0 else 0.0

# %% right 03.carried_windows: reshape and swap, pieces of whole windows one after the other
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = rows * windows * length
    x = ids[:n].reshape(rows, windows, length).swapaxes(0, 1)
    y = ids[1:n + 1].reshape(rows, windows, length).swapaxes(0, 1)
    return x, y

# %% right 03.carried_windows: a table of places by broadcasting
def carried_windows(ids, rows, length):
    ids = np.asarray(ids)
    windows = (len(ids) - 1) // rows // length
    k, r, t = np.ogrid[:windows, :rows, :length]
    at = r * windows * length + k * length + t
    return ids[at], ids[at + 1]

# %% right 03.carried_windows: loops, a list for each window
def carried_windows(ids, rows, length):
    count = (len(ids) - 1) // (rows * length)
    xs, ys = [], []
    for k in range(count):
        x, y = [], []
        for r in range(rows):
            start = (r * count + k) * length
            x.append(ids[start:start + length])
            y.append(ids[start + 1:start + length + 1])
        xs.append(x)
        ys.append(y)
    shape = (count, rows, length)
    return np.array(xs, dtype=int).reshape(shape), np.array(ys, dtype=int).reshape(shape)

# %% right 03.carried_windows: pieces of (N - 1) // rows, their ends unused (reading: rows begin at equal shares)
def carried_windows(ids, rows, length):
    piece = (len(ids) - 1) // rows
    windows = piece // length
    x = ids[:piece * rows].reshape(rows, piece)[:, :windows * length]
    y = ids[1:piece * rows + 1].reshape(rows, piece)[:, :windows * length]
    cut = lambda a: a.reshape(rows, windows, length).transpose(1, 0, 2)
    return cut(x), cut(y)

# %% right 03.carried_windows: rows begin at N // rows (reading: pieces as long as possible, targets may be the next piece's first)
def carried_windows(ids, rows, length):
    piece = len(ids) // rows
    windows = (len(ids) - 1) // (rows * length)
    starts = np.arange(rows)[None, :, None] * piece + np.arange(windows)[:, None, None] * length
    x, y = ids[starts + np.arange(length)], ids[starts + 1 + np.arange(length)]
    return x, y

# %% wrong 03.carried_windows: rows of one window follow each other, so a row does not go on in the next window
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    return ids[:n].reshape(windows, rows, length), ids[1:n + 1].reshape(windows, rows, length)

# %% wrong 03.carried_windows: axes not swapped, (rows, windows, length)
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    return ids[:n].reshape(rows, windows, length), ids[1:n + 1].reshape(rows, windows, length)

# %% wrong 03.carried_windows: number of windows from N instead of N - 1 (crashes when it divides)
def carried_windows(ids, rows, length):
    windows = len(ids) // (rows * length)
    n = windows * rows * length
    x = ids[:n].reshape(rows, windows, length).swapaxes(0, 1)
    y = ids[1:n + 1].reshape(rows, windows, length).swapaxes(0, 1)
    return x, y

# %% wrong 03.carried_windows: targets rolled round, the last one is the first letter of the stream
def carried_windows(ids, rows, length):
    windows = len(ids) // (rows * length)
    n = windows * rows * length
    cut = lambda a: a[:n].reshape(rows, windows, length).swapaxes(0, 1)
    return cut(ids), cut(np.roll(ids, -1))

# %% wrong 03.carried_windows: target is the letter itself, not one ahead
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    x = ids[:n].reshape(rows, windows, length).swapaxes(0, 1)
    return x, x.copy()

# %% wrong 03.carried_windows: targets rolled inside each window
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    x = ids[:windows * rows * length].reshape(rows, windows, length).swapaxes(0, 1)
    return x, np.roll(x, -1, axis=-1)

# %% wrong 03.carried_windows: the target is the window after, `length` ahead
def carried_windows(ids, rows, length):
    windows = (len(ids) - length) // (rows * length)
    n = windows * rows * length
    x = ids[:n].reshape(rows, windows, length).swapaxes(0, 1)
    y = ids[length:n + length].reshape(rows, windows, length).swapaxes(0, 1)
    return x, y

# %% wrong 03.carried_windows: letters dealt out in turn, row r gets every rows-th letter
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    cut = lambda a: a.reshape(windows, length, rows).swapaxes(1, 2)
    return cut(ids[:n]), cut(ids[1:n + 1])

# %% wrong 03.carried_windows: reshaped instead of swapped to (windows, rows, length), which mixes the rows
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    x = ids[:n].reshape(rows, windows, length).reshape(windows, rows, length)
    y = ids[1:n + 1].reshape(rows, windows, length).reshape(windows, rows, length)
    return x, y

# %% wrong 03.carried_windows: a target wanted inside each row's own piece, one window fewer than fits
def carried_windows(ids, rows, length):
    piece = len(ids) // rows
    windows = (piece - 1) // length
    parts = ids[:piece * rows].reshape(rows, piece)
    cut = lambda a: a.reshape(rows, windows, length).swapaxes(0, 1)
    return cut(parts[:, :windows * length]), cut(parts[:, 1:windows * length + 1])

# %% wrong 03.carried_windows: x and y in the wrong order
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    x = ids[:n].reshape(rows, windows, length).swapaxes(0, 1)
    y = ids[1:n + 1].reshape(rows, windows, length).swapaxes(0, 1)
    return y, x

# %% wrong 03.carried_windows: windows begin one letter after each other (overlap)
def carried_windows(ids, rows, length):
    piece = (len(ids) - 1) // rows
    windows = piece - length + 1
    k, r, t = np.ogrid[:windows, :rows, :length]
    at = r * piece + k + t
    return ids[at], ids[at + 1]

# %% wrong 03.carried_windows: windows of length + 1, so a letter is skipped between them
def carried_windows(ids, rows, length):
    windows = len(ids) // (rows * (length + 1))
    n = windows * rows * (length + 1)
    both = ids[:n].reshape(rows, windows, length + 1).swapaxes(0, 1)
    return both[..., :-1], both[..., 1:]

# %% wrong 03.carried_windows: time before rows, (windows, length, rows)
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    cut = lambda a: a.reshape(rows, windows, length).transpose(1, 2, 0)
    return cut(ids[:n]), cut(ids[1:n + 1])

# %% wrong 03.carried_windows: the last window is left out
def carried_windows(ids, rows, length):
    windows = (len(ids) - 1) // (rows * length)
    n = windows * rows * length
    x = ids[:n].reshape(rows, windows, length).swapaxes(0, 1)
    y = ids[1:n + 1].reshape(rows, windows, length).swapaxes(0, 1)
    return x[:-1], y[:-1]

# %% right 03.reach: the place in the window, plus one
def reach(steps, window):
    return np.arange(steps) % window + 1

# %% right 03.reach: a loop that begins again at each border
def reach(steps, window):
    out, count = [], 0
    for t in range(steps):
        if t % window == 0:
            count = 0
        count += 1
        out.append(count)
    return np.array(out, dtype=int)

# %% right 03.reach: windows repeated, then cut to the steps
def reach(steps, window):
    repeats = -(-steps // window)
    return np.tile(np.arange(1, window + 1), repeats)[:steps]

# %% right 03.reach: step less the start of its window
def reach(steps, window):
    t = np.arange(steps)
    start = t // window * window
    return t - start + 1

# %% right 03.reach: torch.remainder, back to NumPy
def reach(steps, window):
    return (torch.arange(steps).remainder(window) + 1).numpy()

# %% wrong 03.reach: its own input not counted
def reach(steps, window):
    return np.arange(steps) % window

# %% wrong 03.reach: a window that slides, min(t + 1, window)
def reach(steps, window):
    return np.minimum(np.arange(steps) + 1, window)

# %% wrong 03.reach: counted to the end of the window, how far the input is seen
def reach(steps, window):
    return window - np.arange(steps) % window

# %% wrong 03.reach: no windows, everything from the beginning
def reach(steps, window):
    return np.arange(1, steps + 1)

# %% wrong 03.reach: the whole window for every step
def reach(steps, window):
    return np.full(steps, window)

# %% wrong 03.reach: one added before the remainder, zero at the end of each window
def reach(steps, window):
    return (np.arange(steps) + 1) % window

# %% wrong 03.reach: the number of the window instead of the place in it
def reach(steps, window):
    return np.arange(steps) // window + 1

# %% wrong 03.reach: the last, short window is left out
def reach(steps, window):
    return np.tile(np.arange(1, window + 1), steps // window)

# %% wrong 03.reach: the last window is filled up, more entries than steps
def reach(steps, window):
    return np.tile(np.arange(1, window + 1), math.ceil(steps / window))

# %% wrong 03.reach: hard-coded windows of 6
def reach(steps, window):
    return np.arange(steps) % 6 + 1

# %% wrong 03.reach: remainder by the steps instead of by the window
def reach(steps, window):
    return np.arange(steps) % steps + 1

# %% wrong 03.reach: one number for each window, its length, instead of one for each step
def reach(steps, window):
    return np.array([min(window, steps - s) for s in range(0, steps, window)])

# %% wrong 03.reach: steps counted from 1, so the first window is one short
def reach(steps, window):
    t = np.arange(1, steps + 1)
    return t % window + 1

# %% wrong 03.reach: every step of a window gets the window's length, the last one its own shorter length
def reach(steps, window):
    t = np.arange(steps)
    start = t // window * window
    return np.minimum(start + window, steps) - start

# %% right 03.gradient_flow: a loop from the end
def gradient_flow(h, W_hh, dh_last):
    norms = np.zeros(len(h))
    dh = dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
    return norms

# %% right 03.gradient_flow: the last norm first, then down to the first step
def gradient_flow(h, W_hh, dh_last):
    T = h.shape[0]
    norms, d = [np.sqrt(np.sum(dh_last**2))], dh_last
    for t in range(T - 1, 0, -1):
        d = tanh_gradient(d, h[t]) @ W_hh.T
        norms.insert(0, np.sqrt(np.sum(d**2)))
    return np.array(norms)

# %% right 03.gradient_flow: all gradients kept, W_hh times a column, norms at the end
def gradient_flow(h, W_hh, dh_last):
    flow = [dh_last]
    for state in h[:0:-1]:
        flow.append(W_hh @ (flow[-1] * (1 - state * state)))
    return np.linalg.norm(np.array(flow), axis=1)[::-1]

# %% right 03.gradient_flow: the Jacobian of each step as a matrix
def gradient_flow(h, W_hh, dh_last):
    d, norms = np.array(dh_last, dtype=float), []
    for t in range(len(h))[::-1]:
        norms.append(math.hypot(*d))
        d = d @ (np.diag(1 - h[t] ** 2) @ W_hh.T)
    return np.flip(norms)

# %% right 03.gradient_flow: einsum and an array of gradients
def gradient_flow(h, W_hh, dh_last):
    g = np.empty(h.shape)
    g[-1] = dh_last
    for t in range(len(h) - 2, -1, -1):
        g[t] = np.einsum("k,jk->j", g[t + 1] * (1 - h[t + 1] ** 2), W_hh)
    return np.sqrt(np.einsum("th,th->t", g, g))

# %% wrong 03.gradient_flow: slope of the state arrived at (h of t - 1) instead of the one left
def gradient_flow(h, W_hh, dh_last):
    norms = np.zeros(len(h))
    norms[-1] = np.linalg.norm(dh_last)
    dh = dh_last
    for t in range(len(h) - 1, 0, -1):
        dh = (dh * (1 - h[t - 1] ** 2)) @ W_hh.T
        norms[t - 1] = np.linalg.norm(dh)
    return norms

# %% wrong 03.gradient_flow: W_hh not transposed
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = (dh * (1 - h[t] ** 2)) @ W_hh
    return norms

# %% wrong 03.gradient_flow: slope of tanh left out
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = dh @ W_hh.T
    return norms

# %% wrong 03.gradient_flow: from the last step to the first, order of the result turned round
def gradient_flow(h, W_hh, dh_last):
    norms, dh = [], dh_last
    for t in reversed(range(len(h))):
        norms.append(np.linalg.norm(dh))
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
    return np.array(norms)

# %% wrong 03.gradient_flow: norm taken after the step, so it begins one state too early
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
        norms[t] = np.linalg.norm(dh)
    return norms

# %% wrong 03.gradient_flow: squared norms, the root forgotten
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.sum(dh**2)
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
    return norms

# %% wrong 03.gradient_flow: sum of absolute values instead of the norm
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.abs(dh).sum()
        dh = tanh_gradient(dh, h[t]) @ W_hh.T
    return norms

# %% wrong 03.gradient_flow: first the matrix, then the slope
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = (dh @ W_hh.T) * (1 - h[t] ** 2)
    return norms

# %% wrong 03.gradient_flow: the last state's own norm missing, T - 1 numbers
def gradient_flow(h, W_hh, dh_last):
    dh, norms = dh_last, []
    for t in range(len(h) - 1, 0, -1):
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
        norms.append(np.linalg.norm(dh))
    return np.array(norms[::-1])

# %% wrong 03.gradient_flow: dh_last is given to every state, gradients add up
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = dh_last + (dh * (1 - h[t] ** 2)) @ W_hh.T
    return norms

# %% wrong 03.gradient_flow: tanh of h taken once more in the slope
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = (dh * (1 - np.tanh(h[t]) ** 2)) @ W_hh.T
    return norms

# %% wrong 03.gradient_flow: shares of the last norm instead of norms
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
    return norms / norms[-1]

# %% wrong 03.gradient_flow: gradient always from dh_last, one step back from it, not carried
def gradient_flow(h, W_hh, dh_last):
    norms = [np.linalg.norm((dh_last * (1 - h[t] ** 2)) @ W_hh.T) for t in range(1, len(h))]
    return np.array(norms + [np.linalg.norm(dh_last)])

# %% wrong 03.gradient_flow: norm over all the states at once, the product of an array @ with an axis too many (crashes)
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh, axis=1)
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
    return norms

# %% wrong 03.gradient_flow: walks from the first state to the last
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in range(len(h)):
        norms[t] = np.linalg.norm(dh)
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
    return norms

# %% wrong 03.gradient_flow: the gradient rescaled to length one at each step
def gradient_flow(h, W_hh, dh_last):
    norms, dh = np.zeros(len(h)), dh_last
    for t in reversed(range(len(h))):
        norms[t] = np.linalg.norm(dh)
        dh = (dh * (1 - h[t] ** 2)) @ W_hh.T
        dh = dh / np.linalg.norm(dh)
    return norms
