# %% right 14.layer_norm: by hand with var and correction
def layer_norm(x, gain, bias, epsilon=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, keepdim=True, correction=0)
    return gain * (x - mean) / torch.sqrt(variance + epsilon) + bias

# %% right 14.layer_norm: the mean of the squares of what is centred
def layer_norm(x, g, b, epsilon=1e-5):
    centred = x - x.sum(-1, keepdim=True) / x.shape[-1]
    return centred * torch.rsqrt(centred.pow(2).mean(-1, keepdim=True) + epsilon) * g + b

# %% wrong 14.layer_norm: PyTorch's own function, which the page forbids
def layer_norm(x, gain, bias, epsilon=1e-5):
    return F.layer_norm(x, (x.shape[-1],), gain, bias, epsilon)

# %% right 14.layer_norm: var_mean, unbiased turned off, addcmul
def layer_norm(x, gain, bias, epsilon=1e-5):
    variance, mean = torch.var_mean(x, dim=-1, unbiased=False, keepdim=True)
    return torch.addcmul(bias, gain, (x - mean) / (variance + epsilon) ** 0.5)

# %% wrong 14.layer_norm: the variance is divided by D − 1
def layer_norm(x, gain, bias, epsilon=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    return gain * (x - mean) / torch.sqrt(x.var(dim=-1, keepdim=True) + epsilon) + bias

# %% wrong 14.layer_norm: epsilon stands outside the root
def layer_norm(x, gain, bias, epsilon=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    return gain * (x - mean) / (x.std(dim=-1, keepdim=True, correction=0) + epsilon) + bias

# %% wrong 14.layer_norm: normed over the positions instead of within each vector
def layer_norm(x, gain, bias, epsilon=1e-5):
    mean = x.mean(dim=-2, keepdim=True)
    variance = x.var(dim=-2, keepdim=True, correction=0)
    return gain * (x - mean) / torch.sqrt(variance + epsilon) + bias

# %% wrong 14.layer_norm: one mean and one variance for the whole batch
def layer_norm(x, gain, bias, epsilon=1e-5):
    return gain * (x - x.mean()) / torch.sqrt(x.var(correction=0) + epsilon) + bias

# %% wrong 14.layer_norm: the gain multiplies the bias too
def layer_norm(x, gain, bias, epsilon=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, keepdim=True, correction=0)
    return gain * ((x - mean) / torch.sqrt(variance + epsilon) + bias)

# %% wrong 14.layer_norm: the mean is not taken away, as in an RMS norm
def layer_norm(x, gain, bias, epsilon=1e-5):
    return gain * x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) + bias

# %% wrong 14.layer_norm: epsilon is fixed, the argument is ignored
def layer_norm(x, gain, bias, epsilon=1e-5):
    return F.layer_norm(x, x.shape[-1:], gain, bias)

# %% wrong 14.layer_norm: divided by the variance instead of its root
def layer_norm(x, gain, bias, epsilon=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    return gain * centred / (centred.square().mean(dim=-1, keepdim=True) + epsilon) + bias

# %% wrong 14.layer_norm: mean and variance are computed without gradient
def layer_norm(x, gain, bias, epsilon=1e-5):
    with torch.no_grad():
        mean = x.mean(dim=-1, keepdim=True)
        root = torch.sqrt(x.var(dim=-1, keepdim=True, correction=0) + epsilon)
    return gain * (x - mean) / root + bias

# %% wrong 14.layer_norm: keepdim is forgotten and it crashes
def layer_norm(x, gain, bias, epsilon=1e-5):
    return gain * (x - x.mean(-1)) / torch.sqrt(x.var(-1, correction=0) + epsilon) + bias

# %% right 14.Residual: one if
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            return x + self.dropout(part(self.norm(x)))
        return self.norm(x + self.dropout(part(x)))

# %% right 14.Residual: a conditional expression and steps with names
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        read = self.norm(x) if self.pre_norm else x
        found = self.dropout(part(read))
        stream = x + found
        return stream if self.pre_norm else self.norm(stream)

# %% right 14.Residual: torch.add and an else branch
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, stream, f):
        if not self.pre_norm:
            said = self.dropout(f(stream))
            out = self.norm(torch.add(stream, said))
        else:
            said = self.dropout(f(self.norm(stream)))
            out = torch.add(stream, said)
        return out

# %% wrong 14.Residual: pre-norm adds to the normed copy instead of the stream
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            x = self.norm(x)
            return x + self.dropout(part(x))
        return self.norm(x + self.dropout(part(x)))

# %% wrong 14.Residual: post-norm norms the part and not the sum
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            return x + self.dropout(part(self.norm(x)))
        return x + self.norm(self.dropout(part(x)))

# %% wrong 14.Residual: the two orders are swapped
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            return self.norm(x + self.dropout(part(x)))
        return x + self.dropout(part(self.norm(x)))

# %% wrong 14.Residual: always pre-norm, the flag is ignored
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        return x + self.dropout(part(self.norm(x)))

# %% wrong 14.Residual: dropout falls on the whole sum
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            return self.dropout(x + part(self.norm(x)))
        return self.norm(self.dropout(x + part(x)))

# %% wrong 14.Residual: dropout falls on what the part reads
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            return x + part(self.dropout(self.norm(x)))
        return self.norm(x + part(self.dropout(x)))

# %% wrong 14.Residual: dropout is forgotten
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        return x + part(self.norm(x)) if self.pre_norm else self.norm(x + part(x))

# %% wrong 14.Residual: F.dropout also drops when the model is not training
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            return x + F.dropout(part(self.norm(x)), self.dropout.p)
        return self.norm(x + F.dropout(part(x), self.dropout.p))

# %% wrong 14.Residual: the stream itself is not added
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            return self.dropout(part(self.norm(x)))
        return self.norm(self.dropout(part(x)))

# %% wrong 14.Residual: post-norm norms before the part as well
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        said = x + self.dropout(part(self.norm(x)))
        return said if self.pre_norm else self.norm(said)

# %% wrong 14.Residual: adds in place, so the caller's x changes
class Residual(nn.Module):
    def __init__(self, width, dropout=0.0, pre_norm=True):
        super().__init__()
        self.norm, self.dropout, self.pre_norm = nn.LayerNorm(width), nn.Dropout(dropout), pre_norm

    def forward(self, x, part):
        if self.pre_norm:
            x += self.dropout(part(self.norm(x)))
            return x
        x += self.dropout(part(x))
        return self.norm(x)

# %% right 14.EncoderBlock: lambdas
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: self.attention(y, mask=mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% right 14.EncoderBlock: an inner function, the memory named
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals

        def look(normed):
            new, _ = self.attention(normed, normed, mask)
            return new

        return around_feed_forward(around_attention(x, look), self.feed_forward)

# %% right 14.EncoderBlock: the residuals by number
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        attend = lambda y: self.attention(y, None, mask)[0]
        for residual, part in zip(self.residuals, (attend, self.feed_forward)):
            x = residual(x, part)
        return x

# %% wrong 14.EncoderBlock: the mask is not handed on
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: self.attention(y)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.EncoderBlock: the mask lands in the place of the memory, which crashes
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: self.attention(y, mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.EncoderBlock: the pair of vectors and weights is added, which crashes
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: self.attention(y, mask=mask))
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.EncoderBlock: feed-forward first, attention second
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_feed_forward(x, self.feed_forward)
        return around_attention(x, lambda y: self.attention(y, mask=mask)[0])

# %% wrong 14.EncoderBlock: the feed-forward reads the old x, what attention found is lost
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        attended = around_attention(x, lambda y: self.attention(y, mask=mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.EncoderBlock: keys and values come from the stream that is not normed
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: self.attention(y, x, mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.EncoderBlock: the first residual, and so its norm, stands around both parts
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: self.attention(y, mask=mask)[0])
        return around_attention(x, self.feed_forward)

# %% wrong 14.EncoderBlock: the part adds its input once more
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: y + self.attention(y, mask=mask)[0])
        return around_feed_forward(x, lambda y: y + self.feed_forward(y))

# %% wrong 14.EncoderBlock: the feed-forward has no residual
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(x, lambda y: self.attention(y, mask=mask)[0])
        return self.feed_forward(around_feed_forward.norm(x))

# %% wrong 14.EncoderBlock: the mask is turned round, as PyTorch would want it
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        hide = None if mask is None else ~mask
        x = around_attention(x, lambda y: self.attention(y, mask=hide)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.EncoderBlock: the stream is normed before it goes into the residual, which norms again
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class EncoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(2))

    def forward(self, x, mask=None):
        around_attention, around_feed_forward = self.residuals
        x = around_attention(around_attention.norm(x), lambda y: self.attention(y, mask=mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% right 14.shift_right: cat, then both filled where the target is padding
def shift_right(target, start, pad=0):
    begin = torch.full_like(target[:, :1], start)
    nothing = target == pad
    target_in = torch.cat([begin, target[:, :-1]], dim=1).masked_fill(nothing, pad)
    return target_in, target.masked_fill(nothing, -100)

# %% right 14.shift_right: clones and slices
def shift_right(target, start, pad=0):
    target_in, target_out = target.clone(), target.clone()
    target_in[:, 1:] = target[:, :-1]
    target_in[:, 0] = start
    target_in[target == pad] = pad
    target_out[target == pad] = -100
    return target_in, target_out

# %% right 14.shift_right: torch.where and F.pad
def shift_right(target, start, pad=0):
    real = target != pad
    shifted = F.pad(target, (1, -1), value=start)
    return torch.where(real, shifted, pad), torch.where(real, target, -100)

# %% right 14.shift_right: row by row with lists
def shift_right(target, start, pad=0):
    reads, says = [], []
    for row in target.tolist():
        said = [word for word in row if word != pad]
        rest = len(row) - len(said)
        reads.append(([start] + said)[: len(said)] + [pad] * rest)
        says.append(said + [-100] * rest)
    return torch.tensor(reads), torch.tensor(says)

# %% wrong 14.shift_right: the end mark of a short row is still read
def shift_right(target, start, pad=0):
    begin = torch.full_like(target[:, :1], start)
    return torch.cat([begin, target[:, :-1]], dim=1), target.masked_fill(target == pad, -100)

# %% wrong 14.shift_right: padding in what is to be said stays padding
def shift_right(target, start, pad=0):
    begin = torch.full_like(target[:, :1], start)
    target_in = torch.cat([begin, target[:, :-1]], dim=1).masked_fill(target == pad, pad)
    return target_in, target

# %% wrong 14.shift_right: pad is ignored, zero is taken
def shift_right(target, start, pad=0):
    begin = torch.full_like(target[:, :1], start)
    target_in = torch.cat([begin, target[:, :-1]], dim=1).masked_fill(target == 0, 0)
    return target_in, target.masked_fill(target == 0, -100)

# %% wrong 14.shift_right: what is read is one place longer
def shift_right(target, start, pad=0):
    begin = torch.full_like(target[:, :1], start)
    return torch.cat([begin, target], dim=1), target.masked_fill(target == pad, -100)

# %% wrong 14.shift_right: rolled, so the last token comes to the front instead of the start mark
def shift_right(target, start, pad=0):
    target_in = target.roll(1, dims=1).masked_fill(target == pad, pad)
    return target_in, target.masked_fill(target == pad, -100)

# %% wrong 14.shift_right: what is to be said is shifted the other way too
def shift_right(target, start, pad=0):
    nothing = target == pad
    target_in = torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1).masked_fill(nothing, pad)
    out = torch.cat([target[:, 1:], torch.full_like(target[:, :1], pad)], dim=1)
    return target_in, out.masked_fill(out == pad, -100)

# %% wrong 14.shift_right: the caller's target is overwritten
def shift_right(target, start, pad=0):
    nothing = target == pad
    target_in = torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1).masked_fill(nothing, pad)
    target[nothing] = -100
    return target_in, target

# %% wrong 14.shift_right: −100 is put into what is read as well
def shift_right(target, start, pad=0):
    target_out = target.masked_fill(target == pad, -100)
    target_in = torch.cat([torch.full_like(target[:, :1], start), target_out[:, :-1]], dim=1)
    return target_in, target_out

# %% wrong 14.shift_right: the two come back in the wrong order
def shift_right(target, start, pad=0):
    real = target != pad
    return torch.where(real, target, -100), torch.where(real, F.pad(target, (1, -1), value=start), pad)

# %% wrong 14.shift_right: the end mark does not count in the loss either
def shift_right(target, start, pad=0):
    nothing = target == pad
    target_in = torch.cat([torch.full_like(target[:, :1], start), target[:, :-1]], dim=1).masked_fill(nothing, pad)
    out = target.masked_fill(nothing, -100)
    last = (target != pad).sum(dim=1) - 1
    out[torch.arange(len(out)), last] = -100
    return target_in, out

# %% wrong 14.shift_right: the start mark takes the place of the first word, nothing is shifted
def shift_right(target, start, pad=0):
    target_in = target.clone()
    target_in[:, 0] = start
    return target_in, target.masked_fill(target == pad, -100)

# %% right 14.DecoderBlock: lambdas
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        x = around_cross(x, lambda y: self.cross_attention(y, memory, memory_mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% right 14.DecoderBlock: inner functions
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals

        def look_at_itself(y):
            return self.self_attention(y, y, mask)[0]

        def look_at_source(y):
            out, weights = self.cross_attention(y, memory=memory, mask=memory_mask)
            return out

        x = around_self(x, look_at_itself)
        x = around_cross(x, look_at_source)
        x = around_feed_forward(x, self.feed_forward)
        return x

# %% right 14.DecoderBlock: a loop over residuals and parts
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        parts = [lambda y: self.self_attention(y, None, mask)[0],
                 lambda y: self.cross_attention(y, memory, memory_mask)[0],
                 self.feed_forward]
        for around, part in zip(self.residuals, parts):
            x = around(x, part)
        return x

# %% wrong 14.DecoderBlock: the two masks are swapped, which crashes unless T equals S
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=memory_mask)[0])
        x = around_cross(x, lambda y: self.cross_attention(y, memory, mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: cross-attention before self-attention
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_cross(x, lambda y: self.cross_attention(y, memory, memory_mask)[0])
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: the causal mask is forgotten
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y)[0])
        x = around_cross(x, lambda y: self.cross_attention(y, memory, memory_mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: padding of the memory may be seen
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        x = around_cross(x, lambda y: self.cross_attention(y, memory)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: the memory is normed like the stream
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        x = around_cross(x, lambda y: self.cross_attention(y, around_cross.norm(memory), memory_mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: the second attention reads the decoder's own stream, the memory is not used
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        x = around_cross(x, lambda y: self.cross_attention(y, mask=mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: the self-attention's weights serve for the cross-attention as well
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        x = around_cross(x, lambda y: self.self_attention(y, memory, memory_mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: the feed-forward is left out
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        return around_cross(x, lambda y: self.cross_attention(y, memory, memory_mask)[0])

# %% wrong 14.DecoderBlock: both attentions read the same x beside each other, the first one's result is lost
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        own = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        both = around_cross(x, lambda y: self.cross_attention(y, memory, memory_mask)[0])
        return around_feed_forward(both, self.feed_forward)

# %% wrong 14.DecoderBlock: the memory asks and the stream answers
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_self, around_cross, around_feed_forward = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        x = around_cross(x, lambda y: self.cross_attention(memory, y)[0])
        return around_feed_forward(x, self.feed_forward)

# %% wrong 14.DecoderBlock: the residuals are taken in reverse, so each part gets another part's norm
class FeedForward(nn.Module):
    def __init__(self, width, hidden_size, dropout=0.0):
        super().__init__()
        self.W_1, self.W_2 = nn.Linear(width, hidden_size), nn.Linear(hidden_size, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.W_2(self.dropout(torch.relu(self.W_1(x))))


class DecoderBlock(nn.Module):
    def __init__(self, width, heads, feed_forward, dropout=0.0, pre_norm=True):
        super().__init__()
        self.self_attention = MultiHeadAttention(width, heads)
        self.cross_attention = MultiHeadAttention(width, heads)
        self.feed_forward = FeedForward(width, feed_forward, dropout)
        self.residuals = nn.ModuleList(Residual(width, dropout, pre_norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None):
        around_feed_forward, around_cross, around_self = self.residuals
        x = around_self(x, lambda y: self.self_attention(y, mask=mask)[0])
        x = around_cross(x, lambda y: self.cross_attention(y, memory, memory_mask)[0])
        return around_feed_forward(x, self.feed_forward)

# %% right 14.embed: indexing
def embed(tokens, table, places):
    return math.sqrt(table.shape[1]) * table[tokens] + places[: tokens.shape[1]]

# %% right 14.embed: F.embedding
def embed(tokens, table, places):
    x = F.embedding(tokens, table) * table.size(-1) ** 0.5
    return x + places[None, : tokens.size(1)]

# %% right 14.embed: one-hot vectors times the table
def embed(tokens, table, places):
    V, D = table.shape
    one_hot = F.one_hot(tokens, V).to(table.dtype)
    return one_hot @ table * D**0.5 + places[torch.arange(tokens.shape[1])]

# %% right 14.embed: place by place
def embed(tokens, table, places):
    root = math.sqrt(len(table[0]))
    return torch.stack([root * table[column] + places[t] for t, column in enumerate(tokens.unbind(1))], dim=1)

# %% wrong 14.embed: the root of D is forgotten
def embed(tokens, table, places):
    return table[tokens] + places[: tokens.shape[1]]

# %% wrong 14.embed: the positions are multiplied too
def embed(tokens, table, places):
    return math.sqrt(table.shape[1]) * (table[tokens] + places[: tokens.shape[1]])

# %% wrong 14.embed: the root of the vocabulary's size instead of the width
def embed(tokens, table, places):
    return math.sqrt(len(table)) * table[tokens] + places[: tokens.shape[1]]

# %% wrong 14.embed: divided by the root
def embed(tokens, table, places):
    return table[tokens] / math.sqrt(table.shape[1]) + places[: tokens.shape[1]]

# %% wrong 14.embed: times D, without the root
def embed(tokens, table, places):
    return F.embedding(tokens, table) * table.shape[1] + places[: tokens.shape[1]]

# %% wrong 14.embed: position vectors are looked up by the token
def embed(tokens, table, places):
    return math.sqrt(table.shape[1]) * table[tokens] + places[tokens % len(places)]

# %% wrong 14.embed: all position vectors are added, crashes where there are more than needed
def embed(tokens, table, places):
    return math.sqrt(table.shape[1]) * table[tokens] + places

# %% wrong 14.embed: positions are counted from one
def embed(tokens, table, places):
    t = torch.arange(1, tokens.shape[1] + 1).clamp(max=len(places) - 1)
    return math.sqrt(table.shape[1]) * table[tokens] + places[t]

# %% wrong 14.embed: the positions are scaled and the tokens are not
def embed(tokens, table, places):
    return table[tokens] + math.sqrt(table.shape[1]) * places[: tokens.shape[1]]

# %% wrong 14.embed: a whole number in the place of the root
def embed(tokens, table, places):
    return math.isqrt(table.shape[1]) * table[tokens] + places[: tokens.shape[1]]

# %% right 14.Transformer: masks made where they are needed
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

# %% right 14.Transformer: forward uses begin
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        memory, mask, _ = self.begin(source)
        return self.decoder(target_in, memory, mask)

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat((written, tokens.unsqueeze(-1)), -1)
        logits = self.decoder(written, memory, mask)
        return logits.select(1, logits.shape[1] - 1), (memory, mask, written)

# %% right 14.Transformer: hstack and names
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        real = (source != self.encoder.pad)[:, None, :]
        memory = self.encoder(source)
        logits = self.decoder(target_in, memory, real)
        return logits

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        B = tokens.shape[0]
        so_far = torch.hstack([written, tokens.reshape(B, 1)])
        new_state = (memory, mask, so_far)
        return self.decoder(so_far, memory, mask)[:, -1, :], new_state

# %% wrong 14.Transformer: the mask in forward is that of the target, crashes unless T equals S
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(target_in, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

# %% wrong 14.Transformer: forward gives the decoder no mask for the memory
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), None)

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

# %% wrong 14.Transformer: step reads the newest tokens alone
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        logits = self.decoder(tokens[:, None], memory, mask)[:, -1]
        return logits, (memory, mask, torch.cat([written, tokens[:, None]], dim=1))

# %% wrong 14.Transformer: step hands on the old state, nothing is remembered
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], state

# %% wrong 14.Transformer: step answers at the first position
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, 0], (memory, mask, written)

# %% wrong 14.Transformer: step puts the new tokens in front
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([tokens[:, None], written], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

# %% wrong 14.Transformer: step returns the logits of all positions
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask), (memory, mask, written)

# %% wrong 14.Transformer: forward takes padding to be token 0, whatever pad was set
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

# %% wrong 14.Transformer: the encoder sees only the past
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source, causal=True), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

# %% wrong 14.Transformer: the memory is detached, so the encoder is never trained
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        with torch.no_grad():
            memory, mask, _ = self.begin(source)
        return self.decoder(target_in, memory, mask)

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1], (memory, mask, written)

# %% wrong 14.Transformer: step returns the likeliest word instead of logits
class Transformer(nn.Module):
    def __init__(self, source_vocabulary_size, target_vocabulary_size, width, heads, layers, **options):
        super().__init__()
        self.encoder = TransformerEncoder(source_vocabulary_size, width, heads, layers, **options)
        self.decoder = TransformerDecoder(target_vocabulary_size, width, heads, layers, **options)

    def forward(self, source, target_in):
        return self.decoder(target_in, self.encoder(source), padding_mask(source, self.encoder.pad))

    def begin(self, source):
        return self.encoder(source), padding_mask(source, self.encoder.pad), source[:, :0]

    def step(self, tokens, state):
        memory, mask, written = state
        written = torch.cat([written, tokens[:, None]], dim=1)
        return self.decoder(written, memory, mask)[:, -1].argmax(dim=-1), (memory, mask, written)

# %% right 14.one_by_one: the last row of each beginning, joined
def one_by_one(forward, source, target_in):
    return torch.cat([forward(source, target_in[:, : t + 1])[:, -1:] for t in range(target_in.shape[1])], dim=1)

# %% right 14.one_by_one: a list and stack
def one_by_one(forward, source, target_in):
    rows = []
    for t in range(1, target_in.size(1) + 1):
        logits = forward(source, target_in[:, :t])
        rows.append(logits[:, t - 1])
    return torch.stack(rows, dim=1)

# %% right 14.one_by_one: a table filled row by row
def one_by_one(forward, source, target_in):
    whole = torch.empty_like(forward(source, target_in))
    for t in range(target_in.shape[1]):
        whole[:, t] = forward(source, target_in[:, : t + 1])[:, t]
    return whole

# %% wrong 14.one_by_one: the whole target is handed over at every step
def one_by_one(forward, source, target_in):
    return torch.stack([forward(source, target_in)[:, t] for t in range(target_in.shape[1])], dim=1)

# %% wrong 14.one_by_one: the beginning is one token too short
def one_by_one(forward, source, target_in):
    return torch.stack([forward(source, target_in[:, : max(t, 1)])[:, -1] for t in range(target_in.shape[1])], dim=1)

# %% wrong 14.one_by_one: the beginning is one token too long
def one_by_one(forward, source, target_in):
    return torch.stack([forward(source, target_in[:, : t + 2])[:, t] for t in range(target_in.shape[1])], dim=1)

# %% wrong 14.one_by_one: stacked along the first axis, (T, B, V)
def one_by_one(forward, source, target_in):
    return torch.stack([forward(source, target_in[:, : t + 1])[:, -1] for t in range(target_in.shape[1])])

# %% wrong 14.one_by_one: the first row of each beginning
def one_by_one(forward, source, target_in):
    return torch.stack([forward(source, target_in[:, : t + 1])[:, 0] for t in range(target_in.shape[1])], dim=1)

# %% wrong 14.one_by_one: only the token itself is read, not those before it
def one_by_one(forward, source, target_in):
    return torch.cat([forward(source, target_in[:, t : t + 1]) for t in range(target_in.shape[1])], dim=1)

# %% wrong 14.one_by_one: the rest is overwritten by padding instead of cut off
def one_by_one(forward, source, target_in):
    rows = []
    for t in range(target_in.shape[1]):
        beginning = target_in.clone()
        beginning[:, t + 1 :] = 0
        rows.append(forward(source, beginning)[:, t])
    return torch.stack(rows, dim=1)

# %% wrong 14.one_by_one: the model's own likeliest words are read instead of the target
def one_by_one(forward, source, target_in):
    words, rows = target_in[:, :1], []
    for _ in range(target_in.shape[1]):
        logits = forward(source, words)[:, -1]
        rows.append(logits)
        words = torch.cat([words, logits.argmax(-1, keepdim=True)], dim=1)
    return torch.stack(rows, dim=1)

# %% wrong 14.one_by_one: the source is cut as well
def one_by_one(forward, source, target_in):
    return torch.cat([forward(source[:, : t + 1], target_in[:, : t + 1])[:, -1:] for t in range(target_in.shape[1])], 1)

# %% wrong 14.one_by_one: rows lose their axis before they are joined, (B, T times V)
def one_by_one(forward, source, target_in):
    return torch.cat([forward(source, target_in[:, : t + 1])[:, -1] for t in range(target_in.shape[1])], dim=1)

# %% wrong 14.one_by_one: the last position is left out
def one_by_one(forward, source, target_in):
    return torch.cat([forward(source, target_in[:, :t])[:, -1:] for t in range(1, target_in.shape[1])], dim=1)

# %% right 14.noam: one line as it stands
def noam(step, width, warmup):
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)

# %% right 14.noam: math.sqrt and two cases
def noam(step, width, warmup):
    if step < warmup:
        return step / (math.sqrt(width) * warmup * math.sqrt(warmup))
    return 1 / math.sqrt(width * step)

# %% right 14.noam: the lesser by np.minimum
def noam(t, D, w):
    return float(np.minimum(1 / np.sqrt(t), t / w**1.5) / np.sqrt(D))

# %% wrong 14.noam: the larger of the two
def noam(step, width, warmup):
    return width**-0.5 * max(step**-0.5, step * warmup**-1.5)

# %% wrong 14.noam: times the root of the width instead of divided by it
def noam(step, width, warmup):
    return width**0.5 * min(step**-0.5, step * warmup**-1.5)

# %% wrong 14.noam: the exponent of the warm-up is −0.5
def noam(step, width, warmup):
    return width**-0.5 * min(step**-0.5, step * warmup**-0.5)

# %% wrong 14.noam: steps are counted from zero
def noam(step, width, warmup):
    step = step + 1
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)

# %% wrong 14.noam: the width is left out
def noam(step, width, warmup):
    return min(1 / math.sqrt(step), step / warmup**1.5)

# %% wrong 14.noam: falls with the step instead of its root
def noam(step, width, warmup):
    return width**-0.5 * min(1 / step, step * warmup**-1.5)

# %% wrong 14.noam: width and warm-up are swapped
def noam(step, width, warmup):
    return warmup**-0.5 * min(step**-0.5, step * width**-1.5)

# %% wrong 14.noam: floor division makes the exponents −1 and −2
def noam(step, width, warmup):
    return width ** (-1 // 2) * min(step ** (-1 // 2), step * warmup ** (-3 // 2))

# %% wrong 14.noam: the factor of the width stands on the first of the two only
def noam(step, width, warmup):
    return min(width**-0.5 * step**-0.5, step * warmup**-1.5)

# %% wrong 14.noam: scaled so that the peak is 1, the width ignored
def noam(step, width, warmup):
    return min(step / warmup, math.sqrt(warmup / step))

# %% wrong 14.smoothed_loss: the option of F.cross_entropy, which the page forbids
def smoothed_loss(logits, targets, epsilon):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), label_smoothing=epsilon)

# %% right 14.smoothed_loss: the smoothed targets written out
def smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    logits, targets = logits[real], targets[real]
    V = logits.shape[-1]
    q = (1 - epsilon) * F.one_hot(targets, V).to(logits.dtype) + epsilon / V
    return -(q * logits.log_softmax(-1)).sum(-1).mean()

# %% right 14.smoothed_loss: a mixture of the cross entropy and the mean over words, with a mask
def smoothed_loss(logits, targets, epsilon):
    log_p = torch.log_softmax(logits, dim=-1)
    real = targets.ne(-100)
    right = log_p.gather(-1, targets.masked_fill(~real, 0).unsqueeze(-1)).squeeze(-1)
    each = -(1 - epsilon) * right - epsilon * log_p.mean(dim=-1)
    return torch.where(real, each, 0.0).sum() / real.sum()

# %% wrong 14.smoothed_loss: F.cross_entropy with probabilities as targets, which the page forbids
def smoothed_loss(logits, targets, epsilon):
    keep = targets.flatten() != -100
    flat, y = logits.flatten(0, -2)[keep], targets.flatten()[keep]
    q = torch.full_like(flat, epsilon / flat.shape[1])
    q = q.scatter_add(1, y[:, None], torch.full_like(flat[:, :1], 1 - epsilon))
    return F.cross_entropy(flat, q)

# %% wrong 14.smoothed_loss: epsilon is shared among the wrong words only, by V − 1
def smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    logits, targets = logits[real], targets[real]
    V = logits.shape[-1]
    hot = F.one_hot(targets, V).to(logits.dtype)
    q = (1 - epsilon) * hot + epsilon / (V - 1) * (1 - hot)
    return -(q * logits.log_softmax(-1)).sum(-1).mean()

# %% wrong 14.smoothed_loss: the right word gets no share of epsilon
def smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    logits, targets = logits[real], targets[real]
    V = logits.shape[-1]
    q = torch.full_like(logits, epsilon / V).scatter(1, targets[:, None], 1 - epsilon)
    return -(q * logits.log_softmax(-1)).sum(-1).mean()

# %% wrong 14.smoothed_loss: padding is left out of the sum, but counted in the mean
def smoothed_loss(logits, targets, epsilon):
    total = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), label_smoothing=epsilon,
                            reduction="sum")
    return total / targets.numel()

# %% wrong 14.smoothed_loss: the smooth part is averaged over padding too
def smoothed_loss(logits, targets, epsilon):
    log_p = logits.log_softmax(-1)
    nll = F.nll_loss(log_p.reshape(-1, log_p.shape[-1]), targets.reshape(-1))
    return (1 - epsilon) * nll - epsilon * log_p.mean()

# %% wrong 14.smoothed_loss: the smooth part is summed over words, not divided by V
def smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    log_p = logits[real].log_softmax(-1)
    right = log_p.gather(1, targets[real][:, None])[:, 0]
    return (-(1 - epsilon) * right - epsilon * log_p.sum(-1)).mean()

# %% wrong 14.smoothed_loss: epsilon and 1 − epsilon are swapped
def smoothed_loss(logits, targets, epsilon):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), label_smoothing=1 - epsilon)

# %% wrong 14.smoothed_loss: epsilon is ignored, always 0.1
def smoothed_loss(logits, targets, epsilon):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), label_smoothing=0.1)

