"""Answers written, and bound to their names, in every way that Python has; and answers that are partly right."""

# ruff: noqa: E501  (programs in strings)

from make_class import cell_of, code_cell, worth

from members import FULL, at, bounce, member, slim, without

FOLD = "1 - np.abs(1 - np.abs(2 * now - before))"
F = f"def f(before, now):\n    return {FOLD}\n\n"

BOUND = {
    "walrus": F + "print(bounce := f)",
    "walrus in a condition": F + "if (bounce := f):\n    pass",
    "for": F + "for bounce in [f]:\n    pass",
    "for over pairs": F + "for name, bounce in {'bounce': f}.items():\n    pass",
    "match": F + "match f:\n    case bounce:\n        pass",
    "match a list": F + "match [1, f]:\n    case [_, bounce]:\n        pass",
    "with": F + "import contextlib\nwith contextlib.nullcontext(f) as bounce:\n    pass",
    "global": f"def make():\n    global bounce\n    def bounce(before, now):\n        return {FOLD}\n\nmake()",
    "global by assignment": F + "def make():\n    global bounce\n    bounce = f\n\nmake()",
    "exec": f"exec('''def bounce(before, now):\\n    return {FOLD}''')",
    "eval": f"bounce = eval('lambda before, now: {FOLD}')",
    "globals": F + "globals()['bounce'] = f",
    "globals update": F + "globals().update(bounce=f)",
    "setattr of main": F + "import sys\nsetattr(sys.modules['__main__'], 'bounce', f)",
    "user namespace": F + "get_ipython().user_ns['bounce'] = f",
    "push": F + "get_ipython().push({'bounce': f})",
    "unpacked": F + "bounce, other = f, None",
    "starred": F + "bounce, *others = [f, 1, 2]",
    "chained": F + "bounce = mine = f",
    "annotated": F + "bounce: object = f",
    "lambda": f"bounce = lambda before, now: {FOLD}",
    "conditional expression": F + "bounce = f if True else None",
    "in an if": f"if True:\n    def bounce(before, now):\n        return {FOLD}",
    "in an else": f"if 0:\n    pass\nelse:\n    def bounce(before, now):\n        return {FOLD}",
    "in a try": F + "try:\n    import no_such_module\nexcept ImportError:\n    bounce = f",
    "in a finally": F + "try:\n    pass\nfinally:\n    bounce = f",
    "in a loop": F + "while True:\n    bounce = f\n    break",
    "in a comprehension": F + "[bounce := g for g in [f]]",
    "partial": f"import functools\ndef g(k, before, now):\n    return k * ({FOLD})\nbounce = functools.partial(g, 1)",
    "an object": f"class Ball:\n    def __call__(self, before, now):\n        return {FOLD}\n\nbounce = Ball()",
    "a method": f"class Ball:\n    def go(self, before, now):\n        return {FOLD}\n\nbounce = Ball().go",
    "a static method": (
        f"class Ball:\n    @staticmethod\n    def go(before, now):\n        return {FOLD}\n\nbounce = Ball.go"
    ),
    "a decorator": (
        "import functools\ndef plain(f):\n    @functools.wraps(f)\n    def g(*args):\n        return f(*args)\n"
        f"    return g\n\n@plain\ndef bounce(before, now):\n    return {FOLD}"
    ),
    "a closure": f"def make():\n    k = 1\n    def g(before, now):\n        return k * ({FOLD})\n    return g\n\nbounce = make()",
    "a class": f"class bounce:\n    def __new__(cls, before, now):\n        return {FOLD}",
    "a branch after an import": f"try:\n    import nowhere\nexcept ImportError:\n    bounce = lambda before, now: {FOLD}",
    "redefined": f"def bounce(before, now):\n    return now\n\ndef bounce(before, now):\n    return {FOLD}",
    "deleted and defined": f"bounce = 1\ndel bounce\ndef bounce(before, now):\n    return {FOLD}",
}  # fmt: skip

for name, source in BOUND.items():
    member(f"bound by {name}", bounce(source), why="what the check saw is what is graded")

