# %% right 24.squared_distances: two loops
def squared_distances(x, y):
    out = np.zeros((len(x), len(y)))
    for n in range(len(x)):
        for m in range(len(y)):
            out[n, m] = sum((x[n, k] - y[m, k]) ** 2 for k in range(x.shape[1]))
    return out

# %% right 24.squared_distances: broadcasting with two new axes
def squared_distances(x, y):
    return np.sum(np.square(x[:, np.newaxis, :] - y[np.newaxis, :, :]), axis=2)

# %% right 24.squared_distances: the norm, squared
def squared_distances(x, y):
    return np.linalg.norm(x[:, None] - y[None], axis=-1) ** 2

# %% right 24.squared_distances: einsum
def squared_distances(x, y):
    d = x[:, None] - y
    return np.einsum("nmk,nmk->nm", d, d)

# %% right 24.squared_distances: a row at a time
def squared_distances(x, y):
    return np.stack([((row - y) ** 2).sum(axis=1) for row in x])

# %% wrong 24.squared_distances: the distance, with the root
def squared_distances(x, y):
    return np.linalg.norm(x[:, None] - y, axis=-1)

# %% wrong 24.squared_distances: rows and columns of the table change places
def squared_distances(x, y):
    return ((y[:, None] - x) ** 2).sum(axis=-1)

# %% wrong 24.squared_distances: no new axis, x - y is an error
def squared_distances(x, y):
    return ((x - y) ** 2).sum(axis=-1)

# %% wrong 24.squared_distances: the new axis at the end
def squared_distances(x, y):
    return ((x[:, :, None] - y) ** 2).sum(axis=-1)

# %% wrong 24.squared_distances: mean squared difference
def squared_distances(x, y):
    return ((x[:, None] - y) ** 2).mean(axis=-1)

# %% wrong 24.squared_distances: summed over axis 1
def squared_distances(x, y):
    return ((x[:, None] - y) ** 2).sum(axis=1)

# %% wrong 24.squared_distances: no sum
def squared_distances(x, y):
    return (x[:, None] - y) ** 2

# %% wrong 24.squared_distances: sum without an axis
def squared_distances(x, y):
    return np.sum((x[:, None] - y) ** 2)

# %% wrong 24.squared_distances: city-block distance
def squared_distances(x, y):
    return np.abs(x[:, None] - y).sum(-1)

# %% wrong 24.squared_distances: squared after the sum
def squared_distances(x, y):
    return (x[:, None] - y).sum(axis=-1) ** 2

# %% wrong 24.squared_distances: the cross term once, not twice
def squared_distances(x, y):
    return (x**2).sum(axis=1)[:, None] - x @ y.T + (y**2).sum(axis=1)

# %% wrong 24.squared_distances: the cross term with a plus
def squared_distances(x, y):
    return (x**2).sum(1)[:, None] + 2 * x @ y.T + (y**2).sum(1)

# %% wrong 24.squared_distances: difference of the squares
def squared_distances(x, y):
    return (x[:, None] ** 2 - y**2).sum(axis=-1)

# %% wrong 24.squared_distances: only the first number of each point
def squared_distances(x, y):
    return (x[:, None, 0] - y[:, 0]) ** 2

# %% wrong 24.squared_distances: a list comprehension in which the loops are the wrong way round
def squared_distances(x, y):
    return np.array([[((a - b) ** 2).sum() for a in x] for b in y])

# %% right 24.surprise: softmax, then minus the logarithm
def surprise(logits, target):
    shifted = logits - np.max(logits)
    return np.log(np.sum(np.exp(shifted))) - shifted[target]

# %% right 24.surprise: with a loop and math
def surprise(logits, target):
    top = max(logits)
    total = 0.0
    for one in logits:
        total += math.exp(one - top)
    return top + math.log(total) - logits[target]

# %% right 24.surprise: logaddexp
def surprise(logits, target):
    return np.logaddexp.reduce(logits) - logits[target]

# %% right 24.surprise: torch.logsumexp
def surprise(logits, target):
    t = torch.tensor(logits)
    return (torch.logsumexp(t, dim=0) - t[target]).item()

# %% right 24.surprise: differences to the right logit
def surprise(logits, target):
    d = logits - logits[target]
    m = d.max()
    return m + np.log(np.exp(d - m).sum())

# %% wrong 24.surprise: no shift, so that 1000 overflows
def surprise(logits, target):
    return np.log(np.exp(logits).sum()) - logits[target]

# %% wrong 24.surprise: softmax without a shift, then the logarithm
def surprise(logits, target):
    p = np.exp(logits) / np.exp(logits).sum()
    return -np.log(p[target])

# %% wrong 24.surprise: the shift is not put back
def surprise(logits, target):
    m = logits.max()
    return np.log(np.exp(logits - m).sum()) - logits[target]

# %% wrong 24.surprise: log p, the sign forgotten
def surprise(logits, target):
    shifted = logits - logits.max()
    return shifted[target] - np.log(np.exp(shifted).sum())

# %% wrong 24.surprise: the probability
def surprise(logits, target):
    e = np.exp(logits - logits.max())
    return (e / e.sum())[target]

# %% wrong 24.surprise: one minus the probability
def surprise(logits, target):
    e = np.exp(logits - logits.max())
    return 1 - (e / e.sum())[target]

# %% wrong 24.surprise: bits
def surprise(logits, target):
    e = np.exp(logits - logits.max())
    return -np.log2((e / e.sum())[target])

