"""Honest trouble: notebooks spoiled by accident that keep their points. {name: maker -> (bytes, points)}."""

import json

from make_class import FULL, POINTS, RIGHT, as_bytes, cell_of, code_cell, solved


def _book(change):
    def make():
        book = solved()
        return as_bytes(change(book) or book), FULL

    return make


def _ids(book):
    return {c["metadata"].get("nbgrader", {}).get("grade_id"): i for i, c in enumerate(book["cells"])}


def deleted_checks(book):
    book["cells"] = [c for c in book["cells"] if not c["metadata"].get("nbgrader", {}).get("grade")]


def deleted_everything_else(book):
    book["cells"] = [c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    book["cells"].insert(0, code_cell("import numpy as np"))


def deleted_setup(book):
    book["cells"] = [c for c in book["cells"] if "setup" not in c["metadata"].get("tags", [])]


def duplicated_stub_below(book):
    at = _ids(book)["00-bounce"]
    book["cells"].append(
        {
            **book["cells"][at],
            "id": "copy",
            "source": "def bounce(before, now):\n    raise NotImplementedError",
        }
    )


def duplicated_answer(book):
    at = _ids(book)["00-bounce"]
    book["cells"].insert(at, {**book["cells"][at], "id": "copy"})


def answer_in_a_new_cell(book):
    """The stub stays where it was, the answer stands below it, without metadata."""
    cell = cell_of(book, "00.bounce")
    cell["source"] = "def bounce(before, now):\n    raise NotImplementedError"
    book["cells"].insert(_ids(book)["00-bounce"] + 1, code_cell(RIGHT["00.bounce"]))


def wrong_then_right(book):
    cell = cell_of(book, "00.bounce")
    cell["source"] = "def bounce(before, now):\n    return now  # my first try"
    book["cells"].insert(_ids(book)["00-bounce"] + 1, code_cell(RIGHT["00.bounce"]))


def reversed_order(book):
    book["cells"] = book["cells"][::-1]


def moved_to_the_top(book):
    at = _ids(book)["00-bounce"]
    book["cells"].insert(0, book["cells"].pop(at))


def split_with_helper_below(book):
    cell = cell_of(book, "00.bounce")
    cell["source"] = "def bounce(before, now):\n    return fold(2 * now - before)"
    book["cells"].insert(_ids(book)["00-bounce"] + 1, code_cell("def fold(x):\n    return 1 - abs(1 - abs(x))"))


def helper_at_the_end(book):
    cell_of(book, "00.bounce")["source"] = "def bounce(before, now):\n    return fold(2 * now - before)"
    book["cells"].append(code_cell("def fold(x):\n    return 1 - abs(1 - abs(x))"))


def one_big_cell(book):
    source = "\n\n".join(["import numpy as np", *RIGHT.values()])
    book["cells"] = [code_cell(source)]


def stripped_metadata(book):
    for cell in book["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    book["metadata"] = {}


def edited_checks(book):
    for cell in book["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["source"] = (
                "# I tried other numbers here\nprint(result" if "bounce" in cell["source"] else "assert False"
            )


def other_kernel(book):
    book["metadata"] = {
        "kernelspec": {"name": "ir", "display_name": "R", "language": "R"},
        "language_info": {"name": "R"},
        "colab": {"provenance": []},
        "accelerator": "GPU",
        "widgets": {"x": 1},
    }
    book["nbformat_minor"] = 2


def noisy(book):
    cell_of(book, "00.bounce")["source"] = (
        "import sys, warnings\ndef bounce(before, now):\n    warnings.warn('careful')\n    print('x' * 100)\n"
        "    print('e', file=sys.stderr)\n"
        "    return 1 - np.abs(1 - np.abs(2 * now - before))"
    )


def plots(book):
    cell_of(book, "00.bounce")["source"] += (
        "\n\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show(); plt.figure(figsize=(30, 30))"
    )


def slow_cells(book):
    book["cells"].insert(3, code_cell("import time\ntime.sleep(1.2)"))


def errors_between(book):
    for at in (3, 8, 12):
        book["cells"].insert(at, code_cell("1 / 0"))
    book["cells"].insert(4, code_cell("this is not Python"))


def error_after_the_answer(book):
    cell_of(book, "00.bounce")["source"] += "\n\nbounce(undefined, 1)"


def error_before_the_answer(book):
    cell = cell_of(book, "00.bounce")
    cell["source"] = "print(undefined)\n\n" + cell["source"]


def magics(book):
    cell = cell_of(book, "00.bounce")
    cell["source"] = "%%time\n" + cell["source"]
    cell_of(book, "00.next_position")["source"] = (
        "%matplotlib inline\n!echo hello\n" + RIGHT["00.next_position"] + "\nnext_position?"
    )
    book["cells"].insert(2, code_cell("import asyncio\nawait asyncio.sleep(0)\n%timeit 1 + 1\n%pip install rich"))


def windows_line_ends(book):
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    return book


def never_executed(book):
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def rebound_below(book):
    """Scratch work at the end reuses the names."""
    book["cells"].append(code_cell("positions_needed = 17\nbounce = None\ndef next_position(x): return x"))


def with_a_type_hint(book):
    cell_of(book, "00.bounce")["source"] = (
        "def bounce(before: float, now: 'np.ndarray') -> object:\n    '''Mine.'''\n"
        "    return 1 - np.abs(1 - np.abs(2 * now - before))"
    )


def a_lambda(book):
    cell_of(book, "00.bounce")["source"] = "bounce = lambda before, now: 1 - abs(1 - abs(2 * now - before))"


def many_outputs(book):
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x" * 80 + "\n"] * 500}]


def checks_run_twice(book):
    book["cells"] += [c for c in book["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]


def sources_as_lists(book):
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)


MENDED = [
    deleted_checks,
    deleted_everything_else,
    deleted_setup,
    duplicated_stub_below,
    duplicated_answer,
    answer_in_a_new_cell,
    wrong_then_right,
    reversed_order,
    moved_to_the_top,
    split_with_helper_below,
    helper_at_the_end,
    one_big_cell,
    stripped_metadata,
    edited_checks,
    other_kernel,
    noisy,
    plots,
    slow_cells,
    errors_between,
    error_after_the_answer,
    error_before_the_answer,
    magics,
    windows_line_ends,
    never_executed,
    rebound_below,
    with_a_type_hint,
    a_lambda,
    many_outputs,
    checks_run_twice,
    sources_as_lists,
]


def older_release():
    """Format 4.2 without cell ids, an exercise that did not exist yet, and one that was there under the same name."""
    book = solved()
    at = _ids(book)
    gone = {at["00-positions_needed"], at["00-positions_needed-check"]}
    book["cells"] = [{k: v for k, v in c.items() if k != "id"} for i, c in enumerate(book["cells"]) if i not in gone]
    book["nbformat_minor"] = 2
    return as_bytes(book), FULL - POINTS["00.positions_needed"]


def format_three():
    cells = [
        {"cell_type": "code", "input": s, "language": "python", "metadata": {}, "outputs": []}
        for s in ["import numpy as np", *RIGHT.values()]
    ]
    return as_bytes(
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}
    ), FULL


def byte_order_mark():
    return b"\xef\xbb\xbf" + as_bytes(solved()), FULL


def windows_file():
    return json.dumps(solved(), indent=1, ensure_ascii=False).replace("\n", "\r\n").encode(), FULL


def own_exit():
    """One answer ends the process; the others keep their points."""
    return as_bytes(solved({"00.next_position": "def next_position(before, now):\n    exit()"})), FULL - POINTS[
        "00.next_position"
    ]


def endless_cell():
    book = solved()
    book["cells"].insert(3, code_cell("while True:\n    pass"))
    return as_bytes(book), FULL


TROUBLE = {f.__name__: _book(f) for f in MENDED} | {
    f.__name__: f for f in (older_release, format_three, byte_order_mark, windows_file, own_exit)
}
SLOW = {"endless_cell": endless_cell}
