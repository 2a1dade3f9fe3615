# %% right 18.coin_toss: a binomial tail in NumPy
def coin_toss(right_a, right_b):
    only_a = np.sum(right_a & np.logical_not(right_b))
    only_b = np.sum(right_b & np.logical_not(right_a))
    n = int(only_a + only_b)
    p = sum(math.comb(n, k) * 0.5**n for k in range(0, int(min(only_a, only_b)) + 1))
    return min(1.0, 2 * p)

# %% right 18.coin_toss: picture by picture
def coin_toss(right_a, right_b):
    a = b = 0
    for x, y in zip(right_a, right_b):
        if x and not y:
            a += 1
        elif y and not x:
            b += 1
    if a + b == 0:
        return 1.0
    tail = sum(math.comb(a + b, k) for k in range(min(a, b) + 1)) / 2 ** (a + b)
    return min(2 * tail, 1)

# %% wrong 18.coin_toss: one-sided
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    return min(1.0, sum(math.comb(a + b, k) for k in range(min(a, b) + 1)) / 2 ** (a + b))

# %% wrong 18.coin_toss: no minimum with 1
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    return 2 * sum(math.comb(a + b, k) for k in range(min(a, b) + 1)) / 2 ** (a + b)

# %% wrong 18.coin_toss: range without the + 1
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    return min(1.0, 2 * sum(math.comb(a + b, k) for k in range(min(a, b))) / 2 ** (a + b))

# %% wrong 18.coin_toss: n is all pictures
def coin_toss(right_a, right_b):
    a, b, n = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum()), len(right_a)
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(a, b) + 1)) / 2**n)

# %% wrong 18.coin_toss: counts of right answers, not of differences
def coin_toss(right_a, right_b):
    a, b = int(right_a.sum()), int(right_b.sum())
    n = a + b
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(a, b) + 1)) / 2**n)

