"""Of notebook 09."""

_LAST = "without an axis NumPy takes the last one, which is that of the tokens"

EQUIVALENT = {
    ("09.top_k", "least = np.sort(logits)[:, -k]"): _LAST,
    (
        "09.likeliest",
        "found, waiting = ([], [(-2.0, beginning, False)])",
    ): "every probability is twice as large, and the order stays",
    ("09.bar_units", "left, total = (0.0, 0)"): "a count that is no whole number, and a sum that begins as one",
    ("09.bar_units", "total, left = (0.0, -1)"): "notes outside a triplet only ever find that nothing is left",
    ("09.top_p", "order = np.argsort(-logits)"): _LAST,
    ("09.top_p", "probs = np.take_along_axis(tempered(logits, 1.0), order)"): _LAST,
    ("09.top_p", "stays = np.ones(logits.shape, dtype=bool)"): "every place is written to afterwards",
    (
        "09.top_p",
        "np.put_along_axis(stays, order, before <= p, axis=1)",
    ): "a running sum of random numbers is never exactly p",
    (
        "09.entropy",
        "return -(p * np.log(np.where(p > 0, p, 2))).sum(axis=1)",
    ): "where p is zero it multiplies whatever finite logarithm stands there",
    (
        "09.orthogonalise",
        "X = 3.4445 * X + (-4.775 * A + A @ (2.0315 * A)) @ X",
    ): "a number may be multiplied into either factor of a product",
    (
        "09.frame_nll",
        "costs = np.logaddexp(logits, 0) - frames * logits",
    ): "the sum of two powers does not depend on their order",
}
