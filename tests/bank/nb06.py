# %% right 06.gates: one sum over the first two blocks
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    sums = (x_t @ W_xh + b_x + h_prev @ W_hh + b_h)[:, :2 * H]
    r, z = np.split(1 / (1 + np.exp(-sums)), 2, axis=1)
    return r, z

# %% right 06.gates: blocks cut first, each gate by its own equation
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    def sigmoid(a):
        return 1.0 / (1.0 + np.exp(-a))

    W_xr, W_xz, _ = np.split(W_xh, 3, axis=1)
    W_hr, W_hz, _ = np.split(W_hh, 3, axis=1)
    b_xr, b_xz, _ = np.split(b_x, 3)
    b_hr, b_hz, _ = np.split(b_h, 3)
    return sigmoid(x_t @ W_xr + b_xr + h_prev @ W_hr + b_hr), sigmoid(x_t @ W_xz + b_xz + h_prev @ W_hz + b_hz)

# %% right 06.gates: einsum and the sigmoid by tanh, an array of both
def gates(x, h, W, U, b, c):
    s = np.einsum("bd,dk->bk", x, W) + np.einsum("bh,hk->bk", h, U) + b + c
    s = s.reshape(len(s), 3, -1)[:, :2]
    both = 0.5 * (1 + np.tanh(0.5 * s))
    return both[:, 0], both[:, 1]

# %% wrong 06.gates: returned in the order z, r
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    s = 1 / (1 + np.exp(-(x_t @ W_xh + b_x + h_prev @ W_hh + b_h)))
    return s[:, H:2 * H], s[:, :H]

# %% wrong 06.gates: the bias of the state's part is left out
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    s = 1 / (1 + np.exp(-(x_t @ W_xh + h_prev @ W_hh + b_x)))
    return s[:, :H], s[:, H:2 * H]

# %% wrong 06.gates: no sigmoid
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    r, z, _ = np.split(x_t @ W_xh + b_x + h_prev @ W_hh + b_h, 3, axis=1)
    return r, z

# %% wrong 06.gates: sign forgotten in the sigmoid's exponent
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    r, z, _ = np.split(x_t @ W_xh + b_x + h_prev @ W_hh + b_h, 3, axis=1)
    return 1 / (1 + np.exp(r)), 1 / (1 + np.exp(z))

# %% wrong 06.gates: cut by the input's size D instead of H
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    D = x_t.shape[1]
    s = 1 / (1 + np.exp(-(x_t @ W_xh + b_x + h_prev @ W_hh + b_h)))
    return s[:, :D], s[:, D:2 * D]

# %% wrong 06.gates: z is taken from the third block, the candidate's
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    r, _, z = np.split(x_t @ W_xh + b_x + h_prev @ W_hh + b_h, 3, axis=1)
    return 1 / (1 + np.exp(-r)), 1 / (1 + np.exp(-z))

# %% wrong 06.gates: z reads the state already reset by r (loop style)
def gates(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H, read, found = h_prev.shape[1], h_prev, []
    for k in range(2):
        part = slice(k * H, (k + 1) * H)
        gate = 1 / (1 + np.exp(-(x_t @ W_xh[:, part] + b_x[part] + read @ W_hh[:, part] + b_h[part])))
        found.append(gate)
        read = gate * h_prev
    return tuple(found)

# %% right 06.gru_step: gates, candidate, average
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * (h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]))
    return z * h_prev + (1 - z) * n

# %% right 06.gru_step: two sums, each cut in three
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    x_r, x_z, x_n = np.split(x_t @ W_xh + b_x, 3, axis=1)
    h_r, h_z, h_n = np.split(h_prev @ W_hh + b_h, 3, axis=1)
    r, z = 1 / (1 + np.exp(-(x_r + h_r))), 1 / (1 + np.exp(-(x_z + h_z)))
    n = np.tanh(x_n + r * h_n)
    return n + z * (h_prev - n)

# %% wrong 06.gru_step: torch's GRUCell with the weights put in, which the page forbids
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    cell = nn.GRUCell(x_t.shape[1], h_prev.shape[1]).double()
    as_tensor = lambda a: torch.tensor(np.asarray(a), dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(as_tensor(W_xh).T)
        cell.weight_hh.copy_(as_tensor(W_hh).T)
        cell.bias_ih.copy_(as_tensor(b_x))
        cell.bias_hh.copy_(as_tensor(b_h))
        return cell(as_tensor(x_t), as_tensor(h_prev)).numpy()

# %% wrong 06.gru_step: z takes instead of keeping
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * (h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]))
    return (1 - z) * h_prev + z * n