# %% wrong 14.smoothed_loss: the sign is missing
def smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    logits, targets = logits[real], targets[real]
    V = logits.shape[-1]
    q = (1 - epsilon) * F.one_hot(targets, V).to(logits.dtype) + epsilon / V
    return (q * logits.log_softmax(-1)).sum(-1).mean()

# %% wrong 14.smoothed_loss: gathers at −100 and crashes where there is padding
def smoothed_loss(logits, targets, epsilon):
    log_p = logits.log_softmax(-1)
    right = log_p.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    each = -(1 - epsilon) * right - epsilon * log_p.mean(-1)
    return each[targets != -100].mean()

# %% wrong 14.smoothed_loss: the divergence from q, its entropy is taken away
def smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    logits, targets = logits[real], targets[real]
    V = logits.shape[-1]
    q = (1 - epsilon) * F.one_hot(targets, V).to(logits.dtype) + epsilon / V
    return F.kl_div(logits.log_softmax(-1), q, reduction="batchmean")

# %% wrong 14.smoothed_loss: the mean over words and vocabulary, V times too small
def smoothed_loss(logits, targets, epsilon):
    real = targets != -100
    logits, targets = logits[real], targets[real]
    V = logits.shape[-1]
    q = (1 - epsilon) * F.one_hot(targets, V).to(logits.dtype) + epsilon / V
    return -(q * logits.log_softmax(-1)).mean()
