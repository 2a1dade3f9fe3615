"""The one skeleton: within its parameters, the same step by step as whole, blind to the future and to padding."""

import pytest
import torch

from seqlib.studies.every_family import FAMILIES, carried, make_reader, size_of

each = pytest.mark.parametrize("family", FAMILIES)


@each
def test_every_family_is_within_the_parameters_and_uses_most_of_them(family):
    for kind in ({"inputs": 10, "outputs": 8}, {"inputs": 2, "outputs": 1, "numbers": True}):
        assert 10_000 < size_of(make_reader(family, 15_000, 0, **kind)) <= 15_000


@each
def test_step_by_step_is_the_same_as_all_at_once(family):
    model = make_reader(family, 6000, 0, inputs=7, outputs=5).eval()
    tokens = torch.randint(7, (3, 20), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole, state, steps = model(tokens), None, []
        for t in range(20):
            out, state = model.step(tokens[:, t], state)
            steps.append(out)
    torch.testing.assert_close(torch.stack(steps, dim=1), whole, atol=2e-5, rtol=1e-4)


@each
def test_the_future_changes_nothing(family):
    model = make_reader(family, 6000, 0, inputs=7, outputs=5).eval()
    tokens = torch.randint(7, (2, 12), generator=torch.Generator().manual_seed(1))
    other = tokens.clone()
    other[:, 8:] = (tokens[:, 8:] + 1) % 7
    with torch.no_grad():
        torch.testing.assert_close(model(tokens)[:, :8], model(other)[:, :8])
        assert not torch.allclose(model(tokens)[:, 8:], model(other)[:, 8:])


@each
def test_read_from_both_ends_padding_changes_nothing_and_later_words_do(family):
    model = make_reader(family, 9000, 0, inputs=9, outputs=4, both=True).eval()
    tokens, lengths = torch.randint(1, 9, (2, 11), generator=torch.Generator().manual_seed(2)), torch.tensor([11, 6])
    tokens[1, 6:] = 0
    later = tokens.clone()
    later[1, 5] = tokens[1, 5] % 8 + 1
    with torch.no_grad():
        whole = model(tokens, lengths)
        alone = model(tokens[1:, :6], lengths[1:])
        torch.testing.assert_close(whole[1:, :6], alone, atol=2e-5, rtol=1e-4)
        assert not torch.allclose(model(later, lengths)[1, 0], whole[1, 0], atol=1e-6)


def test_only_a_cache_grows():
    sizes = {}
    for family in FAMILIES:
        model = make_reader(family, 6000, 0, inputs=7, outputs=5).eval()
        sizes[family] = [carried(model, steps, lambda: torch.tensor([3])) for steps in (130, 140)]
    assert {family for family, (one, other) in sizes.items() if one != other} == {"Transformer"}
