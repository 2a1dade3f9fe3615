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
