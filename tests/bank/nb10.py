# %% right 10.forced_sides: START in front, END behind
def forced_sides(target, start, end):
    return [start] + target, target + [end]

# %% right 10.forced_sides: the whole sequence, cut twice
def forced_sides(target, start, end):
    whole = [start, *target, end]
    return whole[:-1], whole[1:]

# %% right 10.forced_sides: copies that are added to
def forced_sides(words, start, end):
    goes_in = list(words)
    goes_in.insert(0, start)
    comes_out = list(words)
    comes_out.append(end)
    return goes_in, comes_out

# %% wrong 10.forced_sides: the two sides swapped
def forced_sides(target, start, end):
    return target + [end], [start] + target

# %% wrong 10.forced_sides: END is never asked for, the last word is not read
def forced_sides(target, start, end):
    return [start] + target[:-1], list(target)

# %% wrong 10.forced_sides: both marks go in, so that the two have different lengths
def forced_sides(target, start, end):
    return [start] + target + [end], target + [end]

# %% wrong 10.forced_sides: not shifted, the decoder reads the very word that it should answer
def forced_sides(target, start, end):
    return target + [end], target + [end]

# %% wrong 10.forced_sides: the list given is changed by append and insert
def forced_sides(target, start, end):
    answer = target
    answer.append(end)
    return [start] + answer[:-1], answer

# %% wrong 10.forced_sides: START stands in the answer as well
def forced_sides(target, start, end):
    return [start, *target, end], [start, *target, end]

# %% wrong 10.forced_sides: END is put in front and START behind
def forced_sides(target, start, end):
    return [end] + target, target + [start]

# %% right 10.last_real: count the real tokens, index with pairs
def last_real(states, source):
    lengths = (source != PAD_ID).sum(dim=1)
    return states[torch.arange(len(source)), lengths - 1]

# %% right 10.last_real: gather
def last_real(states, source):
    last = (source != PAD_ID).sum(dim=1) - 1
    return states.gather(1, last[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)

# %% right 10.last_real: a loop and torch.stack
def last_real(states, source):
    found = []
    for state, ids in zip(states, source):
        real = state[ids != PAD_ID]
        found.append(real[-1])
    return torch.stack(found)

# %% right 10.last_real: a one-hot mask and einsum
def last_real(states, source):
    real = source.ne(PAD_ID)
    after = torch.cat([real[:, 1:], torch.zeros_like(real[:, :1])], dim=1)
    at_last = (real & ~after).to(states.dtype)
    return torch.einsum("bs,bsh->bh", at_last, states)

# %% wrong 10.last_real: the last column, padding or not
def last_real(states, source):
    return states[:, -1]

# %% wrong 10.last_real: one too far, the count is taken as the place
def last_real(states, source):
    lengths = (source != PAD_ID).sum(dim=1).clamp(max=source.shape[1] - 1)
    return states[torch.arange(len(source)), lengths]

# %% wrong 10.last_real: the place of the first pad by argmin, which goes wrong for a source without padding
def last_real(states, source):
    first_pad = source.argmin(dim=1)
    return states[torch.arange(len(source)), first_pad - 1]

# %% wrong 10.last_real: the mean over the real states instead of the last
def last_real(states, source):
    mask = (source != PAD_ID).to(states.dtype)[:, :, None]
    return (states * mask).sum(dim=1) / mask.sum(dim=1)

# %% wrong 10.last_real: one length for all, that of the longest source
def last_real(states, source):
    longest = int((source != PAD_ID).sum(dim=1).max())
    return states[:, longest - 1]

# %% wrong 10.last_real: indexing with a colon gives every length for every source, (B, B, H)
def last_real(states, source):
    lengths = (source != PAD_ID).sum(dim=1)
    return states[:, lengths - 1]

# %% wrong 10.last_real: counted along the batch instead of along the sequence
def last_real(states, source):
    lengths = (source != PAD_ID).sum(dim=0)
    return torch.stack([states[b, lengths[b] - 1] for b in range(len(states))])

# %% wrong 10.last_real: the token with the largest id is taken for the last
def last_real(states, source):
    return states[torch.arange(len(source)), source.argmax(dim=1)]

# %% wrong 10.last_real: the state of the first token instead of the last
def last_real(states, source):
    return states[:, 0]

# %% right 10.Decoder: chunk for the parts, run for the rest
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        return torch.tanh(self.from_context(context)).chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states), state

# %% right 10.Decoder: the layer called directly, without run
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        s = self.from_context(context).tanh()
        return tuple(s.unflatten(1, (self.parts, -1)).unbind(dim=1))

    def forward(self, tokens, state):
        x = self.embedding(tokens)
        if self.parts == 2:
            h, c = state
            out, (h, c) = self.recurrent(x, (h.unsqueeze(0).contiguous(), c.unsqueeze(0).contiguous()))
            new = (h.squeeze(0), c.squeeze(0))
        else:
            out, h = self.recurrent(x, state[0].unsqueeze(0).contiguous())
            new = (h.squeeze(0),)
        return self.readout(out), new

