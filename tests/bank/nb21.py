# %% right 21.attention_flops: by the formula, factored
def attention_flops(batch, steps, width, heads):
    return 4 * batch * steps * width * (2 * width + steps)

# %% right 21.attention_flops: head by head
def attention_flops(batch, steps, width, heads):
    d_k = width // heads
    one_head = 2 * steps * d_k * steps + 2 * steps * steps * d_k
    return batch * (4 * 2 * steps * width**2 + heads * one_head)

# %% wrong 21.attention_flops: only multiplications
def attention_flops(batch, steps, width, heads):
    return batch * (4 * steps * width**2 + 2 * steps**2 * width)

# %% wrong 21.attention_flops: the output projection forgotten
def attention_flops(batch, steps, width, heads):
    return batch * (6 * steps * width**2 + 4 * steps**2 * width)

# %% wrong 21.attention_flops: heads multiply the table
def attention_flops(batch, steps, width, heads):
    return batch * (8 * steps * width**2 + 4 * heads * steps**2 * width)

# %% wrong 21.attention_flops: scores counted, the weighted sum not
def attention_flops(batch, steps, width, heads):
    d_k = width // heads
    scores = heads * 2 * steps * steps * d_k
    return batch * (8 * steps * width * width + scores)

# %% wrong 21.attention_flops: one sequence only
def attention_flops(batch, steps, width, heads):
    return 8 * steps * width**2 + 4 * steps**2 * width

# %% wrong 21.attention_flops: causal half
def attention_flops(batch, steps, width, heads):
    pairs = steps * (steps + 1) // 2
    return batch * (8 * steps * width**2 + 4 * pairs * width)

# %% wrong 21.attention_flops: linear in the length
def attention_flops(batch, steps, width, heads):
    return batch * steps * (8 * width**2 + 4 * width)

# %% wrong 21.attention_flops: batch as part of the length
def attention_flops(batch, steps, width, heads):
    rows = batch * steps
    return 8 * rows * width**2 + 4 * rows**2 * width

# %% right 21.exponent: with covariances
def exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    p = np.cov(x, y, bias=True)[0, 1] / x.var()
    rest = y - y.mean() - p * (x - x.mean())
    n = len(x)
    return p, math.sqrt((rest @ rest) / (n - 2) / (n * x.var()))

# %% right 21.exponent: normal equations
def exponent(lengths, seconds):
    A = np.stack([np.log(lengths), np.ones(len(lengths))], axis=1)
    y = np.log(seconds)
    inverse = np.linalg.inv(A.T @ A)
    beta = inverse @ A.T @ y
    s2 = np.sum((y - A @ beta) ** 2) / (len(y) - 2)
    return beta[0], np.sqrt(s2 * inverse[0, 0])

# %% wrong 21.exponent: no logarithms
def exponent(lengths, seconds):
    x, y = lengths - lengths.mean(), seconds - seconds.mean()
    p = (x @ y) / (x @ x)
    return p, np.sqrt(((y - p * x) ** 2).sum() / (len(x) - 2) / (x @ x))

# %% wrong 21.exponent: n instead of n - 2
def exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    p = (x @ y) / (x @ x)
    return p, np.sqrt(((y - p * x) ** 2).mean() / (x @ x))

# %% wrong 21.exponent: variance, not its root
def exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    p = (x @ y) / (x @ x)
    return p, ((y - p * x) ** 2).sum() / (len(x) - 2) / (x @ x)

# %% wrong 21.exponent: not centred
def exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    p = (x @ y) / (x @ x)
    return p, np.sqrt(((y - p * x) ** 2).sum() / (len(x) - 2) / (x @ x))

# %% wrong 21.exponent: the scatter of the points in place of the slope's error
def exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    p = (x @ y) / (x @ x)
    return p, np.sqrt(((y - p * x) ** 2).sum() / (len(x) - 2))

# %% wrong 21.exponent: only the exponent
def exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    return (x * y).sum() / (x * x).sum()

# %% wrong 21.exponent: first and last point only
def exponent(lengths, seconds):
    x, y = np.log(lengths), np.log(seconds)
    p = (y[-1] - y[0]) / (x[-1] - x[0])
    left = (y - y.mean()) - p * (x - x.mean())
    return p, np.sqrt((left**2).sum() / (len(x) - 2) / ((x - x.mean()) ** 2).sum())

