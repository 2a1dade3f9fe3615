"""Taggers: what is unknown has letters, letters and padding are kept apart, dropped words are rare ones."""

import pytest
import torch
from torch.nn import functional as F

from seqlib.models.bidirectional import BidirectionalEncoder
from seqlib.studies.tagging_text import (
    IGNORE,
    LETTERS,
    UNKNOWN,
    Lexicon,
    SpelledWords,
    Tagger,
    say_tags,
    train_tagger,
)

SENTENCES = [["the", "dog", "sleeps"], ["the", "cats", "sleep", "well"], ["dogs", "run"]]
TAGS = [["D", "N", "V"], ["D", "N", "V", "A"], ["N", "V"]]
NEW = [["the", "cat", "internationalisation"]]
LEXICON = Lexicon.of(SENTENCES, ("D", "N", "V", "A"), also=NEW)


def tagger(**options):
    torch.manual_seed(2)
    return Tagger(LEXICON, width=5, hidden_size=4, filters=6, letter_width=3, **options).double()


def test_words_never_trained_on_share_a_row_and_keep_their_letters():
    numbers = LEXICON.encode(NEW)
    assert numbers.min() > 0 and len(numbers.unique()) == 3
    assert LEXICON.rows[numbers].tolist() == [[LEXICON.words.id("the"), UNKNOWN, UNKNOWN]]
    spelled = ["".join(LEXICON.letters.decode(row[row > 0])) for row in LEXICON.spelling[numbers[0]]]
    assert spelled[:2] == ["the", "cat"] and "<unk>" not in spelled[1] and len(LEXICON.spelling[0]) == LETTERS
    assert LEXICON.counts[LEXICON.words.id("the")] == 2 and LEXICON.counts[UNKNOWN] == 0
    assert LEXICON.spelling[0].sum() == 0 and LEXICON.rows[0] == 0


def test_a_long_word_is_read_at_both_ends():
    word = LEXICON.spelling[LEXICON.kinds.id("internationalisation")]
    ids = [LEXICON.letters.id(letter) for letter in "internat" + "lisation"]
    assert word.tolist() == ids


@pytest.mark.parametrize("two_way", [False, True])
def test_padding_neighbours_and_longer_words_in_the_batch_change_nothing(two_way):
    model, numbers = tagger(two_way=two_way).eval(), LEXICON.encode(SENTENCES)
    alone = model(LEXICON.encode(SENTENCES[:1]))[0]
    torch.testing.assert_close(model(F.pad(numbers, (0, 3)))[0, :3], alone)
    with_long = LEXICON.encode([*SENTENCES, *NEW])
    torch.testing.assert_close(model(with_long)[0, :3], alone)


def test_one_way_sees_nothing_of_what_comes_later():
    for two_way in (False, True):
        model = tagger(two_way=two_way).eval()
        one, other = (model(LEXICON.encode([["the", "dog", last]]))[0, :2] for last in ("sleeps", "run"))
        assert torch.equal(one, other) != two_way


def test_rare_words_are_dropped_in_training_and_their_letters_stay():
    model = tagger(dropout=0.0, drop=1e9)
    numbers = LEXICON.encode(SENTENCES)
    unknown = model.embedding(torch.where(numbers > 0, UNKNOWN, 0))
    x = torch.cat([unknown, model.letters(numbers)], dim=2)
    seen = []
    model.ahead.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model.train()(numbers)
    torch.testing.assert_close(seen[0], x)
    model.eval()(numbers)
    assert not torch.allclose(seen[1], x)


def test_it_learns_the_tags_and_says_them_in_the_order_of_the_sentences():
    model, numbers, tags = tagger(dropout=0.0).float(), LEXICON.encode(SENTENCES), LEXICON.encode_tags(TAGS)
    assert (tags == IGNORE).sum() == 3
    train_tagger(model, numbers, tags, steps=80, lr=2e-2, batch=2)
    said = say_tags(model, numbers, batch=2)
    assert torch.equal(said[tags >= 0], tags[tags >= 0]) and model.training


def test_a_table_that_reads_letters_takes_the_place_of_any_table_and_its_words_are_a_table_of_their_own():
    torch.manual_seed(0)
    table = SpelledWords(
        LEXICON.rows, LEXICON.spelling, LEXICON.counts, len(LEXICON.letters), 12, filters=7, drop=0.0, dropout=0.0
    )
    numbers = LEXICON.encode(SENTENCES)
    words, letters = table.weight[LEXICON.rows[numbers]], table.join(table.letters(numbers))
    torch.testing.assert_close(table(numbers), words + letters)
    assert table.weight.shape == (len(LEXICON.words), 12)
    encoder = BidirectionalEncoder(len(LEXICON.words), 12, 5)
    encoder.embedding = table
    assert encoder(numbers).shape == (*numbers.shape, 10)
    other = LEXICON.kinds.tokens.index("<pad>")
    assert not table.letters(torch.full((1, 3), other)).any(), "padding has no letters"
