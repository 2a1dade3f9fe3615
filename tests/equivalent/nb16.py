"""Of notebook 16."""

_FROM_THE_END = "the axes of a tensor may be counted from either end"

EQUIVALENT = {
    ("16.language_loss", "real = torch.arange(1, tokens.shape[-1]) < lengths[:, None]"): _FROM_THE_END,
    (
        "16.language_loss",
        "log_p = logits[:, :].log_softmax(dim=2).gather(2, tokens[:, 1:, None])[..., 0]",
    ): "gather reads as many places as it has targets, so that the last one is never read",
    (
        "16.language_loss",
        "log_p = logits[:, :-1].log_softmax(dim=2).gather(2, tokens[:, 1:, None])[..., -1]",
    ): "the last axis has one entry: its first is its last",
    ("16.attend", "kept, new, total = ((k, v), q.shape[-2], k.shape[2])"): _FROM_THE_END,
    ("16.attend", "kept, new, total = ((k, v), q.shape[2], k.shape[-2])"): _FROM_THE_END,
    ("16.prefix_score", "t = torch.arange(period, weights.shape[2])"): "each head has as many rows as columns",
    ("16.prefix_score", "t = torch.arange(period, weights.shape[-1])"): "each head has as many rows as columns",
    ("16.previous_score", "t = torch.arange(1, weights.shape[2])"): "each head has as many rows as columns",
    ("16.previous_score", "t = torch.arange(1, weights.shape[-1])"): "each head has as many rows as columns",
    (
        "16.attend",
        "return (attention(q, k, v, cached_mask(new, total))[0], kept)",
    ): "on the CPU, where the check runs, everything is on the same device",
}
