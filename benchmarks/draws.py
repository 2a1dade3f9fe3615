"""Do the drawn inputs tell right from wrong every time? Each exercise on up to 200 draws of its inputs.

    python benchmarks/draws.py [NN | NN.name …] [--draws 200] [--seconds 12] [--no-write] [--unseen]

For each exercise: does `inputs` ever fail; does the notebook's own solution pass on every draw; is each known mistake
caught, and told as itself, on every draw; is each small slip in the plain right answer caught. A slip that is caught
on no draw at all is another way of writing the same (`--unseen` lists them, to be read); one that is caught on some
draws and not on others is a hole in the inputs. Each exercise is given so many seconds of processor time; where these
do not reach for all draws, the record says how many there were. Writes benchmarks/results/draws.json; a part that is
measured anew takes its place among the others there.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from course.sources import solution  # noqa: E402

from seqlib.checks import engine  # noqa: E402
from seqlib.checks.calling import copied, guarded, settled  # noqa: E402
from seqlib.checks.compare import difference  # noqa: E402
from seqlib.checks.exercise import all_exercises  # noqa: E402
from seqlib.checks.implied import implied  # noqa: E402
from seqlib.checks.known import recognise  # noqa: E402
from seqlib.checks.limits import memory_limit  # noqa: E402
from seqlib.checks.state import own_state  # noqa: E402
from seqlib.runtime import machine  # noqa: E402

TARGET = ROOT / "benchmarks/results/draws.json"
SURE = 199 / 200  # of the draws: as many have to catch what is wrong
PIECE = 10  # draws under one limit of time
SHARES = {"draw": 0.2, "right": 0.15, "mistakes": 0.15, "told": 0.2, "slips": 0.3}  # of an exercise's seconds


class Clock:
    """Whether there is processor time left for one of the parts."""

    def __init__(self, seconds: float):
        self.end = time.process_time() + seconds

    def __bool__(self):
        return time.process_time() < self.end


def drawn(exercise, draws: int, clock) -> tuple[list, list[str]]:
    """([cases of a draw, with what is right for each], [what went wrong while drawing])."""
    found, faults = [], []
    for seed in range(1 if exercise.value else draws):
        if not clock and len(found) > 4:
            break
        try:
            cases = exercise.inputs(np.random.default_rng(seed))
            for case in cases:
                engine.expected(exercise, case)
            found.append(cases)
        except Exception as error:
            faults.append(f"draw {seed}: {type(error).__name__}: {error}")
    return found, faults


def caught(exercise, wrong, case) -> bool:
    """Whether one case tells that an answer is wrong."""
    args = copied(case.args)
    try:
        value = settled(wrong(*args) if exercise.using is None else exercise.using(wrong, *args))
        if exercise.judge is not None:
            return exercise.judge(value, case) is not None
    except Exception:
        return True
    if difference(value, case.expected, returns=exercise.returns, rtol=exercise.rtol) is not None:
        return True
    named = zip(case.args, args, strict=True)
    return any(difference(after, before) is not None for before, after in named)


def counted(exercise, wrong: dict, draws, clock) -> dict[str, list[int]]:
    """{what is wrong: [draws that catch it, draws that were tried]}; what never ends counts as caught."""
    counts = {says: [0, 0] for says in wrong}
    running = dict(wrong)
    with memory_limit():
        for piece in [draws[:1], *(draws[at : at + PIECE] for at in range(1, len(draws), PIECE))]:
            if not clock:
                break
            for says, answer in list(running.items()):
                done = guarded(lambda a=answer, p=piece: _seen(exercise, a, p), seconds=0.3 if len(piece) == 1 else 10)
                if done.kind:  # it hangs or ends the process: no need to see that 200 times
                    counts[says] = [1, 1]
                    running.pop(says)
                    continue
                counts[says][0] += done.value
                counts[says][1] += len(piece)
    return counts


def _seen(exercise, wrong, draws) -> int:
    return sum(any(caught(exercise, wrong, case) for case in cases) for cases in draws)


def told(exercise, mistakes: dict, draws, clock) -> dict[str, Counter]:
    """{mistake: what it was told, how often}, itself left out."""
    others = {says: Counter() for says in mistakes}
    tried = 0
    for cases in draws:
        if not clock and tried > 2:
            break
        rights = [case.expected for case in cases]
        answers = {
            says: {id(case): engine._wrong(exercise, wrong, case) for case in cases} for says, wrong in mistakes.items()
        }
        known = {says: says for says in mistakes}
        for says in mistakes:
            outcomes = [answers[says][id(case)] for case in cases]
            if any(o.modified and not o.kind for o in outcomes):
                continue  # told by its own message
            heard = recognise(exercise, known, lambda name, case, a=answers: a[name][id(case)], cases, outcomes, rights)
            if heard != says:
                others[says][str(heard)] += 1
        tried += 1
    return {says: Counter({"": tried}) + heard for says, heard in others.items()}


def measured(name, exercise, draws: int, seconds: float) -> dict:
    clock = {part: seconds * share for part, share in SHARES.items()}
    found, faults = drawn(exercise, draws, Clock(clock["draw"]))
    right = exercise.oracle() if exercise.value else solution(name)
    answer = engine.constant(right) if exercise.value else right
    passed = tried = 0
    limit, failed = Clock(clock["right"]), []
    for cases in found:
        if not limit:
            break
        verdict = engine._judge_cases(exercise, answer, cases)
        tried, passed = tried + 1, passed + verdict.passed
        if not verdict.passed:
            failed += [message for _, ok, message in verdict.cases if not ok][:1]
    wrong = {says: engine.constant(w()) if exercise.value else w for says, w in exercise.mistakes.items()}
    mistakes = counted(exercise, wrong, found, Clock(clock["mistakes"]))
    heard = {} if exercise.value else told(exercise, wrong, found, Clock(clock["told"]))
    made = {}
    for says, slip in [] if exercise.value else implied(exercise):
        made.setdefault(says if says not in made else f"{says} ({len(made)})", slip)
    slips = counted(exercise, made, found, Clock(clock["slips"]))
    return {
        "seconds": seconds,
        "draws": len(found),
        "faults": faults[:5],
        "right": [passed, tried],
        "failed": failed[:3],
        "mistakes": len(mistakes),
        "weak mistakes": _weak(mistakes),
        "draws of mistakes": min((n for _, n in mistakes.values() if n > 1), default=len(found)),
        "told otherwise": {says: dict(c) for says, c in heard.items() if len(c) > 1},
        "slips": len(slips),
        "draws of slips": min((n for _, n in slips.values() if n > 1), default=len(found)),
        "weak slips": {says: share for says, share in _weak(slips).items() if share[0]},
        "unseen slips": [says for says, (seen, tried) in slips.items() if not seen and tried],
    }


def _weak(counts: dict[str, list[int]]) -> dict[str, list[int]]:
    return {says: [seen, tried] for says, (seen, tried) in counts.items() if seen < SURE * tried}


def lines(name: str, row: dict, unseen: bool):
    passed, tried = row["right"]
    good = not (row["faults"] or passed < tried or row["weak mistakes"] or row["told otherwise"] or row["weak slips"])
    yield (
        f"{name:28} {row['draws']:4} draws, right {passed}/{tried}, {row['mistakes']:3} mistakes on "
        f"{row['draws of mistakes']:3}, {row['slips']:4} slips on {row['draws of slips']:3}, "
        f"{len(row['unseen slips']):3} unseen{'' if good else '   ←'}"
    )
    yield from (f"    fault: {fault}" for fault in row["faults"])
    yield from (f"    right, and rejected: {message}" for message in row["failed"])
    for says, (seen, of) in row["weak mistakes"].items():
        yield f"    caught on {seen} of {of}: {says}"
    for says, heard in row["told otherwise"].items():
        heard = {what: n for what, n in heard.items() if what}
        yield f"    told otherwise: {says}: {heard}"
    for says, (seen, of) in row["weak slips"].items():
        yield f"    slip caught on {seen} of {of}: {says}"
    if unseen:
        yield from (f"    unseen: {says}" for says in row["unseen slips"])


def summary(rows: dict[str, dict]) -> dict[str, int]:
    return {
        "exercises": len(rows),
        "fewest draws": min(row["draws"] for n, row in rows.items() if not all_exercises()[n].value),
        "faults": sum(len(row["faults"]) for row in rows.values()),
        "right rejected": sum(row["right"][1] - row["right"][0] for row in rows.values()),
        "weak mistakes": sum(len(row["weak mistakes"]) for row in rows.values()),
        "of mistakes": sum(row["mistakes"] for row in rows.values()),
        "told otherwise": sum(len(row["told otherwise"]) for row in rows.values()),
        "weak slips": sum(len(row["weak slips"]) for row in rows.values()),
        "of slips": sum(row["slips"] for row in rows.values()),
        "unseen slips": sum(len(row["unseen slips"]) for row in rows.values()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", nargs="*", help="numbers of notebooks or names of exercises; all unless given")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--record", type=Path, default=TARGET, help="where to write what was measured")
    parser.add_argument("--no-write", action="store_true")
    parser.add_argument("--unseen", action="store_true")
    args = parser.parse_args()
    os.environ["SEQLIB_HOME"] = tempfile.mkdtemp(prefix="seqlib-draws-")
    rows = {}
    for name, exercise in all_exercises().items():
        if args.which and name not in args.which and name[:2] not in args.which:
            continue
        with own_state():
            rows[name] = measured(name, exercise, args.draws, args.seconds)
        print(*lines(name, rows[name], args.unseen), sep="\n", flush=True)
    if args.which and args.record.exists() and not args.no_write:  # the others as they were measured before
        kept = json.loads(args.record.read_text(encoding="utf-8"))["exercises"]
        rows = {name: rows.get(name, kept.get(name)) for name in all_exercises() if name in rows or name in kept}
    total = summary(rows)
    print(", ".join(f"{what}: {n}" for what, n in total.items()))
    if not args.no_write:
        command = f"python benchmarks/draws.py --draws {args.draws} --seconds {args.seconds:g}"
        record = {"command": command, "machine": machine(), "all": total, "exercises": rows}
        args.record.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"written: {args.record}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
