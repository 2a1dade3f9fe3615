# %% right 02.scalar_trace: a loop and a list
def scalar_trace(x, w_h, w_x):
    h, states = 0.0, []
    for x_t in x:
        h = w_h * h + w_x * x_t
        states.append(h)
    return states

# %% right 02.scalar_trace: filled into an array, first step apart
def scalar_trace(x, w_h, w_x):
    h = np.zeros(len(x))
    for t in range(len(x)):
        h[t] = w_x * x[t]
        if t > 0:
            h[t] += w_h * h[t - 1]
    return h

# %% right 02.scalar_trace: itertools.accumulate
def scalar_trace(x, w_h, w_x):
    from itertools import accumulate
    return list(accumulate(x, lambda h, v: w_h * h + w_x * v, initial=0.0))[1:]

# %% right 02.scalar_trace: vectorised, a convolution with the powers of w_h
def scalar_trace(x, w_h, w_x):
    x = np.asarray(x, dtype=float)
    powers = np.power(float(w_h), np.arange(len(x)))
    return w_x * np.convolve(x, powers)[:len(x)]

# %% right 02.scalar_trace: a triangular matrix of powers times x
def scalar_trace(x, w_h, w_x):
    T = len(x)
    age = np.arange(T)[:, None] - np.arange(T)[None, :]
    M = np.where(age >= 0, float(w_h) ** np.maximum(age, 0), 0.0)
    return M @ (w_x * np.asarray(x, dtype=float))

# %% right 02.scalar_trace: h_0 in the list, cut off at the end
def scalar_trace(x, a, b):
    h = [0]
    for value in x:
        h += [a * h[-1] + b * value]
    return np.array(h[1:])

# %% wrong 02.scalar_trace: h_0 is returned as well, T + 1 numbers
def scalar_trace(x, w_h, w_x):
    h = [0.0]
    for x_t in x:
        h.append(w_h * h[-1] + w_x * x_t)
    return h

# %% wrong 02.scalar_trace: only the last state
def scalar_trace(x, w_h, w_x):
    h = 0.0
    for x_t in x:
        h = w_h * h + w_x * x_t
    return h

# %% wrong 02.scalar_trace: the two weights changed places, unseen while both are 0.5
def scalar_trace(x, w_h, w_x):
    h, states = 0.0, []
    for x_t in x:
        h = w_x * h + w_h * x_t
        states.append(h)
    return states

# %% wrong 02.scalar_trace: begins with the first input as the state
def scalar_trace(x, w_h, w_x):
    states = [x[0]]
    for x_t in x[1:]:
        states.append(w_h * states[-1] + w_x * x_t)
    return states

# %% wrong 02.scalar_trace: w_h applied to the sum, input included
def scalar_trace(x, w_h, w_x):
    h, states = 0.0, []
    for x_t in x:
        h = w_h * (h + w_x * x_t)
        states.append(h)
    return states

# %% wrong 02.scalar_trace: 1 - w_h in place of w_x (a running average)
def scalar_trace(x, w_h, w_x):
    h, out = 0.0, []
    for x_t in x:
        h = w_h * h + (1 - w_h) * x_t
        out.append(h)
    return out

# %% wrong 02.scalar_trace: the state is not carried, each step begins from zero
def scalar_trace(x, w_h, w_x):
    h_0 = 0.0
    return [w_h * h_0 + w_x * x_t for x_t in x]

# %% wrong 02.scalar_trace: old input instead of old state
def scalar_trace(x, w_h, w_x):
    out = []
    for t in range(len(x)):
        before = x[t - 1] if t > 0 else 0
        out.append(w_h * before + w_x * x[t])
    return out

# %% wrong 02.scalar_trace: the old state is not weighted (a cumulative sum)
def scalar_trace(x, w_h, w_x):
    return np.cumsum(w_x * np.asarray(x))

# %% wrong 02.scalar_trace: array made by zeros_like(x), so whole-number inputs cut the states off
def scalar_trace(x, w_h, w_x):
    h = np.zeros_like(x)
    last = 0
    for t, x_t in enumerate(x):
        last = h[t] = w_h * last + w_x * x_t
    return h

# %% wrong 02.scalar_trace: everything kept in an array of whole numbers, so each carried state is cut off
def scalar_trace(x, w_h, w_x):
    x = np.array(x, dtype=int)
    h = np.zeros_like(x)
    for t in range(len(x)):
        h[t] = w_h * (h[t - 1] if t else 0) + w_x * x[t]
    return h

