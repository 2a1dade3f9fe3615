"""`progress()`: a row for every notebook, the open one in full, and what to do next.

What is to be reached is asked of the exercises that exist now, never of the file; a result that was made by another
check than today's is counted, and said to be such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from seqlib.checks import progress_file
from seqlib.checks.exercise import Exercise, exercises, module_names
from seqlib.checks.identity import identity
from seqlib.display import html, ready
from seqlib.display.selfcheck import Shown

STATES = {"passed": "✓ passed", "changed": "↻ check changed", "begun": "… begun", "open": "○ to do"}


@dataclass(frozen=True)
class Standing:
    """How an exercise stands: a key of STATES, the points that count now, and attempts."""

    exercise: Exercise
    state: str
    score: float
    attempts: int

    done = property(lambda self: self.state in ("passed", "changed"))
    core = property(lambda self: self.exercise.told.core)


def progress(notebook: str | None = None) -> Shown:
    """How far you are in the whole course, and in one notebook exercise by exercise: the open one, or `notebook`.

    `notebook` is a number such as "05"; ValueError where there is none of it.
    """
    books = module_names()
    if notebook is not None and str(notebook)[:2] not in books:
        raise ValueError(f"there is no notebook {notebook!r}; there are {', '.join(sorted(books))}")
    done, note = progress_file.load()
    course = {n: [_standing(e, done.get(e.name)) for e in exercises(n).values()] for n in sorted(books)}
    here = str(notebook)[:2] if notebook is not None else ready.opened()[:2]
    return _shown(course, here, [*_honestly(course, done), *([note] if note else [])])


def _standing(exercise: Exercise, entry: dict | None) -> Standing:
    """What a result in the file is worth today. Other points than today's: its share of them."""
    if not entry:
        return Standing(exercise, "open", 0.0, 0)
    then = entry.get("points") or exercise.points
    share = min(max(float(entry["score"]) / then, 0.0), 1.0)
    same = then == exercise.points and entry.get("check") in (None, identity(exercise))
    state = "begun" if share < 1 else "passed" if same else "changed"
    return Standing(exercise, state, round(share * exercise.points, 2), entry["attempts"])


def _honestly(course: dict[str, list[Standing]], done: dict) -> list[str]:
    """What a reader must know of the results that are not of today's checks."""
    known = {s.exercise.name for book in course.values() for s in book}
    changed = [s.exercise.name for book in course.values() for s in book if s.state == "changed"]
    gone = sorted(set(done) - known)
    told = []
    if changed:
        which = "it" if len(changed) == 1 else "them"
        told.append(f"↻ Passed before the check changed: {', '.join(changed)}. Run {which} again to be sure.")
    if gone:
        told.append(f"Not counted, because the course no longer has it: {', '.join(gone)}.")
    return told


def _next(course: dict[str, list[Standing]], here: str) -> str:
    """What to do next: here, then in the notebooks that follow, then in those left behind; core before stretch."""
    order = [n for n in course if n >= here] + [n for n in course if n < here]
    for number in order:
        if left := [s for s in course[number] if not s.done and s.core]:
            return _task(left[0], course, here)
    for number in order:
        if left := [s for s in course[number] if not s.done]:
            return f"Every core exercise is solved. {_task(left[0], course, here)}"
    return "Every exercise of the course is solved."


def _task(standing: Standing, course: dict[str, list[Standing]], here: str) -> str:
    """An exercise as something to do, with its notebook where that is another one."""
    exercise, told = standing.exercise, standing.exercise.told
    minutes = f"{told.minutes} minute{'' if told.minutes == 1 else 's'}"
    words = f"{exercise.name} ({'core' if told.core else 'stretch'}, {minutes})"
    if exercise.notebook == here:
        return f"Next here: {words}."
    stretch = [s for s in course.get(here, []) if not s.done]
    left = f"What is left here is for whoever likes more ({len(stretch)} stretch). " if stretch and told.core else ""
    return f"{left}Next: {words}, in {_stem(exercise.notebook)}.ipynb."


def _stem(number: str) -> str:
    return module_names()[number].removeprefix("nb")


def _of(standings: Sequence[Standing]) -> tuple[str, str]:
    """ "3 of 8" exercises and "9 of 24" points."""
    points = sum(s.exercise.points for s in standings)
    return (
        f"{sum(s.done for s in standings)} of {len(standings)}",
        f"{sum(s.score for s in standings):g} of {points:g}",
    )


def _in_full(standings: Sequence[Standing]) -> list[list[str]]:
    return [
        [
            STATES[s.state],
            s.exercise.name + ("" if s.core else " (stretch)"),
            f"{s.score:g} of {s.exercise.points:g}",
        ]
        for s in standings
    ]


def _by_notebook(course: dict[str, list[Standing]], here: str) -> list[list[str]]:
    rows = []
    for number, standings in course.items():
        whole, begun = all(s.done for s in standings), any(s.attempts for s in standings)
        done, points = _of(standings)
        mark = "✓" if whole else "…" if begun else "○"
        rows.append([_stem(number) + (" (open here)" if number == here else ""), f"{mark} {done}", points])
    return rows


def _shown(course: dict[str, list[Standing]], here: str, notes: list[str]) -> Shown:
    """The card, and its twin in plain text."""
    done, points = _of([s for standings in course.values() for s in standings])
    title = f"Your progress: {done} exercises, {points} points"
    tables = []  # (heading, columns, rows)
    if here in course:
        tables.append((_stem(here), ["state", "exercise", "points"], _in_full(course[here])))
    tables.append(("The whole course", ["notebook", "passed", "points"], _by_notebook(course, here)))
    lines = [_next(course, here), *notes]
    body = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    plain = [title, *lines]
    for heading, columns, rows in tables:
        table = html.table(_unbroken(columns), map(_unbroken, rows), heading)
        body += f"<p><strong>{html.escape(heading)}</strong></p>{table}"
        plain += ["", heading, *(" · ".join(row) for row in rows)]
    card = html.card("note", title, html.Html(body), word=f"kept in {progress_file.NAME}")
    return Shown(card, "\n".join(plain))


def _unbroken(cells: Sequence[str]) -> list[str]:
    """Cells of a table; the short ones ("3 of 8", "✓ passed") stay in one piece on a narrow page."""
    span = '<span style="white-space:nowrap">{}</span>'
    return [html.Html(span.format(html.escape(cell))) if len(cell) < 12 else cell for cell in cells]
