# %% right 12.caption_scores: a loop with zip
def caption_scores(said, true):
    exact = right = words = 0
    for a, b in zip(said, true):
        exact += list(a) == list(b)
        right += sum(x == y for x, y in zip(a, b))
        words += len(b)
    return exact / len(true), right / words

# %% right 12.caption_scores: NumPy means over one long list of words
def caption_scores(said, true):
    exact = np.mean([a == b for a, b in zip(said, true)])
    hits = [t < len(a) and a[t] == word for a, b in zip(said, true) for t, word in enumerate(b)]
    return float(exact), float(np.mean(hits))

# %% right 12.caption_scores: zip_longest with a filler that is no word
def caption_scores(said, true):
    from itertools import zip_longest

    exact, found, total = 0, 0, 0
    for s, t in zip(said, true):
        pairs = list(zip_longest(s, t))
        exact += all(x == y for x, y in pairs)
        found += sum(x == y for x, y in pairs)
        total += sum(y is not None for _, y in pairs)
    return exact / len(true), found / total

# %% wrong 12.caption_scores: per word as a mean of the captions' means
def caption_scores(said, true):
    exact = np.mean([a == b for a, b in zip(said, true)])
    words = np.mean([sum(x == y for x, y in zip(a, b)) / len(b) for a, b in zip(said, true)])
    return float(exact), float(words)

# %% wrong 12.caption_scores: divided by the number of words said instead of true words
def caption_scores(said, true):
    exact = sum(a == b for a, b in zip(said, true)) / len(true)
    right = sum(x == y for a, b in zip(said, true) for x, y in zip(a, b))
    return exact, right / max(1, sum(len(a) for a in said))

# %% wrong 12.caption_scores: exact by zip, so a caption that goes on too long still counts
def caption_scores(said, true):
    exact = sum(all(x == y for x, y in zip(a, b)) for a, b in zip(said, true)) / len(true)
    right = sum(x == y for a, b in zip(said, true) for x, y in zip(a, b))
    return exact, right / sum(len(b) for b in true)

# %% wrong 12.caption_scores: a missing word is not counted as wrong, only places that both have
def caption_scores(said, true):
    exact = sum(a == b for a, b in zip(said, true)) / len(true)
    pairs = [(x, y) for a, b in zip(said, true) for x, y in zip(a, b)]
    return exact, sum(x == y for x, y in pairs) / max(1, len(pairs))

# %% wrong 12.caption_scores: a word counts wherever it stands in the caption
def caption_scores(said, true):
    exact = sum(a == b for a, b in zip(said, true)) / len(true)
    right = sum(word in a for a, b in zip(said, true) for word in b)
    return exact, right / sum(len(b) for b in true)

# %% wrong 12.caption_scores: words too many count as wrong
def caption_scores(said, true):
    exact = sum(a == b for a, b in zip(said, true)) / len(true)
    right = sum(x == y for a, b in zip(said, true) for x, y in zip(a, b))
    return exact, right / sum(max(len(a), len(b)) for a, b in zip(said, true))

# %% wrong 12.caption_scores: percent instead of shares
def caption_scores(said, true):
    exact = 100 * sum(a == b for a, b in zip(said, true)) / len(true)
    right = sum(x == y for a, b in zip(said, true) for x, y in zip(a, b))
    return exact, 100 * right / sum(len(b) for b in true)

# %% wrong 12.caption_scores: the two shares in the wrong order
def caption_scores(said, true):
    exact = np.mean([a == b for a, b in zip(said, true)])
    right = np.sum([x == y for a, b in zip(said, true) for x, y in zip(a, b)])
    return right / np.sum([len(b) for b in true]), exact

# %% wrong 12.caption_scores: indexes what was said by the true length and crashes on a short caption
def caption_scores(said, true):
    exact = right = words = 0
    for a, b in zip(said, true):
        exact += a == b
        for t in range(len(b)):
            right += a[t] == b[t]
            words += 1
    return exact / len(true), right / words

# %% wrong 12.caption_scores: floor division turns the shares into 0 or 1
def caption_scores(said, true):
    exact = sum(a == b for a, b in zip(said, true)) // len(true)
    right = sum(x == y for a, b in zip(said, true) for x, y in zip(a, b))
    return exact, right // sum(len(b) for b in true)

# %% right 12.held_out_split: unordered pairs of two places of a scene
def held_out_split(scenes, pairs):
    from itertools import combinations

    held = {tuple(sorted(pair)) for pair in pairs}
    train, test = [], []
    for n, scene in enumerate(scenes):
        leaks = any(tuple(sorted(two)) in held for two in combinations(scene, 2))
        (test if leaks else train).append(n)
    return train, test

