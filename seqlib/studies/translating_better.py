"""Captions once more, with what a good recipe adds to 11's recurrent attention and to 14's Transformer.

Added: one matrix for the decoder's words, read and written; dropout; label smoothing; a rate that was chosen on the
validation part; the mean of the last weights; a beam. Raises DataUnavailable as `translating_captions` does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from seqlib import expect
from seqlib.data.download import DataUnavailable
from seqlib.data.multi30k import detokenize, lines, multi30k
from seqlib.data.pairs import END, START, pair_batch, pair_vocabularies
from seqlib.metrics import IGNORE
from seqlib.models.attention import GeneralScore
from seqlib.models.generate import beam_search, greedy, until_end
from seqlib.models.seq2seq import AttentionDecoder, AttentionSeq2Seq, Encoder
from seqlib.models.transformer import Transformer
from seqlib.studies.translating_captions import captions
from seqlib.training.train import train, warmup_cosine

WIDTH, BATCH, DROPOUT, SMOOTHING, LONGEST = 256, 64, 0.3, 0.1, 40
AVERAGED, LAST = 6, 0.25  # the mean of so many weights, taken over the last part of the training


def attentive_translator(words: int, english: int, width: int = WIDTH, dropout: float = DROPOUT) -> AttentionSeq2Seq:
    """11's own model: a two-way GRU encoder, a GRU decoder, the general score, for vocabularies of these sizes.

    The decoder reads and writes with one matrix (Press and Wolf 2017), so its words are begun small and read
    large. Dropout on both embeddings and before the readout (Srivastava et al. 2014).
    """
    encoder = Encoder(words, width, width, bidirectional=True)
    decoder = AttentionDecoder(english, width, width, 2 * width, GeneralScore(width, 2 * width))
    with torch.no_grad():
        decoder.embedding.weight *= width**-0.5
    decoder.readout.weight = decoder.embedding.weight
    encoder.embedding.register_forward_hook(lambda layer, _, out: F.dropout(out, dropout, layer.training))
    decoder.embedding.register_forward_hook(lambda layer, _, out: F.dropout(out * width**0.5, dropout, layer.training))
    decoder.readout.register_forward_pre_hook(lambda layer, given: (F.dropout(given[0], dropout, layer.training),))
    return AttentionSeq2Seq(encoder, decoder)


def transformer_translator(
    words: int, english: int, width: int = WIDTH, dropout: float = DROPOUT, layers: int = 3, heads: int = 8
) -> Transformer:
    """14's own model for vocabularies of these sizes: pre-norm, the decoder reads and writes with one matrix."""
    model = Transformer(words, english, width, heads, layers, feed_forward=2 * width, dropout=dropout)
    model.decoder.readout.weight = model.decoder.embedding.tokens.weight
    return model