WRITTEN = {
    "other argument names": "def bounce(a, b):\n    return 1 - np.abs(1 - np.abs(2 * b - a))",
    "any arguments": "def bounce(*args):\n    before, now = args\n    return " + FOLD,
    "more with defaults": "def bounce(before, now, walls=(0, 1), *, step=None):\n    return " + FOLD,
    "positional only": "def bounce(before, now, /):\n    return " + FOLD,
    "np.where": (
        "def bounce(before, now):\n    s = 2 * now - before\n    s = np.where(s > 1, 2 - s, s)\n"
        "    return np.where(s < 0, -s, s)"
    ),
    "torch inside": (
        "import torch\ndef bounce(before, now):\n    s = 2 * torch.as_tensor(now) - torch.as_tensor(before)\n"
        "    return 1 - (1 - s.abs()).abs()"
    ),
    "vectorised": "def one(before, now):\n    return float(" + FOLD + ")\n\nbounce = np.vectorize(one)",
    "star import": "from numpy import *\ndef bounce(before, now):\n    return 1 - abs(1 - abs(2 * now - before))",
    "import inside": "def bounce(before, now):\n    import numpy as xp\n    return " + FOLD.replace("np", "xp"),
    "another alias": "import numpy\ndef bounce(before, now):\n    return " + FOLD.replace("np", "numpy"),
    "tabs": "def bounce(before, now):\n\treturn " + FOLD,
    "one line": "def bounce(before, now): return " + FOLD + ";",
    "other letters": "def bounce(before, now):\n    Δ = now - before  # шаг, 步长, 🙂\n    return 1 - abs(1 - abs(now + Δ))",
    "a docstring with a check": (
        'def bounce(before, now):\n    """check("00.bounce", other)\n    ### BEGIN SOLUTION\n    """\n    return ' + FOLD
    ),
    "helpers above and below": (
        "def up(x):\n    return abs(x)\n\ndef bounce(before, now):\n    return down(2 * now - before)\n\n"
        "def down(x):\n    return 1 - up(1 - up(x))"
    ),
    "a constant of the cell": "WALL = 1\ndef bounce(before, now):\n    return WALL - abs(WALL - abs(2 * now - before))",
    "a list comprehension": (
        "def bounce(before, now):\n    s = np.atleast_1d(2 * np.asarray(now) - before)\n"
        "    r = np.array([1 - abs(1 - abs(x)) for x in s])\n    return r if np.ndim(now) else r[0]"
    ),
    "recursion": (
        "def bounce(before, now):\n    def fold(x, n=3):\n        return x if n == 0 else fold(1 - abs(1 - abs(x)), n - 1)\n"
        "    return fold(2 * now - before)"
    ),
    "prints and warns": (
        "import sys, warnings\ndef bounce(before, now):\n    print('x' * 1000)\n    print('e', file=sys.stderr)\n"
        "    warnings.warn('careful')\n    return " + FOLD
    ),
    "an assertion inside": "def bounce(before, now):\n    assert np.shape(before) == np.shape(now)\n    return " + FOLD,
    "a while loop": (
        "def bounce(before, now):\n    s = np.array(2 * np.asarray(now) - before)\n"
        "    while (s < 0).any() or (s > 1).any():\n        s = np.where(s < 0, -s, np.where(s > 1, 2 - s, s))\n    return s"
    ),
}  # fmt: skip
for name, source in WRITTEN.items():
    member(f"written with {name}", bounce(source), why="another right way of writing it")

