"""Before anybody's points are decided: does a right answer get its points here?

A sandbox can start and still be unable to grade: a user that does not exist in a container's namespace, an image
without NumPy, a full disk. Every answer then gets nothing, and nobody would see that it is not the students' fault.
"""

import json

from seqlib.grading import grade
from seqlib.grading.assignment import Assignment
from seqlib.grading.slot import RunEnded, Slot


class CannotGrade(Exception):
    """Right answers get no points in this environment; the message says what was seen."""


ANSWER = """\
import matplotlib.pyplot, numpy, torch

import seqlib

def next_position(before, now):
    return now + (now - before)
"""


def check(slot: Slot):
    """Grade a right answer, once more in a fresh sandbox if it gets too little; CannotGrade where it never gets all."""
    seen = _problem(slot) and _problem(slot)
    if seen:
        raise CannotGrade(
            f"a right answer gets no points on this machine, so nothing was graded. What was seen: {seen}. "
            "Is there memory and room in the folder for temporary files? May programs make user namespaces "
            "(docs/instructors.md and docs/cluster.md say how)? Does the image hold NumPy, torch and matplotlib?"
        )


def _problem(slot: Slot) -> str | None:
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [_cell(ANSWER)]}
    made = Assignment("self-test", {"00.next_position": 1})
    try:
        result = grade.grade(slot, json.dumps(book).encode(), "00_start.ipynb", made, 1)
    except RunEnded as ended:
        return str(ended)
    if result["score"] == 1:
        return None
    cases = [c["message"] for e in result["exercises"].values() for c in e["cases"] if not c["ok"]]
    told = [e["told"] for e in result["exercises"].values() if e["told"]]
    return "; ".join([*filter(None, [result["problem"]]), *result["notes"], *cases[:1], *told]) or "no points"


def _cell(source: str) -> dict:
    return {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
