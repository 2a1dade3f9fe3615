# %% right 13.roles: large queries, small keys
W_q = np.zeros((4, 2))
W_q[2, 0] = W_q[3, 1] = 6.0
W_k = np.zeros((4, 2))
W_k[0, 0] = W_k[2, 1] = 1.0
roles = (W_q, W_k)

# %% right 13.roles: tensors, large keys
roles = (torch.tensor([[0.0, 0], [0, 0], [1, 0], [0, 1]]), torch.tensor([[9.0, 0], [0, 0], [0, 9], [0, 0]]))

# %% right 13.roles: nested lists, and the columns mean the other thing
roles = [[[0, 0], [0, 0], [0, 5], [5, 0]], [[0, 1], [0, 0], [1, 0], [0, 0]]]

# %% right 13.roles: with signs, so that what is not wanted is pushed away
roles = (np.array([[0, 0], [0, 0], [3, -3], [-3, 3]]), np.array([[1, -1], [-1, -1], [-1, 1], [-1, -1]]))

# %% wrong 13.roles: ones only
roles = (np.array([[0, 0], [0, 0], [1, 0], [0, 1]]), np.array([[1, 0], [0, 0], [0, 1], [0, 0]]))

# %% wrong 13.roles: queries and keys changed
roles = (np.array([[5.0, 0], [0, 0], [0, 5], [0, 0]]), np.array([[0, 0], [0, 0], [1.0, 0], [0, 1]]))

# %% wrong 13.roles: both full and ate ask for the cat
roles = (np.array([[0, 0], [0, 0], [9.0, 0], [9, 0]]), np.array([[1.0, 0], [0, 0], [0, 1], [0, 0]]))

# %% wrong 13.roles: the same matrix twice, each word finds itself
W = 3.0 * np.array([[1, 0], [0, 0], [0, 1], [0, 1]])
roles = (W, W)

# %% wrong 13.roles: written the other way, shape (2, 4)
roles = (np.array([[0, 0, 4.0, 0], [0, 0, 0, 4]]), np.array([[1.0, 0, 0, 0], [0, 0, 1, 0]]))

# %% wrong 13.roles: one matrix of scores instead of two
roles = 9 * np.array([[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]])

# %% wrong 13.roles: two is not enough with four words
roles = (2.0 * np.array([[0, 0], [0, 0], [1, 0], [0, 1]]), np.array([[1.0, 0], [0, 0], [0, 1], [0, 0]]))

# %% wrong 13.roles: full asks for a state
roles = (np.array([[0, 0], [0, 0], [5.0, 0], [0, 5]]), np.array([[1.0, 0], [0, 0], [0, 0], [0, 1]]))

# %% wrong 13.roles: minus infinity for what is not wanted
roles = (np.array([[0, 0], [0, 0], [np.inf, 0], [0, np.inf]]), np.array([[1.0, 0], [0, 0], [0, 1], [0, 0]]))

# %% wrong 13.roles: manner gets the doing's row, one row too early
roles = (np.array([[0, 0], [5.0, 0], [0, 5], [0, 0]]), np.array([[1.0, 0], [0, 1], [0, 0], [0, 0]]))

# %% right 13.attention_loop: two loops and running sums
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    rows = []
    for t in range(len(x)):
        total, read = 0.0, torch.zeros_like(v[0])
        top = max(torch.dot(q[t], k[s]) for s in range(len(x)))
        for s in range(len(x)):
            power = torch.exp(torch.dot(q[t], k[s]) - top)
            total = total + power
            read = read + power * v[s]
        rows.append(read / total)
    return torch.stack(rows)

# %% right 13.attention_loop: scores in a list, softmax, then the sum
def attention_loop(x, W_q, W_k, W_v):
    out = []
    for x_t in x:
        q_t = x_t @ W_q
        scores = torch.stack([q_t @ (x_s @ W_k) for x_s in x])
        weights = scores.softmax(dim=0)
        out.append(sum(a * (x_s @ W_v) for a, x_s in zip(weights, x)))
    return torch.stack(out)