# %% right 12.held_out_split: subsets
def held_out_split(scenes, pairs):
    leaks = [any(set(pair) <= set(scene) for pair in pairs) for scene in scenes]
    return [n for n, leak in enumerate(leaks) if not leak], [n for n, leak in enumerate(leaks) if leak]

# %% right 12.held_out_split: plain loops and a flag
def held_out_split(scenes, pairs):
    train_on, left_for_test = [], []
    for place in range(len(scenes)):
        leak = False
        for a, b in pairs:
            if a in scenes[place] and b in scenes[place]:
                leak = True
                break
        if leak:
            left_for_test.append(place)
        else:
            train_on.append(place)
    return train_on, left_for_test

# %% wrong 12.held_out_split: pairs are taken with their order
def held_out_split(scenes, pairs):
    from itertools import combinations

    held = {tuple(pair) for pair in pairs}
    leaks = [any(two in held for two in combinations(scene, 2)) for scene in scenes]
    return [n for n, leak in enumerate(leaks) if not leak], [n for n, leak in enumerate(leaks) if leak]

# %% wrong 12.held_out_split: only the subject with another digit is looked at
def held_out_split(scenes, pairs):
    held = {frozenset(pair) for pair in pairs}
    train, test = [], []
    for n, scene in enumerate(scenes):
        leak = any(frozenset((scene[0], other)) in held for other in scene[1:])
        (test if leak else train).append(n)
    return train, test

# %% wrong 12.held_out_split: only digits that stand beside each other in the tuple are looked at
def held_out_split(scenes, pairs):
    held = {frozenset(pair) for pair in pairs}
    leaks = [any(frozenset(two) in held for two in zip(scene, scene[1:])) for scene in scenes]
    return [n for n, leak in enumerate(leaks) if not leak], [n for n, leak in enumerate(leaks) if leak]

# %% wrong 12.held_out_split: one digit of a pair is enough to hold a scene out
def held_out_split(scenes, pairs):
    digits = {d for pair in pairs for d in pair}
    test = [n for n, scene in enumerate(scenes) if digits & set(scene)]
    return [n for n in range(len(scenes)) if n not in test], test

# %% wrong 12.held_out_split: a scene must be the pair and nothing else, so scenes of three leak
def held_out_split(scenes, pairs):
    held = [set(pair) for pair in pairs]
    train = [n for n, scene in enumerate(scenes) if set(scene) not in held]
    test = [n for n, scene in enumerate(scenes) if set(scene) in held]
    return train, test

# %% wrong 12.held_out_split: the two lists are returned in the wrong order
def held_out_split(scenes, pairs):
    leaks = [any(a in scene and b in scene for a, b in pairs) for scene in scenes]
    return [n for n, leak in enumerate(leaks) if leak], [n for n, leak in enumerate(leaks) if not leak]

# %% wrong 12.held_out_split: the scenes themselves instead of their places
def held_out_split(scenes, pairs):
    train, test = [], []
    for scene in scenes:
        (test if any(set(pair) <= set(scene) for pair in pairs) else train).append(scene)
    return train, test

# %% wrong 12.held_out_split: a scene with two held-out pairs stands in the test twice
def held_out_split(scenes, pairs):
    test = [n for n, scene in enumerate(scenes) for pair in pairs if set(pair) <= set(scene)]
    return [n for n in range(len(scenes)) if n not in test], test

# %% wrong 12.held_out_split: a scene goes to training as soon as one pair is not in it
def held_out_split(scenes, pairs):
    train, test = [], []
    for n, scene in enumerate(scenes):
        if all(set(pair) <= set(scene) for pair in pairs):
            test.append(n)
        else:
            train.append(n)
    return train, test

# %% wrong 12.held_out_split: places are counted from one
def held_out_split(scenes, pairs):
    train, test = [], []
    for n, scene in enumerate(scenes, start=1):
        (test if any(a in scene and b in scene for a, b in pairs) else train).append(n)
    return train, test

