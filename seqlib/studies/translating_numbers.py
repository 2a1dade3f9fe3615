"""One task for every sequence-to-sequence model: runs of number words, English to German, in the test longer ones too.

Notebooks 10 (one context vector), 11 (attention) and 14 (Transformer) train on the same pairs, in the same batches,
for the same number of steps, and are asked the same questions:

    task = number_task(seed=0)
    torch.manual_seed(0)
    model = recurrent_pair(task)           # or any model with forward(source, target_in) -> logits (B, T, V) and, to
    history = task.train(model)            # decode, begin(source) -> state, step(tokens, state) -> logits (B, V), state
    task.exact_match(model)                # {numbers in the run: percent translated without one mistake}
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqlib import expect
from seqlib.data.number_words import Pair, number_pairs
from seqlib.data.pairs import END, START, pair_batch, pair_vocabularies
from seqlib.data.windows import Vocabulary
from seqlib.metrics import IGNORE

# The regime: with numbers below 100, runs of 1 to 5, 146,750 parameters and 1000 steps (about 16 s on one thread) the
# recurrent pair has learned short runs and not long ones. One number alone, even a large one, is too easy.
BELOW = 100
TRAINED_ON = (1, 5)  # numbers in a run, fewest and most
ASKED = (1, 2, 3, 4, 5, 6, 7)  # the last two are longer than any in training
TRAIN_PAIRS, TEST_PAIRS = 20_000, 200  # the latter for each length (30 for single numbers: there are only 100)
EMBEDDING_SIZE, HIDDEN_SIZE = 32, 128
BATCH, STEPS, WARMUP, LEARNING_RATE, CLIP = 64, 1000, 50, 4e-3, 1.0


@dataclass(frozen=True)
class PairTask:
    """The pairs, the vocabularies, and what is done with them. Made by `number_task` or `scan_task`.

    train_pairs: a list of pairs (source tokens, target tokens); test_pairs: {group: such a list}, none of them in
    training; the groups of `number_task` are the numbers in a run. max_steps: no translation is longer.
    """

    train_pairs: Sequence
    test_pairs: Mapping[int | str, Sequence]
    source_vocabulary: Vocabulary
    target_vocabulary: Vocabulary
    seed: int = 0
    max_steps: int = 40

    def batch(self, pairs: Sequence) -> tuple:
        """These pairs as tensors: source (B, S), target_in (B, T), target_out (B, T)."""
        return pair_batch(pairs, self.source_vocabulary, self.target_vocabulary)

    def sampler(self, step: int) -> tuple:
        """The batch of one training step: of a task, the same for every model."""
        rows = np.random.default_rng([self.seed, step]).integers(0, len(self.train_pairs), BATCH)
        return self.batch([self.train_pairs[row] for row in rows])

    def train(self, model, steps: int = STEPS, lr: float = LEARNING_RATE, loss=None, name="number words", **options):
        """Train in place with teacher forcing: AdamW, the rate warmed up and down to 0. Returns the History.

        In a notebook: task.train(model, steps=budget(cpu=STEPS)). `options` are those of seqlib.training.train.train.
        """
        from seqlib.training.train import train, warmup_cosine

        schedule = warmup_cosine(steps, min(WARMUP, steps // 2))
        options = {"clip": CLIP, "schedule": schedule, "name": name} | options
        return train(model, self.sampler, steps, loss=loss or forced_loss, lr=lr, **options)

    def translate(self, model, sources: Sequence[Sequence[str]]) -> list[list[str]]:
        """The model's greedy translations of some sources, as lists of tokens without the end mark."""
        import torch

        from seqlib.models.generate import greedy, until_end

        device = next(model.parameters()).device
        source = self.batch([(source, ()) for source in sources])[0].to(device)
        start, end = self.target_vocabulary.id(START), self.target_vocabulary.id(END)
        training = model.training
        model.eval()
        with torch.no_grad():
            tokens = greedy(model.step, model.begin(source), start, end, self.max_steps)
        model.train(training)
        return [self.target_vocabulary.decode(ids) for ids in until_end(tokens.cpu(), end)]

    def exact_match(self, model, pairs: Mapping | None = None) -> dict[int | str, float]:
        """Percent of each group (of the test, unless given) translated without one mistake; greedy decoding."""
        found = {}
        for numbers, asked in (self.test_pairs if pairs is None else pairs).items():
            said = self.translate(model, [source for source, _ in asked])
            right = [tuple(words) == tuple(target) for words, (_, target) in zip(said, asked, strict=True)]
            found[numbers] = 100 * float(np.mean(right))
        return found

    def word_for_word(self) -> dict[int, float]:
        """The same measure of a baseline: each morph by itself, as the gold alignment of training translates it most.

        It gets the words right and the order wrong: "vierzig zwei", without its "und".
        """
        seen = defaultdict(Counter)
        for pair in self.train_pairs:
            for s, t in pair.links:
                seen[pair.source[s]][pair.target[t]] += 1
        book = {word: counts.most_common(1)[0][0] for word, counts in seen.items()}
        found = {}
        for numbers, asked in self.test_pairs.items():
            said = [tuple(book[word] for word in pair.source if word in book) for pair in asked]
            right = [words == pair.target for words, pair in zip(said, asked, strict=True)]
            found[numbers] = 100 * float(np.mean(right))
        return found

    def reversed(self) -> PairTask:
        """The same task with every source read backwards. Source: Sutskever et al. 2014, §3.3."""
        return replace(
            self,
            train_pairs=[backwards(pair) for pair in self.train_pairs],
            test_pairs={numbers: [backwards(pair) for pair in asked] for numbers, asked in self.test_pairs.items()},
        )


