# %% right 05.forget_bias_for: straight from (5.3)
def forget_bias_for(steps):
    f = 0.5 ** (1 / steps)
    return np.log(f / (1 - f))

# %% right 05.forget_bias_for: exact for long times, with expm1
def forget_bias_for(steps):
    return -math.log(math.expm1(math.log(2) / steps))

# %% right 05.forget_bias_for: torch.logit
def forget_bias_for(n):
    f = torch.tensor(0.5, dtype=torch.float64) ** (1.0 / n)
    return torch.logit(f).item()

# %% right 05.forget_bias_for: through logarithms of f
def forget_bias_for(steps):
    log_f = -np.log(2.0) / steps
    f = np.exp(log_f)
    return float(log_f - np.log1p(-f))

# %% wrong 05.forget_bias_for: the n-th power instead of the n-th root
def forget_bias_for(steps):
    f = 0.5**steps
    return np.log(f / (1 - f))

# %% wrong 05.forget_bias_for: odds upside down, the sign is turned
def forget_bias_for(steps):
    f = 0.5 ** (1 / steps)
    return np.log((1 - f) / f)

# %% wrong 05.forget_bias_for: the gate is returned, not the bias
def forget_bias_for(steps):
    return 0.5 ** (1 / steps)

# %% wrong 05.forget_bias_for: the rule log n, which leaves about 1/e and not one half
def forget_bias_for(steps):
    return math.log(steps)

# %% wrong 05.forget_bias_for: first-order gate 1 - 1/(2n) instead of the root
def forget_bias_for(steps):
    f = 1 - 0.5 / steps
    return np.log(f / (1 - f))

# %% wrong 05.forget_bias_for: logarithm to base ten
def forget_bias_for(steps):
    f = 0.5 ** (1 / steps)
    return math.log10(f / (1 - f))

# %% wrong 05.forget_bias_for: one step too many in the root, 1/(n + 1)
def forget_bias_for(steps):
    f = 0.5 ** (1 / (steps + 1))
    return float(torch.logit(torch.tensor(f, dtype=torch.float64)))

# %% wrong 05.forget_bias_for: integer division in the exponent, the gate is 1 and the bias infinite or an error
def forget_bias_for(steps):
    f = 0.5 ** (1 // steps)
    return math.log(f / (1 - f))

# %% right 05.lstm_step: np.split
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    h_t = sigmoid(o) * np.tanh(c_t)
    return h_t, c_t

# %% right 05.lstm_step: slices by width and einsum
def lstm_step(x, h, c, W, U, b):
    H = h.shape[1]
    s = np.einsum("bd,dk->bk", x, W) + np.einsum("bh,hk->bk", h, U) + b
    gate = lambda k: s[:, k * H:(k + 1) * H]
    new_c = sigmoid(gate(1)) * c + sigmoid(gate(0)) * np.tanh(gate(2))
    return sigmoid(gate(3)) * np.tanh(new_c), new_c

# %% right 05.lstm_step: one product of the input and the state side by side
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    both = np.concatenate([x_t, h_prev], axis=1)
    sums = both @ np.concatenate([W_xh, W_hh], axis=0) + b_h
    i, f, g, o = sums.reshape(len(sums), 4, -1).transpose(1, 0, 2)
    i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
    c_t = f * c_prev + i * np.tanh(g)
    return o * np.tanh(c_t), c_t

# %% right 05.lstm_step: four gates written out one by one
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    W_i, W_f, W_g, W_o = np.hsplit(W_xh, 4)
    U_i, U_f, U_g, U_o = np.hsplit(W_hh, 4)
    b_i, b_f, b_g, b_o = np.split(b_h, 4)
    i = sigmoid(x_t @ W_i + h_prev @ U_i + b_i)
    f = sigmoid(x_t @ W_f + h_prev @ U_f + b_f)
    g = np.tanh(x_t @ W_g + h_prev @ U_g + b_g)
    o = sigmoid(x_t @ W_o + h_prev @ U_o + b_o)
    c = f * c_prev + i * g
    return o * np.tanh(c), c

# %% wrong 05.lstm_step: input and forget gate swapped
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    f, i, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_t), c_t