# %% right 12.patches: reshape, transpose, reshape
def patches(pictures, size):
    B, height, width = pictures.shape
    cut = pictures.reshape(B, height // size, size, width // size, size)
    return cut.transpose(2, 3).reshape(B, -1, size * size)

# %% right 12.patches: permute and flatten
def patches(x, size):
    B, h, w = x.shape
    return x.reshape(B, h // size, size, w // size, size).permute(0, 1, 3, 2, 4).flatten(3).flatten(1, 2)

# %% right 12.patches: swapaxes, which arrays know too
def patches(pictures, size):
    n, rows, columns = len(pictures), pictures.shape[1] // size, pictures.shape[2] // size
    return pictures.reshape(n, rows, size, columns, size).swapaxes(2, 3).reshape(n, rows * columns, size * size)

# %% right 12.patches: cut out in two loops
def patches(pictures, size):
    found = []
    for top in range(0, pictures.shape[1], size):
        for left in range(0, pictures.shape[2], size):
            found.append(pictures[:, top : top + size, left : left + size].reshape(len(pictures), -1))
    return torch.stack(found, dim=1)

# %% wrong 12.patches: reshaped without bringing the patch axes together
def patches(pictures, size):
    B, height, width = pictures.shape
    return pictures.reshape(B, (height // size) * (width // size), size * size)

# %% wrong 12.patches: takes the picture for a square
def patches(pictures, size):
    B, side = pictures.shape[0], pictures.shape[1] // size
    return pictures.reshape(B, side, size, side, size).transpose(2, 3).reshape(B, side * side, size * size)

# %% wrong 12.patches: patches column by column
def patches(pictures, size):
    B, height, width = pictures.shape
    cut = pictures.reshape(B, height // size, size, width // size, size)
    return cut.permute(0, 3, 1, 2, 4).reshape(B, -1, size * size)

# %% wrong 12.patches: the pixels of each patch are read down the columns
def patches(pictures, size):
    B, height, width = pictures.shape
    cut = pictures.reshape(B, height // size, size, width // size, size)
    return cut.permute(0, 1, 3, 4, 2).reshape(B, -1, size * size)

# %% wrong 12.patches: the axes are taken apart in the wrong order, row in the patch before the patch row
def patches(pictures, size):
    B, height, width = pictures.shape
    cut = pictures.reshape(B, size, height // size, size, width // size)
    return cut.permute(0, 2, 4, 1, 3).reshape(B, -1, size * size)

# %% wrong 12.patches: the patch grid is not flattened
def patches(pictures, size):
    B, height, width = pictures.shape
    return pictures.reshape(B, height // size, size, width // size, size).transpose(2, 3).flatten(3)

# %% wrong 12.patches: unfold's result is returned with pixels before patches
def patches(pictures, size):
    return F.unfold(pictures[:, None], size, stride=size)

# %% wrong 12.patches: view after transpose crashes
def patches(pictures, size):
    B, height, width = pictures.shape
    cut = pictures.view(B, height // size, size, width // size, size)
    return cut.transpose(2, 3).view(B, -1, size * size)

# %% wrong 12.patches: patches overlap, the window moves one pixel at a time
def patches(pictures, size):
    windows = pictures.unfold(1, size, 1).unfold(2, size, 1)
    return windows.reshape(len(pictures), -1, size * size)

# %% right 12.patches: goes through NumPy; nothing is trained through the pictures
def patches(pictures, size):
    x = pictures.detach().numpy()
    B, h, w = x.shape
    x = x.reshape(B, h // size, size, w // size, size).transpose(0, 1, 3, 2, 4).reshape(B, -1, size * size)
    return torch.from_numpy(x.copy())

# %% right 12.to_memory: by hand with mean and var
def to_memory(seen, W, b, places):
    z = seen @ W + b
    mean = z.mean(dim=-1, keepdim=True)
    variance = z.var(dim=-1, keepdim=True, correction=0)
    return (z - mean) / torch.sqrt(variance + 1e-5) + places

# %% wrong 12.to_memory: F.layer_norm, which the page forbids
def to_memory(seen, W, b, places):
    z = F.linear(seen, W.T, b)
    return F.layer_norm(z, (z.shape[-1],), eps=1e-5) + places

# %% right 12.to_memory: einsum and the mean of squares
def to_memory(seen, W, b, places):
    z = torch.einsum("bnd,dm->bnm", seen, W) + b
    z = z - z.mean(2, keepdim=True)
    return z * (z.square().mean(2, keepdim=True) + 1e-5).rsqrt() + places[None]

# %% right 12.to_memory: place by place
def to_memory(seen, W, b, places):
    columns = []
    for n in range(seen.shape[1]):
        z = seen[:, n] @ W + b
        centred = z - z.sum(1, keepdim=True) / z.shape[1]
        variance = (centred**2).sum(1, keepdim=True) / z.shape[1]
        columns.append(centred / (variance + 1e-5) ** 0.5 + places[n])
    return torch.stack(columns, dim=1)

# %% wrong 12.to_memory: torch's default variance, divided by M − 1
def to_memory(seen, W, b, places):
    z = seen @ W + b
    return (z - z.mean(-1, keepdim=True)) / torch.sqrt(z.var(-1, keepdim=True) + 1e-5) + places

# %% wrong 12.to_memory: the small number stands outside the root
def to_memory(seen, W, b, places):
    z = seen @ W + b
    return (z - z.mean(-1, keepdim=True)) / (z.std(-1, keepdim=True, correction=0) + 1e-5) + places

# %% wrong 12.to_memory: the place is added before the norm
def to_memory(seen, W, b, places):
    z = seen @ W + b + places
    return (z - z.mean(-1, keepdim=True)) / torch.sqrt(z.var(-1, keepdim=True, correction=0) + 1e-5)

# %% wrong 12.to_memory: normalised over the patches instead of within each vector
def to_memory(seen, W, b, places):
    z = seen @ W + b
    return (z - z.mean(1, keepdim=True)) / torch.sqrt(z.var(1, keepdim=True, correction=0) + 1e-5) + places

# %% wrong 12.to_memory: normalised over patches and numbers of a picture together
def to_memory(seen, W, b, places):
    z = seen @ W + b
    mean = z.mean(dim=(1, 2), keepdim=True)
    variance = z.var(dim=(1, 2), keepdim=True, correction=0)
    return (z - mean) / torch.sqrt(variance + 1e-5) + places

# %% wrong 12.to_memory: what was seen is normalised, before W and b instead of after
def to_memory(seen, W, b, places):
    s = F.layer_norm(seen, seen.shape[-1:])
    return s @ W + b + places

# %% wrong 12.to_memory: b is forgotten
def to_memory(seen, W, b, places):
    z = seen @ W
    return (z - z.mean(-1, keepdim=True)) / torch.sqrt(z.var(-1, keepdim=True, correction=0) + 1e-5) + places

# %% wrong 12.to_memory: divided by the variance, the root is forgotten
def to_memory(seen, W, b, places):
    z = seen @ W + b
    return (z - z.mean(-1, keepdim=True)) / (z.var(-1, keepdim=True, correction=0) + 1e-5) + places

# %% wrong 12.to_memory: keepdim is forgotten and it crashes
def to_memory(seen, W, b, places):
    z = seen @ W + b
    return (z - z.mean(-1)) / torch.sqrt(z.var(-1, correction=0) + 1e-5) + places

# %% wrong 12.to_memory: mean and variance are detached, so the gradient is another
def to_memory(seen, W, b, places):
    z = seen @ W + b
    with torch.no_grad():
        mean = z.mean(-1, keepdim=True)
        root = (z.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()
    return (z - mean) / root + places

# %% right 12.look: masked_fill with minus infinity
def look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.transpose(1, 2)
    weights = scores.masked_fill(~mask[:, None], float("-inf")).softmax(dim=-1)
    return weights @ memory, weights

# %% right 12.look: einsum and torch.where
def look(states, memory, W_a, mask):
    e = torch.einsum("bth,hm,bnm->btn", states, W_a, memory)
    e = torch.where(mask[:, None, :], e, torch.full_like(e, -torch.inf))
    alpha = F.softmax(e, dim=2)
    return torch.einsum("btn,bnm->btm", alpha, memory), alpha

# %% right 12.look: with the masked softmax of 11
def look(states, memory, W_a, mask):
    from seqlib.models.attention import masked_softmax

    weights = masked_softmax(torch.bmm(states @ W_a, memory.mT), mask.unsqueeze(1))
    return torch.bmm(weights, memory), weights

# %% right 12.look: picture by picture, over the places that are not blank
def look(states, memory, W_a, mask):
    contexts, rows = [], []
    for h, m, seen in zip(states, memory, mask):
        w = torch.zeros(len(h), len(m), dtype=h.dtype)
        w[:, seen] = torch.softmax(h @ W_a @ m[seen].T, dim=1)
        contexts.append(w @ m)
        rows.append(w)
    return torch.stack(contexts), torch.stack(rows)

# %% wrong 12.look: the mask is ignored
def look(states, memory, W_a, mask):
    weights = (states @ W_a @ memory.transpose(1, 2)).softmax(dim=-1)
    return weights @ memory, weights

# %% wrong 12.look: the mask is inverted
def look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.transpose(1, 2)
    weights = scores.masked_fill(mask[:, None], -1e9).softmax(dim=-1)
    return weights @ memory, weights

# %% wrong 12.look: the mask after the softmax, rows do not sum to one
def look(states, memory, W_a, mask):
    weights = (states @ W_a @ memory.transpose(1, 2)).softmax(dim=-1) * mask[:, None]
    return weights @ memory, weights

# %% wrong 12.look: blank places get a score of zero instead of minus infinity
def look(states, memory, W_a, mask):
    scores = (states @ W_a @ memory.transpose(1, 2)) * mask[:, None]
    weights = scores.softmax(dim=-1)
    return weights @ memory, weights

# %% wrong 12.look: scores are divided by the root of M
def look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.transpose(1, 2) / math.sqrt(memory.shape[-1])
    weights = scores.masked_fill(~mask[:, None], -math.inf).softmax(dim=-1)
    return weights @ memory, weights

# %% wrong 12.look: the softmax runs over the words instead of the places
def look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.transpose(1, 2)
    weights = scores.masked_fill(~mask[:, None], -1e9).softmax(dim=1)
    return weights @ memory, weights

# %% wrong 12.look: weights and contexts in the wrong order
def look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.transpose(1, 2)
    weights = scores.masked_fill(~mask[:, None], -math.inf).softmax(dim=-1)
    return weights, weights @ memory

# %% wrong 12.look: the first picture's mask is used for all
def look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.transpose(1, 2)
    weights = scores.masked_fill(~mask[0], -math.inf).softmax(dim=-1)
    return weights @ memory, weights

# %% wrong 12.look: .T on three axes, which crashes
def look(states, memory, W_a, mask):
    scores = states @ W_a @ memory.T
    weights = scores.masked_fill(~mask[:, None], -math.inf).softmax(dim=-1)
    return weights @ memory, weights

# %% wrong 12.look: the contexts are read without the mask, only the weights that are returned have it
def look(states, memory, W_a, mask):
    scores = torch.einsum("bth,hm,bnm->btn", states, W_a, memory)
    contexts = scores.softmax(-1) @ memory
    return contexts, scores.masked_fill(~mask[:, None], -math.inf).softmax(-1)

# %% wrong 12.caption_loss: F.cross_entropy on flat logits, which the page forbids
def caption_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)

# %% wrong 12.caption_loss: F.cross_entropy with the classes moved to the second axis, which the page forbids
def caption_loss(logits, targets):
    return F.cross_entropy(logits.transpose(1, 2), targets)

# %% right 12.caption_loss: log softmax and gather, real words alone
def caption_loss(logits, targets):
    real = targets != -100
    log_p = logits[real].log_softmax(dim=-1)
    return -log_p.gather(1, targets[real][:, None]).mean()

# %% right 12.caption_loss: a mask as numbers
def caption_loss(logits, targets):
    mask = (targets != -100).to(logits.dtype)
    log_p = torch.log_softmax(logits, -1).gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return -(log_p * mask).sum() / mask.sum()

# %% wrong 12.caption_loss: divided by all places, padding too
def caption_loss(logits, targets):
    total = F.cross_entropy(logits.transpose(1, 2), targets, reduction="sum")
    return total / targets.numel()

# %% wrong 12.caption_loss: the mean of the captions' means
def caption_loss(logits, targets):
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return (each.sum(1) / (targets != -100).sum(1)).mean()

# %% wrong 12.caption_loss: padding is counted as word 0
def caption_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.clamp(min=0).flatten())

# %% wrong 12.caption_loss: word 0 is left out, as if it were the padding, and −100 crashes
def caption_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0)

# %% wrong 12.caption_loss: reshaped to (B, V, T) instead of transposed
def caption_loss(logits, targets):
    B, T, V = logits.shape
    return F.cross_entropy(logits.reshape(B, V, T), targets)

# %% wrong 12.caption_loss: the sum over the words of a caption, averaged over captions
def caption_loss(logits, targets):
    return F.cross_entropy(logits.transpose(1, 2), targets, reduction="sum") / len(targets)

# %% wrong 12.caption_loss: a softmax before cross_entropy, which takes one itself
def caption_loss(logits, targets):
    return F.cross_entropy(logits.softmax(dim=-1).flatten(0, 1), targets.flatten())

# %% wrong 12.caption_loss: targets are shifted once more
def caption_loss(logits, targets):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), targets[:, 1:].flatten())

# %% wrong 12.caption_loss: the sign is missing
def caption_loss(logits, targets):
    real = targets != -100
    return logits[real].log_softmax(-1).gather(1, targets[real][:, None]).mean()

# %% wrong 12.caption_loss: bits instead of nats
def caption_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten()) / math.log(2)

# %% wrong 12.caption_loss: a plain number comes back, through which nothing can be trained
def caption_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten()).item()

# %% right 12.write_caption: a for loop
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    for _ in range(max_steps):
        logits, state = step(torch.tensor([token]), state)
        token = int(logits[0].argmax())
        if token == end:
            break
        words.append(token)
    return words

# %% right 12.write_caption: a while loop and tensors fed back
def write_caption(step, state, start, end, max_steps):
    said = []
    last = torch.tensor([start])
    while len(said) < max_steps:
        logits, state = step(last, state)
        last = logits.argmax(dim=-1)
        if last.item() == end:
            return said
        said.append(last.item())
    return said

# %% right 12.write_caption: recursion
def write_caption(step, state, start, end, max_steps):
    if max_steps <= 0:
        return []
    logits, state = step(torch.tensor([start]), state)
    word = logits[0].tolist()
    word = max(range(len(word)), key=word.__getitem__)
    return [] if word == end else [word] + write_caption(step, state, word, end, max_steps - 1)

# %% wrong 12.write_caption: the end mark is part of the list
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    for _ in range(max_steps):
        logits, state = step(torch.tensor([token]), state)
        token = int(logits[0].argmax())
        words.append(token)
        if token == end:
            break
    return words

# %% wrong 12.write_caption: the start mark is part of the list
def write_caption(step, state, start, end, max_steps):
    words = [start]
    for _ in range(max_steps):
        logits, state = step(torch.tensor([words[-1]]), state)
        token = int(logits[0].argmax())
        if token == end:
            break
        words.append(token)
    return words

# %% wrong 12.write_caption: the new state is not kept
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    for _ in range(max_steps):
        logits, _ = step(torch.tensor([token]), state)
        token = int(logits[0].argmax())
        if token == end:
            break
        words.append(token)
    return words

# %% wrong 12.write_caption: the start mark is fed at every step
def write_caption(step, state, start, end, max_steps):
    words = []
    for _ in range(max_steps):
        logits, state = step(torch.tensor([start]), state)
        token = int(logits[0].argmax())
        if token == end:
            break
        words.append(token)
    return words

# %% wrong 12.write_caption: one word too few when no end mark comes
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    for _ in range(max_steps - 1):
        logits, state = step(torch.tensor([token]), state)
        token = int(logits[0].argmax())
        if token == end:
            break
        words.append(token)
    return words

# %% wrong 12.write_caption: goes on behind the end mark and only drops the marks
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    for _ in range(max_steps):
        logits, state = step(torch.tensor([token]), state)
        token = int(logits[0].argmax())
        words.append(token)
    return [word for word in words if word != end]

# %% wrong 12.write_caption: a word is drawn by its probability instead of the likeliest
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    for _ in range(max_steps):
        logits, state = step(torch.tensor([token]), state)
        token = int(torch.multinomial(logits[0].softmax(-1), 1))
        if token == end:
            break
        words.append(token)
    return words

# %% wrong 12.write_caption: argmax over the batch, so always word 0
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    for _ in range(max_steps):
        logits, state = step(torch.tensor([token]), state)
        token = logits.argmax(dim=0)[0].item()
        if token == end:
            break
        words.append(token)
    return words

# %% wrong 12.write_caption: the limit is ignored and twelve steps are taken at most
def write_caption(step, state, start, end, max_steps):
    words, token = [], start
    while len(words) < 12:
        logits, state = step(torch.tensor([token]), state)
        token = int(logits[0].argmax())
        if token == end:
            return words
        words.append(token)
    return words

# %% wrong 12.write_caption: tensors of one word are returned instead of ints
def write_caption(step, state, start, end, max_steps):
    words, last = [], torch.tensor([start])
    for _ in range(max_steps):
        logits, state = step(last, state)
        last = logits.argmax(dim=1)
        if last == end:
            break
        words.append(last)
    return words

# %% right 12.share_on_digit: a mask over the grid of patches
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    row, column = corner
    touched = torch.zeros(side, side, dtype=torch.bool)
    touched[row // size : (row + 7) // size + 1, column // size : (column + 7) // size + 1] = True
    touched = touched.flatten()
    share = weights[touched].sum().item()
    chance = (touched & mask).sum().item() / mask.sum().item()
    return share, chance

# %% right 12.share_on_digit: the set of patches of all its pixels
def share_on_digit(weights, mask, corner, size):
    side = round(len(weights) ** 0.5)
    places = {(r // size) * side + c // size
              for r in range(corner[0], corner[0] + 8) for c in range(corner[1], corner[1] + 8)}
    share = sum(float(weights[p]) for p in places)
    return share, sum(bool(mask[p]) for p in places) / sum(bool(m) for m in mask)

# %% right 12.share_on_digit: even weights, scored like the others
def share_on_digit(weights, mask, corner, size):
    w, m = np.asarray(weights, dtype=float), np.asarray(mask, dtype=float)
    side = int(np.sqrt(len(w)))
    at = np.arange(side) * size
    rows = (at < corner[0] + 8) & (at + size > corner[0])
    columns = (at < corner[1] + 8) & (at + size > corner[1])
    touched = np.outer(rows, columns).ravel()
    even = m / m.sum()
    return float(w[touched].sum()), float(even[touched].sum())

# %% wrong 12.share_on_digit: row and column are swapped
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    column, row = corner
    touched = torch.zeros(side, side, dtype=torch.bool)
    touched[row // size : (row + 7) // size + 1, column // size : (column + 7) // size + 1] = True
    touched = touched.flatten()
    return weights[touched].sum().item(), (touched & mask).sum().item() / mask.sum().item()

# %% wrong 12.share_on_digit: one pixel too far, so a digit that ends at a patch's edge touches the next
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    touched = torch.zeros(side, side, dtype=torch.bool)
    touched[corner[0] // size : (corner[0] + 8) // size + 1, corner[1] // size : (corner[1] + 8) // size + 1] = True
    touched = touched.flatten()
    return weights[touched].sum().item(), (touched & mask).sum().item() / mask.sum().item()

# %% wrong 12.share_on_digit: only the patch of the upper left pixel
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    place = (corner[0] // size) * side + corner[1] // size
    return float(weights[place]), float(mask[place]) / float(mask.sum())

# %% wrong 12.share_on_digit: only the patches of the four corner pixels, a patch in the middle is missed
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    r, c = corner
    places = {(a // size) * side + b // size for a in (r, r + 7) for b in (c, c + 7)}
    return sum(float(weights[p]) for p in places), sum(int(mask[p]) for p in places) / int(mask.sum())

# %% wrong 12.share_on_digit: chance is taken over all places, blank ones too
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    touched = torch.zeros(side, side, dtype=torch.bool)
    touched[corner[0] // size : (corner[0] + 7) // size + 1, corner[1] // size : (corner[1] + 7) // size + 1] = True
    touched = touched.flatten()
    return weights[touched].sum().item(), touched.sum().item() / len(weights)

# %% wrong 12.share_on_digit: chance counts touched places that are blank
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    touched = torch.zeros(side, side, dtype=torch.bool)
    touched[corner[0] // size : (corner[0] + 7) // size + 1, corner[1] // size : (corner[1] + 7) // size + 1] = True
    touched = touched.flatten()
    return weights[touched].sum().item(), touched.sum().item() / mask.sum().item()

# %% wrong 12.share_on_digit: the grid is taken to be three by three
def share_on_digit(weights, mask, corner, size):
    places = {(r // size) * 3 + c // size
              for r in range(corner[0], corner[0] + 8) for c in range(corner[1], corner[1] + 8)}
    return sum(float(weights[p]) for p in places), sum(int(mask[p]) for p in places) / int(mask.sum())

# %% wrong 12.share_on_digit: the mean weight of the patches instead of their sum
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    touched = torch.zeros(side, side, dtype=torch.bool)
    touched[corner[0] // size : (corner[0] + 7) // size + 1, corner[1] // size : (corner[1] + 7) // size + 1] = True
    touched = touched.flatten()
    return weights[touched].mean().item(), (touched & mask).sum().item() / mask.sum().item()

# %% wrong 12.share_on_digit: the digit is taken to be as large as a patch
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    places = {(r // size) * side + c // size
              for r in range(corner[0], corner[0] + size) for c in range(corner[1], corner[1] + size)
              if r // size < side and c // size < side}
    return sum(float(weights[p]) for p in places), sum(int(mask[p]) for p in places) / int(mask.sum())

# %% wrong 12.share_on_digit: weights count by the part of the digit that lies on each patch
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    share = chance = 0.0
    for r in range(corner[0], corner[0] + 8):
        for c in range(corner[1], corner[1] + 8):
            p = (r // size) * side + c // size
            share += float(weights[p]) / 64
            chance += float(mask[p]) / float(mask.sum()) / 64
    return share, chance

# %% wrong 12.share_on_digit: only the share is returned
def share_on_digit(weights, mask, corner, size):
    side = math.isqrt(len(weights))
    touched = torch.zeros(side, side, dtype=torch.bool)
    touched[corner[0] // size : (corner[0] + 7) // size + 1, corner[1] // size : (corner[1] + 7) // size + 1] = True
    return weights[touched.flatten()].sum().item()

# %% right 12.what_went_wrong: lists of digits and of what is left
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    digits = [[w for w in words if w in DIGITS] for words in (said, true)]
    left = [[w for w in words if w not in DIGITS and w not in ("a", "an")] for words in (said, true)]
    if said == true:
        return "right"
    if left[0] == left[1] and digits[0] != digits[1] and sorted(digits[0]) == sorted(digits[1]):
        return "wrong order"
    if digits[0] == digits[1]:
        return "wrong relation"
    return "wrong digit" if left[0] == left[1] else "several"

# %% right 12.what_went_wrong: a helper and Counters
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    from collections import Counter

    def apart(words):
        names, rest = [], []
        for word in words:
            if word in DIGITS:
                names.append(word)
            elif word not in {"a", "an"}:
                rest.append(word)
        return names, rest

    (names, rest), (true_names, true_rest) = apart(said), apart(true)
    same_rest, same_names = rest == true_rest, names == true_names
    if list(said) == list(true):
        return "right"
    if same_names:
        return "wrong relation"
    if same_rest and Counter(names) == Counter(true_names):
        return "wrong order"
    if same_rest:
        return "wrong digit"
    return "several"

# %% right 12.what_went_wrong: strings joined and compared
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    if " ".join(said) == " ".join(true):
        return "right"
    skip = set(DIGITS) | {"a", "an"}
    d1, d2 = (" ".join(w for w in c if w in DIGITS) for c in (said, true))
    r1, r2 = (" ".join(w for w in c if w not in skip) for c in (said, true))
    if r1 == r2:
        if d1 == d2:
            return "wrong relation"
        return "wrong order" if sorted(d1.split()) == sorted(d2.split()) else "wrong digit"
    return "wrong relation" if d1 == d2 else "several"

# %% wrong 12.what_went_wrong: articles stay in what is left
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in DIGITS] for c in (said, true))
    if said == true:
        return "right"
    if rs == rt and ds != dt and sorted(ds) == sorted(dt):
        return "wrong order"
    if ds == dt:
        return "wrong relation"
    return "wrong digit" if rs == rt else "several"

# %% wrong 12.what_went_wrong: only "a" is left out, "an" stays
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in DIGITS and w != "a"] for c in (said, true))
    if said == true:
        return "right"
    if rs == rt and ds != dt and sorted(ds) == sorted(dt):
        return "wrong order"
    if ds == dt:
        return "wrong relation"
    return "wrong digit" if rs == rt else "several"

# %% wrong 12.what_went_wrong: wrong digit is asked before wrong order, which is never found
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in (*DIGITS, "a", "an")] for c in (said, true))
    if said == true:
        return "right"
    if ds == dt:
        return "wrong relation"
    if rs == rt:
        return "wrong digit"
    if sorted(ds) == sorted(dt):
        return "wrong order"
    return "several"

# %% wrong 12.what_went_wrong: digits are compared as sets, so a digit that stands twice is lost
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in (*DIGITS, "a", "an")] for c in (said, true))
    if said == true:
        return "right"
    if rs == rt and ds != dt and set(ds) == set(dt):
        return "wrong order"
    if ds == dt:
        return "wrong relation"
    return "wrong digit" if rs == rt else "several"

# %% wrong 12.what_went_wrong: wrong order without asking whether what is left is equal
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in (*DIGITS, "a", "an")] for c in (said, true))
    if said == true:
        return "right"
    if ds != dt and sorted(ds) == sorted(dt):
        return "wrong order"
    if ds == dt:
        return "wrong relation"
    return "wrong digit" if rs == rt else "several"

# %% wrong 12.what_went_wrong: the same digits in any order count as a wrong relation
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = (sorted(w for w in c if w in DIGITS) for c in (said, true))
    rs, rt = ([w for w in c if w not in (*DIGITS, "a", "an")] for c in (said, true))
    if said == true:
        return "right"
    if rs == rt and ds == dt:
        return "wrong order"
    if ds == dt:
        return "wrong relation"
    return "wrong digit" if rs == rt else "several"

# %% wrong 12.what_went_wrong: compared by zip, so a caption that breaks off is taken as right
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    def same(a, b):
        return all(x == y for x, y in zip(a, b))

    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in (*DIGITS, "a", "an")] for c in (said, true))
    if same(said, true):
        return "right"
    if same(rs, rt) and not same(ds, dt) and sorted(ds) == sorted(dt):
        return "wrong order"
    if same(ds, dt):
        return "wrong relation"
    return "wrong digit" if same(rs, rt) else "several"

# %% wrong 12.what_went_wrong: wrong digit and wrong relation are named the wrong way round
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in (*DIGITS, "a", "an")] for c in (said, true))
    if said == true:
        return "right"
    if rs == rt and ds != dt and sorted(ds) == sorted(dt):
        return "wrong order"
    if ds == dt:
        return "wrong digit"
    return "wrong relation" if rs == rt else "several"

# %% wrong 12.what_went_wrong: takes the words out of the caller's lists
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    if said == true:
        return "right"
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    for c in (said, true):
        for w in list(c):
            if w in DIGITS or w in ("a", "an"):
                c.remove(w)
    if said == true and ds != dt and sorted(ds) == sorted(dt):
        return "wrong order"
    if ds == dt:
        return "wrong relation"
    return "wrong digit" if said == true else "several"

# %% wrong 12.what_went_wrong: right digits and right relation words are enough to be right, whatever the articles
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def what_went_wrong(said, true):
    ds, dt = ([w for w in c if w in DIGITS] for c in (said, true))
    rs, rt = ([w for w in c if w not in (*DIGITS, "a", "an")] for c in (said, true))
    if ds == dt and rs == rt:
        return "right"
    if rs == rt and sorted(ds) == sorted(dt):
        return "wrong order"
    if ds == dt:
        return "wrong relation"
    return "wrong digit" if rs == rt else "several"