# %% wrong 06.gru_step: the last bias stands outside the bracket that r multiplies
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * (h_prev @ W_hh[:, 2 * H:]) + b_h[2 * H:])
    return z * h_prev + (1 - z) * n

# %% wrong 06.gru_step: the state is reset before the product
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + (r * h_prev) @ W_hh[:, 2 * H:] + r * b_h[2 * H:])
    return z * h_prev + (1 - z) * n

# %% wrong 06.gru_step: r multiplies the input's part as well
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    sums = x_t @ W_xh + b_x + h_prev @ W_hh + b_h
    return z * h_prev + (1 - z) * np.tanh(r * sums[:, 2 * H:])

# %% wrong 06.gru_step: the reset gate is not used
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    _, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    n = np.tanh((x_t @ W_xh + b_x + h_prev @ W_hh + b_h)[:, 2 * H:])
    return z * h_prev + (1 - z) * n

# %% wrong 06.gru_step: no tanh on the candidate
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    x_n, h_n = (s[:, -h_prev.shape[1]:] for s in (x_t @ W_xh + b_x, h_prev @ W_hh + b_h))
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    return z * h_prev + (1 - z) * (x_n + r * h_n)

# %% wrong 06.gru_step: the candidate is added whole, as in an LSTM, no 1 - z
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * (h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]))
    return z * h_prev + n

# %% wrong 06.gru_step: gates unpacked in the wrong order, z resets and r averages
def gru_step(x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    z, r = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * (h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]))
    return z * h_prev + (1 - z) * n

# %% right 06.other_z: copies with the middle block negated
def other_z(W_xh, W_hh, b_x, b_h):
    H = len(W_hh)
    changed = []
    for part in (W_xh, W_hh, b_x, b_h):
        part = part.copy()
        part[..., H:2 * H] *= -1
        changed.append(part)
    return tuple(changed)

# %% right 06.other_z: times a row of signs
def other_z(W_xh, W_hh, b_x, b_h):
    signs = np.repeat([1.0, -1.0, 1.0], W_hh.shape[0])
    return W_xh * signs, W_hh * signs, b_x * signs, b_h * signs

# %% right 06.other_z: split, negate, join
def other_z(W_xh, W_hh, b_x, b_h):
    def turned(part):
        r, z, n = np.split(part, 3, axis=-1)
        return np.concatenate([r, -z, n], axis=-1)

    return [turned(part) for part in (W_xh, W_hh, b_x, b_h)]

# %% wrong 06.other_z: biases are not negated
def other_z(W_xh, W_hh, b_x, b_h):
    signs = np.repeat([1.0, -1.0, 1.0], len(W_hh))
    return W_xh * signs, W_hh * signs, b_x.copy(), b_h.copy()

# %% wrong 06.other_z: the weights given are changed in place
def other_z(W_xh, W_hh, b_x, b_h):
    H = len(W_hh)
    for part in (W_xh, W_hh, b_x, b_h):
        part[..., H:2 * H] *= -1
    return W_xh, W_hh, b_x, b_h

# %% wrong 06.other_z: everything is negated, the blocks of r and n too
def other_z(W_xh, W_hh, b_x, b_h):
    return -W_xh, -W_hh, -b_x, -b_h

# %% wrong 06.other_z: the block of r is negated instead of that of z
def other_z(W_xh, W_hh, b_x, b_h):
    signs = np.repeat([-1.0, 1.0, 1.0], len(W_hh))
    return W_xh * signs, W_hh * signs, b_x * signs, b_h * signs

# %% wrong 06.other_z: 1 minus the weights instead of minus the weights
def other_z(W_xh, W_hh, b_x, b_h):
    def turned(part):
        r, z, n = np.split(part, 3, axis=-1)
        return np.concatenate([r, 1 - z, n], axis=-1)

    return turned(W_xh), turned(W_hh), turned(b_x), turned(b_h)