# %% wrong 05.lstm_step: blocks read in the order i, f, o, g
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, o, g = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_t), c_t

# %% wrong 05.lstm_step: sigmoid on the candidate too
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(sigmoid(x_t @ W_xh + h_prev @ W_hh + b_h), 4, axis=1)
    c_t = f * c_prev + i * g
    return o * np.tanh(c_t), c_t

# %% wrong 05.lstm_step: no tanh of the cell in the output
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * c_t, c_t

# %% wrong 05.lstm_step: the state shows the old cell
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_prev), c_t

# %% wrong 05.lstm_step: returned in the order c, h
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return c_t, sigmoid(o) * np.tanh(c_t)

# %% wrong 05.lstm_step: the old cell is changed in place
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=1)
    c_prev *= sigmoid(f)
    c_prev += sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_prev), c_prev

# %% wrong 05.lstm_step: the bias counted twice, as with PyTorch's two
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    s = (x_t @ W_xh + b_h) + (h_prev @ W_hh + b_h)
    i, f, g, o = np.hsplit(s, 4)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_t), c_t

# %% wrong 05.lstm_step: the sums cut along the batch, an error unless the batch can be cut in four
def lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):
    i, f, g, o = np.split(x_t @ W_xh + h_prev @ W_hh + b_h, 4, axis=0)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c_t), c_t

