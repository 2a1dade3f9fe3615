"""Answers to exercises of other notebooks than 00, each with what it is worth: odd and right, partly right, hostile.

An answer is what stands in the exercise's cell. `BEGIN` is what its notebook has imported or defined by then.
"""

# ruff: noqa: E501  (programs in strings)

from dataclasses import dataclass

BEGIN = {
    "02": "import numpy as np",
    "05": "import numpy as np\n\ndef sigmoid(x):\n    return 1 / (1 + np.exp(-x))",
    "13": "import math\nimport torch\nfrom torch import nn\nfrom seqlib.models.attention import masked_softmax",
    "15": "import re\nimport numpy as np\nfrom itertools import pairwise",
    "16": "import numpy as np\nimport torch",
    "21": "import numpy as np",
}


@dataclass(frozen=True)
class Elsewhere:
    exercise: str
    name: str
    source: str
    worth: str  # full, part or nothing
    live: bool = True  # the notebook's own check has to say the same


ELSEWHERE: list[Elsewhere] = []


def answers(exercise: str, worth: str, sources: dict, live: bool = True):
    for name, source in sources.items():
        ELSEWHERE.append(Elsewhere(exercise, name, source, worth, live))


# -- odd and right ---------------------------------------------------------------------------------------------------

STEP = "np.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)"
ARGS = "x_t, h_prev, W_xh, W_hh, b_h"
answers("02.rnn_step", "full", {
    "under two decorators": (
        "import functools\n\ndef traced(name):\n    def decorate(f):\n        @functools.wraps(f)\n        def inner(*args, **kwargs):\n"
        "            inner.calls += 1\n            return f(*args, **kwargs)\n        inner.calls = 0\n        return inner\n    return decorate\n\n"
        f"@traced('mine')\n@np.errstate(all='ignore')\ndef rnn_step({ARGS}):\n    return {STEP}"
    ),
    "an instance": (
        f"class Step:\n    def __init__(self, squash):\n        self.squash = squash\n\n    def __call__(self, {ARGS}):\n"
        "        return self.squash(x_t @ W_xh + h_prev @ W_hh + b_h)\n\nrnn_step = Step(np.tanh)"
    ),
    "a partial by name": (
        f"from functools import partial\n\ndef step({ARGS}, squash):\n    return squash(x_t @ W_xh + h_prev @ W_hh + b_h)\n\n"
        "rnn_step = partial(step, squash=np.tanh)"
    ),
    "a partial method": (
        f"from functools import partialmethod\n\nclass Cell:\n    def step(self, squash, {ARGS}):\n        return squash(x_t @ W_xh + h_prev @ W_hh + b_h)\n"
        "    tanh = partialmethod(step, np.tanh)\n\nrnn_step = Cell().tanh"
    ),
    "a class method": f"class Cell:\n    @classmethod\n    def step(cls, {ARGS}):\n        return {STEP}\n\nrnn_step = Cell.step",
    "a static method by itself": f"@staticmethod\ndef rnn_step({ARGS}):\n    return {STEP}",
    "singledispatch": (
        f"from functools import singledispatch\n\n@singledispatch\ndef rnn_step({ARGS}):\n    raise TypeError\n\n"
        f"@rnn_step.register(np.ndarray)\ndef _({ARGS}):\n    return {STEP}"
    ),
    "inside if main": f"if __name__ == '__main__':\n    def rnn_step({ARGS}):\n        return {STEP}",
    "a pool of threads": (
        f"from concurrent.futures import ThreadPoolExecutor\n\ndef rnn_step({ARGS}):\n    with ThreadPoolExecutor(2) as pool:\n"
        f"        return pool.submit(lambda: {STEP}).result()"
    ),
    "torch through and through": (
        f"import torch\n\ndef rnn_step(*all):\n    {ARGS} = map(torch.as_tensor, all)\n    return torch.tanh(x_t @ W_xh + h_prev @ W_hh + b_h)"
    ),
    "one array of everything": (
        f"def rnn_step({ARGS}):\n    both, weights = np.hstack([x_t, h_prev]), np.vstack([W_xh, W_hh])\n    return np.tanh(np.dot(both, weights) + b_h)"
    ),
    "nested definitions": (
        f"def rnn_step({ARGS}):\n    def outer():\n        def inner(total):\n            return np.tanh(total)\n        return inner(x_t @ W_xh + h_prev @ W_hh + b_h)\n    return outer()"
    ),
    "a doctest and a main": (
        f"def rnn_step({ARGS}):\n    '''\n    >>> rnn_step(1, 2, 3, 4, 5)\n    0\n    '''\n    return {STEP}\n\n\n"
        "if __name__ == '__main__':\n    import doctest\n    doctest.testmod()"
    ),
    "cached by hand": (
        f"_seen = {{}}\n\ndef rnn_step({ARGS}):\n    key = tuple(a.tobytes() for a in ({ARGS}))\n    if key not in _seen:\n        _seen[key] = {STEP}\n    return _seen[key].copy()"
    ),
    "a generator run to its end": (
        f"def steps({ARGS}):\n    yield {STEP}\n\ndef rnn_step(*args):\n    return next(steps(*args))"
    ),
    "a coroutine run by hand": (
        f"async def think({ARGS}):\n    return {STEP}\n\ndef rnn_step(*args):\n    try:\n        think(*args).send(None)\n    except StopIteration as done:\n        return done.value"
    ),
    "a match": f"def rnn_step(*args):\n    match args:\n        case {ARGS}:\n            return {STEP}",
    "a finally": f"def rnn_step({ARGS}):\n    try:\n        total = x_t @ W_xh + h_prev @ W_hh\n    finally:\n        total = total + b_h\n    return np.tanh(total)",
    "exec in a function": f"def rnn_step({ARGS}):\n    space = dict(np=np, {', '.join(f'{a}={a}' for a in ARGS.split(', '))})\n    exec('y = {STEP}', space)\n    return space['y']",
    "made by type": f"rnn_step = type('Step', (), {{'__call__': lambda self, {ARGS}: {STEP}}})()",
    "given a new name and deleted": f"def step({ARGS}):\n    return {STEP}\n\nrnn_step = step\ndel step",
})  # fmt: skip
answers("02.rnn_step", "full", {  # at home these packages are there; here and now they are not
    "hints of a type that is not there": (
        f"from __future__ import annotations\nfrom nowhere_to_be_found import Float\n\ndef rnn_step(x_t: Float[Array, 'B D'], h_prev, W_xh, W_hh, b_h) -> Float:\n    return {STEP}"
    ),
    "hints of a package": f"from jaxtyping import Float, Array\n\ndef rnn_step(x_t: Float[Array, 'B D'], h_prev: Array, W_xh, W_hh, b_h) -> Float[Array, 'B H']:\n    return {STEP}",
    "hints of a package's module": f"import beartype.typing as t\n\ndef rnn_step(x_t: t.Any, h_prev, W_xh, W_hh, b_h, *more: t.Any) -> t.Any:\n    y: t.Any = {STEP}\n    return y",
    "a decorator of a package": f"from numba import njit\n\n@njit(cache=True)\ndef rnn_step({ARGS}):\n    return {STEP}",
    "decorators, one of a package": f"import functools\nimport beartype\n\n@beartype.beartype\n@functools.lru_cache(None)\ndef size(n):\n    return n\n\n@beartype.beartype\n@np.errstate(all='ignore')\ndef rnn_step({ARGS}):\n    return {STEP}",
    "hints inside": f"from jaxtyping import Float\n\ndef rnn_step({ARGS}):\n    def squash(x: Float) -> Float:\n        return np.tanh(x)\n    return squash(x_t @ W_xh + h_prev @ W_hh + b_h)",
    "a package that may be missing": f"try:\n    from numba import njit\nexcept ImportError:\n    def njit(f):\n        return f\n\n@njit\ndef rnn_step({ARGS}):\n    return {STEP}",
    "a task that is not awaited": f"import asyncio\n\nasync def think():\n    global rnn_step\n    await asyncio.sleep(0.01)\n    def rnn_step({ARGS}):\n        return {STEP}\n\ntask = asyncio.create_task(think())",
    "a method's hints": f"from jaxtyping import Float\n\nclass Cell:\n    size: Float = 3\n\n    def __call__(self, x_t: Float, h_prev, W_xh, W_hh, b_h) -> Float:\n        return {STEP}\n\nrnn_step = Cell()",
}, live=False)  # fmt: skip

