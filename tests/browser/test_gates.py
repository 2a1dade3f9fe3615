"""The gate explorer in a real browser: its own arithmetic against NumPy, keys and mouse, text of any kind."""

import numpy as np
import pytest

from seqlib.display.explorers.reading import Gates

FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex='0']"
VOCAB = "\n" + "".join(map(chr, range(32, 127)))


def gates(unit=3, ahead=4, **options):
    rng = np.random.default_rng(5)
    shapes = {"W_xh": (96, 40), "W_hh": (10, 40), "b_h": (40,), "W_hy": (10, 3), "b_y": (3,)}
    weights = {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}
    return Gates(
        weights, VOCAB, ["code", "string", "comment"], text="x = 'a'  # b\ny", unit=unit, ahead=ahead, **options
    )


def agrees(page, explorer, text=None, which=0):
    steps = (
        page.locator(".sx")
        .nth(which)
        .evaluate(
            "root => root.explorer.steps.map("
            "at => Object.fromEntries(Object.entries(at).map((e) => [e[0], Array.from(e[1])])))"
        )
    )
    for name, expected in explorer.read(text).items():
        found = np.array([step[name] for step in steps])
        assert found.shape == expected.shape and np.abs(found - expected).max() < 1e-9, name
    return True


def result(page, which=0):
    line = page.locator(".sx").nth(which).get_attribute("data-result")
    return dict(part.split("=", 1) for part in line.split(" "))


def test_the_browser_computes_what_numpy_computes(static):
    explorer = gates()
    page = static(explorer)
    assert agrees(page, explorer)
    for text in ["a", '"""long\n\nstring"""', "naïve ☃", "x" * 400]:
        page.locator("textarea").fill(text)
        assert agrees(page, explorer, text)


def test_the_result_line_says_the_gates_of_the_unit(static):
    explorer = gates()
    page, found = static(explorer), explorer.read()
    line = result(page)
    assert (line["step"], line["unit"]) == (str(len(explorer.text)), "3")
    for name in "ifgoch":
        assert float(line[name]) == pytest.approx(found[name][-1, 3], abs=1e-4)
    assert line["argmax"] == explorer.labels[found["p"][-1].argmax()]


def test_time_and_units_are_walked_with_keys_and_mouse(static):
    explorer = gates()
    page, found = static(explorer), explorer.read()
    step, unit = page.locator("input[type=range]").all()
    step.press("Home")
    assert result(page)["step"] == "1" and "nothing yet" in page.locator(".sx-now").inner_text()
    unit.press("End")
    assert float(result(page)["c"]) == pytest.approx(found["c"][0, 9], abs=1e-4)
    page.locator(".sx-strip").press("ArrowUp")
    page.locator(".sx-strip").press("ArrowRight")
    assert float(result(page)["f"]) == pytest.approx(found["f"][1, 8], abs=1e-4)
    page.locator(".sx-heat canvas").click(position={"x": 15 * 6.5, "y": 30})
    assert result(page)["step"] == "7"
    assert (
        "“x”" not in page.locator(".sx-now").inner_text()
        and "4 characters before" in page.locator(".sx-now").inner_text()
    )
    page.locator(".sx-tokens span").nth(4).click()
    assert result(page)["step"] == "5" and "“x”, 4 characters before" in page.locator(".sx-now").inner_text()


def test_the_picture_shows_the_numbers(static):
    explorer = gates()
    found = explorer.read()
    pixels = np.array(
        static(explorer).evaluate("""() => {
      const canvas = document.querySelector('.sx canvas'), root = document.querySelector('.sx');
      const T = root.explorer.steps.length, pen = canvas.getContext('2d'), w = canvas.width / T, h = canvas.height / 6;
      return Array.from({length: 6}, (_, i) => Array.from({length: T}, (_, t) =>
        Array.from(pen.getImageData((t + .5) * w, (i + .4) * h, 1, 1).data)));
    }""")
    )
    rows = [found["i"], found["g"], found["f"], np.tanh(found["c"]), found["o"], found["h"]]
    values = np.array([row[:, 3] for row in rows])
    assert np.abs(pixels[..., 3] / 255 - np.abs(values)).max() < 0.01
    strong = np.abs(values) > 0.3
    assert ((pixels[..., 0] > pixels[..., 2]) == (values > 0))[strong].all()


def test_strange_and_empty_and_hostile_text(static):
    page = static(gates())
    box, note = page.locator("textarea"), page.locator(".sx-note")
    assert note.inner_text() == ""
    box.fill("é\t$x$")
    assert "“é” “⇥” (read as “?”)" in note.inner_text()
    box.fill("")
    assert "Type something" in note.inner_text()
    assert page.locator(".sx").get_attribute("data-result") == "step=0 nothing read"
    box.fill("</script><img src=x onerror=alert(1)>")
    assert page.locator(".sx img").count() == 0
    box.fill("ab" * 300)
    assert "Only the first 400" in note.inner_text()


def test_two_on_one_page(static):
    one, two = gates(unit=1), gates(unit=2, ahead=0)
    page = static(one, two)
    page.locator("textarea").nth(1).fill("def f():")
    assert agrees(page, one, which=0) and agrees(page, two, "def f():", which=1)
    assert (result(page, 0)["unit"], result(page, 1)["unit"]) == ("1", "2")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_everything_has_a_name(static, width, dark):
    page = static(gates(), width=width, dark=dark)
    page.locator("textarea").fill("x = 1\n" * 60)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    focusable = page.locator(FOCUSABLE)
    assert focusable.count() == 4
    assert focusable.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    for role, name in (("slider", "Step"), ("slider", "Unit"), ("textbox", "Your text")):
        assert page.get_by_role(role, name=name).count() == 1


def test_a_wrong_shape_or_unit_is_told():
    good = {
        "W_xh": np.ones((96, 8)),
        "W_hh": np.ones((2, 8)),
        "b_h": np.ones(8),
        "W_hy": np.ones((2, 1)),
        "b_y": np.ones(1),
    }
    with pytest.raises(ValueError, match=r"expected W_hh of shape \(2, 8\); got \(8, 2\)"):
        Gates({**good, "W_hh": np.ones((8, 2))}, VOCAB, ["x"])
    with pytest.raises(ValueError, match="unit from 0 to 1; got 2"):
        Gates(good, VOCAB, ["x"], unit=2)
    assert "nothing to read" in repr(Gates(good, VOCAB, ["x"], text=""))


def test_read_equals_torch():
    torch = pytest.importorskip("torch")
    explorer = gates()
    layer = torch.nn.LSTM(96, 10, batch_first=True, dtype=torch.float64)
    w = {name: torch.tensor(array.astype(np.float32).astype(np.float64)) for name, array in explorer.weights.items()}
    with torch.no_grad():
        for own, given in zip(layer.parameters(), (w["W_xh"].T, w["W_hh"].T, w["b_h"], 0 * w["b_h"]), strict=True):
            own.copy_(given)
        ids = torch.tensor([[VOCAB.index(c) for c in explorer.text]])
        expected = layer(torch.nn.functional.one_hot(ids, 96).double())[0][0].numpy()
    assert np.allclose(explorer.read()["h"], expected, atol=1e-12)