# %% right 05.latch: large weights on i, f, g and a large bias of o
latch = (
    np.array([[20.0, 20.0, 20.0, 0.0], [-20.0, -20.0, 0.0, 0.0], [-20.0, 20.0, 0.0, 0.0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0.0, 0.0, 20.0]),
)

# %% right 05.latch: other characters set by the bias alone
latch = (
    np.array([[40.0, 0, 0, 0], [0, -40.0, 0, 0], [0, 0, 0, 0]]),
    np.zeros((1, 4)),
    np.array([-20.0, 20.0, 20.0, 20.0]),
)

# %% right 05.latch: each opening bracket begins afresh, the forget gate is closed at both brackets
big = 25.0
W_xh = np.zeros((3, 4))
W_xh[0] = [2 * big, -2 * big, big, 0]
W_xh[1, 1] = -2 * big
latch = (W_xh, np.zeros((1, 4)), np.array([-big, big, 0, big]))

# %% right 05.latch: no forgetting by the gate; the candidate reads the state itself, as a plain unit would
latch = (
    np.array([[0.0, 0, 40, 0], [0, 0, -40, 0], [0, 0, 0, 0]]),
    np.array([[0.0, 0, 20, 0]]),
    np.array([20.0, -20, 0, 20]),
)

# %% right 05.latch: nothing is shown at a closing bracket either, the output gate shuts there too
latch = (
    np.array([[30.0, 30, 30, 0], [-30, -30, 0, -60], [-30, 30, 0, 0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0, 0, 30]),
)

# %% wrong 05.latch: plus one at the opening, minus one at the closing bracket: it counts, where the next ) should close
latch = (
    np.array([[20.0, 0, 20, 0], [20, 0, -20, 0], [-20, 0, 0, 0]]),
    np.zeros((1, 4)),
    np.array([0.0, 20, 0, 20]),
)

# %% wrong 05.latch: weights of 2 are too small, the cell leaks within some characters
latch = (
    np.array([[2.0, 2.0, 2.0, 0.0], [-2.0, -2.0, 0.0, 0.0], [-2.0, 2.0, 0.0, 0.0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0.0, 0.0, 2.0]),
)

# %% wrong 05.latch: columns taken in the order i, f, o, g
latch = (
    np.array([[20.0, 20.0, 0.0, 20.0], [-20.0, -20.0, 0.0, 0.0], [-20.0, 20.0, 0.0, 0.0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0.0, 20.0, 0.0]),
)

# %% wrong 05.latch: the output gate is left half open, h never gets above one half
latch = (
    np.array([[20.0, 20.0, 20.0, 0.0], [-20.0, -20.0, 0.0, 0.0], [-20.0, 20.0, 0.0, 0.0]]),
    np.zeros((1, 4)),
    np.zeros(4),
)

# %% wrong 05.latch: nothing is forgotten at the closing bracket
latch = (
    np.array([[40.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]),
    np.zeros((1, 4)),
    np.array([-20.0, 20.0, 20.0, 20.0]),
)

# %% wrong 05.latch: the rows of opening and closing bracket are swapped
latch = (
    np.array([[-20.0, -20.0, 0.0, 0.0], [20.0, 20.0, 20.0, 0.0], [-20.0, 20.0, 0.0, 0.0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0.0, 0.0, 20.0]),
)

# %% wrong 05.latch: the forget gate is closed at other characters, the bracket is remembered for one step only
latch = (
    np.array([[20.0, 20.0, 20.0, 0.0], [-20.0, -20.0, 0.0, 0.0], [-20.0, -20.0, 0.0, 0.0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0.0, 0.0, 20.0]),
)

# %% wrong 05.latch: a forget bias of 5 holds for some tens of characters, not for however long
latch = (
    np.array([[40.0, 0, 0, 0], [0, -25.0, 0, 0], [0, 0, 0, 0]]),
    np.zeros((1, 4)),
    np.array([-20.0, 5.0, 20.0, 20.0]),
)

# %% wrong 05.latch: the input gate is open at other characters with a candidate of 1, so that any text opens it
latch = (
    np.array([[20.0, 20.0, 0, 0], [-40.0, -20.0, 0, 0], [20.0, 20.0, 0, 0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0.0, 20.0, 20.0]),
)

# %% wrong 05.latch: the output gate is shut at the opening bracket, h is above one half only from the next character on
latch = (
    np.array([[20.0, 20.0, 20.0, -40.0], [-20.0, -20.0, 0.0, 0.0], [-20.0, 20.0, 0.0, 0.0]]),
    np.zeros((1, 4)),
    np.array([0.0, 0.0, 0.0, 20.0]),
)

# %% wrong 05.latch: W_xh transposed, (4, 3), which is an error when it is used
latch = (
    np.array([[20.0, 20.0, 20.0, 0.0], [-20.0, -20.0, 0.0, 0.0], [-20.0, 20.0, 0.0, 0.0]]).T,
    np.zeros((4, 1)),
    np.array([0.0, 0.0, 0.0, 20.0]),
)

# %% right 05.lstm_forward: lists and np.stack
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c, states, cells = h_0, c_0, [], []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=1), np.stack(cells, axis=1)

# %% right 05.lstm_forward: filled arrays
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    B, T, _ = x.shape
    states, cells = np.zeros((B, T, h_0.shape[1])), np.zeros((B, T, h_0.shape[1]))
    h, c = h_0, c_0
    for t in range(T):
        h, c = lstm_step(x[:, t, :], h, c, W_xh, W_hh, b_h)
        states[:, t], cells[:, t] = h, c
    return states, cells

# %% right 05.lstm_forward: the input's product before the loop, without lstm_step
def lstm_forward(x, h, c, W_xh, W_hh, b_h):
    seen = []
    for from_x in np.moveaxis(x @ W_xh + b_h, 1, 0):
        i, f, g, o = np.split(from_x + h @ W_hh, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        seen.append((h, c))
    states, cells = zip(*seen)
    return np.array(states).swapaxes(0, 1), np.array(cells).swapaxes(0, 1)

# %% wrong 05.lstm_forward: the cell is not carried, each step begins from c_0
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, states, cells = h_0, [], []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c_0, W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=1), np.stack(cells, axis=1)

# %% wrong 05.lstm_forward: stacked on the first axis, (T, B, H)
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c, states, cells = h_0, c_0, [], []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    return np.stack(states), np.stack(cells)

# %% wrong 05.lstm_forward: begins from zeros, the given states are ignored
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c = np.zeros_like(h_0), np.zeros_like(c_0)
    states, cells = [], []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=1), np.stack(cells, axis=1)

# %% wrong 05.lstm_forward: h_0 and c_0 are put in front, T + 1 states
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    states, cells = [h_0], [c_0]
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], states[-1], cells[-1], W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=1), np.stack(cells, axis=1)

# %% wrong 05.lstm_forward: only the last state and cell are returned
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c = h_0, c_0
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)
    return h, c

# %% wrong 05.lstm_forward: the last step is left out
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    B, T, _ = x.shape
    states, cells = np.zeros((B, T, h_0.shape[1])), np.zeros((B, T, h_0.shape[1]))
    h, c = h_0, c_0
    for t in range(T - 1):
        h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)
        states[:, t], cells[:, t] = h, c
    return states, cells

# %% wrong 05.lstm_forward: state and cell are swapped when carried to the next step
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c, seen = h_0, c_0, []
    for x_t in x.transpose(1, 0, 2):
        seen.append(lstm_step(x_t, h, c, W_xh, W_hh, b_h))
        c, h = seen[-1]
    return tuple(np.stack(part, axis=1) for part in zip(*seen))

# %% wrong 05.lstm_forward: the loop runs over the batch instead of the steps
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c, states, cells = h_0, c_0, [], []
    for x_t in x:
        h, c = lstm_step(x_t, h, c, W_xh, W_hh, b_h)
        states.append(h)
        cells.append(c)
    return np.stack(states, axis=1), np.stack(cells, axis=1)

# %% wrong 05.lstm_forward: reads from the last token to the first
def lstm_forward(x, h_0, c_0, W_xh, W_hh, b_h):
    h, c = h_0, c_0
    states = np.zeros((*x.shape[:2], h_0.shape[1]))
    cells = np.zeros_like(states)
    for t in reversed(range(x.shape[1])):
        h, c = lstm_step(x[:, t], h, c, W_xh, W_hh, b_h)
        states[:, t], cells[:, t] = h, c
    return states, cells

# %% right 05.step_backward: the equations one by one
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    shown = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - shown**2)
    di = dc * g * i * (1 - i)
    df = dc * c_prev * f * (1 - f)
    dg = dc * i * (1 - g**2)
    do = dh_t * shown * o * (1 - o)
    return np.concatenate([di, df, dg, do], axis=1), dc * f

# %% right 05.step_backward: other factors and slopes side by side
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    H = c_t.shape[1]
    i, f, g, o = (gates[:, k * H:(k + 1) * H] for k in range(4))
    t = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - t) * (1 + t)
    slope = gates * (1 - gates)
    slope[:, 2 * H:3 * H] = 1 - g * g
    d_gates = np.hstack([dc * g, dc * c_prev, dc * i, dh_t * t])
    return d_gates * slope, f * dc