# %% right 10.Decoder: one token at a time in a loop
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        size = self.readout.in_features
        weight, bias = self.from_context.weight, self.from_context.bias
        return tuple(torch.tanh(context @ weight[k * size:(k + 1) * size].T + bias[k * size:(k + 1) * size])
                     for k in range(self.parts))

    def forward(self, tokens, state):
        logits = []
        for t in range(tokens.shape[1]):
            out, state = run(self.recurrent, self.embedding(tokens[:, t:t + 1]), state)
            logits.append(self.readout(out[:, 0]))
        return torch.stack(logits, dim=1), state

# %% wrong 10.Decoder: no tanh on the first state
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        return self.from_context(context).chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states), state

# %% wrong 10.Decoder: the state handed in is not used, the layer begins from zeros
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        return torch.tanh(self.from_context(context)).chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        states, last = self.recurrent(self.embedding(tokens))
        last = last if isinstance(last, tuple) else (last,)
        return self.readout(states), tuple(part[0] for part in last)

# %% wrong 10.Decoder: the old state is handed back instead of the new one
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        return torch.tanh(self.from_context(context)).chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        states, _ = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states), state

# %% wrong 10.Decoder: log probabilities are returned instead of logits
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        return torch.tanh(self.from_context(context)).chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states).log_softmax(dim=-1), state

# %% wrong 10.Decoder: an LSTM's cell begins from zeros, only h comes from the context
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        h = torch.tanh(self.from_context(context))[:, : self.readout.in_features]
        return (h, torch.zeros_like(h)) if self.parts == 2 else (h,)

    def forward(self, tokens, state):
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states), state

# %% wrong 10.Decoder: begin returns a tensor instead of a tuple of one
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        s = torch.tanh(self.from_context(context))
        return s if self.parts == 1 else s.chunk(2, dim=1)

    def forward(self, tokens, state):
        if torch.is_tensor(state):
            state = (state,)
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states), state if len(state) == 2 else state[0]

# %% wrong 10.Decoder: the context is detached, the encoder would get no gradient
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        return torch.tanh(self.from_context(context.detach())).chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states), state

# %% wrong 10.Decoder: the parts of an LSTM's first state are cut as alternate numbers, not as two halves (loop style)
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        s = torch.tanh(self.from_context(context))
        return tuple(s[:, k::self.parts] for k in range(self.parts))

    def forward(self, tokens, state):
        found = []
        for t in range(tokens.shape[1]):
            out, state = run(self.recurrent, self.embedding(tokens[:, [t]]), state)
            found.append(self.readout(out))
        return torch.cat(found, dim=1), state

# %% wrong 10.Decoder: only the last token's logits are returned
class Decoder(nn.Module):
    def __init__(self, vocabulary_size, embedding_size, hidden_size, context_size, layer="gru"):
        super().__init__()
        self.parts = 2 if layer == "lstm" else 1
        self.embedding = nn.Embedding(vocabulary_size, embedding_size, padding_idx=PAD_ID)
        self.from_context = nn.Linear(context_size, self.parts * hidden_size)
        self.recurrent = RECURRENT[layer](embedding_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, vocabulary_size)

    def begin(self, context):
        return torch.tanh(self.from_context(context)).chunk(self.parts, dim=1)

    def forward(self, tokens, state):
        states, state = run(self.recurrent, self.embedding(tokens), state)
        return self.readout(states[:, -1:]), state

# %% right 10.greedy: a mask of the ended, torch.where
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    like = first_tensor(state)
    token = torch.full((len(like),), start, device=like.device)
    ended = torch.zeros_like(token, dtype=torch.bool)
    written = []
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = torch.where(ended, end, logits.argmax(dim=1))
        written.append(token)
        ended = ended | (token == end)
        if ended.all():
            break
    return torch.stack(written, dim=1)

# %% right 10.greedy: filled array of end marks, cut at the end
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    B = len(first_tensor(state))
    tokens = torch.full((B, max_steps), end)
    last = torch.full((B,), start)
    running = torch.ones(B, dtype=torch.bool)
    for t in range(max_steps):
        logits, state = step(last, state)
        last = logits.max(dim=1).indices
        last[~running] = end
        tokens[:, t] = last
        running &= last != end
        if not running.any():
            return tokens[:, : t + 1]
    return tokens

# %% right 10.greedy: while loop, tokens joined with cat
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    batch = first_tensor(state).shape[0]
    seen = torch.full((batch, 1), start)
    while seen.shape[1] <= max_steps and not (seen[:, 1:] == end).any(dim=1).all():
        logits, state = step(seen[:, -1], state)
        best = logits.argmax(dim=-1)
        best = best.masked_fill((seen[:, 1:] == end).any(dim=1), end)
        seen = torch.cat([seen, best[:, None]], dim=1)
    return seen[:, 1:]

