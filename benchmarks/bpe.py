"""Byte-pair encoding against well-kept tokenisers: 1 MB of text, one unbroken piece, 0.2 MB of random letters.

    python benchmarks/bpe.py [--quick] [--rounds N]

There are fewer random letters, because `tokenizers` takes the square of their number to learn: 4 s for 0.1 MB, 20 s for
0.2. Each text is learned from (512 merges more than bytes) and encoded, MB a second. The rivals are `tokenizers` (Rust,
byte-level, trained with the same pattern) and `tiktoken` (Rust; it encodes only, with our merges); one that is not
installed is left out. The text is the standard library's own source. Result: benchmarks/results/bpe.json.
"""

import importlib.util
import os
import random

from common import in_turns, keep, options, rates

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("RAYON_NUM_THREADS", "1")
MERGES = 512


def texts(size: int) -> dict[str, str]:
    """Three kinds of text of `size` characters, all ASCII, so that characters are bytes; a fifth of random letters."""
    from seqlib.data.corpora import stdlib_text

    source = stdlib_text()
    source = (source * (1 + 2 * size // len(source)))[: 2 * size]
    draw = random.Random(0)
    return {
        "text": source[:size],
        "one unbroken piece": "".join(source.split())[:size],
        "random letters": "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=size // 5)),
    }


def ours(text: str):
    from seqlib.data.bpe import BytePairEncoding

    return BytePairEncoding.train(text, 256 + MERGES)


def rust_trained(text: str, pattern: str):
    """A byte-level BPE of `tokenizers`, of the same size."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        [text], trainers.BpeTrainer(vocab_size=256 + MERGES, initial_alphabet=alphabet, show_progress=False)
    )
    return made


def tiktoken_of(encoding, pattern: str):
    import tiktoken

    ranks = {encoding.decode_bytes([k]): k for k in range(encoding.vocabulary_size)}
    return tiktoken.Encoding("ours", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def main(quick: bool = False, rounds: int | None = None) -> dict:
    from seqlib.data.bpe import GPT2_PATTERN

    size, turns, results = 5_000 if quick else 1_000_000, rounds or (1 if quick else 3), {}
    for name, text in texts(size).items():
        learn, encoding = {"seqlib": lambda text=text: ours(text)}, ours(text)
        # A copy without merges less: it has seen no word yet. `tokenizers` keeps what it has seen from round to round.
        encode = {"seqlib": lambda text=text, encoding=encoding: encoding.first(encoding.vocabulary_size).encode(text)}
        if there("tokenizers"):
            made = rust_trained(text, GPT2_PATTERN)
            learn["tokenizers"] = lambda text=text: rust_trained(text, GPT2_PATTERN)
            encode["tokenizers"] = lambda text=text, made=made: made.encode(text).ids
        if there("tiktoken"):
            rival = tiktoken_of(encoding, GPT2_PATTERN)
            encode["tiktoken"] = lambda text=text, rival=rival: rival.encode_ordinary(text)
        lengths = {which: len(work()) for which, work in encode.items()}
        results[f"learn, {name}"] = rates(in_turns(learn, turns), len(text) / 1e6)
        results[f"encode, {name}"] = rates(in_turns(encode, turns), len(text) / 1e6)
        print(f"{name}: tokens {lengths}")
    missing = [name for name in ("tokenizers", "tiktoken") if not there(name)]
    return keep(
        "bpe", "MB a second, one thread", results, quick=quick, packages=("tokenizers", "tiktoken"),
        not_installed=missing, merges=MERGES, characters=size,
    )  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__)
    main(asked.quick, asked.rounds)