# %% wrong 05.step_backward: autograd from the sums, which the page forbids
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    gates = torch.as_tensor(gates)
    i, f, g, o = gates.chunk(4, dim=1)
    sums = torch.cat([i.logit(), f.logit(), g.atanh(), o.logit()], dim=1).requires_grad_()
    before = torch.as_tensor(c_prev).clone().requires_grad_()
    i, f, g, o = sums.chunk(4, dim=1)
    c = f.sigmoid() * before + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    with torch.enable_grad():
        total = (h * torch.as_tensor(dh_t)).sum() + (c * torch.as_tensor(dc_t)).sum()
    d_sums, dc_prev = torch.autograd.grad(total, [sums, before])
    return d_sums.numpy(), dc_prev.numpy()

# %% wrong 05.step_backward: the gradient of the cell from the step after is not added
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    t = np.tanh(c_t)
    dc = dh_t * o * (1 - t**2)
    sums = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * t * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc * f

# %% wrong 05.step_backward: dc_prev from dc_t as it came in, without the share of h_t
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    t = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - t**2)
    sums = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * t * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc_t * f

# %% wrong 05.step_backward: 1 - c² instead of 1 - tanh² c
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    dc = dc_t + dh_t * o * (1 - c_t**2)
    sums = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * np.tanh(c_t) * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc * f

