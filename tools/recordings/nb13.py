"""The recorded runs of notebook 13: positions, heads, the scale in training.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/13_self_attention.py.
"""

from recordings import notebook, recording

NAMES = (
    "attention",
    "causal_mask",
    "padding_mask",
    "sinusoidal_positions",
    "rotary",
    "MultiHeadAttention",
    "OneHead",
    "LETTERS",
    "KINDS",
    "three_before",
    "backwards",
    "learn_places",
    "ANIMALS",
    "VERBS",
    "WORDS",
    "NUMBER",
    "sentences",
    "TwoAnswers",
    "learn_sentences",
)


@recording
def positions(command, seeds=(0, 1, 2, 3, 4)):
    """Two tasks, four kinds of position, within and beyond the 24 places of the training. About a minute."""
    from seqlib.training import recorded

    here, results = notebook("13", *NAMES), {}
    for kind in here["KINDS"]:
        for seed in seeds:
            _, right = here["learn_places"](here["three_before"], kind, seed)
            results.setdefault(f"three before, {kind}, length 24", []).append(right(24)[3:].mean().item())
            found = right(96)
            for first in range(0, 96, 6):
                share = found[max(first, 3) : first + 6].mean().item()
                results.setdefault(f"three before, {kind}, from {first}", []).append(share)
            _, right = here["learn_places"](here["backwards"], kind, seed)
            for length in (24, 30, 48):
                share = right(length).mean().item()
                results.setdefault(f"backwards, {kind}, length {length}", []).append(share)
    recorded.record(
        "13_positions",
        {},
        results=results,
        seeds=seeds,
        unit="percent right",
        command=command,
        what="One head of width 64 finds the letter three before, or the text backwards: 400 batches of 32 "
        "texts of 24 letters, by the kind of position",
    )


CASES = {
    "1 head": {"heads": 1},
    "2 heads": {"heads": 2},
    "4 heads": {"heads": 4},
    "1 head and a hidden layer": {"heads": 1, "hidden": 128},
    "1 head, who and verb": {"heads": 1, "ask": (0, 2)},
}


@recording
def heads(command, seeds=(0, 1, 2, 3, 4)):
    """Two answers at one word, one to four heads, known and new pairs. Under a minute."""
    from seqlib.training import recorded

    results = {}
    for name, options in CASES.items():
        scores = [notebook("13", *NAMES)["learn_sentences"](seed=seed, **options)[1:] for seed in seeds]
        for pairs, values in zip(("known", "new"), zip(*scores, strict=True), strict=True):
            results[f"{name}, {pairs}"] = list(values)
    recorded.record(
        "13_heads",
        {},
        results=results,
        seeds=seeds,
        unit="percent with both answers right",
        command=command,
        what="Who it is about and who was eaten, read by one attention of width 48 at one word, after 500 "
        "batches of 64 sentences",
    )


@recording
def scale(command, seeds=(0, 1, 2)):
    """The text backwards with scores divided by nothing, the root or the width. About a minute."""
    from seqlib.training import recorded

    here, results = notebook("13", *NAMES), {}
    for width in (16, 64, 256):
        for power in (0, -0.5, -1):
            for seed in seeds:
                _, right = here["learn_places"](here["backwards"], "sinusoidal", seed, 300, width, power)
                results.setdefault(f"width {width}, power {power}", []).append(right(24).mean().item())
    recorded.record(
        "13_scale",
        {},
        results=results,
        seeds=seeds,
        unit="percent right",
        command=command,
        what="The text backwards, 24 letters, one head: scores times its width to a power, 300 batches of 32",
    )
