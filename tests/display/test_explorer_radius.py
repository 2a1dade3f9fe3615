"""The radius explorer outside the browser: PyTorch's numbers, self-contained HTML, errors that say what came."""

import re

import numpy as np
import pytest

from seqlib.display.explorers.radius import RadiusExplorer


@pytest.mark.parametrize("activation", ["none", "tanh", "ReLU"])
@pytest.mark.parametrize("start", ["Gaussian", "orthogonal", "identity"])
def test_norms_equal_autograd(activation, start):
    torch = pytest.importorskip("torch")
    explorer = RadiusExplorer(1.1, activation, start, size=6, steps=9)
    W, u, v = (torch.tensor(a.astype(np.float32)).double() for a in (explorer.starts[start], explorer.u, explorer.v[0]))
    f = {"none": lambda s: s * 1, "tanh": torch.tanh, "ReLU": torch.relu}[activation]
    h, states = torch.zeros(6, dtype=torch.float64, requires_grad=True), []
    for u_t in u:
        states.append(h := f(u_t + h @ W * 1.1))
    grads = torch.autograd.grad(states[-1], states, v)
    np.testing.assert_allclose(explorer.norms(), [g.norm().item() for g in reversed(grads)], rtol=1e-9)


def test_every_start_has_radius_one():
    for W in RadiusExplorer().starts.values():
        assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(1)


def test_the_gaussian_start_stretches_as_a_large_one_does():
    W = RadiusExplorer().starts["Gaussian"]
    assert np.linalg.norm(W) / len(W) ** 0.5 == pytest.approx(1, abs=0.01)


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    page = RadiusExplorer()._repr_html_()
    assert page == RadiusExplorer()._repr_html_() and len(page) < 90_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert "data-lm-suppress-shortcuts" in page


def test_wrong_choices_are_named_and_the_text_says_what_the_picture_shows():
    for wrong in ({"radius": 2.0}, {"activation": "sigmoid"}, {"start": "zeros"}):
        with pytest.raises(ValueError, match="expected"):
            RadiusExplorer(**wrong)
    assert "spectral radius 0.9, tanh, Gaussian W" in repr(RadiusExplorer())
