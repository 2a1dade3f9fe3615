"""Whatever way a right answer is written, it gets here what the notebook's own check gives."""

import json
import sys

import pytest
from quick import book, graded, scores, solution

from seqlib.grading import grade
from seqlib.grading.assignment import whole_course

FOLD = "def fold(x):\n    return 1 - abs(1 - abs(x))"
BOUNCE = "def bounce(before, now):\n    return fold(2 * now - before)"
RIGHT = "lambda before, now: 1 - abs(1 - abs(2 * now - before))"
CHECK = 'from seqlib import check\nbounce, result = check("00.bounce", bounce)\nresult'


# -- lines that fail only in the sandbox -----------------------------------------------------------------------------

FAILING = {  # more of them are members of the class (members/surroundings.py)
    "two imports in one line": "import seaborn, math\nassert math.pi > 3",
    "a file": "import numpy as np\ndata = np.load('mine.npy')",
    "a program": "!pip install seaborn\nfiles = !ls\nassert files",
    "a shell cell's magic": "%cd /content\n%matplotlib notebook",
}


@pytest.mark.parametrize("name", FAILING)
def test_a_line_that_fails_here_takes_nothing_else_down(slot, name):
    assert scores(graded(slot, [f"{FAILING[name]}\n{FOLD}", BOUNCE])) == {"bounce": 3}


def test_what_is_measured_or_hidden_is_run(slot):
    for magic in ("%%time", "%%capture out", "%%prun -q"):
        assert scores(graded(slot, [f"{magic}\nimport seaborn\n{FOLD}", BOUNCE])) == {"bounce": 3}, magic


def test_a_module_of_ones_own_is_there(slot):
    mine = f"{FOLD}\ndef bounce(before, now):\n    return fold(2 * now - before)"
    assert scores(graded(slot, [f"%%writefile helpers.py\n{mine}", "from helpers import bounce"])) == {"bounce": 3}
    files = {"helpers.py": mine.encode()}
    for line in ("from helpers import bounce", "from helpers import *", "import helpers\nbounce = helpers.bounce"):
        assert scores(graded(slot, [line], files=files)) == {"bounce": 3}, line
    assert scores(graded(slot, ["%run helpers.py"], files=files)) == {"bounce": 3}


# -- answers bound in other ways -------------------------------------------------------------------------------------

BOUND = {
    "for": f"for bounce in [{RIGHT}]:\n    pass",
    "walrus": f"(bounce := {RIGHT})",
    "walrus in a condition": f"if (bounce := {RIGHT}):\n    pass",
    "match": f"match [{RIGHT}]:\n    case [bounce]:\n        pass",
    "with": f"import contextlib\nwith contextlib.nullcontext({RIGHT}) as bounce:\n    pass",
    "global": f"def make():\n    global bounce\n    bounce = {RIGHT}\nmake()",
    "exec": f"exec('bounce = {RIGHT}')",
    "globals": f"globals()['bounce'] = {RIGHT}",
    "get_ipython": f"get_ipython().user_ns['bounce'] = {RIGHT}",
    "unpacking": f"bounce, other = {RIGHT}, 5",
    "a star": f"*others, bounce = 1, 2, {RIGHT}",
    "a class": "class bounce:\n    def __new__(cls, before, now):\n        return 1 - abs(1 - abs(2 * now - before))",
    "partial": f"import functools\nbounce = functools.partial({RIGHT})",
    "a branch": f"try:\n    import nowhere\nexcept ImportError:\n    bounce = {RIGHT}",
}


@pytest.mark.parametrize("way", BOUND)
def test_an_answer_is_found_however_it_was_bound(slot, way):
    """Without a check below; with one, they are members of the class (members/answers.py)."""
    assert scores(graded(slot, [BOUND[way]])) == {"bounce": 3}


HANDED = {
    "another name": f'my_bounce = {RIGHT}\ncheck("00.bounce", my_bounce)',
    "no name": f'check("00.bounce", {RIGHT})',
    "by keyword": f'check(name="00.bounce", answer={RIGHT})',
    "from a dictionary": f'mine = {{"00.bounce": {RIGHT}}}\nfor name in mine:\n    check(name, mine[name])',
    "another name for check": f'from seqlib import check as look\nlook("00.bounce", {RIGHT})',
    "above a stub": f'check("00.bounce", {RIGHT})\ndef bounce(before, now):\n    raise NotImplementedError',
}


