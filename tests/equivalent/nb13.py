"""Of notebook 13."""

EQUIVALENT = {
    ("13.attention_loop", "powers = [torch.exp(k[s] @ q[t]) for s in range(len(x))]"): "a dot product is symmetric",
    ("13.attention_loop", "return out"): "a list of rows is compared row by row, as the matrix would be",
    (
        "13.order_gap",
        "return (layer(x[:, order]) - layer(x)[:, order]).abs().max()",
    ): "a tensor that holds one number is as good as the number",
    (
        "13.rotary",
        "half, exact = (x.shape[-1] // 2, torch.promote_types(torch.float32, x.dtype))",
    ): "the wider of two types is the same whichever is named first",
    (
        "13.rotary",
        "frequency = base ** (-torch.arange(half, dtype=exact) / half)",
    ): "the device matters only where x lies on a GPU",
    (
        "13.rotary",
        "angles = positions[:, None] * frequency",
    ): "whole numbers times floats are floats: the type and device matter only on a GPU",
    (
        "13.MultiHeadAttention",
        "self.W_k, self.W_q, self.W_v, self.W_o = (nn.Linear(width, width) for _ in range(4))",
    ): "four fresh layers of the same kind, in whichever order they are made",
    (
        "13.MultiHeadAttention",
        "return x.unflatten(-1, (self.heads, -1)).transpose(1, -2)",
    ): "of four axes, the last but one is axis 2",
    (
        "13.MultiHeadAttention",
        "return (self.W_o(read.transpose(1, -2).flatten(2)), weights)",
    ): "of four axes, the last but one is axis 2",
    (
        "13.MultiHeadAttention",
        "return (self.W_o(read.transpose(1, 2).flatten(-2)), weights)",
    ): "of four axes, the last but one is axis 2",
    (
        "13.MultiHeadAttention",
        "q, k = (rotary(part, torch.arange(part.shape[-2])) for part in (q, k))",
    ): "of four axes, the last but one is axis 2",
}
