# %% right 11.look_up: plain NumPy with matrix products
def look_up(query, keys, values):
    e = keys @ query
    p = np.exp(e - e.max())
    weights = p / p.sum()
    return weights @ values, weights

# %% right 11.look_up: einsum
def look_up(query, keys, values):
    scores = np.einsum("d,sd->s", query, keys)
    powers = np.exp(scores - np.max(scores))
    alpha = powers / np.sum(powers)
    return np.einsum("s,sm->m", alpha, values), alpha

# %% right 11.look_up: loops and the math module, arrays at the end
def look_up(query, keys, values):
    scores = [sum(float(a) * float(b) for a, b in zip(query, key)) for key in keys]
    top = max(scores)
    powers = [math.exp(s - top) for s in scores]
    total = sum(powers)
    weights = np.array([p / total for p in powers])
    read = np.zeros(len(values[0]))
    for w, value in zip(weights, values):
        read = read + w * np.asarray(value)
    return read, weights

# %% right 11.look_up: by the logarithm of the sum
def look_up(query, keys, values):
    scores = (keys * query).sum(axis=1)
    log_sum = scores.max() + np.log(np.exp(scores - scores.max()).sum())
    weights = np.exp(scores - log_sum)
    return (weights[:, None] * values).sum(axis=0), weights

# %% wrong 11.look_up: scores are not shifted before the exponential, so large ones overflow
def look_up(query, keys, values):
    powers = np.exp(keys @ query)
    weights = powers / powers.sum()
    return weights @ values, weights

# %% wrong 11.look_up: weights and what is read are returned in the wrong order
def look_up(query, keys, values):
    e = keys @ query
    p = np.exp(e - e.max())
    w = p / p.sum()
    return w, w @ values

# %% wrong 11.look_up: scores are divided by the root of D
def look_up(query, keys, values):
    e = keys @ query / np.sqrt(len(query))
    p = np.exp(e - e.max())
    w = p / p.sum()
    return w @ values, w

# %% wrong 11.look_up: scores are shifted by the smallest instead of the largest
def look_up(query, keys, values):
    e = keys @ query
    p = np.exp(e - e.min())
    w = p / p.sum()
    return w @ values, w

# %% wrong 11.look_up: scores are clipped to 50 against overflow, so large ones tie
def look_up(query, keys, values):
    e = np.clip(keys @ query, -50, 50)
    p = np.exp(e)
    w = p / p.sum()
    return w @ values, w

# %% wrong 11.look_up: cosine similarity instead of the dot product
def look_up(query, keys, values):
    e = keys @ query / (np.linalg.norm(keys, axis=1) * np.linalg.norm(query))
    p = np.exp(e - e.max())
    w = p / p.sum()
    return w @ values, w

# %% wrong 11.look_up: a hard choice, only the value of the best key
def look_up(query, keys, values):
    best = int(np.argmax([np.dot(query, k) for k in keys]))
    weights = np.zeros(len(keys))
    weights[best] = 1.0
    return values[best], weights

# %% wrong 11.look_up: the mean over places of the weighted values, so divided by S once more
def look_up(query, keys, values):
    e = keys @ query
    p = np.exp(e - e.max())
    w = p / p.sum()
    return (w[:, None] * values).mean(axis=0), w

# %% wrong 11.look_up: reads from the keys instead of the values
def look_up(query, keys, values):
    e = keys @ query
    p = np.exp(e - e.max())
    w = p / p.sum()
    return w @ keys, w

# %% right 11.AdditiveScore: broadcasting with None
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        both = self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None]
        return self.v(torch.tanh(both))[..., 0]

# %% right 11.AdditiveScore: unsqueeze and squeeze of the last dimension
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        q = self.W_q(queries).unsqueeze(2)
        k = self.W_k(keys).unsqueeze(1)
        return self.v((q + k).tanh()).squeeze(-1)

# %% right 11.AdditiveScore: a loop over the queries
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, q, k):
        projected = self.W_k(k)
        rows = []
        for t in range(q.shape[1]):
            asked = self.W_q(q[:, t : t + 1])
            rows.append(self.v(torch.tanh(asked + projected)).squeeze(2))
        return torch.stack(rows, dim=1)