# %% wrong 02.scalar_trace: tanh around the step, which (2.1) does not have
def scalar_trace(x, w_h, w_x):
    h, states = 0.0, []
    for x_t in x:
        h = math.tanh(w_h * h + w_x * x_t)
        states.append(h)
    return states

# %% wrong 02.scalar_trace: right states, but they overwrite the caller's x
def scalar_trace(x, w_h, w_x):
    h = 0.0
    for t in range(len(x)):
        h = w_h * h + w_x * x[t]
        x[t] = h
    return x

# %% wrong 02.scalar_trace: h[-1] at the first step reads ones, h_0 taken as 1
def scalar_trace(x, w_h, w_x):
    h = np.ones(len(x))
    for t in range(len(x)):
        h[t] = w_h * h[t - 1] + w_x * x[t]
    return h

# %% wrong 02.scalar_trace: one state short, the last input is never read
def scalar_trace(x, w_h, w_x):
    h, states = 0.0, []
    for t in range(len(x) - 1):
        h = w_h * h + w_x * x[t]
        states.append(h)
    return states

# %% wrong 02.scalar_trace: rounded to two decimals at each step, as in the table
def scalar_trace(x, w_h, w_x):
    h, states = 0.0, []
    for x_t in x:
        h = round(w_h * h + w_x * x_t, 2)
        states.append(h)
    return states

# %% right 02.rnn_step: equation (2.3) in one line
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)

# %% right 02.rnn_step: einsum
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    a = np.einsum("bd,dh->bh", x_t, W_xh) + np.einsum("bk,kh->bh", h_prev, W_hh)
    return np.tanh(a + b_h[None, :])

# %% right 02.rnn_step: input and state side by side, weights on top of each other
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    both = np.concatenate([x_t, h_prev], axis=1)
    W = np.vstack([W_xh, W_hh])
    return np.tanh(np.dot(both, W) + b_h)

# %% right 02.rnn_step: loops over sequences and units, math.tanh
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    B, H = h_prev.shape
    h = np.empty((B, H))
    for b in range(B):
        for k in range(H):
            s = float(b_h[k])
            s += sum(x_t[b, d] * W_xh[d, k] for d in range(x_t.shape[1]))
            s += sum(h_prev[b, j] * W_hh[j, k] for j in range(H))
            h[b, k] = math.tanh(s)
    return h

# %% right 02.rnn_step: columns instead of rows, turned back at the end
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    s = W_xh.T @ x_t.T + W_hh.T @ h_prev.T + b_h[:, None]
    return np.tanh(s).T

# %% wrong 02.rnn_step: W_hh transposed
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh.T + b_h)

# %% wrong 02.rnn_step: W_hh transposed, hidden in an einsum
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(np.einsum("bd,dh->bh", x_t, W_xh) + np.einsum("bk,hk->bh", h_prev, W_hh) + b_h)

# %% wrong 02.rnn_step: bias forgotten
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh)

# %% wrong 02.rnn_step: tanh forgotten
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh + h_prev @ W_hh + b_h

# %% wrong 02.rnn_step: bias added after tanh
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev @ W_hh) + b_h

# %% wrong 02.rnn_step: tanh of each part, then added
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh) + np.tanh(h_prev @ W_hh) + b_h

# %% wrong 02.rnn_step: bracket closed early, tanh over the state's part only
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return x_t @ W_xh + np.tanh(h_prev @ W_hh + b_h)

# %% wrong 02.rnn_step: ReLU instead of tanh
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.maximum(0, x_t @ W_xh + h_prev @ W_hh + b_h)

# %% wrong 02.rnn_step: sigmoid instead of tanh
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    s = x_t @ W_xh + h_prev @ W_hh + b_h
    return 1 / (1 + np.exp(-s))

# %% wrong 02.rnn_step: tan instead of tanh
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tan(x_t @ W_xh + h_prev @ W_hh + b_h)

# %% wrong 02.rnn_step: W_xh transposed as if PyTorch had stored it (crashes)
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh.T + h_prev @ W_hh + b_h)

# %% wrong 02.rnn_step: the old state is added on top (a residual connection)
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return h_prev + np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)

# %% wrong 02.rnn_step: bias twice, once for each product, as PyTorch's two biases
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    from_input = x_t @ W_xh + b_h
    from_state = h_prev @ W_hh + b_h
    return np.tanh(from_input + from_state)

# %% wrong 02.rnn_step: only the diagonal of W_hh is used, each unit sees itself
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev * np.diag(W_hh) + b_h)

