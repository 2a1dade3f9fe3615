# %% right 17.choose: two comparisons joined
def choose(tokens, noise, share=0.15):
    return (noise < share) & (tokens >= FIRST)

# %% right 17.choose: logical_and, specials excluded by not below FIRST
def choose(tokens, noise, share=0.15):
    special = tokens < 5
    return torch.logical_and(noise < share, ~special)

# %% right 17.choose: the noise of special places raised above every share, then compared
def choose(ids, u, share=0.15):
    return u.masked_fill(ids < FIRST, float("inf")) < share

# %% right 17.choose: a loop over all places
def choose(tokens, noise, share=0.15):
    chosen = torch.zeros(tokens.shape, dtype=torch.bool)
    for i in range(tokens.shape[0]):
        for t in range(tokens.shape[1]):
            chosen[i, t] = bool(tokens[i, t] >= FIRST and noise[i, t] < share)
    return chosen

# %% wrong 17.choose: special tokens and padding can be chosen too
def choose(tokens, noise, share=0.15):
    return noise < share

# %% wrong 17.choose: only padding is excluded
def choose(tokens, noise, share=0.15):
    return (noise < share) & (tokens != 0)

# %% wrong 17.choose: the first word, id 5, can never be chosen (> for >=)
def choose(tokens, noise, share=0.15):
    return (noise < share) & (tokens > FIRST)

# %% wrong 17.choose: chosen where the noise is above the share
def choose(tokens, noise, share=0.15):
    return (noise > share) & (tokens >= FIRST)

# %% wrong 17.choose: the share is ignored, 0.15 always
def choose(tokens, noise, share=0.15):
    return (noise < 0.15) & (tokens >= FIRST)

# %% wrong 17.choose: "or" instead of "and"
def choose(tokens, noise, share=0.15):
    return (noise < share) | (tokens >= FIRST)

# %% wrong 17.choose: the share of the words is chosen exactly, the lowest noise first, instead of each by its own throw
def choose(tokens, noise, share=0.15):
    chosen = torch.zeros_like(tokens, dtype=torch.bool)
    for row, (ids, u) in enumerate(zip(tokens, noise)):
        words = (ids >= FIRST).nonzero()[:, 0]
        count = max(1, round(share * len(words)))
        chosen[row, words[u[words].argsort()[:count]]] = True
    return chosen

# %% wrong 17.choose: the noise of the caller is changed in place
def choose(tokens, noise, share=0.15):
    noise[tokens < FIRST] = 1.0
    return noise < share

# %% wrong 17.choose: the given noise is ignored, new noise is drawn
def choose(tokens, noise, share=0.15):
    noise = torch.rand(tokens.shape)
    return (noise < share) & (tokens >= FIRST)

# %% wrong 17.choose: the ids themselves are returned at chosen places, not bools
def choose(tokens, noise, share=0.15):
    return tokens * ((noise < share) & (tokens >= FIRST))

# %% right 17.corrupt: torch.where, nested
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    changed = torch.where(kind < mask_share, torch.full_like(tokens, MASK),
                          torch.where(kind < mask_share + random_share, words, tokens))
    return torch.where(chosen, changed, tokens), torch.where(chosen, tokens, torch.full_like(tokens, -100))

# %% right 17.corrupt: copies and masks
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    labels = tokens.masked_fill(~chosen, -100)
    inputs = tokens.clone()
    hide = chosen & (kind < mask_share)
    swap = chosen & ~hide & (kind < mask_share + random_share)
    inputs[hide] = MASK
    inputs[swap] = FIRST + torch.floor(drawn[swap] * (vocabulary_size - FIRST)).to(tokens.dtype)
    return inputs, labels

# %% right 17.corrupt: place by place, in a loop
def corrupt(tokens, chosen, kind, drawn, V, mask_share=0.8, random_share=0.1):
    inputs, labels = tokens.clone(), torch.full_like(tokens, -100)
    for place in chosen.nonzero().tolist():
        i, t = place
        labels[i, t] = tokens[i, t]
        if kind[i, t] < mask_share:
            inputs[i, t] = 4
        elif kind[i, t] < mask_share + random_share:
            inputs[i, t] = 5 + math.floor(float(drawn[i, t]) * (V - 5))
    return inputs, labels

# %% wrong 17.corrupt: only masked places get a label, not the random and the kept ones
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    hide = chosen & (kind < mask_share)
    swap = chosen & (kind >= mask_share) & (kind < mask_share + random_share)
    inputs = torch.where(swap, words, tokens.masked_fill(hide, MASK))
    return inputs, tokens.masked_fill(~hide, -100)

# %% wrong 17.corrupt: kept words get no label (label only where the input differs)
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs = tokens.clone()
    hide, swap = kind < mask_share, (kind >= mask_share) & (kind < mask_share + random_share)
    inputs[chosen & hide] = MASK
    inputs[chosen & swap] = words[chosen & swap]
    return inputs, torch.where(inputs != tokens, tokens, -100)