# %% wrong 05.step_backward: the forget gate gets the new cell instead of the old one
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    t = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - t**2)
    sums = [dc * g * i * (1 - i), dc * c_t * f * (1 - f), dc * i * (1 - g**2), dh_t * t * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc * f

# %% wrong 05.step_backward: the output gate gets the gradient of the cell instead of that of the state
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    t = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - t**2)
    sums = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dc * t * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc * f

# %% wrong 05.step_backward: tanh is left out of the output gate's other factor
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    dc = dc_t + dh_t * o * (1 - np.tanh(c_t) ** 2)
    sums = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * c_t * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc * f

# %% wrong 05.step_backward: all four slopes are those of a sigmoid, the candidate's too
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.hsplit(gates, 4)
    t = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - t**2)
    return np.hstack([dc * g, dc * c_prev, dc * i, dh_t * t]) * gates * (1 - gates), dc * f

# %% wrong 05.step_backward: the caller's dc_t is changed in place
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    t = np.tanh(c_t)
    dc_t += dh_t * o * (1 - t**2)
    sums = [dc_t * g * i * (1 - i), dc_t * c_prev * f * (1 - f), dc_t * i * (1 - g**2), dh_t * t * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc_t * f

# %% wrong 05.step_backward: handed back in the order i, f, o, g
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    t = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - t**2)
    sums = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dh_t * t * o * (1 - o), dc * i * (1 - g**2)]
    return np.concatenate(sums, axis=1), dc * f

# %% wrong 05.step_backward: sigmoid and tanh applied once more to gates that already are gates
def step_backward(dh_t, dc_t, gates, c_prev, c_t):
    i, f, g, o = np.split(gates, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - t**2)
    sums = [dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * t * o * (1 - o)]
    return np.concatenate(sums, axis=1), dc * f

# %% right 05.lstm_backward: loop with step_backward, sums added up
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        dh = d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% right 05.lstm_backward: all d_sums first, then one einsum for each gradient
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    d_sums = np.empty_like(gates)
    dh = dc = np.zeros_like(d_states[:, 0])
    for t in range(x.shape[1] - 1, -1, -1):
        d_sums[:, t], dc = step_backward(dh + d_states[:, t], dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dh = d_sums[:, t] @ W_hh.T
    dW_xh = np.einsum("btd,btk->dk", x, d_sums)
    dW_hh = np.einsum("bth,btk->hk", states[:, :-1], d_sums)
    return dW_xh, dW_hh, d_sums.sum(axis=(0, 1)), d_sums @ W_xh.T

# %% right 05.lstm_backward: lists, step written out inside
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    dh, dc, back = 0.0, 0.0, []
    for t in range(d_states.shape[1])[::-1]:
        i, f, g, o = np.split(gates[:, t], 4, axis=-1)
        d = d_states[:, t] + dh
        tanh_c = np.tanh(cells[:, t + 1])
        dc = dc + d * o * (1 - tanh_c**2)
        s = np.concatenate([dc * g * i * (1 - i), dc * cells[:, t] * f * (1 - f), dc * i * (1 - g**2), d * tanh_c * o * (1 - o)], axis=-1)
        dc = dc * f
        dh = s @ W_hh.T
        back.insert(0, s)
    D = np.stack(back, axis=1)
    flat = D.reshape(-1, D.shape[-1])
    before = states[:, :-1].reshape(len(flat), -1)
    return x.reshape(len(flat), -1).T @ flat, before.T @ flat, flat.sum(0), np.matmul(D, W_xh.T)

# %% wrong 05.lstm_backward: W_hh gets the state after the step instead of the one before
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t + 1].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        dh = d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: the gradient of the state is not carried back through W_hh
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dc = np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t], dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: the gradient of the cell is not carried back, only that of the state
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    d_sums = np.empty_like(gates)
    dh = zero = np.zeros_like(d_states[:, 0])
    for t in range(x.shape[1] - 1, -1, -1):
        d_sums[:, t], _ = step_backward(dh + d_states[:, t], zero, gates[:, t], cells[:, t], cells[:, t + 1])
        dh = d_sums[:, t] @ W_hh.T
    dW_xh = np.einsum("btd,btk->dk", x, d_sums)
    dW_hh = np.einsum("bth,btk->hk", states[:, :-1], d_sums)
    return dW_xh, dW_hh, d_sums.sum(axis=(0, 1)), d_sums @ W_xh.T