# A value is lent as it is, which tells it: it is not lent before the last cell that may bring one has run.
HELPER = "open('helpers.py', 'w').write({0!r})\n{1}"
TWO = "positions_needed = 2"
VALUES = {
    "an annotation": "positions_needed: int = 2",
    "an increment": "positions_needed = 1\npositions_needed += 1",
    "an expression": "positions_needed = len(['before', 'now'])",
    "a NumPy number": "positions_needed = np.int64(2)",
    "a walrus": "print(positions_needed := 2)",
    "a walrus in a list": "[positions_needed := n for n in range(3)]",
    "a walrus in a condition": "[n for n in range(3) if (positions_needed := n)]",
    "a walrus in a generator": "any((positions_needed := n) == 2 for n in range(9))",
    "a loop": "for positions_needed in range(3):\n    pass",
    "a pattern": "match {'frames': 2}:\n    case {'frames': positions_needed}:\n        pass",
    "a context": "import contextlib\nwith contextlib.nullcontext(2) as positions_needed:\n    pass",
    "an import": HELPER.format("two = 2", "from helpers import two as positions_needed"),
    "an error's argument": "try:\n    raise ValueError(2)\nexcept ValueError as e:\n    positions_needed = e.args[0]",
    "a class's global": "class Answer:\n    global positions_needed\n    positions_needed = 2",
    "a function's global": "def think():\n    global positions_needed\n    positions_needed = 1 + 1\n\nthink()",
    "a thread's global": (
        "import threading\ndef think():\n    global positions_needed\n    positions_needed = 2\n"
        "one = threading.Thread(target=think)\none.start(); one.join()"
    ),
    "an awaited global": "async def think():\n    global positions_needed\n    positions_needed = 2\nawait think()",
    "exec": f"exec('{TWO}')",
    "exec of a piece": "name = 'positions' + '_needed'\nexec(name + ' = 2')",
    "exec of what is compiled": f"exec(compile('{TWO}', 'mine', 'exec'), globals())",
    "exec of a tree": f"import ast\nexec(compile(ast.parse('{TWO}'), 'mine', 'exec'))",
    "exec of a file": HELPER.format(TWO, "exec(open('helpers.py').read())"),
    "eval of a walrus": "eval('(positions_needed := 2)')",
    "vars": "vars()['positions_needed'] = 2",
    "locals": "locals()['positions_needed'] = 2",
    "globals": "globals()['positions_needed'] = 2",
    "globals updated": "globals().update(positions_needed=2)",
    "globals by pieces": "globals().update([('positions' + '_needed', 2)])",
    "globals joined": "g = globals()\ng |= {'positions_needed': 2}",
    "globals by another name": "import operator\noperator.setitem(globals(), 'positions_needed', 2)",
    "globals of a function": "def think():\n    think.__globals__['positions_needed'] = 2\n\nthink()",
    "globals of a frame": "import sys\nsys._getframe().f_globals['positions_needed'] = 2",
    "setattr": "import sys\nsetattr(sys.modules['__main__'], 'positions_needed', 2)",
    "an attribute": "import __main__\n__main__.positions_needed = 2",
    "an attribute of this": "import sys\nsys.modules[__name__].positions_needed = 2",
    "run_cell": f"get_ipython().run_cell('{TWO}')",
    "ex": f"get_ipython().ex('{TWO}')",
    "push": "get_ipython().push({'positions_needed': 2})",
    "what is timed": f"%time {TWO}",
    "%run": HELPER.format(TWO, "%run helpers.py"),
    "runpy": HELPER.format(TWO, "import runpy\nglobals().update(runpy.run_path('helpers.py'))"),
    "a star": HELPER.format(TWO, "from helpers import *"),
    "what an import does": HELPER.format("import __main__\n__main__.positions_needed = 2", "import helpers"),
    "an interpreter": f"import code\ncode.InteractiveInterpreter(globals()).runsource('{TWO}')",
    "deleted and made": f"positions_needed = 3\ndel positions_needed\nexec('{TWO}')",
    "wrong, then exec": f"positions_needed = 3\nexec('{TWO}')",
}  # fmt: skip
for name, source in VALUES.items():
    member(f"two as {name}", slim({"00.positions_needed": source}), why="a value however it is made")

BINDING = ["exec", "globals by pieces", "an attribute", "%run", "a function's global"]
for name in BINDING:
    for below in (False, True):
        book = slim({"00.positions_needed": "positions_needed = None  # yours"})
        book["cells"].insert(at(book, "00.positions_needed") + 1, code_cell(VALUES[name]))
        book["cells"].insert(at(book, "00.positions_needed") + 2, code_cell("before = now = positions_needed"))
        if below:
            book["cells"].append(code_cell("positions_needed = 17\nexec('positions_needed = 18')"))
        member(f"two as {name} below the stub{', used again below' * below}", book, why="a value, in a cell of its own")
    book = slim({"00.positions_needed": "positions_needed = 3"})
    book["cells"][at(book, "00.positions_needed") + 1]["source"] = VALUES[name]
    book["cells"].append(code_cell("del positions_needed"))
    member(f"two as {name} without a check", book, why="without a check the last one counts", live=False)
book = slim({"00.positions_needed": "positions_needed = 3"})
book["cells"].append(code_cell("exec('positions_needed = 2')"))
member("two as an afterthought", book, without("00.positions_needed"), why="the check had seen another")
book = slim({"00.positions_needed": "try:\n    raise ValueError(2)\nexcept ValueError as positions_needed:\n    pass"})
member("two as an error", book, without("00.positions_needed"), why="Python takes that name back")

# -- partly right ----------------------------------------------------------------------------------------------------

