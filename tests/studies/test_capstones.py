"""The papers and their judges: fresh questions, the same again from the number, and bars that can be missed."""

import numpy as np
import pytest
import torch

from seqlib.studies.capstone_board import board
from seqlib.studies.capstone_leaders import fitted_path
from seqlib.studies.capstones import (
    CAPSTONES,
    by_counting,
    draw_paper,
    drawn,
    judged,
    mark,
    straight_on,
    written_text,
)

each = pytest.mark.parametrize("name", list(CAPSTONES))


def gold_of(name, number):
    gold = drawn(name, number)[1]
    if name != "write":
        return gold
    sure = np.eye(len(written_text()[1]))[gold]
    return np.log(0.99 * sure + 0.01 / sure.shape[1])


@each
def test_the_number_draws_the_same_paper_again_and_another_number_another(name):
    one, again, other = draw_paper(name, 11), draw_paper(name, 11), draw_paper(name, 12)
    assert repr(one.questions) == repr(again.questions) and repr(one.questions) != repr(other.questions)
    assert len({draw_paper(name).number for _ in range(4)}) == 4


@each
def test_right_answers_pass_and_reach_the_stretch_bar_answers_of_another_paper_do_not(name):
    assert judged(name)((11, gold_of(name, 11)), None) is None
    score, _, stretch = mark(name, (11, gold_of(name, 11)))
    assert CAPSTONES[name].reached(score, stretch)
    wrong = gold_of(name, 12)
    if name == "tag":  # sentences of other lengths
        with pytest.raises(ValueError, match="one tag for each word"):
            mark(name, (11, wrong))
    else:
        assert judged(name)((11, wrong), None) is not None


@each
def test_each_slip_is_named_on_a_paper_that_the_judge_has_not_seen_before(name):
    for number in (21, 22):
        for says, wrong in CAPSTONES[name].slips.items():
            told = judged(name)((number, wrong(*drawn(name, number))), None)
            assert told and told.endswith(says), told


@each
def test_what_is_no_answer_is_refused_in_words(name):
    for odd in (None, 3, (1,), (True, []), ("a", []), (5, None), (5, []), (-1, []), (5, "text"), (10**9, [])):
        told = judged(name)(odd, None)
        assert isinstance(told, str) and len(told) > 20


def test_tensors_are_read_too():
    assert judged("recall")((4, torch.from_numpy(gold_of("recall", 4))), None) is None


def test_the_bars_are_those_of_their_rivals():
    contexts = drawn("write", 3)[0]
    score, bar, _ = mark("write", (3, by_counting(contexts)))
    assert score == pytest.approx(bar + 0.02)
    score, bar, _ = mark("forecast", (3, straight_on(drawn("forecast", 3)[0])))
    assert score == pytest.approx(bar / 0.8)


def test_probabilities_have_to_sum_to_one():
    with pytest.raises(ValueError, match="sum to 1"):
        mark("write", (3, np.zeros((400, len(written_text()[1])))))


def test_the_nearest_reflected_path_reaches_the_stretch_bar_of_the_ball():
    score, _, stretch = mark("forecast", (3, fitted_path(drawn("forecast", 3)[0])))
    assert score < stretch


def test_the_board_tells_a_star_a_pass_a_miss_and_a_stand_in():
    class Lent(tuple):
        stand_in_for = "23.recalled"

    gold = gold_of("recall", 4)
    some = gold.copy()
    some[:9] = (some[:9] + 1) % 8  # 97 %
    told = [
        repr(board({"recall": value}, {})) for value in ((4, gold), (4, some), (4, 0 * gold), Lent((0, gold)), None)
    ]
    assert [sign for line in told for sign in "★✓✗○" if f"· {sign}" in line.splitlines()[1]] == list("★✓✗○○")
    assert "97.5 ± 0.5" in repr(board({"recall": None}, {"recall, score": [97, 97.5, 98]}))