# %% wrong 02.rnn_step: the old state is ignored
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + np.zeros_like(h_prev) @ W_hh + b_h)

# %% wrong 02.rnn_step: right value, but written into the caller's h_prev
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    h_prev[:] = np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)
    return h_prev

# %% wrong 02.rnn_step: the state of the first sequence is used for the whole batch
def rnn_step(x_t, h_prev, W_xh, W_hh, b_h):
    return np.tanh(x_t @ W_xh + h_prev[0] @ W_hh + b_h)

# %% right 02.rnn_forward: rnn_step in a loop, np.stack
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1), h

# %% right 02.rnn_forward: filled into an array, equation written out
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    B, T, D = x.shape
    states = np.zeros((B, T, h_0.shape[1]))
    h = h_0
    for t in range(T):
        h = np.tanh(x[:, t, :] @ W_xh + h @ W_hh + b_h)
        states[:, t, :] = h
    return states, states[:, -1, :]

# %% right 02.rnn_forward: the inputs' part in one product before the loop
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    drive = np.einsum("btd,dh->tbh", x, W_xh) + b_h
    hs = [h_0]
    for a in drive:
        hs.append(np.tanh(a + hs[-1] @ W_hh))
    return np.array(hs[1:]).transpose(1, 0, 2), hs[-1]

# %% right 02.rnn_forward: time moved to the front, then swapped back
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    out, h = [], h_0.copy()
    for x_t in np.swapaxes(x, 0, 1):
        h = rnn_step(x_t, h, W_xh, W_hh, b_h)
        out.append(h)
    return np.swapaxes(np.stack(out), 0, 1), out[-1]

# %% right 02.rnn_forward: functools.reduce over the steps
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    from functools import reduce
    chain = reduce(lambda hs, t: hs + [rnn_step(x[:, t], hs[-1], W_xh, W_hh, b_h)], range(x.shape[1]), [h_0])
    return np.concatenate([h[:, None] for h in chain[1:]], axis=1), chain[-1]

# %% wrong 02.rnn_forward: stacked time first, (T, B, H)
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states), h

# %% wrong 02.rnn_forward: time first, then reshaped to (B, T, H), which scrambles the states
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    B, T, _ = x.shape
    h, states = h_0, []
    for t in range(T):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.array(states).reshape(B, T, -1), h

# %% wrong 02.rnn_forward: h_0 ignored, begins from zeros
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = np.zeros_like(h_0), []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1), h

# %% wrong 02.rnn_forward: every step begins from h_0, the state is not carried
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    states = np.stack([rnn_step(x[:, t], h_0, W_xh, W_hh, b_h) for t in range(x.shape[1])], axis=1)
    return states, states[:, -1]

# %% wrong 02.rnn_forward: h_0 is among the states, T + 1 of them
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    states = [h_0]
    for t in range(x.shape[1]):
        states.append(rnn_step(x[:, t], states[-1], W_xh, W_hh, b_h))
    return np.stack(states, axis=1), states[-1]

# %% wrong 02.rnn_forward: states shifted by one, h_0 first and h_T missing
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        states.append(h)
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
    return np.stack(states, axis=1), h

# %% wrong 02.rnn_forward: only the states, without the last one
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1)

# %% wrong 02.rnn_forward: last state first, then all states
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return h, np.stack(states, axis=1)

# %% wrong 02.rnn_forward: walks over the batch as if it were time (crashes, or is wrong for B = T)
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for x_t in x:
        h = rnn_step(x_t, h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1), h

# %% wrong 02.rnn_forward: one array is written over and over, so all states are the last one
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0.copy(), []
    for t in range(x.shape[1]):
        h[...] = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.stack(states, axis=1), h

# %% wrong 02.rnn_forward: the last sequence's states instead of the last step's
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    states = np.stack(states, axis=1)
    return states, states[-1]

# %% wrong 02.rnn_forward: concatenated instead of stacked, (B, T·H)
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0, []
    for t in range(x.shape[1]):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states.append(h)
    return np.concatenate(states, axis=1), h

# %% wrong 02.rnn_forward: reads from the last step to the first
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    B, T, _ = x.shape
    states, h = np.zeros((B, T, len(b_h))), h_0
    for t in reversed(range(T)):
        h = rnn_step(x[:, t], h, W_xh, W_hh, b_h)
        states[:, t] = h
    return states, h