GATES = "x_t @ W_xh + h_prev @ W_hh + b_h"
answers("05.lstm_step", "full", {
    "a named tuple": (
        f"from typing import NamedTuple\n\nclass State(NamedTuple):\n    h: np.ndarray\n    c: np.ndarray\n\ndef lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):\n"
        f"    i, f, g, o = np.split({GATES}, 4, axis=1)\n    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)\n    return State(sigmoid(o) * np.tanh(c), c)"
    ),
    "a list and SciPy": (
        f"from scipy.special import expit\n\ndef lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):\n    H = len(b_h) // 4\n    s = {GATES}\n"
        "    parts = [s[:, k * H:(k + 1) * H] for k in range(4)]\n    c = expit(parts[1]) * c_prev + expit(parts[0]) * np.tanh(parts[2])\n    return [expit(parts[3]) * np.tanh(c), c]"
    ),
    "through torch's table": (
        f"import torch\n\ndef lstm_step(*args):\n    x_t, h_prev, c_prev, W_xh, W_hh, b_h = (torch.as_tensor(a) for a in args)\n    i, f, g, o = ({GATES}).chunk(4, dim=1)\n"
        "    c = f.sigmoid() * c_prev + i.sigmoid() * g.tanh()\n    return (o.sigmoid() * c.tanh()).numpy(), c.numpy()"
    ),
    "beside an nn.LSTM for comparison": (
        f"import torch\n\nreference = torch.nn.LSTM(3, 4)\nreference(torch.zeros(2, 1, 3))\n\ndef lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):\n"
        f"    i, f, g, o = np.split({GATES}, 4, axis=1)\n    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)\n    return sigmoid(o) * np.tanh(c), c"
    ),
})  # fmt: skip
answers("05.latch", "full", {
    "made by a function": "def make():\n    W = np.zeros((3, 4))\n    W[0, [0, 2]], W[1, 1] = [20, 10], -20\n    return W, np.zeros((1, 4)), np.array([-10.0, 10, 0, 10])\n\nlatch = make()",
    "made by exec": "exec('latch = (np.array([[20.0, 0, 10, 0], [0, -20, 0, 0], [0, 0, 0, 0]]), np.zeros((1, 4)), np.array([-10.0, 10, 0, 10]))')",
    "put into globals": "globals().update(latch=(np.array([[20.0, 0, 10, 0], [0, -20, 0, 0], [0, 0, 0, 0]]), np.zeros((1, 4)), np.array([-10.0, 10, 0, 10])))",
    "of lists": "latch = [[20.0, 0, 10, 0], [0, -20, 0, 0], [0, 0, 0, 0]], [[0.0] * 4], [-10.0, 10, 0, 10]",
})  # fmt: skip