# %% wrong 10.greedy: words go on after the end mark
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    ended = torch.zeros(len(token), dtype=torch.bool)
    written = []
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = logits.argmax(dim=1)
        written.append(token)
        ended |= token == end
        if ended.all():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: stops as soon as any sequence has ended
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    written = []
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = logits.argmax(dim=1)
        written.append(token)
        if (token == end).any():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: the state is not carried, every step begins from the first
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    ended = torch.zeros(len(token), dtype=torch.bool)
    written = []
    for _ in range(max_steps):
        logits, _ = step(token, state)
        token = torch.where(ended, end, logits.argmax(dim=1))
        written.append(token)
        ended |= token == end
        if ended.all():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: the start mark stands in front of what is returned
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    ended = torch.zeros(len(token), dtype=torch.bool)
    written = [token]
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = torch.where(ended, end, logits.argmax(dim=1))
        written.append(token)
        ended |= token == end
        if ended.all():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: start is read at every step, not what was written
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    first = torch.full((len(first_tensor(state)),), start)
    ended = torch.zeros(len(first), dtype=torch.bool)
    written = []
    for _ in range(max_steps):
        logits, state = step(first, state)
        token = torch.where(ended, end, logits.argmax(dim=1))
        written.append(token)
        ended |= token == end
        if ended.all():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: stops only when all write end at the same step, without forcing it
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    written = []
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = logits.argmax(dim=1)
        written.append(token)
        if (token == end).all():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: after the end mark comes padding 0 instead of end
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    ended = torch.zeros(len(token), dtype=torch.bool)
    written = []
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = logits.argmax(dim=1).masked_fill(ended, PAD_ID)
        written.append(token)
        ended |= token == end
        if ended.all():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: breaks before the last tokens are kept, the final end mark is missing
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    ended = torch.zeros(len(token), dtype=torch.bool)
    written = []
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = torch.where(ended, end, logits.argmax(dim=1))
        ended |= token == end
        if ended.all():
            break
        written.append(token)
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: the page's END_ID instead of the end handed in
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token = torch.full((len(first_tensor(state)),), start)
    ended = torch.zeros(len(token), dtype=torch.bool)
    written = []
    for _ in range(max_steps):
        logits, state = step(token, state)
        token = torch.where(ended, END_ID, logits.argmax(dim=1))
        written.append(token)
        ended |= token == END_ID
        if ended.all():
            break
    return torch.stack(written, dim=1)

# %% wrong 10.greedy: written for one sequence, .item() fails for a batch
@torch.no_grad()
def greedy(step, state, start, end, max_steps):
    token, written = torch.tensor([start]), []
    for _ in range(max_steps):
        logits, state = step(token, state)
        word = logits.argmax(dim=1).item()
        written.append(word)
        if word == end:
            break
        token = torch.tensor([word])
    return torch.tensor([written])

# %% right 10.error_rates: cumulated errors, the token's own taken off
def error_rates(right, real):
    wrong = real & ~right
    before = wrong.long().cumsum(dim=1) - wrong.long()
    clean, spoilt = real & (before == 0), real & (before > 0)
    return wrong[clean].double().mean(), wrong[spoilt].double().mean()

# %% right 10.error_rates: loop, plain floats (ambiguous: the docstring says numbers, a later cell of the page calls .item() on them)
def error_rates(right, real):
    errors, tokens = [0, 0], [0, 0]
    for row_right, row_real in zip(right.tolist(), real.tolist()):
        after = 0
        for ok, counted in zip(row_right, row_real):
            if not counted:
                continue
            tokens[after] += 1
            if not ok:
                errors[after] += 1
                after = 1
    return errors[0] / max(tokens[0], 1), errors[1] / max(tokens[1], 1)

# %% right 10.error_rates: all right so far by cumprod, shifted by one
def error_rates(right, real):
    good = (right | ~real).long().cumprod(dim=1).bool()
    so_far = torch.cat([torch.ones_like(good[:, :1]), good[:, :-1]], dim=1)
    rates = []
    for group in (real & so_far, real & ~so_far):
        rates.append((group & ~right).sum() / group.sum())
    return tuple(rates)

# %% right 10.error_rates: NumPy, with NumPy's numbers
def error_rates(right, real):
    right, real = np.asarray(right), np.asarray(real)
    wrong = real & ~right
    seen = np.zeros_like(wrong)
    seen[:, 1:] = np.logical_or.accumulate(wrong, axis=1)[:, :-1]
    return wrong[real & ~seen].mean(), wrong[real & seen].mean()

# %% wrong 10.error_rates: the token's own error counts as one before it
def error_rates(right, real):
    wrong = real & ~right
    seen = wrong.long().cumsum(dim=1) > 0
    return wrong[real & ~seen].double().mean(), wrong[real & seen].double().mean()

