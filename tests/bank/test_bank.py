"""The checks on answers that nobody here wrote: caught, told, never rejected where right.

`python tests/bank/run.py --told` prints what is said to each.
"""

import pytest
from bank import blocks, files, tried

TOLD = 0.85  # of the wrong answers of each notebook, at least, in words that point at the slip


@pytest.fixture(scope="module", params=files(), ids=lambda path: path.stem)
def judged(request):
    return [tried(block) for block in blocks(request.param)]


def of(found) -> str:
    return "\n".join(
        f"{one.block.file}:{one.block.line} {one.block.name}: {one.block.says} → {one.says}" for one in found
    )


def test_a_right_answer_passes(judged):
    rejected = [one for one in judged if one.block.right and one.how != "passed"]
    assert not rejected, of(rejected)


def test_a_wrong_answer_is_caught(judged):
    missed = [one for one in judged if not one.block.right and one.how in ("passed", "todo")]
    assert not missed, of(missed)


def test_most_wrong_answers_are_told_what_they_are(judged):
    wrong = [one for one in judged if not one.block.right]
    silent = [one for one in wrong if one.how == "silent"]
    assert 1 - len(silent) / len(wrong) >= TOLD, of(silent)