ATTEND = "scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])\n{0}weights = masked_softmax(scores, mask)\n{0}return weights @ v, weights"
answers("13.attention", "full", {
    "a module": f"class Attention(nn.Module):\n    def forward(self, q, k, v, mask=None):\n        {ATTEND.format(' ' * 8)}\n\nattention = Attention()",
    "with einsum": "def attention(q, k, v, mask=None):\n    scores = torch.einsum('...td,...sd->...ts', q, k) / q.shape[-1] ** 0.5\n    weights = masked_softmax(scores, mask)\n    return torch.einsum('...ts,...sv->...tv', weights, v), weights",
    "a class that is called": f"class attention:\n    def __new__(cls, q, k, v, mask=None):\n        {ATTEND.format(' ' * 8)}",
    "in a dictionary": f"def attention(q, k, v, mask=None):\n    {ATTEND.format(' ' * 4)}\n\nparts = {{'attention': attention}}\nattention = parts['attention']",
})  # fmt: skip
HEADS = (
    "    def __init__(self, width, heads, use_rotary=False):\n        super().__init__()\n"
    "        if width % heads:\n            raise ValueError(f'{heads} heads do not divide {width}')\n        self.heads, self.use_rotary = heads, use_rotary\n"
    "        self.W_q, self.W_k, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))\n\n"
    "    def split(self, x):\n        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)\n\n"
    "    def forward(self, x, memory=None, mask=None):\n        memory = x if memory is None else memory\n"
    "        q, k, v = self.split(self.W_q(x)), self.split(self.W_k(memory)), self.split(self.W_v(memory))\n"
    "        if self.use_rotary:\n            from seqlib.models.attention import rotary\n            q, k = (rotary(part, torch.arange(part.shape[2])) for part in (q, k))\n"
    "        mask = None if mask is None else mask.unsqueeze(-3)\n"
    "        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])\n        weights = masked_softmax(scores, mask)\n"
    "        return self.W_o((weights @ v).transpose(1, 2).flatten(2)), weights"
)
answers("13.MultiHeadAttention", "full", {
    "plain": f"class MultiHeadAttention(nn.Module):\n{HEADS}",
    "under a base of its own": f"class Base(nn.Module):\n{HEADS}\n\nclass MultiHeadAttention(Base):\n    pass",
    "a factory": f"class Heads(nn.Module):\n{HEADS}\n\ndef MultiHeadAttention(width, heads, use_rotary=False):\n    return Heads(width, heads, use_rotary)",
    "a partial class": f"import functools\n\nclass Heads(nn.Module):\n{HEADS}\n\nMultiHeadAttention = functools.partial(Heads)",
    "in an if": "if True:\n    class MultiHeadAttention(nn.Module):\n" + "\n".join("    " + line for line in HEADS.splitlines()),
    "by exec": f"exec('''class MultiHeadAttention(nn.Module):\n{HEADS}''')",
    "a decorated class": f"def shown(cls):\n    cls.__repr__ = lambda self: 'mine'\n    return cls\n\n@shown\nclass MultiHeadAttention(nn.Module):\n{HEADS}",
    "a method put in later": f"class MultiHeadAttention(nn.Module):\n{HEADS.split('    def forward')[0]}\n\ndef forward{HEADS.split('    def forward')[1].replace(chr(10) + '    ', chr(10))}\n\nMultiHeadAttention.forward = forward",
})  # fmt: skip

