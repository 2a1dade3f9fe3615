"""What an exercise forbids is not there while its answer runs, by whatever road; everything else is."""

# ruff: noqa: E501  (programs in strings)

import os
import subprocess
import sys

import pytest
from quick import ROOT, graded, scores

from seqlib.checks.exercise import find
from seqlib.grading.later import later_parts

# -- layer_norm, which forbids torch's ---------------------------------------------------------------------------------

NORM = (
    "import torch\nimport torch.nn.functional as F\n{above}\ndef layer_norm(x, scale, shift, epsilon=1e-5):\n    {body}"
)
HONEST = (
    "centred = x - x.mean(-1, keepdim=True)\n    "
    "return centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + epsilon) * scale + shift"
)
ROADS = {
    "its name": ("", "return F.layer_norm(x, x.shape[-1:], scale, shift, epsilon)"),
    "an alias": ("f = F.layer_norm", "return f(x, x.shape[-1:], scale, shift, epsilon)"),
    "torch's other name": ("", "return torch.layer_norm(x, x.shape[-1:], scale, shift, epsilon)"),
    "the native one": (
        "f = torch.native_layer_norm",
        "return f(x, list(x.shape[-1:]), scale, shift, epsilon)[0]",
    ),
    "torch.ops": ("", "return torch.ops.aten.layer_norm.default(x, list(x.shape[-1:]), scale, shift, epsilon)"),
    "pieces of a name": (
        "f = getattr(torch, 'native_' + 'layer' + '_norm')",
        "return f(x, list(x.shape[-1:]), scale, shift, epsilon)[0]",
    ),
    "partial": (
        "import functools\nf = functools.partial(F.layer_norm)",
        "return f(x, x.shape[-1:], scale, shift, epsilon)",
    ),
    "a thread": (
        "from concurrent.futures import ThreadPoolExecutor as Pool",
        "with Pool(1) as pool:\n        return pool.submit(F.layer_norm, x, x.shape[-1:], scale, shift, epsilon).result()",
    ),
    "a scripted function": (
        "@torch.jit.script\ndef f(x, scale, shift, epsilon: float):\n    return torch.nn.functional.layer_norm(x, [x.size(-1)], scale, shift, epsilon)",
        "return f(x, scale, shift, epsilon)",
    ),
    "torch written in Python": (
        "import torch._refs",
        "return torch._refs.nn.functional.layer_norm(x, x.shape[-1:], scale, shift, epsilon)",
    ),
    "vmap": ("", "return torch.vmap(lambda r: F.layer_norm(r, r.shape[-1:], scale, shift, epsilon))(x)"),
    "no watch": (
        "import sys, threading",
        "sys.setprofile(None); threading.setprofile(None)\n    return torch.layer_norm(x, x.shape[-1:], scale, shift, epsilon)",
    ),
    "exec": ("", "return eval('F.layer' + '_norm')(x, x.shape[-1:], scale, shift, epsilon)"),
    "the module made before": (
        "layer = torch.nn.LayerNorm(8, elementwise_affine=False).double()",
        "layer.normalized_shape = tuple(x.shape[-1:]); layer.eps = epsilon\n    return layer(x) * scale + shift",
    ),
}


@pytest.mark.parametrize("road", ROADS)
def test_no_road_leads_to_what_is_forbidden(slot, road):
    above, body = ROADS[road]
    record = graded(slot, [NORM.format(above=above, body=body)], "14")
    assert scores(record) == {}, record["exercises"]["14.layer_norm"]


MENTIONS = {
    "a layer of the same name beside it": ("x = torch.nn.LayerNorm(3)\nscale = x.weight", HONEST),
    "in an annotation": ("Norm = torch.nn.LayerNorm", f"norm: torch.nn.LayerNorm = None\n    {HONEST}"),
    "in a question": ("", f"if isinstance(x, torch.nn.LayerNorm):\n        raise TypeError\n    {HONEST}"),
    "in a text": ("", f"'''Like torch.nn.functional.layer_norm; see getattr(F, 'layer_norm').'''\n    {HONEST}"),
    "eval of something else": ("", f"y = eval('x')\n    {HONEST}"),
    "another norm": ("", f"F.group_norm(torch.ones(2, 4), 2)\n    {HONEST}"),
}


@pytest.mark.parametrize("where", MENTIONS)
def test_what_is_only_mentioned_costs_nothing(slot, where):
    above, body = MENTIONS[where]
    record = graded(slot, [NORM.format(above=above, body=body)], "14")
    assert scores(record) == {"layer_norm": 3}, record["exercises"]["14.layer_norm"]


# -- gradients by torch where they are asked for by hand ---------------------------------------------------------------


def test_gradients_are_not_to_be_had_where_they_are_forbidden():
    forbids = [find(f"03.{n}").forbids for n in ("step_backward", "bptt")]
    assert all(any(f.startswith("torch.autograd") for f in one) for one in forbids)
    assert _inside(GRADIENTS) == "none got through"