@pytest.mark.parametrize("way", HANDED)
def test_what_a_check_saw_is_what_is_graded(slot, way):
    assert scores(graded(slot, ["from seqlib import check", HANDED[way]])) == {"bounce": 3}


# -- the result is the truth -----------------------------------------------------------------------------------------


def test_a_cell_may_build_on_the_result(slot):
    """In one cell with the answer, as people merge them."""
    merged = f"{FOLD}\n{BOUNCE}\n{CHECK[:-7]}\nassert result.passed and float(result) == 3\nbuilt_on = True"
    further = "if built_on:\n    def next_position(before, now):\n        return 2 * now - before"
    assert scores(graded(slot, [merged, further])) == {"bounce": 3, "next_position": 2}


def test_the_result_of_a_wrong_answer_is_that_it_is_wrong(slot):
    told = 'import seqlib\nr = seqlib.check("00.bounce", lambda before, now: now)[1]\nwrong = not r.passed'
    answer = "if wrong:\n    def next_position(before, now):\n        return 2 * now - before"
    assert scores(graded(slot, [told, answer])) == {"next_position": 2}


def test_a_first_wrong_answer_costs_nothing(slot):
    cells = ["positions_needed = 3", 'from seqlib import check\npositions_needed, r = check("00.positions_needed", 3)']
    cells += ["positions_needed = 2", 'positions_needed, r = check("00.positions_needed", positions_needed)']
    assert scores(graded(slot, cells)) == {"positions_needed": 1}
    cells = [f"bounce = lambda before, now: now\n{CHECK}", f"bounce = {RIGHT}\n{CHECK}"]
    assert scores(graded(slot, cells)) == {"bounce": 3}


def test_the_value_that_stands_in_is_worth_nothing(slot):
    """What a check hands over in the place of a value can't be handed back in another dress."""
    look = 'from seqlib import check\nx, r = check("00.positions_needed", None)'
    for again in ("x + 0", "int(str(x))", "x"):
        assert scores(graded(slot, [look, f'y, r = check("00.positions_needed", {again})'])) == {}, again


def test_a_value_that_is_waited_for_is_not_told_meanwhile(slot):
    """It is lent when the last cell that may bring one has run; what is made of it then is worth nothing."""
    name = "positions_needed"
    stub, check = f"{name} = None", f'from seqlib import check\n{name}, r = check("00.{name}", {name})'
    made_of_it = f"exec('{name} = int({name}) + 0')"
    again = check.replace(f'0.{name}", {name}', f'0.{name}", int({name})')
    for cells in (
        [stub, "exec('x = 1')", check, made_of_it],
        [stub, "exec('x = 1')", check, made_of_it, check],
        [stub, check, again, made_of_it, check],
        [stub, made_of_it, "exec('y = 2')", made_of_it],
        ["exec('x = 1')", f"globals()['{name}'] = 5", check, f"globals()['{name}'] = {name} * 1", check],
    ):
        assert scores(graded(slot, cells)) == {}, cells


# -- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_calls_may_wait_and_may_be_slow(slot):
    """Two seconds of processor time for each call, ten by the clock, as in the notebook."""
    busy = "import time\ndef bounce(before, now):\n    end = time.process_time() + 1.2\n"
    busy += "    while time.process_time() < end:\n        pass\n    return 1 - abs(1 - abs(2 * now - before))"
    waits = "import time\ndef bounce(before, now):\n    time.sleep(4)\n    return 1 - abs(1 - abs(2 * now - before))"
    assert scores(graded(slot, [busy])) == {"bounce": 3}
    assert scores(graded(slot, [waits])) == {"bounce": 3}


# -- big things ------------------------------------------------------------------------------------------------------


def test_much_code_is_no_fault(slot):
    text = f"words = {'x' * 250_000!r}\n"
    assert scores(graded(slot, [text + FOLD, BOUNCE])) == {"bounce": 3}
    chain = "def kind(x):\n    if x == 0:\n        return 0\n" + "".join(
        f"    elif x == {i}:\n        return {i}\n" for i in range(1, 1500)
    )
    top = "if fold is None:\n    pass\n" + "".join(f"elif fold == {i}:\n    pass\n" for i in range(1500))
    assert scores(graded(slot, [f"{chain}\n{FOLD}\n{top}", BOUNCE])) == {"bounce": 3}


