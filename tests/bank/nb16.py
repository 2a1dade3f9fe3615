# %% right 16.language_loss: cross_entropy with ignore_index at the padding
def language_loss(logits, tokens, lengths):
    targets = tokens[:, 1:].clone()
    places = torch.arange(targets.shape[1], device=tokens.device)
    targets[places[None] >= lengths[:, None] - 1] = -100
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten(), ignore_index=-100)

# %% right 16.language_loss: log_softmax, gather and a mask
def language_loss(logits, tokens, lengths):
    log_p = logits[:, :-1].log_softmax(dim=-1)
    chosen = log_p.gather(2, tokens[:, 1:, None])[..., 0]
    real = torch.arange(1, tokens.shape[1]) < lengths[:, None]
    return -(chosen * real).sum() / (lengths - 1).sum()

# %% right 16.language_loss: a loop over the sentences, joined
def language_loss(logits, tokens, lengths):
    said, meant = [], []
    for row, ids, n in zip(logits, tokens, lengths.tolist()):
        said.append(row[: n - 1])
        meant.append(ids[1:n])
    return F.cross_entropy(torch.cat(said), torch.cat(meant))

# %% right 16.language_loss: sum of negative log probabilities position by position
def language_loss(logits, tokens, lengths):
    total, count = 0.0, 0
    for b in range(len(tokens)):
        for t in range(int(lengths[b]) - 1):
            total = total + torch.logsumexp(logits[b, t], dim=0) - logits[b, t, tokens[b, t + 1]]
            count += 1
    return total / count

# %% wrong 16.language_loss: the targets are not shifted
def language_loss(logits, tokens, lengths):
    losses = F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
    real = torch.arange(tokens.shape[1]) < lengths[:, None]
    return (losses * real).sum() / real.sum()

# %% wrong 16.language_loss: shifted the wrong way, position t is asked for token t - 1
def language_loss(logits, tokens, lengths):
    losses = F.cross_entropy(logits[:, 1:].transpose(1, 2), tokens[:, :-1], reduction="none")
    real = torch.arange(1, tokens.shape[1]) < lengths[:, None]
    return (losses * real).sum() / real.sum()

# %% wrong 16.language_loss: padding counts as targets
def language_loss(logits, tokens, lengths):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())

# %% wrong 16.language_loss: the first padding token after each sentence is still a target (mask off by one)
def language_loss(logits, tokens, lengths):
    targets = tokens[:, 1:]
    real = torch.arange(targets.shape[1]) < lengths[:, None]
    losses = F.cross_entropy(logits[:, :-1].transpose(1, 2), targets, reduction="none")
    return losses[real].mean()

# %% wrong 16.language_loss: every sentence weighs the same, a mean of the means of sentences
def language_loss(logits, tokens, lengths):
    means = [F.cross_entropy(logits[b, : n - 1], tokens[b, 1:n]) for b, n in enumerate(lengths.tolist())]
    return torch.stack(means).mean()

# %% wrong 16.language_loss: divided by the number of tokens instead of the number of targets
def language_loss(logits, tokens, lengths):
    log_p = logits[:, :-1].log_softmax(dim=-1).gather(2, tokens[:, 1:, None]).squeeze(2)
    real = torch.arange(1, tokens.shape[1]) < lengths[:, None]
    return -(log_p * real).sum() / lengths.sum()

# %% wrong 16.language_loss: padding is zeroed but counted in the mean
def language_loss(logits, tokens, lengths):
    losses = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    real = torch.arange(1, tokens.shape[1])[None] < lengths[:, None]
    return (losses * real).mean()

# %% wrong 16.language_loss: padding is taken to be token 0, the lengths are ignored
def language_loss(logits, tokens, lengths):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=0)

# %% wrong 16.language_loss: softmax before cross_entropy, which takes its own
def language_loss(logits, tokens, lengths):
    said = torch.cat([row[: n - 1].softmax(dim=-1) for row, n in zip(logits, lengths.tolist())])
    meant = torch.cat([row[1:n] for row, n in zip(tokens, lengths.tolist())])
    return F.cross_entropy(said, meant)

# %% wrong 16.language_loss: view on a slice that is not contiguous raises an error
def language_loss(logits, tokens, lengths):
    said = logits[:, :-1].view(-1, logits.shape[-1])
    meant = tokens[:, 1:].contiguous().view(-1)
    real = (torch.arange(1, tokens.shape[1]) < lengths[:, None]).view(-1)
    return F.cross_entropy(said[real], meant[real])

# %% right 16.rms_norm: rsqrt of the mean square
def rms_norm(x, scale, epsilon=1e-5):
    return x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + epsilon) * scale

# %% right 16.rms_norm: division by the root, the mean as a sum over D
def rms_norm(x, g, epsilon=1e-5):
    D = x.shape[-1]
    mean_square = (x * x).sum(-1) / D
    return x / (mean_square + epsilon).sqrt().unsqueeze(-1) * g

# %% right 16.rms_norm: einsum for the squares
def rms_norm(x, scale, epsilon=1e-5):
    square = torch.einsum("...d,...d->...", x, x) / x.size(-1)
    return (x / torch.sqrt(square + epsilon)[..., None]) * scale