GRADIENTS = """
import torch
from barrier import Barrier
graph = lambda w: (w * w).sum()
w = torch.ones(3, dtype=torch.float64, requires_grad=True)
Barrier(["torch.autograd.grad", "torch.autograd.backward"])
def engine():
    y = graph(w)
    torch.autograd.Variable._execution_engine.run_backward((y,), (torch.ones(()),), False, False, (), True, False)
    assert w.grad is not None
def node():
    return graph(w).grad_fn(torch.ones(()))
ways = [
    lambda: torch.autograd.grad(graph(w), w), lambda: graph(w).backward(), engine, node,
    lambda: torch.func.grad(graph)(w), lambda: torch.func.jacfwd(torch.tanh)(w), lambda: torch.func.jacrev(torch.tanh)(w),
    lambda: torch.func.jvp(torch.tanh, (w,), (w,)), lambda: torch.autograd.functional.jacobian(torch.tanh, w),
    lambda: torch.autograd.functional.vjp(torch.tanh, w, w),
]
through = []
for i, way in enumerate(ways):
    try:
        way()
        through.append(i)
    except Exception:
        pass
assert torch.vmap(torch.tanh)(w).shape == (3,) and torch.nn.Linear(3, 2).double()(w).shape == (2,)
print(through or "none got through")
"""
ATTENTION = """
import torch, torch.nn as nn, torch.nn.functional as F
from barrier import Barrier
q, x = torch.randn(2, 4, 5, 8), torch.randn(2, 5, 8)
heads = nn.MultiheadAttention(8, 2, batch_first=True)
traced, scripted = torch.jit.trace(heads, (x, x, x)), torch.jit.script(nn.TransformerEncoderLayer(8, 2, batch_first=True))
native = torch._C._nn.scaled_dot_product_attention
barrier = Barrier(["torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention",
                   "torch.nn.functional.multi_head_attention_forward"])
ways = [
    lambda: native(q, q, q), lambda: torch._scaled_dot_product_attention_math(q, q, q), lambda: traced(x, x, x),
    lambda: torch.vmap(lambda a: native(a, a, a))(q), lambda: heads(x, x, x), lambda: F.multi_head_attention_forward,
    lambda: torch.func.jvp(lambda a: native(a, a, a), (q,), (q,)), lambda: scripted(x),
    lambda: nn.TransformerEncoderLayer(8, 2, batch_first=True).eval()(x),
]
through = []
for i, way in enumerate(ways):
    try:
        if i != 5:
            way()
            through.append(i)
    except Exception:
        pass
assert ((q @ q.mT).softmax(-1) @ q).shape == q.shape and barrier.seen
print(through or "none got through")
"""


def _inside(program: str) -> str:
    """What a program prints that runs beside the files that enter the sandbox."""
    paths = os.pathsep.join([str(ROOT / "seqlib" / "grading" / "inside"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


def test_attention_is_not_to_be_had_where_it_is_forbidden():
    assert _inside(ATTENTION) == "none got through"


# -- the course's own parts --------------------------------------------------------------------------------------------

ASKED = "def next_token_windows(ids, length):\n    return "
WINDOWS = {
    "from": "from seqlib.data import shifted_windows\n" + ASKED + "shifted_windows(ids, length)",
    "vars": "import seqlib.data\nfound = vars(seqlib.data)['shifted' + '_windows']\n" + ASKED + "found(ids, length)",
    "getattr": "import seqlib.data as d\n" + ASKED + "getattr(d, 'shifted_windows')(ids, length)",
    "star": "from seqlib.data import *\n" + ASKED + "shifted_windows(ids, length)",
    "itself": "from seqlib.data import shifted_windows as next_token_windows",
}


@pytest.mark.parametrize("way", WINDOWS)
def test_a_part_that_comes_later_does_no_work(slot, way):
    assert scores(graded(slot, [WINDOWS[way]], "01")) == {}


def test_parts_come_when_the_notebooks_bring_them():
    wanted = ("02.rnn_forward", "03.bptt", "14.embed", "13.attention")
    names = {name: {d.rpartition(".")[2] for d in later_parts(name)} for name in wanted}
    assert {"RNN", "LSTM", "shifted_windows"} <= names["02.rnn_forward"]
    assert "RNN" not in names["03.bptt"] and "LSTM" in names["03.bptt"]
    assert "Residual" not in names["14.embed"] and "Transformer" in names["14.embed"]
    assert "attention" in names["13.attention"]


# -- stand-ins ---------------------------------------------------------------------------------------------------------


def test_a_later_stand_in_does_no_earlier_work(slot):
    """`bounce` is not written, so the course's is lent further down; `next_position`, tried again at the end, comes
    before it and must not have it."""
    cells = [
        "def next_position(before, now):\n    return later(before, now)",
        "def bounce(before, now):\n    raise NotImplementedError",
        "lent = bounce\ndef later(before, now):\n    return lent(before, now)",
    ]
    assert scores(graded(slot, cells)) == {}