# %% wrong 02.rnn_forward: states[:, t - 1] as the old state, at t = 0 that is a row of zeros and not h_0
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    B, T, _ = x.shape
    states = np.zeros((B, T, h_0.shape[1]))
    for t in range(T):
        states[:, t] = rnn_step(x[:, t], states[:, t - 1], W_xh, W_hh, b_h)
    return states, states[:, -1]

# %% wrong 02.rnn_forward: right result, but the caller's h_0 is overwritten
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    states = []
    for t in range(x.shape[1]):
        h_0[:] = rnn_step(x[:, t], h_0, W_xh, W_hh, b_h)
        states.append(h_0.copy())
    return np.stack(states, axis=1), states[-1]

# %% wrong 02.rnn_forward: first sequence alone is read, right for a batch of one
def rnn_forward(x, h_0, W_xh, W_hh, b_h):
    h, states = h_0[:1], []
    for x_t in x[0]:
        h = rnn_step(x_t[None], h, W_xh, W_hh, b_h)
        states.append(h[0])
    return np.stack(states)[None], h

# %% right 02.count_parameters: written out
def count_parameters(input_size, hidden_size, output_size, steps):
    return (input_size * hidden_size + hidden_size * hidden_size + hidden_size
            + hidden_size * output_size + output_size)

# %% right 02.count_parameters: factored
def count_parameters(input_size, hidden_size, output_size, steps):
    return (input_size + hidden_size + 1) * hidden_size + (hidden_size + 1) * output_size

# %% right 02.count_parameters: a dictionary of shapes
def count_parameters(D, H, C, steps):
    shapes = {"W_xh": (D, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, C), "b_y": (C,)}
    return sum(math.prod(shape) for shape in shapes.values())

# %% right 02.count_parameters: makes the arrays and counts
def count_parameters(input_size, hidden_size, output_size, steps):
    arrays = [np.empty((input_size, hidden_size)), np.empty((hidden_size, hidden_size)), np.empty(hidden_size),
              np.empty((hidden_size, output_size)), np.empty(output_size)]
    return sum(a.size for a in arrays)

# %% right 02.count_parameters: counts PyTorch's layers, less the second bias
def count_parameters(input_size, hidden_size, output_size, steps):
    layers = nn.ModuleList([nn.RNN(input_size, hidden_size), nn.Linear(hidden_size, output_size)])
    return sum(p.numel() for p in layers.parameters()) - hidden_size

# %% wrong 02.count_parameters: everything times the number of steps
def count_parameters(input_size, hidden_size, output_size, steps):
    I, H, O = input_size, hidden_size, output_size
    return steps * (I * H + H * H + H + H * O + O)

# %% wrong 02.count_parameters: W_xh counted anew for every step
def count_parameters(input_size, hidden_size, output_size, steps):
    I, H, O = input_size, hidden_size, output_size
    return steps * I * H + H * H + H + H * O + O

# %% wrong 02.count_parameters: both biases forgotten
def count_parameters(input_size, hidden_size, output_size, steps):
    return input_size * hidden_size + hidden_size**2 + hidden_size * output_size

# %% wrong 02.count_parameters: b_y forgotten
def count_parameters(input_size, hidden_size, output_size, steps):
    return input_size * hidden_size + hidden_size**2 + hidden_size + hidden_size * output_size

# %% wrong 02.count_parameters: W_hh forgotten
def count_parameters(input_size, hidden_size, output_size, steps):
    return input_size * hidden_size + hidden_size + hidden_size * output_size + output_size

# %% wrong 02.count_parameters: two hidden biases, as in nn.RNN
def count_parameters(input_size, hidden_size, output_size, steps):
    layers = nn.ModuleList([nn.RNN(input_size, hidden_size), nn.Linear(hidden_size, output_size)])
    return sum(p.numel() for p in layers.parameters())

# %% wrong 02.count_parameters: the readout is left out
def count_parameters(input_size, hidden_size, output_size, steps):
    return (input_size + hidden_size) * hidden_size + hidden_size

# %% wrong 02.count_parameters: readout from the inputs instead of the states
def count_parameters(input_size, hidden_size, output_size, steps):
    I, H, O = input_size, hidden_size, output_size
    return I * H + H * H + H + I * O + O

# %% wrong 02.count_parameters: both biases of hidden size
def count_parameters(input_size, hidden_size, output_size, steps):
    I, H, O = input_size, hidden_size, output_size
    return I * H + H * H + H + H * O + H

# %% wrong 02.count_parameters: the first state counted as a weight too
def count_parameters(input_size, hidden_size, output_size, steps):
    I, H, O = input_size, hidden_size, output_size
    h_0 = H
    return I * H + H * H + H + H * O + O + h_0