# %% wrong 10.error_rates: padding is counted, as errors
def error_rates(right, real):
    wrong = ~right
    before = wrong.long().cumsum(dim=1) - wrong.long()
    return wrong[before == 0].double().mean(), wrong[before > 0].double().mean()

# %% wrong 10.error_rates: padding counts among the tokens, though not as errors
def error_rates(right, real):
    wrong = real & ~right
    before = wrong.long().cumsum(dim=1) - wrong.long()
    return wrong[before == 0].double().mean(), wrong[before > 0].double().mean()

# %% wrong 10.error_rates: only the token directly before is looked at
def error_rates(right, real):
    wrong = real & ~right
    after = torch.zeros_like(wrong)
    after[:, 1:] = wrong[:, :-1]
    return wrong[real & ~after].double().mean(), wrong[real & after].double().mean()

# %% wrong 10.error_rates: the shares of right tokens instead of errors
def error_rates(right, real):
    wrong = real & ~right
    before = wrong.long().cumsum(dim=1) - wrong.long()
    return right[real & (before == 0)].double().mean(), right[real & (before > 0)].double().mean()

# %% wrong 10.error_rates: both divided by the number of all real tokens
def error_rates(right, real):
    wrong = real & ~right
    before = wrong.long().cumsum(dim=1) - wrong.long()
    total = real.sum()
    return (wrong & (before == 0)).sum() / total, (wrong & (before > 0)).sum() / total

# %% wrong 10.error_rates: cumulated along the batch instead of the steps
def error_rates(right, real):
    wrong = real & ~right
    before = wrong.long().cumsum(dim=0) - wrong.long()
    return wrong[real & (before == 0)].double().mean(), wrong[real & (before > 0)].double().mean()

# %% wrong 10.error_rates: returned in the wrong order, after an error first
def error_rates(right, real):
    wrong = real & ~right
    before = wrong.long().cumsum(dim=1) - wrong.long()
    return wrong[real & (before > 0)].double().mean(), wrong[real & (before == 0)].double().mean()

# %% wrong 10.error_rates: a mean over the sequences' own rates instead of over all tokens
def error_rates(right, real):
    groups = [[], []]
    for ok, counted in zip(right, real):
        wrong = (~ok & counted).long()
        before = wrong.cumsum(0) - wrong
        for k, group in enumerate((counted & (before == 0), counted & (before > 0))):
            if group.any():
                groups[k].append(wrong[group].double().mean())
    return tuple(torch.stack(group).mean() if group else torch.tensor(0.0) for group in groups)

# %% right 10.best_beams: ended beams by where, topk over width · V, gather
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    only_end = torch.full((V,), -torch.inf, dtype=each.dtype, device=each.device)
    only_end[end] = 0.0
    added = torch.where(ended[:, :, None], only_end, each)
    total = log_p[:, :, None] + added
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    score = total / longer**length_power
    chosen = score.flatten(1).topk(width, dim=1).indices
    return chosen // V, chosen % V, total.flatten(1).gather(1, chosen), longer.flatten(1).gather(1, chosen)

# %% right 10.best_beams: masked copy and index by rows
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    each = each.clone()
    each[ended] = -torch.inf
    each[..., end] = each[..., end].masked_fill(ended, 0.0)
    total = each + log_p.unsqueeze(-1)
    new_lengths = lengths + (~ended)
    score = total / (new_lengths**length_power).unsqueeze(-1)
    _, place = score.reshape(len(each), -1).sort(dim=1, descending=True, stable=True)
    place = place[:, : each.shape[1]]
    parent = torch.div(place, each.shape[2], rounding_mode="floor")
    token = place - parent * each.shape[2]
    row = torch.arange(len(each), device=each.device)[:, None]
    return parent, token, total[row, parent, token], new_lengths[row, parent]

# %% right 10.best_beams: plain Python lists of candidates
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    parents, tokens, scores, sizes = [], [], [], []
    for b in range(B):
        candidates = []
        for k in range(width):
            for v in range(V):
                if ended[b, k]:
                    p = log_p[b, k].item() if v == end else -math.inf
                    size = lengths[b, k].item()
                else:
                    p = log_p[b, k].item() + each[b, k, v].item()
                    size = lengths[b, k].item() + 1
                candidates.append((p / size**length_power, k, v, p, size))
        best = sorted(candidates, key=lambda one: -one[0])[:width]
        parents.append([one[1] for one in best])
        tokens.append([one[2] for one in best])
        scores.append([one[3] for one in best])
        sizes.append([one[4] for one in best])
    return (torch.tensor(parents), torch.tensor(tokens), torch.tensor(scores, dtype=log_p.dtype),
            torch.tensor(sizes, dtype=lengths.dtype))