# %% wrong 05.lstm_backward: the loss is read at the last state only
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dh, dc = d_states[:, -1], np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        dh = d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: weights' gradients are overwritten at each step, not added up
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dx = np.zeros_like(x)
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh = x[:, t].T @ d_sums
        dW_hh = states[:, t].T @ d_sums
        db_h = d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        dh = d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: the loop ends before step 0
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    for t in range(T - 1, 0, -1):
        d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        dh = d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: the bias' gradient is the mean over the batch
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.mean(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        dh = d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: gradients of the inputs collected in a list come out in reverse order of time
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dh = dc = np.zeros((B, H))
    sums, dx = [], []
    for t in reversed(range(T)):
        s, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dh = s @ W_hh.T
        sums.append((t, s))
        dx.append(s @ W_xh.T)
    dW_xh = sum(x[:, t].T @ s for t, s in sums)
    dW_hh = sum(states[:, t].T @ s for t, s in sums)
    return dW_xh, dW_hh, sum(s.sum(axis=0) for _, s in sums), np.stack(dx, axis=1)

# %% wrong 05.lstm_backward: old and new cell off by one, cells[:, t - 1] and cells[:, t]
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t - 1], cells[:, t])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        dh = d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: W_hh not transposed, an error of shapes
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dh, dc = np.zeros((B, H)), np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t] + dh, dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh
        dh = d_sums @ W_hh
    return dW_xh, dW_hh, db_h, dx

# %% wrong 05.lstm_backward: the gradients handed in are changed in place
def lstm_backward(d_states, x, states, cells, gates, W_xh, W_hh):
    B, T, H = d_states.shape
    dW_xh, dW_hh, db_h, dx = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros(4 * H), np.zeros_like(x)
    dc = np.zeros((B, H))
    for t in reversed(range(T)):
        d_sums, dc = step_backward(d_states[:, t], dc, gates[:, t], cells[:, t], cells[:, t + 1])
        dW_xh += x[:, t].T @ d_sums
        dW_hh += states[:, t].T @ d_sums
        db_h += d_sums.sum(axis=0)
        dx[:, t] = d_sums @ W_xh.T
        if t > 0:
            d_states[:, t - 1] += d_sums @ W_hh.T
    return dW_xh, dW_hh, db_h, dx

# %% right 05.width_for: counted up
def width_for(parameters, input_size, output_size):
    def count(H):
        return 4 * (input_size * H + H * H + H) + H * output_size + output_size

    H = 0
    while count(H + 1) <= parameters:
        H += 1
    return H

# %% right 05.width_for: the quadratic formula with whole numbers
def width_for(parameters, input_size, output_size):
    b = 4 * input_size + 4 + output_size
    c = output_size - parameters
    return (-b + math.isqrt(b * b - 16 * c)) // 8 if b * b >= 16 * c else 0

