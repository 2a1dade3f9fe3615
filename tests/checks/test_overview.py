"""`progress()`: what is reached of what there is now, the open notebook in full, and what to do next."""

import json
import re
import sys
import types
from html.parser import HTMLParser

import numpy as np
import pytest

from seqlib.checks import Case, Exercise, check, exercise, progress_file
from seqlib.checks.identity import identity
from seqlib.checks.overview import progress
from seqlib.display import questions, ready


def _numbers(rng):
    return [Case(f"{n} numbers", x=rng.normal(size=n)) for n in (3, 4)]


def _twice(x):
    return np.add(x, x)


def _doubled(rng):
    return _numbers(rng)[:1]


def made(name, points=2, **more):
    return Exercise(name, points, **{"inputs": _numbers, "oracle": _twice} | more)


def right(x):
    return 2 * x


TASKS = {
    "97.first": questions.Task(1, 1), "97.second": questions.Task(2, 5), "97.more": questions.Task(3, 9, core=False),
    "98.later": questions.Task(2, 4),
}  # fmt: skip


@pytest.fixture(autouse=True)
def course(monkeypatch, tmp_path):
    """A course of two notebooks, one of them open; `course(number, *exercises)` rewrites one."""
    monkeypatch.setenv("SEQLIB_HOME", str(tmp_path))
    monkeypatch.setattr(exercise, "module_names", lambda: {"97": "nb97_one", "98": "nb98_two"})
    monkeypatch.setattr("seqlib.checks.overview.module_names", exercise.module_names)
    tasks = lambda number: {n: t for n, t in TASKS.items() if n[:2] == number}  # noqa: E731
    monkeypatch.setattr(exercise, "tasks_of", tasks)
    monkeypatch.setattr(ready, "_opened", ["97_one"])

    def write(number, *there):
        name = "seqlib.exercises." + exercise.module_names()[number]
        module = types.ModuleType(name)
        vars(module).update({e.variable: e for e in there})
        monkeypatch.setitem(sys.modules, name, module)

    write("97", made("97.first"), made("97.second"), made("97.more", 3))
    write("98", made("98.later", 4))
    return write


def rows(text):
    """{exercise or notebook: its row} of the plain text."""
    split = {line: line.split(" · ") for line in text.splitlines() if line.count(" · ") == 2}
    return {cells[0] if "_" in cells[0] else cells[1]: line for line, cells in split.items()}


def test_a_row_a_notebook_and_the_open_one_in_full():
    check("97.first", right)
    check("97.second", lambda x: x)
    text = repr(progress())
    assert text.startswith("Your progress: 1 of 4 exercises, 2 of 11 points\nNext here: 97.second (core, 5 minutes).")
    told = rows(text)
    assert told["97.first"] == "✓ passed · 97.first · 2 of 2"
    assert told["97.second"] == "… begun · 97.second · 0 of 2"
    assert told["97.more (stretch)"] == "○ to do · 97.more (stretch) · 0 of 3"
    assert told["97_one (open here)"] == "97_one (open here) · … 1 of 3 · 2 of 7"
    assert told["98_two"] == "98_two · ○ 0 of 1 · 0 of 4" and "98.later" not in text
    assert "98.later" in rows(repr(progress("98"))) and "97.first" not in rows(repr(progress("98")))


def test_what_to_do_next_leads_through_the_course():
    assert "Next here: 97.first (core, 1 minute)." in repr(progress())
    check("97.first", right)
    check("97.second", right)
    left = "What is left here is for whoever likes more (1 stretch). Next: 98.later (core, 4 minutes), in 98_two.ipynb."
    assert left in repr(progress())
    check("98.later", right)
    assert "Every core exercise is solved. Next here: 97.more (stretch, 9 minutes)." in repr(progress())
    check("97.more", right)
    assert "4 of 4 exercises, 11 of 11 points\nEvery exercise of the course is solved." in repr(progress())


def test_what_was_skipped_before_the_open_notebook_comes_last(monkeypatch):
    monkeypatch.setattr(ready, "_opened", ["98_two"])
    assert "Next here: 98.later" in repr(progress())
    check("98.later", right)
    assert "Next: 97.first (core, 1 minute), in 97_one.ipynb." in repr(progress())


