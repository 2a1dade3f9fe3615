"""The beam explorer without a browser: its search against the course's own, with the weights that it keeps."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from seqlib.data.number_words import number_pair
from seqlib.data.pairs import pair_vocabularies
from seqlib.display.explorers.beam import BeamExplorer
from seqlib.models.generate import beam_search
from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq

SPELLED = [number_pair([n]) for n in range(60)]
SOURCE, TARGET = pair_vocabularies([number_pair([n, m]) for n, m in zip(range(60), range(59, -1, -1), strict=True)])
TASK = SimpleNamespace(source_vocabulary=SOURCE, target_vocabulary=TARGET, max_steps=9)


def model(layer="gru", context_size=None, hidden=10, bidirectional=False):
    torch.manual_seed(2)
    encoder = Encoder(len(SOURCE), 5, hidden, layer, bidirectional)
    made = Seq2Seq(encoder, Decoder(len(TARGET), 5, hidden, context_size or encoder.size, layer), context_size).double()
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(torch.randn(weight.shape, dtype=torch.float64) * 0.8)
    return made


def cells_of(explorer):
    """The state to begin from and a `step`, of torch's own cells with the explorer's weights."""
    w = {name: torch.tensor(weight) for name, weight in explorer.weights.items()}

    def cell(name):
        made = torch.nn.GRUCell(len(w[f"x_{name}"]), len(w[f"W_{name}"])).double()
        zeros = torch.zeros(len(w[f"W_{name}"]) * 3)
        named = {"weight_ih": w[f"x_{name}"].T, "weight_hh": w[f"W_{name}"].T}
        made.load_state_dict(named | {"bias_ih": zeros, "bias_hh": w[f"b_{name}"][0]})
        return lambda ids, h: made(torch.nn.functional.one_hot(ids, made.input_size).double(), h)

    read, write = cell("read"), cell("write")
    h = torch.zeros(1, len(w["W_read"]), dtype=torch.float64)
    for token in SOURCE.encode(explorer.words(0)):
        h = read(torch.tensor([token]), h)

    def step(tokens, state):
        after = write(tokens, state[0])
        return after @ w["W_y"] + w["b_y"], (after,)

    return (torch.tanh(h[:, : len(w["W_c"])] @ w["W_c"] + w["b_c"]),), step


@pytest.mark.parametrize("width, power", [(1, 0.0), (3, 0.0), (4, 0.7), (6, 1.0)])
@pytest.mark.parametrize("context_size", [None, 4])
def test_the_search_is_the_courses(width, power, context_size):
    explorer = BeamExplorer.of(
        model(context_size=context_size), TASK, SPELLED, [42, 7], width=width, length_power=power
    )
    with torch.no_grad():
        begun, step = cells_of(explorer)
        start, end = TARGET.id("<s>"), TARGET.id("</s>")
        tokens, score = beam_search(step, begun, start, end, TASK.max_steps, width=width, length_power=power)
    beams = explorer.search()
    assert explorer.begin() == pytest.approx(begun[0][0].numpy(), abs=1e-12)
    assert explorer.written(beams) == TARGET.decode([token for token in tokens[0].tolist() if token != end])
    best = beams[-1][0]
    assert best["log_p"] / best["length"] ** power == pytest.approx(score.item(), abs=1e-6)  # lengths there are float32
    assert [len(beam) for beam in beams] == [width] * len(beams)


def test_eight_bits_are_nearly_the_model():
    made = model(hidden=6)
    explorer = BeamExplorer.of(made, TASK, SPELLED, [42, 7])
    pair = number_pair([42, 7])
    with torch.no_grad():
        source = torch.from_numpy(np.array([SOURCE.encode(pair.source)]))
        forced = torch.tensor([[TARGET.id("<s>"), *TARGET.encode(pair.target)]])
        log_p = made(source, forced)[0].log_softmax(dim=1)
        truth = sum(log_p[t, token].item() for t, token in enumerate([*TARGET.encode(pair.target), TARGET.id("</s>")]))
        begun = made.begin(source)[0][0].numpy()
    assert np.abs(explorer.begin() - begun).max() < 0.1
    assert explorer.truth() == pytest.approx(truth, rel=0.05)


def test_the_html_stands_alone_is_small_and_the_same_each_time():
    made_page = lambda: BeamExplorer.of(model(hidden=128), TASK, SPELLED, [5])._repr_html_()  # noqa: E731
    page = made_page()
    assert page == made_page() and len(page) < 300_000
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|src=.(?!data:)|@import|url\(|\bimport\b|fetch\(", page)
    assert page.count("<script>") == page.count("</script>") == 1
    assert '<img alt="Explorer: a beam of 3' in re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.S)


def test_what_does_not_fit_is_named_and_the_text_says_whether_it_is_right():
    for wrong in ({"numbers": []}, {"numbers": [60]}, {"numbers": [1] * 8}, {"width": 7}, {"length_power": 2}):
        with pytest.raises(ValueError, match="expected"):
            BeamExplorer.of(model(), TASK, SPELLED, **({"numbers": [1]} | wrong))
    with pytest.raises(ValueError, match="expected GRUs"):
        BeamExplorer.of(model("lstm"), TASK, SPELLED, [1])
    explorer = BeamExplorer.of(model(), TASK, SPELLED, [1])
    assert explorer.written(explorer.search()) != ["eins"] and "(wrong), log p" in repr(explorer)
    explorer.spelled[1] = (explorer.spelled[1][0], explorer.written(explorer.search()))
    assert "(right), log p" in repr(explorer)
