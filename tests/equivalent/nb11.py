"""Of notebook 11."""

EQUIVALENT = {
    (
        "11.bahdanau_step",
        "context = (weights[:, None] @ memory)[:, -1]",
    ): "the dimension that was added for the product has one place, the first and the last",
}
