"""The same notebooks in a real kernel: what the notebook's own checks gave there."""

import json
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from members import NAMES

BEGIN = """\
get_ipython().reset(new_session=True)
import os, sys
os.environ.update(SEQLIB_HOME={home!r}, SEQLIB_BUDGET="smoke", MPLBACKEND="Agg")
os.chdir({home!r})
sys.path[:0] = [""] * ("" not in sys.path)
sys.modules.pop("helpers", None)
del os, sys
"""
UNCHECKED = """\
from seqlib.checks import check, progress_file
if {name!r} not in progress_file.load()[0]:
    check({name!r}, {variable})
"""
CELL_SECONDS = 60


class Kernel:
    """One kernel for many notebooks, begun anew where one has ended it."""

    def __init__(self, folder: Path):
        self.folder, self.client, self.used = folder, None, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop()

    def _start(self):
        room = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()])
        self.client = NotebookClient(room, kernel_name="python3", timeout=CELL_SECONDS, allow_errors=True)
        self.running = self.client.setup_kernel()
        self.running.__enter__()

    def _stop(self):
        if self.client is not None:
            self.running.__exit__(None, None, None)
            self.client = None

    def points(self, raw: bytes) -> tuple:
        """What the checks of a notebook gave, cell after cell, errors or not; unchecked exercises are checked last."""
        home = self.folder / f"home{self.used}"
        home.mkdir()
        self.used += 1
        if self.client is None:
            self._start()
        sources = [BEGIN.format(home=str(home)), *_sources(raw)]
        sources += [UNCHECKED.format(name=n, variable=n[3:]) for n in NAMES]
        try:
            for source in sources:
                self.client.execute_cell(nbformat.v4.new_code_cell(source), 0)
        except DeadKernelError:
            self._stop()
        return _points(home)


def _sources(raw: bytes) -> list[str]:
    cells = json.loads(raw.decode("utf-8-sig"))["cells"]
    return ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]


def _points(home: Path) -> tuple:
    file = home / "progress.json"
    kept = json.loads(file.read_text())["exercises"] if file.exists() else {}
    return tuple(kept.get(name, {"score": 0})["score"] for name in NAMES)