# %% wrong 21.exponent: x and y swapped
def exponent(lengths, seconds):
    y, x = np.log(lengths), np.log(seconds)
    x, y = x - x.mean(), y - y.mean()
    p = (x @ y) / (x @ x)
    return p, np.sqrt(((y - p * x) ** 2).sum() / (len(x) - 2) / (x @ x))

# %% right 21.crossover: np.interp on the gap
def crossover(lengths, a, b):
    gap = np.log(a) - np.log(b)
    k = np.argmax(gap > 0)
    if gap[k] <= 0:
        return float("inf")
    return np.exp(np.interp(0.0, [gap[k - 1], gap[k]], np.log([lengths[k - 1], lengths[k]])))

# %% wrong 21.crossover: the first measured length
def crossover(lengths, a, b):
    for T, one, other in zip(lengths, a, b):
        if one > other:
            return T
    return np.inf

# %% wrong 21.crossover: straight lines without logarithms
def crossover(lengths, a, b):
    gap = a - b
    for k in range(1, len(gap)):
        if gap[k] > 0:
            return lengths[k - 1] - gap[k - 1] * (lengths[k] - lengths[k - 1]) / (gap[k] - gap[k - 1])
    return np.inf

# %% wrong 21.crossover: the logarithm is returned
def crossover(lengths, a, b):
    x, gap = np.log(lengths), np.log(a / b)
    for k in range(1, len(x)):
        if gap[k] > 0:
            return x[k - 1] - gap[k - 1] * (x[k] - x[k - 1]) / (gap[k] - gap[k - 1])
    return np.inf

# %% wrong 21.crossover: the last crossing
def crossover(lengths, a, b):
    x, gap, at = np.log(lengths), np.log(a / b), np.inf
    for k in range(1, len(x)):
        if gap[k - 1] <= 0 < gap[k]:
            at = np.exp(x[k - 1] - gap[k - 1] * (x[k] - x[k - 1]) / (gap[k] - gap[k - 1]))
    return at

# %% wrong 21.crossover: None where they never cross
def crossover(lengths, a, b):
    x, gap = np.log(lengths), np.log(a / b)
    for k in range(1, len(x)):
        if gap[k] > 0:
            return np.exp(x[k - 1] - gap[k - 1] * (x[k] - x[k - 1]) / (gap[k] - gap[k - 1]))

# %% wrong 21.crossover: the geometric middle
def crossover(lengths, a, b):
    for k in range(1, len(lengths)):
        if a[k] > b[k]:
            return np.sqrt(lengths[k] * lengths[k - 1])
    return np.inf

# %% wrong 21.crossover: b becomes dearer than a
def crossover(lengths, a, b):
    x, gap = np.log(lengths), np.log(b / a)
    for k in range(1, len(x)):
        if gap[k] > 0:
            return np.exp(x[k - 1] - gap[k - 1] * (x[k] - x[k - 1]) / (gap[k] - gap[k - 1]))
    return np.inf

# %% wrong 21.crossover: logarithm of the lengths forgotten
def crossover(lengths, a, b):
    gap = np.log(a) - np.log(b)
    for k in range(1, len(gap)):
        if gap[k] > 0:
            share = gap[k - 1] / (gap[k - 1] - gap[k])
            return lengths[k - 1] + share * (lengths[k] - lengths[k - 1])
    return np.inf

# %% right 21.product_seconds: through the intensity
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    flops, traffic = 2 * m * k * n, bytes_each * (m * k + k * n + m * n)
    return flops / min(peak, bandwidth * flops / traffic)

# %% wrong 21.product_seconds: the sum of both
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    return 2 * m * k * n / peak + bytes_each * (m * k + k * n + m * n) / bandwidth

# %% wrong 21.product_seconds: the minimum
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    return min(2 * m * k * n / peak, bytes_each * (m * k + k * n + m * n) / bandwidth)

# %% wrong 21.product_seconds: one operation a weight
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    return max(m * k * n / peak, bytes_each * (m * k + k * n + m * n) / bandwidth)

# %% wrong 21.product_seconds: the output not written
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    return max(2 * m * k * n / peak, bytes_each * (m * k + k * n) / bandwidth)

# %% wrong 21.product_seconds: always four bytes
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    return max(2 * m * k * n / peak, 4 * (m * k + k * n + m * n) / bandwidth)

# %% wrong 21.product_seconds: numbers, not bytes
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    return max(2 * m * k * n / peak, (m * k + k * n + m * n) / bandwidth)

