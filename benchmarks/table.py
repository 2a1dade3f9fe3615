"""Write the tables of docs/speed.md from benchmarks/results/*.json.

    python benchmarks/table.py [--check]

Each row is one of ours beside the fastest peer of the same run, as rates: more is better. A row in which the peer is
ahead by more than 5 % needs a reason in REASONS, which the page shows; without one this ends with an error. What was
not measured yet is named. --check writes nothing and fails if the page is not what would be written.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS, PAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "speed.md"
BEGIN, END = "<!-- made by python benchmarks/table.py -->", "<!-- end of what is made -->"
LEVEL = 0.95  # of the peer's rate
SECONDS, MEGABYTES = 180, 1000  # of a notebook, with a server beside it: Binder promises 1 GB

GELU = "GPT-2's GELU, by tanh, takes 2.5 times as long as the port's exact one; all else is level (profiled)"
# {(benchmark, how a row's name begins): why the peer is ahead}; the longest beginning that fits is taken.
REASONS = {
    ("layers", "GRU, fused"): "PyTorch's kernel with our weights, transposed at each call; written out it is level",
    ("layers", "LSTM"): "oneDNN's compiled loop against Python's; `fused(model)` calls that kernel with our weights",
    ("layers", ""): "a loop in Python against a compiled one",
    ("training", ""): "three products for q, k and v, as the notebook draws them, where the port has one",
    ("generation", ""): "the cache is joined anew at each token, a copy of all that was read before",
    ("training", "fused"): GELU,
    ("generation", "no cache, fused"): f"{GELU}; writing uses the cache",
    (
        "generation",
        "no cache",
    ): "scale, mask and softmax as separate passes, as the notebook draws them (a third of the "
    "time), and three products for q, k and v; writing uses the cache",
    ("bpe", ""): "Python and NumPy against compiled Rust",
}


def read(name: str) -> dict | None:
    """What a benchmark kept, None if it was not run yet."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def layers() -> list[tuple]:
    """(name, our rate, {peer: rate}, unit) for each layer, written out and fused."""
    told, rows = read("layers"), []
    for kind, one in (told["results"]["float32"] if told else {}).items():
        for side, name in (("ours", kind), ("fused", f"{kind}, fused")):
            if side in one:
                rows.append((name, 1 / one[side], {f"nn.{kind}": 1 / one["torch"]}, "passes/s"))
    return rows


def rated(benchmark: str, unit: str) -> list[tuple]:
    """The same of a benchmark whose groups hold rates: ours begin with "seqlib", everything else is a peer."""
    told, rows = read(benchmark), []
    for group, found in (told["results"] if told else {}).items():
        peers = {name: each["median"] for name, each in found.items() if not name.startswith("seqlib")}
        for name, each in found.items():
            if name.startswith("seqlib") and peers:
                kind = name.removeprefix("seqlib").removeprefix(", ")
                rows.append((f"{kind}: {group}" if kind else group, each["median"], peers, unit))
    return rows


TABLES = {
    "layers": layers,
    "training": lambda: rated("training", "tokens/s"),
    "generation": lambda: rated("generation", "tokens/s"),
    "bpe": lambda: rated("bpe", "MB/s"),
}


def reason(benchmark: str, name: str) -> str:
    """Why a peer is ahead. ValueError if nobody has said."""
    fits = [start for kind, start in REASONS if kind == benchmark and name.startswith(start)]
    if not fits:
        raise ValueError(f"expected a reason in REASONS for {benchmark}, {name!r}, where a peer is ahead; got none")
    return REASONS[benchmark, max(fits, key=len)]


def compared() -> list[str]:
    """The table of everything that has a peer."""
    lines = ["| what | ours | fastest peer | ours / peer | |", "|---|---|---|---|---|"]
    for benchmark, rows in TABLES.items():
        for name, ours, peers, unit in rows():
            best = max(peers, key=peers.get)
            share = ours / peers[best]
            why = "" if share >= LEVEL else reason(benchmark, name)
            theirs = f"{best}: {digits(peers[best])} {unit}"
            lines.append(f"| {name} | {digits(ours)} {unit} | {theirs} | {share:.2f} | {why} |")
    return lines


def digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def long_steps() -> list[str]:
    """Seconds by length, one row for each way."""
    told = read("long_steps")
    if told is None:
        return []
    lengths = list(told["results"])
    ways = list(dict.fromkeys(way for found in told["results"].values() for way in found))
    lines = [f"| {told['what']} | {' | '.join(lengths)} |", f"|---|{'---|' * len(lengths)}"]
    for way in ways:
        cells = (told["results"][steps].get(way) for steps in lengths)
        lines.append(f"| {way} | {' | '.join(digits(cell['median']) if cell else '' for cell in cells)} |")
    return lines


