"""Multi30k as a task: captions of pictures, German to English, for any model with begin and step. For 11 and 14.

Raises DataUnavailable, in one plain line, where the files are not here and cannot be had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from seqlib import expect
from seqlib.data.multi30k import detokenize, lines, multi30k
from seqlib.data.pairs import END, START, pair_batch, pair_vocabularies
from seqlib.data.windows import Vocabulary

# (embedding size, hidden size, batch, words seen less often are unknown)
SIZES = {"live": (32, 64, 32, 12), "cpu": (128, 256, 64, 2), "gpu": (256, 512, 128, 2)}
# BLEU of lower-cased tokens on the test captions of 2016. Source: bentrevett/pytorch-seq2seq, sections 1, 2, 3 and 6.
LADDER = {"LSTM pair": 13.76, "GRU pair": 20.61, "attention": 28.30, "Transformer": 36.52}
LONGEST = 40


def train_captions(make: Callable, size: str, steps: int, seed: int = 0, lr: float = 3e-3, **options) -> tuple:
    """Train make(source vocabulary size, target vocabulary size, E, H): the model, two vocabularies, the history.

    Batches hold captions of about one length, so that there is little padding. `options` are those of train.
    """
    import torch

    from seqlib.runtime import device
    from seqlib.studies.translating_numbers import forced_loss
    from seqlib.training.train import train, warmup_cosine

    embedding_size, hidden_size, batch, least = SIZES[size]
    pairs = sorted(multi30k("train"), key=lambda pair: len(pair[0]))
    words, english = pair_vocabularies(pairs, min_count=least)
    torch.manual_seed(seed)
    model = make(words.size, english.size, embedding_size, hidden_size).to(device())

    def batches(step):
        rng = np.random.default_rng([seed, step])
        first = rng.integers(0, max(1, len(pairs) - 8 * batch))
        return pair_batch([pairs[first + row] for row in rng.choice(8 * batch, batch, replace=False)], words, english)

    schedule = warmup_cosine(steps, min(100, steps // 2))
    options = {"clip": 1.0, "schedule": schedule, "name": "captions"} | options
    return model, words, english, train(model, batches, steps, loss=forced_loss, lr=lr, **options)


def translate_captions(model, words: Vocabulary, english: Vocabulary, part: str = "test") -> list[str]:
    """The captions of a part in English, as text, written greedily."""
    import torch

    from seqlib.models.generate import greedy, until_end

    said, pairs, device = [], multi30k(part), next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        for first in range(0, len(pairs), 100):
            source, _, _ = pair_batch([(source, ()) for source, _ in pairs[first : first + 100]], words, english)
            state = model.begin(source.to(device))
            tokens = greedy(model.step, state, english.id(START), english.id(END), LONGEST)
            said += [detokenize(english.decode(ids)) for ids in until_end(tokens.cpu(), english.id(END))]
    return said


def bleu(said: Sequence[str], part: str = "test") -> float:
    """sacreBLEU of lower-cased text against the raw captions, 0 to 100. Source: Post 2018."""
    import sacrebleu

    right = lines(part, "en")
    return sacrebleu.corpus_bleu(captions(said, right), [right], lowercase=True).score


def captions(said: Sequence[str], right: Sequence[str]) -> list[str]:
    """What was said, if it is a text for each of the right ones; ValueError otherwise."""
    texts = [expect.text(one, "a caption") for one in expect.words(said, "said")]
    if len(texts) != len(right):
        raise ValueError(f"said should hold {len(right)} captions, one for each of this part, got {len(texts)}")
    return texts


def ladder(ours: dict[str, float]) -> tuple[list[str], list[float]]:
    """The published figures and ours, as labels and values from low to high."""
    rungs = {f"tutorial:\n{name}": value for name, value in LADDER.items()}
    rungs |= {f"here:\n{name}": value for name, value in ours.items()}
    order = sorted(rungs, key=rungs.get)
    return order, [rungs[name] for name in order]
