"""Data made here (`corpora`), cut into what a model reads (`windows`), fetched and checked (`download`)."""

from seqlib.data.corpora import ball, negation_grammar, stdlib_text
from seqlib.data.download import DataUnavailable, available, fetch
from seqlib.data.windows import (
    PAD,
    UNK,
    Vocabulary,
    batches,
    carried_sampler,
    encode_chars,
    pad_batch,
    sampler,
    shifted_windows,
    split_groups,
    split_in_time,
    text_sampler,
)

__all__ = [
    "PAD",
    "UNK",
    "DataUnavailable",
    "Vocabulary",
    "available",
    "ball",
    "batches",
    "carried_sampler",
    "encode_chars",
    "fetch",
    "negation_grammar",
    "pad_batch",
    "sampler",
    "shifted_windows",
    "split_groups",
    "split_in_time",
    "stdlib_text",
    "text_sampler",
]
