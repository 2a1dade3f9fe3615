"""Of notebook 07."""

_FROM_THE_END = "the axes of a tensor may be counted from either end"
_NUMBER = "NumPy's integer and Python's are the same place"
_CPU = "the check runs on the CPU, where every tensor is"

EQUIVALENT = {
    ("07.pack", "mask = torch.arange(lengths.max()) < lengths[:, None]"): _NUMBER,
    ("07.pack", "by_time = x[:, :mask.shape[-1]].transpose(0, 1)"): _FROM_THE_END,
    ("07.viterbi", "path = [best.argmax()]"): _NUMBER,
    ("07.viterbi", "path.append(back[path[-1]])"): _NUMBER,
    ("07.reverse_padded", "steps = torch.arange(x.shape[1])"): _CPU,
    ("07.reverse_padded", "return x[torch.arange(len(x))[:, None], places]"): _CPU,
    ("07.f1_scores", "scores = 2 * hits / np.maximum(said + right, 2)"): (
        "where said and right are 1 together, nothing was hit, and the score is 0"
    ),
    ("07.tag_by_ending", "for length in range(len(word), -1, -1):"): (
        "word[-0:] is the whole word, which was looked up first"
    ),
    ("07.letter_features", "found = (sums + b).relu().masked_fill(~real[:, :, None], -1)"): (
        "a word has a letter, and behind a ReLU no response is below 0"
    ),
    ("07.drop_words", "dropped = (noise < chance) & (tokens > 1)"): "an <unk> that is dropped becomes <unk>",
}
