"""Explorers outside the browser: PyTorch's numbers, self-contained HTML, errors that say what came."""

import re

import numpy as np
import pytest
from standing_alone import OUTSIDE

from seqlib.display.explorers.reading import HiddenState


def weights(vocab_size=5, hidden_size=7, outputs=None, seed=0):
    rng = np.random.default_rng(seed)
    outputs = outputs or vocab_size
    shapes = {
        "W_xh": (vocab_size, hidden_size),
        "W_hh": (hidden_size, hidden_size),
        "b_h": (hidden_size,),
        "W_hy": (hidden_size, outputs),
        "b_y": (outputs,),
    }
    return {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}


def test_read_equals_torch():
    torch = pytest.importorskip("torch")
    w = {name: array.astype(np.float32).astype(np.float64) for name, array in weights().items()}
    layer = torch.nn.RNN(5, 7, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.tensor(w["W_xh"].T))
        layer.weight_hh_l0.copy_(torch.tensor(w["W_hh"].T))
        layer.bias_ih_l0.copy_(torch.tensor(w["b_h"]))
        layer.bias_hh_l0.zero_()
        x = torch.nn.functional.one_hot(torch.tensor([[2, 0, 4, 4, 1]]), 5).double()
        expected = layer(x)[0][0]
        odds = torch.softmax(expected @ torch.tensor(w["W_hy"]) + torch.tensor(w["b_y"]), dim=-1)
    states, p = HiddenState(w, list("abcde")).read("caeeb")
    assert np.allclose(states, expected.numpy(), atol=1e-12) and np.allclose(p, odds.numpy(), atol=1e-12)


def test_tensors_are_accepted():
    torch = pytest.importorskip("torch")
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in weights().items()}
    assert np.allclose(HiddenState(tensors, "abcde").read("abc")[0], HiddenState(weights(), "abcde").read("abc")[0])


def test_text_is_read_in_characters_or_in_words():
    characters = HiddenState(weights(), ["a", "b", "c", "<unk>", "<pad>"])
    assert not characters.words
    assert characters.tokens("aBx") == [("a", 0), ("B", 1), ("x", 3)]
    words = HiddenState(weights(), ["not", "good", "bad", "a", "film"])
    assert words.words and words.tokens(" Not  good  at all") == [
        ("Not", 0),
        ("good", 1),
        ("at", -1),
        ("all", -1),
    ]


def test_a_skipped_token_leaves_the_state_as_it_was():
    explorer = HiddenState(weights(), "abcde")
    states, _ = explorer.read("a?b")
    assert np.array_equal(states[0], states[1]) and not np.allclose(states[1], states[2])
    assert np.array_equal(explorer.read("ab")[0][-1], states[-1])
    assert explorer.read("?")[0].tolist() == [[0.0] * 7] and explorer.read("")[0].shape == (0, 7)


@pytest.mark.parametrize("name", ["W_xh", "W_hh", "b_h", "W_hy", "b_y"])
def test_a_missing_or_transposed_weight_is_named(name):
    w = weights(outputs=3)
    with pytest.raises(ValueError, match=f"{name} is missing"):
        HiddenState({k: v for k, v in w.items() if k != name}, "abcde")
    w[name] = np.concatenate([w[name], w[name]])
    with pytest.raises(ValueError, match=r"expected \w+ of shape"):
        HiddenState(w, "abcde", task="classify", labels=["x", "y", "z"])
    with pytest.raises(ValueError, match="next"):
        HiddenState(weights(), "abcde", task="translate")


def test_the_html_stands_alone_and_is_the_same_each_time():
    explorer = HiddenState(weights(), "abcde", text="abc")
    page = explorer._repr_html_()
    assert page == HiddenState(weights(), "abcde", text="abc")._repr_html_()
    assert not OUTSIDE.search(page)
    assert page.count("<script>") == page.count("</script>") == 1


def test_text_cannot_break_out_of_the_script():
    page = HiddenState(weights(), "abcde", text="</script><b>$x$")._repr_html_()
    assert page.count("</script>") == 1 and "<b>" not in page


def test_the_plain_text_says_what_the_picture_shows():
    text = repr(HiddenState(weights(outputs=2), "abcde", text="abca", task="classify", labels=["bad", "good"]))
    assert re.search(
        r"7 hidden units reads “abca” \(4 steps\); its class: “(bad|good)” with probability [01]\.\d\d", text
    )
    assert repr(HiddenState(weights(), "abcde", text="")).endswith("reads “”.")


def test_a_picture_and_a_sentence_stay_where_scripts_are_refused():
    explorer = HiddenState(weights(), "abcde", text="abc")
    left = re.sub(r"<(script|style)>.*?</\1>", "", explorer._repr_html_(), flags=re.S)
    assert f"<p>{repr(explorer)}</p>" in left and left.count('<img alt="Explorer: an RNN with') == 1
    assert len(re.search(r"base64,([^\"]+)", left)[1]) > 1000


def test_a_network_of_64_units_stays_small_in_a_saved_notebook():
    assert len(HiddenState(weights(65, 64), [chr(40 + i) for i in range(65)])._repr_html_()) < 100_000
