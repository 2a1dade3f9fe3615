"""Grade a class outside the students' own process.

    python -m seqlib.grading grade SUBMISSIONS --out GRADES

The code of a submission runs alone in a sandbox; inputs go in, values come out as data, and the comparison happens
here. See docs/instructors.md.
"""

GRADING_VERSION = 1