def number_task(seed: int = 0, language: str = "de") -> PairTask:
    """The task of one seed: 20,000 training pairs of 1 to 5 numbers below 100, test pairs of 1 to 7 of them.

    The seed draws pairs and batches; seed the model by itself. language: "de" or "fr".
    """
    test = {}
    for numbers in ASKED:
        count = TEST_PAIRS if numbers > 1 else 30
        test[numbers] = number_pairs(count, (numbers, numbers), BELOW, language, seed=10_000 + 100 * seed + numbers)
    held_out = [pair for asked in test.values() for pair in asked]
    train = number_pairs(TRAIN_PAIRS, TRAINED_ON, BELOW, language, seed=seed, exclude=held_out)
    return PairTask(train, test, *pair_vocabularies(train), seed)


def scan_task(split: str = "simple", count: int = 500, seed: int = 0) -> PairTask:
    """SCAN as such a task; its groups are "training" and "test", `count` pairs drawn from each part.

    Raises DataUnavailable where the files are not here and cannot be had.
    """
    from seqlib.data.scan import scan

    rng = np.random.default_rng(seed)
    parts = {"training": scan(split, "train", quiet=True), "test": scan(split, "test", quiet=True)}
    asked = {name: [pairs[i] for i in rng.permutation(len(pairs))[:count]] for name, pairs in parts.items()}
    # The longest answer has 48 actions: a limit taken from the training part of the length split would be 22.
    return PairTask(parts["training"], asked, *pair_vocabularies(parts["training"]), seed, max_steps=60)


def recurrent_pair(task: PairTask, hidden_size=HIDDEN_SIZE, context_size=None, layer="gru"):
    """The encoder and decoder of notebook 10 for this task: one context vector, context_size wide if given."""
    from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq

    encoder = Encoder(len(task.source_vocabulary), EMBEDDING_SIZE, hidden_size, layer)
    decoder = Decoder(len(task.target_vocabulary), EMBEDDING_SIZE, hidden_size, context_size or encoder.size, layer)
    return Seq2Seq(encoder, decoder, context_size)


def forced_loss(model, batch):
    """Teacher forcing: the cross entropy of each next token given the true ones before it, in nats per token."""
    from torch.nn import functional as F

    source, target_in, target_out = batch
    expect.some(target_out != IGNORE)
    return F.cross_entropy(model(source, target_in).flatten(0, 1), target_out.flatten(), ignore_index=IGNORE)


def backwards(pair: Pair) -> Pair:
    """A pair whose source is read backwards, its links turned with it."""
    last = len(pair.source) - 1
    return Pair(pair.source[::-1], pair.target, tuple((last - s, t) for s, t in pair.links))
