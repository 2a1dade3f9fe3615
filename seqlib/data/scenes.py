"""Scenes of two or three handwritten digits, each with the one caption that is right for it.

The digits are scikit-learn's: the official test set of the UCI "optical recognition of handwritten digits", 1,797
real images of 8×8 pixels, shipped inside the library. A scene puts some of them on a dark board of 3×3 cells, each
somewhere in its cell; one has a frame. It is the subject: its digit is named first, then the side on which it lies,
then the others in reading order: "a three above a nine and a one".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from seqlib import expect
from seqlib.data.pairs import END, START, pair_batch
from seqlib.data.windows import PAD, Vocabulary

BOARD, CELL, DIGIT = 3, 12, 8  # a board of 3 × 3 cells; a cell and a digit in pixels
SIZE = BOARD * CELL  # the canvas
FRAME = 0.6  # how bright the frame around the subject is
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
RELATIONS = ("left of", "right of", "above", "below")
WORDS = Vocabulary([PAD, START, END, "a", "an", "and", "left", "right", "of", "above", "below", *NAMES])
# Pairs of digits that no training scene holds together; each digit is in two of them, and in seven others.
HELD_OUT = tuple((digit, (digit + 3) % 10) for digit in range(10))
PARTS = ("train", "test")
_TRAIN = 1257  # the first 70 % of the images


@dataclass(frozen=True)
class Scene:
    """Digits on a canvas, the subject first: everything needed to draw them and to caption them.

    digits: what they are. images: which images, numbers into digit_images() without a part. corners: the (row, column)
    of each one's upper left pixel. relation: one of RELATIONS, where the subject lies as seen from the others.
    """

    digits: tuple[int, ...]
    images: tuple[int, ...]
    corners: tuple[tuple[int, int], ...]
    relation: str

    @property
    def caption(self) -> tuple[str, ...]:
        """The words of the one right caption."""
        subject, *others = (named(digit) for digit in self.digits)
        words = [*subject, *self.relation.split()]
        for i, other in enumerate(others):
            words += ["and", *other] if i else other
        return tuple(words)

    @property
    def links(self) -> tuple[tuple[int, int], ...]:
        """(place of a word, place of a digit) for each word that names a digit: the known answer for attention."""
        places = [i for i, word in enumerate(self.caption) if word in NAMES]
        return tuple(zip(places, range(len(self.digits)), strict=True))


def named(digit: int) -> tuple[str, str]:
    """A digit with its article: ("a", "three"), ("an", "eight")."""
    expect.whole(digit, "digit", 0, 9)
    return ("an" if digit == 8 else "a", NAMES[digit])


@cache
def digit_images(part: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The images, float32 (N, 8, 8) from 0 to 1, and their digits, int64 (N,); of one part, or all of them.

    "train" is the first 70 %, "test" the rest. The split is by order and not at random: images that follow one
    another are often by the same hand. Both arrays are read-only. ValueError for another part.
    """
    from sklearn.datasets import load_digits

    if part not in (None, *PARTS):
        raise ValueError(f"part should be one of {', '.join(PARTS)}, or None for all; got {part!r}")
    found = load_digits()
    which = {None: slice(None), "train": slice(_TRAIN), "test": slice(_TRAIN, None)}[part]
    images, digits = (found.images[which] / 16).astype(np.float32), found.target[which].astype(np.int64)
    for array in (images, digits):
        array.setflags(write=False)
    return images, digits