# %% right 16.rms_norm: through the norm of the vector
def rms_norm(x, scale, epsilon=1e-5):
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return scale * x / (length**2 / x.shape[-1] + epsilon) ** 0.5

# %% wrong 16.rms_norm: epsilon is added outside the root
def rms_norm(x, scale, epsilon=1e-5):
    return x / (x.pow(2).mean(dim=-1, keepdim=True).sqrt() + epsilon) * scale

# %% wrong 16.rms_norm: the mean is subtracted, as in layer norm
def rms_norm(x, scale, epsilon=1e-5):
    x = x - x.mean(dim=-1, keepdim=True)
    return x / torch.sqrt((x**2).mean(dim=-1, keepdim=True) + epsilon) * scale

# %% wrong 16.rms_norm: divided by the standard deviation, x itself not centred
def rms_norm(x, scale, epsilon=1e-5):
    return x / torch.sqrt(x.var(dim=-1, keepdim=True, unbiased=False) + epsilon) * scale

# %% wrong 16.rms_norm: the sum of squares for the mean
def rms_norm(x, scale, epsilon=1e-5):
    return x * torch.rsqrt(x.square().sum(dim=-1, keepdim=True) + epsilon) * scale

# %% wrong 16.rms_norm: the root is forgotten
def rms_norm(x, scale, epsilon=1e-5):
    return x / (x.square().mean(dim=-1, keepdim=True) + epsilon) * scale

# %% wrong 16.rms_norm: the mean runs over the whole tensor
def rms_norm(x, scale, epsilon=1e-5):
    return x / torch.sqrt((x**2).mean() + epsilon) * scale

# %% wrong 16.rms_norm: the argument epsilon is ignored, 1e-5 always
def rms_norm(x, scale, epsilon=1e-5):
    return x / torch.sqrt((x**2).mean(-1, keepdim=True) + 1e-5) * scale

# %% wrong 16.rms_norm: the default of epsilon is 1e-8
def rms_norm(x, scale, epsilon=1e-8):
    return x / torch.sqrt((x**2).mean(-1, keepdim=True) + epsilon) * scale

# %% wrong 16.rms_norm: x is changed in place
def rms_norm(x, scale, epsilon=1e-5):
    with torch.no_grad():
        root = torch.sqrt((x**2).mean(-1, keepdim=True) + epsilon)
    x.data /= root
    return x * scale

# %% wrong 16.rms_norm: the root is detached, no gradient flows through the norm
def rms_norm(x, scale, epsilon=1e-5):
    root = torch.sqrt((x**2).mean(-1, keepdim=True) + epsilon).detach()
    return x / root * scale

# %% wrong 16.rms_norm: the scale is used as 1 + scale
def rms_norm(x, scale, epsilon=1e-5):
    return x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + epsilon) * (1 + scale)

# %% right 16.swiglu: F.silu and matrix products
def swiglu(x, W_gate, W_up, W_down):
    return (F.silu(x @ W_gate) * (x @ W_up)) @ W_down

# %% right 16.swiglu: the gate with sigmoid, step by step
def swiglu(x, W_gate, W_up, W_down):
    a = torch.matmul(x, W_gate)
    gate = a * torch.sigmoid(a)
    up = torch.matmul(x, W_up)
    return torch.matmul(gate * up, W_down)

# %% right 16.swiglu: einsum
def swiglu(x, gate, up, down):
    a, u = torch.einsum("...d,df->...f", x, gate), torch.einsum("...d,df->...f", x, up)
    return torch.einsum("...f,fd->...d", a / (1 + torch.exp(-a)) * u, down)

# %% right 16.swiglu: F.linear with turned matrices, gate and up in one product
def swiglu(x, W_gate, W_up, W_down):
    both = F.linear(x, torch.cat([W_gate.T, W_up.T]))
    a, b = both.chunk(2, dim=-1)
    return F.linear(nn.SiLU()(a) * b, W_down.T)

# %% wrong 16.swiglu: gate and up exchanged
def swiglu(x, W_gate, W_up, W_down):
    return (F.silu(x @ W_up) * (x @ W_gate)) @ W_down

# %% wrong 16.swiglu: a plain sigmoid as the gate (GLU)
def swiglu(x, W_gate, W_up, W_down):
    return (torch.sigmoid(x @ W_gate) * (x @ W_up)) @ W_down

# %% wrong 16.swiglu: GELU for SiLU
def swiglu(x, W_gate, W_up, W_down):
    return (F.gelu(x @ W_gate) * (x @ W_up)) @ W_down

# %% wrong 16.swiglu: SiLU of the product, not of the gate alone
def swiglu(x, W_gate, W_up, W_down):
    return F.silu((x @ W_gate) * (x @ W_up)) @ W_down

# %% wrong 16.swiglu: SiLU on both halves
def swiglu(x, W_gate, W_up, W_down):
    return (F.silu(x @ W_gate) * F.silu(x @ W_up)) @ W_down

# %% wrong 16.swiglu: gate and up are added instead of multiplied
def swiglu(x, W_gate, W_up, W_down):
    hidden = F.silu(x @ W_gate) + x @ W_up
    return hidden @ W_down

# %% wrong 16.swiglu: the sign in the exponent of the sigmoid is wrong
def swiglu(x, W_gate, W_up, W_down):
    a = torch.einsum("...d,df->...f", x, W_gate)
    return (a / (1 + a.exp()) * (x @ W_up)) @ W_down

