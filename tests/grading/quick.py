"""One small notebook, graded at once: for tests of what an answer may be and do."""

import json
import textwrap
from pathlib import Path

import jupytext

from seqlib.grading import grade
from seqlib.grading.assignment import whole_course


def book(cells) -> dict:
    made = [{"cell_type": "code", "metadata": {}, "source": textwrap.dedent(c).strip("\n")} for c in cells]
    return {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": made}


ROOT = Path(__file__).resolve().parents[2]


def solution(number: str) -> dict:
    """The solved notebook as its source has it, not executed."""
    path = next((ROOT / "solutions").glob(f"{number}_*.py"))
    return json.loads(jupytext.writes(jupytext.read(path), fmt="ipynb"))


def graded(slot, cells, number="00", *, files=None, seed=4711) -> dict:
    """The record of a notebook with these code cells, of the course's notebook `number`."""
    raw = json.dumps(book(cells)).encode()
    return grade.grade(slot, raw, f"{number}_x.ipynb", whole_course([number]), seed, files)


def scores(record) -> dict[str, float]:
    """{variable: points} of what got any."""
    return {name[3:]: e["score"] for name, e in record["exercises"].items() if e["score"]}
