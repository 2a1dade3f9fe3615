"""Of notebook 20."""

_COPY = "the argument of the check asks for no gradients, and a second copy of it changes nothing"
_PAIRS = "texts and classes are as many, so that they pair alike"

EQUIVALENT = {
    (
        "20.kmer_counts",
        "rows, places = (len(letters), letters.shape[-1] - k + 1)",
    ): "letters have two axes, from either end",
    ("20.gradient_times_input", "x = x.detach().requires_grad_(True)"): _COPY,
    ("20.gradient_times_input", "x = x.clone().requires_grad_(True)"): _COPY,
    ("20.gradient_times_input", "return ((g - g.mean(dim=2, keepdim=True)) * x).sum(dim=2)"): (
        "the numbers are the same: only what could be differentiated once more is not cut off"
    ),
    (
        "20.filter_counts",
        "return [x[b, t + j].sum(dim=0) for j in range(width)]",
    ): "a list of rows is compared as a table",
    ("20.reverse_complement", "return x.flip(2, 1)"): "axes are turned round in any order",
    ("20.without_duplicates", "first, known = ({}, {})"): "two empty dictionaries are alike",
    ("20.without_duplicates", "for row, (text, which) in enumerate(zip(sequences, classes)):"): _PAIRS,
    ("20.without_duplicates", "for row, (text, which) in enumerate(zip(sequences, classes, strict=False)):"): _PAIRS,
    (
        "20.without_duplicates",
        "known.setdefault(text, set()).add(which)",
    ): "equal numbers of NumPy are one in a set too",
    ("20.residue_windows", "return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)"): (
        "a view holds the same numbers as its copy"
    ),
}