def draw_scenes(
    count: int,
    part: str = "train",
    *,
    pairs: str = "seen",
    held_out: Iterable[Sequence[int]] = HELD_OUT,
    digits: Sequence[int] = (2, 3),
    seed: int = 0,
) -> list[Scene]:
    """Scenes drawn at random from the images of one part; the digits of a scene are all different.

    pairs: "seen" for scenes without any held-out pair, "held out" for scenes with at least one, "any" for both.
    digits: how many there may be in a scene. ValueError for options that cannot be.
    """
    expect.wholes(0, count=count, seed=seed)
    expect.one_of(pairs, "pairs", ("seen", "held out", "any"))
    if not digits or not set(digits) <= {2, 3}:
        raise ValueError(f"a scene has 2 or 3 digits, got digits={digits!r}")
    rng = np.random.default_rng([seed, PARTS.index(part) if part in PARTS else 2, len(pairs)])
    groups = [g for n in digits for g in combinations(range(10), n) if _wanted(g, pairs, held_out)]
    if not groups:
        raise ValueError(f"no {' or '.join(map(str, digits))} digits make a scene with pairs={pairs!r}")
    # A number of digits first, then a group of them: there are more groups of three than of two.
    by_size = [[g for g in groups if len(g) == n] for n in sorted(set(map(len, groups)))]
    offset = _TRAIN if part == "test" else 0
    labels = digit_images(part)[1]
    where = [offset + np.flatnonzero(labels == digit) for digit in range(10)]
    return [_draw(rng, by_size, where) for _ in range(count)]


def _wanted(group: Sequence[int], pairs: str, held_out) -> bool:
    """Whether these digits may stand in one scene."""
    holds = has_pair(group, held_out)
    return pairs == "any" or holds == (pairs == "held out")


def has_pair(digits: Iterable[int], pairs: Iterable[Sequence[int]]) -> bool:
    """Whether one of the pairs, in either order, is among these digits."""
    present = set(digits)
    return any(set(pair) <= present for pair in pairs)


def _draw(rng, by_size, where) -> Scene:
    group = by_size[rng.integers(len(by_size))]
    digits = rng.permutation(group[rng.integers(len(group))]).tolist()
    relation = RELATIONS[rng.integers(len(RELATIONS))]
    images = tuple(int(rng.choice(where[digit])) for digit in digits)
    return Scene(tuple(digits), images, _place(rng, len(digits), relation), relation)


def _place(rng, count: int, relation: str) -> tuple[tuple[int, int], ...]:
    """Upper left corners that fit the relation: each digit somewhere in a cell of its own."""
    # As if the subject stood above: `along` grows downwards, `across` to the right.
    first, second = sorted(rng.choice(BOARD, 2, replace=False).tolist())
    left, right = sorted(rng.choice(BOARD, 2, replace=False).tolist())
    along = [first, *[second] * (count - 1)]
    across = [left, left] if count == 2 else [int(rng.integers(left, right + 1)), left, right]
    if relation in ("below", "right of"):
        along = [BOARD - 1 - place for place in along]
    cells = np.array([along, across] if relation in ("above", "below") else [across, along]).T
    corners = CELL * cells + rng.integers(1, CELL - DIGIT, (count, 2))  # room for a frame
    return tuple((row, column) for row, column in corners.tolist())


def render(scene: Scene) -> np.ndarray:
    """The picture of a scene, float32 (36, 36) from 0 to 1."""
    images, _ = digit_images()
    canvas = np.zeros((SIZE, SIZE), dtype=np.float32)
    row, column = scene.corners[0]
    canvas[row - 1 : row + DIGIT + 1, column - 1 : column + DIGIT + 1] = FRAME
    for image, (row, column) in zip(scene.images, scene.corners, strict=True):
        canvas[row : row + DIGIT, column : column + DIGIT] = images[image]
    return canvas


def pictures(scenes: Sequence[Scene]) -> np.ndarray:
    """The pictures of several scenes, float32 (B, 36, 36)."""
    if not len(scenes):
        raise ValueError("expected at least one scene, got none")
    return np.stack([render(scene) for scene in scenes])


def scene_batch(scenes: Sequence[Scene]) -> tuple:
    """Scenes as tensors: pictures (B, 36, 36), target_in (B, T) and target_out (B, T), as pair_batch makes them."""
    import torch

    _, target_in, target_out = pair_batch([((), scene.caption) for scene in scenes], WORDS, WORDS)
    return torch.from_numpy(pictures(scenes)), target_in, target_out