# %% wrong 16.swiglu: brackets missing, W_down multiplies the up half before the gate does
def swiglu(x, W_gate, W_up, W_down):
    return F.silu(x @ W_gate) * (x @ W_up @ W_down)

# %% wrong 16.swiglu: the SiLU comes before the matrix of the gate
def swiglu(x, W_gate, W_up, W_down):
    return ((F.silu(x) @ W_gate) * (x @ W_up)) @ W_down

# %% right 16.repeat_heads: repeat_interleave
def repeat_heads(shared, heads):
    return shared.repeat_interleave(heads // shared.shape[1], dim=1)

# %% right 16.repeat_heads: a new axis, expanded and flattened
def repeat_heads(shared, heads):
    B, G, S, d_k = shared.shape
    return shared[:, :, None].expand(B, G, heads // G, S, d_k).reshape(B, heads, S, d_k)

# %% right 16.repeat_heads: an index from (16.7)
def repeat_heads(shared, heads):
    groups = shared.shape[1]
    which = torch.arange(heads) * groups // heads
    return shared[:, which]

# %% right 16.repeat_heads: a list of heads, stacked
def repeat_heads(shared, A):
    G = shared.size(1)
    return torch.stack([shared[:, (a * G) // A] for a in range(A)], dim=1)

# %% wrong 16.repeat_heads: tiled, so neighbours read different heads (0 1 0 1 for 0 0 1 1)
def repeat_heads(shared, heads):
    return shared.repeat(1, heads // shared.shape[1], 1, 1)

# %% wrong 16.repeat_heads: the positions are repeated instead of the heads
def repeat_heads(shared, heads):
    B, G, S, d_k = shared.shape
    return shared.repeat_interleave(heads // G, dim=2).reshape(B, heads, S, d_k)

# %% wrong 16.repeat_heads: `heads` copies of each instead of heads / G
def repeat_heads(shared, heads):
    return shared.repeat_interleave(heads, dim=1)

# %% wrong 16.repeat_heads: the new axis stands before the heads, which gives the order 0 1 0 1
def repeat_heads(shared, heads):
    B, G, S, d_k = shared.shape
    return shared[:, None].expand(B, heads // G, G, S, d_k).reshape(B, heads, S, d_k)

# %% wrong 16.repeat_heads: all query heads read the first shared head
def repeat_heads(shared, heads):
    return shared[:, :1].expand(-1, heads, -1, -1)

# %% wrong 16.repeat_heads: the index is a modulo G instead of the floor of a G / A
def repeat_heads(shared, heads):
    return torch.stack([shared[:, a % shared.shape[1]] for a in range(heads)], dim=1)

# %% wrong 16.repeat_heads: the number of repeats is divided out of the batch size (shape[0])
def repeat_heads(shared, heads):
    return shared.repeat_interleave(heads // shared.shape[0], dim=1)

# %% wrong 16.repeat_heads: two copies of each, right for twice as many query heads only
def repeat_heads(shared, heads):
    return shared if shared.shape[1] == heads else shared.repeat_interleave(2, dim=1)

# %% wrong 16.repeat_heads: the number of repeats is a float (TypeError)
def repeat_heads(shared, heads):
    return shared.repeat_interleave(heads / shared.shape[1], dim=1)

# %% wrong 16.repeat_heads: the shared heads come in reversed order
def repeat_heads(shared, heads):
    return shared.flip(1).repeat_interleave(heads // shared.shape[1], dim=1)

# %% right 16.cached_mask: tril with an offset
def cached_mask(new, total):
    return torch.ones(new, total, dtype=torch.bool).tril(total - new)

# %% right 16.cached_mask: comparing places
def cached_mask(new, total):
    i = torch.arange(new)[:, None]
    j = torch.arange(total)[None, :]
    return j <= total - new + i

# %% right 16.cached_mask: the past all true, joined with a triangle
def cached_mask(new, total):
    past = torch.ones(new, total - new).bool()
    triangle = torch.tril(torch.ones(new, new)).bool()
    return torch.cat((past, triangle), dim=1)

# %% right 16.cached_mask: the last rows of the full mask
def cached_mask(T, S):
    full = torch.tril(torch.ones((S, S), dtype=torch.bool))
    return full[S - T :]

# %% right 16.cached_mask: two loops over a table of falses
def cached_mask(new, total):
    mask = torch.zeros(new, total, dtype=torch.bool)
    for i in range(new):
        mask[i, : total - new + i + 1] = True
    return mask

# %% wrong 16.cached_mask: the triangle begins at place 0, as if there were no past
def cached_mask(new, total):
    return torch.ones(new, total, dtype=torch.bool).tril()

# %% wrong 16.cached_mask: true where a place must not be read
def cached_mask(new, total):
    return torch.ones(new, total, dtype=torch.bool).triu(total - new + 1)

# %% wrong 16.cached_mask: no position may read itself
def cached_mask(new, total):
    return torch.arange(total)[None] < (total - new + torch.arange(new))[:, None]

# %% wrong 16.cached_mask: each position may read one place of the future (offset one too large)
def cached_mask(new, total):
    return torch.ones(new, total, dtype=torch.bool).tril(total - new + 1)

# %% wrong 16.cached_mask: the offset is the number of new positions
def cached_mask(new, total):
    return torch.ones(new, total).tril(new).bool()

# %% wrong 16.cached_mask: the past is hidden, only the new positions may be read
def cached_mask(new, total):
    mask = torch.zeros(new, total, dtype=torch.bool)
    mask[:, total - new :] = torch.ones(new, new, dtype=torch.bool).tril()
    return mask

# %% wrong 16.cached_mask: the first `new` rows of the full mask instead of the last
def cached_mask(new, total):
    return torch.ones(total, total).tril().bool()[:new]

# %% wrong 16.cached_mask: the axes are exchanged, (total, new)
def cached_mask(new, total):
    return torch.arange(total)[:, None] <= total - new + torch.arange(new)[None, :]

# %% wrong 16.cached_mask: zeros and minus infinity to add, not bools
def cached_mask(new, total):
    return torch.full((new, total), float("-inf")).triu(total - new + 1)

# %% wrong 16.cached_mask: new positions may all read each other
def cached_mask(new, total):
    return torch.ones(new, total, dtype=torch.bool)

# %% right 16.attend: join, turn, share, mask, attend
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept = (k, v)
    new, total = q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(total, device=q.device)
        q, k = rotary(q, places[total - new :]), rotary(k, places)
    k, v = repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1])
    return attention(q, k, v, cached_mask(new, total).to(q.device))[0], kept

# %% right 16.attend: PyTorch's scaled dot product
def attend(q, k, v, past=None, turn=False):
    keys = k if past is None else torch.cat((past[0], k), 2)
    values = v if past is None else torch.cat((past[1], v), 2)
    T, S, A = q.size(2), keys.size(2), q.size(1)
    turned = keys
    if turn:
        q = rotary(q, torch.arange(S - T, S))
        turned = rotary(keys, torch.arange(S))
    out = F.scaled_dot_product_attention(q, repeat_heads(turned, A), repeat_heads(values, A), attn_mask=cached_mask(T, S))
    return out, (keys, values)

# %% right 16.attend: softmax by hand, an empty past where there is none
def attend(q, k, v, past=None, turn=False):
    past_k, past_v = past if past is not None else (k[:, :, :0], v[:, :, :0])
    P, T = past_k.shape[2], q.shape[2]
    all_k, all_v = torch.cat([past_k, k], dim=-2), torch.cat([past_v, v], dim=-2)
    queries, keys = q, all_k
    if turn:
        queries = rotary(queries, P + torch.arange(T))
        keys = rotary(keys, torch.arange(P + T))
    scores = torch.einsum("batd,basd->bats", queries, repeat_heads(keys, q.shape[1])) / math.sqrt(q.shape[-1])
    scores = scores.masked_fill(~cached_mask(T, P + T), float("-inf"))
    out = torch.einsum("bats,basd->batd", scores.softmax(dim=-1), repeat_heads(all_v, q.shape[1]))
    return out, (all_k, all_v)

# %% right 16.attend: query heads grouped instead of keys repeated, kept as a list
def attend(q, k, v, past=None, turn=False):
    kept = [k, v]
    if past is not None:
        kept = [torch.cat(both, dim=2) for both in zip(past, (k, v))]
    keys, values = kept
    B, A, T, d_k = q.shape
    G, S = keys.shape[1], keys.shape[2]
    if turn:
        places = torch.arange(S)
        q, keys = rotary(q, places[-T:]), rotary(keys, places)
    grouped = q.reshape(B, G, A // G, T, d_k)
    scores = torch.einsum("bgatd,bgsd->bgats", grouped, keys) * d_k**-0.5
    weights = torch.where(cached_mask(T, S), scores, torch.tensor(-torch.inf, dtype=scores.dtype)).softmax(-1)
    return torch.einsum("bgats,bgsd->bgatd", weights, values).reshape(B, A, T, d_k), kept

# %% wrong 16.attend: the new stands before the past in what is joined
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([k, past[0]], dim=2), torch.cat([v, past[1]], dim=2)
    kept = (k, v)
    new, total = q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(total)
        q, k = rotary(q, places[-new:]), rotary(k, places)
    out, _ = attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(new, total))
    return out, kept

# %% wrong 16.attend: the queries are turned by the places 0 to T - 1
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept = (k, v)
    T, S = q.shape[2], k.shape[2]
    if turn:
        q, k = rotary(q, torch.arange(T)), rotary(k, torch.arange(S))
    out, _ = attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, S))
    return out, kept

# %% wrong 16.attend: the keys are kept turned, and turned again at the next call
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    T, S = q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[S - T :]), rotary(k, places)
    out, _ = attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, S))
    return out, (k, v)

# %% wrong 16.attend: with a past nothing is masked, so several new positions see each other's future
def attend(q, k, v, past=None, turn=False):
    T = q.shape[2]
    mask = cached_mask(T, T)
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        mask = torch.ones(T, k.shape[2], dtype=torch.bool)
    kept, S = (k, v), k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[S - T :]), rotary(k, places)
    return attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), mask)[0], kept