# %% right 11.AdditiveScore: einsum with the raw weights
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        q = torch.einsum("btq,wq->btw", queries, self.W_q.weight)
        k = torch.einsum("bsm,wm->bsw", keys, self.W_k.weight)
        return torch.einsum("btsw,w->bts", torch.tanh(q[:, :, None, :] + k[:, None, :, :]), self.v.weight[0])

# %% wrong 11.AdditiveScore: the tanh is left out
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None]).squeeze(-1)

# %% wrong 11.AdditiveScore: the last dimension of one is kept
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None]))

# %% wrong 11.AdditiveScore: queries and keys get each other's new dimension, so scores come as (B, S, T)
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.W_q(queries)[:, None] + self.W_k(keys)[:, :, None])).squeeze(-1)

# %% wrong 11.AdditiveScore: a tanh of each and then the sum
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.W_q(queries))[:, :, None] + torch.tanh(self.W_k(keys))[:, None]).squeeze(-1)

# %% wrong 11.AdditiveScore: the projections are multiplied instead of added
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.W_q(queries).unsqueeze(2) * self.W_k(keys).unsqueeze(1))).squeeze(-1)

# %% wrong 11.AdditiveScore: v is left out, the hidden numbers are summed
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return torch.tanh(self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None]).sum(-1)

# %% wrong 11.AdditiveScore: the softmax is taken in the score already
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None])).squeeze(-1).softmax(-1)

# %% wrong 11.AdditiveScore: squeeze without a dimension, which also drops a batch or a step of one
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None])).squeeze()

# %% wrong 11.AdditiveScore: no new dimensions, so T and S must be equal or it crashes
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        return self.v(torch.tanh(self.W_q(queries) + self.W_k(keys))).transpose(1, 2)

# %% wrong 11.AdditiveScore: a sigmoid instead of the tanh
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        hidden = torch.sigmoid(self.W_q(queries)[:, :, None] + self.W_k(keys)[:, None])
        return (hidden @ self.v.weight.T).squeeze(-1)

# %% wrong 11.AdditiveScore: keys are detached, so W_k gets no gradient
class AdditiveScore(nn.Module):
    def __init__(self, query_size, key_size, hidden_size):
        super().__init__()
        self.W_q = nn.Linear(query_size, hidden_size, bias=False)
        self.W_k = nn.Linear(key_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, queries, keys):
        k = self.W_k(keys).detach()
        return self.v(torch.tanh(self.W_q(queries)[:, :, None] + k[:, None])).squeeze(-1)

# %% right 11.mirror: ten times the flipped identity
mirror = 10.0 * np.fliplr(np.eye(6))

# %% right 11.mirror: filled in a loop
mirror = np.zeros((6, 6))
for t in range(6):
    mirror[t, 5 - t] = 20.0

# %% right 11.mirror: minus a distance from the mirrored place
place = np.arange(6)
mirror = -10.0 * np.abs(place[None, :] - (5 - place[:, None]))

# %% right 11.mirror: logarithms of the wanted weights
mirror = np.log(np.where(np.eye(6)[::-1] == 1, 0.995, 0.001))

# %% right 11.mirror: written out
mirror = np.array([
    [0, 0, 0, 0, 0, 9],
    [0, 0, 0, 0, 9, 0],
    [0, 0, 0, 9, 0, 0],
    [0, 0, 9, 0, 0, 0],
    [0, 9, 0, 0, 0, 0],
    [9, 0, 0, 0, 0, 0],
], dtype=float)

# %% wrong 11.mirror: ones only, too weak after the softmax
mirror = np.eye(6)[::-1]

# %% wrong 11.mirror: the identity, so that each step looks at its own place
mirror = 10.0 * np.eye(6)

# %% wrong 11.mirror: five is not enough for 0.99
mirror = 5.0 * np.fliplr(np.eye(6))

# %% wrong 11.mirror: step t looks at place 6 − t
mirror = np.zeros((6, 6))
for t in range(6):
    mirror[t, (6 - t) % 6] = 15.0