# %% right 18.assemble: permute
def assemble(cut, height):
    b, n, pp = cut.shape
    p = int(pp ** 0.5)
    h = height // p
    return cut.view(b, h, n // h, p, p).permute(0, 1, 3, 2, 4).reshape(b, height, (n // h) * p)

# %% right 18.assemble: patch by patch into zeros
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    w = n // (height // p) * p
    out = cut.new_zeros(b, height, w)
    for k in range(n):
        r, c = divmod(k, w // p)
        out[:, r * p : (r + 1) * p, c * p : (c + 1) * p] = cut[:, k].view(b, p, p)
    return out

# %% wrong 18.assemble: a reshape and nothing else
def assemble(cut, height):
    return cut.reshape(len(cut), height, -1)

# %% wrong 18.assemble: divmod by the number of rows
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    w = n // h * p
    out = cut.new_zeros(b, height, w)
    for k in range(n):
        c, r = divmod(k, h)
        out[:, r * p : (r + 1) * p, c * p : (c + 1) * p] = cut[:, k].view(b, p, p)
    return out

# %% wrong 18.assemble: the patches are transposed
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    return cut.view(b, h, n // h, p, p).permute(0, 1, 4, 2, 3).reshape(b, height, (n // h) * p)

# %% wrong 18.assemble: rows of patches and rows of pixels the wrong way round
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    return cut.view(b, h, n // h, p, p).permute(0, 3, 1, 2, 4).reshape(b, height, (n // h) * p)

# %% wrong 18.assemble: a square is supposed
def assemble(cut, height):
    b, n, pp = cut.shape
    p, g = math.isqrt(pp), math.isqrt(n)
    return cut.reshape(b, g, g, p, p).swapaxes(2, 3).reshape(b, height, -1)

# %% right 18.conv_as_product: index arithmetic and einsum
def conv_as_product(pictures, kernels, bias, stride):
    d, kr, kc = kernels.shape
    h, w = (pictures.shape[1] - kr) // stride + 1, (pictures.shape[2] - kc) // stride + 1
    out = []
    for n in range(h * w):
        r, c = n // w * stride, n % w * stride
        out.append(torch.einsum("bij,dij->bd", pictures[:, r : r + kr, c : c + kc], kernels) + bias)
    return torch.stack(out, 1)

# %% right 18.conv_as_product: windows as a list, one product
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = []
    for r in range(0, height - kr + 1, stride):
        for c in range(0, width - kc + 1, stride):
            rows.append(pictures[:, r : r + kr, c : c + kc].reshape(b, 1, -1))
    return torch.cat(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: kernels reshaped, not transposed
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [pictures[:, r : r + kr, c : c + kc].reshape(b, -1) for r in range(0, height - kr + 1, stride) for c in range(0, width - kc + 1, stride)]
    return torch.stack(rows, 1) @ kernels.reshape(-1, d) + bias

# %% wrong 18.conv_as_product: the last windows are missing
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [pictures[:, r : r + kr, c : c + kc].reshape(b, -1) for r in range(0, height - kr, stride) for c in range(0, width - kc, stride)]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: no bias
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [pictures[:, r : r + kr, c : c + kc].reshape(b, -1) for r in range(0, height - kr + 1, stride) for c in range(0, width - kc + 1, stride)]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T

# %% wrong 18.conv_as_product: channels before places
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [pictures[:, r : r + kr, c : c + kc].reshape(b, -1) for r in range(0, height - kr + 1, stride) for c in range(0, width - kc + 1, stride)]
    return (torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias).mT

# %% wrong 18.conv_as_product: stride of one
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [pictures[:, r : r + kr, c : c + kc].reshape(b, -1) for r in range(height - kr + 1) for c in range(width - kc + 1)]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% right 18.to_tokens: repeat
def to_tokens(u, first, places):
    return torch.cat((first[None, None].repeat(u.shape[0], 1, 1), u), 1) + places.unsqueeze(0)

# %% right 18.to_tokens: filled in
def to_tokens(u, first, places):
    x = u.new_empty(u.shape[0], u.shape[1] + 1, u.shape[2])
    x[:, 0] = first
    x[:, 1:] = u
    return x + places

# %% wrong 18.to_tokens: class token last
def to_tokens(u, first, places):
    return torch.cat((u, first[None, None].repeat(u.shape[0], 1, 1)), 1) + places

# %% wrong 18.to_tokens: places on patches only
def to_tokens(u, first, places):
    return torch.cat((first[None, None].repeat(u.shape[0], 1, 1), u + places[1:]), 1)

# %% wrong 18.to_tokens: patches get the places from 0 on
def to_tokens(u, first, places):
    return torch.cat((first[None, None].repeat(u.shape[0], 1, 1), u + places[:-1]), 1)

# %% wrong 18.to_tokens: no places
def to_tokens(u, first, places):
    return torch.cat((first[None, None].repeat(u.shape[0], 1, 1), u), 1)

# %% wrong 18.to_tokens: one class token, not one for each picture
def to_tokens(u, first, places):
    return torch.cat((first[None, None], u), 1) + places

# %% right 18.shift: pad and cut
def shift(pictures, down, right):
    b, h, w = pictures.shape
    k = max(abs(down), abs(right))
    big = torch.zeros(b, h + 2 * k, w + 2 * k, dtype=pictures.dtype)
    big[:, k + down : k + down + h, k + right : k + right + w] = pictures
    return big[:, k : k + h, k : k + w]

# %% right 18.shift: two products with shifted identities
def shift(pictures, down, right):
    _, h, w = pictures.shape
    rows = torch.diag(torch.ones(h - abs(down), dtype=pictures.dtype), -down)
    columns = torch.diag(torch.ones(w - abs(right), dtype=pictures.dtype), right)
    return rows @ pictures @ columns

# %% wrong 18.shift: roll
def shift(pictures, down, right):
    return torch.roll(pictures, (down, right), (1, 2))

# %% wrong 18.shift: roll the other way
def shift(pictures, down, right):
    return torch.roll(pictures, (-down, -right), (1, 2))

# %% wrong 18.shift: axes exchanged
def shift(pictures, down, right):
    b, h, w = pictures.shape
    k = max(abs(down), abs(right))
    big = torch.zeros(b, h + 2 * k, w + 2 * k, dtype=pictures.dtype)
    big[:, k + right : k + right + h, k + down : k + down + w] = pictures
    return big[:, k : k + h, k : k + w]

# %% wrong 18.shift: the other way
def shift(pictures, down, right):
    b, h, w = pictures.shape
    k = max(abs(down), abs(right))
    big = torch.zeros(b, h + 2 * k, w + 2 * k, dtype=pictures.dtype)
    big[:, k - down : k - down + h, k - right : k - right + w] = pictures
    return big[:, k : k + h, k : k + w]

# %% wrong 18.shift: right for moves down and to the right only
def shift(pictures, down, right):
    moved = torch.zeros_like(pictures)
    _, h, w = pictures.shape
    down, right = max(down, 0), max(right, 0)
    moved[:, down:, right:] = pictures[:, : h - down, : w - right]
    return moved

# %% right 18.position_map: einsum
def position_map(places, side):
    p = places[1:] / places[1:].square().sum(1, keepdim=True).sqrt()
    return torch.einsum("nd,md->nm", p, p).view(side, side, side, side)

# %% right 18.position_map: dots over an outer product of lengths
def position_map(places, side):
    p = places[1:]
    lengths = p.norm(dim=1)
    return (p @ p.T / torch.outer(lengths, lengths)).reshape([side] * 4)

# %% wrong 18.position_map: dot products
def position_map(places, side):
    p = places[1:]
    return (p @ p.T).reshape(side, side, side, side)

# %% wrong 18.position_map: one length too few
def position_map(places, side):
    p = places[1:]
    return (p @ p.T / p.norm(dim=1)).reshape(side, side, side, side)

# %% wrong 18.position_map: the last row left out, not the first
def position_map(places, side):
    p = places[:-1] / places[:-1].norm(dim=1, keepdim=True)
    return (p @ p.T).reshape(side, side, side, side)

# %% wrong 18.position_map: a matrix
def position_map(places, side):
    p = places[1:] / places[1:].norm(dim=1, keepdim=True)
    return p @ p.T

# %% wrong 18.position_map: divided by the length of everything
def position_map(places, side):
    p = places[1:] / places[1:].norm()
    return (p @ p.T).reshape(side, side, side, side)

# %% right 18.rollout: from the class token down
def rollout(weights):
    row = torch.zeros_like(weights[0][:, 0, :1])
    row[:, 0, 0] = 1
    for w in reversed(weights):
        row = row @ (0.5 * w.mean(1) + 0.5 * torch.eye(w.shape[-1], dtype=w.dtype))
    return row[:, 0, 1:]

# %% right 18.rollout: bmm over a list
def rollout(weights):
    steps = [(w.sum(1) / w.shape[1] + torch.eye(w.shape[2], dtype=w.dtype)) * 0.5 for w in weights]
    out = steps[0]
    for s in steps[1:]:
        out = torch.bmm(s, out)
    return out[:, 0][:, 1:]

# %% wrong 18.rollout: the other order
def rollout(weights):
    steps = [(w.mean(1) + torch.eye(w.shape[2], dtype=w.dtype)) * 0.5 for w in weights]
    out = steps[0]
    for s in steps[1:]:
        out = out @ s
    return out[:, 0, 1:]

# %% wrong 18.rollout: no residual
def rollout(weights):
    out = weights[0].mean(1)
    for w in weights[1:]:
        out = w.mean(1) @ out
    return out[:, 0, 1:]

# %% wrong 18.rollout: not halved
def rollout(weights):
    steps = [w.mean(1) + torch.eye(w.shape[2], dtype=w.dtype) for w in weights]
    out = steps[0]
    for s in steps[1:]:
        out = s @ out
    return out[:, 0, 1:]

# %% wrong 18.rollout: a column for a row
def rollout(weights):
    steps = [(w.mean(1) + torch.eye(w.shape[2], dtype=w.dtype)) * 0.5 for w in weights]
    out = steps[0]
    for s in steps[1:]:
        out = s @ out
    return out[:, 1:, 0]

# %% wrong 18.rollout: the class token's own share left in
def rollout(weights):
    steps = [(w.mean(1) + torch.eye(w.shape[2], dtype=w.dtype)) * 0.5 for w in weights]
    out = steps[0]
    for s in steps[1:]:
        out = s @ out
    return out[:, 0]

# %% wrong 18.rollout: last layer alone
def rollout(weights):
    return weights[-1].mean(1)[:, 0, 1:]

# %% right 18.shuffled: by slices
def shuffled(pictures, order, size):
    b, h, w = pictures.shape
    columns = w // size
    out = torch.empty_like(pictures)
    for n, m in enumerate(order):
        m = int(m)
        r, c, u, v = n // columns * size, n % columns * size, m // columns * size, m % columns * size
        out[:, r : r + size, c : c + size] = pictures[:, u : u + size, v : v + size]
    return out

# %% right 18.shuffled: permute
def shuffled(pictures, order, size):
    b, h, w = pictures.shape
    x = pictures.view(b, h // size, size, w // size, size).permute(0, 1, 3, 2, 4).reshape(b, -1, size, size)
    x = x[:, order].view(b, h // size, w // size, size, size)
    return x.permute(0, 1, 3, 2, 4).reshape(b, h, w)

# %% wrong 18.shuffled: the inverse
def shuffled(pictures, order, size):
    b, h, w = pictures.shape
    x = pictures.view(b, h // size, size, w // size, size).permute(0, 1, 3, 2, 4).reshape(b, -1, size, size)
    x = x[:, torch.argsort(order)].view(b, h // size, w // size, size, size)
    return x.permute(0, 1, 3, 2, 4).reshape(b, h, w)

# %% wrong 18.shuffled: to the wrong side of an assignment
def shuffled(pictures, order, size):
    b, h, w = pictures.shape
    columns = w // size
    out = torch.empty_like(pictures)
    for n, m in enumerate(order):
        m = int(m)
        r, c, u, v = n // columns * size, n % columns * size, m // columns * size, m % columns * size
        out[:, u : u + size, v : v + size] = pictures[:, r : r + size, c : c + size]
    return out

# %% wrong 18.shuffled: patches, not pictures
def shuffled(pictures, order, size):
    b, h, w = pictures.shape
    x = pictures.view(b, h // size, size, w // size, size).permute(0, 1, 3, 2, 4).reshape(b, -1, size * size)
    return x[:, order]

# %% wrong 18.shuffled: torn by a reshape
def shuffled(pictures, order, size):
    b, h, w = pictures.shape
    x = pictures.view(b, h // size, size, w // size, size).permute(0, 1, 3, 2, 4).reshape(b, -1, size * size)
    return x[:, order].reshape(b, h, w)

# %% wrong 18.shuffled: not shuffled
def shuffled(pictures, order, size):
    return pictures.clone()

# %% right 18.moved_places: one index
def moved_places(places, order):
    index = torch.cat([torch.tensor([0]), order + 1])
    return places[index]

# %% right 18.moved_places: in a copy
def moved_places(places, order):
    new = places.clone()
    for n in range(len(order)):
        new[n + 1] = places[order[n] + 1]
    return new

# %% wrong 18.moved_places: the inverse
def moved_places(places, order):
    new = places.clone()
    for n in range(len(order)):
        new[order[n] + 1] = places[n + 1]
    return new

# %% wrong 18.moved_places: the class token is forgotten in the count
def moved_places(places, order):
    return torch.cat([places[:1], places[order]])

# %% wrong 18.moved_places: without the class token
def moved_places(places, order):
    return places[1:][order]

# %% wrong 18.moved_places: the class token at the end
def moved_places(places, order):
    return torch.cat([places[1:][order], places[:1]])

# %% wrong 18.moved_places: not moved
def moved_places(places, order):
    return places

# %% right 18.coin_toss: lists and a running binomial
def coin_toss(right_a, right_b):
    diff = np.asarray(right_a, int) - np.asarray(right_b, int)
    a, b = int((diff == 1).sum()), int((diff == -1).sum())
    n, k, term, total = a + b, min(a, b), 1.0, 0.0
    for i in range(k + 1):
        total += term
        term = term * (n - i) / (i + 1)
    return min(1.0, 2 * total * 0.5**n)

# %% wrong 18.coin_toss: divided by zero guarded with 0
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = a + b
    if n == 0:
        return 0.0
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(a, b) + 1)) / 2**n)

# %% wrong 18.coin_toss: only the middle term
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = a + b
    return min(1.0, 2 * math.comb(n, min(a, b)) / 2**n)

# %% wrong 18.coin_toss: the upper end, max instead of min
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = a + b
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(max(a, b) + 1)) / 2**n)

# %% wrong 18.coin_toss: the two accuracies compared, a normal approximation
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    if a + b == 0:
        return 1.0
    z = abs(a - b) / math.sqrt(a + b)
    return math.erfc(z / math.sqrt(2))

# %% wrong 18.coin_toss: chi-square with the correction of one
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    if a + b == 0:
        return 1.0
    z = max(0, abs(a - b) - 1) / math.sqrt(a + b)
    return math.erfc(z / math.sqrt(2))

# %% wrong 18.coin_toss: xor instead of one side for a
def coin_toss(right_a, right_b):
    a, b = int((right_a ^ right_b).sum()), int((~right_a & right_b).sum())
    n = a + b
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(a, b) + 1)) / 2**n)

# %% wrong 18.coin_toss: both right counted in n
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = int((right_a | right_b).sum())
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(a, b) + 1)) / 2**n)