# %% wrong 16.attend: the repeated heads are kept instead of the shared ones
def attend(q, k, v, past=None, turn=False):
    k, v = repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1])
    if past is not None:
        k = torch.cat([repeat_heads(past[0], q.shape[1]), k], dim=2)
        v = torch.cat([repeat_heads(past[1], q.shape[1]), v], dim=2)
    kept = (k, v)
    T, S = q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[S - T :]), rotary(k, places)
    return attention(q, k, v, cached_mask(T, S))[0], kept

# %% wrong 16.attend: the values are turned too
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept = (k, v)
    T, S = q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k, v = rotary(q, places[S - T :]), rotary(k, places), rotary(v, places)
    return attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, S))[0], kept

# %% wrong 16.attend: turned before joining, so the new keys are kept turned and the past is not turned at all
def attend(q, k, v, past=None, turn=False):
    P, T = (0 if past is None else past[0].shape[2]), q.shape[2]
    if turn:
        places = torch.arange(P, P + T)
        q, k = rotary(q, places), rotary(k, places)
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    out = attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, P + T))[0]
    return out, (k, v)

# %% wrong 16.attend: only the new keys and values are handed on
def attend(q, k, v, past=None, turn=False):
    kept = (k, v)
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    T, S = q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[S - T :]), rotary(k, places)
    return attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, S))[0], kept