# %% right 05.width_for: bisection
def width_for(parameters, D, C):
    low, high = 0, parameters + 1
    while high - low > 1:
        middle = (low + high) // 2
        if 4 * middle * (D + middle + 1) + C * (middle + 1) <= parameters:
            low = middle
        else:
            high = middle
    return low

# %% right 05.width_for: the widest of a range, counted on real layers' shapes
def width_for(parameters, input_size, output_size):
    fitting = [0]
    for H in range(1, parameters):
        shapes = [(input_size, 4 * H), (H, 4 * H), (4 * H,), (H, output_size), (output_size,)]
        if sum(math.prod(shape) for shape in shapes) > parameters:
            break
        fitting.append(H)
    return fitting[-1]

# %% wrong 05.width_for: two biases, as PyTorch keeps them
def width_for(parameters, input_size, output_size):
    H = 0
    while 4 * ((H + 1) * (input_size + H + 1 + 2)) + (H + 1) * output_size + output_size <= parameters:
        H += 1
    return H

# %% wrong 05.width_for: the readout is not counted
def width_for(parameters, input_size, output_size):
    H = 1
    while 4 * (H + 1) * (input_size + H + 1 + 1) <= parameters:
        H += 1
    return H

# %% wrong 05.width_for: the readout's bias is forgotten
def width_for(parameters, input_size, output_size):
    H = 0
    while 4 * (H + 1) * (input_size + H + 2) + (H + 1) * output_size <= parameters:
        H += 1
    return H

# %% wrong 05.width_for: strictly fewer, an exact fit is refused
def width_for(parameters, input_size, output_size):
    H = 0
    while 4 * (H + 1) * (input_size + H + 2) + (H + 2) * output_size < parameters:
        H += 1
    return H

# %% wrong 05.width_for: one too wide, the first width that exceeds
def width_for(parameters, input_size, output_size):
    H = 1
    while 4 * H * (input_size + H + 1) + (H + 1) * output_size <= parameters:
        H += 1
    return H

# %% wrong 05.width_for: rounded to the nearest width, which may exceed
def width_for(parameters, input_size, output_size):
    b = 4 * input_size + 4 + output_size
    return round((-b + np.sqrt(b**2 + 16 * (parameters - output_size))) / 8)

# %% wrong 05.width_for: the bias is counted once for the layer, H numbers instead of 4H
def width_for(parameters, input_size, output_size):
    return max(H for H in range(1, 5000) if 4 * (input_size * H + H * H) + H + (H + 1) * output_size <= parameters)

# %% wrong 05.width_for: the width of the RNN divided by two, since four times as large means half as wide
def width_for(parameters, input_size, output_size):
    H = 0
    while (H + 1) * (input_size + H + 2) + (H + 2) * output_size <= parameters:
        H += 1
    return H // 2

# %% wrong 05.width_for: no whole number is handed back
def width_for(parameters, input_size, output_size):
    b = 4 * input_size + 4 + output_size
    return (-b + math.sqrt(b**2 + 16 * (parameters - output_size))) / 8

# %% right 05.find_unit: ranks by argsort twice
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    ranks = cells.argsort(axis=0).argsort(axis=0) + 1
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    area = np.maximum(area, 1 - area)
    return int(area.argmax()), float(area.max())

# %% right 05.find_unit: a loop over the units
def find_unit(cells, inside):
    best_unit, best_area = 0, 0.0
    T = len(cells)
    n = int(np.count_nonzero(inside))
    m = T - n
    for unit in range(cells.shape[1]):
        rank = np.empty(T)
        rank[np.argsort(cells[:, unit])] = np.arange(1, T + 1)
        area = (rank[inside].sum() - n * (n + 1) / 2) / (n * m)
        area = max(area, 1 - area)
        if area > best_area:
            best_unit, best_area = unit, area
    return best_unit, best_area

