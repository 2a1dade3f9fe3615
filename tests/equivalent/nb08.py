"""Of notebook 08."""

EQUIVALENT = {
    ("08.lag_one", "around = values.mean() - values"): "every distance is multiplied by another one, so signs cancel",
    ("08.fit_ar", "weights = np.linalg.lstsq(design, values[order:])[0]"): (
        "the cut-off below which directions count as missing differs, and none is missing here"
    ),
}
