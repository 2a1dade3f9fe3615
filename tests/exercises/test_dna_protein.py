"""Notebook 20's own parts: a verdict can turn either way, and the strands' symmetry holds for any weights."""

import pytest
import torch
from course.sources import namespace, source_of

from seqlib.studies.counting_words import better

N = namespace(source_of("20"))


RATES = (0.003, 0.01, 0.03)


def swept(**best):
    """Results as they are recorded: the rates tried for each name, the best of them, and its numbers."""
    found = {}
    for name, (rate, values) in best.items():
        found |= {f"{name}, tried {each:g}": [0.0] for each in RATES} | {f"{name}, rate": [rate], name: values}
    return found


@pytest.mark.parametrize(
    "verdict, these, others", [("holds", [3, 4], [1, 2]), ("fails", [1, 2], [3, 4]), ("depends", [1, 4], [2, 3])]
)
def test_a_verdict_stands_only_where_every_best_rate_lies_inside(verdict, these, others):
    found = swept(a=(0.01, these), b=(0.01, others))
    assert N["rates_of"](found, "a") == list(RATES)
    assert N["inside"](better(these, others), found, "a", "b") == verdict
    for edge in (0.003, 0.03):
        assert N["inside"](better(these, others), swept(a=(0.01, these), b=(edge, others)), "a", "b") == "not tested"


def test_a_claim_about_several_sizes_needs_all_of_them():
    def ours(small, large, rate=0.01):
        cases = {"a, 30": (rate, small), "b, 30": (0.01, [50, 51]), "a, 99": (0.01, large), "b, 99": (0.01, [80, 81])}
        return N["first"]("a", "b", swept(**cases), (30, 99))

    assert ours([60, 61], [90, 91]) == "holds" and ours([40, 41], [70, 71]) == "fails"
    assert ours([60, 61], [70, 71]) == ours([60, 61], [79, 90]) == "depends"
    assert ours([60, 61], [90, 91], rate=0.03) == "not tested"


def test_scores_turn_with_the_sequence():
    x, filters = torch.rand(3, 11, 4).double(), torch.randn(2, 5, 4).double()
    turned = N["strand_scores"](N["reverse_complement"](x), filters).flip(1)
    torch.testing.assert_close(turned, N["strand_scores"](x, filters))


def test_of_a_straight_line_gradient_and_occlusion_say_the_same():
    weights = torch.randn(7, 4).double()
    x = torch.eye(4).double()[torch.randint(4, (5, 7))]

    def evidence(x):
        return (x * weights).sum((1, 2)) + 3

    torch.testing.assert_close(N["gradient_times_input"](evidence, x), N["occlusion"](evidence, x))