# %% wrong 10.best_beams: ended beginnings pay for the end mark that they repeat
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    each = each.clone()
    others = torch.arange(V, device=each.device) != end
    each[ended[:, :, None] & others] = -torch.inf
    total = log_p[:, :, None] + each
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    chosen = (total / longer**length_power).flatten(1).topk(width, dim=1).indices
    return chosen // V, chosen % V, total.flatten(1).gather(1, chosen), longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: lengths of ended beginnings grow too
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    only_end = torch.full((V,), -torch.inf, dtype=each.dtype, device=each.device)
    only_end[end] = 0.0
    total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
    longer = (lengths + 1)[:, :, None].expand(B, width, V)
    chosen = (total / longer**length_power).flatten(1).topk(width, dim=1).indices
    return chosen // V, chosen % V, total.flatten(1).gather(1, chosen), longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: the score divided by the length is returned as log p
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    only_end = torch.full((V,), -torch.inf, dtype=each.dtype, device=each.device)
    only_end[end] = 0.0
    total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    score, chosen = (total / longer**length_power).flatten(1).topk(width, dim=1)
    return chosen // V, chosen % V, score, longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: chosen by log p alone, the length power is ignored
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    only_end = torch.full((V,), -torch.inf, dtype=each.dtype, device=each.device)
    only_end[end] = 0.0
    total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    best, chosen = total.flatten(1).topk(width, dim=1)
    return chosen // V, chosen % V, best, longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: the length before the new token is what the score is divided by
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    only_end = torch.full((V,), -torch.inf, dtype=each.dtype, device=each.device)
    only_end[end] = 0.0
    total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    score = total / lengths.clamp(min=1)[:, :, None] ** length_power
    chosen = score.flatten(1).topk(width, dim=1).indices
    return chosen // V, chosen % V, total.flatten(1).gather(1, chosen), longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: place divided by the width instead of the vocabulary's size
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    only_end = torch.full((V,), -torch.inf, dtype=each.dtype, device=each.device)
    only_end[end] = 0.0
    total = log_p[:, :, None] + torch.where(ended[:, :, None], only_end, each)
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    chosen = (total / longer**length_power).flatten(1).topk(width, dim=1).indices
    return chosen // width, chosen % width, total.flatten(1).gather(1, chosen), longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: lengths are not moved to the chosen parents, they stay in the old order
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    each = each.clone()
    each[ended] = -torch.inf
    each[..., end] = each[..., end].masked_fill(ended, 0.0)
    total = each + log_p.unsqueeze(-1)
    new_lengths = lengths + (~ended)
    score = total / (new_lengths**length_power).unsqueeze(-1)
    place = score.flatten(1).topk(each.shape[1], dim=1).indices
    parent, token = place // each.shape[2], place % each.shape[2]
    return parent, token, total.flatten(1).gather(1, place), new_lengths

# %% wrong 10.best_beams: ended beginnings may go on with any word
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    total = log_p[:, :, None] + each.masked_fill(ended[:, :, None], 0.0)
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    chosen = (total / longer**length_power).flatten(1).topk(width, dim=1).indices
    return chosen // V, chosen % V, total.flatten(1).gather(1, chosen), longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: the table of log p handed in is changed in place
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    B, width, V = each.shape
    each[ended] = -torch.inf
    each[:, :, end][ended] = 0.0
    each += log_p[:, :, None]
    longer = (lengths + (~ended).to(lengths.dtype))[:, :, None].expand(B, width, V)
    chosen = (each / longer**length_power).flatten(1).topk(width, dim=1).indices
    return chosen // V, chosen % V, each.flatten(1).gather(1, chosen), longer.flatten(1).gather(1, chosen)

# %% wrong 10.best_beams: each beginning keeps its own best continuation, beginnings don't compete (sorted afterwards)
def best_beams(each, log_p, lengths, ended, end, length_power=0.0):
    each = each.clone()
    each[ended] = -torch.inf
    each[..., end] = each[..., end].masked_fill(ended, 0.0)
    best, token = each.max(dim=2)
    total, longer = log_p + best, lengths + (~ended)
    order = (total / longer**length_power).argsort(dim=1, descending=True)
    return order, token.gather(1, order), total.gather(1, order), longer.gather(1, order)

# %% right 10.ngram_matches: Counters and their intersection
def ngram_matches(candidate, reference, n):
    def count(words):
        return Counter(tuple(words[k:k + n]) for k in range(len(words) - n + 1))

    mine, theirs = count(candidate), count(reference)
    return sum((mine & theirs).values()), sum(mine.values())

# %% right 10.ngram_matches: zip of shifted lists, minimum written out
def ngram_matches(candidate, reference, n):
    grams = lambda words: list(zip(*(words[k:] for k in range(n))))
    ours, given = grams(candidate), grams(reference)
    matches = 0
    for gram in set(ours):
        matches += min(ours.count(gram), given.count(gram))
    return matches, len(ours)

