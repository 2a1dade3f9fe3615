"""Nothing that counts, rows of padding, padding at the beginning: where an answer would be nan or wrong, an error."""

import numpy as np
import pytest
import torch
from torch import nn

from seqlib.studies import (
    how_a_protein_folds,
    judging_reviews,
    seven_tasks,
    tagging_text,
    translating_better,
    translating_numbers,
    what_a_state_holds,
    what_each_part_does,
    what_sounds_next,
)

NONE = torch.full((2, 3), -100)
TOKENS = torch.tensor([[1, 2, 3], [3, 2, 1]])


class Answers(nn.Module):
    """Logits (B, T, 5) for whatever it reads."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(9, 5)

    def forward(self, x, *others):
        return self.table(others[0] if others and others[0].ndim == 2 else x)


def reviews_of_one_word():
    reviewer = judging_reviews.Reviewer(9, 3, 4, two_way=True)
    return judging_reviews.WordModel(reviewer, 9).loss(torch.tensor([[3, 0], [4, 0]]))


def frames_of_one():
    class Frames(nn.Linear):
        def forward(self, x, state=None):
            return super().forward(x), state

    one, two = (np.ones((frames, 4), dtype=np.float32) for frames in (1, 2))
    return what_sounds_next.learn_frames(Frames(4, 4), [one] * 3, [two], 1, name=None)


NOTHING = {
    "forced_loss": lambda: translating_numbers.forced_loss(Answers(), (TOKENS, TOKENS, NONE)),
    "smoothed_loss": lambda: translating_better.smoothed_loss(Answers(), (TOKENS, TOKENS, NONE)),
    "train_tagger": lambda: tagging_text.train_tagger(Answers(), TOKENS, NONE, 1),
    "nats": lambda: seven_tasks.nats(Answers(), (TOKENS, NONE)),
    "squares": lambda: seven_tasks.squares(Answers(), (TOKENS, torch.full((2, 3, 5), torch.nan))),
    "right": lambda: seven_tasks.right(Answers(), (TOKENS, NONE)),
    "whole rows right": lambda: seven_tasks.right(Answers(), (TOKENS, NONE), whole=True),
    "accuracy of what is asked": lambda: what_a_state_holds.accuracy(Answers(), TOKENS, NONE),
    "held_out of too little": lambda: what_a_state_holds.held_out(Answers(), np.arange(5)),
    "q3": lambda: how_a_protein_folds.q3(TOKENS, NONE),
    "q3_by_protein": lambda: how_a_protein_folds.q3_by_protein(TOKENS, torch.cat([TOKENS[:1], NONE[:1]])),
    "confidence": lambda: what_each_part_does.confidence(Answers(), (TOKENS, TOKENS, NONE)),
    "reviews of one word": reviews_of_one_word,
    "pieces of one frame": frames_of_one,
}


@pytest.mark.parametrize("what", NOTHING)
def test_a_mean_over_nothing_is_an_error(what):
    with pytest.raises(ValueError, match=r"expected at least one .* that counts|length of ids.* at least 1, got 0"):
        NOTHING[what]()


def a_lexicon():
    sentences = [["the", "film", "was", "good"], ["a", "play"]]
    return tagging_text.Lexicon.of(sentences, ["DET", "NOUN", "VERB", "ADJ"])


LEFT = torch.tensor([[0, 0, 3, 2], [2, 3, 2, 3]])
MISPLACED = {
    "a review padded at the beginning": lambda: judging_reviews.Reviewer(9, 3, 4)(LEFT),
    "a review of padding alone": lambda: judging_reviews.Reviewer(9, 3, 4)(torch.tensor([[0, 0], [3, 2]])),
    "the mean over a review of padding": lambda: judging_reviews.Reviewer(9, 3, 4, ("mean",))(torch.tensor([[0]])),
    "a review without a batch": lambda: judging_reviews.Reviewer(9, 3, 4)(torch.tensor([3, 2])),
    "a protein padded at the beginning": lambda: how_a_protein_folds.FoldReader(4)(
        torch.tensor([[how_a_protein_folds.NOBODY, 3, 2]])
    ),
    "a sentence padded at the beginning": lambda: tagging_text.Tagger(a_lexicon(), 4, 5)(LEFT),
}


@pytest.mark.parametrize("what", MISPLACED)
def test_padding_that_would_be_read_is_an_error(what):
    with pytest.raises(ValueError, match="should have (its padding|a real token|shape)"):
        MISPLACED[what]()
