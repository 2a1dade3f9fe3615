"""What docs/instructors.md and docs/cluster.md say in numbers and commands is what the grader does."""

import re
import shlex

import pytest
from commands import ROOT
from members import MEMBERS
from members.elsewhere import ELSEWHERE

from seqlib.grading.cli import arguments
from seqlib.grading.sandbox import Limits, MiB
from seqlib.grading.submissions import MAX_NOTEBOOKS

INSTRUCTORS = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
CLUSTER = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """The words of every call of the grader in the two pages."""
    text = re.sub(r"\\\n\s*|\n(?=\s+--)", " ", INSTRUCTORS + CLUSTER)
    found = re.findall(r"python -m seqlib\.grading ([a-z][^\n|&#`]+)", text)
    found = [re.split(r" :::|\"\]|\"$", f)[0].replace("$SLURM_ARRAY_TASK_ID", "1") for f in found]
    return [shlex.split(f.replace("…", "")) for f in found]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_that_is_shown_is_one(words):
    arguments().parse_args(words)


def test_the_table_of_limits_is_right():
    limits = Limits()
    table = dict(re.findall(r"^\| ([\w ,]+?) \| ([\d].*?) \|", INSTRUCTORS, re.M))
    numbers = {k: [float(n) for n in re.findall(r"[\d.]+", v)] for k, v in table.items()}
    assert numbers["one cell"][0] == limits.cell_seconds and numbers["everything"][0] == limits.total_seconds
    assert numbers["one exercise"][0] == limits.exercise_seconds
    assert numbers["memory"] == [limits.memory / MiB / 1024, limits.resident / MiB / 1024]
    assert numbers["processes and threads"] == [limits.processes] and numbers["files"] == [limits.disk / MiB]
    assert f"At most {MAX_NOTEBOOKS} notebooks" in INSTRUCTORS


def test_the_class_is_as_large_as_it_is_said_to_be():
    whole, hostile = map(int, re.search(r"over (\d+) members.*?\(over (\d+)\)", INSTRUCTORS, re.S).groups())
    kinds = [m.kind for m in MEMBERS]
    assert whole < len(MEMBERS) < whole + 100 and hostile < kinds.count("hostile") < hostile + 30
    elsewhere = int(re.search(r"Over (\d+) answers to exercises of the notebooks", INSTRUCTORS)[1])
    assert elsewhere < len(ELSEWHERE) < elsewhere + 50
    numbers = re.search(r"of the notebooks ([\d,\sand]+),\s+odd", INSTRUCTORS)[1]
    assert sorted({one.exercise[:2] for one in ELSEWHERE}) == re.findall(r"\d\d", numbers)