# %% wrong 18.coin_toss: the two without the power of two
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = a + b
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(a, b) + 1)))

# %% wrong 18.coin_toss: 2 to the n minus one
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = a + b
    return min(1.0, sum(math.comb(n, k) for k in range(min(a, b) + 1)) / 2 ** (n + 1))

# %% wrong 18.coin_toss: the smaller is halved, counted from the middle
def coin_toss(right_a, right_b):
    a, b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    n = a + b
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(n // 2 + 1)) / 2**n)

# %% wrong 18.coin_toss: minus instead of not on NumPy's booleans, by where
def coin_toss(right_a, right_b):
    a = int(np.where(right_a, 1, 0).sum() - np.where(right_b, 1, 0).sum())
    n = abs(a)
    return min(1.0, 2 * 0.5**n)

# %% wrong 18.coin_toss: a permutation test of its own
def coin_toss(right_a, right_b):
    rng = np.random.default_rng(0)
    d = right_a.astype(int) - right_b.astype(int)
    signs = rng.choice([-1, 1], size=(500, len(d)))
    return float((np.abs((signs * d).sum(1)) >= abs(d.sum())).mean())

# %% right 18.assemble: einops by hand with unflatten
def assemble(cut, height):
    p = round(math.sqrt(cut.shape[2]))
    x = cut.unflatten(2, (p, p)).unflatten(1, (height // p, -1))
    return x.transpose(2, 3).flatten(3).flatten(1, 2)

# %% right 18.assemble: cat of rows
def assemble(cut, height):
    p = math.isqrt(cut.shape[-1])
    per_row = cut.shape[1] // (height // p)
    tiles = cut.reshape(cut.shape[0], cut.shape[1], p, p)
    strips = [torch.cat(list(tiles[:, i : i + per_row].unbind(1)), dim=2) for i in range(0, cut.shape[1], per_row)]
    return torch.cat(strips, dim=1)

# %% wrong 18.assemble: patches stacked below each other
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    return cut.reshape(b, n * p, p)

# %% wrong 18.assemble: side by side in one strip
def assemble(cut, height):
    p = math.isqrt(cut.shape[-1])
    return torch.cat(list(cut.reshape(cut.shape[0], -1, p, p).unbind(1)), dim=2)

# %% wrong 18.assemble: height counted in patches
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    return cut.reshape(b, height, n // height, p, p).swapaxes(2, 3).reshape(b, height * p, -1)

# %% wrong 18.assemble: swapped the columns of patches with the columns of pixels
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    return cut.reshape(b, h, n // h, p, p).swapaxes(2, 4).reshape(b, height, -1)

# %% wrong 18.assemble: the whole grid transposed, columns first
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    w = n // h
    out = cut.new_zeros(b, height, w * p)
    for k in range(n):
        r, c = k % h, k // h
        out[:, r * p : (r + 1) * p, c * p : (c + 1) * p] = cut[:, k].reshape(b, p, p)
    return out

# %% wrong 18.assemble: off by one in the slice, the last row of a patch missing
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    w = n // h
    out = cut.new_zeros(b, height, w * p)
    for k in range(n):
        r, c = k // w, k % w
        t = cut[:, k].reshape(b, p, p)
        out[:, r * p : r * p + p - 1, c * p : (c + 1) * p] = t[:, : p - 1]
    return out

# %% wrong 18.assemble: not multiplied by the size, the patches overwrite one another
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    w = n // h
    out = cut.new_zeros(b, height, w * p)
    for k in range(n):
        r, c = k // w, k % w
        out[:, r : r + p, c : c + p] = cut[:, k].reshape(b, p, p)
    return out

# %% wrong 18.assemble: rows from below
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    return cut.reshape(b, h, n // h, p, p).swapaxes(2, 3).reshape(b, height, -1).flip(1)

# %% wrong 18.assemble: patches mirrored from left to right
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    return cut.reshape(b, h, n // h, p, p).flip(4).swapaxes(2, 3).reshape(b, height, -1)

# %% wrong 18.assemble: the batch is mixed in by a view with the wrong order
def assemble(cut, height):
    b, n, pp = cut.shape
    p = math.isqrt(pp)
    h = height // p
    return cut.reshape(h, n // h, b, p, p).permute(2, 0, 3, 1, 4).reshape(b, height, -1)

# %% wrong 18.assemble: F.fold after all
def assemble(cut, height):
    p = math.isqrt(cut.shape[-1])
    width = cut.shape[1] // (height // p) * p
    return F.fold(cut.transpose(1, 2), (height, width), p, stride=p)[:, 0]

# %% right 18.conv_as_product: a big matrix with the kernels written into it
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    places = [(r, c) for r in range(0, height - kr + 1, stride) for c in range(0, width - kc + 1, stride)]
    index = torch.tensor([[(r + i) * width + c + j for i in range(kr) for j in range(kc)] for r, c in places])
    rows = pictures.reshape(b, -1)[:, index]
    return rows @ kernels.reshape(d, -1).mT + bias

# %% wrong 18.conv_as_product: kernel as wide as high supposed
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, k, _ = kernels.shape
    rows = [
        pictures[:, r : r + k, c : c + k].reshape(b, -1)
        for r in range(0, height - k + 1, stride)
        for c in range(0, width - k + 1, stride)
    ]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: rows of windows and columns exchanged
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [
        pictures[:, r : r + kr, c : c + kc].reshape(b, -1)
        for c in range(0, width - kc + 1, stride)
        for r in range(0, height - kr + 1, stride)
    ]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: kernels flipped as in mathematics
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    kernels = kernels.flip(1, 2)
    rows = [
        pictures[:, r : r + kr, c : c + kc].reshape(b, -1)
        for r in range(0, height - kr + 1, stride)
        for c in range(0, width - kc + 1, stride)
    ]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: bias per window, a broadcast the wrong way
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [
        pictures[:, r : r + kr, c : c + kc].reshape(b, -1)
        for r in range(0, height - kr + 1, stride)
        for c in range(0, width - kc + 1, stride)
    ]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias.sum()

# %% wrong 18.conv_as_product: the bias multiplied
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [
        pictures[:, r : r + kr, c : c + kc].reshape(b, -1)
        for r in range(0, height - kr + 1, stride)
        for c in range(0, width - kc + 1, stride)
    ]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T * bias

# %% wrong 18.conv_as_product: a grid comes back, not a row of tokens
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    tops, lefts = range(0, height - kr + 1, stride), range(0, width - kc + 1, stride)
    rows = [pictures[:, r : r + kr, c : c + kc].reshape(b, -1) for r in tops for c in lefts]
    out = torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias
    return out.reshape(b, len(tops), len(lefts), d)

# %% wrong 18.conv_as_product: the stride applied to the count, not to the place
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    nr, nc = (height - kr) // stride + 1, (width - kc) // stride + 1
    rows = [pictures[:, r : r + kr, c : c + kc].reshape(b, -1) for r in range(nr) for c in range(nc)]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: windows stacked in front of the batch
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [
        pictures[:, r : r + kr, c : c + kc].reshape(b, -1)
        for r in range(0, height - kr + 1, stride)
        for c in range(0, width - kc + 1, stride)
    ]
    return torch.stack(rows) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: zeros around, as many windows as pixels
def conv_as_product(pictures, kernels, bias, stride):
    d, kr, kc = kernels.shape
    pictures = F.pad(pictures, (kc // 2, kc // 2, kr // 2, kr // 2))
    b, height, width = pictures.shape
    rows = [
        pictures[:, r : r + kr, c : c + kc].reshape(b, -1)
        for r in range(0, height - kr + 1, stride)
        for c in range(0, width - kc + 1, stride)
    ]
    return torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias

# %% wrong 18.conv_as_product: a ReLU at the end
def conv_as_product(pictures, kernels, bias, stride):
    b, height, width = pictures.shape
    d, kr, kc = kernels.shape
    rows = [
        pictures[:, r : r + kr, c : c + kc].reshape(b, -1)
        for r in range(0, height - kr + 1, stride)
        for c in range(0, width - kc + 1, stride)
    ]
    return (torch.stack(rows, 1) @ kernels.reshape(d, -1).T + bias).relu()

# %% wrong 18.conv_as_product: F.conv2d after all
def conv_as_product(pictures, kernels, bias, stride):
    return F.conv2d(pictures[:, None], kernels[:, None], bias, stride).flatten(2).transpose(1, 2)

# %% right 18.to_tokens: pad in front and add
def to_tokens(u, first, places):
    x = F.pad(u, (0, 0, 1, 0))
    at_front = torch.zeros(u.shape[1] + 1, 1, dtype=u.dtype)
    at_front[0] = 1
    return x + at_front * first + places

# %% wrong 18.to_tokens: places added before, class token without a place
def to_tokens(u, first, places):
    u = u + places[: u.shape[1]]
    return torch.cat([first.expand(len(u), 1, -1), u], dim=1)

# %% wrong 18.to_tokens: the class token is added to every patch instead of being put in front
def to_tokens(u, first, places):
    return u + first + places[1:]

# %% wrong 18.to_tokens: the places as tokens of their own
def to_tokens(u, first, places):
    b = len(u)
    return torch.cat([first.expand(b, 1, -1), u, places.expand(b, -1, -1)], dim=1)

# %% wrong 18.to_tokens: put together along the width
def to_tokens(u, first, places):
    return torch.cat([first.expand(u.shape[0], u.shape[1], -1), u], dim=2)

# %% wrong 18.to_tokens: places turned round
def to_tokens(u, first, places):
    return torch.cat([first.expand(len(u), 1, -1), u], dim=1) + places.flip(0)

# %% wrong 18.to_tokens: class token zeros
def to_tokens(u, first, places):
    return torch.cat([torch.zeros_like(u[:, :1]), u], dim=1) + places

# %% wrong 18.to_tokens: the mean of the patches as the class token
def to_tokens(u, first, places):
    return torch.cat([u.mean(dim=1, keepdim=True), u], dim=1) + places

# %% wrong 18.to_tokens: the gradient is cut off by data
def to_tokens(u, first, places):
    return torch.cat([first.data.expand(len(u), 1, -1), u], dim=1) + places

# %% wrong 18.to_tokens: places scaled by the root of the width
def to_tokens(u, first, places):
    return torch.cat([first.expand(len(u), 1, -1), u], dim=1) * u.shape[2] ** 0.5 + places

# %% wrong 18.to_tokens: class token is put into the place of the first patch
def to_tokens(u, first, places):
    x = u.clone()
    x[:, 0] = first
    return x + places[:-1]

# %% right 18.shift: index_select with a row of zeros
def shift(pictures, down, right):
    b, h, w = pictures.shape
    big = torch.cat([pictures, torch.zeros(b, 1, w, dtype=pictures.dtype)], 1)
    big = torch.cat([big, torch.zeros(b, h + 1, 1, dtype=pictures.dtype)], 2)
    rows = torch.arange(h) - down
    cols = torch.arange(w) - right
    rows = torch.where((rows >= 0) & (rows < h), rows, h)
    cols = torch.where((cols >= 0) & (cols < w), cols, w)
    return big[:, rows][:, :, cols]

# %% right 18.shift: roll, then zeros
def shift(pictures, down, right):
    x = torch.roll(pictures, (down, right), (1, 2))
    if down > 0:
        x[:, :down] = 0
    elif down < 0:
        x[:, down:] = 0
    if right > 0:
        x[:, :, :right] = 0
    elif right < 0:
        x[:, :, right:] = 0
    return x

# %% wrong 18.shift: roll, then zeros at the top and left only
def shift(pictures, down, right):
    x = torch.roll(pictures, (down, right), (1, 2))
    x[:, : abs(down)] = 0
    x[:, :, : abs(right)] = 0
    return x

# %% wrong 18.shift: a negative slice that is empty at zero
def shift(pictures, down, right):
    x = torch.zeros_like(pictures)
    h, w = pictures.shape[1:]
    if down >= 0 and right >= 0:
        x[:, down:, right:] = pictures[:, :-down, :-right] if down and right else 0
    else:
        x[:, : h - abs(down), : w - abs(right)] = pictures[:, abs(down) :, abs(right) :]
    return x

# %% wrong 18.shift: pads, and leaves the picture larger
def shift(pictures, down, right):
    return F.pad(pictures, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))

# %% wrong 18.shift: pads and cuts the wrong end
def shift(pictures, down, right):
    h, w = pictures.shape[1:]
    big = F.pad(pictures, (max(right, 0), max(-right, 0), max(down, 0), max(-down, 0)))
    return big[:, -h:, -w:]

# %% wrong 18.shift: only down
def shift(pictures, down, right):
    h = pictures.shape[1]
    big = F.pad(pictures, (0, 0, abs(down), abs(down)))
    return big[:, abs(down) - down : abs(down) - down + h]

# %% wrong 18.shift: sideways only
def shift(pictures, down, right):
    w = pictures.shape[2]
    big = F.pad(pictures, (abs(right), abs(right)))
    return big[:, :, abs(right) - right : abs(right) - right + w]

# %% wrong 18.shift: in place
def shift(pictures, down, right):
    moved = torch.roll(pictures, (down, right), (1, 2))
    pictures.zero_()
    h, w = pictures.shape[1:]
    r0, r1, c0, c1 = max(down, 0), h + min(down, 0), max(right, 0), w + min(right, 0)
    pictures[:, r0:r1, c0:c1] = moved[:, r0:r1, c0:c1]
    return pictures

# %% wrong 18.shift: the batch axis is moved
def shift(pictures, down, right):
    return torch.roll(pictures, (down, right), (0, 1))

# %% wrong 18.shift: down is up
def shift(pictures, down, right):
    h, w = pictures.shape[1:]
    k = max(abs(down), abs(right))
    big = F.pad(pictures, (k, k, k, k))
    return big[:, k + down : k + down + h, k - right : k - right + w]

# %% wrong 18.shift: ones come in
def shift(pictures, down, right):
    h, w = pictures.shape[1:]
    k = max(abs(down), abs(right))
    big = F.pad(pictures, (k, k, k, k), value=1.0)
    return big[:, k - down : k - down + h, k - right : k - right + w]

# %% wrong 18.shift: the edge is mirrored in
def shift(pictures, down, right):
    h, w = pictures.shape[1:]
    k = max(abs(down), abs(right))
    big = F.pad(pictures[:, None], (k, k, k, k), mode="reflect")[:, 0]
    return big[:, k - down : k - down + h, k - right : k - right + w]

# %% wrong 18.shift: one pixel whatever is asked
def shift(pictures, down, right):
    h, w = pictures.shape[1:]
    d, r = int(np.sign(down)), int(np.sign(right))
    big = F.pad(pictures, (1, 1, 1, 1))
    return big[:, 1 - d : 1 - d + h, 1 - r : 1 - r + w]

# %% right 18.position_map: two loops over places
def position_map(places, side):
    p = places[1:].reshape(side, side, -1)
    out = torch.zeros(side, side, side, side, dtype=places.dtype)
    for r in range(side):
        for c in range(side):
            out[r, c] = (p @ p[r, c]) / (p.norm(dim=2) * p[r, c].norm())
    return out

# %% wrong 18.position_map: softmax over the places
def position_map(places, side):
    p = places[1:]
    return (p @ p.T).softmax(dim=-1).reshape(side, side, side, side)

# %% wrong 18.position_map: scaled by the root of the width, as attention does
def position_map(places, side):
    p = places[1:]
    return (p @ p.T / p.shape[1] ** 0.5).reshape(side, side, side, side)

# %% wrong 18.position_map: the class token's row is kept
def position_map(places, side):
    p = places / places.norm(dim=1, keepdim=True)
    return p @ p.T

# %% wrong 18.position_map: centred vectors
def position_map(places, side):
    p = places[1:] - places[1:].mean(0)
    p = p / p.norm(dim=1, keepdim=True)
    return (p @ p.T).reshape(side, side, side, side)

# %% wrong 18.position_map: columns normalised
def position_map(places, side):
    p = places[1:] / places[1:].norm(dim=0)
    return (p @ p.T).reshape(side, side, side, side)

# %% wrong 18.position_map: squares of the norms without the root
def position_map(places, side):
    p = places[1:]
    q = (p * p).sum(1)
    return (p @ p.T / torch.outer(q, q)).reshape(side, side, side, side)

# %% wrong 18.position_map: the sum of absolute values as the length
def position_map(places, side):
    p = places[1:] / places[1:].abs().sum(1, keepdim=True)
    return (p @ p.T).reshape(side, side, side, side)

# %% wrong 18.position_map: distances
def position_map(places, side):
    p = places[1:] / places[1:].norm(dim=1, keepdim=True)
    return (p[:, None] - p).norm(dim=2).reshape(side, side, side, side)

# %% wrong 18.position_map: one minus the cosine
def position_map(places, side):
    p = places[1:] / places[1:].norm(dim=1, keepdim=True)
    return 1 - (p @ p.T).reshape(side, side, side, side)

# %% wrong 18.position_map: axes in the order row, row, column, column
def position_map(places, side):
    p = places[1:] / places[1:].norm(dim=1, keepdim=True)
    return (p @ p.T).reshape(side, side, side, side).permute(0, 2, 1, 3)

# %% wrong 18.position_map: a row of maps
def position_map(places, side):
    p = places[1:] / places[1:].norm(dim=1, keepdim=True)
    return (p @ p.T).reshape(side * side, side, side)

# %% wrong 18.position_map: only the size of the cosine
def position_map(places, side):
    p = places[1:] / places[1:].norm(dim=1, keepdim=True)
    return (p @ p.T).abs().reshape(side, side, side, side)

# %% right 18.rollout: linalg.multi_dot picture by picture
def rollout(weights):
    rows = []
    for b in range(len(weights[0])):
        total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
        for w in weights:
            total = (w[b].mean(0) * 0.5 + 0.5 * torch.eye(w.shape[-1], dtype=w.dtype)) @ total
        rows.append(total[0, 1:])
    return torch.stack(rows)

# %% wrong 18.rollout: heads' maximum instead of their mean
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.amax(1) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    return total[:, 0, 1:]

# %% wrong 18.rollout: heads summed
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.sum(1) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    return total[:, 0, 1:]

# %% wrong 18.rollout: first head only
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w[:, 0] + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    return total[:, 0, 1:]

# %% wrong 18.rollout: layers averaged
def rollout(weights):
    steps = [(w.mean(1) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 for w in weights]
    return torch.stack(steps).mean(0)[:, 0, 1:]

# %% wrong 18.rollout: multiplied entry by entry
def rollout(weights):
    total = torch.ones_like(weights[0].mean(1))
    for w in weights:
        total = total * (w.mean(1) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2
    return total[:, 0, 1:]

# %% wrong 18.rollout: rescaled to one
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.mean(1) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    share = total[:, 0, 1:]
    return share / share.sum(dim=1, keepdim=True)

# %% wrong 18.rollout: first layer alone
def rollout(weights):
    w = weights[0].mean(1)
    return ((w + torch.eye(w.shape[-1], dtype=w.dtype)) / 2)[:, 0, 1:]

# %% wrong 18.rollout: ones instead of an identity
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.mean(1) + 1) / 2 @ total
    return total[:, 0, 1:]

# %% wrong 18.rollout: the last token's row
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.mean(1) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    return total[:, -1, :-1]

# %% wrong 18.rollout: the whole matrix
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.mean(1) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    return total

# %% wrong 18.rollout: batch and heads mixed up, the mean over axis 0
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.mean(0) + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    return total[:, 0, 1:]

# %% wrong 18.rollout: transposed weights, where from instead of where to
def rollout(weights):
    total = torch.eye(weights[0].shape[-1], dtype=weights[0].dtype)
    for w in weights:
        total = (w.mean(1).mT + torch.eye(w.shape[-1], dtype=w.dtype)) / 2 @ total
    return total[:, 0, 1:]

# %% right 18.shuffled: gather
def shuffled(pictures, order, size):
    cut = patches(pictures, size)
    index = order.reshape(1, -1, 1).expand(len(cut), -1, cut.shape[2])
    return assemble(cut.gather(1, index), pictures.shape[1])

# %% wrong 18.shuffled: scatter, which is the inverse
def shuffled(pictures, order, size):
    cut = patches(pictures, size)
    new = torch.zeros_like(cut)
    new[:, order] = cut
    return assemble(new, pictures.shape[1])

# %% wrong 18.shuffled: the pictures of the batch are shuffled
def shuffled(pictures, order, size):
    return pictures[order % len(pictures)]

# %% wrong 18.shuffled: pixels inside each patch shuffled
def shuffled(pictures, order, size):
    cut = patches(pictures, size)
    keep = order[order < cut.shape[2]]
    return assemble(cut[:, :, keep], pictures.shape[1])

# %% wrong 18.shuffled: width for height
def shuffled(pictures, order, size):
    return assemble(patches(pictures, size)[:, order], pictures.shape[2])

# %% wrong 18.shuffled: a new order drawn
def shuffled(pictures, order, size):
    return assemble(patches(pictures, size)[:, torch.randperm(len(order))], pictures.shape[1])

# %% wrong 18.shuffled: twice
def shuffled(pictures, order, size):
    return assemble(patches(pictures, size)[:, order][:, order], pictures.shape[1])

# %% wrong 18.shuffled: sorted back
def shuffled(pictures, order, size):
    return assemble(patches(pictures, size)[:, order.sort().values], pictures.shape[1])

# %% wrong 18.shuffled: patches turned as well
def shuffled(pictures, order, size):
    cut = patches(pictures, size)[:, order]
    cut = cut.unflatten(2, (size, size)).mT.flatten(2)
    return assemble(cut, pictures.shape[1])

# %% wrong 18.shuffled: order backwards
def shuffled(pictures, order, size):
    return assemble(patches(pictures, size)[:, order.flip(0)], pictures.shape[1])

# %% wrong 18.shuffled: rows of the picture are permuted
def shuffled(pictures, order, size):
    return pictures[:, order[order < pictures.shape[1]]]

# %% right 18.moved_places: index_copy
def moved_places(places, order):
    out = places.clone()
    out[1:] = torch.index_select(places[1:], 0, order)
    return out

# %% wrong 18.moved_places: argsort
def moved_places(places, order):
    return torch.cat([places[:1], places[1:][order.argsort()]])

# %% wrong 18.moved_places: order + 1 without the class token
def moved_places(places, order):
    return places[order + 1]

# %% wrong 18.moved_places: the class token moves too, the order shifted by nothing
def moved_places(places, order):
    n = len(places)
    return places[torch.cat([order, torch.tensor([n - 1])])]

# %% wrong 18.moved_places: sorted
def moved_places(places, order):
    return torch.cat([places[:1], places[1:][order.sort().values]])

# %% wrong 18.moved_places: the class token zeroed
def moved_places(places, order):
    return torch.cat([torch.zeros_like(places[:1]), places[1:][order]])

# %% wrong 18.moved_places: order in the columns
def moved_places(places, order):
    return places[:, order % places.shape[1]]

# %% wrong 18.moved_places: in place, rows overwritten before they are read
def moved_places(places, order):
    new = places.clone()
    for n, m in enumerate(order.tolist()):
        new[n + 1] = new[m + 1]
    return new

# %% wrong 18.moved_places: swaps pairs
def moved_places(places, order):
    new = places.clone()
    for n, m in enumerate(order.tolist()):
        new[n + 1], new[m + 1] = places[m + 1], places[n + 1]
    return new

# %% wrong 18.moved_places: turned round
def moved_places(places, order):
    return torch.cat([places[:1], places[1:][order].flip(0)])

# %% wrong 18.moved_places: twice
def moved_places(places, order):
    return torch.cat([places[:1], places[1:][order][order]])

# %% wrong 18.moved_places: the class token last in the count, minus one
def moved_places(places, order):
    index = torch.cat([torch.tensor([0]), order])
    return places[index]
