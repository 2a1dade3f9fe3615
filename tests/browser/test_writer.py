"""The writer explorer in a real browser: its arithmetic against NumPy's, its cuts, what it writes, its names."""

import numpy as np
import pytest
import torch

from seqlib.display.explorers.writer import WriterExplorer
from seqlib.models.generate import filtered
from seqlib.studies.writing_characters import CharacterLSTM

VOCAB = list("\n abcdefgh(.")


@pytest.fixture(scope="module")
def explorer():
    torch.manual_seed(5)
    model = CharacterLSTM(len(VOCAB), 10, width=6)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.6)
    return WriterExplorer.of(model, VOCAB, text="abc def")


def state(page, what):
    return np.array(page.locator(".sx").evaluate(f"root => root.explorer.{what}"))


def test_the_browser_computes_what_numpy_computes(static, explorer):
    page = static(explorer)
    assert state(page, "logits") == pytest.approx(explorer.read(), rel=1e-6)
    page.get_by_role("textbox").fill("fed cba(\n")
    assert state(page, "logits") == pytest.approx(explorer.read("fed cba(\n"), rel=1e-6)


@pytest.mark.parametrize("knob, value, options", [
    ("Temperature", 0.5, {"temperature": 0.5}),
    ("Top-k", 3, {"top_k": 3}),
    ("Top-p", 0.6, {"top_p": 0.6}),
])  # fmt: skip
def test_the_knobs_do_what_the_course_does(static, explorer, knob, value, options):
    page = static(explorer)
    page.get_by_role("slider", name="Temperature").fill("1")
    page.get_by_role("slider", name=knob).fill(str(value))
    expected = filtered(torch.from_numpy(explorer.read()[None]), **options)[0].numpy()
    assert state(page, "p") == pytest.approx(expected, abs=1e-6)


def test_min_p_keeps_a_share_of_the_likeliest(static, explorer):
    page = static(explorer)
    page.get_by_role("slider", name="Min-p").fill("0.3")
    p = state(page, "p")
    assert p.sum() == pytest.approx(1) and p[p > 0].min() >= 0.3 * p.max() - 1e-9
    assert "possible" in page.locator(".sx").get_attribute("data-result")


def test_it_writes_on_and_goes_back(static, explorer):
    page = static(explorer)
    page.get_by_role("button", name="Write one").click()
    assert len(page.get_by_role("textbox").input_value()) == 8
    page.get_by_role("button", name="Write 80").click()
    text = page.get_by_role("textbox").input_value()
    assert len(text) == 88 and set(text) <= set(VOCAB)
    assert state(page, "logits") == pytest.approx(explorer.read(text), rel=1e-5)
    page.get_by_role("button", name="As it was").click()
    assert page.get_by_role("textbox").input_value() == "abc def"


def test_the_likeliest_names_are_the_likeliest(static, explorer):
    page = static(explorer)
    words = list(page.locator(".sx").evaluate("root => root.explorer.words"))

    def p(text):
        powers = np.exp(explorer.read(text) - explorer.read(text).max())
        return powers / powers.sum()

    name = [i for i, c in enumerate(VOCAB) if c.isalpha()]
    scores = {}
    for first in [c for c in VOCAB if c.isalpha()]:
        for rest in ["", *[c for c in VOCAB if c.isalpha()]]:
            more, score, text = first + rest, 1.0, "abc def"
            for letter in more:
                score, text = score * p(text)[VOCAB.index(letter)], text + letter
            scores[more] = score * (1 - p(text)[name].sum())
    best = sorted(scores, key=scores.get, reverse=True)
    short = [word for word in words if len(word) <= 2]
    assert short and short == best[: len(short)]
    page.get_by_role("group").get_by_role("button").first.click()
    assert page.get_by_role("textbox").input_value() == "abc def" + words[0]


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, explorer, width):
    page = static(explorer, width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input, button, textarea")
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