# %% wrong 17.corrupt: the random words are compared with random_share alone, so none is ever drawn
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < random_share, words, tokens))
    return torch.where(chosen, inputs, tokens), tokens.masked_fill(~chosen, -100)

# %% wrong 17.corrupt: the random word overwrites [MASK] too, as both tests begin at zero
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs, labels = tokens.clone(), tokens.masked_fill(~chosen, -100)
    inputs[chosen & (kind < mask_share)] = MASK
    swap = chosen & (kind < mask_share + random_share)
    inputs[swap] = words[swap]
    return inputs, labels

# %% wrong 17.corrupt: random words from the whole vocabulary, special tokens among them
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = (drawn * vocabulary_size).long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < mask_share + random_share, words, tokens))
    return torch.where(chosen, inputs, tokens), tokens.masked_fill(~chosen, -100)

# %% wrong 17.corrupt: random ids run beyond the vocabulary (FIRST added to v V)
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * vocabulary_size).floor().long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < mask_share + random_share, words, tokens))
    return torch.where(chosen, inputs, tokens), tokens.masked_fill(~chosen, -100)

# %% wrong 17.corrupt: tokens are changed in place
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    labels = tokens.masked_fill(~chosen, -100)
    hide = chosen & (kind < mask_share)
    swap = chosen & (kind >= mask_share) & (kind < mask_share + random_share)
    tokens[hide] = MASK
    tokens[swap] = FIRST + (drawn[swap] * (vocabulary_size - FIRST)).long()
    return tokens, labels

# %% wrong 17.corrupt: the labels are read from the corrupted input
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < mask_share + random_share, words, tokens))
    inputs = torch.where(chosen, inputs, tokens)
    return inputs, inputs.masked_fill(~chosen, -100)

# %% wrong 17.corrupt: every place that was not chosen keeps its word as a label
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < mask_share + random_share, words, tokens))
    return torch.where(chosen, inputs, tokens), tokens.clone()

# %% wrong 17.corrupt: the label of a place that was not chosen is 0 instead of -100
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < mask_share + random_share, words, tokens))
    return torch.where(chosen, inputs, tokens), tokens * chosen

# %% wrong 17.corrupt: the random id is rounded instead of cut down
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).round().long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < mask_share + random_share, words, tokens))
    return torch.where(chosen, inputs, tokens), tokens.masked_fill(~chosen, -100)

# %% wrong 17.corrupt: the shares are ignored, 0.8 and 0.9 are written in
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs = torch.where(kind < 0.8, MASK, torch.where(kind < 0.9, words, tokens))
    return torch.where(chosen, inputs, tokens), tokens.masked_fill(~chosen, -100)

# %% wrong 17.corrupt: labels and inputs are returned in the wrong order
def corrupt(tokens, chosen, kind, drawn, vocabulary_size, mask_share=0.8, random_share=0.1):
    words = FIRST + (drawn * (vocabulary_size - FIRST)).long()
    inputs = torch.where(kind < mask_share, MASK, torch.where(kind < mask_share + random_share, words, tokens))
    return tokens.masked_fill(~chosen, -100), torch.where(chosen, inputs, tokens)

# %% right 17.mask_noise: one call, from_numpy
def mask_noise(step, shape, seed):
    return torch.from_numpy(np.random.default_rng([seed, step]).random((3, *shape)))

# %% right 17.mask_noise: uniform and torch.tensor
def mask_noise(step, shape, seed):
    rng = np.random.default_rng((seed, step))
    return torch.tensor(rng.uniform(0.0, 1.0, size=(3,) + tuple(shape)))

# %% right 17.mask_noise: the three tables one after another from the same generator
def mask_noise(step, shape, seed):
    generator = np.random.default_rng([seed, step])
    tables = [generator.random(tuple(shape)) for _ in range(3)]
    return torch.as_tensor(np.stack(tables), dtype=torch.float64)

# %% wrong 17.mask_noise: seed and step exchanged
def mask_noise(step, shape, seed):
    return torch.from_numpy(np.random.default_rng([step, seed]).random((3, *shape)))

# %% wrong 17.mask_noise: the sum of seed and step, so run 1 step 2 has the noise of run 2 step 1
def mask_noise(step, shape, seed):
    return torch.from_numpy(np.random.default_rng(seed + step).random((3, *shape)))

# %% wrong 17.mask_noise: the step is ignored, one mask for ever
def mask_noise(step, shape, seed):
    return torch.from_numpy(np.random.default_rng(seed).random((3, *shape)))

# %% wrong 17.mask_noise: the same table three times
def mask_noise(step, shape, seed):
    table = torch.from_numpy(np.random.default_rng([seed, step]).random(shape))
    return table.expand(3, *shape)

# %% wrong 17.mask_noise: a new generator with the same seed for each table, so all three are equal
def mask_noise(step, shape, seed):
    tables = []
    for _ in range(3):
        tables.append(np.random.default_rng([seed, step]).random(shape))
    return torch.tensor(np.array(tables))