# %% wrong 02.count_parameters: the states of all steps counted as well
def count_parameters(input_size, hidden_size, output_size, steps):
    I, H, O = input_size, hidden_size, output_size
    return I * H + H * H + H + H * O + O + steps * H

# %% wrong 02.count_parameters: 2·H instead of H squared
def count_parameters(input_size, hidden_size, output_size, steps):
    I, H, O = input_size, hidden_size, output_size
    return I * H + H * 2 + H + H * O + O

# %% wrong 02.count_parameters: the number for one example, whatever the sizes (D = 6, H = 4, C = 6)
def count_parameters(input_size, hidden_size, output_size, steps):
    return 6 * 4 + 4 * 4 + 4 + 4 * 6 + 6

# %% wrong 02.count_parameters: hidden weights as (I + H) times (I + H)
def count_parameters(input_size, hidden_size, output_size, steps):
    both = input_size + hidden_size
    return both * both + hidden_size + hidden_size * output_size + output_size

# %% right 02.readout: the largest score subtracted first
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

# %% right 02.readout: through log-sum-exp
def readout(h, W_hy, b_y):
    o = np.einsum("...h,hc->...c", h, W_hy) + b_y
    return np.exp(o - np.logaddexp.reduce(o, axis=-1, keepdims=True))

# %% right 02.readout: torch.softmax, back to NumPy
def readout(h, W_hy, b_y):
    scores = torch.as_tensor(np.matmul(h, W_hy) + b_y)
    return torch.softmax(scores, dim=-1).numpy()

# %% right 02.readout: flattened to rows, one row at a time, then shaped back
def readout(h, W_hy, b_y):
    rows = h.reshape(-1, h.shape[-1])
    out = []
    for row in rows:
        s = np.dot(row, W_hy) + b_y
        e = np.exp(s - max(s))
        out.append(e / sum(e))
    return np.array(out).reshape(h.shape[:-1] + (len(b_y),))

# %% right 02.readout: class axis added by None instead of keepdims
def readout(h, W, b):
    z = np.tensordot(h, W, axes=1) + b
    z = z - z.max(-1)[..., None]
    p = np.exp(z)
    p /= p.sum(-1)[..., None]
    return p

# %% wrong 02.readout: naive exponential, infinite for scores of 1000
def readout(h, W_hy, b_y):
    with np.errstate(all="ignore"):
        e = np.exp(h @ W_hy + b_y)
        return e / e.sum(axis=-1, keepdims=True)

# %% wrong 02.readout: softmax over axis 1, which is time for three axes
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    e = np.exp(o - o.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

# %% wrong 02.readout: softmax over the batch
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    e = np.exp(o - o.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)

# %% wrong 02.readout: one normaliser for the whole batch
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    e = np.exp(o - o.max())
    return e / e.sum()

# %% wrong 02.readout: largest score of the whole batch subtracted, so a row of far lower scores is 0/0
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    with np.errstate(all="ignore"):
        e = np.exp(o - np.max(o))
        return e / e.sum(axis=-1, keepdims=True)

# %% wrong 02.readout: bias forgotten
def readout(h, W_hy, b_y):
    o = h @ W_hy
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

# %% wrong 02.readout: scores returned, no softmax
def readout(h, W_hy, b_y):
    return h @ W_hy + b_y

# %% wrong 02.readout: logarithms of the probabilities
def readout(h, W_hy, b_y):
    return F.log_softmax(torch.as_tensor(h @ W_hy + b_y), dim=-1).numpy()

# %% wrong 02.readout: a sigmoid for each class
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    return 0.5 * (1 + np.tanh(o / 2))

# %% wrong 02.readout: scores cut off at 500, so 1000 and 900 come out alike
def readout(h, W_hy, b_y):
    o = np.clip(h @ W_hy + b_y, -500, 500)
    e = np.exp(o)
    return e / e.sum(axis=-1, keepdims=True)

# %% wrong 02.readout: keepdims missing (crashes, or divides the wrong rows)
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1)

