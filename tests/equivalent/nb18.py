"""Of notebook 18."""

_SQUARE = "weights are over the same tokens on both sides, in every layer"

_EITHER = "the test treats both readers alike"

EQUIVALENT = {
    ("18.coin_toss", "b, a = (int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum()))"): _EITHER,
    ("18.coin_toss", "a, b = (int((right_b & ~right_a).sum()), int((right_a & ~right_b).sum()))"): _EITHER,
    ("18.assemble", "grid = cut.reshape(rows, batch, count // rows, size, size)"): (
        "the two leading axes are merged again at the end, in the same order"
    ),
    ("18.assemble", "return grid.swapaxes(2, 3).reshape(batch, height, -2)"): "NumPy takes any negative size for -1",
    ("18.rollout", "total = torch.eye(weights[-1].shape[-1], dtype=weights[0].dtype)"): _SQUARE,
    ("18.rollout", "total = torch.eye(weights[0].shape[-2], dtype=weights[0].dtype)"): _SQUARE,
    ("18.rollout", "total = torch.eye(weights[0].shape[-1], dtype=weights[-1].dtype)"): "all layers have one type",
    ("18.rollout", "step = (layer.mean(dim=1) + torch.eye(layer.shape[-2], dtype=layer.dtype)) / 2"): _SQUARE,
}