def losses() -> list[str]:
    """Held-out loss against seconds of the clock."""
    told = read("losses")
    if told is None:
        return []
    budgets = list(told["results"])
    lines = [
        f"| {told['what']} | {' | '.join(budgets)} | steps in {budgets[0]} | threads | it sees |",
        f"|---|{'---|' * len(budgets)}---|---|---|",
    ]
    for name, first in told["results"][budgets[0]].items():
        nats = [_between(told["results"][budget][name]["nats"]) for budget in budgets]
        steps, threads = digits(first["steps"]["median"]), digits(first["threads"]["median"])
        lines.append(
            f"| {name.removeprefix('seqlib, ')} | {' | '.join(nats)} | {steps} | {threads} | {first['sees']} |"
        )
    return lines


def _between(one: dict) -> str:
    """A loss, or the lowest and the highest of several."""
    low, high = f"{one['low']:.3f}", f"{one['high']:.3f}"
    return low if low == high else f"{low}–{high}"


def notebooks() -> list[str]:
    """Run time and memory against the budget."""
    told = read("notebooks")
    if told is None:
        return []
    lines = ["| notebook | seconds | longest cell, s | peak memory, MB | |", "|---|---|---|---|---|"]
    beside = told.get("server, peak MB") or 0
    for name, one in told["results"].items():
        seconds, peak = one.get("seconds", one.get("run, seconds")), one.get("run, peak MB")
        over = [f"over {SECONDS} s"] if (seconds or 0) > SECONDS else []
        over += [f"over {MEGABYTES:,} MB with the server"] if (peak or 0) + beside > MEGABYTES else []
        shown = (seconds, one.get("longest cell"), peak)
        lines.append(f"| {name} | {' | '.join('' if v is None else digits(v) for v in shown)} | {', '.join(over)} |")
    if beside:
        lines += ["", f"A JupyterLab server with one of them open takes {digits(beside)} MB beside its kernel."]
    return lines


def testing() -> list[str]:
    """Where the time of `make test` goes."""
    told = read("testing")
    if told is None:
        return []
    lines = ["| stage of `make test` | seconds | |", "|---|---|---|"]
    for name, one in told["results"].items():
        lines.append(f"| {name} | {one['seconds']:,} | {'' if one['passed'] else 'failed'} |")
    total = sum(one["seconds"] for one in told["results"].values())
    return [*lines, f"| together | {total:,} | {total / 60:.0f} minutes |"]


def others() -> list[str]:
    """What has no table of its own, in a sentence each."""
    lines, importing, checks, grading = [], read("importing"), read("checks"), read("grading")
    scale = read("scale_out")
    if importing:
        each = ", ".join(f"{name}: {one['median']:.2g} s" for name, one in importing["results"]["seconds"].items())
        lines.append(f"- Imports, beyond an empty Python: {each}.")
    if checks:
        right, wrong = (checks["all"][kind]["median_ms"] for kind in ("right", "wrong"))
        lines.append(
            f"- A check answers in {right:.0f} ms for a right answer and {wrong:.0f} ms for a wrong one (median)."
        )
    if grading:
        own, theirs = (grading[who]["submissions_per_minute"] for who in ("own", "nbgrader"))
        lines.append(
            f"- Grading: {own:.0f} submissions a minute, sandboxed; nbgrader in the same run, without: {theirs:.0f}."
        )
    if scale:
        one = scale["results"]
        each = ", ".join(f"{stage} {seconds:,.0f} s" for stage, seconds in one["seconds"].items() if "not" not in stage)
        lines.append(
            f"- Around the grading of {one['students']:,} submissions in {one['parts']} parts, one process: {each}; "
            f"{one['peak_mb']:,} MB. {one['wrong scores']} of {one['rows in the grade book']:,} scores are wrong."
        )
    return lines


def machines() -> list[str]:
    """Which machine measured what, and what was not measured."""
    lines = []
    for name in (
        *TABLES,
        "losses",
        "long_steps",
        "importing",
        "notebooks",
        "testing",
        "checks",
        "grading",
        "scale_out",
    ):
        told = read(name)
        if told is None:
            lines.append(f"- {name}: not measured yet.")
            continue
        machine = told["machine"]
        what = [
            machine.get("processor", machine.get("system", "")),
            machine.get("torch") and f"torch {machine['torch']}",
        ]
        what += [told.get("date", machine.get("when", ""))]
        lines.append(f"- `{told['command']}`: {', '.join(filter(None, what))}.")
    return lines


def made() -> str:
    """All that stands between the markers."""
    parts = [compared(), losses(), long_steps(), notebooks(), testing(), others(), machines()]
    return "\n\n".join("\n".join(part) for part in parts if part)


def page(text: str) -> str:
    """The page with what is between its markers made anew. ValueError if it has no markers."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} should hold the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{made()}\n\n{END}{after}"


def main(check: bool = False) -> int:
    text = PAGE.read_text(encoding="utf-8")
    new = page(text)
    if check and new != text:
        print(f"{PAGE.relative_to(ROOT)} is stale: python benchmarks/table.py")
        return 1
    if not check:
        PAGE.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
