"""What the leaders of the capstones do: one function each, train for longer, use what is known, and sit a paper.

Each is called with a seed, trains on the CPU, and returns (paper's number, answers) for a paper of that seed's own.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data.genes import planted_order
from seqlib.data.number_words import number_pairs
from seqlib.data.pairs import pair_vocabularies
from seqlib.data.tagging import TAGS, tagging_grammar
from seqlib.data.windows import Vocabulary, pad_batch, sampler
from seqlib.studies.capstones import AHEAD, FRAMES, by_counting, draw_paper, written_text
from seqlib.studies.every_family import make_reader
from seqlib.studies.how_far_back import recall_batch

__all__ = ["LEADERS", "fitted_path"]


def _paper(name: str, seed: int):
    return draw_paper(name, 900_000 + seed)


def _learn(model, batch, steps: int, loss, lr: float = 1e-2):
    from seqlib.training.train import train, warmup_cosine

    schedule = warmup_cosine(steps, 20)
    train(model, batch, steps, loss=loss, lr=lr, clip=1.0, schedule=schedule, name=None)
    return model


def recall(seed: int, steps: int = 500) -> tuple:
    def batch(step):
        rng = np.random.default_rng([seed, step])
        x, y = recall_batch(rng, 32, int(rng.integers(1, 120)))
        return x.argmax(dim=2), y

    model = make_reader("LSTM", 4000, seed, inputs=10, outputs=8, memory=200)
    _learn(model, batch, steps, lambda model, batch: F.cross_entropy(model(batch[0])[:, -1], batch[1]))
    paper = _paper("recall", seed)
    with torch.no_grad():
        return paper.number, model(torch.from_numpy(paper.questions))[:, -1].argmax(dim=1).numpy()


def tag(seed: int, steps: int = 800) -> tuple:
    sentences, tags = tagging_grammar(np.random.default_rng(seed), 8000)
    words, names = Vocabulary.build(sentences), Vocabulary(TAGS)
    x, _, lengths = pad_batch([words.encode(row) for row in sentences])
    y = pad_batch([names.encode(row) for row in tags], pad=-100)[0]
    model = make_reader("LSTM", 40_000, seed, inputs=len(words), outputs=len(TAGS), both=True, memory=16)

    def loss(model, batch):
        return F.cross_entropy(model(batch[0], batch[2]).flatten(0, 1), batch[1].flatten(), ignore_index=-100)

    _learn(model, sampler(x, y, lengths, batch_size=32, seed=seed), steps, loss)
    paper = _paper("tag", seed)
    x, _, lengths = map(torch.from_numpy, pad_batch([words.encode(row) for row in paper.questions]))
    with torch.no_grad():
        said = model(x, lengths).argmax(dim=2)
    return paper.number, [names.decode(row[:n].tolist()) for row, n in zip(said, lengths.tolist(), strict=True)]


class _Finder(nn.Module):
    """Filters, a maximum over three places, a recurrent layer, the maximum over time."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.filters, self.layer = nn.Conv1d(4, width, 8), nn.LSTM(width, width, batch_first=True)
        self.readout = nn.Linear(width, 2)

    def forward(self, letters):
        seen = F.max_pool1d(self.filters(F.one_hot(letters, 4).float().transpose(1, 2)).relu(), 3)
        return self.readout(self.layer(seen.transpose(1, 2))[0].amax(dim=1))


def find(seed: int, steps: int = 1000) -> tuple:
    def batch(step):
        letters, classes, _ = planted_order(np.random.default_rng([seed, step]), 64)
        return torch.from_numpy(letters), torch.from_numpy(classes)

    torch.manual_seed(seed)
    model = _learn(_Finder(), batch, steps, lambda model, batch: F.cross_entropy(model(batch[0]), batch[1]))
    paper = _paper("find", seed)
    with torch.no_grad():
        return paper.number, model(torch.from_numpy(paper.questions)).argmax(dim=1).numpy()


def fitted_path(questions) -> np.ndarray:
    """The reflected straight path nearest to all frames, by trying starts and speeds; where it is AHEAD frames on."""
    speeds, starts = np.linspace(0.02, 0.08, 61), np.linspace(0, 1, 101)
    speeds = np.concatenate([speeds, -speeds])
    times = np.append(np.arange(FRAMES), FRAMES - 1 + AHEAD)
    paths = 1 - np.abs(1 - (starts[:, None, None] + speeds[None, :, None] * times) % 2)
    paths = paths.reshape(-1, len(times))
    seen, ends = paths[:, :FRAMES], paths[:, -1]
    near = np.square(seen).sum(axis=1)
    flat = np.asarray(questions, dtype=float).transpose(0, 2, 1).reshape(-1, FRAMES)
    best = np.array([(near - 2 * seen @ row).argmin() for row in flat])
    return ends[best].reshape(-1, 2)


def forecast(seed: int) -> tuple:
    paper = _paper("forecast", seed)
    return paper.number, fitted_path(paper.questions)


def translate(seed: int, steps: int = 600) -> tuple:
    from seqlib.models.attention import DotScore
    from seqlib.models.seq2seq import AttentionDecoder, AttentionSeq2Seq, Encoder
    from seqlib.studies.translating_numbers import PairTask

    pairs = number_pairs(100, (1, 1), 100, seed=seed)
    task = PairTask(pairs, {}, *pair_vocabularies(pairs), seed=seed, max_steps=8)
    sizes = len(task.source_vocabulary), len(task.target_vocabulary)
    torch.manual_seed(seed)
    model = AttentionSeq2Seq(Encoder(sizes[0], 24, 48), AttentionDecoder(sizes[1], 24, 48, 48, DotScore()))
    task.train(model, steps=steps, lr=8e-3, name=None)
    paper = _paper("translate", seed)
    runs = [" ".join(run).split(" , ") for run in paper.questions]
    numbers = sorted({number for run in runs for number in run})
    said = task.translate(model, [number.split() for number in numbers])
    book = {number: " ".join(words) for number, words in zip(numbers, said, strict=True)}
    return paper.number, [" , ".join(book[number] for number in run).split() for run in runs]


def write(seed: int, steps: int = 400, share: float = 0.35) -> tuple:
    from seqlib.studies.writing_characters import CharacterLSTM, learn_to_write

    ids, characters = written_text()
    torch.manual_seed(seed)
    model = CharacterLSTM(len(characters), 192, 48)
    learn_to_write(model, ids, steps, length=48, lr=0.05, name=None)
    paper = _paper("write", seed)
    with torch.no_grad():
        learned = model(torch.from_numpy(paper.questions))[0][:, -1].softmax(dim=1).numpy()
    return paper.number, np.log((1 - share) * learned + share * np.exp(by_counting(paper.questions)))


LEADERS = {
    "recall": recall, "tag": tag, "find": find, "forecast": forecast, "translate": translate, "write": write,
}  # fmt: skip