# %% wrong 11.mirror: the wanted weights themselves instead of scores
mirror = np.full((6, 6), 0.002)
for t in range(6):
    mirror[t, 5 - t] = 0.99

# %% wrong 11.mirror: the sign is turned, so the mirrored place gets least
mirror = -10.0 * np.fliplr(np.eye(6))

# %% wrong 11.mirror: both axes are turned, which gives the identity again
mirror = 10.0 * np.eye(6)[::-1, ::-1]

# %% wrong 11.mirror: a list of the places, not a matrix
mirror = np.array([5, 4, 3, 2, 1, 0])

# %% wrong 11.mirror: a squared distance without a factor, so too soft
t, s = np.meshgrid(np.arange(6), np.arange(6), indexing="ij")
mirror = -((s + t - 5.0) ** 2)

# %% right 11.masked_softmax: fill with minus infinity and turn nan to zero
def masked_softmax(scores, mask=None):
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, float("-inf")).softmax(dim=-1).nan_to_num(0.0)

# %% right 11.masked_softmax: the lowest finite number, then zeros behind the mask
def masked_softmax(scores, mask=None):
    if mask is None:
        return torch.softmax(scores, dim=-1)
    low = torch.finfo(scores.dtype).min
    return torch.softmax(torch.where(mask, scores, low), dim=-1) * mask

# %% right 11.masked_softmax: by hand, shifted by the largest visible score
def masked_softmax(scores, mask=None):
    if mask is None:
        mask = torch.ones_like(scores, dtype=torch.bool)
    seen = scores.masked_fill(~mask, -math.inf)
    top = seen.amax(dim=-1, keepdim=True)
    top = torch.where(top.isinf(), torch.zeros_like(top), top)
    powers = torch.exp(seen - top)
    total = powers.sum(dim=-1, keepdim=True)
    return powers / total.masked_fill(total == 0, 1.0)

# %% right 11.masked_softmax: rows that see nothing are treated apart
def masked_softmax(e, mask=None):
    if mask is None:
        return F.softmax(e, dim=-1)
    mask = mask.expand_as(e)
    empty = ~mask.any(dim=-1, keepdim=True)
    filled = e.masked_fill(~(mask | empty), -torch.inf)
    return F.softmax(filled, dim=-1).masked_fill(empty, 0.0)

# %% wrong 11.masked_softmax: the mask is taken the wrong way round
def masked_softmax(scores, mask=None):
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(mask, -math.inf).softmax(-1).nan_to_num(0.0)

# %% wrong 11.masked_softmax: the mask after the softmax
def masked_softmax(scores, mask=None):
    weights = scores.softmax(dim=-1)
    return weights if mask is None else weights * mask

# %% wrong 11.masked_softmax: the mask after the softmax, divided by what is left with a guard
def masked_softmax(scores, mask=None):
    weights = scores.softmax(dim=-1)
    if mask is not None:
        weights = weights * mask
        weights = weights / weights.sum(-1, keepdim=True).clamp(min=1e-12)
    return weights

# %% wrong 11.masked_softmax: a row that sees nothing is nan
def masked_softmax(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(dim=-1)

# %% wrong 11.masked_softmax: a row that sees nothing is even instead of zero
def masked_softmax(scores, mask=None):
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-1)

# %% wrong 11.masked_softmax: hidden scores are set to zero instead of minus infinity
def masked_softmax(scores, mask=None):
    if mask is not None:
        scores = scores * mask
    return scores.softmax(dim=-1)

# %% wrong 11.masked_softmax: shifted by the largest score, hidden ones included, so visible powers may all vanish
def masked_softmax(scores, mask=None):
    powers = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
    if mask is not None:
        powers = powers * mask
    total = powers.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, powers / total.clamp(min=1e-30), torch.zeros_like(powers))

# %% wrong 11.masked_softmax: the softmax runs over the queries
def masked_softmax(scores, mask=None):
    if mask is None:
        return scores.softmax(dim=-2)
    return scores.masked_fill(~mask, -math.inf).softmax(dim=-2).nan_to_num(0.0)

