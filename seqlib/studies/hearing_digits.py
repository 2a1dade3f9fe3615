"""From sound to digits: features, networks that listen, how they are trained and scored, and a threshold beside them.

Sounds are 8,000 samples a second. Features are log-mel powers (B, T, F) of frames 32 ms long, one each 16 ms. Digits
are numbers 1 … 10 ("0" is 1), 0 is the blank of CTC and the padding of targets (B, U).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib.data.spoken import Spoken, strung_together
from seqlib.data.tones import COLUMN_HZ, KEYS, RATE, ROW_HZ, Call, calls
from seqlib.models.attention import AdditiveScore
from seqlib.models.generate import greedy, until_end
from seqlib.models.seq2seq import AttentionDecoder
from seqlib.training import recorded
from seqlib.training.train import History, train, warmup_cosine

__all__ = [
    "BANDS", "BLANK", "HOP", "SIZE", "SYMBOLS", "TESTS", "AttentionListener", "Listener", "batch_of",
    "bracketed", "by_threshold", "collapsed",
    "ctc_loss", "cut_evenly", "digit_errors", "distance", "drawn", "even_loss", "features", "held_out", "on_record",
    "random_strings", "rates_tried", "scored",
    "seconds_of", "shares", "speech_batch",
    "spelled", "spikes", "strings_of", "targets_of", "tone_batch", "train_listener",
    "threshold_errors", "tune_threshold", "verdicts",
]  # fmt: skip

SIZE, HOP, BANDS = 256, 128, 40  # samples a frame, samples from frame to frame, mel bands
BLANK, SYMBOLS = 0, "–0123456789"
START, END = len(SYMBOLS), len(SYMBOLS) + 1  # marks of the decoder with attention
SNR, LENGTHS = (-5.0, 0.0), (3, 6)  # decibels, digits: what is trained on
TESTS = {f"{snr} dB": (LENGTHS, float(snr)) for snr in (5, 0, -5, -10)} | {"12 digits": ((12, 12), SNR)}


# -- features --------------------------------------------------------------------------------------------------------


@cache
def _bank() -> torch.Tensor:
    """Triangular filters (SIZE / 2 + 1, BANDS), evenly spaced in mel = 1127 ln(1 + f / 700) from 0 Hz to RATE / 2."""
    top = 1127 * np.log1p(RATE / 2 / 700)
    corners = 700 * np.expm1(np.linspace(0, top, BANDS + 2) / 1127)
    hertz = np.arange(SIZE // 2 + 1)[:, None] * RATE / SIZE
    up = (hertz - corners[:-2]) / np.diff(corners)[:-1]
    down = (corners[2:] - hertz) / np.diff(corners)[1:]
    return torch.tensor(np.clip(np.minimum(up, down), 0, None), dtype=torch.float32)


def features(signals) -> torch.Tensor:
    """Signals (B, N) -> log-mel features (B, T, BANDS), shifted and scaled by constants."""
    frames = torch.as_tensor(np.asarray(signals), dtype=torch.float32).unfold(1, SIZE, HOP)
    power = torch.fft.rfft(frames * torch.hann_window(SIZE)).abs().square()
    return ((power @ _bank() + 1).log() - 6) / 2


def seconds_of(frame) -> np.ndarray:
    """The middle of a frame, in seconds."""
    return (np.asarray(frame) * HOP + SIZE / 2) / RATE


# -- strings and batches ---------------------------------------------------------------------------------------------


def random_strings(rng: np.random.Generator, count: int, lengths: tuple[int, int] = LENGTHS) -> list[str]:
    """Strings of digits, each digit as likely as any other, their lengths in a range with both ends."""
    return ["".join(rng.choice(list("0123456789"), rng.integers(lengths[0], lengths[1] + 1))) for _ in range(count)]


def targets_of(strings: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Digits as numbers, padded with 0: targets (B, U), and their lengths (B,)."""
    rows = [torch.tensor([SYMBOLS.index(digit) for digit in s], dtype=torch.long) for s in strings]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True), torch.tensor([len(s) for s in strings])