# %% wrong 17.mask_noise: single precision
def mask_noise(step, shape, seed):
    return torch.from_numpy(np.random.default_rng([seed, step]).random((3, *shape))).float()

# %% wrong 17.mask_noise: normal instead of uniform noise
def mask_noise(step, shape, seed):
    return torch.from_numpy(np.random.default_rng([seed, step]).standard_normal((3, *shape)))

# %% wrong 17.mask_noise: the three tables on the last axis
def mask_noise(step, shape, seed):
    return torch.from_numpy(np.random.default_rng([seed, step]).random((*shape, 3)))

# %% wrong 17.mask_noise: torch's global generator, so the noise depends on everything drawn before
def mask_noise(step, shape, seed):
    return torch.rand(3, *shape, dtype=torch.float64)

# %% wrong 17.mask_noise: an array is returned, not a tensor
def mask_noise(step, shape, seed):
    return np.random.default_rng([seed, step]).random((3, *shape))

# %% wrong 17.mask_noise: torch.manual_seed for each step (other numbers, and the global generator is reset)
def mask_noise(step, shape, seed):
    torch.manual_seed(1000 * seed + step)
    return torch.rand((3, *shape), dtype=torch.float64)

# %% right 17.mlm_logits: matrix products and F
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.layer_norm(F.gelu(states @ W + b), gain.shape, gain, shift)
    return u @ E.T + bias

# %% right 17.mlm_logits: F.linear
def mlm_logits(states, W, b, gain, shift, E, bias):
    hidden = F.gelu(F.linear(states, W.T, b))
    return F.linear(F.layer_norm(hidden, (hidden.shape[-1],), weight=gain, bias=shift), E, bias)

# %% right 17.mlm_logits: GELU by the error function, the norm by hand, einsum
def mlm_logits(states, W, b, gain, shift, E, bias):
    a = torch.einsum("btd,dm->btm", states, W) + b
    a = 0.5 * a * (1 + torch.erf(a / math.sqrt(2)))
    mean, variance = a.mean(-1, keepdim=True), a.var(-1, unbiased=False, keepdim=True)
    u = (a - mean) / torch.sqrt(variance + 1e-5) * gain + shift
    return torch.einsum("btm,vm->btv", u, E) + bias

# %% wrong 17.mlm_logits: the norm comes before the GELU
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.gelu(F.layer_norm(states @ W + b, gain.shape, gain, shift))
    return u @ E.T + bias

# %% wrong 17.mlm_logits: the tanh approximation of GELU
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.layer_norm(F.gelu(states @ W + b, approximate="tanh"), gain.shape, gain, shift)
    return u @ E.T + bias

# %% wrong 17.mlm_logits: the bias of the vocabulary is forgotten
def mlm_logits(states, W, b, gain, shift, E, bias):
    return F.layer_norm(F.gelu(states @ W + b), gain.shape, gain, shift) @ E.T

# %% wrong 17.mlm_logits: ReLU for GELU
def mlm_logits(states, W, b, gain, shift, E, bias):
    return F.linear(F.layer_norm(F.relu(states @ W + b), gain.shape, gain, shift), E, bias)

# %% wrong 17.mlm_logits: gain and shift exchanged
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.layer_norm(F.gelu(states @ W + b), gain.shape, shift, gain)
    return u @ E.T + bias

# %% wrong 17.mlm_logits: no bias b before the GELU
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.layer_norm(F.gelu(states @ W), gain.shape, gain, shift)
    return u @ E.T + bias

# %% wrong 17.mlm_logits: the words' vectors are detached, so the tied weights learn nothing from the guess
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.layer_norm(F.gelu(states @ W + b), gain.shape, gain, shift)
    return u @ E.detach().T + bias

# %% wrong 17.mlm_logits: probabilities instead of logits
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.layer_norm(F.gelu(states @ W + b), gain.shape, gain, shift)
    return (u @ E.T + bias).softmax(dim=-1)

# %% wrong 17.mlm_logits: norm by hand with the unbiased deviation (n - 1)
def mlm_logits(states, W, b, gain, shift, E, bias):
    a = F.gelu(states @ W + b)
    u = (a - a.mean(dim=-1, keepdim=True)) / (a.var(dim=-1, keepdim=True) + 1e-5).sqrt()
    return (u * gain + shift) @ E.T + bias

# %% wrong 17.mlm_logits: the norm without its gain and shift
def mlm_logits(states, W, b, gain, shift, E, bias):
    a = F.gelu(torch.matmul(states, W) + b)
    return torch.matmul(F.layer_norm(a, a.shape[-1:]), E.T) + bias

# %% wrong 17.mlm_logits: W is turned round, as if it were an nn.Linear's weight
def mlm_logits(states, W, b, gain, shift, E, bias):
    u = F.layer_norm(F.gelu(F.linear(states, W, b)), gain.shape, gain, shift)
    return F.linear(u, E, bias)