# %% wrong 11.masked_softmax: changes the caller's scores in place
def masked_softmax(scores, mask=None):
    if mask is None:
        return scores.softmax(-1)
    scores.masked_fill_(~mask, -math.inf)
    return scores.softmax(-1).nan_to_num(0.0)

# %% wrong 11.masked_softmax: only subtracts 100 from hidden scores, which a huge one survives
def masked_softmax(scores, mask=None):
    if mask is None:
        return scores.softmax(-1)
    return (scores - 100.0 * (~mask)).softmax(-1) * mask

# %% wrong 11.masked_softmax: the default of no mask is forgotten and crashes
def masked_softmax(scores, mask=None):
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)

# %% wrong 11.masked_softmax: scores are detached, so nothing can be trained through it
def masked_softmax(scores, mask=None):
    scores = scores.detach()
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)

# %% right 11.AttentionDecoder: with matrix products
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        context = weights @ memory
        together = torch.tanh(self.combine(torch.cat([context, states], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% right 11.AttentionDecoder: einsum and names of its own
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        m, seen, last = state
        h, new = run(self.recurrent, self.embedding(tokens), last)
        e = self.score(h, m)
        alpha = masked_softmax(e, seen.unsqueeze(1).expand_as(e))
        c = torch.einsum("bts,bsm->btm", alpha, m)
        tilde = self.combine(torch.cat((c, h), 2)).tanh()
        return self.readout(tilde), (m, seen, new), alpha

# %% right 11.AttentionDecoder: one word at a time in a loop
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        logits, looks = [], []
        for column in tokens.split(1, dim=1):
            h, hidden = run(self.recurrent, self.embedding(column), hidden)
            w = masked_softmax(self.score(h, memory), mask[:, None, :])
            c = torch.bmm(w, memory)
            logits.append(self.readout(torch.tanh(self.combine(torch.cat([c, h], dim=2)))))
            looks.append(w)
        return torch.cat(logits, dim=1), (memory, mask, hidden), torch.cat(looks, dim=1)

# %% wrong 11.AttentionDecoder: state and context are joined in the wrong order
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        together = torch.tanh(self.combine(torch.cat([states, weights @ memory], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: the mask is not used
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory))
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: the tanh is left out
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        together = self.combine(torch.cat([weights @ memory, states], dim=-1))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: the old hidden state is handed on
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, _ = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: begins from zeros instead of from the hidden state it is given
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        zeros = tuple(torch.zeros_like(part) for part in hidden)
        states, hidden = run(self.recurrent, self.embedding(tokens), zeros)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: the state before the step asks, as in Bahdanau
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, new = run(self.recurrent, self.embedding(tokens), hidden)
        before = torch.cat([hidden[0][:, None], states[:, :-1]], dim=1)
        weights = masked_softmax(self.score(before, memory), mask[:, None])
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), (memory, mask, new), weights

# %% wrong 11.AttentionDecoder: every step reads with the last step's weights
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states[:, -1:], memory), mask[:, None])
        weights = weights.expand(-1, tokens.shape[1], -1)
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: weights and state are returned in the wrong order
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), weights, (memory, mask, hidden)

# %% wrong 11.AttentionDecoder: the mask gets its new dimension at the end, which crashes unless T equals S
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, :, None])
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: the context is read with detached weights, so the score is not trained
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None]).detach()
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: probabilities are returned instead of logits
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        together = torch.tanh(self.combine(torch.cat([weights @ memory, states], dim=-1)))
        return self.readout(together).softmax(dim=-1), (memory, mask, hidden), weights

# %% wrong 11.AttentionDecoder: the words are read out from the plain state, the context is forgotten
class AttentionDecoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, memory_size, score, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(memory_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.score = score
        self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, memory, mask, last):
        hidden = torch.tanh(self.from_context(last)).chunk(self.parts, dim=1)
        return memory, mask, hidden

    def forward(self, tokens, state):
        memory, mask, hidden = state
        states, hidden = run(self.recurrent, self.embedding(tokens), hidden)
        weights = masked_softmax(self.score(states, memory), mask[:, None])
        return self.readout(states), (memory, mask, hidden), weights