# %% wrong 02.readout: the mean subtracted instead of the largest, overflows where one score of 1000 stands among four or more small ones
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    with np.errstate(all="ignore"):
        e = np.exp(o - o.mean(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

# %% wrong 02.readout: naive exponential with the NaN replaced by 1 afterwards
def readout(h, W_hy, b_y):
    with np.errstate(all="ignore"):
        e = np.exp(h @ W_hy + b_y)
        return np.nan_to_num(e / e.sum(axis=-1, keepdims=True), nan=1.0)

# %% wrong 02.readout: scores divided by their largest instead of reduced by it
def readout(h, W_hy, b_y):
    o = h @ W_hy + b_y
    e = np.exp(o / np.abs(o).max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

# %% wrong 02.readout: einsum for (B, H) alone, three axes crash
def readout(h, W_hy, b_y):
    o = np.einsum("bh,hc->bc", h, W_hy) + b_y
    e = np.exp(o - o.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

# %% right 02.last_real_state: a pair of index arrays
def last_real_state(states, lengths):
    return states[np.arange(len(states)), lengths - 1]

# %% right 02.last_real_state: a loop over the batch
def last_real_state(states, lengths):
    return np.stack([sequence[n - 1] for sequence, n in zip(states, lengths)])

# %% right 02.last_real_state: take_along_axis
def last_real_state(states, lengths):
    at = np.asarray(lengths)[:, None, None] - 1
    return np.take_along_axis(states, at, axis=1)[:, 0]

# %% right 02.last_real_state: torch.gather, back to NumPy
def last_real_state(states, lengths):
    s, n = torch.as_tensor(states), torch.as_tensor(lengths).long()
    return s.gather(1, (n - 1).view(-1, 1, 1).expand(-1, 1, s.shape[2])).squeeze(1).numpy()

# %% right 02.last_real_state: a boolean mask with one True in each row
def last_real_state(states, lengths):
    B, T, H = states.shape
    last = np.arange(T)[None, :] == (np.asarray(lengths) - 1)[:, None]
    return states[last]

# %% wrong 02.last_real_state: the state at the end of the padded batch
def last_real_state(states, lengths):
    return states[:, -1]

# %% wrong 02.last_real_state: one too far, the first padding (crashes for the longest sequence)
def last_real_state(states, lengths):
    return states[np.arange(len(states)), lengths]

# %% wrong 02.last_real_state: one too far, hidden by a minimum with the last place
def last_real_state(states, lengths):
    T = states.shape[1]
    return states[np.arange(len(states)), np.minimum(lengths, T - 1)]

# %% wrong 02.last_real_state: one too early, the state before the last real token
def last_real_state(states, lengths):
    return states[np.arange(len(states)), np.maximum(lengths - 2, 0)]

# %% wrong 02.last_real_state: a slice instead of a list of places for the batch, (B, B, H)
def last_real_state(states, lengths):
    return states[:, lengths - 1]

# %% wrong 02.last_real_state: the first sequence's length for all
def last_real_state(states, lengths):
    return states[:, lengths[0] - 1]

# %% wrong 02.last_real_state: the longest length for all
def last_real_state(states, lengths):
    return states[:, max(lengths) - 1, :]

# %% wrong 02.last_real_state: the mean of the real states
def last_real_state(states, lengths):
    return np.stack([s[:n].mean(axis=0) for s, n in zip(states, lengths)])

# %% wrong 02.last_real_state: batch and time changed places in the index
def last_real_state(states, lengths):
    return states[lengths - 1, np.arange(len(states))]

# %% wrong 02.last_real_state: counted from the end
def last_real_state(states, lengths):
    return states[np.arange(len(states)), -np.asarray(lengths)]

# %% wrong 02.last_real_state: keeps an axis of length one, (B, 1, H)
def last_real_state(states, lengths):
    return np.stack([s[n - 1:n] for s, n in zip(states, lengths)])

# %% wrong 02.last_real_state: reads row 0 for every sequence, right for a batch of one
def last_real_state(states, lengths):
    return states[0, lengths - 1]

# %% wrong 02.last_real_state: all real states, one array for each sequence, not the last one
def last_real_state(states, lengths):
    return [s[:n] for s, n in zip(states, lengths)]

# %% wrong 02.last_real_state: lengths ignored, takes padding to be where the state no longer changes
def last_real_state(states, lengths):
    out = []
    for s in states:
        t = len(s) - 1
        while t > 0 and np.allclose(s[t], s[t - 1]):
            t -= 1
        out.append(s[t])
    return np.stack(out)

# %% wrong 02.last_real_state: right value, but the caller's lengths are reduced by one in place
def last_real_state(states, lengths):
    lengths -= 1
    return states[np.arange(len(states)), lengths]

# %% right 02.feed_back: rnn_step and one-hot rows
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros((1, len(b_h))), first, []
    for _ in range(steps):
        h = rnn_step(np.eye(len(b_y))[[letter]], h, W_xh, W_hh, b_h)
        letter = int((h @ W_hy + b_y).argmax())
        written.append(letter)
    return written

# %% right 02.feed_back: a row of W_xh instead of a one-hot product
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h = np.zeros(W_hh.shape[0])
    ids = np.zeros(steps, dtype=int)
    current = first
    for t in range(steps):
        h = np.tanh(W_xh[current] + h @ W_hh + b_h)
        current = ids[t] = np.argmax(h @ W_hy + b_y)
    return ids

# %% right 02.feed_back: the likeliest of the readout's probabilities
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    V, H = W_xh.shape
    ids, h = [first], np.zeros((1, H))
    while len(ids) < steps + 1:
        x = np.zeros((1, V))
        x[0, ids[-1]] = 1
        h = rnn_step(x, h, W_xh, W_hh, b_h)
        ids.append(readout(h, W_hy, b_y)[0].argmax().item())
    return ids[1:]

# %% right 02.feed_back: rereads everything so far with rnn_forward at each step
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    text = [int(first)]
    for _ in range(steps):
        x = np.eye(W_xh.shape[0])[text][None]
        _, h = rnn_forward(x, np.zeros((1, W_hh.shape[0])), W_xh, W_hh, b_h)
        text.append(int(np.argmax(h[0] @ W_hy + b_y)))
    return np.array(text[1:], dtype=int)

# %% right 02.feed_back: a generator, and max with a key
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    def letters():
        h, i = np.zeros_like(b_h, dtype=float), first
        while True:
            h = np.tanh(W_xh[i] + np.dot(h, W_hh) + b_h)
            scores = list(np.dot(h, W_hy) + b_y)
            i = max(range(len(scores)), key=scores.__getitem__)
            yield i

    stream = letters()
    return [next(stream) for _ in range(steps)]

# %% wrong 02.feed_back: the first letter is returned too
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, written = np.zeros(len(b_h)), [first]
    for _ in range(steps):
        h = np.tanh(W_xh[written[-1]] + h @ W_hh + b_h)
        written.append(int(np.argmax(h @ W_hy + b_y)))
    return written

# %% wrong 02.feed_back: the letter read is noted instead of the letter written (shifted by one)
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        written.append(letter)
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h @ W_hy + b_y))
    return written

# %% wrong 02.feed_back: the state begins from zeros at every step
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    letter, written = first, []
    for _ in range(steps):
        h = np.zeros(len(b_h))
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h @ W_hy + b_y))
        written.append(letter)
    return written

