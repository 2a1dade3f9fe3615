"""Of the bridge."""

EQUIVALENT = {
    ("24.squared_distances", "differences = y - x[:, None]"): "squares do not mind the sign",
    ("24.fit_line", "b, w = (0.0, 0.0)"): "both begin at zero",
}