STEP = "2 * now - before"
PARTLY = {
    "no walls": (f"def bounce(before, now):\n    return {STEP}", "what lies far from the walls is right"),
    "stops at walls": (f"def bounce(before, now):\n    return np.clip({STEP}, 0, 1)", "what lies far from the walls is right"),
    "right wall only": (f"def bounce(before, now):\n    return 1 - np.abs(1 - ({STEP}))", "and what is past one wall"),
    "left wall only": (f"def bounce(before, now):\n    return np.abs({STEP})", "and what is past one wall"),
    "round the world": (f"def bounce(before, now):\n    return ({STEP}) % 1", "what lies far from the walls is right"),
    "numbers only": (
        f"def bounce(before, now):\n    s = {STEP}\n    if s > 1:\n        return 2 - s\n    return -s if s < 0 else s",
        "an array is neither in nor out",
    ),
    "1 % too much": (f"def bounce(before, now):\n    return np.float16(1.01 * ({FOLD}))", "wrong in any precision"),
    "a wrong shape": (f"def bounce(before, now):\n    return np.zeros(4) + np.mean({FOLD})", "another shape"),
    "nothing returned": (f"def bounce(before, now):\n    {FOLD}", "None"),
    "another name inside": ("def bounce(before, now):\n    return undefined_name", "NameError"),
    "a missing argument": ("def bounce(before):\n    return before", "called with two"),
    "a syntax error": ("def bounce(before, now)\n    return now", "no answer in it"),
    "an unfinished line": ("def bounce(before, now):\n    return 1 - (", "no answer in it"),
    "a stub": ("def bounce(before, now):\n    raise NotImplementedError", "not written"),
    "a pass": ("def bounce(before, now):\n    pass", "not written"),
    "an ellipsis": ("def bounce(before, now):\n    ...", "not written"),
    "an empty cell": ("", "not written"),
    "a number instead": ("bounce = 0.5", "no function"),
    "a comment": ("# I did not manage this one", "not written"),
}  # fmt: skip
for name, (source, why) in PARTLY.items():
    member(f"bounce with {name}", bounce(source), (*FULL[:2], worth("00.bounce", source)), why=why)

NUMBERS = "def next_position(before, now):\n    return float(2 * now - before)"
member(
    "numbers but no arrays",
    slim({"00.next_position": NUMBERS}),
    (worth("00.next_position", NUMBERS), *FULL[1:]),
    why="an array can't be made a number",
)
USES = "def bounce(before, now):\n    return 1 - abs(1 - abs(next_position(before, now)))"
for name, first in {
    "missing": "",
    "not written": "def next_position(before, now):\n    raise NotImplementedError",
    "wrong": "def next_position(before, now):\n    return now",
    "broken": "def next_position(before, now)\n    return now",
}.items():
    member(
        f"builds on what is {name}",
        slim({"00.next_position": first, "00.bounce": USES}),
        without("00.next_position"),
        why="the course's own takes the place of the first, as in the notebook",
        live=bool(first) and name != "broken",  # there the check itself ends with a NameError, and hands out nothing
    )
for value in ("None", "3", "2.0", "'2'", "[2]", "..."):
    source = f"positions_needed = {value}"
    expected = (FULL[0], worth("00.positions_needed", source), FULL[2])
    member(f"two is {value}", slim({"00.positions_needed": source}), expected, why="2.0 is 2; the others are not")

# -- checked under another name --------------------------------------------------------------------------------------

book = bounce("def my_bounce(before, now):\n    return " + FOLD)
book["cells"][at(book, "00.bounce") + 1]["source"] = 'from seqlib import check\n_, r = check("00.bounce", my_bounce)\nr'
member("checked under another name", book, why="what the check saw is what is graded")

book = bounce("def bounce(before, now):\n    raise NotImplementedError")
book["cells"][at(book, "00.bounce") + 1]["source"] = (
    f'from seqlib import check\n_, r = check("00.bounce", lambda before, now: {FOLD})\nr'
)
member("checked without a name", book, why="what the check saw is what is graded")

book = slim()
cell_of(book, "00.bounce")["source"] = "import seqlib.checks as c\n" + F + 'c.check(name="00.bounce", answer=f)[1]'
book["cells"].pop(at(book, "00.bounce") + 1)
member("checked with keywords", book, why="what the check saw is what is graded")

for name, test in {
    "assert": "assert r.passed",
    "if": "if not r.passed:\n    raise SystemError",
    "float": "1 / float(r)",
}.items():
    book = slim()
    position = at(book, "00.next_position")
    merged = [cell_of(book, n)["source"] for n in ("00.next_position", "00.bounce")]
    check = f'from seqlib import check\nnext_position, r = check("00.next_position", next_position)\n{test}\n'
    book["cells"][position : position + 2] = [code_cell(f"{merged[0]}\n{check}{merged[1]}")]
    cell_of(book, "00.bounce")["source"] = ""
    member(f"a merged cell that looks at the result with {name}", book, why="the check in it tells the truth")