# %% wrong 02.feed_back: reads the first letter again at every step, nothing is fed back
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, written = np.zeros(len(b_h)), []
    for _ in range(steps):
        h = np.tanh(W_xh[first] + h @ W_hh + b_h)
        written.append(int(np.argmax(h @ W_hy + b_y)))
    return written

# %% wrong 02.feed_back: feeds back the probabilities instead of the letter taken
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, x, written = np.zeros((1, len(b_h))), np.eye(len(b_y))[[first]], []
    for _ in range(steps):
        h = rnn_step(x, h, W_xh, W_hh, b_h)
        x = readout(h, W_hy, b_y)
        written.append(int(x.argmax()))
    return written

# %% wrong 02.feed_back: samples instead of taking the likeliest
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    rng = np.random.default_rng(0)
    h, letter, written = np.zeros((1, len(b_h))), first, []
    for _ in range(steps):
        h = rnn_step(np.eye(len(b_y))[[letter]], h, W_xh, W_hh, b_h)
        letter = int(rng.choice(len(b_y), p=readout(h, W_hy, b_y)[0]))
        written.append(letter)
    return written

# %% wrong 02.feed_back: b_y left out of the scores
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h @ W_hy))
        written.append(letter)
    return written

# %% wrong 02.feed_back: scores from the state before the letter was read
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        scores = h @ W_hy + b_y
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(scores))
        written.append(letter)
    return written

# %% wrong 02.feed_back: W_hh transposed
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + W_hh @ h + b_h)
        letter = int(np.argmax(h @ W_hy + b_y))
        written.append(letter)
    return written

# %% wrong 02.feed_back: one letter too few
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps - 1):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h @ W_hy + b_y))
        written.append(letter)
    return written

# %% wrong 02.feed_back: only the last letter is returned
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter = np.zeros(len(b_h)), first
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h @ W_hy + b_y))
    return letter

# %% wrong 02.feed_back: the largest unit of the state instead of the largest score
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h)) % len(b_y)
        written.append(letter)
    return written

