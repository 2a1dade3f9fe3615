"""Record the training runs that notebooks lay beside their live one, on whatever device is here.

    python tools/record_runs.py            all of them
    python tools/record_runs.py 03         those of one notebook, or one by its name: 03_names

The code that runs is the notebook's own: its definitions are read from solutions/NN_name.py, so a recorded run and
a live one cannot come apart. The results go to data/runs/NAME.json.
"""

import importlib
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tools")]
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

RECORDINGS = {}
for topic in ("gru", "10", "11", "12", "13", "14", "15", "16", "17"):
    RECORDINGS |= importlib.import_module(f"recordings_{topic}").RECORDINGS


def recording(function):
    """Register a function that makes data/runs/NAME.json, NAME being its own name less the leading `run_`."""
    RECORDINGS[function.__name__.removeprefix("run_")] = function
    return function


def notebook(stem: str) -> dict:
    """The functions, classes and plain values that solutions/STEM.py defines; nothing is trained."""
    from course_sources import namespace

    return dict(namespace(ROOT / "solutions" / f"{stem}.py"))


@recording
def run_03_names(command):
    """The RNN of 03 on people's names, three seeds."""
    from seqlib.data import fetch
    from seqlib.runtime import budget
    from seqlib.training import recorded as runs

    spell, seeds = notebook("03_bptt")["spell"], (0, 1, 2)
    people = fetch("names/names.txt").read_text(encoding="utf-8").split()
    done = [spell(people, seed, budget(cpu=1500, gpu=6000)) for seed in seeds]
    label = "RNN, 128 units"
    runs.record("03_names", {label: [history for history, _ in done]}, seeds=seeds, command=command,
                what="A recurrent network of 128 units learns to spell 32 033 first names.", unit="nats per letter",
                results={"validation nats per letter": [nats for _, nats in done]})  # fmt: skip


@recording
def run_04_recall(command):
    """Recall against delay: two activations, four ways to begin, six delays, three seeds."""
    from recordings_rnn import recall

    recall(command)


@recording
def run_05_recall(command):
    """Recall against delay: RNN, LSTM with forget bias 1, LSTM begun for the delay."""
    from recordings_lstm import recall

    recall(command)


@recording
def run_05_forget_bias(command):
    """The forget-bias experiment of 05."""
    from recordings_lstm import forget_bias

    forget_bias(command)


@recording
def run_05_adding(command):
    """The adding problem of 05."""
    from recordings_lstm import adding

    adding(command)


@recording
def run_05_colours(command):
    """Window, RNN, LSTM and LSTM without a forget gate colour Python."""
    from recordings_lstm import colours

    colours(command)


def main(names) -> int:
    chosen = [n for n in RECORDINGS if not names or any(n == name or n.startswith(f"{name}_") for name in names)]
    if not chosen:
        print(f"nothing to record under {' '.join(names)}; there are {', '.join(RECORDINGS)}")
        return 1
    for name in chosen:
        print(f"recording {name} …", flush=True)
        RECORDINGS[name](f"python tools/record_runs.py {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