# %% right 17.mlm_loss: indexed by the chosen places
def mlm_loss(logits, labels):
    chosen = labels != -100
    log_p = logits[chosen].log_softmax(dim=-1)
    return -log_p[torch.arange(len(log_p)), labels[chosen]].mean()

# %% right 17.mlm_loss: gather with clamped labels, sum over count
def mlm_loss(logits, labels):
    chosen = labels >= 0
    picked = F.log_softmax(logits, dim=2).gather(2, labels.clamp(min=0).unsqueeze(2)).squeeze(2)
    return -(picked * chosen).sum() / chosen.sum()

# %% right 17.mlm_loss: PyTorch's cross_entropy
def mlm_loss(logits, labels):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1), ignore_index=-100)

# %% right 17.mlm_loss: logsumexp minus the right logit, one-hot einsum
def mlm_loss(scores, y):
    where = (y != -100).nonzero(as_tuple=True)
    s, target = scores[where], F.one_hot(y[where], scores.shape[2]).to(scores.dtype)
    return (torch.logsumexp(s, dim=1) - torch.einsum("nv,nv->n", s, target)).sum() / len(s)

# %% wrong 17.mlm_loss: divided by all places, chosen or not
def mlm_loss(logits, labels):
    chosen = labels != -100
    picked = logits.log_softmax(dim=-1).gather(2, labels.clamp(min=0)[..., None])[..., 0]
    return -(picked * chosen).mean()

# %% wrong 17.mlm_loss: the mean of the means of sentences
def mlm_loss(logits, labels):
    means = []
    for s, y in zip(logits, labels):
        if (y != -100).any():
            means.append(F.cross_entropy(s, y))
    return torch.stack(means).mean()

# %% wrong 17.mlm_loss: places that were not chosen count, with word 0 as their label
def mlm_loss(logits, labels):
    return F.cross_entropy(logits.flatten(0, 1), labels.clamp(min=0).flatten())

# %% wrong 17.mlm_loss: the sum, not the mean
def mlm_loss(logits, labels):
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum")

# %% wrong 17.mlm_loss: bits instead of nats
def mlm_loss(logits, labels):
    chosen = labels != -100
    p = logits[chosen].softmax(dim=-1)
    return -torch.log2(p.gather(1, labels[chosen][:, None])).mean()

# %% wrong 17.mlm_loss: the softmax runs over the places, not over the words
def mlm_loss(logits, labels):
    chosen = labels != -100
    log_p = logits.log_softmax(dim=1)[chosen]
    return -log_p[torch.arange(len(log_p)), labels[chosen]].mean()

# %% wrong 17.mlm_loss: a plain number through .item(), nothing can be trained
def mlm_loss(logits, labels):
    return torch.tensor(F.cross_entropy(logits.flatten(0, 1), labels.flatten()).item(), dtype=logits.dtype)

# %% wrong 17.mlm_loss: the softmax is taken twice
def mlm_loss(logits, labels):
    chosen = labels != -100
    return F.cross_entropy(logits[chosen].softmax(dim=-1), labels[chosen])

# %% wrong 17.mlm_loss: divided by the count plus one, for fear of zero
def mlm_loss(logits, labels):
    chosen = labels != -100
    log_p = logits[chosen].log_softmax(-1)
    return -log_p.gather(1, labels[chosen].unsqueeze(1)).sum() / (chosen.sum() + 1)

# %% wrong 17.mlm_loss: divided by the number of sentences
def mlm_loss(logits, labels):
    losses = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
    return losses.sum() / len(labels)

# %% wrong 17.mlm_loss: cross_entropy on (B, T, V) without bringing the words to axis 1 (shapes do not fit)
def mlm_loss(logits, labels):
    return F.cross_entropy(logits, labels, ignore_index=-100)

# %% wrong 17.mlm_loss: probabilities are bounded below by 0.01 before the logarithm
def mlm_loss(logits, labels):
    chosen = labels != -100
    p = logits[chosen].softmax(-1).gather(1, labels[chosen][:, None])
    return -p.clamp(min=0.01).log().mean()

# %% right 17.trust: the formula
def trust(prior, words, keep=0.1, random=0.1):
    return prior * (keep + random / words) / (prior * keep + random / words)

# %% right 17.trust: Bayes with two likelihoods
def trust(prior, words, keep=0.1, random=0.1):
    shown_if_right = keep + random / words
    shown_if_wrong = random / words
    evidence = prior * shown_if_right + (1 - prior) * shown_if_wrong
    return prior * shown_if_right / evidence

# %% right 17.trust: the chance of being wrong, taken from one
def trust(p, n, keep=0.1, random=0.1):
    hit = random / n
    return 1 - (1 - p) * hit / (p * keep + hit)

# %% wrong 17.trust: that the draw can hit the right word is forgotten above
def trust(prior, words, keep=0.1, random=0.1):
    return prior * keep / (prior * keep + random / words)

