"""Of notebook 01."""

EQUIVALENT = {
    ("01.token_nll", "tokens, total = (0.0, 0)"): "both begin at zero, whichever of the two zeros is a float",
}
