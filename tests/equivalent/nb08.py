"""Of notebook 08."""

_CENTRED = "the inputs are centred, so that a constant added to the targets falls out of the product"

EQUIVALENT = {
    ("08.ridge", "u, v = (x - middle_x, y + middle_y)"): _CENTRED,
    ("08.ridge", "u, v = (x - middle_x, y)"): _CENTRED,
    ("08.ridge", "W = np.linalg.solve(u.T @ u + strength * np.eye(x.shape[-1]), u.T @ v)"): (
        "the axes of an array may be counted from either end"
    ),
    ("08.lag_one", "around = values.mean() - values"): "every distance is multiplied by another one, so signs cancel",
    ("08.fit_ar", "weights = np.linalg.lstsq(design, values[order:])[0]"): (
        "the cut-off below which directions count as missing differs, and none is missing here"
    ),
}