def spelled(numbers) -> str:
    """Numbers as the digits that they stand for."""
    return "".join(SYMBOLS[int(k)] for k in numbers)


def strings_of(batch: tuple) -> list[str]:
    """The true strings of a batch."""
    return [spelled(row[:n]) for row, n in zip(batch[1], batch[2], strict=True)]


def drawn(seed, size: int = 16, lengths=LENGTHS, snr=SNR, talking: bool = True) -> list[Call]:
    """Calls drawn by a seed."""
    rng = np.random.default_rng(seed)
    return calls(rng, random_strings(rng, size, lengths), snr, talking)


def tone_batch(seed, size: int = 16, lengths=LENGTHS, snr=SNR) -> tuple:
    """Calls drawn by a seed: features (B, T, F), targets (B, U), lengths (B,), labels of an even cut (B, T)."""
    return batch_of(drawn(seed, size, lengths, snr))


def held_out(name: str, size: int = 100, talking: bool = True) -> list[Call]:
    """The calls that everything is tested on: `name` is one of TESTS."""
    lengths, snr = TESTS[name]
    return drawn(
        [10**6, list(TESTS).index(name)], size if lengths == LENGTHS else max(2, size // 2), lengths, snr, talking
    )


def batch_of(made: Sequence[Call]) -> tuple:
    """Calls as a batch: features (B, T, F), targets (B, U), lengths (B,), labels of an even cut (B, T)."""
    x = features(np.stack([c.signal for c in made]))
    targets, counts = targets_of([c.digits for c in made])
    return x, targets, counts, cut_evenly(targets, counts, x.shape[1])


def speech_batch(recordings: Sequence[Spoken], seed, size: int = 16, lengths=(1, 3)) -> tuple:
    """Strings of recordings, each string by one speaker: features (B, T, F), targets (B, U), lengths (B,)."""
    rng = np.random.default_rng(seed)
    by = {who: [s for s in recordings if s.speaker == who] for who in sorted({s.speaker for s in recordings})}
    speakers = [by[who] for who in rng.choice(list(by), size)]
    rows = [[own[k] for k in rng.integers(len(own), size=rng.integers(lengths[0], lengths[1] + 1))] for own in speakers]
    signals, strings = strung_together(rng, rows)
    return features(signals), *targets_of(strings)


def cut_evenly(targets: torch.Tensor, lengths: torch.Tensor, steps: int) -> torch.Tensor:
    """A label for each frame (B, T), as if every digit took the same time: what one does who has no alignment."""
    place = torch.arange(steps)[None] * lengths[:, None] // steps
    return targets.gather(1, place)


# -- networks --------------------------------------------------------------------------------------------------------


class Listener(nn.Module):
    """A GRU over the features and a readout at every frame: x (B, T, F) -> log p (B, T, V), V = 11 with the blank.

    two_way=False reads from left to right only, so that frame t depends on nothing after it: a stream can be heard as
    it comes (`forward(x, state)` goes on from a state; the last one is kept in `self.state`).
    """

    def __init__(self, hidden_size: int = 64, two_way: bool = True, layers: int = 1):
        super().__init__()
        self.encoder = nn.GRU(BANDS, hidden_size, layers, batch_first=True, bidirectional=two_way)
        self.readout = nn.Linear(hidden_size * (1 + two_way), len(SYMBOLS))
        self.state = None

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> torch.Tensor:
        states, last = self.encoder(x, state)
        self.state = last.detach()
        return self.readout(states).log_softmax(dim=2)

    def transcribe(self, x: torch.Tensor) -> list[str]:
        with torch.no_grad():
            return [spelled(collapsed(row)) for row in self(x.to(self.readout.weight)).argmax(dim=2).tolist()]


class AttentionListener(nn.Module):
    """The same encoder, and the decoder with attention of notebook 11 in the place of CTC.

    forward(x, target_in) -> logits (B, U, V + 2): START and END come after the symbols.
    """

    def __init__(self, hidden_size: int = 64):
        super().__init__()
        self.encoder = nn.GRU(BANDS, hidden_size, batch_first=True, bidirectional=True)
        memory = 2 * hidden_size
        self.decoder = AttentionDecoder(
            len(SYMBOLS) + 2, 32, hidden_size, memory, AdditiveScore(hidden_size, memory, 64)
        )

    def begin(self, x: torch.Tensor) -> tuple:
        memory, last = self.encoder(x)
        everywhere = torch.ones(memory.shape[:2], dtype=torch.bool, device=x.device)
        return self.decoder.begin(memory, everywhere, last.transpose(0, 1).flatten(1))

    def forward(self, x: torch.Tensor, target_in: torch.Tensor) -> torch.Tensor:
        return self.decoder(target_in, self.begin(x))[0]

    def weights(self, x: torch.Tensor, target_in: torch.Tensor) -> torch.Tensor:
        return self.decoder(target_in, self.begin(x))[2]

    def step(self, tokens: torch.Tensor, state: tuple) -> tuple:
        logits, state, _ = self.decoder(tokens[:, None], state)
        return logits[:, 0], state

    def transcribe(self, x: torch.Tensor, most: int = 24) -> list[str]:
        with torch.no_grad():
            written = until_end(greedy(self.step, self.begin(x.to(self.decoder.readout.weight)), START, END, most), END)
        return [spelled(k for k in row if 0 < k < START) for row in written]


# -- losses and training ---------------------------------------------------------------------------------------------


def ctc_loss(model: Listener, batch: tuple) -> torch.Tensor:
    """-log p(target) by torch's own CTC, a mean over strings of nats per digit."""
    x, targets, lengths = batch[:3]
    log_p = model(x)
    steps = torch.full((len(x),), log_p.shape[1])
    return F.ctc_loss(log_p.transpose(0, 1), targets, steps, lengths, blank=BLANK)


def even_loss(model: Listener, batch: tuple) -> torch.Tensor:
    """Cross entropy with the labels of an even cut, frame by frame: no alignment, no CTC."""
    return F.nll_loss(model(batch[0]).flatten(0, 1), batch[3].flatten())


def attention_loss(model: AttentionListener, batch: tuple) -> torch.Tensor:
    """Teacher forcing: nats per symbol, the end mark included."""
    x, targets, lengths = batch[:3]
    first = torch.full_like(targets[:, :1], START)
    target_in = torch.cat([first, targets], dim=1)
    target_out = torch.cat([targets, torch.zeros_like(first)], dim=1).scatter(1, lengths[:, None], END)
    places = torch.arange(target_out.shape[1], device=x.device)
    target_out = target_out.masked_fill(places[None] > lengths[:, None], -100)
    return F.cross_entropy(model(x, target_in).flatten(0, 1), target_out.flatten())


@lru_cache(maxsize=512)
def _kept_batch(seed: int, step: int) -> tuple:
    """A batch of calls, kept, for the next listener that hears the same ones."""
    return tone_batch([seed, step])


def train_listener(
    model: nn.Module, steps: int, *, lr: float = 5e-3, seed: int = 0, loss: Callable | None = None,
    sampler: Callable | None = None, evaluate: Callable | None = None, every: int | None = None, name="listening",
) -> History:  # fmt: skip
    """Train on fresh calls, 16 a step: AdamW, a warm-up of 20 steps, then a cosine to zero, gradients clipped at 1."""
    loss = loss or (attention_loss if isinstance(model, AttentionListener) else ctc_loss)
    draw = sampler or (lambda step: _kept_batch(seed, step))
    schedule = warmup_cosine(steps, min(20, steps))
    return train(model, draw, steps, loss=loss, lr=lr, clip=1.0, schedule=schedule, evaluate=evaluate, every=every,
                 name=name)  # fmt: skip


# -- scores ----------------------------------------------------------------------------------------------------------


def collapsed(path: Sequence[int]) -> list[int]:
    """A path as what it spells: repetitions merged, then blanks taken out."""
    return [k for k, before in zip(path, [None, *path[:-1]], strict=True) if k != before and k != BLANK]


def distance(said: Sequence, true: Sequence) -> int:
    """The fewest insertions, deletions and substitutions between two sequences."""
    row = list(range(len(true) + 1))
    for i, a in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(true, 1):
            before, row[j] = row[j], min(before + (a != b), row[j] + 1, row[j - 1] + 1)
    return row[-1]


def digit_errors(said: Sequence[str], true: Sequence[str]) -> float:
    """The digit error rate: all edits over all true digits."""
    return sum(map(distance, said, true)) / sum(map(len, true))


def spikes(model: Listener, made: Sequence[Call]) -> np.ndarray:
    """By how many seconds the first frame that says a digit comes after the start of its tone, digit by digit.

    Only calls that are transcribed rightly are counted.
    """
    with torch.no_grad():
        paths = model(features(np.stack([c.signal for c in made])).to(model.readout.weight)).argmax(dim=2).tolist()
    late = []
    for path, call in zip(paths, made, strict=True):
        first = [t for t, k in enumerate(path) if k != BLANK and (t == 0 or path[t - 1] != k)]
        if spelled(collapsed(path)) == call.digits:
            # A frame is known once its last sample has come.
            late += [(t * HOP + SIZE - start) / RATE for t, start in zip(first, call.starts, strict=True)]
    return np.array(late)


def scored(kind: str, model: nn.Module, size: int = 100) -> dict[str, list[float]]:
    """What is recorded of one trained listener, as {"kind, what": [value]}.

    Digit error rates on `size` calls that nobody trained on at four levels of noise, and on strings of 12 digits; the
    parameters; and for CTC how late a digit is said (the median, in seconds) and in which share of the frames none is.
    """
    found = {"parameters": float(sum(p.numel() for p in model.parameters()))}
    for name in TESTS:
        batch = batch_of(held_out(name, size))
        found[name] = digit_errors(model.transcribe(batch[0]), strings_of(batch))
    if isinstance(model, Listener):
        made = held_out("0 dB", size)
        late = spikes(model, made)
        found["delay"] = float(np.median(late)) if len(late) else 0.0
        with torch.no_grad():
            said = model(features(np.stack([c.signal for c in made])).to(model.readout.weight)).argmax(dim=2)
        found["blank share"] = float((said == BLANK).double().mean())
    return {f"{kind}, {what}": [value] for what, value in found.items()}


# -- the threshold decoder -------------------------------------------------------------------------------------------


def shares(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each frame (T,): the likeliest key, and which share of the frame's power its two frequencies hold.

    The power at seven frequencies exactly, as Goertzel's recursion gives it; a pure key has a share of 1.
    """
    frames = np.lib.stride_tricks.sliding_window_view(signal, SIZE)[::HOP]
    window = np.hanning(SIZE + 1)[:-1]
    turns = np.exp(-2j * np.pi * np.outer(np.arange(SIZE), ROW_HZ + COLUMN_HZ) / RATE)
    power = np.abs((frames * window) @ turns) ** 2
    rows, columns = power[:, :4], power[:, 4:]
    keys = np.array([list(row) for row in KEYS])[rows.argmax(axis=1), columns.argmax(axis=1)]
    whole = ((frames * window) ** 2).sum(axis=1) * window.sum() ** 2 / (2 * (window**2).sum())
    return keys, (rows.max(axis=1) + columns.max(axis=1)) / whole


def by_threshold(keys: np.ndarray, share: np.ndarray, threshold: float, least: int) -> str:
    """A digit for each run of at least `least` frames that have one key and a share above the threshold."""
    heard = np.where(share > threshold, keys, " ")
    edges = np.flatnonzero(np.concatenate([[True], heard[1:] != heard[:-1], [True]]))
    runs = zip(heard[edges[:-1]], np.diff(edges), strict=True)
    return "".join(key for key, length in runs if key != " " and length >= least)


def tune_threshold(made: Sequence[Call]) -> tuple[float, int]:
    """The threshold and the least number of frames with the fewest digit errors on these calls."""
    seen, true = [shares(c.signal) for c in made], [c.digits for c in made]

    def errors(choice):
        return digit_errors([by_threshold(*frame, *choice) for frame in seen], true)

    choices = [(threshold, least) for threshold in np.arange(0.02, 0.8, 0.02).round(2).tolist() for least in (1, 2, 3)]
    return min(choices, key=errors)


def threshold_errors(name: str, seed: int = 0, size: int = 100, talking: bool = True) -> float:
    """The threshold's digit error rate on one of TESTS, tuned for that level of noise on other calls."""
    chosen = tune_threshold(drawn([19, seed], size, LENGTHS, TESTS[name][1], talking))
    test = held_out(name, size, talking)
    return digit_errors([by_threshold(*shares(c.signal), *chosen) for c in test], [c.digits for c in test])


# -- verdicts --------------------------------------------------------------------------------------------------------


def on_record(name: str) -> tuple[dict[str, list[float]], str]:
    """Results of a recorded run, and who made it; where it is not there, none, and what makes it."""
    if name not in recorded.names():
        return {}, f"Not recorded yet; `python tools/record_runs.py {name}` does it."
    run = recorded.load(name)
    return run["results"], f"{run['what']}. {recorded.credit(run)}"


def rates_tried(results: dict, kind: str) -> dict[float, float]:
    """The learning rates that were tried for a listener, and the digit error rate with each."""
    label = f"{kind}, seed 0 at rate "
    return {float(k.removeprefix(label)): v[0] for k, v in sorted(results.items()) if k.startswith(label)}


def bracketed(results: dict, kind: str) -> bool:
    """Does the best learning rate lie inside those that were tried? Else one outside might have been better."""
    tried = rates_tried(results, kind)
    return len(tried) > 2 and min(tried) < min(tried, key=tried.get) < max(tried)


LEARNED = 0.25  # an error rate above it, on calls as in training, is that of a network that has not learned its task


def verdicts(
    *,
    net,
    tuned,
    evenly,
    aligned,
    short,
    long,
    long_ctc,
    late,
    late_clear,
    sounding,
    saying,
    takes,
    people,
) -> dict[str, str]:
    """What error rates (shares, a list each: one for each seed or speaker) say: {claim: verdict}.

    net and tuned: the network and the threshold, {level: values}; late and late_clear: the causal network, -5 and 0 dB;
    aligned and evenly: CTC and an even cut at 0 dB; short and long: attention as trained and on 12 digits, long_ctc:
    CTC there; sounding and saying: which share of the time a tone sounds and a digit is said; takes, people: what is
    held out.

    "holds" and "fails" need every value of the one side to lie beyond every value of the other, by half a percent;
    else "depends", as where levels disagree. "not tested" where a network has not learned what it was trained on, or a
    number is missing (nan).
    """
    needs = {
        "learned": (*net.values(), *tuned.values()), "aligned": (evenly,), "spikes": (saying, sounding),
        "longer": (short, long, long_ctc), "causal": (late, late_clear, net["-5 dB"]), "speaker": (takes, people),
    }  # fmt: skip

    def larger(a, b, factor: float = 1.0, margin: float = 0.005) -> str:
        if min(a) > factor * max(b) + margin:
            return "holds"
        return "fails" if min(b) > factor * max(a) + margin else "depends"

    ctc = np.mean(aligned) < LEARNED
    by_level = {larger(tuned[level], net[level]) for level in net}
    # Attention fails on longer strings if it gets much worse than on short ones while CTC does not.
    worse, ctc_too = min(long) > 2 * max(short) + 0.1, max(long_ctc) > 2 * max(aligned) + 0.1
    longer = "holds" if worse and not ctc_too else "depends" if worse else "fails"
    spikes = "holds" if max(saying) < 0.6 * min(sounding) else "depends" if min(saying) < max(sounding) else "fails"
    says = {
        "learned": (by_level.pop() if len(by_level) == 1 else "depends") if ctc else "not tested",
        "aligned": larger(evenly, aligned, factor=2) if ctc else "not tested",
        "spikes": spikes if ctc else "not tested",
        "longer": longer if ctc and np.mean(short) < LEARNED else "not tested",
        "causal": larger(late, net["-5 dB"]) if ctc and np.mean(late_clear) < LEARNED else "not tested",
        "speaker": larger(people, takes) if np.mean(takes) < LEARNED else "not tested",
    }
    return {k: "not tested" if np.isnan(np.concatenate(needs[k])).any() else verdict for k, verdict in says.items()}
