"""The attention explorer outside the browser: PyTorch's numbers, self-contained HTML, errors that say what came."""

import re

import numpy as np
import pytest

from seqlib.display.explorers.attention import attention_explorer

ROWS, COLUMNS = ["ich", "bin", "da"], ["I", "am", "here", "."]


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def scores(heads=2, seed=0):
    return np.random.default_rng(seed).normal(size=(heads, 3, 4)) * 2


@pytest.mark.parametrize("beta", [0.3, 1.0, 3.0])
def test_a_sharper_softmax_is_the_softmax_of_larger_scores(beta):
    explorer = attention_explorer([("a", ROWS, COLUMNS, softmax(scores()))])
    for head in (0, 1):
        weights, _ = explorer.read(0, head, beta)
        np.testing.assert_allclose(weights, softmax(beta * scores())[head], atol=1e-6)
    np.testing.assert_allclose(explorer.read(0, None, beta)[0], softmax(beta * scores()).mean(axis=0), atol=1e-6)


def test_entropies_equal_torch():
    torch = pytest.importorskip("torch")
    weights, entropy = attention_explorer([("a", ROWS, COLUMNS, torch.tensor(softmax(scores())))]).read(0, 1)
    expected = torch.distributions.Categorical(probs=torch.tensor(weights)).entropy()
    np.testing.assert_allclose(entropy, expected, atol=1e-9)


def test_a_row_that_looks_nowhere_stays_empty():
    weights = softmax(scores(1)[0])
    weights[1] = 0
    found, entropy = attention_explorer([("a", ROWS, COLUMNS, weights)]).read(beta=2.0)
    assert not found[1].any() and entropy[1] == 0 and np.isfinite(found).all()
    assert found[[0, 2]].sum(axis=1) == pytest.approx(1)


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    examples = [(f"sentence {k}", ROWS, COLUMNS, softmax(scores(4, seed=k))) for k in range(3)]
    page = attention_explorer(examples)._repr_html_()
    assert page == attention_explorer(examples)._repr_html_() and len(page) < 40_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert "data-lm-suppress-shortcuts" in page


def test_tokens_cannot_break_out_of_the_script():
    page = attention_explorer([("</script><b>", ["</script>"], ["<i>$x$"], [[1.0]])])._repr_html_()
    assert page.count("</script>") == 1 and "<b>" not in page and "<i>" not in page


def test_wrong_examples_are_named_and_the_text_says_what_the_picture_shows():
    good = softmax(scores())
    for wrong in (good[:, :2], good.swapaxes(1, 2), good[0, 0], np.zeros((0, 3, 4))):
        with pytest.raises(ValueError, match=r"'a': expected weights of shape \(A, 3, 4\) or \(3, 4\); got"):
            attention_explorer([("a", ROWS, COLUMNS, wrong)])
    for wrong in (good - 0.5, good * np.nan):
        with pytest.raises(ValueError, match="'a': expected weights of at least zero"):
            attention_explorer([("a", ROWS, COLUMNS, wrong)])
    with pytest.raises(ValueError, match="at least one example"):
        attention_explorer([])
    with pytest.raises(ValueError, match="head from 0 to 1; got 2"):
        attention_explorer([("a", ROWS, COLUMNS, good)], head=2)
    with pytest.raises(ValueError, match="example from 0 to 0; got 1"):
        attention_explorer([("a", ROWS, COLUMNS, good)], example=1)
    top = COLUMNS[good[1, -1].argmax()]
    text = repr(attention_explorer([("a greeting", ROWS, COLUMNS, good)], head=1))
    assert f"a greeting, head 2 of 2: “da” looks most at “{top}”" in text
    assert "head" not in repr(attention_explorer([("a greeting", ROWS, COLUMNS, good[0])]))