UTF8 = (
    "    last = 0x80 | code_point & 0x3F\n    if code_point < 0x80:\n        return [code_point]\n    if code_point < 0x800:\n"
    "        return [0xC0 | code_point >> 6, last]\n    third = 0x80 | code_point >> 6 & 0x3F\n    if code_point < 0x10000:\n"
    "        return [0xE0 | code_point >> 12, third, last]\n    return [0xF0 | code_point >> 18, 0x80 | code_point >> 12 & 0x3F, third, last]"
)
answers("15.utf8_encode", "full", {
    "a generator": f"def parts(code_point):\n{UTF8}\n\ndef utf8_encode(code_point):\n    yield from parts(code_point)",
    "a thread": f"from concurrent.futures import ThreadPoolExecutor\n\ndef parts(code_point):\n{UTF8}\n\ndef utf8_encode(code_point):\n    with ThreadPoolExecutor(1) as pool:\n        return pool.submit(parts, code_point).result()",
    "a method called encode": f"class Mine:\n    def encode(self, code_point):\n    {UTF8.replace(chr(10), chr(10) + '    ')}\n\nutf8_encode = Mine().encode",
    "bits as text": "def utf8_encode(code_point):\n    if code_point < 128:\n        return [code_point]\n    n = 2 + (code_point >= 0x800) + (code_point >= 0x10000)\n    bits = f'{code_point:b}'.zfill(5 * n + 1)\n    head = '1' * n + '0'\n    first = (head + bits[:8 - len(head)])\n    rest = bits[8 - len(head):]\n    return [int(first, 2)] + [int('10' + rest[i:i + 6], 2) for i in range(0, len(rest), 6)]",
    "an encoding of another text beside it": f"print('é'.encode())\n\ndef utf8_encode(code_point):\n{UTF8}",
})  # fmt: skip
answers("15.count_pairs", "full", {
    "a Counter": "from collections import Counter\n\ndef count_pairs(words):\n    found = Counter()\n    for word, count in words.items():\n        for a, b in zip(word, word[1:]):\n            found[a, b] += count\n    return found",
    "a defaultdict": "from collections import defaultdict\n\ndef count_pairs(words):\n    found = defaultdict(int)\n    for word, count in words.items():\n        for pair in pairwise(word):\n            found[pair] += count\n    return found",
    "a reduction": "from functools import reduce\n\ndef count_pairs(words):\n    def add(found, item):\n        return {**found, item[0]: found.get(item[0], 0) + item[1]}\n    return reduce(add, ((p, n) for w, n in words.items() for p in pairwise(w)), {})",
})  # fmt: skip
answers("15.best_pair", "full", {
    "sorted": "best_pair = lambda counts: sorted(counts.items(), key=lambda item: (-item[1], item[0]))[0][0]",
    "a list in the place of a tuple's parts": "def best_pair(counts):\n    most = max(counts.values())\n    return min(p for p in counts if counts[p] == most)",
})  # fmt: skip
answers("15.merge_with_changes", "full", {
    "lists for tuples": (
        "def merge_with_changes(ids, pair, new):\n    left, right = pair\n    merged, i, changes = [], 0, []\n    while i < len(ids):\n"
        "        if i + 1 == len(ids) or (ids[i], ids[i + 1]) != pair:\n            merged.append(ids[i])\n            i += 1\n            continue\n"
        "        if merged:\n            changes.append(((merged[-1], left), -1))\n            changes.append(((merged[-1], new), 1))\n"
        "        if i + 2 < len(ids):\n            changes.append(((right, ids[i + 2]), -1))\n            changes.append(((new, ids[i + 2]), 1))\n"
        "        merged.append(new)\n        i += 2\n    return [merged, changes]"
    ),
})  # fmt: skip