# %% wrong 06.other_z: z and n change places
def other_z(W_xh, W_hh, b_x, b_h):
    def turned(part):
        r, z, n = np.split(part, 3, axis=-1)
        return np.concatenate([r, n, z], axis=-1)

    return tuple(map(turned, (W_xh, W_hh, b_x, b_h)))

# %% wrong 06.other_z: signs change every third column, as though the three gates were interleaved
def other_z(W_xh, W_hh, b_x, b_h):
    signs = np.tile([1.0, -1.0, 1.0], len(W_hh))
    return W_xh * signs, W_hh * signs, b_x * signs, b_h * signs

# %% wrong 06.other_z: of the two biases only b_x is negated, b_h stays as it is
def other_z(W_xh, W_hh, b_x, b_h):
    H = W_hh.shape[0]
    W_xh, W_hh, b_x = W_xh.copy(), W_hh.copy(), b_x.copy()
    W_xh[:, H:2 * H] = -W_xh[:, H:2 * H]
    W_hh[:, H:2 * H] = -W_hh[:, H:2 * H]
    b_x[H:2 * H] = -b_x[H:2 * H]
    return W_xh, W_hh, b_x, b_h

# %% right 06.reset_before: gates with a second bias of zeros
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, np.zeros_like(b))
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b[2 * H:] + (r * h_prev) @ W_hh[:, 2 * H:])
    return z * h_prev + (1 - z) * n

# %% right 06.reset_before: all written out
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    x_r, x_z, x_n = np.split(x_t @ W_xh + b, 3, axis=1)
    U_r, U_z, U_n = np.split(W_hh, 3, axis=1)
    r = 1 / (1 + np.exp(-x_r - h_prev @ U_r))
    z = 1 / (1 + np.exp(-x_z - h_prev @ U_z))
    n = np.tanh(x_n + np.dot(r * h_prev, U_n))
    return n + z * (h_prev - n)

# %% right 06.reset_before: einsum for the candidate
def reset_before(x, h, W, U, b):
    H = len(U)
    from_x = np.einsum("bd,dk->bk", x, W) + b
    sums = from_x[:, :2 * H] + np.einsum("bi,ik->bk", h, U[:, :2 * H])
    gate = 0.5 + 0.5 * np.tanh(sums / 2)
    r, z = gate[:, :H], gate[:, H:]
    n = np.tanh(from_x[:, 2 * H:] + np.einsum("bi,bi,ij->bj", r, h, U[:, 2 * H:]))
    return h * z + n * (1 - z)

# %% wrong 06.reset_before: reset after the product, as in PyTorch
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, np.zeros_like(b))
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b[2 * H:] + r * (h_prev @ W_hh[:, 2 * H:]))
    return z * h_prev + (1 - z) * n

# %% wrong 06.reset_before: z takes, as in Chung's paper
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, np.zeros_like(b))
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b[2 * H:] + (r * h_prev) @ W_hh[:, 2 * H:])
    return (1 - z) * h_prev + z * n

# %% wrong 06.reset_before: the one bias is given to the gates twice
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, b)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b[2 * H:] + (r * h_prev) @ W_hh[:, 2 * H:])
    return z * h_prev + (1 - z) * n

# %% wrong 06.reset_before: no bias in the candidate
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, 0 * b)
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + (r * h_prev) @ W_hh[:, 2 * H:])
    return z * h_prev + (1 - z) * n

# %% wrong 06.reset_before: the average keeps the reset state instead of the old state
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, np.zeros_like(b))
    reset = r * h_prev
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b[2 * H:] + reset @ W_hh[:, 2 * H:])
    return z * reset + (1 - z) * n

# %% wrong 06.reset_before: z instead of r resets the state
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, np.zeros_like(b))
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b[2 * H:] + (z * h_prev) @ W_hh[:, 2 * H:])
    return z * h_prev + (1 - z) * n

# %% wrong 06.reset_before: calls gru_step with a reset state, so that gates and average see it too
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    zeros = np.zeros_like(b)
    r, _ = gates(x_t, h_prev, W_xh, W_hh, b, zeros)
    return gru_step(x_t, r * h_prev, W_xh, W_hh, b, zeros)

# %% wrong 06.reset_before: the candidate reads the block of z, columns H to 2H
def reset_before(x_t, h_prev, W_xh, W_hh, b):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b, np.zeros_like(b))
    n = np.tanh(x_t @ W_xh[:, H:2 * H] + b[H:2 * H] + (r * h_prev) @ W_hh[:, H:2 * H])
    return z * h_prev + (1 - z) * n

