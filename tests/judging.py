"""Whether an answer passes, asked many times over: nothing is worked out twice, and nothing after the first failure.

The verdict is the engine's own. What is saved: the inputs of a draw and what is right for them are worked out once
for all answers that are tried on it; once a case has failed, the others are not tried; and nobody is told why.
What is counted in points or put into words is judged by `engine.judge` itself.
"""

import os
from dataclasses import replace
from functools import cache
from unittest.mock import patch

import numpy as np

from seqlib.checks import engine
from seqlib.checks.exercise import find

# Draws of the inputs on which an answer is tried; more of them now and then: SEQLIB_DRAWS=200 pytest tests/exercises
DRAWS = int(os.environ.get("SEQLIB_DRAWS", 4))


def draw(seed: int):
    return np.random.default_rng([2024, seed])


@cache
def cases(name: str, seed: int) -> list:
    """The cases of one draw. An answer gets copies of their arguments; what is right is kept by the engine."""
    return find(name).inputs(draw(seed))


def on(exercise, seed: int):
    """The exercise with the inputs of one draw."""
    return replace(exercise, inputs=lambda rng: cases(exercise.name, seed))


def judged_until_it_fails(exercise, answer, seed: int):
    """The verdict, whose state alone counts: cases after the first that fails count as failed in the same way."""
    judge_case, failed = engine._judge_case, []

    def one(*given):
        if failed:
            return failed[0]
        outcome, message = judge_case(*given)
        if message is not None:
            failed.append((outcome, message))
        return outcome, message

    with patch.object(engine, "_judge_case", one), patch.object(engine, "_diagnose", lambda *_: None):
        return engine.judge(on(exercise, seed), answer)