# %% right 13.attention_loop: a table filled with two loops
def attention_loop(x, W_q, W_k, W_v):
    T = x.shape[0]
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out = torch.zeros(T, W_v.shape[1], dtype=x.dtype)
    for t in range(T):
        e = torch.empty(T, dtype=x.dtype)
        for s in range(T):
            e[s] = (q[t] * k[s]).sum()
        a = torch.exp(e - e.max())
        a = a / a.sum()
        for s in range(T):
            out[t] += a[s] * v[s]
    return out

# %% wrong 13.attention_loop: scores are divided by the root of d_k, which (13.4) does not do
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out = []
    for t in range(len(x)):
        scores = torch.stack([q[t] @ k[s] / math.sqrt(k.shape[1]) for s in range(len(x))])
        weights = scores.softmax(0)
        out.append(sum(weights[s] * v[s] for s in range(len(x))))
    return torch.stack(out)

# %% wrong 13.attention_loop: each token looks only at itself and what came before
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out = []
    for t in range(len(x)):
        weights = torch.stack([q[t] @ k[s] for s in range(t + 1)]).softmax(0)
        out.append(sum(weights[s] * v[s] for s in range(t + 1)))
    return torch.stack(out)

# %% wrong 13.attention_loop: the key of t meets the query of s
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out = []
    for t in range(len(x)):
        weights = torch.stack([k[t] @ q[s] for s in range(len(x))]).softmax(0)
        out.append(sum(weights[s] * v[s] for s in range(len(x))))
    return torch.stack(out)

# %% wrong 13.attention_loop: the sum of the powers is not set back for each token
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out, total = [], 0.0
    for t in range(len(x)):
        read = torch.zeros_like(v[0])
        for s in range(len(x)):
            power = torch.exp(q[t] @ k[s])
            total = total + power
            read = read + power * v[s]
        out.append(read / total)
    return torch.stack(out)

# %% wrong 13.attention_loop: not divided by the sum of the powers
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out = []
    for t in range(len(x)):
        read = torch.zeros_like(v[0])
        for s in range(len(x)):
            read = read + torch.exp(q[t] @ k[s]) * v[s]
        out.append(read)
    return torch.stack(out)

# %% wrong 13.attention_loop: a token skips itself
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    out = []
    for t in range(len(x)):
        others = [s for s in range(len(x)) if s != t]
        weights = torch.stack([q[t] @ k[s] for s in others]).softmax(0)
        out.append(sum(w * v[s] for w, s in zip(weights, others)))
    return torch.stack(out)

# %% wrong 13.attention_loop: the vectors x are read instead of the values
def attention_loop(x, W_q, W_k, W_v):
    q, k = x @ W_q, x @ W_k
    out = []
    for t in range(len(x)):
        weights = torch.stack([q[t] @ k[s] for s in range(len(x))]).softmax(0)
        out.append(sum(weights[s] * x[s] for s in range(len(x))))
    return torch.stack(out)

# %% wrong 13.attention_loop: the result is made as wide as x, crashes where d_v is another width
def attention_loop(x, W_q, W_k, W_v):
    out = torch.zeros_like(x)
    for t in range(len(x)):
        weights = torch.stack([(x[t] @ W_q) @ (x[s] @ W_k) for s in range(len(x))]).softmax(0)
        for s in range(len(x)):
            out[t] += weights[s] * (x[s] @ W_v)
    return out

# %% wrong 13.attention_loop: normalised over the queries instead of the keys
def attention_loop(x, W_q, W_k, W_v):
    q, k, v = x @ W_q, x @ W_k, x @ W_v
    T = len(x)
    powers = [[torch.exp(q[t] @ k[s]) for s in range(T)] for t in range(T)]
    out = []
    for t in range(T):
        out.append(sum(powers[t][s] / sum(powers[r][s] for r in range(T)) * v[s] for s in range(T)))
    return torch.stack(out)

# %% right 13.attention: masked softmax of the scaled products
def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    weights = masked_softmax(scores, mask)
    return weights @ v, weights

# %% right 13.attention: einsum, the query scaled first
def attention(q, k, v, mask=None):
    weights = masked_softmax(torch.einsum("...td,...sd->...ts", q * q.shape[-1] ** -0.5, k), mask)
    return torch.einsum("...ts,...sv->...tv", weights, v), weights