# %% wrong 17.trust: the random share is not divided by the number of words
def trust(prior, words, keep=0.1, random=0.1):
    return prior * (keep + random) / (prior * keep + random)

# %% wrong 17.trust: the draw is counted twice below (random / n added to the whole numerator)
def trust(prior, words, keep=0.1, random=0.1):
    right = prior * (keep + random / words)
    return right / (right + random / words)

# %% wrong 17.trust: the prior is missing below
def trust(prior, words, keep=0.1, random=0.1):
    return prior * (keep + random / words) / (keep + random / words + random / words)

# %% wrong 17.trust: keep and random exchanged
def trust(prior, words, keep=0.1, random=0.1):
    return prior * (random + keep / words) / (prior * random + keep / words)

# %% wrong 17.trust: keep and random are ignored, 0.1 each
def trust(prior, words, keep=0.1, random=0.1):
    return prior * (0.1 + 0.1 / words) / (prior * 0.1 + 0.1 / words)

# %% wrong 17.trust: divided by the sum over all priors, as if they were one distribution
def trust(prior, words, keep=0.1, random=0.1):
    above = prior * (keep + random / words)
    return above / (above + (1 - prior) * random / words).sum()

# %% wrong 17.trust: integer division of the random share
def trust(prior, words, keep=0.1, random=0.1):
    hit = random // words
    return prior * (keep + hit) / (prior * keep + hit + 1e-12)

# %% wrong 17.trust: a wrong word is drawn from one word fewer (n - 1)
def trust(prior, words, keep=0.1, random=0.1):
    right = prior * (keep + random / words)
    wrong = (1 - prior) * random / (words - 1)
    return right / (right + wrong)

# %% wrong 17.trust: small priors are clamped to 0.001
def trust(prior, words, keep=0.1, random=0.1):
    p = prior.clamp(min=1e-3)
    return p * (keep + random / words) / (p * keep + random / words)

# %% wrong 17.trust: the chance that the shown word is wrong
def trust(prior, words, keep=0.1, random=0.1):
    return (1 - prior) * random / words / (prior * keep + random / words)

# %% right 17.right_share: softmax, read one place earlier when causal, gather
def right_share(logits, places, right, wrong, causal):
    at = places - 1 if causal else places
    p = logits[torch.arange(len(logits)), at].softmax(dim=-1)
    good, bad = p.gather(1, right).sum(dim=1), p.gather(1, wrong).sum(dim=1)
    return good / (good + bad)

# %% right 17.right_share: a sigmoid of the difference of two logsumexps
def right_share(logits, places, right, wrong, causal):
    each = torch.arange(logits.shape[0])
    row = logits[each, places - int(causal)]
    a = torch.logsumexp(row.gather(1, right), dim=1)
    b = torch.logsumexp(row.gather(1, wrong), dim=1)
    return torch.sigmoid(a - b)

# %% right 17.right_share: sentence by sentence
def right_share(logits, places, right, wrong, causal):
    shares = []
    for b in range(len(places)):
        t = int(places[b]) - (1 if causal else 0)
        p = torch.softmax(logits[b, t], 0)
        good, bad = p[right[b]].sum(), p[wrong[b]].sum()
        shares.append(good / (good + bad))
    return torch.stack(shares)

# %% right 17.right_share: softmax over the forms of both numbers alone
def right_share(logits, places, right, wrong, causal):
    if causal:
        places = places - 1
    index = places[:, None, None].expand(-1, 1, logits.shape[-1])
    row = logits.gather(1, index)[:, 0]
    both = torch.cat([right, wrong], dim=1)
    return row.gather(1, both).softmax(dim=1)[:, : right.shape[1]].sum(dim=1)

# %% wrong 17.right_share: a causal model is read at the blank itself
def right_share(logits, places, right, wrong, causal):
    p = logits[torch.arange(len(logits)), places].softmax(dim=-1)
    good, bad = p.gather(1, right).sum(1), p.gather(1, wrong).sum(1)
    return good / (good + bad)

# %% wrong 17.right_share: the masked model too is read one place earlier
def right_share(logits, places, right, wrong, causal):
    p = logits[torch.arange(len(logits)), places - 1].softmax(dim=-1)
    good, bad = p.gather(1, right).sum(1), p.gather(1, wrong).sum(1)
    return good / (good + bad)

# %% wrong 17.right_share: a causal model is read one place later
def right_share(logits, places, right, wrong, causal):
    at = places + 1 if causal else places
    p = logits[torch.arange(len(logits)), at].softmax(dim=-1)
    good, bad = p.gather(1, right).sum(1), p.gather(1, wrong).sum(1)
    return good / (good + bad)

# %% wrong 17.right_share: means instead of sums, wrong where the numbers of forms differ
def right_share(logits, places, right, wrong, causal):
    p = logits[torch.arange(len(logits)), places - bool(causal) * 1].softmax(dim=-1)
    good, bad = p.gather(1, right).mean(1), p.gather(1, wrong).mean(1)
    return good / (good + bad)