def test_the_total_is_that_of_the_exercises_there_are_now(course):
    check("97.first", right)
    course("97", made("97.second"), made("97.other", 5))
    text = repr(progress())
    assert text.startswith("Your progress: 0 of 3 exercises, 0 of 11 points")
    assert "Not counted, because the course no longer has it: 97.first." in text


def test_a_result_of_an_earlier_check_is_counted_and_said_to_be_one(course):
    check("97.first", right)
    course("97", made("97.first", inputs=_doubled), made("97.second"))
    text = repr(progress())
    assert rows(text)["97.first"].startswith("↻ check changed · 97.first · 2 of 2")
    assert "↻ Passed before the check changed: 97.first. Run it again to be sure." in text
    check("97.first", right)
    assert "↻" not in repr(progress()) and "✓ passed · 97.first · 2 of 2" in repr(progress())


def test_a_check_that_changed_and_now_fails_takes_the_points_back(course):
    check("97.first", right)
    course("97", made("97.first", oracle=lambda x: 3 * x))
    assert "1 of 2 exercises" in repr(progress())
    check("97.first", right)
    assert rows(repr(progress()))["97.first"].startswith("… begun · 97.first · 0 of 2")


@pytest.mark.parametrize("then, score, told", [(4, 2, "… begun · 97.first · 1 of 2"), (1, 1, "↻ check changed")])
def test_other_points_than_today_count_for_their_share(then, score, told):
    entry = {"score": score, "points": then, "attempts": 1}
    progress_file.path().write_text(json.dumps({"version": 1, "exercises": {"97.first": entry}}), encoding="utf-8")
    assert rows(repr(progress()))["97.first"].startswith(told)


def test_a_result_from_before_checks_had_names_is_taken_as_it_is():
    entry = {"score": 2, "points": 2, "attempts": 1}
    progress_file.path().write_text(json.dumps({"version": 1, "exercises": {"97.first": entry}}), encoding="utf-8")
    assert "✓ passed · 97.first" in repr(progress()) and "↻" not in repr(progress())


def test_a_check_is_known_by_what_it_does():
    one = identity(made("97.first"))
    assert one == identity(made("97.first", mistakes={"x": right})), "a mistake more is the same check"
    others = [{"points": 3}, {"forbids": ["numpy.add"]}, {"inputs": _doubled}, {"oracle": right}]
    assert len({one, *(identity(made("97.first", **other)) for other in others)}) == 5
    assert identity(made("97.first", oracle=abs)) == identity(made("97.first", oracle=abs)), "no source to read"


class Page(HTMLParser):
    """The text of a page whose styles and tags were stripped, and the labels and headings of its tables."""

    def __init__(self, text):
        super().__init__()
        self.text, self.labels, self.scopes = [], [], []
        self.feed(re.sub(r"<style>.*?</style>", "", text))

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.labels.append(dict(attrs).get("aria-label"))
        if tag == "th":
            self.scopes.append(dict(attrs).get("scope"))

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_says_without_styles_what_the_text_says():
    check("97.first", right)
    page = Page(progress()._repr_html_())
    said = " ".join(page.text)
    assert page.labels == ["97_one", "The whole course"] and set(page.scopes) == {"col"}
    assert all(word in said for word in ("1 of 4 exercises", "Next here: 97.second", "✓ passed", "○ to do", "1 of 3"))
    assert "kept in progress.json" in said


def test_a_notebook_without_a_name_shows_the_course_alone(monkeypatch):
    monkeypatch.setattr(ready, "_opened", [])
    text = repr(progress())
    assert "98_two" in text and "97.first ·" not in text and "Next: 97.first (core, 1 minute), in 97_one.ipynb" in text
    with pytest.raises(ValueError, match="no notebook '55'; there are 97, 98"):
        progress("55")


def test_a_setup_cell_says_which_notebook_is_open(monkeypatch):
    monkeypatch.setattr(ready, "_opened", [])
    monkeypatch.setattr(ready, "seed_everything", lambda seed: None)
    ready.setup("98_two")
    assert ready.opened() == "98_two" and "98.later" in repr(progress())