# %% right 13.attention: without the helper, minus infinity by hand
def attention(q, k, v, mask=None):
    scores = torch.matmul(q, k.mT) / k.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), float("-inf"))
    weights = F.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask.logical_not(), 0.0)
    return torch.matmul(weights, v), weights

# %% wrong 13.attention: scores are not scaled
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.transpose(-2, -1), mask)
    return weights @ v, weights

# %% wrong 13.attention: divided by d_k instead of its root
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.transpose(-2, -1) / q.shape[-1], mask)
    return weights @ v, weights

# %% wrong 13.attention: scaled by the width of the values
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.transpose(-2, -1) / math.sqrt(v.shape[-1]), mask)
    return weights @ v, weights

# %% wrong 13.attention: scaled by the root of the number of keys
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.transpose(-2, -1) / math.sqrt(k.shape[-2]), mask)
    return weights @ v, weights

# %% wrong 13.attention: the mask is not handed on
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]))
    return weights @ v, weights

# %% wrong 13.attention: the weights are divided by the root, after the softmax
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.transpose(-2, -1), mask) / math.sqrt(q.shape[-1])
    return weights @ v, weights

# %% wrong 13.attention: axes 1 and 2 are swapped, which is right for three axes only
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), mask)
    return weights @ v, weights

# %% wrong 13.attention: PyTorch's mask meaning, True hides
def attention(q, k, v, mask=None):
    hide = None if mask is None else ~mask
    weights = masked_softmax(torch.einsum("...td,...sd->...ts", q, k) / math.sqrt(q.shape[-1]), hide)
    return weights @ v, weights

# %% wrong 13.attention: what is read has the mask, the weights that are returned have not
def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return masked_softmax(scores, mask) @ v, scores.softmax(dim=-1)

# %% wrong 13.attention: only what is read is returned
def attention(q, k, v, mask=None):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)

# %% wrong 13.attention: scaled by the size of axis 1, which is T, not d_k
def attention(q, k, v, mask=None):
    weights = masked_softmax(q @ k.mT / q.shape[1] ** 0.5, mask)
    return weights @ v, weights

# %% right 13.causal_mask: a lower triangle of ones
def causal_mask(length):
    return torch.ones(length, length, dtype=torch.bool).tril()

# %% right 13.causal_mask: places compared
def causal_mask(length):
    t = torch.arange(length)
    return t[None, :] <= t[:, None]

# %% right 13.causal_mask: not above the diagonal
def causal_mask(T):
    return ~torch.triu(torch.ones(T, T), diagonal=1).bool()

# %% right 13.causal_mask: written out row by row
def causal_mask(length):
    return torch.tensor([[s <= t for s in range(length)] for t in range(length)])

# %% wrong 13.causal_mask: the upper triangle, what comes after
def causal_mask(length):
    return torch.ones(length, length, dtype=torch.bool).triu()

# %% wrong 13.causal_mask: a position may not look at itself
def causal_mask(length):
    return torch.ones(length, length, dtype=torch.bool).tril(diagonal=-1)

# %% wrong 13.causal_mask: one position too far ahead
def causal_mask(length):
    return torch.ones(length, length, dtype=torch.bool).tril(1)

# %% wrong 13.causal_mask: True where one may not look, as in nn.MultiheadAttention
def causal_mask(length):
    return torch.arange(length)[None, :] > torch.arange(length)[:, None]

# %% wrong 13.causal_mask: numbers instead of True and False
def causal_mask(length):
    return torch.tril(torch.ones(length, length))

# %% wrong 13.causal_mask: zeros and minus infinity to be added, as nn.Transformer makes them
def causal_mask(length):
    return torch.full((length, length), float("-inf")).triu(1)

# %% wrong 13.causal_mask: a row for the last position only
def causal_mask(length):
    return torch.arange(length) <= length - 1

# %% right 13.padding_mask: compared and given an axis
def padding_mask(tokens, pad=0):
    return (tokens != pad)[:, None]

# %% right 13.padding_mask: unsqueeze and ne
def padding_mask(tokens, pad=0):
    return tokens.ne(pad).unsqueeze(1)