# %% wrong 17.right_share: logits are summed instead of probabilities
def right_share(logits, places, right, wrong, causal):
    row = logits[torch.arange(len(logits)), places - int(causal)]
    good, bad = row.gather(1, right).sum(1), row.gather(1, wrong).sum(1)
    return good / (good + bad)

# %% wrong 17.right_share: a softmax of summed logits, so products of chances are compared
def right_share(logits, places, right, wrong, causal):
    row = logits[torch.arange(len(logits)), places - int(causal)].log_softmax(-1)
    return torch.sigmoid(row.gather(1, right).sum(1) - row.gather(1, wrong).sum(1))

# %% wrong 17.right_share: the probability of the right forms is not divided by that of both
def right_share(logits, places, right, wrong, causal):
    p = logits[torch.arange(len(logits)), places - int(causal)].softmax(dim=-1)
    return p.gather(1, right).sum(1)

# %% wrong 17.right_share: right over wrong, a ratio instead of a share
def right_share(logits, places, right, wrong, causal):
    p = logits[torch.arange(len(logits)), places - int(causal)].softmax(dim=-1)
    return p.gather(1, right).sum(1) / p.gather(1, wrong).sum(1)

# %% wrong 17.right_share: the forms of the first sentence are used for all
def right_share(logits, places, right, wrong, causal):
    p = logits[torch.arange(len(logits)), places - int(causal)].softmax(dim=-1)
    good, bad = p[:, right[0]].sum(1), p[:, wrong[0]].sum(1)
    return good / (good + bad)

# %% wrong 17.right_share: the places of the caller are changed in place
def right_share(logits, places, right, wrong, causal):
    if causal:
        places -= 1
    p = logits[torch.arange(len(logits)), places].softmax(dim=-1)
    good, bad = p.gather(1, right).sum(1), p.gather(1, wrong).sum(1)
    return good / (good + bad)

# %% wrong 17.right_share: indexed by places alone, which gives all sentences at all places (shapes do not fit)
def right_share(logits, places, right, wrong, causal):
    p = logits[:, places - int(causal)].softmax(dim=-1)
    good, bad = p.gather(1, right).sum(dim=1), p.gather(1, wrong).sum(dim=1)
    return good / (good + bad)

# %% wrong 17.right_share: the share of the likeliest form of each number, max for sum
def right_share(logits, places, right, wrong, causal):
    p = logits[torch.arange(len(logits)), places - int(causal)].softmax(dim=-1)
    good, bad = p.gather(1, right).max(dim=1).values, p.gather(1, wrong).max(dim=1).values
    return good / (good + bad)

# %% right 17.mean_pool: a mask, sum over count
def mean_pool(states, tokens):
    words = (tokens >= FIRST).unsqueeze(-1).to(states.dtype)
    return (states * words).sum(dim=1) / words.sum(dim=1)

# %% right 17.mean_pool: einsum with weights that sum to one
def mean_pool(states, tokens):
    weights = (tokens >= FIRST).to(states)
    weights = weights / weights.sum(dim=1, keepdim=True)
    return torch.einsum("btd,bt->bd", states, weights)

# %% right 17.mean_pool: a loop with boolean indexing
def mean_pool(states, tokens):
    return torch.stack([h[ids >= FIRST].mean(dim=0) for h, ids in zip(states, tokens)])

# %% right 17.mean_pool: masked_fill, with a count of at least one
def mean_pool(states, tokens):
    special = tokens < FIRST
    total = states.masked_fill(special[..., None], 0).sum(1)
    return total / (~special).sum(1, keepdim=True).clamp(min=1)

# %% wrong 17.mean_pool: [CLS] and [SEP] are counted, only padding is left out
def mean_pool(states, tokens):
    words = (tokens > 0).unsqueeze(-1)
    return (states * words).sum(dim=1) / words.sum(dim=1)

# %% wrong 17.mean_pool: the mean runs over all T places
def mean_pool(states, tokens):
    return states.mean(dim=1)

# %% wrong 17.mean_pool: the words are summed but divided by the length T
def mean_pool(states, tokens):
    words = (tokens >= FIRST)[..., None]
    return (states * words).mean(dim=1)

# %% wrong 17.mean_pool: the words are summed but divided by the number of tokens that are no padding
def mean_pool(states, tokens):
    total = torch.einsum("btd,bt->bd", states, (tokens >= FIRST).to(states))
    return total / (tokens != 0).sum(dim=1, keepdim=True)

# %% wrong 17.mean_pool: the word with id 5 is left out (> for >=)
def mean_pool(states, tokens):
    words = (tokens > FIRST).unsqueeze(-1)
    return (states * words).sum(dim=1) / words.sum(dim=1).clamp(min=1)