answers("16.rms_norm", "full", {
    "a norm": "def rms_norm(x, scale, epsilon=1e-5):\n    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * scale",
    "a module with its own scale": "class Norm(torch.nn.Module):\n    def forward(self, x, scale, epsilon=1e-5):\n        return x / (x.square().mean(-1, True) + epsilon).sqrt() * scale\n\nrms_norm = Norm()",
    "scripted": "@torch.jit.script\ndef rms_norm(x, scale, epsilon: float = 1e-5):\n    return x / torch.sqrt(x.square().mean(dim=-1, keepdim=True) + epsilon) * scale",
})  # fmt: skip
answers("16.swiglu", "full", {
    "torch's silu": "from torch.nn.functional import silu\n\ndef swiglu(x, W_gate, W_up, W_down):\n    return (silu(x @ W_gate) * (x @ W_up)) @ W_down",
})  # fmt: skip
answers("16.continue_greedily", "full", {
    "a loop that begins with nothing": "def continue_greedily(read, prompt, count):\n    past, last, written = None, prompt, []\n    for _ in range(count):\n        logits, past = read(last, past)\n        last = logits[:, -1:].argmax(-1)\n        written.append(last)\n    return torch.cat(written, 1)",
})  # fmt: skip

# -- partly right ----------------------------------------------------------------------------------------------------

