"""Record the training runs that notebooks lay beside their live one, on whatever device is here.

    python tools/record_runs.py            all of them
    python tools/record_runs.py 03         those of one notebook, or one by its name: 03_names

The results go to data/runs/NAME.json.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]
os.environ.setdefault("SEQLIB_THREADS", "1")  # recorded seconds are those of one core, unless asked otherwise

from recordings import discover  # noqa: E402


def main(names) -> int:
    known = discover()
    chosen = [
        n
        for n in known
        if not names or any(n == name or (name not in known and n.startswith(f"{name}_")) for name in names)
    ]
    if not chosen:
        print(f"nothing to record under {' '.join(names)}; there are {', '.join(known)}")
        return 1
    for name in chosen:
        print(f"recording {name} …", flush=True)
        known[name](f"python tools/record_runs.py {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