# %% right 05.find_unit: counted by searchsorted, ties as a half (ambiguous: the page says nothing of ties)
def find_unit(cells, inside):
    inside = np.asarray(inside, dtype=bool)
    areas = []
    for column in np.asarray(cells).T:
        low = np.sort(column[~inside])
        high = column[inside]
        below = np.searchsorted(low, high, side="left")
        equal = np.searchsorted(low, high, side="right") - below
        areas.append((below + equal / 2).sum() / (len(low) * len(high)))
    areas = np.array(areas)
    folded = 0.5 + np.abs(areas - 0.5)
    return folded.argmax(), folded[folded.argmax()]

# %% right 05.find_unit: in torch
def find_unit(cells, inside):
    values, mask = torch.as_tensor(cells), torch.as_tensor(inside)
    ranks = values.argsort(dim=0).argsort(dim=0).double() + 1
    n = mask.sum().item()
    m = len(mask) - n
    area = (ranks[mask].sum(dim=0) - n * (n + 1) / 2) / (n * m)
    best, unit = torch.maximum(area, 1 - area).max(dim=0)
    return unit.item(), best.item()

# %% wrong 05.find_unit: ranks begin at 0
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    ranks = cells.argsort(axis=0).argsort(axis=0)
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    area = np.maximum(area, 1 - area)
    return area.argmax(), area.max()

# %% wrong 05.find_unit: a single argsort, which gives the order and not the ranks
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    ranks = cells.argsort(axis=0) + 1
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    area = np.maximum(area, 1 - area)
    return area.argmax(), area.max()

# %% wrong 05.find_unit: units with the sign turned are not seen, the largest plain area is taken
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    ranks = cells.argsort(axis=0).argsort(axis=0) + 1
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    unit = area.argmax()
    return unit, max(area[unit], 1 - area[unit])

# %% wrong 05.find_unit: the right unit, but its plain area instead of the larger of the two
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    ranks = cells.argsort(axis=0).argsort(axis=0) + 1
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    unit = np.abs(area - 0.5).argmax()
    return unit, area[unit]

# %% wrong 05.find_unit: ranks across the units of a character instead of across the characters
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    ranks = cells.argsort(axis=1).argsort(axis=1) + 1
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    area = np.maximum(area, 1 - area)
    return area.argmax(), area.max()

# %% wrong 05.find_unit: returned in the order area, unit
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    ranks = cells.argsort(axis=0).argsort(axis=0) + 1
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * m)
    area = np.maximum(area, 1 - area)
    return area.max(), area.argmax()

# %% wrong 05.find_unit: n times n in the denominator
def find_unit(cells, inside):
    n = inside.sum()
    ranks = cells.argsort(axis=0).argsort(axis=0) + 1
    area = (ranks[inside].sum(axis=0) - n * (n + 1) / 2) / (n * n)
    area = np.maximum(area, 1 - area)
    return area.argmax(), area.max()

# %% wrong 05.find_unit: the unit with the largest difference of means, not with the largest area
def find_unit(cells, inside):
    unit = int(np.abs(cells[inside].mean(axis=0) - cells[~inside].mean(axis=0)).argmax())
    high, low = cells[inside, unit], cells[~inside, unit]
    area = float((high[:, None] > low[None, :]).mean())
    return unit, max(area, 1 - area)

# %% wrong 05.find_unit: the number of characters outside in the correction, m(m+1)/2
def find_unit(cells, inside):
    n, m = inside.sum(), (~inside).sum()
    best = (0, 0.0)
    for k in range(cells.shape[1]):
        ranks = np.argsort(np.argsort(cells[:, k])) + 1
        area = (ranks[inside].sum() - m * (m + 1) / 2) / (n * m)
        area = max(area, 1 - area)
        if area > best[1]:
            best = (k, area)
    return best
