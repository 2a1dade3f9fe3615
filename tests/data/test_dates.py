"""Dates in sixteen languages: readable, unambiguous, new in the test set."""

import datetime
from collections import defaultdict

import numpy as np
import pytest

from seqlib.data.dates import FORMATS, LOCALES, date_pairs, read_without_learning, write_date


def test_there_are_sixteen_languages_and_all_are_drawn():
    pairs = date_pairs(2000)
    assert len(LOCALES) == 16 and {p.locale for p in pairs} == set(LOCALES)
    assert len(set(pairs)) == 2000


def test_the_target_is_iso_and_the_source_holds_day_and_year():
    for pair in date_pairs(400, seed=1):
        day = datetime.date.fromisoformat(pair.target)
        assert len(pair.target) == 10
        assert str(day.year) in pair.source and str(day.day) in pair.source, pair
        assert pair.source == " ".join(pair.source.split())


def test_a_text_is_never_two_days():
    """With the short format, 03/04/05 would be."""
    days = defaultdict(set)
    for pair in date_pairs(6000, years=(2010, 2012), seed=2):
        days[pair.source].add(pair.target)
    assert all(len(found) == 1 for found in days.values())


def test_the_test_set_has_days_that_training_never_saw():
    train = date_pairs(300, years=(2000, 2004), seed=0)
    test = date_pairs(100, years=(2000, 2004), seed=1, exclude=train)
    assert not {p.target for p in train} & {p.target for p in test}


def test_the_seed_decides():
    assert date_pairs(20, seed=3) == date_pairs(20, seed=3) != date_pairs(20, seed=4)


def test_the_order_of_the_parts_differs_between_languages():
    day = datetime.date(2021, 3, 5)
    assert write_date(day, "ja").startswith("2021") and write_date(day, "de").endswith("2021")


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="locales"):
        date_pairs(3, locales=["xx"])
    with pytest.raises(ValueError, match="formats"):
        date_pairs(3, formats=["short"])
    with pytest.raises(ValueError, match="years"):
        date_pairs(3, years=(2020, 2010))
    with pytest.raises(ValueError, match="too few"):
        date_pairs(400, locales=["en"], formats=FORMATS[:1], years=(2020, 2020))


def test_without_learning_the_month_is_a_guess_unless_it_is_a_number():
    rng = np.random.default_rng(0)
    assert read_without_learning("05.03.2021", rng) == read_without_learning("2021/03/05", rng) == "2021-03-05"
    guessed = [read_without_learning("Friday, March 5, 2021", rng) for _ in range(60)]
    assert {text[:5] + text[7:] for text in guessed} == {"2021--05"} and len(set(guessed)) > 6
