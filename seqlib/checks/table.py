"""What the checks can say, as a page: python -m seqlib.checks.table > docs/checks.md"""

import inspect
import json
from pathlib import Path

from seqlib.checks import diagnosing
from seqlib.checks.readers import crashes, features, orders, probes, results, sizes, supposed

HEAD = """# What a check can say about a wrong answer

Every exercise is followed by its check. Where an answer is wrong, each failed case is named, with what was expected and
what was found. Below that stands one thing more, where it is certain:

1. **A known mistake.** Each exercise knows slips of its own. One of them fits where it gives what the answer gives in
   every case in which it tells anything, and in no case something else; then the check says "This is what you get
   when …". Of several that fit, the one speaks that agrees on most.
2. **A slip that nobody wrote down.** The plain right answer of each exercise is changed in every small way that makes
   another program of it (a sign, a factor, a term, an axis, a name, a bound, a step left out), and what that gives is
   compared in the same way. The sentence names the slip and not the line that is right.
3. **What is true of the difference.** Where neither fits, the readers below look at what was found and what
   is right, over all cases. A reader speaks only if its sentence holds in every case, the passing ones included, with
   enough different numbers that chance is ruled out; what is said of an argument holds in cases that are drawn anew,
   too. The first that holds speaks, from the most special to the least.

Where the course later trains through an answer, its gradients are compared too, as a case of their own; a result in
half precision is told as that.

In the feedback of the class grader, whose inputs are hidden, the same is said without sizes or values, and the readers
that call an answer again stay silent.

This page is written by `python -m seqlib.checks.table > docs/checks.md`.
"""
SECTIONS = [
    ("It ends with an error", crashes.READERS),
    ("What comes back", (results.nothing, results.number_of_results, results.exchanged)),
    ("Numbers, in the right shape", (*diagnosing.SAME_SHAPE, orders.slices_in_another_order)),
    ("Numbers, in another shape", (*diagnosing.OTHER_SHAPE[:-1], sizes.other_size)),
    ("Texts, lists, dictionaries", diagnosing.ITEMS),
    ("Where it is wrong", (*diagnosing.WHERE, *diagnosing.LAST)),
    (
        "When it is called again",
        (probes.unsteady, supposed.supposed, probes.ignored_argument, probes.ignored_part),
    ),
    ("Which cases are wrong", (features.generalised, diagnosing.one_wrong)),
]


RECORD = Path(__file__).resolve().parents[2] / "benchmarks/results/draws.json"


def measured() -> str:
    """What `benchmarks/draws.py` found, in a few sentences; nothing where there is no record of it."""
    if not RECORD.exists():
        return ""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    found, each = record["all"], record["exercises"].values()
    books = sorted({name[:2] for name in record["exercises"]})
    most = sum(row["draws"] >= 200 for row in each)
    return f"""
## Do the inputs tell right from wrong?

Inputs are drawn anew for every check. `python benchmarks/draws.py` measures whether every draw tells: on up to 200
draws, as many as its seconds of processor time reach. Measured so far: {found["exercises"]} exercises, of notebooks
{", ".join(books)}; {most} of them have all 200 drawn, and how many were judged stands in
benchmarks/results/draws.json.

| measured | number |
|---|---|
| draws that failed | {found["faults"]} |
| draws on which the notebook's own solution was rejected | {found["right rejected"]} |
| known mistakes | {found["of mistakes"]} |
| of these, caught on fewer than 199 of 200 draws | {found["weak mistakes"]} |
| of these, told as another one or not at all on some draw | {found["told otherwise"]} |
| small slips in the plain right answers | {found["of slips"]} |
| of these, caught on some draws, on fewer than 199 of 200 | {found["weak slips"]} |
| of these, caught on none: those that were read write the same in another way | {found["unseen slips"]} |
"""


def rows() -> list[tuple[str, str, str]]:
    """(section, reader, what it says) of every reader."""
    return [
        (section, reader.__name__.replace("_", " "), " ".join(inspect.getdoc(reader).split()))
        for section, readers in SECTIONS
        for reader in readers
    ]


def page() -> str:
    lines, last = [HEAD], None
    for section, reader, says in rows():
        if section != last:
            lines += [f"## {section}", "", "| reader | what is said |", "|---|---|"]
        lines.append(f"| {reader} | {says.replace('|', chr(92) + '|')} |")
        last = section
    text = "\n".join(lines)
    return text.replace("|\n## ", "|\n\n## ") + "\n" + measured()


if __name__ == "__main__":
    print(page(), end="")
