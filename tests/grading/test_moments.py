"""Deadlines as instructors write them, times of submission as programs do."""

import os
import time
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from seqlib.grading import assignment as assignments
from seqlib.grading.moments import is_late, moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "text, meant",
    [
        ("2027-03-01T23:59+01:00", "2027-03-01T23:59:00+01:00"),
        ("2027-03-01 23:59 +0100", "2027-03-01T23:59:00+01:00"),
        ("2027-03-01T22:59Z", "2027-03-01T22:59:00+00:00"),
        ("2027-03-01 23:59 CET", "2027-03-01T23:59:00+01:00"),
        ("2027-03-01 23:59 EST", "2027-03-01T23:59:00-05:00"),
        ("2027-03-01 23:59:30 GMT", "2027-03-01T23:59:30+00:00"),
        ("2027-07-01 23:59 CEST", "2027-07-01T23:59:00+02:00"),
        ("2027-07-01 23:59 EDT", "2027-07-01T23:59:00-04:00"),
        ("2027-07-01 23:59 Europe/Berlin", "2027-07-01T23:59:00+02:00"),
        ("2027-03-01T23:59[America/New_York]", "2027-03-01T23:59:00-05:00"),
        ("2027-03-01", "2027-03-01T23:59:59+01:00"),
        ("2027-03-01 EST", "2027-03-01T23:59:59-05:00"),
        ("2027-03-28", "2027-03-28T23:59:59+02:00"),  # a day of 23 hours
        ("2027-03-01 24:00", "2027-03-02T00:00:00+01:00"),
        ("2027-10-31 02:30", "2027-10-31T02:30:00+01:00"),  # comes twice: the later one
    ],
)
def test_a_deadline_means_what_it_says(text, meant):
    assert moment(text, zone=BERLIN, end_of_day=True).isoformat() == meant


@pytest.mark.parametrize(
    "text, said",
    [
        ("2027-03-28T02:30", "does not exist"),
        ("2027-03-14 02:15 America/New_York", "does not exist"),
        ("2027-03-01 23:59 CST", "'CST' is not known as one zone"),
        ("2027-03-01 23:59 Middle/Earth", "not known as one zone"),
        ("2027-03-01 23:59 ../../etc/passwd", "expected a date and time"),
        ("2027-03-01T23:59+25:00", "no offset from UTC"),
        ("2027-02-30", "day"),
        ("2027-03-01 25:00", "hour"),
        ("soon", "expected a date and time"),
        ("5", "expected a date and time"),
    ],
)
def test_what_names_no_moment_is_refused_in_a_sentence(text, said):
    with pytest.raises(ValueError, match=said):
        moment(text, zone=BERLIN, end_of_day=True)
    with pytest.raises(ValueError, match="--deadline"):
        assignments.chosen(["00"], deadline=text if "30" not in text else text + " Europe/Berlin")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the machine's zone can be set on Unix only")
def test_without_a_zone_it_is_the_machines(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        made = assignments.chosen(["00"], deadline="2027-07-01")
        assert made.deadline == "2027-07-01T23:59:59+02:00"
        with pytest.raises(ValueError, match="--deadline.*does not exist"):
            assignments.chosen(["00"], deadline="2027-03-28T02:30")
    finally:
        monkeypatch.delenv("TZ")
        os.environ.pop("TZ", None)
        time.tzset()


def test_an_edited_assignment_with_a_zones_name_is_read(tmp_path):
    path = tmp_path / "assignment.json"
    path.write_text('{"points": {"00.bounce": 3}, "deadline": "2027-03-01 23:59 CET"}')
    assert assignments.read(path).deadline == "2027-03-01T23:59:00+01:00"
    path.write_text('{"points": {"00.bounce": 3}, "deadline": "soon"}')
    with pytest.raises(ValueError, match="expected a date and time"):
        assignments.read(path)


def test_late_is_after_the_last_second():
    deadline = moment("2027-03-01", zone=BERLIN, end_of_day=True).isoformat()
    stamps = {"2027-03-01 23:59:59.9 CET": False, "2027-03-01 22:59:59 UTC": False, "2027-03-01 23:00:00": True}
    for text, late in stamps.items():
        assert is_late(moment(text, zone=UTC).isoformat(), deadline) == late, text
