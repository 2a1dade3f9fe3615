"""Of notebook 07."""

EQUIVALENT = {
    ("07.tag_by_ending", "for length in range(len(word), -1, -1):"): (
        "word[-0:] is the whole word, which was looked up first"
    ),
    ("07.drop_words", "dropped = (noise < chance) & (tokens > 1)"): "1 is <unk>, and what is dropped becomes <unk>",
    ("07.f1_scores", "scores = 2 * hits / np.maximum(said + right, 2)"): (
        "a class that was said or right once in all has no hit, and scores 0 whatever stands below"
    ),
}
