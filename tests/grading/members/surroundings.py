"""Lines that work at home and not in the sandbox, above a right answer in the same cell; helpers in files."""

from make_class import RIGHT, cell_of, code_cell

from members import at, bounce, member, slim

ANSWER = RIGHT["00.bounce"]
LACKING = {  # what this machine may lack: no kernel here can be asked
    "seaborn": "import seaborn as sns\nsns.set_theme()",
    "Colab's drive": "from google.colab import drive\ndrive.mount('/content/drive')",
    "tensorflow": "import tensorflow as tf\nfrom tensorflow import keras",
    "a window": "import matplotlib\nmatplotlib.use('TkAgg')",
    "a question": "name = input('Who are you? ')",
    "a password": "import getpass\nsecret = getpass.getpass()",
    "a variable of the shell": "import os\nKEY = os.environ['COURSE_KEY_THAT_IS_NOT_SET']",
    "a file at home": "text = open('/home/ada/data.csv').read()",
    "the network": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9').read()",
    "a GPU": "import torch\nx = torch.zeros(3).cuda()",
    "a folder at home": "%cd /home/ada/course",
    "a failing assertion": "assert False, 'look at this again'",
    "an error of its own": "1 / 0",
    "a name from another cell": "print(undefined_name)",
}
for name, line in LACKING.items():
    member(
        f"a line with {name}",
        bounce(f"{line}\n\n{ANSWER}"),
        why="one line that fails takes nothing with it",
        live=False,
    )

WORKS = {
    "autoreload": "%load_ext autoreload\n%autoreload 2",
    "inline pictures": "%matplotlib inline",
    "a shell command": "!echo hello",
    "a shell command's output": "files = !ls\nprint(files[:1])",
    "a question mark": "np.abs?",
    "a timer": "%time x = sum(range(1000))",
    "a folder": "%pwd",
    "a variable": "%env COURSE=1\nimport os\nassert os.environ['COURSE'] == '1'",
    "a display": "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))",
    "a style": "import matplotlib.pyplot as plt\nplt.style.use('ggplot')\nplt.plot([1, 2])\nplt.show()",
    "warnings off": "import warnings\nwarnings.filterwarnings('ignore')",
    "a seed": "import random, torch\nrandom.seed(0); np.random.seed(0); torch.manual_seed(0)",
    "printing options": "import torch\nnp.set_printoptions(precision=2); torch.set_printoptions(precision=2)",
    "errors as errors": "np.seterr(all='raise')",
    "double precision": "import torch\ntorch.set_default_dtype(torch.float64)",
    "no gradients": "import torch\ntorch.set_grad_enabled(False)",
    "threads": "import torch\ntorch.set_num_threads(2)",
    "an await": "import asyncio\nawait asyncio.sleep(0)",
    "the future": "from __future__ import annotations",
    "a file of its own": "with open('notes.txt', 'w') as f:\n    f.write('x')\nassert open('notes.txt').read() == 'x'",
}
for name, line in WORKS.items():
    member(f"a cell with {name}", bounce(f"{line}\n\n{ANSWER}"), why="it changes nothing about the answer")

for name, head in {"time": "%%time", "capture": "%%capture out", "timeit": "%%timeit -n 1 -r 1"}.items():
    # What stands under %%timeit is gone when the cell ends, at home; the grader lets it stay.
    member(f"a cell under {name}", bounce(f"{head}\n{ANSWER}"), why="it is an answer", live=name != "timeit")

MODULE = b"def fold(x):\n    return 1 - abs(1 - abs(x))\n"
USES = "from helpers import fold\n\ndef bounce(before, now):\n    return fold(2 * now - before)"
member(
    "a module beside the notebook",
    bounce(USES),
    why="what was handed in beside it can be imported",
    live=False,
    beside={"helpers.py": MODULE},
)
book = bounce(USES)
book["cells"].insert(at(book, "00.bounce"), code_cell("%%writefile helpers.py\n" + MODULE.decode()))
member("a module written by a cell", book, why="%%writefile writes a file that can be imported")

book = slim()
book["cells"].insert(0, code_cell("%pip install --quiet rich\n!pip list"))
member("an installation", book, why="nothing is installed, and nothing is lost", live=False)

book = slim()
cell_of(book, "00.bounce")["source"] = "import time\n" + ANSWER.replace("):", "):\n    time.sleep(0.3)")
member("an answer that takes its time", book, why="four calls of 0.3 s are within any limit")