# %% right 10.ngram_matches: matched n-grams are struck off a list
def ngram_matches(candidate, reference, n):
    left = [tuple(reference[k:k + n]) for k in range(len(reference) - n + 1)]
    matches = total = 0
    for k in range(len(candidate) - n + 1):
        gram = tuple(candidate[k:k + n])
        total += 1
        if gram in left:
            left.remove(gram)
            matches += 1
    return matches, total

# %% wrong 10.ngram_matches: not clipped, repeating a word pays
def ngram_matches(candidate, reference, n):
    ours = [tuple(candidate[k:k + n]) for k in range(len(candidate) - n + 1)]
    given = {tuple(reference[k:k + n]) for k in range(len(reference) - n + 1)}
    return sum(gram in given for gram in ours), len(ours)

# %% wrong 10.ngram_matches: sets, each n-gram counts once
def ngram_matches(candidate, reference, n):
    ours = {tuple(candidate[k:k + n]) for k in range(len(candidate) - n + 1)}
    given = {tuple(reference[k:k + n]) for k in range(len(reference) - n + 1)}
    return len(ours & given), len(ours)

# %% wrong 10.ngram_matches: how many n-grams the reference has, instead of the candidate
def ngram_matches(candidate, reference, n):
    ours = Counter(tuple(candidate[k:k + n]) for k in range(len(candidate) - n + 1))
    given = Counter(tuple(reference[k:k + n]) for k in range(len(reference) - n + 1))
    return sum((ours & given).values()), sum(given.values())

# %% wrong 10.ngram_matches: the last n-gram is left out, range without + 1
def ngram_matches(candidate, reference, n):
    ours = Counter(tuple(candidate[k:k + n]) for k in range(len(candidate) - n))
    given = Counter(tuple(reference[k:k + n]) for k in range(len(reference) - n))
    return sum((ours & given).values()), sum(ours.values())

# %% wrong 10.ngram_matches: the total is negative for a candidate shorter than n - 1
def ngram_matches(candidate, reference, n):
    ours = Counter(tuple(candidate[k:k + n]) for k in range(len(candidate) - n + 1))
    given = Counter(tuple(reference[k:k + n]) for k in range(len(reference) - n + 1))
    return sum((ours & given).values()), len(candidate) - n + 1

# %% wrong 10.ngram_matches: the quotient is returned instead of numerator and denominator
def ngram_matches(candidate, reference, n):
    ours = Counter(tuple(candidate[k:k + n]) for k in range(len(candidate) - n + 1))
    given = Counter(tuple(reference[k:k + n]) for k in range(len(reference) - n + 1))
    return sum((ours & given).values()) / max(sum(ours.values()), 1)

# %% wrong 10.ngram_matches: tokens glued together without a gap, so that different n-grams look alike
def ngram_matches(candidate, reference, n):
    ours = Counter("".join(candidate[k:k + n]) for k in range(len(candidate) - n + 1))
    given = Counter("".join(reference[k:k + n]) for k in range(len(reference) - n + 1))
    return sum(min(count, given[gram]) for gram, count in ours.items()), sum(ours.values())

# %% wrong 10.ngram_matches: shorter pieces at the end of a sentence are counted too
def ngram_matches(candidate, reference, n):
    ours = Counter(tuple(candidate[k:k + n]) for k in range(len(candidate)))
    given = Counter(tuple(reference[k:k + n]) for k in range(len(reference)))
    return sum((ours & given).values()), sum(ours.values())

# %% wrong 10.ngram_matches: slices of lists in a Counter, an error since lists can't be hashed
def ngram_matches(candidate, reference, n):
    ours = Counter(candidate[k:k + n] for k in range(len(candidate) - n + 1))
    given = Counter(reference[k:k + n] for k in range(len(reference) - n + 1))
    return sum((ours & given).values()), sum(ours.values())

# %% right 10.corpus_bleu: sums over the corpus, product to the power of a quarter
def corpus_bleu(candidates, references):
    matches, totals = [0] * 4, [0] * 4
    for candidate, reference in zip(candidates, references, strict=True):
        for n in range(1, 5):
            m, t = ngram_matches(candidate, reference, n)
            matches[n - 1] += m
            totals[n - 1] += t
    if min(matches) == 0:
        return 0.0
    l_c, l_r = sum(map(len, candidates)), sum(map(len, references))
    product = math.prod(m / t for m, t in zip(matches, totals))
    return 100 * min(1.0, math.exp(1 - l_r / l_c)) * product**0.25

# %% right 10.corpus_bleu: NumPy and logarithms
def corpus_bleu(candidates, references):
    counts = np.array([[ngram_matches(c, r, n) for n in (1, 2, 3, 4)] for c, r in zip(candidates, references)])
    matches, totals = counts.sum(axis=0).T
    if (matches == 0).any():
        return 0.0
    ours, given = sum(len(c) for c in candidates), sum(len(r) for r in references)
    penalty = 1.0 if ours >= given else np.exp(1 - given / ours)
    return float(100 * penalty * np.exp(np.mean(np.log(matches / totals))))