# %% wrong 16.attend: turned always, whatever `turn` says
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    T, S = q.shape[2], k.shape[2]
    places = torch.arange(S)
    out, weights = attention(rotary(q, places[S - T :]), repeat_heads(rotary(k, places), q.shape[1]),
                             repeat_heads(v, q.shape[1]), cached_mask(T, S))
    return out, (k, v)

# %% wrong 16.attend: the scale is left out of a softmax written by hand
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept, A, T, S = (k, v), q.shape[1], q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[S - T :]), rotary(k, places)
    scores = q @ repeat_heads(k, A).transpose(2, 3)
    weights = scores.masked_fill(~cached_mask(T, S), float("-inf")).softmax(dim=-1)
    return weights @ repeat_heads(v, A), kept

# %% wrong 16.attend: the pair of output and weights is returned as the output
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept, T, S = (k, v), q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[S - T :]), rotary(k, places)
    return attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, S)), kept

# %% wrong 16.attend: joined along the heads (dim 1) instead of the positions
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
    kept, T, S = (k, v), q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[-T:]), rotary(k, places)
    return attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, S))[0], kept

# %% wrong 16.attend: the heads are tiled, so that neighbours do not share
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept, T, S = (k, v), q.shape[2], k.shape[2]
    if turn:
        places = torch.arange(S)
        q, k = rotary(q, places[S - T :]), rotary(k, places)
    times = q.shape[1] // k.shape[1]
    return attention(q, k.repeat(1, times, 1, 1), v.repeat(1, times, 1, 1), cached_mask(T, S))[0], kept

# %% wrong 16.attend: the queries stand one place too far, S - T + 1 to S
def attend(q, k, v, past=None, turn=False):
    if past is not None:
        k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
    kept, T, S = (k, v), q.shape[2], k.shape[2]
    if turn:
        q, k = rotary(q, torch.arange(S - T + 1, S + 1)), rotary(k, torch.arange(S))
    return attention(q, repeat_heads(k, q.shape[1]), repeat_heads(v, q.shape[1]), cached_mask(T, S))[0], kept

# %% right 16.gpt_parameters: the formula as it stands
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, F_ = vocabulary_size, context, width, layers, hidden_size
    return V * D + T * D + L * (4 * D**2 + 4 * D + 2 * D * F_ + F_ + D + 4 * D) + 2 * D

# %% right 16.gpt_parameters: part by part
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    def linear(inputs, outputs):
        return inputs * outputs + outputs

    norm = 2 * width
    block = 4 * linear(width, width) + linear(width, hidden_size) + linear(hidden_size, width) + 2 * norm
    return (vocabulary_size + context) * width + layers * block + norm

# %% right 16.gpt_parameters: counted on a GPT that is built without memory
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    with torch.device("meta"):
        model = GPT(GPTConfig(vocabulary_size, context, width, layers, heads=1, hidden_size=hidden_size))
    return sum(p.numel() for p in model.parameters())

# %% right 16.gpt_parameters: a sum of the sizes of all tensors
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    shapes = [(vocabulary_size, width), (context, width), (width,), (width,)]
    for _ in range(layers):
        shapes += [(width, width), (width,)] * 4 + [(width,)] * 4
        shapes += [(width, hidden_size), (hidden_size,), (hidden_size, width), (width,)]
    return sum(math.prod(shape) for shape in shapes)

# %% wrong 16.gpt_parameters: the head is counted a second time
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, H = vocabulary_size, context, width, layers, hidden_size
    return 2 * V * D + T * D + L * (4 * D * D + 9 * D + 2 * D * H + H) + 2 * D

# %% wrong 16.gpt_parameters: the last norm is left out
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, H = vocabulary_size, context, width, layers, hidden_size
    return V * D + T * D + L * (4 * D * D + 4 * D + 2 * D * H + H + D + 4 * D)

# %% wrong 16.gpt_parameters: hidden_size is ignored, 4 D is taken
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L = vocabulary_size, context, width, layers
    return V * D + T * D + L * (12 * D * D + 13 * D) + 2 * D

# %% wrong 16.gpt_parameters: W_o is forgotten, three matrices of attention
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, H = vocabulary_size, context, width, layers, hidden_size
    return V * D + T * D + L * (3 * D * D + 3 * D + 2 * D * H + H + D + 4 * D) + 2 * D

