"""Of notebook 12."""

_SAME = "both sides are treated alike, so that it makes no difference which is called which"
_STRICT = "the lists that the check gives have the same length, so strict or not makes no difference"

EQUIVALENT = {
    ("12.caption_scores", "hits, exact, words = (0, 0, 0)"): "three zeros, whichever is made first",
    ("12.caption_scores", "for ours, right in zip(said, true):"): _STRICT,
    ("12.caption_scores", "for ours, right in zip(said, true, strict=False):"): _STRICT,
    ("12.caption_scores", "hits += sum((a == b for b, a in zip(ours, right, strict=False)))"): _SAME,
    ("12.caption_scores", "hits += sum((a == b for a, b in zip(right, ours, strict=False)))"): _SAME,
    ("12.caption_scores", "hits += sum((a == b for a, b in zip(ours, right)))"): "not strict is what zip is by itself",
    (
        "12.what_went_wrong",
        "digits, said_digits = ([word for word in words if word in DIGITS] for words in (said, true))",
    ): _SAME,
    (
        "12.what_went_wrong",
        "said_digits, digits = ([word for word in words if word in DIGITS] for words in (true, said))",
    ): _SAME,
    (
        "12.what_went_wrong",
        "rest, said_rest = ([word for word in words if word not in (*DIGITS, 'a', 'an')] for words in (said, true))",
    ): _SAME,
    (
        "12.what_went_wrong",
        "said_rest, rest = ([word for word in words if word not in ('a', *DIGITS, 'an')] for words in (said, true))",
    ): _SAME,
    (
        "12.what_went_wrong",
        "said_rest, rest = ([word for word in words if word not in (*DIGITS, 'a', 'an')] for words in (true, said))",
    ): _SAME,
    ("12.held_out_split", "test, train = ([], [])"): "two empty lists, whichever is made first",
    ("12.held_out_split", "leaks = any((a in digits and b in digits for b, a in pairs))"): _SAME,
    ("12.patches", "cut = pictures.reshape(height // size, batch, size, width // size, size)"): (
        "the two leading axes are merged again at the end, in the same order"
    ),
    ("12.patches", "return cut.swapaxes(2, 3).reshape(batch, -2, size * size)"): "NumPy takes any negative size for -1",
    ("12.caption_loss", "log_p = logits[real].log_softmax(1)"): "the last axis of two is axis 1",
    ("12.caption_loss", "log_p = logits[real].log_softmax(--1)"): "the last axis of two is axis 1",
    ("12.caption_loss", "return -log_p.gather(-1, targets[real][:, None]).mean()"): "the last axis of two is axis 1",
    ("12.write_caption", "word = logits[0].argmax()"): "a tensor of one number is fed and compared like the number",
    ("12.write_caption", "word = int(logits[-1].argmax())"): "there is one row only: the first one is the last",
}
