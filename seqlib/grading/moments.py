"""Deadlines and times of submission as people and programs write them: with an offset, a zone's name, or neither."""

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

# What the letters say, summer or winter. Left out on purpose: BST, CST, IST and others that name several zones.
_LETTERS = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "MEZ", "MET", "WEST"), 1),
    **dict.fromkeys(("CEST", "MESZ", "MEST", "EET"), 2),
    **dict.fromkeys(("EEST", "MSK"), 3),
    "JST": 9, "KST": 9, "AWST": 8, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
_WRITTEN = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ]\s*(?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?))?"
    r"\s*(?P<zone>[+-]\d\d(?::?\d\d)?|\[?[A-Za-z][\w+/-]*\]?)?",
    re.ASCII,
)


def moment(text: str, *, zone: tzinfo | None, end_of_day: bool = False) -> datetime:
    """The moment that `text` names, with its offset from UTC.

    `zone` counts where the text names none (None: this machine's). A date alone is the day's first second, or with
    `end_of_day` its last. An hour that comes twice in autumn is the later one. ValueError says what is wrong.
    """
    found = _WRITTEN.fullmatch(" ".join(str(text).split()))
    if not found:
        raise ValueError(f"expected a date and time such as 2027-03-01T23:59+01:00; found {text!r}")
    day = datetime.fromisoformat(found["date"])
    hour = found["time"] or ("23:59:59" if end_of_day else "00:00")
    if re.fullmatch(r"24:00(:00)?", hour):
        day, hour = day + timedelta(days=1), "00:00"
    naive = datetime.combine(day, time.fromisoformat(hour.replace(",", ".")))
    return _there(naive, _zone(found["zone"]) if found["zone"] else zone, text)


def _zone(name: str) -> tzinfo:
    name = name.strip("[]")
    if name[0] in "+-":
        digits = name[1:].replace(":", "").ljust(4, "0")
        if int(digits[:2]) > 14 or int(digits[2:]) > 59:
            raise ValueError(f"{name!r} is no offset from UTC: the largest are -12:00 and +14:00")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return timezone(-offset if name[0] == "-" else offset)
    if name.upper() in _LETTERS:
        return timezone(timedelta(hours=_LETTERS[name.upper()]))
    try:
        if "/" in name:
            return ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # no such zone, or no tables of zones on this machine
        pass
    raise ValueError(f"{name!r} is not known as one zone: write an offset (+01:00) or a place (Europe/Berlin)")


def _there(naive: datetime, zone: tzinfo | None, text: str) -> datetime:
    """`naive` on a clock in `zone`; ValueError where that clock skips it."""
    later = naive.replace(fold=1)
    there = later.replace(tzinfo=zone) if zone else later.astimezone()
    back = there.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if back != naive:
        raise ValueError(f"{text!r} does not exist: in spring, clocks skip that hour; write another, or an offset")
    return there.replace(tzinfo=timezone(there.utcoffset()))


def is_late(when: str, deadline: str) -> bool:
    """Whether a time of submission lies after a deadline, both in ISO 8601; parts of a second are given away."""
    return datetime.fromisoformat(when).replace(microsecond=0) > datetime.fromisoformat(deadline)