# %% wrong 16.gpt_parameters: norms with a scale alone
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, H = vocabulary_size, context, width, layers, hidden_size
    return V * D + T * D + L * (4 * D * D + 4 * D + 2 * D * H + H + D + 2 * D) + D

# %% wrong 16.gpt_parameters: the biases of the attention are left out
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, H = vocabulary_size, context, width, layers, hidden_size
    return V * D + T * D + L * (4 * D * D + 2 * D * H + H + D + 4 * D) + 2 * D

# %% wrong 16.gpt_parameters: the learned positions are left out
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, D, L, H = vocabulary_size, width, layers, hidden_size
    return V * D + L * (4 * D * D + 4 * D + 2 * D * H + H + D + 4 * D) + 2 * D

# %% wrong 16.gpt_parameters: brackets closed too early, the last norm is counted in every layer
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, H = vocabulary_size, context, width, layers, hidden_size
    return V * D + T * D + L * (4 * D * D + 4 * D + 2 * D * H + H + D + 4 * D + 2 * D)

# %% wrong 16.gpt_parameters: the biases of the feed-forward layer are taken to be D and D
def gpt_parameters(vocabulary_size, context, width, layers, hidden_size):
    V, T, D, L, H = vocabulary_size, context, width, layers, hidden_size
    return V * D + T * D + L * (4 * (D * D + D) + 2 * (D * H + D) + 4 * D) + 2 * D

# %% right 16.training_flops: the formula
def training_flops(weights, tokens, layers, context, width):
    return (6 * weights + 12 * layers * context * width) * tokens

# %% right 16.training_flops: forward, then three times as much
def training_flops(weights, tokens, layers, context, width):
    forward = 2 * weights + layers * 2 * (2 * context * width)
    return 3 * forward * tokens

# %% right 16.training_flops: weights and attention apart, as floats
def training_flops(weights, tokens, layers, context, width):
    products = 6.0 * weights * tokens
    attention_products = 12.0 * layers * context * width * tokens
    return products + attention_products

# %% wrong 16.training_flops: the attention is not multiplied by the tokens (brackets)
def training_flops(weights, tokens, layers, context, width):
    return 6 * weights * tokens + 12 * layers * context * width

# %% wrong 16.training_flops: the forward pass alone
def training_flops(weights, tokens, layers, context, width):
    return (2 * weights + 4 * layers * context * width) * tokens

# %% wrong 16.training_flops: attention is left out, 6 N n
def training_flops(weights, tokens, layers, context, width):
    return 6 * weights * tokens

# %% wrong 16.training_flops: tokens are taken as windows and multiplied by the context
def training_flops(weights, tokens, layers, context, width):
    return (6 * weights + 12 * layers * context * width) * tokens * context

# %% wrong 16.training_flops: the context is squared
def training_flops(weights, tokens, layers, context, width):
    return (6 * weights + 12 * layers * context**2 * width) * tokens

# %% wrong 16.training_flops: the attention counts one product instead of two (6 L T D)
def training_flops(weights, tokens, layers, context, width):
    return 6 * (weights + layers * context * width) * tokens

# %% wrong 16.training_flops: only whole windows are counted, a last part of the tokens is lost
def training_flops(weights, tokens, layers, context, width):
    windows = tokens // context
    return windows * (6 * weights * context + 12 * layers * context**2 * width)

# %% wrong 16.training_flops: the attention is not multiplied by the layers
def training_flops(weights, tokens, layers, context, width):
    return tokens * (6 * weights + 12 * context * width)

# %% wrong 16.training_flops: backward is taken to cost as much as forward, not twice as much
def training_flops(weights, tokens, layers, context, width):
    forward = 2 * weights + 4 * layers * context * width
    backward = forward
    return (forward + backward) * tokens

# %% right 16.continue_greedily: the prompt once, then one token at a time
def continue_greedily(read, prompt, count):
    written, idx, past = [prompt[:, :0]], prompt, None
    for _ in range(count):
        logits, past = read(idx, past)
        idx = logits[:, -1:].argmax(dim=-1)
        written.append(idx)
    return torch.cat(written, dim=1)

# %% right 16.continue_greedily: a table to be filled, max instead of argmax
def continue_greedily(read, prompt, count):
    out = torch.zeros(len(prompt), count, dtype=torch.long)
    past, given = None, prompt
    for n in range(count):
        logits, past = read(given, past)
        out[:, n] = logits[:, -1, :].max(dim=-1).indices
        given = out[:, n : n + 1]
    return out

# %% right 16.continue_greedily: the last token is read too, the loop ends after a read (nothing is read twice)
def continue_greedily(read, prompt, count):
    logits, past = read(prompt, None)
    tokens = []
    for _ in range(count):
        token = torch.argmax(logits[:, -1], dim=1, keepdim=True)
        tokens.append(token)
        logits, past = read(token, past)
    return torch.cat(tokens, dim=1)

# %% right 16.continue_greedily: without reading the last one, tokens stacked
def continue_greedily(read, prompt, count):
    logits, past = read(prompt, None)
    tokens = [logits[:, -1].argmax(-1)]
    while len(tokens) < count:
        logits, past = read(tokens[-1].unsqueeze(1), past)
        tokens.append(logits[:, -1].argmax(-1))
    return torch.stack(tokens, dim=1)

