"""Of notebook 21."""

_EXACT = "two measured curves, or a parabola, are never exactly there"

EQUIVALENT = {
    ("21.crossover", "for k in range(0, len(x)):"): "at the first length a is the cheaper one",
    ("21.crossover", "if gap[k] >= 0:"): _EXACT,
    ("21.delays", "free, waited = (-1.0, [])"): "the first reading comes at 0, and work cannot begin before",
    ("21.accumulate", "W = W.requires_grad_()"): "each call is handed a tensor of its own",
    ("21.accumulate", "targets = sum((len(y) for y, _ in pieces))"): "a piece has as many inputs as targets",
    (
        "21.best_segment",
        "kept = {k: -(-layers // k) + k for k in range(1, layers + 2)}",
    ): "a segment longer than all layers keeps more than one of all layers",
    ("21.bytes_per_rank", "gradients, weights, state = (2, 2, 12)"): "both have two bytes",
    ("21.best_size", "if a >= 0 and x.min() < vertex < x.max():"): _EXACT,
    ("21.best_size", "if a > 0 and x.min() <= vertex < x.max():"): _EXACT,
}
