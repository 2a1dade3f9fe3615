"""The explorer of a GPT's blocks without a browser: PyTorch's numbers, whatever its parts and whatever is off."""

import re

import numpy as np
import pytest
import torch
from standing_alone import OUTSIDE

from seqlib.display.explorers.blocks import LONGEST, BlocksExplorer
from seqlib.display.explorers.explorer import unpacked
from seqlib.models.gpt import GPT, GPTConfig
from seqlib.studies.looking_up import without_head

VOCAB = list("abcdef ")
MODERN = {"norm": "rms", "positions": "rotary", "feed_forward": "swiglu", "kv_heads": 2, "bias": False}
KINDS = pytest.mark.parametrize(
    "parts", [{}, MODERN, {"tied": False, "kv_heads": 1}], ids=["GPT-2", "modern", "untied"]
)


def model(**parts):
    torch.manual_seed(4)
    made = GPT(GPTConfig(len(VOCAB), context=LONGEST, width=16, layers=2, heads=4, **parts)).double().eval()
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(torch.randn(weight.shape, dtype=torch.float64) * 0.6)
    return made


def rounded(made, explorer):
    """The same model with the weights that the explorer kept: eight bits in matrices, float32 in the rest."""
    stored = explorer.stored
    with torch.no_grad():
        made.tokens.weight.copy_(torch.tensor(unpacked(stored["tokens"])))
        if made.head.weight is not made.tokens.weight:
            made.head.weight.copy_(torch.tensor(unpacked(stored["head"]).T))
        if made.places is not None:
            made.places.weight.copy_(torch.tensor(unpacked(stored["places"])))
        for block, kept in zip(made.blocks, stored["blocks"], strict=True):
            for name in ("W_q", "W_k", "W_v", "W_o", "W_gate", "W_up", "W_down"):
                layer = getattr(block.attention, name, None) or getattr(block.mlp, name, None)
                if layer is not None:
                    layer.weight.copy_(torch.tensor(unpacked(kept[name][0]).T))
    return made


def odds_of(made, text):
    with torch.no_grad():
        return made(torch.tensor([[VOCAB.index(c) for c in text]]))[0].softmax(dim=1).numpy()


@KINDS
def test_the_last_stage_is_what_the_model_says(parts):
    explorer = BlocksExplorer.of(model(**parts), VOCAB, text="abc fed abc")
    made = rounded(model(**parts), explorer)
    if parts.get("tied", True):  # the browser's head is kept by itself, rounded by its own columns
        assert np.abs(unpacked(explorer.stored["head"]) - unpacked(explorer.stored["tokens"]).T).max() < 0.02
        made.head = torch.nn.Linear(16, len(VOCAB), bias=False).double()
        made.head.weight.data.copy_(torch.tensor(unpacked(explorer.stored["head"]).T))
    assert explorer.read()["odds"][-1] == pytest.approx(odds_of(made, "abc fed abc"), abs=1e-5)
    assert np.abs(explorer.read()["odds"][-1] - odds_of(model(**parts), "abc fed abc")).max() < 0.1


@KINDS
def test_what_is_switched_off_is_left_out_as_the_course_leaves_it_out(parts):
    explorer = BlocksExplorer.of(model(**parts), VOCAB, text="abc fed abc")
    made = rounded(model(**parts), explorer)
    made.head = torch.nn.Linear(16, len(VOCAB), bias=False).double()
    made.head.weight.data.copy_(torch.tensor(unpacked(explorer.stored["head"]).T))
    whole = explorer.read()["odds"][-1]
    without_head(made, 0, 2)
    bias = made.blocks[0].attention.W_o.bias
    assert bias is None or bias.abs().sum() > 0  # what W_o adds of itself stays
    silent = explorer.read(off={(0, 2)})
    assert silent["odds"][-1] == pytest.approx(odds_of(made, "abc fed abc"), abs=1e-5)
    made.blocks[1].mlp.forward = torch.zeros_like
    silent = explorer.read(off={(0, 2), (1, "feed-forward")})
    assert silent["odds"][-1] == pytest.approx(odds_of(made, "abc fed abc"), abs=1e-5)
    assert np.abs(silent["odds"][-1] - whole).max() > 0.01
    assert silent["odds"][-1] == pytest.approx(silent["odds"][-2]) and silent["length"][-1] == pytest.approx(
        silent["length"][-2]
    )


def test_the_future_changes_nothing_and_weights_are_distributions():
    explorer = BlocksExplorer.of(model(**MODERN), VOCAB, text="abc fed")
    one, other = explorer.read("abcd"), explorer.read("abcf")
    assert one["odds"][:, :3] == pytest.approx(other["odds"][:, :3]) and len(one["odds"]) == len(explorer.stages) == 5
    for weights in one["weights"]:
        assert weights.sum(axis=2) == pytest.approx(np.ones((4, 4))) and not np.triu(weights, 1).any()


def test_strange_characters_are_spaces_and_capitals_are_small():
    explorer = BlocksExplorer.of(model(), VOCAB, text="a")
    assert explorer.ids("aB?") == [0, 1, VOCAB.index(" ")]


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    made = GPT(GPTConfig(32, width=64, layers=2, **MODERN))
    made_page = lambda: BlocksExplorer.of(made, [chr(97 + i) for i in range(32)], "abcabc" * 5)._repr_html_()  # noqa: E731
    page = made_page()
    assert page == made_page() and len(page) < 220_000
    assert not OUTSIDE.search(page)
    assert page.count("<script>") == page.count("</script>") == 1
    left = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.S)
    assert '<img alt="Explorer: a GPT of 2 blocks' in left


def test_what_does_not_fit_is_named_and_the_text_says_what_the_picture_shows():
    with pytest.raises(ValueError, match="1 to 40 characters, got 0"):
        BlocksExplorer.of(model(), VOCAB, text="")
    with pytest.raises(ValueError, match="6 rows"):
        BlocksExplorer.of(model(), VOCAB[:6], text="a")
    with pytest.raises(ValueError, match="without QK-norm"):
        BlocksExplorer.of(model(qk_norm=True), VOCAB, text="a")
    explorer = BlocksExplorer.of(model(), VOCAB, text="abc", place=1)
    best = VOCAB[int(explorer.read()["odds"][-1][1].argmax())].replace(" ", "␣")
    assert "At place 2, “b”" in repr(explorer) and f"after feed-forward 2 “{best}”" in repr(explorer)