# %% wrong 17.mean_pool: the first and the last column are cut off, which is right for rows without padding only
def mean_pool(states, tokens):
    return states[:, 1:-1].mean(dim=1)

# %% wrong 17.mean_pool: the sum of the words
def mean_pool(states, tokens):
    return (states * (tokens >= FIRST)[:, :, None]).sum(dim=1)

# %% wrong 17.mean_pool: <unk> and [MASK] are counted as words, only three special tokens are left out
def mean_pool(states, tokens):
    words = ((tokens != 0) & (tokens != CLS) & (tokens != SEP)).unsqueeze(2)
    return (states * words).sum(1) / words.sum(1)

# %% wrong 17.mean_pool: divided by the number of words in the whole batch
def mean_pool(states, tokens):
    words = (tokens >= FIRST).to(states.dtype)
    return torch.bmm(words.unsqueeze(1), states).squeeze(1) / words.sum()

# %% wrong 17.mean_pool: the states are detached, the encoder is not fine-tuned
def mean_pool(states, tokens):
    words = (tokens >= FIRST).unsqueeze(-1)
    return (states.detach() * words).sum(dim=1) / words.sum(dim=1)

# %% wrong 17.mean_pool: the count has no axis for the width (shapes do not fit)
def mean_pool(states, tokens):
    words = tokens >= FIRST
    return (states * words.unsqueeze(-1)).sum(dim=1) / words.sum(dim=1)

# %% wrong 17.mean_pool: states of special tokens are zeroed in place
def mean_pool(states, tokens):
    words = tokens >= FIRST
    states.data[~words] = 0
    return states.sum(dim=1) / words.sum(dim=1, keepdim=True)

# %% right 17.probe: the formula with solve
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    centre, share = features.mean(dim=0), Y.mean(dim=0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return (new - centre) @ W + share

# %% right 17.probe: a constant column that is not penalised
def probe(features, labels, new, classes, penalty=1.0):
    N, D = features.shape
    ones = torch.ones(N, 1, dtype=features.dtype)
    X = torch.cat([features, ones], dim=1)
    Y = torch.zeros(N, classes, dtype=features.dtype)
    Y[torch.arange(N), labels] = 1
    R = penalty * torch.eye(D + 1, dtype=features.dtype)
    R[-1, -1] = 0
    W = torch.linalg.solve(X.T @ X + R, X.T @ Y)
    return torch.cat([new, torch.ones(len(new), 1, dtype=new.dtype)], dim=1) @ W

# %% right 17.probe: the inverse, and the targets centred too
def probe(X, labels, new, classes, penalty=1.0):
    Y = torch.eye(classes, dtype=X.dtype)[labels]
    x_mean, y_mean = X.mean(0, keepdim=True), Y.mean(0, keepdim=True)
    Xc, Yc = X - x_mean, Y - y_mean
    inverse = torch.inverse(Xc.T.mm(Xc) + penalty * torch.eye(X.size(1)).to(X))
    return y_mean + (new - x_mean).mm(inverse).mm(Xc.T).mm(Yc)

# %% right 17.probe: in NumPy, back to a tensor
def probe(features, labels, new, classes, penalty=1.0):
    X, Z = features.detach().numpy().astype(np.float64), new.detach().numpy().astype(np.float64)
    Y = np.eye(classes)[np.asarray(labels)]
    centre = X.mean(axis=0)
    X = X - centre
    W = np.linalg.solve(X.T @ X + penalty * np.identity(X.shape[1]), X.T @ Y)
    return torch.from_numpy((Z - centre) @ W + Y.mean(axis=0)).to(features.dtype)

# %% wrong 17.probe: the new states are centred by their own mean
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    X = features - features.mean(dim=0)
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return (new - new.mean(dim=0)) @ W + Y.mean(dim=0)

# %% wrong 17.probe: the new states are not centred
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    X = features - features.mean(dim=0)
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return new @ W + Y.mean(dim=0)

# %% wrong 17.probe: the mean of the targets is not added
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features)
    centre = features.mean(dim=0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1]).to(X), X.T @ Y)
    return (new - centre) @ W

# %% wrong 17.probe: the constant is penalised like the other weights
def probe(features, labels, new, classes, penalty=1.0):
    X = torch.cat([features, torch.ones(len(features), 1).to(features)], dim=1)
    Y = F.one_hot(labels, classes).to(features)
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1]).to(X), X.T @ Y)
    return torch.cat([new, torch.ones(len(new), 1).to(new)], dim=1) @ W

# %% wrong 17.probe: nothing is centred and there is no constant
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    gram = features.T @ features + penalty * torch.eye(features.shape[1], dtype=features.dtype)
    return new @ torch.linalg.solve(gram, features.T @ Y)

# %% wrong 17.probe: the penalty is ignored, plain least squares
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    centre = features.mean(dim=0)
    W = torch.linalg.lstsq(features - centre, Y).solution
    return (new - centre) @ W + Y.mean(dim=0)

