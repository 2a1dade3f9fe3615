"""Every attack comes away with nothing, and harms nothing."""

import json
import os
import re
import time

import pytest
from attacks import ATTACKS
from attacks.files import FILES
from make_class import NAMES, POINTS

from seqlib.checks.exercise import find


def test_there_are_enough_attacks():
    assert len(ATTACKS) >= 40


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_scores_nothing(everyone, name):
    record = everyone[f"attack {name}"]
    scores = {n: e["score"] for n, e in record["exercises"].items()}
    assert scores.get("00.bounce", 0) == 0, record["exercises"]["00.bounce"]
    assert record["score"] <= POINTS["00.next_position"] + POINTS["00.positions_needed"]
    if ATTACKS[name].keeps:
        assert [scores[n] for n in NAMES[:2]] == [POINTS[n] for n in NAMES[:2]], record


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_notebook_scores_nothing(everyone, name):
    record = everyone[f"file {name}"]
    assert record["score"] == 0 and record["seconds"] < 60
    assert record["problem"] or all(e["state"] in ("missing", "wrong", "todo") for e in record["exercises"].values())


def test_nothing_is_left_running(everyone):
    """Neither the sandbox nor what attacks started in the background."""
    for _ in range(20):
        left = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    command = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if "47115" in command or str(everyone["out"]) in command:
                left.append(command)
        if not left:
            return
        time.sleep(0.25)
    raise AssertionError(left)


def test_nothing_was_written_outside(everyone):
    assert sorted(p.name for p in everyone["out"].iterdir()) == [
        ".secret",
        "assignment.json",
        "feedback",
        "grades-canvas.csv",
        "grades-moodle.csv",
        "records",
        "rosters",
        "statistics.html",
        "statistics.json",
    ]
    assert not [n for n in os.listdir("/tmp") if n.startswith("seqlib-attack")]
    assert len(list(everyone["folder"].iterdir())) == len(list((everyone["out"] / "records").iterdir()))


def test_feedback_is_told_without_what_is_hidden(everyone):
    """An answer that raises or prints its inputs does not get them into the page, nor markup of its own."""
    pages = {p.name: p.read_text() for p in (everyone["out"] / "feedback").glob("*.html")}
    assert len(pages) == len(list(everyone["folder"].iterdir()))
    for text in pages.values():
        body = text.partition("<main>")[2]
        assert "<script" not in body and "<img" not in body
    for name in (
        "hidden inputs told through errors and prints",
        "a captured expected value",
        "numbers that fit one set of inputs",
    ):
        record = everyone[f"attack {name}"]
        text = next(t for n, t in pages.items() if n.startswith("attack-" + name.replace(" ", "-")[:30]))
        for case in find("00.bounce").inputs(_inputs_of(record)):
            for value in case.args:
                for number in re.findall(r"0\.\d{4,}", repr(value)):
                    assert number[:6] not in text
    told = "".join(t.partition("</h1>")[2] for t in pages.values())
    assert not re.search(r"expected -?[\d.]|found -?[\d.]", told)


def _inputs_of(record):
    from seqlib.grading.trying import random_numbers

    return random_numbers(int(record["seed"], 16), "00.bounce")


def test_no_record_holds_an_expected_value_where_students_look(everyone):
    for record in everyone.values():
        if isinstance(record, dict):
            told = json.dumps([[c["told"] for c in e["cases"]] for e in record["exercises"].values()])
            assert not re.search(r"\d\.\d{3,}", told), told
            assert set(record["exercises"]) <= set(NAMES)
