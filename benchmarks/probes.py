"""How the public parts of seqlib end when they are asked what they cannot do: tests/probes.py, counted.

    python benchmarks/probes.py [another checkout]

Four ways to end: the right number, a ValueError that says what was expected and what came, any other error, and an
answer that is wrong. With another checkout's folder its seqlib is asked instead of this one's, which is how the table
of docs/refusals.md was made.
"""

import sys
import warnings
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENDS = ("right", "clear error", "bare error", "wrong")


def main(checkout: Path = ROOT) -> dict[str, Counter]:
    """Print the table and return it."""
    sys.path[:0] = [str(checkout), str(ROOT / "tests")]
    warnings.simplefilter("ignore")
    import probes

    found: dict[str, Counter] = {}
    for part, what, right in probes.every():
        found.setdefault(part, Counter())[probes.look(part, what, right)] += 1
    found["all"] = sum(found.values(), Counter())
    for part, counts in found.items():
        print(f"| {part} | " + " | ".join(str(counts[end]) for end in ENDS) + " |")
    return found


if __name__ == "__main__":
    main(*(Path(argument).resolve() for argument in sys.argv[1:2]))
