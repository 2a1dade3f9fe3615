"""The beam explorer in a real browser: its search against NumPy's, its controls, its verdict."""

import re
from types import SimpleNamespace

import pytest
import torch

from seqlib.data.number_words import number_pair
from seqlib.data.pairs import pair_vocabularies
from seqlib.display.explorers.beam import BeamExplorer
from seqlib.models.seq2seq import Decoder, Encoder, Seq2Seq

SPELLED = [number_pair([n]) for n in range(60)]


@pytest.fixture(scope="module")
def make():
    source, target = pair_vocabularies([number_pair([n, 59 - n]) for n in range(60)])
    torch.manual_seed(2)
    model = Seq2Seq(Encoder(len(source), 5, 10), Decoder(len(target), 5, 10, 10))
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape) * 0.8)
    task = SimpleNamespace(source_vocabulary=source, target_vocabulary=target, max_steps=9)
    return lambda numbers=(42, 7), **options: BeamExplorer.of(model, task, SPELLED, numbers, **options)


def said(page):
    return page.locator(".sx").get_attribute("data-result")


def agrees(page, explorer):
    found = page.locator(".sx").evaluate("root => root.explorer")
    expected = explorer.search()
    assert len(found["beams"]) == len(expected) and found["truth"] == pytest.approx(explorer.truth(), abs=1e-9)
    for beam, wanted in zip(found["beams"], expected, strict=True):
        for one, other in zip(beam, wanted, strict=True):
            assert one["token"] == other["token"] and one["length"] == other["length"]
            assert one["log_p"] == pytest.approx(other["log_p"], abs=1e-9)
    for step in range(1, len(expected)):
        assert [one["parent"] for one in found["beams"][step]] == [one["parent"] for one in expected[step]]
    return True


def test_the_browser_computes_what_numpy_computes(static, make):
    page = static(make())
    assert agrees(page, make())
    page.get_by_role("textbox", name="Numbers").fill("7, 59 and 30")
    page.get_by_role("slider", name="Width").fill("5")
    assert agrees(page, make([7, 59, 30], width=5))
    page.get_by_role("slider", name="alpha").fill("0.7")
    assert agrees(page, make([7, 59, 30], width=5, length_power=0.7))
    assert page.get_by_role("columnheader", name="score").count() == 1


def test_it_is_walked_step_by_step(static, make):
    page, beams = static(make()), make().search()
    assert said(page).startswith(f"Step {len(beams)} of {len(beams)}: 3 kept")
    page.get_by_role("slider", name="Step").press("Home")
    assert said(page).startswith(f"Step 1 of {len(beams)}: 3 kept, 0 died out")
    assert page.get_by_role("button", name="back").is_disabled()
    page.get_by_role("button", name="next step").press("Enter")
    page.get_by_role("group").press("ArrowRight")
    words = " ".join(make().written(beams, step=2))
    assert said(page).startswith(f"Step 3 of {len(beams)}") and f"Best: “{words}”" in said(page)
    assert said(page) == page.get_by_role("img").get_attribute("aria-label")
    alive = len({path[k] for path in paths(beams[:3]) for k in range(3)})
    assert f"{9 - alive} died out" in said(page)


def paths(beams):
    for rank in range(len(beams[-1])):
        path = []
        for step in reversed(range(len(beams))):
            path.append((step, rank))
            rank = beams[step][rank]["parent"]
        yield path[::-1]


def test_it_tells_search_errors_from_model_errors(static, make):
    def verdict(explorer):
        return static(explorer).locator(".sx-note").last.inner_text()

    explorer = make([7], width=1)
    best = explorer.search(width=6)
    own = explorer.written(best)
    assert best[-1][0]["log_p"] > explorer.search()[-1][0]["log_p"]  # a beam of one misses it
    explorer.spelled[7] = (explorer.spelled[7][0], own)
    assert "a search error" in verdict(explorer)
    explorer.width = 6
    assert verdict(explorer).startswith("Right.")
    assert "a model error" in verdict(make([7], width=6))


def test_numbers_that_are_not_there_are_named(static, make):
    page = static(make())
    page.get_by_role("textbox").fill("7 99 8")
    assert re.match("Read: 7 8. .* none above 59", page.locator(".sx-note").first.inner_text())
    page.get_by_role("textbox").fill("none")
    assert "Write one to 7" in page.locator(".sx-note").first.inner_text()


@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_every_control_keeps_its_keys(static, make, width):
    page = static(make([42] * 3), width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    controls = page.locator("input, button, [tabindex]")
    assert controls.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