class Captions:
    """Multi30k's pairs and vocabularies, batches of about one length, and what is asked of a translator."""

    def __init__(self, min_count: int = 2):
        self.pairs = sorted(multi30k("train"), key=lambda pair: len(pair[0]))
        self.words, self.english = pair_vocabularies(self.pairs, min_count=min_count)

    def batches(self, seed: int = 0) -> Callable:
        """The batch of a step: captions from one stretch of the sorted ones, so that there is little padding."""

        def batch(step):
            rng = np.random.default_rng([seed, step])
            first = rng.integers(0, max(1, len(self.pairs) - 8 * BATCH))
            rows = first + rng.choice(min(8 * BATCH, len(self.pairs)), BATCH, replace=False)
            return pair_batch([self.pairs[row] for row in rows], self.words, self.english)

        return batch

    @torch.no_grad()
    def nats(self, model, part: str = "validation") -> float:
        """The mean cross entropy of a part, in nats per word, without smoothing."""
        total, count, pairs, where = 0.0, 0, multi30k(part), next(model.parameters()).device
        model.eval()
        for first in range(0, len(pairs), 100):
            batch = pair_batch(pairs[first : first + 100], self.words, self.english)
            source, target_in, target_out = (part.to(where) for part in batch)
            logits = model(source, target_in).flatten(0, 1)
            total += F.cross_entropy(logits, target_out.flatten(), ignore_index=IGNORE, reduction="sum").item()
            count += (target_out != IGNORE).sum().item()
        return total / count

    @torch.no_grad()
    def translate(self, model, part: str = "test", width: int = 1, length_power: float = 1.0) -> list[str]:
        """The captions of a part in English, as text: greedily, or with a beam."""
        said, sources = [], [source for source, _ in multi30k(part)]
        start, end, where = self.english.id(START), self.english.id(END), next(model.parameters()).device
        model.eval()
        for first in range(0, len(sources), 100):
            batch = [(source, ()) for source in sources[first : first + 100]]
            begun = model.begin(pair_batch(batch, self.words, self.english)[0].to(where))
            if width == 1:
                tokens = greedy(model.step, begun, start, end, LONGEST)
            else:
                tokens, _ = beam_search(model.step, begun, start, end, LONGEST, width, length_power)
            said += [detokenize(self.english.decode(ids)) for ids in until_end(tokens, end)]
        return said


def smoothed_loss(model, batch) -> torch.Tensor:
    """Teacher forcing, cross entropy with smoothed labels (Szegedy et al. 2016, §7)."""
    source, target_in, target_out = batch
    expect.some(target_out != IGNORE)
    logits = model(source, target_in).flatten(0, 1)
    return F.cross_entropy(logits, target_out.flatten(), ignore_index=IGNORE, label_smoothing=SMOOTHING)


def train_with_care(model: nn.Module, captions: Captions, steps: int, lr: float, seed: int = 0, name="captions"):
    """Train in place; the model ends with the mean of its last weights. Returns the History."""
    kept = deque(maxlen=AVERAGED)

    def keep(model):
        kept.append({key: value.detach().clone() for key, value in model.state_dict().items()})
        return {"kept": len(kept)}

    adam = {"betas": (0.9, 0.98), "weight_decay": 0.01}
    history = train(
        model,
        captions.batches(seed),
        steps,
        loss=smoothed_loss,
        optimizer=lambda parameters: torch.optim.AdamW(parameters, lr, **adam),
        clip=1.0,
        schedule=warmup_cosine(steps, min(200, steps // 5), floor=0.05),
        evaluate=keep,
        every=max(1, round(steps * LAST / AVERAGED)),
        name=name,
        amp=True,
    )
    with torch.no_grad():
        for key, value in model.state_dict().items():
            value.copy_(torch.stack([one[key] for one in kept]).mean(dim=0))
    return history


def sentence_scores(said: Sequence[str], part: str = "test") -> list[float]:
    """sacreBLEU of each caption by itself, smoothed, lower-cased: to find a typical one, not to compare systems."""
    import sacrebleu

    right = lines(part, "en")
    both = zip(captions(said, right), right, strict=True)
    return [sacrebleu.sentence_bleu(a, [b], lowercase=True).score for a, b in both]


def told(run: dict) -> str:
    """A recorded translator: its scores, and the captions chosen beforehand, each beside its reference, as lines."""
    found = {name: values[0] for name, values in run["results"].items()}
    said = [
        f"sacreBLEU {found['sacreBLEU, beam']:.1f} with a beam of five, {found['sacreBLEU, greedy']:.1f} greedily; "
        f"{found['parameters']:,.0f} parameters, {found['steps']:,.0f} steps, rate {found['rate']:g}"
    ]
    for name, score in found.items():
        if name.startswith("caption "):
            number, _, caption = name.removeprefix("caption ").partition(": ")
            said.append(f"\n{number:>4} written   {caption}   (BLEU of this one {score:.0f})")
            try:
                said.append(f"     reference {lines('test', 'en')[int(number)]}")
            except DataUnavailable:
                said.append("     (the reference needs the data)")
    return "\n".join(said)