answers(
    "02.last_real_state",
    "part",
    {"right for full lengths": "def last_real_state(states, lengths):\n    return states[:, -1]"},
)
answers("02.readout", "part", {
    "one axis": "def readout(h, W_hy, b_y):\n    p = np.exp(h @ W_hy + b_y - (h @ W_hy + b_y).max(1, keepdims=True))\n    return p / p.sum(1, keepdims=True)",
})  # fmt: skip
answers("13.attention", "part", {
    "no mask": "def attention(q, k, v, mask=None):\n    weights = torch.softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5, -1)\n    return weights @ v, weights",
    "detached": f"def attention(q, k, v, mask=None):\n    q, k, v = q.detach(), k.detach(), v.detach()\n    {ATTEND.format(' ' * 4)}",
    "detached keys": f"def attention(q, k, v, mask=None):\n    k = k.detach()\n    {ATTEND.format(' ' * 4)}",
})  # fmt: skip
answers("13.MultiHeadAttention", "part", {
    "without gradients": f"class MultiHeadAttention(nn.Module):\n{HEADS}".replace("        memory = x if", "        x = x.detach()\n        memory = x if").replace("return self.W_o((weights @ v)", "return self.W_o((weights.detach() @ v.detach())"),
})  # fmt: skip
answers("16.rms_norm", "part", {
    "under no_grad": "@torch.no_grad()\ndef rms_norm(x, scale, epsilon=1e-5):\n    return x / (x.square().mean(-1, True) + epsilon).sqrt() * scale",
    "by way of NumPy": "def rms_norm(x, scale, epsilon=1e-5):\n    a = x.detach().numpy()\n    return torch.from_numpy(a / np.sqrt((a * a).mean(-1, keepdims=True) + epsilon)) * scale.detach()",
    "another scale of the gradient": "def rms_norm(x, scale, epsilon=1e-5):\n    root = torch.sqrt(x.square().mean(-1, True) + epsilon)\n    return x / root.detach() * scale",
})  # fmt: skip
answers("16.language_loss", "part", {
    "a Python number": "def language_loss(logits, tokens, lengths):\n    real = torch.arange(1, tokens.shape[1]) < lengths[:, None]\n    p = logits[:, :-1].log_softmax(dim=2).gather(2, tokens[:, 1:, None])[..., 0]\n    return -p[real].mean().item()",
})  # fmt: skip

# -- wrong, and hostile ----------------------------------------------------------------------------------------------

