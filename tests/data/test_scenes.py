"""Scenes: captions say what is drawn, nothing overlaps, no image and no held-out pair leaks."""

import numpy as np
import pytest

from seqlib.data.pairs import END, START
from seqlib.data.scenes import (
    CELL,
    DIGIT,
    FRAME,
    HELD_OUT,
    NAMES,
    RELATIONS,
    SIZE,
    WORDS,
    Scene,
    digit_images,
    draw_scenes,
    has_pair,
    named,
    pictures,
    render,
    scene_batch,
)

TRAIN, TEST = draw_scenes(300, "train", seed=3), draw_scenes(300, "test", seed=4)
HELD = draw_scenes(300, "test", pairs="held out", seed=5)


def test_the_two_parts_share_no_image_and_are_all_there_is():
    (images, digits), (train, _), (test, _) = digit_images(), digit_images("train"), digit_images("test")
    assert len(train) + len(test) == len(images) == 1797 and images.shape[1:] == (DIGIT, DIGIT)
    assert 0 <= images.min() and images.max() <= 1 and set(digits.tolist()) == set(range(10))
    assert not {i.tobytes() for i in train} & {i.tobytes() for i in test}, "an image stands on both sides"
    used = [{image for scene in scenes for image in scene.images} for scenes in (TRAIN, [*TEST, *HELD])]
    assert not used[0] & used[1] and max(used[0]) < len(train) <= min(used[1])


def test_images_show_the_digits_that_the_scene_says():
    labels = digit_images()[1]
    for scene in [*TRAIN, *HELD]:
        assert [int(labels[i]) for i in scene.images] == list(scene.digits)
        assert len(set(scene.digits)) == len(scene.digits) in (2, 3)


def test_no_training_scene_holds_a_held_out_pair_and_every_held_out_scene_does():
    for scene in TRAIN + TEST:
        assert not any(a in scene.digits and b in scene.digits for a, b in HELD_OUT)
    for scene in HELD:
        assert any(a in scene.digits and b in scene.digits for a, b in HELD_OUT)
    assert {d for s in TRAIN for d in s.digits} == set(range(10)), "each digit is seen, in other company"
    assert len({frozenset(pair) for pair in HELD_OUT}) == 10


def test_the_relation_is_true_of_what_is_drawn():
    for scene in [*TRAIN, *HELD]:
        (row, column), *others = scene.corners
        for r, c in others:
            true = {"left of": column < c - DIGIT, "right of": column > c + DIGIT,
                    "above": row < r - DIGIT, "below": row > r + DIGIT}  # fmt: skip
            assert true[scene.relation]
        assert others == sorted(others, key=lambda corner: (corner[0] // CELL, corner[1] // CELL)), "reading order"
    assert {s.relation for s in TRAIN} == set(RELATIONS)


def test_digits_lie_in_cells_of_their_own_and_leave_room_for_a_frame():
    for scene in TRAIN:
        cells = {(r // CELL, c // CELL) for r, c in scene.corners}
        assert len(cells) == len(scene.corners)
        for r, c in scene.corners:
            assert r % CELL >= 1 and r % CELL + DIGIT < CELL and c % CELL >= 1 and c % CELL + DIGIT < CELL


def test_a_picture_is_its_digits_and_one_frame():
    images, _ = digit_images()
    for scene in TRAIN[:40]:
        picture = render(scene)
        for i, (image, (r, c)) in enumerate(zip(scene.images, scene.corners, strict=True)):
            assert np.array_equal(picture[r : r + DIGIT, c : c + DIGIT], images[image])
            ring = [picture[r - 1, c - 1], picture[r + DIGIT, c + DIGIT], picture[r - 1, c + 3], picture[r + 5, c - 1]]
            assert np.allclose(ring, FRAME if i == 0 else 0)
        expected = sum(images[i].sum() for i in scene.images) + FRAME * (4 * DIGIT + 4)
        assert picture.sum() == pytest.approx(expected, rel=1e-5)
    assert pictures(TRAIN[:3]).shape == (3, SIZE, SIZE) and pictures(TRAIN[:3]).dtype == np.float32


def test_captions_and_links():
    scene = Scene((3, 8, 1), (0, 1, 2), ((1, 1), (13, 1), (13, 25)), "above")
    assert " ".join(scene.caption) == "a three above an eight and a one"
    assert scene.links == ((1, 0), (4, 1), (7, 2)) and named(8) == ("an", "eight")
    for scene in HELD:
        assert [scene.caption[place] for place, _ in scene.links] == [NAMES[scene.digits[k]] for _, k in scene.links]
        assert set(scene.caption) <= set(WORDS.tokens)
    assert len({(s.digits, s.relation) for s in draw_scenes(200, digits=(2,)) if len(s.digits) == 2}) > 100


def test_batches_hold_the_captions_shifted_by_one():
    x, target_in, target_out = scene_batch(TRAIN[:9])
    assert x.shape == (9, SIZE, SIZE) and target_in.shape == target_out.shape
    for scene, given, wanted in zip(TRAIN, target_in.tolist(), target_out.tolist(), strict=False):
        count = len(scene.caption) + 1
        assert WORDS.decode(given[:count]) == [START, *scene.caption]
        assert WORDS.decode(wanted[:count]) == [*scene.caption, END]
        assert set(given[count:]) <= {0} and set(wanted[count:]) <= {-100}


def test_the_same_seed_gives_the_same_scenes():
    assert draw_scenes(20, "train", seed=3) == TRAIN[:20] != draw_scenes(20, "train", seed=4)
    assert has_pair((2, 7, 4), [(4, 2)]) and not has_pair((2, 7), [(4, 2)])


@pytest.mark.parametrize("options", [{"part": "validation"}, {"pairs": "some"}, {"digits": (4,)}, {"digits": ()}])
def test_options_that_cannot_be_are_refused(options):
    with pytest.raises(ValueError):
        draw_scenes(3, **options)
