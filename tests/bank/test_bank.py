"""The checks on answers that nobody here wrote: caught, told, never rejected where right.

`python tests/bank/run.py --told` prints what is said to each;
here all are judged, and a quarter of the wrong ones is read.
"""

import pytest
from bank import blocks, files, tried

from seqlib.checks import engine

TOLD = 0.85  # of the wrong answers, at least, in words that point at the slip
FOUR = 4
each_notebook = pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)


def of(found) -> str:
    return "\n".join(
        f"{one.block.file}:{one.block.line} {one.block.name}: {one.block.says} → {one.says}" for one in found
    )


@each_notebook
def test_right_answers_pass_and_wrong_ones_are_caught(path, monkeypatch):
    monkeypatch.setattr(engine, "_diagnose", lambda *_: None)  # only whether it passes
    found = [tried(block) for block in blocks(path)]
    rejected = [one for one in found if one.block.right and one.how != "passed"]
    missed = [one for one in found if not one.block.right and one.how in ("passed", "todo")]
    assert not rejected and not missed, of(rejected + missed)


@each_notebook
def test_most_wrong_answers_are_told_what_they_are(path):
    wrong = [tried(block) for block in [b for b in blocks(path) if not b.right][::FOUR]]
    silent = [one for one in wrong if one.how == "silent"]
    assert 1 - len(silent) / len(wrong) >= TOLD - 0.05, of(silent)
