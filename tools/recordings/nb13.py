"""The recorded runs of notebook 13: positions, heads, the scale in training.

The code that trains is the notebook's own: its definitions are read, by name, from solutions/13_self_attention.py.
"""

from recordings import at_best_rate, notebook, recording

NAMES = (
    "attention",
    "causal_mask",
    "padding_mask",
    "sinusoidal_positions",
    "rotary",
    "alibi",
    "MultiHeadAttention",
    "OneHead",
    "LETTERS",
    "KINDS",
    "three_before",
    "backwards",
    "underlined",
    "learn_places",
    "ANIMALS",
    "VERBS",
    "WORDS",
    "NUMBER",
    "sentences",
    "TwoAnswers",
    "both_right",
    "learn_sentences",
)


TASKS = ("three_before", "underlined", "backwards")
RATES = (1e-3, 3e-3, 9e-3)


@recording
def positions(command, seeds=(0, 1, 2)):
    """Three tasks, five kinds of position, within and beyond the 24 places of the training; rates swept."""
    from seqlib.training import recorded

    here, results = notebook("13", *NAMES), {}
    for kind in here["KINDS"]:
        for task in TASKS:

            def run(lr, seed, kind=kind, task=task):
                return here["learn_places"](here[task], kind, seed, lr=lr)

            # Chosen within the trained length, where ends do not count, by the places' mean.
            judge = lambda made: made[1](24)[3:].mean()  # noqa: E731
            _, runs = at_best_rate(results, f"{task}, {kind}", RATES, run, judge, max, seeds)
            for stretch in (1.0, 4.0) if kind == "rotary" else (1.0,):
                label = f"{task}, {kind}" + (", stretched" if stretch > 1 else "")
                for model, right in runs:
                    model.stretch = stretch
                    results.setdefault(f"{label}, length 24", []).append(right(24)[3:].mean().item())
                    share = right(30).mean().item()
                    results.setdefault(f"{label}, length 30", []).append(share)
                    share = right(96)
                    for first in range(0, 96, 12):
                        told = share[max(first, 3) : first + 12].mean().item()
                        results.setdefault(f"{label}, from {first}", []).append(told)
    recorded.record(
        "13_positions",
        {},
        results=results,
        seeds=seeds,
        unit="percent right",
        command=command,
        what="One head of width 64 finds the letter three before, the underlined letter, or the text backwards: 400 "
        "batches of 32 texts of 24 letters, by the kind of position, each at its best rate",
    )


CASES = {
    "1 head": {"heads": 1},
    "2 heads": {"heads": 2},
    "1 head, a layer after": {"heads": 1, "after": True},
    "1 head, a layer before": {"heads": 1, "before": True},
    "1 head, twice, layers before": {"heads": 1, "before": True, "layers": 2},
    "1 head, who and verb": {"heads": 1, "ask": (0, 2)},
}


@recording
def heads(command, seeds=(0, 1, 2), steps=800):
    """Two answers at one word: one head, two, and what else one head may be given; rates swept."""
    from seqlib.training import recorded

    here, results = notebook("13", *NAMES), {}
    for name, options in CASES.items():

        def run(lr, seed, options=options):
            return here["learn_sentences"](seed=seed, steps=steps, lr=lr, **options)

        def right(model, seed=1, options=options):
            return here["both_right"](model, options.get("ask", (0, 1)), seed)

        # Chosen on other sentences, of known pairs and of new ones, than those that are reported.
        judge = lambda model, right=right: sum(right(model, 2))  # noqa: E731
        _, models = at_best_rate(results, name, (3.5e-3, 7e-3, 1.4e-2), run, judge, max, seeds)
        scores = [right(model) for model in models]
        results[f"{name}, parameters"] = [sum(p.numel() for p in model.parameters()) for model in models]
        for k, pairs in enumerate(("known", "new")):
            results[f"{name}, {pairs}"] = [each[k] for each in scores]
    recorded.record(
        "13_heads",
        {},
        results=results,
        seeds=seeds,
        unit="percent with both answers right",
        command=command,
        what=f"Who it is about and who was eaten, read by attention of width 48 at one word, after {steps} "
        "batches of 64 sentences, each case at its best rate",
    )


@recording
def scale(command, seeds=(0, 1, 2)):
    """The text backwards with scores divided by nothing, the root or the width: at one rate, and at each one's best."""
    from seqlib.training import recorded

    here, results = notebook("13", *NAMES), {}
    for width in (16, 64, 256):
        for power in (0, -0.5, -1):

            def run(lr, seed, width=width, power=power):
                right = here["learn_places"](here["backwards"], "sinusoidal", seed, 300, width, power, lr)[1]
                return right(24).mean().item()

            label = f"width {width}, power {power}"
            told, found = at_best_rate(results, label, RATES, run, float, max, seeds)
            results[f"{label}, best rate"] = found
            results[label] = [told[3e-3], *(run(3e-3, seed) for seed in seeds[1:])]
    recorded.record(
        "13_scale",
        {},
        results=results,
        seeds=seeds,
        unit="percent right",
        command=command,
        what="The text backwards, 24 letters, one head: scores times its width to a power, 300 batches of 32; at rate "
        "0.003, and at the best of three to five rates",
    )