# %% wrong 21.product_seconds: attainable operations a second
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    intensity = 2 * m * k * n / (bytes_each * (m * k + k * n + m * n))
    return min(peak, bandwidth * intensity)

# %% wrong 21.product_seconds: only the weights move
def product_seconds(m, k, n, peak, bandwidth, bytes_each=4):
    return max(2 * m * k * n / peak, bytes_each * k * n / bandwidth)

# %% right 21.longest_stream: counting in numbers
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    if memory < parameters * bytes_each:
        return 0
    return int((memory - parameters * bytes_each) // (2 * layers * kv_heads * d_k * batch * bytes_each))

# %% wrong 21.longest_stream: keys only
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    return max(0, (memory - parameters * bytes_each) // (layers * kv_heads * d_k * batch * bytes_each))

# %% wrong 21.longest_stream: weights forgotten
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    return memory // (2 * layers * kv_heads * d_k * batch * bytes_each)

# %% wrong 21.longest_stream: negative when nothing fits
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    return (memory - parameters * bytes_each) // (2 * layers * kv_heads * d_k * batch * bytes_each)

# %% wrong 21.longest_stream: a float
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    return max(0, (memory - parameters * bytes_each) / (2 * layers * kv_heads * d_k * batch * bytes_each))

# %% wrong 21.longest_stream: one layer
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    return max(0, (memory - parameters * bytes_each) // (2 * kv_heads * d_k * batch * bytes_each))

# %% wrong 21.longest_stream: parameters counted as bytes
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    return max(0, (memory - parameters) // (2 * layers * kv_heads * d_k * batch * bytes_each))

# %% wrong 21.longest_stream: batch forgotten
def longest_stream(memory, parameters, layers, kv_heads, d_k, batch, bytes_each):
    return max(0, (memory - parameters * bytes_each) // (2 * layers * kv_heads * d_k * bytes_each))

# %% right 21.delays: from the delay of the one before
def delays(latencies, period):
    out, d = [], 0.0
    for work in latencies:
        d = max(d - period, 0.0) + work
        out.append(d)
    return np.array(out)

# %% wrong 21.delays: no queue
def delays(latencies, period):
    return np.array(latencies)

# %% wrong 21.delays: absolute times
def delays(latencies, period):
    free, out = 0.0, []
    for t, work in enumerate(latencies):
        free = max(free, t * period) + work
        out.append(free)
    return np.array(out)

# %% wrong 21.delays: waiting time before work begins
def delays(latencies, period):
    free, out = 0.0, []
    for t, work in enumerate(latencies):
        start = max(free, t * period)
        out.append(start - t * period)
        free = start + work
    return np.array(out)

# %% wrong 21.delays: cumulative work without gaps
def delays(latencies, period):
    return np.cumsum(latencies) - np.arange(len(latencies)) * period

# %% wrong 21.delays: readings begin at one period
def delays(latencies, period):
    free, out = 0.0, []
    for t, work in enumerate(latencies):
        arrives = (t + 1) * period
        free = max(free, arrives) + work
        out.append(free - t * period)
    return np.array(out)

# %% wrong 21.delays: lateness beyond the period
def delays(latencies, period):
    free, out = 0.0, []
    for t, work in enumerate(latencies):
        free = max(free, t * period) + work
        out.append(max(0.0, free - t * period - period))
    return np.array(out)

# %% wrong 21.delays: only the previous overrun carries over
def delays(latencies, period):
    out = []
    for t in range(len(latencies)):
        over = max(0.0, latencies[t - 1] - period) if t > 0 else 0.0
        out.append(over + latencies[t])
    return np.array(out)

# %% wrong 21.delays: the largest
def delays(latencies, period):
    free, worst = 0.0, 0.0
    for t, work in enumerate(latencies):
        free = max(free, t * period) + work
        worst = max(worst, free - t * period)
    return worst

# %% right 21.accumulate: means weighted by their share
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    n = sum(y.shape[0] for x, y in pieces)
    for x, y in pieces:
        (nn.functional.cross_entropy(x @ W, y) * (len(y) / n)).backward()
    return W.grad

# %% right 21.accumulate: by hand
def accumulate(W, pieces):
    total, n = torch.zeros_like(W), 0
    for x, y in pieces:
        p = torch.softmax(x @ W, dim=1)
        p[torch.arange(len(y)), y] -= 1
        total += x.T @ p
        n += len(y)
    return total / n

# %% wrong 21.accumulate: divided by the number of pieces
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    for x, y in pieces:
        (nn.functional.cross_entropy(x @ W, y) / len(pieces)).backward()
    return W.grad

# %% wrong 21.accumulate: not divided at all
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    for x, y in pieces:
        nn.functional.cross_entropy(x @ W, y).backward()
    return W.grad

# %% wrong 21.accumulate: sums, not divided
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    for x, y in pieces:
        nn.functional.cross_entropy(x @ W, y, reduction="sum").backward()
    return W.grad

# %% wrong 21.accumulate: zero_grad inside the loop
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    n = sum(len(y) for x, y in pieces)
    for x, y in pieces:
        W.grad = None
        (nn.functional.cross_entropy(x @ W, y, reduction="sum") / n).backward()
    return W.grad

# %% wrong 21.accumulate: sum over number of pieces
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    for x, y in pieces:
        (nn.functional.cross_entropy(x @ W, y, reduction="sum") / len(pieces)).backward()
    return W.grad

# %% wrong 21.accumulate: a step after each piece
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    n, total = sum(len(y) for x, y in pieces), 0
    for x, y in pieces:
        loss = nn.functional.cross_entropy(x @ W, y, reduction="sum") / n
        (g,) = torch.autograd.grad(loss, W)
        total = total + g
        with torch.no_grad():
            W -= 0.1 * g
    return total

# %% wrong 21.accumulate: targets of the first piece for all
def accumulate(W, pieces):
    W = W.detach().clone().requires_grad_(True)
    n = len(pieces[0][1])
    for x, y in pieces:
        (nn.functional.cross_entropy(x @ W, y, reduction="sum") / n).backward()
    return W.grad

# %% right 21.best_segment: from the root outwards
def best_segment(layers):
    pairs = [(math.ceil(layers / k) + k, k) for k in range(1, layers + 1)]
    kept, k = min(pairs)
    return k, kept

# %% wrong 21.best_segment: floor
def best_segment(layers):
    kept, k = min((layers // k + k, k) for k in range(1, layers + 1))
    return k, kept

# %% wrong 21.best_segment: the rounded root
def best_segment(layers):
    k = round(math.sqrt(layers))
    return k, -(-layers // k) + k

# %% wrong 21.best_segment: the largest of equal ones
def best_segment(layers):
    kept = {k: math.ceil(layers / k) + k for k in range(1, layers + 1)}
    least = min(kept.values())
    return max(k for k in kept if kept[k] == least), least

# %% wrong 21.best_segment: results swapped
def best_segment(layers):
    return min((math.ceil(layers / k) + k, k) for k in range(1, layers + 1))

# %% wrong 21.best_segment: only the inputs count
def best_segment(layers):
    kept, k = min((math.ceil(layers / k), k) for k in range(1, layers + 1))
    return k, kept

# %% wrong 21.best_segment: number of segments, not their length
def best_segment(layers):
    kept, k = min((math.ceil(layers / k) + k, k) for k in range(1, layers + 1))
    return math.ceil(layers / k), kept

# %% wrong 21.best_segment: only k
def best_segment(layers):
    return min(range(1, layers + 1), key=lambda k: math.ceil(layers / k) + k)

# %% right 21.bytes_per_rank: a table
def bytes_per_rank(parameters, ranks, stage):
    per = {0: 16, 1: 4 + 12 / ranks, 2: 2 + 14 / ranks, 3: 16 / ranks}
    return per[stage] * parameters

# %% wrong 21.bytes_per_rank: no float32 copy
def bytes_per_rank(parameters, ranks, stage):
    per = {0: 12, 1: 4 + 8 / ranks, 2: 2 + 10 / ranks, 3: 12 / ranks}
    return per[stage] * parameters

# %% wrong 21.bytes_per_rank: everything float32
def bytes_per_rank(parameters, ranks, stage):
    w, g, s = 4, 4, 12
    s = s / ranks if stage >= 1 else s
    g = g / ranks if stage >= 2 else g
    w = w / ranks if stage >= 3 else w
    return parameters * (w + g + s)

# %% wrong 21.bytes_per_rank: only its own part is cut
def bytes_per_rank(parameters, ranks, stage):
    w, g, s = 2, 2, 12
    if stage == 1:
        s /= ranks
    elif stage == 2:
        g /= ranks
    elif stage == 3:
        w /= ranks
    return parameters * (w + g + s)

# %% wrong 21.bytes_per_rank: always cut in full
def bytes_per_rank(parameters, ranks, stage):
    return 16 * parameters / ranks

# %% wrong 21.bytes_per_rank: numbers, not bytes
def bytes_per_rank(parameters, ranks, stage):
    w, g, s = 1, 1, 3
    s = s / ranks if stage >= 1 else s
    g = g / ranks if stage >= 2 else g
    w = w / ranks if stage >= 3 else w
    return parameters * (w + g + s)

# %% wrong 21.bytes_per_rank: the last stage forgets the gradients
def bytes_per_rank(parameters, ranks, stage):
    w, g, s = 2, 2, 12
    if stage >= 1:
        s = s / ranks
    if stage == 2:
        g = g / ranks
    if stage == 3:
        w = w / ranks
    return parameters * (w + g + s)

# %% wrong 21.bytes_per_rank: over all ranks
def bytes_per_rank(parameters, ranks, stage):
    per = {0: 16, 1: 4 + 12 / ranks, 2: 2 + 14 / ranks, 3: 16 / ranks}
    return ranks * per[stage] * parameters

# %% wrong 21.bytes_per_rank: stages one too early
def bytes_per_rank(parameters, ranks, stage):
    per = {0: 4 + 12 / ranks, 1: 2 + 14 / ranks, 2: 16 / ranks, 3: 16 / ranks}
    return per[stage] * parameters

# %% right 21.best_size: the vertex by solving
def best_size(weights, nats):
    x = np.log(weights)
    A = np.stack([x**2, x, np.ones_like(x)], axis=1)
    a, b, c = np.linalg.lstsq(A, nats, rcond=None)[0]
    at = -b / 2 / a
    if a <= 0 or at <= x[0] or at >= x[-1]:
        k = np.argmin(nats)
        return weights[k], nats[k], False
    return np.exp(at), a * at**2 + b * at + c, True

# %% wrong 21.best_size: without logarithms
def best_size(weights, nats):
    a, b, c = np.polyfit(weights, nats, 2)
    at = -b / (2 * a)
    if a > 0 and weights.min() < at < weights.max():
        return at, c - b * b / (4 * a), True
    return weights[nats.argmin()], nats.min(), False

# %% wrong 21.best_size: the best tried
def best_size(weights, nats):
    k = nats.argmin()
    return weights[k], nats[k], 0 < k < len(nats) - 1

# %% wrong 21.best_size: never outside
def best_size(weights, nats):
    a, b, c = np.polyfit(np.log(weights), nats, 2)
    return np.exp(-b / (2 * a)), c - b * b / (4 * a), True

# %% wrong 21.best_size: the logarithm is returned
def best_size(weights, nats):
    x = np.log(weights)
    a, b, c = np.polyfit(x, nats, 2)
    at = -b / (2 * a)
    if a > 0 and x.min() < at < x.max():
        return at, c - b * b / (4 * a), True
    return weights[nats.argmin()], nats.min(), False

# %% wrong 21.best_size: sign of the vertex
def best_size(weights, nats):
    x = np.log(weights)
    a, b, c = np.polyfit(x, nats, 2)
    at = b / (2 * a)
    if a > 0 and x.min() < at < x.max():
        return np.exp(at), c - b * b / (4 * a), True
    return weights[nats.argmin()], nats.min(), False

# %% wrong 21.best_size: lowest measured loss with the vertex
def best_size(weights, nats):
    x = np.log(weights)
    a, b, c = np.polyfit(x, nats, 2)
    at = -b / (2 * a)
    if a > 0 and x.min() < at < x.max():
        return np.exp(at), nats.min(), True
    return weights[nats.argmin()], nats.min(), False

# %% wrong 21.best_size: coefficients read from the wrong end
def best_size(weights, nats):
    x = np.log(weights)
    c, b, a = np.polyfit(x, nats, 2)
    at = -b / (2 * a)
    if a > 0 and x.min() < at < x.max():
        return np.exp(at), c - b * b / (4 * a), True
    return weights[nats.argmin()], nats.min(), False

# %% wrong 21.best_size: two results only
def best_size(weights, nats):
    x = np.log(weights)
    a, b, c = np.polyfit(x, nats, 2)
    at = -b / (2 * a)
    return np.exp(at), c - b * b / (4 * a)
