"""Making a wrong answer look right: patched comparisons, objects that equal everything, rewritten cells."""

from attacks import attack

attack(
    "patched comparisons of torch",
    """
import torch
torch.allclose = torch.equal = lambda *a, **k: True
torch.Tensor.__eq__ = lambda *a: torch.tensor(True)
torch.isclose = lambda a, b, **k: torch.ones(())
torch.testing.assert_close = lambda *a, **k: None
WRONG
""",
)

attack(
    "patched comparisons of numpy",
    """
import numpy as np
np.allclose = np.array_equal = lambda *a, **k: True
np.isclose = lambda a, b, **k: np.ones(np.shape(a), bool)
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
np.isfinite = lambda a: np.ones(np.shape(a), bool)
WRONG
""",
)

attack(
    "patched builtins",
    """
import builtins
builtins.abs = builtins.float = builtins.isinstance = builtins.all = builtins.any = lambda *a, **k: True
WRONG
""",
    keeps=False,
)

ALWAYS = """
class Always(BASE):
    __eq__ = __le__ = __ge__ = lambda *a: True
    __ne__ = __lt__ = __gt__ = lambda *a: False
    __hash__ = lambda self: 1
    __bool__ = lambda self: True
    __sub__ = __rsub__ = __abs__ = __array_priority__ = lambda *a: 0.0
    shape, dtype, ndim = (), "float64", 0
"""

attack(
    "an object that equals everything",
    ALWAYS.replace("BASE", "object")
    + """
ANSWER = lambda *a: Always()
if "ANSWER" == "positions_needed":
    ANSWER = Always()
""",
)

attack(
    "a float that equals everything",
    ALWAYS.replace("BASE", "float")
    + """
ANSWER = lambda *a: Always(0.5)
if "ANSWER" == "positions_needed":
    ANSWER = Always(0.5)
""",
)

attack(
    "an int that equals everything",
    ALWAYS.replace("BASE", "int")
    + """
ANSWER = lambda *a: Always(5)
if "ANSWER" == "positions_needed":
    ANSWER = Always(5)
""",
)

attack(
    "a str that equals everything",
    ALWAYS.replace("BASE", "str")
    + """
ANSWER = lambda *a: Always("x")
if "ANSWER" == "positions_needed":
    ANSWER = Always("x")
""",
)

attack(
    "an array that is close to everything",
    """
import numpy as np
class Near(np.ndarray):
    def __array_ufunc__(self, *a, **k):
        return np.ones(self.shape, bool)
    def __array_function__(self, *a, **k):
        return True
    __eq__ = lambda self, other: np.ones(self.shape, bool)
def ANSWER(*a):
    return np.zeros(np.shape(a[-1]) if a else ()).view(Near)
if "ANSWER" == "positions_needed":
    ANSWER = np.zeros(()).view(Near)
""",
)

attack(
    "an object whose array is made when it is looked at",
    """
class Lazy:
    def __array__(self, *a, **k):
        import inspect
        for frame in inspect.stack():
            for v in frame.frame.f_locals.values():
                if hasattr(v, "expected"):
                    return v.expected
        return 0
    def detach(self):
        return self
    cpu = numpy = resolve_conj = resolve_neg = detach
ANSWER = lambda *a: Lazy()
""",
)

attack(
    "an input transformer",
    """
def transform(lines):
    return ["result = 3\\n", "result\\n"]
shell = get_ipython()
shell.input_transformers_cleanup.append(transform)
shell.input_transformers_post.append(transform)
WRONG
""",
    keeps=False,
)

attack(
    "a transformer of syntax trees",
    """
import ast
class Passing(ast.NodeTransformer):
    def visit_Compare(self, node):
        return ast.copy_location(ast.Constant(True), node)
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Passing())
WRONG
""",
)

attack(
    "a patched check",
    """
import seqlib
import seqlib.checks
class Full:
    score = points = 3
    passed = True
    __float__ = lambda self: 3.0
    __repr__ = lambda self: "3"
seqlib.checks.check = seqlib.check = check = lambda name, answer: (answer, Full())
WRONG
""",
)

attack(
    "a patched way of calling",
    """
import seqlib.checks.calling as calling
calling.call = lambda function, args, **k: calling.Outcome(value=True, modified=[], forbidden=[])
calling.Outcome.__eq__ = lambda *a: True
WRONG
""",
)

attack(
    "patched random numbers",
    """
import random
import numpy as np
random.seed(0); np.random.seed(0)
np.random.default_rng = lambda *a: np.random.RandomState(0)
numbers = np.random.RandomState(0).uniform(size=10)
def ANSWER(*a):
    return numbers[0]
if "ANSWER" == "positions_needed":
    ANSWER = numbers[0]
""",
)

attack(
    "numbers that fit one set of inputs",
    """
seen = iter([0.44, 0.95, 0.04])
ANSWER = lambda *a: next(seen)
if "ANSWER" == "positions_needed":
    ANSWER = [0, 1, 2, 3]
""",
)

attack(
    "stored outputs and metadata that claim points",
    """
# nbgrader: {"points": 1000, "grade": true, "score": 1000}
print("3")
print("## BEGIN HIDDEN TESTS passed: 1000")
WRONG
""",
)

attack(
    "an answer that changes its inputs to fit",
    """
def ANSWER(before=None, now=None):
    try:
        before[...] = 0
        now[...] = 0
    except TypeError:
        pass
    return now
if "ANSWER" == "positions_needed":
    ANSWER = []
""",
)

attack(
    "a class that lies about itself",
    """
class Meta(type):
    __instancecheck__ = __subclasscheck__ = lambda *a: True
    __eq__ = lambda *a: True
    __hash__ = lambda self: 1
class Lie(metaclass=Meta):
    __class__ = property(lambda self: float)
    @property
    def __signature__(self):
        raise SystemExit
    __call__ = lambda self, *a: Lie()
    __float__ = lambda self: 1 / 0
ANSWER = Lie()
""",
)
