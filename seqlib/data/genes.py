"""DNA and proteins: sequences with planted motifs, made here; splice junctions and protein structures, fetched.

Letters are numbers: A C G T are 0 1 2 3, so that a letter and its partner on the other strand add up to 3. As vectors
(B, T, 4) a known letter is a 1 among zeros, and one that is not known exactly (N, R, S, D) is shared out.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from seqlib.data.download import fetch

__all__ = [
    "ACIDS", "DNA", "FOLDS", "JUNCTIONS", "TO_THE_LEFT", "TO_THE_RIGHT", "draw_sites", "one_strand_or_the_other",
    "planted_order", "proteins", "read_proteins", "splice_junctions", "vectors",
]  # fmt: skip

DNA = "ACGT"
ACIDS = "ACDEFGHIKLMNPQRSTVWY"
FOLDS = "he_"  # helix, sheet, coil
JUNCTIONS = ("EI", "IE", "N")  # exon to intron, intron to exon, neither

# What a letter that is not known exactly may be (the names of the international union of chemists).
_MAY_BE = {"N": "ACGT", "R": "AG", "S": "CG", "D": "AGT"}

# -- made here: motifs planted in random DNA -------------------------------------------------------------------------


def _pattern(consensus: str, sure: str) -> np.ndarray:
    """Chances (w, 4): at each place the consensus letter with .97 where `sure` has !, .85 for +, .7 for -."""
    chance = {"!": 0.97, "+": 0.85, "-": 0.70}
    rows = np.array([[chance[s]] * 4 for s in sure])
    is_it = np.eye(4, dtype=bool)[[DNA.index(letter) for letter in consensus]]
    return np.where(is_it, rows, (1 - rows) / 3)


# Two motifs: the chance of each letter at each of eight places.
TO_THE_LEFT = _pattern("TGACTAAG", "!+!-+!-!")
TO_THE_RIGHT = _pattern("GGTCATTC", "!!-+!+!-")


def draw_sites(rng: np.random.Generator, pattern: np.ndarray, count: int) -> np.ndarray:
    """`count` sites drawn from the chances (w, 4) of a motif: letters as numbers (count, w)."""
    return (rng.random((count, len(pattern), 1)) > pattern.cumsum(axis=1)[None, :, :3]).sum(axis=2)


def planted_order(rng: np.random.Generator, count: int, length: int = 80, gap: tuple[int, int] = (8, 24)):
    """Both motifs in every sequence of random DNA; the class says which comes first.

    Returns letters (B, T), classes (B,), 1 where TO_THE_LEFT stands before TO_THE_RIGHT, and starts (B, 2): where each
    of the two begins. `gap` letters lie between them, drawn from gap[0] … gap[1], in either class alike.
    """
    width, letters = len(TO_THE_LEFT), rng.integers(4, size=(count, length))
    classes, between = rng.integers(2, size=count), rng.integers(gap[0], gap[1] + 1, size=count)
    room = length - 2 * width - between
    if room.min() < 0:
        raise ValueError(f"expected a length of at least {2 * width + gap[1]}, got {length}")
    first = rng.integers(0, room + 1)
    second = first + width + between
    starts = np.where(classes[:, None] == 1, np.stack([first, second], 1), np.stack([second, first], 1))
    for which, pattern in enumerate((TO_THE_LEFT, TO_THE_RIGHT)):
        places = starts[:, which, None] + np.arange(width)
        np.put_along_axis(letters, places, draw_sites(rng, pattern, count), axis=1)
    return letters, classes, starts


def one_strand_or_the_other(rng: np.random.Generator, count: int, length: int = 60):
    """A motif on either strand (class 1), or the same letters in a shuffled order (class 0).

    Returns letters (B, T) and classes (B,). On the other strand a site is read backwards in partner letters. Random DNA
    around; class 0 has a site drawn alike, its letters put in a random order, so that single letters tell nothing.
    """
    width, letters = len(TO_THE_LEFT), rng.integers(4, size=(count, length))
    classes, sites = rng.integers(2, size=count), draw_sites(rng, TO_THE_LEFT, count)
    sites = np.where(classes[:, None] == 1, sites, rng.permuted(sites, axis=1))
    sites = np.where(rng.integers(2, size=(count, 1)) == 1, 3 - sites[:, ::-1], sites)
    starts = rng.integers(0, length - width + 1, size=count)
    np.put_along_axis(letters, starts[:, None] + np.arange(width), sites, axis=1)
    return letters, classes


# -- fetched: splice junctions ---------------------------------------------------------------------------------------


def splice_junctions() -> tuple[list[str], np.ndarray]:
    """Primate DNA around the end of an exon, of an intron, or of neither, as published: 3,190 sequences of 60 letters.

    Returns the sequences and classes (n,): 0 exon to intron (EI), 1 intron to exon (IE), 2 neither. Nothing is left
    out: some sequences come twice. The junction lies between the letters 30 and 31. Raises DataUnavailable.
    Source: Noordewier, Towell and Shavlik 1991; UCI data set 69.
    """
    lines = fetch("splice/splice.arff").read_text(encoding="utf-8").splitlines()
    rows = [[part.strip() for part in line.split(",")] for line in lines if line[:1] not in ("%", "@", "")]
    return ["".join(row[1:61]) for row in rows], np.array([JUNCTIONS.index(row[61]) for row in rows])


def vectors(sequences, letters: str = DNA) -> np.ndarray:
    """Texts of one length as vectors, float32 (B, T, number of letters).

    A letter of `letters` is a 1 among zeros; of DNA's N, R, S and D each letter that it may be has an equal share;
    ValueError for any other.
    """
    table = np.zeros((128, len(letters)), np.float32)
    for k, letter in enumerate(letters):
        table[ord(letter), k] = 1
    for letter, may_be in _MAY_BE.items() if letters == DNA else ():
        table[ord(letter), [letters.index(one) for one in may_be]] = 1 / len(may_be)
    codes = np.array([list(text.encode("ascii")) for text in sequences])
    strange = codes[table[codes].sum(axis=-1) == 0]
    if strange.size:
        raise ValueError(f"expected letters of {letters}, got {chr(strange[0])!r}")
    return table[codes]


# -- fetched: the folds of proteins ----------------------------------------------------------------------------------


@cache
def proteins(part: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Proteins and their folds, letter by letter: 20 amino acids, and h (helix), e (sheet) or _ (coil).

    `part` is "train" or "test", Qian and Sejnowski's own. Two tuples of texts, protein for protein of one length.
    Raises DataUnavailable. Source: Qian and Sejnowski 1988, tables 1 and 2.
    """
    if part not in ("train", "test"):
        raise ValueError(f'expected the part "train" or "test", got {part!r}')
    found = fetch(f"protein_ss/protein-secondary-structure.{part}")
    return read_proteins(found.read_text(encoding="utf-8"))


def read_proteins(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The published form: "<>" begins a protein, "end" or "<end>" ends one, either may be missing; else "A h"."""
    chains = [[]]
    for line in text.splitlines():
        parts = line.split()
        if len(parts) == 2:
            chains[-1].append(parts)
        elif parts and chains[-1]:
            chains.append([])
    chains = [chain for chain in chains if chain]
    return tuple("".join(a for a, _ in c) for c in chains), tuple("".join(f for _, f in c) for c in chains)