# %% right 13.padding_mask: reshaped, the negation of equal
def padding_mask(tokens, pad=0):
    B, S = tokens.shape
    return (~(tokens == pad)).view(B, 1, S)

# %% wrong 13.padding_mask: True at the padding
def padding_mask(tokens, pad=0):
    return (tokens == pad)[:, None]

# %% wrong 13.padding_mask: pad is ignored, zero is taken
def padding_mask(tokens, pad=0):
    return (tokens != 0).unsqueeze(1)

# %% wrong 13.padding_mask: the axis for the queries is missing
def padding_mask(tokens, pad=0):
    return tokens != pad

# %% wrong 13.padding_mask: the new axis at the end hides rows instead of columns
def padding_mask(tokens, pad=0):
    return (tokens != pad)[:, :, None]

# %% wrong 13.padding_mask: rows of padding are hidden too, (B, S, S)
def padding_mask(tokens, pad=0):
    real = tokens != pad
    return real[:, None, :] & real[:, :, None]

# %% wrong 13.padding_mask: larger than pad instead of different from it
def padding_mask(tokens, pad=0):
    return (tokens > pad)[:, None, :]

# %% wrong 13.padding_mask: counts the real tokens and takes them to stand in front
def padding_mask(tokens, pad=0):
    lengths = (tokens != pad).sum(dim=1)
    return (torch.arange(tokens.shape[1]) < lengths[:, None])[:, None]

# %% wrong 13.padding_mask: numbers instead of True and False
def padding_mask(tokens, pad=0):
    return (tokens != pad).float().unsqueeze(1)

# %% right 13.order_gap: indexing
def order_gap(layer, x, order):
    return (layer(x[:, order]) - layer(x)[:, order]).abs().max().item()

# %% right 13.order_gap: index_select and a dictionary-free loop over the batch
def order_gap(layer, x, order):
    moved_first = layer(x.index_select(1, order))
    moved_after = layer(x).index_select(1, order)
    return max(float((a - b).abs().max()) for a, b in zip(moved_first, moved_after))

# %% right 13.order_gap: put back by the inverse permutation
def order_gap(layer, x, order):
    with torch.no_grad():
        back = layer(x[:, order])[:, torch.argsort(order)]
        return torch.linalg.vector_norm(back - layer(x), ord=float("inf")).item()

# %% right 13.order_gap: a permutation matrix, as (13.8) says it
def order_gap(layer, x, order):
    P = torch.eye(len(order), dtype=x.dtype)[order]
    before, after = layer(P @ x), layer(x)
    return torch.max(torch.abs(before - torch.eye(len(order), dtype=after.dtype)[order] @ after)).item()

# %% wrong 13.order_gap: the results are not reordered
def order_gap(layer, x, order):
    return (layer(x[:, order]) - layer(x)).abs().max().item()

# %% wrong 13.order_gap: the mean difference instead of the largest
def order_gap(layer, x, order):
    return (layer(x[:, order]) - layer(x)[:, order]).abs().mean().item()

# %% wrong 13.order_gap: the largest signed difference, abs is forgotten
def order_gap(layer, x, order):
    return (layer(x[:, order]) - layer(x)[:, order]).max().item()

# %% wrong 13.order_gap: the batch is reordered instead of the tokens
def order_gap(layer, x, order):
    rows = order[order < len(x)]
    return (layer(x[rows]) - layer(x)[rows]).abs().max().item()

# %% wrong 13.order_gap: the inverse order on one side
def order_gap(layer, x, order):
    return (layer(x[:, order]) - layer(x)[:, order.argsort()]).abs().max().item()

# %% wrong 13.order_gap: compares the layer's results with its input
def order_gap(layer, x, order):
    return (layer(x)[:, order] - x[:, order]).abs().max().item()

# %% wrong 13.order_gap: only the first sentence is looked at
def order_gap(layer, x, order):
    x = x[:1]
    return (layer(x[:, order]) - layer(x)[:, order]).abs().max().item()

# %% wrong 13.order_gap: the tokens are reversed, the given order is ignored
def order_gap(layer, x, order):
    return (layer(x.flip(1)) - layer(x).flip(1)).abs().max().item()