# %% right 10.corpus_bleu: one precision after another, zero at once
def corpus_bleu(candidates, references):
    pairs = list(zip(candidates, references))
    score = 1.0
    for n in range(1, 5):
        found = [ngram_matches(candidate, reference, n) for candidate, reference in pairs]
        numerator, denominator = sum(m for m, _ in found), sum(t for _, t in found)
        if not numerator:
            return 0.0
        score *= numerator / denominator
    said = sum(len(candidate) for candidate, _ in pairs)
    wanted = sum(len(reference) for _, reference in pairs)
    brevity = math.exp(min(0.0, 1 - wanted / said))
    return 100.0 * brevity * math.sqrt(math.sqrt(score))

# %% wrong 10.corpus_bleu: the mean of the sentences' own scores
def corpus_bleu(candidates, references):
    scores = []
    for c, r in zip(candidates, references):
        counts = [ngram_matches(c, r, n) for n in range(1, 5)]
        if any(m == 0 for m, _ in counts):
            scores.append(0.0)
            continue
        product = math.prod(m / t for m, t in counts)
        scores.append(100 * min(1.0, math.exp(1 - len(r) / len(c))) * product**0.25)
    return sum(scores) / len(scores)

# %% wrong 10.corpus_bleu: the brevity ratio upside down
def corpus_bleu(candidates, references):
    counts = np.array([[ngram_matches(c, r, n) for n in (1, 2, 3, 4)] for c, r in zip(candidates, references)])
    matches, totals = counts.sum(axis=0).T
    if (matches == 0).any():
        return 0.0
    ours, given = sum(len(c) for c in candidates), sum(len(r) for r in references)
    return float(100 * min(1.0, np.exp(1 - ours / given)) * np.exp(np.log(matches / totals).mean()))

# %% wrong 10.corpus_bleu: no minimum with 1, long candidates are rewarded
def corpus_bleu(candidates, references):
    counts = np.array([[ngram_matches(c, r, n) for n in (1, 2, 3, 4)] for c, r in zip(candidates, references)])
    matches, totals = counts.sum(axis=0).T
    if (matches == 0).any():
        return 0.0
    ours, given = sum(len(c) for c in candidates), sum(len(r) for r in references)
    return float(100 * np.exp(1 - given / ours) * np.exp(np.log(matches / totals).mean()))

# %% wrong 10.corpus_bleu: the arithmetic mean of the precisions
def corpus_bleu(candidates, references):
    counts = np.array([[ngram_matches(c, r, n) for n in (1, 2, 3, 4)] for c, r in zip(candidates, references)])
    matches, totals = counts.sum(axis=0).T
    if (matches == 0).any():
        return 0.0
    ours, given = sum(len(c) for c in candidates), sum(len(r) for r in references)
    return float(100 * min(1.0, np.exp(1 - given / ours)) * (matches / totals).mean())

# %% wrong 10.corpus_bleu: from 0 to 1, the factor 100 is missing
def corpus_bleu(candidates, references):
    product = 1.0
    for n in range(1, 5):
        found = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        m, t = map(sum, zip(*found))
        if m == 0:
            return 0.0
        product *= m / t
    l_c, l_r = sum(map(len, candidates)), sum(map(len, references))
    return min(1.0, math.exp(1 - l_r / l_c)) * product**0.25

# %% wrong 10.corpus_bleu: n goes only to 3, range(1, 4)
def corpus_bleu(candidates, references):
    product = 1.0
    for n in range(1, 4):
        found = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        m, t = map(sum, zip(*found))
        if m == 0:
            return 0.0
        product *= m / t
    l_c, l_r = sum(map(len, candidates)), sum(map(len, references))
    return 100 * min(1.0, math.exp(1 - l_r / l_c)) * product ** (1 / 3)

# %% wrong 10.corpus_bleu: precisions without a match are skipped instead of making BLEU 0
def corpus_bleu(candidates, references):
    precisions = []
    for n in range(1, 5):
        found = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        m, t = map(sum, zip(*found))
        if m:
            precisions.append(m / t)
    if not precisions:
        return 0.0
    l_c, l_r = sum(map(len, candidates)), sum(map(len, references))
    return 100 * min(1.0, math.exp(1 - l_r / l_c)) * math.prod(precisions) ** (1 / len(precisions))

# %% wrong 10.corpus_bleu: lengths counted in sentences, so that there never is a brevity penalty
def corpus_bleu(candidates, references):
    product = 1.0
    for n in range(1, 5):
        found = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        m, t = map(sum, zip(*found))
        if m == 0:
            return 0.0
        product *= m / t
    return 100 * min(1.0, math.exp(1 - len(references) / len(candidates))) * product**0.25

