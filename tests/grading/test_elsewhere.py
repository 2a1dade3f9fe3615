"""Odd and hostile answers in other notebooks than 00: what they are worth, and that the notebook's own check agrees."""

import json
import linecache
import os

import pytest
from members.elsewhere import BEGIN, ELSEWHERE
from quick import graded

from seqlib.checks.exercise import find


def in_the_notebook(one) -> float:
    """What `check` gives in a process of its own, where the cell has run as in a notebook."""
    from seqlib.checks import check

    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            space = {"__name__": "__main__", "get_ipython": lambda: None}
            for source in (BEGIN[one.exercise[:2]], one.source):
                linecache.cache["<cell>"] = (len(source), None, source.splitlines(True), "<cell>")
                try:
                    exec(compile(source, "<cell>", "exec", dont_inherit=True), space)
                except Exception as error:
                    print(f"{type(error).__name__}: {error}")
            score = float(check(one.exercise, space.get(one.exercise[3:]))[1])
            os.write(tell, json.dumps(score).encode())
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told) as file:
        said = file.read()
    os.waitpid(pid, 0)
    return json.loads(said)


@pytest.mark.parametrize("one", ELSEWHERE, ids=lambda one: f"{one.exercise} {one.name}")
def test_an_answer_elsewhere_is_worth_what_it_should_be(slot, one):
    number, points = one.exercise[:2], find(one.exercise).points
    checked = (
        f"from seqlib import check\n{one.exercise[3:]}, result = check({one.exercise!r}, {one.exercise[3:]})\nresult"
    )
    record = graded(slot, [BEGIN[number], one.source, checked], number)
    found = record["exercises"][one.exercise]
    low, high = {"full": (points, points), "part": (0.01, points - 0.01), "nothing": (0, 0)}[one.worth]
    assert low <= found["score"] <= high, found
    if one.live:
        assert found["score"] == in_the_notebook(one), found
