"""Of notebook 23."""

EQUIVALENT = {
    ("23.longest_context", "return max(0, int(left / ms_per_token))"): (
        "int cuts off what floor division rounds down: only below 0 they differ, and there it is 0 in both"
    ),
    ("23.mean_rank", "equal = (signed[None] == signed[:, None]).sum(axis=0)"): (
        "who is equal to whom reads the same from either side"
    ),
    ("23.tied", "return m[b] - m < (w[b] + w) / 2"): (
        "they differ only where a gap is exactly half the sum of the ranges, or where no seed differs from another"
    ),
}