# %% right 06.gru_forward: inputs before the loop, one product in it
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    from_inputs = x @ W_xh + b_x
    h, states = h_0, []
    for t in range(x.shape[1]):
        x_r, x_z, x_n = np.split(from_inputs[:, t], 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh + b_h, 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        n = np.tanh(x_n + r * h_n)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states, axis=1), h

# %% right 06.gru_forward: r and z as one block, states written into an array
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    B, T, _ = x.shape
    H = h_0.shape[1]
    sums = np.matmul(x.reshape(B * T, -1), W_xh).reshape(B, T, 3 * H) + b_x
    states = np.empty((B, T, H))
    h = h_0
    for t in range(T):
        from_h = h.dot(W_hh) + b_h
        gate = 1 / (1 + np.exp(-(sums[:, t, :2 * H] + from_h[:, :2 * H])))
        n = np.tanh(sums[:, t, 2 * H:] + gate[:, :H] * from_h[:, 2 * H:])
        h = n + gate[:, H:] * (h - n)
        states[:, t] = h
    return states, states[:, -1]

# %% right 06.gru_forward: the gates' biases of the state go out of the loop too, only b_hn stays
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    H = len(W_hh)
    outside = b_x + np.concatenate([b_h[:2 * H], np.zeros(H)])
    hoisted = np.einsum("btd,dk->tbk", x, W_xh) + outside
    seen = [h_0]
    for s in hoisted:
        u = seen[-1] @ W_hh
        r = 1 / (1 + np.exp(-(s + u)[:, :H]))
        z = 1 / (1 + np.exp(-(s + u)[:, H:2 * H]))
        n = np.tanh(s[:, 2 * H:] + r * (u[:, 2 * H:] + b_h[2 * H:]))
        seen.append(z * seen[-1] + (1 - z) * n)
    return np.stack(seen[1:], axis=1), seen[-1]