answers("02.rnn_step", "nothing", {
    "a coroutine": f"async def rnn_step({ARGS}):\n    return {STEP}",
    "nobody called it": f"def make():\n    def rnn_step({ARGS}):\n        return {STEP}\n    return rnn_step",
    "the module": "from seqlib.models import layers as rnn_step",
    "Ellipsis": "rnn_step = ...",
    "a name of a class not made": f"class Step:\n    def __call__(self, {ARGS}):\n        return {STEP}\n\nrnn_step = Step",
    "arguments changed in place": f"def rnn_step({ARGS}):\n    h_prev[:] = {STEP}\n    return h_prev",
})  # fmt: skip
CHARACTER = "chr(code_point)"
answers("15.utf8_encode", "nothing", {
    "encode": f"def utf8_encode(code_point):\n    return list({CHARACTER}.encode('utf-8'))",
    "encode in a thread": f"from concurrent.futures import ThreadPoolExecutor\n\ndef utf8_encode(code_point):\n    with ThreadPoolExecutor(1) as pool:\n        return list(pool.submit({CHARACTER}.encode, 'utf-8').result())",
    "encode in a thread of its own": f"import threading\n\ndef utf8_encode(code_point):\n    out = []\n    t = threading.Thread(target=lambda: out.extend({CHARACTER}.encode()))\n    t.start()\n    t.join()\n    return out",
    "encode in a raw thread": f"import _thread, time\n\ndef utf8_encode(code_point):\n    out = []\n    _thread.start_new_thread(lambda: out.append({CHARACTER}.encode()), ())\n    while not out:\n        time.sleep(0.001)\n    return list(out[0])",
    "encode by map": f"def utf8_encode(code_point):\n    return list(next(map(str.encode, [{CHARACTER}])))",
    "encode in a generator": f"def utf8_encode(code_point):\n    yield from {CHARACTER}.encode()",
    "encode by attrgetter": f"import operator\n\ndef utf8_encode(code_point):\n    return list(operator.methodcaller('encode', 'utf-8')({CHARACTER}))",
    "codecs": f"import codecs\n\ndef utf8_encode(code_point):\n    return list(codecs.encode({CHARACTER}, 'utf-8'))",
    "a partial of encode": f"import functools\n\nf = functools.partial(str.encode, encoding='utf-8')\n\ndef utf8_encode(code_point):\n    return list(f({CHARACTER}))",
    "the profiler taken away": f"import sys\n\ndef utf8_encode(code_point):\n    sys.setprofile(None)\n    return list({CHARACTER}.encode('utf-8'))",
    "encode of a text of one's own": f"class Text(str):\n    pass\n\ndef utf8_encode(code_point):\n    return list(Text({CHARACTER}).encode('utf-8'))",
    "encode in a subprocess": f"import os\n\ndef utf8_encode(code_point):\n    r, w = os.pipe()\n    if os.fork() == 0:\n        os.write(w, {CHARACTER}.encode())\n        os._exit(0)\n    os.wait()\n    return list(os.read(r, 9))",
}, live=False)  # fmt: skip
answers("05.lstm_step", "nothing", {
    "an LSTMCell kept from before": "import torch\n\ncells = {}\n\ndef lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):\n    a = [torch.as_tensor(v) for v in (x_t, h_prev, c_prev, W_xh.T, W_hh.T, b_h)]\n    h, c = torch._VF.lstm_cell(a[0], (a[1], a[2]), a[3], a[4], a[5], a[5] * 0)\n    return h.numpy(), c.numpy()",
    "a module called by its forward": "import torch\n\ndef lstm_step(x_t, h_prev, c_prev, W_xh, W_hh, b_h):\n    cell = torch.nn.LSTMCell(x_t.shape[1], h_prev.shape[1]).double()\n    for p, v in zip(cell.parameters(), (W_xh.T, W_hh.T, b_h, b_h * 0)):\n        p.data = torch.as_tensor(v)\n    h, c = type(cell).forward(cell, torch.as_tensor(x_t), (torch.as_tensor(h_prev), torch.as_tensor(c_prev)))\n    return h.detach().numpy(), c.detach().numpy()",
    "the course's own": "from seqlib.models.layers import lstm_step",
    "the course's own by its file": "import importlib.util, seqlib.models.layers as m\n\nspec = importlib.util.spec_from_file_location('again', m.__file__)\nagain = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(again)\nlstm_step = again.lstm_step if hasattr(again, 'lstm_step') else None",
}, live=False)  # fmt: skip
answers("13.MultiHeadAttention", "nothing", {
    "the course's own, inherited": "from seqlib.models import attention as a\n\nclass MultiHeadAttention(a.MultiHeadAttention):\n    pass",
    "nn's": "class MultiHeadAttention(nn.Module):\n    def __init__(self, width, heads, use_rotary=False):\n        super().__init__()\n        self.inner = nn.MultiheadAttention(width, heads, batch_first=True)\n    def forward(self, x, memory=None, mask=None):\n        memory = x if memory is None else memory\n        return self.inner(x, memory, memory, average_attn_weights=False)",
}, live=False)  # fmt: skip
answers("16.rms_norm", "nothing", {
    "torch's own": "def rms_norm(x, scale, epsilon=1e-5):\n    return torch.nn.functional.rms_norm(x, x.shape[-1:], scale, epsilon)",
    "torch's own in a thread": "import threading\n\ndef rms_norm(x, scale, epsilon=1e-5):\n    out = []\n    t = threading.Thread(target=lambda: out.append(torch.rms_norm(x, x.shape[-1:], scale, epsilon)))\n    t.start()\n    t.join()\n    return out[0]",
    "a gradient of one's own making": "class F(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, scale):\n        return torch.nn.RMSNorm(x.shape[-1], 1e-5, dtype=x.dtype)(x) * scale\n    @staticmethod\n    def backward(ctx, g):\n        return g, g.sum(0)\n\ndef rms_norm(x, scale, epsilon=1e-5):\n    return F.apply(x, scale)",
}, live=False)  # fmt: skip
answers("21.exponent", "nothing", {
    "polyfit": "def exponent(lengths, seconds):\n    (b, _), spread = np.polyfit(np.log(lengths), np.log(seconds), 1, cov=True)\n    return b, spread[0, 0] ** 0.5",
    "polyfit in a thread": "from concurrent.futures import ThreadPoolExecutor as Pool\n\ndef exponent(lengths, seconds):\n    with Pool(1) as pool:\n        (b, _), spread = pool.submit(np.polyfit, np.log(lengths), np.log(seconds), 1, cov=True).result()\n    return b, spread[0, 0] ** 0.5",
}, live=False)  # fmt: skip
