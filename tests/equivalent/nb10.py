"""Of notebook 10."""

_STRICT = "strict only tells of lists of different lengths, which BLEU has no answer for"

EQUIVALENT = {
    ("10.Decoder", "self.embedding = nn.Embedding(vocabulary_size, embedding_size)"): (
        "padding_idx keeps the padding's row at zero, but no padding is ever read for an answer"
    ),
    ("10.greedy", "tokens = torch.full((len(like),), start)"): "the check runs on the CPU, where every tensor is",
    ("10.greedy", "ended = tokens == end"): "what has ended writes the end mark, so it goes on being ended",
    ("10.best_beams", "log_p, lengths = (part.flatten(1).gather(-1, best) for part in (total, longer))"): (
        "of two axes the last one is number 1"
    ),
    ("10.corpus_bleu", "found = [ngram_matches(c, r, n) for c, r in zip(candidates, references)]"): _STRICT,
    ("10.corpus_bleu", "found = [ngram_matches(c, r, n) for c, r in zip(candidates, references, strict=False)]"): (
        _STRICT
    ),
    ("10.corpus_bleu", "matches, total = map(sum, zip(*found))"): _STRICT,
    ("10.corpus_bleu", "matches, total = map(sum, zip(*found, strict=False))"): _STRICT,
}
