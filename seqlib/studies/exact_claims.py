"""Verdicts on claims that arithmetic settles: nothing is trained to a budget, so one case to the last digit counts."""


def agrees(gap: float, tolerance: float) -> str:
    """ "holds" where a gap that should be nothing is at most `tolerance`, else "fails"; NaN fails."""
    return "holds" if gap <= tolerance else "fails"


def at_least(found: float, bar: float) -> str:
    """ "holds" where what was found reaches `bar`, else "fails"; NaN fails."""
    return "holds" if found >= bar else "fails"


def parts(below: float, above: float, start: float) -> str:
    """Does a limit part what converges from what diverges? Distances from the goal, on either side and at the start.

    "holds" if the one below came nearer and the one above went away; "fails" if neither did, "depends" if one did.
    """
    return of_two(below < start, not above <= start)


def of_two(one: bool, other: bool) -> str:
    """ "holds" where both things are so that a claim says, "fails" where neither, "depends" where one."""
    return ("fails", "depends", "holds")[bool(one) + bool(other)]


def opposite(verdict: str) -> str:
    """The verdict on a claim that says the contrary: what decides nothing stays as it is."""
    return {"holds": "fails", "fails": "holds"}.get(verdict, verdict)
