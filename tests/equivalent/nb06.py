"""Of notebook 06."""

EQUIVALENT = {
    ("06.gru_step", "r, z = gates(x_t, h_prev, W_xh, W_hh, b_h, b_x)"): "in r and z the two biases are only added",
    ("06.gru_backward", "r, z = gates(x_t, h_prev, W_xh, W_hh, b_h, b_x)"): "in r and z the two biases are only added",
    ("06.reset_before", "r, z = gates(x_t, h_prev, W_xh, W_hh, np.zeros_like(b), b)"): "in r and z they are only added",
    ("06.other_z", "return tuple((part / signs for part in (W_xh, W_hh, b_x, b_h)))"): "each sign is its own inverse",
    ("06.width_for", "H = 0"): "a width of zero always fits, so the loop begins one earlier",
    ("06.width_for", "H = -1"): "a negative width always fits, so the loop begins two earlier",
}
