"""Of notebook 22."""

_EMPTY = "zeros of the shape that the two broadcast to: what is read or divided to get it plays no part"
_BROADCAST = "zeros that broadcast to the same shape at the first sum"
_STRICT = "a and b, and q, k and v, have as many steps, so that nothing is left over to complain of"
_SINGLE = "the axis has one entry: its first is its last"

EQUIVALENT = {
    ("22.recurrence", "h, states = (torch.zeros_like(b[:, -1]), [])"): _EMPTY,
    ("22.recurrence", "for a_t, b_t in zip(a.unbind(dim=1), b.unbind(dim=1)):"): _STRICT,
    ("22.recurrence", "for a_t, b_t in zip(a.unbind(dim=1), b.unbind(dim=1), strict=False):"): _STRICT,
    (
        "22.scan_doubling",
        "while reach <= b.shape[1]:",
    ): "one round more, which joins no steps: both stretches are empty",
    ("22.scan", "if steps == 0:"): "one step is then joined with none: the scan of nothing is filled in with its own b",
    (
        "22.scan_backward",
        "later = torch.cat([a[:, 1:], a[:, :1]], dim=1)",
    ): "the last factor multiplies what arrives from after the end, which is nothing",
    (
        "22.scan_backward",
        "later = torch.cat([a[:, 1:], torch.ones_like(a[:, :1])], dim=1)",
    ): "the last factor multiplies what arrives from after the end, which is nothing",
    (
        "22.linear_attention_loop",
        "for q_t, k_t, v_t in zip(q.unbind(-2), k.unbind(-2), v.unbind(-2)):",
    ): _STRICT,
    (
        "22.linear_attention_loop",
        "for q_t, k_t, v_t in zip(q.unbind(-2), k.unbind(-2), v.unbind(-2), strict=False):",
    ): _STRICT,
    ("22.linear_attention_loop", "S = S + k_t[:, ..., None] * v_t[..., None, :]"): "the same axis, named otherwise",
    ("22.linear_attention_loop", "out.append((q_t[..., None, :] @ S)[..., -1, :])"): _SINGLE,
    ("22.delta_rule", "out.append((q[..., t, None, :] @ S)[..., -1, :])"): _SINGLE,
    ("22.linear_attention_loop", "S = torch.zeros_like(v[..., 0, None, :]) if S is None else S"): _BROADCAST,
}
for name in ("22.linear_attention_loop", "22.delta_rule"):
    for made, reason in (
        ("k[..., 0, :, None] / v[..., 0, None, :]", _EMPTY),
        ("k[..., -1, :, None] * v[..., 0, None, :]", _EMPTY),
        ("k[..., 0, :, None] * v[..., -1, None, :]", _EMPTY),
        ("k[..., 0, :, None]", _BROADCAST),
    ):
        EQUIVALENT[name, f"S = torch.zeros_like({made}) if S is None else S"] = reason