# %% wrong 06.gru_forward: both biases go out of the loop, b_hn is no longer multiplied by r
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    from_inputs = x @ W_xh + b_x + b_h
    h, states = h_0, []
    for t in range(x.shape[1]):
        x_r, x_z, x_n = np.split(from_inputs[:, t], 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh, 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        n = np.tanh(x_n + r * h_n)
        h = z * h + (1 - z) * n
        states.append(h)
    return np.stack(states, axis=1), h

# %% right 06.gru_forward: gru_step in the loop
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = gru_step(x[:, t], h, W_xh, W_hh, b_x, b_h)
        states.append(h)
    return np.stack(states, axis=1), h

# %% wrong 06.gru_forward: begins from zeros, h_0 is ignored
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    from_inputs = x @ W_xh + b_x
    h, states = np.zeros_like(h_0), []
    for t in range(x.shape[1]):
        x_r, x_z, x_n = np.split(from_inputs[:, t], 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh + b_h, 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        h = z * h + (1 - z) * np.tanh(x_n + r * h_n)
        states.append(h)
    return np.stack(states, axis=1), h

# %% wrong 06.gru_forward: states stacked on the first axis, (T, B, H)
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    from_inputs = x @ W_xh + b_x
    h, states = h_0, []
    for t in range(x.shape[1]):
        x_r, x_z, x_n = np.split(from_inputs[:, t], 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh + b_h, 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        h = z * h + (1 - z) * np.tanh(x_n + r * h_n)
        states.append(h)
    return np.array(states), h

# %% wrong 06.gru_forward: h_0 stands in front of the states, T + 1 of them
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    H = len(W_hh)
    from_inputs = x @ W_xh + b_x
    seen = [h_0]
    for t in range(x.shape[1]):
        h, s = seen[-1], from_inputs[:, t]
        u = h @ W_hh + b_h
        gate = 1 / (1 + np.exp(-(s + u)[:, :2 * H]))
        n = np.tanh(s[:, 2 * H:] + gate[:, :H] * u[:, 2 * H:])
        seen.append(n + gate[:, H:] * (h - n))
    return np.stack(seen, axis=1), seen[-1]

# %% wrong 06.gru_forward: only the states are returned
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    from_inputs = x @ W_xh + b_x
    h, states = h_0, []
    for t in range(x.shape[1]):
        x_r, x_z, x_n = np.split(from_inputs[:, t], 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh + b_h, 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        h = z * h + (1 - z) * np.tanh(x_n + r * h_n)
        states.append(h)
    return np.stack(states, axis=1)

# %% wrong 06.gru_forward: the state's product is hoisted as well, computed once from h_0
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    from_inputs, from_state = x @ W_xh + b_x, h_0 @ W_hh + b_h
    h, states = h_0, []
    h_r, h_z, h_n = np.split(from_state, 3, axis=1)
    for t in range(x.shape[1]):
        x_r, x_z, x_n = np.split(from_inputs[:, t], 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        h = z * h + (1 - z) * np.tanh(x_n + r * h_n)
        states.append(h)
    return np.stack(states, axis=1), h

# %% wrong 06.gru_forward: reshaped to (T, B) instead of transposed, sequences get mixed up
def gru_forward(x, h_0, W_xh, W_hh, b_x, b_h):
    B, T, D = x.shape
    from_inputs = (x.reshape(B * T, D) @ W_xh + b_x).reshape(T, B, -1)
    h, states = h_0, []
    for s in from_inputs:
        x_r, x_z, x_n = np.split(s, 3, axis=1)
        h_r, h_z, h_n = np.split(h @ W_hh + b_h, 3, axis=1)
        r, z = 1 / (1 + np.exp(-x_r - h_r)), 1 / (1 + np.exp(-x_z - h_z))
        h = z * h + (1 - z) * np.tanh(x_n + r * h_n)
        states.append(h)
    return np.stack(states, axis=1), h

# %% right 06.width_for: counted up
def width_for(parameters, input_size, blocks, biases):
    H = 0
    while blocks * (input_size * (H + 1) + (H + 1) ** 2 + biases * (H + 1)) <= parameters:
        H += 1
    return H

# %% right 06.width_for: quadratic formula in whole numbers
def width_for(parameters, input_size, blocks, biases):
    p, q = input_size + biases, parameters // blocks
    return (math.isqrt(p * p + 4 * q) - p) // 2

# %% right 06.width_for: the last of all widths that fit
def width_for(P, D, k, b):
    fitting = [H for H in range(int(P**0.5) + 2) if k * H * (D + H + b) <= P]
    return max(fitting)

# %% right 06.width_for: root in floats, then corrected by trying
def width_for(parameters, input_size, blocks, biases):
    count = lambda H: blocks * H * (input_size + H + biases)
    b = input_size + biases
    H = int((-b + np.sqrt(b**2 + 4 * parameters / blocks)) / 2)
    while count(H) > parameters:
        H -= 1
    while count(H + 1) <= parameters:
        H += 1
    return H

# %% wrong 06.width_for: an exact fit is refused
def width_for(parameters, input_size, blocks, biases):
    H = 0
    while blocks * (H + 1) * (input_size + H + 1 + biases) < parameters:
        H += 1
    return H

# %% wrong 06.width_for: one too wide, the first that exceeds
def width_for(parameters, input_size, blocks, biases):
    H = 1
    while blocks * H * (input_size + H + biases) <= parameters:
        H += 1
    return H

# %% wrong 06.width_for: biases are not multiplied by the width
def width_for(parameters, input_size, blocks, biases):
    H = 0
    while blocks * (input_size * (H + 1) + (H + 1) ** 2 + biases) <= parameters:
        H += 1
    return H

# %% wrong 06.width_for: biases stand outside the factor k
def width_for(parameters, input_size, blocks, biases):
    H = 0
    while blocks * (H + 1) * (input_size + H + 1) + biases * (H + 1) <= parameters:
        H += 1
    return H

# %% wrong 06.width_for: always a GRU's three blocks, the argument is ignored
def width_for(parameters, input_size, blocks, biases):
    b = input_size + biases
    return int((-b + math.sqrt(b * b + 4 * parameters / 3)) // 2)

# %% wrong 06.width_for: rounded up
def width_for(parameters, input_size, blocks, biases):
    b = input_size + biases
    return math.ceil((-b + math.sqrt(b * b + 4 * parameters / blocks)) / 2)

# %% wrong 06.width_for: 4 forgotten under the root of the quadratic formula
def width_for(parameters, input_size, blocks, biases):
    b = input_size + biases
    return int((-b + np.sqrt(b**2 + parameters / blocks)) / 2)

# %% wrong 06.width_for: one bias whatever is asked
def width_for(parameters, input_size, blocks, biases=1):
    fits = [H for H in range(1, parameters) if blocks * (input_size * H + H * H + H) <= parameters]
    return fits[-1]

# %% right 06.blend_gradients: as printed
def blend_gradients(dh, h_prev, z, n):
    return dh * z, dh * (h_prev - n) * z * (1 - z), dh * (1 - z) * (1 - n**2)

# %% right 06.blend_gradients: step by step with named slopes
def blend_gradients(dh, h_prev, z, n):
    d_z = np.multiply(dh, h_prev) - np.multiply(dh, n)
    d_n = dh - dh * z
    slope_z = z - np.square(z)
    slope_n = (1 + n) * (1 - n)
    direct = dh - d_n
    return direct, d_z * slope_z, d_n * slope_n

# %% right 06.blend_gradients: loops over all numbers
def blend_gradients(dh, h_prev, z, n):
    direct, a_z, a_n = (np.zeros(dh.shape) for _ in range(3))
    for at in np.ndindex(dh.shape):
        direct[at] = dh[at] * z[at]
        a_z[at] = dh[at] * (h_prev[at] - n[at]) * z[at] * (1 - z[at])
        a_n[at] = dh[at] * (1 - z[at]) * (1 - n[at] * n[at])
    return direct, a_z, a_n

# %% wrong 06.blend_gradients: autograd, which the page forbids
def blend_gradients(dh, h_prev, z, n):
    h, z, n = (torch.as_tensor(np.array(part, dtype=np.float64)) for part in (h_prev, z, n))
    leaves = [h.requires_grad_(), z.logit().requires_grad_(), n.atanh().requires_grad_()]
    z, n = leaves[1].sigmoid(), leaves[2].tanh()
    out = z * leaves[0] + (1 - z) * n
    return tuple(g.numpy() for g in torch.autograd.grad(out, leaves, torch.as_tensor(np.array(dh, dtype=np.float64))))

# %% wrong 06.blend_gradients: the sign of a_z is turned, n - h
def blend_gradients(dh, h_prev, z, n):
    return dh * z, dh * (n - h_prev) * z * (1 - z), dh * (1 - z) * (1 - n**2)

# %% wrong 06.blend_gradients: a_z without the sigmoid's slope
def blend_gradients(dh, h_prev, z, n):
    return dh * z, dh * (h_prev - n), dh * (1 - z) * (1 - n**2)

# %% wrong 06.blend_gradients: a_n without the slope of tanh
def blend_gradients(dh, h_prev, z, n):
    return dh * z, dh * (h_prev - n) * z * (1 - z), dh * (1 - z)

# %% wrong 06.blend_gradients: the direct way takes 1 - z and the candidate z
def blend_gradients(dh, h_prev, z, n):
    return dh * (1 - z), dh * (h_prev - n) * z * (1 - z), dh * z * (1 - n**2)

# %% wrong 06.blend_gradients: returned in the order direct, a_n, a_z
def blend_gradients(dh, h_prev, z, n):
    a_z = dh * (h_prev - n) * z * (1 - z)
    a_n = dh * (1 - z) * (1 - n**2)
    return dh * z, a_n, a_z

# %% wrong 06.blend_gradients: a_z only through the kept state, the candidate's share is forgotten
def blend_gradients(dh, h_prev, z, n):
    return dh * z, dh * h_prev * z * (1 - z), dh * (1 - z) * (1 - n**2)

# %% wrong 06.blend_gradients: 1 - n instead of 1 - n²
def blend_gradients(dh, h_prev, z, n):
    d_n = (1 - z) * dh
    return z * dh, (h_prev - n) * dh * z * (1 - z), d_n * (1 - n)

# %% wrong 06.blend_gradients: dh is multiplied in place, the later gradients get z once more
def blend_gradients(dh, h_prev, z, n):
    direct = dh
    direct *= z
    return direct, dh * (h_prev - n) * z * (1 - z), dh * (1 - z) * (1 - n**2)

# %% right 06.gru_backward: forward again, then (6.9) to (6.13)
def gru_backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    q = h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * q)
    direct, a_z, a_n = blend_gradients(dh, h_prev, z, n)
    a_r = a_n * q * r * (1 - r)
    A_x = np.concatenate([a_r, a_z, a_n], axis=1)
    A_h = np.concatenate([a_r, a_z, a_n * r], axis=1)
    return (A_x @ W_xh.T, direct + A_h @ W_hh.T, x_t.T @ A_x, h_prev.T @ A_h, A_x.sum(axis=0), A_h.sum(axis=0))

# %% right 06.gru_backward: all written out, einsum for the weights
def gru_backward(dh, x, h, W, U, bx, bh):
    sx, sh = np.split(x @ W + bx, 3, axis=1), np.split(h @ U + bh, 3, axis=1)
    r = 1 / (1 + np.exp(-(sx[0] + sh[0])))
    z = 1 / (1 + np.exp(-(sx[1] + sh[1])))
    n = np.tanh(sx[2] + r * sh[2])
    dan = dh * (1 - z) * (1 - n * n)
    daz = dh * (h - n) * z * (1 - z)
    dar = dan * sh[2] * r * (1 - r)
    Ax, Ah = np.hstack([dar, daz, dan]), np.hstack([dar, daz, dan * r])
    dx = np.einsum("bk,dk->bd", Ax, W)
    dh_prev = dh * z + np.einsum("bk,hk->bh", Ah, U)
    return dx, dh_prev, np.einsum("bd,bk->dk", x, Ax), np.einsum("bh,bk->hk", h, Ah), Ax.sum(0), Ah.sum(0)

# %% wrong 06.gru_backward: autograd on the equations, which the page forbids
def gru_backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    leaves = [torch.tensor(np.asarray(part), dtype=torch.float64, requires_grad=True) for part in (x_t, h_prev, W_xh, W_hh, b_x, b_h)]
    x, h, W, U, b, c = leaves
    x_r, x_z, x_n = (x @ W + b).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ U + c).chunk(3, dim=1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    n = (x_n + r * h_n).tanh()
    new = z * h + (1 - z) * n
    return tuple(g.numpy() for g in torch.autograd.grad(new, leaves, torch.as_tensor(np.asarray(dh), dtype=torch.float64)))

# %% wrong 06.gru_backward: the direct way to the old state is left out
def gru_backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    q = h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * q)
    _, a_z, a_n = blend_gradients(dh, h_prev, z, n)
    a_r = a_n * q * r * (1 - r)
    A_x = np.concatenate([a_r, a_z, a_n], axis=1)
    A_h = np.concatenate([a_r, a_z, a_n * r], axis=1)
    return A_x @ W_xh.T, A_h @ W_hh.T, x_t.T @ A_x, h_prev.T @ A_h, A_x.sum(axis=0), A_h.sum(axis=0)

# %% wrong 06.gru_backward: A_x is used for what came from h too, the factor r of q is missing
def gru_backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    q = h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * q)
    direct, a_z, a_n = blend_gradients(dh, h_prev, z, n)
    A = np.concatenate([a_n * q * r * (1 - r), a_z, a_n], axis=1)
    return A @ W_xh.T, direct + A @ W_hh.T, x_t.T @ A, h_prev.T @ A, A.sum(axis=0), A.sum(axis=0)

# %% wrong 06.gru_backward: db_h is that of b_x, although b_hn stands behind the reset gate
def gru_backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    q = h_prev @ W_hh[:, 2 * H:] + b_h[2 * H:]
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * q)
    direct, a_z, a_n = blend_gradients(dh, h_prev, z, n)
    a_r = a_n * q * r * (1 - r)
    A_x = np.concatenate([a_r, a_z, a_n], axis=1)
    A_h = np.concatenate([a_r, a_z, a_n * r], axis=1)
    db = A_x.sum(axis=0)
    return A_x @ W_xh.T, direct + A_h @ W_hh.T, x_t.T @ A_x, h_prev.T @ A_h, db, db.copy()

# %% wrong 06.gru_backward: q without its bias in the gradient of the reset gate
def gru_backward(dh, x_t, h_prev, W_xh, W_hh, b_x, b_h):
    H = h_prev.shape[1]
    r, z = gates(x_t, h_prev, W_xh, W_hh, b_x, b_h)
    q = h_prev @ W_hh[:, 2 * H:]
    n = np.tanh(x_t @ W_xh[:, 2 * H:] + b_x[2 * H:] + r * (q + b_h[2 * H:]))
    direct, a_z, a_n = blend_gradients(dh, h_prev, z, n)
    a_r = a_n * q * r * (1 - r)
    A_x = np.concatenate([a_r, a_z, a_n], axis=1)
    A_h = np.concatenate([a_r, a_z, a_n * r], axis=1)
    return A_x @ W_xh.T, direct + A_h @ W_hh.T, x_t.T @ A_x, h_prev.T @ A_h, A_x.sum(axis=0), A_h.sum(axis=0)

# %% wrong 06.gru_backward: the reset gate's slope r(1 - r) is missing
def gru_backward(dh, x, h, W, U, bx, bh):
    sx, sh = np.split(x @ W + bx, 3, axis=1), np.split(h @ U + bh, 3, axis=1)
    r, z = gates(x, h, W, U, bx, bh)
    n = np.tanh(sx[2] + r * sh[2])
    direct, daz, dan = blend_gradients(dh, h, z, n)
    dar = dan * sh[2]
    Ax, Ah = np.hstack([dar, daz, dan]), np.hstack([dar, daz, dan * r])
    return Ax @ W.T, direct + Ah @ U.T, x.T @ Ax, h.T @ Ah, Ax.sum(0), Ah.sum(0)

# %% wrong 06.gru_backward: blocks put together in the order z, r, n
def gru_backward(dh, x, h, W, U, bx, bh):
    sx, sh = np.split(x @ W + bx, 3, axis=1), np.split(h @ U + bh, 3, axis=1)
    r, z = gates(x, h, W, U, bx, bh)
    n = np.tanh(sx[2] + r * sh[2])
    direct, daz, dan = blend_gradients(dh, h, z, n)
    dar = dan * sh[2] * r * (1 - r)
    Ax, Ah = np.hstack([daz, dar, dan]), np.hstack([daz, dar, dan * r])
    return Ax @ W.T, direct + Ah @ U.T, x.T @ Ax, h.T @ Ah, Ax.sum(0), Ah.sum(0)

# %% wrong 06.gru_backward: gradients of weights and biases are means over the batch
def gru_backward(dh, x, h, W, U, bx, bh):
    sx, sh = np.split(x @ W + bx, 3, axis=1), np.split(h @ U + bh, 3, axis=1)
    r, z = gates(x, h, W, U, bx, bh)
    n = np.tanh(sx[2] + r * sh[2])
    direct, daz, dan = blend_gradients(dh, h, z, n)
    dar = dan * sh[2] * r * (1 - r)
    Ax, Ah = np.hstack([dar, daz, dan]), np.hstack([dar, daz, dan * r])
    B = len(x)
    return Ax @ W.T, direct + Ah @ U.T, x.T @ Ax / B, h.T @ Ah / B, Ax.mean(0), Ah.mean(0)

# %% wrong 06.gru_backward: biases' gradients keep the batch axis, (1, 3H) instead of (3H,)
def gru_backward(dh, x, h, W, U, bx, bh):
    sx, sh = np.split(x @ W + bx, 3, axis=1), np.split(h @ U + bh, 3, axis=1)
    r, z = gates(x, h, W, U, bx, bh)
    n = np.tanh(sx[2] + r * sh[2])
    direct, daz, dan = blend_gradients(dh, h, z, n)
    dar = dan * sh[2] * r * (1 - r)
    Ax, Ah = np.hstack([dar, daz, dan]), np.hstack([dar, daz, dan * r])
    return Ax @ W.T, direct + Ah @ U.T, x.T @ Ax, h.T @ Ah, Ax.sum(0, keepdims=True), Ah.sum(0, keepdims=True)

# %% wrong 06.gru_backward: dh_prev and dx returned in the wrong order
def gru_backward(dh, x, h, W, U, bx, bh):
    sx, sh = np.split(x @ W + bx, 3, axis=1), np.split(h @ U + bh, 3, axis=1)
    r, z = gates(x, h, W, U, bx, bh)
    n = np.tanh(sx[2] + r * sh[2])
    direct, daz, dan = blend_gradients(dh, h, z, n)
    dar = dan * sh[2] * r * (1 - r)
    Ax, Ah = np.hstack([dar, daz, dan]), np.hstack([dar, daz, dan * r])
    return direct + Ah @ U.T, Ax @ W.T, x.T @ Ax, h.T @ Ah, Ax.sum(0), Ah.sum(0)
