"""What the checks say to the bank: python tests/bank/run.py [folder] [NN …] [--told] [--silent] [--seed N]

A table, a line per notebook: wrong answers, how many are caught, how many of these are told in words that point at the
slip; right answers, how many are rejected. Then the time that the checks take.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "bank"), str(ROOT / "tools")]
os.environ.setdefault("SEQLIB_HOME", tempfile.mkdtemp(prefix="seqlib-bank-"))

import numpy as np  # noqa: E402
from bank import FOLDER, answer, blocks, files, tried  # noqa: E402

TOLD = ("known", "read", "message")


def judged(path: Path, seed: int):
    found = []
    for block in blocks(path):
        try:
            answer(block)
        except Exception as error:  # a fault of the bank's, not of an answer's
            print(f"{block.file}:{block.line} {block.name} cannot be run: {type(error).__name__}: {error}")
            continue
        found.append(tried(block, seed))
    return found


def line(title: str, found) -> str:
    wrong, right = [f for f in found if not f.block.right], [f for f in found if f.block.right]
    caught = [f for f in wrong if f.how not in ("passed", "todo")]
    told = Counter(f.how for f in caught)
    said = sum(told[how] for how in TOLD)
    rejected = sum(f.how != "passed" for f in right)
    ways = ", ".join(f"{told[how]} {how}" for how in (*TOLD, "silent"))
    return (
        f"{title:6} {len(wrong):5} wrong, {len(caught):5} caught, {said:5} told ({said / max(len(wrong), 1):.0%}: "
        f"{ways}); {len(right):4} right, {rejected} rejected"
    )


def times(title: str, seconds) -> str:
    if not seconds:
        return ""
    middle, late = np.percentile(seconds, [50, 95])
    return f"{title}: median {middle:.3f} s, 95th percentile {late:.3f} s, longest {max(seconds):.2f} s"


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("what", nargs="*", help="a folder, and numbers of notebooks")
    ask.add_argument("--told", action="store_true", help="list what is said to each wrong answer")
    ask.add_argument("--silent", action="store_true", help="list what is not told, not caught, and rejected")
    ask.add_argument("--seed", type=int, default=0)
    given = ask.parse_intermixed_args()
    folder = next((Path(w) for w in given.what if not w.isdigit()), FOLDER)
    numbers, everything = [w for w in given.what if w.isdigit()], []
    for path in files(folder):
        if numbers and path.stem[2:] not in numbers:
            continue
        found = judged(path, given.seed)
        everything += found
        print(line(path.stem, found), flush=True)
        for f in found:
            missed = f.how in ("passed", "todo", "silent") if not f.block.right else f.how != "passed"
            if given.silent and missed or given.told and not f.block.right and not missed:
                kind = "right" if f.block.right else "wrong"
                print(f"  [{f.how}] {kind} {f.block.name}: {f.block.says}\n      {f.says[:300]}")
    print(line("all", everything))
    print(times("right", [f.seconds for f in everything if f.block.right]))
    print(times("told", [f.seconds for f in everything if f.how in TOLD]))
    print(times("silent", [f.seconds for f in everything if f.how == "silent"]))


if __name__ == "__main__":
    main()