# %% wrong 10.corpus_bleu: the root is missing, the plain product of the four
def corpus_bleu(candidates, references):
    counts = np.array([[ngram_matches(c, r, n) for n in (1, 2, 3, 4)] for c, r in zip(candidates, references)])
    matches, totals = counts.sum(axis=0).T
    if (matches == 0).any():
        return 0.0
    ours, given = sum(len(c) for c in candidates), sum(len(r) for r in references)
    return float(100 * min(1.0, np.exp(1 - given / ours)) * np.prod(matches / totals))

# %% wrong 10.corpus_bleu: a precision of 0 is not caught, the logarithm or the division fails
def corpus_bleu(candidates, references):
    logs = 0.0
    for n in range(1, 5):
        found = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]
        m, t = map(sum, zip(*found))
        logs += math.log(m / t)
    l_c, l_r = sum(map(len, candidates)), sum(map(len, references))
    return 100 * min(1.0, math.exp(1 - l_r / l_c)) * math.exp(logs / 4)

# %% right 10.own_words: shifted prediction and one mask
def own_words(target_in, predicted, draws, share):
    before = torch.cat([target_in[:, :1], predicted[:, :-1]], dim=1)
    replace = (draws < share) & (target_in != PAD_ID)
    replace[:, 0] = False
    return torch.where(replace, before, target_in)

# %% right 10.own_words: a copy, changed from column 1 on
def own_words(target_in, predicted, draws, share):
    mixed = target_in.clone()
    change = (draws[:, 1:] < share) & (target_in[:, 1:] != PAD_ID)
    mixed[:, 1:][change] = predicted[:, :-1][change]
    return mixed

# %% right 10.own_words: two loops
def own_words(target_in, predicted, draws, share):
    out = target_in.clone()
    B, T = target_in.shape
    for b in range(B):
        for t in range(1, T):
            if target_in[b, t] != PAD_ID and draws[b, t] < share:
                out[b, t] = predicted[b, t - 1]
    return out

# %% right 10.own_words: roll, START known by its id
def own_words(target_in, predicted, draws, share):
    keep = (target_in == PAD_ID) | (torch.arange(target_in.shape[1], device=target_in.device) == 0) | (draws >= share)
    return torch.roll(predicted, 1, dims=1).masked_scatter(keep, target_in[keep])

# %% wrong 10.own_words: not shifted, the answer of the same step goes in
def own_words(target_in, predicted, draws, share):
    replace = (draws < share) & (target_in != PAD_ID)
    replace[:, 0] = False
    return torch.where(replace, predicted, target_in)

# %% wrong 10.own_words: START is replaced too, by the last answer that roll brings round
def own_words(target_in, predicted, draws, share):
    replace = (draws < share) & (target_in != PAD_ID)
    return torch.where(replace, predicted.roll(1, dims=1), target_in)

# %% wrong 10.own_words: padding is replaced too
def own_words(target_in, predicted, draws, share):
    mixed = target_in.clone()
    change = draws[:, 1:] < share
    mixed[:, 1:][change] = predicted[:, :-1][change]
    return mixed

# %% wrong 10.own_words: replaced where the draw is above the share
def own_words(target_in, predicted, draws, share):
    before = torch.cat([target_in[:, :1], predicted[:, :-1]], dim=1)
    replace = (draws > share) & (target_in != PAD_ID)
    replace[:, 0] = False
    return torch.where(replace, before, target_in)

# %% wrong 10.own_words: target_in is changed in place
def own_words(target_in, predicted, draws, share):
    change = (draws[:, 1:] < share) & (target_in[:, 1:] != PAD_ID)
    target_in[:, 1:][change] = predicted[:, :-1][change]
    return target_in

# %% wrong 10.own_words: shifted the wrong way, the answer of the step after goes in
def own_words(target_in, predicted, draws, share):
    after = torch.cat([predicted[:, 1:], target_in[:, -1:]], dim=1)
    replace = (draws < share) & (target_in != PAD_ID)
    replace[:, 0] = False
    return torch.where(replace, after, target_in)

# %% wrong 10.own_words: the draw of the step before decides, draws are shifted along with the answers
def own_words(target_in, predicted, draws, share):
    out = target_in.clone()
    for t in range(1, target_in.shape[1]):
        change = (draws[:, t - 1] < share) & (target_in[:, t] != PAD_ID)
        out[change, t] = predicted[change, t - 1]
    return out

# %% wrong 10.own_words: one draw a sequence, the first, decides for the whole row
def own_words(target_in, predicted, draws, share):
    before = torch.cat([target_in[:, :1], predicted[:, :-1]], dim=1)
    replace = (draws[:, :1] < share) & (target_in != PAD_ID)
    replace[:, 0] = False
    return torch.where(replace, before, target_in)

# %% wrong 10.own_words: padding is looked for in the model's answers instead of in target_in
def own_words(target_in, predicted, draws, share):
    before = predicted[:, :-1]
    change = (draws[:, 1:] < share) & (before != PAD_ID)
    return torch.cat([target_in[:, :1], torch.where(change, before, target_in[:, 1:])], dim=1)