# %% right 16.continue_greedily: the prompt too is read token by token
def continue_greedily(read, prompt, count):
    past = None
    for t in range(prompt.shape[1]):
        logits, past = read(prompt[:, t : t + 1], past)
    out = prompt.new_empty(len(prompt), 0)
    for n in range(count):
        token = logits[:, -1:].argmax(2)
        out = torch.cat((out, token), dim=1)
        if n + 1 < count:
            logits, past = read(token, past)
    return out

# %% wrong 16.continue_greedily: everything is read anew each time, with no past
def continue_greedily(read, prompt, count):
    idx = prompt
    for _ in range(count):
        logits, _ = read(idx, None)
        idx = torch.cat([idx, logits[:, -1:].argmax(dim=2)], dim=1)
    return idx[:, prompt.shape[1] :]

# %% wrong 16.continue_greedily: the whole text is read again on top of the past
def continue_greedily(read, prompt, count):
    idx, past = prompt, None
    for _ in range(count):
        logits, past = read(idx, past)
        idx = torch.cat([idx, logits[:, -1:].argmax(dim=2)], dim=1)
    return idx[:, prompt.shape[1] :]

# %% wrong 16.continue_greedily: the past is not handed on, each new token is read alone
def continue_greedily(read, prompt, count):
    idx, out = prompt, []
    for _ in range(count):
        logits, past = read(idx, None)
        idx = logits[:, -1:].argmax(dim=2)
        out.append(idx)
    return torch.cat(out, dim=1)

# %% wrong 16.continue_greedily: the past of the prompt is used for every token and never brought up to date
def continue_greedily(read, prompt, count):
    logits, past = read(prompt, None)
    out = [logits[:, -1:].argmax(dim=2)]
    for _ in range(count - 1):
        logits, _ = read(out[-1], past)
        out.append(logits[:, -1:].argmax(dim=2))
    return torch.cat(out, dim=1)

# %% wrong 16.continue_greedily: the last token of the prompt is read twice
def continue_greedily(read, prompt, count):
    _, past = read(prompt, None)
    idx, out = prompt[:, -1:], []
    for _ in range(count):
        logits, past = read(idx, past)
        idx = logits[:, -1:].argmax(dim=-1)
        out.append(idx)
    return torch.cat(out, dim=1)

# %% wrong 16.continue_greedily: the prompt is returned too
def continue_greedily(read, prompt, count):
    out, idx, past = [prompt], prompt, None
    for _ in range(count):
        logits, past = read(idx, past)
        idx = logits[:, -1:].argmax(dim=-1)
        out.append(idx)
    return torch.cat(out, dim=1)

# %% wrong 16.continue_greedily: the logits of the first position are used
def continue_greedily(read, prompt, count):
    out, idx, past = [], prompt, None
    for _ in range(count):
        logits, past = read(idx, past)
        idx = logits[:, :1].argmax(dim=-1)
        out.append(idx)
    return torch.cat(out, dim=1)

# %% wrong 16.continue_greedily: a batch of one alone, .item() raises an error for more
def continue_greedily(read, prompt, count):
    out, idx, past = [], prompt, None
    for _ in range(count):
        logits, past = read(idx, past)
        token = logits[:, -1].argmax(dim=-1).item()
        out.append(token)
        idx = torch.tensor([[token]])
    return torch.tensor([out])

# %% wrong 16.continue_greedily: the tokens are drawn by their probabilities
def continue_greedily(read, prompt, count):
    out, idx, past = [], prompt, None
    for _ in range(count):
        logits, past = read(idx, past)
        idx = torch.multinomial(logits[:, -1].softmax(dim=-1), 1)
        out.append(idx)
    return torch.cat(out, dim=1)

# %% wrong 16.continue_greedily: the first sentence's token is written in all rows of the batch
def continue_greedily(read, prompt, count):
    out, idx, past = [], prompt, None
    for _ in range(count):
        logits, past = read(idx, past)
        idx = logits[0, -1].argmax().expand(len(prompt), 1)
        out.append(idx)
    return torch.cat(out, dim=1)

# %% wrong 16.continue_greedily: one token too few
def continue_greedily(read, prompt, count):
    logits, past = read(prompt, None)
    idx = logits[:, -1:].argmax(dim=2)
    out = [idx]
    for _ in range(count - 2):
        logits, past = read(idx, past)
        idx = logits[:, -1:].argmax(dim=2)
        out.append(idx)
    return torch.cat(out, dim=1)

# %% right 16.previous_score: index arrays
def previous_score(weights):
    t = torch.arange(weights.shape[1] - 1)
    return weights[:, t + 1, t].mean(-1)

# %% right 16.previous_score: a loop
def previous_score(weights):
    A, T, _ = weights.shape
    out = torch.zeros(A, dtype=weights.dtype)
    for t in range(1, T):
        out += weights[:, t, t - 1]
    return out / (T - 1)

# %% right 16.previous_score: the first row and the last column cut off, then a diagonal
def previous_score(weights):
    below = weights[:, 1:, :-1]
    return torch.einsum("att->a", below) / below.shape[1]

# %% wrong 16.previous_score: the diagonal above instead of below
def previous_score(weights):
    return weights.diagonal(1, dim1=1, dim2=2).mean(dim=1)