# %% right 11.bahdanau_step: with matrix products
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    scores = torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v
    weights = masked_softmax(scores, mask)
    context = (weights[:, :, None] * memory).sum(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights

# %% right 11.bahdanau_step: with einsum
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    asked = torch.einsum("bh,hw->bw", h_prev, W_q).unsqueeze(1)
    keys = torch.einsum("bsm,mw->bsw", memory, W_k)
    alpha = masked_softmax(torch.einsum("bsw,w->bs", (asked + keys).tanh(), v), mask)
    c = torch.einsum("bs,bsm->bm", alpha, memory)
    return (x_t @ W_xh + c @ W_ch + h_prev @ W_hh).tanh(), alpha

# %% right 11.bahdanau_step: a query dimension of one throughout
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    q = (h_prev @ W_q)[:, None, None]
    k = (memory @ W_k)[:, None]
    e = (torch.tanh(q + k) * v).sum(-1)
    w = masked_softmax(e, mask[:, None])
    c = (w @ memory)[:, 0]
    joined = torch.cat([x_t, c, h_prev], dim=1) @ torch.cat([W_xh, W_ch, W_hh], dim=0)
    return torch.tanh(joined), w[:, 0]

# %% right 11.bahdanau_step: sentence by sentence
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    new, looks = [], []
    for x, h, m, seen in zip(x_t, h_prev, memory, mask):
        w = masked_softmax((torch.tanh(h @ W_q + m @ W_k) @ v)[None], seen[None])[0]
        new.append(torch.tanh(x @ W_xh + (w @ m) @ W_ch + h @ W_hh))
        looks.append(w)
    return torch.stack(new), torch.stack(looks)

# %% wrong 11.bahdanau_step: the mask is ignored
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    scores = torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v
    weights = scores.softmax(dim=-1)
    context = (weights[:, :, None] * memory).sum(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights

# %% wrong 11.bahdanau_step: Luong's order, a new state without the context asks
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    asking = torch.tanh(x_t @ W_xh + h_prev @ W_hh)
    weights = masked_softmax(torch.tanh((asking @ W_q)[:, None] + memory @ W_k) @ v, mask)
    context = (weights[:, :, None] * memory).sum(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights

# %% wrong 11.bahdanau_step: the tanh in the score is missing
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    weights = masked_softmax(((h_prev @ W_q)[:, None] + memory @ W_k) @ v, mask)
    context = (weights[:, :, None] * memory).sum(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights

# %% wrong 11.bahdanau_step: the tanh of the new state is missing
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    weights = masked_softmax(torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v, mask)
    context = torch.einsum("bs,bsm->bm", weights, memory)
    return x_t @ W_xh + context @ W_ch + h_prev @ W_hh, weights

# %% wrong 11.bahdanau_step: the term of the previous state is missing
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    weights = masked_softmax(torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v, mask)
    context = (weights[:, :, None] * memory).sum(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch), weights

# %% wrong 11.bahdanau_step: the context is the mean over S of the weighted memory
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    weights = masked_softmax(torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v, mask)
    context = (weights[:, :, None] * memory).mean(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights

# %% wrong 11.bahdanau_step: only the new state is returned
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    weights = masked_softmax(torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v, mask)
    context = (weights[:, :, None] * memory).sum(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh)

# %% wrong 11.bahdanau_step: the mask is inverted
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    weights = masked_softmax(torch.tanh((h_prev @ W_q)[:, None] + memory @ W_k) @ v, ~mask)
    context = torch.einsum("bs,bsm->bm", weights, memory)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights

# %% wrong 11.bahdanau_step: no dimension for the places, crashes or mixes sentences
def bahdanau_step(x_t, h_prev, memory, mask, W_q, W_k, v, W_xh, W_ch, W_hh):
    weights = masked_softmax(torch.tanh(h_prev @ W_q + memory @ W_k) @ v, mask)
    context = (weights[:, :, None] * memory).sum(dim=1)
    return torch.tanh(x_t @ W_xh + context @ W_ch + h_prev @ W_hh), weights

# %% right 11.crossings: the sign of a product for each pair
def crossings(links, source_length):
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for i, a in enumerate(links) for b in links[:i])

# %% right 11.crossings: itertools combinations and plain comparisons
def crossings(links, source_length):
    from itertools import combinations

    count = 0
    for (s1, t1), (s2, t2) in combinations(links, 2):
        if (s1 < s2 and t1 > t2) or (s1 > s2 and t1 < t2):
            count += 1
    return count

# %% right 11.crossings: NumPy, all pairs at once, each seen from one side only
def crossings(links, source_length):
    if len(links) == 0:
        return 0
    s, t = np.array(links).T
    return int(((s[:, None] < s) & (t[:, None] > t)).sum())

# %% right 11.crossings: sort, then count inversions of the targets
def crossings(links, source_length):
    targets = [t for _, t in sorted(links)]
    return sum(targets[i] > targets[j] for i in range(len(targets)) for j in range(i + 1, len(targets)))

# %% wrong 11.crossings: links that share a word count too
def crossings(links, source_length):
    return sum((a[0] - b[0]) * (a[1] - b[1]) <= 0 for i, a in enumerate(links) for b in links[:i])

# %% wrong 11.crossings: every crossing is counted twice
def crossings(links, source_length):
    return sum((a - c) * (b - d) < 0 for a, b in links for c, d in links)

# %% wrong 11.crossings: takes the links as already sorted by source
def crossings(links, source_length):
    count = 0
    for i in range(len(links)):
        for j in range(i + 1, len(links)):
            if links[i][0] < links[j][0] and links[i][1] > links[j][1]:
                count += 1
    return count

# %% wrong 11.crossings: only neighbours in the sorted list are compared
def crossings(links, source_length):
    ordered = sorted(links)
    return sum(a[0] < b[0] and a[1] > b[1] for a, b in zip(ordered, ordered[1:]))

# %% wrong 11.crossings: sorted by source alone, so that two links of one source word may count
def crossings(links, source_length):
    targets = [t for s, t in sorted(links, key=lambda link: link[0])]
    return sum(targets[i] > targets[j] for i in range(len(targets)) for j in range(i + 1, len(targets)))

# %% wrong 11.crossings: divided by the length of the source
def crossings(links, source_length):
    n = sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for i, a in enumerate(links) for b in links[:i])
    return n / source_length

# %% wrong 11.crossings: counts links that are off the diagonal
def crossings(links, source_length):
    return sum(1 for s, t in links if s != t)

# %% wrong 11.crossings: counts the pairs that do not cross
def crossings(links, source_length):
    return sum((a[0] - b[0]) * (a[1] - b[1]) > 0 for i, a in enumerate(links) for b in links[:i])

# %% wrong 11.crossings: sorts the caller's list in place, though the count is right
def crossings(links, source_length):
    links.sort()
    return sum(links[i][1] > links[j][1] for i in range(len(links)) for j in range(i + 1, len(links)))

# %% wrong 11.crossings: keeps one link for each source word, the later ones replace the earlier
def crossings(links, source_length):
    where = dict(links)
    found = [where[s] for s in range(source_length) if s in where]
    return sum(found[i] > found[j] for i in range(len(found)) for j in range(i + 1, len(found)))

# %% right 11.alignment_score: a set of source places for each target word
def alignment_score(weights, links):
    weights = np.asarray(weights)
    linked = {}
    for s, t in links:
        linked.setdefault(t, set()).add(s)
    hits = [int(weights[t].argmax()) in places for t, places in linked.items()]
    mass = [float(sum(weights[t, s] for s in places)) for t, places in linked.items()]
    return float(np.mean(hits)), float(np.mean(mass))

# %% right 11.alignment_score: a gold matrix of ones and zeros
def alignment_score(weights, links):
    w = np.asarray(weights)
    gold = np.zeros(w.shape, dtype=bool)
    for s, t in links:
        gold[t, s] = True
    rows = gold.any(axis=1)
    w, gold = w[rows], gold[rows]
    hits = gold[np.arange(len(w)), w.argmax(axis=1)].mean()
    return hits, (w * gold).sum(axis=1).mean()

# %% right 11.alignment_score: plain lists and counts
def alignment_score(weights, links):
    words = sorted({t for _, t in links})
    hit, mass = 0, 0.0
    for t in words:
        row = [float(x) for x in weights[t]]
        sources = {s for s, other in links if other == t}
        best = max(range(len(row)), key=row.__getitem__)
        hit += best in sources
        mass += sum(row[s] for s in sources)
    return hit / len(words), mass / len(words)

# %% wrong 11.alignment_score: divided by all target words, with or without a link
def alignment_score(weights, links):
    weights = np.asarray(weights)
    linked = {}
    for s, t in links:
        linked.setdefault(t, []).append(s)
    hits = sum(int(weights[t].argmax()) in places for t, places in linked.items())
    mass = sum(weights[t, places].sum() for t, places in linked.items())
    return hits / len(weights), mass / len(weights)

# %% wrong 11.alignment_score: averaged over links instead of over target words
def alignment_score(weights, links):
    weights = np.asarray(weights)
    hits = [weights[t].argmax() == s for s, t in links]
    mass = [weights[t, s] for s, t in links]
    return float(np.mean(hits)), float(np.mean(mass))

# %% wrong 11.alignment_score: a dictionary keeps only the last link of a target word
def alignment_score(weights, links):
    weights = np.asarray(weights)
    gold = {t: s for s, t in links}
    hits = np.mean([weights[t].argmax() == s for t, s in gold.items()])
    mass = np.mean([weights[t, s] for t, s in gold.items()])
    return float(hits), float(mass)

# %% wrong 11.alignment_score: links are read as (target, source)
def alignment_score(weights, links):
    weights = np.asarray(weights)
    linked = {}
    for t, s in links:
        linked.setdefault(t, set()).add(s)
    hits = [int(weights[t].argmax()) in places for t, places in linked.items()]
    mass = [sum(weights[t, s] for s in places) for t, places in linked.items()]
    return float(np.mean(hits)), float(np.mean(mass))

# %% wrong 11.alignment_score: the mass of several links is averaged instead of added
def alignment_score(weights, links):
    weights = np.asarray(weights)
    linked = {}
    for s, t in links:
        linked.setdefault(t, []).append(s)
    hits = [int(weights[t].argmax()) in places for t, places in linked.items()]
    mass = [weights[t, places].mean() for t, places in linked.items()]
    return float(np.mean(hits)), float(np.mean(mass))

# %% wrong 11.alignment_score: mass first, hits second
def alignment_score(weights, links):
    w = np.asarray(weights)
    gold = np.zeros_like(w)
    for s, t in links:
        gold[t, s] = 1
    rows = gold.any(axis=1)
    hits = gold[np.arange(len(w)), w.argmax(axis=1)][rows].mean()
    return (w * gold).sum(axis=1)[rows].mean(), hits

# %% wrong 11.alignment_score: a hit needs more than half of the weight instead of the largest
def alignment_score(weights, links):
    w = np.asarray(weights)
    gold = np.zeros_like(w)
    for s, t in links:
        gold[t, s] = 1
    mass = (w * gold).sum(axis=1)[gold.any(axis=1)]
    return (mass > 0.5).mean(), mass.mean()

# %% wrong 11.alignment_score: percent instead of shares
def alignment_score(weights, links):
    w = np.asarray(weights)
    words = sorted({t for _, t in links})
    gold = [[s for s, other in links if other == t] for t in words]
    hits = np.mean([int(w[t].argmax()) in g for t, g in zip(words, gold)])
    mass = np.mean([w[t, g].sum() for t, g in zip(words, gold)])
    return 100 * hits, 100 * mass

# %% wrong 11.alignment_score: the mass is the largest weight of a row, wherever it lies
def alignment_score(weights, links):
    w = np.asarray(weights)
    linked = {}
    for s, t in links:
        linked.setdefault(t, set()).add(s)
    hits = [int(w[t].argmax()) in places for t, places in linked.items()]
    return float(np.mean(hits)), float(np.mean([w[t].max() for t in linked]))

# %% wrong 11.alignment_score: the mass is averaged over the hits alone
def alignment_score(weights, links):
    w = np.asarray(weights)
    linked = {}
    for s, t in links:
        linked.setdefault(t, []).append(s)
    hit = [t for t, places in linked.items() if int(w[t].argmax()) in places]
    mass = sum(w[t, linked[t]].sum() for t in hit) / max(1, len(hit))
    return len(hit) / len(linked), float(mass)

# %% right 11.attention_backward: NumPy, formula by formula
def attention_backward(d_out, q, k, v):
    scores = q @ k.T
    P = np.exp(scores - scores.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    dP = d_out @ v.T
    dv = P.T @ d_out
    dS = P * (dP - (P * dP).sum(axis=1, keepdims=True))
    return dS @ k, dS.T @ q, dv

# %% right 11.attention_backward: einsum
def attention_backward(d_out, q, k, v):
    e = np.einsum("td,sd->ts", q, k)
    p = np.exp(e - e.max(1)[:, None])
    p = p / p.sum(1)[:, None]
    dp = np.einsum("tm,sm->ts", d_out, v)
    ds = p * dp - p * np.einsum("ts,ts->t", p, dp)[:, None]
    return np.einsum("ts,sd->td", ds, k), np.einsum("ts,td->sd", ds, q), np.einsum("ts,tm->sm", p, d_out)

# %% right 11.attention_backward: row by row with the whole Jacobian of the softmax
def attention_backward(d_out, q, k, v):
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for t in range(len(q)):
        e = k @ q[t]
        p = np.exp(e - e.max())
        p = p / p.sum()
        ds = (np.diag(p) - np.outer(p, p)) @ (v @ d_out[t])
        dq[t] = ds @ k
        dk += np.outer(ds, q[t])
        dv += np.outer(p, d_out[t])
    return dq, dk, dv

# %% right 11.attention_backward: the weighted mean taken from what was read, (d_out · out) per row
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    mean = (d_out * (P @ v)).sum(axis=1, keepdims=True)
    dS = P * (d_out @ v.T - mean)
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: the weighted mean is not taken away
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dS = P * (d_out @ v.T)
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: the plain mean is taken away instead of the weighted one
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dP = d_out @ v.T
    dS = P * (dP - dP.mean(axis=1, keepdims=True))
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: the mean is taken over the queries instead of the places
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dP = d_out @ v.T
    dS = P * (dP - (P * dP).sum(axis=0, keepdims=True))
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: only the diagonal of the softmax's Jacobian, P (1 − P)
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dS = P * (1 - P) * (d_out @ v.T)
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: the sum is subtracted without the factor P before it
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    g = P * (d_out @ v.T)
    dS = g - g.sum(axis=1, keepdims=True)
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: scores are scaled by the root of D, as in 13
def attention_backward(d_out, q, k, v):
    e = q @ k.T / math.sqrt(q.shape[1])
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dP = d_out @ v.T
    dS = P * (dP - (P * dP).sum(axis=1, keepdims=True)) / math.sqrt(q.shape[1])
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: returned in the order dv, dq, dk
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dP = d_out @ v.T
    dS = P * (dP - (P * dP).sum(axis=1, keepdims=True))
    return P.T @ d_out, dS @ k, dS.T @ q

# %% wrong 11.attention_backward: dk uses the weights instead of the gradient of the scores
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    dP = d_out @ v.T
    dS = P * (dP - (P * dP).sum(axis=1, keepdims=True))
    return dS @ k, P.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: the softmax is computed over the queries
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e - e.max(axis=0, keepdims=True))
    P = P / P.sum(axis=0, keepdims=True)
    dP = d_out @ v.T
    dS = P * (dP - (P * dP).sum(axis=1, keepdims=True))
    return dS @ k, dS.T @ q, P.T @ d_out

# %% wrong 11.attention_backward: keepdims is forgotten, crashes unless T equals S
def attention_backward(d_out, q, k, v):
    e = q @ k.T
    P = np.exp(e)
    P = P / P.sum(axis=1)
    dP = d_out @ v.T
    dS = P * (dP - (P * dP).sum(axis=1))
    return dS @ k, dS.T @ q, P.T @ d_out