# %% wrong 24.surprise: the entropy of the softmax, the target unused
def surprise(logits, target):
    e = np.exp(logits - logits.max())
    p = e / e.sum()
    return -(p * np.log(p)).sum()

# %% wrong 24.surprise: surprise of every class
def surprise(logits, target):
    shifted = logits - logits.max()
    return np.log(np.exp(shifted).sum()) - shifted

# %% wrong 24.surprise: mean in the place of the sum
def surprise(logits, target):
    top = logits.max()
    return top + np.log(np.exp(logits - top).mean()) - logits[target]

# %% wrong 24.surprise: the surprise of the likeliest class
def surprise(logits, target):
    top = logits.max()
    return np.log(np.exp(logits - top).sum())

# %% wrong 24.surprise: minus the logit alone
def surprise(logits, target):
    return -logits[target]

# %% wrong 24.surprise: the right logit is not subtracted
def surprise(logits, target):
    top = logits.max()
    return top + np.log(np.exp(logits - top).sum())

# %% wrong 24.surprise: a small number inside the logarithm
def surprise(logits, target):
    e = np.exp(logits - logits.max())
    return -np.log(e[target] / e.sum() + 1e-2)

# %% right 24.fit_line: by hand with sums over N
def fit_line(x, y, lr, steps):
    w = b = 0.0
    N = len(x)
    for _ in range(steps):
        r = w * x + b - y
        grad_w = 2 / N * np.sum(r * x)
        grad_b = 2 / N * np.sum(r)
        w -= lr * grad_w
        b -= lr * grad_b
    return w, b

# %% right 24.fit_line: autograd on one tensor of two
def fit_line(x, y, lr, steps):
    x, y = torch.tensor(x), torch.tensor(y)
    p = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        loss = ((p[0] * x + p[1] - y) ** 2).mean()
        (g,) = torch.autograd.grad(loss, p)
        with torch.no_grad():
            p -= lr * g
    return p[0].item(), p[1].item()

# %% right 24.fit_line: matrix form with a column of ones
def fit_line(x, y, lr, steps):
    X = np.column_stack([x, np.ones(len(x))])
    theta = np.zeros(2)
    for _ in range(steps):
        theta = theta - lr * 2 / len(x) * X.T @ (X @ theta - y)
    return theta[0], theta[1]

# %% right 24.fit_line: a while loop, the error with the sign turned
def fit_line(x, y, lr, steps):
    w, b, done = 0.0, 0.0, 0
    while done < steps:
        error = y - (w * x + b)
        w, b = w + lr * 2 * np.mean(error * x), b + lr * 2 * np.mean(error)
        done += 1
    return w, b

# %% wrong 24.fit_line: the gradient is added
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w + lr * 2 * (miss * x).mean(), b + lr * 2 * miss.mean()
    return w, b

# %% wrong 24.fit_line: w first, then the error anew for b
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        w -= lr * 2 * ((w * x + b - y) * x).mean()
        b -= lr * 2 * (w * x + b - y).mean()
    return w, b

# %% wrong 24.fit_line: without the 2
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * (miss * x).mean(), b - lr * miss.mean()
    return w, b

# %% wrong 24.fit_line: sums in the place of means
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * 2 * (miss * x).sum(), b - lr * 2 * miss.sum()
    return w, b

# %% wrong 24.fit_line: autograd without clearing
def fit_line(x, y, lr, steps):
    x, y = torch.tensor(x), torch.tensor(y)
    w = torch.zeros((), dtype=torch.float64, requires_grad=True)
    b = torch.zeros((), dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        ((w * x + b - y) ** 2).mean().backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
    return w.item(), b.item()

# %% wrong 24.fit_line: the least-squares answer, whatever the steps
def fit_line(x, y, lr, steps):
    X = np.column_stack([x, np.ones_like(x)])
    return tuple(np.linalg.solve(X.T @ X, X.T @ y))

# %% wrong 24.fit_line: b forgotten
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        w -= lr * 2 * ((w * x - y) * x).mean()
    return w, b

# %% wrong 24.fit_line: the x is missing in the gradient of w
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * 2 * miss.mean(), b - lr * 2 * miss.mean()
    return w, b

# %% wrong 24.fit_line: b, w
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * 2 * (miss * x).mean(), b - lr * 2 * miss.mean()
    return b, w

# %% wrong 24.fit_line: the return inside the loop
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * 2 * (miss * x).mean(), b - lr * 2 * miss.mean()
        return w, b
    return w, b

# %% wrong 24.fit_line: one step more, with range(steps + 1)
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps + 1):
        miss = w * x + b - y
        w, b = w - lr * 2 * (miss * x).mean(), b - lr * 2 * miss.mean()
    return w, b

# %% wrong 24.fit_line: begins at random
def fit_line(x, y, lr, steps):
    w, b = np.random.default_rng(0).normal(size=2)
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * 2 * (miss * x).mean(), b - lr * 2 * miss.mean()
    return w, b

# %% wrong 24.fit_line: the absolute error's gradient
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        s = np.sign(w * x + b - y)
        w, b = w - lr * (s * x).mean(), b - lr * s.mean()
    return w, b

# %% wrong 24.fit_line: the loss is handed back too
def fit_line(x, y, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        miss = w * x + b - y
        w, b = w - lr * 2 * (miss * x).mean(), b - lr * 2 * miss.mean()
    return w, b, ((w * x + b - y) ** 2).mean()