# %% wrong 13.order_gap: columns are reordered, which crashes or mixes features
def order_gap(layer, x, order):
    return (layer(x[:, :, order]) - layer(x)[:, :, order]).abs().max().item()

# %% wrong 13.order_gap: the sum of squares instead of the largest difference
def order_gap(layer, x, order):
    return (layer(x[:, order]) - layer(x)[:, order]).square().sum().item()

# %% right 13.sinusoidal_positions: even and odd columns filled
def sinusoidal_positions(length, width):
    t = torch.arange(length, dtype=torch.float64)[:, None]
    angle = t / 10000.0 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    table = torch.zeros(length, width)
    table[:, 0::2] = angle.sin()
    table[:, 1::2] = angle.cos()[:, : width // 2]
    return table

# %% right 13.sinusoidal_positions: two loops and the math module
def sinusoidal_positions(length, width):
    rows = []
    for t in range(length):
        row = []
        for column in range(width):
            angle = t / 10000 ** (2 * (column // 2) / width)
            row.append(math.sin(angle) if column % 2 == 0 else math.cos(angle))
        rows.append(row)
    return torch.tensor(rows)

# %% right 13.sinusoidal_positions: stacked pairs, flattened and cut
def sinusoidal_positions(length, width):
    i = torch.arange((width + 1) // 2)
    angle = torch.arange(length)[:, None] * torch.exp(-math.log(10000.0) * 2 * i / width)
    return torch.stack([torch.sin(angle), torch.cos(angle)], dim=-1).flatten(1)[:, :width]

# %% right 13.sinusoidal_positions: one angle for each column, chosen by where
def sinusoidal_positions(length, width):
    column = torch.arange(width)
    angle = torch.arange(length).unsqueeze(1) / 10000 ** ((column - column % 2) / width)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())

# %% wrong 13.sinusoidal_positions: all sines in the first half, all cosines in the second
def sinusoidal_positions(length, width):
    i = torch.arange(0, width, 2)
    angle = torch.arange(length)[:, None] / 10000 ** (i / width)
    return torch.cat([angle.sin(), angle.cos()], dim=1)[:, :width]

# %% wrong 13.sinusoidal_positions: every column has a frequency of its own, sine and cosine do not share one
def sinusoidal_positions(length, width):
    column = torch.arange(width)
    angle = torch.arange(length)[:, None] / 10000 ** (column / width)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())

# %% wrong 13.sinusoidal_positions: the exponent is i / D, the two is forgotten
def sinusoidal_positions(length, width):
    i = torch.arange((width + 1) // 2)
    angle = torch.arange(length)[:, None] / 10000 ** (i / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]

# %% wrong 13.sinusoidal_positions: cosine first
def sinusoidal_positions(length, width):
    i = torch.arange((width + 1) // 2)
    angle = torch.arange(length)[:, None] / 10000 ** (2 * i / width)
    return torch.stack([angle.cos(), angle.sin()], dim=-1).flatten(1)[:, :width]

# %% wrong 13.sinusoidal_positions: places are counted from one
def sinusoidal_positions(length, width):
    i = torch.arange((width + 1) // 2)
    angle = torch.arange(1, length + 1)[:, None] / 10000 ** (2 * i / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]

# %% wrong 13.sinusoidal_positions: an odd width crashes, for there are more sines than cosines
def sinusoidal_positions(length, width):
    table = torch.zeros(length, width)
    angle = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    table[:, 0::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle)
    return table

# %% wrong 13.sinusoidal_positions: an odd width gets one column too many
def sinusoidal_positions(length, width):
    i = torch.arange((width + 1) // 2)
    angle = torch.arange(length)[:, None] / 10000 ** (2 * i / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)

# %% wrong 13.sinusoidal_positions: multiplied by the power instead of divided
def sinusoidal_positions(length, width):
    column = torch.arange(width)
    angle = torch.arange(length)[:, None] * 10000.0 ** ((column - column % 2) / width)
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())

# %% wrong 13.sinusoidal_positions: integer division of the exponent, so every hand turns at the first speed
def sinusoidal_positions(length, width):
    rows = [[(math.sin if c % 2 == 0 else math.cos)(t / 10000 ** (2 * (c // 2) // width)) for c in range(width)]
            for t in range(length)]
    return torch.tensor(rows)

# %% wrong 13.sinusoidal_positions: base 1000 instead of 10000
def sinusoidal_positions(length, width):
    i = torch.arange((width + 1) // 2)
    angle = torch.arange(length)[:, None] / 1000 ** (2 * i / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]

# %% wrong 13.sinusoidal_positions: frequencies spread to the last pair, 2i / (D − 2), as some code has it
def sinusoidal_positions(length, width):
    column = torch.arange(width)
    angle = torch.arange(length)[:, None] / 10000 ** ((column - column % 2) / max(1, width - 2))
    return torch.where(column % 2 == 0, angle.sin(), angle.cos())

# %% right 13.rotary: halves with chunk, angles in float64
def rotary(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    theta = base ** (-2 * torch.arange(half, dtype=torch.float64) / x.shape[-1])
    angle = positions.to(torch.float64)[:, None] * theta
    cos, sin = angle.cos(), angle.sin()
    a, b = x.to(torch.float64).chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1).to(x.dtype)

# %% right 13.rotary: the rotate-half way
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    kind = torch.promote_types(x.dtype, torch.float32)
    theta = base ** (-torch.arange(0, d, 2, dtype=kind) / d)
    angle = (positions.to(kind)[:, None] * theta).repeat(1, 2)
    y = x.to(kind)
    turned = torch.cat([-y[..., d // 2 :], y[..., : d // 2]], dim=-1)
    return (y * angle.cos() + turned * angle.sin()).to(x.dtype)

# %% right 13.rotary: complex numbers
def rotary(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    theta = base ** (-2.0 * torch.arange(half, dtype=torch.float64) / x.shape[-1])
    angle = torch.outer(positions.double(), theta)
    hands = torch.complex(x[..., :half].double(), x[..., half:].double())
    hands = hands * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([hands.real, hands.imag], dim=-1).type_as(x)

# %% right 13.rotary: pair by pair with 2 × 2 matrices in a loop
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    first, second = [], []
    for i in range(d // 2):
        angle = positions.double() * base ** (-2 * i / d)
        a, b = x[..., i].double(), x[..., i + d // 2].double()
        first.append(a * torch.cos(angle) - b * torch.sin(angle))
        second.append(a * torch.sin(angle) + b * torch.cos(angle))
    return torch.stack(first + second, dim=-1).to(x.dtype)

# %% wrong 13.rotary: neighbouring columns are paired instead of the two halves
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    theta = base ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    angle = positions.double()[:, None] * theta
    a, b = x[..., 0::2].double(), x[..., 1::2].double()
    pairs = torch.stack([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1)
    return pairs.flatten(-2).to(x.dtype)

# %% wrong 13.rotary: turned the other way round
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    angle = positions.double()[:, None] * base ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    return torch.cat([a * angle.cos() + b * angle.sin(), b * angle.cos() - a * angle.sin()], dim=-1).to(x.dtype)

# %% wrong 13.rotary: angles are computed in the type of x
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    theta = base ** (-2 * torch.arange(d // 2, dtype=x.dtype) / d)
    angle = positions.to(x.dtype)[:, None] * theta
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1)

# %% wrong 13.rotary: the result is not brought back to the type of x
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    angle = positions.double()[:, None] * base ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1)

# %% wrong 13.rotary: the exponent lacks its factor 2
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    angle = positions.double()[:, None] * base ** (-torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1).to(x.dtype)

# %% wrong 13.rotary: positions are ignored, tokens are counted from zero
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    t = torch.arange(x.shape[-2], dtype=torch.float64)
    angle = t[:, None] * base ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1).to(x.dtype)

# %% wrong 13.rotary: base is ignored
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    angle = positions.double()[:, None] * 10000.0 ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    return torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], dim=-1).to(x.dtype)

# %% wrong 13.rotary: the sign of the second sine is wrong, so it is no rotation
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    angle = positions.double()[:, None] * base ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() - a * angle.sin()], dim=-1).to(x.dtype)

# %% wrong 13.rotary: b is turned with the a that was already turned
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    angle = positions.double()[:, None] * base ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    a = a * angle.cos() - b * angle.sin()
    b = a * angle.sin() + b * angle.cos()
    return torch.cat([a, b], dim=-1).to(x.dtype)

# %% wrong 13.rotary: the halves come back in the wrong order
def rotary(x, positions, base=10000.0):
    d = x.shape[-1]
    angle = positions.double()[:, None] * base ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
    a, b = x.double().chunk(2, dim=-1)
    return torch.cat([a * angle.sin() + b * angle.cos(), a * angle.cos() - b * angle.sin()], dim=-1).to(x.dtype)

# %% right 13.MultiHeadAttention: unflatten, transpose, flatten
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.transpose(1, 2).flatten(2)), weights

# %% right 13.MultiHeadAttention: view, permute, contiguous
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        B, T, D = x.shape
        return x.view(B, T, self.heads, D // self.heads).permute(0, 2, 1, 3)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q = self.split(self.W_q(x))
        k = self.split(self.W_k(memory))
        v = self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        out, weights = attention(q, k, v, mask)
        out = out.permute(0, 2, 1, 3).contiguous().view(x.shape)
        return self.W_o(out), weights

# %% right 13.MultiHeadAttention: columns cut and stacked, heads concatenated
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return torch.stack(x.chunk(self.heads, dim=-1), dim=1)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = map(self.split, (self.W_q(x), self.W_k(memory), self.W_v(memory)))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(torch.cat(read.unbind(dim=1), dim=-1)), weights

# %% wrong 13.MultiHeadAttention: split views straight to (B, A, T, d_k) and mixes places with columns
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        B, T, D = x.shape
        return x.reshape(B, self.heads, T, D // self.heads)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.transpose(1, 2).flatten(2)), weights

# %% wrong 13.MultiHeadAttention: joined by reshape without bringing the heads back beside the columns
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.reshape(x.shape)), weights

# %% wrong 13.MultiHeadAttention: keys and values are made from x, the memory is not used
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        q, k, v = (self.split(W(x)) for W in (self.W_q, self.W_k, self.W_v))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.transpose(1, 2).flatten(2)), weights

# %% wrong 13.MultiHeadAttention: W_o is left out
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return read.transpose(1, 2).flatten(2), weights

# %% wrong 13.MultiHeadAttention: the mask is not handed to the attention
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v)
        return self.W_o(read.transpose(1, 2).flatten(2)), weights

# %% wrong 13.MultiHeadAttention: the weights are averaged over the heads
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.transpose(1, 2).flatten(2)), weights.mean(dim=1)

# %% wrong 13.MultiHeadAttention: every A-th column goes to a head instead of a block of columns
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (-1, self.heads)).permute(0, 3, 1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.permute(0, 2, 3, 1).flatten(2)), weights

# %% wrong 13.MultiHeadAttention: scaled by the root of the whole width instead of the head's
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        weights = masked_softmax(q @ k.mT / math.sqrt(x.shape[-1]), mask)
        return self.W_o((weights @ v).transpose(1, 2).flatten(2)), weights

# %% wrong 13.MultiHeadAttention: values are made with W_k
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return torch.stack(x.chunk(self.heads, dim=-1), dim=1)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_k(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.transpose(1, 2).flatten(2)), weights

# %% wrong 13.MultiHeadAttention: view after transpose crashes where the heads are joined
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        B, T, D = x.shape
        return x.view(B, T, self.heads, -1).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        B, A, T, d = read.shape
        return self.W_o(read.transpose(1, 2).view(B, T, A * d)), weights

# %% wrong 13.MultiHeadAttention: only the new vectors are returned
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        if self.use_rotary:
            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))
        mask = None if mask is None else mask.unsqueeze(-3)
        read, weights = attention(q, k, v, mask)
        return self.W_o(read.transpose(1, 2).flatten(2))

# %% wrong 13.MultiHeadAttention: the rotary turn is left out when the gaps are filled
class MultiHeadAttention(nn.Module):
    def __init__(self, width, heads, use_rotary=False):
        super().__init__()
        if width % heads:
            raise ValueError(f"expected a width that {heads} heads divide evenly, got {width}")
        self.heads, self.use_rotary = heads, use_rotary
        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))
        read, weights = attention(q, k, v, None if mask is None else mask.unsqueeze(-3))
        return self.W_o(read.transpose(1, 2).flatten(2)), weights

# %% right 13.alibi: loops
def alibi(length, slopes):
    table = torch.zeros(len(slopes), length, length, dtype=torch.float64)
    for a, m in enumerate(slopes):
        for t in range(length):
            for s in range(length):
                table[a, t, s] = -float(m) * abs(t - s)
    return table

# %% right 13.alibi: NumPy, outer difference
def alibi(length, slopes):
    t = np.arange(length)
    return -np.multiply.outer(np.asarray(slopes), np.abs(np.subtract.outer(t, t)))

# %% right 13.alibi: einsum
def alibi(length, slopes):
    t = torch.arange(length, dtype=torch.float64)
    away = (t.unsqueeze(0) - t.unsqueeze(1)).abs()
    return torch.einsum("a,ts->ats", -torch.as_tensor(slopes, dtype=torch.float64), away)

# %% right 13.alibi: the larger place less the smaller
def alibi(length, slopes):
    t = torch.arange(length).double()
    near = torch.minimum(t[:, None], t) - torch.maximum(t[:, None], t)
    return torch.stack([near * float(m) for m in slopes])

# %% wrong 13.alibi: plus instead of minus
def alibi(length, slopes):
    t = torch.arange(length)
    return torch.as_tensor(slopes)[:, None, None] * (t[:, None] - t[None, :]).abs()

# %% wrong 13.alibi: no absolute value
def alibi(length, slopes):
    t = torch.arange(length)
    return -torch.as_tensor(slopes)[:, None, None] * (t[:, None] - t[None, :])

# %% wrong 13.alibi: s − t, as in the paper's causal form, without the mask
def alibi(length, slopes):
    t = torch.arange(length)
    return torch.as_tensor(slopes)[:, None, None] * (t[None, :] - t[:, None])

# %% wrong 13.alibi: slopes are ignored
def alibi(length, slopes):
    t = torch.arange(length).double()
    return -(t[:, None] - t).abs().expand(len(slopes), -1, -1)

# %% wrong 13.alibi: the heads' axis comes last
def alibi(length, slopes):
    t = torch.arange(length)
    return -(t[:, None] - t).abs()[:, :, None] * torch.as_tensor(slopes)

# %% wrong 13.alibi: squared distance
def alibi(length, slopes):
    t = torch.arange(length)
    return -torch.as_tensor(slopes)[:, None, None] * (t[:, None] - t) ** 2

# %% wrong 13.alibi: weights instead of what is added to the scores
def alibi(length, slopes):
    t = torch.arange(length)
    return torch.softmax(-torch.as_tensor(slopes)[:, None, None] * (t[:, None] - t).abs(), dim=-1)

# %% wrong 13.alibi: the distance counted from one
def alibi(length, slopes):
    t = torch.arange(length)
    return -torch.as_tensor(slopes)[:, None, None] * ((t[:, None] - t).abs() + 1)

# %% wrong 13.alibi: only the first slope
def alibi(length, slopes):
    t = torch.arange(length)
    return -float(slopes[0]) * (t[:, None] - t).abs().double()

# %% wrong 13.alibi: the slopes of the paper instead of the given ones
def alibi(length, slopes):
    t = torch.arange(length).double()
    heads = len(slopes)
    m = torch.tensor([2 ** (-8 * (a + 1) / heads) for a in range(heads)]).double()
    return -m[:, None, None] * (t[:, None] - t).abs()

# %% wrong 13.alibi: a causal triangle, the future minus infinity
def alibi(length, slopes):
    t = torch.arange(length)
    away = t[:, None] - t
    table = -torch.as_tensor(slopes)[:, None, None] * away
    return table.masked_fill(away < 0, -torch.inf)

# %% wrong 13.rotary: neighbouring columns are read, halves are handed back
def rotary(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    f = base ** (-torch.arange(half) / half)
    a = positions[:, None] * f
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.cat([first * a.cos() - second * a.sin(), second * a.cos() + first * a.sin()], -1)
