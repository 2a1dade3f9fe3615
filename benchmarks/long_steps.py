"""A linear recurrence as a loop, as scans and by a Fourier transform, against LSTM and attention, 128 to 32,768 steps.

    python benchmarks/long_steps.py [--quick] [--rounds N]

Forward and backward, batch 4, width 64 (attention: 4 heads of 16), one thread; what takes part is the table of
seqlib/studies/all_steps_at_once.py. What needs more than a minute a round at a length is left out beyond it: loops and
LSTM grow in step with T, attention with its square. The result goes to benchmarks/results/long_steps.json.
"""

import time

import torch
from common import in_turns, keep, options, spread

LENGTHS = (128, 512, 2048, 8192, 32768)
TOO_LONG = 20.0  # seconds for one pass, after which a way is not tried at the next length, four times as long


def main(quick: bool = False, rounds: int | None = None) -> dict:
    from seqlib.studies.all_steps_at_once import WAYS, prepared

    torch.set_num_threads(1)
    results, left = {}, dict.fromkeys(WAYS)
    for steps in (16, 64) if quick else LENGTHS:
        works = {name: prepared(name, steps) for name in left}
        seconds = in_turns(works, rounds or (1 if quick else 3), time.process_time)
        results[f"{steps} steps"] = {name: spread(each) for name, each in seconds.items()}
        left = {name: None for name in left if min(seconds[name]) < TOO_LONG / 4}
    what = "processor seconds for forward and backward, float32"
    return keep("long_steps", what, results, quick=quick, batch=4, width=64, threads=1)


if __name__ == "__main__":
    asked = options(__doc__)
    main(asked.quick, asked.rounds)
