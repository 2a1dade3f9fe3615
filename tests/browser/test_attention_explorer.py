"""The attention explorer in a real browser: its own arithmetic against NumPy, keys and mouse, any token."""

import numpy as np
import pytest

from seqlib.display.explorers.attention import attention_explorer

FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex='0']"


def example(name, heads, rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    powers = np.exp(3 * rng.normal(size=(heads, rows, columns)))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return name, [f"row{t}" for t in range(rows)], [f"column{s}" for s in range(columns)], weights


def two():
    return attention_explorer([example("several heads", 3, 5, 7), example("one head", 1, 4, 6, seed=1)])


def agrees(page, expected, which=0):
    found = page.locator(".sx").nth(which).evaluate("root => root.explorer")
    for name, values in zip(("weights", "entropy"), expected, strict=True):
        assert np.abs(np.array(found[name]) - values).max() < 1e-9, name
    return True


def result(page, which=0):
    line = page.locator(".sx").nth(which).get_attribute("data-result")
    return dict(part.split("=", 1) for part in line.split(" "))


def test_the_browser_computes_what_numpy_computes(static):
    explorer = two()
    page = static(explorer)
    assert agrees(page, explorer.read(0, 0))
    page.get_by_role("button", name="mean of heads").click()
    assert agrees(page, explorer.read(0, None)) and result(page)["head"] == "mean_of_heads"
    page.get_by_role("slider").fill("2.5")
    assert agrees(page, explorer.read(0, None, 2.5)) and result(page)["beta"] == "2.5"
    page.get_by_role("button", name="head 2").click()
    assert agrees(page, explorer.read(0, 1, 2.5))
    page.get_by_role("combobox").select_option("1")
    assert agrees(page, explorer.read(1, 0, 2.5)) and page.get_by_role("button").count() == 0


def test_rows_and_heads_are_walked_with_keys_and_mouse(static):
    explorer = two()
    page = static(explorer)
    weights, entropy = explorer.read(0, 0)
    assert result(page)["row"] == "5"
    page.locator(".sx-strip").press("ArrowUp")
    line = result(page)
    assert line["row"] == "4" and line["top"] == str(weights[3].argmax() + 1)
    assert float(line["weight"]) == pytest.approx(weights[3].max(), abs=1e-4)
    assert float(line["entropy"]) == pytest.approx(entropy[3], abs=1e-4)
    page.locator(".sx-strip").press("ArrowRight")
    assert result(page)["head"] == "head_2" and result(page)["row"] == "4"
    page.locator(".sx-down span").nth(1).click()
    assert result(page)["row"] == "2" and "“row1”" in page.locator("h3").inner_text()
    page.locator(".sx-heat canvas").click(position={"x": 5, "y": 5})
    assert result(page)["row"] == "1"


def test_the_picture_shows_the_weights(static):
    explorer = two()
    alpha = static(explorer).evaluate("""() => {
      const canvas = document.querySelector('.sx-heat canvas'), pen = canvas.getContext('2d');
      const w = canvas.width / 7, h = canvas.height / 5;
      return Array.from({length: 5}, (_, t) => Array.from({length: 7}, (_, s) =>
        pen.getImageData((s + .4) * w, (t + .4) * h, 1, 1).data[3]));
    }""")
    assert np.abs(np.array(alpha) / 255 - (0.04 + 0.96 * explorer.read(0, 0)[0])).max() < 0.01


def test_hostile_tokens_and_empty_rows(static):
    weights = np.array([[0.0, 0.0], [0.25, 0.75]])
    page = static(attention_explorer([("<img src=x onerror=alert(1)>", ["<b>", " "], ["</script>", "$x$"], weights)]))
    assert page.locator(".sx img").count() == 0 and "␣" in page.locator(".sx-down").inner_text()
    page.locator(".sx-strip").press("ArrowUp")
    assert result(page)["top"] == "none" and "looks nowhere" in page.locator("h3").inner_text()


def test_two_on_one_page(static):
    one, other = two(), attention_explorer([example("another", 2, 3, 3, seed=4)], head=1)
    page = static(one, other)
    page.get_by_role("button", name="head 3").click()
    assert agrees(page, one.read(0, 2), 0) and agrees(page, other.read(0, 1), 1)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page_and_everything_has_a_name(static, width, dark):
    page = static(attention_explorer([example("long", 8, 40, 45)]), width=width, dark=dark)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    focusable = page.locator(FOCUSABLE)
    assert focusable.count() == 3 + 9
    assert focusable.evaluate_all("all => all.every(one => one.dataset.lmSuppressShortcuts === 'true')")
    assert page.get_by_role("slider", name="Scores × β").count() == 1
    assert page.get_by_role("combobox", name="Example").count() == 1