def test_a_large_file_is_read(slot):
    """Thirty megabytes of pictures that nobody looks at."""
    made = book([FOLD, BOUNCE])
    made["cells"][0]["outputs"] = [{"output_type": "display_data", "data": {"image/png": "A" * 30_000_000}}]
    record = grade.grade(slot, json.dumps(made).encode(), "00.ipynb", whole_course(["00"]), 1)
    assert scores(record) == {"bounce": 3}


# -- syntax ----------------------------------------------------------------------------------------------------------


def test_a_syntax_error_is_named(slot):
    record = graded(slot, ["x = 1", "def bounce(before, now)\n    return now"])
    told = record["exercises"]["00.bounce"]["told"]
    assert "code cell 2" in told and "SyntaxError in line 1" in told and "Python 3." in told


NEWER = {
    "quotes in quotes": ['d = {"a": 1}\ndef bounce(before, now):\n    f"{d["a"]}"\n    return fold(2 * now - before)'],
    "a type": ["type Number = float\n" + BOUNCE],
    "a parameter for types": ["def bounce[T](before: T, now: T) -> T:\n    return fold(2 * now - before)"],
    "below a stub": [
        "def bounce(before, now):\n    raise NotImplementedError",
        "type Number = float\n" + BOUNCE,
        CHECK,
    ],
    "in a helper": ["def fold[T](x: T) -> T:\n    return 1 - abs(1 - abs(x))", BOUNCE, CHECK],
}


@pytest.mark.parametrize("way", NEWER)
def test_what_a_newer_python_could_read_is_named_with_the_python(slot, way):
    above = [] if way == "in a helper" else [FOLD]
    record = graded(slot, above + NEWER[way])
    if sys.version_info >= (3, 12):
        assert scores(record) == {"bounce": 3}
        return
    said = " ".join([record["exercises"]["00.bounce"]["told"], *record["notes"]])
    assert scores(record) == {} and "SyntaxError in line" in said and f"Python 3.{sys.version_info[1]}" in said


TASKS = {
    "awaited at once": ["bounce = await make()"],
    "awaited later": ["task = asyncio.ensure_future(make())", "bounce = await task"],
    "never awaited": ["task = asyncio.create_task(make())", "bounce = task.result()"],
    "of the loop": ["task = asyncio.get_event_loop().create_task(make())", "bounce = task.result()"],
    "that never ends": ["async def wait():\n    while True:\n        await asyncio.sleep(0.01)",
                        "task = asyncio.create_task(wait())", "x = 1", "bounce = await make()"],
    "run, as a package allows": ["import nest_asyncio\nnest_asyncio.apply()", "bounce = asyncio.run(make())"],
}  # fmt: skip


@pytest.mark.parametrize("way", TASKS)
def test_tasks_run_as_in_a_notebook(slot, way):
    begin = f"import asyncio\nasync def make():\n    await asyncio.sleep(0.02)\n    return {RIGHT}"
    assert scores(graded(slot, [begin, *TASKS[way]])) == {"bounce": 3}


def test_what_is_missing_here_may_be_caught(slot):
    defined = "    def bounce(before, now):\n        return 1 - abs(1 - abs(2 * now - before))"
    cell = f"try:\n    import seaborn\n{defined}\nexcept ImportError:\n    print('no')"
    assert scores(graded(slot, [cell])) == {"bounce": 3}


# -- classes ---------------------------------------------------------------------------------------------------------

RESIDUAL = "14.Residual"


def test_a_class_that_is_left_out_takes_no_other_down(slot):
    """Residual is not written: EncoderBlock, DecoderBlock and Transformer are built from the course's."""
    solved = solution("14")
    for cell in solved["cells"]:
        if cell["cell_type"] == "code" and "class Residual(" in "".join(cell["source"]):
            cell["source"] = "from torch import nn\nclass Residual(nn.Module):\n    pass"
    record = grade.grade(slot, json.dumps(solved).encode(), "14_transformer.ipynb", whole_course(["14"]), 5)
    lacking = {n for n, e in record["exercises"].items() if e["score"] < e["points"]}
    assert lacking == {RESIDUAL}, record["notes"]
