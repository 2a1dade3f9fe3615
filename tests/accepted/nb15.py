"""Other right answers to the exercises of notebook 15: a check must pass each of them."""

import math
from collections import Counter
from itertools import pairwise

from seqlib.exercises.nb15_tokenization import _by_sorting, _spelled_out


def _utf8_bits(code_point):
    if code_point < 128:
        return (code_point,)
    bits, size = f"{code_point:021b}", 2 if code_point < 2048 else 3 if code_point < 65536 else 4
    parts = [bits[i : i + 6] for i in range(3, 21, 6)][-(size - 1) :]
    first = bits[: 21 - 6 * (size - 1)].lstrip("0").rjust(7 - size, "0")
    return [int("1" * size + "0" + first, 2), *(int("10" + part, 2) for part in parts)]


def _by_hand(text):
    def kind(c):
        return "s" if c.isspace() else "n" if c.isdigit() else "l" if c.isalpha() else "o"

    pieces, i = [], 0
    while i < len(text):
        end = next((e for e in ("'re", "'ve", "'ll", "'s", "'t", "'m", "'d") if text.startswith(e, i)), None)
        j = i + (text[i] == " " and i + 1 < len(text) and kind(text[i + 1]) != "s")
        if end:
            stop = i + len(end)
        else:
            stop = j + 1
            while stop < len(text) and kind(text[stop]) == kind(text[j]):
                stop += 1
            if kind(text[j]) == "s" and stop < len(text) and stop > j + 1:
                stop -= 1
        pieces.append(text[i:stop])
        i = stop
    return pieces


def _by_stack(ids, pair, new):
    out = []
    for i in ids:
        out.append(i)
        if len(out) > 1 and (out[-2], out[-1]) == tuple(pair):
            out[-2:] = [new]
    return out


def _in_the_books(words, number):
    words, merges = Counter(words), []
    while len(merges) < number and (counts := _spelled_out(words)):
        merges.append(_by_sorting(counts))
        words = Counter({tuple(_by_stack(w, merges[-1], 255 + len(merges))): n for w, n in words.items()})
    return merges


def _all_anew(ids, pair, new):
    merged = _by_stack(ids, pair, new)
    return merged, [(p, -1) for p in pairwise(ids)] + [(p, 1) for p in pairwise(merged)]


def _one_at_a_time(ids, merges):
    ids = list(ids)
    while True:
        found = [(merges[p], i) for i, p in enumerate(pairwise(ids)) if p in merges]
        if not found:
            return ids
        new, i = min(found)
        ids[i : i + 2] = [new]


ACCEPTED = {
    "15.utf8_encode": [_utf8_bits],
    "15.pre_tokenise": [_by_hand],
    "15.count_pairs": [
        lambda words: sum((Counter({p: n for p in [q]}) for w, n in words.items() for q in pairwise(w)), Counter())
    ],
    "15.best_pair": [lambda counts: min(pair for pair in counts if counts[pair] == max(counts.values()))],
    "15.merge": [_by_stack],
    "15.train_bpe": [_in_the_books],
    "15.merge_with_changes": [_all_anew],
    "15.apply_merges": [_one_at_a_time],
    "15.decode": [lambda ids, tokens: str(b"".join([tokens[i] for i in ids]), "utf-8", "replace")],
    "15.bits_per_byte": [lambda p, text: -math.fsum(p) / (math.log(2) * len(bytes(text, "utf-8")))],
    "15.encode_with_fallback": [
        lambda text, vocabulary: sum(([vocabulary[c]] if c in vocabulary else [*c.encode()] for c in text), [])
    ],
}