# %% wrong 02.feed_back: state of V numbers instead of H (crashes when they differ)
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros_like(b_y), first, []
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h @ W_hy + b_y))
        written.append(letter)
    return written

# %% wrong 02.feed_back: the first letter is read twice, once to warm the state up
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h = np.tanh(W_xh[first] + b_h)
    letter, written = first, []
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        letter = int(np.argmax(h @ W_hy + b_y))
        written.append(letter)
    return written

# %% wrong 02.feed_back: after the first letter nothing is read, the state runs on alone
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h = np.tanh(W_xh[first] + b_h)
    written = [int(np.argmax(h @ W_hy + b_y))]
    for _ in range(steps - 1):
        h = np.tanh(h @ W_hh + b_h)
        written.append(int(np.argmax(h @ W_hy + b_y)))
    return written

# %% wrong 02.feed_back: never the same letter twice in a row
def feed_back(first, steps, W_xh, W_hh, b_h, W_hy, b_y):
    h, letter, written = np.zeros(len(b_h)), first, []
    for _ in range(steps):
        h = np.tanh(W_xh[letter] + h @ W_hh + b_h)
        scores = h @ W_hy + b_y
        scores[letter] = -np.inf
        letter = int(np.argmax(scores))
        written.append(letter)
    return written

# %% right 02.from_torch: equation (2.7)
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, bias_ih + bias_hh

# %% right 02.from_torch: swapaxes, which arrays and tensors both have
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    W_xh = weight_ih.swapaxes(0, 1)
    W_hh = weight_hh.swapaxes(0, 1)
    b_h = sum((bias_ih, bias_hh))
    return W_xh, W_hh, b_h

# %% right 02.from_torch: transpose(1, 0), which does the same to arrays and to tensors
def from_torch(w1, w2, b1, b2):
    return w1.transpose(1, 0), w2.transpose(1, 0), b1 + b2

# %% right 02.from_torch: everything made a NumPy array first
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    arrays = [np.asarray(a) for a in (weight_ih, weight_hh, bias_ih, bias_hh)]
    return np.transpose(arrays[0]), np.transpose(arrays[1]), np.add(arrays[2], arrays[3])

# %% right 02.from_torch: everything made a tensor first, permute
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    i, h, b, c = map(torch.as_tensor, (weight_ih, weight_hh, bias_ih, bias_hh))
    return i.permute(1, 0).contiguous(), h.permute(1, 0).contiguous(), b.add(c)

# %% wrong 02.from_torch: W_hh not transposed, its shape is the same either way
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh, bias_ih + bias_hh

# %% wrong 02.from_torch: nothing transposed
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih, weight_hh, bias_ih + bias_hh

# %% wrong 02.from_torch: bias_hh left out
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, bias_ih

# %% wrong 02.from_torch: bias_ih left out
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, bias_hh

# %% wrong 02.from_torch: the mean of the two biases
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, (bias_ih + bias_hh) / 2

# %% wrong 02.from_torch: reshaped to (D, H) instead of transposed
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    H, D = weight_ih.shape
    return weight_ih.reshape(D, H), weight_hh.T, bias_ih + bias_hh

# %% wrong 02.from_torch: both biases returned, four things
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, bias_ih, bias_hh

# %% wrong 02.from_torch: W_hh and W_xh in the wrong order
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_hh.T, weight_ih.T, bias_ih + bias_hh

# %% wrong 02.from_torch: the inverse of weight_hh instead of its transpose
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, np.linalg.inv(np.asarray(weight_hh)), bias_ih + bias_hh

# %% wrong 02.from_torch: cast to float32, so it agrees to seven digits and not to ten
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    f = lambda a: np.asarray(a, dtype=np.float32)
    return f(weight_ih).T, f(weight_hh).T, f(bias_ih) + f(bias_hh)

# %% wrong 02.from_torch: transpose(0, 1), which leaves a NumPy array as it is
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.transpose(0, 1), weight_hh.transpose(0, 1), bias_ih + bias_hh

# %% right 02.from_torch: .t(), for tensors alone, which is how the page calls it
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.t(), weight_hh.t(), bias_ih + bias_hh

# %% wrong 02.from_torch: right values, but PyTorch's own bias_ih is changed by +=
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    bias_ih += bias_hh
    return weight_ih.T, weight_hh.T, bias_ih

# %% wrong 02.from_torch: biases put one after the other, (2H,)
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, np.concatenate([bias_ih, bias_hh])

# %% wrong 02.from_torch: the difference of the biases
def from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    return weight_ih.T, weight_hh.T, bias_ih - bias_hh
