"""The bank: right and wrong answers, written from the unsolved pages alone, and what the checks say to each.

A file nbNN.py holds blocks; each stands alone and is run where the page's own names are known:

    # %% wrong 05.lstm_step: the two states are returned in the other order
    def lstm_step(…): …
"""

import linecache
import math
import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from course.sources import namespace, source_of

from seqlib.checks import engine
from seqlib.checks.exercise import find

FOLDER = Path(__file__).resolve().parent
HEAD = re.compile(r"^# %% (right|wrong) (\d\d\.\w+): *(.*)$")


@dataclass(frozen=True)
class Block:
    """One answer: to which exercise, whether it is right, what differs in it, and its source."""

    right: bool
    name: str
    says: str
    source: str
    file: str
    line: int


@dataclass(frozen=True)
class Found:
    """What the check said to a block. `how` is passed, todo, known, read, message or silent."""

    block: Block
    how: str
    says: str
    seconds: float


def files(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("nb[0-9][0-9].py"))


def blocks(path: Path) -> list[Block]:
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("# %%")]
    found = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        head = HEAD.match(lines[start])
        if not head:
            raise ValueError(
                f"{path.name}, line {start + 1}: expected '# %% wrong NN.name: slip', found {lines[start]}"
            )
        source = "\n".join(lines[start + 1 : end]).strip("\n") + "\n"
        found.append(Block(head[1] == "right", head[2], head[3], source, path.name, start + 1))
    return found


@cache
def page(number: str) -> dict:
    """What the page of a notebook knows, and what everybody imports."""
    import torch

    known = {"np": np, "math": math, "torch": torch, "nn": torch.nn, "F": torch.nn.functional}
    return {**known, **namespace(source_of(number))}


def answer(block: Block):
    """The function, class or value that a block gives."""
    file = f"<{block.file}:{block.line}>"
    linecache.cache[file] = (len(block.source), None, block.source.splitlines(True), file)
    names = dict(page(block.name[:2]), __name__="__main__")
    exec(compile(block.source, file, "exec"), names)
    return names[block.name[3:]]


# What tells the slip by itself; the last four are 05.latch's own.
MESSAGES = ("it changes its argument", "does the work", "it did not finish", "should return")
MESSAGES += ("no gradient", "the gradient of")  # says what cuts it: no_grad, detach, a number
MESSAGES += ("it does not notice", "it forgets:", "it does not let go:", "before any bracket was opened")


def tried(block: Block, seed: int = 0) -> Found:
    exercise, own = find(block.name), answer(block)
    began = time.process_time()
    verdict = engine.judge(exercise, own, rng=np.random.default_rng([77, seed]))
    seconds = time.process_time() - began
    return Found(block, *_how(verdict), seconds)


def exercise_judges(verdict) -> bool:
    """Whether an exercise has sentences of its own for what is wrong."""
    return verdict.exercise.judge is not None


def _how(verdict) -> tuple[str, str]:
    messages = [message for _, ok, message in verdict.cases if not ok]
    if verdict.state != "wrong":
        return ("passed" if verdict.passed else "todo"), ""
    if verdict.diagnosis:
        return "known", verdict.diagnosis
    if getattr(verdict, "observation", None):
        return "read", verdict.observation.text
    plain = next((m for m in messages if any(part in m for part in MESSAGES)), None)
    if exercise_judges(verdict):
        plain = plain or next((m for m in messages if not m.startswith("it raised")), None)
    return ("message", plain) if plain else ("silent", messages[0] if messages else "")