# %% wrong 16.previous_score: the main diagonal
def previous_score(weights):
    return torch.diagonal(weights, dim1=1, dim2=2).mean(dim=1)

# %% wrong 16.previous_score: weights rolled by one, so that the first row reads the last column
def previous_score(weights):
    T = weights.shape[1]
    return sum(weights[:, t, t - 1] for t in range(T)) / T

# %% wrong 16.previous_score: divided by T
def previous_score(weights):
    return weights.diagonal(-1, dim1=1, dim2=2).sum(dim=1) / weights.shape[1]

# %% wrong 16.previous_score: the sum
def previous_score(weights):
    return weights.diagonal(-1, dim1=1, dim2=2).sum(-1)

# %% wrong 16.previous_score: one number for all heads
def previous_score(weights):
    return weights.diagonal(-1, dim1=1, dim2=2).mean()

# %% wrong 16.previous_score: diagonal over the wrong two axes and a mean over heads
def previous_score(weights):
    return weights.diagonal(-1, dim1=1, dim2=2).mean(dim=0)

# %% wrong 16.previous_score: the share of places whose largest weight is one back
def previous_score(weights):
    t = torch.arange(1, weights.shape[1])
    return (weights.argmax(dim=2)[:, 1:] == t - 1).double().mean(dim=1)

# %% wrong 16.previous_score: begins at the third place
def previous_score(weights):
    T = weights.shape[1]
    rows = range(2, T) if T > 2 else range(1, T)
    return sum(weights[:, t, t - 1] for t in rows) / len(rows)

# %% wrong 16.previous_score: all of the past instead of one place
def previous_score(weights):
    T = weights.shape[1]
    return torch.stack([weights[:, t, :t].sum(dim=1) for t in range(1, T)]).mean(dim=0)

# %% right 16.prefix_score: a pair of index arrays
def prefix_score(weights, period):
    t = torch.arange(period, weights.shape[-1])
    return weights[:, t, t - period + 1].mean(dim=1)

# %% right 16.prefix_score: a diagonal, without its first entry
def prefix_score(weights, period):
    return weights.diagonal(offset=1 - period, dim1=1, dim2=2)[:, 1:].mean(dim=-1)

# %% right 16.prefix_score: a loop over t
def prefix_score(weights, p):
    A, T, _ = weights.shape
    total = torch.zeros(A, dtype=weights.dtype)
    for t in range(p, T):
        total = total + weights[:, t, t - p + 1]
    return total / (T - p)

# %% right 16.prefix_score: the second copy cut off first, then a diagonal and a sum
def prefix_score(weights, period):
    T = weights.size(1)
    later = weights[:, period:, 1:]
    return torch.diagonal(later, dim1=1, dim2=2).sum(-1) / (T - period)

# %% wrong 16.prefix_score: the same token one period ago, not what came after it
def prefix_score(weights, period):
    t = torch.arange(period, weights.shape[-1])
    return weights[:, t, t - period].mean(dim=1)

# %% wrong 16.prefix_score: what came before the same token (t - p - 1)
def prefix_score(weights, period):
    t = torch.arange(period + 1, weights.shape[-1])
    return weights[:, t, t - period - 1].sum(dim=1) / (weights.shape[-1] - period)

# %% wrong 16.prefix_score: the whole diagonal, with the place t = p - 1 that is still in the first copy
def prefix_score(weights, period):
    return weights.diagonal(offset=1 - period, dim1=1, dim2=2).mean(dim=-1)

# %% wrong 16.prefix_score: rows and columns exchanged
def prefix_score(weights, period):
    t = torch.arange(period, weights.shape[-1])
    return weights[:, t - period + 1, t].mean(dim=1)

# %% wrong 16.prefix_score: divided by T instead of T - p
def prefix_score(weights, period):
    T = weights.shape[-1]
    t = torch.arange(period, T)
    return weights[:, t, t - period + 1].sum(dim=1) / T

# %% wrong 16.prefix_score: the sum, not the mean
def prefix_score(weights, period):
    t = torch.arange(period, weights.shape[1])
    return weights[:, t, t - period + 1].sum(dim=1)

# %% wrong 16.prefix_score: the first period of the second copy only, T taken to be 2 p
def prefix_score(weights, period):
    t = torch.arange(period, 2 * period)
    return weights[:, t, t - period + 1].mean(dim=1)

# %% wrong 16.prefix_score: the mean runs over the heads too, one number
def prefix_score(weights, period):
    t = torch.arange(period, weights.shape[-1])
    return weights[:, t, t - period + 1].mean()

# %% wrong 16.prefix_score: the last place is left out
def prefix_score(weights, period):
    total = 0
    for t in range(period, weights.shape[1] - 1):
        total = total + weights[:, t, t - period + 1]
    return total / (weights.shape[1] - 1 - period)

# %% wrong 16.prefix_score: the mean runs over the heads instead of the places
def prefix_score(weights, period):
    t = torch.arange(period, weights.shape[-1])
    return weights[:, t, t - period + 1].mean(dim=0)

# %% wrong 16.prefix_score: the highest weight instead of the mean
def prefix_score(weights, period):
    t = torch.arange(period, weights.shape[-1])
    return weights[:, t, t - period + 1].max(dim=1).values