# %% wrong 17.probe: the penalty is multiplied by the number of states
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    centre = features.mean(dim=0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X / len(X) + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y / len(X))
    return (new - centre) @ W + Y.mean(dim=0)

# %% wrong 17.probe: the penalty is added to every entry of the matrix, not to the diagonal
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    centre = features.mean(dim=0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X + penalty, X.T @ Y)
    return (new - centre) @ W + Y.mean(dim=0)

# %% wrong 17.probe: the number of classes is taken from the labels, so a class that does not occur has no column
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels).to(features.dtype)
    centre, share = features.mean(0), Y.mean(0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return (new - centre) @ W + share

# %% wrong 17.probe: one constant 1 / C for all classes instead of the mean of the targets
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    centre = features.mean(dim=0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return (new - centre) @ W + 1 / classes

# %% wrong 17.probe: the class is returned instead of a score for each
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    centre = features.mean(dim=0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return ((new - centre) @ W + Y.mean(dim=0)).argmax(dim=1)

# %% wrong 17.probe: the states are divided by their deviation too
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes).to(features.dtype)
    centre, spread = features.mean(dim=0), features.std(dim=0)
    X = (features - centre) / spread
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return (new - centre) / spread @ W + Y.mean(dim=0)

# %% wrong 17.probe: one-hot targets left as whole numbers, the product raises a type error
def probe(features, labels, new, classes, penalty=1.0):
    Y = F.one_hot(labels, classes)
    centre = features.mean(dim=0)
    X = features - centre
    W = torch.linalg.solve(X.T @ X + penalty * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)
    return (new - centre) @ W + Y.mean(dim=0)

# %% right 17.control_labels: a place for each word, then two look-ups
def control_labels(tokens, labels, noise):
    of_word = labels[(noise * len(labels)).long()]
    return of_word[tokens]

# %% right 17.control_labels: the places of the tokens at once
def control_labels(tokens, labels, noise):
    N = tokens.shape[0]
    places = torch.floor(noise[tokens] * N).to(torch.long)
    return torch.index_select(labels, 0, places)

# %% right 17.control_labels: a dict from word to label, in a loop
def control_labels(tokens, labels, noise):
    given, out = {}, torch.empty_like(labels)
    for k, word in enumerate(tokens.tolist()):
        if word not in given:
            given[word] = labels[int(float(noise[word]) * len(tokens))]
        out[k] = given[word]
    return out

# %% wrong 17.control_labels: a label for each place, not for each word
def control_labels(tokens, labels, noise):
    z = noise[torch.arange(len(tokens)) % len(noise)]
    return labels[(z * len(labels)).long()]

# %% wrong 17.control_labels: all classes equally likely, not as common as the real labels
def control_labels(tokens, labels, noise):
    classes = int(labels.max()) + 1
    return (noise[tokens] * classes).long()

# %% wrong 17.control_labels: multiplied by the number of words V instead of the number of places N
def control_labels(tokens, labels, noise):
    return labels[(noise * len(noise)).long() % len(labels)][tokens]

# %% wrong 17.control_labels: one label for each word of the vocabulary is returned, (V,)
def control_labels(tokens, labels, noise):
    return labels[(noise * len(tokens)).long()]

# %% wrong 17.control_labels: the last place can never be drawn (N - 1)
def control_labels(tokens, labels, noise):
    return labels[(noise[tokens] * (len(labels) - 1)).long()]

# %% wrong 17.control_labels: the word at the random place is returned, not its label
def control_labels(tokens, labels, noise):
    return tokens[(noise * len(tokens)).long()][tokens]

# %% wrong 17.control_labels: the place is rounded instead of cut down
def control_labels(tokens, labels, noise):
    places = (noise * len(labels)).round().long().clamp(max=len(labels) - 1)
    return labels[places][tokens]

# %% wrong 17.control_labels: the noise is handed out by order of first appearance, not by the word's id
def control_labels(tokens, labels, noise):
    order, out = {}, []
    for word in tokens.tolist():
        z = noise[order.setdefault(word, len(order))]
        out.append(labels[int(z * len(labels))])
    return torch.stack(out)

# %% wrong 17.control_labels: drawn from the different labels, each once, so all are equally common
def control_labels(tokens, labels, noise):
    kinds = labels.unique()
    return kinds[(noise[tokens] * len(kinds)).long()]

# %% wrong 17.control_labels: the labels are shuffled over the places, the same word gets several
def control_labels(tokens, labels, noise):
    order = np.random.default_rng(0).permutation(len(labels))
    return labels[torch.from_numpy(order)]

# %% wrong 17.control_labels: the given noise is ignored, a new place is drawn for each word
def control_labels(tokens, labels, noise):
    places = torch.randint(len(labels), (len(noise),))
    return labels[places][tokens]

# %% wrong 17.control_labels: the place is used as an index without being made a whole number (IndexError)
def control_labels(tokens, labels, noise):
    return labels[(noise * len(labels)).floor()][tokens]
