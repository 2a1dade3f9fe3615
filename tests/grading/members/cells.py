"""Cells moved, copied, merged, damaged; files in other formats; outputs without end. The points stay."""

# ruff: noqa: E501  (programs in strings)

import json

import honest
from make_class import RIGHT, as_bytes, cell_of, code_cell

from members import FULL, NO_BOUNCE, at, member, slim, without

# Here the grader gives what the notebook gives when its check is run a second time.
LATER = (honest.helper_at_the_end, honest.error_before_the_answer)
for change in honest.MENDED:
    book = slim()
    why = change.__doc__ or "answers are found by name"
    member(f"trouble {change.__name__}", change(book) or book, why=why, live=change not in LATER)
member(
    "trouble older release",
    honest.older_release()[0],
    without("00.positions_needed"),
    why="one exercise did not exist yet",
    live=False,
)
member("trouble format three", honest.format_three()[0], why="an old format holds the same code", live=False)
member(
    "trouble own exit", honest.own_exit()[0], without("00.next_position"), why="one answer ends the process", live=False
)


def raw(change) -> bytes:
    return change(as_bytes(slim()))


member("a byte order mark", raw(lambda b: b"\xef\xbb\xbf" + b), why="Windows puts it there", live=False)
member("Windows line ends", raw(lambda b: b.replace(b"\n", b"\r\n")), why="Windows puts them there")
member("one long line", json.dumps(slim()).encode(), why="how a file is broken into lines says nothing")
member("escaped letters", json.dumps(slim(), ensure_ascii=True).encode(), why="the same text")
member("blank lines around it", raw(lambda b: b"\n\n " + b + b"\n\n"), why="the same text")

KERNELS = {
    "R": {"name": "ir", "display_name": "R", "language": "R"},
    "a conda environment": {"name": "conda-env-course-py", "display_name": "Python [conda env:course]", "language": "python"},
    "Python 2": {"name": "python2", "display_name": "Python 2", "language": "python"},
    "nothing": None,
}  # fmt: skip
for name, kernel in KERNELS.items():
    book = slim()
    book["metadata"] = {"kernelspec": kernel} if kernel else {}
    member(f"a kernel of {name}", book, why="what the file says about its kernel decides nothing")


def arranged(name: str, why: str, expected=FULL, **more):
    def decorate(change):
        book = slim()
        member(name, change(book) or book, expected, why=why, **more)
        return change

    return decorate


@arranged("outputs of 30 MB", "outputs are not used", live=False)
def _(book):
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 30_000_000}, "metadata": {}}
    cell_of(book, "00.bounce")["outputs"] = [picture]


@arranged("an attached picture", "attachments are not used")
def _(book):
    book["cells"].insert(0, {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "![x](attachment:x.png)",
                             "attachments": {"x.png": {"image/png": "A" * 100_000}}})  # fmt: skip


@arranged("a string of 250,000 characters", "long cells are cells", live=False)
def _(book):
    cell_of(book, "00.bounce")["source"] = f"DATA = '{'x' * 250_000}'\n\n" + RIGHT["00.bounce"]


@arranged("1,500 branches", "long chains are programs", live=False)
def _(book):
    chain = "if kind == 0:\n    pass\n" + "".join(f"elif kind == {i}:\n    pass\n" for i in range(1, 1_500))
    cell_of(book, "00.bounce")["source"] = f"kind = 3\n{chain}\n" + RIGHT["00.bounce"]


@arranged("400 cells of notes", "many cells are cells")
def _(book):
    book["cells"][1:1] = [{**code_cell(f"note_{i} = {i}"), "id": f"n{i}"} for i in range(400)]


@arranged("all ids the same", "ids decide nothing")
def _(book):
    for cell in book["cells"]:
        cell["id"] = "same"


@arranged("answers as raw cells", "a raw cell is not executed, at home neither", NO_BOUNCE)
def _(book):
    cell_of(book, "00.bounce")["cell_type"] = "raw"
    cell_of(book, "00.bounce").pop("outputs")


@arranged("answers as prose", "prose is not executed, at home neither", NO_BOUNCE)
def _(book):
    cell = cell_of(book, "00.bounce")
    cell["cell_type"] = "markdown"
    cell.pop("outputs")


@arranged("answers in the checks' cells", "answers are found by name")
def _(book):
    for name, source in RIGHT.items():
        book["cells"][at(book, name) + 1]["source"] = (
            source + "\n\n" + "".join(book["cells"][at(book, name) + 1]["source"])
        )
        cell_of(book, name)["source"] = ""


@arranged("checks first, answers below", "without an answer above, the last one counts", live=False)
def _(book):
    moved = [book["cells"].pop(at(book, n)) for n in RIGHT]
    book["cells"] += moved


@arranged("the exercise's cells twice, the second right", "the last answer before the last check counts")
def _(book):
    for name in RIGHT:
        i = at(book, name)
        wrong = {**book["cells"][i], "id": f"w{i}", "source": f"{name[3:]} = 77", "metadata": {}}
        book["cells"][i:i] = [wrong, {**book["cells"][i + 1], "id": f"v{i}", "metadata": {}}]


@arranged("cleaning up at the end", "what happens after the check takes nothing back")
def _(book):
    book["cells"].append(code_cell("del bounce, next_position, positions_needed, np"))


@arranged("a reset at the end", "what happens after the check takes nothing back", live=False)
def _(book):
    book["cells"].append(code_cell("%reset -f"))


@arranged("an exit at the end", "what happens after the check takes nothing back", live=False)
def _(book):
    book["cells"].append(code_cell("exit()"))


@arranged("an exit in the middle", "a cell of its own that ends the process takes nothing with it", live=False)
def _(book):
    book["cells"].insert(3, code_cell("import sys\nsys.exit()"))


@arranged("a syntax error in a cell of its own", "a cell that can't be read takes nothing with it")
def _(book):
    book["cells"].insert(1, code_cell("def fold(x\n    return x"))


@arranged("Python 2 in a cell of its own", "a cell that can't be read takes nothing with it")
def _(book):
    book["cells"].insert(1, code_cell("print 'hello'"))


@arranged("a cell in another language", "a cell magic that there is not, and a page of HTML")
def _(book):
    book["cells"].insert(1, code_cell("%%julia\nprintln(1)"))
    book["cells"].insert(1, code_cell("%%html\n<b>def bounce</b>"))


@arranged("a widget and a figure", "pictures are not looked at")
def _(book):
    book["cells"].insert(1, code_cell("import ipywidgets\nipywidgets.IntSlider()"))
    book["cells"].insert(1, code_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"))


@arranged("a notebook by way of nbformat", "written anew by a program")
def _(book):
    import nbformat

    return json.loads(nbformat.writes(nbformat.from_dict(json.loads(json.dumps(book)))))
