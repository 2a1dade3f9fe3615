"""Every public part gives the right number or a ValueError that says what was expected and what came."""

import re
from collections import Counter
from pathlib import Path

import pytest
from probes import every, look, outcome


@pytest.mark.parametrize("part, what, right", every(), ids=lambda value: str(value))
def test_a_part_answers_rightly_or_says_why_not(part, what, right, tmp_path, monkeypatch):
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))
    monkeypatch.delenv("SEQLIB_BUDGET", raising=False)
    assert look(part, what, right) == ("right" if right else "clear error")


def test_the_page_counts_these_probes():
    page = (Path(__file__).parent.parent / "docs/refusals.md").read_text(encoding="utf-8")
    told = {part: int(number) for part, number in re.findall(r"(?m)^\| (\w+) \| (\d+) \|", page)}
    asked = Counter(part for part, _, _ in every())
    assert told == asked | {"all": len(every())} and len(every()) >= 200


@pytest.mark.parametrize(
    "call, right, ends",
    [
        (lambda: 3, False, "wrong"),
        (lambda: int("x"), False, "bare error"),
        (lambda: [][0], False, "bare error"),
        (lambda: (2.0, 3.0), True, "wrong"),
        (lambda: (2.0, 2.0), True, "right"),
        (lambda: int("x"), True, "bare error"),
    ],
)
def test_an_outcome_is_called_by_its_name(call, right, ends):
    assert outcome(call, right) == ends
